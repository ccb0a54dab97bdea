"""One-sided exact limits in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.wording import level_text, plural

if TYPE_CHECKING:
    from howsure.statistics.results import Bound

LEAST_TOLD = 0.05
"""What unequal weights cost is told where it shows in the first decimal."""
SMALL = 0.1
"""Rates below this are written to two significant digits."""


def bound_sentence(bound: Bound) -> str:
    """Say a limit in words: `failure rate below 9.5 % (95 % confidence), counting 30 items`; where some were
    seen, how many.
    """
    rate = bound.limit if bound.side == "upper" else 1 - bound.limit
    what = "success" if (bound.side == "upper") != bound.of_failures else "failure"
    percent = f"{100 * rate:.2g}" if rate < SMALL else f"{100 * rate:.1f}"
    counted = plural(bound.n, bound.units[:-1])
    if bound.seen:
        return (
            f"{what} rate at most {percent} % with {level_text(bound.level)} confidence ({bound.seen:,} of "
            f"{counted})"
        )
    if bound.worth < bound.n - LEAST_TOLD:
        counted = f"{counted}, by their weights worth {bound.worth:,.1f}"
    return f"{what} rate below {percent} % ({level_text(bound.level)} confidence), counting {counted}"
