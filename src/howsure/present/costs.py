"""How the usage of two models is worded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Text
from howsure.wording import amount_text, level_text, p_words, plural

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison
    from howsure.answers.parts import UsageDifference
    from howsure.errors import ResultWarning
    from howsure.present.document import Block

NEAR = (0.5, 2.0)
"""Ratios between these have one more digit."""


def blocks(pair: Comparison) -> list[Block]:
    """Return a sentence for every measure."""
    return [Text(text=sentence(gap, pair.a, pair.b)) for gap in pair.usage if gap.per == "attempt"]


def rows(pair: Comparison) -> list[tuple[str, str]]:
    """Return a line of the table for every measure."""
    return [(_name(gap), _figures(gap)) for gap in pair.usage]


def warnings(pair: Comparison) -> list[ResultWarning]:
    """Return the warnings of all measures."""
    return [warning for gap in pair.usage for warning in gap.warnings]


def sentence(gap: UsageDifference, a: str, b: str) -> str:
    """Return which of two models uses more, by how much, or why that is unknown."""
    unit, low, high = gap.name, gap.interval.low, gap.interval.high
    if gap.ratio_is == "unknown":
        return f"Can't tell which uses more {unit}: {_lacking(gap, a, b)}."
    if gap.ratio_is != "exact":
        return f"{_bounded(gap, a, b)}: {_lacking(gap, a, b)}."
    if not gap.decided:
        limits = (
            f"{level_text(gap.interval.level)} CI {times_text(low)} to {times_text(high)}"
            if low <= high
            else f"no error bar: {_units(gap)}"
        )
        return f"Can't tell which uses more {unit}: {a} uses {times_text(gap.ratio)} that of {b} ({limits})."
    more, less, times, ends = (
        (a, b, gap.ratio, (low, high)) if gap.ratio > 1 else (b, a, 1 / gap.ratio, (1 / high, 1 / low))
    )
    amounts = sorted((gap.a, gap.b), reverse=True)
    each = f"{amount_text(amounts[0], 3)} and {amount_text(amounts[1], 3)} per question"
    return (
        f"{more} uses {times_text(times)} the {unit} of {less} ({level_text(gap.interval.level)} CI "
        f"{times_text(ends[0])} to {times_text(ends[1])}; {each})."
    )


def _bounded(gap: UsageDifference, a: str, b: str) -> str:
    """Return the statement about a ratio with only one known bound."""
    level, end = (
        level_text(gap.interval.level),
        gap.interval.low if gap.ratio_is == "at_least" else gap.interval.high,
    )
    if not gap.decided:
        sure = (
            "without an error bar"
            if math.isnan(end)
            else f"({_words(gap)} {times_text(end)} at {level} confidence)"
        )
        said = f"{a} uses {_words(gap)} {times_text(gap.ratio)} that of {b} {sure}"
        return f"Can't tell which uses more {gap.name}: {said}"
    more, less, times, end = (
        (a, b, gap.ratio, end) if gap.ratio_is == "at_least" else (b, a, 1 / gap.ratio, 1 / end)
    )
    return (
        f"{more} uses at least {times_text(times)} the {gap.name} of {less} ({times_text(end)} at "
        f"{level} confidence)"
    )


def _words(gap: UsageDifference) -> str:
    return gap.ratio_is.replace("_", " ")


def times_text(value: float) -> str:
    """Write a ratio: `4.2×`, `0.083×`, `12×`."""
    if math.isnan(value):
        return "n/a"
    return "∞" if math.isinf(value) else f"{amount_text(value, 3 if NEAR[0] < value < NEAR[1] else 2)}×"


def _lacking(gap: UsageDifference, a: str, b: str) -> str:
    said = [
        f"{plural(count, 'attempt')} of {model} {'records' if count == 1 else 'record'} none"
        for model, count in ((a, gap.n_missing_a), (b, gap.n_missing_b))
        if count
    ]
    return " and ".join(said) or "no value is above 0"


def _name(gap: UsageDifference) -> str:
    return f"{gap.name} per {'question' if gap.per == 'attempt' else 'solved question'}"


def _units(gap: UsageDifference) -> str:
    """Return the number of clusters, or questions, behind a result."""
    return plural(gap.n_clusters, "cluster" if gap.n_clusters != gap.n_items else "question")


def _figures(gap: UsageDifference) -> str:
    if gap.ratio_is == "unknown":
        return "unknown"
    low, high = gap.interval.low, gap.interval.high
    p = f", {p_words(gap.p_value)}" if gap.ratio_is == "exact" else ""
    level = level_text(gap.interval.level)
    spread = (
        f"({level} CI {times_text(low)} to {times_text(high)}{p})" if low <= high else "without an error bar"
    )
    bound = "" if gap.ratio_is == "exact" else f"{_words(gap)} "
    return f"{amount_text(gap.a, 3)} / {amount_text(gap.b, 3)} = {bound}{times_text(gap.ratio)} {spread}"
