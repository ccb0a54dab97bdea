"""Collecting: how rows, grouped ones or few, leave the engine that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

POLARS_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What Polars raises over a table that it can't read; a panic is no Exception."""


def to_polars(frame: Frame) -> pl.DataFrame:
    """Collect a grouped frame out of its engine."""
    if not isinstance(frame, nw.LazyFrame):
        return frame.to_polars()
    native = frame.to_native()
    if not isinstance(native, pl.LazyFrame):
        collected: pl.DataFrame = frame.collect("polars").to_native()
        return collected
    try:
        return native.collect()
    except POLARS_FAULTS as error:
        raise _unreadable(error) from None


def in_pieces(frame: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Collect a frame in pieces of so many rows, in order; at least one, which may be empty."""
    piece = None
    try:
        for piece in frame.collect_batches(chunk_size=rows):
            yield piece
    except POLARS_FAULTS as error:
        raise _unreadable(error) from None
    if piece is None:
        yield frame.collect_schema().to_frame()


def _unreadable(error: BaseException) -> DataError:
    return DataError(
        f"the table can't be read to its end ({str(error).splitlines()[0]})",
        remedy="A column must be of one kind throughout; converting it to text or the file to Parquet helps.",
    )
