"""Pairs that reach a bound in a flip, found without looking at all pairs.

A squared pivot of at least T needs z² / A of at least T' (the same where sizes are equal, less where they
aren't), and so models whose sums lie at least √(T' A) apart. Models are put in order of their sums in each
flip; of each, those far enough below it by the smallest A are taken, and their pivots worked out. The
thousandth of pairs with the smallest A (models that hardly differ) is looked at in every flip instead, so
that it doesn't make the bound useless for the others. Memory: arrays of the pairs found in a few flips, and
one of models × models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.statistics.arrays import Floats, Ints, Positions, Singles

CLOSE = 0.001
"""The share of pairs that is looked at in every flip."""
FLIPS_AT_ONCE = 32
TOO_MANY = 0.1
"""Where more than this share of pairs is far enough apart, looking at all of them is faster."""


class TooManyError(Exception):
    """So many pairs are far enough apart that looking at all of them is faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Pairs that reached the bound (N,): the flip, the model with the larger sum, that with the smaller one,
    the squared pivot.
    """

    flip: Ints
    upper: Positions
    lower: Positions
    pivot: Singles


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """What is needed to find them. `squares` (M, M): A of each pair, infinite where it isn't asked about.

    `close` (2, n): the pairs that are looked at in every flip; `apart`: how far models of any other are at
    least; `bound`: T; `most`: the share of pairs from which on looking at all is faster. Differences are of
    the model that comes first less the other, which matters where lone items lift them.
    """

    squares: Singles
    close: Positions
    apart: float
    bound: float
    most: float

    @classmethod
    def of(cls, squares: Singles, bound: float, lever: float, most: float) -> Reaching:
        """Prepare for pairs with these A (M, M). `lever`: √B / W, 0 where sizes are equal."""
        usable = np.isfinite(squares) & ~np.eye(len(squares), dtype=bool)
        line = float(np.quantile(squares[usable], CLOSE))
        first, second = np.nonzero(usable & (squares < line))
        once = first < second
        root = math.sqrt(bound)
        return cls(
            squares=squares,
            close=np.stack([first[once], second[once]]),
            apart=root / (1 + lever * root) * math.sqrt(line),
            bound=bound,
            most=most,
        )

    def reached(self, summed: tuple[Singles, ...]) -> Reached:
        """Return the pairs that reach the bound in some flips; `summed`: z, its lift, and s and its lift
        where sizes differ.

        TooManyError where they are too many to be worth it.
        """
        parts = [
            part
            for start in range(0, summed[0].shape[1], FLIPS_AT_ONCE)
            for part in self._some(tuple(x[..., start : start + FLIPS_AT_ONCE] for x in summed), start)
        ]
        flip, upper, lower, pivot = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Reached(flip=flip, upper=upper, lower=lower, pivot=pivot)

    def _some(
        self, summed: tuple[Singles, ...], start: int
    ) -> Iterator[tuple[Ints, Positions, Positions, Singles]]:
        """Yield those of a few flips: pairs far apart, then the close ones, the model with the larger sum
        first.
        """
        for upper, lower, flip in (self._far(summed[0], summed[1]), self._near(summed[0])):
            pivot = self._pivots(summed, upper, lower, flip)
            kept = pivot >= self.bound
            yield flip[kept] + start, upper[kept], lower[kept], pivot[kept]

    def _far(self, z: Singles, lift: Singles) -> tuple[Positions, Positions, Ints]:
        """Return pairs of models that are far enough apart in a flip, and the flips."""
        models, flips = z.shape
        order = np.argsort(z, axis=0).T
        above = np.arange(flips)[:, None] * (2.0 * float(np.ptp(z)) + 1.0)
        line = (np.take_along_axis(z.T, order, axis=1) + above).ravel()
        apart = np.maximum(self.apart - np.abs(lift), 0.0).repeat(models)
        count = np.searchsorted(line, line - apart, side="right") - np.arange(flips).repeat(models) * models
        count = np.maximum(count, 0)  # where nothing lies as far apart, the line of the flip before does
        total = int(count.sum())
        if total > self.most * models * models * flips / 2:
            raise TooManyError
        source = np.arange(models * flips).repeat(count)
        below = np.arange(total) - (np.cumsum(count) - count).repeat(count)
        flip, named = source // models, order.ravel()
        return named[source], named[flip * models + below], flip

    def _near(self, z: Singles) -> tuple[Positions, Positions, Ints]:
        """Return the close pairs in each flip."""
        flips = z.shape[1]
        first, second = (each.repeat(flips) for each in self.close)
        flip = np.tile(np.arange(flips), self.close.shape[1])
        turned = z[first, flip] < z[second, flip]
        return np.where(turned, second, first), np.where(turned, first, second), flip

    def _pivots(self, summed: tuple[Singles, ...], upper: Positions, lower: Positions, flip: Ints) -> Singles:
        """Return the squared pivots of pairs in flips."""
        z, z_lift, *rest = summed
        turned = upper > lower
        sign = np.where(turned, np.float32(-1), np.float32(1))
        gap = sign * (z[upper, flip] - z[lower, flip]) + z_lift[flip]
        squares = self.squares[upper, lower]
        if not rest:
            return np.asarray(gap * gap / squares)
        s, s_lift = rest
        slope = (sign * (s[upper, flip] - s[lower, flip]) + s_lift[flip]) * gap + squares
        return np.asarray(gap * gap / np.maximum(slope, np.float32(1e-6) * squares))


def covered(flip: Ints, low: Ints, high: Ints, size: int) -> Floats:
    """Count, for each place (size,), the flips of which some interval [low, high] holds it."""
    kept = low <= high
    width = size + 1
    start, end = flip[kept] * width + low[kept], flip[kept] * width + high[kept]
    if not len(start):
        return np.zeros(size)
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.maximum.accumulate(end[order])
    new = np.concatenate([[True], start[1:] > end[:-1]])
    last = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(end) - 1]])
    begun = np.bincount(start[new] % width, minlength=width + 1)
    ended = np.bincount(end[last] % width + 1, minlength=width + 1)
    return np.asarray(np.cumsum(begun - ended)[:size], dtype=float)
