"""Sign-flip (permutation) tests over clusters: under the null, A and B could swap names in any cluster.

Exact where all flips can be listed, Monte-Carlo otherwise (Fisher 1935; Hemerik and Goeman 2018: the observed
arrangement counts as one draw). The interval inverts the test: the flipped subset's mean is a typical value
(Hartigan 1969), so its limits are order statistics of subset means and can't disagree with the p-value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXACT_UP_TO = 14
"""With this many clusters or fewer, all 2^C flips are listed."""

DRAWS = 9_999
BLOCK_CELLS = 4_000_000
TOLERANCE = 1e-9


def flips(n_clusters: int, rng: np.random.Generator, draws: int = DRAWS) -> Iterator[Floats]:
    """Yield blocks (rows, C) of 0 / 1: which clusters are flipped. Every flip but "none" and "all" when exact."""
    if n_clusters <= EXACT_UP_TO:
        patterns = np.arange(1, 2**n_clusters - 1)
        yield ((patterns[:, None] >> np.arange(n_clusters)) & 1).astype(float)
        return
    size = max(BLOCK_CELLS // n_clusters, 1)
    for start in range(0, draws, size):
        yield rng.integers(0, 2, size=(min(size, draws - start), n_clusters), dtype=np.int8).astype(float)


def subset_means(sums: Floats, totals: Floats, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return the mean difference of the flipped clusters of every flip that flips any; sums, totals (C,)."""
    means = []
    for block in flips(len(sums), rng, draws):
        weight = block @ totals
        means.append((block @ sums)[weight > 0] / weight[weight > 0])
    return np.concatenate(means) if means else np.empty(0)


def flip_test(
    sums: Floats, totals: Floats, *, level: float, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float, float]:
    """Return the two-sided p-value of "no difference" and the limits of the inverted test.

    sums (C,): weighted sums of differences per cluster; totals (C,): their weights. Limits are infinite where too few
    clusters allow no rejection at this level: C clusters can't give a p-value under 2^(1 − C).
    """
    means = np.sort(subset_means(sums, totals, rng, draws))
    count = len(means) + 1
    tolerance = TOLERANCE * max(1.0, float(np.abs(sums).max(initial=0.0)))
    tail = min(int((means <= tolerance).sum()), int((means >= -tolerance).sum()))
    p_value = min(2 * (1 + tail) / (count + 1), 1.0)
    means[np.abs(means) <= tolerance] = 0.0
    allowed = int(np.floor((1 - level) * (count + 1) / 2 * (1 + 1e-12)))
    if allowed < 1:
        return p_value, -np.inf, np.inf
    return p_value, float(means[allowed - 1]), float(means[-allowed])


def all_pairs(sums: Floats, *, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return two-sided p-values (M, M) of all pairs at once; sums (C, M): weighted score sums per cluster.

    One product of signs and sums serves every pair: draws × C × M, not draws × C × M². Memory: a block of signs, one
    of sums, and one row of M² differences at a time in single precision.
    """
    n_clusters, n_models = sums.shape
    first, second = np.triu_indices(n_models, 1)
    totals = sums.sum(axis=0)
    observed = np.abs(totals[first] - totals[second]).astype(np.float32)
    observed -= np.float32(1e-5) * np.maximum(observed, np.abs(sums).max(initial=0.0))
    n_draws = 2  # "none" and "all" are not among the flips
    exceed = np.full(len(first), n_draws, dtype=np.int64)
    rows = max(BLOCK_CELLS // (8 * max(len(first), 1)), 1)
    for block in flips(n_clusters, rng, draws):
        flipped = ((1 - 2 * block) @ sums).astype(np.float32)
        n_draws += len(flipped)
        for start in range(0, len(flipped), rows):
            part = flipped[start : start + rows].T
            exceed += (np.abs(part[first] - part[second]) >= observed[:, None]).sum(axis=1)
    p_values = np.eye(n_models)
    p_values[first, second] = p_values[second, first] = exceed / n_draws
    return p_values
