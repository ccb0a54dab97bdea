"""Scores of an item over its attempts: pass@k, pass^k, majority@k, best-of-k, consistency.

Claim: with n attempts at an item, c of them right, each is the average over all ways of drawing k of the n
attempts, and so an unbiased estimate of what k fresh attempts would give. Assumes that attempts at an item
are independent and alike. pass@k: Chen et al. (2021), at least one of k is right. pass^k: Yao et al. (2024,
tau-bench), all k are right. "plug-in" is the other convention in public use, (c / n)^k, which is biased
upwards for n near k. majority@k: more than half of k attempts are right, a draw counts half (a vote over the
texts of answers can come out otherwise). consistency: two attempts agree.

The noise of such a score is estimated by the jackknife over the item's attempts, which for the unbiased ones
is never too small on average (Efron and Stein 1981).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.choices import chosen_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import ScoreKind


def attempt_score(kind: ScoreKind, k: int, n: Floats, c: Floats) -> Floats:
    """Return the score of items with n attempts, c of them right (any shape, n ≥ k)."""
    return chosen_object("score", kind, ATTEMPT_SCORES)(k, n, c)


def _any_right(k: int, n: Floats, c: Floats) -> Floats:
    return 1 - _all_of(n - c, n, k)


def _all_right(k: int, n: Floats, c: Floats) -> Floats:
    return _all_of(c, n, k)


def _share_to_the_k(k: int, n: Floats, c: Floats) -> Floats:
    return np.asarray((c / n) ** k)


def _majority(k: int, n: Floats, c: Floats) -> Floats:
    more = sum((_exactly(j, n, c, k) for j in range(k // 2 + 1, k + 1)), np.zeros_like(n))
    half = _exactly(k // 2, n, c, k) / 2 if k % 2 == 0 else 0.0
    return np.asarray(np.clip(more + half, 0.0, 1.0))


def _two_agree(k: int, n: Floats, c: Floats) -> Floats:
    del k
    return np.asarray(_all_of(c, n, 2) + _all_of(n - c, n, 2))


ATTEMPT_SCORES: Mapping[str, Callable[[int, Floats, Floats], Floats]] = {
    "pass@": _any_right,
    "best-of-": _any_right,
    "pass^": _all_right,
    "plug-in": _share_to_the_k,
    "majority@": _majority,
    "consistency": _two_agree,
}
"""What each word of `ScoreKind` makes of k, n and c, but for the means of attempts and of probabilities."""


def _all_of(good: Floats, n: Floats, k: int) -> Floats:
    """Return the chance that k of n attempts, drawn without replacement, are all among the good ones."""
    inside = good >= k
    ratio = _ways(np.where(inside, good, k), k) - _ways(n, k)
    return np.where(inside, np.where(good == n, 1.0, np.exp(ratio)), 0.0)


def _exactly(j: int, n: Floats, c: Floats, k: int) -> Floats:
    """Return the chance that j of k attempts, drawn from n without replacement, are among the c right
    ones.
    """
    possible = (c >= j) & (n - c >= k - j)
    right, wrong = np.where(possible, c, j), np.where(possible, n - c, k - j)
    return np.where(possible, np.exp(_ways(right, j) + _ways(wrong, k - j) - _ways(n, k)), 0.0)


def _ways(n: Floats, k: int) -> Floats:
    """Return the log of the number of ways to choose k of n."""
    return np.asarray(
        scipy.special.gammaln(n + 1) - scipy.special.gammaln(n - k + 1) - scipy.special.gammaln(k + 1)
    )


def fewest_attempts(kind: ScoreKind, k: int) -> int:
    """Return how many attempts an item needs for this score."""
    return {"consistency": 2, "plug-in": 1}.get(kind, k)


def attempt_noise(kind: ScoreKind, k: int, n: Floats, c: Floats) -> Floats:
    """Return the jackknife variance of the score over the item's attempts, NaN where none can be left out."""
    spare = n > fewest_attempts(kind, k)
    fewer = np.where(spare, n - 1, n)
    with_right = attempt_score(kind, k, fewer, np.where(spare, np.maximum(c - 1, 0), c))
    with_wrong = attempt_score(kind, k, fewer, np.minimum(c, fewer))
    mean = (c * with_right + (n - c) * with_wrong) / n
    spread = c * (with_right - mean) ** 2 + (n - c) * (with_wrong - mean) ** 2
    return np.where(spare, (n - 1) / n * spread, np.nan)


def best_of(k: int, counts: Floats, values: Floats) -> Floats:
    """Return the expected largest of k attempts at items that came out as `values` (V,), `counts` (n, V)
    times, k or more.
    """
    order = np.argsort(values)
    below = np.cumsum(counts[:, order], axis=1)
    total = np.broadcast_to(below[:, -1:], below.shape)
    at_most = _all_of(below, total, k)
    return np.asarray(np.diff(at_most, axis=1, prepend=0.0) @ values[order])
