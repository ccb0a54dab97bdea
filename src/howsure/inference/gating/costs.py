"""What the candidate takes, over what the baseline takes, becomes a check: at most so many times as much,
over all tasks together.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.gate import Check
from howsure.errors import Caution
from howsure.inference.compare import one_metric
from howsure.inference.measures import measure_cautions, missing, ratio_of, taken
from howsure.statistics.score_pivot import plain_pivots
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.gating.asking import How
    from howsure.statistics.ratios import Ratio
    from howsure.study.matrix import ScoreMatrix


def cost_checks(how: How) -> list[Check]:
    """Judge every measure that is asked about by the one-sided limits of the ratio of the two models'
    means.
    """
    matrices = one_metric(how.study) if how.ratios else []
    return [_check(how, matrices, measure, limit) for measure, limit in how.ratios]


def _check(how: How, matrices: Sequence[ScoreMatrix], measure: str, limit: float) -> Check:
    models = (how.study.models[0], how.study.models[1])
    matrix = taken(how.study, matrices, measure)
    found = ratio_of(matrix, models, replace(how.question, level=how.one_sided))
    lost = {model: missing(matrix, model) for model in models}
    check = Check(
        task="",
        metric=measure,
        criterion="ratio_at_most",
        limit=limit,
        candidate=models[0],
        candidate_score=found.a,
        baseline=models[1],
        baseline_score=found.b,
        level=how.one_sided,
        n_items=found.n_items,
        n_clusters=found.n_clusters,
        percent=False,
        lower_is_better=True,
        cautions=measure_cautions(found),
    )
    if any(lost.values()):
        return replace(
            check, n_unknown=sum(lost.values()), cautions=(*check.cautions, _unrecorded(measure, lost))
        )
    return _tested(check, found, how.level)


def _tested(check: Check, found: Ratio, level: float) -> Check:
    """Test the logarithm of the ratio against that of its limit, by the pivot that its interval comes
    from.
    """
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return replace(check, cautions=(*check.cautions, NO_SPREAD))
    pivots = plain_pivots(math.log(found.value), found.se**2, found.df)
    wide = pivots.limits(level)
    return replace(
        check,
        value=found.value,
        low=found.low,
        high=found.high,
        p_pass=float(pivots.p_at_least(np.log(check.limit))),
        p_fail=float(pivots.p_at_most(np.log(check.limit))),
        half_width=float(wide[1] - wide[0]) / 2,
    )


def _unrecorded(measure: str, lost: dict[str, int]) -> Caution:
    said = [f"{plural(count, 'attempt')} of {model}" for model, count in lost.items() if count]
    return Caution(
        code="cost_missing",
        message=f"{' and '.join(said)} don't record {measure}, so that what was taken isn't known",
        remedy="Log it for every attempt, or give `prices`.",
    )


NO_SPREAD = Caution(
    code="no_cost_error_bar",
    message=(
        "what both took gives no error bar: it is nothing, of too few questions, or in the same ratio on "
        "all of them"
    ),
    remedy="Compare more questions, or other measures.",
)
