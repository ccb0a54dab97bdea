"""What the best outcome that there can be would show: one model all right, the other all wrong."""

from __future__ import annotations

from functools import cache

import numpy as np

from howsure.statistics.difference import difference
from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.results import significant

ENOUGH = 16
"""On so many items some outcome is significant, at any usual level."""


@cache
def best_p_value(n: int, *, level: float, margin: float | None = None) -> float:
    """Return the p-value of the score test if one model is right and the other wrong on n shared items.

    No other outcome of right and wrong answers has a smaller one; partial scores, and clusters of several
    items, can have. With a margin it is the p-value of non-inferiority. NaN for one item, which has no test.

    >>> round(best_p_value(6, level=0.95), 3), round(best_p_value(7, level=0.95), 3)
    (0.058, 0.038)
    """
    best = difference(np.ones(n), np.zeros(n), level=level, margin=margin)
    if margin is None or best.equivalence is None:
        return best.p_value
    return best.equivalence.p_noninferior


def out_of_reach(n: int, *, level: float, margin: float | None = None) -> bool:
    """Say whether no outcome on n right or wrong answers could be significant, or within the margin.

    >>> out_of_reach(6, level=0.95), out_of_reach(7, level=0.95)
    (True, False)
    """
    return 1 < n <= ENOUGH and not significant(best_p_value(n, level=level, margin=margin), level)


@cache
def fewest_significant(*, level: float, margin: float | None = None) -> int:
    """Return the fewest independent items on which an outcome can be significant; 0 if more than ENOUGH are
    needed.

    >>> fewest_significant(level=0.95)
    7
    """
    counts = range(2, ENOUGH + 1)
    return next((n for n in counts if significant(best_p_value(n, level=level, margin=margin), level)), 0)


def highest_floor(n: int, level: float) -> float:
    """Return the largest floor that n right answers of n show, one-sided (Clopper and Pearson 1934).

    >>> round(highest_floor(10, 0.95), 3)
    0.741
    """
    low, _ = clopper_pearson(float(n), float(n), 2 * level - 1)
    return float(low)
