"""How items come in clusters when a benchmark grows: a profile of cluster sizes, repeated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.means.clustered import ShareSums, variance_of

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import VarianceChoice

QUANTILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSizes:
    """Clusters of `size` items on average; `relative` (P,): their sizes over that average, a profile that
    repeats itself.

    `size` 1 with a flat profile: each item is its own cluster.
    """

    size: float
    relative: Floats

    @property
    def crowd(self) -> float:
        """The average size of a cluster as an item sees it: Σ n_g² / n."""
        return self.size * float((self.relative**2).mean())

    @property
    def single(self) -> bool:
        """Whether each item is its own cluster."""
        return self.size == 1 and bool((self.relative == 1).all())

    def df(self, n: float, variance: VarianceChoice = "CR2") -> float:
        """Return the degrees of freedom of a mean over n items; with as many clusters as the profile holds,
        exactly.

        Satterthwaite's for CR2, as in clustered.py. 0 where n is less than two clusters.
        """
        count = n / self.size
        sums = ShareSums.of(self.relative * (self.size / n), copies=count / len(self.relative))
        found = float(variance_of(variance).df(sums))
        return 0.0 if math.isnan(found) else max(found, 0.0)


def equal_sizes(size: float = 1.0) -> ClusterSizes:
    """Return clusters of one size."""
    return ClusterSizes(size=float(size), relative=np.ones(1))


def spread_sizes(size: float, variation: float) -> ClusterSizes:
    """Return gamma distributed sizes with this coefficient of variation (standard deviation over mean)."""
    if not variation:
        return equal_sizes(size)
    shape = 1 / variation**2
    drawn = scipy.special.gammaincinv(shape, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    around = drawn / drawn.mean() - 1
    return ClusterSizes(size=float(size), relative=1 + around * (variation / float(around.std())))


def sizes_of(totals: Floats) -> ClusterSizes:
    """Return the profile of clusters that hold so many items (C,)."""
    return ClusterSizes(size=float(totals.mean()), relative=totals / totals.mean())
