"""The models of a board, best first: score and interval, in colours that say whether they could be best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREY, Row, Spec, figure, scaled, tooltip, unit
from howsure.present.charts.whiskers import drawing
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.wording import Scale, level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {"could be best": (BLUE, "circle"), "not best": (GREY, "diamond")}
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
    description: str,
) -> Spec:
    """Return the chart of a board. `records`: model, value, low, high, rank, rank_low, rank_high,
    could_be_best.
    """
    behind = unit(percent=percent)[1]
    score = visible(score)
    better = "; lower is better" if lower_is_better else ""
    shown = drawing(
        ("score", "low", "high"),
        f"{score}{behind} with its {level_text(level)} confidence interval{better}",
        GROUPS,
        told_fields(behind, percent=percent),
        count=len(records),
    )
    return figure(
        rows(records, percent=percent), shown, description=description, title=title, subtitle=subtitle
    )


def told_fields(behind: str, *, percent: bool) -> list[Spec]:
    """Return what a page says of a model's mark; `behind`: what is written behind scores."""
    fields = [
        *(("name", "model"), ("score", f"score{behind}"), ("low", "from"), ("high", "to")),
        *(("rank", "rank"), ("places", "could be"), ("group", "best?")),
    ]
    return tooltip(fields, percent=percent)


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return what is drawn: one row a model, numbers on the axis's scale."""
    factor = unit(percent=percent)[0]
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
            "told": _told(record, Scale(percent=percent)),
        }
        for record, label in zip(records, labels(record["model"] for record in records), strict=True)
    ]


def _told(record: Row, scale: Scale) -> str:
    """Say a row in words: `gpt: 78.8 % [75.0, 82.2], rank 1, could be 1–21`."""
    value, low, high = (
        math.nan if record[name] is None else record[name] for name in ("value", "low", "high")
    )
    score = f"{scale.score(value)} {scale.interval(low, high)}"
    return f"{visible(record['model'])}: {score}, rank {record['rank']}, could be {places(record)}"


def places(record: Row) -> str:
    """Write the places that a model could have: `1–21`."""
    low, high = record["rank_low"], record["rank_high"]
    return f"{low}" if low == high else f"{low}–{high}"
