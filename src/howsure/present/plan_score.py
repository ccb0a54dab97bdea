"""How a plan of one score is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, closing, opening, tabled
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
    from howsure.present.document import Table


def document(plan: ScorePlan) -> Document:
    """Return the verdict, one line per number of attempts, and the warnings."""
    return Document(blocks=(*opening(sentence(plan), plan.notes), _table(plan), *closing(plan.warnings)))


def sentence(plan: ScorePlan) -> str:
    """Return how many questions the score needs, or the precision from a number of them."""
    scale, option = Scale(percent=plan.percent), plan.best
    goal = f"{'at least' if plan.goal == 'at-least' else 'at most'} {scale.given(plan.target)}"
    if plan.goal == "within":
        goal = f"an error bar of ± {scale.given_gap(plan.target)}"
    clustered = plan.clustered and math.isfinite(option.clusters)
    how = f" in {items_text(option.clusters)} clusters" if clustered else ""
    if math.isinf(option.attempts):
        how += ", with unlimited attempts each,"
    elif option.attempts != 1:
        how += f", {option.attempts:,.3g} attempts each,"
    if not math.isfinite(option.items.value):
        return f"No number of questions{how} {'gives' if plan.goal == 'within' else 'shows'} {goal}."
    about = "About " if plan.sought_items else ""
    questions = (
        f"{items_text(option.items.value)} questions{range_text(option.items, items_text, plan.level)}{how}"
    )
    rate = scale.score(plan.rate) if plan.model else scale.given(plan.rate)
    if plan.goal != "within":
        chance = percent_text(option.power.value) + range_text(option.power, whole_percent, plan.level, "%")
        return f"{about}{questions} show {goal} with {chance} power, if the true score is {rate}."
    if not plan.sought_items:
        width = option.half_width
        goal = (
            "an error bar of ± "
            f"{scale.gap(width.value)}{range_text(width, scale.number, plan.level, scale.unit)}"
        )
    return f"{about}{questions} give {goal}, if the score is {rate}."


def _table(plan: ScorePlan) -> Table:
    scale, limit = Scale(percent=plan.percent), plan.goal != "within"
    fields: list[Field[ScoreOption]] = [
        Field("", lambda option: "▸" if option is plan.best else "", align="left"),
        Field("attempts", lambda option: attempts_text(option.attempts)),
        Field("questions", lambda option: cell_text(option.items, items_text)),
        Field("clusters", lambda option: items_text(option.clusters), shown=plan.clustered),
        Field("error bar ±", lambda option: cell_text(option.half_width, scale.number) + scale.unit),
        Field("power", lambda option: cell_text(option.power, whole_percent) + "%", shown=limit),
    ]
    sides = "one-sided interval, as in gate" if limit else "interval as in estimate"
    note = f"{sides}, at {level_text(plan.level)}"
    if limit:
        end = "floor" if plan.goal == "at-least" else "ceiling"
        note += (
            f". A system whose true score is the {end} itself stays open in {200 * plan.level - 100:.3g} of "
            "100 runs or more, however many questions."
        )
    return tabled(plan.options, fields, note=note)
