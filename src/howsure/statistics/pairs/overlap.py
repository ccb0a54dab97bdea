"""The difference of two models that share some items and not others: all items of both, combined.

The mean of each model is a weighted average of two: of its shared items and of those that it has alone. Any weights give an
unbiased difference where it is by chance which items are shared; the best ones are those of generalised least squares
(Looney and Jones 2003; Derrick et al. 2017). They are taken from a working model, items that are alike and independent, whose
correlation of the two models is drawn towards 0 by as much as `PRIOR_ITEMS` items would: a few shared items tell little of it.

The variance doesn't trust that model: each item's influence on the difference is summed within its cluster, across the parts, and
squared. A sum is inflated by what the working model says that centring took from it, which is CR2 (Bell and McCaffrey 2002) where all
items are shared; degrees of freedom are Satterthwaite's under the same model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError, doubt
from howsure.statistics.means import intervals
from howsure.statistics.means.clustered import clusterings, own_clusterings
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.pairs.difference import Difference, difference, items_needed
from howsure.statistics.pairs.evidence import ClusterSizes, ItemSpread, event_size
from howsure.statistics.pairs.pivot import equivalence, pivot_of
from howsure.statistics.pairs.score import plain_pivots
from howsure.statistics.results import Estimate, Interval, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import Caution
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import ComparisonMethod, Variance
    from howsure.statistics.means.clustered import Clustering

PRIOR_ITEMS = 10.0
UNLIKE = 0.025
"""The p-value from which shared and unshared items of a model differ; two models are looked at."""
MIN_CLUSTERS = 2
SIGNS = np.array([1.0, -1.0])


def partly_shared(a: Floats, b: Floats) -> bool:
    """Say whether two models share some items (n,), NaN where there is no score, and one of them has others as well."""
    has_a, has_b = ~np.isnan(a), ~np.isnan(b)
    return bool((has_a & has_b).any() and (has_a != has_b).any())


def combined_difference(
    a: Floats,
    b: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
    level: float = 0.95,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    margin: float | None = None,
    lower_is_better: bool = False,
    labels: Sequence[str] = (),
) -> Difference:
    """Compare item scores a and b (n,) that are partly shared, NaN where a model has no score, by all of them.

    Assumes that it is by chance which items are shared; a caution says where their scores tell otherwise. Wins, losses and the
    correlation are those of the shared items. Scores in [0, 1] get what two events that weren't seen would add to the variance,
    unless `method` is "t".
    """
    if method not in (None, "score", "t"):
        raise MethodError(f"method {method!r} needs items that both models answered", remedy="Leave the method out.")
    shared = difference(a, b, weights=weights, bounded=bounded, lower_is_better=lower_is_better)
    every = _Both.of(a, b, weights, clusters, labels)
    found = every.moments(variance)
    added = every.unseen(found.variance) if bounded and method != "t" else 0.0
    reach = 1.0 if bounded else math.inf
    pivot = pivot_of(plain_pivots(found.value, found.variance, found.df, added), level, reach)
    estimate = Estimate(
        value=found.value,
        se=math.sqrt(found.variance),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=found.df,
        n_items=len(every.w),
        n_clusters=min([int(code.max()) + 1 for code in every.codes], default=len(every.w)),
        method=Method(name="combined", variance=variance),
        cautions=tuple(every.doubts(found.df)),
    )
    return replace(
        shared,
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=float(every.means[0]),
        b_mean=float(every.means[1]),
        unpaired_se=math.nan,
        unclustered_se=math.sqrt(replace(every, codes=()).moments(variance).variance) if clusters else math.nan,
        paired=False,
        items_needed=items_needed(estimate, level),
        equivalence=None if margin is None else equivalence(pivot, margin, level, -1 if lower_is_better else 1),
        pivot=pivot,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    """A difference with its variance and degrees of freedom."""

    value: float
    variance: float
    df: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """Items that one of two models answered at least (n,).

    `x` (n, 2): scores, 0 where there is none; `has` (n, 2); `w` (n,): weights; `codes`: of clusters; `parts` (n, 2): what each
    score counts in its model's mean, columns that sum to 1.
    """

    x: Floats
    has: Bools
    w: Floats
    codes: tuple[Ints, ...]
    parts: Floats
    labels: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, a: Floats, b: Floats, weights: Floats | None, clusters: Sequence[Ints], labels: Sequence[str] = ()
    ) -> _Both:
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
        """The mean of each model (2,)."""
        return np.asarray((self.parts * self.x).sum(axis=0))

    @property
    def fewest(self) -> int:
        """The fewest clusters that a model's items come in, items without any."""
        found = [len(np.unique(code[has])) for code in self.codes for has in self.has.T]
        return min(found, default=int(self.has.sum(axis=0).min()))

    @property
    def influence(self) -> Floats:
        """What each item adds to the difference beyond its mean (n,)."""
        return np.asarray((self.parts * (self.x - self.means)) @ SIGNS)

    def moments(self, variance: Variance) -> _Moments:
        """Return the difference of the means, its variance and its degrees of freedom; NaN with fewer than two clusters."""
        value = float(self.means @ SIGNS)
        if self.fewest < MIN_CLUSTERS:
            return _Moments(value=value, variance=math.nan, df=math.nan)
        scale = float(np.abs(self.x).max(initial=0.0))
        terms = [(*self._term(term, variance), sign) for term, sign in clusterings(self.codes, self.w)]
        found = sum(sign * squares for squares, _, sign in terms)
        if found < 0:
            found = max(squares for squares, _, sign in terms if sign > 0)
        return _Moments(
            value=0.0 if abs(value) <= ROUNDING * scale else value,
            variance=found if found > (ROUNDING * scale) ** 2 else 0.0,
            df=min(df for _, df, sign in terms if sign > 0),
        )

    def _term(self, term: Clustering, variance: Variance) -> tuple[float, float]:
        """Return the variance by one clustering, and its degrees of freedom."""
        squares = term.sums(self.influence) ** 2
        if variance == "CR2":
            factor, df = self._satterthwaite(term)
            return float(factor @ squares), df
        return float(term.inflation(variance) * squares.sum()), term.df(variance)

    def _satterthwaite(self, term: Clustering) -> tuple[Floats, float]:
        """Return what each squared sum is multiplied by (C,), and the degrees of freedom of the sum of all.

        Where S_g (2, 2) is the working variance of what a cluster adds to the two means, S their sum, u = (1, −1) and r_g what
        of the means' own error the cluster's sum has lost, Var e_g = u'S_g u − 2 u'S_g r_g + r_g'S r_g.
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
        return np.asarray(self.parts[:, :, None] * self.parts[:, None, :] * _item_covariance(self.x, self.has, self.w))

    def unseen(self, variance: float) -> float:
        """Return what events that weren't seen add to the variance of scores in [0, 1].

        As much as a right and a wrong item more for each model would (Agresti and Caffo 2000), each worth as many items as
        evidence.py says: nothing where half the answers are right.
        """
        n, terms = len(self.w), own_clusterings(self.codes, self.w)
        moves = self.influence * n
        spread = ItemSpread(squares=np.asarray(moves @ moves), fourths=np.asarray((moves**2) @ moves**2))
        size = max(float(term.totals @ term.totals) / term.total for term in terms) / float(self.w.mean())
        held = ClusterSizes(average=np.asarray(size), count=np.asarray(min(term.n_clusters for term in terms)))
        unit = float(event_size(variance, spread, n, held)) if self.codes else 1.0
        item = (self.parts * (self.x - self.means) ** 2).sum(axis=0)
        return float((np.maximum(1 - 4 * item, 0.0) * (self.parts**2).sum(axis=0) ** 2).sum()) * unit**2

    def doubts(self, df: float) -> list[Caution]:
        """Say what is in doubt: no error bar, and too few or too unequal clusters."""
        if self.fewest < MIN_CLUSTERS:
            return [doubt("one_cluster" if self.codes else "one_item", n=len(self.w))]
        return cluster_cautions(self.w, self.codes, df, self.labels)


def _parts(x: Floats, has: Bools, w: Floats) -> Floats:
    """Return what each score counts in its model's mean (n, 2): the shared items their best share, the others the rest."""
    both = has.all(axis=1)
    parts = np.zeros(x.shape)
    for k, share in enumerate(_best_shares(x, has, w)):
        alone = has[:, k] & ~both
        parts[both, k] = share * w[both] / w[both].sum()
        parts[alone, k] = (1 - share) * w[alone] / max(float(w[alone].sum()), TINY)
    return parts


def _best_shares(x: Floats, has: Bools, w: Floats) -> Floats:
    """Return the share of the shared items in each model's mean that makes the working variance least, within [0, 1]."""
    both = has.all(axis=1)
    cov = _item_covariance(x, has, w)
    shared = float(w[both].sum())
    alone = np.array([float(w[one & ~both].sum()) for one in has.T])
    free = alone > 0
    own = np.diagonal(cov)
    matrix = np.where(np.eye(2, dtype=bool), own * (1 + shared / np.maximum(alone, TINY)), -cov)
    sought = own * shared / np.maximum(alone, TINY)
    shares = np.ones(2)
    if free.all():
        shares = np.linalg.solve(matrix, sought)
    elif free.any():
        k = int(np.flatnonzero(free)[0])
        shares[k] = (sought[k] + cov[0, 1]) / matrix[k, k]
    return np.clip(shares, 0.0, 1.0)


def _item_covariance(x: Floats, has: Bools, w: Floats) -> Floats:
    """Return the working covariance (2, 2) of an item's two scores.

    Variances from all items of each model, one of 0 taken for the other's; the correlation from the shared items, drawn to 0.
    """
    both = has.all(axis=1)
    held = np.where(has, w[:, None], 0.0)
    centred = np.where(has, x - (held * x).sum(axis=0) / held.sum(axis=0), 0.0)
    var = (held * centred**2).sum(axis=0) / held.sum(axis=0)
    var = np.where(var > ROUNDING * var.max(), var, var.max() or 1.0)
    near = x[both] - np.average(x[both], axis=0, weights=w[both])
    product, squares = float(w[both] @ near.prod(axis=1)), w[both] @ near**2
    scale = math.sqrt(squares.prod())
    r = product / scale if scale > ROUNDING * w[both].sum() * var.max() else 0.0
    r *= both.sum() / (both.sum() + PRIOR_ITEMS)
    across = r * math.sqrt(var.prod())
    return np.array([[var[0], across], [across, var[1]]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """How one model's shared items differ from those that it has alone: both means, their items, and a p-value."""

    shared: float
    alone: float
    n_shared: int
    n_alone: int
    p_value: float

    @property
    def beyond_noise(self) -> bool:
        """Whether they differ by more than chance would have it."""
        return self.p_value <= UNLIKE


def unlike(x: Floats, both: Bools, weights: Floats | None, clusters: Sequence[Ints] = ()) -> Unlike | None:
    """Compare a model's scores x (n,) on the items that `both` models have with those that it has alone; None where it has no such.

    A score test: residuals are those from the mean of all its items, summed within clusters, which may lie in both parts.
    """
    has = ~np.isnan(x)
    if not (has & both).any() or not (has & ~both).any():
        return None
    w = np.ones(int(has.sum())) if weights is None else weights[has]
    near, values = both[has], x[has]
    count = np.where(near, w / w[near].sum(), -w / w[~near].sum())
    terms = own_clusterings([np.unique(code[has], return_inverse=True)[1] for code in clusters], w)
    tested = [_score_test(term, count, values - np.average(values, weights=w)) for term in terms]
    return Unlike(
        shared=float(np.average(values[near], weights=w[near])),
        alone=float(np.average(values[~near], weights=w[~near])),
        n_shared=int(near.sum()),
        n_alone=int((~near).sum()),
        p_value=max(tested),
    )


def _score_test(term: Clustering, count: Floats, residuals: Floats) -> float:
    """Return the p-value of a contrast of 0, 1 where nothing varies or one cluster holds everything."""
    sums, held = term.sums(count * residuals), term.sums(count**2)
    variance, df = float(sums @ sums), float(held.sum() ** 2 / (held @ held)) - 1
    if not variance > 0 or df <= 0:
        return 1.0
    spread = math.sqrt(variance * term.n_clusters / (term.n_clusters - 1))
    return float(intervals.t_p_value(np.asarray(sums.sum() / spread), np.asarray(df)))


TINY, ROUNDING = 1e-300, 1e-12
