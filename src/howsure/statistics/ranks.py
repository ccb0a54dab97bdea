"""Ranks with uncertainty: intervals of places, the models that could be best, and groups of models, from
adjusted p-values.

A model's place is between 1 + the number of models significantly better and M − the number significantly
worse (Klein, Wright and Wieczorek 2020; Mogstad, Romano, Shaikh and Wilhelm 2024). With p-values corrected
over all pairs, the intervals are simultaneous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.results import Rank, allowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def ranks(
    scores: Floats, difference: Floats, p_adjusted: Floats, *, level: float, best: Bools | None = None
) -> tuple[Rank, ...]:
    """Return the place of each of M models, sorted from best to worst.

    `scores` (M,): larger is better. `difference`, `p_adjusted` (M, M): [i, j] about i − j. A pair without a
    p-value counts as not significantly different. If models answered different items, score and differences
    can disagree, and the interval is widened to include the place. `best` (M,): which could be best
    (best.py), None for those that no other is significantly better than. Their intervals begin at 1, and no
    others do, so that a single one is first.
    """
    real = p_adjusted <= allowed(level)
    better = real & (difference > 0)
    first = np.asarray(~better.any(axis=0) if best is None else best)
    return ranks_of(scores, better.sum(axis=0), better.sum(axis=1), first, tie_letters(real))


def ranks_of(
    scores: Floats, better: Ints, worse: Ints, first: Bools, ties: Sequence[str] = ()
) -> tuple[Rank, ...]:
    """Return the place of each model from how many others are significantly better and worse (M,), as
    `ranks`. `first` (M,): which could be best. `ties`: the letters of each, none by default.
    """
    count = len(scores)
    low = np.where(first, 1, np.maximum(1 + better, 2))
    high = np.where(first & (first.sum() == 1), 1, count - worse)
    rounding = 8 * np.finfo(float).eps * np.abs(scores).max(initial=0.0)
    places = 1 + count - np.searchsorted(np.sort(scores), scores + rounding, side="right")
    low, high = np.minimum(low, places), np.maximum(high, places)
    ties = ties or [""] * count
    return tuple(
        Rank(
            rank=int(places[k]),
            low=int(low[k]),
            high=int(high[k]),
            could_be_best=bool(first[k]),
            group=ties[k],
        )
        for k in range(count)
    )


def tie_letters(real: Bools) -> list[str]:
    """Return a compact letter display (Piepho 2004): two places share a letter if and only if they don't
    differ significantly.

    `real` (M, M): which pairs differ. A letter is a maximal group in which no two differ, and groups are
    added until every pair that doesn't differ has one (Gramm and others 2007). They are named in the order of
    their first places: `a`, `ab`, `b–f`, or "" if a place differs from all others. If more than 26 letters
    would be needed there are none.
    """
    alike = ~(real | real.T)
    np.fill_diagonal(alike, val=False)
    left = np.triu(alike)
    groups: list[list[int]] = []
    while left.any() and len(groups) < len(LETTERS):
        first = int(left.any(axis=1).argmax())
        group = _largest(alike, left, first)
        left[np.ix_(group, group)] = False
        groups.append(group)
    if left.any():
        return [""] * len(real)
    inside = [
        [k for k, group in enumerate(sorted(groups, key=tuple)) if place in group]
        for place in range(len(real))
    ]
    return [_written(held) for held in inside]


def _largest(alike: Bools, left: Bools, first: int) -> list[int]:
    """Return a group with the first place and as many pairs without a letter as possible, neighbours before
    others.
    """
    group, open_ = [first], alike[first].copy()
    for wanted in (left[first], np.ones_like(open_)):
        for place in np.flatnonzero(open_ & wanted).tolist():
            if open_[place]:
                group.append(place)
                open_ &= alike[place]
    return sorted(group)


def _written(letters: list[int]) -> str:
    """Write letters, with three or more consecutive ones as the first and the last."""
    runs: list[list[int]] = []
    for letter in letters:
        if runs and letter == runs[-1][-1] + 1:
            runs[-1].append(letter)
        else:
            runs.append([letter])
    names = [[LETTERS[k] for k in run] for run in runs]
    return "".join("".join(run) if len(run) <= 2 else f"{run[0]}–{run[-1]}" for run in names)
