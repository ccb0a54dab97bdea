"""The models of a board, best first: score and interval, told apart by whether they could be best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.charts.base import BLUE, GREY, Row, Spec, figure, labels, scaled, unit
from howsure.charts.whiskers import drawing
from howsure.document import level_text, plural
from howsure.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {"could be best": (BLUE, "circle"), "behind": (GREY, "diamond")}
BEST, BEHIND = GROUPS


def spec(
    records: Sequence[Row],
    *,
    percent: bool = True,
    score: str = "score",
    level: float = 0.95,
    lower_is_better: bool = False,
    title: str = "",
    subtitle: str = "",
    description: str = "",
) -> Spec:
    """Return the chart of a board. `records`: model, value, low, high, rank, rank_low, rank_high, could_be_best."""
    factor, behind = unit(percent=percent)
    better = "; lower is better" if lower_is_better else ""
    shown = drawing(
        ("score", "low", "high"),
        f"{score}{behind} and its {level_text(level)} interval{better}",
        GROUPS,
        [
            *(("name", "model"), ("score", f"{score}{behind}"), ("low", "from"), ("high", "to")),
            *(("rank", "rank"), ("places", "could be"), ("group", "best?")),
        ],
        count=len(records),
    )
    told = description or f"{plural(len(records), 'model')}, best first, each with its {score} and interval."
    return figure(rows(records, factor), shown, description=told, title=title, subtitle=subtitle)


def rows(records: Sequence[Row], factor: float) -> list[Row]:
    """Return what is drawn: one row a model, numbers on the axis's scale."""
    return [
        {
            "model": record["model"],
            "name": visible(record["model"]),
            "label": label,
            "score": scaled(record["value"], factor),
            "low": scaled(record["low"], factor),
            "high": scaled(record["high"], factor),
            "rank": record["rank"],
            "rank_low": record["rank_low"],
            "rank_high": record["rank_high"],
            "places": places(record),
            "group": BEST if record["could_be_best"] else BEHIND,
        }
        for record, label in zip(records, labels(record["model"] for record in records), strict=True)
    ]


def places(record: Row) -> str:
    """Write the places that a model could have: `1–21`."""
    low, high = record["rank_low"], record["rank_high"]
    return f"{low}" if low == high else f"{low}–{high}"
