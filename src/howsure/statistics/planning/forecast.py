"""About how many items would show a difference of the size that was seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.statistics.planning import power
from howsure.statistics.planning.sizes import equal_sizes
from howsure.statistics.results import POWER

if TYPE_CHECKING:
    from howsure.statistics.results import Estimate

MIN_FORECAST = 10
"""From fewer independent units than these no number of items is forecast."""


def items_needed(estimate: Estimate, level: float, target: float = 0.0) -> float:
    """Return about how many items would show a gap of the size seen with 80 % power, all else the same.

    Miller (2024), section 5, with the test and the degrees of freedom that the estimate has, clusters growing
    in number; NaN where no gap or no SE was seen, or fewer than ten clusters (items without them) to judge
    either by. `target`: from where the gap is counted; `level`: of the two-sided interval that decides.
    """
    gap = abs(estimate.value - target)
    alone = estimate.method.same_clusters or estimate.n_clusters == estimate.n_items
    independent = estimate.n_items if alone else estimate.n_clusters
    if not gap or independent < MIN_FORECAST or not estimate.se > 0 or math.isnan(estimate.df):
        return math.nan
    score = estimate.method.name == "score"
    normal = math.isinf(estimate.df) or estimate.method.of_benchmark
    units = max(estimate.df + 1, 1.0)
    size = 1.0 if normal or alone else max(estimate.n_items / units, 1.0)
    spread = power.Spread(within=estimate.n_items * estimate.se**2, sizes=equal_sizes(size))
    test = power.Test(method="z" if normal else "score" if score else "t", level=level)
    return power.items_needed(test, spread, gap, 1, POWER)
