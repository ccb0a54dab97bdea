"""What a plan says: its verdict in words, its tables."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Literal

from howsure.answers.output import row
from howsure.errors import MethodError
from howsure.present import plan_looks
from howsure.present.document import Document, Field, Text, closing, facts, opening, tabled
from howsure.present.equal import always_open, sentence
from howsure.present.words import factors
from howsure.present.words.forecasts import (
    MOST_ITEMS,
    ROUND,
    attempts_text,
    cell_text,
    items_text,
    percent_text,
    range_text,
    whole_percent,
)
from howsure.statistics.results import POWER
from howsure.wording import Scale, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan import Basis, Forecast, Option, Plan, Simulated, TaskPlan
    from howsure.present.charts.base import Spec
    from howsure.present.document import Table


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
        blocks += plan_looks.blocks(plan.main.looks, "effect" if plan.goal == "different" else "margin")
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
    from howsure.present.charts import plan as curves

    records = plan.curve_records()
    if not records:
        raise MethodError(
            "nothing to draw: no number of questions is enough", remedy="Plan for a larger effect."
        )
    over: Literal["items", "effect"] = "effect" if plan.sought == "effect" else "items"
    chosen = [{"task": task.task, **row(task.best)} for task in plan.tasks]
    marked = [each for each in chosen if each["power"] is not None and each[over] is not None]
    power = POWER if plan.sought == "power" else plan.main.best.power.value
    return curves.spec(
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
    equal = [] if plan.main.equal is None else [sentence(plan.main.equal)]
    looks = [] if plan.main.looks is None else [plan_looks.sentence(plan.main.looks)]
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


def _test_note(plan: Plan) -> str:
    tested = {"score": "paired score, CR2", "t": "paired t, CR2", "z": "normal, the paper's formula"}
    test = f"planned for the test: {tested[plan.method]}" if plan.paired else "planned for an unpaired test"
    return (
        f"{test}, at "
        f"{level_text(plan.level)}{'' if plan.main.sources else '; by the formula: questions by Miller (2024), normal approximation'}"
    )


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
