"""Flips of signs: which clusters swap the names of A and B. All flips where there are few, else random
ones.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Ints, Singles

DRAWS = 10_000
"""With no more than so many flips in all, each is made once; else so many are drawn."""

BLOCK_FLIPS = 1_024


def listed(width: int, draws: int = DRAWS) -> bool:
    """Say whether all flips of so many clusters are listed, "none" and "all" among them."""
    return bool(2**width <= draws)


def sign_blocks(
    width: int, rng: np.random.Generator, draws: int, *, free: int | None = None
) -> list[Callable[[], Singles]]:
    """Return functions that make blocks (C, flips) of signs: all flips where there are few, else random ones.

    `free`: how many of the clusters flip where all flips are listed, the first ones; None for all of them.
    Each random block has a generator of its own, so that threads may make them in any order. All flips come
    in a random order that is always the same, so that the first ones stand for all.
    """
    free = width if free is None else free
    if not listed(free, draws):
        return [partial(_signs, width, child, size) for child, size in _children(rng, draws)]
    every = np.random.default_rng(0).permutation(2**free)
    return [partial(_listed, width, every[k : k + BLOCK_FLIPS]) for k in range(0, len(every), BLOCK_FLIPS)]


def normal_blocks(width: int, rng: np.random.Generator, draws: int) -> list[Callable[[], Singles]]:
    """Return functions that make blocks (K, draws) of normal deviates."""
    return [partial(_normals, width, child, size) for child, size in _children(rng, draws)]


def _normals(width: int, rng: np.random.Generator, size: int) -> Singles:
    return rng.standard_normal((width, size), dtype=np.float32)


def _children(rng: np.random.Generator, draws: int) -> list[tuple[np.random.Generator, int]]:
    sizes = [min(BLOCK_FLIPS, draws - start) for start in range(0, draws, BLOCK_FLIPS)]
    return list(zip(rng.spawn(len(sizes)), sizes, strict=True))


def _listed(width: int, patterns: Ints) -> Singles:
    bits = (patterns >> np.arange(width)[:, None]) & 1
    return (1 - 2 * bits).astype(np.float32)


def _signs(width: int, rng: np.random.Generator, flips: int) -> Singles:
    random_bytes = np.frombuffer(rng.bytes(width * -(-flips // 8)), dtype=np.uint8).reshape(width, -1)
    signs = np.unpackbits(random_bytes, axis=1, count=flips).astype(np.float32)
    signs *= -2
    signs += 1
    return signs
