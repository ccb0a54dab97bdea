"""Results that don't fit into memory, summed up by cluster where they lie: every cluster then stands as one item.

A mean whose errors are clustered needs no more of a cluster than the mean of its items and their number: with that number as its weight
the cluster gives the same score, the same CR2 variance and the same degrees of freedom as its items. What only they can tell isn't known: how far
answers vary within a cluster, which items were won.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.study.design import Design
from howsure.study.gathering import gather
from howsure.study.remarks import REPEATED
from howsure.table.collecting import to_polars
from howsure.table.grouping import KEYS
from howsure.table.plans import TooManyResultsError
from howsure.table.schema import tidy
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.study.study import Study
    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

MODELS = tuple(key for key in KEYS if key != "item")
RESPECTED = {"cluster": None, "task": (), "model": (), "metric": (), "lower_is_better": None, "bounds": None}
"""The options that clusters respect as well as items, and what they are where nobody gave them."""


def gather_or_sum(scores: Scores, design: Design, **how: Any) -> Study:
    """Gather a study of items, or of clusters where the results of items don't fit into memory; see `gather`."""
    try:
        return gather(scores, design, **how)
    except TooManyResultsError as many:
        return replace(gather(*by_cluster(scores, design, many), **how), summed=True)


def by_cluster(scores: Scores, design: Design, many: TooManyResultsError) -> tuple[Scores, Design]:
    """Return scores whose items are clusters, and the design that asks of these what was asked of items.

    `many`: the error for what was too much; it is raised again where clusters won't do.
    """
    frame, _ = tidy(scores.rows, scores.roles)
    names = frame.collect_schema().names()
    column = _clustered_by(design, names)
    if column is None:
        raise many
    numbered = "attempt" in names
    sums = to_polars(_sums(frame, column, numbered=numbered))
    _check(sums, column, many)
    table = sums.filter(pl.col("weight") > 0).select(*MODELS, "item", "score", "weight")
    repeated = (REPEATED,) if not numbered and bool((sums["rows"] > 1).any()) else ()
    return (
        replace(
            scores,
            rows=table,
            roles={},
            notes=(*scores.notes, _note(sums, column, many)),
            cautions=(*scores.cautions, *repeated),
        ),
        replace(design, cluster=None, weight="weight"),
    )


def _note(sums: pl.DataFrame, column: str, many: TooManyResultsError) -> str:
    """Say why clusters stand for their items, what that changes, and how many attempts were left out."""
    items, failed = int(sums.unique(["task", "metric", "item"])["weight"].sum()), int(sums["failed"].sum())
    left_out = f" {plural(failed, 'attempt')} without a score left out." if failed else ""
    return (
        f"{many.what[0].upper()}{many.what[1:]}. So each cluster (column `{column}`) was summed up where it lies, and is an item here: the mean of its "
        f"items, weighed by their number ({plural(items, 'item')} in all). Scores, standard errors and degrees of freedom are the same. How much answers vary "
        "within a cluster isn't known: differences are tested by t where there are enough clusters, and intervals of scores are somewhat wider than those of "
        f"items.{left_out}"
    )


def _clustered_by(design: Design, names: Sequence[str]) -> str | None:
    """Return the one column of the rows that items are clustered by; None where there is none, or something else is asked of items."""
    if replace(design, **RESPECTED) != Design():  # type: ignore[arg-type]
        return None
    asked = design.cluster or ("cluster",)
    return asked[0] if len(asked) == 1 and asked[0] in names else None


def _sums(frame: Frame, column: str, *, numbered: bool) -> Frame:
    """Return one row for each task, metric, model and cluster: the mean over its items' means, and how many items have one (`weight`).

    `rows`: the most rows of an item; `failed` ones; `again`: rows that repeat an attempt, where these are `numbered`; `torn`: items in several clusters.
    """
    scored = nw.when((nw.col("status") == "ok") & ~nw.col("score").is_null()).then(nw.col("score"))
    attempt = [nw.col("attempt").alias("attempt_")] if numbered else []
    rows = frame.select(
        *MODELS, "item", nw.col(column).cast(nw.String).alias("cluster_"), scored.alias("score_"), *attempt
    )
    items = rows.group_by(*MODELS, "item").agg(
        nw.col("score_").mean(),
        nw.col("score_").count().alias("scored"),
        nw.col("cluster_").min(),
        nw.col("cluster_").max().alias("other_"),
        nw.len().alias("rows"),
        *([nw.col("attempt_").n_unique().alias("attempts")] if numbered else []),
    )
    told = items.select(
        *(*MODELS, "cluster_", "score_", "rows"),
        (nw.col("rows") - nw.col("scored")).alias("failed"),
        (nw.col("cluster_") != nw.col("other_")).cast(nw.Int64).alias("torn"),
        (nw.col("rows") - nw.col("attempts") if numbered else nw.lit(0)).alias("again"),
    )
    return (
        told.group_by(*MODELS, "cluster_")
        .agg(
            nw.col("score_").mean().alias("score"),
            nw.col("score_").count().alias("weight"),
            nw.col("rows").max(),
            *(nw.col(name).sum() for name in ("failed", "torn", "again")),
        )
        .rename({"cluster_": "item"})
    )


def _check(sums: pl.DataFrame, column: str, many: TooManyResultsError) -> None:
    """Raise DataError where sums by cluster would say something else than items."""
    faults = {
        f"items without a {column!r} can't be summed up": sums["item"].null_count(),
        f"items in several {column!r} can't be summed up": int(sums["torn"].sum()),
        "rows that repeat an attempt can't be told from copies in sums by cluster": int(sums["again"].sum()),
    }
    for fault, count in faults.items():
        if count:
            raise DataError(f"{many.what}, and {fault}", remedy=many.remedy)
    table = sums.filter(pl.col("weight") > 0)
    sizes = table.group_by("task", "metric", "item", maintain_order=True).agg(pl.col("weight").unique())
    torn = sizes.filter(pl.col("weight").list.len() > 1)
    if len(torn):
        task, _, cluster, counts = torn.row(0)
        raise DataError(
            f"{many.what}, and clusters can't stand for their items: of {column} {cluster!r} models answered {listing([str(count) for count in sorted(counts)], 3)} items",
            where=task,
            remedy=many.remedy,
        )
