"""Power over the number of questions or the true difference, a line a number of attempts, a panel a task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from howsure.present.charts.base import DASHES, SEQUENCE, Row, Spec, by_panel, figure, labels, points, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

Over = Literal["items", "effect"]


def spec(records: Sequence[Row], over: Over, *, percent: bool = True, description: str) -> Spec:
    """Return the power curves. `records`: task, attempts, items, effect, power; `over`: what runs along the axis."""
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
    return figure(shown, by_panel(_drawing({"title": title, **x}, order)), description=description)


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
    """Return round numbers for a logarithmic axis: 1, 2 and 5 times powers of ten, and all digits where these are few.

    >>> ticks([80, 1200])
    [100, 200, 500, 1000]
    """
    low, high = min(values), max(values)
    powers = [10**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    few = [digit * power for power in powers for digit in (1, 2, 5) if low <= digit * power <= high]
    every = [digit * power for power in powers for digit in range(1, 10) if low <= digit * power <= high]
    return few if len(few) > 2 else every


def _drawing(x: Spec, order: list[str]) -> Spec:
    lines = {"field": "attempts", "type": "nominal", "title": "attempts per question", "legend": {"symbolSize": 900}}
    return {
        "width": 340,
        "height": 220,
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **x},
            "y": {
                "field": "power",
                "type": "quantitative",
                "title": "power",
                "axis": {"format": "%"},
                "scale": {"domain": [0, 1]},
            },
            "color": {**lines, "scale": {"domain": order, "range": list(SEQUENCE)}},
            "strokeDash": {**lines, "scale": {"domain": order, "range": [list(dash) for dash in DASHES]}},
        },
    }
