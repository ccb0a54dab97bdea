"""Error bars, one row a name: the drawing that leaderboards, ranks and comparisons share."""

from __future__ import annotations

from howsure.present.charts.base import Spec, rows_axis, step

WIDTH = 420


def drawing(
    x: tuple[str, str, str],
    title: str,
    groups: dict[str, tuple[str, str]],
    told: list[Spec],
    *,
    count: int,
    scale: Spec | None = None,
    axis: Spec | None = None,
) -> Spec:
    """Return a layer of bars and points along x, rows by their `label`, coloured and shaped by their `group`.

    `x`: the fields of the point and of the bar's ends; `groups`: a word, its colour and its shape; `told`:
    the tooltip. What a screen reader says of a row is its `told`: Vega-Lite would make a program of the
    titles, which hold names.
    """
    middle, low, high = x
    position: Spec = {"type": "quantitative", "title": title, "scale": scale or {"zero": False, "nice": True}}
    position |= {"axis": axis} if axis else {}
    names = {"domain": list(groups)}
    color = {"field": "group", "type": "nominal", "title": None} | {
        "scale": {**names, "range": [colour for colour, _ in groups.values()]}
    }
    shape = {**color, "scale": {**names, "range": [form for _, form in groups.values()]}}
    row = {"field": "label", "type": "nominal", "sort": None, "axis": rows_axis(count)}
    said = {"field": "told", "type": "nominal"}
    shared = {"y": row, "color": color, "tooltip": told, "description": said}
    dot = {"type": "point", "filled": True, "opacity": 1, "size": 70 if count <= 40 else 40}
    return {
        "width": WIDTH,
        "height": {"step": step(count)},
        "layer": [
            {
                "transform": [{"filter": {"field": field, "valid": True}} for field in (low, high)],
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {"x": {"field": low, **position}, "x2": {"field": high}, **shared},
            },
            {"mark": dot, "encoding": {"x": {"field": middle, **position}, "shape": shape, **shared}},
        ],
    }
