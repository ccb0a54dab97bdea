"""From sums over clusters to the variance and the pivot of differences, element by element.

The arrays are of any shape: (M, M) for all pairs of a board (pairs.py), (T,) for many single differences, as
the calibration has them. The algebra is the same, and it is here only. For missing cells see ragged.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import Clustering, signed_total, variance_of
from howsure.statistics.pairs.evidence import ClusterSizes, Events, ItemSpread, event_worth
from howsure.statistics.pairs.score import Pivots, plain_pivots
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import VarianceChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSums:
    """What one clustering adds to the variance: `sign` +1, or −1 for the intersection of two clusterings.

    `squares`: Σ inflation · e_g², e_g a difference's residual sum in cluster g; `cubes`: Σ inflation · e_g³,
    of averages.
    """

    term: Clustering
    sign: int
    squares: Floats
    cubes: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSums:
    """Differences over n items of weight 1 on average: their means, how they spread over items, and cluster
    sums.

    `items` None: not needed, where every item is its own cluster and weighs as much as any other. `crowd`: Σ
    w² / n. `events`: what averages count as, None of single answers; `moved`: strata had their own means
    taken from the scores (strata.py).
    """

    difference: Floats
    items: ItemSpread | None
    terms: tuple[TermSums, ...]
    n: int
    crowd: float = 1.0
    events: Events | None = None
    moved: bool = False

    @property
    def own(self) -> tuple[TermSums, ...]:
        """The clusterings themselves, without their intersection."""
        return tuple(part for part in self.terms if part.sign > 0)

    @property
    def units(self) -> int:
        """The number of clusters, the smaller one of two."""
        return min(part.term.n_clusters for part in self.own)

    @property
    def skew(self) -> Floats:
        """Half of what a skewed distribution of cluster sums adds to the variance of a mean for each unit
        that it moves.

        A distribution that is tilted to another mean has its third moment as the slope of its variance; by
        half of that errors of the first kind come out right (docs/decisions/0022-score.md).
        """
        cubes, squares = (
            sum(np.asarray(part) for part in each)
            for each in zip(*[(t.cubes, t.squares) for t in self.own], strict=True)
        )
        return np.divide(cubes, 2 * self.n * squares, out=np.zeros(self.difference.shape), where=squares > 0)

    @property
    def cluster_size(self) -> float:
        """The average size of a cluster, Σ W_g² / n, the larger one of two; 1 where each item is its own."""
        if self.units == self.n:
            return 1.0
        return max(float(part.term.totals @ part.term.totals) / self.n for part in self.own)


def pivots(sums: DifferenceSums, variance: VarianceChoice, *, score: bool) -> Pivots:
    """Return the pivots of differences: score pivots, or those of a plain t."""
    shape, n, items, estimator = sums.difference.shape, sums.n, sums.items, variance_of(variance)
    squares = signed_total((part.squares, part.sign) for part in sums.terms) / n**2
    part = float(estimator.item_part(n))
    if part and items is not None:
        squares = squares + part * items.squares / n
    if sums.units < 2:
        nothing = np.full(shape, np.nan)
        return plain_pivots(sums.difference, nothing, nothing)
    df = min(part.term.df(estimator) for part in sums.own)
    if not score:
        return plain_pivots(sums.difference, squares, df)
    single = float(estimator.inflation(np.array(1 / n), n))
    spread = items.squares / n if items is not None else squares * n / single
    found = Pivots(
        difference=sums.difference,
        variance=squares,
        df=np.full(shape, df),
        item_variance=np.asarray(spread),
        room=_event_worth(sums, squares) * sums.crowd / n,
        added=np.zeros(shape),
        counted=np.asarray(float(sums.units == n and not sums.moved and sums.crowd < 1 + ROUNDING)),
    )
    return found if sums.events is None else found.of_events(sums.events, sums.skew)


def _event_worth(sums: DifferenceSums, squares: Floats) -> Floats:
    """Return how many items an event is worth."""
    size = sums.cluster_size
    if size <= 1 or sums.items is None:
        return np.ones(sums.difference.shape)
    return event_worth(
        squares, sums.items, sums.n, ClusterSizes(average=np.asarray(size), count=np.asarray(sums.units))
    )


def column_sums(
    sums: Floats,
    totals: Floats,
    items: ItemSpread,
    term: Clustering,
    variance: VarianceChoice,
    *,
    events: Events | None = None,
) -> DifferenceSums:
    """Prepare T single differences from their cluster sums (C, T), the clusters' items (C,), their spread
    (T,) and what they count as.
    """
    n = float(totals.sum())
    difference = sums.sum(axis=0) / n
    residuals = sums - totals[:, None] * difference
    inflation = term.inflation(variance)
    cubes = None if events is None else inflation @ residuals**3
    part = TermSums(term=term, sign=1, squares=inflation @ residuals**2, cubes=cubes)
    return DifferenceSums(difference=difference, items=items, terms=(part,), n=round(n), events=events)
