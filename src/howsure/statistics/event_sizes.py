"""The size of an event, and how many items it is worth in clusters.

Differences that vary in size count as events of one size σ, Σ d² / Σ |d|: as many of them, (Σ |d|)² / Σ d²,
make the same mean size and the same mean square. For single right-or-wrong answers σ is 1.

Ten wins in one cluster are one event, not ten. An event is worth 1 + (m − 1) ρ items, m the typical size of a
cluster and ρ the intra-cluster correlation, shrunk towards 1. The weight of 1 is one event, against the
observed number of events (Σ e²)² / Σ e⁴ / deff, e = d − d̄. For right-or-wrong answers these are the items
that only one model got right, over deff. With much evidence an event is worth one item, as without clusters,
and without evidence a whole cluster. Chosen by trial, docs/decisions/0005-pairs.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.tolerances import ROUNDED_SCORES, ROUNDED_SQUARES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Floats

PRIOR_EVENTS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpread:
    """How differences spread over items: Σ w (d − d̄)² and Σ w (d − d̄)⁴, element by element."""

    squares: Floats
    fourths: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """The events of differences, element by element: their `size`, and whether differences are `averaged` (1,
    else 0).

    They are if weights differ, or if they aren't all 0 or ±1, unless no item differs.
    """

    size: Floats
    averaged: Floats

    @classmethod
    def of(cls, apart: Floats, squares: Floats, *, weighted: bool) -> Events:
        """Compute them from the weighted means of |d| and d²."""
        differ = apart > 0
        size = np.minimum(np.where(differ, squares / np.where(differ, apart, 1.0), 1.0), 1.0)
        return cls(size=size, averaged=(differ & (weighted | (size < 1 - ROUNDED_SCORES))).astype(float))

    @classmethod
    def of_items(cls, d: Floats, w: Floats) -> Events:
        """Compute them from the differences of items (n, T) and their weights (n,)."""
        return cls.of(w @ np.abs(d) / w.sum(), w @ d**2 / w.sum(), weighted=bool(np.ptp(w) > 0))


def event_worth(
    variance: ArrayLike, spread: ItemSpread, n: ArrayLike, *, size: ArrayLike, clusters: ArrayLike
) -> Floats:
    """Return how many items an event is worth, element by element: 1 with much evidence, a whole cluster
    without any.

    `variance`: of the mean difference, clusters respected. `n`: items. `size`: the mean cluster size over
    items, Σ n_g² / n. `clusters`: how many. A whole cluster has the root mean square size: if one cluster has
    most of the items, neither its size nor the plain average fits.
    """
    variance, n, size, squares = np.asarray(variance), np.asarray(n), np.asarray(size), spread.squares
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.nan_to_num(np.where(squares > ROUNDED_SQUARES * n, variance * n**2 / squares, 1.0), nan=1.0)
        rho = np.clip(np.where(size > 1, (deff - 1) / (size - 1), 0.0), 0.0, 1.0)
        seen = np.where(
            squares > ROUNDED_SQUARES * n,
            squares**2 / np.maximum(spread.fourths, ROUNDED_SQUARES**2 * n),
            0.0,
        )
        whole = np.sqrt(size * n / clusters)
    events = seen / np.maximum(deff, 1.0)
    return np.asarray(1 + (whole - 1) * (events * rho + PRIOR_EVENTS) / (events + PRIOR_EVENTS))
