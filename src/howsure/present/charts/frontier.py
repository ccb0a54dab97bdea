"""Score over cost: crosses for both error bars, a step line through those that could be the best buy, faded
what is beaten.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREY, Row, Spec, figure, scaled, tooltip, unit
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.wording import Scale, amount_text, level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {"could be the best buy": (BLUE, "circle"), "beaten": (GREY, "diamond")}
BUY, BEATEN = GROUPS
WIDTH, HEIGHT = 460, 320
FADED = 0.35
MANY = 15
"""Error bars of more points than these are faint."""
TYPE = 10
"""The size of the names' type."""
MORE = 0.06
"""So much more than all that is drawn has an axis at each end."""
COSTS, SCORES = ("cost", "cost_low", "cost_high"), ("score", "low", "high")
UNNAMED = "points on the line without room for a name:"


def spec(
    records: Sequence[Row],
    *,
    percent: bool,
    score: str,
    measure: str,
    level: float,
    lower_is_better: bool = False,
    title: str = "",
    description: str,
    ground: str = "white",
) -> Spec:
    """Return the chart of a frontier. `records`: model, value, low, high, cost, cost_low, cost_high,
    could_be_best_buy; `ground`: behind names.
    """
    behind = unit(percent=percent)[1]
    better = "; lower is better" if lower_is_better else ""
    shown = rows(records, percent=percent, lower_is_better=lower_is_better)
    x = {
        "type": "quantitative",
        "title": f"{visible(measure)} a question, log scale",
        "scale": {"type": "log", "nice": False, "domain": _reach(shown, COSTS, log=True)},
        "axis": {"tickCount": 6},
    }
    y = {
        "type": "quantitative",
        "title": f"{visible(score)}{behind}{better}",
        "scale": {"zero": False, "nice": False, "domain": _reach(shown, SCORES)},
    }
    told = tooltip(
        [
            *(("name", "model"), ("cost", visible(measure)), ("cost_low", "from"), ("cost_high", "to")),
            *(("score", f"score{behind}"), ("low", "from"), ("high", "to"), ("group", "verdict")),
        ],
        percent=percent,
    )
    drawing = {"width": WIDTH, "height": HEIGHT, "layer": _layers(x, y, told, len(shown), ground)}
    note = f"error bars: {level_text(level)} confidence intervals of each alone"
    return placed(figure(shown, drawing, description=description, title=title, subtitle=note), TYPE)


def _layers(x: Spec, y: Spec, told: list[Spec], count: int, ground: str) -> list[Spec]:
    """Return the step line, crosses, points and names; `x` and `y`: the axes. Of many points the crosses are
    faint.
    """
    names = {"domain": list(GROUPS)}
    color = {
        "field": "group",
        "type": "nominal",
        "title": None,
        "legend": {"symbolOpacity": 1},
        "scale": {**names, "range": [c for c, _ in GROUPS.values()]},
    }
    shape = {**color, "scale": {**names, "range": [form for _, form in GROUPS.values()]}}
    faded = {"condition": {"test": f"datum.group == '{BEATEN}'", "value": FADED}, "value": 1}
    shared = {
        "color": color,
        "opacity": faded,
        "tooltip": told,
        "description": {"field": "told", "type": "nominal"},
    }
    bars = {**shared, "opacity": {**faded, "value": 1 if count <= MANY else FADED}}
    at_x, at_y = {"field": "cost", **x}, {"field": "score", **y}
    return [
        {
            "transform": [{"filter": {"field": "step", "valid": True}}],
            "mark": {
                "type": "line",
                "interpolate": "step-after",
                "color": BLUE,
                "opacity": 0.5,
                "strokeWidth": 1.5,
            },
            "encoding": {"x": at_x, "y": {"field": "step", **y}, "order": {"field": "cost"}},
        },
        {
            "mark": "rule",
            "encoding": {"x": at_x, "y": {"field": "low", **y}, "y2": {"field": "high"}, **bars},
        },
        {
            "mark": "rule",
            "encoding": {"x": {"field": "cost_low", **x}, "x2": {"field": "cost_high"}, "y": at_y, **bars},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {"x": at_x, "y": at_y, "shape": shape, **shared},
        },
        *_names(x, y, ground),
    ]


def _names(x: Spec, y: Spec, ground: str) -> list[Spec]:
    """Return the names, each with a line to its point and an edge of the ground, so that it stays legible
    over error bars.
    """
    named = {"transform": [{"filter": {"field": "label_x", "valid": True}}]}
    at = {"x": {"field": "label_x", **x}, "y": {"field": "label_y", **y}}
    text = {"type": "text", "align": "center", "baseline": "middle", "fontSize": TYPE}
    said = {**at, "text": {"field": "label", "type": "nominal"}}
    to_point = {"x2": {"field": "cost"}, "y2": {"field": "score"}}
    return [
        {
            **named,
            "mark": {"type": "rule", "color": GREY, "strokeWidth": 0.7},
            "encoding": {**at, **to_point},
        },
        {**named, "mark": {**text, "stroke": ground, "strokeWidth": 3, "aria": False}, "encoding": said},
        {**named, "mark": text, "encoding": said},
    ]


def _reach(shown: Sequence[Row], fields: tuple[str, str, str], *, log: bool = False) -> list[float]:
    """Return from where to where an axis runs: all points and error bars, and a little more."""
    found = [row[field] for row in shown for field in fields if row[field] is not None]
    if not found:
        return [1.0, 10.0] if log else [0.0, 1.0]
    low, high = min(found), max(found)
    if log:
        more = max((high / low) ** MORE, 1.1)
        return [scaled(low / more, 1.0) or low, scaled(high * more, 1.0) or high]
    more = MORE * (high - low) or 1.0
    return [scaled(low - more, 1.0) or 0.0, scaled(high + more, 1.0) or 0.0]


def placed(spec: Spec, font: float) -> Spec:
    """Return a figure whose names lie beside their points without touching: those of the line, and others
    where there is room.
    """
    parts = spec.get("concat", [spec])
    every = spec["data"]["values"]
    for k, part in enumerate(parts):
        mine = [row for row in every if row.get("panel", 0) == k]
        _place(part, mine, font)
    return spec


def _place(part: Spec, mine: list[Row], font: float) -> None:
    """Place the names of one panel, and count those of the line that have no room."""
    from howsure.present.charts.names import Frame, places

    encoding = part["layer"][1]["encoding"]
    frame = Frame(
        float(part["width"]),
        float(part["height"]),
        x=tuple(encoding["x"]["scale"]["domain"]),
        y=tuple(encoding["y"]["scale"]["domain"]),
    )
    found = places(mine, frame, font)
    for row, at in zip(mine, found, strict=True):
        row["label_x"], row["label_y"] = at if at is not None else (None, None)
    lines = part["title"]["subtitle" if "subtitle" in part["title"] else "text"]
    lines[:] = [line for line in lines if not line.startswith(UNNAMED)]
    lost = sum(at is None for row, at in zip(mine, found, strict=True) if row["step"] is not None)
    if lost:
        lines.append(f"{UNNAMED} {lost:,}")


def rows(records: Sequence[Row], *, percent: bool, lower_is_better: bool) -> list[Row]:
    """Return what is drawn: one row a model with a cost above 0; `step` is the best score so far of those
    that could be the best buy.
    """
    factor = unit(percent=percent)[0]
    kept = [record for record in records if record["cost"] is not None and record["cost"] > 0]
    names, sign, best, found = (
        labels(record["model"] for record in kept),
        -1 if lower_is_better else 1,
        -math.inf,
        [],
    )
    for record, label in zip(kept, names, strict=True):
        buy = record["could_be_best_buy"]
        ahead = buy and sign * record["value"] > best
        best = max(best, sign * record["value"]) if buy else best
        low = record["cost_low"]
        found.append(
            {
                "model": record["model"],
                "name": visible(record["model"]),
                "label": label,
                "cost": scaled(record["cost"], 1.0),
                "cost_low": scaled(low, 1.0) if low is not None and low > 0 else scaled(record["cost"], 1.0),
                "cost_high": scaled(record["cost_high"], 1.0),
                "score": scaled(record["value"], factor),
                "low": scaled(record["low"], factor),
                "high": scaled(record["high"], factor),
                "step": scaled(record["value"], factor) if ahead else None,
                "label_x": None,
                "label_y": None,
                "group": BUY if buy else BEATEN,
                "told": _told(record, Scale(percent=percent), BUY if buy else BEATEN),
            }
        )
    return found


def _told(record: Row, scale: Scale, group: str) -> str:
    value = math.nan if record["value"] is None else record["value"]
    return f"{visible(record['model'])}: {scale.score(value)} at {amount_text(record['cost'], 3)}, {group}"
