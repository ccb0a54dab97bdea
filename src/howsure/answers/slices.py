"""Slices of the items side by side, below the answer for all of them."""

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
    """A slice that is too small for a verdict, by its counts alone.

    Attributes:
        slice: Its name.
        n_items: Its items.
    """

    slice: str
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicing:
    """How the items are parted.

    Attributes:
        by: The attribute, or the pattern, by which they are.
        n_without: Items that have no value, and so are in no slice.
        ordered: Whether the slices are in the order of a number.
        too_small: Slices that are too small; they are in no family.
    """

    by: str
    n_without: int = 0
    ordered: bool = False
    too_small: tuple[SmallSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Equal:
    """A test of "the gap is the same in all slices".

    Attributes:
        test: "htz" (Wald's test with Hotelling's distribution; Pustejovsky and Tipton 2018) or the "largest"
            deviation of a slice from the others.
        statistic: Its F, or the |t| of the slice furthest off.
        df: The degrees of freedom of the numerator.
        df_rest: Those of the denominator, or of that t.
        p_value: Its p-value; NaN where nothing tells.
        population: What it is about: "new-clusters" (all questions without clusters), or more from the
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
    """By how much the gap grows from one slice to the next, where slices are in the order of a number; a test
    of its own.

    Attributes:
        per_slice: The slope of the gaps over the places of their slices, weighted by items, in score units.
        interval: Its interval.
        df: The degrees of freedom of the interval.
        p_value: The p-value of no slope.
        population: What it is about: "new-clusters" (all questions without clusters), or more from the
            "same-clusters".
    """

    per_slice: float
    interval: Interval
    df: float
    p_value: float
    population: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunken:
    """A value drawn towards those of the other slices (Armstrong, Kolesár and Plagborg-Møller 2022).

    Attributes:
        value: The value.
        interval: Its interval, which holds on average over the slices.
    """

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDifference:
    """The difference a − b on one slice.

    Attributes:
        slice: Its name.
        a_mean: The score of a.
        b_mean: The score of b.
        difference: a − b, with its standard error; the interval holds for all slices of the partition at
            once.
        p_value: The p-value of no difference here.
        p_adjusted: The same, corrected for the number of slices (Šidák 1967).
        detectable: The smallest true difference that would be shown here with 80% power.
        shrunken: The difference drawn towards the common one, with an interval that holds on average over the
            slices; None where there are too few slices.
        population: What it is about: what was asked, or more questions from the "same-clusters" where the
            slice has few.
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
        task: The task; empty where tasks are the slices.
        metric: What the score measures.
        a: The first model.
        b: The second model.
        level: The confidence level at which all the slices' intervals hold at once.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        slicing: How the items are parted.
        all_items: The difference on all items, with an interval and a p-value of its own.
        equal: Whether the gaps differ between the slices at all; None where there is but one.
        trend: By how much the gap grows from slice to slice; None where they aren't in order, or fewer than
            three.
        slices: One entry a slice that is large enough.
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
        """Return the model that is better on a slice; None where it can't be told."""
        if not significant(gap.p_adjusted, self.level):
            return None
        return self.a if (gap.difference.value > 0) != self.lower_is_better else self.b

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why so many looks show so little; None where each slice shows a
        gap.
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
