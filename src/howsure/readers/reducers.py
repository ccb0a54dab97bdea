"""How harnesses make one score of several attempts at an item, so that their own figures can be made again.

The names are Inspect's reducers; everywhere else it is the mean.
"""

from __future__ import annotations

import math
import re

import polars as pl

_OF_COUNTS = re.compile(r"(at_least|pass_at|pass_k)_(\d+)")


def reduced(rows: pl.DataFrame, reducer: str, *, zero: bool, cluster: str = "item") -> pl.DataFrame:
    """Return one `score` and `cluster` per item of the rows of one model and metric.

    Attempts without a score are left out, or count as 0. A reducer that isn't known gives no scores.
    """
    score = pl.col("score")
    scored = rows.lazy().with_columns(score.fill_null(0.0)) if zero else rows.lazy().drop_nulls("score")
    made = _reduction(reducer)
    one = scored.group_by("item").agg(
        score=pl.lit(None, pl.Float64) if made is None else made, cluster=pl.col(cluster).first()
    )
    return one.drop_nulls("score").collect()


def standard_error(items: pl.DataFrame) -> float:
    """Return the standard error of the mean by its clusters, corrected for their number; each item its own: the plain one."""
    sums = (
        (items["score"] - items["score"].mean())
        .to_frame("off")
        .with_columns(items["cluster"])
        .group_by("cluster")
        .agg(pl.col("off").sum())
    )
    many = len(sums)
    return math.sqrt((sums["off"] ** 2).sum() * many / (many - 1)) / len(items) if many > 1 else math.nan


def _reduction(reducer: str) -> pl.Expr | None:
    """Return the reducer as an expression over the attempts at one item, None for one that isn't known."""
    score = pl.col("score")
    if counted := _OF_COUNTS.fullmatch(reducer):
        kind, k = counted[1], int(counted[2])
        right, n = (score >= 1).sum().cast(pl.Int64), pl.len().cast(pl.Int64)
        if kind == "at_least":
            return (right >= k).cast(pl.Float64)
        return 1 - _none_of(n - right, n, k) if kind == "pass_at" else _none_of(right, n, k)
    return {"mean": score.mean(), "median": score.median(), "max": score.max()}.get(reducer)


def _none_of(others: pl.Expr, n: pl.Expr, k: int) -> pl.Expr:
    """Return the probability that all of `k` attempts, drawn without replacement, are among the `others` (Chen et al. 2021)."""
    share = pl.lit(1.0)
    for drawn in range(k):
        share = share * (others - drawn).clip(lower_bound=0) / (n - drawn)
    return pl.when(n >= k).then(share)
