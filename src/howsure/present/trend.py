"""How the trend of training runs is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, closing, opening, tabled
from howsure.present.estimate import limits, score, whisker
from howsure.statistics.results import significant
from howsure.wording import Scale, ci_text, come_once, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.trend import RunTrend, TaskTrend, Trend, TrendPoint
    from howsure.present.document import Table

CLEAR, WEAK = 3.0, 1.0
MOST_POINTS = 12


def document(answer: Trend) -> Document:
    """Return a table of tasks if there are several, else each run's checkpoints."""
    first = answer.tasks[0]
    tables = (
        [_tasks_table(answer.tasks)]
        if len(answer.tasks) > 1
        else [_run_table(run, first.percent) for run in first.runs]
    )
    return Document(blocks=(*opening(sentence(answer), answer.notes), *tables, *closing(answer.warnings)))


def sentence(answer: Trend) -> str:
    """Return how the score changes. For several tasks, how many separate the runs."""
    return task_sentence(answer.tasks[0]) if len(answer.tasks) == 1 else _tasks_sentence(answer.tasks)


def task_sentence(task: TaskTrend) -> str:
    """Return how each run's score changes, and whether the task separates runs."""
    scale = Scale(percent=task.percent)
    told = [_run_sentence(run, scale) for run in task.runs[:3]]
    more = [f"{len(task.runs) - 3} more runs."] if len(task.runs) > 3 else []
    return " ".join([*told, *more, *([_ratio_sentence(task, scale)] if math.isfinite(task.ratio) else [])])


def _run_sentence(run: RunTrend, scale: Scale) -> str:
    steps = f"over {plural(len(run.points), 'checkpoint')}"
    if run.rise is None or not math.isfinite(run.rise_p_value):
        return (
            f"{run.run}: {plural(len(run.points), 'checkpoint')}, no trend can be estimated "
            f"({_why_none(run)})."
        )
    take = ci_text(run.rise.interval, scale)
    if not significant(run.rise_p_value, run.rise.interval.level):
        return f"{run.run}: no significant trend {steps} ({scale.difference(run.rise.value)}, {take})."
    word = "rises" if run.rise.value > 0 else "falls"
    take = ci_text(run.rise.interval.of_lead(run.rise.value), scale)
    return f"{run.run} {word} by {scale.gap(run.rise.value)} ({take}) {steps}."


def _why_none(run: RunTrend) -> str:
    """Return why a run has no trend with an error bar."""
    if len(run.points) < 2:
        return "a trend needs two checkpoints"
    if run.rise is None:
        apart = "the checkpoints share no two questions"
        return "published scores come without their questions" if run.points[-1].change is None else apart
    if not math.isfinite(run.rise.se):
        return "all questions are in one cluster"
    return (
        "all questions change by the same amount, so there is no error bar"
        if run.rise.value
        else "the scores do not vary"
    )


def _ratio_sentence(task: TaskTrend, scale: Scale) -> str:
    what = (
        "distinguishes"
        if task.ratio >= CLEAR
        else "barely distinguishes"
        if task.ratio >= WEAK
        else "doesn't distinguish"
    )
    return (
        f"The task {what} these runs: they differ by up to {scale.gap(task.signal)}, compared with "
        f"{scale.gap(task.pooled_sd)} between the last checkpoints of one run (signal-to-noise ratio "
        f"{task.ratio:.1f})."
    )


def _tasks_sentence(tasks: tuple[TaskTrend, ...]) -> str:
    known = [task for task in tasks if math.isfinite(task.ratio)]
    if not known:
        return (
            f"{plural(len(tasks), 'task')}. To see whether they distinguish runs, you need two runs with two "
            "checkpoints each."
        )
    clear = sum(task.ratio >= CLEAR for task in known)
    lost = sum(task.ratio < WEAK for task in known)
    best = max(known, key=lambda task: task.ratio)
    noun, of, named = "board", ", one for each task and metric,", f"{best.task} · {best.metric}"
    if come_once([task.task for task in tasks]):
        noun, of, named = "task", "", best.task
    rest = f"; in {lost}, checkpoints differ more than runs" if lost else ""
    return (
        f"{clear} of {plural(len(known), noun)}{of} clearly distinguish{'es' if clear == 1 else ''} these "
        f"runs{rest}. The best is {named} (signal-to-noise ratio {best.ratio:.1f})."
    )


def _tasks_table(tasks: tuple[TaskTrend, ...]) -> Table:
    fields: list[Field[TaskTrend]] = [
        Field("task", lambda t: t.task, align="left"),
        Field("metric", lambda t: t.metric, align="left", priority=5),
        Field("runs", lambda t: f"{len(t.runs)}"),
        Field("checkpoints", lambda t: f"{sum(len(run.points) for run in t.runs):,}"),
        Field("signal", lambda t: Scale(percent=t.percent).number(t.signal)),
        Field("noise", lambda t: Scale(percent=t.percent).number(t.pooled_sd)),
        Field("ratio", lambda t: f"{t.ratio:.1f}" if math.isfinite(t.ratio) else "n/a"),
    ]
    ordered = sorted(tasks, key=lambda task: -task.ratio if math.isfinite(task.ratio) else math.inf)
    note = (
        "signal: largest difference between two runs' last checkpoints, averaged; noise: standard "
        "deviation over the last checkpoints of a run; ratio: signal / noise"
    )
    return tabled(ordered, fields, note=note)


def _run_table(run: RunTrend, percent: bool) -> Table:
    scale, level = Scale(percent=percent), level_text(run.points[0].estimate.interval.level)
    fields: list[Field[TrendPoint]] = [
        Field("step", lambda p: f"{p.step:,.12g}"),
        Field(f"score{scale.column}", lambda p: score(p.estimate, scale)),
        Field(f"{level} interval", lambda p: limits(p.estimate, scale)),
        Field("", lambda p: whisker(p.estimate), align="left", priority=5, axis=scale),
        Field("change", lambda p: "" if p.change is None else scale.signed(p.change.value) + _star(p)),
        Field("± SE", lambda p: "" if p.change is None else scale.number(p.change.se), priority=6),
    ]
    shown = run.points[-MOST_POINTS:]
    left = len(run.points) - len(shown)
    notes = [f"… and {plural(left, 'earlier checkpoint')}"] if left else []
    notes += [f"* significant change at {level} confidence"] if any(map(_is_real, shown)) else []
    return tabled(shown, fields, title=run.run, note="; ".join(notes))


def _star(point: TrendPoint) -> str:
    return " *" if _is_real(point) else "  "


def _is_real(point: TrendPoint) -> bool:
    return point.change is not None and significant(point.p_value, point.estimate.interval.level)
