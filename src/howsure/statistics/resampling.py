"""Resampling clusters: the studentized bootstrap, the Bayesian bootstrap and the sign-flip test.

Studentized bootstrap over clusters (Efron and Tibshirani 1993, chapter 12; Cameron, Gelbach and Miller
2008).

Clusters are drawn with replacement. Each draw is one row of counts, so that all means and standard errors
come from two matrix products. The symmetric pivot |t*| gives an interval and a p-value that can't disagree.

The Bayesian bootstrap over clusters for a difference.

Sign-flip (permutation) tests over clusters: under the null, A and B could swap names in any cluster.

Exact if all flips can be listed, otherwise Monte-Carlo (Fisher 1935; Hemerik and Goeman 2018: the observed
arrangement counts as one draw). The interval inverts the test: the flipped subset's mean is a typical value
(Hartigan 1969), so its limits are order statistics of subset means and can't disagree with the p-value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import Floats, Ints, blocks
from howsure.statistics.clustered_variance import clustering, clusterings, covariance
from howsure.statistics.sign_flips import DRAWS, listed, sign_blocks
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOTSTRAP_DRAWS = 9_999
BLOCK_CELLS = 4_000_000


def pivots(
    x: Floats, w: Floats, clusters: Sequence[Ints], rng: np.random.Generator, draws: int = BOOTSTRAP_DRAWS
) -> Floats:
    """Return |t*| of each draw (draws,) for x (n,). Only the first clustering is resampled.

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


POSTERIOR_DRAWS = 10_000
BLOCK_WEIGHTS = 4_000_000


def difference_draws(
    d: Floats,
    w: Floats,
    codes: Ints | None,
    *,
    reach: float,
    rng: np.random.Generator,
    draws: int = POSTERIOR_DRAWS,
) -> Floats:
    """Draw the posterior of a mean difference (draws,) by the Bayesian bootstrap (Rubin 1981) over clusters.

    d (n,): differences per item. Two pseudo-items at ±reach (0: none) keep it from collapsing when all items
    agree. Memory: blocks of at most 4 million weights.
    """
    term = clustering(codes, w)
    sums, totals = term.sums(w * d), term.totals
    if reach:
        sums, totals = np.append(sums, (reach, -reach)), np.append(totals, (1.0, 1.0))
    result = np.empty(draws)
    for part in blocks(draws, len(sums), BLOCK_WEIGHTS):
        rows = part.stop - part.start
        dirichlet = rng.standard_exponential((rows, len(sums)))
        if reach:  # every other draw swaps the pseudo-items: a − b is the mirror image of b − a
            dirichlet[1::2, :] = dirichlet[: 2 * (rows // 2) : 2, :]
            dirichlet[1::2, [-2, -1]] = dirichlet[1::2, [-1, -2]]
        result[part] = dirichlet @ sums / (dirichlet @ totals)
    return result


def subset_means(sums: Floats, totals: Floats, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return the mean difference of the flipped clusters of every flip that flips any, from sums, totals
    (C,).

    If all flips are listed, "none" and "all" are left out, as they are the observed arrangement.
    """
    means = []
    for block in sign_blocks(len(sums), rng, draws):
        flipped = block() < 0
        weight = totals @ flipped
        some = weight > 0 if not listed(len(sums), draws) else (weight > 0) & ~flipped.all(axis=0)
        means.append((sums @ flipped)[some] / weight[some])
    return np.concatenate(means)


def flip_test(
    sums: Floats, totals: Floats, *, level: float, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float, float]:
    """Return the two-sided p-value of "no difference" and the limits of the inverted test.

    sums (C,): weighted sums of differences per cluster. totals (C,): their weights. Limits are infinite if
    there are too few clusters to reject at this level: C clusters can't give a p-value under 2^(1 − C).
    """
    means = np.sort(subset_means(sums, totals, rng, draws))
    count = len(means) + 1
    tolerance = ROUNDED_SCORES * max(1.0, float(np.abs(sums).max(initial=0.0)))
    tail = min(int((means <= tolerance).sum()), int((means >= -tolerance).sum()))
    p_value = min(2 * (1 + tail) / (count + 1), 1.0)
    means[np.abs(means) <= tolerance] = 0.0
    allowed = int(np.floor((1 - level) * (count + 1) / 2 * (1 + 1e-12)))
    if allowed < 1:
        return p_value, -np.inf, np.inf
    return p_value, float(means[allowed - 1]), float(means[-allowed])
