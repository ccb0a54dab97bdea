"""What attempts took, added up in the engine that holds the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.table.collecting import to_polars
from howsure.table.schema import MEASURES, find_roles, open_frame, tidy, used_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.table.scores import Scores


TAKEN = "taken:"
"""What the columns of measures are called while they are added up; their counts end on " n"."""


def taken_name(name: str) -> str:
    """Return the column of a measure's totals."""
    return f"{TAKEN}{name}"


def with_taken(frame: Any, names: Sequence[str]) -> Any:
    """Return rows with measures as numbers beside them, under names of their own."""
    return (
        frame.with_columns(*(_number(frame, name).alias(taken_name(name)) for name in names))
        if names
        else frame
    )


def measure_names(scores: Scores) -> list[str]:
    """Return the columns of numbers that say what an attempt took, in the order of the schema; one that is a
    score isn't among them.
    """
    columns = open_frame(scores.rows).collect_schema()
    used = used_columns(find_roles(columns.names(), scores.roles))
    return [name for name in MEASURES if name in columns and name not in used and columns[name].is_numeric()]


def taken(scores: Scores) -> pl.DataFrame:
    """Return a row for every measure that was recorded: `measure`, `recorded` in so many of `attempts`, and
    the `total`.

    The measures stand beside every metric of an attempt, so that of each task and model the metric with the
    most rows counts, or attempts would count twice.
    """
    names = measure_names(scores)
    if not names:
        return pl.DataFrame(schema={"measure": pl.String})
    frame, _ = tidy(scores.rows, scores.roles)
    values = frame.select("task", "model", "metric", *(_number(frame, name) for name in names))
    totals = [
        each for name in names for each in (nw.col(name).sum(), nw.col(name).count().alias(f"{name} n"))
    ]
    parts = to_polars(values.group_by("task", "model", "metric").agg(nw.len().alias("rows"), *totals))
    once = parts.sort("rows", "metric", descending=[True, False]).unique(["task", "model"], keep="first")
    return pl.DataFrame(
        {
            "measure": names,
            "recorded": [int(once[f"{name} n"].sum()) for name in names],
            "attempts": [int(once["rows"].sum())] * len(names),
            "total": [float(once[name].sum()) for name in names],
        }
    ).filter(pl.col("recorded") > 0)


def _number(frame: Any, name: str) -> nw.Expr:
    """Cast a measure to numbers; NaN counts as not recorded."""
    number = nw.col(name).cast(nw.Float64)
    if frame.collect_schema()[name].is_float():
        number = nw.when(~number.is_nan()).then(number)
    return number.alias(name)
