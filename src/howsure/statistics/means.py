"""The mean of one model's item scores, with its standard error and interval.

The mean of every model from sums over its items (block_sums.py): the same estimates as from the items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import ResultWarning, doubt
from howsure.statistics import intervals
from howsure.statistics.arrays import BLOCK_CELLS, blocks
from howsure.statistics.choices import label_of
from howsure.statistics.clustered_variance import (
    Clustering,
    ShareSums,
    cancelled,
    clustering,
    degrees_of_freedom,
    free_of_strata,
    variance_alone,
    variance_of,
    variances,
)
from howsure.statistics.mean_intervals import BootstrapT, Groups, ItemScores, Means, interval_of, limits
from howsure.statistics.results import Bound, Estimate, Interval, Method, Units
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.block_sums import ItemSums
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.mean_intervals import IntervalChoice, MeanInterval

FEW_CLUSTERS_DF = 4.0
MIN_UNITS = 2
DOMINANT_SHARE = 1 / 3
RARE = 0.01
"""Below this rate of single answers, or of failures, the exact one-sided limit is given."""


def mean(x: Floats, *, attempts: Floats | None = None, **options: Any) -> Estimate:
    """Estimate the mean of item scores x (n,) without missing values, with the options of `means`; `attempts`
    (n,).

    >>> import numpy as np
    >>> answer = mean(np.array([1.0, 0, 1, 1, 0, 1, 1, 1]))
    >>> round(answer.value, 3), round(answer.se, 3)
    (0.75, 0.164)
    """
    return means(x[:, None], attempts=None if attempts is None else attempts[:, None], **options)[0]


def means(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    attempts: Floats | Ints | None = None,
    bounded: bool = True,
    level: float = 0.95,
    interval: IntervalChoice | None = None,
    variance: VarianceChoice = "CR2",
    rng: np.random.Generator | None = None,
    labels: Sequence[str] = (),
    strata: int = 0,
    unmoved: Floats | None = None,
) -> tuple[Estimate, ...]:
    """Estimate the mean of every column of x (n, T), item scores without a missing value.

    `clusters`: none, one or two arrays (n,) of codes. `weights` (n,). `bounded`: scores are in [0, 1].
    `attempts` (n, T): the number of right-or-wrong answers averaged in each score, None for other scores.
    `interval` None means "adaptive" for bounded scores (see mean_intervals.py), else the t interval. At
    0 and n of n it is Clopper and Pearson's, counting clusters as the independent units. `labels`: the names
    of the (first) clusters, for warnings. `strata`: the number of groups of items whose own means were
    subtracted (clustered_variance.py), 0 for none. `unmoved` (n, T): the scores before that, so that the mean
    is exactly theirs. Assumes that items (or clusters) are independent draws from a larger population. Miller
    (2024); Bell and McCaffrey (2002); Korn and Graubard (1998).
    """
    chosen = interval_of(interval, bounded=bounded)
    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    sample = _Sample(x, w, tuple(clusters), attempts, bounded, strata, x if unmoved is None else unmoved)
    known, warnings = _uncertainty(sample, variance, labels)
    known = replace(known, items=ItemScores(x=x, weights=w, clusters=tuple(clusters), rng=rng))
    found = limits(known, chosen, level)
    if isinstance(chosen, BootstrapT) and len(clusters) > 1:
        warnings = [
            told if edge else [*told, doubt("first_clustering_only")]
            for told, edge in zip(warnings, known.at_edge, strict=True)
        ]
    method = Method(name=chosen.name, variance=label_of(variance), same_clusters=sample.strata > 0)
    return estimates_of(known, found, warnings, method, level, chosen=chosen)


def estimates_of(
    known: Means,
    limits: tuple[Floats, Floats],
    warnings: Sequence[Sequence[ResultWarning]],
    method: Method,
    level: float,
    *,
    chosen: MeanInterval,
) -> tuple[Estimate, ...]:
    """Return means (T,) with their limits (T,) by the chosen interval and warnings as estimates."""
    low, high = limits
    edge, df = known.at_edge, chosen.df(known)
    exact = edge & chosen.exact_at_edges
    return tuple(
        Estimate(
            value=float(known.value[k]),
            se=math.sqrt(known.var[k]) if known.var[k] >= 0 else math.nan,
            interval=Interval(low=float(low[k]), high=float(high[k]), level=level),
            df=float(df[k]),
            n_items=known.n,
            n_clusters=known.units,
            method=replace(method, name="clopper-pearson") if exact[k] else method,
            warnings=tuple(warnings[k]),
            bounds=_bounds(known, k, level, edge=bool(edge[k]), same_clusters=method.same_clusters),
        )
        for k in range(len(low))
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    """Item scores (n, T), weights of mean 1 (n,), cluster codes, attempts (n, T) of right-or-wrong answers or
    None, strata, and the scores before stratification.
    """

    x: Floats
    w: Floats
    clusters: tuple[Ints, ...]
    attempts: Floats | Ints | None
    bounded: bool
    strata: int
    unmoved: Floats

    def coarsest(self) -> Clustering:
        """Return the clustering with the fewest clusters, or the items themselves if there is none."""
        return clustering(min(self.clusters, key=lambda code: int(code.max()), default=None), self.w)

    def groups(self) -> Groups | None:
        """Return the groups of right-or-wrong answers, None for other scores."""
        if self.attempts is None or not self.bounded:
            return None
        term = self.coarsest()
        held, trials = np.empty((2, len(term.totals), self.x.shape[1]))
        several = np.empty(self.x.shape[1], dtype=bool)
        for part in blocks(self.x.shape[1], len(self.x), BLOCK_CELLS):
            x = self.x[:, part]
            held[:, part] = term.sums(self.w[:, None] * x) / term.totals[:, None]
            # if all attempts at every item agree, they count as one
            several[part] = ~((x == 0) | (x == 1)).all(axis=0)
            trials[:, part] = term.sums(np.where(several[part], self.attempts[:, part], 1.0))
        return Groups(means=held, shares=term.shares, trials=term.shares @ trials, several=several)


def _uncertainty(
    sample: _Sample, variance: VarianceChoice, labels: Sequence[str]
) -> tuple[Means, list[list[ResultWarning]]]:
    x, w, clusters = sample.x, sample.w, sample.clusters
    n, n_models = x.shape
    seen = sample.unmoved
    value = np.clip(w @ seen / n, seen.min(axis=0), seen.max(axis=0))
    units = min([int(code.max()) + 1 for code in clusters], default=n)
    if units < MIN_UNITS:
        var, df, shared = (
            np.full(n_models, np.nan),
            math.nan,
            [doubt("one_item" if n == 1 else "one_cluster", n=n)],
        )
    else:
        var = variances(x, w, clusters, variance)
        df = float(free_of_strata(degrees_of_freedom(clusters, w, variance), n, sample.strata))
        shared = cluster_warnings(w, clusters, df, labels)
    floor = rounding_of(np.maximum(x.max(axis=0), -x.min(axis=0)))
    negative = np.zeros(n_models, dtype=bool)
    if len(clusters) > 1 and units >= MIN_UNITS:
        largest = np.max([variances(x, w, [code], variance) for code in clusters], axis=0)
        negative = cancelled(var, largest) & (largest > floor)
        var = np.where(negative, largest, var)
    term = sample.coarsest()
    known = Means(
        value=value,
        var=var,
        df=df,
        n=n,
        units=units,
        bounded=sample.bounded,
        cluster_size=float(term.totals @ term.totals) / n,
        groups=sample.groups() if units >= MIN_UNITS else None,
        worth=float(n**2 / (w @ w)),
    )
    doubts = [[*shared, *([doubt("negative_two_way_variance")] if each else [])] for each in negative]
    return settled_means(known, floor, doubts)


def settled_means(
    known: Means, floor: Floats, doubts: Sequence[list[ResultWarning]]
) -> tuple[Means, list[list[ResultWarning]]]:
    """Return means with variances up to `floor` (T,), rounding, set to 0, and the warnings of each in
    addition to `doubts`.
    """
    var = np.where(known.var <= floor, 0.0, known.var)
    known = replace(known, var=var)
    flat = (var == 0) & ~known.at_edge
    told = zip(doubts, flat, known.value, strict=True)
    return known, [
        [*shared, *([doubt("no_variance", value=value)] if none else [])] for shared, none, value in told
    ]


def rounding_of(scale: Floats) -> Floats:
    """Return the rounding error of the variance of scores of this size (T,)."""
    return np.asarray((1e-12 * scale) ** 2)


def _bounds(known: Means, k: int, level: float, *, edge: bool, same_clusters: bool) -> tuple[Bound, ...]:
    """Return the exact one-sided bounds: at 0 and n of n (`edge`) by items, and by clusters if there are any,
    and for rare single answers by items.
    """
    value, units = float(known.value[k]), known.units
    if edge:
        counted: list[tuple[Units, int]]
        counted = [("items", known.n)] if units == known.n else [("clusters", units), ("items", known.n)]
        return tuple(intervals.exact_bound(value, n, name, level, min(n, known.worth)) for name, n in counted)
    alike = units == known.n and known.worth > known.n * (1 - ROUNDED_SCORES) and not same_clusters
    single = known.groups is not None and bool(known.groups.single[k] and not known.groups.several[k])
    rare = alike and single and min(value, 1 - value) < RARE and level > 0.5
    return (intervals.exact_bound(value, known.n, "items", level),) if rare else ()


def cluster_warnings(
    w: Floats, clusters: Sequence[Ints], df: float, labels: Sequence[str] = (), units: str = "items"
) -> list[ResultWarning]:
    """Warn of too few or too unequal clusters of items, or of other units."""
    if not clusters:
        return []
    sizes = np.bincount(clusters[0]).astype(float)
    return size_warnings(np.bincount(clusters[0], weights=w).astype(float), sizes, df, labels, units)


def size_warnings(
    totals: Floats, sizes: Floats, df: float, labels: Sequence[str] = (), units: str = "items"
) -> list[ResultWarning]:
    """Warn of too few or too unequal clusters (C,) of this weight and these numbers of units."""
    if not math.isfinite(df):
        return []
    shares = totals / totals.sum()
    largest = int(shares.argmax())
    if shares[largest] > DOMINANT_SHARE:
        name, size, n = (
            (labels[largest] if labels else "") or "one cluster",
            int(sizes[largest]),
            int(sizes.sum()),
        )
        return [
            doubt("dominant_cluster", name=name, size=size, n=n, units=units, clusters=len(shares), df=df)
        ]
    return [doubt("few_clusters", clusters=len(shares), df=df, units=units)] if df < FEW_CLUSTERS_DF else []


def summed_means(
    sums: ItemSums,
    *,
    answers: bool,
    bounded: bool,
    level: float = 0.95,
    interval: IntervalChoice | None = None,
    variance: VarianceChoice = "CR2",
    labels: Sequence[str] = (),
    within: bool = False,
) -> tuple[Estimate, ...]:
    """Estimate the mean of every model, as `means` does from the items.

    `answers`: the scores are means of right-or-wrong answers, for all models here. `labels`: names of the
    clusters, for warnings. `within`: clusters are strata, and only items within them are a sample.
    MethodError for "bootstrap", which draws items.
    """
    chosen = interval_of(interval, bounded=bounded)
    known, shared = (
        _within(sums, variance, bounded=bounded)
        if within
        else _clustered(sums, variance, labels, bounded, answers)
    )
    scale = np.maximum(np.abs(sums.extremes.low), np.abs(sums.extremes.high))
    known, warnings = settled_means(known, rounding_of(scale), [shared] * len(known.value))
    method = Method(name=chosen.name, variance=label_of(variance), same_clusters=within)
    found = limits(known, chosen, level)
    return estimates_of(known, found, warnings, method, level, chosen=chosen)


def _value(sums: ItemSums) -> Floats:
    return np.clip(sums.value, sums.extremes.low, sums.extremes.high)


def _clustered(
    sums: ItemSums, variance: VarianceChoice, labels: Sequence[str], bounded: bool, answers: bool
) -> tuple[Means, list[ResultWarning]]:
    """Return the means with their errors if clusters are draws, and the warnings for all of them."""
    term, n = sums.clusters.term, sums.n
    enough = term.n_clusters >= MIN_UNITS
    df = term.df(variance) if enough else math.nan
    known = Means(
        value=_value(sums),
        var=summed_variances(sums, variance) if enough else np.full(len(sums.clusters.value), np.nan),
        df=df,
        n=n,
        units=term.n_clusters,
        bounded=bounded,
        cluster_size=float(term.totals @ term.totals) / n,
        groups=_groups(sums) if enough and answers and bounded else None,
    )
    return known, size_warnings(term.totals, term.totals, df, labels) if enough else [
        doubt("one_cluster", n=n)
    ]


def summed_variances(sums: ItemSums, variance: VarianceChoice) -> Floats:
    """Return the variance of every mean (M,), from its residual sums by cluster."""
    term, part = sums.clusters.term, float(variance_of(variance).item_part(sums.n))
    found = term.inflation(variance) @ sums.clusters.residuals**2 / term.total**2
    return np.asarray(found + part * np.diagonal(sums.products.squares) / term.total)


def _groups(sums: ItemSums) -> Groups:
    """Return the groups of right-or-wrong answers: one per item for a model whose attempts agree at every
    item.
    """
    term = sums.clusters.term
    trials = np.where(sums.extremes.agree, term.shares @ term.totals, term.shares @ sums.answers)
    return Groups(means=sums.clusters.means, shares=term.shares, trials=trials, several=~sums.extremes.agree)


def _within(sums: ItemSums, variance: VarianceChoice, *, bounded: bool) -> tuple[Means, list[ResultWarning]]:
    """Return the means with their errors if only items within clusters are a sample."""
    n, squares = sums.n, np.diagonal(sums.products.inner)
    estimator = variance_of(variance)
    known = Means(
        value=_value(sums),
        var=variance_alone(squares, n, estimator) if n > 1 else np.full(len(squares), np.nan),
        df=float(free_of_strata(estimator.df(ShareSums.equal(n)), n, int(sums.clusters.strata.max()) + 1))
        if n > 1
        else math.nan,
        n=n,
        units=n,
        bounded=bounded,
        cluster_size=1.0,
    )
    return known, [] if n > 1 else [doubt("one_item", n=n)]
