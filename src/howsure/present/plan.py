"""How a plan is worded, tabled and drawn."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from howsure.answers.output import row
from howsure.errors import MethodError
from howsure.present.charts.base import Row, Spec, by_panel, figure, points, scaled
from howsure.present.document import Document, Field, Text, closing, facts, opening, tabled
from howsure.present.labels import labels
from howsure.present.style import CURVE, DASHES, GREY, HAIR, INK, LABELS, SEQUENCE, WHITE
from howsure.present.words import factors
from howsure.present.words.forecasts import (
    MOST_ITEMS,
    ROUND,
    attempts_text,
    cell_text,
    items_text,
    nominal_text,
    percent_text,
    range_text,
    spending_words,
    whole_percent,
)
from howsure.statistics.results import POWER
from howsure.wording import Scale, level_text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.plan import (
        Basis,
        EqualSystems,
        ForecastLook,
        LooksPlan,
        Plan,
        PlannedDesign,
        PlanOption,
        Simulated,
        TaskPlan,
    )
    from howsure.present.document import Block, Table

DESIGNS = {"once": "one look at the end", "looks": "planned looks", "betting": "any look (betting)"}
TESTS = {"score": "paired score, CR2", "t": "paired t, CR2", "z": "normal, the paper's formula"}


def document(plan: Plan) -> Document:
    """Return the verdict, the options, their assumptions, and the warnings."""
    main = plan.main
    blocks = opening(sentence(plan), plan.notes, more=more_of(plan), chapter=plan.chapter)
    details: list[Block] = []
    for task in plan.tasks:
        if len(plan.tasks) > 1:
            name = f"{task.task} · {task.metric}" if task.task else "overall"
            blocks.append(Text(text=name, kind="heading"))
        blocks.append(_options_table(plan, task))
        details.append(_details_table(plan, task))
    if plan.simulated is not None:
        blocks.append(Text(text=simulated_sentence(plan.simulated)))
    if main.looks is not None:
        blocks += [_looks_table(main.looks), _designs_table(main.looks, margin=plan.goal != "different")]
    if main.sources is not None:
        rows = factors.source_rows(main.sources, Scale(percent=main.percent))
        blocks.append(facts(rows, heads=("pilot", "")))
    if main.basis is not None:
        details.append(_basis_table(plan, main.basis))
    return Document(blocks=(*blocks, *closing(plan.warnings)), details=tuple(details))


def more_of(plan: Plan) -> str:
    """Return the cost of planned looks, and with a margin how often two equal systems pass."""
    sentences = [_fewest_levels(plan.main)] if plan.solved_for == "items" else []
    if plan.main.looks is not None:
        sentences.append(_looks_sentence(plan.main.looks))
    if plan.main.equal is not None:
        sentences.append(_equal_sentence(plan.main.equal, plan.level))
    if plan.better:
        sentences.append(
            f"If better is required, two equal systems stay undecided in {100 * plan.level:.3g}% of runs, "
            "however many questions."
        )
    return " ".join(filter(None, sentences))


def simulated_sentence(seen: Simulated) -> str:
    """Return how often the test detected the difference in resamples of the pilot's questions."""
    return (
        f"In {seen.trials:,} resamples of the pilot's questions, the test detected the difference in "
        f"{100 * seen.power:.0f}% (± {100 * seen.se:.1f})."
    )


def sentence(plan: Plan) -> str:
    """Return how many questions are needed, or what a number of them can detect."""
    task, option = plan.main, plan.main.best
    scale, power = Scale(percent=task.percent), percent_text(option.power.value)
    shows = "detect" if plan.goal == "different" else "show"
    corrected = f", corrected for {plan.comparisons:,} comparisons" if plan.comparisons > 1 else ""
    goal, attempts = _goal(plan, option, scale), _attempts(task, option)
    if plan.solved_for == "items" and option.items.value > MOST_ITEMS:
        fixed = math.isfinite(option.clusters) and option.clusters > 0
        why = f" in these {plural(round(option.clusters), 'cluster')}" if fixed else ""
        return f"No number of questions{why} {shows}s {goal} with {power} power, {attempts}."
    questions = f"{items_text(option.items.value)} question{'' if option.items.value == 1 else 's'}"
    questions += range_text(option.items, items_text, plan.level)
    if task.basis is not None and task.basis.cluster_size != 1 and math.isfinite(option.clusters):
        questions += f" in {items_text(option.clusters)} clusters"
    how = f"{questions}, {attempts},"
    if plan.solved_for == "items":
        priced = math.isfinite(option.cost)
        cost = f" at a cost of {_cost(option.cost)}, the cheapest design" if priced else ""
        return f"You need about {how} to {shows} {goal} with {power} power{cost}{corrected}."
    how = how[0].upper() + how[1:]
    if plan.solved_for == "power":
        power += range_text(option.power, whole_percent, plan.level, "%")
        return f"{how} {shows} {goal} with {power} power{corrected}."
    if not math.isfinite(option.effect.value):
        return f"{how} can't detect any difference with {power} power."
    size = scale.gap(option.effect.value) + range_text(option.effect, scale.number, plan.level, scale.unit)
    what = "true difference" if plan.goal == "different" else "margin"
    return f"{how} {shows} a {what} of {size} or more with {power} power{corrected}."


def _goal(plan: Plan, option: PlanOption, scale: Scale) -> str:
    """Name the claim to be shown."""
    effect, margin = option.effect.value, scale.given_gap(plan.margin)
    if plan.goal == "different":
        return f"a true difference of {scale.given_gap(effect)}"
    sign = "−" if effect < 0 else "+"
    truth = f" if the true difference is {sign}{scale.given_gap(effect)}" if effect else ""
    return (
        f"“not worse by more than {margin}”{truth}"
        if plan.goal == "not-worse"
        else f"“same within {margin}”{truth}"
    )


def _attempts(task: TaskPlan, option: PlanOption) -> str:
    """Return the requirements per question: attempts, and how many levels of random factors."""
    count = f"{option.attempts:,.3g}"
    if task.sources is not None:
        again = "" if option.attempts == 1 else f" and {count} attempts at each"
        return f"with {factors.counted(task.sources, option.levels)} each{again}"
    if math.isinf(option.attempts):
        return "with unlimited attempts each"
    return f"{'one attempt' if option.attempts == 1 else f'{count} attempts'} each by both models"


def _fewest_levels(task: TaskPlan) -> str:
    """Return how many levels are needed for any number of questions, if the pilot has fewer."""
    if task.sources is None:
        return ""
    pairs = zip(task.sources.factors, task.levels_needed, strict=True)
    factor, least = next(((factor, n) for factor, n in pairs if n > factor.n_levels), (None, 0.0))
    if factor is None:
        return ""
    more = f", nor would it be with any number of {factor.name}s"
    if math.isfinite(least):
        more = f": it takes {items_text(least)} or more"
    own = plural(factor.n_levels, factor.name)
    return f"With the pilot's {own} no number of questions is enough{more}."


def _looks_sentence(plan: LooksPlan) -> str:
    """Return the expected number of questions with looks, and which design is cheapest for the planned
    difference.
    """
    ways = {way.name: way for way in plan.designs}
    own, best = items_text(ways["looks"].expected_items), items_text(ways[plan.cheapest].expected_items)
    looks = f"With {plural(len(plan.looks), 'look')} that takes {own} questions on average"
    if plan.cheapest == "looks":
        return f"{looks}, fewer than any other design of as much power."
    if plan.cheapest == "once":
        return f"{looks}; one look at the end takes {best}."
    return f"{looks}; betting, with a look at any time, takes {best}."


def _equal_sentence(equal: EqualSystems, level: float) -> str:
    """Return how often two equal systems pass and fail, and how many questions make a gate conclusive."""
    limits = ""
    if not math.isnan(equal.items_for_80_percent_conclusive_low):
        high = equal.items_for_80_percent_conclusive_high
        most = items_text(high) if math.isfinite(high) else "any number"
        limits = (
            f" ({level_text(level)} CI {items_text(equal.items_for_80_percent_conclusive_low)} to {most})"
        )
    needed = (
        "80% of runs are conclusive from "
        f"{items_text(equal.items_for_80_percent_conclusive)} questions{limits} on"
    )
    if not math.isfinite(equal.items_for_80_percent_conclusive):
        needed = "no number of questions makes 80% of runs conclusive"
    return (
        f"With {items_text(equal.items)} questions, two equal systems pass the gate in "
        f"{percent_text(equal.passed)} of runs, fail in {percent_text(equal.failed)} and stay undecided in "
        f"{percent_text(equal.unclear)}; {needed}."
    )


def _options_table(plan: Plan, task: TaskPlan) -> Table:
    """Lay out the options, one line per number of attempts."""
    scale, plain = Scale(percent=task.percent), task.sources is None
    size = (
        "difference"
        if plan.goal == "different"
        else "margin"
        if plan.solved_for == "effect"
        else "true difference"
    )

    def answers(option: PlanOption) -> str:
        """Write how many answers of a model are needed."""
        count = option.attempts * math.prod(option.levels) * option.items.value
        return items_text(count) if math.isfinite(option.attempts) else "unlimited"

    def given(size: float) -> str:
        """Write a requested true difference with all its digits, without its unit."""
        return ("−" if size < 0 else "") + scale.given(abs(size)).removesuffix("%")

    def effect(option: PlanOption) -> str:
        """Write the detectable difference."""
        text = cell_text(option.effect, scale.number if plan.solved_for == "effect" else given)
        return text + scale.unit if math.isfinite(option.effect.value) else text

    names = () if task.sources is None else (factor.name for factor in task.sources.factors)
    several = len({option.attempts for option in task.options}) > 1
    clustered = task.basis is not None and task.basis.cluster_size != 1
    effects, powers = (
        {getattr(option, name).value for option in task.options} for name in ("effect", "power")
    )
    priced = any(math.isfinite(option.cost) for option in task.options)
    fields: list[Field[PlanOption]] = [
        Field("", lambda option: "▸" if option is task.best else "", align="left"),
        Field("attempts", lambda option: attempts_text(option.attempts), shown=plain or several),
        *(Field(f"{name}s", partial(_levels_cell, k)) for k, name in enumerate(names)),
        Field("questions", lambda option: cell_text(option.items, items_text)),
        Field("clusters", lambda option: items_text(option.clusters), priority=7, shown=clustered),
        Field("calls per model", answers, priority=8),
        Field(size, effect, shown=plan.solved_for == "effect" or len(effects) > 1),
        Field(
            "power",
            lambda option: cell_text(option.power, whole_percent) + "%",
            shown=plan.solved_for == "power" or len(powers) > 1,
        ),
        Field("cost", lambda option: _cost(option.cost), shown=priced),
    ]
    return tabled(task.options, fields)


def _details_table(plan: Plan, task: TaskPlan) -> Table:
    """Lay out each option's standard error, difference and power, and the number of the paper's formula."""
    scale = Scale(percent=task.percent)
    test = TESTS[plan.method] if plan.paired else "unpaired"
    fields: list[Field[PlanOption]] = [
        Field("attempts", lambda option: attempts_text(option.attempts)),
        Field("difference", lambda option: scale.gap(option.effect.value)),
        Field("power", lambda option: cell_text(option.power, whole_percent) + "%"),
        Field("SE", lambda option: scale.number(option.se)),
        Field(
            "by the formula",
            lambda option: (
                items_text(option.items_by_formula) if math.isfinite(option.effect.value) else "n/a"
            ),
            shown=task.sources is None,
        ),
    ]
    note = (
        f"Test: {test}, at {level_text(plan.level)}. By the formula: questions by Miller "
        "(2024), normal approximation."
    )
    return tabled(task.options, fields, note=note)


def _levels_cell(k: int, option: PlanOption) -> str:
    return f"{option.levels[k]:,}"


def _cost(cost: float) -> str:
    """Write a cost in the user's unit, rounded to whole units from a thousand on."""
    if not math.isfinite(cost):
        return "n/a"
    return f"{cost:,.0f}" if cost >= ROUND else f"{cost:,.4g}"


def _looks_table(plan: LooksPlan) -> Table:
    """Lay out when each look is due, and its condition for stopping."""
    fields: list[Field[ForecastLook]] = [
        Field("look", lambda look: f"{look.number:,}"),
        Field("questions", lambda look: f"{look.items:,}"),
        Field("z", lambda look: f"{look.z:.3f}", priority=6),
        Field("stops at p ≤", lambda look: nominal_text(look.nominal)),
        Field("error spent", lambda look: nominal_text(look.spent), priority=5),
        Field("decided by then", lambda look: percent_text(look.stopped)),
    ]
    spent = spending_words(plan.spending)
    return tabled(plan.looks, fields, note=spent[0].upper() + spent[1:])


def _designs_table(plan: LooksPlan, *, margin: bool) -> Table:
    """Lay out the requirements of each design. `margin`: whether the reference difference is the margin, not
    zero.
    """
    fields: list[Field[PlannedDesign]] = [
        Field("", lambda way: "▸" if way.name == plan.cheapest else "", align="left"),
        Field("decided by", lambda way: DESIGNS[way.name], align="left"),
        Field("at most", lambda way: items_text(way.max_items)),
        Field("on average", lambda way: items_text(way.expected_items)),
        Field(
            "at the margin" if margin else "if equal",
            lambda way: items_text(way.expected_items_if_equal),
            priority=6,
        ),
        Field("power", lambda way: percent_text(way.power) if math.isfinite(way.power) else "n/a"),
    ]
    equal = "if the true difference is the margin" if margin else "if the models are equal"
    simulated = (
        " Betting is simulated (600 runs)." if any(way.name == "betting" for way in plan.designs) else ""
    )
    note = f"Questions at most, on average at the planned difference, and {equal}.{simulated}"
    return tabled(plan.designs, fields, note=note)


def _basis_table(plan: Plan, basis: Basis) -> Table:
    """Return what the plan assumes."""
    unit = "of the difference" if plan.paired else "of both models together"
    clustered, rows = basis.cluster_size != 1, []
    if basis.n_items:
        items = f"{basis.n_items:,} questions" + (f" in {basis.n_clusters:,} clusters" if clustered else "")
        attempts = f"{basis.attempts:.3g} attempt{'' if basis.attempts == 1 else 's'} each"
        rows.append(("pilot", f"{items}, {attempts}"))
    if math.isnan(basis.answer):
        rows.append(("variance of one answer to one question", f"{basis.question:.4f} {unit}"))
    else:
        seen = f"{basis.question:.4f} {unit}"
        rows.append(
            ("question variance ω²", seen if basis.question else "0 (all variance is within questions)")
        )
        rows.append(("conditional variance σ²", f"{basis.answer:.4f} {unit}, one attempt each"))
    if clustered:
        rows.append(("of which between clusters", f"{basis.between:.4f}".replace("-", "−")))
        uneven = basis.effective_cluster_size > basis.cluster_size * 1.001
        crowd = f"; {basis.effective_cluster_size:.3g} for the average question" if uneven else ""
        rows.append(("cluster size", f"{basis.cluster_size:.3g}{crowd}"))
    return facts(rows, heads=("assumptions", ""))


def chart(plan: Plan) -> Spec:
    """Draw the power curves, with a line at a power and the plan marked."""
    records = plan.curve_records()
    if not records:
        raise MethodError(
            "nothing to draw: no number of questions is enough", remedy="Plan for a larger effect."
        )
    over = "effect" if plan.solved_for == "effect" else "items"
    factor, behind = points(percent=plan.main.percent)
    factor = factor if over == "effect" else 1.0
    shown = _points(records, over, factor)
    drawn = {record["task"] for record in records}
    chosen: list[Row] = [{"task": task.task, **row(task.best)} for task in plan.tasks if task.task in drawn]
    marks = []
    for mark in _points([one for one in chosen if None not in (one["power"], one[over])], over, factor):
        at = mark["x"]
        said = plural(round(at), "question") if over == "items" else f"{at:.3g}{' points' if behind else ''}"
        marks.append({**mark, "plan": said, "late": mark["x"] > LATE * max(row["x"] for row in shown)})
    x: Spec = {"title": f"true difference{behind}", "scale": {"zero": True}}
    if over == "items":
        axis = {"values": ticks([point["x"] for point in shown]), "format": ",d"}
        x = {"title": "questions", "scale": {"type": "log", "nice": False}, "axis": axis}
    power = POWER if plan.solved_for == "power" else plan.main.best.power.value
    order = list(dict.fromkeys(point["attempts"] for point in shown))
    note = f"on the curves: attempts per question\ndotted: {100 * power:.0f}% power"
    note += "; ringed: the plan" if marks else ""
    drawing = by_panel(_drawing(x, order, power))
    names = _on_curves(shown, marks, log=over == "items")
    return figure([*shown, *names, *marks], drawing, description=sentence(plan), subtitle=note)


def _on_curves(shown: Sequence[Row], marks: Sequence[Row], *, log: bool) -> list[Row]:
    """Return the point of each curve that is farthest from the others and from all names, where its own name
    is written.
    """
    across = math.log if log else float
    low, high = (across(end([row["x"] for row in shown])) for end in (min, max))

    def at(point: Row) -> tuple[float, float]:
        """Return a point's position in its panel."""
        return WIDTH * (across(point["x"]) - low) / ((high - low) or 1.0), HEIGHT * (1 - point["power"])

    def room(point: Any) -> float:
        """Return how far a point is from other curves, and from names and the plan, which are wider."""
        here = [one for one in shown if one["panel"] == point["panel"]]
        others = [math.dist(at(point), at(one)) for one in here if one["attempts"] != point["attempts"]]
        wide = [math.dist(at(point), at(one)) for one in (*names, *marks) if one["panel"] == point["panel"]]
        return min([*others, *(gap / WIDER for gap in wide)], default=0.0)

    names: list[Row] = []
    for panel, name in dict.fromkeys((point["panel"], point["attempts"]) for point in shown):
        own = [point for point in shown if (point["panel"], point["attempts"]) == (panel, name)]
        free = [one for one in own if all(EDGE < end < most - EDGE for end, most in _ends(at(one)))]
        names.append({**max(free or own, key=room), "curve": "∞" if name == "endless" else name})
    return names


def _ends(at: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return (at[0], WIDTH), (at[1], HEIGHT)


WIDTH, HEIGHT = 340, 220
EDGE = 12
"""The smallest distance of a curve's name from the edges, in pixels."""
WIDER = 2.5
"""A name keeps so many times the distance from other names that it keeps from curves."""
LATE = 0.7
"""From this share of the axis on, the plan's label is left of its line."""


def _points(records: Sequence[Row], over: str, factor: float) -> list[Row]:
    """Return the rows to draw: one per point."""
    tasks = list(dict.fromkeys(record["task"] for record in records))
    panels = dict(zip(tasks, labels((task or "overall" for task in tasks), 60), strict=True))
    return [
        {
            "panel": panels[record["task"]],
            "attempts": record["attempts"] if record["attempts"] == "endless" else f"{record['attempts']:g}",
            "x": scaled(record[over], factor),
            "power": record["power"],
        }
        for record in records
    ]


def ticks(values: Sequence[float]) -> list[int]:
    """Return round numbers for a logarithmic axis: 1, 2 and 5 times powers of ten, and all digits if these
    are few.

    >>> ticks([80, 1200])
    [100, 200, 500, 1000]
    """
    low, high = min(values), max(values)
    powers = [10**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    few = [digit * power for power in powers for digit in (1, 2, 5) if low <= digit * power <= high]
    every = [digit * power for power in powers for digit in range(1, 10) if low <= digit * power <= high]
    return few if len(few) > 2 else every


def _drawing(x: Spec, order: list[str], power: float) -> Spec:
    """Return the curves, a line at a power, and the plan: a ring on its curve, a line down to the axis, and
    its label.
    """
    at: Spec = {
        "x": {"field": "x", "type": "quantitative", **x},
        "y": {
            "field": "power",
            "type": "quantitative",
            "title": "power",
            "axis": {"format": "%"},
            "scale": {"domain": [0, 1]},
        },
    }
    level = {
        "mark": {"type": "rule", "color": GREY, "strokeDash": [1, 3]},
        "encoding": {"y": {"datum": power, "type": "quantitative"}},
    }
    lines = {"field": "attempts", "type": "nominal", "legend": None}
    dashes = [list(dash) for dash in DASHES]
    curves = {
        "transform": [{"filter": "!isValid(datum.plan) && !isValid(datum.curve)"}],
        "mark": {"type": "line", "strokeWidth": CURVE},
        "encoding": {
            **at,
            "color": {**lines, "scale": {"domain": order, "range": list(SEQUENCE)}},
            "strokeDash": {**lines, "scale": {"domain": order, "range": dashes}},
        },
    }
    marked: Spec = {"transform": [{"filter": "isValid(datum.plan)"}]}
    down = {"type": "rule", "color": INK, "strokeWidth": HAIR, "strokeDash": [3, 2]}
    ring = {"type": "point", "size": 110, "color": INK, "filled": False, "strokeWidth": 1.5}
    beside = {"align": {"expr": "datum.late ? 'right' : 'left'"}, "dx": {"expr": "datum.late ? -6 : 6"}}
    text = {"type": "text", "baseline": "bottom", "dy": -5, "fontSize": LABELS, **beside}
    edge = {"stroke": WHITE, "strokeWidth": 3, "aria": False}
    said: Spec = {**at, "y": {"datum": 0}, "text": {"field": "plan", "type": "nominal"}}
    named: Spec = {"transform": [{"filter": "isValid(datum.curve)"}]}
    name = {"type": "text", "baseline": "middle", "fontSize": LABELS, "fontWeight": "bold"}
    on_curve = {**at, "text": {"field": "curve", "type": "nominal"}}
    layers: list[Spec] = [
        level,
        curves,
        {**marked, "mark": down, "encoding": {**at, "y2": {"datum": 0}}},
        {**marked, "mark": ring, "encoding": at},
        {**marked, "mark": {**text, **edge}, "encoding": said},
        {**marked, "mark": text, "encoding": said},
        {**named, "mark": {**name, **edge, "strokeWidth": 5}, "encoding": on_curve},
        {**named, "mark": name, "encoding": on_curve},
    ]
    return {"width": WIDTH, "height": HEIGHT, "layer": layers}
