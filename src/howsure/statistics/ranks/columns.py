"""What sign flips of all pairs sum up: a column a model, and the flips themselves, listed or drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from howsure.statistics.pairs.flips import listed, normal_blocks, sign_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Bools, Floats, Singles
    from howsure.statistics.pairs.moments import FlipSums

MARKED = 9
"""To so many digits marks of columns are the same, whatever the order in which they were summed up."""
MANY_CLUSTERS, MUCH = 300, 0.02
"""Sums of random signs are drawn as normal ones from so many clusters on, none of which holds more than this
share.
"""

Table = TypeVar("Table", "Singles", "Floats")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a flip sums up: z and s of every model, then what lone items add to both.

    `table` (C, K) in single precision; with equal sizes s is left out. Where it isn't, a flip's squared pivot
    is z² / (A + z s).
    """

    table: Singles
    even: bool

    @classmethod
    def of(cls, flips: FlipSums) -> Columns:
        """Choose the columns."""
        z = np.column_stack([flips.sums, flips.shared])
        if not flips.even:
            total = flips.sizes.sum()
            curve = float(flips.inflation @ flips.sizes**2) / total**2
            z = np.column_stack([z, z * (curve - 2 / total * flips.inflation * flips.sizes)[:, None]])
        return cls(z.astype(np.float32), flips.even)

    @property
    def models(self) -> int:
        """How many models there are."""
        return int(self.table.shape[1]) // (1 if self.even else 2) - 1

    def sums(self, signs: Singles) -> tuple[Singles, ...]:
        """Return z and its lift, and s and its lift unless sizes are equal: (M, flips) and (flips,) each."""
        summed = self.table.T @ signs
        if self.even:
            return summed[:-1], summed[-1]
        z, s = np.split(summed, 2)
        return z[:-1], z[-1], s[:-1], s[-1]


def drawn(
    columns: Columns, largest: float, rng: np.random.Generator, draws: int, *, mirrored: bool = False
) -> tuple[Columns, list[Callable[[], Singles]], int]:
    """Return what is flipped, the functions that make blocks of flips, and how many flips what was seen
    counts as.

    `mirrored`: a flip and its mirror image come to the same, as with squared pivots, so that one of each two
    is enough. See `flipped`.
    """
    table, blocks, seen = flipped(columns.table, largest, rng, draws, free=len(columns.table) - mirrored)
    return Columns(table, columns.even), blocks, seen


def flipped(
    table: Table, largest: float, rng: np.random.Generator, draws: int, *, free: int
) -> tuple[Table, list[Callable[[], Singles]], int]:
    """Return the same of a table (C, K) whose first `free` rows may turn their signs.

    `largest`: the share of the largest cluster. Of many clusters, none of which holds much, sums of random
    signs are as good as normal ones.
    """
    if len(table) >= MANY_CLUSTERS and largest < MUCH:
        table = _reduced(table)
        return table, normal_blocks(len(table), rng, draws), 1
    return table, sign_blocks(len(table), rng, draws, free=free), 0 if listed(free, draws) else 1


def _reduced(table: Table) -> Table:
    """Return as few rows as there are columns, with the same inner products: all that normal sums know of the
    clusters.

    Where a column is made of those before it, as of a model with the answers of another, rounding would turn
    the rows from there on, and another machine would draw other sums: such columns are left out of what turns
    the rows. Columns are turned in an order that hangs on what they hold alone, so that sums don't hang on
    the order of the models.
    """
    if len(table) <= table.shape[1]:
        return table
    squares = np.einsum("ck,ck->k", table, table, dtype=np.float64)
    marks = np.einsum("c,ck->k", np.cos(np.arange(len(table))), table, dtype=np.float64), squares
    order = np.lexsort([np.round(mark / (np.abs(mark).max() or 1.0), MARKED) for mark in marks])
    return np.asarray(_turned(table[:, order], np.sqrt(squares[order]))[:, np.argsort(order)])


def _turned(table: Table, norms: Floats) -> Table:
    """Return the rows of a table whose columns stand in this order; `norms` (K,): of the columns.

    The sign of a row, which rounding decides, is that which makes the number at its own column positive.
    """
    eps = np.finfo(table.dtype).eps
    rows = np.linalg.qr(table, mode="r")
    some = norms > eps * norms.max(initial=0.0)
    made = some & (np.abs(np.diag(rows)) <= math.sqrt(eps) * norms)
    own = np.flatnonzero(some & ~made)
    if not made[: own.max(initial=0)].any():  # those at the end turn nothing, nor do columns of zeros
        return np.asarray(rows * _signs(rows, some))
    turned, upper = np.linalg.qr(table[:, own])
    return np.asarray(_signs(upper, some[own]) * turned.T @ table)


def _signs(rows: Any, some: Bools) -> Any:
    """Return the sign of each row at its own column (K, 1), 1 where nothing is there."""
    return np.where(some & (np.diag(rows) < 0), -1, 1).astype(rows.dtype)[:, None]
