"""The difference of two models that share some items and not others: all items of both, combined as both.py
has it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.choices import label_of
from howsure.statistics.pairs.both import Both
from howsure.statistics.pairs.difference import Difference, difference
from howsure.statistics.pairs.difference_tests import TTest, by_moments, test_of
from howsure.statistics.pairs.pivot import equivalence, pivot_of
from howsure.statistics.pairs.score import plain_pivots
from howsure.statistics.planning.forecast import items_needed
from howsure.statistics.results import Estimate, Interval, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import TestChoice, VarianceChoice


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
