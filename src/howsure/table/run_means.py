"""The mean score of each run: rows grouped by where they came from, in the engine that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.table.collecting import to_polars
from howsure.table.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

KEY = ["run", "task", "model", "metric"]


def run_means(
    rows: Any, roles: Mapping[str, tuple[str, ...]], *, zero: Collection[str], run_of: Mapping[str, str]
) -> dict[tuple[str, str, str], dict[str, tuple[int, float | None]]]:
    """Return items and mean score of each run, task and model, by metric.

    `run_of`: the run that each source is of; any other source is a run of its own, and so are rows that name
    none. The attempts at an item are averaged first. An attempt without a score counts as 0 on the tasks
    `zero`, else not at all; an item without any score counts among the items.
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
