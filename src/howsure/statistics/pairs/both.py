"""All items that one of two models answered at least: their means, and the variance of their difference
across clusters.

The mean of each model is a weighted average of two: of its shared items and of those that it has alone. Any
weights give an unbiased difference where it is by chance which items are shared; the best ones are those of
generalised least squares (Looney and Jones 2003; Derrick et al. 2017). They are taken from a working model,
items that are alike and independent, whose correlation of the two models is drawn towards 0 by as much as
`PRIOR_ITEMS` items would: a few shared items tell little of it, and none nothing.

The variance doesn't trust that model: each item's influence on the difference is summed within its cluster,
across the parts, and squared. A sum is inflated by what the working model says that centring took from it,
which is CR2 (Bell and McCaffrey 2002) where all items are shared, or none is and no cluster; degrees of
freedom are Satterthwaite's under the same model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import doubt
from howsure.statistics.means.clustered import CR2, clusterings, own_clusterings, variance_of
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.pairs.evidence import ClusterSizes, ItemSpread, event_worth
from howsure.statistics.tolerances import ROUNDING, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import Caution
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import VarianceChoice
    from howsure.statistics.means.clustered import Clustering

PRIOR_ITEMS = 10.0
MIN_CLUSTERS = 2
SIGNS = np.array([1.0, -1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """A difference with its variance and degrees of freedom."""

    value: float
    variance: float
    df: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Items that one of two models answered at least (n,).

    `x` (n, 2): scores, 0 where there is none; `has` (n, 2); `w` (n,): weights; `codes`: of clusters; `parts`
    (n, 2): what each score counts in its model's mean, columns that sum to 1.
    """

    x: Floats
    has: Bools
    w: Floats
    codes: tuple[Ints, ...]
    parts: Floats
    labels: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        a: Floats,
        b: Floats,
        weights: Floats | None,
        clusters: Sequence[Ints],
        labels: Sequence[str] = (),
    ) -> Both:
        """Take the items that a or b has, and weigh them."""
        x = np.column_stack([a, b])
        kept = ~np.isnan(x).all(axis=1)
        x, w = x[kept], np.ones(int(kept.sum())) if weights is None else weights[kept]
        used = [np.unique(code[kept], return_inverse=True) for code in clusters]
        has = ~np.isnan(x)
        x = np.where(has, x, 0.0)
        return cls(
            x=x,
            has=has,
            w=w,
            codes=tuple(code.astype(np.int64) for _, code in used),
            parts=_parts(x, has, w),
            labels=tuple(labels[g] for g in used[0][0]) if labels else (),
        )

    @property
    def means(self) -> Floats:
        """The mean of each model (2,), no further out than its scores, whatever rounding does."""
        low, high = (
            np.where(self.has, self.x, np.inf).min(axis=0),
            np.where(self.has, self.x, -np.inf).max(axis=0),
        )
        return np.asarray(np.clip((self.parts * self.x).sum(axis=0), low, high))

    @property
    def fewest(self) -> int:
        """The fewest clusters that a model's items come in, items without any."""
        found = [len(np.unique(code[has])) for code in self.codes for has in self.has.T]
        return min(found, default=int(self.has.sum(axis=0).min()))

    @property
    def influence(self) -> Floats:
        """What each item adds to the difference beyond its mean (n,)."""
        return np.asarray((self.parts * (self.x - self.means)) @ SIGNS)

    def moments(self, variance: VarianceChoice) -> Moments:
        """Return the difference of the means, its variance and its degrees of freedom; NaN with fewer than
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
        """Return what each squared sum is multiplied by (C,), and the degrees of freedom of the sum of all.

        Where S_g (2, 2) is the working variance of what a cluster adds to the two means, S their sum, u = (1,
        −1) and r_g what of the means' own error the cluster's sum has lost, Var e_g = u'S_g u − 2 u'S_g r_g +
        r_g'S r_g.
        """
        held = term.sums(self._working() / self.w[:, None, None])
        total, lost = held.sum(axis=0), term.sums(self.parts) * SIGNS
        own = held @ SIGNS
        wanted = own @ SIGNS
        seen = wanted - 2 * (own * lost).sum(axis=1) + ((lost @ total) * lost).sum(axis=1)
        factor = np.divide(wanted, seen, out=np.zeros_like(wanted), where=seen > ROUNDING * wanted.sum())
        both = np.concatenate([-own, lost], axis=1)
        middle = np.block([[np.zeros((2, 2)), np.eye(2)], [np.eye(2), total]])
        crossed = middle @ ((both * factor[:, None]).T @ both)
        each = ((both @ middle) * both).sum(axis=1)
        spread = float(np.trace(crossed @ crossed)) + float(factor**2 @ (seen**2 - each**2))
        return factor, float(wanted.sum()) ** 2 / spread if spread > 0 else math.nan

    def _working(self) -> Floats:
        """Return the working variance of what each item adds to the means (n, 2, 2), times its weight."""
        return np.asarray(
            self.parts[:, :, None] * self.parts[:, None, :] * _item_covariance(self.x, self.has, self.w)
        )

    def unseen(self, variance: float) -> float:
        """Return what events that weren't seen add to the variance of scores in [0, 1].

        As much as a right and a wrong item more for each model would (Agresti and Caffo 2000), each worth as
        many items as evidence.py says: nothing where half the answers are right.
        """
        n, terms = len(self.w), own_clusterings(self.codes, self.w)
        moves = self.influence * n
        spread = ItemSpread(squares=np.asarray(moves @ moves), fourths=np.asarray((moves**2) @ moves**2))
        size = max(float(term.totals @ term.totals) / term.total for term in terms) / float(self.w.mean())
        held = ClusterSizes(
            average=np.asarray(size), count=np.asarray(min(term.n_clusters for term in terms))
        )
        unit = float(event_worth(variance, spread, n, held)) if self.codes else 1.0
        item = (self.parts * (self.x - self.means) ** 2).sum(axis=0)
        return float((np.maximum(1 - 4 * item, 0.0) * (self.parts**2).sum(axis=0) ** 2).sum()) * unit**2

    def doubts(self, df: float) -> list[Caution]:
        """Say what is in doubt: no error bar, and too few or too unequal clusters."""
        if self.fewest < MIN_CLUSTERS:
            return [doubt("one_cluster" if self.codes else "one_item", n=len(self.w))]
        return cluster_cautions(self.w, self.codes, df, self.labels)


def _parts(x: Floats, has: Bools, w: Floats) -> Floats:
    """Return what each score counts in its model's mean (n, 2): the shared items their best share, the others
    the rest.
    """
    both = has.all(axis=1)
    parts = np.zeros(x.shape)
    for k, share in enumerate(_best_shares(x, has, w)):
        alone = has[:, k] & ~both
        parts[both, k] = share * w[both] / max(float(w[both].sum()), SMALLEST)
        parts[alone, k] = (1 - share) * w[alone] / max(float(w[alone].sum()), SMALLEST)
    return parts


def _best_shares(x: Floats, has: Bools, w: Floats) -> Floats:
    """Return the share of the shared items in each model's mean that makes the working variance least, within
    [0, 1].
    """
    both = has.all(axis=1)
    cov = _item_covariance(x, has, w)
    shared = float(w[both].sum())
    alone = np.array([float(w[one & ~both].sum()) for one in has.T])
    free = alone > 0
    own = np.diagonal(cov)
    matrix = np.where(np.eye(2, dtype=bool), own * (1 + shared / np.maximum(alone, SMALLEST)), -cov)
    sought = own * shared / np.maximum(alone, SMALLEST)
    shares = np.ones(2)
    if free.all():
        shares = np.linalg.solve(matrix, sought)
    elif free.any():
        k = int(np.flatnonzero(free)[0])
        shares[k] = (sought[k] + cov[0, 1]) / matrix[k, k]
    return np.clip(shares, 0.0, 1.0)


def _item_covariance(x: Floats, has: Bools, w: Floats) -> Floats:
    """Return the working covariance (2, 2) of an item's two scores.

    Variances from all items of each model, one of 0 taken for the other's; the correlation from the shared
    items, drawn to 0.
    """
    both = has.all(axis=1)
    held = np.where(has, w[:, None], 0.0)
    centred = np.where(has, x - (held * x).sum(axis=0) / held.sum(axis=0), 0.0)
    var = (held * centred**2).sum(axis=0) / held.sum(axis=0)
    var = np.where(var > ROUNDING * var.max(), var, var.max() or 1.0)
    across = _correlation(x[both], w[both], float(var.max())) * math.sqrt(var.prod())
    return np.array([[var[0], across], [across, var[1]]])


def _correlation(x: Floats, w: Floats, largest: float) -> float:
    """Return the correlation of shared items (n, 2) as it is drawn to 0, 0 where there are none or nothing
    varies beside `largest`.
    """
    if not len(x):
        return 0.0
    near = x - np.average(x, axis=0, weights=w)
    scale = math.sqrt((w @ near**2).prod())
    r = float(w @ near.prod(axis=1)) / scale if scale > ROUNDING * w.sum() * largest else 0.0
    return r * len(x) / (len(x) + PRIOR_ITEMS)
