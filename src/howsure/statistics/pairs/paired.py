"""Two models' scores on the items that both answered, as a comparison asks of them; of their sums see summed.py."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import above
from howsure.statistics.means.clustered import clusterings, covariance, own_clusterings
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.pairs.moments import settled, signed_total
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.pairs.pivot import NetWins

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Variance
    from howsure.statistics.pairs.score import Pivots

TWO_WAY = 2
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Paired:
    """Item scores on the shared items, weights of mean 1, cluster codes."""

    a: Floats
    b: Floats
    w: Floats
    codes: tuple[Ints, ...]
    labels: tuple[str, ...]

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
    def rounding(self) -> float:
        """What rounding leaves of a standard error of 0."""
        return 8 * float(np.finfo(float).eps) * self.size

    @property
    def means(self) -> tuple[float, float]:
        """The mean of each model."""
        total = self.w.sum()
        return float(self.w @ self.a / total), float(self.w @ self.b / total)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Items that the first scores higher on, that the second does, and ties."""
        more, less = int(above(self.a, self.b).sum()), int(above(self.b, self.a).sum())
        return more, less, self.n - more - less

    def moments(self, variance: Variance, *, score: bool) -> Pivots:
        """Return the pivot of the difference, by the score or a plain t."""
        x = np.column_stack([self.a, self.b] if score else [self.d, np.zeros(self.n)])
        return pair_moments(x, clusters=self.codes, weights=self.w, variance=variance, score=score).at((0, 1))

    def doubts(self, df: float) -> list[Caution]:
        """Warn of too few or too unequal clusters."""
        return cluster_cautions(self.w, self.codes, df, self.labels)

    def negative(self, variance: Variance) -> bool:
        """Say whether two ways of clustering leave no variance, or a negative one."""
        if len(self.codes) < TWO_WAY:
            return False
        residuals = (self.d - self.w @ self.d / self.w.sum()) * self.w
        terms = [
            (np.asarray(np.sum(term.inflation(variance) * term.sums(residuals[:, None])[:, 0] ** 2)), sign)
            for term, sign in clusterings(self.codes, self.w)
        ]
        return bool(signed_total(terms) != sum(sign * term for term, sign in terms))

    def net_wins(self, variance: float, event: float) -> NetWins:
        """Count wins less losses, in events, in effective items: n / deff, or the clusters where no item differs from another."""
        mean = float(settled(self.w @ self.d / self.w.sum(), 1.0))
        squares = float(self.w @ (self.d - mean) ** 2)
        alike = min(term.effective for term in own_clusterings(self.codes, self.w))
        return net_wins_in(self.n, mean, squares, variance, alike=alike, event=event)

    def correlation(self) -> float:
        """Return the weighted correlation of the two models' item scores, NaN where one of them never varies."""
        x = np.stack([self.a, self.b])
        centred = x - (x @ self.w / self.w.sum())[:, None]
        return correlation_of((centred * self.w) @ centred.T)

    def unpaired_se(self, variance: Variance) -> float:
        """Return the SE that ignores which item each score belongs to."""
        if min(term.n_clusters for term in own_clusterings(self.codes, self.w)) < 2:
            return math.nan
        v = covariance(np.column_stack([self.a, self.b]), self.w, self.codes, variance)
        se = math.sqrt(max(float(np.trace(v)), 0.0))
        return se if se > self.rounding else 0.0

    def unclustered_se(self, variance: Variance) -> float:
        """Return the SE that takes every item as independent, NaN where nothing says that they aren't."""
        if not self.codes or len(self.d) < 2:
            return math.nan
        return math.sqrt(float(covariance(self.d[:, None], self.w, (), variance)[0, 0]))


def net_wins_in(n: int, mean: float, squares: float, variance: float, *, alike: float, event: float) -> NetWins:
    """Count the net wins of n items, in events of this size, in effective items, and these.

    `mean` of their differences; `squares`: Σ (d − d̄)²; `variance` of the mean; `alike`: effective items where no item differs from another.
    """
    items = n / max(variance * n**2 / squares, 1.0) if squares > ROUNDING else alike
    return NetWins(wins=mean * items / event, items=items, event=event)


def correlation_of(products: Floats) -> float:
    """Return the correlation of two models from the sums of squares and products of their centred scores (2, 2), NaN where one never varies."""
    scale = math.sqrt(products[0, 0] * products[1, 1])
    if scale <= ROUNDING:
        return math.nan
    r = float(np.clip(products[0, 1] / scale, -1, 1))
    return r if abs(r) > ROUNDING else 0.0
