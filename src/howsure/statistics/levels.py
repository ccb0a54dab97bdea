"""Levels of a factor that all items share, training seeds, prompts, judges: what their being a sample adds to
the error of means and differences.

Model: score of an item at a level = mean + item + level + item × level, with the answers in the last; nothing
need be normal. Every model answers every item at each of its levels. The variance of a mean over n items and
S levels is then that of the item means, over n, plus that of the level means less their own noise, over S
(Cornfield and Tukey 1956; Brennan 2001; as inclusion and exclusion of two ways of clustering Cameron, Gelbach
and Miller 2011). Of two models the parts of both are added before what is below 0 is cut off, so that equal
recipes aren't told apart by what one of them lacks. Degrees of freedom by Satterthwaite (1946) from the mean
squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import group_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints

LEAST = 2
"""Of one level nothing tells how another would differ."""


@dataclass(frozen=True, slots=True)
class LevelParts:
    """What levels add: of every mean (M,) or of every difference (M, M).

    `factor`: the variance that levels add, unbiased, so that it may be below 0; `noise`: what items × levels
    and the answers have in the variance of item means; `squares`: Σ (mean square)² / df of these, for degrees
    of freedom. `pooled`: whether two models' levels are in it, which are then seldom both cut off: where
    nothing is left of them the degrees of freedom are those of the items.
    """

    factor: Floats
    noise: Floats
    squares: Floats
    pooled: bool = False

    def at(self, place: tuple[int, ...]) -> LevelParts:
        """Return those of one mean, or of one difference."""
        return LevelParts(self.factor[place], self.noise[place], self.squares[place], pooled=self.pooled)


def error_with_levels(factors: Sequence[LevelParts], variance: Floats, df: Floats) -> tuple[Floats, Floats]:
    """Return the variance with the levels of all factors in it, and its degrees of freedom; `variance`, `df`:
    without them.

    What two factors have together is in the parts of both, and so counted twice: too much rather than too
    little.
    """
    whole, squares = variance, variance**2 / df
    for each in factors:
        counts = (each.factor > 0) | (not each.pooled)
        whole = whole + np.maximum(each.factor, 0.0)
        squares = squares + np.where(counts, each.squares, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return whole, np.fmin(np.maximum(whole**2 / squares, 1.0), df)


@dataclass(frozen=True, slots=True)
class Levels:
    """Scores of items at the levels of a factor: sums that means and all pairs need.

    `middle` (S, M): level means less the mean of all, NaN for levels that a model lacks; `rest` (C · S, M):
    what is left of scores, summed over the items of each cluster at each level; `total`: the weight of all
    items; `clusters`: their number. `shared`: whether levels are the same for all models.
    """

    middle: Floats
    rest: Floats
    total: float
    clusters: int
    shared: bool

    @classmethod
    def of(
        cls, x: Floats, *, codes: Ints | None = None, weights: Floats | None = None, shared: bool
    ) -> Levels:
        """Sum up scores x (n, S, M), NaN at levels that a model lacks; every item has all others. `codes`
        (n,): clusters; `weights` (n,).
        """
        n, levels, models = x.shape
        w = np.ones(n) if weights is None else weights
        codes = np.arange(n) if codes is None else codes
        middle = np.einsum("n,nsm->sm", w, x) / w.sum()
        centre = np.nanmean(middle, axis=0)
        left = x - np.nanmean(x, axis=1, keepdims=True) - middle + centre
        weighed = np.nan_to_num(w[:, None, None] * left).reshape(n, levels * models)
        count = int(codes.max()) + 1
        rest = group_sums(weighed, codes, count).reshape(count * levels, models)
        return cls(middle=middle - centre, rest=rest, total=float(w.sum()), clusters=count, shared=shared)

    @property
    def counts(self) -> Ints:
        """How many levels each model has (M,)."""
        return np.asarray((~np.isnan(self.middle)).sum(axis=0))

    def of_means(self) -> LevelParts:
        """Return what levels add to the error of each model's mean (M,)."""
        middle, s = np.nan_to_num(self.middle), self.counts
        return self._parts((middle**2).sum(axis=0), (self.rest**2).sum(axis=0), s)

    def of_pairs(self) -> LevelParts:
        """Return what levels add to the error of each difference (M, M): of shared ones by their own
        differences, else the parts of both.
        """
        if not self.shared:
            own = self.of_means()
            factor, noise, squares = (part[:, None] + part for part in (own.factor, own.noise, own.squares))
            return LevelParts(factor, noise, squares, pooled=True)
        middle, s = np.nan_to_num(self.middle), self.counts
        return self._parts(_squared(middle), _squared(self.rest), np.broadcast_to(s, (len(s), len(s))))

    def _parts(self, middle: Floats, rest: Floats, s: Ints) -> LevelParts:
        """Turn sums of squares of level means and of what is left into the parts of a mean over so many
        levels.
        """
        c = self.clusters
        with np.errstate(divide="ignore", invalid="ignore"):
            between = middle / (s - 1) / s
            noise = rest * c / (c - 1) / (s - 1) / s / self.total**2
            squares = between**2 / (s - 1) + noise**2 / ((c - 1) * (s - 1))
        return LevelParts(factor=between - noise, noise=noise, squares=squares)


def _squared(x: Floats) -> Floats:
    """Return Σ (x_i − x_j)² of every two columns (M, M)."""
    product = x.T @ x
    own = np.diag(product)
    return np.asarray(np.maximum(own[:, None] + own - 2 * product, 0.0))
