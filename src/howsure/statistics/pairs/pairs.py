"""All pairs of models at once, from matrix products: differences, variances, pivots and p-values.

Every pair is a mean of paired differences over the items that both answered, by the one estimator of clustered.py.
"pseudo-items" adds two items at ±1, each its own cluster (Agresti and Min 2005; see pseudo.py for their weight): the
interval is centred on the shrunken difference, the value shown is the plain one. "t" adds none.
With complete data everything comes from one M × M product of cluster sums; with missing cells see ragged.py. No loop
over pairs in either. Memory: a few arrays of M × M and one of C × M.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import Clustering, clusterings
from howsure.statistics.pairs.differences import DifferenceSums, TermSums, pivots
from howsure.statistics.pairs.moments import FlipSums, PairMoments, flip_sums, squared_differences, with_own_pivots
from howsure.statistics.pairs.pseudo import PSEUDO, ItemSpread

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
    pseudo_items: bool = True,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M); NaN marks an item that a model has no score for."""
    from howsure.statistics.pairs import ragged

    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    pseudo = PSEUDO if pseudo_items else 0
    compute = ragged.ragged_moments if np.isnan(x).any() else _complete
    return compute(x, clusters, w, variance, pseudo)


def _complete(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance, pseudo: int) -> PairMoments:
    n, n_models = x.shape
    sums = _difference_sums(x, codes, w, variance)
    found = pivots(sums, variance, pseudo)
    moments = PairMoments(
        difference=sums.difference,
        variance=found.variance,
        centre=found.centre,
        spread=found.spread,
        df=found.df,
        shared=np.full((n_models, n_models), n),
        units=np.full((n_models, n_models), sums.units),
        flips=_flip_sums(x, codes, w, pseudo),
    )
    return with_own_pivots(moments) if codes and pseudo else moments


def _difference_sums(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance) -> DifferenceSums:
    n = len(x)
    means = w @ x / n
    residuals = (x - means) * w[:, None]
    difference = means[:, None] - means[None, :]
    difference[np.abs(difference) <= 8 * np.finfo(float).eps * np.abs(means).max(initial=0.0)] = 0.0  # rounding
    terms = tuple(_term_sums(term, sign, residuals, variance) for term, sign in clusterings(codes, w))
    items = _item_spread(x - means, w) if codes or variance == "miller" else None
    return DifferenceSums(difference=difference, items=items, terms=terms, n=n)


def _item_spread(centred: Floats, w: Floats) -> ItemSpread:
    """Return Σ w (d − d̄)² and Σ w (d − d̄)⁴ of all pairs, from three products."""
    root = np.sqrt(w)[:, None]
    scaled, squared = centred * root, centred**2 * root
    cubes, mixed = (squared * scaled).T @ centred, squared.T @ squared
    own = np.diagonal(mixed)
    fourths = own[:, None] + own[None, :] - 4 * (cubes + cubes.T) + 6 * mixed
    return ItemSpread(squares=squared_differences(scaled.T @ scaled), fourths=np.maximum(fourths, 0.0))


def _term_sums(term: Clustering, sign: int, residuals: Floats, variance: Variance) -> TermSums:
    sums = term.sums(residuals)
    beside = np.broadcast_to(term.with_pseudo(PSEUDO).inflation(variance), (term.n_clusters,))
    linear = (beside * term.totals) @ sums
    return TermSums(
        term=term,
        sign=sign,
        plain=squared_differences(_product(sums, term.inflation(variance))),
        beside=squared_differences(_product(sums, beside)),
        linear=linear[:, None] - linear[None, :],
    )


def _product(sums: Floats, inflation: Floats | float) -> Floats:
    scaled = sums * np.sqrt(np.broadcast_to(inflation, (len(sums),)))[:, None]
    return np.asarray(scaled.T @ scaled)


def _flip_sums(x: Floats, codes: Sequence[Ints], w: Floats, pseudo: int) -> FlipSums | None:
    if len(codes) > 1:
        return None
    n = len(x)
    term = clusterings(codes, w)[0][0]
    sums = term.sums(w[:, None] * (x - x.mean(axis=1, keepdims=True))) / n
    return flip_sums(sums, term.totals / n, np.full(pseudo, 1 / n))
