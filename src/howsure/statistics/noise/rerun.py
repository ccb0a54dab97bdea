"""How many questions a mere rerun would change: what two runs of one system differ in without any change to
it.

Claim: of right-or-wrong answers the chances of all items have a distribution, whose non-parametric
maximum-likelihood estimate (Kiefer and Wolfowitz 1956; Laird 1978, by EM on a grid) the attempts give; two
runs drawn from it tell how often the second scores lower. Assumes that attempts at an item are independent
and that the next run has the same chances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints

GRID = np.linspace(0.0, 1.0, 101)
EM_STEPS = 500
ENOUGH = 1e-9
"""The estimate stands still where no weight moves by more."""


def expected_flips(right: Ints, attempts: Ints, first: Ints, second: Ints) -> float:
    """Return how many of n items would score lower in a second run than in a first, both of the system that
    was seen.

    `right` (n,): right answers of `attempts` (n,), at least 1; the two runs make `first` (n,) and `second`
    (n,) attempts.

    >>> two = np.full(4, 2)
    >>> expected_flips(np.array([0, 0, 2, 2]), two, two, two) < 0.2
    True
    """
    weights = _mixture(right, attempts)
    pairs, counts = np.unique(np.column_stack([first, second]), axis=0, return_counts=True)
    return float(
        sum(n * (weights @ _lower(int(one), int(two))) for (one, two), n in zip(pairs, counts, strict=True))
    )


def _mixture(right: Ints, attempts: Ints) -> Floats:
    """Return the weights of the chances on the grid that make the answers most likely."""
    seen, counts = np.unique(np.column_stack([right, attempts]), axis=0, return_counts=True)
    likelihood = _binomial(seen[:, :1], seen[:, 1:], GRID)
    weights = np.full(len(GRID), 1 / len(GRID))
    for _ in range(EM_STEPS):
        shares = likelihood * weights
        shares /= shares.sum(axis=1, keepdims=True)
        moved = counts @ shares / counts.sum()
        still = np.abs(moved - weights).max() < ENOUGH
        weights = moved
        if still:
            break
    return np.asarray(weights)


def _lower(first: int, second: int) -> Floats:
    """Return, for each chance of the grid, how likely the mean of `second` attempts is below that of
    `first`.
    """
    right, others = np.arange(first + 1), np.arange(second + 1)
    fewer = np.ceil(right * second / first - 1e-9).astype(
        np.int64
    )  # so many numbers of right answers are below
    below = np.cumsum(np.pad(_binomial(others, second, GRID[:, None]), ((0, 0), (1, 0))), axis=1)[:, fewer]
    return np.asarray((_binomial(right, first, GRID[:, None]) * below).sum(axis=1))


def _binomial(right: Ints, attempts: Ints | int, chance: Floats) -> Floats:
    """Return how likely so many right answers are."""
    ways = (
        scipy.special.gammaln(attempts + 1)
        - scipy.special.gammaln(right + 1)
        - scipy.special.gammaln(attempts - right + 1)
    )
    return np.asarray(
        np.exp(ways + scipy.special.xlogy(right, chance) + scipy.special.xlog1py(attempts - right, -chance))
    )
