"""Trend: the scores of a training run's checkpoints, how they change, and whether a task can distinguish
runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer, TaskPart, named
from howsure.answers.output import HIDDEN, number

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One checkpoint.

    Attributes:
        step: Its step.
        model: Its name.
        estimate: Its score.
        change: The paired change from the previous checkpoint. None for the first.
        p_value: The p-value of no change.
    """

    step: float
    model: str
    estimate: Estimate
    change: Estimate | None = None
    p_value: float = math.nan

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        estimate, change = self.estimate, self.change
        return {
            "step": number(self.step),
            "score": number(estimate.value),
            "se": number(estimate.se),
            "low": number(estimate.interval.low),
            "high": number(estimate.interval.high),
            "change": None if change is None else number(change.value),
            "change_se": None if change is None else number(change.se),
            "p_value": number(self.p_value),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrend:
    """One run on one task.

    Attributes:
        run: The training run.
        rise: The rise of a straight line through the checkpoints, from first to last, in score units. None if
            no questions are known.
        rise_p_value: The p-value of no rise.
        sd_between_checkpoints: The standard deviation of the score over the last checkpoints. NaN with fewer
            than two.
        n_last: The number of these checkpoints.
        points: The checkpoints, in order.
    """

    run: str
    rise: Estimate | None
    rise_p_value: float
    sd_between_checkpoints: float
    n_last: int
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrend(TaskPart):
    """All runs on one task and metric.

    Attributes:
        task: The task.
        metric: What the score measures.
        signal: The largest difference between two runs' averages over their last checkpoints.
        pooled_sd: The pooled standard deviation between the last checkpoints over runs.
        ratio: The signal-to-noise ratio: the difference between runs divided by `pooled_sd` (Heineman et al.
            2025). NaN with fewer than two runs or checkpoints.
        runs: The runs.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    signal: float
    pooled_sd: float
    ratio: float
    runs: tuple[RunTrend, ...]
    percent: bool = field(default=True, metadata=HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trend(Answer):
    """The change of scores over the checkpoints of training runs, task by task.

    Attributes:
        tasks: One part per task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    tasks: tuple[TaskTrend, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskTrend:
        return named(self.tasks, "task", task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task, run and checkpoint."""
        return [
            {"task": task.task, "metric": task.metric, "run": run.run, **point.record()}
            for task in self.tasks
            for run in task.runs
            for point in run.points
        ]
