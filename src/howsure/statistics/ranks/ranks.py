"""Ranks that are real: intervals of places, the models that could be best, and tie groups, from adjusted p-values.

A model's place lies between 1 + the number of models significantly better and M − the number significantly worse
(Klein, Wright and Wieczorek 2020; Mogstad, Romano, Shaikh and Wilhelm 2024). With p-values that are corrected over all
pairs, all intervals hold at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.results import Rank, allowed

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def ranks(
    scores: Floats, difference: Floats, p_adjusted: Floats, *, level: float, best: Bools | None = None
) -> tuple[Rank, ...]:
    """Return the place of each of M models that are sorted from best to worst.

    `scores` (M,): larger is better; `difference`, `p_adjusted` (M, M): [i, j] about i − j. A pair without a p-value
    counts as not told apart. Where models answered different items, score and differences can point different ways:
    the interval is widened to hold the place. `best` (M,): which could be best (best.py), None for those that nobody is
    significantly better than; their intervals begin at 1, and no others do, so that the only one is first.
    """
    count = len(scores)
    real = p_adjusted <= allowed(level)
    better = real & (difference > 0)
    first = np.asarray(~better.any(axis=0) if best is None else best)
    low = np.where(first, 1, np.maximum(1 + better.sum(axis=0), 2))
    high = np.where(first & (first.sum() == 1), 1, count - better.sum(axis=1))
    rounding = 8 * np.finfo(float).eps * np.abs(scores).max(initial=0.0)
    places = 1 + (scores[None, :] > scores[:, None] + rounding).sum(axis=1)
    low, high = np.minimum(low, places), np.maximum(high, places)
    ties = tie_letters(real)
    return tuple(
        Rank(
            rank=int(places[k]),
            low=int(low[k]),
            high=int(high[k]),
            could_be_best=bool(first[k]),
            ties=ties[k],
        )
        for k in range(count)
    )


def tie_groups(real: Bools) -> list[tuple[int, int]]:
    """Return the longest runs of neighbouring places in which no two models differ, as (first, last).

    `real` (M, M): which pairs differ. Runs may overlap; M models have at most M of them, found in M² steps. A model
    that differs from nobody but has a differing pair between it and another is not joined with that other.
    """
    count = len(real)
    groups: list[tuple[int, int]] = []
    last = -1
    # the first place, going up from k, that differs from k
    reach = [int(np.argmax(row[k:])) + k if row[k:].any() else count for k, row in enumerate(real)]
    for first in range(count):
        end = min(reach[first:], default=count) - 1
        if end > last:
            groups.append((first, end))
            last = end
    return groups


def tie_letters(real: Bools) -> list[str]:
    """Name the tie groups a, b, c … and give each place the groups it is in: `a`, `ab`, `b–f`; "" where it is alone."""
    groups = [(first, last) for first, last in tie_groups(real) if last > first]
    letters = []
    for place in range(len(real)):
        inside = [k for k, (first, last) in enumerate(groups) if first <= place <= last]
        names = [_letter(k) for k in inside]
        letters.append("".join(names) if len(names) <= 2 else f"{names[0]}–{names[-1]}")
    return letters


def _letter(k: int) -> str:
    prefix = _letter(k // len(LETTERS) - 1) if k >= len(LETTERS) else ""
    return prefix + LETTERS[k % len(LETTERS)]
