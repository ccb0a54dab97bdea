"""Sign-flip (permutation) tests over clusters: under the null, A and B could swap names in any cluster.

Exact where all flips can be listed, Monte-Carlo otherwise (Fisher 1935; Hemerik and Goeman 2018: the observed
arrangement counts as one draw). The interval inverts the test: the flipped subset's mean is a typical value
(Hartigan 1969), so its limits are order statistics of subset means and can't disagree with the p-value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.pairs.flips import DRAWS, listed, sign_blocks
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats


def subset_means(sums: Floats, totals: Floats, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return the mean difference of the flipped clusters of every flip that flips any; sums, totals (C,).

    Where all flips are listed, "none" and "all" are left out: they say what was seen.
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

    sums (C,): weighted sums of differences per cluster; totals (C,): their weights. Limits are infinite where
    too few clusters allow no rejection at this level: C clusters can't give a p-value under 2^(1 − C).
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
