"""Rows to one row per task, metric, model and item, as Narwhals expressions.

The same lines run in Polars here, in DuckDB, in Spark or in a warehouse through Ibis: a lazy frame that the user
already has is grouped where it lies, and only the grouped rows leave the engine. Polars scans are grouped piece by piece,
so that memory grows with the grouped rows and not with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.table.collecting import to_polars
from howsure.table.pieces import KEYS, OF_ITEMS, collect_pieces, group_codes
from howsure.table.schema import COLUMNS, CONSTANTS, FINGERPRINTS, STOP, find_roles, open_frame, tidy, used_columns
from howsure.table.taken import TAKEN, measure_names, taken_name, with_taken
from howsure.table.telltale import refuse_mixtures, task_of
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

MOST_COLUMNS = 40
MOST_BITS = 32
"""Attempts 0 … 31 are counted as bits of a float: exact up to 2²¹ rows a group, and larger groups show as repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows a verb needs; an empty choice means all. Of a model what follows a slash of its name is enough.

    `measures`: columns of what attempts took, to be added up.
    """

    task: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What leaves the engine.

    `results`: one row per task, metric, model and item (categoricals), with `n` scored attempts, their `mean` and
    population `variance`, `low`, `high`, all `rows`, and the counts of failed ones (`n_error`, `n_not_run`; the rest
    is unscored). `attributes`: one row per task and item, with the smallest and largest value (`name`, `name_max`) of
    each column that should be constant within an item. `copies`: exact copies of rows that were dropped.
    `numbered`: whether a column numbers the attempts. Of each measure, `results` has the total and in how many rows it was recorded.
    """

    results: pl.DataFrame
    attributes: pl.DataFrame
    copies: int
    numbered: bool


def group(scores: Scores, wanted: Wanted, columns: Sequence[str]) -> Grouped:
    """Group the rows where they lie; perhaps none is left. `columns`: attributes of items that are needed (clusters, weights)."""
    frame, roles = tidy(scores.rows, scores.roles)
    names = frame.collect_schema().names()
    _known(columns, names)
    frame = _filter(with_taken(frame, wanted.measures), wanted)
    names = [*names, *map(taken_name, wanted.measures)]
    declared = [name for name in ("cluster", "weight") if name in names]
    results, attributes = _collect(frame, names, roles, list(dict.fromkeys((*declared, *columns))))
    others = _not_meant(results, wanted.model)
    if others:
        frame = frame.filter(~nw.col("model").is_in(others))
        results = results.filter(~pl.col("model").cast(pl.String).is_in(others))
    _check_named(results)
    _check_finite(results)
    checked = _check_duplicates(results, frame, names, roles)
    return Grouped(
        results=_with_constants(checked),
        attributes=attributes,
        copies=int(results["rows"].sum()) - int(checked["rows"].sum()),
        numbered="attempt" in names,
    )


def _taken(names: Sequence[str]) -> list[str]:
    """Return the columns that say what attempts took, which are added up."""
    return [name for name in names if name.startswith(TAKEN)]


def _filter(frame: Frame, wanted: Wanted) -> Frame:
    for name in ("task", "metric"):
        chosen = getattr(wanted, name)
        if chosen:
            frame = frame.filter(nw.col(name).is_in(list(chosen)))
    if wanted.model:
        model = nw.col("model")
        ends = (model.str.ends_with(f"/{name}") for name in wanted.model)
        frame = frame.filter(reduce(or_, ends, model.is_in(list(wanted.model))))
    return frame


def _not_meant(results: pl.DataFrame, wanted: Sequence[str]) -> list[str]:
    """Return the models that only end like one whose full name was given."""
    if not wanted:
        return []
    names = results["model"].unique().drop_nulls().cast(pl.String).to_list()
    ends = [f"/{name}" for name in wanted if name not in names]
    return [name for name in names if name not in wanted and not any(name.endswith(end) for end in ends)]


def _known(columns: Sequence[str], names: Sequence[str]) -> None:
    for column in columns:
        if column not in names:
            near = get_close_matches(column, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"no column {column!r}", remedy=f"The columns are: {', '.join(names)}.{hint}")


def _keys(roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the keys that a column stands for; constants needn't be grouped by."""
    return [key for key in KEYS if key in roles]


def _collect(
    frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], columns: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return results and attributes: of a Polars scan piece by piece where that works, else at once by the engine."""
    native, bits = frame.to_native(), _counts_bits(frame, names)
    found, by_code = None, frame
    if isinstance(native, pl.LazyFrame):
        found = _collect_pieces(native, names, roles, columns) if bits or "attempt" not in names else None
        by_code = nw.from_native(native.with_columns(pl.col(_keys(roles)).cast(pl.Categorical)))
    results, attributes = found or (
        _results(by_code, names, roles, bits=bits),
        to_polars(_attributes(frame, columns)) if columns else None,
    )
    if bits:
        results = results.with_columns(pl.col("attempts").cast(pl.Int64).bitwise_count_ones())
    return results, _items(results) if attributes is None else attributes


def _collect_pieces(
    frame: pl.LazyFrame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], columns: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame | None] | None:
    """Group a Polars scan piece by piece, only the columns that are needed; None where that doesn't work."""
    needed = dict.fromkeys((*KEYS, "attempt", "score", "status", *columns, *_taken(names)))

    def results(piece: pl.DataFrame) -> pl.DataFrame:
        return _results(nw.from_native(piece.lazy()), names, roles, bits="attempt" in names)

    def attributes(piece: pl.DataFrame) -> pl.DataFrame:
        return to_polars(_attributes(nw.from_native(piece.lazy()), columns))

    return collect_pieces(
        frame.select(name for name in needed if name in names), results, attributes if columns else None
    )


def _items(results: pl.DataFrame) -> pl.DataFrame:
    """Return the task and item of every result, once."""
    items = _with_constants(results).select(OF_ITEMS)
    return items[group_codes(items).arg_unique()].cast(pl.String)


def _counts_bits(frame: Frame, names: Sequence[str]) -> bool:
    """Say whether attempts can be counted as bits, which add up over pieces and need no set of values per group."""
    return "attempt" in names and frame.collect_schema()["attempt"].is_integer()


def _results(
    frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], *, bits: bool = False
) -> pl.DataFrame:
    """Group the rows and collect; `bits`: count attempts as bits, which leaves out those outside 0 … 31."""
    score, status, keys = nw.col("score"), nw.col("status"), _keys(roles)
    has_status, numbered = "status" in roles, "attempt" in names
    scored = nw.when((status == "ok") & ~score.is_null()).then(score) if has_status else score
    prepared = frame.select(
        *keys,
        *([_bit(nw.col("attempt")) if bits else nw.col("attempt").alias("attempt_")] if numbered else []),
        scored.alias("score_"),
        *([(status == "error").cast(nw.Int64).alias("error_")] if has_status else []),
        *([(status == "not run").cast(nw.Int64).alias("not_run_")] if has_status else []),
        *_taken(names),
    )
    value, attempt = nw.col("score_"), nw.col("attempt_")
    grouped = prepared.group_by(*keys).agg(
        nw.len().alias("rows"),
        value.count().alias("n"),
        value.mean().alias("mean"),
        value.var(ddof=0).alias("variance"),
        value.min().alias("low"),
        value.max().alias("high"),
        *([(attempt.sum() if bits else attempt.n_unique()).alias("attempts")] if numbered else []),
        *([nw.col("error_").sum().alias("n_error")] if has_status else []),
        *([nw.col("not_run_").sum().alias("n_not_run")] if has_status else []),
        *(each for name in _taken(names) for each in (nw.col(name).sum(), nw.col(name).count().alias(f"{name} n"))),
    )
    return to_polars(grouped).with_columns(pl.col(keys).cast(pl.Categorical))


def _bit(attempt: nw.Expr) -> nw.Expr:
    """Return 2^attempt: k of them sum to a number of k bits exactly where all are different."""
    fits = (attempt >= 0) & (attempt < MOST_BITS)
    return nw.when(fits).then(nw.lit(2.0) ** attempt.cast(nw.Float64)).alias("attempt_")


def coded(column: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Return the distinct texts of a column in order, and the position of each row's text among them; −1 for null."""
    column = column.cast(pl.Categorical)
    labels = column.unique().drop_nulls().sort()
    found = labels.to_physical().to_numpy()
    physical = column.to_physical().fill_null(0).to_numpy()
    positions = np.full(max(found.max(initial=0) + 1, 1), -1)
    positions[found] = np.arange(len(found))
    codes = positions[physical]
    if column.null_count():
        codes[column.is_null().to_numpy()] = -1
    return labels.cast(pl.String), codes


def _with_constants(results: pl.DataFrame) -> pl.DataFrame:
    """Add the keys and counts that are the same in every row."""
    constants = {name: pl.lit(text).cast(pl.Categorical) for name, text in CONSTANTS.items()}
    counts = {"n_error": pl.lit(0, pl.Int64), "n_not_run": pl.lit(0, pl.Int64)}
    added = {name: value for name, value in {**constants, **counts}.items() if name not in results.columns}
    return results.with_columns(**added)


def _attributes(frame: Frame, columns: Sequence[str]) -> Frame:
    texts = [nw.col(name).cast(nw.String).alias(f"{name}_") for name in columns]
    prepared = frame.select("task", "item", *texts)
    # distinct values first: then few texts are left to be compared
    distinct = prepared.group_by(*prepared.collect_schema().names()).agg(nw.len().alias("rows"))
    lowest = [nw.col(f"{name}_").min().alias(name) for name in columns]
    highest = [nw.col(f"{name}_").max().alias(f"{name}_max") for name in columns]
    return distinct.group_by("task", "item").agg(*lowest, *highest)


def _check_named(results: pl.DataFrame) -> None:
    for key in KEYS:
        if key in results.columns and results[key].null_count():
            rows = int(results.filter(pl.col(key).is_null())["rows"].sum())
            raise DataError(
                f"rows without a {key}: {rows:,}",
                remedy=f"Fill the column, or name another (`columns={{{key!r}: '…'}}`).",
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
    """Tell repeated attempts from rows that the columns named so far don't tell apart; drop exact copies."""
    repeated = pl.col("rows") > (pl.col("attempts") if "attempts" in results.columns else 1)
    if _counts_bits(frame, names) and bool(results.select(repeated.any()).item()):
        results = _results(frame, names, roles)
    doubtful = results.filter(repeated).sort(_keys(roles))
    if not len(doubtful):
        return results
    same = reduce(lambda part, key: part.filter(nw.col(key) == doubtful[key][0]), _keys(roles), frame)
    refuse_mixtures(doubtful, same, roles)
    if "attempts" not in results.columns:
        return results
    again = _results(_drop_copies(frame, names), names, roles)
    still = again.filter(repeated).sort(_keys(roles))
    if len(still):
        row = still.row(0, named=True)
        raise DataError(
            f"two different scores for one attempt ({plural(len(still), 'such item')}), "
            f"first item {row['item']!r} of model {row['model']!r}",
            where=task_of(row),
            remedy="Keep one of them, or give each its own attempt number (`columns={'attempt': '…'}`).",
        )
    return again


def _drop_copies(frame: Frame, names: Sequence[str]) -> Frame:
    keep = [name for name in (*KEYS, "attempt", "score", "status", "cluster", "weight") if name in names]
    extra = [name for name in names if name not in COLUMNS]
    rest = [nw.col(name).max().alias(name) for name in extra]
    return frame.group_by(*keep).agg(*rest) if rest else frame.select(*keep).unique()


def value_counts(scores: Scores, wanted: Wanted) -> pl.DataFrame:
    """Return how often (`count`) every group had every score; copies of rows count once where attempts are numbered."""
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
    """Return the columns beside the tidy table that hold text or whole numbers, measures of attempts left out."""
    columns = open_frame(scores.rows).collect_schema()
    used = used_columns(find_roles(columns.names(), scores.roles)) | {
        *COLUMNS,
        *FINGERPRINTS,
        STOP,
        *measure_names(scores),
    }
    kinds = (nw.String, nw.Categorical, nw.Boolean)
    return [name for name, kind in columns.items() if name not in used and (kind in kinds or kind.is_integer())]


def metadata_columns(scores: Scores) -> dict[str, int]:
    """Return the columns beside the tidy table that hold text or whole numbers, with their number of values."""
    names = metadata_names(scores)[:MOST_COLUMNS]
    if not names:
        return {}
    columns = [nw.col(name) for name in names]
    counts = [column.n_unique() - column.is_null().any().cast(nw.Int64) for column in columns]
    return dict(zip(names, to_polars(open_frame(scores.rows).select(*counts)).row(0), strict=True))
