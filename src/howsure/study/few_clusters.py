"""Whether the clusters of a task are too few to speak of others: asked once, of all its questions that the
data hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import DataError
from howsure.study import clusters
from howsure.study.weights import attach_weights
from howsure.table.names import means_factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.study.study import Study

FEW = 6.0
"""Fewer clusters, counted as equal ones that are worth as much, can hardly speak of others."""


def with_few_clusters(study: Study, every: pl.DataFrame | None) -> Study:
    """Return a study that knows which tasks have few clusters; `every`: what all rows say of items, where
    some were left out.
    """
    if not study.cluster_names:
        return study
    table = study.items if every is None else _all_items(study, every)
    return replace(study, few_clusters=few_clusters(table, study.cluster_names))


def _all_items(study: Study, every: pl.DataFrame) -> pl.DataFrame:
    """Return all questions of the tasks with their clusters and weights; those of the study where others lack
    theirs.
    """
    known = every.filter(pl.col("task").cast(pl.String).is_in(list(study.tasks)))
    try:
        grouped = clusters.attach_clusters(known, study.side, study.design)
        return attach_weights(grouped.table, study.side, study.design)
    except DataError:
        return study.items


def few_clusters(table: pl.DataFrame, names: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the tasks of which the clusters are worth fewer than six equal ones, W² / Σ W_g², of two
    clusterings the fewer.

    Questions without a cluster aren't clusters. A column that means a factor makes none few: other levels are
    what is asked about.
    """
    clustered = [task for task, called in names.items() if not any(map(means_factor, called))]
    known = table.filter(pl.col("task").cast(pl.String).is_in(clustered))
    found: set[str] = set()
    for column in (name for name in ("cluster_0", "cluster_1") if name in known.columns):
        held = known.filter(pl.col(column).is_not_null() & ~pl.col(column).str.starts_with(clusters.LONE))
        weight = pl.col("weight").sum() if "weight" in held.columns else pl.len().cast(pl.Float64)
        sizes = held.group_by("task", column).agg(w=weight, n=pl.len())
        worth = sizes.group_by("task").agg(
            c=pl.len(), n=pl.col("n").sum(), worth=pl.col("w").sum() ** 2 / (pl.col("w") ** 2).sum()
        )
        found.update(
            worth.filter((pl.col("c") < pl.col("n")) & (pl.col("worth") < FEW))["task"].cast(pl.String)
        )
    return frozenset(found)
