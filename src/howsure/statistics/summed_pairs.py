"""All pairs of models from sums over items (block_sums.py): the same moments, limits and details as from the
items.

Two populations: other clusters, whose sums are the draws, or more items of the same clusters, which are
independent, less the mean of their stratum. The latter doesn't have flips, which would need the items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.all_pairs import (
    complete_moments,
    cubed_differences,
    differences_of,
    spread_of,
    term_sums,
)
from howsure.statistics.clustered_variance import CR2, Clustering, free_of_strata, variance_alone, variance_of
from howsure.statistics.difference_tests import SharedItems
from howsure.statistics.differences import DifferenceSums, TermSums
from howsure.statistics.event_sizes import Events, ItemSpread
from howsure.statistics.means import size_warnings, summed_variances
from howsure.statistics.pair_details import PairDetails, lengthened, net_wins_of
from howsure.statistics.pair_moments import (
    flip_sums,
    item_levels,
    lone_items,
    squared_differences,
    with_own_pivots,
)
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.arrays import Floats
    from howsure.statistics.block_sums import ItemSums
    from howsure.statistics.clustered_variance import VarianceChoice, VarianceEstimator
    from howsure.statistics.pair_moments import FlipSums, PairMoments


def summed_moments(sums: ItemSums, *, variance: VarianceChoice = "CR2", score: bool = True) -> PairMoments:
    """Return the moments of all pairs (M, M) if clusters are draws. See `pair_moments`."""
    term, products, events = sums.clusters.term, sums.products, _events(sums)
    found = DifferenceSums(
        difference=differences_of(sums.value),
        items=spread_of(products.squares, products.cubes, products.fourths),
        terms=(term_sums(term, 1, sums.clusters.residuals, variance, cubes=events is not None),),
        n=sums.n,
        events=events,
    )
    moments = complete_moments(found, variance, _flips(sums, score=score), score=score)
    return with_own_pivots(moments) if score else moments


def _events(sums: ItemSums) -> Events | None:
    """Return the event sizes of differences, None for single answers."""
    if sums.extremes.agree.all():
        return None
    squares = squared_differences(sums.products.squares) / sums.n + differences_of(sums.value) ** 2
    return Events.of(sums.products.apart / sums.n, squares, weighted=False)


def _flips(sums: ItemSums, *, score: bool) -> FlipSums:
    term, means = sums.clusters.term, sums.clusters.means
    moved = term.totals[:, None] * (means - item_levels(means)) / sums.n
    return flip_sums(moved, term.shares, lone_items(sums.n, clustered=True, score=score))


def alone_moments(sums: ItemSums, *, variance: VarianceChoice = "CR2", score: bool = True) -> PairMoments:
    """Return the moments of all pairs (M, M) if each item is its own draw, without flips."""
    return _alone(sums, sums.products.squares, sums.products.thirds, variance, score=score)


def within_moments(sums: ItemSums, *, variance: VarianceChoice = "CR2", score: bool = True) -> PairMoments:
    """Return the moments of all pairs (M, M) on more items of the same clusters, without flips."""
    found = _alone(sums, sums.products.inner, sums.products.inner_thirds, variance, score=score)
    found = replace(found, counted=np.zeros(()))
    return replace(found, df=free_of_strata(found.df, found.shared, int(sums.clusters.strata.max()) + 1))


def _alone(
    sums: ItemSums, products: Floats, thirds: Floats, variance: VarianceChoice, *, score: bool
) -> PairMoments:
    """Return the moments of independent items, given their squares and products, and third powers (M, M)."""
    n, squares, estimator = sums.n, squared_differences(products), variance_of(variance)
    term = Clustering(codes=None, totals=np.ones(n), total=float(n))
    inflation = float(np.max(term.inflation(estimator)))
    found = DifferenceSums(
        difference=differences_of(sums.value),
        items=ItemSpread(squares=squares, fourths=squares) if estimator.item_part(n) else None,
        terms=(
            TermSums(
                term=term, sign=1, squares=inflation * squares, cubes=inflation * cubed_differences(thirds)
            ),
        ),
        n=n,
        events=_events(sums),
    )
    return complete_moments(found, variance, None, score=score)


def summed_limits(
    sums: ItemSums,
    moments: PairMoments,
    *,
    level: float | Floats,
    reach: float = np.inf,
    net_wins: bool = True,
    within: bool = False,
) -> tuple[Floats, Floats]:
    """Return the limits of every pair's own interval (M, M), as `pair_limits` does from the items. `within`:
    for more items of the same clusters.
    """
    if not net_wins:
        return moments.limits(level, reach)
    squares = squared_differences(sums.products.inner if within else sums.products.squares)
    wins, items = net_wins_of(moments, squares, lambda _i, _j: _effective(sums, within=within))
    return lengthened(moments, wins, items, level, reach)


def _effective(sums: ItemSums, *, within: bool) -> float:
    """Return (Σ N_g)² / Σ N_g² over the clusters, or all items if these are independent."""
    return float(sums.n) if within else sums.clusters.term.effective


@dataclass(frozen=True, kw_only=True)
class SummedPair(SharedItems):
    """Two models' sums, for a comparison. `clustered`: clusters are the draws, otherwise items. `labels` of
    the clusters.
    """

    sums: ItemSums
    clustered: bool = True
    labels: tuple[str, ...] = ()
    bounded: bool = True
    variance: VarianceEstimator = field(default_factory=CR2)

    @property
    def n(self) -> int:
        """The number of items."""
        return self.sums.n

    @property
    def n_clusters(self) -> int:
        """The number of clusters, or of items if these are the draws."""
        return len(self.sums.clusters.totals) if self.clustered else self.n

    @property
    def size(self) -> float:
        """The largest absolute score."""
        extremes = self.sums.extremes
        return float(np.abs([extremes.low, extremes.high]).max())

    @property
    def whole(self) -> bool:
        """Whether an item was entirely lost, or won."""
        return bool(self.sums.extremes.farthest.max() >= 1)

    def moments(self, *, score: bool) -> PairMoments:
        """Return the pivots of both, by the score or a plain t."""
        make = summed_moments if self.clustered else alone_moments
        return make(self.sums, variance=self.variance, score=score)

    def net_wins(self, moments: PairMoments) -> tuple[Floats, Floats]:
        """Return the net wins of both, counted in events on effective items, and these items."""
        squares = squared_differences(self.sums.products.squares)
        return net_wins_of(moments, squares, lambda _i, _j: _effective(self.sums, within=not self.clustered))

    def details(self) -> PairDetails:
        """Return the details of both models besides their difference."""
        squares, wins = self.sums.products.squares, np.rint(self.sums.products.wins).astype(np.int64)
        own = (
            summed_variances(self.sums, self.variance)
            if self.clustered
            else variance_alone(np.diagonal(squares), self.n, self.variance)
        )
        scale, unknown = math.sqrt(squares[0, 0] * squares[1, 1]), np.full((2, 2), np.nan)
        r = np.clip(squares / scale, -1, 1) if scale > ROUNDING else unknown
        several = self.clustered and self.n > 1
        alone = alone_moments(self.sums, variance=self.variance, score=False).variance if several else unknown
        return PairDetails(
            mean=np.repeat(self.sums.value[:, None], 2, axis=1),
            wins=wins,
            ties=self.n - wins - wins.T,
            correlation=np.where(np.abs(r) < ROUNDING, 0.0, r),
            unpaired_se=np.full((2, 2), math.sqrt(float(own.sum())) if self.n_clusters > 1 else math.nan),
            unclustered_se=np.sqrt(alone),
        )

    def doubts(self) -> list[ResultWarning]:
        """Warn of too few or too unequal clusters."""
        totals = self.sums.clusters.totals
        return size_warnings(totals, totals, self.plain.df, self.labels) if self.clustered else []
