"""Results that don't fit into memory, summed up by cluster if they lie: every cluster then stands as one
item.

A mean whose errors are clustered needs no more of a cluster than the mean of its items and their number: with
that number as its weight the cluster gives the same score, the same CR2 variance and the same degrees of
freedom as its items. What only they can tell isn't known: how far answers vary within a cluster, which items
were won.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.study.design import Design
from howsure.study.gathering import gather
from howsure.study.item_blocks import MODELS, ClusterSource, NoSumsError
from howsure.study.item_blocks import crossed as items_in_blocks
from howsure.study.models import resolve
from howsure.study.notes import REPEATED, population_note
from howsure.table import aggregate
from howsure.table.aggregate import TooManyResultsError
from howsure.table.engines import to_polars
from howsure.table.schema import tidy
from howsure.table.scores import with_rows
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.study.study import Study
    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

RESPECTED = {"cluster": None, "task": (), "model": (), "metric": (), "lower_is_better": None, "bounds": None}
"""The options that clusters respect as well as items, and what they are where nobody gave them."""
BY_ITEMS = "same-clusters"
"""The population that items in blocks can speak of, and clusters can't."""
ALWAYS_FIT = 100_000
"""So many sums of clusters are fetched however little memory is free; more only if they fit as results of
items would.
"""


def gather_or_sum(scores: Scores, design: Design, *, crossed: bool, **how: Any) -> Study:
    """Gather a study of items, or of clusters where the results of items don't fit into memory; see `gather`.

    `crossed`: what is asked can be told from sums of items, which are then read in blocks of clusters if that
    is possible.
    """
    try:
        return gather(scores, design, **how)
    except TooManyResultsError as many:
        return _summed(scores, design, many, crossed=crossed, how=how)


def _summed(
    scores: Scores, design: Design, many: TooManyResultsError, *, crossed: bool, how: Mapping[str, Any]
) -> Study:
    """Gather clusters in place of items, with what these add up to where `crossed` can have it."""
    open_ = (None, "new-clusters", *((BY_ITEMS,) if crossed else ()))
    plain = replace(design, population=None) if design.population in open_ else design
    found = by_cluster(scores, plain, many, models=how.get("models", ()))
    study = gather(found.scores, found.design, extents=found.extents, **how)
    why = "another method than the usual ones was asked for"
    if crossed:
        try:
            return _of_items(items_in_blocks(study, found.source, found.sizes, found.lost), design, many)
        except NoSumsError as fault:
            why = str(fault)
    if design.population == BY_ITEMS:
        raise many
    # Say why clusters stand for their items, what that changes, and how many attempts were left out.
    left_out = f" {plural(found.failed, 'attempt')} without a score left out." if found.failed else ""
    items = int(found.sizes.unique(["task", "metric", "item"])["weight"].sum())
    note = (
        f"{_sentence(many)} So each cluster (column `{found.source.column}`) was summed up where it lies, "
        f"and is an item here: the mean of its items, weighed by their number ({plural(items, 'item')} in "
        "all). Scores, standard errors and degrees of freedom are the same. How much answers vary within "
        f"a cluster isn't known ({why}): differences are tested by t where there are enough clusters, and "
        f"intervals of scores are somewhat wider than those of items.{left_out}"
    )
    return replace(study, summed=True, notes=(*study.notes, note))


def _of_items(study: Study, design: Design, many: TooManyResultsError) -> Study:
    """Return a study of items that were read in blocks, under the design that was asked."""
    *notes, told = study.notes
    found = replace(study, design=design)
    same = [note] if (note := population_note(found)) else []
    return replace(found, notes=(*notes, *same, f"{_sentence(many)} {told}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCluster:
    """Scores whose items are clusters, and the design that asks of these what was asked of items.

    `source`: where their items are. `sizes`: how many these are (`weight`), by task, metric and cluster
    (`item`). `extents`: of single scores. `failed`: attempts left out. `lost`: those of them in clusters
    without any score, by task, metric and model.
    """

    scores: Scores
    design: Design
    source: ClusterSource
    sizes: pl.DataFrame
    extents: pl.DataFrame
    failed: int
    lost: pl.DataFrame


def by_cluster(
    scores: Scores, design: Design, many: TooManyResultsError, *, models: Sequence[str] = ()
) -> ByCluster:
    """Sum up results by cluster if they lie. `many`: the error for what was too much; it is raised again
    where clusters won't do.

    `models`: those that a verb is about, in place of the design's.
    """
    frame, _ = tidy(scores.rows, scores.roles)
    column = _clustered_by(design, frame.collect_schema().names())
    if column is None:
        raise many
    source = ClusterSource.of(scores, column)
    room = max(int(aggregate.free_bytes() / aggregate.RESULT_BYTES), ALWAYS_FIT)
    sums = to_polars(_sums(source).head(room + 1))
    if len(sums) > room:
        raise many
    sums = _asked(sums, design, models or design.model)
    _check(sums, column, many)
    table = sums.filter(pl.col("weight") > 0).select(*MODELS, "item", "score", "weight")
    repeated = (REPEATED,) if not source.numbered and bool((sums["rows"] > 1).any()) else ()
    return ByCluster(
        scores=replace(with_rows(scores, table), warnings=(*scores.warnings, *repeated)),
        design=replace(design, cluster=None, weight="weight"),
        source=source,
        sizes=table.select("task", "metric", "item", "weight").unique(),
        extents=sums.select(*MODELS, "low", "high", "ends"),
        failed=int(sums["failed"].sum()),
        lost=sums.filter(weight=0).group_by(*MODELS).agg(pl.col("failed").sum()),
    )


def _asked(sums: pl.DataFrame, design: Design, models: Sequence[str]) -> pl.DataFrame:
    """Keep what is asked about, so that nothing is said of other models; all of it if a name is unknown, for
    the error that says so.
    """
    there = sums["model"].unique().sort().to_list()
    try:
        named = [resolve(name, there, parts=True) for name in models]
    except DataError:
        return sums
    asked = {"task": design.task, "metric": design.metric, "model": named}
    kept = sums.filter(*(pl.col(name).is_in(list(values)) for name, values in asked.items() if values))
    return kept if len(kept) else sums


def _sentence(many: TooManyResultsError) -> str:
    return f"{many.what[0].upper()}{many.what[1:]}."


def _clustered_by(design: Design, names: Sequence[str]) -> str | None:
    """Return the one column of the rows that items are clustered by, or None if there is none, or something
    else is asked of items.
    """
    if replace(design, **RESPECTED) != Design():  # type: ignore[arg-type]
        return None
    asked = design.cluster or ("cluster",)
    return asked[0] if len(asked) == 1 and asked[0] in names else None


def _sums(source: ClusterSource) -> Frame:
    """Return one row for each task, metric, model and cluster: the mean over its items' means, and how many
    items have one (`weight`).

    `low`, `high`, `ends`: the extent of single scores, see scale.py. `rows`: the most rows of an item;
    `failed` ones. `again`: rows that repeat an attempt, if these are numbered. `torn`: items in several
    clusters.
    """
    told = source.items().select(
        *(*MODELS, "cluster_", "score_", "rows"),
        *("low", "high"),
        source.ends().cast(nw.Int64).alias("ends"),
        (nw.col("rows") - nw.col("scored")).alias("failed"),
        (nw.col("cluster_") != nw.col("other_")).cast(nw.Int64).alias("torn"),
        (nw.col("rows") - nw.col("attempts") if source.numbered else nw.lit(0)).alias("again"),
    )
    return (
        told.group_by(*MODELS, "cluster_")
        .agg(
            nw.col("score_").mean().alias("score"),
            nw.col("score_").count().alias("weight"),
            nw.col("rows").max(),
            nw.col("low").min(),
            nw.col("high").max(),
            nw.col("ends").min(),
            *(nw.col(name).sum() for name in ("failed", "torn", "again")),
        )
        .rename({"cluster_": "item"})
    )


def _check(sums: pl.DataFrame, column: str, many: TooManyResultsError) -> None:
    """Raise DataError if sums by cluster would say something else than items."""
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
            f"{many.what}, and clusters can't stand for their items: of {column} {cluster!r} models "
            f"answered {listing([str(count) for count in sorted(counts)], 3)} items",
            where=task,
            remedy=many.remedy,
        )
