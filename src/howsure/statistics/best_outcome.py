"""What the best outcome that there can be would show: one model all right, the other all wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.difference import difference
from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints

ENOUGH = 60
"""With so many items and clusters an outcome can be significant in any case."""


def best_p_value(
    n: int,
    *,
    level: float,
    margin: float | None = None,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
) -> float:
    """Return the p-value of the score test if one model is right and the other wrong on n shared items.

    With a margin it is that of non-inferiority. NaN for one item or cluster, which have no test.

    >>> round(best_p_value(6, level=0.95), 3), round(best_p_value(7, level=0.95), 3)
    (0.058, 0.038)
    """
    best = difference(np.ones(n), np.zeros(n), clusters=clusters, weights=weights, level=level, margin=margin)
    if margin is None or best.equivalence is None:
        return best.p_value
    return best.equivalence.p_noninferior


def fewest_significant(*, level: float, margin: float | None = None) -> int:
    """Return the fewest independent items on which an outcome can be significant; 0 if more than ENOUGH are
    needed.

    >>> fewest_significant(level=0.95)
    7
    """
    counts = range(2, ENOUGH)
    return next((n for n in counts if significant(best_p_value(n, level=level, margin=margin), level)), 0)


def highest_floor(n: int, level: float) -> float:
    """Return the largest floor that n right answers of n show, one-sided (Clopper and Pearson 1934).

    >>> round(highest_floor(10, 0.95), 3)
    0.741
    """
    low, _ = clopper_pearson(float(n), float(n), 2 * level - 1)
    return float(low)
