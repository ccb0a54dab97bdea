"""Who could be best: one-sided comparisons with the leader (Hsu 1981, 1984; Mogstad, Romano, Shaikh and
Wilhelm 2024).

A model is out where the leader is further ahead of it than any other would be, if none were better than it:
the largest of the M − 1 pivots "other − model" under flips of signs of whole clusters, the same flips as
those of max-t. Fewer comparisons than all pairs, and one direction only, so that fewer models are left. The
one that is best stays with the chosen level; of models that are exactly as good each does. Models whose share
of flips is clear after a few are looked at in no more of them (Besag and Clifford 1991; Gandy 2009).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.means.clustered import satterthwaite
from howsure.statistics.ranks.columns import Columns, drawn
from howsure.statistics.ranks.leads import Leads
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints, Positions, Singles
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.pairs.moments import FlipSums, PairMoments

DRAWS = 4_096
"""Flips: as many as there are for 12 clusters. A p-value of .05 then has a Monte-Carlo error of .0034."""
LOOKS = (64, 256)
"""After so many flips of the first block, and after each block, models whose shares are clear are left out of
the others.
"""
CLEAR = 1e-7
"""The chance of a share so far from the level, if it were just that of all flips, at which it is clear."""


def best_of(
    moments: PairMoments,
    scores: Floats,
    p_adjusted: Floats,
    adjust: Adjustment,
    level: float,
    *,
    sign: int = 1,
    rng: np.random.Generator,
) -> Bools:
    """Say which of M models could be best (M,): by comparisons with the leaders where pairs are corrected by
    max-t, else all that nobody is shown to be better than.

    `scores` (M,): larger is better; `p_adjusted` (M, M) of all pairs; `sign`: −1 where smaller values are
    better.
    """
    better = (p_adjusted <= allowed(level)) & (sign * moments.difference > 0)
    if adjust != "max-t":
        return np.asarray(~better.any(axis=0))
    leaders = np.flatnonzero(np.isclose(scores, scores.max(), rtol=1e-12, atol=0))
    return could_be_best(moments, better, leaders, level, sign=sign, rng=rng)


def could_be_best(
    moments: PairMoments,
    better: Bools,
    leaders: Positions,
    level: float,
    *,
    sign: int = 1,
    rng: np.random.Generator,
) -> Bools:
    """Say which of M models could be best at this level (M,).

    `better` (M, M): [i, j] where i is shown to be better than j at the same level by all pairs: j is out
    then. `leaders`: those with the best score; `sign`: −1 where smaller scores are better. No model is out
    that a comparison of two wouldn't show to be behind another. Needs flips.
    """
    behind = ((moments.p_value <= allowed(level)) & (sign * moments.difference > 0)).any(axis=0)
    out = np.asarray(better.any(axis=0))
    left = np.flatnonzero(~out)
    out[left] = chances(moments, left, leaders, allowed(level), sign=sign, rng=rng) <= allowed(level)
    out[leaders] = False
    out = _with_those_behind(out, moments, int(leaders[0]), sign) & behind
    out[leaders] = False
    return ~out


def chances(
    moments: PairMoments,
    models: Positions,
    leaders: Positions,
    level: float,
    *,
    sign: int,
    rng: np.random.Generator,
) -> Floats:
    """Return, for each of these models, the chance of a lead over it as large as was seen where no other is
    better (K,).

    Chances that are clearly above `level`, or clearly below it, rest on the flips that showed so.
    """
    flips = moments.flips
    if flips is None:
        raise ValueError("comparisons with the best need flips")
    leads = Leads.of(flips, models)
    seen = leads.comparable(_observed(moments, flips, leaders)[:, models], leaders)
    seen *= np.sign(moments.difference[leaders][:, models]) * sign
    seen = np.nanmax(np.where(np.isfinite(seen), seen, -np.inf), axis=0) * (1 - 1e-4)
    columns, blocks, count = drawn(
        Columns.of(flips), float(flips.sizes.max() / flips.sizes.sum()), rng, DRAWS
    )
    above, every, doubtful = (
        np.full(len(models), float(count)),
        np.full(len(models), count),
        np.arange(len(models)),
    )
    for summed in _parts(columns, blocks):
        above[doubtful] += leads.passed(summed, seen, doubtful)
        every[doubtful] += summed[0].shape[1]
        doubtful = doubtful[_in_doubt(above[doubtful], every[doubtful], level)]
        if not len(doubtful):
            break
    return np.asarray(np.maximum(above, 1) / every)


def _parts(columns: Columns, blocks: Sequence[Callable[[], Singles]]) -> Iterator[tuple[Singles, ...]]:
    """Yield the sums of the models in the flips of every block, of the first in parts."""
    for place, block in enumerate(blocks):
        summed = columns.sums(block())
        looks = LOOKS if place == 0 else ()
        for start, end in pairwise(
            (0, *(look for look in looks if look < summed[0].shape[1]), summed[0].shape[1])
        ):
            yield tuple(each[..., start:end] for each in summed)


def _in_doubt(above: Floats, flips: Ints, level: float) -> Bools:
    """Say which counts of flips leave open on what side of the level the share of all of them lies."""
    at_most, fewer = (scipy.special.bdtr(count, flips, level) for count in (above, above - 1))
    return np.asarray((at_most > CLEAR) & (1 - np.where(above > 0, fewer, 0.0) > CLEAR))


def _with_those_behind(out: Bools, moments: PairMoments, leader: int, sign: int) -> Bools:
    """Leave out as well who lies further behind the leader than one that is out, with no larger error, on the
    same items.
    """
    gap, error = sign * moments.difference[leader], moments.variance[leader]
    every, own = moments.shared[leader, leader], np.diagonal(moments.shared)
    same = (own == every) & (
        moments.shared[leader] == every
    )  # all that the leader answered, and nothing else
    same = same[:, None] & same
    behind = (gap[None, :] >= gap[:, None]) & (error[None, :] <= error[:, None]) & same
    return np.asarray(out | (behind & out[:, None]).any(axis=0))


def _observed(moments: PairMoments, flips: FlipSums, leaders: Positions) -> Floats:
    """Return the t² of the leaders against all that were seen (L, M)."""
    return _plain(moments, flips, leaders) if flips.observed is None else flips.observed[leaders]


def _plain(moments: PairMoments, flips: FlipSums, leaders: Positions) -> Floats:
    """Return the t² without the score pivot's room that has the p-value of each pair with a leader (L, M)."""
    df = satterthwaite(flips.sizes / flips.sizes.sum())
    p = np.clip(np.nan_to_num(moments.at(leaders).p_value_at(0.0), nan=1.0), 1e-300, 1.0)
    squared = scipy.special.stdtrit(df, p / 2) ** 2
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(p < 1, 1 / np.maximum(1 / squared - flips.room, 0.0), 0.0))
