"""All pairs of models at once, from matrix products: differences, variances, pivots and p-values.

Every pair is a mean of paired differences over the items that both answered, by the one estimator of
clustered.py. "score" tests and bounds each by the score pivot (score.py), "t" by a plain t. With complete
data everything comes from one M × M product of cluster sums; with missing cells see ragged.py. No loop over
pairs in either. Memory: a few arrays of M × M and one of C × M.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.arrays import products
from howsure.statistics.means.clustered import Clustering, clusterings, variance_of
from howsure.statistics.pairs.differences import DifferenceSums, TermSums, pivots
from howsure.statistics.pairs.evidence import Events, ItemSpread
from howsure.statistics.pairs.moments import (
    FlipSums,
    PairMoments,
    flips_of,
    squared_differences,
    with_own_pivots,
)
from howsure.statistics.pairs.score import Pivots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import VarianceChoice


def pair_moments(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: VarianceChoice = "CR2",
    score: bool = True,
    unmoved: Floats | None = None,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M); NaN marks an item that a model has no score for.

    `score`: by the score pivot, which needs scores in [0, 1]; else by a plain t. `unmoved` (n, M): the scores
    as they were before strata had their own means taken (strata.py).
    """
    from howsure.statistics.pairs import ragged

    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    events = events_of(x if unmoved is None else unmoved, w) if score else None
    moved = unmoved is not None
    if np.isnan(x).any():
        return ragged.ragged_moments(x, clusters, w, variance, score=score, events=events, moved=moved)
    room = float(w @ w) / n**2 if score and not clusters and events is None else 0.0
    sums = replace(_difference_sums(x, clusters, w, variance, events), moved=moved)
    found = complete_moments(sums, variance, flips_of(x, clusters, w, score=score, room=room), score=score)
    return with_own_pivots(found) if score and (clusters or events) else found


def events_of(x: Floats, w: Floats) -> Events | None:
    """Return what the differences of every two columns (n, M) count as on the items that both have; None of
    single answers of equal weight.
    """
    has = ~np.isnan(x)
    weighted = bool(np.ptp(w) > 0)
    if not weighted and np.isin(x[has], (0.0, 1.0)).all():
        return None
    if has.all():
        apart, squares = (
            scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(x.T, name, w=w)) / w.sum()
            for name in ("cityblock", "sqeuclidean")
        )
        return Events.of(apart, squares, weighted=weighted)
    both = (w[:, None] * has).T @ has.astype(float)
    apart, squares = np.zeros_like(both), np.zeros_like(both)
    for column in range(x.shape[1]):
        away = np.abs(np.nan_to_num(x - x[:, column, None]))
        apart[column], squares[column] = w @ away, w @ away**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return Events.of(np.nan_to_num(apart / both), np.nan_to_num(squares / both), weighted=weighted)


def complete_moments(
    sums: DifferenceSums, variance: VarianceChoice, flips: FlipSums | None, *, score: bool
) -> PairMoments:
    """Return the moments of pairs that share all their items, from their sums (M, M)."""
    found = pivots(sums, variance, score=score)
    shape = sums.difference.shape
    return PairMoments(
        **{field.name: getattr(found, field.name) for field in fields(Pivots)},
        shared=np.full(shape, sums.n),
        units=np.full(shape, sums.units),
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


def differences_of(means: Floats) -> Floats:
    """Return the difference of every two means (M, M), 0 where it is only rounding."""
    difference = means[:, None] - means[None, :]
    difference[np.abs(difference) <= 8 * np.finfo(float).eps * np.abs(means).max(initial=0.0)] = 0.0
    return difference


def _item_spread(centred: Floats, w: Floats) -> ItemSpread:
    """Return Σ w (d − d̄)² and Σ w (d − d̄)⁴ of all pairs, from three products."""
    root = np.sqrt(w)
    scaled, squared = _times(centred, root), _times(centred**2, root)
    return spread_of(*products((scaled, scaled), (squared * scaled, centred), (squared, squared)))


def _times(x: Floats, w: Floats) -> Floats:
    """Return x (n, M) with each row times its weight: x itself where all are 1."""
    return x if (w == 1).all() else x * w[:, None]


def spread_of(squares: Floats, cubes: Floats, fourths: Floats) -> ItemSpread:
    """Return how differences spread from Σ c_i c_j, Σ c_i³ c_j and Σ c_i² c_j² of centred scores (M, M)."""
    own = np.diagonal(fourths)
    found = own[:, None] + own[None, :] - 4 * (cubes + cubes.T) + 6 * fourths
    return ItemSpread(squares=squared_differences(squares), fourths=np.maximum(found, 0.0))


def term_sums(
    term: Clustering, sign: int, sums: Floats, variance: VarianceChoice, *, cubes: bool = False
) -> TermSums:
    """Return what one clustering adds to the variance, from the residual sums of its clusters (C, M);
    `cubes`: their third powers as well.
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
