"""Rows to one row per task, metric, model and item, as Narwhals expressions.

The same lines run in Polars here, in DuckDB, in Spark or in a warehouse through Ibis: a lazy frame that the user
already has is grouped where it lies, and only the grouped rows leave the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.document import plural
from howsure.errors import DataError
from howsure.tidy import COLUMNS, CONSTANTS, find_roles, open_frame, tidy, to_polars, used_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

KEYS = ("task", "metric", "model", "item")
MAX_TELLTALE_VALUES = 1_000
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows a verb needs; an empty choice means all."""

    task: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What leaves the engine.

    `results`: one row per task, metric, model and item, with `n` scored attempts, their `mean` and population
    `variance`, `low`, `high`, all `rows`, and the counts of failed ones (`n_error`, `n_not_run`; the rest is
    unscored). `attributes`: one row per task and item, with the smallest and largest value (`name`, `name_max`) of
    each column that should be constant within an item. `copies`: exact copies of rows that were dropped.
    `numbered`: whether a column numbers the attempts.
    """

    results: pl.DataFrame
    attributes: pl.DataFrame
    copies: int
    numbered: bool


def group(scores: Scores, wanted: Wanted, columns: Sequence[str]) -> Grouped:
    """Group the rows where they lie. `columns`: attributes of items that are needed (clusters, weights)."""
    frame, roles = tidy(scores.rows, scores.roles)
    names = frame.collect_schema().names()
    _known(columns, names)
    frame = _filter(frame, wanted)
    results = to_polars(_results(frame, names, roles))
    if not len(results):
        raise DataError(
            "no row is left", remedy="Check --task, --model, --metric and --where against `howsure describe`."
        )
    _check_named(results)
    _check_finite(results)
    checked = _check_duplicates(results, frame, names, roles)
    declared = [name for name in ("cluster", "weight") if name in names]
    return Grouped(
        results=_with_constants(checked, roles),
        attributes=_attributes(frame, dict.fromkeys((*declared, *columns))),
        copies=int(results["rows"].sum()) - int(checked["rows"].sum()),
        numbered="attempt" in names,
    )


def _filter(frame: Frame, wanted: Wanted) -> Frame:
    for name in ("task", "model", "metric"):
        chosen = getattr(wanted, name)
        if chosen:
            frame = frame.filter(nw.col(name).is_in(list(chosen)))
    return frame


def _known(columns: Sequence[str], names: Sequence[str]) -> None:
    for column in columns:
        if column not in names:
            near = get_close_matches(column, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"no column {column!r}", remedy=f"The columns are: {', '.join(names)}.{hint}")


def _keys(roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the keys that a column stands for; constants needn't be grouped by."""
    return [key for key in KEYS if key in roles]


def _results(frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]) -> Frame:
    score, status, keys = nw.col("score"), nw.col("status"), _keys(roles)
    has_status, numbered = "status" in roles, "attempt" in names
    scored = nw.when((status == "ok") & ~score.is_null()).then(score) if has_status else score
    prepared = frame.select(
        *keys,
        *([nw.col("attempt").alias("attempt_")] if numbered else []),
        scored.alias("score_"),
        *([(status == "error").cast(nw.Int64).alias("error_")] if has_status else []),
        *([(status == "not run").cast(nw.Int64).alias("not_run_")] if has_status else []),
    )
    value = nw.col("score_")
    return prepared.group_by(*keys).agg(
        nw.len().alias("rows"),
        value.count().alias("n"),
        value.mean().alias("mean"),
        value.var(ddof=0).alias("variance"),
        value.min().alias("low"),
        value.max().alias("high"),
        *([nw.col("attempt_").n_unique().alias("attempts")] if numbered else []),
        *([nw.col("error_").sum().alias("n_error")] if has_status else []),
        *([nw.col("not_run_").sum().alias("n_not_run")] if has_status else []),
    )


def _with_constants(results: pl.DataFrame, roles: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    """Add the keys and counts that are the same in every row."""
    constants = {"task": pl.lit(CONSTANTS["task"]), "metric": pl.lit(CONSTANTS["metric"])}
    counts = {"n_error": pl.lit(0, pl.Int64), "n_not_run": pl.lit(0, pl.Int64)}
    added = {name: value for name, value in {**constants, **counts}.items() if name not in results.columns}
    return results.with_columns(**added) if roles else results


def _attributes(frame: Frame, columns: Iterable[str]) -> pl.DataFrame:
    texts = {name: nw.col(name).cast(nw.String) for name in columns}
    prepared = frame.select("task", "item", *(text.alias(f"{name}_") for name, text in texts.items()))
    if not texts:
        return to_polars(prepared.unique())
    lowest = [nw.col(f"{name}_").min().alias(name) for name in texts]
    highest = [nw.col(f"{name}_").max().alias(f"{name}_max") for name in texts]
    return to_polars(prepared.group_by("task", "item").agg(*lowest, *highest))


def _check_named(results: pl.DataFrame) -> None:
    for key in KEYS:
        if key in results.columns and results[key].null_count():
            rows = int(results.filter(pl.col(key).is_null())["rows"].sum())
            raise DataError(
                f"rows without a {key}: {rows:,}", remedy=f"Fill the column, or name another (--columns {key}=…)."
            )


def _check_finite(grouped: pl.DataFrame) -> None:
    bad = grouped.filter(pl.col("low").is_infinite() | pl.col("high").is_infinite())
    if len(bad):
        row = bad.sort([key for key in KEYS if key in bad.columns]).row(0, named=True)
        raise DataError(
            f"infinite score (item {row['item']!r}, model {row['model']!r}; {len(bad):,} items)",
            where=_task_of(row),
            remedy="Mark failed attempts by an empty score or a status column instead.",
        )


def _check_duplicates(
    results: pl.DataFrame, frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """Tell repeated attempts from rows that the columns named so far don't tell apart; drop exact copies."""
    repeated = pl.col("rows") > (pl.col("attempts") if "attempts" in results.columns else 1)
    doubtful = results.filter(repeated).sort(_keys(roles))
    if not len(doubtful):
        return results
    telltale = telltale_column(doubtful, frame, names, roles)
    if telltale is not None:
        _refuse_mixture(doubtful, telltale, roles)
    if "attempts" not in results.columns:
        return results
    again = to_polars(_results(_drop_copies(frame, names), names, roles))
    still = again.filter(repeated).sort(_keys(roles))
    if len(still):
        row = still.row(0, named=True)
        raise DataError(
            f"two different scores for one attempt ({plural(len(still), 'such item')}), "
            f"first item {row['item']!r} of model {row['model']!r}",
            where=_task_of(row),
            remedy="Keep one of them, or give each its own attempt number (--columns attempt=…).",
        )
    return again


def _task_of(row: Mapping[str, Any]) -> str:
    return str(row.get("task", CONSTANTS["task"]))


def _drop_copies(frame: Frame, names: Sequence[str]) -> Frame:
    keep = [name for name in (*KEYS, "attempt", "score", "status", "cluster", "weight") if name in names]
    extra = [name for name in names if name not in COLUMNS]
    rest = [nw.col(name).max().alias(name) for name in extra]
    return frame.group_by(*keep).agg(*rest) if rest else frame.select(*keep).unique()


def telltale_column(
    doubtful: pl.DataFrame, frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]
) -> str | None:
    """Return a text column that differs among rows which should be one, None if there is none.

    Looks at one repeated item: a column such as judge, prompt or temperature says that the rows are not attempts.
    """
    row = doubtful.row(0, named=True)
    same = frame
    for key in _keys(roles):
        same = same.filter(nw.col(key) == row[key])
    sample = to_polars(same.head(MAX_TELLTALE_VALUES))
    used = used_columns(roles) | set(COLUMNS)
    candidates = [n for n in names if n not in used and sample[n].dtype in (pl.String, pl.Categorical, pl.Boolean)]
    varying = {name: sample[name].n_unique() for name in candidates if sample[name].n_unique() > 1}
    return max(varying, key=lambda name: varying[name]) if varying else None


def _refuse_mixture(doubtful: pl.DataFrame, column: str, roles: Mapping[str, tuple[str, ...]]) -> None:
    row = doubtful.row(0, named=True)
    model = "+".join(roles["model"])
    raise DataError(
        f"several rows for one item of one model ({plural(len(doubtful), 'such item')}, first item {row['item']!r} of "
        f"{row['model']!r}: {row['rows']} rows), and column {column!r} tells the rows apart",
        where=_task_of(row),
        remedy=f"Make it part of a name (--columns model={model}+{column} or metric={column}), keep one value "
        f"(--where {column}=…), or call it the attempt (--columns attempt={column}).",
    )


def model_names(scores: Scores) -> list[str]:
    """Return the names of all models, sorted."""
    frame, _ = tidy(scores.rows, scores.roles)
    return sorted(to_polars(frame.select("model").unique())["model"].drop_nulls().to_list())


def metadata_columns(scores: Scores) -> dict[str, int]:
    """Return the columns beside the tidy table that hold text or whole numbers, with their number of values."""
    frame = open_frame(scores.rows)
    used = used_columns(find_roles(frame.collect_schema().names(), scores.roles)) | set(COLUMNS)
    names = [
        name
        for name, dtype in frame.collect_schema().items()
        if name not in used and (dtype in (nw.String, nw.Categorical, nw.Boolean) or dtype.is_integer())
    ][:MOST_COLUMNS]
    if not names:
        return {}
    counts = to_polars(frame.select(*(nw.col(name).n_unique() for name in names))).row(0)
    return dict(zip(names, counts, strict=True))
