"""The pseudo-items of a comparison of bounded scores, and how much they weigh.

Two items at +1 and −1, each its own cluster, keep a difference that rests on a handful of items from an interval that
is far too short (Agresti and Min 2005). Where items come in clusters one item is too light: ten wins that sit in one
cluster are one event, not ten. A pseudo-item therefore weighs 1 + (m − 1) ρ items, m the typical size of a cluster and
ρ the pair's intra-cluster correlation, drawn towards 1 as far as the data are silent about it: by one event against the
Σ (d − d̄)² / deff events that were seen. Much evidence: one item, as the plain method has it. None: a whole cluster.
Chosen by trial, docs/decisions/0005-pairs.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

PSEUDO = 2
"""One at +1 and one at −1."""

PRIOR_EVENTS = 1.0


def pseudo_weight(
    variance: ArrayLike, squares: ArrayLike, n: ArrayLike, cluster_size: ArrayLike, units: ArrayLike
) -> Floats:
    """Return how many items a pseudo-item weighs, element by element: 1 with all evidence, a whole cluster with none.

    `variance`: of the mean difference, clusters respected; `squares`: Σ (d − d̄)² over items; `n`: items;
    `cluster_size`: Σ n_g² / n; `units`: clusters. A whole cluster is √(cluster_size · n / units): where one cluster holds
    most of the items, neither its size nor the plain average fits.
    """
    variance, squares, n, cluster_size = (np.asarray(given) for given in (variance, squares, n, cluster_size))
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.nan_to_num(np.where(squares > ROUNDING * n, variance * n**2 / squares, 1.0), nan=1.0)
        rho = np.clip(np.where(cluster_size > 1, (deff - 1) / (cluster_size - 1), 0.0), 0.0, 1.0)
        whole = np.sqrt(cluster_size * n / np.asarray(units))
    events = squares / np.maximum(deff, 1.0)
    return np.asarray(1 + (whole - 1) * (events * rho + PRIOR_EVENTS) / (events + PRIOR_EVENTS))


ROUNDING = 1e-20
"""Squares per item of bounded scores that are nothing but rounding."""
