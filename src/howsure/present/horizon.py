"""How horizons are worded, tabled and drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.present.charts.base import POINT, Row, Spec, figure, panels
from howsure.present.document import Document, Field, Text, closing, facts, opening, tabled
from howsure.present.estimate import merged
from howsure.present.labels import labels
from howsure.present.presenting import shared
from howsure.present.render.visible import visible
from howsure.present.style import CURVE, INTERVAL
from howsure.wording import amount_text, level_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.horizon import DoublingTime, Horizon, Horizons, ModelHorizons, TaskHorizons
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Interval

DIGITS = 3
DRAWN = 8
"""The figure has the curves of so many models, those with the longest horizons."""
STEPS = 60
SPACE = 5
"""The bars of horizons lie below the axis, so many points of success below each other."""
DAYS_OF_MONTH, LONG = 30.44, 90


def document(answer: Horizons) -> Document:
    """Return each task's sentence and table, then the warnings."""
    blocks: list[Block] = []
    for task in answer.tasks:
        first = task is answer.tasks[0]
        blocks += opening(task_sentence(task), answer.notes if first else (), more=more_of(task))
        blocks.append(_table(task, title=task.task if len(answer.tasks) > 1 else ""))
    told = [
        (each.model, at.estimate.warnings)
        for task in answer.tasks
        for each in task.models
        for at in each.horizons
    ]
    doubts = [warning for task in answer.tasks for warning in task.warnings]
    return Document(
        blocks=(*blocks, *closing((*answer.warnings, *doubts, *merged(told, "model")))),
        details=(_details(answer.tasks[0]),),
    )


def _details(task: TaskHorizons) -> Table:
    """Lay out how horizons were computed."""
    methods = dict.fromkeys(str(at.estimate.method) for each in task.models for at in each.horizons)
    first = task.models[0].horizons[0].estimate
    return facts(
        [
            ("curve", "logistic in log₂ difficulty, fitted to the mean success of each question"),
            ("interval", "; ".join(methods)),
            ("clusters", f"{first.n_clusters:,}"),
            ("degrees of freedom", f"{first.df:.1f}"),
            ("isotonic", "the best fit that never rises with difficulty, without an interval"),
        ]
    )


def task_blocks(task: TaskHorizons) -> list[Block]:
    """Return what a page shows below the sentence: doubling times, and the table."""
    more = more_of(task)
    return [*([Text(text=more)] if more else []), _table(task, title="")]


def sentence(answer: Horizons) -> str:
    """Return the longest horizon of the first task."""
    return task_sentence(answer.tasks[0])


def task_sentence(task: TaskHorizons) -> str:
    """Return the longest horizon, with its interval."""
    best, at = task.models[0], task.models[0].horizons[0]
    ci = f"{level_text(task.level)} CI {_limits(at.estimate.interval, task)}"
    where = f"{task.task}: " if task.task else ""
    longest = "" if len(task.models) == 1 else f", the longest of {plural(len(task.models), 'horizon')}"
    if task.others:
        return (
            f"{where}{best.model} solves {_chance(at)} of the questions that "
            f"{_value(at.estimate.value, task)} of the other models fail ({ci})"
            f"{longest.replace('longest', 'most')}."
        )
    return (
        f"{where}{best.model} succeeds {_chance(at)} of the time at {_value(at.estimate.value, task)} "
        f"{task.difficulty} ({ci}){longest}."
    )


def more_of(task: TaskHorizons) -> str:
    """Return the doubling times, and which horizons lie outside the difficulty of all questions."""
    return " ".join(filter(None, (*(_doubling(each) for each in task.doubling), _extrapolated(task))))


def _doubling(found: DoublingTime) -> str:
    ci = f"{level_text(found.interval.level)} CI"
    name = f"The {100 * found.chance:g}% horizon"
    low, high = found.interval.low, found.interval.high
    if not math.isfinite(low):
        return f"{name} isn't shown to grow with release dates."
    if not math.isfinite(high):
        grows = f"doubles every {_days(found.days)}" if math.isfinite(found.days) else "doesn't grow"
        return (
            f"{name} {grows} with release dates of {plural(found.n_models, 'model')}, but no growth isn't "
            f"ruled out ({ci}: at least {_days(low)})."
        )
    return (
        f"{name} doubles every {_days(found.days)} ({ci} {_span(low, high)}), by a line through "
        f"{plural(found.n_models, 'model')}."
    )


def _span(low: float, high: float) -> str:
    """Write two durations: `3.4 to 41 months`."""
    first, last = _days(low), _days(high)
    number, noun = first.split()
    return f"{number if noun == last.split()[1] else first} to {last}"


def _days(days: float) -> str:
    if days < LONG:
        return plural(round(days), "day")
    return f"{amount_text(days / DAYS_OF_MONTH, 2)} months"


def _extrapolated(task: TaskHorizons) -> str:
    """Name the horizons that are an extrapolation."""
    out = [
        f"the {_chance(at)} horizon of {each.model}"
        for each in task.models
        for at in each.horizons
        if at.extrapolated
    ]
    if not out:
        return ""
    span = f"{_value(task.easiest, task)} to {_value(task.hardest, task)}"
    are = "is an extrapolation" if len(out) == 1 else "are extrapolations"
    return f"Questions have a difficulty of {span}, so {listing(out)} {are}."


def _chance(at: Horizon) -> str:
    return f"{100 * at.chance:g}%"


def _value(value: float, task: TaskHorizons) -> str:
    """Write a difficulty."""
    if not math.isfinite(value):
        return "n/a"
    return f"{100 * value:.1f}%" if task.others else amount_text(value, DIGITS)


def _limits(interval: Interval, task: TaskHorizons) -> str:
    if not interval.low <= interval.high:
        return "n/a"
    if math.isinf(interval.high) or (task.others and interval.high == 1 and interval.low == 0):
        return "no limits"
    return f"{_value(interval.low, task)}–{_value(interval.high, task)}"


def _table(task: TaskHorizons, *, title: str) -> Table:
    """Lay out the models with their horizons."""
    fields: list[Field[ModelHorizons]] = [
        Field("model", lambda each: each.model, align="left"),
        Field(
            "released",
            lambda each: each.released or "",
            priority=3,
            shown=any(each.released for each in task.models),
        ),
    ]
    for place in range(len(task.models[0].horizons)):
        fields += _fields(place, task)
    fields.append(Field("questions", lambda each: f"{each.horizons[0].estimate.n_items:,}", priority=5))
    unit = "share of the other models that fail" if task.others else task.difficulty
    note = (
        f"Horizons in {unit}. Isotonic: by a fit that only assumes that success doesn't rise with difficulty."
    )
    return tabled(task.models, fields, title=title, note=note)


def renamed(task: TaskHorizons, names_of: Callable[..., Sequence[str]]) -> TaskHorizons:
    """Return a part with other names of its models."""
    names = names_of(*(each.model for each in task.models))
    return replace(
        task, models=tuple(replace(each, model=name) for each, name in zip(task.models, names, strict=True))
    )


def _fields(place: int, task: TaskHorizons) -> list[Field[ModelHorizons]]:
    """Return the columns of one chance of success. Those of the first are the last to be left out."""
    first = place == 0

    def at(each: ModelHorizons) -> Horizon:
        """Return the horizon of a model at this chance."""
        return each.horizons[place]

    return [
        Field(f"{_chance(at(task.models[0]))} horizon", lambda each: _value(at(each).estimate.value, task)),
        Field(
            f"{level_text(task.level)} CI",
            lambda each: _limits(at(each).estimate.interval, task),
            priority=9 if first else 7,
        ),
        Field(
            "isotonic" if first else f"{_chance(at(task.models[0]))} isotonic",
            lambda each: _value(at(each).isotonic, task),
            priority=8 if first else 4,
        ),
    ]


def chart(answer: Horizons) -> Spec:
    """Draw success over difficulty, one panel per task."""
    several = len(answer.tasks) > 1
    specs = [task_chart(task, title=task.task if several else "") for task in answer.tasks]
    return panels(specs, columns=2 if len(specs) > 2 else 1)


def task_chart(task: TaskHorizons, *, title: str = "") -> Spec:
    """Draw the success of each model on questions of similar difficulty, its curve, and the interval of its
    first horizon.
    """
    drawn = task.models[:DRAWN]
    beginning = shared({each.model for each in drawn})
    names = labels([each.model.removeprefix(beginning) for each in drawn], 40)
    rows = [
        row
        for place, (each, name) in enumerate(zip(drawn, names, strict=True))
        for row in _drawn_rows(each, name, task, lower=SPACE * (place + 1))
    ]
    domain = list(names)
    color = {"field": "name", "type": "nominal", "title": None, "scale": {"domain": domain}}
    unit = "share of the other models that fail" if task.others else task.difficulty
    scale: Spec = {"zero": False, "nice": False} if task.others else {"type": "log", "nice": False}
    x: Spec = {"field": "difficulty", "type": "quantitative", "title": visible(unit), "scale": scale}
    x["axis"] = {"tickCount": 6, "grid": False, "format": "%" if task.others else "~g"}
    y: Spec = {
        "field": "success",
        "type": "quantitative",
        "title": "success (%)",
        "scale": {"domain": [-SPACE * (len(drawn) + 1), 100]},
        "axis": {"values": [0, 20, 40, 60, 80, 100]},
    }
    tips = [
        {"field": "name", "title": "model", "type": "nominal"},
        {"field": "difficulty", "title": visible(unit), "type": "quantitative", "format": ".3~g"},
        {"field": "success", "title": "success (%)", "type": "quantitative", "format": ".1f"},
        {"field": "questions", "type": "quantitative"},
    ]
    first = task.models[0].horizons[0]
    note = (
        f"points: questions of similar difficulty; bars below: {level_text(task.level)} confidence intervals "
        f"of the {_chance(first)} horizons"
    )
    if len(task.models) > DRAWN:
        note += f"\nthe {DRAWN} longest of {len(task.models):,} horizons"
    note += f"\nnames begin with {beginning}" if beginning else ""
    drawing: Spec = {
        "width": 520,
        "height": 280,
        "layer": [
            {
                "transform": [{"filter": "datum.kind == 'curve'"}],
                "mark": {"type": "line", "strokeWidth": CURVE},
                "encoding": {"x": x, "y": y, "color": color},
            },
            {
                "transform": [{"filter": "datum.kind == 'limits'"}],
                "mark": {"type": "rule", "strokeWidth": INTERVAL},
                "encoding": {"x": x, "x2": {"field": "to"}, "y": y, "color": color},
            },
            {
                "transform": [{"filter": "datum.kind == 'rate'"}],
                "mark": POINT,
                "encoding": {"x": x, "y": y, "color": color, "tooltip": tips},
            },
        ],
    }
    return figure(rows, drawing, description=task_sentence(task), title=title, subtitle=note)


def _drawn_rows(each: ModelHorizons, name: str, task: TaskHorizons, *, lower: float) -> list[Row]:
    """Return the rows of a model: its rates, its curve between the easiest and the hardest question, and the
    interval of its first horizon, cut at these and drawn so much below 0.
    """
    first = each.horizons[0]
    low, high = (max(end, 1e-9) for end in (task.easiest, task.hardest))
    ends = np.array([low, high, first.estimate.value])
    easy, hard, middle = (ends / (1 - ends) if task.others else ends).tolist()
    grid = np.geomspace(easy, hard, STEPS)
    logit = math.log(first.chance / (1 - first.chance)) + each.slope * np.log2(grid / middle)
    shown = grid / (1 + grid) if task.others else grid
    rows: list[Row] = [
        {"kind": "curve", "name": name, "difficulty": float(at), "success": float(100 / (1 + math.exp(-eta)))}
        for at, eta in zip(shown, logit, strict=True)
    ]
    limits = first.estimate.interval
    if limits.low <= limits.high and not (limits.high < low or limits.low > high):
        rows.append(
            {
                "kind": "limits",
                "name": name,
                "difficulty": max(limits.low, low),
                "to": min(limits.high, high),
                "success": -lower,
            }
        )
    rows += [
        {
            "kind": "rate",
            "name": name,
            "difficulty": rate.difficulty,
            "success": 100 * rate.rate,
            "questions": rate.n_items,
        }
        for rate in each.rates
    ]
    return rows
