"""What a run in progress is followed for, and whether a confidence sequence has decided it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.errors import OptionError
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.statistics.betting import AlwaysValid


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is to be shown of a model, or of two: a floor, a half-width, a margin, or that one of them is
    better.

    `within`, `margin` and `bounds` are in score units; bounds None means that scores have none.
    """

    a: str
    b: str | None
    at_least: float | None
    within: float | None
    margin: float | None
    level: float
    bounds: tuple[float, float] | None

    def __post_init__(self) -> None:
        """Raise OptionError for a goal that makes no sense."""
        if sum(goal is not None for goal in (self.at_least, self.within, self.margin)) > 1:
            raise OptionError("at_least, within and margin are three questions", remedy="Ask one of them.")
        if self.b is None and self.at_least is None and self.within is None:
            raise OptionError(
                f"nothing is asked of {self.a!r}", remedy="Name b to compare with, at_least or within."
            )
        if self.b is None and self.margin is not None:
            raise OptionError("a margin is for two models", remedy="Name b, or use at_least.")
        if self.b is not None and self.at_least is not None:
            raise OptionError("at_least is for one model", remedy="Leave b out, or use margin.")
        if self.b == self.a:
            raise OptionError(f"{self.a!r} is compared with itself", remedy="Name two models.")
        if self.bounds is not None:
            self._refuse_sizes(*self.bounds)

    def _refuse_sizes(self, low: float, high: float) -> None:
        if self.at_least is not None and not low < self.at_least < high:
            raise OptionError(
                f"at_least={self.at_least!r} is not inside the bounds {low:g} and {high:g}",
                remedy="Write 0.92 for 92 %.",
            )
        half = (high - low) * (0.5 if self.b is None else 1.0)
        if self.within is not None and self.within >= half:
            raise OptionError(
                f"within={self.within!r} is the whole scale", remedy="Write 0.02 (or 2pp) for two points."
            )
        if self.margin is not None and self.margin >= high - low:
            raise OptionError(
                f"margin={self.margin!r} is the whole scale", remedy="Write 0.05 (or 5pp) for 5 points."
            )

    @property
    def sides(self) -> tuple[str, ...]:
        """The columns of scores that there are."""
        return ("a",) if self.b is None else ("a", "b")

    @property
    def percent(self) -> bool:
        """Whether scores lie in [0, 1]."""
        return self.bounds == (0.0, 1.0)

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and largest value of what is estimated, a score or a difference."""
        assert self.bounds is not None
        low, high = self.bounds
        return (low, high) if self.b is None else (low - high, high - low)

    def null(self, *, lower_is_better: bool) -> float | None:
        """Return the value under the null hypothesis; None where the goal is a half-width."""
        if self.within is not None:
            return None
        if self.at_least is not None:
            return self.at_least
        return 0.0 if self.margin is None else (self.margin if lower_is_better else -self.margin)

    def decided(self, seen: AlwaysValid) -> bool:
        """Say whether the goal is reached, or shown to be missed."""
        if self.within is not None:
            return bool(seen.n_units and seen.high - seen.low <= 2 * self.within)
        return math.isfinite(seen.p_value) and significant(seen.p_value, self.level)

    def kept(self, seen: AlwaysValid, *, lower_is_better: bool) -> bool | None:
        """Say on which side of a floor or margin the interval lies, once decided; None for other goals."""
        if (self.at_least is None and self.margin is None) or not self.decided(seen):
            return None
        null = self.null(lower_is_better=lower_is_better) or 0.0
        return (seen.low - null > null - seen.high) != lower_is_better
