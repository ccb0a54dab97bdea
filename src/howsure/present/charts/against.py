"""Many sides beside one: every difference with its corrected interval against 0, one row a side, the best
first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, GREY, ORANGE, Row, Spec, figure, points, scaled, tooltip
from howsure.present.charts.whiskers import drawing
from howsure.present.labels import labels
from howsure.present.render.terminal import shorten
from howsure.present.render.visible import visible
from howsure.wording import Scale, level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {"better": (BLUE, "circle"), "worse": (ORANGE, "square"), "can't tell": (GREY, "diamond")}
BETTER, WORSE, OPEN = GROUPS
NUMBERS = ("difference", "adjusted_low", "adjusted_high")
NAME = 30


def spec(
    records: Sequence[Row],
    *,
    one: str,
    percent: bool = True,
    score: str = "score",
    level: float = 0.95,
    lower_is_better: bool = False,
    title: str = "",
    subtitle: str = "",
    description: str,
) -> Spec:
    """Return the chart of all sides on one task. `records`: side, difference, adjusted_low, adjusted_high,
    told, broke, fixed, p_adjusted.
    """
    behind, metric = points(percent=percent)[1], visible(score)
    better = "; lower is better" if lower_is_better else ""
    shown = drawing(
        ("difference", "low", "high"),
        f"difference in {metric}{behind}, with its {level_text(level)} confidence interval{better}",
        GROUPS,
        tooltip(
            [
                *(("name", "side"), ("difference", f"difference{behind}"), ("low", "from"), ("high", "to")),
                *(
                    ("p_adjusted", "p, adjusted"),
                    ("broke", "broke"),
                    ("fixed", "fixed"),
                    ("group", "verdict"),
                ),
            ],
            percent=percent,
        ),
        count=len(records),
        scale={"zero": True, "nice": False, "padding": 12},
    )
    nothing = {"mark": {"type": "rule", "color": GREY, "strokeWidth": 1}, "encoding": {"x": {"datum": 0.0}}}
    shown["layer"] = [nothing, *shown["layer"]]
    note = f"compared with {shorten(visible(one), NAME)}\n{subtitle}"
    return figure(rows(records, percent=percent), shown, description=description, title=title, subtitle=note)


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return what is drawn: one row a side, numbers on the axis's scale."""
    factor = points(percent=percent)[0]
    names = labels(record["side"] for record in records)
    return [
        {
            "side": record["side"],
            "name": visible(record["side"]),
            "label": label,
            "difference": scaled(record["difference"], factor),
            "low": scaled(record["adjusted_low"], factor),
            "high": scaled(record["adjusted_high"], factor),
            "p_adjusted": record["p_adjusted"],
            "broke": record["broke"],
            "fixed": record["fixed"],
            "group": (group := _group(record)),
            "told": _told(record, group, Scale(percent=percent)),
        }
        for record, label in zip(records, names, strict=True)
    ]


def _group(record: Row) -> str:
    return str(record["told"]) if record["told"] in (BETTER, WORSE) else OPEN


def _told(record: Row, group: str, scale: Scale) -> str:
    """Say a row in words: `pr-42: +3.2 pp [0.4, 6.0], better`."""
    value, low, high = (math.nan if record[name] is None else record[name] for name in NUMBERS)
    return f"{visible(record['side'])}: {scale.difference(value)} {scale.interval(low, high)}, {group}"
