"""Curves: scores over attempts, over usage, or over the models' sizes, with simultaneous limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Drawn, TaskPart, named
from howsure.answers.output import HIDDEN, row, spread

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval

CurveOver = Literal["attempts", "usage", "models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A point of a curve.

    Attributes:
        x: The number of attempts, or the usage.
        estimate: The score there. Its interval is simultaneous over all points of the curve.
    """

    x: float
    estimate: Estimate = field(metadata=spread())


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The curve of one model.

    Attributes:
        model: The model.
        score: "pass@" for at least one success in k attempts, "pass^" for successes only, "score" for the
            score of an attempt that may use up to x.
        points: Its points.
    """

    model: str
    score: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPoint:
    """A model on a line.

    Attributes:
        model: The model.
        x: Its value, such as its size, or the day of its release.
        estimate: Its score.
        line: The line there.
        line_low: The lower limit of the line there, simultaneous over the whole line.
        line_high: The upper limit.
    """

    model: str
    x: float
    estimate: Estimate = field(metadata=spread())
    line: float
    line_low: float
    line_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedLine:
    """A line through the scores of models. For scores in [0, 1] it is one through log odds.

    Attributes:
        per: What a step of x is: "doubling", "year" or "unit".
        odds: Whether `step` is the ratio of the odds of success. Otherwise it is a difference of scores.
        step: By how much the odds are multiplied per step of x, or what is added to the score.
        interval: Its confidence interval.
        p_value: The p-value of no slope.
        points: The models.
    """

    per: Literal["doubling", "year", "unit"]
    odds: bool
    step: float
    interval: Interval
    p_value: float
    points: tuple[ModelPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCurves(TaskPart):
    """The curves of one task and metric.

    Attributes:
        task: The task.
        metric: What the score measures.
        over: What is on the horizontal axis: attempts, a measure of usage, or what is known of each model.
        level: The simultaneous confidence level of a curve.
        kind: Whether it is over attempts, usage or models.
        percent: Whether scores lie in [0, 1].
        curves: The curves, empty over models.
        line: The line, None over attempts and usage.
        warnings: Warnings about this task.
    """

    task: str
    metric: str
    over: str
    level: float
    kind: CurveOver = field(metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    curves: tuple[Curve, ...] = ()
    line: FittedLine | None = None
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, model: str) -> Curve:
        return named(self.curves, "model", model)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per point."""
        where = {"task": self.task, "metric": self.metric, "over": self.over}
        if self.line is not None:
            return [{**where, "score": "score", **row(each)} for each in self.line.points]
        return [
            {**where, "score": each.score, "model": each.model, **row(point)}
            for each in self.curves
            for point in each.points
        ]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Curves(Drawn):
    """Scores over attempts, usage or the models' sizes, task by task.

    Attributes:
        tasks: One part per task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    tasks: tuple[TaskCurves, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskCurves:
        return named(self.tasks, "task", task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and point."""
        return [record for task in self.tasks for record in task.records()]
