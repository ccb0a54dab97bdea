"""The Bayesian bootstrap over clusters for a difference."""

from __future__ import annotations

import numpy as np

from howsure.statistics.arrays import Floats, Ints, blocks
from howsure.statistics.means.clustered import clustering

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

    d (n,): differences per item; two pseudo-items at ±reach (0: none) keep it from collapsing when all items
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
