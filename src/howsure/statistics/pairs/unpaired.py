"""The difference of two models that share no item: Welch's test, with pseudo-items for bounded scores.

Where both have items of the same cluster they are not independent: what the two add within it is summed, and
enters one clustered variance (both.py). A cluster that is hard for both then takes from the difference what
it adds to each mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError, doubt
from howsure.statistics.means.clustered import covariance, degrees_of_freedom, own_clusterings
from howsure.statistics.pairs.both import Both
from howsure.statistics.pairs.difference_tests import ScoreTest, by_moments, require_fractions
from howsure.statistics.pairs.evidence import ClusterSizes, ItemSpread, event_worth
from howsure.statistics.pairs.pivot import Pivot, pivot_of, t_pivot
from howsure.statistics.pairs.score import plain_pivots
from howsure.statistics.results import Estimate, Interval, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.means.clustered import VarianceEstimator
    from howsure.statistics.pairs.difference_tests import DifferenceTest


PSEUDO = 2
"""Items added to each side: one at 0 and one at 1."""


def unpaired_difference(
    a: Floats,
    b: Floats,
    w: Floats,
    clusters: Sequence[Ints],
    *,
    test: DifferenceTest,
    variance: VarianceEstimator,
    bounded: bool,
    level: float,
) -> tuple[Estimate, Pivot]:
    """Compare two samples of different items: Welch, with one success and one failure added to each if
    bounded.

    Agresti and Caffo (2000) for the added pseudo-items, here each its own cluster and as heavy as evidence.py
    says. Clusters that both have items of are summed across the two.
    """
    score = isinstance(test, ScoreTest)
    if not by_moments(test):
        raise MethodError(
            f"method {test.name!r} needs items that both models answered, and there are none",
            remedy="Leave the method out: the default falls back to an unpaired comparison.",
        )
    if score:
        require_fractions(bounded=bounded)
    method = Method(name="pseudo-items" if score else test.name, variance=variance.name, paired=False)
    if _share_clusters(a, b, clusters):
        return _across_clusters(a, b, w, clusters, method=method, variance=variance, level=level, score=score)
    sides = [_side(x, w, clusters, variance) for x in (a, b)]
    if score:
        added = [_side(x, w, clusters, variance, pseudo=(0.0, 1.0)) for x in (a, b)]
        pivot = t_pivot(*_welch(added), level, reach=1.0)
    else:
        pivot = t_pivot(*_welch(sides), level)
    estimate = Estimate(
        value=sides[0][0] - sides[1][0],
        se=math.sqrt(sides[0][1] + sides[1][1]),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=pivot.df,
        n_items=int((~np.isnan(a)).sum() + (~np.isnan(b)).sum()),
        n_clusters=sides[0][3] + sides[1][3],
        method=method,
        cautions=(doubt("unpaired"),),
    )
    return estimate, pivot


def _share_clusters(a: Floats, b: Floats, clusters: Sequence[Ints]) -> bool:
    """Say whether some cluster holds items of both."""
    sides = [~np.isnan(x) for x in (a, b)]
    return any(len(np.intersect1d(code[sides[0]], code[sides[1]])) > 0 for code in clusters)


def _across_clusters(
    a: Floats,
    b: Floats,
    w: Floats,
    clusters: Sequence[Ints],
    *,
    method: Method,
    variance: VarianceEstimator,
    level: float,
    score: bool,
) -> tuple[Estimate, Pivot]:
    """Compare two samples of items from the same clusters: one variance of what both add within each."""
    every = Both.of(a, b, w, clusters)
    found = every.moments(variance)
    added = every.unseen(found.variance) if score else 0.0
    pivot = pivot_of(
        plain_pivots(found.value, found.variance, found.df, added), level, 1.0 if score else math.inf
    )
    estimate = Estimate(
        value=found.value,
        se=math.sqrt(found.variance),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=found.df,
        n_items=len(every.w),
        n_clusters=min(int(code.max()) + 1 for code in every.codes),
        method=method,
        cautions=(doubt("unpaired"), *every.doubts(found.df)),
    )
    return estimate, pivot


def _side(
    x: Floats,
    w: Floats,
    clusters: Sequence[Ints],
    variance: VarianceEstimator,
    pseudo: tuple[float, ...] = (),
) -> tuple[float, float, float, int]:
    """Return mean, variance, df and cluster count of the items that one model answered, pseudo-items
    appended.
    """
    keep = ~np.isnan(x)
    values, weights = x[keep], w[keep] * (keep.sum() / w[keep].sum())
    codes = [np.unique(code[keep], return_inverse=True)[1].astype(np.int64) for code in clusters]
    n_clusters = min([int(code.max()) + 1 for code in codes], default=len(values))
    unit = _pseudo_unit(values, weights, codes, variance) if pseudo and codes and n_clusters > 1 else 1.0
    values = np.concatenate([values, pseudo])
    weights = np.concatenate([weights, np.full(len(pseudo), unit)])
    codes = [np.concatenate([code, np.arange(len(pseudo)) + code.max() + 1]) for code in codes]
    mean = float(weights @ values / weights.sum())
    if n_clusters < 2:
        return mean, math.nan, math.nan, n_clusters
    v = float(covariance(values[:, None], weights, codes, variance)[0, 0])
    return mean, max(v, 0.0), degrees_of_freedom(codes, weights, variance), n_clusters


def _pseudo_unit(x: Floats, w: Floats, codes: Sequence[Ints], variance: VarianceEstimator) -> float:
    """Return how many items a pseudo-item weighs; a success and a failure are ±1 on the scale 2 x − 1."""
    y, terms = 2 * x - 1, own_clusterings(codes, w)
    around = (y - w @ y / w.sum()) ** 2
    size = max(float(term.totals @ term.totals) / term.total for term in terms)
    spread = ItemSpread(squares=np.asarray(w @ around), fourths=np.asarray(w @ around**2))
    clusters = ClusterSizes(
        average=np.asarray(size), count=np.asarray(min(term.n_clusters for term in terms))
    )
    return float(event_worth(covariance(y[:, None], w, codes, variance)[0, 0], spread, len(x), clusters))


def _welch(sides: Sequence[tuple[float, float, float, int]]) -> tuple[float, float, float]:
    """Return difference, standard error and Welch–Satterthwaite degrees of freedom of two independent
    means.
    """
    (m1, v1, df1, _), (m2, v2, df2, _) = sides
    total = v1 + v2
    if not total > 0:
        return m1 - m2, math.sqrt(total), math.nan
    parts = v1**2 / df1 + v2**2 / df2
    df = total**2 / parts if parts else math.inf  # the paper's z has no degrees of freedom to lose
    return m1 - m2, math.sqrt(total), df
