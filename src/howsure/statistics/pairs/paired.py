"""Two models' scores on the items that both answered, as a comparison asks of them; of their sums see
summed.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import clusterings
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.pairs.moments import signed_total
from howsure.statistics.pairs.pair_details import net_wins_of_items, pair_details
from howsure.statistics.pairs.pairs import pair_moments

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Variance
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.pairs.pair_details import PairDetails

TWO_WAY = 2


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

    def moments(self, variance: Variance, *, score: bool) -> PairMoments:
        """Return the pivots of both, by the score or a plain t."""
        x = np.column_stack([self.a, self.b] if score else [self.d, np.zeros(self.n)])
        return pair_moments(x, clusters=self.codes, weights=self.w, variance=variance, score=score)

    def details(self, variance: Variance) -> PairDetails:
        """Return what is said of both beside their difference."""
        x = np.column_stack([self.a, self.b])
        return pair_details(x, clusters=self.codes, weights=self.w, variance=variance)

    def net_wins(self, moments: PairMoments) -> tuple[Floats, Floats]:
        """Count the net wins of both, in events, in effective items, and these."""
        return net_wins_of_items(np.column_stack([self.a, self.b]), moments, self.codes, self.w)

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
