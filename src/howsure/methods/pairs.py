"""All pairs of models at once, from matrix products: differences, variances, pivots and p-values.

Every pair is a mean of paired differences over the items that both answered, by the one estimator of clustered.py.
"pseudo-items" adds two items at ±1, each its own cluster (Agresti and Min 2005; see pseudo.py for their weight): the
interval is centred on the shrunken difference, the value shown is the plain one. "t" adds none.
With complete data everything comes from one M × M product of cluster sums; with missing cells see ragged.py. No loop
over pairs in either. Memory: a few arrays of M × M and one of C × M.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.methods.clustered import clusterings, degrees_of_freedom, paper_correction
from howsure.methods.moments import PairMoments, SignedTotal, flip_sums, squared_differences, with_own_pivots
from howsure.methods.pseudo import PSEUDO, pseudo_weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.methods.clustered import Clustering
    from howsure.methods.moments import FlipSums
    from howsure.options import Variance

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def pair_moments(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: Variance = "CR2",
    pseudo_items: bool = True,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M); NaN marks an item that a model has no score for."""
    from howsure.methods import ragged

    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    pseudo = PSEUDO if pseudo_items else 0
    compute = ragged.ragged_moments if np.isnan(x).any() else _complete
    return compute(x, clusters, w, variance, pseudo)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pull:
    """What pseudo-items do to every pair (M, M): their weight, the shrunken centre, and how far it moved."""

    unit: Floats
    centre: Floats
    shift: Floats


def _complete(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance, pseudo: int) -> PairMoments:
    n, n_models = x.shape
    shape = (n_models, n_models)
    means = w @ x / n
    residuals = (x - means) * w[:, None]
    difference = means[:, None] - means[None, :]
    difference[np.abs(difference) <= 8 * np.finfo(float).eps * np.abs(means).max(initial=0.0)] = 0.0  # rounding
    terms = [(term, sign, term.sums(residuals)) for term, sign in clusterings(codes, w)]
    plain = SignedTotal.zeros(shape)
    for term, sign, sums in terms:
        plain.add(sign, squared_differences(_product(sums, term.inflation(variance))))
    squares = plain.value / n**2 + _of_paper(x, w, variance)
    units = min(term.n_clusters for term, sign, _ in terms if sign > 0)
    size = max(float(term.totals @ term.totals) / n for term, sign, _ in terms if sign > 0)
    unit = pseudo_weight(squares, _item_squares(x, w), n, size) if pseudo and codes else np.ones(shape)
    added = pseudo * unit
    pull = _Pull(unit=unit, centre=difference * (n / (n + added)), shift=difference * (added / (n + added)))
    pivot = SignedTotal.zeros(shape)
    for term, sign, sums in terms:
        pivot.add(sign, _pivot_squares(sums, term.with_pseudo(pseudo), pull, variance))
    spread = np.sqrt(pivot.value + _pivot_of_paper(x, w, pull, variance)) / (n + added)
    df = degrees_of_freedom(codes, w, variance, pseudo) if units > 1 else np.nan
    moments = PairMoments(
        difference=difference,
        variance=squares if units > 1 else np.full(shape, np.nan),
        centre=pull.centre,
        spread=spread if pseudo else np.sqrt(np.maximum(squares, 0)),
        df=df + (added - pseudo) / size if variance == "CR2" else np.full(shape, df),
        shared=np.full(shape, n),
        units=np.full(shape, units),
        flips=_flip_sums(x, codes, w, pseudo),
    )
    return with_own_pivots(moments) if codes and pseudo else moments


def _product(sums: Floats, inflation: Floats | float) -> Floats:
    scaled = sums * np.sqrt(np.broadcast_to(inflation, (len(sums),)))[:, None]
    return np.asarray(scaled.T @ scaled)


def _pivot_squares(sums: Floats, term: Clustering, pull: _Pull, variance: Variance) -> Floats:
    """Sum the squared, inflated cluster sums around the shrunken centre, pseudo-items included.

    The clusters' inflation is that beside pseudo-items of weight 1, a little more than beside heavier ones.
    """
    inflation = np.broadcast_to(term.inflation(variance), (term.n_clusters,))
    linear = (inflation * term.totals) @ sums
    data = (
        squared_differences(_product(sums, inflation))
        + 2 * pull.shift * (linear[:, None] - linear[None, :])
        + pull.shift**2 * float(inflation @ term.totals**2)
    )
    return data + term.pseudo * (1 + pull.centre**2) * pull.unit**2 * term.pseudo_inflation(variance, pull.unit)


def _pivot_of_paper(x: Floats, w: Floats, pull: _Pull, variance: Variance) -> Floats | float:
    """Return what the paper's formula adds to the squares of the pivot: items and pseudo-items, n + 1 for n + 2."""
    if variance != "miller":
        return 0.0
    n = len(x)
    squares = _item_squares(x, w) + n * pull.shift**2 + PSEUDO * (1 + pull.centre**2)
    return np.asarray(squares / (n + PSEUDO - 1))


def _item_squares(x: Floats, w: Floats) -> Floats:
    """Return Σ w (d − d̄)² of every pair."""
    centred = (x - w @ x / w.sum()) * np.sqrt(w)[:, None]
    return squared_differences(centred.T @ centred)


def _of_paper(x: Floats, w: Floats, variance: Variance) -> Floats | float:
    """Return what the paper's formula adds to the variance of every pair."""
    correction = paper_correction(x, w, variance)
    return squared_differences(correction) if isinstance(correction, np.ndarray) else 0.0


def _flip_sums(x: Floats, codes: Sequence[Ints], w: Floats, pseudo: int) -> FlipSums | None:
    if len(codes) > 1:
        return None
    n = len(x)
    term = clusterings(codes, w)[0][0]
    sums = term.sums(w[:, None] * (x - x.mean(axis=1, keepdims=True))) / n
    return flip_sums(sums, term.totals / n, np.full(pseudo, 1 / n))
