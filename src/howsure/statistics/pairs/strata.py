"""All pairs within strata with missing cells: each pair centred within its own shared items of every cluster, by one product a cluster.

The same as within_strata (means/strata.py) on the items that both of a pair answered, for items of equal weight; lonely items are put
together as joined_strata has it, pair by pair. Memory: some twenty arrays (M, M).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class StrataMoments:
    """Of every pair (M, M): the `variance` of its mean difference, that of one item's, and the `strata` of its `shared` items."""

    variance: Floats
    item_variance: Floats
    strata: Floats
    shared: Floats


@dataclass(frozen=True, slots=True)
class _Sums:
    """The shared items of every pair in one stratum (M, M): how many, Σ d and Σ d²; `scale`: what rounding is measured by."""

    count: Floats
    sum: Floats
    squares: Floats
    scale: Floats

    @classmethod
    def of(cls, filled: Floats, mask: Floats) -> _Sums:
        """Sum over the items of a cluster, 0 where `mask` (n, M) says that there is no score."""
        linear, own = filled.T @ mask, (filled * filled).T @ mask
        scale = own + own.T
        return cls(mask.T @ mask, linear - linear.T, scale - 2 * (filled.T @ filled), scale)

    @classmethod
    def nothing(cls, count: int, held: float = 0.0) -> _Sums:
        """Return a stratum without sums for so many models, of `held` items."""
        empty = np.zeros((count, count))
        return cls(empty + held, empty, empty, empty)

    def where(self, chosen: Bools, other: _Sums) -> _Sums:
        """Return the sums of the chosen pairs, and the other's of the rest."""
        return _Sums(*(np.where(chosen, own, its) for own, its in zip(self._all, other._all, strict=True)))

    def plus(self, other: _Sums) -> _Sums:
        """Put two strata together."""
        return _Sums(*(own + its for own, its in zip(self._all, other._all, strict=True)))

    @property
    def _all(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.count, self.sum, self.squares, self.scale

    @property
    def spread(self) -> Floats:
        """N / (n − 1) · Σ (d − d̄)² of every pair, 0 where there are fewer than two items."""
        some = np.where(np.isfinite(self.count) & (self.count > 1), self.count, 2.0)
        around = self.squares - self.sum**2 / some
        around = np.where(np.abs(around) < ROUNDING * self.scale, 0.0, np.maximum(around, 0.0))
        return np.where(np.isfinite(self.count) & (self.count > 1), around * some / (some - 1), 0.0)


def strata_moments(x: Floats, codes: Ints) -> StrataMoments:
    """Return what pairs of columns of x (n, M) show within clusters, NaN where a model has no score; codes (n,).

    >>> x = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, np.nan], [0.0, 1.0]])
    >>> found = strata_moments(x, np.array([0, 0, 1, 1, 1]))
    >>> round(float(found.variance[0, 1]), 3), int(found.strata[0, 1]), int(found.shared[0, 1])
    (0.125, 2, 4)
    """
    mask = (~np.isnan(x)).astype(float)
    filled, models = np.nan_to_num(x - np.nanmean(x)), x.shape[1]
    total, strata = np.zeros((models, models)), np.zeros((models, models))
    alone, least = _Sums.nothing(models), _Sums.nothing(models, np.inf)
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        part = _Sums.of(filled[rows], mask[rows])
        several = part.count > 1
        total, strata = total + part.spread, strata + several
        alone = alone.plus(part.where(part.count == 1, _Sums.nothing(models)))
        least = part.where(several & (part.count < least.count), least)
    total, strata = _with_lonely(total, strata, alone, least)
    n = mask.T @ mask
    some = np.maximum(n, 1)
    return StrataMoments(
        variance=np.where(n > 1, total / some**2, np.nan),
        item_variance=total * (some - 1) / some**2,
        strata=strata,
        shared=n,
    )


def _with_lonely(total: Floats, strata: Floats, alone: _Sums, least: _Sums) -> tuple[Floats, Floats]:
    """Put the items that are alone in their cluster together, a single one with the smallest stratum of its pair."""
    lone = (alone.count == 1) & np.isfinite(least.count)
    joined = least.plus(alone).spread - least.spread
    return total + np.where(lone, joined, alone.spread), strata + ((alone.count > 0) & ~lone)
