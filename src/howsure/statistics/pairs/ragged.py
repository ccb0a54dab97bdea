"""All pairs of models with missing cells: each pair on just the items that both answered.

The same as pairs.py, with one M × M product per cluster in place of one for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import Clustering, ShareSums, clusterings, signed_total, variance_of
from howsure.statistics.pairs.evidence import ClusterSizes, Events, ItemSpread, event_worth
from howsure.statistics.pairs.moments import PairMoments, flips_of, settled, with_own_pivots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints, Positions
    from howsure.statistics.choices import VarianceChoice
    from howsure.statistics.means.clustered import VarianceEstimator


@np.errstate(divide="ignore", invalid="ignore")  # pairs that share too little come out NaN
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
    """Compute all pairs of the columns of x (n, M), NaN where a model has no score; weights w (n,) of mean 1.
    `events`, `moved`: as DifferenceSums has them.
    """
    mask = (~np.isnan(x)).astype(float)
    filled = np.nan_to_num(x - np.nanmean(x))  # differences stay, and squares of large scores don't cancel
    weight, shared = (w[:, None] * mask).T @ mask, mask.T @ mask
    sums = (w[:, None] * filled).T @ mask
    difference = settled((sums - sums.T) / weight, np.nanmax(np.abs(filled), initial=0.0))
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
    if estimator.item_part(2):
        squares = squares + own.single_squares(difference) * estimator.item_part(shared) / weight
    known, nothing = units > 1, np.zeros(shape)
    spread, room = nothing, nothing
    if score:
        spread, size = own.single_squares(difference) / weight, np.where(units == shared, 1.0, size)
        room = (
            _event_worth(own, difference, squares, ClusterSizes(average=size, count=units))
            if codes
            else np.ones(shape)
        )
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
            sum(part.powers(difference, weight, estimator, k) for part, sign in parts if sign > 0)
            for k in (3, 2)
        )
        moments = moments.of_events(events, np.where(squares > 0, cubes / (2 * weight * squares), 0.0))
    return with_own_pivots(moments)


def _event_worth(own: _RaggedSums, difference: Floats, squares: Floats, clusters: ClusterSizes) -> Floats:
    """Return how many shared items an event is worth (M, M)."""
    item = (own.w[:, None] * own.mask).T @ own.mask / own.units
    spread = ItemSpread(
        squares=own.single_squares(difference) / item,
        fourths=np.maximum(own.single_powers(difference, 4), 0.0) / item,
    )
    return event_worth(squares, spread, own.units, clusters)


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
        """Return what degrees of freedom need of the clusters' shares of every pair's weight (M, M)."""
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
        weighted = [self.w[:, None] * each for each in powers]
        total = np.zeros_like(centre)
        for k in range(power + 1):
            of_d = sum(comb(k, a) * (-1) ** (k - a) * (weighted[a].T @ powers[k - a]) for a in range(k + 1))
            total += comb(power, k) * (-centre) ** (power - k) * of_d
        return total
