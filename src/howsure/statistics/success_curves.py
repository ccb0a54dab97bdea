"""Success against difficulty: a logistic curve over the logarithm of difficulty, and a fit without its form.

Claim: the chance of success is logistic in log₂ difficulty, and the difficulty at which it reaches a chance p
is the time horizon of Kwa et al. (2025) if difficulties are times. The influence of a row on it comes from
those on the curve's two parameters, so that clusters and weights are respected as for any mean. Its limits
are Fieller's (1954): a horizon is a ratio, and where the slope is uncertain its error is neither symmetric
nor normal. The slope has a slight penalty, so that curves that separate successes from failures have one. The
fit without a form assumes only that success doesn't rise with difficulty (isotonic regression: Ayer et al.
1955).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics.results import Interval
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

PENALTY = 1e-5
STEPS = 100
FLAT = 1e-3
"""A curve whose log odds fall by less than this per doubling doesn't fall."""
MOST_DOUBLINGS = 500.0
"""A horizon or limit is at most two to this power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessCurve:
    """A curve: the log odds of success are `intercept` + `slope` (log₂ difficulty − `at`).

    `influence` (r, 2): of every row on intercept and slope. `bend` (r,): what every row adds to the score of
    a squared term, whose mean by share is 0 if the curve has the logistic form (Rao 1948).
    """

    intercept: float
    slope: float
    at: float
    influence: Floats
    bend: Floats

    def difficulty_at(self, chance: float) -> tuple[float, Floats]:
        """Return the difficulty at which success has this chance, and the rows' influence on it (r,)."""
        place = (math.log(chance / (1 - chance)) - self.intercept) / self.slope
        value = 2.0 ** min(max(place + self.at, -MOST_DOUBLINGS), MOST_DOUBLINGS)
        return value, value * math.log(2) * (self.influence @ np.array([-1.0, -place]) / self.slope)

    def limits(self, chance: float, covariance: Floats, df: float, level: float) -> Interval:
        """Return the interval of the difficulty at which success has this chance: all places where the curve
        doesn't differ significantly from it. From 0 to infinity if the slope isn't significant.

        `covariance` (2, 2): of intercept and slope, with `df` degrees of freedom.
        """
        reach = float(scipy.stats.t.ppf((1 + level) / 2, df)) ** 2
        above = self.intercept - math.log(chance / (1 - chance))
        square = self.slope**2 - reach * float(covariance[1, 1])
        if not square > 0:
            return Interval(low=0.0, high=math.inf, level=level)
        middle = above * self.slope - reach * float(covariance[0, 1])
        rest = above**2 - reach * float(covariance[0, 0])
        half = math.sqrt(max(middle**2 - square * rest, 0.0))
        ends = ((-middle - half) / square + self.at, (-middle + half) / square + self.at)
        low, high = (2.0 ** min(end, MOST_DOUBLINGS) for end in ends)
        return Interval(low=low, high=high, level=level)


def success_curve(difficulty: Floats, success: Floats, share: Floats) -> SuccessCurve:
    """Fit the curve of rows: their difficulties, successes from 0 to 1, and shares of all weight (r,).

    MethodError for difficulties that aren't positive or are all the same, if all or none succeed, or if
    success doesn't fall.

    >>> import numpy as np
    >>> curve = success_curve(np.array([1.0, 2, 4, 8]), np.array([1.0, 0.8, 0.2, 0]), np.full(4, 0.25))
    >>> round(curve.difficulty_at(0.5)[0], 2)
    2.83
    """
    if (difficulty <= 0).any():
        raise MethodError(
            f"difficulties must be positive, but one is {difficulty.min():g}",
            remedy="Leave such questions out (`where`), or use another column.",
        )
    if np.ptp(difficulty) == 0:
        raise MethodError(
            f"every question has a difficulty of {difficulty[0]:g}, so success doesn't fall with difficulty",
            remedy="Add questions of other difficulties, or use another column.",
        )
    rate = float(share @ success)
    if not ((success >= 0) & (success <= 1)).all():
        raise MethodError("success must lie from 0 to 1", remedy="Choose another metric or column of scores.")
    if not ROUNDED_SCORES < rate < 1 - ROUNDED_SCORES:
        raise MethodError(
            f"{'every' if rate > 0.5 else 'no'} attempt succeeds, so the difficulty that it can manage isn't "
            "known",
            remedy="Add harder questions." if rate > 0.5 else "Add easier questions.",
        )
    x = np.column_stack([np.ones(len(success)), np.log2(difficulty)])
    at = float(share @ x[:, 1])
    x[:, 1] -= at  # so that both parameters are nearly independent
    beta, inverse = _fitted(x, success, share)
    if beta[1] > -FLAT:
        raise MethodError(
            "success doesn't fall with difficulty", remedy="Check the columns of difficulty and success."
        )
    chance = scipy.special.expit(x @ beta)
    scores = x * (success - chance)[:, None] - PENALTY * np.array([0.0, beta[1]])
    influence = scores @ inverse
    worth = share * chance * (1 - chance)
    square = x[:, 1] ** 2
    rest = square - x @ np.linalg.solve((x * worth[:, None]).T @ x, x.T @ (worth * square))
    return SuccessCurve(
        intercept=float(beta[0]),
        slope=float(beta[1]),
        at=at,
        influence=influence - share @ influence,
        bend=rest * (success - chance),
    )


def _fitted(x: Floats, y: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return the two parameters by Newton's steps, halved while they overshoot, and the inverse of the
    information.
    """
    penalty, beta = np.diag([0.0, PENALTY]), np.zeros(2)

    def loss(b: Floats) -> float:
        """Return the mean negative log likelihood, with the penalty."""
        eta = x @ b
        return float(share @ (np.logaddexp(0, eta) - y * eta) + b @ penalty @ b / 2)

    for _ in range(STEPS):
        chance = scipy.special.expit(x @ beta)
        information = (x * (share * chance * (1 - chance))[:, None]).T @ x + penalty
        inverse = np.linalg.inv(information + 1e-14 * np.eye(2))
        step = inverse @ (x.T @ (share * (y - chance)) - penalty @ beta)
        while loss(beta + step) > loss(beta) + 1e-15 and np.abs(step).max() > 1e-12:
            step = step / 2
        beta = beta + step
        if np.abs(step).max() < 1e-11:
            break
    return beta, np.asarray(inverse, dtype=float)


def falling_fit(difficulty: Floats, success: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return the distinct difficulties (k,), and the success at each that fits best without ever rising."""
    levels, code = np.unique(difficulty, return_inverse=True)
    weight = np.bincount(code, share)
    means = np.bincount(code, share * success) / weight
    return levels, np.asarray(scipy.optimize.isotonic_regression(means, weights=weight, increasing=False).x)


def falls_to(levels: Floats, fit: Floats, chance: float) -> float:
    """Return the difficulty at which a falling fit goes below a chance: the middle, on the logarithmic scale,
    between the last level at or above it and the first below. NaN if it never does, or from the beginning.
    """
    below = fit < chance
    if below.all() or not below.any():
        return math.nan
    first = int(np.argmax(below))
    return float(math.sqrt(levels[first - 1] * levels[first]))
