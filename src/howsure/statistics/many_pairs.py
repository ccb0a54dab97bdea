"""All pairs of very many models, block by block: how many of the others each differs from significantly.

No array of all pairs is made. Holm's (1979) procedure is followed in STEPS steps of the number of rejected
pairs, so that one pass is enough: a pair is rejected only if he rejects it. Memory: the moments of two blocks
of models.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Floats, Ints, Positions
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.score_pivot import Pivots

BLOCK = 1_000
STEPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The significant differences among M models, best first.

    `better`, `worse` (M,): how many others are significantly better, and worse, than each. `neighbours` (M −
    1,): the corrected p-values of neighbouring ranks. `leader` (M,): the one-sided p-values of the first
    model being better than each, 1 for itself. NaN if a pair can't be compared.
    """

    better: Ints
    worse: Ints
    neighbours: Floats
    leader: Floats


def tally(
    moments_of: Callable[[Positions], PairMoments],
    order: Positions,
    error: float,
    *,
    sign: int = 1,
    corrected: bool = True,
) -> Tally:
    """Compare all pairs of the models in this order (M,), best first, each at its share of `error`.

    `moments_of`: returns the pairs of some models. `sign`: −1 if smaller scores are better. `corrected`: by
    Holm's procedure, else each pair at `error`.
    """
    count = len(order)
    pairs = count * (count - 1) // 2 if corrected else 1
    first = error / pairs
    found = np.zeros((2, STEPS + 1, count), dtype=np.int64)
    neighbours, leader = np.full(max(count - 1, 0), np.nan), np.full(count, np.nan)
    leader[:1] = 1.0
    starts = range(0, count, BLOCK)
    for a, b in combinations_with_replacement(starts, 2):
        rows, columns = (np.arange(k, min(k + BLOCK, count)) for k in (a, b))
        block = _between(moments_of, order, rows, columns, same=a == b)
        near = (rows[:, None] + 1 == columns[None, :]).nonzero()
        neighbours[rows[near[0]]] = block.at(near).p_value_at(0.0)
        if a == 0:
            own = slice(int(b == 0), None)
            half = block.at((0, own)).p_value_at(0.0) / 2
            is_ahead = sign * np.asarray(block.difference)[0, own] > 0
            leader[columns[own]] = np.where(is_ahead, half, 1 - half)
        one, other = _candidates(block, error, pairs, upper=a == b)
        p = block.at((one, other)).p_value_at(0.0)
        step = _step(p, first) if corrected else np.where(p <= error, 0, STEPS + 1)
        kept = step <= STEPS
        ahead = sign * np.asarray(block.difference)[one[kept], other[kept]] > 0
        upper, lower = np.where(
            ahead, (rows[one[kept]], columns[other[kept]]), (columns[other[kept]], rows[one[kept]])
        )
        for place, models in enumerate((lower, upper)):
            np.add.at(found[place], (step[kept], models), 1)
    total = np.cumsum(found[0].sum(axis=1))
    last = 0
    while corrected and last < STEPS and total[last] * STEPS >= pairs * (last + 1):
        last += 1
    better, worse = found[:, : last + 1].sum(axis=1)
    return Tally(better=better, worse=worse, neighbours=np.minimum(neighbours * pairs, 1.0), leader=leader)


def _between(
    moments_of: Callable[[Positions], PairMoments],
    order: Positions,
    rows: Positions,
    columns: Positions,
    *,
    same: bool,
) -> Pivots:
    """Return the pivots of one block of models against another, or against itself."""
    if same:
        return moments_of(order[rows]).at((slice(None), slice(None)))
    moments = moments_of(order[np.concatenate([rows, columns])])
    return moments.at((slice(0, len(rows)), slice(len(rows), None)))


def _candidates(block: Pivots, error: float, pairs: int, *, upper: bool) -> tuple[Positions, Positions]:
    """Return the pairs whose p-value may be small enough at the last step, by a bound that is normal.
    `upper`: only those above the diagonal.
    """
    least = float(-scipy.special.ndtri(min(error / pairs * (STEPS + 1), error) / 2))
    with np.errstate(invalid="ignore"):
        large = np.abs(block.t_at(0.0)) >= least
    first, second = (np.triu(large, 1) if upper else large).nonzero()
    return first, second


def _step(p: Floats, first: float) -> Ints:
    """Return at which step each p-value is small enough: after step / STEPS of all pairs were rejected.

    At step k the bound is `first` / (1 − k / STEPS).
    """
    with np.errstate(divide="ignore"):
        return np.clip(np.ceil(STEPS * (1 - first / p)), 0, STEPS + 1).astype(np.int64)
