"""Collecting: how rows, grouped ones or few, leave the engine that holds them."""

from __future__ import annotations

from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.wording import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

POLARS_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What Polars raises over a table that it can't read; a panic is no Exception."""
EXTRAS = {"duckdb": "pip install 'howsure[duckdb]'", "pyspark": "pip install 'howsure[spark]'"}
"""By which extra an engine gets what it needs to hand its rows over."""
PATIENCE = 0.1
"""Seconds after which one who waits to hand over a piece looks whether anybody still wants it."""


def to_polars(frame: Frame) -> pl.DataFrame:
    """Collect a grouped frame out of its engine."""
    if not isinstance(frame, nw.LazyFrame):
        return frame.to_polars()
    native = frame.to_native()
    if not isinstance(native, pl.LazyFrame):
        return _of_engine(frame)
    try:
        return native.collect()
    except POLARS_FAULTS as error:
        raise _unreadable(error) from None


def _of_engine(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Collect what an engine other than Polars holds; DataError with what it says where it fails."""
    try:
        collected: pl.DataFrame = frame.collect("polars").to_native()
    except Exception as error:
        name = str(frame.implementation).rpartition(".")[2]
        if isinstance(error, ImportError) and name in EXTRAS:
            raise DataError(
                f"rows of {name} need a package ({_first_line(error)})", remedy=EXTRAS[name]
            ) from None
        raise DataError(
            f"{name} can't answer ({type(error).__name__}: {_first_line(error)})",
            remedy="Check that the rows can be read to their end, and that a column is of one kind.",
        ) from error
    return collected


def in_pieces(frame: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Collect a frame in pieces of so many rows, in order; at least one, which may be empty.

    The pieces of `collect_batches` just end where Polars panics, as over a file that is cut meanwhile; here
    that is an error.
    """
    pieces: Queue[pl.DataFrame | None] = Queue(maxsize=1)
    left, faults, count = Event(), list[BaseException](), 0
    worker = Thread(target=_collect_into, args=(pieces, frame, rows, left, faults), daemon=True)
    worker.start()
    try:
        while (piece := pieces.get()) is not None:
            count += 1
            yield piece
    finally:
        left.set()
        worker.join()
    if faults:
        raise faults[0]
    if not count:
        yield frame.collect_schema().to_frame()


def _collect_into(
    pieces: Queue[pl.DataFrame | None],
    frame: pl.LazyFrame,
    rows: int,
    left: Event,
    faults: list[BaseException],
) -> None:
    """Put the pieces of a frame, and None after the last, until nobody waits for more (`left`)."""

    def put(piece: pl.DataFrame | None) -> bool:
        """Hand a piece over, waiting for room; True, which ends the query, where nobody wants more."""
        while not left.is_set():
            with suppress(Full):
                pieces.put(piece, timeout=PATIENCE)
                return False
        return True

    try:
        frame.sink_batches(put, chunk_size=rows)
    except POLARS_FAULTS as fault:
        faults.append(_unreadable(fault))
    except BaseException as fault:  # noqa: BLE001 - it is raised where the pieces are read
        faults.append(fault)
    put(None)


def _unreadable(error: BaseException) -> DataError:
    return DataError(
        f"the table can't be read to its end ({_first_line(error)})",
        remedy="Check that it is still there."
        if isinstance(error, OSError)
        else "A column must be of one kind throughout; converting it to text or the file to Parquet helps.",
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return without_secrets(lines[0])
