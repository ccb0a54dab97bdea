"""The predicted SE over the number of attempts, one line a number of items, one panel a task and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREEN, ORANGE, Row, Spec, by_panel, figure, points, scaled
from howsure.present.labels import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PANELS = 12
SHAPES = ("circle", "square", "triangle-up")
TICKS = (1, 2, 3, 5, 10, 20)


def spec(records: Sequence[Row], *, percent: bool = True, description: str) -> Spec:
    """Return the curves. `records`: task, name, attempts, items, se. Of more than twelve panels the first
    twelve are drawn.
    """
    factor, behind = points(percent=percent)
    shown = rows(records, factor)
    words = list(dict.fromkeys(row["questions"] for row in sorted(shown, key=_order)))
    return figure(shown, by_panel(_drawing(f"standard error{behind}", words)), description=description)


def rows(records: Sequence[Row], factor: float) -> list[Row]:
    """Return what is drawn: one row a point, numbers on the axis's scale."""
    keys = list(dict.fromkeys((record["task"], record["name"]) for record in records))[:MOST_PANELS]
    several = len({task for task, _ in keys}) > 1
    counts = {key: sorted({r["items"] for r in records if (r["task"], r["name"]) == key}) for key in keys}
    alike = len(set(map(tuple, counts.values()))) == 1
    names = labels((f"{task}: {name}" if several else name for task, name in keys), 60)
    panels = dict(zip(keys, names, strict=True))
    return [
        {
            "panel": panels[key],
            "task": record["task"],
            "name": record["name"],
            "attempts": record["attempts"],
            "items": record["items"],
            "questions": f"{record['items']:,}" if alike else _times(record["items"], counts[key][0]),
            "se": scaled(record["se"], factor),
        }
        for record in records
        if (key := (record["task"], record["name"])) in panels
    ]


def _order(row: Row) -> int:
    return int(row["items"])


def _times(items: int, fewest: int) -> str:
    """Write a number of questions where panels have different ones: `as now`, `2 × as many`."""
    return "as now" if items == fewest else f"{items / fewest:g} × as many"


def _drawing(title: str, words: list[str]) -> Spec:
    lines = {"field": "questions", "type": "nominal", "title": "questions"}
    return {
        "width": 300,
        "height": 180,
        "mark": {"type": "line", "point": {"filled": True, "size": 40}},
        "encoding": {
            "x": {
                "field": "attempts",
                "type": "quantitative",
                "title": "attempts per question",
                "scale": {"type": "log", "domain": [1, 20], "nice": False},
                "axis": {"values": list(TICKS)},
            },
            "y": {"field": "se", "type": "quantitative", "title": title, "scale": {"zero": True}},
            "color": {**lines, "scale": {"domain": words, "range": [BLUE, ORANGE, GREEN]}},
            "shape": {**lines, "scale": {"domain": words, "range": list(SHAPES)}},
        },
    }
