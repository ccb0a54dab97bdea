"""All pairs of models at once, from matrix products: differences, variances, pivots and p-values.

Every pair is a mean of paired differences over the items that both answered, by the one estimator of clustered.py.
"score" tests and bounds each by the score pivot (score.py), "t" by a plain t.
With complete data everything comes from one M × M product of cluster sums; with missing cells see ragged.py. No loop
over pairs in either. Memory: a few arrays of M × M and one of C × M.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import products
from howsure.statistics.means.clustered import Clustering, clusterings
from howsure.statistics.pairs.differences import DifferenceSums, TermSums, pivots
from howsure.statistics.pairs.evidence import ItemSpread
from howsure.statistics.pairs.moments import (
    FlipSums,
    PairMoments,
    flip_sums,
    item_levels,
    lone_items,
    squared_differences,
    with_own_pivots,
)
from howsure.statistics.pairs.score import Pivots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Variance


def pair_moments(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: Variance = "CR2",
    score: bool = True,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M); NaN marks an item that a model has no score for.

    `score`: by the score pivot, which needs scores in [0, 1]; else by a plain t.
    """
    from howsure.statistics.pairs import ragged

    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    compute = ragged.ragged_moments if np.isnan(x).any() else _complete
    return compute(x, clusters, w, variance, score=score)


def _complete(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance, *, score: bool) -> PairMoments:
    flips = _flip_sums(x, codes, w, score=score)
    found = complete_moments(_difference_sums(x, codes, w, variance), variance, flips, score=score)
    return with_own_pivots(found) if codes and score else found


def complete_moments(sums: DifferenceSums, variance: Variance, flips: FlipSums | None, *, score: bool) -> PairMoments:
    """Return the moments of pairs that share all their items, from their sums (M, M)."""
    found = pivots(sums, variance, score=score)
    shape = sums.difference.shape
    return PairMoments(
        **{field.name: getattr(found, field.name) for field in fields(Pivots)},
        shared=np.full(shape, sums.n),
        units=np.full(shape, sums.units),
        flips=flips,
    )


def _difference_sums(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance) -> DifferenceSums:
    n = len(x)
    means = w @ x / n
    centred = x - means
    residuals = _times(centred, w)
    terms = tuple(term_sums(term, sign, term.sums(residuals), variance) for term, sign in clusterings(codes, w))
    weighted = bool(np.ptp(w) > 0)
    items = _item_spread(centred, w) if codes or weighted or variance == "miller" else None
    return DifferenceSums(difference=differences_of(means), items=items, terms=terms, n=n, crowd=float(w @ w) / n)


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


def term_sums(term: Clustering, sign: int, sums: Floats, variance: Variance) -> TermSums:
    """Return what one clustering adds to the variance, from the residual sums of its clusters (C, M)."""
    product = _product(sums, term.inflation(variance))
    return TermSums(term=term, sign=sign, squares=squared_differences(product))


def _product(sums: Floats, inflation: Floats | float) -> Floats:
    scaled = sums * np.sqrt(np.broadcast_to(inflation, (len(sums),)))[:, None]
    return np.asarray(scaled.T @ scaled)


def _flip_sums(x: Floats, codes: Sequence[Ints], w: Floats, *, score: bool) -> FlipSums | None:
    if len(codes) > 1:
        return None
    n = len(x)
    term = clusterings(codes, w)[0][0]
    sums = term.sums(_times(x - item_levels(x), w)) / n
    room = float(w @ w) / n**2 if score and not codes else 0.0
    return flip_sums(sums, term.totals / n, lone_items(n, clustered=bool(codes), score=score), room)
