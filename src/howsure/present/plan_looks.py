"""How the planned looks of a plan are said and tabled, beside the other ways to decide a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from howsure.present.document import Field, tabled
from howsure.present.words.forecasts import items_text, percent_text
from howsure.present.words.looks import nominal_text, spending_words
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.answers.plan import ForecastLook, LooksPlan, Way
    from howsure.present.document import Block, Table

NAMES = {"once": "one look at the end", "looks": "planned looks", "betting": "any look (betting)"}


def sentence(plan: LooksPlan) -> str:
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


def blocks(plan: LooksPlan, goal: Literal["effect", "margin"]) -> list[Block]:
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
