"""How many items one score needs: for an interval that is narrow enough, or to show that it keeps a floor.

The interval is that of `estimate` as it is to be expected: Wilson's on the effective number of items, with
the exact one-sided guard next to 0 and 1 and with the misses that nobody saw among fractions, and t for
scores on other scales. A floor is kept where the lower limit of the interval at the two-sided level 2 · level
− 1, and the exact one, are above it, as `gate` has it. The chance of that is exact (binomial) for single
right-or-wrong answers to independent items, and that of a binomial with as many effective answers otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.means import intervals

if TYPE_CHECKING:
    from howsure.statistics.planning.power import Spread


def half_width(
    rate: float,
    spread: Spread,
    n: float,
    attempts: float,
    level: float,
    *,
    unseen: float = 0.0,
    bounded: bool = True,
) -> float:
    """Return half the length of the interval that n items with so many attempts are expected to give.

    `unseen`: the deff of misses that nobody saw, 0 where every score is a right or wrong answer.

    >>> from howsure.statistics.planning.power import Spread
    >>> round(half_width(0.5, Spread(within=0.25), 1067, 1, 0.95), 3)
    0.03
    """
    df = spread.df(n)
    if not df > 0:
        return math.inf
    per_item = spread.per_item(n, attempts)
    if not bounded:
        return float(intervals.t_quantile(level, df)) * math.sqrt(per_item / n)
    low, high = intervals.guarded_score(
        rate, n, df, level, deff=per_item / (rate * (1 - rate)), unseen=unseen
    )
    return float(high - low) / 2


def floor_power(
    rate: float, floor: float, spread: Spread, n: float, attempts: float, *, level: float, unseen: float = 0.0
) -> float:
    """Return the chance that a floor is shown to be kept, one-sided at `level`, where the true score is
    `rate`.

    >>> from howsure.statistics.planning.power import Spread
    >>> round(floor_power(0.95, 0.9, Spread(within=0.95 * 0.05), 300, 1, level=0.95), 3)
    0.951
    """
    df = spread.df(n)
    if not df > 0:
        return 0.0
    deff = spread.per_item(n, attempts) / (rate * (1 - rate))
    effective = n / deff
    least = _threshold(floor, n, df, level, deff=deff, unseen=unseen)
    single = attempts == 1 and spread.sizes.single and abs(effective - n) < 1e-6 * n
    successes = math.ceil(least * n - 1e-9) if single else least * effective
    if successes > effective:
        return 0.0
    return float(scipy.special.betainc(max(successes, 1e-12), effective - successes + 1, rate))


def _threshold(floor: float, n: float, df: float, level: float, *, deff: float, unseen: float) -> float:
    """Return the smallest score seen whose lower limit is at the floor; above 1 where none is."""

    def short(p: float) -> float:
        """Return by how much the lower limit of a score that was seen lies above the floor."""
        exact, _ = intervals.clopper_pearson(p * n / deff, n / deff, 2 * level - 1)
        low, _ = intervals.guarded_score(p, n, df, 2 * level - 1, deff=deff, unseen=unseen)
        return float(exact if p >= 1 else np.minimum(low, exact)) - floor

    below = math.nextafter(1.0, 0.0)
    if short(below) >= 0:
        return float(scipy.optimize.brentq(short, floor, below, xtol=1e-13))
    return 1.0 if short(1.0) >= 0 else 2.0
