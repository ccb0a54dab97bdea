"""The function trend: the checkpoints of training runs."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure.answers.trend import RunTrend, TaskTrend, Trend, TrendPoint
from howsure.errors import DataError, ResultWarning
from howsure.inference.board import entries
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.inference.settings import settings_of
from howsure.options.table import checked
from howsure.statistics.differences import t_pivot
from howsure.statistics.means import means
from howsure.statistics.results import Estimate, Interval, Method
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.study.models import find_checkpoints, runs_of
from howsure.study.notes import direction_warnings
from howsure.table.schema import ALIASES, open_frame
from howsure.verbs.audit import bounded, directions_of, published_of
from howsure.verbs.read import scores_of
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.models import Checkpoint
    from howsure.table.scores import Published, Scores

RESPECTS = Respects(
    verb="trend",
    all_but=("statistic", "random factor", "benchmark", "covariate", "average_last", "slices", "measures"),
)
OF_PUBLISHED = Respects(
    verb="trend of published scores", all_but=("statistic", "random factor", "population", "bounds of tasks")
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

    Models whose names contain a step (…-step1000) are checkpoints of a run. A column `step` of published
    scores counts as well. The rise is the slope of a least-squares line through all checkpoints, question by
    question, so that changes are paired. The signal-to-noise ratio of a task divides the largest difference
    between runs, each averaged over its last checkpoints, by the standard deviation within a run (Heineman et
    al. 2025).

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores. A frame of published scores with the columns model, step and score works as
            well.
        last: The number of checkpoints at the end of a run used for its variation (at least 2).
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level, between 0 and 1.
        **options: Shared options, including `step_from` for other names of checkpoints, listed in
            [`Design`][howsure.study.design.Design]. `population` defaults to what the clusters of each task
            allow: "same-clusters" if they are too few to generalise, else "new-clusters". With
            "same-clusters" the error bar of a change doesn't include differences between clusters.

    Returns:
        Trend: One part per task and metric, with the signal-to-noise ratio and, for every run, its
            checkpoints' scores, their paired changes and the rise.

    Raises:
        OptionError: If an option has an invalid value, or is one that this function doesn't support.
        DataError: If no model is recognised as a checkpoint, or two checkpoints of a run have the same step.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": [f"run-step{s}" for s in (1, 2, 3) for _ in range(20)],
        ...     "item": [*range(20)] * 3,
        ...     "score": [int(i % 4 < s) for s in (1, 2, 3) for i in range(20)]})
        >>> run = trend(rows).tasks[0].runs[0]
        >>> round(run.rise.value, 3), [round(point.estimate.value, 2) for point in run.points]
        (0.5, [0.25, 0.5, 0.75])
    """
    last, variance, level = checked("trend", last=last, variance=variance, level=level).values()
    design = make_design(options, RESPECTS)
    question = Question(population=population_of(design.population), variance=variance, level=level)
    scores = scores_of(data, design)
    if has_steps(scores.rows):
        scores = published_of(scores)
    if scores.has_rows:
        # Follow every run of every task over the answers of its checkpoints.
        study = gather(scores, design)
        matrices, pattern = list(study.matrices()), design.step_from
        kept = [matrix for matrix in matrices if find_checkpoints(matrix.models, pattern)] or matrices[:1]
        tasks = tuple(_task_trend(matrix, question, last, pattern) for matrix in kept)
        left = [*_not_checkpoints(kept, pattern), *_left_out(matrices, kept), *_torn(tasks, kept)]
        return Trend(
            tasks=tasks,
            settings=settings_of(study, question),
            notes=study.notes,
            warnings=(*study.warnings, *direction_warnings(study), *left),
        )
    OF_PUBLISHED.refuse(design)
    return _published(bounded(scores, design.bounds), design, level, last)


def _left_out(matrices: Sequence[ScoreMatrix], kept: Sequence[ScoreMatrix]) -> Iterator[ResultWarning]:
    known = [(matrix.task, matrix.metric) for matrix in kept]
    tasks = [matrix.task for matrix in matrices if (matrix.task, matrix.metric) not in known]
    if tasks:
        yield ResultWarning(
            code="no_checkpoints",
            message=f"{listing(tasks)} has no model that is a checkpoint of a run",
            remedy="Set `step_from` to a pattern for run and step.",
        )


def _torn(tasks: Sequence[TaskTrend], matrices: Sequence[ScoreMatrix]) -> Iterator[ResultWarning]:
    """Note the number of items that a rise lacks, because some checkpoint lacks them."""
    for task, matrix in zip(tasks, matrices, strict=True):
        for run in task.runs:
            columns = [matrix.column(point.model) for point in run.points]
            seen = int((~np.isnan(matrix.values[:, columns])).any(axis=1).sum())
            if run.rise is not None and run.rise.n_items < seen:
                yield ResultWarning(
                    code="torn_checkpoints",
                    message=f"{task.task}: the rise of {run.run} is over {run.rise.n_items:,} of "
                    f"{seen:,} questions; "
                    "some checkpoint lacks the others",
                    remedy="Run the missing questions.",
                )


def has_steps(frame: object) -> bool:
    """Return whether a frame contains published scores of checkpoints: a column `step`, but no column of
    items.
    """
    names = set(open_frame(frame).collect_schema().names())
    return "step" in names and not names & set(ALIASES["item"])


def _task_trend(matrix: ScoreMatrix, question: Question, last: int, pattern: str | None) -> TaskTrend:
    """Follow every run of a task and metric from checkpoint to checkpoint."""
    estimates = {entry.model: entry.estimate for entry in entries(matrix, question)}
    runs = [
        _run(points, estimates, matrix, question, last)
        for points in _runs(matrix.models, pattern, matrix.task).values()
    ]
    return _task(matrix.task, matrix.metric, runs, percent=matrix.bounded)


def _runs(models: Sequence[str], pattern: str | None, where: str) -> dict[str, list[Checkpoint]]:
    """Return the checkpoints of every run. DataError if there are none."""
    runs = runs_of(models, pattern)
    if not runs:
        raise DataError(
            f"no name of a model looks like a checkpoint ({listing([repr(model) for model in models])})",
            where=where,
            remedy=r"Set a pattern for run and step: `step_from='(?P<run>.+)-(?P<step>\d+)'`; or join a "
            "column to the "
            "name: `columns={'model': ['model', 'step']}`. Runs of one system over time: `howsure history`.",
        )
    return runs


def _not_checkpoints(matrices: Sequence[ScoreMatrix], pattern: str | None) -> Iterator[ResultWarning]:
    """Note which models aren't checkpoints of a run."""
    models = sorted({model for matrix in matrices for model in matrix.models})
    known = {point.model for point in find_checkpoints(models, pattern)}
    others = [model for model in models if model not in known]
    if others:
        yield ResultWarning(
            code="not_checkpoints",
            message=f"left out, as the name has no step: {listing(others)}",
            remedy="Set `step_from` to a pattern for run and step.",
        )


def _run(
    points: Sequence[Checkpoint],
    estimates: Mapping[str, Estimate],
    matrix: ScoreMatrix,
    question: Question,
    last: int,
) -> RunTrend:
    steps = [TrendPoint(step=points[0].step, model=points[0].model, estimate=estimates[points[0].model])]
    for before, point in pairwise(points):
        change = question.population.pair(matrix, point.model, before.model, question)
        steps.append(
            TrendPoint(
                step=point.step,
                model=point.model,
                estimate=estimates[point.model],
                change=change.difference,
                p_value=change.p_value,
            )
        )
    rise, p_value = _rise(points, matrix, question)
    return _with_wobble(points[0].run, steps, last, rise, p_value)


def _rise(
    points: Sequence[Checkpoint], matrix: ScoreMatrix, question: Question
) -> tuple[Estimate | None, float]:
    """Fit a straight line to every item's scores, and return the mean rise from the first step to the
    last.
    """
    steps = np.array([point.step for point in points])
    part = matrix.take_models([matrix.column(point.model) for point in points])
    part = part.take_items(np.asarray(~np.isnan(part.values).any(axis=1)))
    if len(points) < 2 or len(part.items) < 2:
        return None, math.nan
    part, centred = question.population.drawn(part), steps - steps.mean()
    contrast = centred / (centred @ centred) * (steps[-1] - steps[0])
    estimate = means(
        (part.values @ contrast)[:, None],
        clusters=part.clusters,
        weights=part.weights,
        bounded=False,
        level=question.level,
        variance=question.variance,
        strata=part.strata,
    )[0]
    return estimate, t_pivot(estimate.value, estimate.se, estimate.df, question.level).p_value


def _with_wobble(
    run: str, points: Sequence[TrendPoint], last: int, rise: Estimate | None = None, p_value: float = math.nan
) -> RunTrend:
    values = [point.estimate.value for point in points[-last:]]
    return RunTrend(
        run=run,
        points=tuple(points),
        rise=rise,
        rise_p_value=p_value,
        sd_between_checkpoints=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
        n_last=len(values),
    )


def _task(task: str, metric: str, runs: Sequence[RunTrend], *, percent: bool) -> TaskTrend:
    """Combine runs: how far apart they are, relative to how much the last checkpoints of one run differ."""
    ends = [float(np.mean([point.estimate.value for point in run.points[-run.n_last :]])) for run in runs]
    wobbly = [run for run in runs if math.isfinite(run.sd_between_checkpoints)]
    spare = sum(run.n_last - 1 for run in wobbly)
    noise = (
        math.sqrt(sum((run.n_last - 1) * run.sd_between_checkpoints**2 for run in wobbly) / spare)
        if spare
        else math.nan
    )
    signal = max(ends) - min(ends) if len(runs) > 1 else math.nan
    return TaskTrend(
        task=task,
        metric=metric,
        runs=tuple(runs),
        signal=signal,
        pooled_sd=noise,
        ratio=signal / noise if noise > 0 else math.nan,
        percent=percent,
    )


def _published(scores: Scores, design: Design, level: float, last: int) -> Trend:
    """Follow runs over published scores, which have no results per question and so no changes to test."""
    groups: dict[tuple[str, str], dict[str, Published]] = {}
    for score in scores.published:
        task, metric = score.task, score.metric
        if task in (design.task or (task,)) and metric in (design.metric or (metric,)):
            groups.setdefault((task, metric), {})[score.model] = score
    if not groups:
        raise DataError("no published scores found", remedy="It needs columns for model, step and score.")
    tasks = []
    for (task, metric), by_model in groups.items():
        runs = [
            _with_wobble(run, [_stated(point, by_model[point.model], level) for point in points], last)
            for run, points in _runs(list(by_model), design.step_from, task).items()
        ]
        percent = all(0 <= score.score <= 1 for score in by_model.values())
        tasks.append(_task(task, metric, runs, percent=percent))
    directions = directions_of(groups, scores, design.lower_is_better)
    return Trend(
        tasks=tuple(tasks),
        notes=(*scores.notes, *directions.notes),
        warnings=(*scores.warnings, *directions.warnings),
    )


def _stated(point: Checkpoint, score: Published, level: float) -> TrendPoint:
    estimate = Estimate(
        value=score.score,
        se=math.nan if score.stderr is None else score.stderr,
        interval=Interval(low=math.nan, high=math.nan, level=level),
        df=math.nan,
        n_items=score.n or 0,
        n_clusters=score.n or 0,
        method=Method(name="as published"),
    )
    return TrendPoint(step=point.step, model=point.model, estimate=estimate)
