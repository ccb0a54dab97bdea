"""Two models' scores on the items that both answered, as a comparison asks of them; of their sums see
summed.py.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution, doubt
from howsure.statistics.means.clustered import CR2, clusterings, signed_total
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.pairs.moments import settled
from howsure.statistics.pairs.pair_details import net_wins_of_items, pair_details
from howsure.statistics.pairs.pairs import pair_moments

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.means.clustered import VarianceEstimator
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.pairs.pair_details import PairDetails

TWO_WAY = 2
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class PlainDifference:
    """A mean difference with its variance and degrees of freedom, before any test."""

    value: float
    variance: float
    df: float

    @property
    def se(self) -> float:
        """Its standard error."""
        return math.sqrt(self.variance)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Where all items differ by the same there is nothing to judge by."""
        return () if self.variance > 0 else (doubt("same_difference", value=self.value),)


class SharedItems(ABC):
    """What a test may ask of two models and the items that both answered, held themselves or only summed up.

    `bounded`: scores lie in [0, 1]; `variance`: the estimator.
    """

    bounded: bool
    variance: VarianceEstimator

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of items."""

    @property
    @abstractmethod
    def n_clusters(self) -> int:
        """The number of clusters, of two clusterings the smaller one; of items without them."""

    @property
    @abstractmethod
    def size(self) -> float:
        """The largest size of a score."""

    @property
    @abstractmethod
    def whole(self) -> bool:
        """Whether an item was lost, or won, as a whole."""

    @property
    def rounding(self) -> float:
        """What rounding leaves of a standard error of 0."""
        return 8 * EPS * self.size

    @cached_property
    def plain(self) -> PlainDifference:
        """The mean difference with its variance."""
        found = self.moments(score=False).at((0, 1))
        variance = float(found.variance)
        return PlainDifference(
            value=float(settled(found.difference, self.size)),
            variance=0.0 if variance < self.rounding**2 else variance,
            df=float(found.df),
        )

    @abstractmethod
    def moments(self, *, score: bool) -> PairMoments:
        """Return the pivots of both, by the score or a plain t."""

    @abstractmethod
    def details(self) -> PairDetails:
        """Return what is said of both beside their difference."""

    @abstractmethod
    def net_wins(self, moments: PairMoments) -> tuple[Floats, Floats]:
        """Count the net wins of both, in events, in effective items, and these."""

    @abstractmethod
    def doubts(self) -> list[Caution]:
        """Warn of too few or too unequal clusters."""

    def negative(self) -> bool:
        """Say whether two ways of clustering leave no variance, or a negative one."""
        return False


@dataclass(frozen=True, kw_only=True)
class Paired(SharedItems):
    """Item scores `a` and `b` on the shared items (n,), weights `w` of mean 1, codes of clusters and their
    `labels`; `rng` for tests that draw.
    """

    a: Floats
    b: Floats
    w: Floats
    codes: tuple[Ints, ...] = ()
    labels: tuple[str, ...] = ()
    bounded: bool = True
    variance: VarianceEstimator = field(default_factory=CR2)
    rng: np.random.Generator | None = None

    @property
    def d(self) -> Floats:
        """The paired differences of the item scores (n,)."""
        return self.a - self.b

    @property
    def n(self) -> int:
        """The number of items."""
        return len(self.a)

    @property
    def n_clusters(self) -> int:
        """The number of clusters, of two clusterings the smaller one; of items without them."""
        return min([int(code.max()) + 1 for code in self.codes], default=self.n)

    @property
    def size(self) -> float:
        """The largest size of a score."""
        return float(np.abs([self.a, self.b]).max())

    @property
    def whole(self) -> bool:
        """Whether an item was lost, or won, as a whole."""
        return bool(np.abs(self.d).max() >= 1)

    @property
    def generator(self) -> np.random.Generator:
        """The generator of random draws."""
        return self.rng or np.random.default_rng(0)

    def moments(self, *, score: bool) -> PairMoments:
        """Return the pivots of both, by the score or a plain t."""
        x = np.column_stack([self.a, self.b] if score else [self.d, np.zeros(self.n)])
        return pair_moments(x, clusters=self.codes, weights=self.w, variance=self.variance, score=score)

    def details(self) -> PairDetails:
        """Return what is said of both beside their difference."""
        x = np.column_stack([self.a, self.b])
        return pair_details(x, clusters=self.codes, weights=self.w, variance=self.variance)

    def net_wins(self, moments: PairMoments) -> tuple[Floats, Floats]:
        """Count the net wins of both, in events, in effective items, and these."""
        return net_wins_of_items(np.column_stack([self.a, self.b]), moments, self.codes, self.w)

    def doubts(self) -> list[Caution]:
        """Warn of too few or too unequal clusters."""
        return cluster_cautions(self.w, self.codes, self.plain.df, self.labels)

    def negative(self) -> bool:
        """Say whether two ways of clustering leave no variance, or a negative one."""
        if len(self.codes) < TWO_WAY:
            return False
        residuals = (self.d - self.w @ self.d / self.w.sum()) * self.w
        terms = [
            (term.inflation(self.variance) @ term.sums(residuals) ** 2, sign)
            for term, sign in clusterings(self.codes, self.w)
        ]
        return bool(signed_total(terms) != sum(sign * term for term, sign in terms))
