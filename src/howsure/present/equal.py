"""How it is said what a gate makes of two equal systems."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.words.forecasts import items_text, percent_text
from howsure.wording import Scale

if TYPE_CHECKING:
    from howsure.answers.equal import EqualSystems


def sentence(equal: EqualSystems) -> str:
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


def _criterion(equal: EqualSystems) -> str:
    margin = Scale(percent=equal.percent).given_gap(equal.margin)
    return (
        f"not worse by more than {margin}"
        if equal.criterion == "not_worse_than"
        else f"the same within {margin}"
    )
