"""McNemar's test, exact with mid-p (McNemar 1947; Fagerland, Lydersen and Laake 2013), and the interval it
implies.

Given the number of discordant items, wins are binomial. The interval for the win share is the mid-p interval,
scaled by the share of discordant items to a difference. Test and interval use the same pivot. It ignores
clusters.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Floats, Ints


def midp_tail(successes: int, n: int, share: float) -> float:
    """Return P(X > successes) + ½ P(X = successes), X binomial."""
    above = 1 - scipy.special.bdtr(successes, n, share) if successes < n else 0.0
    at = scipy.special.bdtr(successes, n, share) - (
        scipy.special.bdtr(successes - 1, n, share) if successes else 0.0
    )
    return float(above + at / 2)


def midp_values(wins: Floats, losses: Floats) -> Floats:
    """Return the two-sided mid-p values of "no difference" of these wins and losses, element by element, 1
    without any.

    >>> midp_values(np.array([4.0, 15.0, 0.0]), np.array([0.0, 6.0, 0.0])).round(4).tolist()
    [0.0625, 0.0525, 1.0]
    """
    most = int(max(wins.max(initial=0), losses.max(initial=0))) + 1
    if most**2 < wins.size:  # each pair of counts once
        codes = (np.minimum(wins, losses) * most + np.maximum(wins, losses)).astype(np.int64)
        present = np.flatnonzero(np.bincount(codes.ravel()))
        values = np.ones(most**2)
        values[present] = _midp_values(present // most, present % most)
        return values[codes]
    return _midp_values(np.minimum(wins, losses), np.maximum(wins, losses))


def _midp_values(fewer: Floats | Ints, more: Floats | Ints) -> Floats:
    at_most = scipy.special.betainc(np.maximum(more, 1.0), fewer + 1, 0.5)
    below = np.where(fewer > 0, scipy.special.betainc(more + 1, np.maximum(fewer, 1.0), 0.5), 0.0)
    return np.where(more > 0, np.minimum(at_most + below, 1.0), 1.0)


def midp_test(wins: int, losses: int, n: int, *, level: float) -> tuple[float, float, float]:
    """Return the two-sided mid-p value of "no difference" and the limits of the difference, n items in all.

    Without any discordant item: p = 1, and the widest limits compatible with the data, ± the exact upper
    limit of the share of discordant items.
    """
    discordant = wins + losses
    tail = 1 - level
    if discordant == 0:
        limit = -math.expm1(math.log(tail / 2) / n)
        return 1.0, -limit, limit
    p_value = float(midp_values(np.asarray(float(wins)), np.asarray(float(losses))))
    low = _solve(lambda share: midp_tail(wins, discordant, share) - tail / 2)
    high = _solve(lambda share: midp_tail(wins, discordant, share) - (1 - tail / 2))
    scale = discordant / n
    return p_value, (2 * low - 1) * scale, (2 * high - 1) * scale


def _solve(equation: Callable[[float], float]) -> float:
    """Return the share at which a function that rises from 0 to 1 is zero, or the end of the range if it
    isn't.
    """
    if equation(0.0) >= 0:
        return 0.0
    if equation(1.0) <= 0:
        return 1.0
    return float(scipy.optimize.brentq(equation, 0.0, 1.0, xtol=1e-13, rtol=8 * np.finfo(float).eps))
