"""The difference of two models with its interval against 0, one row a task, the margin where one was
given.
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

GROUPS = {"a is better": (BLUE, "circle"), "b is better": (ORANGE, "square"), "can't tell": (GREY, "diamond")}
A, B, OPEN = GROUPS
NUMBERS = ("difference", "adjusted_low", "adjusted_high")
NAME = 30


def spec(
    records: Sequence[Row],
    *,
    percent: bool = True,
    score: str = "score",
    parts: str = "task",
    level: float = 0.95,
    lower_is_better: bool = False,
    margin: float | None = None,
    description: str,
) -> Spec:
    """Return the chart of one pair on one task or several.

    `parts`: what the rows are, tasks or slices. `records`: task, a, b, difference, adjusted_low,
    adjusted_high, better, p_value, p_adjusted; the task is empty where it is overall.
    """
    factor, behind = points(percent=percent)
    score = visible(score)
    better = "; lower is better" if lower_is_better else ""
    a, b = (shorten(visible(records[0][name]), NAME) for name in ("a", "b"))
    shown = drawing(
        ("difference", "low", "high"),
        f"difference in {score}, a − b{behind}, with its {level_text(level)} confidence interval{better}",
        GROUPS,
        tooltip(
            [
                *(
                    ("name", visible(parts)),
                    ("difference", f"a − b{behind}"),
                    ("low", "from"),
                    ("high", "to"),
                ),
                *(("p_value", "p"), ("p_adjusted", "p, adjusted"), ("group", "verdict")),
            ],
            percent=percent,
        ),
        count=len(records),
        scale={"zero": True, "nice": False, "padding": 12},
    )
    shown["layer"] = [*_lines(margin, factor), *shown["layer"]]
    note = f"a: {a}, b: {b}{_corrected(records, parts)}"
    return figure(rows(records, percent=percent), shown, description=description, subtitle=note)


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return what is drawn: one row a task, numbers on the axis's scale."""
    factor = points(percent=percent)[0]
    names = labels(record["task"] or "overall" for record in records)
    return [
        {
            "task": record["task"] or "overall",
            "name": visible(record["task"] or "overall"),
            "label": label,
            "a": record["a"],
            "b": record["b"],
            "difference": scaled(record["difference"], factor),
            "low": scaled(record["adjusted_low"], factor),
            "high": scaled(record["adjusted_high"], factor),
            "p_value": record["p_value"],
            "p_adjusted": record["p_adjusted"],
            "group": (group := _group(record)),
            "told": _told(record, group, Scale(percent=percent)),
        }
        for record, label in zip(records, names, strict=True)
    ]


def _group(record: Row) -> str:
    return A if record["better"] == record["a"] else B if record["better"] == record["b"] else OPEN


def _told(record: Row, group: str, scale: Scale) -> str:
    """Say a row in words: `quiz: +3.2 pp [0.4, 6.0], a is better`."""
    value, low, high = (math.nan if record[name] is None else record[name] for name in NUMBERS)
    task = visible(record["task"] or "overall")
    return f"{task}: {scale.difference(value)} {scale.interval(low, high)}, {group}"


def _corrected(records: Sequence[Row], parts: str) -> str:
    """Say where intervals and verdicts aren't those of each task alone."""
    if all(record["p_adjusted"] == record["p_value"] for record in records):
        return ""
    what = "tasks" if parts == "task" else f"slices by {visible(parts)}"
    return f"\nintervals and verdicts are corrected for the number of {what}"


def _lines(margin: float | None, factor: float) -> list[Spec]:
    """Return the line of no difference, and those of the margin."""
    lines = [_line(0.0, [1, 0])]
    if margin is not None:
        lines += [_line(sign * factor * margin, [4, 3]) for sign in (-1.0, 1.0)]
    return lines


def _line(at: float, dash: list[int]) -> Spec:
    mark = {"type": "rule", "strokeDash": dash, "color": GREY, "strokeWidth": 1}
    return {"mark": mark, "encoding": {"x": {"datum": float(f"{at:.12g}")}}}
