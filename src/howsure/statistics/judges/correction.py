"""A judge's rate corrected with labels of a few of the answers, by strata of what the judge said
(post-stratification).

Answers are parted by the judge's verdict, which is known of all (strata.py); within a stratum the labels say
how often it is right. The corrected rate is Σ share · rate of the labels in the stratum, an overall score of
tasks of which some are tiny (means/suite.py), so that it holds with ten labels and where all agree. A judge
that helps makes strata in which labels hardly vary; one that doesn't costs a little width. With two strata
this is the prediction-powered estimate with its best weight (Angelopoulos, Duchi and Zrnic 2023). Of a
stratum without a label nothing is known. Labels that were drawn with known probabilities are weighed by 1 / p
within their stratum (Hájek 1971), on Kish's (1965) effective number of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.judges.influence import Influences
from howsure.statistics.means import intervals
from howsure.statistics.means.mean import mean
from howsure.statistics.means.suite import sums_of
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.suite import weakest

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.judges.influence import Judged
    from howsure.statistics.suite import Suite, Weakest

METHOD = Method(name="labels in strata")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The corrected rate, and the labels' mean by themselves; `unlike`: the p-value of labelled answers being
    judged as the others are.

    `sums`: what the rate is tested by, without the strata that have no label, whose share is `unknown`;
    `added` (N,): what each answer adds.
    `weakest`: the stratum with most of the error, its place a code of `strata`.
    """

    rate: Estimate
    alone: Estimate
    unlike: float
    sums: Suite
    unknown: float
    added: Floats
    weakest: Weakest | None


def corrected(judged: Judged, level: float) -> Corrected:
    """Correct the mean of a judge's verdicts with labels in [0, 1]; at least one is needed.

    Labels are a random sample of the answers, or one with known probabilities, and answers of all that could
    be.
    """
    found = Influences.of(judged)
    codes = np.unique(judged.strata[judged.known])
    effect = math.sqrt(found.design_effect())
    parts = [_widened(_part(judged, judged.strata == k, level), effect) for k in codes.tolist()]
    held = judged.shares[codes]
    sums = _sums(parts, held, found.variance_of_shares(), level)
    unknown = max(1 - float(held.sum()), 0.0)
    return Corrected(
        rate=_estimate(sums, parts, unknown, judged, level),
        alone=_widened(_part(judged, np.ones(len(judged.labels), dtype=bool), level), effect),
        unlike=_unlike(judged.strata, judged.known) if judged.weights is None else math.nan,
        sums=sums,
        unknown=unknown,
        added=found.total,
        weakest=_weakest(sums, parts, codes, held),
    )


def _part(judged: Judged, members: Bools, level: float) -> Estimate:
    """Estimate the mean of the labels of some answers; of a single one all that it can say."""
    at = judged.known & members
    labels, weights = judged.labels[at], judged.stands_for[at]
    if len(labels) == 1 or bool((labels == labels[0]).all() and labels[0] in (0, 1)):
        return _exact(float(labels[0]), len(labels), float(weights.sum() ** 2 / (weights @ weights)), level)
    whole = bool(((labels == 0) | (labels == 1)).all())
    weighted = None if judged.weights is None else weights
    return mean(labels, attempts=np.ones(len(labels)) if whole else None, weights=weighted, level=level)


def _exact(value: float, count: int, effective: float, level: float) -> Estimate:
    """Estimate a mean whose labels all agree, as Clopper and Pearson (1934) do, on so many effective
    labels.
    """
    low, high = intervals.clopper_pearson(value * effective, effective, level)
    return Estimate(
        value=value,
        se=math.sqrt(value * (1 - value)) if count == 1 else 0.0,
        interval=Interval(low=float(low), high=float(high), level=level),
        df=math.inf,
        n_items=count,
        n_clusters=count,
        method=Method(name="clopper-pearson"),
    )


def _widened(part: Estimate, factor: float) -> Estimate:
    """Return an estimate with an error so many times as large, within [0, 1]."""
    if factor == 1:
        return part
    low, high = (
        part.value + factor * (limit - part.value) for limit in (part.interval.low, part.interval.high)
    )
    return replace(
        part, se=factor * part.se, interval=replace(part.interval, low=max(low, 0.0), high=min(high, 1.0))
    )


def _sums(parts: list[Estimate], held: Floats, shares: tuple[float, float], level: float) -> Suite:
    """Put strata together, and the variance of their shares (with its degrees of freedom) as one that doesn't
    change with the rate.
    """
    variance, df = shares
    numbers = [(part.value, part.se**2, part.interval.low, part.interval.high) for part in parts]
    values, squares, low, high = np.array(numbers).T
    own = np.where(squares == 0, np.inf, [part.df for part in parts])
    wider = float(intervals.t_quantile(level, df) / intervals.t_quantile(level, np.inf)) ** 2
    return sums_of(values, squares, (low, high), held, df=own, level=level).with_shares(
        np.asarray(variance * wider)
    )


def _estimate(sums: Suite, parts: list[Estimate], unknown: float, judged: Judged, level: float) -> Estimate:
    """Make an estimate of the sums, and of strata without a label, whose rate could be anything."""
    low, high = (float(limit) for limit in sums.limits(level))
    clusters = judged.clusters
    return Estimate(
        value=float(sums.value) + unknown / 2,
        se=math.sqrt(float(sums.below.squares.sum())),
        interval=Interval(low=max(low, 0.0), high=min(high + unknown, 1.0), level=level),
        df=float(sums.below.df),
        n_items=sum(part.n_items for part in parts),
        n_clusters=sum(part.n_items for part in parts)
        if clusters is None
        else len(np.unique(clusters[judged.known])),
        method=METHOD,
    )


def _weakest(sums: Suite, parts: list[Estimate], codes: Ints, held: Floats) -> Weakest | None:
    """Find the stratum with most of the error, next to the other ones and what the shares vary by."""
    halves = held * [part.interval.half_width for part in parts]
    of_shares = (
        intervals.t_quantile(parts[0].interval.level, np.inf) ** 2
        * sums.below.squares[sums.below.of_shares].sum()
    )
    found = weakest(halves, np.array([part.n_items for part in parts]), float(of_shares))
    return None if found is None else replace(found, place=int(codes[found.place]))


def _unlike(code: Ints, known: Bools) -> float:
    """Return the p-value of labelled answers being judged as the others are (χ² of strata by labelled or
    not); NaN of one stratum.
    """
    table = np.stack(
        [np.bincount(code[part], minlength=int(code.max()) + 1) for part in (known, ~known)]
    ).astype(float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return math.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(scipy.special.chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))
