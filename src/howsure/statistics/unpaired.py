"""The difference of two models without shared items: Welch's test, with pseudo-items for scores in [0, 1].

If both have items of one cluster, they aren't independent, so their contributions within it are summed in one
clustered variance. The effect of a cluster that is hard for both then cancels in the difference. Each item's
influence on the difference is summed within its cluster and squared. A sum is inflated to correct for
centring under a working model (identically distributed, independent items). This is CR2 (Bell and McCaffrey
2002) if no cluster has items of both. Degrees of freedom are Satterthwaite's under the same model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError, doubt
from howsure.statistics.clustered_variance import (
    CR2,
    clusterings,
    covariance,
    degrees_of_freedom,
    own_clusterings,
    variance_of,
)
from howsure.statistics.difference_tests import ScoreTest, by_moments, require_fractions
from howsure.statistics.differences import Pivot, pivot_of, t_pivot
from howsure.statistics.event_sizes import ItemSpread, event_worth
from howsure.statistics.means import cluster_warnings
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.score_pivot import plain_pivots
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import ResultWarning
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.clustered_variance import Clustering, VarianceChoice, VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest

MIN_CLUSTERS = 2
SIGNS = np.array([1.0, -1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """A difference with its variance and degrees of freedom."""

    value: float
    variance: float
    df: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DisjointItems:
    """The items of two models without shared items (n,).

    Attributes:
        x: The scores.
        first: Whether an item is the first model's.
        w: Weights.
        shares: The weight of each score in its model's mean. They sum to 1 for each model.
        codes: Clusters.
    """

    x: Floats
    first: Bools
    w: Floats
    shares: Floats
    codes: tuple[Ints, ...]

    @classmethod
    def of(cls, a: Floats, b: Floats, weights: Floats, clusters: Sequence[Ints]) -> DisjointItems:
        """Use the items that a or b has."""
        has_a, has_b = ~np.isnan(a), ~np.isnan(b)
        kept = has_a | has_b
        first, w = has_a[kept], weights[kept]
        codes = [np.unique(code[kept], return_inverse=True)[1] for code in clusters]
        return cls(
            x=np.where(has_a, a, b)[kept],
            first=first,
            w=w,
            shares=w / np.where(first, w[first].sum(), w[~first].sum()),
            codes=tuple(code.astype(np.int64) for code in codes),
        )

    @property
    def sides(self) -> Bools:
        """Which model each item belongs to (n, 2)."""
        return np.column_stack([self.first, ~self.first])

    @property
    def means(self) -> Floats:
        """The mean of each model (2,), kept within the range of its scores despite rounding."""
        parts = [(self.x[side], self.shares[side]) for side in self.sides.T]
        return np.array([np.clip(shares @ x, x.min(), x.max()) for x, shares in parts])

    @property
    def residuals(self) -> Floats:
        """Each score less its model's mean (n,)."""
        return np.asarray(self.x - np.where(self.first, *self.means))

    @property
    def influence(self) -> Floats:
        """Each item's influence on the difference (n,)."""
        return np.asarray(self.shares * self.residuals * np.where(self.first, *SIGNS))

    @property
    def fewest(self) -> int:
        """The smaller number of clusters of the two models, or of items without clusters."""
        found = [len(np.unique(code[side])) for code in self.codes for side in self.sides.T]
        return min(found, default=int(self.sides.sum(axis=0).min()))

    def moments(self, variance: VarianceChoice) -> Moments:
        """Return the difference of the means, its variance and its degrees of freedom, NaN with fewer than
        two clusters.
        """
        value = float(self.means @ SIGNS)
        if self.fewest < MIN_CLUSTERS:
            return Moments(value=value, variance=math.nan, df=math.nan)
        scale = float(np.abs(self.x).max(initial=0.0))
        terms = [(*self._term(term, variance), sign) for term, sign in clusterings(self.codes, self.w)]
        found = sum(sign * squares for squares, _, sign in terms)
        if found < 0:
            found = max(squares for squares, _, sign in terms if sign > 0)
        return Moments(
            value=0.0 if abs(value) <= ROUNDING * scale else value,
            variance=found if found > (ROUNDING * scale) ** 2 else 0.0,
            df=min(df for _, df, sign in terms if sign > 0),
        )

    def _term(self, term: Clustering, variance: VarianceChoice) -> tuple[float, float]:
        """Return the variance by one clustering, and its degrees of freedom."""
        squares = term.sums(self.influence) ** 2
        if isinstance(variance_of(variance), CR2):
            factor, df = self._satterthwaite(term)
            return float(factor @ squares), df
        return float(term.inflation(variance) @ squares), term.df(variance)

    def _satterthwaite(self, term: Clustering) -> tuple[Floats, float]:
        """Return the factor of each squared sum (C,), and the degrees of freedom of the sum of all.

        With s_g (2,) the working variances of a cluster's contributions to the two means, s their sums, and
        q_g its shares of both, Var e_g = Σ s_g − 2 Σ s_g q_g + Σ q_g² s.
        """
        variances = np.array([self.w[side] @ self.residuals[side] ** 2 for side in self.sides.T])
        variances /= [self.w[side].sum() for side in self.sides.T]
        largest = float(variances.max())
        variances = np.where(variances > ROUNDING * largest, variances, largest or 1.0)  # 0 is the other's
        held = term.sums(self.sides * (self.shares**2 / self.w)[:, None]) * variances
        total, shares = held.sum(axis=0), term.sums(self.sides * self.shares[:, None])
        wanted = held.sum(axis=1)
        seen = wanted - 2 * (held * shares).sum(axis=1) + shares**2 @ total
        factor = np.divide(wanted, seen, out=np.zeros_like(wanted), where=seen > ROUNDING * wanted.sum())
        both = np.concatenate([-held, shares], axis=1)
        middle = np.block([[np.zeros((2, 2)), np.eye(2)], [np.eye(2), np.diag(total)]])
        crossed = middle @ ((both * factor[:, None]).T @ both)
        each = ((both @ middle) * both).sum(axis=1)
        spread = float(np.trace(crossed @ crossed)) + float(factor**2 @ (seen**2 - each**2))
        return factor, float(wanted.sum()) ** 2 / spread if spread > 0 else math.nan

    def unseen(self, variance: float) -> float:
        """Return the variance added for unseen events of scores in [0, 1].

        It is that of one extra right and one extra wrong item per model (Agresti and Caffo 2000), each
        weighted as in event_sizes.py: 0 if half the answers are right.
        """
        n, terms = len(self.w), own_clusterings(self.codes, self.w)
        moves = self.influence * n
        spread = ItemSpread(squares=np.asarray(moves @ moves), fourths=np.asarray((moves**2) @ moves**2))
        size = max(float(term.totals @ term.totals) / term.total for term in terms) / float(self.w.mean())
        clusters = min(term.n_clusters for term in terms)
        unit = float(event_worth(variance, spread, n, size=size, clusters=clusters)) if self.codes else 1.0
        item = (self.shares * self.residuals**2) @ self.sides
        return float((np.maximum(1 - 4 * item, 0.0) * (self.shares**2 @ self.sides) ** 2).sum()) * unit**2

    def doubts(self, df: float) -> list[ResultWarning]:
        """Return the warnings: no standard error, and too few or too unequal clusters."""
        if self.fewest < MIN_CLUSTERS:
            return [doubt("one_cluster" if self.codes else "one_item", n=len(self.w))]
        return cluster_warnings(self.w, self.codes, df)


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

    Agresti and Caffo (2000) for the added pseudo-items, here each its own cluster and weighted as in
    event_sizes.py. Clusters with items of both are summed across the two.
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
        warnings=(doubt("unpaired"),),
    )
    return estimate, pivot


def _share_clusters(a: Floats, b: Floats, clusters: Sequence[Ints]) -> bool:
    """Return whether some cluster has items of both."""
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
    """Compare two samples of items from the same clusters: one variance of both models' contributions within
    each.
    """
    every = DisjointItems.of(a, b, w, clusters)
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
        warnings=(doubt("unpaired"), *every.doubts(found.df)),
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
    """Return the weight of a pseudo-item, in items. A success and a failure are ±1 on the scale 2 x − 1."""
    y, terms = 2 * x - 1, own_clusterings(codes, w)
    around = (y - w @ y / w.sum()) ** 2
    size = max(float(term.totals @ term.totals) / term.total for term in terms)
    spread = ItemSpread(squares=np.asarray(w @ around), fourths=np.asarray(w @ around**2))
    clusters = min(term.n_clusters for term in terms)
    variance_of_mean = covariance(y[:, None], w, codes, variance)[0, 0]
    return float(event_worth(variance_of_mean, spread, len(x), size=size, clusters=clusters))


def _welch(sides: Sequence[tuple[float, float, float, int]]) -> tuple[float, float, float]:
    """Return difference, standard error and Welch–Satterthwaite degrees of freedom of two independent
    means.
    """
    (m1, v1, df1, _), (m2, v2, df2, _) = sides
    total = v1 + v2
    if not total > 0:
        return m1 - m2, math.sqrt(total), math.nan
    parts = v1**2 / df1 + v2**2 / df2
    df = total**2 / parts if parts else math.inf  # the paper's z has infinite degrees of freedom
    return m1 - m2, math.sqrt(total), df
