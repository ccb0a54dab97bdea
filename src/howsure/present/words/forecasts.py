"""Forecasts in words: how many questions, with which power, and how uncertain that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Field, tabled
from howsure.wording import count_text, level_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.parts import Looks, PlannedLook
    from howsure.answers.plan import Forecast
    from howsure.present.document import Table
    from howsure.statistics.choices import Spending

    Write = Callable[[float], str]

MOST_ITEMS = 1e9
ROUND = 1000
"""Numbers of questions above this are shown to three digits, as a forecast isn't exact."""


def range_text(forecast: Forecast, write: Write, level: float, unit: str = "") -> str:
    """Write the limits of a forecast, given the size of the pilot: ` (95% CI 630 to 3,280)`."""
    if math.isnan(forecast.low):
        return ""
    high = "any number" if math.isinf(forecast.high) else f"{write(forecast.high)}{unit}"
    return f" ({level_text(level)} CI {write(forecast.low)} to {high})"


def items_text(count: float) -> str:
    """Write a forecast number of questions: to the unit up to a thousand, then to three digits."""
    if not math.isfinite(count) or count > MOST_ITEMS:
        return "no number"
    if count <= ROUND:
        return count_text(math.ceil(count - 1e-9))
    step = 10 ** (math.floor(math.log10(count)) - 2)
    return count_text(math.ceil(count / step - 1e-9) * step)


def percent_text(share: float) -> str:
    """Write a probability: `80%`."""
    return "over 99%" if share > 0.995 else f"{100 * share:.0f}%"


def attempts_text(attempts: float) -> str:
    """Write a number of attempts: `5`, `unlimited`."""
    return "unlimited" if math.isinf(attempts) else f"{attempts:,.3g}"


def cell_text(forecast: Forecast, write: Write) -> str:
    """Write a forecast with its limits: `645 (265–1,190)`."""
    if not math.isfinite(forecast.value):
        return "none"
    text = write(forecast.value)
    if math.isnan(forecast.low):
        return text
    high = "…" if math.isinf(forecast.high) else write(forecast.high)
    return f"{text} ({write(forecast.low)}–{high})"


def whole_percent(share: float) -> str:
    """Write a share in whole percent, without the unit: `80`."""
    return f"{100 * share:.0f}"


SPENT = {
    "obrien-fleming": "late, as O'Brien and Fleming's boundary does",
    "pocock": "evenly, as Pocock's boundary does",
}
SMALL = 1e-4


def spending_words(spending: Spending) -> str:
    """Return how the error is spent, and the author of the method."""
    return f"the error is spent {SPENT[spending]} (Lan and DeMets 1983)"


def place(looks: Looks) -> str:
    """Return which look is shown: `look 2 of 5`."""
    return f"look {looks.number:,} of {looks.looks[-1].number:,}"


def coming(looks: Looks) -> str:
    """Return when the next look is due. "" after the last."""
    due = looks.due
    if due is None:
        return ""
    return f"look {due.number:,} of {looks.looks[-1].number:,} is due at {due.items:,} questions"


def fields() -> list[Field[PlannedLook]]:
    """Return the columns of a table of looks."""
    return [
        Field("look", lambda look: f"{look.number:,}"),
        Field("items", lambda look: f"{look.items:,}"),
        Field("z", lambda look: f"{look.z:.3f}", priority=6),
        Field("stops at p ≤", lambda look: nominal_text(look.nominal)),
        Field("error spent", lambda look: nominal_text(look.spent), priority=5),
    ]


def table(looks: Sequence[PlannedLook], note: str) -> Table:
    """Lay out the condition for stopping at each look."""
    return tabled(looks, fields(), note=note)


def nominal_text(p_value: float) -> str:
    """Write the p-value needed at a look, even if it is barely more than 0."""
    return f"{p_value:.4f}" if p_value >= SMALL else f"{p_value:.1g}"
