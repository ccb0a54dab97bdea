"""The gap of every slice, with the covariance of all: slices are parts of the items, and clusters may cross
them.

A slice's gap is a mean over its items, by the one estimator of clustered.py. Two slices covary through the
clusters that they share: V_st = Σ_g u_gs u_gt / (W_s W_t), u_gs = e_gs / √(1 − q_gs), e_gs the residual sum
of cluster g in slice s and q_gs its share of the slice. This is CR2 of a regression on the slices (Bell and
McCaffrey 2002), in closed form; with no shared cluster V is diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import own_clusterings
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.pairs.score import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.pairs.score import Pivots


ROOM = 0.15
"""How much of the score pivot's room the tests of equal gaps leave; by trial,
docs/decisions/0028-slices.md.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGaps:
    """The gaps of S slices, of items in G clusters.

    `gaps` (S,); `totals` (S,): the weight of each slice; `items` (S,): its number of items; `sums` (G, S):
    the summed gaps of a cluster's items in a slice; `held` (G, S): their weight; `pivots` (S,): what tests
    each slice by itself.
    """

    gaps: Floats
    totals: Floats
    items: Ints
    sums: Floats
    held: Floats
    pivots: Pivots

    @property
    def whole(self) -> float:
        """The mean over all items."""
        return float(self.totals @ self.gaps / self.totals.sum())

    @property
    def shares(self) -> Floats:
        """The share of each slice that lies in a cluster, q_gs (G, S)."""
        return self.held / self.totals

    @property
    def clusters(self) -> Ints:
        """How many clusters each slice has (S,)."""
        return np.asarray((self.held > 0).sum(axis=0))

    def covariance(self) -> Floats:
        """Return the CR2 covariance of the gaps (S, S); of a slice in one cluster it is 0, and says
        nothing.
        """
        rest = 1 - self.shares
        inflation = np.divide(1.0, rest, out=np.zeros_like(rest), where=rest > 0)
        scaled = (self.sums - self.held * self.gaps) * np.sqrt(inflation) / self.totals
        return np.asarray(scaled.T @ scaled)

    def guarded_covariance(self) -> Floats:
        """Return the same where the gaps are to be told apart: slices that came out calm by chance are less
        certain than they look.

        A part of the room of the score pivot is added, as if the gap of all were each slice's; a slice
        without any difference is as uncertain as one with a single item that differs.
        """
        pivots = self.pivots
        room = ROOM * np.maximum(pivots.variance_at(self.whole) - pivots.variance, 0.0)
        own = np.where(pivots.variance > 0, room, pivots.variance_at(1 / self.items))
        return np.asarray(self.covariance() + np.diag(own))

    def pooled_errors(self) -> Floats:
        """Return standard errors (S,) for drawing the gaps together: variances half their own, half those
        that items have on average.
        """
        own = np.diagonal(self.guarded_covariance())
        common = float((self.totals * own).mean()) / self.totals
        return np.asarray(np.sqrt((own + common) / 2))


def slice_gaps(
    a: Floats,
    b: Floats,
    slices: Ints,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
) -> SliceGaps:
    """Return the gaps a − b of the slices 0 … S − 1 of n items; `slices` (n,), −1 for an item that is in
    none.

    `clusters`: of two ways of clustering the first counts. `bounded`: by the score pivot, else by a plain t.
    """
    used = slices >= 0
    a, b, slices = a[used], b[used], slices[used]
    w = np.ones(len(a)) if weights is None else weights[used]
    codes = [np.unique(each[used], return_inverse=True)[1] for each in clusters[:1]]
    count, term = int(slices.max()) + 1, own_clusterings(codes, w)[0]
    marked = np.zeros((len(a), count))
    marked[np.arange(len(a)), slices] = w
    held, sums = term.sums(marked), term.sums(marked * (a - b)[:, None])
    totals = held.sum(axis=0)
    return SliceGaps(
        gaps=sums.sum(axis=0) / totals,
        totals=totals,
        items=np.bincount(slices, minlength=count),
        sums=sums,
        held=held,
        pivots=stacked([_pivots(a, b, w, codes, slices == s, bounded=bounded) for s in range(count)]),
    )


def _pivots(a: Floats, b: Floats, w: Floats, codes: Sequence[Ints], kept: Floats, *, bounded: bool) -> Pivots:
    own = tuple(np.unique(each[kept], return_inverse=True)[1] for each in codes)
    moments = pair_moments(np.column_stack([a[kept], b[kept]]), clusters=own, weights=w[kept], score=bounded)
    return moments.at((0, 1))
