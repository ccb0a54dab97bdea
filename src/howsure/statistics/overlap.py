"""Models that share some items and not others: all items of both, and whether those they share are like the
others.

Whether one model scores otherwise on the items that another answered too than on those that it has
alone.

The difference of two models that share some items and not others: all items of both, combined as unpaired.py
has it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError
from howsure.statistics import intervals
from howsure.statistics.choices import label_of
from howsure.statistics.clustered_variance import own_clusterings
from howsure.statistics.difference import Difference, difference, items_needed
from howsure.statistics.difference_tests import TTest, by_moments, test_of
from howsure.statistics.differences import equivalence, pivot_of
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.score_pivot import plain_pivots
from howsure.statistics.unpaired import Both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.clustered_variance import Clustering, VarianceChoice
    from howsure.statistics.difference_tests import TestChoice

UNLIKE = 0.025
"""The p-value from which shared and unshared items of a model differ; two models are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """How one model's shared items differ from those that it has alone: both means, their items, and a
    p-value.
    """

    shared: float
    alone: float
    n_shared: int
    n_alone: int
    p_value: float

    @property
    def beyond_noise(self) -> bool:
        """Whether they differ by more than chance would have it."""
        return self.p_value <= UNLIKE


def unlike(x: Floats, both: Bools, weights: Floats | None, clusters: Sequence[Ints] = ()) -> Unlike | None:
    """Compare a model's scores x (n,) on the items that `both` models have with those that it has alone; None
    where it has no such.

    A score test: residuals are those from the mean of all its items, summed within clusters, which may lie in
    both parts.
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
    """Return the p-value of a contrast of 0, 1 where nothing varies or one cluster holds everything."""
    sums, held = term.sums(count * residuals), term.sums(count**2)
    variance, df = float(sums @ sums), float(held.sum() ** 2 / (held @ held)) - 1
    if not variance > 0 or df <= 0:
        return 1.0
    spread = math.sqrt(variance * term.n_clusters / (term.n_clusters - 1))
    return float(intervals.t_p_value(np.asarray(sums.sum() / spread), np.asarray(df)))


def partly_shared(a: Floats, b: Floats) -> bool:
    """Say whether two models share some items (n,), NaN where there is no score, and one of them has others
    as well.
    """
    has_a, has_b = ~np.isnan(a), ~np.isnan(b)
    return bool((has_a & has_b).any() and (has_a != has_b).any())


def combined_difference(
    a: Floats,
    b: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
    level: float = 0.95,
    method: TestChoice | None = None,
    variance: VarianceChoice = "CR2",
    margin: float | None = None,
    lower_is_better: bool = False,
    labels: Sequence[str] = (),
) -> Difference:
    """Compare item scores a and b (n,) that are partly shared, NaN where a model has no score, by all of
    them.

    Assumes that it is by chance which items are shared; a caution says where their scores tell otherwise.
    Wins, losses and the correlation are those of the shared items. Scores in [0, 1] get what two events that
    weren't seen would add to the variance, unless `method` is "t".
    """
    test = test_of(method, bounded=bounded)
    if not by_moments(test):
        raise MethodError(
            f"method {test.name!r} needs items that both models answered", remedy="Leave the method out."
        )
    shared = difference(a, b, weights=weights, bounded=bounded, lower_is_better=lower_is_better)
    every = Both.of(a, b, weights, clusters, labels)
    found = every.moments(variance)
    added = every.unseen(found.variance) if bounded and not isinstance(test, TTest) else 0.0
    reach = 1.0 if bounded else math.inf
    pivot = pivot_of(plain_pivots(found.value, found.variance, found.df, added), level, reach)
    estimate = Estimate(
        value=found.value,
        se=math.sqrt(found.variance),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=found.df,
        n_items=len(every.w),
        n_clusters=min([int(code.max()) + 1 for code in every.codes], default=len(every.w)),
        method=Method(name="combined", variance=label_of(variance)),
        cautions=tuple(every.doubts(found.df)),
    )
    return replace(
        shared,
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=float(every.means[0]),
        b_mean=float(every.means[1]),
        unpaired_se=math.nan,
        unclustered_se=math.sqrt(replace(every, codes=()).moments(variance).variance)
        if clusters
        else math.nan,
        paired=False,
        items_needed=items_needed(estimate, level),
        equivalence=None
        if margin is None
        else equivalence(pivot, margin, level, -1 if lower_is_better else 1),
        pivot=pivot,
    )
