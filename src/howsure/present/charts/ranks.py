"""The place of every model of a board, and the ranks that it could have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.charts.base import Row, Spec, figure, tooltip, unit
from howsure.present.charts.leaderboard import GROUPS, rows
from howsure.present.charts.whiskers import drawing
from howsure.present.render.visible import visible
from howsure.wording import level_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def spec(
    records: Sequence[Row],
    *,
    percent: bool = True,
    score: str = "score",
    level: float = 0.95,
    title: str = "",
    subtitle: str = "",
    description: str,
) -> Spec:
    """Return the chart of the ranks. `records` as for the leaderboard."""
    behind = unit(percent=percent)[1]
    score = visible(score)
    last = max(record["rank_high"] for record in records)
    shown = drawing(
        ("rank", "rank_low", "rank_high"),
        f"rank by {score}, with simultaneous {level_text(level)} rank intervals",
        GROUPS,
        tooltip(
            [
                *(("name", "model"), ("rank", "rank"), ("places", "could be")),
                *(("score", f"score{behind}"), ("group", "best?")),
            ],
            percent=percent,
        ),
        count=len(records),
        scale={"zero": False, "nice": False, "padding": 8},
        axis={
            "format": "d",
            "tickMinStep": 1,
            **({"values": list(range(1, last + 1))} if last <= 12 else {}),
        },
    )
    return figure(
        rows(records, percent=percent), shown, description=description, title=title, subtitle=subtitle
    )
