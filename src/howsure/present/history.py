"""How the history of a system is worded, tabled and drawn."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from howsure.present.charts.base import POINT, Row, Spec, by_panel, figure, glyphs, scaled, unit
from howsure.present.document import Document, Field, Text, Whisker, closing, cut, opening, tabled
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.present.style import BAD, BAND, GOOD, GREY, HOLLOW, LABELS, MARGIN, THIN, WHITE
from howsure.statistics.change_points import KNOWN
from howsure.wording import Scale, ci_text, level_text, p_words, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.history import (
        AnchorChange,
        History,
        HistoryChange,
        HistoryRun,
        RunDifference,
        TaskHistory,
    )
    from howsure.options.choices import Top
    from howsure.present.document import Cell, Table
    from howsure.statistics.results import Estimate

MOST_CHANGES = 4
LEAST_REPEATED = 0.05
"""A smaller share of repeated answers isn't shown, because chance alone can cause it."""
DAY, COMMIT = 10, 7
"""The number of characters shown of a date and of a commit."""


def document(answer: History) -> Document:
    """Return the sentence and the runs of a task. For several tasks, a table of these."""
    first, alone = answer.tasks[0], len(answer.tasks) == 1
    tables = [_runs_table(first, answer.top)] if alone else [_tasks_table(answer)]
    tables += (
        [_anchors_table(answer)]
        if any(task.anchors and task.anchors.changes for task in answer.tasks)
        else []
    )
    spread = [_spread_sentence(task, named=not alone) for task in answer.tasks[:MOST_CHANGES]]
    details = ([_differences_table(first)] if alone else []) + [Text(text=text) for text in spread]
    blocks = (
        *opening(sentence(answer), answer.notes, more=more_of(answer)),
        *tables,
        *closing(answer.warnings),
    )
    return Document(blocks=blocks, details=tuple(details))


def chart(answer: History) -> Spec:
    """Draw the scores of the runs with the limits of their level."""
    shares = all(task.percent for task in answer.tasks)
    told = {
        (task.task, task.metric, change.number): _signal(change, Scale(percent=shares))
        for task in answer.tasks
        for change in task.changes
    }
    return spec(answer.records(), percent=shares, description=sentence(answer), signals=told)


def _signal(change: HistoryChange, scale: Scale) -> str:
    """Write what a signal shows: `fell by 11.3 points`."""
    value = _size(change).value
    return f"{'rose' if value > 0 else 'fell'} by {scale.gap(value)}"


def sentence(answer: History) -> str:
    """Return the last significant change of the level, or that there is none."""
    if len(answer.tasks) == 1:
        return task_sentence(answer.tasks[0])
    return _tasks_sentence(answer)


def more_of(answer: History) -> str:
    """Return earlier changes, the comparison of the last runs, best scores, and the rate of false alarms."""
    last = [_last_sentence(task, named=len(answer.tasks) > 1) for task in answer.tasks if task.last_runs]
    own = [_more_of_task(answer.tasks[0])] if len(answer.tasks) == 1 else [_more_of_tasks(answer)]
    own += [_anchors_sentence(task, named=len(answer.tasks) > 1) for task in answer.tasks]
    over = "" if len(answer.tasks) == 1 else ", over all tasks"
    often = f"False alarms come at most about once in {answer.runs_between_alarms:,.12g} runs{over}."
    return " ".join(filter(None, (*last, *own, often)))


def task_sentence(task: TaskHistory) -> str:
    """Return the last significant change of a task, or that there is none."""
    first = task.runs[0]
    since = f" since {first.started[:DAY]}" if first.started else ""
    runs = f"{plural(len(task.runs), 'run')}{since}"
    if not any(math.isfinite(run.z) for run in task.runs):
        return f"The {runs} can't be compared: they share no two questions, or no two clusters of them."
    if not task.changes:
        return f"No change in {runs}."
    return f"The score {_change_clause(task.changes[-1], task)}."


def _more_of_task(task: TaskHistory) -> str:
    """Return the runs after the last change, the changes before it, and which best scores are significant."""
    if not task.changes:
        return _records_sentence(task)
    *before, last = task.changes
    after = sum(run.number > last.number for run in task.runs)
    texts = [f"No change since ({plural(after, 'run')})." if after else "The last run gave the alarm."]
    texts += [_not_confirmed(last, task)]
    told = [_change_clause(change, task) for change in before[-MOST_CHANGES + 1 :]]
    if told:
        left = len(before) - len(told)
        texts.append(f"Before, it {'; it '.join(told)}{f' (and {left:,} earlier changes)' if left else ''}.")
    return " ".join(filter(None, (*texts, _records_sentence(task))))


def _size(change: HistoryChange) -> Estimate:
    """Return the size of a change: by the runs since, if they confirm it, as the alarm's own is selected."""
    since = change.difference_since
    return since if since is not None and confirmed(change) else change.difference


def confirmed(change: HistoryChange) -> bool:
    """Return whether the runs since the alarm show the same change."""
    found = change.difference_since
    if found is None:
        return False
    return found.interval.high < 0 if change.difference.value < 0 else found.interval.low > 0


def _not_confirmed(change: HistoryChange, task: TaskHistory) -> str:
    """Return that the runs since the alarm don't show the change, if there are enough of them."""
    found, scale = change.difference_since, Scale(percent=task.percent)
    if found is None or confirmed(change):
        return ""
    return (
        f"The {plural(change.n_since, 'run')} since don't confirm it: they differ from the level before by "
        f"{scale.difference(found.value)} ({ci_text(found.interval, scale)})."
    )


def _anchors_sentence(task: TaskHistory, *, named: bool) -> str:
    """Return whether the last change is shown to be the judge's or the system's, if there are anchors."""
    if task.anchors is None:
        return ""
    anchors, on = plural(task.anchors.n_items, "anchor"), f"On {task.task}, " if named else ""
    if not task.anchors.changes:
        return f"{on}{'the' if on else 'The'} {anchors} show no change of the judge."
    change, scale = task.anchors.changes[-1], Scale(percent=task.percent)
    when = f"At run {change.since_number}{f' on {task.task}' if named else ''}"
    judge, system = (_moved(found, p, scale) for found, p in _parts(change))
    if change.cause == "both":
        return (
            f"{when} both changed: the judge's grades of the {anchors} {judge}. Relative to them, the other "
            f"questions {system}, so the system changed as well."
        )
    if change.cause == "judge":
        return (
            f"{when} the judge changed: its grades of the {anchors} {judge}. It isn't shown that the system "
            f"did: relative to them, the other questions {system}."
        )
    if change.cause == "system":
        return (
            f"{when} the system changed: relative to the {anchors}, the other questions {system}. It isn't "
            f"shown that the judge did: its grades of the anchors {judge}."
        )
    return (
        f"{when} it can't be told whether the judge or the system changed: the grades of the {anchors} "
        f"{judge}. Relative to them, the other questions {system}."
    )


def _parts(change: AnchorChange) -> tuple[tuple[Estimate, float], tuple[Estimate, float]]:
    return (change.judge, change.p_judge), (change.system, change.p_system)


def _moved(found: Estimate, p: float, scale: Scale) -> str:
    """Write a change: `fell by 4.2 points (95% CI 2.3 to 6.1, p = 0.002)`."""
    if found.value == 0:
        return "stayed the same"
    if not math.isfinite(found.value):
        return "aren't known, because no run on both sides has them"
    inside = f" ({ci_text(found.interval.of_lead(found.value), scale)}, {p_words(p)})"
    word = "rose" if found.value > 0 else "fell"
    return f"{word} by {scale.gap(found.value)}{inside if math.isfinite(found.low) else ''}"


CAUSES = {"judge": "judge", "system": "system", "both": "judge and system", "unclear": "can't tell"}


def _anchors_table(answer: History) -> Table:
    """Lay out every change as the judge's part and the system's."""
    rows = [(task, change) for task in answer.tasks if task.anchors for change in task.anchors.changes]
    percent = all(task.percent for task in answer.tasks)
    scale, level = Scale(percent=percent), level_text(answer.level)

    def part(name: str) -> list[Field[tuple[TaskHistory, AnchorChange]]]:
        """Return the columns of one part of the change."""

        def change(row: tuple[TaskHistory, AnchorChange]) -> Estimate:
            """Return the part of a change."""
            estimate: Estimate = getattr(row[1], name)
            return estimate

        return [
            Field(name, lambda row: _signed(change(row).value, scale)),
            Field(f"{level} CI", lambda row: scale.interval(change(row).low, change(row).high), priority=8),
        ]

    fields: list[Field[tuple[TaskHistory, AnchorChange]]] = [
        Field("task", lambda row: row[0].task, align="left", shown=len(answer.tasks) > 1),
        Field("run", lambda row: f"{row[1].since_number}"),
        Field("others", lambda row: _signed(row[1].others.value, scale), priority=7),
        *part("judge"),
        *part("system"),
        Field("shown to change", lambda row: CAUSES[row[1].cause], align="left"),
    ]
    note = (
        "Changes from the level before to the runs since. Judge: of the anchors, whose texts are the same "
        "in every run. System: of the other questions, minus that."
    )
    return tabled(rows, fields, title="Judge or system", note=note)


def _last_sentence(task: TaskHistory, *, named: bool) -> str:
    """Return how the last runs differ from as many before: `The last 7 runs are 3.1 pp lower than the 7
    before (95% CI 0.9 to 5.3, p = 0.006): …`.
    """
    assert task.last_runs is not None
    scale, found, n = Scale(percent=task.percent), task.last_runs.difference, task.last_runs.n_runs
    runs = f"{f'On {task.task} the' if named else 'The'} last {n} runs"
    if not math.isfinite(task.last_runs.p_value):
        return f"{runs} can't be compared with the {n} before, because no answers vary."
    shown = task.last_runs.p_value > 1 - found.interval.level
    return (
        f"{runs} are {scale.gap(found.value)} {'higher' if found.value > 0 else 'lower'} than the {n} "
        f"before ({ci_text(found.interval.of_lead(found.value), scale)}, {p_words(task.last_runs.p_value)}), "
        f"which {'is not' if shown else 'is'} significant."
    )


def _spread_sentence(task: TaskHistory, *, named: bool) -> str:
    """Return how much runs differ, how much of that their answers explain, and whether that is known."""
    scale, whole = Scale(percent=task.percent), math.hypot(task.sd_between_runs, task.sd_of_answers)
    name = f"Spread on {task.task}" if named else "Spread"
    if not whole > 0:
        return f"{name}: not known, because no two runs of one level differ on any question."
    share = 100 * (task.sd_of_answers / whole) ** 2
    repeated = (
        f"; {100 * task.repeated_answer_share:.0f}% of answers repeat from run to run"
        if task.repeated_answer_share >= LEAST_REPEATED
        else ""
    )
    few = (
        f"{KNOWN} runs are needed to estimate how much runs differ beyond their answers; with "
        f"{task.n_sd_runs}, a typical spread is assumed."
    )
    return (
        f"{name}: runs of one level have a standard deviation of {scale.gap(whole)}, and {share:.0f}% of "
        f"that variance comes from random answers{repeated}.{'' if task.sd_known else f' {few}'}"
    )


def _change_clause(change: HistoryChange, task: TaskHistory) -> str:
    """Write one change: `fell by 4.2 points (95% CI 2.3 to 6.1) at run 19, 2026-10-19 (95% CI runs 17 to
    20)`.
    """
    scale, found = Scale(percent=task.percent), _size(change)
    started = next((run.started for run in task.runs if run.run == change.since), "")
    level = level_text(found.interval.level)
    span = (
        f" ({level} CI: runs {change.low_number} to {change.high_number})"
        if change.low_number < change.high_number
        else ""
    )
    word = "rose" if found.value > 0 else "fell"
    late = f", detected at run {change.number}" if change.number > change.since_number else ""
    back = f", and recovered at run {change.recovered_at_number}" if change.recovered_at else ""
    of = f", by the {plural(change.n_since, 'run')} since" if confirmed(change) else ""
    return (
        f"{word} by {scale.gap(found.value)} ({ci_text(found.interval.of_lead(found.value), scale)}{of}) at "
        f"run {change.since_number}, {started[:DAY] or change.since}{span}{late}{back}"
    )


def _records_sentence(task: TaskHistory) -> str:
    if not task.n_bests:
        return ""
    if task.n_bests == 1:
        return (
            "One run was the best so far, "
            f"{'significantly' if task.n_significant_bests else 'not significantly'}."
        )
    return f"{task.n_bests} runs were the best so far, {task.n_significant_bests or 'none'} significantly."


def _tasks_sentence(answer: History) -> str:
    changed = sum(bool(task.changes) for task in answer.tasks)
    runs = f"in {plural(answer.n_runs, 'run')}"
    if not changed:
        return f"No change on {plural(len(answer.tasks), 'task')} {runs}."
    return f"{changed} of {plural(len(answer.tasks), 'task')} changed {runs}."


def _more_of_tasks(answer: History) -> str:
    """Return the last change of each task that changed."""
    changed = [task for task in answer.tasks if task.changes]
    told = [f"{task.task} {_change_clause(task.changes[-1], task)}." for task in changed[:MOST_CHANGES]]
    left = len(changed) - len(told)
    return " ".join([*told, *([f"And {plural(left, 'more task')}."] if left else [])])


def _tasks_table(answer: History) -> Table:
    fields: list[Field[TaskHistory]] = [
        Field("task", lambda t: t.task, align="left"),
        Field("metric", lambda t: t.metric, align="left", priority=5),
        Field("runs", lambda t: f"{len(t.runs):,}"),
        Field("last", lambda t: Scale(percent=t.percent).number(t.runs[-1].score)),
        Field("level", lambda t: Scale(percent=t.percent).number(t.level)),
        Field("changes", lambda t: f"{len(t.changes):,}"),
        Field("last change", _last_change, align="left"),
        Field("significant bests", lambda t: f"{t.n_significant_bests} of {t.n_bests}", priority=6),
    ]
    note = "Level: the mean of the runs since the last change."
    return tabled(answer.tasks, fields, note=note)


def _last_change(task: TaskHistory) -> str:
    if not task.changes:
        return ""
    change = task.changes[-1]
    return f"run {change.since_number}: {Scale(percent=task.percent).signed(_size(change).value)}"


def _runs_table(task: TaskHistory, top: Top | None) -> Table:
    scale, shown = Scale(percent=task.percent), task.runs
    fields: list[Field[HistoryRun]] = [
        Field("run", lambda r: f"{r.number}"),
        Field("name", lambda r: r.run, align="left", priority=8, cut=True),
        Field(
            "date",
            lambda r: r.started[:DAY],
            align="left",
            priority=7,
            shown=any((bool(run.started) and run.started[:DAY] not in run.run) for run in shown),
        ),
        Field(
            "commit",
            lambda r: r.commit[:COMMIT],
            align="left",
            priority=5,
            shown=any(run.commit for run in shown),
        ),
        Field(
            "questions", lambda r: f"{r.n_items:,}", priority=6, shown=len({run.n_items for run in shown}) > 1
        ),
        Field(f"score{scale.column}", lambda r: scale.number(r.score)),
        Field("limits", lambda r: _limits(r, scale), priority=8),
        Field("", lambda r: _drift(r, scale), align="left", priority=7, axis=scale),
        Field("vs level", lambda r: _signed(r.score - r.level, scale), priority=8),
        Field("", _mark, align="left"),
    ]
    note = (
        "Limits: a run outside them raises an alarm by itself. Vs level: the difference from the mean of the "
        "runs since the last alarm."
    )
    signals = [k for k, run in enumerate(shown) if run.alarm]
    return cut(tabled(shown, fields, note=note), top, keep=signals, last=True, noun="run")


def _differences_table(task: TaskHistory) -> Table:
    """Lay out how each run differs from the one before, the baseline and the best before it."""
    scale = Scale(percent=task.percent)
    fields: list[Field[HistoryRun]] = [
        Field("run", lambda r: f"{r.number}"),
        Field("name", lambda r: r.run, align="left", priority=8, cut=True),
        Field("vs previous", lambda r: _gap(r.previous, scale)),
        Field("vs baseline", lambda r: _gap(r.baseline, scale)),
        Field("vs best", lambda r: _gap(r.best, scale)),
    ]
    note = f"The baseline is {task.baseline}; the best is corrected for its selection."
    return tabled(task.runs, fields, title="Differences", note=note)


def _limits(run: HistoryRun, scale: Scale) -> str:
    return scale.interval(*_possible(run, scale)) if math.isfinite(run.low) else ""


def _drift(run: HistoryRun, scale: Scale) -> Cell:
    """Return a row of the drift chart: the score between the limits of its run, or outside."""
    if not math.isfinite(run.score):
        return ""
    low, high = _possible(run, scale) if math.isfinite(run.low) else (run.score, run.score)
    return Whisker(value=run.score, low=low, high=high, limits=True)


def _possible(run: HistoryRun, scale: Scale) -> tuple[float, float]:
    """Return the limits of a run, within the possible scores."""
    return (max(run.low, 0.0), min(run.high, 1.0)) if scale.percent else (run.low, run.high)


def _signed(value: float, scale: Scale) -> str:
    return scale.signed(value) if math.isfinite(value) else ""


def _gap(gap: RunDifference | None, scale: Scale) -> str:
    return "" if gap is None else _signed(gap.value, scale)


def _mark(run: HistoryRun) -> str:
    if run.alarm:
        return "alarm"
    if run.incomplete or run.new_items:
        return "few questions" if run.incomplete else "other questions"
    return ("best so far *" if run.is_significant_best else "best so far") if run.is_best_so_far else ""


MOST_PANELS = 12
NUMBERS = ("score", "level", "low", "high")
GROUPS = {"within its limits": GOOD, "alarm": BAD, "first of a level": HOLLOW}
WITHIN, ALARM, FIRST = GROUPS
LINES = {"limits for the next run": [1, 0], "mean of the level so far": MARGIN}
LIMITS, LEVEL = LINES


DATE = re.compile(r"\d{4}-\d\d-\d\d")


def spec(
    records: Sequence[Row],
    *,
    percent: bool = True,
    score: str = "score",
    description: str,
    signals: Mapping[tuple[str, str, int], str] | None = None,
) -> Spec:
    """Return the chart. `records` as in an answer. Only the first twelve tasks are drawn.

    `signals`: what is written at an alarm, by the task, the metric and the number of its run.
    """
    behind = unit(percent=percent)[1]
    shown = rows(records, percent=percent, signals=signals or {})
    dated = all(DATE.match(row["when"]) for row in shown)
    order = sorted({row["when"]: row["number"] for row in shown}.items(), key=lambda each: each[::-1])
    order = sorted(order) if dated else order
    drawing = _drawing(f"{visible(score)}{behind}", "date" if dated else "run", [when for when, _ in order])
    alone = len({row["panel"] for row in shown}) == 1
    return figure(shown, drawing if alone else by_panel(drawing, columns=1), description=description)


def rows(records: Sequence[Row], *, percent: bool, signals: Mapping[tuple[str, str, int], str]) -> list[Row]:
    """Return the rows to draw: one per run, numbers on the axis's scale, limits within those of scores."""
    factor = unit(percent=percent)[0]
    keys = list(dict.fromkeys((record["task"], record["metric"]) for record in records))[:MOST_PANELS]
    names = dict(zip(keys, labels((f"{task} · {metric}" for task, metric in keys), 60), strict=True))
    kept = [record for record in records if (record["task"], record["metric"]) in names]
    dated = all(DATE.match(record["started"]) for record in kept)
    last = max((record["number"] for record in kept), default=0)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for record in kept:
        panel, number = names[record["task"], record["metric"]], record["number"]
        when = record["started"][:DAY] if dated else f"{number}"
        seen[panel, when] += 1
        again = seen[panel, when]
        signal = signals.get((record["task"], record["metric"], number), "")
        found.append(
            {
                "panel": panel,
                "name": visible(record["run"]),
                "number": number,
                "when": when if again == 1 else f"{when} ({again})",
                **{name: scaled(_held(record[name], percent=percent), factor) for name in NUMBERS},
                "group": ALARM if record["alarm"] else FIRST if record["low"] is None else WITHIN,
                "signal": f"{when}: {signal}" if signal and dated else signal and f"run {number}: {signal}",
                "late": number > last / 2,
            }
        )
    return found


def _held(value: float | None, *, percent: bool) -> float | None:
    return min(max(value, 0.0), 1.0) if percent and value is not None else value


def _drawing(title: str, axis: str, order: Sequence[str]) -> Spec:
    """Return the runs of a task in their `order` along an axis of this name."""
    x: Spec = {
        "field": "when",
        "type": "ordinal",
        "title": axis,
        "sort": list(order),
        "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 10},
        "scale": {"type": "band", "padding": 0},
    }
    y: Spec = {"type": "quantitative", "title": title, "scale": {"zero": False}}
    tips = [
        {"field": "name", "title": "run", "type": "nominal"},
        *({"field": name, "title": name, "type": "quantitative", "format": ".4~g"} for name in NUMBERS),
        {"field": "group", "title": "verdict", "type": "nominal"},
    ]
    lines: Spec = {
        "type": "nominal",
        "title": None,
        "legend": {"symbolSize": 200},
        "scale": {"domain": list(LINES), "range": list(LINES.values())},
    }
    sides: Spec = {"x": {**x, "bandPosition": 0}, "x2": {"field": "when", "bandPosition": 1}}
    rules: list[Spec] = [
        {
            "transform": [{"calculate": f"'{line}'", "as": "line"}],
            "mark": {"type": "rule", "color": GREY, "strokeWidth": THIN},
            "encoding": {**sides, "y": {**y, "field": name}, "strokeDash": {**lines, "field": "line"}},
        }
        for name, line in (("low", LIMITS), ("high", LIMITS), ("level", LEVEL))
    ]
    return {
        "width": 520,
        "height": 200,
        "layer": [
            {
                "mark": {"type": "rect", "color": GREY, "opacity": BAND / 2},
                "encoding": {**sides, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            *rules,
            {
                "mark": POINT,
                "encoding": {"x": x, "y": {**y, "field": "score"}, **glyphs(GROUPS)[1], "tooltip": tips},
            },
            *_signals(x, y),
        ],
    }


def _signals(x: Spec, y: Spec) -> list[Spec]:
    """Return the texts at alarms, below falls and above rises, towards the side where there is room."""
    layers: list[Spec] = []
    for fell, dy in ((True, 14), (False, -14)):
        align = {"expr": "datum.late ? 'right' : 'left'"}
        text = {"type": "text", "align": align, "baseline": "middle", "dy": dy, "fontSize": LABELS}
        edge = {**text, "stroke": WHITE, "strokeWidth": 3, "aria": False}
        shown = {
            "transform": [{"filter": f"datum.signal && (datum.score < datum.level) === {str(fell).lower()}"}]
        }
        encoding = {"x": x, "y": {**y, "field": "score"}, "text": {"field": "signal", "type": "nominal"}}
        layers += [{**shown, "mark": mark, "encoding": encoding} for mark in (edge, text)]
    return layers
