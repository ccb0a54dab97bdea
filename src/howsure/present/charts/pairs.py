"""All pairs of a board: the difference as a colour, and a sign where the difference is significant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.charts.base import BLUE, ORANGE, Row, Spec, figure, points, rows_axis, scaled, tooltip
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

DIVERGING = (ORANGE, "#f4a582", "#f2f2f2", "#92c5de", BLUE)


SIGNS = "+ and −: the row is significantly above or below the column"


def spec(
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

    `records`: a, b, difference, p_adjusted (p_value, n_shared); `names`: the models, in the order of the
    axes. Each pair is drawn twice, with both signs.
    """
    factor, behind = points(percent=percent)
    score = visible(score)
    shown = rows(records, names, factor, level)
    fields = [("row", "row"), ("against", "column"), ("difference", f"difference{behind}")]
    fields += [("p_value", "p"), ("p_adjusted", "p, adjusted")]
    drawing = _drawing(
        _rows(names), f"difference in {score}{behind}, row − column", tooltip(fields, percent=percent)
    )
    note = "\n".join(text for text in (subtitle, SIGNS) if text)
    return figure(shown, drawing, description=description, title=title, subtitle=note)


def rows(records: Sequence[Row], names: Sequence[str], factor: float, level: float) -> list[Row]:
    """Return what is drawn: two rows a pair, (a, b) and (b, a)."""
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
    """Return the names with their numbers, which the columns are headed by."""
    return [f"{label}  {k}" for k, label in enumerate(labels(names), 1)]


def _sign(record: Row, sign: float, level: float) -> str:
    """Return + or − where the difference is significant after adjustment, nothing elsewhere."""
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
