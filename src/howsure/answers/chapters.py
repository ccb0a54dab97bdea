"""Which chapter of `howsure guide` says why a difference can't be told, and what to do about it: one rule for
all answers.

| what is seen | chapter |
| --- | --- |
| no error bar | that of the caution that says why, else 3: few questions |
| the two were asked other questions, or more alone than together | 6: the fair comparison |
| clusters are too few, or the difference would show without them | 4: clusters |
| the question is about exactly these questions | 5: more attempts |
| anything else | 7: how many questions it takes |

The first that fits. It is for people: nothing hangs on it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.errors import Caution
    from howsure.statistics.results import Estimate, Interval

LEADERBOARDS, FEW, CLUSTERS, ATTEMPTS, FAIR, POWER, PLAYBOOK, RIGOR = 1, 3, 4, 5, 6, 7, 8, 9
FEW_CLUSTERS = ("one_cluster", "few_clusters", "dominant_cluster", "too_few_flips", "real_clusters")
"""Cautions that say that there are too few clusters to tell much."""


def of_difference(
    found: Estimate,
    judged: Interval,
    *,
    paired: bool = True,
    alone: int = 0,
    unclustered_se: float = math.nan,
) -> int:
    """Return the chapter on a difference that can't be told.

    `judged`: the interval that the verdict agrees with; `alone`: items that only one of the two answered;
    `unclustered_se`: the standard error if each item stood alone, NaN without clusters or where the verdict
    isn't about zero.
    """
    if not math.isfinite(found.se) or not judged.low <= judged.high:
        return of_cautions(found.cautions)
    if not paired or alone > found.n_items:
        return FAIR
    without = judged.half_width * unclustered_se / found.se if found.se else math.nan
    if abs(found.value) > without or has_few_clusters(found.cautions):
        return CLUSTERS
    return ATTEMPTS if found.method.of_benchmark else POWER


def of_cautions(cautions: Iterable[Caution]) -> int:
    """Return the chapter of the caution that says why there is no error bar."""
    return next((caution.chapter for caution in cautions if caution.chapter is not None), FEW)


def has_few_clusters(cautions: Iterable[Caution]) -> bool:
    """Say whether any caution is about too few clusters."""
    return any(caution.code in FEW_CLUSTERS for caution in cautions)
