"""Which rows count: those in which a column has one of some values, which are written as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.table.ids import EXACT
from howsure.table.numbers import number_in
from howsure.table.words import WORDS
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


def rows_where(frame: Frame, where: Mapping[str, Sequence[str]]) -> Frame:
    """Keep the rows in which these columns have one of these values: 1 is 1.0, and True is true. DataError
    where there is no such column.
    """
    schema = frame.collect_schema()
    for name, values in where.items():
        if name not in schema.names():
            raise DataError(
                f"no column {name!r} to choose rows by",
                remedy=f"The columns are: {', '.join(schema.names())}.",
            )
        frame = frame.filter(_is_one_of(nw.col(name), schema[name], values))
    return frame


def chosen_rows(frame: pl.DataFrame, where: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Keep the same of a table that isn't results; DataError also where no row has any of the values."""
    for name, values in where.items():
        kept: pl.DataFrame = rows_where(nw.from_native(frame), {name: values}).to_native()
        if kept.is_empty():
            raise DataError(
                f"no row has {listing(list(values))} in the column {name!r}",
                remedy=(
                    f"It holds {listing(frame[name].cast(pl.String).unique(maintain_order=True).to_list())}."
                ),
            )
        frame = kept
    return frame


def _is_one_of(column: nw.Expr, dtype: Any, values: Sequence[str]) -> nw.Expr:
    numbers = [number for number in map(number_in, values) if number is not None]
    if dtype == nw.Boolean:
        said = {*numbers, *(WORDS.get(value.strip().lower()) for value in values)}
        return column.is_in([truth for truth in (True, False) if truth in said])
    as_text = column.cast(nw.String).is_in(list(values))
    exact = [number for number in numbers if abs(number) < EXACT] if dtype.is_numeric() else []
    return as_text | column.cast(nw.Float64).is_in(exact) if exact else as_text
