"""Rare failures: how many runs prove that they are rare, and what was proved by those that were made. Exact.

Items: k failures in n runs show a rate below p at a one-sided level when P(X ≤ k | n, p) ≤ 1 − level, which
is Clopper and Pearson's (1934) upper limit; without a failure n = ln(1 − level) / ln(1 − p), the rule of
three. Clusters of m items whose rates vary with intra-cluster correlation ρ (beta-binomial): the number of
failures is a sum of independent beta-binomials; at ρ = 1 a cluster fails or not as a whole, so that clusters
count and not items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

MOST_CLUSTERS = 10**8
TINY = 1e-13
"""How near a rate is sought."""


def chance_of_at_most(failures: int, count: int, rate: float, *, size: int = 1, icc: float = 0.0) -> float:
    """Return P(X ≤ failures) in `count` clusters of `size` items with this failure rate.

    >>> round(chance_of_at_most(0, 299, 0.01), 4)
    0.0495
    """
    if size == 1 or icc == 0:
        return float(scipy.special.bdtr(min(failures, count * size), count * size, rate))
    if icc == 1:
        return float(scipy.special.bdtr(min(failures // size, count), count, rate))
    return float(_power_of(_one_cluster(failures, size, rate, icc), count, failures).sum())


def runs_needed(below: float, level: float, *, failures: int = 0, size: int = 1, icc: float = 0.0) -> int:
    """Return the fewest clusters (items where `size` is 1) in which so many failures still show a rate below
    `below`.

    The chance of seeing so few failures at that rate is at most 1 − level.

    >>> runs_needed(0.01, 0.95), runs_needed(0.01, 0.95, failures=1)
    (299, 473)
    """
    wanted = allowed(level)

    def enough(count: int) -> bool:
        """Say whether so many clusters would show it."""
        return chance_of_at_most(failures, count, below, size=size, icc=icc) <= wanted

    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_CLUSTERS:
            return MOST_CLUSTERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def limits(failures: int, n: int, level: float, *, size: int = 1, icc: float = 0.0) -> tuple[float, float]:
    """Return the exact one-sided lower and upper limits of a failure rate, each at `level` (Clopper and
    Pearson 1934).

    In clusters of `size` items by their beta-binomial sum; what is left over is a cluster of its own.

    >>> [round(limit, 4) for limit in limits(0, 560, 0.95, size=10, icc=0.2)]
    [0.0, 0.0099]
    """
    if size > 1 and icc > 0:
        return _clustered_limits(failures, n, level, size, icc)
    low = float(scipy.special.betaincinv(failures, n - failures + 1, 1 - level)) if failures else 0.0
    high = float(scipy.special.betaincinv(failures + 1, n - failures, level)) if failures < n else 1.0
    return low, high


def _clustered_limits(failures: int, n: int, level: float, size: int, icc: float) -> tuple[float, float]:
    """Return the rates at which so many failures, or more and fewer, are as rare as the level says."""

    def rate_where(most: int, chance: float) -> float:
        """Return the rate at which at most so many failures have this chance."""
        return float(
            scipy.optimize.brentq(
                lambda rate: _chance_in_runs(most, n, rate, size, icc) - chance, TINY, 1 - TINY, xtol=TINY
            )
        )

    low = rate_where(failures - 1, level) if failures else 0.0
    return low, rate_where(failures, 1 - level) if failures < n else 1.0


def _chance_in_runs(failures: int, n: int, rate: float, size: int, icc: float) -> float:
    """Return P(X ≤ failures) in n items, in clusters of `size` and one of those left over."""
    count, rest = divmod(n, size)
    chances = _power_of(_one_cluster(failures, size, rate, icc), count, failures)
    return float(
        (np.convolve(chances, _one_cluster(failures, rest, rate, icc)) if rest else chances)[
            : failures + 1
        ].sum()
    )


def _one_cluster(failures: int, size: int, rate: float, icc: float) -> Floats:
    """Return the beta-binomial chances of 0 … `failures` failures in one cluster, (failures + 1,)."""
    if icc == 1:
        k = np.arange(failures + 1)
        return np.where(k == size, rate, np.where(k == 0, 1 - rate, 0.0))
    a, b = rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc
    k = np.arange(failures + 1)
    kept = np.minimum(k, size)
    ways = -np.log(size + 1) - scipy.special.betaln(size - kept + 1, kept + 1)
    chances = np.exp(ways + scipy.special.betaln(kept + a, size - kept + b) - scipy.special.betaln(a, b))
    return np.where(k <= size, chances, 0.0)


def _power_of(chances: Floats, count: int, failures: int) -> Floats:
    """Return the chances of 0 … `failures` failures in `count` clusters: the count-th convolution, by
    squaring.
    """
    result = np.zeros(failures + 1)
    result[0] = 1.0
    while count:
        if count & 1:
            result = np.convolve(result, chances)[: failures + 1]
        chances = np.convolve(chances, chances)[: failures + 1]
        count >>= 1
    return result
