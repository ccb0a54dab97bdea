"""The mean of every model from what its items add up to (sums.py): the same estimates as from the items."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution, doubt
from howsure.statistics.choices import label_of
from howsure.statistics.means.betabinomial import Groups
from howsure.statistics.means.clustered import ShareSums, variance_alone, variance_of
from howsure.statistics.means.limits import Means, interval_of, limits
from howsure.statistics.means.mean import MIN_UNITS, estimates_of, rounding_of, settled_means, size_cautions
from howsure.statistics.means.strata import free_of_strata
from howsure.statistics.results import Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import IntervalChoice, VarianceChoice
    from howsure.statistics.results import Estimate
    from howsure.statistics.sums import ItemSums


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

    `answers`: the scores are means of right-or-wrong answers, of all models here; `labels`: names of the
    clusters, for cautions; `within`: clusters are strata, and only items within them a sample. MethodError
    for "bootstrap", which draws items.
    """
    chosen = interval_of(interval, bounded=bounded)
    known, shared = (
        _within(sums, variance, bounded=bounded)
        if within
        else _clustered(sums, variance, labels, bounded, answers)
    )
    scale = np.maximum(np.abs(sums.extremes.low), np.abs(sums.extremes.high))
    known, cautions = settled_means(known, rounding_of(scale), [shared] * len(known.value))
    method = Method(name=chosen.name, variance=label_of(variance), same_clusters=within)
    found = limits(known, chosen, level)
    return estimates_of(known, found, cautions, method, level, exact_at_edges=chosen.exact_at_edges)


def _value(sums: ItemSums) -> Floats:
    return np.clip(sums.value, sums.extremes.low, sums.extremes.high)


def _clustered(
    sums: ItemSums, variance: VarianceChoice, labels: Sequence[str], bounded: bool, answers: bool
) -> tuple[Means, list[Caution]]:
    """Return what is known of the means where clusters are draws, and what is in doubt of all."""
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
    return known, size_cautions(term.totals, term.totals, df, labels) if enough else [
        doubt("one_cluster", n=n)
    ]


def summed_variances(sums: ItemSums, variance: VarianceChoice) -> Floats:
    """Return the variance of every mean (M,), from its residual sums by cluster."""
    term, part = sums.clusters.term, float(variance_of(variance).item_part(sums.n))
    found = term.inflation(variance) @ sums.clusters.residuals**2 / term.total**2
    return np.asarray(found + part * np.diagonal(sums.products.squares) / term.total)


def _groups(sums: ItemSums) -> Groups:
    """Return the groups that right-or-wrong answers come in; of a model whose attempts agree at every item,
    one an item.
    """
    term = sums.clusters.term
    trials = np.where(sums.extremes.agree, term.shares @ term.totals, term.shares @ sums.answers)
    return Groups(means=sums.clusters.means, shares=term.shares, trials=trials, several=~sums.extremes.agree)


def _within(sums: ItemSums, variance: VarianceChoice, *, bounded: bool) -> tuple[Means, list[Caution]]:
    """Return what is known of the means where only items within clusters are a sample."""
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
