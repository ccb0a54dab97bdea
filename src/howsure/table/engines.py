"""Tables of other packages as Polars scans, and the transfer of grouped rows from their engine.

Tables of pandas, PyArrow, Modin and Dask are read piece by piece, and only the columns that a query needs, so
that memory grows by one piece and not by a second table. Engines that plan their own queries (DuckDB, Ibis,
Spark) are used directly.
"""

from __future__ import annotations

import ctypes
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from numbers import Number
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

import narwhals as nw
import polars as pl
from polars.io.plugins import register_io_source

from howsure.errors import DataError, UnreadableTableError
from howsure.wording import without_secrets

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    Schema = Mapping[str, pl.DataType]
    Pieces = Callable[[Sequence[str]], Iterable[pl.DataFrame]]

T = TypeVar("T")

PIECE_ROWS = 250_000
MOST_INTEGER = 2**63
OBJECTS: Schema = {
    "string": pl.String(),
    "empty": pl.String(),
    "mixed-integer": pl.String(),
    "boolean": pl.Boolean(),
    "integer": pl.Int64(),
    "floating": pl.Float64(),
    "mixed-integer-float": pl.Float64(),
    "decimal": pl.Float64(),
}
"""The type that pandas infers for a column of Python objects, and the resulting type."""
OTHER = pl.Binary()
"""Lists, dicts, periods, durations … are converted to the bytes of their texts, and can only be grouped by.
"""


def columns_of(native: Any) -> Any:
    """Return a table with the columns of a frame: for Dask its empty pandas table, otherwise the frame
    itself.
    """
    return native._meta if _is_dask(native) else native  # noqa: SLF001 - Dask's own name for it


def scanned(native: Any, frame: Frame) -> Frame:
    """Return rows in memory, or in partitions of Dask, as a Polars scan. Any other frame is unchanged."""
    if _is_dask(native):
        return _scan(*_of_dask(native))
    if not isinstance(frame, nw.DataFrame):
        return frame
    return _scan(*(_of_arrow(native) if frame.implementation.is_pyarrow() else _of_pandas(frame)))


def _is_dask(native: Any) -> bool:
    return type(native).__module__.partition(".")[0] == "dask" and hasattr(native, "partitions")


def _scan(schema: Schema, pieces: Pieces) -> nw.LazyFrame[Any]:
    """Make a scan of a function that returns pieces with the requested columns."""

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield the pieces that a Polars query requests, with its columns, rows and filter."""
        for piece in _first(n_rows, pieces(list(schema) if columns is None else columns)):
            yield piece if predicate is None else piece.filter(predicate)

    return nw.from_native(register_io_source(read, schema=schema))


def _first(n_rows: int | None, pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield pieces up to this many rows, or all with None."""
    left = n_rows
    for piece in pieces:
        yield piece if left is None else piece.head(left)
        if left is not None:
            left -= len(piece)
            if left <= 0:
                return


def _of_arrow(table: Any) -> tuple[Schema, Pieces]:
    """Return the types of an Arrow table, without columns of types unknown to Polars, and the function for
    its pieces.
    """
    import pyarrow as pa

    stored = {field.name: _stored(field.type) for field in table.schema}
    schema = {name: (name, kind) for name, kind in stored.items() if _has_type(kind)}

    def pieces(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield slices of the table."""
        kept = pa.schema([schema[name] for name in columns])
        for start in _starts(len(table)):
            yield pl.DataFrame(table.slice(start, PIECE_ROWS).select(kept.names).cast(kept))

    return pl.DataFrame(pa.schema(schema.values()).empty_table()).schema, pieces


def _stored(kind: Any) -> Any:
    """Return the Arrow type for a column: a supported type if Polars can't read it, or can't write it as
    text.
    """
    import pyarrow as pa

    if pa.types.is_decimal256(kind):
        return pa.float64()
    return pa.string() if pa.types.is_duration(kind) else getattr(kind, "storage_type", kind)


def _has_type(kind: Any) -> bool:
    """Return whether Polars has a type for an Arrow type."""
    from pyarrow import types

    return not any(told(kind) for told in (types.is_union, types.is_interval, types.is_run_end_encoded))


def _of_pandas(frame: nw.DataFrame[Any]) -> tuple[Schema, Pieces]:
    """Return the types of a table of pandas or Modin, and the function for its pieces."""
    types = {name: _type(frame.get_column(name).to_pandas()) for name in frame.columns}

    def pieces(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield slices of the frame."""
        for start in _starts(len(frame)):
            yield _converted(frame[start : start + PIECE_ROWS].select(*columns).to_pandas(), types)

    return types, pieces


def _of_dask(table: Any) -> tuple[Schema, Pieces]:
    """Return the types of a Dask table, whose objects count as text, and the function for its partitions."""
    types = {name: _type(column) for name, column in columns_of(table).items()}

    def pieces(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the partitions, each computed on request."""
        for part in _parts(table[list(columns)].optimize()):
            yield _converted(part.compute(), types)

    return types, pieces


def _parts(table: Any) -> Iterator[Any]:
    """Yield the partitions of a Dask table, or all at once if one needs others (a shuffle), as each would
    compute them again.
    """
    from dask.optimization import cull

    first = table.partitions[0]
    needed, _ = cull(first.__dask_graph__(), first.__dask_keys__())  # type: ignore[no-untyped-call]
    if len(needed) * table.npartitions > 2 * len(table.__dask_graph__()):
        yield table
        return
    for k in range(table.npartitions):
        yield table.partitions[k]


def _starts(rows: int) -> range:
    """Return the starts of pieces. An empty table has one."""
    return range(0, max(rows, 1), PIECE_ROWS)


def _type(column: Any) -> pl.DataType:
    """Return the resulting type of a pandas column."""
    if column.dtype == object:
        # The type for Python objects. Mixed ones are text if the first is a text or a number.
        from pandas.api.types import infer_dtype

        kind = infer_dtype(column, skipna=True)
        if kind == "mixed" and isinstance(column.dropna().iloc[0], (str, Number)):
            return pl.String()
        if kind == "integer" and column.dropna().abs().max() >= MOST_INTEGER:
            return pl.String()
        return OBJECTS.get(kind, OTHER)
    if column.dtype.name == "category":
        return pl.Categorical()
    try:
        handed = _handed(column.iloc[:0])
    except (TypeError, ValueError, NotImplementedError):
        return OTHER
    unusual = (
        isinstance(handed.dtype, pl.Duration) or nw.from_native(handed, series_only=True).dtype == nw.Unknown
    )
    return OTHER if unusual else handed.dtype


def _handed(column: Any) -> pl.Series:
    """Return a column for Polars from pandas, without a copy if Arrow allows."""
    handed: Any = pl.from_pandas(column)
    return cast("pl.Series", handed)


def _converted(piece: Any, types: Schema) -> pl.DataFrame:
    """Convert a piece of a pandas table to the types of its columns."""
    return pl.DataFrame([_series(piece[name], types[name]).alias(name) for name in piece.columns])


def _series(column: Any, dtype: pl.DataType) -> pl.Series:
    if dtype == pl.Categorical:
        # Categories by their texts, only those in the piece.
        used = column.cat.remove_unused_categories().cat
        texts = pl.Series([str(category) for category in used.categories], dtype=pl.String)
        codes = pl.Series(used.codes.to_numpy())
        return texts.cast(pl.Categorical).gather(codes.set(codes < 0, None))
    if dtype == OTHER:
        return _texts(column).cast(dtype)
    if dtype == pl.String and column.dtype == object:
        # Python's texts, and any other values as their texts.
        with suppress(TypeError, pl.exceptions.PolarsError):
            return pl.Series(column.to_numpy(), dtype=pl.String)
        with suppress(TypeError, pl.exceptions.PolarsError):  # NaN and others mean a missing value
            return pl.Series(column.where(column.notna(), None).to_numpy(), dtype=pl.String)
        return _texts(column)
    if dtype == pl.Float64 and column.dtype == object:  # including decimals of any length
        return _handed(column.where(column.notna(), float("nan")).astype(float))
    return _handed(column).cast(dtype)


def _texts(column: Any) -> pl.Series:
    """Return the texts of any values."""
    gone = column.isna()
    texts = [None if missing else str(value) for value, missing in zip(column, gone, strict=True)]
    return pl.Series(texts, dtype=pl.String)


POLARS_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""The errors of Polars for a table that it can't read. A panic isn't an Exception."""
EXTRAS = {"duckdb": "pip install 'howsure[duckdb]'", "pyspark": "pip install 'howsure[spark]'"}
"""The extra that an engine needs to return its rows."""
PATIENCE = 0.1
"""Seconds after which a waiting producer checks whether the consumer has stopped."""


def to_polars(frame: Frame, *, streaming: bool = False) -> pl.DataFrame:
    """Collect a grouped frame from its engine. `streaming`: from Polars with few rows in memory, in any
    order.
    """
    if not isinstance(frame, nw.LazyFrame):
        return frame.to_polars()
    native = frame.to_native()
    if not isinstance(native, pl.LazyFrame):
        return _of_engine(frame)
    try:
        return native.collect(engine="streaming" if streaming else "auto")
    except POLARS_FAULTS as error:
        raise _unreadable(error) from None


def _of_engine(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Collect the frame of an engine other than Polars. DataError with its message if it fails."""
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
            remedy="Check that all rows can be read, and that each column has one type.",
        ) from error
    return collected


def in_pieces(frame: pl.LazyFrame, rows: int) -> Generator[pl.DataFrame]:
    """Collect a frame in pieces of this many rows, in order, and at least one, which may be empty.

    The pieces of `collect_batches` just end if Polars panics, for example for a file truncated meanwhile.
    Here that is an error.
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


def in_order(work: Iterable[Callable[[], T]], *, threads: int, ahead: int) -> Generator[T]:
    """Yield what each piece of work returns, in order, while later ones run in threads. `ahead`: so many have
    begun or are done, besides the one that is yielded.
    """
    begun: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for each in work:
            begun.append(pool.submit(each))
            if len(begun) > ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def trim_memory() -> None:
    """Give free memory back to the system. glibc keeps that of threads, a third of a gigabyte after 100
    million rows; other C libraries don't have this function.
    """
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _collect_into(
    pieces: Queue[pl.DataFrame | None],
    frame: pl.LazyFrame,
    rows: int,
    left: Event,
    faults: list[BaseException],
) -> None:
    """Put the pieces of a frame, and None after the last, until the consumer stops (`left`)."""

    def put(piece: pl.DataFrame | None) -> bool:
        """Pass on a piece, waiting for room. Return True, which ends the query, if the consumer has
        stopped.
        """
        while not left.is_set():
            with suppress(Full):
                pieces.put(piece, timeout=PATIENCE)
                return False
        return True

    try:
        frame.sink_batches(put, chunk_size=rows)
    except POLARS_FAULTS as fault:
        faults.append(_unreadable(fault))
    except BaseException as fault:  # noqa: BLE001 - it is raised by the reader of the pieces
        faults.append(fault)
    put(None)


def _unreadable(error: BaseException) -> UnreadableTableError:
    return UnreadableTableError(
        f"the table can't be read completely ({_first_line(error)})",
        remedy="Check that it still exists."
        if isinstance(error, OSError)
        else "Write the file again, with one type in each column.",
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return without_secrets(lines[0])
