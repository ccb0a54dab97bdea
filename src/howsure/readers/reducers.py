"""How harnesses make one score of several attempts at an item, so that their own figures can be made again.

The names are Inspect's reducers; everywhere else it is the mean.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_DRAWN = 10_000
"""More attempts than are drawn for one score anywhere; a reducer that draws more is taken for unknown."""
_OF_COUNTS = re.compile(r"(at_least|pass_at|pass_k)_(\d+)")


def reduced(
    rows: pl.LazyFrame, by: Sequence[str], reducer: str, *, zero: bool, cluster: str = "item"
) -> pl.LazyFrame:
    """Return one `score` and `cluster` per item within the groups of `by`.

    Attempts without a score are left out, or count as 0. A reducer that isn't known gives no scores.
    """
    score = pl.col("score")
    scored = rows.with_columns(score.fill_null(0.0)) if zero else rows.drop_nulls("score")
    made = _reduction(reducer)
    one = scored.group_by(*by, "item").agg(
        score=pl.lit(None, pl.Float64) if made is None else made, cluster=pl.col(cluster).first()
    )
    return one.drop_nulls("score")


def means_and_errors(items: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Return the `mean` of each group's items and its standard `error` by their clusters, corrected for their
    number; each item its own: the plain one.

    One cluster has no standard error: NaN.
    """
    score, n, many = pl.col("score"), pl.col("n"), pl.len()
    mean = score.sum() / n.sum()
    error = ((score - n * mean).pow(2).sum() * many / (many - 1)).sqrt() / n.sum()
    sums = items.group_by(*by, "cluster").agg(score.sum(), n=pl.len())
    return sums.group_by(*by).agg(mean=mean, error=pl.when(many > 1).then(error).otherwise(math.nan))


def _reduction(reducer: str) -> pl.Expr | None:
    """Return the reducer as an expression over the attempts at one item, None for one that isn't known."""
    score = pl.col("score")
    if counted := _OF_COUNTS.fullmatch(reducer):
        kind, k = counted[1], int(counted[2])
        if k > MOST_DRAWN:
            return None
        right, n = (score >= 1).sum().cast(pl.Int64), pl.len().cast(pl.Int64)
        if kind == "at_least":
            return (right >= k).cast(pl.Float64)
        return 1 - _none_of(n - right, n, k) if kind == "pass_at" else _none_of(right, n, k)
    return {"mean": score.mean(), "median": score.median(), "max": score.max()}.get(reducer)


def _none_of(others: pl.Expr, n: pl.Expr, k: int) -> pl.Expr:
    """Return the probability that all of `k` attempts, drawn without replacement, are among the `others`
    (Chen et al. 2021).
    """
    shares = ((others - drawn).clip(lower_bound=0) / (n - drawn) for drawn in range(k))
    share = pl.sum_horizontal(
        [each.log() for each in shares]
    ).exp()  # an expression of products would be as deep as it is long
    return pl.when(n >= k).then(share)
