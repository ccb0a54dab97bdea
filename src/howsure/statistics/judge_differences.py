"""Corrected rates of several systems: the difference of two, and all pairs.

The corrected difference of two systems: the lead according to the judge, corrected with labels.

If both answers to an item have labels, items are stratified by the difference of the two verdicts. The
labels' differences are combined like small tasks (suites.py), each with the limits of the score pivot, so
that it is valid with ten items and if all agree. If few items have both, it is the difference of the two
corrected rates, with errors treated as independent.

All pairs of models whose rates were corrected with labels, for simultaneous ranks.

Each unit (a cluster, an item, or an answer) counts as an item whose score is the corrected rate plus the
unit's influence (judge_correction.py), as for votes (vote_errors.py). So shared variation cancels for models
that answered the same items. If a model's own limits are wider than that, because its labels are few or all
equal, the pivots of its pairs are as wide, by the lower limit of the leading model and the upper limit of the
other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.difference import difference
from howsure.statistics.intervals import t_quantile
from howsure.statistics.judge_correction import REFERENCE, Influences
from howsure.statistics.pair_moments import with_own_pivots
from howsure.statistics.pair_suites import TaskDifferences, summed
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.judge_correction import CorrectedRate, JudgedAnswers
    from howsure.statistics.pair_moments import PairMoments


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedGap:
    """A corrected difference and the p-value of "no difference", from one pivot. `paired`: from items on
    which both have a label.
    """

    estimate: Estimate
    p_value: float
    paired: bool


def paired_gap(first: Floats, second: Floats, judged: JudgedAnswers, level: float) -> CorrectedGap:
    """Correct a difference with labels of both, first and second (N,). `judged` has their differences, in
    strata by the difference of the verdicts.
    """
    found = Influences.of(judged)
    codes = np.unique(judged.strata[judged.known]).tolist()
    held = judged.shares[codes]
    parts = [_part(first, second, judged, judged.strata == k, found.design_effect()) for k in codes]
    variance, df = found.variance_of_shares()
    wider = float(intervals.t_quantile(REFERENCE, df) / intervals.t_quantile(REFERENCE, np.inf)) ** 2
    names = ("value", "variance", "df", "units", "low", "high")
    tasks = TaskDifferences(**{name: np.stack([getattr(part, name) for part in parts]) for name in names})
    sums = summed(tasks, held.tolist()).with_shares(np.asarray(variance * wider))
    unknown = max(1 - float(held.sum()), 0.0)
    return _gap(sums, (unknown, unknown), judged, level, paired=True)


def separate_gap(
    first: CorrectedRate, second: CorrectedRate, judged: JudgedAnswers, level: float
) -> CorrectedGap:
    """Return the difference of two corrected rates at the reference level, with independent errors. `judged`:
    all answers of both.
    """
    sums = Suite(
        value=first.sums.value - second.sums.value,
        below=first.sums.below.beside(second.sums.above),
        above=first.sums.above.beside(second.sums.below),
    )
    return _gap(sums, (second.unknown, first.unknown), judged, level, paired=False)


def _part(
    first: Floats, second: Floats, judged: JudgedAnswers, members: Bools, effect: float
) -> TaskDifferences:
    """Return the difference in one stratum of labels. With a single item any value is possible."""
    at = judged.known & members
    count = int(at.sum())
    if count < 2:
        return _task(float((first - second)[at][0]), 0.0, math.inf, 1.0, (-1.0, 1.0))
    weights = None if judged.weights is None else judged.weights[at]
    found = difference(first[at], second[at], weights=weights, level=REFERENCE).estimate
    effective = count if weights is None else float(weights.sum() ** 2 / (weights @ weights))
    wider = math.sqrt(effect)
    low, high = (
        found.value + wider * (limit - found.value) for limit in (found.interval.low, found.interval.high)
    )
    return _task(
        found.value, effect * found.se**2, found.df, effective / effect, (max(low, -1.0), min(high, 1.0))
    )


def _task(
    value: float, variance: float, df: float, units: float, limits: tuple[float, float]
) -> TaskDifferences:
    each = (np.asarray(number, dtype=float) for number in (value, variance, df, units, *limits))
    return TaskDifferences(
        **dict(zip(("value", "variance", "df", "units", "low", "high"), each, strict=True))
    )


def _gap(
    sums: Suite, unknown: tuple[float, float], judged: JudgedAnswers, level: float, *, paired: bool
) -> CorrectedGap:
    """Return limits and p-value of sums, given the largest contributions of strata without a label, below and
    above.
    """
    low, high = (float(limit) for limit in sums.limits(level))
    value = float(sums.value)
    estimate = Estimate(
        value=value + (unknown[1] - unknown[0]) / 2,
        se=math.sqrt(float(sums.below.squares.sum())),
        interval=Interval(low=max(low - unknown[0], -1.0), high=min(high + unknown[1], 1.0), level=level),
        df=float(sums.below.df),
        n_items=int(judged.known.sum()),
        n_clusters=int(judged.known.sum())
        if judged.clusters is None
        else len(np.unique(judged.clusters[judged.known])),
        method=Method(name="labels in strata", paired=paired),
    )
    return CorrectedGap(estimate=estimate, p_value=_p_value(sums, unknown), paired=paired)


def _p_value(sums: Suite, unknown: tuple[float, float]) -> float:
    """Return the p-value of "no difference", with the limits for strata without a label."""
    value = float(sums.value)
    tested = unknown[0] if value > 0 else -unknown[1]
    if abs(value) <= abs(tested):
        return 1.0
    df = (sums.below if value > 0 else sums.above).df
    return float(intervals.t_p_value(float(sums.t(tested)), df))


MOST_UNITS = 2_000
"""More units are merged into this many: independent ones may be, at the cost of degrees of freedom only."""


def judged_pairs(found: Sequence[CorrectedRate], units: Sequence[Ints]) -> PairMoments:
    """Compare all pairs of M models. `units`: of each model's answers, codes from 0, at least two of them.

    Memory: a few arrays of at most MOST_UNITS × M.
    """
    count = min(1 + max(int(codes.max()) for codes in units), MOST_UNITS)
    sums = np.column_stack(
        [
            np.bincount(codes % count, weights=each.added, minlength=count)
            for codes, each in zip(units, found, strict=True)
        ]
    )
    values = np.array([each.rate.value for each in found])
    pairs = pair_moments(values + count * sums, score=False)
    below, above = (np.maximum(each - (sums**2).sum(axis=0), 0.0) for each in _own_variances(found))
    ahead = values[:, None] > values
    added = np.where(ahead, below[:, None] + above, np.where(ahead.T, above[:, None] + below, 0.0))
    return with_own_pivots(replace(pairs, added=pairs.added + added))


def _own_variances(found: Sequence[CorrectedRate]) -> tuple[Floats, Floats]:
    """Return the variances implied by each model's own limits, below and above (M,)."""
    sides = (
        [float(each.sums.below.half_width(REFERENCE)) + each.unknown / 2 for each in found],
        [float(each.sums.above.half_width(REFERENCE)) + each.unknown / 2 for each in found],
    )
    below, above = ((np.array(side) / t_quantile(REFERENCE, np.inf)) ** 2 for side in sides)
    return below, above
