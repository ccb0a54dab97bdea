"""The charts of the page as Vega-Lite. The page fills in the rows. Text colours follow the page, light or
dark.
"""

from __future__ import annotations

from typing import Any

from howsure.present.charts.base import SCHEMA, config, points, unit
from howsure.present.style import BLUE, GREEN, GREY, ORANGE

Spec = dict[str, Any]

INK = "currentColor"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
TICKS = [1, 2, 3, 5, 10, 20]
UNSEEN = {"type": "point", "filled": True, "size": 90, "opacity": 0}
"""Dots for hovering, on a line."""
DASHED = {"type": "rule", "strokeDash": [4, 3], "color": GREY}
EVIDENCE = [0, 0.25, 0.5, 0.8]
"""For a pair that isn't significant, is, has a p of 0.01 or less, below 0.001."""
NAMES = {"labelLimit": 150, "ticks": False, "domain": False}


def look() -> Spec:
    """Return the shared style of all charts, which the page adds to each."""
    return {**config(ink=INK, ground="transparent"), "font": FONT, "padding": 4}


def drawings(*, percent: bool) -> dict[str, Spec]:
    """Return every chart by its name, for scores in percent or on their own scale."""
    score, difference = unit(percent=percent)[1], points(percent=percent)[1]
    difficulty = {
        "height": 150,
        "mark": {"type": "bar", "color": BLUE},
        "encoding": {
            "x": _position(
                "low", "mean score of all models on a question (%)", bin="binned", axis={"tickCount": 10}
            ),
            "x2": {"field": "high"},
            "y": _position("count", "questions", axis={"tickCount": 4, "tickMinStep": 1, "format": ",d"}),
            "tooltip": _told(),
        },
    }
    # The results of the questions: a bar with three segments.
    parts = {"domain": ["a", "tie", "b"], "range": [BLUE, "#c8c8c8", ORANGE]}
    outcomes = {
        "height": 22,
        "mark": {"type": "bar", "stroke": INK, "strokeWidth": 0.5},
        "encoding": {
            "x": _position("count", stack="normalize", axis=None),
            "order": {"field": "order", "type": "quantitative"},
            "color": {"field": "who", "type": "nominal", "scale": parts, "legend": None},
            "tooltip": _told(),
        },
    }
    made = {
        "gap": _gap(f"difference{difference}"),
        "outcomes": outcomes,
        "power": _power(),
        "drivers": _drivers(f"share of the difference{difference}"),
        "clusters": _clusters(f"score{score}"),
        "noise": _noise(f"standard error{difference}"),
        "difficulty": difficulty,
        "matrix": _matrix(),
        "strips": _strips(f"standard deviation of single scores{difference}"),
    }
    return {
        name: {"$schema": SCHEMA, "data": {"name": "rows"}, "width": "container", **spec}
        for name, spec in made.items()
    }


def _position(field: str, title: str | None = None, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, **more}


def _told() -> list[Spec]:
    return [{"field": "told", "type": "nominal"}]


def _gap(title: str) -> Spec:
    color, few = {"condition": {"test": "datum.real", "value": BLUE}, "value": GREY}, {"tickCount": 6}
    return {
        "height": 28,
        "layer": [
            {"mark": DASHED, "encoding": {"x": {"datum": 0, "type": "quantitative"}}},
            {
                "mark": {"type": "rule", "strokeWidth": 3},
                "encoding": {"x": _position("low", title, axis=few), "x2": {"field": "high"}, "color": color},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {"x": _position("value", title, axis=few), "color": color},
            },
        ],
    }


def _power() -> Spec:
    """Return the power by the number of questions: the curve, a ring at the current number, a dot at the
    reader's choice. Invisible dots show its values.
    """
    sizes = {"format": ",d", "tickCount": 5, "grid": False}
    place = {
        "x": _position("items", "questions", scale={"type": "log", "nice": False}, axis=sizes),
        "y": _position("power", "power", scale={"domain": [0, 1]}, axis={"format": "%", "tickCount": 6}),
    }
    ring = {"type": "point", "filled": False, "size": 80, "color": GREY, "opacity": 1, "strokeWidth": 2}
    dot = {"type": "point", "filled": True, "size": 130, "color": ORANGE, "opacity": 1}
    layers = {"curve": {"type": "line", "color": BLUE, "strokeWidth": 2.5}, "now": ring, "chosen": dot}
    target = {"mark": DASHED, "encoding": {"y": {"datum": 0.8, "type": "quantitative"}}}
    values = {
        "mark": {"type": "point", "filled": True, "size": 90, "opacity": 0},
        "encoding": {**place, "tooltip": _told()},
    }
    drawn = [
        {"transform": [{"filter": {"field": "kind", "equal": kind}}], "mark": mark, "encoding": place}
        for kind, mark in layers.items()
    ]
    return {"height": 170, "layer": [target, *drawn, values]}


def _drivers(title: str) -> Spec:
    return {
        "height": {"step": 20},
        "mark": {"type": "bar", "height": 13},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": NAMES},
            "x": _position("value", title, axis={"tickCount": 5}),
            "color": {"condition": {"test": "datum.good", "value": BLUE}, "value": ORANGE},
            "tooltip": _told(),
        },
    }


def _clusters(title: str) -> Spec:
    """Return one dot per cluster, larger for more items, and a line at the mean of the model."""
    mean = {"aggregate": "max", "field": "mean", "type": "quantitative"}
    size = _position("items", None, legend=None, scale={"range": [25, 260], "zero": True})
    x = _position("value", title, scale={"zero": False}, axis={"tickCount": 5})
    return {
        "height": {"step": 18},
        "encoding": {
            "y": {
                "field": "label",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {**NAMES, "grid": True},
            }
        },
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.9, "color": BLUE},
                "encoding": {"x": x, "size": size, "tooltip": _told()},
            },
            {"mark": DASHED, "encoding": {"x": mean, "y": None}},
        ],
    }


def _noise(title: str) -> Spec:
    """Return the standard error by attempts, one line per number of questions. Invisible dots show its
    values.
    """
    order = {"field": "order", "type": "quantitative"}
    legend = {"symbolType": "stroke", "symbolSize": 400, "symbolStrokeWidth": 2}
    lines = {"field": "questions", "type": "nominal", "sort": order, "title": "questions", "legend": legend}
    attempts = {"type": "log", "domain": [1, 20], "nice": False}
    shades = {
        "color": {**lines, "scale": {"range": [BLUE, ORANGE, GREEN]}},
        "strokeDash": {**lines, "scale": {"range": [[1, 0], [6, 3], [2, 2]]}},
    }
    return {
        "height": 170,
        "encoding": {
            "x": _position(
                "attempts", "attempts per question", scale=attempts, axis={"values": TICKS, "grid": False}
            ),
            "y": _position("se", title, scale={"zero": True}, axis={"tickCount": 5}),
        },
        "layer": [
            {"mark": {"type": "line", "point": True}, "encoding": shades},
            {"mark": UNSEEN, "encoding": {"tooltip": _told()}},
        ],
    }


def _strips(title: str) -> Spec:
    """Return one strip per source of variance, with a tick for each model."""
    return {
        "height": {"step": 34},
        "mark": {"type": "tick", "size": 22, "thickness": 2, "opacity": 0.65},
        "encoding": {
            "y": {"field": "source", "type": "nominal", "sort": None, "title": None, "axis": NAMES},
            "x": _position("sd", title, scale={"zero": True}, axis={"tickCount": 6}),
            "color": {"condition": {"test": "datum.best", "value": BLUE}, "value": GREY},
            "tooltip": _told(),
        },
    }


def _matrix() -> Spec:
    """Return all pairs with their differences, shaded where they are significant."""
    place = {"type": "ordinal", "title": None}
    axis = {"labelFontSize": 11, "ticks": False, "domain": False, "grid": False}
    shades = {
        "type": "ordinal",
        "scale": {"type": "ordinal", "domain": [0, 1, 2, 3], "range": EVIDENCE},
        "legend": None,
    }
    return {
        "width": {"step": 30},
        "height": {"step": 19},
        "encoding": {
            "y": {"field": "row", **place, "sort": None, "axis": axis},
            "x": {"field": "column", **place, "axis": {**axis, "orient": "top", "labelAngle": 0}},
            "tooltip": _told(),
        },
        "layer": [
            {
                "mark": {"type": "rect", "cursor": "pointer"},
                "encoding": {
                    "stroke": {"condition": {"test": "datum.here", "value": INK}, "value": GREY},
                    "strokeOpacity": {"condition": {"test": "datum.here", "value": 1}, "value": 0.2},
                    "strokeWidth": {"condition": {"test": "datum.here", "value": 2}, "value": 1},
                    "fill": {"condition": {"test": "datum.above", "value": BLUE}, "value": ORANGE},
                    "fillOpacity": {"field": "evidence", **shades},
                },
            },
            {
                "mark": {"type": "text", "fontSize": 10, "color": INK, "cursor": "pointer"},
                "encoding": {
                    "text": {"field": "text", "type": "nominal"},
                    "opacity": {"condition": {"test": "datum.real", "value": 1}, "value": 0.75},
                },
            },
        ],
    }
