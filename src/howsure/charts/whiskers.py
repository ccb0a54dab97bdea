"""Error bars, one row a name: the drawing that leaderboards, ranks and comparisons share."""

from __future__ import annotations

from typing import Any

from howsure.charts.base import Spec, rows_axis, step

WIDTH = 420
WORDS = ("name", "places", "group")
"""Fields that are no numbers."""


def drawing(
    x: tuple[str, str, str],
    title: str,
    groups: dict[str, tuple[str, str]],
    tooltip: list[tuple[str, str]],
    *,
    count: int,
    scale: Spec | None = None,
    axis: Spec | None = None,
) -> Spec:
    """Return a layer of bars and points along x, rows by their `label`, told apart by their `group`.

    `x`: the fields of the point and of the bar's ends; `groups`: a word, its colour and its shape; `tooltip`: field and title.
    """
    middle, low, high = x
    position: Spec = {"type": "quantitative", "title": title, "scale": scale or {"zero": False, "nice": True}}
    position |= {"axis": axis} if axis else {}
    names = {"domain": list(groups)}
    color = {"field": "group", "type": "nominal", "title": None} | {
        "scale": {**names, "range": [colour for colour, _ in groups.values()]}
    }
    shape = {**color, "scale": {**names, "range": [form for _, form in groups.values()]}}
    told: list[dict[str, Any]] = [
        {"field": field, "title": head, "type": "nominal" if field in WORDS else "quantitative"}
        for field, head in tooltip
    ]
    row = {"field": "label", "type": "nominal", "sort": None, "axis": rows_axis(count)}
    shared = {"y": row, "color": color, "tooltip": told}
    dot = {"type": "point", "filled": True, "opacity": 1, "size": 70 if count <= 40 else 40}
    return {
        "width": WIDTH,
        "height": {"step": step(count)},
        "layer": [
            {
                "transform": [{"filter": f"isValid(datum.{low}) && isValid(datum.{high})"}],
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {"x": {"field": low, **position}, "x2": {"field": high}, **shared},
            },
            {"mark": dot, "encoding": {"x": {"field": middle, **position}, "shape": shape, **shared}},
        ],
    }
