"""Whether the clusters of a task are too few to speak of others: asked once, of all its questions that the
data hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution, DataError
from howsure.study import clusters
from howsure.study.weights import attach_weights
from howsure.table.factor_names import means_factor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from howsure.study.design import Design
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


ID_GROUPS = (r"^(.+?)[-_/#:.]+\d+$", r"^(\d+)[-_/][A-Za-z0-9]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedClusters:
    """Clusters that the items seem to have and nobody named: a `column`, or a `pattern` of their ids;
    `groups`: how many they are.
    """

    column: str = ""
    pattern: str = ""
    groups: int
    items: int

    @property
    def words(self) -> str:
        """What questions would be clustered by."""
        return self.column or "the groups of their ids"

    @property
    def choice(self) -> str:
        """The option that takes it."""
        return f"`cluster={self.column!r}`" if self.column else f"`cluster_from=r'{self.pattern}'`"

    @property
    def caution(self) -> Caution:
        """Say that nobody named them, and how it is done."""
        seen = (
            f"column `{self.column}` groups the items ({self.groups:,} values)"
            if self.column
            else f"the item ids look grouped ({self.groups:,} groups of {self.items:,} items)"
        )
        return Caution(
            code="looks_grouped",
            message=f"{seen}; if items of a group were drawn together, the error bars are too small",
            remedy=f"Use {self.choice}, or `cluster='none'` if they were not.",
        )

    def of(self, design: Design) -> Design:
        """Return a design that takes it."""
        return (
            replace(design, cluster=(self.column,))
            if self.column
            else replace(design, cluster_from=self.pattern)
        )


def propose(table: pl.DataFrame, columns: Iterable[str]) -> ProposedClusters | None:
    """Propose clusters where one of these metadata columns, or the ids, look grouped: a column goes before a
    pattern.
    """
    return _propose_metadata(table, columns) or _propose_from_ids(table)


def _propose_from_ids(table: pl.DataFrame) -> ProposedClusters | None:
    """Propose clusters where the ids look grouped and none were given."""
    for pattern in ID_GROUPS:
        ids = table.select("task", "item")
        found = ids.with_columns(group=pl.col("item").str.extract(pattern, 1))
        groups, n = found.select("task", "group").n_unique(), len(ids)
        tasks = ids["task"].n_unique()
        if not found["group"].null_count() and tasks < groups <= n / 2:
            return ProposedClusters(pattern=pattern, groups=groups, items=n)
    return None


def _propose_metadata(table: pl.DataFrame, columns: Iterable[str]) -> ProposedClusters | None:
    """Propose the column of most values that groups the items and is the same for all rows of an item."""
    whole = [name for name in columns if not (table[name] != table[f"{name}_max"]).any()]
    counts = {
        name: table[name].drop_nulls().n_unique() for name in whole if table[name].null_count() < len(table)
    }
    likely = [name for name, count in counts.items() if 2 <= count <= len(table) / 2]
    if not likely:
        return None
    name = max(likely, key=lambda column: counts[column])
    return ProposedClusters(column=name, groups=counts[name], items=len(table))
