"""Forecasts in words: how many questions, with which power, and how far off that could be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.wording import count_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.answers.plan import Forecast

    Write = Callable[[float], str]

MOST_ITEMS = 1e9
ROUND = 1000
"""Numbers of questions above this are shown to three digits: a forecast is not exact."""


def range_text(forecast: Forecast, write: Write, unit: str = "") -> str:
    """Say how far off a forecast could be, given the size of the pilot."""
    if math.isnan(forecast.low):
        return ""
    high = "any number" if math.isinf(forecast.high) else f"{write(forecast.high)}{unit}"
    return f" (plausibly {write(forecast.low)} to {high})"


def items_text(count: float) -> str:
    """Write a forecast number of questions: to the unit up to a thousand, then to three digits."""
    if not math.isfinite(count) or count > MOST_ITEMS:
        return "no number"
    if count <= ROUND:
        return count_text(math.ceil(count - 1e-9))
    step = 10 ** (math.floor(math.log10(count)) - 2)
    return count_text(math.ceil(count / step - 1e-9) * step)


def percent_text(share: float) -> str:
    """Write a chance: `80 %`."""
    return "over 99 %" if share > 0.995 else f"{100 * share:.0f} %"


def attempts_text(attempts: float) -> str:
    """Write a number of attempts: `5`, `unlimited`."""
    return "unlimited" if math.isinf(attempts) else f"{attempts:,.3g}"


def cell_text(forecast: Forecast, write: Write) -> str:
    """Write a forecast with its limits: `645 [265–1,190]`."""
    if not math.isfinite(forecast.value):
        return "none"
    text = write(forecast.value)
    if math.isnan(forecast.low):
        return text
    high = "…" if math.isinf(forecast.high) else write(forecast.high)
    return f"{text} [{write(forecast.low)}–{high}]"


def whole_percent(share: float) -> str:
    """Write a share in whole percent, without the unit: `80`."""
    return f"{100 * share:.0f}"
