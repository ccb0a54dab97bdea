"""The numbers of an estimate, of a margin and of a rank, and their method, without any prose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from howsure.errors import SmallPart
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.arrays import Floats

Level = TypeVar("Level", "float", "Floats")

Side = Literal["upper", "lower"]
Units = Literal["items", "clusters", "attempts"]

POWER = 0.8
"""The power that counts as enough if none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: Its lower limit, in score units, NaN if it isn't defined.
        high: Its upper limit.
        level: The confidence level.
    """

    low: float
    high: float
    level: float

    @property
    def half_width(self) -> float:
        """Half the distance between the limits."""
        return (self.high - self.low) / 2

    def of_lead(self, difference: float) -> Interval:
        """Return the interval of a lead from that of a difference a − b: reversed if b is the larger, so that
        it covers the lead.
        """
        return Interval(low=-self.high, high=-self.low, level=self.level) if difference < 0 else self

    def contains(self, value: float) -> bool:
        """Return whether a value is in the interval, limits included."""
        return self.low <= value <= self.high

    def excludes(self, value: float) -> bool:
        """Return whether a value is outside, by more than rounding. False without limits."""
        near = ROUNDING * max(
            (abs(each) for each in (self.low, self.high) if math.isfinite(each)), default=0.0
        )
        return value < self.low - near or value > self.high + near


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A one-sided exact confidence limit of a rate.

    Attributes:
        limit: The rate is below it, or above it.
        side: "upper" if the rate is below the limit, "lower" if it is above.
        level: The confidence level.
        units: The independent units: "items", "clusters" or, on exactly these questions, "attempts".
        n: How many of these there were.
        n_observed: How many of them were of the rare kind: ones if the side is "upper", zeros if it is
            "lower". 0 if all scores are equal.
        of_failures: Whether it is a rate of failures, since a score of 1 is one.
    """

    limit: float
    side: Side
    level: float
    units: Units
    n: int
    n_observed: int = 0
    of_failures: bool = False

    @property
    def worth(self) -> float:
        """The equivalent number of equally weighted units: n, or fewer if weights differ."""
        if self.n_observed:
            return float(self.n)
        rate = self.limit if self.side == "upper" else 1 - self.limit
        return math.log1p(-self.level) / math.log1p(-rate) if rate < 1 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """The method of an interval or a p-value, as data. `str()` is its label in tables, JSON and simulation
    results.

    Attributes:
        name: The interval of a mean or the test of a difference; "fixed-items" on exactly these questions.
        variance: The variance estimator, None if none is chosen.
        paired: Whether two models were compared on shared items, None for a mean.
        adjusted: Whether covariates were used.
        overall: Whether several tasks were combined.
        same_clusters: Whether it is about more questions from the same clusters.
    """

    name: str
    variance: str | None = None
    paired: bool | None = None
    adjusted: bool = False
    overall: bool = False
    same_clusters: bool = False

    @property
    def of_benchmark(self) -> bool:
        """Whether it is about exactly these questions, and only the answers are a sample."""
        return self.name == "fixed-items"

    def __str__(self) -> str:
        kind = "" if self.paired is None else "paired" if self.paired else "unpaired"
        words = ("adjusted" if self.adjusted else "", "overall" if self.overall else kind, self.name)
        label = " ".join(filter(None, words)) + (f", {self.variance}" if self.variance else "")
        return f"{label}, same clusters" if self.same_clusters else label


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard error and confidence interval, in score units.

    Attributes:
        value: The mean, or the difference.
        se: Its standard error, NaN with a warning if it isn't defined.
        interval: Its confidence interval.
        df: Degrees of freedom of the interval, NaN if it has none.
        n_items: Items behind the value.
        n_clusters: Clusters of these items, equal to the items if these are independent.
        method: The interval or test, and the variance estimator.
        warnings: Warnings about the value, each with a remedy.
        bounds: Exact one-sided limits, if every item failed or every item succeeded.
    """

    value: float
    se: float
    interval: Interval
    df: float
    n_items: int
    n_clusters: int
    method: Method
    warnings: tuple[ResultWarning, ...] = ()
    bounds: tuple[Bound, ...] = ()

    @property
    def low(self) -> float:
        """The lower limit of its confidence interval."""
        return self.interval.low

    @property
    def high(self) -> float:
        """The upper limit of its confidence interval."""
        return self.interval.high

    @property
    def small_part(self) -> SmallPart | None:
        """The component with most of the error, if there is one."""
        return next((each for each in self.warnings if isinstance(each, SmallPart)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """The tests of a margin: is A not worse than B by more than it, and are they equivalent within it?

    p-values are those of the one-sided tests at ±margin (Schuirmann 1987).

    Attributes:
        margin: The margin, in score units.
        level: The confidence level.
        p_noninferior: The p-value of "A is not worse by more than the margin".
        p_equivalent: The p-value of "A and B are the same within the margin".
        p_inferior: The p-value of "A is worse by more than the margin".
        p_outside: The p-value of "they differ by more than the margin", two-sided.
        noninferior: Whether A is shown not to be worse by more than the margin.
        equivalent: Whether A and B are shown to be the same within the margin.
    """

    margin: float
    level: float
    p_noninferior: float
    p_equivalent: float
    p_inferior: float
    p_outside: float
    noninferior: bool
    equivalent: bool

    @property
    def inferior(self) -> bool:
        """Return whether A is worse by more than the margin in the whole two-sided interval."""
        return significant(2 * self.p_inferior, self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """The place of one model: by its score, and the simultaneous interval of places that the data allow.

    Attributes:
        rank: The place by the score. Equal scores share the better one.
        low: The best place that the model could have.
        high: The worst place that it could have.
        could_be_best: Whether it could be the best one.
        group: Letters. Models that share a letter don't differ significantly.
    """

    rank: int
    low: int
    high: int
    could_be_best: bool
    group: str


def allowed(level: Level) -> Level:
    """Return the largest p-value that is significant at a confidence level: 0.1 at 0.9, despite the rounding
    of 1 − 0.9.
    """
    return (1 - level) * (1 + 1e-12)


def significant(p_value: float, level: float) -> bool:
    """Return whether a p-value is significant at a confidence level. NaN isn't."""
    return p_value <= allowed(level)
