"""A judge's rate corrected with labels: each answer's influence, the corrected rate, and the judge's
accuracy.

Each answer's influence on a corrected mean, and the design effect of clusters.

The corrected mean is Σ share · mean of the labels in the stratum. An answer's influence is (mean of its
stratum − the whole) / N for its stratum and, if it is labelled, share · w / W · (label − mean) for its label.
Here w is the number of answers that the label represents, and W their sum in the stratum. Both sum to 0.

Clusters affect the two separately. The variance of the shares is that of the clusters' sums (CR2; Bell and
McCaffrey 2002), estimated from all answers, plus twice their covariance with the labels' if that is positive.
That of the labels is multiplied by a design effect between 1 and Σ n² / Σ n of the labels in each cluster,
its value if all labels in a cluster are equal. A design effect below the square root of that is shrunk
towards it, with weight one against the number of clusters behind it (mean_intervals.py).

A judge's rate corrected with labels of a few of the answers, by strata of the judge's verdict
(post-stratification).

Answers are stratified by the judge's verdict, which is known for all (judge_strata.py). Within a stratum, the
labels estimate how often it is right. The corrected rate is Σ share · rate of the labels in the stratum, an
overall score of tasks of which some are tiny (suites.py). So it is valid with ten labels and if all agree. A
useful judge gives strata in which labels hardly vary. A useless one costs a little width. With two strata
this is the prediction-powered estimate with its best weight (Angelopoulos, Duchi and Zrnic 2023). A stratum
without labels is unknown. Labels that were drawn with known probabilities are weighted by 1 / p within their
stratum (Hájek 1971), on Kish's (1965) effective number of them.

A judge's accuracy: sensitivity and specificity against labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics import intervals
from howsure.statistics.clustered_variance import CR2, satterthwaite
from howsure.statistics.intervals import t_quantile
from howsure.statistics.mean_intervals import deciding
from howsure.statistics.means import mean
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.suites import sums_of, weakest
from howsure.statistics.tolerances import ROUNDED_SQUARES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.suites import Suite, Weakest

REFERENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswers:
    """N judged answers, or pairs of them: `strata` (N,) codes from 0, `labels` (N,), NaN if there is none.

    `weights` (N,): how many answers each label represents, None if drawn at random. `clusters` (N,): codes
    from 0, None if each is by itself.
    """

    strata: Ints
    labels: Floats
    weights: Floats | None = None
    clusters: Ints | None = None

    @property
    def known(self) -> Bools:
        """Which have a label."""
        return np.isfinite(self.labels)

    @property
    def shares(self) -> Floats:
        """The share of each stratum in all answers (S,)."""
        return np.asarray(np.bincount(self.strata) / len(self.strata))

    @property
    def stands_for(self) -> Floats:
        """How many answers each label represents (N,): 1 if they were drawn at random, 0 without a label."""
        return np.where(self.known, 1.0 if self.weights is None else self.weights, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Influences:
    """Each answer's influence by its stratum and by its label (N,), and its expected share of the labels'
    variance (N,).

    `clusters` (N,): codes of the answers' clusters, None if each is by itself.
    """

    places: Floats
    labels: Floats
    expected: Floats
    clusters: Ints | None

    @classmethod
    def of(cls, judged: JudgedAnswers) -> Influences:
        """Compute them from labels and strata. Strata without a label have the mean of the others."""
        code, shares, held = judged.strata, judged.shares, judged.stands_for
        y = np.where(judged.known, judged.labels, 0.0)
        size = len(shares)
        counts, totals = (
            np.bincount(code[judged.known], minlength=size),
            np.bincount(code, weights=held, minlength=size),
        )
        some = totals > 0
        means = np.bincount(code, weights=held * y, minlength=size) / np.where(some, totals, 1.0)
        whole = float(shares[some] @ means[some] / shares[some].sum())
        means = np.where(some, means, whole)
        parts = shares[code] * held / np.where(some, totals, 1.0)[code]
        return cls(
            places=(means[code] - shares @ means) / len(code),
            labels=parts * (y - means[code]),
            expected=np.square(parts) * _variances(judged, means, counts)[code],
            clusters=judged.clusters,
        )

    @property
    def total(self) -> Floats:
        """Each answer's influence (N,)."""
        return self.places + self.labels

    def variance_of_shares(self) -> tuple[float, float]:
        """Return the variance of the strata's shares, and its degrees of freedom, including a positive
        covariance with the labels in clusters.
        """
        alone = float(self.places @ self.places)
        if self.clusters is None:
            return alone, np.inf
        sizes = np.bincount(self.clusters) / len(self.clusters)
        if len(sizes) < 2:
            return alone, np.inf
        sums, labels = _cluster_sums(self.clusters, self.places), _cluster_sums(self.clusters, self.labels)
        grouped = float(CR2().inflation(sizes, len(sizes)) @ sums**2) + 2 * max(float(sums @ labels), 0.0)
        return max(grouped, alone), satterthwaite(sizes)

    def design_effect(self) -> float:
        """Return the design effect of clusters on the variance of the labels, and the factor for the wider
        quantile of fewer units. Both are 1 without clusters.
        """
        if self.clusters is None:
            return 1.0
        at = np.flatnonzero(self.expected)
        code = np.unique(self.clusters[at], return_inverse=True)[1]
        count = np.bincount(code)
        most = float(count @ count / count.sum())
        if len(count) < 2:
            return most
        single, together = (
            each / each.sum() for each in (self.expected[at], _cluster_sums(code, self.expected[at]))
        )
        added = self.labels[at]
        apart, grouped = (
            float((each**2 / np.maximum(1 - shares, 0.01)).sum())
            for each, shares in ((added, single), (_cluster_sums(code, added), together))
        )
        usual = np.sqrt(most)
        seen = float(np.clip(grouped / apart, 1.0, most)) if apart > ROUNDED_SQUARES else usual
        evidence = float(deciding(_cluster_sums(code, added)[:, None])[0])
        effect = (seen * evidence + usual) / (evidence + 1) if seen < usual else seen
        # The squared ratio of the t quantiles of clusters and of labels, 1 if one of them decides alone.
        wide, narrow = (satterthwaite(each) for each in (together, single))
        ratio = float(t_quantile(REFERENCE, wide) / t_quantile(REFERENCE, narrow)) ** 2
        quantiles = max(ratio, 1.0) if np.isfinite(ratio) else 1.0
        return float(effect * quantiles)


def _variances(judged: JudgedAnswers, means: Floats, counts: Ints) -> Floats:
    """Return the variance of a label in each stratum (S,), shrunk towards the overall one with the weight of
    one label, so that none is 0.
    """
    y = judged.labels[judged.known]
    squares = np.bincount(
        judged.strata[judged.known],
        weights=(y - means[judged.strata[judged.known]]) ** 2,
        minlength=len(means),
    )
    return np.asarray((squares + max(float(y.var()), 1 / (len(y) + 2))) / (counts + 1))


def _cluster_sums(code: Ints, values: Floats) -> Floats:
    return np.asarray(np.bincount(code, weights=values), dtype=float)


METHOD = Method(name="labels in strata")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRate:
    """The corrected rate, and the labels' own mean. `unlike`: the p-value of "labelled answers are judged
    like the others".

    `sums`: the sums that test the rate, without the strata that have no label, whose share is `unknown`.
    `added` (N,): each answer's influence. `weakest`: the stratum with most of the error, its place a code of
    `strata`.
    """

    rate: Estimate
    alone: Estimate
    unlike: float
    sums: Suite
    unknown: float
    added: Floats
    weakest: Weakest | None


def corrected(judged: JudgedAnswers, level: float) -> CorrectedRate:
    """Correct the mean of a judge's verdicts with labels in [0, 1]. At least one is needed.

    Labels are a random sample of the answers, or one with known probabilities, and answers are a sample of
    all possible ones.
    """
    found = Influences.of(judged)
    codes = np.unique(judged.strata[judged.known])
    effect = math.sqrt(found.design_effect())
    parts = [_widened(_part(judged, judged.strata == k, level), effect) for k in codes.tolist()]
    held = judged.shares[codes]
    sums = _sums(parts, held, found.variance_of_shares(), level)
    unknown = max(1 - float(held.sum()), 0.0)
    # Make an estimate from the sums and from strata without a label, whose rate could be anything.
    low, high = (float(limit) for limit in sums.limits(level))
    clusters = judged.clusters
    estimate = Estimate(
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
    return CorrectedRate(
        rate=estimate,
        alone=_widened(_part(judged, np.ones(len(judged.labels), dtype=bool), level), effect),
        unlike=_unlike(judged.strata, judged.known) if judged.weights is None else math.nan,
        sums=sums,
        unknown=unknown,
        added=found.total,
        weakest=_weakest(sums, parts, codes, held),
    )


def _part(judged: JudgedAnswers, members: Bools, level: float) -> Estimate:
    """Estimate the mean of the labels of some answers, with the widest valid interval for a single one."""
    at = judged.known & members
    labels, weights = judged.labels[at], judged.stands_for[at]
    if len(labels) == 1 or bool((labels == labels[0]).all() and labels[0] in (0, 1)):
        # Estimate a mean whose labels all agree, by Clopper and Pearson (1934), on this effective number of
        # labels.
        value = float(labels[0])
        count = len(labels)
        effective = float(weights.sum() ** 2 / (weights @ weights))
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
    whole = bool(((labels == 0) | (labels == 1)).all())
    weighted = None if judged.weights is None else weights
    return mean(labels, attempts=np.ones(len(labels)) if whole else None, weights=weighted, level=level)


def _widened(part: Estimate, factor: float) -> Estimate:
    """Return an estimate with its error multiplied by a factor, within [0, 1]."""
    if factor == 1:
        return part
    low, high = (
        part.value + factor * (limit - part.value) for limit in (part.interval.low, part.interval.high)
    )
    return replace(
        part, se=factor * part.se, interval=replace(part.interval, low=max(low, 0.0), high=min(high, 1.0))
    )


def _sums(parts: list[Estimate], held: Floats, shares: tuple[float, float], level: float) -> Suite:
    """Combine strata, and include the variance of their shares (with its degrees of freedom) as one that
    doesn't depend on the rate.
    """
    variance, df = shares
    numbers = [(part.value, part.se**2, part.interval.low, part.interval.high) for part in parts]
    values, squares, low, high = np.array(numbers).T
    own = np.where(squares == 0, np.inf, [part.df for part in parts])
    wider = float(intervals.t_quantile(level, df) / intervals.t_quantile(level, np.inf)) ** 2
    return sums_of(values, squares, (low, high), held, df=own, level=level).with_shares(
        np.asarray(variance * wider)
    )


def _weakest(sums: Suite, parts: list[Estimate], codes: Ints, held: Floats) -> Weakest | None:
    """Find the stratum with most of the error, relative to the other ones and the variation of the shares."""
    halves = held * [part.interval.half_width for part in parts]
    of_shares = (
        intervals.t_quantile(parts[0].interval.level, np.inf) ** 2
        * sums.below.squares[sums.below.of_shares].sum()
    )
    found = weakest(halves, np.array([part.n_items for part in parts]), float(of_shares))
    return None if found is None else replace(found, place=int(codes[found.place]))


def _unlike(code: Ints, known: Bools) -> float:
    """Return the p-value of "labelled answers are judged like the others" (χ² of strata by labelled or not),
    NaN for one stratum.
    """
    table = np.stack(
        [np.bincount(code[part], minlength=int(code.max()) + 1) for part in (known, ~known)]
    ).astype(float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return math.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(scipy.special.chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))


NOTHING = Method(name="no labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """The share of right answers that a judge calls right, and of wrong ones that it calls wrong, NaN without
    labels.
    """

    sensitivity: Estimate
    specificity: Estimate


def accuracy(verdicts: Floats, judged: JudgedAnswers, level: float) -> Accuracy | None:
    """Measure a judge's verdicts (N,) by the labels. None if either isn't yes or no.

    Labels are a random sample of the answers, or one with known probabilities.
    """
    said, known = np.isfinite(verdicts), judged.known
    if not np.isin(verdicts[said], (0, 1)).all() or not np.isin(judged.labels[known], (0, 1)).all():
        return None
    return Accuracy(
        sensitivity=_share(np.where(judged.labels == 1, verdicts, np.nan), judged, level),
        specificity=_share(np.where(judged.labels == 0, 1 - verdicts, np.nan), judged, level),
    )


def _share(right: Floats, judged: JudgedAnswers, level: float) -> Estimate:
    """Estimate the mean of some answers from their labels (N,)."""
    if not np.isfinite(right).any():
        none = Interval(low=np.nan, high=np.nan, level=level)
        return Estimate(
            value=np.nan, se=np.nan, interval=none, df=np.nan, n_items=0, n_clusters=0, method=NOTHING
        )
    one = np.zeros(len(right), dtype=np.int64)
    return corrected(
        JudgedAnswers(strata=one, labels=right, weights=judged.weights, clusters=judged.clusters), level
    ).alone
