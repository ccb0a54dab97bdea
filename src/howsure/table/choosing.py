"""Which rows count: those in which a column has one of some values, which are written as text."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import narwhals as nw

from howsure.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

YES, NO = ("true", "yes", "1"), ("false", "no", "0")


def rows_where(frame: Frame, where: Mapping[str, Sequence[str]]) -> Frame:
    """Keep the rows in which these columns have one of these values: 1 is 1.0, and True is true. DataError where there is no such column."""
    schema = frame.collect_schema()
    for name, values in where.items():
        if name not in schema.names():
            raise DataError(
                f"no column {name!r} to choose rows by", remedy=f"The columns are: {', '.join(schema.names())}."
            )
        frame = frame.filter(_is_one_of(nw.col(name), schema[name], values))
    return frame


def _is_one_of(column: nw.Expr, dtype: Any, values: Sequence[str]) -> nw.Expr:
    if dtype == nw.Boolean:
        words = [value.strip().lower() for value in values]
        asked = [known for known, said in ((True, YES), (False, NO)) if not set(said).isdisjoint(words)]
        return column.is_in(asked)
    as_text = column.cast(nw.String).is_in(list(values))
    numbers = _numbers(values) if dtype.is_numeric() else []
    return as_text | column.cast(nw.Float64).is_in(numbers) if numbers else as_text


def _numbers(values: Sequence[str]) -> list[float]:
    found = []
    for value in values:
        with suppress(ValueError):
            found.append(float(value))
    return found
