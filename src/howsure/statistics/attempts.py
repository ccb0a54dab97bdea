"""Attempts at an item: scores over several, changes in a rerun, and the most informative further attempts.

Scores of an item over its attempts: pass@k, pass^k, majority@k, best-of-k, consistency.

Claim: with n attempts at an item, c of them right, each is the average over all ways of drawing k of the n
attempts. So it is an unbiased estimate of the score of k fresh attempts. Assumes that attempts at an item are
independent and identically distributed. pass@k: Chen et al. (2021), at least one of k is right. pass^k: Yao
et al. (2024, tau-bench), all k are right. "plug-in" is the other convention in public use, (c / n)^k, which
is biased upwards for n near k. Majority@k: more than half of k attempts are right, and a tie counts half. (A
vote over answer texts can give another result.) Consistency: two attempts agree.

The noise of such a score is estimated by the jackknife over the item's attempts, which for the unbiased ones
is never too small on average (Efron and Stein 1981).

How many questions a mere rerun would change: the differences between two runs of one unchanged system.

Claim: for right-or-wrong answers, the attempts give the non-parametric maximum-likelihood estimate of the
distribution of the items' success rates (Kiefer and Wolfowitz 1956; Laird 1978, by EM on a grid). Two runs
drawn from it show how often the second scores lower. Assumes that attempts at an item are independent and
that the next run has the same success rates.

Allocation: the next attempts that most reduce a mean's variance within questions.

Claim: Σ c / (K + a), c = w² σ², with integer a of a given sum, is smallest if each next attempt goes to the
cell with the largest c / (K (K + 1)). The sum is separable and convex, so this greedy choice is exact (Fox
1966; for K = 0 and real numbers it is the allocation of Neyman 1934). The threshold is found by bisection, so
nothing loops over attempts. A cell is one model's answers to one item.

The source of σ² determines which estimates are valid. If attempts are chosen by a model's own answers, the
plain mean of all of them is biased (0 of 2 stays 0, 1 of 2 gets more attempts). If they are chosen by other
models' answers, it isn't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.arrays import log_choose
from howsure.statistics.choices import chosen_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats, Ints
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
"""The score for each word of `ScoreKind` as a function of k, n and c, except for means of attempts and of
probabilities.
"""


def _all_of(good: Floats, n: Floats, k: int) -> Floats:
    """Return the chance that k of n attempts, drawn without replacement, are all right."""
    inside = good >= k
    ratio = log_choose(np.where(inside, good, k), k) - log_choose(n, k)
    return np.where(inside, np.where(good == n, 1.0, np.exp(ratio)), 0.0)


def _exactly(j: int, n: Floats, c: Floats, k: int) -> Floats:
    """Return the chance that j of k attempts, drawn from n without replacement, are among the c right
    ones.
    """
    possible = (c >= j) & (n - c >= k - j)
    right, wrong = np.where(possible, c, j), np.where(possible, n - c, k - j)
    return np.where(possible, np.exp(log_choose(right, j) + log_choose(wrong, k - j) - log_choose(n, k)), 0.0)


def fewest_attempts(kind: ScoreKind, k: int) -> int:
    """Return how many attempts an item needs for this score."""
    return {"consistency": 2, "plug-in": 1}.get(kind, k)


def attempt_noise(kind: ScoreKind, k: int, n: Floats, c: Floats) -> Floats:
    """Return the jackknife variance of the score over the item's attempts, NaN if none can be left out."""
    spare = n > fewest_attempts(kind, k)
    fewer = np.where(spare, n - 1, n)
    with_right = attempt_score(kind, k, fewer, np.where(spare, np.maximum(c - 1, 0), c))
    with_wrong = attempt_score(kind, k, fewer, np.minimum(c, fewer))
    mean = (c * with_right + (n - c) * with_wrong) / n
    spread = c * (with_right - mean) ** 2 + (n - c) * (with_wrong - mean) ** 2
    return np.where(spare, (n - 1) / n * spread, np.nan)


def best_of(k: int, counts: Floats, values: Floats) -> Floats:
    """Return the expected largest of k attempts at items with `values` (V,), each `counts` (n, V) times, k or
    more in all.
    """
    order = np.argsort(values)
    below = np.cumsum(counts[:, order], axis=1)
    total = np.broadcast_to(below[:, -1:], below.shape)
    at_most = _all_of(below, total, k)
    return np.asarray(np.diff(at_most, axis=1, prepend=0.0) @ values[order])


GRID = np.linspace(0.0, 1.0, 101)
EM_STEPS = 500
ENOUGH = 1e-9
"""The estimate has converged if no weight changes by more."""


def expected_flips(right: Ints, attempts: Ints, first: Ints, second: Ints) -> float:
    """Return how many of n items would score lower in a second run than in a first, both of the observed
    system.

    `right` (n,): right answers of `attempts` (n,), at least 1. The two runs make `first` (n,) and `second`
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
    """Return the weights of the chances on the grid that maximise the likelihood of the answers."""
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
    """Return, for each chance of the grid, how probable it is that the mean of `second` attempts is below
    that of `first`.
    """
    right, others = np.arange(first + 1), np.arange(second + 1)
    fewer = np.ceil(right * second / first - 1e-9).astype(
        np.int64
    )  # this many numbers of right answers are below
    below = np.cumsum(np.pad(_binomial(others, second, GRID[:, None]), ((0, 0), (1, 0))), axis=1)[:, fewer]
    return np.asarray((_binomial(right, first, GRID[:, None]) * below).sum(axis=1))


def _binomial(right: Ints, attempts: Ints | int, chance: Floats) -> Floats:
    """Return the probability of this many right answers."""
    ways = log_choose(attempts, right)
    return np.asarray(
        np.exp(ways + scipy.special.xlogy(right, chance) + scipy.special.xlog1py(attempts - right, -chance))
    )


STEPS = 200
LEAST_SHARE = 0.05
"""Variances predicted from other models are at least this share of the average one."""
