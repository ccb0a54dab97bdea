"""Sign flips of clusters: which clusters swap the names of A and B, the resulting sums of all pairs, and the
pairs that reach a bound in a flip, found without checking all pairs.

All flips are used if they are few, otherwise random ones. One column per model has the terms of the sums.

A squared pivot of at least T needs z² / A of at least T' (T if sizes are equal, otherwise less), and so sums
of models that differ by at least √(T' A). Models are sorted by their sums in each flip. For each, the pivots
of those far enough below it by the smallest A are computed. The thousandth of pairs with the smallest A
(models that hardly differ) is checked in every flip instead, so that it doesn't make the bound useless for
the others. Memory: arrays of the pairs found in a few flips, and one of models × models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import scipy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from howsure.statistics.arrays import Bools, Floats, Ints, Positions, Singles
    from howsure.statistics.pair_moments import FlipSums

DRAWS = 10_000
"""Up to this many flips, each is made once. Otherwise this many are drawn."""

BLOCK_FLIPS, BLOCKS = 1_024, 16
"""The flips of a block, and the number of blocks that are kept: those of one board."""
SIGNS_OF_BYTES = 1 - 2 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)
"""The signs of the eight bits of each byte, −1 for a set one (256, 8)."""


def listed(width: int, draws: int = DRAWS) -> bool:
    """Return whether all flips of this many clusters are listed, including "none" and "all"."""
    return bool(2**width <= draws)


def sign_blocks(
    width: int, rng: np.random.Generator, draws: int, *, free: int | None = None
) -> list[Callable[[], Singles]]:
    """Return functions that make blocks (C, flips) of signs: all flips if there are few, otherwise random
    ones.

    `free`: how many of the clusters flip if all flips are listed, the first ones, None for all. Each random
    block has its own seed, so that threads may make them in any order, and more than once. Listed flips have
    a fixed random order, so that the first ones represent all.
    """
    free = width if free is None else free
    if not listed(free, draws):
        return [partial(_random_signs, width, seed, size) for seed, size in _seeds(rng, draws)]
    every = np.random.default_rng(0).permutation(2**free)
    return [partial(_listed, width, every[k : k + BLOCK_FLIPS]) for k in range(0, len(every), BLOCK_FLIPS)]


def normal_blocks(width: int, rng: np.random.Generator, draws: int) -> list[Callable[[], Singles]]:
    """Return functions that make blocks (K, draws) of normal deviates."""
    return [partial(_normals, width, seed, size) for seed, size in _seeds(rng, draws)]


def _normals(width: int, seed: np.random.SeedSequence, size: int) -> Singles:
    return np.random.default_rng(seed).standard_normal((width, size), dtype=np.float32)


def _seeds(rng: np.random.Generator, draws: int) -> Iterator[tuple[np.random.SeedSequence, int]]:
    """Yield the seed and the size of each block."""
    sizes = [min(BLOCK_FLIPS, draws - start) for start in range(0, draws, BLOCK_FLIPS)]
    own = cast("np.random.SeedSequence", rng.bit_generator.seed_seq)
    return zip(own.spawn(len(sizes)), sizes, strict=True)


def _listed(width: int, patterns: Ints) -> Singles:
    bits = (patterns >> np.arange(width)[:, None]) & 1
    return (1 - 2 * bits).astype(np.float32)


def _random_signs(width: int, seed: np.random.SeedSequence, flips: int) -> Singles:
    """Return random signs. Those of few clusters are kept for the next task of as many and the same seed."""
    make = _signs_of if width < MANY_CLUSTERS and isinstance(seed.entropy, int) else _signs_of.__wrapped__
    return make(width, seed.entropy, seed.spawn_key, flips)


@lru_cache(maxsize=BLOCKS)
def _signs_of(width: int, entropy: Any, spawn_key: tuple[int, ...], flips: int) -> Singles:
    seed = np.random.SeedSequence(entropy, spawn_key=spawn_key)
    random_bytes = np.random.default_rng(seed).bytes(width * -(-flips // 8))
    signs = np.take(SIGNS_OF_BYTES, np.frombuffer(random_bytes, dtype=np.uint8), axis=0)
    signs = np.ascontiguousarray(signs.reshape(width, -1)[:, :flips])
    signs.flags.writeable = False
    return signs


MARKED = 9
"""The number of digits to which marks of columns are equal in any order of summation."""
MANY_CLUSTERS, MUCH = 300, 0.02
"""Sums of random signs are drawn as normal ones from this many clusters on, if none has more than this share.
"""

Table = TypeVar("Table", "Singles", "Floats")


@dataclass(frozen=True, slots=True)
class FlipColumns:
    """The columns that a flip sums: z and s of every model, then the contributions of lone items to both.

    `table` (C, K) in single precision. With equal sizes s is left out, otherwise a flip's squared pivot is z²
    / (A + z s).
    """

    table: Singles
    even: bool

    @classmethod
    def of(cls, flips: FlipSums) -> FlipColumns:
        """Choose the columns."""
        z = np.column_stack([flips.sums, flips.shared])
        if not flips.even:
            total = flips.sizes.sum()
            curve = float(flips.inflation @ flips.sizes**2) / total**2
            z = np.column_stack([z, z * (curve - 2 / total * flips.inflation * flips.sizes)[:, None]])
        return cls(z.astype(np.float32), flips.even)

    @property
    def models(self) -> int:
        """The number of models."""
        return int(self.table.shape[1]) // (1 if self.even else 2) - 1

    def sums(self, signs: Singles) -> tuple[Singles, ...]:
        """Return z and its lift, and s and its lift unless sizes are equal: (M, flips) and (flips,) each."""
        summed = self.table.T @ signs
        if self.even:
            return summed[:-1], summed[-1]
        z, s = np.split(summed, 2)
        return z[:-1], z[-1], s[:-1], s[-1]


def drawn(
    columns: FlipColumns,
    largest: float,
    rng: np.random.Generator,
    draws: int,
    *,
    mirrored: bool = False,
    rotated: bool = True,
) -> tuple[FlipColumns, list[Callable[[], Singles]], int]:
    """Return the flipped table, the functions that make blocks of flips, and the number of flips that the
    observed one counts as.

    `mirrored`: a flip and its mirror image are equivalent, as with squared pivots, so that one of each two is
    enough. `rotated`: see `flipped`.
    """
    free = len(columns.table) - mirrored
    table, blocks, seen = flipped(columns.table, largest, rng, draws, free=free, rotated=rotated)
    return FlipColumns(table, columns.even), blocks, seen


def flipped(
    table: Table, largest: float, rng: np.random.Generator, draws: int, *, free: int, rotated: bool = True
) -> tuple[Table, list[Callable[[], Singles]], int]:
    """Return the same of a table (C, K) whose first `free` rows may change sign.

    `largest`: the share of the largest cluster. With many clusters and none of them large, sums of random
    signs are replaced by normal ones. `rotated`: whether these are drawn for as few rows as there are
    columns, which pays if many are drawn, and has the same distribution.
    """
    if len(table) >= MANY_CLUSTERS and largest < MUCH:
        table = _reduced(table) if rotated else table
        return table, normal_blocks(len(table), rng, draws), 1
    return table, sign_blocks(len(table), rng, draws, free=free), 0 if listed(free, draws) else 1


def _reduced(table: Table) -> Table:
    """Return as few rows as there are columns, with the same inner products, which determine normal sums.

    If a column is a combination of those before it, such as a model with the answers of another, rounding
    would determine the rotation from there on, and another machine would draw other sums. So such columns
    don't take part in the rotation. The order of columns in the rotation depends on their values only, so
    that sums don't depend on the order of the models.
    """
    if len(table) <= table.shape[1]:
        return table
    squares = np.einsum("ck,ck->k", table, table, dtype=np.float64)
    marks = np.einsum("c,ck->k", np.cos(np.arange(len(table))), table, dtype=np.float64), squares
    order = np.lexsort([np.round(mark / (np.abs(mark).max() or 1.0), MARKED) for mark in marks])
    return np.asarray(_turned(table[:, order], np.sqrt(squares[order]))[:, np.argsort(order)])


def _turned(table: Table, norms: Floats) -> Table:
    """Return the rotated rows of a table with its columns in this order. `norms` (K,): of the columns.

    The sign of a row, which rounding would decide, is chosen to make the number at its own column positive.
    """
    eps = np.finfo(table.dtype).eps
    rows = np.linalg.qr(table, mode="r")
    some = norms > eps * norms.max(initial=0.0)
    made = some & (np.abs(np.diag(rows)) <= math.sqrt(eps) * norms)
    own = np.flatnonzero(some & ~made)
    if not made[
        : own.max(initial=0)
    ].any():  # columns at the end don't affect the rotation, nor do columns of zeros
        return np.asarray(rows * _signs(rows, some))
    turned, upper = np.linalg.qr(table[:, own])
    return np.asarray(_signs(upper, some[own]) * turned.T @ table)


def _signs(rows: Any, some: Bools) -> Any:
    """Return the sign of each row at its own column (K, 1), 1 if that is 0."""
    return np.where(some & (np.diag(rows) < 0), -1, 1).astype(rows.dtype)[:, None]


CLOSE = 0.001
"""The share of pairs that is checked in every flip."""
FLIPS_AT_ONCE = 32
TOO_MANY = 0.1
"""If more than this share of pairs has large enough differences, checking all of them is faster."""


class TooManyPairsError(Exception):
    """So many pairs have large enough differences that checking all of them is faster."""


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
    """The terms for finding them. `squares` (M, M): A of each pair, infinite for pairs to be ignored.

    `close` (2, n): the pairs that are checked in every flip. `apart`: the smallest difference of sums in any
    other pair. `bound`: T. `most`: the share of pairs above which checking all is faster. Differences are of
    the earlier model less the later one, which matters if lone items lift them.
    """

    squares: Singles
    close: Positions
    apart: float
    bound: float
    most: float

    @classmethod
    def of(cls, squares: Singles, bound: float, lever: float, most: float) -> Reaching:
        """Prepare for pairs with these A (M, M). `lever`: √B / W, 0 if sizes are equal."""
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
        """Return the pairs that reach the bound in some flips. `summed`: z, its lift, and s and its lift if
        sizes differ.

        TooManyPairsError if there are too many for this to pay.
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
        """Yield those of a few flips: pairs with distant sums, then the close ones, with the model with the
        larger sum first.
        """
        for upper, lower, flip in (self._far(summed[0], summed[1]), self._near(summed[0])):
            pivot = self._pivots(summed, upper, lower, flip)
            kept = pivot >= self.bound
            yield flip[kept] + start, upper[kept], lower[kept], pivot[kept]

    def _far(self, z: Singles, lift: Singles) -> tuple[Positions, Positions, Ints]:
        """Return pairs of models with large enough differences in a flip, and the flips."""
        models, flips = z.shape
        order = np.argsort(z, axis=0).T
        above = np.arange(flips)[:, None] * (2.0 * float(np.ptp(z)) + 1.0)
        line = (np.take_along_axis(z.T, order, axis=1) + above).ravel()
        apart = np.maximum(self.apart - np.abs(lift), 0.0).repeat(models)
        count = np.searchsorted(line, line - apart, side="right") - np.arange(flips).repeat(models) * models
        count = np.maximum(count, 0)  # without a large enough difference, the line of the flip before has one
        total = int(count.sum())
        if total > self.most * models * models * flips / 2:
            raise TooManyPairsError
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


CLEAR = 1e-7
"""The probability of a share this far from the level, if the share of all flips were the level, below which
it is clear.
"""


def clear_of(counts: Floats | Ints, flips: Ints, level: float) -> tuple[Bools, Bools]:
    """Return for which counts of flips the share of all flips is clearly below the level, and for which it is
    clearly above (Besag and Clifford 1991; Gandy 2009).
    """
    at_most, fewer = (scipy.special.bdtr(count, flips, level) for count in (counts, counts - 1))
    return at_most <= CLEAR, 1 - np.where(counts > 0, fewer, 0.0) <= CLEAR


def covered(flip: Ints, low: Ints, high: Ints, size: int) -> Floats:
    """Count, for each place (size,), the flips with an interval [low, high] that contains it."""
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
