"""The two queries that group rows, as Narwhals expressions: one row per task, metric, model and item, and one
per task and item.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import narwhals as nw

from howsure.errors import DataError
from howsure.table.ids import text_of
from howsure.table.taken import TAKEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

KEYS = ("task", "metric", "model", "item")
MOST_BITS = 32
"""Attempts 0 … 31 are counted as bits of a float: exact up to 2²¹ rows a group, and larger groups show as
repeated.
"""


def check_known(columns: Sequence[str], names: Sequence[str]) -> None:
    """Raise DataError, with the nearest name, for a column that isn't there."""
    for column in columns:
        if column not in names:
            near = get_close_matches(column, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"no column {column!r}", remedy=f"The columns are: {', '.join(names)}.{hint}")


def keys_of(roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the keys that a column stands for; constants needn't be grouped by."""
    return [key for key in KEYS if key in roles]


def taken_of(names: Sequence[str]) -> list[str]:
    """Return the columns that say what attempts took, which are added up."""
    return [name for name in names if name.startswith(TAKEN)]


def results_query(
    frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], *, bits: bool = False
) -> Frame:
    """Return the rows grouped by their keys; `bits`: count attempts as bits, which leaves out those outside 0
    … 31.
    """
    score, status, keys = nw.col("score"), nw.col("status"), keys_of(roles)
    has_status, numbered = "status" in roles, "attempt" in names
    scored = nw.when((status == "ok") & ~score.is_null()).then(score) if has_status else score
    prepared = frame.select(
        *keys,
        *([_bit(nw.col("attempt")) if bits else nw.col("attempt").alias("attempt_")] if numbered else []),
        scored.alias("score_"),
        *([(status == "error").cast(nw.Int64).alias("error_")] if has_status else []),
        *([(status == "not run").cast(nw.Int64).alias("not_run_")] if has_status else []),
        *taken_of(names),
    )
    value, attempt = nw.col("score_"), nw.col("attempt_")
    return prepared.group_by(*keys).agg(
        nw.len().alias("rows"),
        value.count().alias("n"),
        value.mean().alias("mean"),
        value.var(ddof=0).alias("variance"),
        value.min().alias("low"),
        value.max().alias("high"),
        *([(attempt.sum() if bits else attempt.n_unique()).alias("attempts")] if numbered else []),
        *([nw.col("error_").sum().alias("n_error")] if has_status else []),
        *([nw.col("not_run_").sum().alias("n_not_run")] if has_status else []),
        *(each for name in taken_of(names) for each in _summed(name)),
    )


def _summed(name: str) -> tuple[nw.Expr, ...]:
    """Return the total of a column, how often it was recorded, and its limits."""
    column = nw.col(name)
    return (
        column.sum(),
        column.count().alias(f"{name} n"),
        column.min().alias(f"{name} least"),
        column.max().alias(f"{name} most"),
    )


def _bit(attempt: nw.Expr) -> nw.Expr:
    """Return 2^attempt: k of them sum to a number of k bits exactly where all are different."""
    fits = (attempt >= 0) & (attempt < MOST_BITS)
    return nw.when(fits).then(nw.lit(2.0) ** attempt.cast(nw.Float64)).alias("attempt_")


def attributes_query(
    frame: Frame, columns: Sequence[str], *, by: Sequence[str] = (), counted: bool = False
) -> Frame:
    """Return the smallest and largest text of each column for every task and item; `by`: and these;
    `counted`: and how many `rows` it has.
    """
    schema = frame.collect_schema()
    texts = [text_of(name, schema[name]).alias(f"{name}_") for name in columns]
    prepared = frame.select("task", "item", *by, *texts)
    # distinct values first: then few texts are left to be compared
    distinct = prepared.group_by(*prepared.collect_schema().names()).agg(nw.len().alias("rows"))
    if not columns:
        return distinct if counted else distinct.select("task", "item", *by)
    lowest = [nw.col(f"{name}_").min().alias(name) for name in columns]
    highest = [nw.col(f"{name}_").max().alias(f"{name}_max") for name in columns]
    rows = [nw.col("rows").sum()] if counted else []
    return distinct.group_by("task", "item", *by).agg(*lowest, *highest, *rows)
