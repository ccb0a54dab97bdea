"""The arrays that statistics take and return, by content, and slices of them to save memory.

A docstring names the shape of each, as in (n,) or (M, M).

Rules for integrals.

Ranks from 1. Ties share the mean.

`scipy.stats` has them too, but its import takes longer than a report of a small table.
"""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context


def _load_late(name: str) -> None:
    """Load a module of NumPy when it is first used."""
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is not None and spec.loader is not None:
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, module)


# SciPy takes every public name of NumPy. Loading these would add 100 ms to the start of every command.
for module in ("numpy.f2py", "numpy.testing", "numpy.polynomial"):
    _load_late(module)


@cache
def legendre(count: int) -> tuple[Floats, Floats]:
    """Return this many points in [−1, 1] and their weights: Gauss and Legendre's rule."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return points, weights


def midranks(values: Floats) -> Floats:
    """Rank numbers (…, n) along the last axis. If one of them is NaN, all are."""
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, -1)
    rises = np.ones((*values.shape[:-1], values.shape[-1] + 1), dtype=bool)
    rises[..., 1:-1] = ordered[..., 1:] != ordered[..., :-1]
    places = np.arange(values.shape[-1])
    first = np.maximum.accumulate(np.where(rises[..., :-1], places, 0), axis=-1)
    last = np.minimum.accumulate(np.where(rises[..., 1:], places, len(places))[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, -1)
    return np.where(np.isnan(values).any(axis=-1, keepdims=True), np.nan, ranks)


Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Positions = NDArray[np.intp]
Bools = NDArray[np.bool_]

S = TypeVar("S")
T = TypeVar("T")

Limits = tuple[Floats, Floats]
"""The lower and the upper limits of intervals."""


THREADS, MANY_STEPS = 2, 2_000_000_000
"""Products with fewer steps aren't slower when run sequentially."""


def products(*pairs: tuple[Floats, Floats]) -> list[Floats]:
    """Return aᵀ b of several pairs of matrices (n, M), in threads if they are large."""
    steps = sum(len(a) * a.shape[1] * b.shape[1] for a, b in pairs)
    return in_threads(lambda pair: pair[0].T @ pair[1], pairs, steps=steps)


def in_threads(work: Callable[[S], T], parts: Iterable[S], *, steps: float) -> list[T]:
    """Return the work on every part, in threads if it has many steps, which NumPy and SciPy take without
    Python's lock. What `np.errstate` says holds there too.
    """
    if steps < MANY_STEPS:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda part, context: context.run(work, part), parts, _contexts()))


def in_parts(work: Callable[[NDArray[Any]], Floats], values: NDArray[Any], *, steps: float) -> Floats:
    """Return the work on values, each by itself (n,), in threads as `in_threads`."""
    if steps < MANY_STEPS:
        return work(values)
    parts = np.array_split(values, min(THREADS, len(values)))
    return np.concatenate(in_threads(work, parts, steps=steps))


def _contexts() -> Iterator[Context]:
    """Yield copies of this thread's context, as two threads can't share one."""
    while True:
        yield copy_context()


def above(a: Floats, b: Floats) -> Bools:
    """Return whether a is above b by more than rounding of equal means, for arrays that broadcast."""
    return np.asarray(a - b > ROUNDING * np.maximum(np.abs(a), np.abs(b)))


def log_choose(n: Floats | Ints | float, k: Floats | Ints | float) -> Floats:
    """Return the logarithm of the number of ways to choose k of n, element by element."""
    log = scipy.special.gammaln
    return np.asarray(log(n + 1) - log(k + 1) - log(n - k + 1))


BLOCK_CELLS = 2_000_000
"""Arrays of items × models of which a copy is needed are copied so many cells at a time."""


def blocks(total: int, cells_each: float, most: int) -> Iterator[slice]:
    """Cut `total` columns into consecutive slices with at most `most` cells each, or one column."""
    size = max(int(most // max(cells_each, 1)), 1)
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))
