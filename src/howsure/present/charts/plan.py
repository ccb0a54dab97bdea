"""Power over the number of questions or the true difference, a line a number of attempts, a panel a task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from howsure.present.charts.base import DASHES, GREY, SEQUENCE, Row, Spec, by_panel, figure, points, scaled
from howsure.present.labels import labels
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

Over = Literal["items", "effect"]
INK = "#222222"


def spec(
    records: Sequence[Row],
    over: Over,
    *,
    percent: bool = True,
    planned: Sequence[Row] = (),
    power: float = 0.8,
    description: str,
) -> Spec:
    """Return the power curves, with a line at a power and the plan marked.

    `records`: task, attempts, items, effect, power; `over`: what runs along the axis; `planned`: the points
    that are the plan, as records.
    """
    factor, behind = points(percent=percent)
    shown = rows(records, over, factor if over == "effect" else 1.0)
    title = "questions" if over == "items" else f"true difference{behind}"
    x: Spec = {"scale": {"zero": True}}
    if over == "items":
        x = {
            "scale": {"type": "log", "nice": False},
            "axis": {"values": ticks([row["x"] for row in shown]), "format": ",d"},
        }
    order = list(dict.fromkeys(row["attempts"] for row in shown))
    known = [each for each in planned if each["task"] in {record["task"] for record in records}]
    marks = [
        {**row, "plan": _said(row["x"], over, behind)}
        for row in rows(known, over, factor if over == "effect" else 1.0)
    ]
    drawing = by_panel(_drawing({"title": title, **x}, order, power))
    note = f"dotted: {100 * power:.0f} % power" + ("; ringed: the plan" if marks else "")
    return figure([*shown, *marks], drawing, description=description, subtitle=note)


def _said(at: float, over: Over, behind: str) -> str:
    """Say where the plan is: `425 questions`, `5.0 pp`."""
    if over == "items":
        return plural(round(at), "question")
    return f"{at:.3g}{' pp' if behind else ''}"


def rows(records: Sequence[Row], over: Over, factor: float) -> list[Row]:
    """Return what is drawn: one row a point."""
    tasks = list(dict.fromkeys(record["task"] for record in records))
    panels = dict(zip(tasks, labels((task or "overall" for task in tasks), 60), strict=True))
    return [
        {
            "panel": panels[record["task"]],
            "attempts": record["attempts"] if record["attempts"] == "endless" else f"{record['attempts']:g}",
            "x": scaled(record[over], factor),
            "power": record["power"],
        }
        for record in records
    ]


def ticks(values: Sequence[float]) -> list[int]:
    """Return round numbers for a logarithmic axis: 1, 2 and 5 times powers of ten, and all digits where these
    are few.

    >>> ticks([80, 1200])
    [100, 200, 500, 1000]
    """
    low, high = min(values), max(values)
    powers = [10**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    few = [digit * power for power in powers for digit in (1, 2, 5) if low <= digit * power <= high]
    every = [digit * power for power in powers for digit in range(1, 10) if low <= digit * power <= high]
    return few if len(few) > 2 else every


def _drawing(x: Spec, order: list[str], power: float) -> Spec:
    lines = {
        "field": "attempts",
        "type": "nominal",
        "title": "attempts per question",
        "legend": {"symbolSize": 900},
    }
    at_x: Spec = {"field": "x", "type": "quantitative", **x}
    at_y: Spec = {
        "field": "power",
        "type": "quantitative",
        "title": "power",
        "axis": {"format": "%"},
        "scale": {"domain": [0, 1]},
    }
    at = {"x": at_x, "y": at_y}
    curve = {"transform": [{"filter": "!isValid(datum.plan)"}], "mark": {"type": "line", "strokeWidth": 2}}
    shape = {
        "color": {**lines, "scale": {"domain": order, "range": list(SEQUENCE)}},
        "strokeDash": {**lines, "scale": {"domain": order, "range": [list(dash) for dash in DASHES]}},
    }
    level = {
        "mark": {"type": "rule", "color": GREY, "strokeDash": [1, 3]},
        "encoding": {"y": {"datum": power, "type": "quantitative"}},
    }
    return {"width": 340, "height": 220, "layer": [level, {**curve, "encoding": {**at, **shape}}, *_plan(at)]}


def _plan(at: Spec) -> list[Spec]:
    """Return the plan: a ring on its curve, a line down to the axis, and what it says."""
    marked = {"transform": [{"filter": "isValid(datum.plan)"}]}
    ring = {"type": "point", "size": 110, "color": INK, "filled": False, "strokeWidth": 1.5}
    text = {"type": "text", "align": "left", "baseline": "top", "dx": 7, "dy": 7, "fontSize": 11}
    edge = {**text, "stroke": "white", "strokeWidth": 3, "aria": False}
    said = {**at, "text": {"field": "plan", "type": "nominal"}}
    down = {"type": "rule", "color": INK, "strokeWidth": 0.7, "strokeDash": [3, 2]}
    return [
        {**marked, "mark": down, "encoding": {**at, "y2": {"datum": 0}}},
        {**marked, "mark": ring, "encoding": at},
        {**marked, "mark": edge, "encoding": said},
        {**marked, "mark": text, "encoding": said},
    ]
