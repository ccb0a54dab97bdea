"""How curves are worded, tabled and drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from howsure.present.charts.base import POINT, Row, Spec, by_panel, figure, panels, unit
from howsure.present.document import Document, Field, closing, facts, opening, tabled
from howsure.present.estimate import limits, merged, score
from howsure.present.labels import labels
from howsure.present.presenting import shared
from howsure.present.render.visible import visible
from howsure.present.style import BAND, BLUE, CURVE, INTERVAL, ORANGE, SEQUENCE
from howsure.wording import Scale, amount_text, ci_text, level_text, p_words, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.curve import Curve, CurvePoint, Curves, FittedLine, ModelPoint, TaskCurves
    from howsure.present.document import Block, Table

SHOWN = 4
"""The table has so many points of a curve."""
DRAWN = len(SEQUENCE)
ROUND = (1, 5, 10, 2, 20, 50, 100)
"""Numbers of attempts that people ask for."""
MOST_OF_IT = 0.9
NAMES = {"pass@": "at least one of k", "pass^": "all of k"}


def document(answer: Curves) -> Document:
    """Return each task's sentence and table, then the warnings."""
    blocks: list[Block] = []
    for task in answer.tasks:
        first = task is answer.tasks[0]
        blocks += opening(task_sentence(task), answer.notes if first else ())
        title = task.task if len(answer.tasks) > 1 else ""
        blocks.append(_line_table(task, task.line, title) if task.line else _curve_table(task, title))
    told = [
        (each.model, point.estimate.warnings)
        for task in answer.tasks
        for each in task.curves
        for point in each.points[-1:]
    ]
    doubts = [warning for task in answer.tasks for warning in task.warnings]
    return Document(
        blocks=(*blocks, *closing((*answer.warnings, *doubts, *merged(told, "model")))),
        details=(_details(answer.tasks[0]),),
    )


def _details(task: TaskCurves) -> Table:
    """Lay out how the points and the line were computed."""
    if task.line is not None:
        fit = "least squares through log odds" if task.line.odds else "least squares"
        return facts(
            [("line", fit), ("error", "of the questions that models share, and of models around the line")]
        )
    first = task.curves[0].points[0].estimate
    return facts(
        [
            ("interval", f"{first.method}, simultaneous over each curve by max-t"),
            ("questions", f"{first.n_items:,}"),
            ("clusters", f"{first.n_clusters:,}"),
        ]
    )


def sentence(answer: Curves) -> str:
    """Return the sentence of the first task."""
    return task_sentence(answer.tasks[0])


def task_sentence(task: TaskCurves) -> str:
    """Return what attempts, usage or size change."""
    scale = Scale(percent=task.percent)
    where = f"{task.task}: " if task.task else ""
    if task.line is not None:
        return where + _line_sentence(task, task.line)
    best = min(task.curves, key=lambda each: (-each.points[-1].estimate.value, each.model))
    if task.kind == "usage":
        return where + _usage_sentence(task, best, scale)
    every = next((each for each in task.curves if (each.model, each.score) == (best.model, "pass^")), best)
    k = round(best.points[-1].x)
    return (
        f"{where}{best.model} solves {_value(best.points[0], scale)} in one attempt, "
        f"{_value(best.points[-1], scale)} in at least one of {k}, and "
        f"{_value(every.points[-1], scale)} in all of {k}."
    )


def _value(point: CurvePoint, scale: Scale) -> str:
    """Write a score: `71.2%`."""
    return scale.near(point.estimate.value).score(point.estimate.value)


def _usage_sentence(task: TaskCurves, best: Curve, scale: Scale) -> str:
    last = best.points[-1].estimate
    near = scale.near(last.value)
    whole = f"{best.model} scores {near.score(last.value)} without a limit ({ci_text(last.interval, near)})"
    if last.value <= 0:
        return f"{whole}."
    enough = next(point for point in best.points if point.estimate.value >= MOST_OF_IT * last.value)
    return f"{whole}, and at least nine tenths of it within {amount_text(enough.x, 3)} {task.over}."


def _line_sentence(task: TaskCurves, line: FittedLine) -> str:
    step = {
        "doubling": f"Each doubling of {task.over}",
        "year": "Each year",
        "unit": f"Each unit of {task.over}",
    }
    ends = f"{amount_text(line.interval.low, 3)} to {amount_text(line.interval.high, 3)}"
    does = (
        f"multiplies the odds of success by {amount_text(line.step, 3)}"
        if line.odds
        else f"changes the score by {amount_text(line.step, 3)}"
    )
    ci = f"({level_text(line.interval.level)} CI {ends}, {p_words(line.p_value)})"
    doubt = "" if line.p_value <= 1 - line.interval.level else ", so no change isn't ruled out"
    return f"{step[line.per]} {does} {ci}, by a line through {plural(len(line.points), 'model')}{doubt}."


def task_blocks(task: TaskCurves) -> list[Block]:
    """Return what a page shows below the sentence."""
    return [_line_table(task, task.line, "") if task.line else _curve_table(task, "")]


def _curve_table(task: TaskCurves, title: str) -> Table:
    """Lay out some points of every curve."""
    scale = Scale(percent=task.percent)
    attempts = task.kind == "attempts"
    fields: list[Field[Curve]] = [
        Field("model", lambda each: each.model, align="left"),
        Field("solved in", lambda each: NAMES.get(each.score, ""), align="left", shown=attempts),
    ]
    longest = max(task.curves, key=lambda each: len(each.points)).points
    even = [round(at) for at in np.linspace(1, len(longest), SHOWN)]
    usual = [k for k in ROUND if k < len(longest)][: SHOWN - 1]
    for step in sorted({*(usual if attempts else even), len(longest)}):
        x, whole = longest[step - 1].x, step in (1, len(longest))
        name = f"k = {x:g}" if attempts else f"≤ {amount_text(x, 3)}"
        fields.append(Field(name, partial(_cell, x=x, scale=scale, whole=whole), priority=9 if whole else 7))
    unit_of = "" if attempts else f" Columns: the score if attempts stop at so many {task.over}."
    note = f"{level_text(task.level)} CI in brackets, simultaneous over each curve.{unit_of}"
    order = sorted(task.curves, key=lambda each: (-_first(task, each.model), each.score != "pass@"))
    return tabled(order, fields, title=title, note=note)


def _first(task: TaskCurves, model: str) -> float:
    return next(each.points[-1].estimate.value for each in task.curves if each.model == model)


def _cell(each: Curve, *, x: float, scale: Scale, whole: bool) -> str:
    """Write the score at a point, with its limits if `whole`. Empty if the curve doesn't reach it."""
    point = next((point for point in each.points if point.x == x), None)
    if point is None:
        return ""
    shown = score(point.estimate, scale)
    return f"{shown} ({limits(point.estimate, scale)})" if whole else shown


def _line_table(task: TaskCurves, line: FittedLine, title: str) -> Table:
    """Lay out the models with the line."""
    scale, level = Scale(percent=task.percent), level_text(task.level)
    fields: list[Field[ModelPoint]] = [
        Field("model", lambda each: each.model, align="left"),
        Field(task.over, lambda each: _x(each.x, line)),
        Field(f"score{scale.column}", lambda each: score(each.estimate, scale)),
        Field(f"{level} CI", lambda each: limits(each.estimate, scale)),
        Field("line", lambda each: scale.number(each.line), priority=7),
        Field("band", lambda each: scale.interval(each.line_low, each.line_high), priority=6),
    ]
    return tabled(line.points, fields, title=title, note="The band is simultaneous over the whole line.")


def _x(x: float, line: FittedLine) -> str:
    return str(date.fromordinal(round(x))) if line.per == "year" else amount_text(x, 4)


def renamed(task: TaskCurves, names_of: Callable[..., Sequence[str]]) -> TaskCurves:
    """Return a part with other names of its models."""
    models = list(dict.fromkeys(each.model for each in task.curves))
    told = dict(zip(models, names_of(*models), strict=True))
    return replace(task, curves=tuple(replace(each, model=told[each.model]) for each in task.curves))


def chart(answer: Curves) -> Spec:
    """Draw the curves or lines, one panel per task."""
    several = len(answer.tasks) > 1
    specs = [task_chart(task, title=task.task if several else "") for task in answer.tasks]
    return panels(specs, columns=2 if len(specs) > 2 else 1)


def task_chart(task: TaskCurves, *, title: str = "") -> Spec:
    """Draw the curves of a task with their bands, or the models with their error bars and the line."""
    factor, behind = unit(percent=task.percent)
    y: Spec = {"type": "quantitative", "title": f"score{behind}", "scale": {"zero": False}}
    drawing: Spec = {"width": 520, "height": 280}
    if task.line is not None:
        rows, layers = _line_layers(task, task.line, factor, y)
        note = f"error bars: {level_text(task.level)} confidence intervals; band: of the whole line"
    else:
        rows, layers = _curve_layers(task, factor, y)
        note = f"bands: {level_text(task.level)}, simultaneous over each curve"
        if len({row["panel"] for row in rows}) > 1:
            drawing = {"width": 240, "height": 160}
    drawing["layer"] = layers
    whole = by_panel(drawing) if drawing["width"] < 520 else drawing
    return figure(rows, whole, description=task_sentence(task), title=title, subtitle=note)


def _curve_layers(task: TaskCurves, factor: float, y: Spec) -> tuple[list[Row], list[Spec]]:
    """Return rows and layers: over attempts a panel for each model, with both curves."""
    models = sorted(sorted({each.model for each in task.curves}), key=lambda model: -_first(task, model))[
        :DRAWN
    ]
    beginning = shared(set(models))
    names = dict(zip(models, labels([model.removeprefix(beginning) for model in models], 32), strict=True))
    attempts = task.kind == "attempts"
    rows: list[Row] = [
        {
            "panel": names[each.model] if attempts else "",
            "name": NAMES[each.score] if attempts else names[each.model],
            "x": point.x,
            "score": factor * point.estimate.value,
            "low": factor * point.estimate.low,
            "high": factor * point.estimate.high,
        }
        for model in models
        for each in task.curves
        if each.model == model
        for point in each.points
    ]
    log = not attempts and all(row["x"] > 0 for row in rows)
    axis = {"tickMinStep": 1, "format": "d"} if attempts else {"tickCount": 6, "format": "~g"}
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "title": "attempts (k)" if attempts else visible(f"limit of {task.over}"),
        "scale": {"type": "log", "nice": False} if log else {"nice": False, "zero": False},
        "axis": {**axis, "grid": False},
    }
    shades = [BLUE, ORANGE] if attempts else list(SEQUENCE[: len(models)])
    domain = {"domain": list(NAMES.values()) if attempts else list(names.values()), "range": shades}
    color = {
        "field": "name",
        "type": "nominal",
        "title": None,
        "scale": domain,
        "legend": {"symbolOpacity": 1},
    }
    tips = [
        {"field": "name", "title": "curve", "type": "nominal"},
        {"field": "x", "type": "quantitative", "format": ".4~g"},
        *({"field": name, "type": "quantitative", "format": ".4~g"} for name in ("score", "low", "high")),
    ]
    band = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color}
    line = {"x": x, "y": {**y, "field": "score"}, "color": color, "tooltip": tips}
    faint = BAND if attempts or len(models) < 3 else BAND / 2
    layers: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": CURVE, "point": {"opacity": 1}}, "encoding": line},
        {"mark": {"type": "area", "opacity": faint}, "encoding": band},
    ]
    return rows, layers


def _line_layers(task: TaskCurves, line: FittedLine, factor: float, y: Spec) -> tuple[list[Row], list[Spec]]:
    dated = line.per == "year"
    rows: list[Row] = [
        {
            "name": visible(each.model),
            "x": str(date.fromordinal(round(each.x))) if dated else each.x,
            "score": factor * each.estimate.value,
            "low": factor * each.estimate.low,
            "high": factor * each.estimate.high,
            "line": factor * each.line,
            "line_low": factor * each.line_low,
            "line_high": factor * each.line_high,
        }
        for each in line.points
    ]
    x: Spec = {"field": "x", "type": "temporal" if dated else "quantitative", "title": visible(task.over)}
    if not dated:
        x["scale"] = (
            {"type": "log", "nice": False} if line.per == "doubling" else {"nice": False, "zero": False}
        )
        x["axis"] = {"tickCount": 6, "grid": False, "format": "~s"}
    tips = [
        {"field": "name", "title": "model", "type": "nominal"},
        *(
            {"field": name, "type": "quantitative", "format": ".4~g"}
            for name in ("score", "low", "high", "line")
        ),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": BAND, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "line_low"}, "y2": {"field": "line_high"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": CURVE, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "line"}},
        },
        {
            "mark": {"type": "rule", "color": BLUE, "strokeWidth": INTERVAL},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {**POINT, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "score"}, "tooltip": tips},
        },
    ]
    return rows, layers
