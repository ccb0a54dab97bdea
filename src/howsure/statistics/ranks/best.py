"""Who could be best: one-sided comparisons with the leader (Hsu 1981, 1984; Mogstad, Romano, Shaikh and Wilhelm 2024).

A model is out where the leader is further ahead of it than any other would be, if none were better than it: the largest of
the M − 1 pivots "other − model" under flips of signs of whole clusters, the same flips as those of max-t. Fewer comparisons
than all pairs, and one direction only, so that fewer models are left. The one that is best stays with the chosen level; of
models that are exactly as good each does. Memory: blocks of about a million others × models × flips.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.means.clustered import satterthwaite
from howsure.statistics.ranks.maxt import BLOCK_CELLS, MANY_PAIRS, TINY, UNCLEAR, Columns, drawn, few
from howsure.statistics.ranks.reaching import Reaching, TooManyError
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Positions, Singles
    from howsure.statistics.pairs.moments import FlipSums, PairMoments
    from howsure.statistics.ranks.maxt import Blocks
    from howsure.statistics.ranks.reaching import Reached

DRAWS = 4_096
"""Flips: as many as there are for 12 clusters. A p-value of .05 then has a Monte-Carlo error of .0034."""
PILOT = 256
"""So many flips of all pairs say which models' shares are in doubt, where pairs are many."""
STEADY = 0.5
"""So much of the variance that a difference has where there is none is added to its own, where clusters differ in size."""


def could_be_best(
    moments: PairMoments, better: Bools, leaders: Positions, level: float, *, sign: int = 1, rng: np.random.Generator
) -> Bools:
    """Say which of M models could be best at this level (M,).

    `better` (M, M): [i, j] where i is shown to be better than j at the same level by all pairs: j is out then. `leaders`:
    those with the best score; `sign`: −1 where smaller scores are better. Needs flips.
    """
    out = np.asarray(better.any(axis=0))
    left = np.flatnonzero(~out)
    p = chances(moments, left, leaders, sign=sign, rng=rng)
    out[left] = p <= allowed(level)
    out[leaders] = False
    out = _with_those_behind(out, moments, int(leaders[0]), sign)
    out[leaders] = False
    return ~out


def chances(
    moments: PairMoments, models: Positions, leaders: Positions, *, sign: int, rng: np.random.Generator
) -> Floats:
    """Return, for each of these models, the chance of a lead over it as large as was seen where no other is better (K,)."""
    flips = moments.flips
    if flips is None:
        raise ValueError("comparisons with the best need flips")
    others = _Others.of(flips, models)
    seen = others.seen(_observed(moments, flips, leaders)[:, models], leaders)
    seen *= np.sign(moments.difference[leaders][:, models]) * sign
    seen = np.nanmax(np.where(np.isfinite(seen), seen, -np.inf), axis=0)[:, None] * (1 - 1e-4)
    columns, blocks, count = drawn(Columns.of(flips), float(flips.sizes.max() / flips.sizes.sum()), rng, DRAWS)
    many = others.squares.size > MANY_PAIRS
    found = others.shares_of_many(columns, blocks, count, seen[:, 0]) if many else None
    return others.shares(columns, blocks, count, seen) if found is None else found


def _with_those_behind(out: Bools, moments: PairMoments, leader: int, sign: int) -> Bools:
    """Leave out as well who lies further behind the leader than one that is out, with no larger error, on the same items."""
    gap, error = sign * moments.difference[leader], moments.variance[leader]
    every, own = moments.shared[leader, leader], np.diagonal(moments.shared)
    same = (own == every) & (moments.shared[leader] == every)  # all that the leader answered, and nothing else
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Others:
    """The pivots "other − model" of some models against all, and what a flip needs.

    A pivot here is z² / ((1 + STEADY) A + z s), where t² is z² / (A + z s) (`Columns`): A, which no flip changes, is the variance
    of a difference if there is none. Of few clusters that differ in size t² has tails so heavy that a handful of pairs would set
    the bar for all. `squares` (M, K): the divisors' part that no flip changes; `models` (K,): their places; `sums` (M,): z as
    seen; `count`: clusters − 1; `lever`: √B / W.
    """

    models: Positions
    squares: Singles
    sums: Floats
    count: int
    even: bool
    lever: float

    @classmethod
    def of(cls, flips: FlipSums, models: Positions) -> _Others:
        """Take them from the clusters."""
        squares = np.where(flips.data_squares()[:, models] > 0, flips.squares()[:, models], np.inf)
        return cls(
            models=models,
            squares=np.maximum(squares * (1 if flips.even else 1 + STEADY), TINY).astype(np.float32),
            sums=flips.sums.sum(axis=0),
            count=len(flips.sums) - 1,
            even=flips.even,
            lever=0.0 if flips.even else math.sqrt(float(flips.inflation @ flips.sizes**2)) / float(flips.sizes.sum()),
        )

    def shares(self, columns: Columns, blocks: Blocks, count: int, seen: Floats) -> Floats:
        """Return the share of flips in which some other model is as far above each as was seen (K,), seen (K, 1)."""
        above = np.full(len(self.models), float(count))
        for block in blocks:
            largest = self.largest(columns.sums(block()))
            above += (largest >= seen).sum(axis=1)
            count += largest.shape[1]
        return np.asarray(np.maximum(above, 1) / count)

    def shares_of_many(self, columns: Columns, blocks: Blocks, count: int, seen: Floats) -> Floats | None:
        """Return the same, in every flip looking only at pairs that can matter; None where looking at all is faster.

        The shares of models for which a few flips of all pairs give more than UNCLEAR rest on these alone.
        """
        blocks = deepcopy(blocks)
        shares = self.shares(columns, [partial(few, blocks[0], PILOT)], count, seen[:, None])
        unclear = np.flatnonzero(shares <= UNCLEAR)
        if not len(unclear):
            return shares
        bars = np.full(len(self.squares), np.inf)
        bars[self.models[unclear]] = seen[unclear]
        finder = self._reaching(float(bars.min()))
        above, flips = np.full(len(bars), float(count)), count
        try:
            for block in blocks:
                signs = block()
                above += _passed(finder.reached(columns.sums(signs)), bars)
                flips += signs.shape[1]
        except TooManyError:
            return None
        shares[unclear] = np.maximum(above[self.models[unclear]], 1) / flips
        return shares

    def _reaching(self, bound: float) -> Reaching:
        """Return what finds the pairs that reach a squared pivot."""
        squares = np.full((len(self.squares), len(self.squares)), np.inf, dtype=np.float32)
        squares[:, self.models] = self.squares
        return Reaching.of(np.minimum(squares, squares.T), bound, self.lever, by_place=False)

    def seen(self, t_squared: Floats, leaders: Positions) -> Floats:
        """Bring the t² of leaders against the models (L, K) to the scale of `largest`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.even:
                return np.where(np.isinf(t_squared), self.count, t_squared * self.count / (self.count + t_squared))
            gap = self.sums[leaders][:, None] - self.sums[self.models]
            return np.asarray(1 / (1 / t_squared + self.squares[leaders] * STEADY / (1 + STEADY) / gap**2))

    def largest(self, summed: tuple[Singles, ...]) -> Singles:
        """Return the largest squared pivot above each model in each flip (K, flips); 0 where none is above it."""
        step = max(BLOCK_CELLS // self.squares.size, 1)
        starts = range(0, summed[0].shape[1], step)
        return np.concatenate([self._largest(*(x[..., k : k + step] for x in summed)) for k in starts], axis=1)

    def _largest(self, z: Singles, z_lift: Singles, s: Singles | None = None, s_lift: Singles | None = None) -> Singles:
        gap = z[:, None] - z[self.models]
        if z_lift.any():
            gap += z_lift
        divisor: Singles = self.squares[:, :, None]
        if s is not None and s_lift is not None:
            slope = s[:, None] - s[self.models]
            slope += s_lift
            slope *= gap
            slope += divisor
            divisor = slope
        np.maximum(gap, 0, out=gap)
        gap *= gap
        gap /= divisor
        return np.asarray(gap.max(axis=0))


def _passed(found: Reached, bars: Floats) -> Floats:
    """Count, for each model (M,), the flips in which some other is as far above it as its bar."""
    kept = found.pivot >= bars[found.lower]
    once = np.unique(found.flip[kept] * len(bars) + found.lower[kept])
    return np.bincount(once % len(bars), minlength=len(bars)).astype(float)
