"""The result of the best possible outcome: one model all right, the other all wrong."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.difference import difference
from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

ENOUGH = 16
"""With this many items some outcome is significant, at any usual level."""


@cache
def best_p_value(n: int, others: int = 0, *, level: float, margin: float | None = None) -> float:
    """Return the p-value of the score test if one model is right and the other wrong on n shared items.

    `others`: the second model answered this many other items instead. No other outcome of right and wrong
    answers has a smaller p-value; partial scores and clusters of several items can. With a margin it is that
    of non-inferiority. NaN for one item, which has no test.

    >>> round(best_p_value(6, level=0.95), 3), round(best_p_value(7, level=0.95), 3)
    (0.058, 0.038)
    """
    right, wrong = np.ones(n), np.zeros(others or n)
    if others:
        right, wrong = (
            np.concatenate([right, np.full(others, np.nan)]),
            np.concatenate([np.full(n, np.nan), wrong]),
        )
    best = difference(right, wrong, level=level, margin=margin)
    if margin is None or best.equivalence is None:
        return best.p_value
    return best.equivalence.p_noninferior


def out_of_reach(n: int, others: int = 0, *, level: float, margin: float | None = None) -> bool:
    """Return whether no outcome on n right or wrong answers could be significant, or within the margin.
    `others`: the second model's, to other items.

    >>> out_of_reach(6, level=0.95), out_of_reach(7, level=0.95), out_of_reach(3, 3, level=0.95)
    (True, False, True)
    """
    if not 1 < min(n, others or n) <= ENOUGH:
        return False
    return not significant(best_p_value(n, others, level=level, margin=margin), level)


@cache
def fewest_significant(*, level: float, margin: float | None = None, paired: bool = True) -> int:
    """Return the fewest items (of each model, if not `paired`) on which an outcome can be significant, 0 if
    more than ENOUGH are needed.

    >>> fewest_significant(level=0.95), fewest_significant(level=0.95, paired=False)
    (7, 4)
    """
    counts = range(2, ENOUGH + 1)
    found = (n for n in counts if not out_of_reach(n, 0 if paired else n, level=level, margin=margin))
    return next(found, 0)


def only_right_or_wrong(scores: Floats) -> bool:
    """Return whether all existing scores (not NaN) are 0 or 1."""
    return bool(np.isin(scores[np.isfinite(scores)], (0.0, 1.0)).all())


def highest_floor(n: int, level: float) -> float:
    """Return the largest floor that is significant for n right answers of n, one-sided (Clopper and Pearson
    1934).

    >>> round(highest_floor(10, 0.95), 3)
    0.741
    """
    low, _ = clopper_pearson(float(n), float(n), 2 * level - 1)
    return float(low)
