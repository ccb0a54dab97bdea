"""What a plan says: its verdict in words, its tables."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Literal

from howsure.answers.output import row
from howsure.errors import MethodError
from howsure.present.charts.base import DASHES, GREY, SEQUENCE, Row, Spec, by_panel, figure, points, scaled
from howsure.present.document import Document, Field, Text, closing, facts, opening, tabled
from howsure.present.labels import labels
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
        Forecast,
        ForecastLook,
        LooksPlan,
        Option,
        Plan,
        Simulated,
        TaskPlan,
        Way,
    )
    from howsure.present.document import Block, Table


def equal_sentence(equal: EqualSystems) -> str:
    """Say how often the gate passes, fails and can't tell, and how many questions it takes to tell."""
    return (
        f"Of two equal systems a gate with {items_text(equal.items)} questions passes "
        f"{percent_text(equal.passed)}, fails {percent_text(equal.failed)} and can't tell "
        f"{percent_text(equal.unclear)}; {_needed(equal)}."
    )


def _needed(equal: EqualSystems) -> str:
    if not math.isfinite(equal.items_that_tell):
        return "no number of questions brings can't tell below 20 %"
    limits = ""
    if not math.isnan(equal.items_that_tell_low):
        high = (
            items_text(equal.items_that_tell_high)
            if math.isfinite(equal.items_that_tell_high)
            else "any number"
        )
        limits = f" (plausibly {items_text(equal.items_that_tell_low)} to {high})"
    return f"can't tell falls below 20 % from {items_text(equal.items_that_tell)} questions{limits} on"


def always_open(level: float) -> str:
    """Say what a gate that asks for a difference makes of equal systems."""
    return (
        f"Asked for “better”, equal systems stay open in {100 * level:.3g} of 100 runs, however many "
        "questions."
    )


def at_the_limit(level: float, limit: str) -> str:
    """Say what a gate with a floor (or a ceiling) makes of a system whose score is the floor itself."""
    return (
        f"A system whose true score is the {limit} itself stays open in {200 * level - 100:.3g} of 100 "
        "runs or more, however many questions."
    )


NAMES = {"once": "one look at the end", "looks": "planned looks", "betting": "any look (betting)"}


def looks_sentence(plan: LooksPlan) -> str:
    """Say what the looks take on average, and which way is cheapest for the planned difference."""
    ways = {way.name: way for way in plan.ways}
    own, best = ways["looks"], ways[plan.cheapest]
    told = (
        f"With {plural(len(plan.looks), 'look')} that takes {items_text(own.expected)} questions on average"
    )
    if plan.cheapest == "looks":
        return f"{told}, fewer than any other way of as much power."
    more = {"once": "one look at the end takes", "betting": "betting, with a look at any time, takes"}[
        plan.cheapest
    ]
    return f"{told}; {more} {items_text(best.expected)}."


def blocks_of_looks(plan: LooksPlan, goal: Literal["effect", "margin"]) -> list[Block]:
    """Return the table of looks, and that of the ways to decide."""
    return [looks_table(plan), ways_table(plan, goal)]


def looks_table(plan: LooksPlan) -> Table:
    """Lay out when each look is due, and what it takes to stop there."""
    fields: list[Field[ForecastLook]] = [
        Field("look", lambda look: f"{look.number:,}"),
        Field("questions", lambda look: f"{look.items:,}"),
        Field("z", lambda look: f"{look.z:.3f}", priority=6),
        Field("stops at p ≤", lambda look: nominal_text(look.nominal)),
        Field("error spent", lambda look: nominal_text(look.spent), priority=5),
        Field("decided by then", lambda look: percent_text(look.stopped)),
    ]
    return tabled(plan.looks, fields, note=spending_words(plan.spending))


def ways_table(plan: LooksPlan, goal: Literal["effect", "margin"]) -> Table:
    """Lay out what each way takes."""
    none = "if none" if goal == "effect" else "at the margin"
    fields: list[Field[Way]] = [
        Field("", lambda way: "▸" if way.name == plan.cheapest else "", align="left"),
        Field("decided by", lambda way: NAMES[way.name], align="left"),
        Field("at most", lambda way: items_text(way.most)),
        Field("on average", lambda way: items_text(way.expected)),
        Field(none, lambda way: items_text(way.expected_if_none), priority=6),
        Field("power", lambda way: percent_text(way.power) if math.isfinite(way.power) else "n/a"),
    ]
    where = "where there is none" if goal == "effect" else "where it is the margin"
    simulated = "; betting is simulated (600 runs)" if any(way.name == "betting" for way in plan.ways) else ""
    return tabled(
        plan.ways,
        fields,
        note=f"questions: at most, on average at the planned difference, and {where}{simulated}",
    )


def document(plan: Plan) -> Document:
    """Return the verdict, the options, what they rest on, and the cautions."""
    blocks = opening(verdict(plan), plan.notes, chapter=plan.chapter)
    for task in plan.tasks:
        if len(plan.tasks) > 1:
            blocks.append(
                Text(text=f"{task.task} · {task.metric}" if task.task else "overall", kind="heading")
            )
        blocks.append(design_table(plan, task))
    if plan.simulated is not None:
        blocks.append(Text(text=simulated_sentence(plan.simulated)))
    if plan.main.looks is not None:
        blocks += blocks_of_looks(plan.main.looks, "effect" if plan.goal == "different" else "margin")
    if plan.main.sources is not None:
        blocks.append(
            facts(
                factors.source_rows(plan.main.sources, Scale(percent=plan.main.percent)), heads=("pilot", "")
            )
        )
    if plan.main.basis is not None:
        blocks.append(assumption_table(plan, plan.main.basis))
    return Document(blocks=(*blocks, *closing(plan.cautions)))


def chart(plan: Plan) -> Spec:
    """Draw the power curves."""
    records = plan.curve_records()
    if not records:
        raise MethodError(
            "nothing to draw: no number of questions is enough", remedy="Plan for a larger effect."
        )
    over: Literal["items", "effect"] = "effect" if plan.sought == "effect" else "items"
    chosen = [{"task": task.task, **row(task.best)} for task in plan.tasks]
    marked = [each for each in chosen if each["power"] is not None and each[over] is not None]
    power = POWER if plan.sought == "power" else plan.main.best.power.value
    return spec(
        records, over, percent=plan.main.percent, planned=marked, power=power, description=verdict(plan)
    )


def simulated_sentence(seen: Simulated) -> str:
    """Say how often the test detected the difference in resamples of the pilot's questions."""
    return (
        f"Checked: in {seen.trials:,} resamples of the pilot's questions, the test detected it in "
        f"{100 * seen.power:.0f} % (± {100 * seen.se:.1f})."
    )


def verdict(plan: Plan) -> str:
    """Say how many questions are needed, or what a number of them can show; with a margin, what becomes of
    equal systems.
    """
    found = _planned(plan)
    equal = [] if plan.main.equal is None else [equal_sentence(plan.main.equal)]
    looks = [] if plan.main.looks is None else [looks_sentence(plan.main.looks)]
    return " ".join([found, *looks, *equal, *([always_open(plan.level)] if plan.better else [])])


def _planned(plan: Plan) -> str:
    task, option = plan.main, plan.main.best
    scale = Scale(percent=task.percent)
    if plan.sought == "items":
        return _items_verdict(plan, option, scale)
    how = f"{_questions(option.items, option.clusters, task)}, {_each(task, option)},"
    if plan.sought == "effect":
        if not math.isfinite(option.effect.value):
            return f"{_first(how)} can detect no difference with {percent_text(option.power.value)} power."
        size = scale.gap(option.effect.value) + range_text(option.effect, scale.number, scale.unit)
        what = "true difference" if plan.goal == "different" else "margin"
        return (
            f"{_first(how)} {_verb(plan)} a {what} of {size} or more with "
            f"{percent_text(option.power.value)} power{_corrected(plan)}."
        )
    power = percent_text(option.power.value) + range_text(option.power, whole_percent, " %")
    return f"{_first(how)} {_verb(plan)} {_goal(plan, option, scale)} with {power} power{_corrected(plan)}."


def _items_verdict(plan: Plan, option: Option, scale: Scale) -> str:
    goal, chance = _goal(plan, option, scale), percent_text(option.power.value)
    if option.items.value > MOST_ITEMS:
        why = f" in these {plural(round(option.clusters), 'cluster')}" if _fixed(option) else ""
        return (
            f"No number of questions{why} {_verb(plan)}s {goal} with {chance} power, "
            f"{_each(plan.main, option)}."
        )
    how = f"About {_questions(option.items, option.clusters, plan.main)}, {_each(plan.main, option)}"
    cost = f" at a cost of {_cost(option.cost)}" if math.isfinite(option.cost) else ""
    cheapest = ", the cheapest design" if cost else ""
    return (
        f"{how}, {_verb(plan)} {goal} with {chance} "
        f"power{cost}{cheapest}{_corrected(plan)}.{_least_levels(plan.main)}"
    )


def _verb(plan: Plan) -> str:
    return "detect" if plan.goal == "different" else "show"


def _fixed(option: Option) -> bool:
    return math.isfinite(option.clusters) and option.clusters > 0


def _first(text: str) -> str:
    return text[0].upper() + text[1:]


def _goal(plan: Plan, option: Option, scale: Scale) -> str:
    """Name what is to be shown."""
    if plan.goal == "different":
        return f"a true difference of {scale.given_gap(option.effect.value)}"
    truth = (
        ""
        if not option.effect.value
        else f" where the true difference is {_signed(scale, option.effect.value)}"
    )
    margin = scale.given_gap(plan.margin)
    return (
        f"“not worse by more than {margin}”{truth}"
        if plan.goal == "not-worse"
        else f"“same within {margin}”{truth}"
    )


def _questions(items: Forecast, clusters: float, task: TaskPlan) -> str:
    text = f"{items_text(items.value)} question{'' if items.value == 1 else 's'}"
    text += range_text(items, items_text)
    clustered = task.basis is not None and task.basis.cluster_size != 1 and math.isfinite(clusters)
    return f"{text} in {items_text(clusters)} clusters" if clustered else text


def _attempts(attempts: float) -> str:
    if math.isinf(attempts):
        return "with unlimited attempts each"
    return (
        "one attempt each by both models"
        if attempts == 1
        else f"{attempts:,.3g} attempts each by both models"
    )


def _each(task: TaskPlan, option: Option) -> str:
    """Say what each question takes: attempts, and how many levels of random factors."""
    if task.sources is None:
        return _attempts(option.attempts)
    again = "" if option.attempts == 1 else f" and {option.attempts:,.3g} attempts at each"
    return f"with {factors.counted(task.sources, option.levels)} each{again}"


def _least_levels(task: TaskPlan) -> str:
    """Say how many levels any number of questions takes at least, where the pilot has fewer."""
    if task.sources is None:
        return ""
    pairs = zip(task.sources.factors, task.levels_needed, strict=True)
    short = [(each, least) for each, least in pairs if least > each.n_levels]
    if not short:
        return ""
    each, least = short[0]
    own = plural(each.n_levels, each.name)
    more = (
        f": it takes {items_text(least)} or more"
        if math.isfinite(least)
        else f", nor would it be with any number of {each.name}s"
    )
    return f" With the pilot's {own} no number of questions is enough{more}."


def _corrected(plan: Plan) -> str:
    return f", corrected for {plan.comparisons:,} comparisons" if plan.comparisons > 1 else ""


def design_table(plan: Plan, task: TaskPlan) -> Table:
    """Lay out the options: one line for each number of attempts."""
    scale = Scale(percent=task.percent)
    clustered = task.basis is not None and task.basis.cluster_size != 1
    size = (
        "difference"
        if plan.goal == "different"
        else "margin"
        if plan.sought == "effect"
        else "true difference"
    )
    fields: list[Field[Option]] = [
        Field("", lambda option: "▸" if option is task.best else "", align="left"),
        Field(
            "attempts",
            lambda option: attempts_text(option.attempts),
            shown=task.sources is None or len({option.attempts for option in task.options}) > 1,
        ),
        *_level_fields(task),
        Field("questions", lambda option: cell_text(option.items, items_text)),
        Field("clusters", lambda option: items_text(option.clusters), priority=7, shown=clustered),
        Field("answers/model", _answers_cell, priority=5),
        Field(size, lambda option: _effect_cell(plan, option, scale)),
        Field("power", lambda option: cell_text(option.power, whole_percent) + " %"),
        Field("SE", lambda option: scale.number(option.se), priority=6),
        Field("by the formula", _formula_cell, priority=4, shown=task.sources is None),
        Field("cost", _cost_cell, shown=any(math.isfinite(option.cost) for option in task.options)),
    ]
    return tabled(task.options, fields, note=_test_note(plan) if task is plan.main else "")


def _level_fields(task: TaskPlan) -> list[Field[Option]]:
    """Return a column for the levels of each random factor."""
    names = () if task.sources is None else (each.name for each in task.sources.factors)
    return [Field(f"{name}s", partial(_levels_cell, k)) for k, name in enumerate(names)]


def _levels_cell(k: int, option: Option) -> str:
    return f"{option.levels[k]:,}"


def _answers_cell(option: Option) -> str:
    return (
        items_text(option.attempts * math.prod(option.levels) * option.items.value)
        if math.isfinite(option.attempts)
        else "unlimited"
    )


def _effect_cell(plan: Plan, option: Option, scale: Scale) -> str:
    text = cell_text(option.effect, scale.number if plan.sought == "effect" else partial(_given, scale))
    return text + scale.unit if math.isfinite(option.effect.value) else text


def _formula_cell(option: Option) -> str:
    return items_text(option.formula) if math.isfinite(option.effect.value) else "n/a"


def _cost_cell(option: Option) -> str:
    return _cost(option.cost) if math.isfinite(option.cost) else "n/a"


FORMULA = "; by the formula: questions by Miller (2024), normal approximation"


def _test_note(plan: Plan) -> str:
    tested = {"score": "paired score, CR2", "t": "paired t, CR2", "z": "normal, the paper's formula"}
    test = f"planned for the test: {tested[plan.method]}" if plan.paired else "planned for an unpaired test"
    return f"{test}, at {level_text(plan.level)}{'' if plan.main.sources else FORMULA}"


def _signed(scale: Scale, size: float) -> str:
    return ("−" if size < 0 else "+") + scale.given_gap(size)


def _given(scale: Scale, size: float) -> str:
    """Write a true difference that was asked for, without its unit."""
    sign = "−" if size < 0 else ""
    return sign + scale.given(abs(size)).removesuffix(" %")


def _cost(cost: float) -> str:
    """Write a cost in the user's unit: to the unit from a thousand on."""
    return f"{cost:,.0f}" if cost >= ROUND else f"{cost:,.4g}"


def assumption_table(plan: Plan, basis: Basis) -> Table:
    """Say what the plan assumes."""
    unit = "of the difference" if plan.paired else "of both models together"
    rows = []
    if basis.n_items:
        held = f"{basis.n_items:,} items" + (
            f" in {basis.n_clusters:,} clusters" if basis.cluster_size != 1 else ""
        )
        rows.append(
            ("pilot", f"{held}, {basis.attempts:.3g} attempt{'' if basis.attempts == 1 else 's'} each")
        )
    if math.isnan(basis.answer):
        rows.append(("variance of one answer to one question", f"{basis.question:.4f} {unit}"))
    else:
        seen = f"{basis.question:.4f} {unit}"
        rows.append(("question variance ω²", seen if basis.question else "0 (answers alone explain it)"))
        rows.append(("conditional variance σ²", f"{basis.answer:.4f} {unit}, one attempt each"))
    if basis.cluster_size != 1:
        rows.append(("of which between clusters", f"{basis.between:.4f}".replace("-", "−")))
        uneven = (
            f"; {basis.crowd:.3g} for the average item" if basis.crowd > basis.cluster_size * 1.001 else ""
        )
        rows.append(("cluster size", f"{basis.cluster_size:.3g}{uneven}"))
    return facts(rows, heads=("assumptions", ""))


Over = Literal["items", "effect"]
INK = "#222222"


def spec(
    records: Sequence[Row],
    over: Over,
    *,
    percent: bool = True,
    planned: Sequence[Row] = (),
    power: float = 0.8,
    description: str,
) -> Spec:
    """Return the power curves, with a line at a power and the plan marked.

    `records`: task, attempts, items, effect, power; `over`: what runs along the axis; `planned`: the points
    that are the plan, as records.
    """
    factor, behind = points(percent=percent)
    shown = rows(records, over, factor if over == "effect" else 1.0)
    title = "questions" if over == "items" else f"true difference{behind}"
    x: Spec = {"scale": {"zero": True}}
    if over == "items":
        x = {
            "scale": {"type": "log", "nice": False},
            "axis": {"values": ticks([row["x"] for row in shown]), "format": ",d"},
        }
    order = list(dict.fromkeys(row["attempts"] for row in shown))
    known = [each for each in planned if each["task"] in {record["task"] for record in records}]
    marks = [
        {**row, "plan": _said(row["x"], over, behind)}
        for row in rows(known, over, factor if over == "effect" else 1.0)
    ]
    drawing = by_panel(_drawing({"title": title, **x}, order, power))
    note = f"dotted: {100 * power:.0f} % power" + ("; ringed: the plan" if marks else "")
    return figure([*shown, *marks], drawing, description=description, subtitle=note)


def _said(at: float, over: Over, behind: str) -> str:
    """Say where the plan is: `425 questions`, `5.0 pp`."""
    if over == "items":
        return plural(round(at), "question")
    return f"{at:.3g}{' pp' if behind else ''}"


def rows(records: Sequence[Row], over: Over, factor: float) -> list[Row]:
    """Return what is drawn: one row a point."""
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
    """Return round numbers for a logarithmic axis: 1, 2 and 5 times powers of ten, and all digits where these
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
    lines = {
        "field": "attempts",
        "type": "nominal",
        "title": "attempts per question",
        "legend": {"symbolSize": 900},
    }
    at_x: Spec = {"field": "x", "type": "quantitative", **x}
    at_y: Spec = {
        "field": "power",
        "type": "quantitative",
        "title": "power",
        "axis": {"format": "%"},
        "scale": {"domain": [0, 1]},
    }
    at = {"x": at_x, "y": at_y}
    curve = {"transform": [{"filter": "!isValid(datum.plan)"}], "mark": {"type": "line", "strokeWidth": 2}}
    shape = {
        "color": {**lines, "scale": {"domain": order, "range": list(SEQUENCE)}},
        "strokeDash": {**lines, "scale": {"domain": order, "range": [list(dash) for dash in DASHES]}},
    }
    level = {
        "mark": {"type": "rule", "color": GREY, "strokeDash": [1, 3]},
        "encoding": {"y": {"datum": power, "type": "quantitative"}},
    }
    return {"width": 340, "height": 220, "layer": [level, {**curve, "encoding": {**at, **shape}}, *_plan(at)]}


def _plan(at: Spec) -> list[Spec]:
    """Return the plan: a ring on its curve, a line down to the axis, and what it says."""
    marked = {"transform": [{"filter": "isValid(datum.plan)"}]}
    ring = {"type": "point", "size": 110, "color": INK, "filled": False, "strokeWidth": 1.5}
    text = {"type": "text", "align": "left", "baseline": "top", "dx": 7, "dy": 7, "fontSize": 11}
    edge = {**text, "stroke": "white", "strokeWidth": 3, "aria": False}
    said = {**at, "text": {"field": "plan", "type": "nominal"}}
    down = {"type": "rule", "color": INK, "strokeWidth": 0.7, "strokeDash": [3, 2]}
    return [
        {**marked, "mark": down, "encoding": {**at, "y2": {"datum": 0}}},
        {**marked, "mark": ring, "encoding": at},
        {**marked, "mark": edge, "encoding": said},
        {**marked, "mark": text, "encoding": said},
    ]
