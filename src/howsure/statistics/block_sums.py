"""Items that are never all in memory: sums over blocks of them, for the means and all pairs of M models.

Claim: a mean, the score pivot of every two models and the interval of both depend on N items in C clusters
only through a few sums. These are the mean and the number of answers of each cluster, and sums over items of
products of two models' scores, each less its model's mean (or the mean of the items' stratum). All of these
add up over blocks of items, so that memory is that of one block, a few arrays (M, M) and two (C, M). Assumes
that every model answered every item, that items have equal weight, and that the means of clusters are known
in advance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.all_pairs import absolute_differences
from howsure.statistics.arrays import above
from howsure.statistics.clustered_variance import Clustering, group_sums, joined_sizes
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some items: scores `x` (n, M) without missing values, their `attempts` (n, M), the variance `within`
    these (n, M), and the cluster of each, `codes` (n,).
    """

    x: Floats
    attempts: Floats
    within: Floats
    codes: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Sums over items, c a score less its model's mean and e one less that of its stratum, lengthened as in
    clustered_variance.py.

    For two models (M, M): `squares` Σ c_i c_j, `thirds` Σ c_i² c_j, `cubes` Σ c_i³ c_j, `fourths` Σ c_i²
    c_j², `inner` Σ e_i e_j, `inner_thirds` Σ e_i² e_j, `apart` Σ |x_i − x_j|, `wins` (for two models only,
    otherwise empty): items on which i scores higher than j. For one model (M,): `totals` Σ x, `inner_fourths`
    Σ e⁴.
    """

    totals: Floats
    squares: Floats
    thirds: Floats
    cubes: Floats
    fourths: Floats
    inner: Floats
    inner_thirds: Floats
    inner_fourths: Floats
    apart: Floats
    wins: Floats

    @classmethod
    def of(cls, x: Floats, centred: Floats, inner: Floats) -> Products:
        """Sum over the items of a block, arrays (n, M)."""
        squared = centred**2
        pair = x.shape[1] == 2
        return cls(
            totals=x.sum(axis=0),
            squares=centred.T @ centred,
            thirds=squared.T @ centred,
            cubes=(squared * centred).T @ centred,
            fourths=squared.T @ squared,
            inner=inner.T @ inner,
            inner_thirds=(inner**2).T @ inner,
            apart=absolute_differences(x),
            inner_fourths=(inner**4).sum(axis=0),
            wins=above(x[:, :, None], x[:, None, :]).sum(axis=0).astype(float) if pair else np.empty((0, 0)),
        )

    def plus(self, other: Products) -> Products:
        """Add the sums of other items."""
        return Products(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Products)}
        )

    def take(self, models: Sequence[int]) -> Products:
        """Return the same for these models, in this order."""
        every = {each.name: getattr(self, each.name) for each in fields(Products)}
        at = np.asarray(models, dtype=np.int64)
        return Products(**{name: _taken(part, at) for name, part in every.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """Extreme values over items. They are per model (M,), except for `most`, the attempts at one item, and
    `farthest` (M, M), for two models only, otherwise empty.

    `low` and `high`: the smallest and the largest score of an item. `excess`: how much the variation of
    attempts deviates from that of right-or-wrong ones. `agree`: whether all attempts at every item agree.
    `farthest`: the largest absolute difference.
    """

    low: Floats
    high: Floats
    excess: Floats
    agree: Bools
    farthest: Floats
    most: float

    @classmethod
    def of(cls, block: Block) -> Extremes:
        """Return the extremes of the items of a block."""
        x = block.x
        return cls(
            low=x.min(axis=0),
            high=x.max(axis=0),
            excess=np.abs(block.within - x * (1 - x)).max(axis=0),
            agree=((x == 0) | (x == 1)).all(axis=0),
            farthest=np.abs(x[:, :, None] - x[:, None, :]).max(axis=0)
            if x.shape[1] == 2
            else np.empty((0, 0)),
            most=float(block.attempts.max()),
        )

    def plus(self, other: Extremes) -> Extremes:
        """Include other items."""
        return Extremes(
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            excess=np.maximum(self.excess, other.excess),
            agree=self.agree & other.agree,
            farthest=np.maximum(self.farthest, other.farthest),
            most=max(self.most, other.most),
        )

    def take(self, models: Sequence[int]) -> Extremes:
        """Return the same for these models, in this order."""
        at = np.asarray(models, dtype=np.int64)
        own = {name: getattr(self, name)[at] for name in ("low", "high", "excess", "agree")}
        return replace(self, **own, farthest=_taken(self.farthest, at))


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """C clusters, as known before their items: `totals` (C,), the number of items of each, and `means` (C,
    M), every model's score there.
    """

    totals: Floats
    means: Floats

    @property
    def n(self) -> int:
        """The number of items."""
        return round(float(self.totals.sum()))

    @property
    def term(self) -> Clustering:
        """The clusters for the estimator. Each of their sums is a row."""
        return Clustering(codes=None, totals=self.totals, total=float(self.totals.sum()))

    @cached_property
    def value(self) -> Floats:
        """The mean score of every model (M,)."""
        return np.asarray(self.totals @ self.means / self.totals.sum())

    @property
    def residuals(self) -> Floats:
        """Sums of scores less the mean of their model (C, M)."""
        return np.asarray(self.totals[:, None] * (self.means - self.value))

    @cached_property
    def strata(self) -> Ints:
        """The stratum of every cluster (C,), for more questions of the same clusters."""
        return joined_sizes(np.rint(self.totals).astype(np.int64))

    @property
    def inner_means(self) -> Floats:
        """The mean score of every model in the stratum of each cluster (C, M)."""
        count = int(self.strata.max()) + 1
        held = group_sums(self.totals, self.strata, count)
        sums = group_sums(self.totals[:, None] * self.means, self.strata, count)
        return np.asarray((sums / held[:, None])[self.strata])

    @property
    def lengths(self) -> Floats:
        """The factor by which a score less the mean of its stratum is lengthened (C,), 0 in a stratum of one
        item.
        """
        held = np.bincount(self.strata, weights=self.totals)[self.strata]
        left, whole = 1 - 1 / held, 1 - 1 / self.n
        return np.asarray(np.sqrt(np.divide(whole, left, out=np.zeros_like(left), where=left > 0)))

    def take(self, models: Sequence[int]) -> Clusters:
        """Return the same for these models, in this order."""
        return replace(self, means=self.means[:, np.asarray(models, dtype=np.int64)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSums:
    """The sums over all items of C clusters. `answers` (C, M): scored attempts in each cluster."""

    clusters: Clusters
    products: Products
    extremes: Extremes
    answers: Floats

    @property
    def n(self) -> int:
        """The number of items."""
        return self.clusters.n

    @property
    def value(self) -> Floats:
        """The mean score of every model (M,), computed from the items themselves."""
        return self.products.totals / self.n

    @property
    def right_or_wrong(self) -> Bools:
        """Which models' scores are means of right-or-wrong answers (M,)."""
        return np.asarray(self.extremes.excess <= ROUNDED_SCORES)

    def plus(self, other: ItemSums) -> ItemSums:
        """Add the sums of other items of the same clusters."""
        return replace(
            self,
            products=self.products.plus(other.products),
            extremes=self.extremes.plus(other.extremes),
            answers=self.answers + other.answers,
        )

    def skewness(self, *, within: bool = False) -> Floats:
        """Return the third standardised moment of every model's item scores (M,), 0 if nothing varies.
        `within`: less the means of strata.
        """
        products = self.products
        squares, thirds = (
            (products.inner, products.inner_thirds) if within else (products.squares, products.thirds)
        )
        return _standardised(np.diagonal(squares), np.diagonal(thirds), self.n)

    def gap_skewness(self, i: int, j: int) -> float:
        """Return the same for the difference of two models."""
        squares, thirds = (
            part[np.ix_((i, j), (i, j))] for part in (self.products.squares, self.products.thirds)
        )
        signs = np.array([1.0, -1.0])
        third = thirds[0, 0] - 3 * thirds[0, 1] + 3 * thirds[1, 0] - thirds[1, 1]
        return float(_standardised(np.asarray(signs @ squares @ signs), np.asarray(third), self.n))

    def take(self, models: Sequence[int]) -> ItemSums:
        """Return the same for these models, in this order."""
        at = np.asarray(models, dtype=np.int64)
        return ItemSums(
            clusters=self.clusters.take(models),
            products=self.products.take(models),
            extremes=self.extremes.take(models),
            answers=self.answers[:, at],
        )


def item_sums(blocks: Iterable[Block], clusters: Clusters) -> ItemSums:
    """Sum over blocks of items, at least one, with these clusters."""
    inner, lengths, value = clusters.inner_means, clusters.lengths, clusters.value

    def of_block(block: Block) -> ItemSums:
        """Return the sums over the items of one block."""
        x, codes = block.x, block.codes
        return ItemSums(
            clusters=clusters,
            products=Products.of(x, x - value, (x - inner[codes]) * lengths[codes, None]),
            extremes=Extremes.of(block),
            answers=group_sums(block.attempts, codes, len(clusters.totals)),
        )

    return reduce(ItemSums.plus, map(of_block, blocks))


def _standardised(squares: Floats, thirds: Floats, n: int) -> Floats:
    spread = np.sqrt(squares / n)
    return np.asarray(np.divide(thirds / n, spread**3, out=np.zeros_like(spread), where=spread > 0))


def _taken(part: Floats, models: Ints) -> Floats:
    """Return an array of models, or of pairs, for these models only. An empty one is unchanged."""
    if not part.size:
        return part
    return part[np.ix_(models, models)] if part.ndim == 2 else part[models]
