"""Studentized bootstrap over clusters (Efron and Tibshirani 1993, chapter 12; Cameron, Gelbach and Miller
2008).

Clusters are drawn with replacement; each draw is one row of counts, so that all means and standard errors
come from two matrix products. The symmetric pivot |t*| gives an interval and a p-value that can't disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import Floats, Ints, blocks
from howsure.statistics.means.clustered import clusterings, covariance

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOTSTRAP_DRAWS = 9_999
BLOCK_CELLS = 4_000_000


def pivots(
    x: Floats, w: Floats, clusters: Sequence[Ints], rng: np.random.Generator, draws: int = BOOTSTRAP_DRAWS
) -> Floats:
    """Return |t*| of each draw (draws,); x (n,), only the first clustering is resampled.

    A draw without any variance is kept as an infinite pivot, so that too few clusters widen the interval.
    Memory: blocks of at most 4 million counts.
    """
    term = clusterings(clusters[:1], w)[0][0]
    sums, totals = term.sums(w * x), term.totals
    estimate, n_clusters = sums.sum() / totals.sum(), term.n_clusters
    result = np.empty(draws)
    for part in blocks(draws, n_clusters, BLOCK_CELLS):
        rows = part.stop - part.start
        counts = rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=rows).astype(float)
        weight = counts @ totals
        means = counts @ sums / weight
        # Σ c (S − T·m)² = Σ c S² − 2 m Σ c S T + m² Σ c T²
        squares = counts @ sums**2 - 2 * means * (counts @ (sums * totals)) + means**2 * (counts @ totals**2)
        se = np.sqrt(np.maximum(squares, 0) * n_clusters / (n_clusters - 1)) / weight
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(means - estimate) / se
        result[part] = np.where(se > 1e-12, t, np.inf)
    return result


def mean_interval(
    x: Floats,
    w: Floats,
    clusters: Sequence[Ints],
    *,
    level: float,
    rng: np.random.Generator,
    draws: int = BOOTSTRAP_DRAWS,
) -> tuple[float, float]:
    """Return the studentized interval of a mean."""
    value = float(w @ x / w.sum())
    se = float(np.sqrt(covariance(x[:, None], w, clusters[:1], "CR1")[0, 0]))
    q = critical(pivots(x, w, clusters, rng, draws), level)
    return value - q * se, value + q * se


def critical(t: Floats, level: float) -> float:
    """Return the critical value that agrees with the p-value (1 + #{t* ≥ t}) / (draws + 1)."""
    rank = int(np.floor((1 - level) * (len(t) + 1) * (1 + 1e-12)))
    return float(np.sort(t)[len(t) - rank]) if rank >= 1 else np.inf
