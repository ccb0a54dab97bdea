"""Scores of runs, oldest first, with the limits of their level; alarms are marked. One panel a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREY, ORANGE, Row, Spec, by_panel, figure, scaled, unit
from howsure.present.labels import labels
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

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
