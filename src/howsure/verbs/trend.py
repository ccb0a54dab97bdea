"""The verb trend: the checkpoints of training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.trend import Trend
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator

RESPECTS = Respects(
    verb="trend", all_but=("random factor", "benchmark", "covariate", "average_last", "slices", "measures")
)
OF_PUBLISHED = Respects(
    verb="trend of published scores", all_but=("random factor", "population", "bounds of tasks")
)


def trend(
    data: Any,
    *,
    last: int = 5,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Trend:
    """Estimate how scores change over the checkpoints of training runs, and how well each task separates the
    runs.

    Models whose names state a step (…-step1000) are checkpoints of a run; a column `step` of published scores
    counts as well. The rise is that of a least-squares line through all checkpoints, item by item, so that
    changes are paired. The signal-to-noise ratio of a task divides the largest difference between runs, each
    averaged over its last checkpoints, by the standard deviation within a run (Heineman et al. 2025).

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores. A frame of published scores with the columns model, step and score works
            too.
        last: How many checkpoints at the end of a run measure its variation; at least 2.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level, between 0 and 1.
        **options: Options that the verbs share, among them `step_from` for other names of checkpoints; see
            [`Design`][howsure.study.design.Design]. `population`: by default what the clusters of each
            task allow: "same-clusters" where there are too few to speak of others, else "new-clusters"; with
            "same-clusters" how clusters differ is no part of a change's error bar.

    Returns:
        Trend: One part per task and metric, with the signal-to-noise ratio and, for every run, its
            checkpoints' scores, their paired changes and the rise.

    Raises:
        OptionError: If an option has a value that it can't have, or is one that this verb doesn't support.
        DataError: If no model is recognised as a checkpoint, or two checkpoints of a run have the same step.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": [f"run-step{s}" for s in (1, 2, 3) for _ in range(20)], "item": [*range(20)] * 3,
        ...     "score": [int(i % 4 < s) for s in (1, 2, 3) for i in range(20)]})
        >>> run = trend(rows).tasks[0].runs[0]
        >>> round(run.rise.value, 3), [round(point.estimate.value, 2) for point in run.points]
        (0.5, [0.25, 0.5, 0.75])
    """
    from howsure.inference.audit import bounded, published_of
    from howsure.inference.population import population_of
    from howsure.inference.trend import TrendOptions, follow, follow_published, has_steps

    last, variance, level = checked("trend", last=last, variance=variance, level=level).values()
    design = make_design(options, RESPECTS)
    asked = TrendOptions(
        population=population_of(design.population), variance=variance, level=level, last=last
    )
    scores = scores_of(data, design)
    if has_steps(scores.rows):
        scores = published_of(scores)
    if scores.has_rows:
        return follow(scores, design, asked)
    OF_PUBLISHED.refuse(design)
    return follow_published(bounded(scores, design.bounds), design, asked)
