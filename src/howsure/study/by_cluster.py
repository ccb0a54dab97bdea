"""Results that don't fit into memory, aggregated by cluster in their database or file: each cluster then
counts as one item.

For a mean with clustered errors, the mean of a cluster's items and their number are sufficient. With that
number as its weight the cluster gives the same score, the same CR2 variance and the same degrees of freedom
as its items. The variance of answers within a cluster, and which items were won, remain unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.study.design import Design
from howsure.study.gathering import gather
from howsure.study.models import resolve
from howsure.study.notes import REPEATED, population_note
from howsure.table import aggregate
from howsure.table.aggregate import TooManyResultsError
from howsure.table.engines import to_polars
from howsure.table.grouping import MODELS
from howsure.table.schema import tidy
from howsure.table.scores import with_rows
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.study.item_blocks import ClusterSource
    from howsure.study.study import Study
    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

RESPECTED = {"cluster": None, "task": (), "model": (), "metric": (), "lower_is_better": None, "bounds": None}
"""The options that clusters respect as well as items, and their defaults."""
BY_ITEMS = "same-clusters"
"""The population that items in blocks allow, and clusters don't."""
ALWAYS_FIT = 100_000
"""This many sums of clusters are fetched even if little memory is free, and more only if they fit as results
of items would.
"""


def gather_or_sum(scores: Scores, design: Design, *, crossed: bool, **how: Any) -> Study:
    """Gather a study of items, or of clusters if the results of items don't fit into memory (see `gather`).

    `crossed`: the result can be computed from sums of items, which are then read in blocks of clusters if
    possible.
    """
    try:
        return gather(scores, design, **how)
    except TooManyResultsError as many:
        return _summed(scores, design, many, crossed=crossed, how=how)


def _summed(
    scores: Scores, design: Design, many: TooManyResultsError, *, crossed: bool, how: Mapping[str, Any]
) -> Study:
    """Gather clusters instead of items, with the sums of these if `crossed` allows it."""
    open_ = (None, "new-clusters", *((BY_ITEMS,) if crossed else ()))
    plain = replace(design, population=None) if design.population in open_ else design
    found = by_cluster(scores, plain, many, models=how.get("models", ()))
    study = gather(found.scores, found.design, extents=found.extents, **how)
    why = "a method other than the usual ones was requested"
    if crossed:
        from howsure.study.item_blocks import NoSumsError
        from howsure.study.item_blocks import crossed as items_in_blocks

        try:
            return _of_items(items_in_blocks(study, found.source, found.sizes, found.lost), design, many)
        except NoSumsError as fault:
            why = str(fault)
    if design.population == BY_ITEMS:
        raise many
    # Explain why clusters replace their items, what that changes, and how many attempts were left out.
    left_out = f" {plural(found.failed, 'attempt')} without a score left out." if found.failed else ""
    items = int(found.sizes.unique(["task", "metric", "item"])["weight"].sum())
    note = (
        f"{_sentence(many)} So each cluster (column `{found.source.column}`) was aggregated in "
        "place, and is an "
        f"item here: the mean of its items, weighted by their number ({plural(items, 'item')} in "
        "all). Scores, "
        "standard errors and degrees of freedom are the same. The variance of answers within a "
        "cluster is unknown "
        f"({why}): differences are tested by t if there are enough clusters, and intervals of "
        "scores are somewhat "
        f"wider than those of items.{left_out}"
    )
    return replace(study, summed=True, notes=(*study.notes, note))


def _of_items(study: Study, design: Design, many: TooManyResultsError) -> Study:
    """Return a study of items that were read in blocks, under the requested design."""
    *notes, told = study.notes
    found = replace(study, design=design)
    same = [note] if (note := population_note(found)) else []
    return replace(found, notes=(*notes, *same, f"{_sentence(many)} {told}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCluster:
    """Scores whose items are clusters, and the design adapted to these.

    `source`: the place of their items. `sizes`: the number of items (`weight`), by task, metric and cluster
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
    """Aggregate results by cluster in place. `many`: the error for too many results, which is raised again if
    clusters aren't sufficient.

    `models`: the function's own, instead of the design's.
    """
    frame, _ = tidy(scores.rows, scores.roles)
    column = _clustered_by(design, frame.collect_schema().names())
    if column is None:
        raise many
    from howsure.study.item_blocks import ClusterSource

    source = ClusterSource.of(scores, column)
    room = max(int(aggregate.free_bytes() / aggregate.RESULT_BYTES), ALWAYS_FIT)
    sums = to_polars(_sums(source, bits=source.counts_bits).head(room + 1))
    if len(sums) > room:
        raise many
    if source.counts_bits and sums["again"].sum():
        sums = to_polars(_sums(source, bits=False))
    source = replace(source, models=frozenset(sums["model"]))
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
    """Keep only the requested tasks and models, so that no message concerns others. Keep all if a name is
    unknown, for the error message.
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
    """Return the one column by which items are clustered, or None if there isn't one, or other results of
    items are requested.
    """
    if replace(design, **RESPECTED) != Design():  # type: ignore[arg-type]
        return None
    asked = design.cluster or ("cluster",)
    return asked[0] if len(asked) == 1 and asked[0] in names else None


def _sums(source: ClusterSource, *, bits: bool) -> Frame:
    """Return one row for each task, metric, model and cluster: the mean over its items' means, and how many
    items have one (`weight`).

    `low`, `high`, `ends`: the extent of single scores, see scale.py. `rows`: the most rows of an item.
    `failed`: failed rows. `again`: rows that repeat an attempt, if these are numbered (with `bits` at least 1
    if any may, see ClusterSource). `torn`: items in several clusters.
    """
    told = source.items(bits=bits).select(
        *(*MODELS, "cluster_", "score_", "rows", "again"),
        *("low", "high"),
        source.ends().cast(nw.Int64).alias("ends"),
        (nw.col("rows") - nw.col("scored")).alias("failed"),
        (nw.col("cluster_") != nw.col("other_")).cast(nw.Int64).alias("torn"),
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
    """Raise DataError if sums by cluster would give a result that differs from that of items."""
    faults = {
        f"items without a {column!r} can't be aggregated": sums["item"].null_count(),
        f"items in several {column!r} can't be aggregated": int(sums["torn"].sum()),
        "rows that repeat an attempt can't be distinguished from copies in sums by cluster": int(
            sums["again"].sum()
        ),
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
            f"{many.what}, and clusters can't replace their items: in {column} {cluster!r} models answered "
            f"{listing([str(count) for count in sorted(counts)], 3)} items",
            where=task,
            remedy=many.remedy,
        )
