"""A plan's power, rehearsed: the pilot's own items (whole clusters) are drawn again and again, and the test
is run on each draw.

The differences keep their shape; their spread is scaled to that of the planned number of attempts, and their
mean is moved to the true difference that is planned for. Clusters keep their sizes: each is replaced by one
of the pilot's of about its size. What this checks is what the forecast takes for granted: the normal
distribution and the degrees of freedom. That the pilot's spread is the true one it can't check. Memory:
blocks of 2 million numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import Bools, Floats, Ints, blocks
from howsure.statistics.means import intervals
from howsure.statistics.means.clustered import Clustering, group_sums
from howsure.statistics.pairs.differences import column_sums, pivots
from howsure.statistics.pairs.evidence import Events, ItemSpread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.statistics.planning.power import Test

TRIALS = 4_000
BLOCK = 2_000_000
NEIGHBOURS = 5


def rehearse(
    d: Floats,
    codes: Ints | None,
    test: Test,
    *,
    effect: float,
    count: int,
    scale: float,
    rng: np.random.Generator,
    trials: int = TRIALS,
) -> float:
    """Return the share of draws of `count` clusters (items without them) that show the test's goal.

    `d` (n,): the pilot's differences; `codes` (n,): its clusters; `scale`: by how much their spread is
    multiplied.
    """
    e = (d - d.mean()) * scale + effect
    codes = np.arange(len(d)) if codes is None else codes
    powers = np.stack([np.ones(len(e)), e, e**2, e**3, e**4, np.abs(e)], axis=1)
    sums = group_sums(powers, codes, int(codes.max()) + 1)
    sums, whole = sums[np.argsort(sums[:, 0], kind="stable")], bool(np.isin(d, (-1.0, 0.0, 1.0)).all())
    found = [
        _shown(part, slots, test, averaged=not whole) for part, slots in _draws(sums, count, trials, rng)
    ]
    return float(np.concatenate(found).mean())


def _draws(
    sums: Floats, count: int, trials: int, rng: np.random.Generator
) -> Iterator[tuple[tuple[Floats, ...], Floats]]:
    """Yield the power sums of drawn clusters, four arrays (count, T), their sums of |d|, and the sizes of the
    clusters they stand for.
    """
    held = len(sums)
    home = (
        (np.arange(count) % held)
        if count >= held
        else np.rint(np.linspace(0, held - 1, count)).astype(np.int64)
    )
    slots = sums[home, 0]
    even = bool((sums[:, 0] == sums[0, 0]).all())
    reach = held if even else min(max(NEIGHBOURS, held // 5), held)
    first = np.clip(home - reach // 2, 0, held - reach)
    for part in blocks(trials, count, BLOCK):
        drawn = first[:, None] + rng.integers(0, reach, (count, part.stop - part.start))
        share = slots[:, None] / sums[drawn, 0]
        yield tuple(share * sums[drawn, k] for k in range(1, 6)), slots


def _shown(parts: tuple[Floats, ...], totals: Floats, test: Test, *, averaged: bool) -> Bools:
    """Say in which draws the test shows its goal (T,); `averaged`: differences aren't all 0 or ±1."""
    n = float(totals.sum())
    one, two, three, four, apart = (part.sum(axis=0) for part in parts)
    mean = one / n
    squares = two - n * mean**2
    fourths = four - 4 * mean * three + 6 * mean**2 * two - 3 * n * mean**4
    items = ItemSpread(squares=np.maximum(squares, 0.0), fourths=np.maximum(fourths, 0.0))
    term = Clustering(codes=None, totals=totals, total=n)
    events = Events.of(apart / n, two / n, weighted=False) if averaged else None
    found = pivots(
        column_sums(parts[0], totals, items, term, "CR2", events=events), "CR2", score=test.method == "score"
    )
    t = intervals.t_quantile(test.two_sided_level, found.df)
    if test.goal == "different":
        return np.asarray(np.abs(found.t_at(0.0)) > t)
    above, below = found.t_at(-test.margin) > t, found.t_at(test.margin) < -t
    return np.asarray(above if test.goal == "not-worse" else above & below)
