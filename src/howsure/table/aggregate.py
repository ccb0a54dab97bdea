"""Rows to one row per task, metric, model and item, as Narwhals expressions.

The same expressions run in Polars here, in DuckDB, in Spark or in a warehouse through Ibis. A lazy frame is
grouped in its own engine, and only the grouped rows leave it. Polars scans are grouped piece by piece, so
that memory grows with the grouped rows and not with the rows.
"""

from __future__ import annotations

import io
import os
import re
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import DataError, OptionError, UnreadableTableError
from howsure.table.cells import text_of, without_blanks
from howsure.table.engines import to_polars
from howsure.table.grouping import (
    KEYS,
    OF_ITEMS,
    all_differ,
    attributes_query,
    changes,
    check_known,
    collect_pieces,
    distinct_names,
    in_blocks,
    keys_of,
    measure_names,
    merged_attributes,
    once,
    results_of_runs,
    results_query,
    taken_name,
    taken_of,
    with_taken,
)
from howsure.table.repeats import refuse_mixtures, refuse_numbered, task_of
from howsure.table.schema import (
    COLUMNS,
    CONSTANTS,
    FINGERPRINTS,
    NAMES,
    STOP,
    find_roles,
    open_frame,
    tidy,
    used_columns,
)
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from howsure.table.grouping import Places

RESULT_BYTES = 190
"""The peak memory per result of a model on an item (docs/scale.md)."""
FAILED = {"error": "error", "not_run": "not run"}
MEMORY_INFO, MEMORY_LIMIT = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
MEMORY, UNITS = "HOWSURE_MEMORY", {"GB": 1e9, "MB": 1e6}
_STATED = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>[GM]B)", re.IGNORECASE)


class TooManyResultsError(DataError):
    """More results come back from an engine than fit into memory."""


def refuse_many(frame: Frame, keys: Sequence[str], rows: int) -> None:
    """Raise TooManyResultsError if the groups of an engine's `rows` wouldn't fit into memory. They are
    counted only if they may not.
    """
    room = free_bytes() / RESULT_BYTES
    if rows <= room or isinstance(frame.to_native(), pl.LazyFrame):
        return
    back = Back.counted(frame, keys)
    if back.rows > room:
        raise TooManyResultsError(
            f"{plural(back.rows, 'row')} would come back, {back.each}, and take about {_size(back.memory)} "
            f"of memory, but {_size(free_bytes())} are free",
            remedy=(
                "Use fewer tasks or models at a time (`task`, `model`), or pass a query that keeps a "
                "sample of the items."
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """The size of an engine's result: the number of rows, one per combination of the keys, and of models."""

    keys: tuple[str, ...]
    rows: int
    models: int

    @classmethod
    def counted(cls, frame: Frame, keys: Sequence[str]) -> Self:
        """Count the combinations in the engine of the rows."""
        models = [nw.col("model").n_unique().alias("models")] if "model" in keys else []
        counts = to_polars(frame.select(*keys).unique().select(nw.len().alias("rows"), *models)).row(
            0, named=True
        )
        return cls(keys=tuple(keys), rows=counts["rows"], models=counts.get("models", 0))

    @property
    def each(self) -> str:
        """Return what each row is for: `one per model and item of 100 models`."""
        *before, last = self.keys
        models = f" of {plural(self.models, 'model')}" if self.models else ""
        return f"one per {', '.join(before)} and {last}{models}"

    @property
    def memory(self) -> float:
        """Return their memory in bytes at the peak of an analysis."""
        return float(self.rows * RESULT_BYTES)


def explained(scores: Scores, columns: Sequence[str]) -> str:
    """Return the queries that an analysis runs in the engine of the rows, and the size of the result.
    `columns`: attributes of items that it needs.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    schema = frame.collect_schema()
    names = schema.names()
    check_known(columns, names)
    declared = [name for name in ("cluster", "weight") if name in names]
    bits = "attempt" in names and schema["attempt"].is_integer()
    results = results_query(frame, names, roles, bits=bits)
    items = attributes_query(frame, list(dict.fromkeys((*declared, *columns))), counted=True)
    back, about = Back.counted(frame, keys_of(roles)), Back.counted(frame, ("task", "item"))
    return (
        f"Comes back: {plural(back.rows, 'row')}, {back.each} (about {_size(back.memory)} of "
        f"memory).{_too_many(frame, back)}\n\n{_text(results)}\n\nComes back: {plural(about.rows, 'row')}, "
        f"{about.each}.\n\n{_text(items)}"
    )


def _too_many(frame: Frame, back: Back) -> str:
    """Return a note on results that don't fit into memory, or nothing if they do, or are in memory anyway."""
    free = free_bytes()
    if back.memory <= free or isinstance(frame.to_native(), pl.LazyFrame):
        return ""
    return (
        f" Only {_size(free)} are free. With clusters, estimate, compare and leaderboard read the same "
        "rows in blocks of whole clusters, after one row per model and cluster. Anything else is an "
        "error."
    )


def _text(query: Frame) -> str:
    """Return a query in its engine's language: SQL if supported, otherwise its plan."""
    native: Any = query.to_native()
    if query.implementation.is_duckdb():
        return str(native.sql_query())
    if query.implementation.is_ibis():
        import ibis

        return str(ibis.to_sql(native))
    with redirect_stdout(io.StringIO()) as printed:
        plan = native.explain()
    return str(plan or printed.getvalue()).strip()


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def free_bytes() -> float:
    """Return the available memory, infinity if unknown. The user can state less in `HOWSURE_MEMORY`."""
    return min(_limits(), default=float("inf"))


def _limits() -> Iterator[float]:
    """Yield the user's limit, the memory available according to the kernel, or else all of it, and the limit
    of a container.
    """
    if stated := os.environ.get(MEMORY):
        found = _STATED.fullmatch(stated.strip())
        if found is None:
            raise OptionError(f"{MEMORY}={stated!r} isn't a size", remedy="Write 2GB or 500MB.")
        yield float(found["number"]) * UNITS[found["unit"].upper()]
    with suppress(OSError, ValueError):
        yield 1024.0 * int(MEMORY_INFO.read_text(encoding="ascii").partition("MemAvailable:")[2].split()[0])
    with suppress(OSError, ValueError, AttributeError):
        yield float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):
        yield float(MEMORY_LIMIT.read_text(encoding="ascii"))


KEY = ["run", "task", "model", "metric"]


def run_means(
    rows: Any, roles: Mapping[str, tuple[str, ...]], *, zero: Collection[str], run_of: Mapping[str, str]
) -> dict[tuple[str, str, str], dict[str, tuple[int, float | None]]]:
    """Return items and mean score of each run, task and model, by metric.

    `run_of`: the run of each source. Any other source is its own run, and so are rows without one. The
    attempts at an item are averaged first. An attempt without a score counts as 0 on the tasks `zero`,
    otherwise not at all. An item without any score counts among the items.
    """
    frame, _ = tidy(rows, roles)
    named = "source" in frame.collect_schema().names()
    frame = frame.with_columns(nw.col("source").cast(nw.String) if named else nw.lit("").alias("source"))
    score, by = nw.col("score"), ["source", *KEY[1:], "item"]
    parts = to_polars(
        frame.group_by(*by).agg(score.sum().alias("total"), score.count().alias("n"), nw.len().alias("rows"))
    )
    run = pl.col("source").fill_null("").replace(dict(run_of)).alias("run")
    items = parts.with_columns(run).group_by(*KEY, "item").agg(pl.col("total", "n", "rows").sum())
    counts = pl.when(pl.col("task").is_in(list(zero))).then("rows").otherwise("n")
    means = items.with_columns(mean=pl.when(counts > 0).then(pl.col("total") / counts))
    found: dict[tuple[str, str, str], dict[str, tuple[int, float | None]]] = {}
    table = means.group_by(KEY).agg(n=pl.len(), mean=pl.col("mean").mean()).sort(KEY)
    for source, task, model, metric, n, mean in table.iter_rows():
        found.setdefault((source, task, model), {})[metric] = (n, mean)
    return found


MOST_COLUMNS = 40
NAMING = ("model", "item")
"""The names that a row must have. Its task may be that of the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows an analysis needs. An empty choice means all. For a model, the name after a slash is enough,
    unless `whole`.

    `measures`: columns of usage, to be summed.
    """

    task: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """The grouped rows.

    `results`: one row per task, metric, model and item (categoricals), with `n` scored attempts, their `mean`
    and population `variance`, `low`, `high`, all `rows`, and the counts of failed ones (`n_error`,
    `n_not_run`, the rest is unscored). `attributes`: one row per task and item, with the smallest and largest
    value (`name`, `name_max`) of each column that should be constant within an item. `copies`: exact copies
    of rows that were dropped. `blank`: rows without model, item and score. `numbered`: whether a column
    numbers the attempts. `every`: attributes from all rows of the tasks, for any models and metrics, None if
    not requested. For each measure, `results` has the total and the number of rows with a value.
    """

    results: pl.DataFrame
    attributes: pl.DataFrame
    copies: int
    blank: int
    numbered: bool
    every: pl.DataFrame | None = None


@contextmanager
def _named_file(scores: Scores) -> Iterator[None]:
    """Name the only file in an error about its rows."""
    try:
        yield
    except UnreadableTableError as error:
        names = [file.path for file in scores.files if file.outcome == "read"]
        where = names[0] if len(names) == 1 else error.where
        raise UnreadableTableError(error.what, where=where, remedy=error.remedy) from None


def group(scores: Scores, wanted: Wanted, columns: Sequence[str], *, every: bool = False) -> Grouped:
    """Group the rows in their engine. The result may be empty. `columns`: attributes of items that are needed
    (clusters, weights).

    `every`: also return attributes from all rows of the tasks.
    """
    piecewise = isinstance(scores.rows, pl.LazyFrame)
    here = scores.in_memory or isinstance(scores.rows, pl.DataFrame)
    frame, roles = tidy(scores.rows, scores.roles, blanks=piecewise, in_memory=here)
    names = frame.collect_schema().names()
    check_known(columns, names)
    whole = _of_tasks(with_taken(frame, wanted.measures), wanted)
    asked = _asked(_exactly(wanted, whole))
    raw = whole if asked is None else whole.filter(asked)
    if piecewise:
        texts = [text_of(name, whole).alias(name) for name in NAMES if name in roles]
        whole = whole.with_columns(*texts)
    frame = whole if asked is None else whole.filter(asked)
    names = [*names, *map(taken_name, wanted.measures)]
    declared = [name for name in ("cluster", "weight") if name in names]
    if here and declared:  # harnesses' rows have them, mostly without a value
        known = to_polars(frame.select(*(nw.col(name).is_null().all() for name in declared)))
        declared = [name for name in declared if not known[name].item()]
    of_items = list(dict.fromkeys((*declared, *columns)))
    more = (whole, asked) if every and asked is not None else None
    with _named_file(scores):
        alone = _rows_alone(frame, names, roles) if here and not of_items else None
        if alone is None:
            pieces = raw.to_native() if piecewise else None
            results, attributes, of_all = _collect(frame, names, roles, of_items, pieces=pieces, more=more)
        else:
            results, attributes, of_all = alone, _items(alone), None
    others = _not_meant(results, wanted.model)
    if others:
        frame = frame.filter(~nw.col("model").is_in(others))
        results = results.filter(~pl.col("model").cast(pl.String).is_in(others))
    blank = results.filter(_is_blank(results))
    if len(blank):
        frame = frame.filter(
            reduce(or_, (~nw.col(key).is_null() for key in NAMING if key in results.columns))
        )
        results, attributes = (
            results.filter(~_is_blank(results)),
            attributes.filter(pl.col("item").is_not_null()),
        )
    for key in KEYS:
        if key in results.columns and results[key].null_count():
            rows = int(results.filter(pl.col(key).is_null())["rows"].sum())
            raise DataError(
                f"rows without {'an item' if key == 'item' else f'a {key}'}: {rows:,}",
                remedy=f"Fill the column, or name another (`columns={{{key!r}: '…'}}`).",
            )
    _check_finite(results)
    checked = _check_duplicates(results, frame, names, roles).drop("attempts", strict=False)
    if checked["n"].equals(checked["rows"]):
        checked = checked.with_columns(n=pl.col("rows"))  # the same column, in memory too
    return Grouped(
        results=_with_constants(checked),
        attributes=attributes,
        copies=int(results["rows"].sum()) - int(checked["rows"].sum()),
        blank=int(blank["rows"].sum()),
        numbered="attempt" in names,
        every=None if of_all is None else of_all.filter(pl.col("item").is_not_null()),
    )


def _filter(frame: Frame, wanted: Wanted) -> Frame:
    frame, asked = _of_tasks(frame, wanted), _asked(wanted)
    return frame if asked is None else frame.filter(asked)


def _of_tasks(frame: Frame, wanted: Wanted) -> Frame:
    return frame.filter(nw.col("task").is_in(list(wanted.task))) if wanted.task else frame


MANY_NAMES = 8
"""From this many models on, the distinct names are looked up once, as comparing the ends of all rows' names
would take longer.
"""


def _exactly(wanted: Wanted, frame: Frame) -> Wanted:
    """Return the same rows of a frame by the models' full names, if many are wanted."""
    if len(wanted.model) < MANY_NAMES:
        return wanted
    names, ends = set(wanted.model), tuple(f"/{name}" for name in wanted.model)
    known = to_polars(frame.select("model").unique())["model"].drop_nulls().sort()
    full = tuple(name for name in known if name in names or name.endswith(ends))
    return replace(wanted, model=full or wanted.model, whole=True)


def _asked(wanted: Wanted) -> nw.Expr | None:
    """Return which rows have the wanted models and metrics, None for all."""
    kept: list[nw.Expr] = [nw.col("metric").is_in(list(wanted.metric))] if wanted.metric else []
    if wanted.model:
        model = nw.col("model")
        ends = (model.str.ends_with(f"/{name}") for name in wanted.model if not wanted.whole)
        kept.append(reduce(or_, ends, model.is_in(list(wanted.model))))
    return reduce(and_, kept) if kept else None


def _not_meant(results: pl.DataFrame, wanted: Sequence[str]) -> list[str]:
    """Return the models whose names only end like one that was given in full."""
    if not wanted:
        return []
    names = results["model"].unique().drop_nulls().cast(pl.String).to_list()
    ends = [f"/{name}" for name in wanted if name not in names]
    return [name for name in names if name not in wanted and not any(name.endswith(end) for end in ends)]


def _collect(
    frame: Frame,
    names: Sequence[str],
    roles: Mapping[str, tuple[str, ...]],
    columns: Sequence[str],
    *,
    pieces: pl.LazyFrame | None,
    more: tuple[Frame, nw.Expr] | None,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame | None]:
    """Return results and attributes: for a Polars scan piece by piece if that works, otherwise at once by the
    engine.

    `pieces`: the scan, with names of blanks only as they are. `more`: all rows, and which of them are wanted,
    if attributes of all are needed as well (the third result).
    """
    bits = _counts_bits(frame, names)
    in_parts = bits or "attempt" not in names
    found = _collect_pieces(pieces, names, roles, columns) if pieces is not None and in_parts else None
    every = to_polars(attributes_query(more[0], columns), streaming=True) if more and found else None
    if found:
        results, attributes = found
    else:
        attributes, every = _attributes_at_once(frame, roles, columns, more)
        results = _results(_by_code(frame, roles), names, roles, bits=bits)
    if bits:
        results = results.with_columns(pl.col("attempts").cast(pl.Int64).bitwise_count_ones())
    return results, _items(results) if attributes is None else attributes, every


def _attributes_at_once(
    frame: Frame,
    roles: Mapping[str, tuple[str, ...]],
    columns: Sequence[str],
    more: tuple[Frame, nw.Expr] | None,
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Return attributes by one query, also those of all rows if needed, unless results wouldn't fit into
    memory.
    """
    if more is None:
        found, every = to_polars(attributes_query(frame, columns, counted=True)), None
    else:
        whole, asked = more
        parts = to_polars(
            attributes_query(whole.with_columns(asked_=asked), columns, by=("asked_",), counted=True)
        )
        found = parts.filter(pl.col("asked_").fill_null(value=False)).drop("asked_")
        every = merged_attributes(parts.drop("asked_", "rows"))
    refuse_many(frame, keys_of(roles), int(found["rows"].sum()))
    return found.drop("rows"), every


def _by_code(frame: Frame, roles: Mapping[str, tuple[str, ...]]) -> Frame:
    """Return a Polars scan with its keys as categories, which group faster than texts. Any other frame is
    unchanged.
    """
    native = frame.to_native()
    if not isinstance(native, pl.LazyFrame):
        return frame
    return nw.from_native(native.with_columns(pl.col(keys_of(roles)).cast(pl.Categorical)))


def _collect_pieces(
    frame: pl.LazyFrame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], columns: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame | None] | None:
    """Group a Polars scan piece by piece, with only the needed columns. None if that doesn't work."""
    needed = dict.fromkeys((*KEYS, "attempt", "score", "status", *columns, *taken_of(names)))
    simple = "status" not in roles and not taken_of(names)
    keys = keys_of(roles)

    def results(piece: pl.DataFrame, starts: Places, named: pl.DataFrame) -> pl.DataFrame:
        """Group a piece."""
        if simple:
            own, of_keys = changes(named.select(keys))
            alone = results_of_runs(piece, starts[own], of_keys)
            if alone is not None:
                return alone
        rows = piece.with_columns(without_blanks(piece.select(keys)))
        return _results(nw.from_native(rows.lazy()), names, roles, bits="attempt" in names)

    return collect_pieces(frame.select(name for name in needed if name in names), keys, columns, results)


def _items(results: pl.DataFrame) -> pl.DataFrame:
    """Return the task and item of every result, once."""
    return once(_with_constants(results).select(OF_ITEMS)).cast(pl.String)


def _rows_alone(
    frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame | None:
    """Return the results of rows in memory if each is a group of its own, None otherwise.

    Items stay texts if few of them are repeated, as categories of so many would take longer than all else.
    """
    keys = keys_of(roles)
    if taken_of(names):
        return None
    if "attempt" in names and to_polars(frame.select(nw.col("attempt").n_unique())).item() > 1:
        return None
    states = ["status"] if "status" in roles else []
    rows = to_polars(frame.select(*keys, "score", *states))
    if not all_differ(rows.select(keys)):
        return None
    few = rows["item"].hash().n_unique() * 2 < len(rows)
    score, status = pl.col("score"), pl.col("status")
    score = pl.when(score != 0).then(score).when(score == 0).then(0.0)  # no −0, as from a mean
    if states:
        score = pl.when(status == "ok").then(score)
    return rows.select(
        pl.col([key for key in keys if few or key != "item"]).cast(pl.Categorical),
        *([] if few else [pl.col("item")]),
        rows=pl.lit(1, pl.UInt32),
        n=score.is_not_null().cast(pl.UInt32),
        mean=score,
        variance=score * 0.0,
        low=score,
        high=score,
        **{f"n_{name}": (status == state).cast(pl.Int64) for name, state in FAILED.items() if states},
    )


def _counts_bits(frame: Frame, names: Sequence[str]) -> bool:
    """Return whether attempts can be counted as bits, which add up over pieces and don't need a set of values
    per group.
    """
    return "attempt" in names and frame.collect_schema()["attempt"].is_integer()


def _results(
    frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], *, bits: bool = False
) -> pl.DataFrame:
    """Group the rows and collect. `bits`: count attempts as bits, which leaves out those outside 0 … 31."""
    return to_polars(results_query(frame, names, roles, bits=bits)).with_columns(
        pl.col(keys_of(roles)).cast(pl.Categorical)
    )


FEW_ROWS = 10_000
"""Up to this many rows are sorted by NumPy, whose calls cost less than those of Polars."""


def coded(column: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Return the distinct texts of a column in order, and the position of each row's text among them, −1 for
    null.
    """
    if column.dtype == pl.String and not column.null_count() and all_differ(column.to_frame()):
        placed = (
            column.alias("text")
            .to_frame()
            .with_row_index("row")
            .lazy()
            .sort("text")
            .collect(engine="streaming")
        )
        codes = np.empty(len(column), dtype=np.int64)
        codes[placed["row"].to_numpy()] = np.arange(len(column))
        return placed["text"], codes
    if column.dtype != pl.Categorical:
        column = column.cast(pl.Categorical)
    if len(column) <= FEW_ROWS and not column.null_count():
        _, first, codes = np.unique(column.to_physical().to_numpy(), return_index=True, return_inverse=True)
        texts = column[first.tolist()].cast(pl.String).to_list()
        order = sorted(range(len(texts)), key=texts.__getitem__)
        return pl.Series(column.name, [texts[k] for k in order], dtype=pl.String), np.argsort(order)[codes]
    labels = distinct_names(column).sort()
    found = labels.to_physical().to_numpy()
    positions = np.full(found.max(initial=0) + 2, -1)  # the last one is for null
    positions[found] = np.arange(len(found))
    codes = np.empty(len(column), dtype=np.int64)
    for rows, part in in_blocks(column.to_physical()):
        codes[rows] = positions[part.fill_null(len(positions) - 1).to_numpy()]
    return labels.cast(pl.String), codes


def _with_constants(results: pl.DataFrame) -> pl.DataFrame:
    """Add the keys and counts that are constant."""
    constants = {name: pl.lit(text).cast(pl.Categorical) for name, text in CONSTANTS.items()}
    counts = {"n_error": pl.lit(0, pl.Int64), "n_not_run": pl.lit(0, pl.Int64)}
    added = {name: value for name, value in {**constants, **counts}.items() if name not in results.columns}
    return results.with_columns(**added)


def _is_blank(results: pl.DataFrame) -> pl.Expr:
    """Return which rows have neither names nor a score, like an empty line of a file."""
    names = [pl.col(key).is_null() for key in NAMING if key in results.columns]
    return pl.all_horizontal(
        *names, *(pl.col(name) == 0 for name in ("n", "n_error", "n_not_run") if name in results.columns)
    )


def _check_finite(grouped: pl.DataFrame) -> None:
    bad = grouped.filter(pl.col("low").is_infinite() | pl.col("high").is_infinite())
    if len(bad):
        row = bad.sort([key for key in KEYS if key in bad.columns]).row(0, named=True)
        raise DataError(
            f"infinite score (item {row['item']!r}, model {row['model']!r}; {len(bad):,} items)",
            where=task_of(row),
            remedy="Mark failed attempts by an empty score or a status column instead.",
        )


def _check_duplicates(
    results: pl.DataFrame, frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """Separate repeated attempts from rows that the named columns don't distinguish. Drop exact copies."""
    repeated = pl.col("rows") > (pl.col("attempts") if "attempts" in results.columns else 1)
    if _counts_bits(frame, names) and bool(results.select(repeated.any()).item()):
        results = _results(frame, names, roles)
    doubtful = results.filter(repeated).sort(keys_of(roles))
    if not len(doubtful):
        return results
    if "attempt" not in roles:
        refuse_numbered(frame, roles)
    same = reduce(lambda part, key: part.filter(nw.col(key) == doubtful[key][0]), keys_of(roles), frame)
    refuse_mixtures(doubtful, same, roles)
    if "attempts" not in results.columns:
        return results
    again = _results(_drop_copies(frame, names), names, roles)
    still = again.filter(repeated).sort(keys_of(roles))
    if len(still):
        row = still.row(0, named=True)
        raise DataError(
            f"two different scores for one attempt ({plural(len(still), 'such item')}), "
            f"first item {row['item']!r} of model {row['model']!r}",
            where=task_of(row),
            remedy="Keep one of them, or give each its own attempt number (`columns={'attempt': '…'}`). If "
            "an answer was graded several times, name the column that numbers these "
            "(`columns={'grading': '…'}`).",
        )
    return again


def _drop_copies(frame: Frame, names: Sequence[str]) -> Frame:
    keep = [name for name in (*KEYS, "attempt", "score", "status", "cluster", "weight") if name in names]
    extra = [name for name in names if name not in COLUMNS]
    rest = [nw.col(name).max().alias(name) for name in extra]
    return frame.group_by(*keep).agg(*rest) if rest else frame.select(*keep).unique()


def value_counts(scores: Scores, wanted: Wanted) -> pl.DataFrame:
    """Return how often (`count`) every group had every score. Copies of rows count once if attempts are
    numbered.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    frame, names = _filter(frame, wanted), frame.collect_schema().names()
    if "attempt" in names:
        frame = _drop_copies(frame, names)
    if "status" in roles:
        frame = frame.filter(nw.col("status") == "ok")
    counted = frame.filter(~nw.col("score").is_null()).group_by(*KEYS, "score").agg(nw.len().alias("count"))
    return to_polars(counted).with_columns(pl.col(KEYS).cast(pl.Categorical))


def names_of(scores: Scores, role: str) -> list[str]:
    """Return the names of all tasks, models or metrics, sorted."""
    frame, _ = tidy(scores.rows, scores.roles)
    return sorted(to_polars(frame.select(role).unique())[role].drop_nulls().to_list())


def tasks_of(scores: Scores, wanted: Wanted) -> list[str]:
    """Return the tasks of the wanted models on any metric, sorted."""
    frame, _ = tidy(scores.rows, scores.roles)
    chosen = _filter(frame, replace(wanted, metric=()))
    return sorted(to_polars(chosen.select("task").unique())["task"].drop_nulls().to_list())


def metadata_names(scores: Scores) -> list[str]:
    """Return the columns outside the tidy table with text or whole numbers, except measures of attempts."""
    columns = open_frame(scores.rows).collect_schema()
    used = used_columns(find_roles(columns.names(), scores.roles)) | {
        *COLUMNS,
        *FINGERPRINTS,
        STOP,
        *measure_names(scores),
    }
    kinds = (nw.String, nw.Categorical, nw.Boolean)
    return [
        name for name, kind in columns.items() if name not in used and (kind in kinds or kind.is_integer())
    ]


def metadata_columns(scores: Scores) -> dict[str, int]:
    """Return the columns outside the tidy table with text or whole numbers, with their number of values."""
    names = metadata_names(scores)[:MOST_COLUMNS]
    if not names:
        return {}
    columns = [nw.col(name) for name in names]
    counts = [column.n_unique() - column.is_null().any().cast(nw.Int64) for column in columns]
    return dict(zip(names, to_polars(open_frame(scores.rows).select(*counts)).row(0), strict=True))
