"""Score over cost: crosses for both error bars, a step line through those that could be the best buy, faded what is beaten."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREY, Row, Spec, figure, labels, scaled, tooltip, unit
from howsure.present.render.visible import visible
from howsure.wording import Scale, amount_text, level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {"could be the best buy": (BLUE, "circle"), "beaten": (GREY, "diamond")}
BUY, BEATEN = GROUPS
WIDTH, HEIGHT = 460, 320
FADED = 0.35


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
) -> Spec:
    """Return the chart of a frontier. `records`: model, value, low, high, cost, cost_low, cost_high, could_be_best_buy."""
    behind = unit(percent=percent)[1]
    better = "; lower is better" if lower_is_better else ""
    x = {
        "type": "quantitative",
        "title": f"{visible(measure)} a question, log scale",
        "scale": {"type": "log", "nice": True},
    }
    y = {"type": "quantitative", "title": f"{visible(score)}{behind}{better}", "scale": {"zero": False, "nice": True}}
    told = tooltip(
        [
            *(("name", "model"), ("cost", visible(measure)), ("cost_low", "from"), ("cost_high", "to")),
            *(("score", f"score{behind}"), ("low", "from"), ("high", "to"), ("group", "verdict")),
        ],
        percent=percent,
    )
    drawing = {"width": WIDTH, "height": HEIGHT, "layer": _layers(x, y, told)}
    note = f"error bars: {level_text(level)} confidence intervals of each alone"
    shown = rows(records, percent=percent, lower_is_better=lower_is_better)
    return figure(shown, drawing, description=description, title=title, subtitle=note)


def _layers(x: Spec, y: Spec, told: list[Spec]) -> list[Spec]:
    """Return the step line, crosses, points and names; `x` and `y`: the axes."""
    names = {"domain": list(GROUPS)}
    color = {
        "field": "group",
        "type": "nominal",
        "title": None,
        "scale": {**names, "range": [c for c, _ in GROUPS.values()]},
    }
    shape = {**color, "scale": {**names, "range": [form for _, form in GROUPS.values()]}}
    faded = {"condition": {"test": f"datum.group == '{BEATEN}'", "value": FADED}, "value": 1}
    shared = {"color": color, "opacity": faded, "tooltip": told, "description": {"field": "told", "type": "nominal"}}
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
        {"mark": "rule", "encoding": {"x": at_x, "y": {"field": "low", **y}, "y2": {"field": "high"}, **shared}},
        {
            "mark": "rule",
            "encoding": {"x": {"field": "cost_low", **x}, "x2": {"field": "cost_high"}, "y": at_y, **shared},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {"x": at_x, "y": at_y, "shape": shape, **shared},
        },
        {
            "transform": [{"filter": {"field": "step", "valid": True}}],
            "mark": {"type": "text", "align": "left", "dx": 7, "dy": -7, "fontSize": 10},
            "encoding": {"x": at_x, "y": at_y, "text": {"field": "label"}},
        },
    ]


def rows(records: Sequence[Row], *, percent: bool, lower_is_better: bool) -> list[Row]:
    """Return what is drawn: one row a model with a cost above 0; `step` is the best score so far of those that could be the best buy."""
    factor = unit(percent=percent)[0]
    kept = [record for record in records if record["cost"] is not None and record["cost"] > 0]
    names, sign, best, found = labels(record["model"] for record in kept), -1 if lower_is_better else 1, -math.inf, []
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
                "group": BUY if buy else BEATEN,
                "told": _told(record, Scale(percent=percent), BUY if buy else BEATEN),
            }
        )
    return found


def _told(record: Row, scale: Scale, group: str) -> str:
    value = math.nan if record["value"] is None else record["value"]
    return f"{visible(record['model'])}: {scale.score(value)} at {amount_text(record['cost'], 3)}, {group}"
