"""How the trend of training runs is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, closing, opening
from howsure.present.estimate import whisker
from howsure.statistics.results import significant
from howsure.wording import Scale, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.trend import RunTrend, TaskTrend, Trend, TrendPoint
    from howsure.present.document import Cell

CLEAR, WEAK = 3.0, 1.0
MOST_POINTS = 12


def document(answer: Trend) -> Document:
    """Return a table of tasks where there are several, else each run's checkpoints."""
    first = answer.tasks[0]
    if len(answer.tasks) > 1:
        head, tables = _tasks_verdict(answer.tasks), [_tasks_table(answer.tasks)]
    else:
        head, tables = task_verdict(first), [_run_table(run, first.percent) for run in first.runs]
    return Document(blocks=(*opening(head, answer.notes), *tables, *closing(answer.cautions)))


def task_verdict(task: TaskTrend) -> str:
    """Say how each run's score changes, and whether the task can tell runs apart."""
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
