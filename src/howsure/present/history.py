"""How the history of a system is said, tabled and drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREY, ORANGE, Row, Spec, by_panel, figure, scaled, unit
from howsure.present.document import Document, Field, Whisker, closing, opening, tabled
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.statistics.change_points import KNOWN
from howsure.wording import Scale, ci_text, level_text, p_words, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.history import History, HistoryChange, HistoryRun, RunDifference, TaskHistory
    from howsure.present.document import Cell, Table

MOST_RUNS = 40
MOST_CHANGES = 4
LEAST_REPEATED = 0.05
"""A smaller share of answers that repeat isn't shown: it comes about by chance."""
DAY, COMMIT = 10, 7
"""So many letters of a date and of a commit are shown."""


def document(answer: History) -> Document:
    """Return the sentence and the runs of a task, of several tasks a table of these."""
    first = answer.tasks[0]
    tables = [_runs_table(first)] if len(answer.tasks) == 1 else [_tasks_table(answer)]
    spread = [_spread_sentence(task, named=len(answer.tasks) > 1) for task in answer.tasks[:MOST_CHANGES]]
    notes = (*answer.notes, *spread)
    return Document(blocks=(*opening(sentence(answer), notes), *tables, *closing(answer.warnings)))


def chart(answer: History) -> Spec:
    """Draw the scores of the runs with the limits of their level."""
    shares = all(task.percent for task in answer.tasks)
    return spec(answer.records(), percent=shares, description=sentence(answer))


def sentence(answer: History) -> str:
    """Say which changes are shown, which records were real, and how often a false alarm comes."""
    often = f"A false alarm comes at most about once in {answer.runs_between_alarms:,.12g} runs"
    last = "".join(
        f"{_last_sentence(task, named=len(answer.tasks) > 1)} " for task in answer.tasks if task.last_runs
    )
    if len(answer.tasks) == 1:
        return f"{last}{task_sentence(answer.tasks[0])} {often}."
    return f"{last}{_tasks_verdict(answer)} {often}, over all tasks."


def task_sentence(task: TaskHistory) -> str:
    """Say which changes are shown on a task, and which records were real."""
    first = task.runs[0]
    since = f" since {first.started[:DAY]}" if first.started else ""
    runs = f"Of {plural(len(task.runs), 'run')}{since}"
    if not any(math.isfinite(run.z) for run in task.runs):
        return (
            f"{runs}, none can be held against another: they share no two questions, or no two clusters of "
            "them."
        )
    if not task.changes:
        return f"{runs}, no change is shown.{_records_sentence(task)}"
    last = task.changes[-1]
    told = [_change_clause(change, task) for change in task.changes[-MOST_CHANGES:]]
    count = "one change is shown" if len(task.changes) == 1 else f"{len(task.changes):,} changes are shown"
    more = len(task.changes) - len(told)
    what = f"{runs}, {count}: {'; '.join(told)}{f' (and {more:,} before)' if more else ''}."
    after = sum(run.number > last.number for run in task.runs)
    rest = (
        f" None is shown in the {plural(after, 'run')} after the last alarm."
        if after
        else " The last run gave the alarm."
    )
    return f"{what}{rest}{_records_sentence(task)}"


def _last_sentence(task: TaskHistory, *, named: bool) -> str:
    """Say how the last runs differ from as many before: `The last 7 runs are 3.1 pp lower than the 7 before
    (95% CI 0.9 to 5.3, p = 0.006): …`.
    """
    assert task.last_runs is not None
    scale, found, n = Scale(percent=task.percent), task.last_runs.difference, task.last_runs.n_runs
    runs = f"{f'On {task.task} the' if named else 'The'} last {n} runs"
    if not math.isfinite(task.last_runs.p_value):
        return f"{runs} can't be compared with the {n} before: nothing shows how much answers vary."
    shown = "" if task.last_runs.p_value <= 1 - found.interval.level else "not "
    return (
        f"{runs} are {scale.gap(found.value)} {'higher' if found.value > 0 else 'lower'} than the {n} "
        f"before ({ci_text(found.interval.of_lead(found.value), scale)}, {p_words(task.last_runs.p_value)}): "
        f"{shown}a significant difference."
    )


def _spread_sentence(task: TaskHistory, *, named: bool) -> str:
    """Say how much runs differ, how much of that their answers explain, and whether it is known."""
    scale, whole = Scale(percent=task.percent), math.hypot(task.sd_between_runs, task.sd_of_answers)
    name = f"Spread on {task.task}" if named else "Spread"
    if not whole > 0:
        return f"{name}: not known, as no two runs of one level differ on single items."
    share = 100 * (task.sd_of_answers / whole) ** 2
    repeated = (
        f"; {100 * task.repeated_answer_share:.0f}% of answers repeat from run to run"
        if task.repeated_answer_share >= LEAST_REPEATED
        else ""
    )
    few = (
        f"{KNOWN} runs are needed to know how much runs differ beyond their answers; there are "
        f"{task.n_sd_runs}, and a usual spread is assumed."
    )
    return (
        f"{name}: a run differs from its level by {scale.gap(whole)} (standard deviation); its answers "
        f"explain {share:.0f}% of the variance{repeated}.{'' if task.sd_known else f' {few}'}"
    )


def _change_clause(change: HistoryChange, task: TaskHistory) -> str:
    """Say one change: `at run 19 (2026-10-19; runs 17–20 at 95%) the score fell by 4.2 pp (95% CI 2.3
    to 6.1)`.
    """
    scale, found = Scale(percent=task.percent), change.difference
    started = next((run.started for run in task.runs if run.run == change.since), "")
    place = (
        f"runs {change.low_number}–{change.high_number}"
        if change.low_number < change.high_number
        else "no other run"
    )
    where = f"{started[:DAY] or change.since}; {place} at {level_text(found.interval.level)}"
    word = "rose" if found.value > 0 else "fell"
    late = f", shown at run {change.number}" if change.number > change.since_number else ""
    back = f", and was back at run {change.recovered_at_number}" if change.recovered_at else ""
    return (
        f"at run {change.since_number} ({where}) the score {word} by {scale.gap(found.value)} "
        f"({ci_text(found.interval.of_lead(found.value), scale)}){late}{back}"
    )


def _records_sentence(task: TaskHistory) -> str:
    if not task.n_bests:
        return ""
    if task.n_bests == 1:
        return f" The one record was {'real' if task.n_significant_bests else 'not shown to be real'}."
    return (
        f" {task.n_significant_bests or 'None'} of {task.n_bests} records "
        f"{'was' if task.n_significant_bests == 1 else 'were'} real."
    )


def _tasks_verdict(answer: History) -> str:
    changed = [task for task in answer.tasks if task.changes]
    runs = f"Of {plural(answer.n_runs, 'run')} on {plural(len(answer.tasks), 'task')}"
    if not changed:
        return f"{runs}, no change is shown."
    told = [f"{task.task} {_change_clause(task.changes[-1], task)}" for task in changed[:MOST_CHANGES]]
    more = f" and {plural(len(changed) - len(told), 'more task')}" if len(changed) > len(told) else ""
    return (
        f"{runs}, {len(changed)} {'has' if len(changed) == 1 else 'have'} changed: {'; '.join(told)}{more}."
    )


def _tasks_table(answer: History) -> Table:
    fields: list[Field[TaskHistory]] = [
        Field("task", lambda t: t.task, align="left"),
        Field("metric", lambda t: t.metric, align="left", priority=5),
        Field("runs", lambda t: f"{len(t.runs):,}"),
        Field("last", lambda t: Scale(percent=t.percent).number(t.runs[-1].score)),
        Field("level", lambda t: Scale(percent=t.percent).number(t.level)),
        Field("changes", lambda t: f"{len(t.changes):,}"),
        Field("last change", _last_change, align="left"),
        Field("real records", lambda t: f"{t.n_significant_bests} of {t.n_bests}", priority=6),
    ]
    note = "level: mean of the runs since the last change"
    return tabled(answer.tasks, fields, note=note)


def _last_change(task: TaskHistory) -> str:
    if not task.changes:
        return ""
    change = task.changes[-1]
    return f"run {change.since_number}: {Scale(percent=task.percent).signed(change.difference.value)}"


def _runs_table(task: TaskHistory) -> Table:
    scale = Scale(percent=task.percent)
    shown = task.runs[-MOST_RUNS:]
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
        Field("n", lambda r: f"{r.n_items:,}", priority=6),
        Field(f"score{scale.column}", lambda r: scale.number(r.score)),
        Field("limits", lambda r: _limits(r, scale), priority=8),
        Field("", lambda r: _drift(r, scale), align="left", priority=7, axis=scale),
        Field("level", lambda r: _signed(r.score - r.level, scale), priority=8),
        Field("previous", lambda r: _gap(r.previous, scale), priority=7),
        Field("baseline", lambda r: _gap(r.baseline, scale), priority=4),
        Field("best", lambda r: _gap(r.best, scale), priority=3),
        Field("", _mark, align="left"),
    ]
    left = len(task.runs) - len(shown)
    notes = [f"… and {plural(left, 'earlier run')}"] if left else []
    what = (
        "limits: beyond them a run gives an alarm by itself; level, previous, baseline, best: the score "
        "less the mean of the runs since"
    )
    notes.append(
        f"{what} the last alarm, less the run before, less {task.baseline}, less the best before, its luck "
        "taken off"
    )
    return tabled(shown, fields, note="; ".join(notes))


def _limits(run: HistoryRun, scale: Scale) -> str:
    return scale.interval(*_possible(run, scale)) if math.isfinite(run.low) else ""


def _drift(run: HistoryRun, scale: Scale) -> Cell:
    """Return a row of the drift chart: the score between the limits of its run, or outside."""
    if not math.isfinite(run.score):
        return ""
    low, high = _possible(run, scale) if math.isfinite(run.low) else (run.score, run.score)
    return Whisker(value=run.score, low=low, high=high, limits=True)


def _possible(run: HistoryRun, scale: Scale) -> tuple[float, float]:
    """Return the limits of a run, within those that a score has."""
    return (max(run.low, 0.0), min(run.high, 1.0)) if scale.percent else (run.low, run.high)


def _signed(value: float, scale: Scale) -> str:
    return scale.signed(value) if math.isfinite(value) else ""


def _gap(gap: RunDifference | None, scale: Scale) -> str:
    return "" if gap is None else _signed(gap.value, scale)


def _mark(run: HistoryRun) -> str:
    if run.alarm:
        return "alarm"
    if run.incomplete or run.new_items:
        return "few items" if run.incomplete else "other items"
    return ("record, real" if run.is_significant_best else "record") if run.is_best_so_far else ""


MOST_PANELS = 12
NUMBERS = ("score", "level", "low", "high")
GROUPS = {"within its limits": (BLUE, "circle"), "alarm": (ORANGE, "square")}
WITHIN, ALARM = GROUPS
LINES = {"limits": [1, 0], "level": [4, 3]}
LIMITS, LEVEL = LINES


def spec(records: Sequence[Row], *, percent: bool = True, score: str = "score", description: str) -> Spec:
    """Return the chart. `records` as an answer has them; of more than twelve tasks the first twelve are
    drawn.
    """
    behind = unit(percent=percent)[1]
    return figure(
        rows(records, percent=percent),
        by_panel(_drawing(f"{visible(score)}{behind}"), columns=1),
        description=description,
    )


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return what is drawn: one row a run, numbers on the axis's scale, limits within those of scores."""
    factor = unit(percent=percent)[0]
    keys = list(dict.fromkeys((record["task"], record["metric"]) for record in records))[:MOST_PANELS]
    names = dict(zip(keys, labels((f"{task} · {metric}" for task, metric in keys), 60), strict=True))
    return [
        {
            "panel": names[key],
            "name": visible(record["run"]),
            "number": record["number"],
            "from": record["number"] - 0.5,
            "to": record["number"] + 0.5,
            **{name: scaled(_held(record[name], percent=percent), factor) for name in NUMBERS},
            "group": ALARM if record["alarm"] else WITHIN,
        }
        for record in records
        if (key := (record["task"], record["metric"])) in names
    ]


def _held(value: float | None, *, percent: bool) -> float | None:
    return min(max(value, 0.0), 1.0) if percent and value is not None else value


def _drawing(title: str) -> Spec:
    x: Spec = {
        "field": "number",
        "type": "quantitative",
        "title": "run",
        "axis": {"format": "d", "tickMinStep": 1},
        "scale": {"zero": False, "nice": False},
    }
    y: Spec = {"type": "quantitative", "title": title, "scale": {"zero": False}}
    group = {"field": "group", "type": "nominal", "title": None}
    colors, shapes = zip(*GROUPS.values(), strict=True)
    domain = {"domain": list(GROUPS)}
    tips = [
        {"field": "name", "title": "run", "type": "nominal"},
        *({"field": name, "title": name, "type": "quantitative", "format": ".4~g"} for name in NUMBERS),
        {"field": "group", "title": "verdict", "type": "nominal"},
    ]
    lines: Spec = {
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(LINES), "range": list(LINES.values())},
    }
    sides: Spec = {"x": {**x, "field": "from"}, "x2": {"field": "to"}}
    rules: list[Spec] = [
        {
            "transform": [{"calculate": f"'{line}'", "as": "line"}],
            "mark": {"type": "rule", "color": GREY, "strokeWidth": 1.5},
            "encoding": {**sides, "y": {**y, "field": name}, "strokeDash": {**lines, "field": "line"}},
        }
        for name, line in (("low", LIMITS), ("high", LIMITS), ("level", LEVEL))
    ]
    return {
        "width": 520,
        "height": 200,
        "layer": [
            {
                "mark": {"type": "rect", "color": GREY, "opacity": 0.08},
                "encoding": {**sides, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            *rules,
            {
                "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "score"},
                    "color": {**group, "scale": {**domain, "range": list(colors)}},
                    "shape": {**group, "scale": {**domain, "range": list(shapes)}},
                    "tooltip": tips,
                },
            },
        ],
    }
