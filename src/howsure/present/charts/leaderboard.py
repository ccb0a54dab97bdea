"""The models of a board, best first: score and interval. Colours mark those that could be best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.errors import OptionError
from howsure.present.charts.base import (
    Row,
    Spec,
    by_panel,
    drawing,
    figure,
    numbers,
    points,
    rows_axis,
    scaled,
    tooltip,
    unit,
)
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.present.style import DIVERGING, GOOD, HOLLOW, THIN
from howsure.statistics.results import significant
from howsure.wording import Scale, level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {"could be best": GOOD, "not best": HOLLOW}
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
    drawn = rows(records, percent=percent)
    shown = drawing(
        ("score", "low", "high"),
        f"{score}{behind} with its {level_text(level)} confidence interval{better}",
        GROUPS,
        told_fields(behind, percent=percent),
        count=len(records),
        beside=drawn,
        bold=BEST,
    )
    return figure(drawn, shown, description=description, title=title, subtitle=subtitle)


def told_fields(behind: str, *, percent: bool) -> list[Spec]:
    """Return the tooltip fields of a model's mark. `behind`: the unit of scores."""
    fields = [
        *(("name", "model"), ("score", f"score{behind}"), ("low", "from"), ("high", "to")),
        *(("rank", "rank"), ("places", "could be"), ("group", "best?")),
    ]
    return tooltip(fields, percent=percent)


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return the rows to draw: one per model, numbers on the axis's scale."""
    factor, scale = unit(percent=percent)[0], Scale(percent=percent)
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
            "numbers": numbers(scale.number, [record[name] for name in ("value", "low", "high")], scale),
            "n": f"{record['n_items']:,}" if "n_items" in record else "",
            "told": _told(record, scale),
        }
        for record, label in zip(records, labels(record["model"] for record in records), strict=True)
    ]


def _told(record: Row, scale: Scale) -> str:
    """Return a row in words: `gpt: 78.8% (75.0–82.2), rank 1, rank CI 1–21`."""
    value, low, high = (
        math.nan if record[name] is None else record[name] for name in ("value", "low", "high")
    )
    score = f"{scale.score(value)} ({scale.interval(low, high)})"
    return f"{visible(record['model'])}: {score}, rank {record['rank']}, rank CI {places(record)}"


def places(record: Row) -> str:
    """Write a rank interval: `1–21`."""
    low, high = record["rank_low"], record["rank_high"]
    return f"{low}" if low == high else f"{low}–{high}"


def ranks_spec(
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
    drawn = [{**row, "numbers": row["places"], "n": ""} for row in rows(records, percent=percent)]
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
        beside=drawn,
        bold=BEST,
    )
    return figure(drawn, shown, description=description, title=title, subtitle=subtitle)


PANEL = 30
"""The number of characters of a panel's name."""
WIDTH, STEP, DOT = 200, 15, 2
"""The width of a small panel, the height of its rows, and the radius of its points, above short bars."""


def multiples_spec(
    boards: Sequence[tuple[str, Sequence[Row]]],
    models: Sequence[str],
    *,
    percent: bool,
    score: str,
    level: float,
    lower_is_better: bool,
    subtitle: str,
    description: str,
) -> Spec:
    """Return the chart, in which each panel has its own scale. `boards`: the name and the records of each.
    `models`: the models to show, in order.
    """
    behind = unit(percent=percent)[1]
    better = "; lower is better" if lower_is_better else ""
    title = f"{visible(score)}{behind} with its {level_text(level)} confidence interval{better}"
    names = dict(zip(models, labels(models), strict=True))
    shown = drawing(
        ("score", "low", "high"),
        title,
        GROUPS,
        told_fields(behind, percent=percent),
        count=len(models),
        scale={"zero": False, "nice": True},
        axis={"tickCount": 4},
    )
    shown |= {"width": WIDTH, "height": {"step": STEP}}
    for layer in shown["layer"]:
        layer["encoding"]["y"]["sort"] = list(names.values())
    shown["layer"][-1]["mark"] |= {"size": math.pi * DOT**2, "strokeWidth": THIN}
    panels = labels((name for name, _ in boards), PANEL)
    drawn = [
        {**row, "panel": panel, "label": names[row["model"]]}
        for panel, (_, records) in zip(panels, boards, strict=True)
        for row in rows(records, percent=percent)
        if row["model"] in names
    ]
    note = "\n".join(text for text in (title, subtitle) if text)
    for layer in shown["layer"]:
        layer["encoding"]["x"]["title"] = None  # once, above
    grid = {**by_panel(shown, columns=3), "spacing": {"row": 58, "column": 24}}
    grid["bounds"] = "flush"
    grid["resolve"] = {"scale": {"x": "independent"}}
    return figure(drawn, grid, description=description, subtitle=note)


MOST_PAIRED = 60
"""More models make a matrix whose names and signs can't be read."""
SIGNS = "+ and −: the row is significantly above or below the column"


def pairs_spec(
    records: Sequence[Row],
    names: Sequence[str],
    *,
    percent: bool = True,
    score: str = "score",
    level: float = 0.95,
    title: str = "",
    subtitle: str = "",
    description: str,
) -> Spec:
    """Return the matrix of differences, row − column.

    `records`: a, b, difference, p_adjusted (p_value, n_shared). `names`: the models, in the order of the
    axes. Each pair is drawn twice, with both signs.
    """
    if len(names) > MOST_PAIRED:
        raise OptionError(
            f"a matrix of {len(names):,} models can't be read: at most {MOST_PAIRED}",
            remedy="Draw the best with `top=30`, choose some by `model`, or make the page: howsure report.",
        )
    factor, behind = points(percent=percent)
    score = visible(score)
    shown = pair_rows(records, names, factor, level)
    fields = [("row", "row"), ("against", "column"), ("difference", f"difference{behind}")]
    fields += [("p_value", "p"), ("p_adjusted", "p, adjusted")]
    drawing = _drawing(
        _rows(names), f"difference in {score}{behind}, row − column", tooltip(fields, percent=percent)
    )
    note = "\n".join(text for text in (subtitle, SIGNS) if text)
    return figure(shown, drawing, description=description, title=title, subtitle=note)


def pair_rows(records: Sequence[Row], names: Sequence[str], factor: float, level: float) -> list[Row]:
    """Return the rows to draw: two per pair, (a, b) and (b, a)."""
    row = dict(zip(names, _rows(names), strict=True))
    column = {name: str(k) for k, name in enumerate(names, 1)}
    known = [record for record in records if record["a"] in row and record["b"] in row]
    return [
        {
            "a": record[first],
            "b": record[second],
            "row": row[record[first]],
            "column": column[record[second]],
            "against": row[record[second]],
            "difference": scaled(record["difference"], sign * factor),
            "p_value": record["p_value"],
            "p_adjusted": record["p_adjusted"],
            "sign": _sign(record, sign, level),
        }
        for record in known
        for first, second, sign in (("a", "b", 1.0), ("b", "a", -1.0))
    ]


def _rows(names: Sequence[str]) -> list[str]:
    """Return the names with their numbers, which are the headings of the columns."""
    return [f"{label}  {k}" for k, label in enumerate(labels(names), 1)]


def _sign(record: Row, sign: float, level: float) -> str:
    """Return + or − if the difference is significant after adjustment, otherwise nothing."""
    p, difference = record["p_adjusted"], record["difference"]
    if p is None or difference is None or not significant(p, level) or not difference:
        return ""
    return "+" if sign * difference > 0 else "−"


def _drawing(names: list[str], title: str, told: list[Spec]) -> Spec:
    count = len(names)
    cell = 28 if count <= 20 else 18 if count <= 40 else 11
    numbers = [str(k) for k in range(1, count + 1)]
    axis = rows_axis(count)
    upright = {"orient": "top", "labelAngle": -90 if count > 40 else 0}
    return {
        "width": {"step": cell},
        "height": {"step": cell},
        "encoding": {
            "y": {"field": "row", "type": "nominal", "scale": {"domain": names}, "sort": None, "axis": axis},
            "x": {
                "field": "column",
                "type": "nominal",
                "scale": {"domain": numbers},
                "sort": None,
                "axis": {**axis, **upright},
            },
            "tooltip": told,
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white", "strokeWidth": 0.5, "aria": False},
                "encoding": {
                    "color": {
                        "field": "difference",
                        "type": "quantitative",
                        "title": title,
                        "scale": {"domainMid": 0, "range": list(DIVERGING), "interpolate": "lab"},
                        "legend": {"gradientLength": 200},
                    }
                },
            },
            {
                "mark": {
                    "type": "text",
                    "aria": False,
                    "fontSize": 15 if count <= 20 else 11 if count <= 40 else 8,
                    "fontWeight": "bold",
                    "color": "black",
                },
                "encoding": {"text": {"field": "sign", "type": "nominal"}},
            },
        ],
    }
