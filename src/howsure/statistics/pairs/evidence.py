"""How many items one event is worth, where items come in clusters.

Ten wins that sit in one cluster are one event, not ten. An event is worth 1 + (m − 1) ρ items, m the typical size of a
cluster and ρ the intra-cluster correlation, drawn towards 1 as far as the data are silent about it: by one event against
the (Σ e²)² / Σ e⁴ / deff that were seen, e = d − d̄. Of right-or-wrong answers these are the items that only one model got
right, over deff. Much evidence: one item, as without clusters. None: a whole cluster. Chosen by trial,
docs/decisions/0005-pairs.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
class ClusterSizes:
    """The average size of a cluster as an item sees it, Σ n_g² / n, and the number of clusters, element by element."""

    average: Floats
    count: Floats


def event_size(variance: ArrayLike, spread: ItemSpread, n: ArrayLike, clusters: ClusterSizes) -> Floats:
    """Return how many items an event is worth, element by element: 1 with all evidence, a whole cluster with none.

    `variance`: of the mean difference, clusters respected; `n`: items. A whole cluster is as large as the root mean square:
    where one cluster holds most of the items, neither its size nor the plain average fits.
    """
    variance, n, squares = np.asarray(variance), np.asarray(n), spread.squares
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.nan_to_num(np.where(squares > ROUNDING * n, variance * n**2 / squares, 1.0), nan=1.0)
        rho = np.clip(np.where(clusters.average > 1, (deff - 1) / (clusters.average - 1), 0.0), 0.0, 1.0)
        seen = np.where(squares > ROUNDING * n, squares**2 / np.maximum(spread.fourths, ROUNDING**2 * n), 0.0)
        whole = np.sqrt(clusters.average * n / clusters.count)
    events = seen / np.maximum(deff, 1.0)
    return np.asarray(1 + (whole - 1) * (events * rho + PRIOR_EVENTS) / (events + PRIOR_EVENTS))


ROUNDING = 1e-20
"""Squares per item of bounded scores that are nothing but rounding."""
