"""Single questions, from repeated attempts: which are flaky, which changed, and which keep a floor.

Claim: a question with n attempts, of which c are right, has a success probability p. All tests are exact.
Assumes that the attempts at a question are independent, with the same p.

Flaky: p lies between two limits. The p-value is the larger of those of two one-sided binomial tests (an
intersection-union test, Berger 1982), with p at the limits.

Changed: two sides differ in p, by Fisher's (1935) exact test given the total number right. Two-sided: all
outcomes that aren't more probable than the observed one count.

Many questions: step-down with Bonferroni's bound (Holm 1979), in which a question contributes the chance that
its own p-value is as small, and not that value itself. Exact p-values are discrete, so a question with few
attempts, or always right, can't have a small one and costs the others nothing (Tarone 1990; Westfall and
Wolfinger 1997). The chance of any false finding is at most 1 − level.

Floor: a question is below it if P(X ≤ c | n, floor) is small, corrected for the number of questions. All
questions keep it if P(X ≥ c | n, floor) is small for each, which requires no correction (Berger 1982).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.arrays import log_choose
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Floats, Ints

FLAKY = (0.05, 0.95)
"""A question whose success probability is between these is flaky."""
AS_PROBABLE = 1 + 1e-7
"""Outcomes are as probable as another up to this factor: rounding isn't a difference."""
MOST_ATTEMPTS = 10_000
"""More attempts at one question aren't planned."""


@dataclass(frozen=True, slots=True)
class QuestionTests:
    """Tests of single questions: p-values (n,), the same corrected for the number of questions (n,)."""

    p: Floats
    adjusted: Floats


def flaky(right: Ints, attempts: Ints) -> QuestionTests:
    """Test which questions (n,) have a success probability between the limits of FLAKY.

    >>> import numpy as np
    >>> [round(float(p), 4) for p in flaky(np.array([3, 5]), np.array([5, 5])).p]
    [0.0226, 1.0]
    """
    return _tested(
        np.stack([attempts, right], axis=1), lambda kind: _p_flaky(np.arange(kind[0] + 1), kind[0])
    )


def _p_flaky(c: Ints, n: Ints | int) -> Floats:
    return np.maximum(_at_least(c, n, FLAKY[0]), _at_most(c, n, FLAKY[1]))


def changed(right: tuple[Ints, Ints], attempts: tuple[Ints, Ints]) -> QuestionTests:
    """Test which questions (n,) have another success probability on the second of two sides.

    >>> import numpy as np
    >>> float(changed((np.array([6]), np.array([4])), (np.array([10]), np.array([10]))).p.round(2)[0])
    0.66
    """
    return _tested(
        np.stack([attempts[0], attempts[1], right[0] + right[1], right[0]], axis=1), _fisher_levels
    )


def _fisher_levels(kind: Ints) -> Floats:
    """Return the p-values of all outcomes with these attempts and total."""
    one, two, total = (int(each) for each in kind)
    c = np.arange(total + 1)
    chance = np.exp(log_choose(one, c) + log_choose(two, total - c) - log_choose(one + two, total))
    chance[(c > one) | (total - c > two)] = 0.0
    order = np.argsort(chance)
    upto = np.searchsorted(chance[order], chance * AS_PROBABLE, side="right")
    return np.asarray(np.minimum(np.cumsum(chance[order])[upto - 1], 1.0))


def below_floor(right: Ints, attempts: Ints, floor: float) -> QuestionTests:
    """Test which questions (n,) have a success probability below the floor."""
    kinds = np.stack([attempts, right], axis=1)
    return _tested(kinds, lambda kind: _at_most(np.arange(kind[0] + 1), kind[0], floor))


def keeps_floor(right: Ints, attempts: Ints, floor: float) -> Floats:
    """Return the p-value (n,) of each question's test that its success probability is not below the floor."""
    return _at_least(right, attempts, floor)


def attempts_to_pass(floor: float, level: float) -> int:
    """Return the fewest attempts, all right, that show a question not to be below the floor.

    >>> attempts_to_pass(0.8, 0.95)
    14
    """
    return max(1, math.ceil(math.log(1 - level) / math.log(floor) - 1e-9))


def most_right_below(attempts: int, floor: float, level: float, questions: int) -> int:
    """Return the largest number right that shows one of several questions to be below the floor. −1 if none
    does.
    """
    p = _at_most(np.arange(attempts + 1), attempts, floor)
    return int(np.count_nonzero(p * questions <= allowed(level))) - 1


def attempts_to_settle(right: int, attempts: int, floor: float, level: float, questions: int) -> float:
    """Return the attempts at one question that would show whether it is below the floor, if its share stays
    as it is. NaN if no number of them does.
    """
    if not attempts:
        return math.nan
    share, n = right / attempts, np.arange(attempts, MOST_ATTEMPTS)
    c = np.rint(share * n).astype(np.int64)
    p = _at_most(c, n, floor) * questions if share < floor else _at_least(c, n, floor)
    enough = p <= allowed(level)
    return float(n[np.argmax(enough)]) if enough.any() else math.nan


def attempts_to_show_flaky(questions: int, level: float) -> int:
    """Return the fewest attempts at each of several questions with which one that is right half of the time
    is shown to be flaky.

    >>> attempts_to_show_flaky(1, 0.95), attempts_to_show_flaky(100, 0.95)
    (4, 8)
    """
    n = np.arange(2, MOST_ATTEMPTS, 2)
    return int(n[np.argmax(_p_flaky(n // 2, n) * questions <= allowed(level))])


def _tested(kinds: Ints, levels: Callable[[Ints], Floats]) -> QuestionTests:
    """Test questions by their kind (n, k): the last column is the outcome, the others say what it could be.

    `levels` returns the p-value of each outcome of a kind. Each is also the largest chance of one as small.
    """
    kept, kind, counts = np.unique(kinds[:, :-1], axis=0, return_inverse=True, return_counts=True)
    p, tables = np.empty(len(kinds)), []
    for k, each in enumerate(kept):
        values = levels(each)
        mine = kind == k
        p[mine] = values[kinds[mine, -1]]
        tables.append(np.sort(values))
    order = np.argsort(p, kind="stable")
    total = np.zeros(len(p))
    for k, values in enumerate(tables):
        before = np.cumsum(kind[order] == k) - (kind[order] == k)
        place = np.searchsorted(values, p[order] * AS_PROBABLE, side="right")
        total += (counts[k] - before) * np.where(place > 0, values[np.maximum(place, 1) - 1], 0.0)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.maximum(total, p[order])), 1.0)
    return QuestionTests(p, adjusted)


def _at_least(c: Ints, n: Ints | int, rate: float) -> Floats:
    return np.asarray(np.where(c > 0, scipy.special.bdtrc(np.maximum(c - 1, 0), n, rate), 1.0))


def _at_most(c: Ints, n: Ints | int, rate: float) -> Floats:
    return np.asarray(scipy.special.bdtr(c, n, rate), dtype=float)
