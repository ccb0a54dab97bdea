"""Moments of the difference of every two models, and the terms for sign flips of clusters.

PairMoments: moments of the difference of every two models.

All pairs within strata with missing cells: each pair centred within its own shared items of every cluster, by
one product per cluster.

The same as within_strata (clustered_variance.py) on the items that both of a pair answered, for items of
equal weight. Single items are merged as in joined_strata, pair by pair. Memory: some twenty arrays (M, M).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.arrays import blocks, in_parts, in_threads
from howsure.statistics.clustered_variance import clusterings, satterthwaite
from howsure.statistics.score_pivot import Pivots
from howsure.statistics.tolerances import ROUNDED_MEANS, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Floats, Ints, Positions

MARKED = 9
"""The number of digits to which marks of clusters are equal in any order of summation."""
ROW_CELLS = 100_000
"""The number of differences computed at once, which fit in the processor's cache."""


ROW_BLOCKS, FEW_MODELS = 8, 64
"""All pairs are gone through in so many blocks of rows, in one if there are few models."""
TEST_STEPS = 5_000
"""The p-value of a pair takes as long as so many steps of a product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipSums:
    """The terms for sign flips of whole clusters: C clusters, of which the last ones may be lone items, and M
    models.

    `sums` (C, M): each cluster's contribution to each model's mean, up to a constant per cluster. `shared`
    (C,): a lone item's contribution to every difference, 0 for a cluster of data. `sizes` (C,): each one's
    share of the weight. `observed` (M, M): the squared pivots to compare with, None if they follow from the
    sums themselves. `room`: the fraction of the squared difference that the pivot adds to its variance, equal
    for all pairs (score_pivot.py).
    """

    sums: Floats
    shared: Floats
    sizes: Floats
    observed: Floats | None = None
    room: float = 0.0

    @property
    def inflation(self) -> Floats:
        """The factor of squared residual sums in CR2 (C,)."""
        return np.asarray(1 / (1 - np.minimum(self.sizes / self.sizes.sum(), 1 - 1e-12)))

    @property
    def even(self) -> bool:
        """Whether all clusters, including lone items, have one size."""
        return float(np.ptp(self.sizes)) < 1e-12 * float(self.sizes.max())

    def data_squares(self, models: Positions | slice = slice(None)) -> Floats:
        """Σ inflation · d_g² of every model and each of these over the clusters of data (M, K), 0 if two are
        equal.
        """
        weighted = self.sums * self.inflation[:, None]
        own = (weighted * self.sums).sum(axis=0)
        found = squared_differences(weighted.T @ self.sums[:, models], (own, own[models]))
        return np.maximum(found, 0.0)

    @property
    def lone_squares(self) -> float:
        """Σ inflation · d_g² over the lone items, the same for every pair."""
        return float(self.inflation @ self.shared**2)

    def centred(self) -> FlipSums:
        """Return the same under "no difference": every model's own mean is subtracted from its clusters of
        data.
        """
        held = np.where(self.shared == 0, self.sizes, 0.0)
        sums = self.sums - held[:, None] * (self.sums.sum(axis=0) / held.sum())
        return replace(self, sums=sums, observed=None)

    def take(self, models: Sequence[int]) -> FlipSums:
        """Return the same for these models, in this order."""
        at = np.ix_(models, models)
        observed = None if self.observed is None else self.observed[at]
        return replace(self, sums=self.sums[:, np.asarray(models)], observed=observed)


def lone_items(n: int, *, clustered: bool, score: bool) -> Floats:
    """Return the sizes of the two items at ±1 that are added to flips of few clusters, none without clusters.

    They break ties between flips, so that the observed one isn't counted twice.
    """
    return np.full(2 if clustered and score else 0, 1 / n)


def item_levels(x: Floats) -> Floats:
    """Return a level of every item (n, 1) to subtract from scores: their mean, in which less variable models
    have more weight.

    Sums of residuals are small, and one model's scale doesn't affect another's precision. x (n, M) may have
    missing values.
    """
    has = ~np.isnan(x)
    filled, count = x if has.all() else np.nan_to_num(x), np.maximum(has.sum(axis=0), 1)
    away = filled - filled.sum(axis=0) / count
    away *= away
    if filled is not x:
        away *= has
    spread = away.sum(axis=0) / count
    usual = float(np.median(spread))
    weight = 1 / (spread + usual + (usual == 0))
    total = weight.sum() if filled is x else has @ weight
    return np.asarray((filled @ weight) / np.where(total > 0, total, 1.0))[:, None]


def flip_sums(sums: Floats, sizes: Floats, lone: Floats, room: float = 0.0) -> FlipSums:
    """Join clusters of data and lone items of these sizes. Every other lone item counts negatively.

    The order of clusters depends on their values only, so that random signs do as well.
    """
    order = order_of_rows(sums, sizes)
    sums, sizes = sums[order], sizes[order]
    signs = np.where(np.arange(len(lone)) % 2, -1.0, 1.0)
    return FlipSums(
        sums=np.concatenate([sums, np.zeros((len(lone), sums.shape[1]))]),
        shared=np.concatenate([np.zeros(len(sums)), signs * lone]),
        sizes=np.concatenate([sizes, lone]),
        room=room,
    )


def order_of_rows(table: Floats, sizes: Floats) -> Positions:
    """Return an order of the rows of a table (C, K), by their size first, that doesn't depend on the order of
    its rows or columns, except for identical rows.

    Rows are marked by their squares, then columns by the marks of rows, and rows by those of columns, twice.
    """
    table = table / (np.abs(table).max(initial=0.0) or 1.0)
    rows, marks = (table**2).sum(axis=1), [sizes]
    for _ in range(2):
        marks.append(rows)
        rows = table @ (table.T @ np.cos(np.round(rows, MARKED)))
    marks.append(rows)
    return np.lexsort(
        [np.round(mark / (np.abs(mark).max(initial=0.0) or 1.0), MARKED) for mark in reversed(marks)]
    )


def flips_of(
    x: Floats, codes: Sequence[Ints], w: Floats, *, score: bool, room: float = 0.0
) -> FlipSums | None:
    """Return the terms of flips from scores x (n, M) with weights w (n,) of mean 1: deviations from the
    item's level, 0 for a missing score. None with two clusterings.

    With missing scores, flips give the correlation between models, and are compared with each pair's own
    pivot.
    """
    if len(codes) > 1:
        return None
    term = clusterings(codes, w)[0][0]
    away, has = x - item_levels(x), ~np.isnan(x)
    away[~has] = 0.0
    away *= w[:, None]
    sums = term.sums(away) / (w.sum() if has.all() else w @ has)
    return flip_sums(sums, term.totals / len(x), lone_items(len(x), clustered=bool(codes), score=score), room)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMoments(Pivots):
    """The paired difference of every two models: arrays (M, M), entry [i, j] is about i − j.

    `shared`: items that both answered. `units`: their clusters. `flips`: for simulating all pairs together,
    None with two clusterings, which flips can't respect. `tested`: the p-values of "no difference", if
    computed already.
    """

    shared: Ints
    units: Ints
    flips: FlipSums | None
    tested: Floats | None = None

    def take(self, models: Sequence[int]) -> PairMoments:
        """Return the same for these models, in this order."""
        at = np.ix_(models, models)
        every = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "flips"}
        arrays = {name: part[at] if part.ndim else part for name, part in every.items() if part is not None}
        return PairMoments(**arrays, flips=None if self.flips is None else self.flips.take(models))

    @property
    def p_value(self) -> Floats:
        """Two-sided p-values of "no difference", 1 on the diagonal."""
        if self.tested is not None:
            return self.tested
        count = len(self.difference)
        p = np.ones_like(self.difference)

        def fill(own: slice) -> None:
            """Test the pairs of these models with later ones: each pair once, but within a block."""
            found = self.at((own, slice(own.start, None))).p_value_at(0.0)
            size = len(found)
            upper = np.triu(found[:, :size], 1)
            p[own, own] = upper + upper.T + np.eye(size)
            p[own, own.stop :], p[own.stop :, own] = found[:, size:], found[:, size:].T

        rows = blocks(count, 1, max(count // ROW_BLOCKS, FEW_MODELS))
        in_threads(fill, rows, steps=TEST_STEPS * count**2)
        return p

    def limits(self, level: ArrayLike, reach: float = np.inf) -> tuple[Floats, Floats]:
        """Return both limits of every pair's interval. `level`: one for all, or one each."""
        return of_both_sides(lambda level: self.upper(level, reach), level)


def of_both_sides(upper: Callable[[ArrayLike], Floats], level: ArrayLike) -> tuple[Floats, Floats]:
    """Return both limits of all pairs (M, M). The lower limit of i − j is the upper one of j − i, negated."""
    high = upper(level)
    return 0.0 - (upper(np.transpose(level)) if np.ndim(level) else high).T, high


def with_own_pivots(moments: PairMoments) -> PairMoments:
    """Compare flips with each pair's own p-value, as the t² with that p-value among pivots of all the
    clusters.

    Pairs that share few items have a pivot with heavier tails than the flips of all items, and with clusters
    the score pivot isn't that of the flips. Without flips nothing changes.
    """
    flips = moments.flips
    if flips is None:
        return moments
    df = satterthwaite(flips.sizes / flips.sizes.sum())
    tested = moments.p_value
    first, second = np.triu_indices(len(tested), 1)
    p = np.clip(np.nan_to_num(tested[first, second], nan=1.0), 1e-300, 1.0)
    t = in_parts(lambda part: np.asarray(scipy.special.stdtrit(df, part)), p / 2, steps=TEST_STEPS * len(p))
    observed = np.zeros_like(tested)
    observed[first, second] = observed[second, first] = t**2
    return replace(moments, flips=replace(flips, observed=observed), tested=tested)


def settled(difference: Floats, size: Floats | float) -> Floats:
    """Set to 0 mere rounding errors relative to scores of this size: the difference of equal scores is
    exactly 0, however it is computed.
    """
    return np.where(np.abs(difference) <= ROUNDED_MEANS * size, 0.0, difference)


def squared_differences(product: Floats, own: tuple[Floats, Floats] | None = None) -> Floats:
    """Turn Σ e_i e_j into Σ (e_i − e_j)². Cancellation is cut off if two columns are equal.

    `own`: Σ e_i² and Σ e_j², by default the diagonal.
    """
    ours, others = (np.diagonal(product), np.diagonal(product)) if own is None else own
    squares = np.empty_like(product)
    for part in blocks(len(product), product.shape[1], ROW_CELLS):
        both = ours[part, None] + others
        squares[part] = both - 2 * product[part]
        squares[part][np.abs(squares[part]) < 1e-12 * both] = 0.0
    return squares


@dataclass(frozen=True, slots=True, kw_only=True)
class StrataMoments:
    """For every pair (M, M): the `variance` of its mean difference, that of one item's, and the `strata` of
    its `shared` items.
    """

    variance: Floats
    item_variance: Floats
    strata: Floats
    shared: Floats


def strata_moments(x: Floats, codes: Ints) -> StrataMoments:
    """Return the moments within clusters of pairs of columns of x (n, M), NaN if a model has no score, with
    codes (n,).

    >>> x = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, np.nan], [0.0, 1.0]])
    >>> found = strata_moments(x, np.array([0, 0, 1, 1, 1]))
    >>> round(float(found.variance[0, 1]), 3), int(found.strata[0, 1]), int(found.shared[0, 1])
    (0.125, 2, 4)
    """
    mask, filled = (~np.isnan(x)).astype(float), np.nan_to_num(x - np.nanmean(x))
    total = strata = alone = np.zeros((x.shape[1], x.shape[1]))
    least = np.full((4, *total.shape), np.inf)
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        part = _sums(filled[rows], mask[rows])
        several = part[0] > 1
        total, strata = total + _spread(part), strata + several
        alone = alone + np.where(part[0] == 1, part, 0.0)
        least = np.where(several & (part[0] < least[0]), part, least)
    lone = (alone[0] == 1) & np.isfinite(least[0])  # a single item joins the smallest stratum of its pair
    joined = np.where(lone, least, 0.0)
    total = total + np.where(lone, _spread(joined + alone) - _spread(joined), _spread(alone))
    strata = strata + ((alone[0] > 0) & ~lone)
    n = mask.T @ mask
    some = np.maximum(n, 1)
    return StrataMoments(
        variance=np.where(n > 1, total / some**2, np.nan),
        item_variance=total * (some - 1) / some**2,
        strata=strata,
        shared=n,
    )


def _sums(filled: Floats, mask: Floats) -> Floats:
    """Return how many items of a stratum each pair shares, their Σ d, Σ d² and the scale of rounding (4, M,
    M). Items with a `mask` (n, M) of 0 are left out.
    """
    linear, own = filled.T @ mask, (filled * filled).T @ mask
    scale = own + own.T
    return np.stack([mask.T @ mask, linear - linear.T, scale - 2 * (filled.T @ filled), scale])


def _spread(sums: Floats) -> Floats:
    """Return n / (n − 1) · Σ (d − d̄)² of every pair, 0 with fewer than two items."""
    count, linear, squares, scale = sums
    some = np.maximum(count, 2.0)
    around = squares - linear**2 / some
    around = np.where(np.abs(around) < ROUNDING * scale, 0.0, np.maximum(around, 0.0))
    return np.where(count > 1, around * some / (some - 1), 0.0)
