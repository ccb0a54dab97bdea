"""Rows to one row per task, metric, model and item, as Narwhals expressions.

The same lines run in Polars here, in DuckDB, in Spark or in a warehouse through Ibis: a lazy frame that the user
already has is grouped where it lies, and only the grouped rows leave the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.tidy import COLUMNS, find_roles, open_frame, tidy, to_polars, used_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

KEYS = ("task", "metric", "model", "item")
FAILED = ("error", "unscored", "not run")
MAX_TELLTALE_VALUES = 1_000
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows and which further columns a verb needs. `columns`: metadata that must be constant within an item."""

    task: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def per_item(scores: Scores, wanted: Wanted) -> pl.DataFrame:
    """Group the rows to one per task, metric, model and item.

    Returns a Polars frame with the keys, `n` scored attempts, their `mean` and population `variance`, `low`, `high`,
    the counts of failed attempts (`n_error`, `n_unscored`, `n_not_run`), `rows`, `cluster`, `weight` and the wanted
    columns, each of them checked to be constant within the item.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    names = frame.collect_schema().names()
    _known(wanted.columns, names)
    frame = _filter(frame, wanted)
    grouped = to_polars(_group(frame, names, wanted.columns))
    if not len(grouped):
        raise DataError(
            "no row is left", remedy="Check --task, --model, --metric and --where against `howsure describe`."
        )
    _check_finite(grouped)
    return _check_duplicates(grouped, frame, names, roles, wanted.columns)


def _filter(frame: Frame, wanted: Wanted) -> Frame:
    for name in ("task", "model", "metric"):
        chosen = getattr(wanted, name)
        if chosen:
            frame = frame.filter(nw.col(name).is_in(list(chosen)))
    return frame


def _known(columns: Sequence[str], names: Sequence[str]) -> None:
    from difflib import get_close_matches

    for column in columns:
        if column not in names:
            near = get_close_matches(column, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"no column {column!r}", remedy=f"The columns are: {', '.join(names)}.{hint}")


def _group(frame: Frame, names: Sequence[str], columns: Sequence[str]) -> Frame:
    score, status = nw.col("score"), nw.col("status")
    ok = (status == "ok") & ~score.is_null()
    constants = {name: nw.col(name).cast(nw.String) for name in dict.fromkeys(("cluster", *columns)) if name in names}
    prepared = frame.select(
        *KEYS,
        *([nw.col("attempt").alias("attempt_")] if "attempt" in names else []),
        *([nw.col("weight").alias("weight_")] if "weight" in names else []),
        nw.when(ok).then(score).alias("score_"),
        ok.cast(nw.Int64).alias("ok_"),
        (status == "error").cast(nw.Int64).alias("error_"),
        (status == "not run").cast(nw.Int64).alias("not_run_"),
        *(expression.alias(f"{name}_") for name, expression in constants.items()),
    )
    value = nw.col("score_")
    return prepared.group_by(*KEYS).agg(
        nw.len().alias("rows"),
        nw.col("ok_").sum().alias("n"),
        nw.col("error_").sum().alias("n_error"),
        nw.col("not_run_").sum().alias("n_not_run"),
        value.mean().alias("mean"),
        value.var(ddof=0).alias("variance"),
        value.min().alias("low"),
        value.max().alias("high"),
        *([nw.col("attempt_").n_unique().alias("attempts")] if "attempt" in names else []),
        *([nw.col("weight_").min().alias("weight")] if "weight" in names else []),
        *([nw.col("weight_").max().alias("weight_max")] if "weight" in names else []),
        *(nw.col(f"{name}_").min().alias(name) for name in constants),
        *(nw.col(f"{name}_").max().alias(f"{name}_max") for name in constants),
    )


def _check_finite(grouped: pl.DataFrame) -> None:
    bad = grouped.filter(pl.col("low").is_infinite() | pl.col("high").is_infinite())
    if len(bad):
        row = bad.row(0, named=True)
        raise DataError(
            f"infinite score (item {row['item']!r}, model {row['model']!r}; {len(bad):,} items)",
            where=str(row["task"]),
            remedy="Mark failed attempts by an empty score or a status column instead.",
        )


def _check_duplicates(
    grouped: pl.DataFrame,
    frame: Frame,
    names: Sequence[str],
    roles: Mapping[str, tuple[str, ...]],
    columns: Sequence[str],
) -> pl.DataFrame:
    """Tell repeated attempts from rows that the columns named so far don't tell apart."""
    repeated = pl.col("rows") > (pl.col("attempts") if "attempts" in grouped.columns else 1)
    doubtful = grouped.filter(repeated).sort(KEYS)
    if not len(doubtful):
        return grouped
    telltale = telltale_column(doubtful, frame, names, roles)
    if telltale is not None:
        _refuse_mixture(doubtful, telltale, roles)
    if "attempts" not in grouped.columns:
        return grouped
    deduplicated = _drop_copies(frame, names)
    again = to_polars(_group(deduplicated, names, columns))
    still = again.filter(repeated).sort(KEYS)
    if len(still):
        row = still.row(0, named=True)
        raise DataError(
            f"{len(still):,} items have two different scores for one attempt, "
            f"first item {row['item']!r} of model {row['model']!r}",
            where=str(row["task"]),
            remedy="Keep one of them, or give each its own attempt number (--columns attempt=…).",
        )
    copies = int(grouped["rows"].sum()) - int(again["rows"].sum())
    return again.with_columns(copies=pl.lit(copies))


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
    for key in KEYS:
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
        f"{len(doubtful):,} items come more than once for one model (item {row['item']!r} of {row['model']!r}: "
        f"{row['rows']} rows), and column {column!r} tells the rows apart",
        where=str(row["task"]),
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
