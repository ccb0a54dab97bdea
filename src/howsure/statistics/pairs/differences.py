"""From sums over clusters to the variance and the pivot of differences, element by element.

The arrays are of any shape: (M, M) for all pairs of a board (pairs.py), (T,) for many single differences, as the
calibration has them. The algebra is the same, and it is here only. For missing cells see ragged.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import Clustering, degrees_of_freedom_of
from howsure.statistics.pairs.moments import signed_total
from howsure.statistics.pairs.pseudo import PSEUDO, ClusterSizes, ItemSpread, pseudo_weight

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Variance


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSums:
    """What one clustering adds to the variance: `sign` +1, or −1 for the intersection of two clusterings.

    e_g: a difference's residual sum in cluster g. `plain`: Σ inflation · e_g²; `beside`: the same with the inflation
    that clusters have beside pseudo-items of weight 1; `linear`: Σ of that inflation · W_g · e_g.
    """

    term: Clustering
    sign: int
    plain: Floats
    beside: Floats
    linear: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSums:
    """Differences over n items of weight 1 on average: their means, how they spread over items, and cluster sums.

    `items` None: not needed, where every item is its own cluster.
    """

    difference: Floats
    items: ItemSpread | None
    terms: tuple[TermSums, ...]
    n: int

    @property
    def own(self) -> tuple[TermSums, ...]:
        """The clusterings themselves, without their intersection."""
        return tuple(part for part in self.terms if part.sign > 0)

    @property
    def units(self) -> int:
        """The number of clusters, the smaller one of two."""
        return min(part.term.n_clusters for part in self.own)

    @property
    def cluster_size(self) -> float:
        """The average size of a cluster, Σ W_g² / n, the larger one of two; 1 where each item is its own."""
        if self.units == self.n:
            return 1.0
        return max(float(part.term.totals @ part.term.totals) / self.n for part in self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivots:
    """The plain variance of every difference, and its pivot: centre, spread and degrees of freedom."""

    variance: Floats
    centre: Floats
    spread: Floats
    df: Floats


def pivots(sums: DifferenceSums, variance: Variance, pseudo: int) -> Pivots:
    """Return the pivots of differences; `pseudo`: how many pseudo-items are added, 0 or 2."""
    shape, n, difference = sums.difference.shape, sums.n, sums.difference
    squares = signed_total((part.plain, part.sign) for part in sums.terms) / n**2
    if variance == "miller" and sums.items is not None:  # its within-item part divides by n − 1
        squares = squares + sums.items.squares * (1 / (n - 1) - 1 / n) / n if n > 1 else np.full(shape, np.nan)
    if sums.units < 2:
        nothing = np.full(shape, np.nan)
        return Pivots(variance=nothing, centre=difference, spread=nothing, df=nothing)
    df = np.full(shape, degrees_of_freedom_of([part.term for part in sums.own], variance, pseudo))
    if not pseudo:
        return Pivots(variance=squares, centre=difference, spread=np.sqrt(np.maximum(squares, 0)), df=df)
    size, unit = sums.cluster_size, np.ones(shape)
    if size > 1 and sums.items is not None:
        clusters = ClusterSizes(average=np.asarray(size), count=np.asarray(sums.units))
        unit = pseudo_weight(squares, sums.items, n, clusters)
    added = pseudo * unit
    shift = difference * (added / (n + added))
    centre = difference - shift
    around = signed_total((_squares_beside(part, shift, centre, unit, variance), part.sign) for part in sums.terms)
    if variance == "miller" and sums.items is not None:
        around = around + (sums.items.squares + n * shift**2 + PSEUDO * (1 + centre**2)) / (n + PSEUDO - 1)
    heavier = (added - pseudo) / size if variance == "CR2" else 0.0
    return Pivots(variance=squares, centre=centre, spread=np.sqrt(around) / (n + added), df=df + heavier)


def _squares_beside(part: TermSums, shift: Floats, centre: Floats, unit: Floats, variance: Variance) -> Floats:
    """Sum the squared, inflated cluster sums around the shrunken centre, pseudo-items of weight `unit` included.

    The clusters' inflation is that beside pseudo-items of weight 1, a little more than beside heavier ones.
    """
    term = part.term.with_pseudo(PSEUDO)
    inflation = np.broadcast_to(term.inflation(variance), (term.n_clusters,))
    data = part.beside + 2 * shift * part.linear + shift**2 * float(inflation @ term.totals**2)
    return np.asarray(data + PSEUDO * (1 + centre**2) * unit**2 * term.pseudo_inflation(variance, unit))


def column_sums(
    sums: Floats, totals: Floats, items: ItemSpread, term: Clustering, variance: Variance
) -> DifferenceSums:
    """Prepare T single differences from their cluster sums (C, T), the clusters' items (C,) and their spread (T,)."""
    n = float(totals.sum())
    difference = sums.sum(axis=0) / n
    residuals = sums - totals[:, None] * difference
    inflation = np.broadcast_to(term.inflation(variance), (len(totals),))
    beside = np.broadcast_to(term.with_pseudo(PSEUDO).inflation(variance), (len(totals),))
    part = TermSums(
        term=term,
        sign=1,
        plain=inflation @ residuals**2,
        beside=beside @ residuals**2,
        linear=(beside * totals) @ residuals,
    )
    return DifferenceSums(difference=difference, items=items, terms=(part,), n=round(n))
