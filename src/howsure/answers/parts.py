"""Parts shared by several answers: clusters of a task, planned looks, sources of error, ratios of usage."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from howsure.answers.output import HIDDEN, row, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import ResultWarning
    from howsure.statistics.choices import Spending
    from howsure.statistics.random_factors import LevelSpread
    from howsure.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClusters:
    """The clusters of the questions behind a score or a difference.

    Attributes:
        name: The column, or another name for the clusters.
        n: The number of clusters.
        effective: The effective number of clusters, n² / Σ n_g²: the number of equal clusters with the same
            information.
    """

    name: str
    n: int
    effective: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLook:
    """One look, and its condition for stopping.

    Attributes:
        number: The number of the look, from 1.
        items: The number of questions at which it is due, or if it was made, at which it was made.
        z: The boundary as a normal deviate: the run stops if that of the look's p-value is at least as large.
        nominal: The largest p-value of the look's own test at which the run stops.
        spent: The error spent up to this look, of 1 − level in total.
    """

    number: int
    items: int
    z: float
    nominal: float
    spent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of a run, and which of them is shown.

    Attributes:
        spending: How the error is spent over the looks.
        number: The look that is shown. 0 before the first.
        finished: Questions finished so far. Only those that were due count.
        looks: All of them.
    """

    spending: Spending
    number: int
    finished: int
    looks: tuple[PlannedLook, ...]

    @property
    def due(self) -> PlannedLook | None:
        """The next look. None after the last."""
        return next((look for look in self.looks if look.number > self.number), None)

    @property
    def last(self) -> bool:
        """Whether the look that is shown is the last one."""
        return self.number == self.looks[-1].number


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSource:
    """The contribution of one random factor to the variance of a score or a difference.

    Attributes:
        name: The factor's column.
        n_levels: The number of levels per model, the smallest if models differ.
        share: The share of the variance from sampling levels. 0 if none is found.
        interaction: The share from questions × levels. It includes the answers' share unless that is known.
        se_twice: The standard error with twice the levels.
        n_needed: The approximate number of levels that would show a difference of the observed size, or
            decide a gate's check, with 80% power, other things equal. Infinite if none would. NaN if there is
            nothing to show.
    """

    name: str
    n_levels: int
    share: float
    interaction: float
    se_twice: float
    n_needed: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """The rows of a model with similar probabilities.

    Attributes:
        n: The number of rows.
        probability: Their mean probability.
        rate: How often the event occurred.
        low: The lower limit of the rate (Wilson's interval, with the effective number of rows).
        high: The upper limit of the rate.
    """

    n: int
    probability: float
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityCurve:
    """A calibration error next to that of calibrated probabilities, and its bins.

    Attributes:
        p_value: How often calibrated probabilities show an error at least as large.
        calibrated_mean: The mean error of calibrated probabilities.
        calibrated_high: The error that these exceed in a share of 1 − level.
        debiased: The error with the variance of each bin subtracted from its squared distance.
        bins: The bins, by rising probability.
    """

    p_value: float
    calibrated_mean: float
    calibrated_high: float
    debiased: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSources:
    """The sources of error of a score or a difference if factors are random in addition to the questions.

    Attributes:
        questions: The share of the variance from sampling questions.
        factors: The contribution of each random factor.
        answers: The share from the randomness of answers. NaN if each level has one attempt per question.
        se_twice_questions: The standard error with twice the questions.
        spread: The variance contributed by single questions, levels and attempts.
        n_items: The number of questions.
        attempts: The number of attempts per level.
    """

    questions: float
    factors: tuple[FactorSource, ...]
    answers: float
    se_twice_questions: float
    spread: LevelSpread = field(metadata=HIDDEN)
    n_items: int = field(metadata=HIDDEN)
    attempts: float = field(metadata=HIDDEN)

    @property
    def known(self) -> bool:
        """Whether every factor has at least two levels, so that the shares are known."""
        return math.isfinite(self.questions)

    def se_with(self, items: float, levels: Sequence[float], attempts: float | None = None) -> float:
        """Predict the standard error for given numbers of questions, levels of each factor, and attempts per
        level. None keeps the current number.
        """
        spread = self.spread.with_levels(tuple(levels))
        from howsure.statistics.power import standard_error

        return standard_error(spread, items, self.attempts if attempts is None else attempts)


class OfPopulation(Protocol):
    """A result that belongs to a population."""

    @property
    def population(self) -> str:
        """Its name."""


Result = TypeVar("Result", bound=OfPopulation)


def of_population(name: str, *results: Result | None) -> Result | None:
    """Return the result for this population. None if there is none."""
    return next((result for result in results if result is not None and result.population == name), None)


RatioKnown = Literal["exact", "at_least", "at_most", "unknown"]
"""Whether a ratio is exact, a bound because some attempts of one model didn't record it, or unknown because
some of both didn't.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDifference:
    """The usage of a compared with that of b, per attempt or per solved question.

    Attributes:
        name: What was measured, such as usd, seconds or tokens_out.
        per: "attempt", or "solved" for the usage per solved question, failures included.
        a: The average usage of a.
        b: The average usage of b.
        ratio: a divided by b.
        interval: Its confidence interval.
        p_value: The p-value of a ratio of 1.
        ratio_is: Whether the ratio is "exact", only a bound ("at_least", "at_most"), or "unknown" because
            attempts lack it.
        n_items: Questions that both tried.
        n_clusters: Clusters that these come in.
        n_missing_a: Attempts of a that don't record the usage.
        n_missing_b: Attempts of b that don't record it.
        warnings: Warnings, each with a remedy.
    """

    name: str
    per: Literal["attempt", "solved"]
    a: float
    b: float
    ratio: float
    interval: Interval = field(metadata=spread())
    p_value: float
    ratio_is: RatioKnown
    n_items: int
    n_clusters: int
    n_missing_a: int = 0
    n_missing_b: int = 0
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether one uses significantly more."""
        low, high = self.interval.low, self.interval.high
        if self.ratio_is == "at_least":
            return low > 1
        if self.ratio_is == "at_most":
            return high < 1
        return self.ratio_is == "exact" and significant(self.p_value, self.interval.level)

    def record(self) -> dict[str, Any]:
        """Return it as one flat mapping."""
        return row(self)
