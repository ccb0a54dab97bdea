"""Trend: the scores of a training run's checkpoints, how they change, and whether a task can tell runs apart at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.answers.estimate import whisker
from howsure.document import Column, Document, Note, Scale, Table, Text, level_text, plural
from howsure.options import significant

if TYPE_CHECKING:
    from howsure.answers.estimate import Estimate
    from howsure.document import Block, Cell
    from howsure.errors import Caution

MOST_POINTS = 12
CLEAR, WEAK = 3.0, 1.0


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


def _task_verdict(task: TaskTrend) -> str:
    scale = Scale(percent=task.percent)
    told = [_run_sentence(run, scale) for run in task.runs[:3]]
    more = [f"{len(task.runs) - 3} more runs."] if len(task.runs) > 3 else []
    return " ".join([*told, *more, *([_ratio_sentence(task, scale)] if math.isfinite(task.ratio) else [])])


def _run_sentence(run: RunTrend, scale: Scale) -> str:
    steps = f"over {plural(len(run.points), 'checkpoint')}"
    if run.rise is None or not math.isfinite(run.rise_p_value):
        why = "scores as published have no questions behind them" if run.rise is None else "nothing varies"
        why = "one checkpoint" if len(run.points) < 2 else why
        return f"{run.run}: {plural(len(run.points), 'checkpoint')}, no trend with an error bar ({why})."
    take = scale.number(run.rise.interval.half_width)
    if not significant(run.rise_p_value, run.rise.interval.level):
        return f"{run.run}: no trend can be seen {steps} ({scale.difference(run.rise.value)}, give or take {take})."
    word = "rises" if run.rise.value > 0 else "falls"
    return f"{run.run} {word} by {scale.gap(run.rise.value)}, give or take {take}, {steps}."


def _ratio_sentence(task: TaskTrend, scale: Scale) -> str:
    what = "tells" if task.ratio >= CLEAR else "hardly tells" if task.ratio >= WEAK else "can't tell"
    return (
        f"The task {what} these runs apart: they differ by up to {scale.gap(task.signal)}, and the last checkpoints of one "
        f"run by {scale.gap(task.noise)} (ratio {task.ratio:.1f})."
    )


def _tasks_verdict(tasks: tuple[TaskTrend, ...]) -> str:
    known = [task for task in tasks if math.isfinite(task.ratio)]
    if not known:
        return f"{plural(len(tasks), 'task')}; telling which of them separate runs takes two runs and two checkpoints."
    clear = sum(task.ratio >= CLEAR for task in known)
    lost = sum(task.ratio < WEAK for task in known)
    best = max(known, key=lambda task: task.ratio)
    rest = f", {lost} can't: their checkpoints differ more than the runs" if lost else ""
    return (
        f"{clear} of {plural(len(known), 'task')} clearly tell these runs apart{rest}. The best is {best.task} (ratio "
        f"{best.ratio:.1f})."
    )


def _tasks_table(tasks: tuple[TaskTrend, ...]) -> Table:
    columns = (
        Column(name="task", align="left"),
        Column(name="metric", align="left", priority=5),
        Column(name="runs"),
        Column(name="checkpoints"),
        Column(name="signal"),
        Column(name="noise"),
        Column(name="ratio"),
    )
    ordered = sorted(tasks, key=lambda task: -task.ratio if math.isfinite(task.ratio) else math.inf)
    note = (
        "signal: largest difference between two runs' last checkpoints, averaged; noise: standard deviation over the last "
        "checkpoints of a run; ratio: signal / noise"
    )
    return Table(columns=columns, rows=tuple(_task_row(task) for task in ordered), note=note)


def _task_row(task: TaskTrend) -> tuple[Cell, ...]:
    scale = Scale(percent=task.percent)
    return (
        task.task,
        task.metric,
        f"{len(task.runs)}",
        f"{sum(len(run.points) for run in task.runs):,}",
        scale.number(task.signal),
        scale.number(task.noise),
        f"{task.ratio:.1f}" if math.isfinite(task.ratio) else "n/a",
    )


def _run_table(run: RunTrend, percent: bool) -> Table:
    scale, level = Scale(percent=percent), level_text(run.points[0].estimate.interval.level)
    columns = (
        Column(name="step"),
        Column(name=f"score{scale.column}"),
        Column(name=f"{level} interval"),
        Column(name="", align="left", priority=5),
        Column(name="change"),
        Column(name="± SE", priority=6),
    )
    shown = run.points[-MOST_POINTS:]
    left = len(run.points) - len(shown)
    stars = any(
        point.change is not None and significant(point.p_value, point.estimate.interval.level) for point in shown
    )
    notes = [f"… and {plural(left, 'earlier checkpoint')}"] if left else []
    note = "; ".join([*notes, *([f"* a change that is real at {level}"] if stars else [])])
    rows = tuple(_point_row(point, scale) for point in shown)
    return Table(title=run.run, columns=columns, rows=rows, note=note)


def _point_row(point: TrendPoint, scale: Scale) -> tuple[Cell, ...]:
    estimate, change = point.estimate, point.change
    real = change is not None and significant(point.p_value, estimate.interval.level)
    return (
        f"{point.step:,.12g}",
        scale.number(estimate.value),
        scale.interval(estimate.interval.low, estimate.interval.high),
        whisker(estimate),
        "" if change is None else scale.signed(change.value) + (" *" if real else "  "),
        "" if change is None else scale.number(change.se),
    )
