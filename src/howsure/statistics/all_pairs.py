"""All pairs of models at once, from matrix products: differences, variances, pivots and p-values.

Every pair is a mean of paired differences over the items that both answered, by the estimator of
clustered_variance.py. "score" tests and bounds each by the score pivot (score_pivot.py), "t" by a plain t.
With complete data everything comes from one M × M product of cluster sums. If cells are missing, each pair is
compared on just the items that both answered, with one product per cluster instead of one for all. Neither
loops over pairs. Memory: a few arrays of M × M and one of C × M.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import reduce
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.statistics.arrays import BLOCK_CELLS, blocks, in_threads, products
from howsure.statistics.clustered_variance import (
    Clustering,
    ShareSums,
    clusterings,
    signed_total,
    variance_of,
)
from howsure.statistics.differences import DifferenceSums, TermSums, pivots
from howsure.statistics.event_sizes import Events, ItemSpread, event_worth
from howsure.statistics.pair_moments import (
    ROW_CELLS,
    FlipSums,
    PairMoments,
    flips_of,
    settled,
    squared_differences,
    with_own_pivots,
)
from howsure.statistics.score_pivot import Pivots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.statistics.arrays import Floats, Ints, Positions
    from howsure.statistics.clustered_variance import VarianceChoice, VarianceEstimator


@np.errstate(divide="ignore", invalid="ignore")  # pairs that share too little give NaN
def ragged_moments(
    x: Floats,
    codes: Sequence[Ints],
    w: Floats,
    variance: VarianceChoice,
    *,
    score: bool,
    events: Events | None = None,
    moved: bool = False,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M), NaN if a model has no score, with weights w (n,), whose
    mean is 1. `events`, `moved`: as in DifferenceSums.
    """
    mask, filled = _ragged(x)
    weight, shared = (w[:, None] * mask).T @ mask, mask.T @ mask
    difference = _ragged_differences(filled, mask, w, weight)
    shape, own = weight.shape, _RaggedSums(None, filled, mask, w, shared)
    estimator = variance_of(variance)
    df, units, size = np.full(shape, np.inf), np.full(shape, np.inf), np.ones(shape)
    parts = [(_RaggedSums.of(term, filled, mask, w), sign) for term, sign in clusterings(codes, w)]
    plain = signed_total((part.powers(difference, weight, estimator), sign) for part, sign in parts)
    for part, sign in parts:
        if sign > 0:
            held = part.share_sums(weight)
            df, units = np.minimum(df, estimator.df(held)), np.minimum(units, part.units)
            size = np.maximum(size, held.squares * shared)
    squares = plain / weight**2
    single = own.single_squares(difference) if score or estimator.item_part(2) else np.zeros(shape)
    if estimator.item_part(2):
        squares = squares + single * estimator.item_part(shared) / weight
    known, nothing = units > 1, np.zeros(shape)
    spread, room = nothing, nothing
    if score:
        spread, size = single / weight, np.where(units == shared, 1.0, size)
        room = np.ones(shape)
        if codes:  # how many shared items an event is worth
            item = weight / shared
            fourths = np.maximum(own.single_powers(difference, 4), 0.0)
            each = ItemSpread(squares=single / item, fourths=fourths / item)
            room = event_worth(squares, each, shared, size=size, clusters=units)
        room = room * (((w**2)[:, None] * mask).T @ mask) / weight**2
    moments = PairMoments(
        difference=difference,
        variance=np.where(known, squares, np.nan),
        df=np.where(known, df, np.nan),
        item_variance=spread,
        room=np.where(known, room, 0.0),
        added=nothing,
        shared=np.rint(shared).astype(np.int64),
        units=np.where(np.isfinite(units), units, 0).astype(np.int64),
        flips=flips_of(x, codes, w, score=score),
        counted=np.asarray(float(score and not codes and not moved and np.ptp(w) == 0)),
    )
    if events is not None:
        cubes, squares = (
            np.sum(
                [part.powers(difference, weight, estimator, k) for part, sign in parts if sign > 0], axis=0
            )
            for k in (3, 2)
        )
        moments = moments.of_events(events, np.where(squares > 0, cubes / (2 * weight * squares), 0.0))
    return with_own_pivots(moments)


def _ragged(x: Floats) -> tuple[Floats, Floats]:
    """Return where scores (n, M) are known, and the scores with 0 elsewhere. Their mean is subtracted, which
    leaves differences unchanged, so that squares of large scores don't cancel.
    """
    return (~np.isnan(x)).astype(float), np.nan_to_num(x - np.nanmean(x))


def _ragged_differences(filled: Floats, mask: Floats, w: Floats, weight: Floats) -> Floats:
    """Return the difference of every two columns (M, M) on shared items, which have this weight (M, M)."""
    sums = (w[:, None] * filled).T @ mask
    return settled((sums - sums.T) / weight, np.nanmax(np.abs(filled), initial=0.0))


@dataclass(frozen=True, slots=True)
class _RaggedSums:
    """Per cluster, the shared weight and the summed differences of every pair, streamed twice rather than
    stored.
    """

    clusters: list[Positions] | None
    filled: Floats
    mask: Floats
    w: Floats
    units: Floats

    @classmethod
    def of(cls, term: Clustering, filled: Floats, mask: Floats, w: Floats) -> _RaggedSums:
        """List the rows of each cluster of a clustering, and count the clusters that each pair has items
        in.
        """
        if term.codes is None:
            rows = None if np.all(w == 1) else [np.array([k]) for k in range(len(w))]
            units = mask.T @ mask
        else:
            order = np.argsort(term.codes, kind="stable")
            rows = np.split(order, np.cumsum(np.bincount(term.codes))[:-1])
            present = np.stack([mask[r].T @ mask[r] > 0 for r in rows])
            units = present.sum(axis=0).astype(float)
        return cls(clusters=rows, filled=filled, mask=mask, w=w, units=units)

    def powers(self, centre: Floats, weight: Floats, variance: VarianceEstimator, power: int = 2) -> Floats:
        """Sum (D_g − W_g·centre)², or another power of it, inflated, over clusters."""
        if self.clusters is None:
            single = self.single_squares(centre) if power == 2 else self.single_powers(centre, power)
            return np.asarray(single * variance.inflation(1 / self.units, self.units))
        total = np.zeros_like(weight)
        for rows in self.clusters:
            held, summed = self._cluster(rows)
            inflation = variance.inflation(held / weight, self.units)
            total += np.where(held > 0, (summed - held * centre) ** power * inflation, 0.0)
        return total

    def share_sums(self, weight: Floats) -> ShareSums:
        """Return the sums for degrees of freedom of the clusters' shares of every pair's weight (M, M)."""
        if self.clusters is None:
            return ShareSums.equal(self.units)
        parts = (self._held(rows) for rows in self.clusters)
        return reduce(
            ShareSums.__add__, (ShareSums.added((held > 0).astype(float), held / weight) for held in parts)
        )

    def _cluster(self, rows: Positions) -> tuple[Floats, Floats]:
        """Return the shared weight and the summed differences of one cluster."""
        summed = (self.w[rows, None] * self.filled[rows]).T @ self.mask[rows]
        return self._held(rows), summed - summed.T

    def _held(self, rows: Positions) -> Floats:
        """Return the shared weight of one cluster."""
        mask = self.mask[rows]
        return np.asarray((self.w[rows, None] * mask).T @ mask, dtype=float)

    def single_squares(self, centre: Floats) -> Floats:
        """Return Σ w (d_k − centre)² over shared items, from four products."""
        weighted = self.w[:, None] * self.filled
        squares = (weighted * self.filled).T @ self.mask
        linear = weighted.T @ self.mask
        data = squares + squares.T - 2 * (weighted.T @ self.filled)
        weight = (self.w[:, None] * self.mask).T @ self.mask
        result = data - 2 * centre * (linear - linear.T) + centre**2 * weight
        return np.where(np.abs(result) < 1e-12 * (squares + squares.T), 0.0, np.maximum(result, 0.0))

    def single_powers(self, centre: Floats, power: int) -> Floats:
        """Return Σ w (d_k − centre)ᵖ over shared items: powers of d by the binomial theorem, then powers of d
        − centre.
        """
        powers = [self.filled**k * self.mask for k in range(power + 1)]
        total = np.zeros_like(centre)
        for k in range(power + 1):
            of_d = np.zeros_like(centre)
            for a in range(k // 2 + 1):  # exchanged powers give the transposed product
                product = comb(k, a) * ((self.w[:, None] * powers[a]).T @ powers[k - a])
                of_d += (-1) ** (k - a) * product
                if 2 * a < k:
                    of_d += (-1) ** a * product.T
            total += comb(power, k) * (-centre) ** (power - k) * of_d
        return total


def pair_moments(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: VarianceChoice = "CR2",
    score: bool = True,
    unmoved: Floats | None = None,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M), NaN for an item without a score of a model.

    `score`: by the score pivot, which needs scores in [0, 1], otherwise by a plain t. `unmoved` (n, M): the
    scores before the means of strata were subtracted (clustered_variance.py).
    """
    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    events = events_of(x if unmoved is None else unmoved, w) if score else None
    moved = unmoved is not None
    if np.isnan(x).any():
        return ragged_moments(x, clusters, w, variance, score=score, events=events, moved=moved)
    room = float(w @ w) / n**2 if score and not clusters and events is None else 0.0
    sums = replace(_difference_sums(x, clusters, w, variance, events), moved=moved)
    found = complete_moments(sums, variance, flips_of(x, clusters, w, score=score, room=room), score=score)
    return with_own_pivots(found) if score and (clusters or events) else found


def events_of(x: Floats, w: Floats) -> Events | None:
    """Return the event sizes of the differences of every two columns (n, M), on the items that both have.
    None for single answers of equal weight.
    """
    has = ~np.isnan(x)
    weighted = bool(np.ptp(w) > 0)
    if not weighted and np.isin(x[has], (0.0, 1.0)).all():
        return None
    if has.all():
        apart = absolute_differences(x, w if weighted else None)
        squares = squared_differences(x.T @ _times(x, w))
        return Events.of(apart / w.sum(), squares / w.sum(), weighted=weighted)
    both = (w[:, None] * has).T @ has.astype(float)
    apart, squares = np.zeros_like(both), np.zeros_like(both)
    for column in range(x.shape[1]):
        away = np.abs(np.nan_to_num(x - x[:, column, None]))
        apart[column], squares[column] = w @ away, w @ away**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return Events.of(np.nan_to_num(apart / both), np.nan_to_num(squares / both), weighted=weighted)


MOST_LEVELS = 17
"""Scores with so few values, as of 16 attempts, are compared by products of matrices."""


def absolute_differences(x: Floats, weights: Floats | None = None) -> Floats:
    """Return Σ w |x_i − x_j| of every two columns of x (n, M) without missing values, with weights (n,)."""
    levels = np.unique(x[:: max(len(x) // 100, 1)])
    few = weights is None and len(levels) <= MOST_LEVELS
    if few and sum(np.count_nonzero(x == level) for level in levels) == x.size:
        return _by_levels(x, levels)
    columns = np.ascontiguousarray(x.T)
    w, apart = np.ones(len(x)) if weights is None else weights, np.zeros((len(columns), len(columns)))
    for place, column in enumerate(columns):
        for part in blocks(place, len(x), ROW_CELLS):
            away = columns[part] - column
            apart[place, part] = np.abs(away, out=away) @ w
    return apart + apart.T


def _by_levels(x: Floats, levels: Floats) -> Floats:
    """Return the same without weights for x with these values: by each step between two of them, on how many
    items one of the columns is above it and the other isn't.
    """
    exact = np.float32 if len(x) < 2**24 else np.float64

    def step(ends: tuple[float, float]) -> Floats:
        """Return what one step between two values adds."""
        low, high = ends
        above: NDArray[Any] = (x > low).astype(exact)
        counts, both = above.sum(axis=0, dtype=np.float64), (above.T @ above).astype(np.float64)
        return np.asarray((high - low) * (counts[:, None] + counts[None, :] - 2 * both))

    steps = len(levels) * x.size * x.shape[1]
    return sum(in_threads(step, pairwise(levels.tolist()), steps=steps), np.zeros((x.shape[1], x.shape[1])))


def complete_moments(
    sums: DifferenceSums, variance: VarianceChoice, flips: FlipSums | None, *, score: bool
) -> PairMoments:
    """Return the moments of pairs that share all their items, from their sums (M, M)."""
    found = pivots(sums, variance, score=score)
    shape = sums.difference.shape
    return PairMoments(
        **{field.name: getattr(found, field.name) for field in fields(Pivots)},
        shared=np.broadcast_to(np.int64(sums.n), shape),
        units=np.broadcast_to(np.int64(sums.units), shape),
        flips=flips,
    )


def _difference_sums(
    x: Floats, codes: Sequence[Ints], w: Floats, variance: VarianceChoice, events: Events | None
) -> DifferenceSums:
    n = len(x)
    means = w @ x / n
    centred = x - means
    residuals = _times(centred, w)
    terms = tuple(
        term_sums(term, sign, term.sums(residuals), variance, cubes=events is not None)
        for term, sign in clusterings(codes, w)
    )
    weighted = bool(np.ptp(w) > 0)
    needed = codes or weighted or variance_of(variance).item_part(n)
    items = _item_spread(centred, w) if needed else None
    crowd = float(w @ w) / n
    return DifferenceSums(
        difference=differences_of(means), items=items, terms=terms, n=n, crowd=crowd, events=events
    )


def differences_on_shared(x: Floats, weights: Floats | None = None) -> Floats:
    """Return the difference of every two columns of x (n, M) on the items that both have (M, M)."""
    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    if not np.isnan(x).any():
        return differences_of(w @ x / n)
    mask, filled = _ragged(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _ragged_differences(filled, mask, w, (w[:, None] * mask).T @ mask)


def differences_of(means: Floats) -> Floats:
    """Return the difference of every two means (M, M), 0 if it is only rounding."""
    difference = means[:, None] - means[None, :]
    difference[np.abs(difference) <= 8 * np.finfo(float).eps * np.abs(means).max(initial=0.0)] = 0.0
    return difference


def _item_spread(centred: Floats, w: Floats) -> ItemSpread:
    """Return Σ w (d − d̄)² and Σ w (d − d̄)⁴ of all pairs, from three products, some items at a time."""
    root, totals = np.sqrt(w), np.zeros((3, centred.shape[1], centred.shape[1]))
    for rows in blocks(len(centred), centred.shape[1], BLOCK_CELLS):
        part = centred[rows]
        scaled, squared = _times(part, root[rows]), _times(part**2, root[rows])
        sums = products((scaled, scaled), (squared * scaled, part), (squared, squared))
        for k, each in enumerate(sums):
            totals[k] += each
    return spread_of(*totals)


def _times(x: Floats, w: Floats) -> Floats:
    """Return x (n, M) with each row times its weight: x itself if all are 1."""
    return x if (w == 1).all() else x * w[:, None]


def spread_of(squares: Floats, cubes: Floats, fourths: Floats) -> ItemSpread:
    """Return the spread of differences from Σ c_i c_j, Σ c_i³ c_j and Σ c_i² c_j² of centred scores (M,
    M).
    """
    own = np.diagonal(fourths)
    found = own[:, None] + own[None, :] - 4 * (cubes + cubes.T) + 6 * fourths
    return ItemSpread(squares=squared_differences(squares), fourths=np.maximum(found, 0.0))


def term_sums(
    term: Clustering, sign: int, sums: Floats, variance: VarianceChoice, *, cubes: bool = False
) -> TermSums:
    """Return one clustering's contribution to the variance, from the residual sums of its clusters (C, M).
    `cubes`: include their third powers.
    """
    scaled = sums * np.sqrt(term.inflation(variance))[:, None]
    return TermSums(
        term=term,
        sign=sign,
        squares=squared_differences(scaled.T @ scaled),
        cubes=cubed_differences((scaled**2).T @ sums) if cubes else None,
    )


def cubed_differences(product: Floats) -> Floats:
    """Turn Σ e_i² e_j into Σ (e_i − e_j)³."""
    own = np.diagonal(product)
    return np.asarray(own[:, None] - 3 * product + 3 * product.T - own)
