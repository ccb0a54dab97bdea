"""Whether a model's scores differ between items that another also answered and its other items."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.clustered_variance import own_clusterings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.clustered_variance import Clustering

UNLIKE = 0.025
"""The p-value below which shared and unshared items of a model differ. Two models are tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """How one model's shared items differ from its other items: both means, their items, and a p-value."""

    shared: float
    alone: float
    n_shared: int
    n_alone: int
    p_value: float

    @property
    def beyond_noise(self) -> bool:
        """Whether they differ significantly."""
        return self.p_value <= UNLIKE


def unlike(x: Floats, both: Bools, weights: Floats | None, clusters: Sequence[Ints] = ()) -> Unlike | None:
    """Compare a model's scores x (n,) on the items that `both` models have with those that only it has. None
    if there are none.

    A score test: residuals are those from the mean of all its items, summed within clusters, which may span
    both groups.
    """
    has = ~np.isnan(x)
    if not (has & both).any() or not (has & ~both).any():
        return None
    w = np.ones(int(has.sum())) if weights is None else weights[has]
    near, values = both[has], x[has]
    count = np.where(near, w / w[near].sum(), -w / w[~near].sum())
    terms = own_clusterings([np.unique(code[has], return_inverse=True)[1] for code in clusters], w)
    tested = [_score_test(term, count, values - np.average(values, weights=w)) for term in terms]
    return Unlike(
        shared=float(np.average(values[near], weights=w[near])),
        alone=float(np.average(values[~near], weights=w[~near])),
        n_shared=int(near.sum()),
        n_alone=int((~near).sum()),
        p_value=max(tested),
    )


def _score_test(term: Clustering, count: Floats, residuals: Floats) -> float:
    """Return the p-value of a contrast of 0, 1 if nothing varies or one cluster has all the weight."""
    sums, held = term.sums(count * residuals), term.sums(count**2)
    variance, df = float(sums @ sums), float(held.sum() ** 2 / (held @ held)) - 1
    if not variance > 0 or df <= 0:
        return 1.0
    spread = math.sqrt(variance * term.n_clusters / (term.n_clusters - 1))
    return float(intervals.t_p_value(np.asarray(sums.sum() / spread), np.asarray(df)))
