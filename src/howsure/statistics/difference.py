"""The difference of two models on one task: paired if they share items, unpaired if they don't.

About how many items would detect a difference of the observed size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import doubt
from howsure.statistics import power
from howsure.statistics.clustered_variance import equal_sizes, variance_of
from howsure.statistics.difference_tests import Paired, by_moments, test_of
from howsure.statistics.differences import Pivot, equivalence
from howsure.statistics.mean_intervals import needs_items
from howsure.statistics.results import POWER, Equivalence, Estimate, Interval, Method
from howsure.statistics.unpaired import unpaired_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.difference_tests import DifferenceTest, SharedItems, TestChoice
    from howsure.statistics.summed_pairs import SummedPair

MIN_FORECAST = 10
"""With fewer independent units, no number of items is forecast."""


def items_needed(estimate: Estimate, level: float, target: float = 0.0) -> float:
    """Return about how many items would detect a difference of the observed size with 80% power, all else
    equal.

    Miller (2024), section 5, with the estimate's test and degrees of freedom, and a growing number of
    clusters. NaN for a difference or an SE of 0, or with fewer than ten clusters (or items). `target`: the
    value that the difference is counted from. `level`: of the two-sided interval that decides.
    """
    gap = abs(estimate.value - target)
    alone = estimate.method.same_clusters or estimate.n_clusters == estimate.n_items
    independent = estimate.n_items if alone else estimate.n_clusters
    if not gap or independent < MIN_FORECAST or not estimate.se > 0 or math.isnan(estimate.df):
        return math.nan
    score = estimate.method.name == "score"
    normal = math.isinf(estimate.df) or estimate.method.of_benchmark
    units = max(estimate.df + 1, 1.0)
    size = 1.0 if normal or alone else max(estimate.n_items / units, 1.0)
    spread = power.Spread(within=estimate.n_items * estimate.se**2, sizes=equal_sizes(size))
    test = power.Test(method="z" if normal else "score" if score else "t", level=level)
    return power.items_needed(test, spread, gap, 1, POWER)


MIN_CLUSTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The numbers of one comparison. See [`Comparison`][howsure.Comparison] for their meaning."""

    estimate: Estimate
    p_value: float
    a_mean: float
    b_mean: float
    unpaired_se: float
    items_needed: float
    equivalence: Equivalence | None
    pivot: Pivot
    correlation: float = math.nan
    unclustered_se: float = math.nan
    unseen: float = math.nan
    paired: bool = False
    wins: int = 0
    losses: int = 0
    ties: int = 0
    n_only_a: int = 0
    n_only_b: int = 0


def difference(
    a: Floats,
    b: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
    level: float = 0.95,
    method: TestChoice | None = None,
    variance: VarianceChoice = "CR2",
    margin: float | None = None,
    lower_is_better: bool = False,
    rng: np.random.Generator | None = None,
    labels: Sequence[str] = (),
) -> Difference:
    """Compare the item scores a and b (n,), NaN if a model has no score for an item.

    `method` None means "score" for bounded scores and "t" otherwise. `labels`: names of the (first) clusters,
    for warnings. `margin`, in score units, adds tests of non-inferiority and equivalence. Assumes that items
    (or clusters) are independent draws. Miller (2024), section 4.2; Tango (1998) for the score pivot.

    >>> import numpy as np
    >>> answer = difference(np.array([1.0, 1, 1, 0, 1, 1]), np.array([0.0, 1, 1, 0, 1, 0]))
    >>> round(answer.estimate.value, 3), answer.wins, answer.losses, answer.ties
    (0.333, 2, 0, 4)
    """
    test, estimator = test_of(method, bounded=bounded), variance_of(variance)
    w = np.ones(len(a)) if weights is None else weights
    has_a, has_b = ~np.isnan(a), ~np.isnan(b)
    shared = has_a & has_b
    if shared.any():
        used = [np.unique(code[shared], return_inverse=True) for code in clusters]
        pair = Paired(
            a=a[shared],
            b=b[shared],
            w=w[shared] * (shared.sum() / w[shared].sum()),
            codes=tuple(code for _, code in used),
            labels=tuple(labels[g] for g in used[0][0]) if labels else (),
            bounded=bounded,
            variance=estimator,
            rng=rng,
        )
        found = _of_shared(pair, test, level, margin, lower_is_better=lower_is_better)
        only_a, only_b = has_a & ~has_b, has_b & ~has_a
        return replace(found, n_only_a=int(only_a.sum()), n_only_b=int(only_b.sum()))
    estimate, pivot = unpaired_difference(
        a, b, w, clusters, test=test, variance=estimator, bounded=bounded, level=level
    )
    sign = -1 if lower_is_better else 1
    return Difference(
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=_mean(a, w, has_a),
        b_mean=_mean(b, w, has_b),
        unpaired_se=estimate.se,
        n_only_a=int(has_a.sum()),
        n_only_b=int(has_b.sum()),
        items_needed=items_needed(estimate, level),
        equivalence=None if margin is None else equivalence(pivot, margin, level, sign),
        pivot=pivot,
    )


def summed_difference(
    pair: SummedPair,
    *,
    level: float = 0.95,
    method: TestChoice | None = None,
    margin: float | None = None,
    lower_is_better: bool = False,
) -> Difference:
    """Compare two models from sums over items, as `difference` does from the items. MethodError for a method
    that needs them.
    """
    test = test_of(method, bounded=pair.bounded)
    if not by_moments(test):
        raise needs_items(test.name)
    return _of_shared(pair, test, level, margin, lower_is_better=lower_is_better)


def _of_shared(
    pair: SharedItems, test: DifferenceTest, level: float, margin: float | None, *, lower_is_better: bool
) -> Difference:
    """Compare two models that share items."""
    estimate, pivot = _paired(pair, test, level)
    details = pair.details()
    more, less = int(details.wins[0, 1]), int(details.wins[1, 0])
    unpaired = float(details.unpaired_se[0, 1])
    sign = -1 if lower_is_better else 1
    return Difference(
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=float(details.mean[0, 1]),
        b_mean=float(details.mean[1, 0]),
        correlation=float(details.correlation[0, 1]),
        unpaired_se=0.0 if unpaired <= pair.rounding else unpaired,
        unclustered_se=float(details.unclustered_se[0, 1]),
        paired=True,
        wins=less if lower_is_better else more,
        losses=more if lower_is_better else less,
        ties=int(details.ties[0, 1]),
        items_needed=items_needed(estimate, level),
        equivalence=None if margin is None else equivalence(pivot, margin, level, sign),
        pivot=pivot,
        unseen=math.nan if pivot.net is None or pair.whole else pivot.net.unseen((1 + level) / 2),
    )


def _paired(pair: SharedItems, test: DifferenceTest, level: float) -> tuple[Estimate, Pivot]:
    """Return the estimate and the test of a difference, without standard error and test for a single item or
    cluster.
    """
    plain, several = pair.plain, pair.n_clusters >= MIN_CLUSTERS
    if several:
        pivot = test.pivot(pair, level)
        if pair.bounded:
            pivot = replace(pivot, low=max(pivot.low, -1.0), high=min(pivot.high, 1.0))
        warnings = [*pair.doubts(), *pivot.warnings]
        if pair.negative():
            warnings.append(doubt("negative_two_way_variance"))
    else:
        pivot = Pivot(p_value=math.nan, low=math.nan, high=math.nan)
        warnings = [doubt("one_shared_item" if pair.n == 1 else "one_shared_cluster")]
    estimate = Estimate(
        value=plain.value,
        se=plain.se if several else math.nan,
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=pivot.df if math.isfinite(pivot.df) else plain.df,
        n_items=pair.n,
        n_clusters=pair.n_clusters,
        method=Method(name=test.name, variance=pair.variance.name, paired=True),
        warnings=tuple(warnings),
    )
    return estimate, pivot


def _mean(x: Floats, w: Floats, keep: Bools) -> float:
    return float(w[keep] @ x[keep] / w[keep].sum()) if keep.any() else math.nan
