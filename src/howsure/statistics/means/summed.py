"""The mean of every model from what its items add up to (sums.py): the same estimates as from the items."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution, MethodError, doubt
from howsure.statistics.means.betabinomial import Groups
from howsure.statistics.means.clustered import paper_part
from howsure.statistics.means.limits import Means
from howsure.statistics.means.mean import (
    MIN_UNITS,
    chosen_interval,
    estimates_of,
    plain_limits,
    rounding_of,
    settled_means,
    size_cautions,
)
from howsure.statistics.means.strata import free_of_strata
from howsure.statistics.results import Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import IntervalMethod, Variance
    from howsure.statistics.results import Estimate
    from howsure.statistics.sums import ItemSums


def summed_means(
    sums: ItemSums,
    *,
    answers: bool,
    bounded: bool,
    level: float = 0.95,
    interval: IntervalMethod | None = None,
    variance: Variance = "CR2",
    labels: Sequence[str] = (),
    within: bool = False,
) -> tuple[Estimate, ...]:
    """Estimate the mean of every model, as `means` does from the items.

    `answers`: the scores are means of right-or-wrong answers, of all models here; `labels`: names of the
    clusters, for cautions; `within`: clusters are strata, and only items within them a sample. MethodError
    for "bootstrap", which draws items.
    """
    chosen = chosen_interval(interval, bounded=bounded)
    if chosen == "bootstrap":
        raise needs_items(chosen)
    known, shared = (
        _within(sums, variance, bounded=bounded)
        if within
        else _clustered(sums, variance, labels, bounded, answers)
    )
    scale = np.maximum(np.abs(sums.extremes.low), np.abs(sums.extremes.high))
    known, cautions = settled_means(known, rounding_of(scale), [shared] * len(known.value))
    method = Method(name=chosen, variance=variance, same_clusters=within)
    return estimates_of(known, plain_limits(known, chosen, level), cautions, method, level)


def needs_items(method: str) -> MethodError:
    """Say that a method can't do with sums."""
    return MethodError(
        f"method {method!r} needs the items, which don't fit into memory here",
        remedy="Leave the method out, or ask about fewer tasks or models at a time (`task`, `model`).",
    )


def _value(sums: ItemSums) -> Floats:
    return np.clip(sums.value, sums.extremes.low, sums.extremes.high)


def _clustered(
    sums: ItemSums, variance: Variance, labels: Sequence[str], bounded: bool, answers: bool
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


def alone_variances(sums: ItemSums) -> Floats:
    """Return the variance of every mean (M,) if each item stood alone, of two items or more."""
    return np.asarray(np.diagonal(sums.products.squares) / (sums.n * (sums.n - 1)))


def summed_variances(sums: ItemSums, variance: Variance) -> Floats:
    """Return the variance of every mean (M,), from its residual sums by cluster."""
    term = sums.clusters.term
    inflation = np.broadcast_to(term.inflation(variance), (term.n_clusters,))
    found = inflation @ sums.clusters.residuals**2 / term.total**2
    if variance != "miller":
        return np.asarray(found)
    return np.asarray(found + paper_part(np.diagonal(sums.products.squares) / term.total, sums.n))


def _groups(sums: ItemSums) -> Groups:
    """Return the groups that right-or-wrong answers come in; of a model whose attempts agree at every item,
    one an item.
    """
    term = sums.clusters.term
    trials = np.where(sums.extremes.agree, term.shares @ term.totals, term.shares @ sums.answers)
    return Groups(means=sums.clusters.means, shares=term.shares, trials=trials, several=~sums.extremes.agree)


def _within(sums: ItemSums, variance: Variance, *, bounded: bool) -> tuple[Means, list[Caution]]:
    """Return what is known of the means where only items within clusters are a sample."""
    n, squares = sums.n, np.diagonal(sums.products.inner)
    alone = np.inf if variance == "miller" else n - 1
    known = Means(
        value=_value(sums),
        var=squares / (n * (n - 1)) if n > 1 else np.full(len(squares), np.nan),
        df=float(free_of_strata(alone, n, int(sums.clusters.strata.max()) + 1)) if n > 1 else math.nan,
        n=n,
        units=n,
        bounded=bounded,
        cluster_size=1.0,
    )
    return known, [] if n > 1 else [doubt("one_item", n=n)]
