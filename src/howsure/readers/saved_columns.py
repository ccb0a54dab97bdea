"""Rows as columns of JSON, and back: what comes again and again is written once, with its place a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.readers.saved_fields import misfit, short
from howsure.table.cells import whole_text
from howsure.table.schema import IDENTITY, MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MANY = 4
"""Values that come so often each, in the mean, are written once."""
KINDS: dict[str, tuple[Any, tuple[type, ...]]] = {
    "text": (pl.String, (str,)),
    "whole": (pl.Int64, (int,)),
    "real": (pl.Float64, (int, float)),
    "flag": (pl.Boolean, (bool,)),
}
"""What a column may hold: how Polars calls it, and JSON."""
EXPECTED = {
    **dict.fromkeys(("log", "attempt"), "whole"),
    **dict.fromkeys(("task", "model", "item", "metric", "status", "cluster"), "text"),
    **dict.fromkeys(("score", "weight", *MEASURES), "real"),
}
"""What the columns of the tidy table hold, and that of the logs."""


def columns_of(rows: pl.DataFrame) -> dict[str, Any]:
    """Write every column: its kind, and its values, or its `distinct` values in the order in which they come
    first, and which of them each row has.
    """
    return {name: _column(rows[name]) for name in rows.columns}


def _column(values: pl.Series) -> dict[str, Any]:
    kind, values = _kind(values)
    distinct = values.drop_nulls().unique(maintain_order=True)
    if len(distinct) * MANY > len(values):
        return {"kind": kind, "values": _numbers(values)}
    places = pl.DataFrame(
        {"value": distinct, "place": range(len(distinct))}, schema_overrides={"place": pl.Int64}
    )
    rows = pl.DataFrame({"value": values}).join(places, on="value", how="left", maintain_order="left")
    return {"kind": kind, "distinct": _numbers(distinct), "places": rows["place"].to_list()}


def _kind(values: pl.Series) -> tuple[str, pl.Series]:
    kind = next((name for name, test in _TESTS.items() if test(values.dtype)), "text")
    return kind, values.cast(KINDS[kind][0], strict=False)


_TESTS: dict[str, Callable[[pl.DataType], bool]] = {
    "whole": lambda dtype: dtype.is_integer(),
    "real": lambda dtype: dtype.is_numeric(),
    "flag": lambda dtype: dtype == pl.Boolean,
}


def _numbers(values: pl.Series) -> list[Any]:
    """Return values as JSON has them, whole numbers without a point."""
    if values.dtype != pl.Float64:
        return values.to_list()
    return [x if x is None else short(x) for x in values]


def rows_of(given: object, where: str) -> pl.DataFrame:
    """Return the rows. ReadError where a column isn't what a baseline holds, is missing, or is longer than
    another.
    """
    if not isinstance(given, dict):
        raise misfit("columns", where)
    found = {whole_text(name): _series(name, column, where) for name, column in given.items()}
    for name in ("log", *IDENTITY, "score", "status"):
        if name not in found:
            raise misfit(f"the column {name!r}", where)
    if len({len(values) for values in found.values()}) != 1:
        raise misfit("the length of its columns", where)
    rows = pl.DataFrame(found)
    _check(rows, where)
    return rows


def _series(name: str, column: Any, where: str) -> pl.Series:
    what = f"the column {name[:40]!r}"
    if not isinstance(column, dict) or column.get("kind") not in tuple(KINDS):
        raise misfit(what, where)
    kind = column["kind"]
    if EXPECTED.get(name, kind) != kind:
        raise misfit(what, where)
    if "values" in column:
        return _values(column["values"], kind, what, where)
    distinct, places = _values(column.get("distinct"), kind, what, where), column.get("places")
    if not isinstance(places, list) or not _all_of(places, (int,)):
        raise misfit(what, where)
    if any(place is not None and not 0 <= place < len(distinct) for place in places):
        raise misfit(what, where)
    return distinct.gather(pl.Series(places, dtype=pl.UInt32))


def _values(given: Any, kind: str, what: str, where: str) -> pl.Series:
    dtype, types = KINDS[kind]
    if not _all_of(given, types):
        raise misfit(what, where)
    if kind == "text":
        given = [None if each is None else whole_text(each) for each in given]
    try:
        return pl.Series(
            [None if each is None else float(each) for each in given] if kind == "real" else given,
            dtype=dtype,
        )
    except (OverflowError, TypeError):
        raise misfit(what, where) from None


def _all_of(given: object, types: Sequence[type]) -> bool:
    return isinstance(given, list) and {type(each) for each in given} <= {*types, type(None)}


def _check(rows: pl.DataFrame, where: str) -> None:
    """Refuse rows that no reader would have made."""
    doubts: Mapping[str, pl.Expr] = {
        "a name": pl.any_horizontal(pl.col(name).is_null() for name in IDENTITY),
        "an attempt": pl.col("attempt") < 0,
        "a status": pl.col("status").is_null(),
    }
    for name, doubt in doubts.items():
        if len(rows) and rows.select(doubt.any()).item():
            raise misfit(name, where)
