"""Corrections of p-values for their number: Holm, Benjamini–Hochberg, and the step-down max-t over all pairs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 10_000
BLOCK_CELLS = 1_000_000
STRIDE = 64
THREADS = 2
NEVER_DRAWN = 7.0
"""A normal deviate this large doesn't come up among 10,000 draws of a million pairs (chance 0.03)."""


def holm(p: Floats) -> Floats:
    """Holm's (1979) step-down correction of p-values (K,): controls the chance of any false finding."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _back(np.minimum(stepped, 1.0), order)


def benjamini_hochberg(p: Floats) -> Floats:
    """Benjamini and Hochberg's (1995) step-up correction of p-values (K,): controls the share of false findings."""
    order = np.argsort(p)
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _back(np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0), order)


def max_t(p: Floats, covariance: Floats, *, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Step-down correction of all pairs at once, using how they hang together (Romano and Wolf 2005).

    p (M, M): two-sided p-values of the pairs, NaN where a pair can't be compared; covariance (M, M) of the model
    means. Means are drawn from a normal with this covariance; a pair counts as extreme by its p-value, so that pairs
    with different degrees of freedom stand on one scale, and one pair alone keeps its p-value.
    Returns adjusted p-values (M, M). Memory: draws × M means and, per thread, a
    block of about a million pair differences.
    """
    first, second = np.triu_indices(len(p), 1)
    raw = p[first, second]
    usable = np.flatnonzero(np.isfinite(raw))
    adjusted = np.full(p.shape, np.nan)
    np.fill_diagonal(adjusted, 1.0)
    if len(usable):
        order = usable[np.argsort(raw[usable], kind="stable")]
        stepped = _step_down(raw[order], covariance, first[order], second[order], rng=rng, draws=draws)
        adjusted[first[order], second[order]] = adjusted[second[order], first[order]] = stepped
    return adjusted


def _step_down(
    p: Floats,
    covariance: Floats,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    *,
    rng: np.random.Generator,
    draws: int,
) -> Floats:
    """Adjust sorted p-values (K,): the k-th is compared with the largest of the pairs that are left at step k."""
    root = _root(covariance)
    variances = np.diagonal(covariance)
    spread = np.sqrt(np.maximum(variances[first] + variances[second] - 2 * covariance[first, second], 0))
    scale = np.divide(1.0, spread, out=np.zeros(len(p)), where=spread > 1e-9 * np.sqrt(variances.max(initial=0.0)))
    observed = -special.ndtri(np.maximum(p, 1e-300) / 2)
    clear = int((observed > NEVER_DRAWN).sum())
    pairs = (first[clear:], second[clear:])
    scaled = (scale[clear:].astype(np.float32), observed[clear:].astype(np.float32))
    means = root @ rng.standard_normal((root.shape[1], draws), dtype=np.float32)
    size = STRIDE * max(BLOCK_CELLS // (STRIDE * max(len(p) - clear, 1)), 1)
    blocks = (np.ascontiguousarray(means[:, start : start + size]) for start in range(0, draws, size))
    with ThreadPoolExecutor(THREADS) as pool:
        exceed = sum(pool.map(lambda block: _exceedances(block, *pairs, *scaled), blocks), np.zeros(len(p) - clear))
    counts = np.concatenate([np.zeros(clear), exceed])
    return np.minimum(np.maximum(np.maximum.accumulate((1 + counts) / (draws + 1)), p), 1.0)


def _exceedances(
    means: NDArray[np.float32],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    scale: NDArray[np.float32],
    observed: NDArray[np.float32],
) -> NDArray[np.int64]:
    """Count, for each pair, the draws in which it or any weaker pair is as extreme as it was seen to be."""
    z = means[first]
    z -= means[second]
    np.abs(z, out=z)
    z *= scale[:, None]
    return np.asarray(np.count_nonzero(_largest_from_here(z) >= observed[:, None], axis=1))


def _largest_from_here(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return, for each row of z (K, draws), the largest value in it and the rows below.

    The same as a reversed np.maximum.accumulate, which is ten times slower along this axis: strides of rows first,
    then across strides.
    """
    rows, draws = z.shape
    padded = np.concatenate([z, np.zeros((-rows % STRIDE, draws), np.float32)]).reshape(-1, STRIDE, draws)
    for k in range(STRIDE - 2, -1, -1):
        np.maximum(padded[:, k], padded[:, k + 1], out=padded[:, k])
    later = np.maximum.accumulate(padded[::-1, 0], axis=0)[::-1]
    np.maximum(padded[:-1], later[1:, None], out=padded[:-1])
    return padded.reshape(-1, draws)[:rows]


def _root(covariance: Floats) -> NDArray[np.float32]:
    """Return a square root of a covariance matrix; what two-way clustering made negative is cut off."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)), dtype=np.float32)


def _back(values: Floats, order: NDArray[np.intp]) -> Floats:
    result = np.empty_like(values)
    result[order] = values
    return result


def adjust_matrix(
    p: Floats, covariance: Floats, method: str, *, rng: np.random.Generator, draws: int = DRAWS
) -> Floats:
    """Correct the p-values (M, M) of all pairs with the named method; NaN stays NaN."""
    if method == "none":
        return p
    if method == "max-t":
        return max_t(p, covariance, rng=rng, draws=draws)
    upper = np.triu_indices(len(p), 1)
    raw = p[upper]
    usable = np.isfinite(raw)
    values = np.full(len(raw), np.nan)
    values[usable] = holm(raw[usable]) if method == "holm" else benjamini_hochberg(raw[usable])
    adjusted = np.eye(len(p))
    adjusted[upper] = values
    return adjusted + np.triu(adjusted, 1).T
