"""All pairs of models at once, from matrix products: differences, variances, pivots and p-values.

Every pair is a mean of paired differences over the items that both answered, by the one estimator of clustered.py.
"pseudo-items" adds two items at ±1, each its own cluster (Agresti and Min 2005, carried over to clusters): the
interval is centred on the shrunken difference, the value shown is the plain one. "t" adds none.
With complete data everything comes from one M × M product of cluster sums; with missing cells, from one such product
per cluster, so that each pair uses just what it shares. No loop over pairs in either.
Memory: a few arrays of M × M and one of C × M.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from howsure.methods import intervals
from howsure.methods.clustered import clusterings, covariance, degrees_of_freedom, paper_correction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.methods.clustered import Clustering
    from howsure.options import Variance

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PSEUDO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMoments:
    """The paired difference of every two models: arrays (M, M), entry [i, j] is about i − j.

    `difference`: plain; `variance`: its plain variance; `centre`, `spread`: the pivot's centre and standard error;
    `df`: degrees of freedom of the pivot; `weight`: shared weight; `shared`: items that both answered.
    `covariance`: of the model means, for simulating them together.
    """

    difference: Floats
    variance: Floats
    centre: Floats
    spread: Floats
    df: Floats
    weight: Floats
    shared: Ints
    covariance: Floats

    def take(self, models: Sequence[int]) -> PairMoments:
        """Return the same for these models, in this order."""
        at = np.ix_(models, models)
        return PairMoments(**{field.name: getattr(self, field.name)[at] for field in fields(self)})

    @property
    def t(self) -> Floats:
        """The pivot under "no difference", NaN where it doesn't exist, 0 where there is no difference at all."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.centre / self.spread
        same = (self.centre == 0) & (self.spread == 0)
        ratio = np.where(same, 0.0, ratio)
        return np.where(np.isfinite(self.df) | np.isposinf(self.df), ratio, np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided p-values, 1 on the diagonal."""
        p = intervals.t_p_value(self.t, self.df)
        np.fill_diagonal(p, 1.0)
        return p


def pair_moments(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: Variance = "CR2",
    pseudo_items: bool = True,
) -> PairMoments:
    """Compute all pairs of the columns of x (n, M); NaN marks an item that a model has no score for."""
    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    pseudo = PSEUDO if pseudo_items else 0
    if np.isnan(x).any():
        return _ragged(x, clusters, w, variance, pseudo)
    return _complete(x, clusters, w, variance, pseudo)


def _complete(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance, pseudo: int) -> PairMoments:
    n, n_models = x.shape
    means = w @ x / n
    residuals = (x - means) * w[:, None]
    plain = np.zeros((n_models, n_models))
    pivot = np.zeros((n_models, n_models))
    difference = means[:, None] - means[None, :]
    shift = difference * (pseudo / (n + pseudo))
    for term, sign in clusterings(codes, w):
        sums = term.sums(residuals)
        plain += sign * _of_differences(_product(sums, term.inflation(variance)))
        pivot += sign * _pivot_squares(sums, term.with_pseudo(pseudo), shift, difference - shift, variance)
    correction = paper_correction(x, w, variance)
    plain = plain / n**2 + (_of_differences(correction) if isinstance(correction, np.ndarray) else 0.0)
    df = degrees_of_freedom(codes, w, variance, pseudo)
    lone = min(term.n_clusters for term, sign in clusterings(codes, w) if sign > 0) < 2
    spread = np.sqrt(np.maximum(pivot, 0)) / (n + pseudo) if pseudo else np.sqrt(np.maximum(plain, 0))
    return PairMoments(
        difference=difference,
        variance=np.full_like(plain, np.nan) if lone else np.maximum(plain, 0),
        centre=difference - shift,
        spread=spread,
        df=np.full((n_models, n_models), np.nan if lone else df),
        weight=np.full((n_models, n_models), float(n)),
        shared=np.full((n_models, n_models), n),
        covariance=covariance(x, w, codes, variance),
    )


def _product(sums: Floats, inflation: Floats | float) -> Floats:
    scaled = sums * np.sqrt(np.broadcast_to(inflation, (len(sums),)))[:, None]
    return np.asarray(scaled.T @ scaled)


def _of_differences(product: Floats) -> Floats:
    """Turn Σ e_i e_j into Σ (e_i − e_j)²; cancellation is clipped where two columns are the same."""
    own = np.diagonal(product)
    squares = own[:, None] + own[None, :] - 2 * product
    squares[np.abs(squares) < 1e-12 * (own[:, None] + own[None, :])] = 0.0
    return squares


def _pivot_squares(sums: Floats, term: Clustering, shift: Floats, centre: Floats, variance: Variance) -> Floats:
    """Sum the squared, inflated cluster sums around the shrunken centre, pseudo-items included."""
    inflation = np.broadcast_to(term.inflation(variance), (term.n_clusters,))
    linear = (inflation * term.totals) @ sums
    data = (
        _of_differences(_product(sums, inflation))
        + 2 * shift * (linear[:, None] - linear[None, :])
        + shift**2 * float(inflation @ term.totals**2)
    )
    return data + term.pseudo * (1 + centre**2) * term.pseudo_inflation(variance)


@np.errstate(divide="ignore", invalid="ignore")  # pairs that share too little come out NaN
def _ragged(x: Floats, codes: Sequence[Ints], w: Floats, variance: Variance, pseudo: int) -> PairMoments:
    mask = (~np.isnan(x)).astype(float)
    filled = np.nan_to_num(x)
    weighted = w[:, None] * mask
    weight = weighted.T @ mask
    sums = (w[:, None] * filled).T @ mask
    difference = (sums - sums.T) / weight
    centre = difference * weight / (weight + pseudo)
    shape = weight.shape
    plain, pivot, df, units = np.zeros(shape), np.zeros(shape), np.full(shape, np.inf), np.full(shape, np.inf)
    for term, sign in clusterings(codes, w):
        parts = _RaggedSums.of(term, filled, mask, w)
        plain += sign * parts.squares(difference, weight, variance, 0)
        pivot += sign * parts.squares(centre, weight, variance, pseudo)
        if sign > 0:
            df = np.minimum(df, parts.df(weight, variance, pseudo))
            units = np.minimum(units, parts.units)
    plain = plain / weight**2 + _ragged_correction(filled, mask, w, difference, variance)
    spread = np.sqrt(np.maximum(pivot, 0)) / (weight + pseudo) if pseudo else np.sqrt(np.maximum(plain, 0))
    return PairMoments(
        difference=difference,
        variance=np.where(units < 2, np.nan, np.maximum(plain, 0)),
        centre=centre,
        spread=spread,
        df=np.where(units < 2, np.nan, df),
        weight=weight,
        shared=np.rint(mask.T @ mask).astype(np.int64),
        covariance=_ragged_covariance(filled, mask, codes, w, variance),
    )


@dataclass(frozen=True, slots=True)
class _RaggedSums:
    """Per cluster, the shared weight and the summed differences of every pair, streamed twice rather than stored."""

    clusters: list[NDArray[np.intp]] | None
    filled: Floats
    mask: Floats
    w: Floats
    units: Floats

    @classmethod
    def of(cls, term: Clustering, filled: Floats, mask: Floats, w: Floats) -> _RaggedSums:
        if term.codes is None:
            rows = None if np.all(w == 1) else [np.array([k]) for k in range(len(w))]
            units = mask.T @ mask
        else:
            order = np.argsort(term.codes, kind="stable")
            rows = np.split(order, np.cumsum(np.bincount(term.codes))[:-1])
            present = np.stack([mask[r].T @ mask[r] > 0 for r in rows])
            units = present.sum(axis=0).astype(float)
        return cls(clusters=rows, filled=filled, mask=mask, w=w, units=units)

    def squares(self, centre: Floats, weight: Floats, variance: Variance, pseudo: int) -> Floats:
        """Sum (D_g − W_g·centre)², inflated, over clusters and pseudo-items."""
        whole = weight + pseudo
        lone = 1 / (1 - 1 / whole)
        flat = (self.units + pseudo) / (self.units + pseudo - 1)
        if self.clusters is None:
            total = self.single_squares(centre) * (lone if variance == "CR2" else 1.0)
        else:
            total = np.zeros_like(weight)
            for rows in self.clusters:
                held, summed = self._cluster(rows)
                inflation = 1 / (1 - held / whole) if variance == "CR2" else 1.0
                total += np.where(held > 0, (summed - held * centre) ** 2 * inflation, 0.0)
        if variance == "CR1":
            total *= flat
        extra = lone if variance == "CR2" else flat if variance == "CR1" else 1.0
        return total + pseudo * (1 + centre**2) * extra

    def df(self, weight: Floats, variance: Variance, pseudo: int) -> Floats:
        """Return the degrees of freedom of every pair (M, M)."""
        if variance == "miller":
            return np.full(weight.shape, np.inf)
        if variance == "CR1":
            return self.units + pseudo - 1
        whole = weight + pseudo
        q2 = a1 = a2 = np.zeros(weight.shape)
        lone = 1 / whole
        lone_a = lone**2 / (1 - lone)
        if self.clusters is None:
            count = self.units + pseudo
            return 1 / (count * lone**2 + (count * lone_a) ** 2 - count * lone_a**2)
        for rows in self.clusters:
            q = self._cluster(rows)[0] / whole
            a = q**2 / (1 - q)
            q2, a1, a2 = q2 + q**2, a1 + a, a2 + a**2
        return 1 / (q2 + pseudo * lone**2 + (a1 + pseudo * lone_a) ** 2 - (a2 + pseudo * lone_a**2))

    def _cluster(self, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return the shared weight and the summed differences of one cluster."""
        mask, w = self.mask[rows], self.w[rows, None]
        summed = (w * self.filled[rows]).T @ mask
        return (w * mask).T @ mask, summed - summed.T

    def single_squares(self, centre: Floats) -> Floats:
        """Return Σ w (d_k − centre)² over shared items, from four products."""
        weighted = self.w[:, None] * self.filled
        squares = (weighted * self.filled).T @ self.mask
        linear = weighted.T @ self.mask
        data = squares + squares.T - 2 * (weighted.T @ self.filled)
        weight = (self.w[:, None] * self.mask).T @ self.mask
        result = data - 2 * centre * (linear - linear.T) + centre**2 * weight
        return np.where(np.abs(result) < 1e-12 * (squares + squares.T), 0.0, np.maximum(result, 0.0))


def _ragged_correction(
    filled: Floats, mask: Floats, w: Floats, difference: Floats, variance: Variance
) -> Floats | float:
    if variance != "miller":
        return 0.0
    shared = mask.T @ mask
    squares = _RaggedSums(None, filled, mask, w, shared).single_squares(difference)
    return squares * (1 / (shared - 1) - 1 / shared) / shared


def _ragged_covariance(filled: Floats, mask: Floats, codes: Sequence[Ints], w: Floats, variance: Variance) -> Floats:
    """Return the covariance of the model means, each over its own items: for correlations between pairs only."""
    weight = w @ mask
    means = (w @ filled) / weight
    residuals = w[:, None] * (filled - means) * mask / weight
    result = np.zeros((filled.shape[1], filled.shape[1]))
    for term, sign in clusterings(codes, w):
        result += sign * _product(term.sums(residuals), term.inflation(variance))
    return result
