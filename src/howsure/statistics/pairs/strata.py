"""All pairs within strata with missing cells: each pair centred within its own shared items of every cluster,
by one product a cluster.

The same as within_strata (means/strata.py) on the items that both of a pair answered, for items of equal
weight; lonely items are put together as joined_strata has it, pair by pair. Memory: some twenty arrays (M,
M).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class StrataMoments:
    """Of every pair (M, M): the `variance` of its mean difference, that of one item's, and the `strata` of
    its `shared` items.
    """

    variance: Floats
    item_variance: Floats
    strata: Floats
    shared: Floats


def strata_moments(x: Floats, codes: Ints) -> StrataMoments:
    """Return what pairs of columns of x (n, M) show within clusters, NaN where a model has no score; codes
    (n,).

    >>> x = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, np.nan], [0.0, 1.0]])
    >>> found = strata_moments(x, np.array([0, 0, 1, 1, 1]))
    >>> round(float(found.variance[0, 1]), 3), int(found.strata[0, 1]), int(found.shared[0, 1])
    (0.125, 2, 4)
    """
    mask, filled = (~np.isnan(x)).astype(float), np.nan_to_num(x - np.nanmean(x))
    total = strata = alone = np.zeros((x.shape[1], x.shape[1]))
    least = np.full((4, *total.shape), np.inf)
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        part = _sums(filled[rows], mask[rows])
        several = part[0] > 1
        total, strata = total + _spread(part), strata + several
        alone = alone + np.where(part[0] == 1, part, 0.0)
        least = np.where(several & (part[0] < least[0]), part, least)
    lone = (alone[0] == 1) & np.isfinite(
        least[0]
    )  # a single item that is alone goes with the smallest stratum of its pair
    joined = np.where(lone, least, 0.0)
    total = total + np.where(lone, _spread(joined + alone) - _spread(joined), _spread(alone))
    strata = strata + ((alone[0] > 0) & ~lone)
    n = mask.T @ mask
    some = np.maximum(n, 1)
    return StrataMoments(
        variance=np.where(n > 1, total / some**2, np.nan),
        item_variance=total * (some - 1) / some**2,
        strata=strata,
        shared=n,
    )


def _sums(filled: Floats, mask: Floats) -> Floats:
    """Return how many items of a stratum each pair shares, their Σ d, Σ d² and what rounding is measured by
    (4, M, M); 0 where `mask` (n, M) is.
    """
    linear, own = filled.T @ mask, (filled * filled).T @ mask
    scale = own + own.T
    return np.stack([mask.T @ mask, linear - linear.T, scale - 2 * (filled.T @ filled), scale])


def _spread(sums: Floats) -> Floats:
    """Return n / (n − 1) · Σ (d − d̄)² of every pair, 0 where there are fewer than two items."""
    count, linear, squares, scale = sums
    some = np.maximum(count, 2.0)
    around = squares - linear**2 / some
    around = np.where(np.abs(around) < ROUNDING * scale, 0.0, np.maximum(around, 0.0))
    return np.where(count > 1, around * some / (some - 1), 0.0)
