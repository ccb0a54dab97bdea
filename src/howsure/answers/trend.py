"""Trend: the scores of a training run's checkpoints, how they change, and whether a task can tell runs apart at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Document, Note, Text
from howsure.present.trend import _run_table, _task_verdict, _tasks_table, _tasks_verdict

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One checkpoint: its score, and the paired change since the one before (None for the first)."""

    step: float
    model: str
    estimate: Estimate
    change: Estimate | None = None
    p_value: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the point as plain data."""
        return {
            "step": number(self.step),
            "model": self.model,
            "estimate": self.estimate.to_dict(),
            "change": None if self.change is None else self.change.to_dict(),
            "p_value": number(self.p_value),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrend:
    """One run on one task: its checkpoints in order, and the rise of the straight line through them from first to last.

    `wobble`: standard deviation of the score over the last checkpoints, `n_last` of them; NaN with fewer than two.
    """

    run: str
    points: tuple[TrendPoint, ...]
    rise: Estimate | None
    rise_p_value: float
    wobble: float
    n_last: int

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain data."""
        return {
            "run": self.run,
            "rise": None if self.rise is None else self.rise.to_dict(),
            "rise_p_value": number(self.rise_p_value),
            "wobble": number(self.wobble),
            "n_last": self.n_last,
            "points": [point.to_dict() for point in self.points],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrend:
    """All runs on one task and metric.

    `signal`: the largest difference between two runs' averages over their last checkpoints; `noise`: pooled wobble;
    `ratio` = signal / noise, how far apart runs are in units of what training shakes (Heineman et al. 2025); NaN with
    fewer than two runs or checkpoints.
    """

    task: str
    metric: str
    runs: tuple[RunTrend, ...]
    signal: float
    noise: float
    ratio: float
    percent: bool = True

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        return _task_verdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the task as plain data."""
        return {
            "task": self.task,
            "metric": self.metric,
            "verdict": self.verdict,
            "signal": number(self.signal),
            "noise": number(self.noise),
            "ratio": number(self.ratio),
            "runs": [run.to_dict() for run in self.runs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Answer):
    """The trends of all tasks."""

    tasks: tuple[TaskTrend, ...]
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __getitem__(self, task: str) -> TaskTrend:
        return next(found for found in self.tasks if found.task == task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task, run and checkpoint."""
        return [
            {
                "task": task.task,
                "metric": task.metric,
                "run": run.run,
                "step": number(point.step),
                "score": number(point.estimate.value),
                "se": number(point.estimate.se),
                "low": number(point.estimate.interval.low),
                "high": number(point.estimate.interval.high),
                "change": None if point.change is None else number(point.change.value),
                "change_se": None if point.change is None else number(point.change.se),
                "p_value": number(point.p_value),
            }
            for task in self.tasks
            for run in task.runs
            for point in run.points
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "trend",
            "tasks": [task.to_dict() for task in self.tasks],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return a table of tasks where there are several, then each run's checkpoints."""
        blocks: list[Block] = []
        if len(self.tasks) > 1:
            blocks.append(Text(text=_tasks_verdict(self.tasks), kind="verdict"))
            blocks += [Text(text=note, kind="small") for note in self.notes]
            blocks.append(_tasks_table(self.tasks))
        else:
            blocks.append(Text(text=self.tasks[0].verdict, kind="verdict"))
            blocks += [Text(text=note, kind="small") for note in self.notes]
            blocks += [_run_table(run, self.tasks[0].percent) for run in self.tasks[0].runs]
        return Document(blocks=(*blocks, Note(cautions=self.cautions)) if self.cautions else tuple(blocks))
