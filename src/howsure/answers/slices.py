"""Slices of the questions side by side, below the answer for all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import RIGOR
from howsure.answers.output import HIDDEN, MERGED, derived, row, shown, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallSlice:
    """A slice that is too small for a verdict, only with its counts.

    Attributes:
        slice: The name of the slice.
        n_items: The number of its questions.
    """

    slice: str
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicing:
    """How the questions are split into slices.

    Attributes:
        by: The attribute or pattern that defines the slices.
        n_without: The number of questions without a value, which aren't in any slice.
        ordered: Whether the slices have a numeric order.
        too_small: Slices that are too small, which aren't in any family of tests.
    """

    by: str
    n_without: int = 0
    ordered: bool = False
    too_small: tuple[SmallSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Equal:
    """A test that the difference is the same in all slices.

    Attributes:
        test: "htz" (Wald's test with Hotelling's distribution; Pustejovsky and Tipton 2018) or the "largest"
            deviation of a slice from the others.
        statistic: The F statistic, or the |t| of the slice with the largest deviation.
        df: The degrees of freedom of the numerator.
        df_rest: The degrees of freedom of the denominator, or of that t.
        p_value: The p-value. NaN if unknown.
        population: The population of the result: "new-clusters" (without clusters: new questions) or
            "same-clusters".
    """

    test: str
    statistic: float
    df: float
    df_rest: float
    p_value: float
    population: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTrend:
    """The change of the difference from one slice to the next, if the slices have a numeric order. A separate
    test.

    Attributes:
        per_slice: The slope of the differences over the ranks of their slices, weighted by questions, in
            score units.
        interval: Its interval.
        df: The degrees of freedom of the interval.
        p_value: The p-value of no slope.
        population: The population of the result: "new-clusters" (without clusters: new questions) or
            "same-clusters".
    """

    per_slice: float
    interval: Interval
    df: float
    p_value: float
    population: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunken:
    """A value shrunk towards those of the other slices (Armstrong, Kolesár and Plagborg-Møller 2022).

    Attributes:
        value: The value.
        interval: Its interval, with the stated coverage on average over the slices.
    """

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDifference:
    """The difference a − b on one slice.

    Attributes:
        slice: The name of the slice.
        a_mean: The score of a.
        b_mean: The score of b.
        difference: a − b, with its standard error. The intervals of all slices of the partition are
            simultaneous.
        p_value: The p-value of no difference on this slice.
        p_adjusted: The p-value corrected for the number of slices (Šidák 1967).
        detectable: The smallest true difference detectable on this slice with 80% power, in score units.
        shrunken: The difference shrunk towards the common one, with an interval that covers on average over
            the slices. None with too few slices.
        population: The population: the requested one, or new questions from the "same-clusters" if the slice
            has few clusters.
    """

    slice: str
    a_mean: float
    b_mean: float
    difference: Estimate = field(metadata=spread(value="difference"))
    p_value: float
    p_adjusted: float
    detectable: float = math.nan
    shrunken: Shrunken | None = field(default=None, metadata=shown(rows=False))
    population: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSlices:
    """A comparison on one task and metric by slices.

    Attributes:
        task: The task. Empty if tasks are the slices.
        metric: What the score measures.
        a: The first model.
        b: The second model.
        level: The simultaneous confidence level of the slices' intervals.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        slicing: How the questions are split into slices.
        all_items: The difference on all questions, with its own interval and p-value.
        equal: Whether the differences vary between the slices at all. None for a single slice.
        trend: The change of the difference from slice to slice. None if slices aren't ordered, or with fewer
            than three.
        slices: One entry per slice that is large enough.
    """

    task: str
    metric: str
    a: str
    b: str
    level: float
    lower_is_better: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    slicing: Slicing = field(metadata=MERGED)
    all_items: SliceDifference
    equal: Equal | None = None
    trend: SliceTrend | None = None
    slices: tuple[SliceDifference, ...] = ()

    def better(self, gap: SliceDifference) -> str | None:
        """Return the significantly better model on a slice. None if there is none."""
        if not significant(gap.p_adjusted, self.level):
            return None
        return self.a if (gap.difference.value > 0) != self.lower_is_better else self.b

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why many comparisons have little power. None if each slice is
        significant.
        """
        return RIGOR if any(self.better(gap) is None for gap in self.slices) else None

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per slice."""
        where = {
            "by": self.slicing.by,
            "slice": "",
            "task": self.task,
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
        }
        return [{**where, **row(gap)} for gap in self.slices]
