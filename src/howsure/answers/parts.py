"""Parts that several answers have: clusters of a task, planned looks, sources of error, ratios of
measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from howsure.answers.output import HIDDEN, row, spread
from howsure.statistics.power import standard_error
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import ResultWarning
    from howsure.statistics.choices import Spending
    from howsure.statistics.random_factors import LevelSpread
    from howsure.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClusters:
    """The clusters of the questions that a score or a difference stands on.

    Attributes:
        name: The column, or what else they are called by.
        n: How many there are.
        effective: How many equal clusters would be worth as much, n² / Σ n_g².
    """

    name: str
    n: int
    effective: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLook:
    """One look, and what it takes to stop there.

    Attributes:
        number: Which look it is; the first is 1.
        items: The items that it is due at; those that it was made on, where it was made.
        z: The boundary as a normal deviate: the look stops where that of its p-value is as large or larger.
        nominal: The p-value of the look's own test at or below which it stops.
        spent: The error spent up to it, of 1 − level in all.
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
        spending: How the error is spent over them.
        number: The look that is shown; 0 before the first.
        finished: Items finished so far, of which only those that were due count.
        looks: All of them.
    """

    spending: Spending
    number: int
    finished: int
    looks: tuple[PlannedLook, ...]

    @property
    def due(self) -> PlannedLook | None:
        """The look that comes next; None after the last."""
        return next((look for look in self.looks if look.number > self.number), None)

    @property
    def last(self) -> bool:
        """Whether the look that is shown is the last one."""
        return self.number == self.looks[-1].number


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSource:
    """What one random factor has in the variance of a score or a difference.

    Attributes:
        name: The factor's column.
        n_levels: How many levels each model has; the fewest, where that differs.
        share: The share of the variance that comes from which levels were drawn; 0 where none is seen.
        interaction: The share of questions × levels, with the answers in it unless their own share is known.
        se_twice: The standard error with twice the levels.
        n_needed: About how many levels would show a difference of the size seen, or settle a gate's check,
            with 80% power, all else the same; infinite where none would, NaN where nothing is to be shown.
    """

    name: str
    n_levels: int
    share: float
    interaction: float
    se_twice: float
    n_needed: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSources:
    """The sources of the error of a score or a difference whose random factors are samples as the questions
    are.

    Attributes:
        questions: The share of the variance that comes from which questions were drawn.
        factors: What each random factor has in it.
        answers: The share that comes from answering again; NaN where each level has one attempt at a
            question.
        se_twice_questions: The standard error with twice the questions.
        spread: What single questions, levels and attempts add to the variance.
        n_items: The questions.
        attempts: The attempts at each level.
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
        """Whether there are two levels of every factor, so that shares are known."""
        return math.isfinite(self.questions)

    def se_with(self, items: float, levels: Sequence[float], attempts: float | None = None) -> float:
        """Predict the standard error with so many questions, levels of each factor, and attempts at each
        level; None leaves these as they are.
        """
        spread = self.spread.with_levels(tuple(levels))
        return standard_error(spread, items, self.attempts if attempts is None else attempts)


class OfPopulation(Protocol):
    """A result that belongs to a population."""

    @property
    def population(self) -> str:
        """Its name."""


Result = TypeVar("Result", bound=OfPopulation)


def of_population(name: str, *results: Result | None) -> Result | None:
    """Return the result for this population; None if there is none."""
    return next((result for result in results if result is not None and result.population == name), None)


RatioKnown = Literal["exact", "at_least", "at_most", "unknown"]
"""Whether a ratio is known, or bounded since attempts of one model didn't record it, or unknown since those
of both didn't.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDifference:
    """What a took over what b took, per attempt or per solved item.

    Attributes:
        name: What was measured, such as usd, seconds or tokens_out.
        per: "attempt", or "solved" for what a solved item took, failures included.
        a: What a took on average.
        b: What b took.
        ratio: a over b.
        interval: Its confidence interval.
        p_value: The p-value of a ratio of 1.
        ratio_is: Whether the ratio is "exact", or is only "at_least" or "at_most" this, or "unknown", since
            attempts lack it.
        n_items: Items that both tried.
        n_clusters: Clusters that these come in.
        n_missing_a: Attempts of a that don't record it.
        n_missing_b: Attempts of b.
        warnings: Warnings, each with what to do about it.
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
        """Whether one is shown to take more."""
        low, high = self.interval.low, self.interval.high
        if self.ratio_is == "at_least":
            return low > 1
        if self.ratio_is == "at_most":
            return high < 1
        return self.ratio_is == "exact" and significant(self.p_value, self.interval.level)

    def record(self) -> dict[str, Any]:
        """Return it as one flat mapping."""
        return row(self)
