"""The verb trend: the checkpoints of training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.table.scores import Scores
from howsure.verbs.read import _is_paths, scores_of

if TYPE_CHECKING:
    from howsure.answers.trend import Trend
    from howsure.statistics.choices import Variance

RESPECTS = Respects(verb="trend", all_but=("population", "covariate", "average_last"))


def trend(
    data: Any,
    *,
    last: int = 5,
    variance: Variance = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Trend:
    """Follow the checkpoints of training runs: scores, paired changes, the trend, and what the task can tell apart.

    Models whose names tell a step (…-step1000) are checkpoints of a run; `step_from` names other patterns, and a column
    `step` of published scores counts as well. The rise is that of a straight line through all checkpoints, item by item.
    The signal-to-noise ratio of a task compares the largest difference between runs, each averaged over its `last`
    checkpoints, with how much these differ within a run (Heineman et al. 2025).

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": [f"run-step{s}" for s in (1, 2, 3) for _ in range(20)], "item": [*range(20)] * 3,
    ...     "score": [int(i % 4 < s) for s in (1, 2, 3) for i in range(20)]})
    >>> run = trend(rows).tasks[0].runs[0]
    >>> round(run.rise.value, 3), [round(point.estimate.value, 2) for point in run.points]
    (0.5, [0.25, 0.5, 0.75])
    """
    from howsure.inference.audit import published_in
    from howsure.inference.trend import TrendOptions, follow, follow_published, has_steps

    last, variance, level = checked("trend", last=last, variance=variance, level=level).values()
    design = make_design(options, RESPECTS)
    asked = TrendOptions(variance=variance, level=level, last=last)
    if not isinstance(data, Scores) and not _is_paths(data) and has_steps(data):
        return follow_published(published_in(data), design, asked)
    scores = scores_of(data, design)
    return follow(scores, design, asked) if scores.has_rows else follow_published(scores.published, design, asked)
