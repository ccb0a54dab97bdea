"""The numbers of an estimate, and what was done to get them, without a word of prose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from howsure.errors import Caution

Side = Literal["upper", "lower"]
Units = Literal["items", "clusters", "attempts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: Its lower limit, in score units; NaN if it isn't defined.
        high: Its upper limit.
        level: The confidence level.
    """

    low: float
    high: float
    level: float

    @property
    def half_width(self) -> float:
        """Half the distance between the limits: the "give or take"."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Say whether a value lies in the interval, limits included."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A one-sided exact confidence limit of a rate.

    Attributes:
        limit: The rate lies below it, or above it.
        side: "upper" where the rate lies below the limit, "lower" where it lies above.
        level: The confidence level.
        units: What was counted as independent: "items", "clusters" or, on exactly these questions, "attempts".
        n: How many of these there were.
    """

    limit: float
    side: Side
    level: float
    units: Units
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What was done to get an interval or a p-value, as data; `str()` is its label in tables, JSON and the record.

    Attributes:
        name: The interval of a mean or the test of a difference; "fixed-items" on exactly these questions.
        variance: The variance estimator; None where none is chosen.
        paired: Whether two models were compared on shared items; None for a mean.
        adjusted: Whether covariates were used.
        overall: Whether several tasks were put together.
    """

    name: str
    variance: str | None = None
    paired: bool | None = None
    adjusted: bool = False
    overall: bool = False

    @property
    def of_benchmark(self) -> bool:
        """Whether it is about exactly these questions, and only the answers are a sample."""
        return self.name == "fixed-items"

    def __str__(self) -> str:
        kind = "" if self.paired is None else "paired" if self.paired else "unpaired"
        words = ("adjusted" if self.adjusted else "", "overall" if self.overall else kind, self.name)
        return " ".join(filter(None, words)) + (f", {self.variance}" if self.variance else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard error and confidence interval, in score units.

    Attributes:
        value: The mean, or the difference.
        se: Its standard error; NaN if it isn't defined, with a caution that says why.
        interval: Its confidence interval.
        df: Degrees of freedom of the interval; NaN where it has none.
        n_items: Items behind the value.
        n_clusters: Clusters that these items come in; as many as items where each stands alone.
        method: The interval or test, and the variance estimator.
        cautions: Warnings about the value, each with what to do about it.
        bounds: Exact one-sided limits, where every item failed or every item succeeded.
    """

    value: float
    se: float
    interval: Interval
    df: float
    n_items: int
    n_clusters: int
    method: Method
    cautions: tuple[Caution, ...] = ()
    bounds: tuple[Bound, ...] = ()


def significant(p_value: float, level: float) -> bool:
    """Say whether a p-value shows a difference at a confidence level; p = 0.1 does at 0.9, whatever 1 − 0.9 is."""
    return p_value <= (1 - level) * (1 + 1e-12)
