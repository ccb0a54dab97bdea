"""What sign flips of all pairs sum up: a column a model, and the flips themselves, listed or drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.pairs.flips import listed, normal_blocks, sign_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Singles
    from howsure.statistics.pairs.moments import FlipSums

MANY_CLUSTERS, MUCH = 300, 0.02
"""Sums of random signs are drawn as normal ones from so many clusters on, none of which holds more than this share."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a flip sums up: z and s of every model, then what lone items add to both.

    `table` (C, K) in single precision; with equal sizes s is left out. Where it isn't, a flip's squared pivot is z² / (A + z s).
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

    def reduced(self) -> Columns:
        """Return as few rows as there are columns, with the same inner products: all that normal sums know of the clusters."""
        if len(self.table) <= self.table.shape[1]:
            return self
        return Columns(np.asarray(np.linalg.qr(self.table, mode="r")), self.even)

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
    """Return what is flipped, the functions that make blocks of flips, and how many flips what was seen counts as.

    `largest`: the share of the largest cluster; `mirrored`: a flip and its mirror image come to the same, as with squared pivots,
    so that one of each two is enough. Of many clusters, none of which holds much, sums of random signs are as good as normal.
    """
    many = len(columns.table) >= MANY_CLUSTERS and largest < MUCH
    columns = columns.reduced() if many else columns
    width = len(columns.table)
    free = width - 1 if mirrored else width
    blocks = normal_blocks(width, rng, draws) if many else sign_blocks(width, rng, draws, free=free)
    return columns, blocks, 1 if many or not listed(free, draws) else 0
