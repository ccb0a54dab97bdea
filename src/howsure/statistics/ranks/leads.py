"""How far any other model lies above each of some models in flips of signs: what says who could be best.

Of each model only few flips can bring another as far above it as was seen: those in which the largest sum of
all lies far enough above its own, by the smallest variance of its differences from the others. In these alone
the others are looked at, those with the largest sums first. The hundredth of the others that a model is most
like (near copies have tiny variances, and would make the bound useless) is looked at in every flip. Memory:
blocks of about a million others × flips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import blocks
from howsure.statistics.ranks.maxt import BLOCK_CELLS, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.statistics.arrays import Bools, Floats, Positions, Singles
    from howsure.statistics.pairs.moments import FlipSums

STEADY = 0.5
"""So much of the variance that a difference has where there is none is added to its own, where clusters
differ in size.
"""
ALIKE = 0.01
"""The share of the others, those that a model is most like, that is looked at in every flip."""
MOSTLY = 0.2
"""Where more flips than this share could bring one of the others as far, all are looked at."""
TOP = 128
"""So many of the largest sums of a flip are looked at first: mostly no other can reach what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """The pivots "other − model" of some models against all, and what a flip needs.

    A pivot here is z² / ((1 + STEADY) A + z s), where t² is z² / (A + z s) (`Columns`): A, which no flip
    changes, is the variance of a difference if there is none. Of few clusters that differ in size t² has
    tails so heavy that a handful of pairs would set the bar for all. `squares` (M, K): the divisors' part
    that no flip changes; `models` (K,): their places; `sums` (M,): z as seen; `count`: clusters − 1; `lever`:
    √B / W.
    """

    models: Positions
    squares: Singles
    sums: Floats
    count: int
    even: bool
    lever: float

    @classmethod
    def of(cls, flips: FlipSums, models: Positions) -> Leads:
        """Take them from the clusters."""
        data = flips.data_squares()[:, models]
        squares = np.where(data > 0, data + flips.lone_squares, np.inf)
        return cls(
            models=models,
            squares=np.maximum(squares * (1 if flips.even else 1 + STEADY), TINY).astype(np.float32),
            sums=flips.sums.sum(axis=0),
            count=len(flips.sums) - 1,
            even=flips.even,
            lever=0.0
            if flips.even
            else math.sqrt(float(flips.inflation @ flips.sizes**2)) / float(flips.sizes.sum()),
        )

    def comparable(self, t_squared: Floats, leaders: Positions) -> Floats:
        """Bring the t² of leaders against the models (L, K) to the scale of these pivots."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.even:
                return np.where(
                    np.isinf(t_squared), self.count, t_squared * self.count / (self.count + t_squared)
                )
            gap = self.sums[leaders][:, None] - self.sums[self.models]
            return np.asarray(1 / (1 / t_squared + self.squares[leaders] * STEADY / (1 + STEADY) / gap**2))

    def passed(self, summed: tuple[Singles, ...], seen: Floats, places: Positions) -> Floats:
        """Count the flips in which some other is at least as far above a model as was seen (P,), of the
        models at these places (P,) of all.

        `seen` (K,): squared pivots; `summed`: z (M, flips), its lift, and s and its lift where sizes differ,
        as `Columns.sums` gives them.
        """
        return np.asarray(_Bars.of(self, seen, places).passed(summed).sum(axis=1), dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """What others must reach above P models: the squared pivots `seen` (P,), for which their z must lie at
    least so far above a model's.

    `squares` (M, P) as in `Leads`; `alike` (N, P): the others whose differences from a model vary least;
    `apart` (P,): how far above it any of these must be, and `far` (P,): any other.
    """

    models: Positions
    squares: Singles
    seen: Singles
    alike: Positions
    apart: Singles
    far: Singles

    @classmethod
    def of(cls, leads: Leads, seen: Floats, places: Positions) -> _Bars:
        """Find out how near others can be: by Cauchy and Schwarz, as in reaching.py."""
        squares, bars = leads.squares[:, places], np.maximum(seen[places], TINY).astype(np.float32)
        last = min(max(int(len(squares) * ALIKE), 1), len(squares) - 1)
        nearest = np.argpartition(squares, (0, last), axis=0)[: last + 1]
        root = np.sqrt(bars) * np.float32(1 - 1e-4)
        smallest, other = (np.sqrt(np.take_along_axis(squares, nearest[[k]], axis=0)[0]) for k in (0, -1))
        share = root / (1 + np.float32(leads.lever) * root)
        return cls(
            models=leads.models[places],
            squares=squares,
            seen=bars,
            alike=nearest[:-1],
            apart=share * smallest,
            far=share * other,
        )

    def passed(self, summed: tuple[Singles, ...]) -> Bools:
        """Say in which flips some other is at least as far above each model as was seen (P, flips)."""
        z, lift = summed[:2]
        most = z.max(axis=0) - z[self.models] + np.abs(lift)
        near, far = most >= self.apart[:, None], most >= self.far[:, None]
        found = np.repeat(
            self.seen[:, None] <= TINY, most.shape[1], axis=1
        )  # what isn't behind is reached by any other
        if far.mean() > MOSTLY:
            return found | self._of_all(summed)
        model, flip = np.nonzero(~found & near)
        found[model, flip] = self._any(summed, model, flip, self.alike, model)
        model, flip = np.nonzero(~found & far)
        enough = np.zeros(len(flip), dtype=bool)
        if len(z) > 2 * TOP:
            top = np.argpartition(-z, TOP, axis=0)[: TOP + 1]  # the last of them the smallest
            enough = (
                z[top[-1, flip], flip] - z[self.models[model], flip] + np.abs(lift[flip]) < self.far[model]
            )
            found[model[enough], flip[enough]] = self._any(
                summed, model[enough], flip[enough], top, flip[enough]
            )
        model, flip = model[~enough], flip[~enough]
        found[model, flip] = self._any(summed, model, flip, np.arange(len(z))[:, None], np.zeros_like(flip))
        return found

    def _of_all(self, summed: tuple[Singles, ...]) -> Bools:
        """Say the same by looking at all others in every flip: faster where most flips could bring one as
        far.
        """
        found = np.empty((len(self.models), summed[0].shape[1]), dtype=bool)
        for part in blocks(found.shape[1], self.squares.size, BLOCK_CELLS):
            gap, *slope = (
                x[:, None, part] - x[self.models, part] + lift[part] for x, lift in _with_lifts(summed)
            )
            found[:, part] = (_squared(gap, slope, self.squares[:, :, None]) >= self.seen[:, None]).any(
                axis=0
            )
        return found

    def _any(
        self,
        summed: tuple[Singles, ...],
        model: Positions,
        flip: Positions,
        others: Positions,
        column: Positions,
    ) -> Bools:
        """Say of models in flips (C,) whether any of the others (N, columns) of their columns is as far above
        as was seen.
        """
        found = np.zeros(len(model), dtype=bool)
        for part in blocks(len(model), len(others), BLOCK_CELLS):
            pivots = self._pivots(summed, others[:, column[part]], model[part], flip[part])
            found[part] = (pivots >= self.seen[model[part]]).any(axis=0)
        return found

    def _pivots(
        self, summed: tuple[Singles, ...], other: Positions, model: Positions, flip: Positions
    ) -> Singles:
        """Return the squared pivots of others (N, C) above models in flips (C,), 0 of those that aren't
        above.
        """
        at = self.models[model]
        gap, *slope = (x[other, flip] - x[at, flip] + lift[flip] for x, lift in _with_lifts(summed))
        return _squared(gap, slope, self.squares[other, model])


def _with_lifts(summed: tuple[Singles, ...]) -> Iterator[tuple[Singles, Singles]]:
    """Yield z and its lift, and s and its lift where sizes differ."""
    return zip(summed[::2], summed[1::2], strict=True)


def _squared(gap: Singles, slope: Sequence[Singles], squares: Singles) -> Singles:
    """Return squared pivots where the other is above, else 0; `slope`: the difference in s, none where sizes
    are equal.
    """
    gap = np.maximum(gap, 0)
    return np.asarray(gap * gap / (squares + slope[0] * gap if slope else squares))
