"""How a plan of one score is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, closing, opening
from howsure.present.words.forecasts import (
    attempts_text,
    cell_text,
    items_text,
    percent_text,
    range_text,
    whole_percent,
)
from howsure.wording import Scale, level_text

if TYPE_CHECKING:
    from howsure.answers.plan_score import ScoreOption, ScorePlan


def document(plan: ScorePlan) -> Document:
    """Return the verdict, a line a number of attempts, and the cautions."""
    return Document(blocks=(*opening(verdict(plan), plan.notes), _table(plan), *closing(plan.cautions)))


def verdict(plan: ScorePlan) -> str:
    """Say how many questions the score needs, or what so many give."""
    scale, option = Scale(percent=plan.percent), plan.best
    held, attempts = _clusters(plan, option), _attempts(option)
    what = _goal(plan, scale)
    if not math.isfinite(option.items.value):
        return f"No number of questions{held}{attempts} {'gives' if plan.goal == 'within' else 'shows'} {what}."
    count = f"{items_text(option.items.value)} questions{range_text(option.items, items_text)}{held}{attempts}"
    if plan.goal == "within":
        return _width_sentence(plan, scale, count)
    chance = percent_text(option.power.value) + range_text(option.power, whole_percent, " %")
    start = "About " if plan.sought_items else ""
    return f"{start}{count} show {what} with a chance of {chance}, if the true score is {_rate(plan, scale)}."


def _width_sentence(plan: ScorePlan, scale: Scale, count: str) -> str:
    if plan.sought_items:
        return f"About {count} give {_goal(plan, scale)}, where the score is {_rate(plan, scale)}."
    width = plan.best.half_width
    wide = scale.gap(width.value) + range_text(width, scale.number, scale.unit)
    return f"{count} give an error bar of ± {wide}, where the score is {_rate(plan, scale)}."


def _clusters(plan: ScorePlan, option: ScoreOption) -> str:
    known = plan.clustered and math.isfinite(option.clusters)
    return f" in {items_text(option.clusters)} clusters" if known else ""


def _attempts(option: ScoreOption) -> str:
    if math.isinf(option.attempts):
        return ", with endless attempts each"
    return "" if option.attempts == 1 else f", {option.attempts:,.3g} attempts each"


def _rate(plan: ScorePlan, scale: Scale) -> str:
    return scale.score(plan.rate) if plan.model else scale.given(plan.rate)


def _goal(plan: ScorePlan, scale: Scale) -> str:
    if plan.goal == "within":
        return f"an error bar of ± {scale.given_gap(plan.target)}"
    return f"{'at least' if plan.goal == 'at-least' else 'at most'} {scale.given(plan.target)}"


def _table(plan: ScorePlan) -> Table:
    limit = plan.goal != "within"
    columns = [Column(name="", align="left"), Column(name="attempts"), Column(name="questions")]
    columns += [Column(name="clusters")] if plan.clustered else []
    columns += [Column(name="error bar ±")]
    columns += [Column(name="chance")] if limit else []
    rows = tuple(_row(plan, k, option) for k, option in enumerate(plan.options))
    sides = "one-sided, as gate has it" if limit else "the interval of estimate"
    return Table(columns=tuple(columns), rows=rows, note=f"{sides}, at {level_text(plan.level)}")


def _row(plan: ScorePlan, k: int, option: ScoreOption) -> tuple[str, ...]:
    scale = Scale(percent=plan.percent)
    row = ["▸" if k == plan.chosen else "", attempts_text(option.attempts), cell_text(option.items, items_text)]
    row += [items_text(option.clusters)] if plan.clustered else []
    row += [cell_text(option.half_width, scale.number) + scale.unit]
    row += [cell_text(option.power, whole_percent) + " %"] if plan.goal != "within" else []
    return tuple(row)
