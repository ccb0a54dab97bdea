"""Clusters and weights from a declared column, metadata, a side table, or the item's id, and proposals for
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

import polars as pl

from howsure.errors import DataError, ResultWarning
from howsure.study.design import NO_CLUSTERS, OF_ID, columns_of
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.study.design import Design
    from howsure.table.scores import TaskFacts

GROUP_WORDS = re.compile(
    r"passage|context|document|repo|template|subject|categor|topic|story|conversation|contest|paragraph|"
    r"article|"
    r"theme|domain|source_id|group|famil(y|ies)",
    re.IGNORECASE,
)
MAX_CLUSTERINGS = 2
STATED = ", as in the log's own standard error; `cluster='none'` ignores them"
UNCLUSTERED = " `cluster='none'` leaves clusters out."
KNOWN = ("none", "cluster", "weight", "task", "item")
"""Names that needn't be read from the rows: the table of items has them anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredItems:
    """The items with columns cluster_0, cluster_1. `names`: the names of each task's clusterings. Also notes
    and warnings.
    """

    table: pl.DataFrame
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()


def side_table(design: Design) -> pl.DataFrame | None:
    """Read the table with one row per item, or None if none was given."""
    if design.items is None:
        return None
    from howsure.readers.tables import read_side_table

    return read_side_table(design.items)


def columns_of_rows(design: Design, side: pl.DataFrame | None, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of clusters, weights and covariates that must come from the rows themselves, not
    from the side table.

    `names`: the columns of the rows. A column that only some tasks are clustered by may be absent if these
    are.
    """
    covariates = [name for name in design.covariate if not name.startswith("model:")]
    of_tasks = [name for rule in design.tasks for name in rule.cluster or () if name in names]
    weight = [design.weight] if design.weight else []
    held = set(side.columns) if side is not None else set()
    slices = [name for by in design.by for name in columns_of(by, (*names, *held))]
    clusters = [name for name in design.cluster or () if not name.startswith(OF_ID)]
    asked = [*clusters, *of_tasks, *weight, *covariates, *slices]
    return tuple(dict.fromkeys(name for name in asked if name not in (*held, *KNOWN)))


def telling_columns(design: Design, facts: Iterable[TaskFacts], names: Iterable[str]) -> tuple[str, ...]:
    """Return the metadata columns that may be undeclared clusters. They are aggregated with the rest, to be
    used or proposed.
    """
    asked = design.cluster is not None or design.population == "these-questions"
    stated = {name for fact in facts for name in fact.clusters}
    return () if asked else tuple(name for name in names if name in stated or GROUP_WORDS.search(name))


def stated_clusters(design: Design, facts: Iterable[TaskFacts]) -> dict[str, frozenset[str]]:
    """Return the columns by which logs cluster the standard errors of each task without an option for it, ""
    for plain ones.
    """
    if design.population == "these-questions":
        return {}
    return {
        fact.task: fact.clusters
        for fact in facts
        if fact.clusters - {"", "cluster"} and design.cluster_of(fact.task) is None
    }


def may_have_any(design: Design, names: Sequence[str], facts: Iterable[TaskFacts]) -> bool:
    """Return whether any task may be clustered by the user's choice, a declaration or a log's statement."""
    if design.population == "these-questions" or (design.ignores_clusters and not design.tasks):
        return False
    given = any(each is not None for each in design.clusterings)
    return given or "cluster" in names or bool(stated_clusters(design, facts))


def as_stated(
    table: pl.DataFrame, side: pl.DataFrame | None, design: Design, facts: Iterable[TaskFacts]
) -> tuple[Design, tuple[ResultWarning, ...]]:
    """Return the design with the clusters stated in logs as the default of their tasks, with a warning if
    these can't be used.
    """
    taken: dict[str, str] = {}
    warnings: list[ResultWarning] = []
    for task, columns in stated_clusters(design, facts).items():
        items = table.filter(pl.col("task").cast(pl.String) == task)
        if not len(items):
            continue
        fault = _disagreeing(task, columns) if len(columns) > 1 else _incomplete(items, side, task, *columns)
        if fault is None:
            (taken[task],) = columns
        else:
            warnings.append(fault)
    return replace(design, stated=taken), tuple(warnings)


def _disagreeing(task: str, columns: frozenset[str]) -> ResultWarning:
    """Warn if the logs of a task state different clusters, or only some of them state any."""
    names = sorted(columns - {""})
    told = (
        f"only some logs of {task} cluster their standard errors (by {listing(names)})"
        if "" in columns
        else f"logs of {task} cluster their standard errors by different columns: {listing(names)}"
    )
    choices = " or ".join(f"`cluster={name!r}`" for name in names)
    return ResultWarning(
        code="stated_clusters_unused",
        message=f"{told}, so these clusters aren't used",
        remedy=f"Choose {choices}, or `cluster='none'` if questions were drawn one by one.",
    )


def _incomplete(items: pl.DataFrame, side: pl.DataFrame | None, task: str, name: str) -> ResultWarning | None:
    """Warn if the column stated in logs is missing for some item of a task, or differs between rows of an
    item.
    """
    if side is not None and name in side.columns:
        items = joined(items.select("task", "item"), side, name, name).with_columns(
            pl.col(name).alias(f"{name}_max")
        )
    lacking = items[name].null_count() if name in items.columns else len(items)
    torn = 0 if lacking else int((items[name] != items[f"{name}_max"]).sum())
    if not lacking and not torn:
        return None
    fault = (
        f"{lacking:,} of {plural(len(items), 'item')} lack"
        if lacking
        else f"differs within {plural(torn, 'item')}"
    )
    return ResultWarning(
        code="stated_clusters_unused",
        message=(
            f"logs of {task} cluster their standard errors by {name!r}, which {fault}, so these "
            "clusters aren't used"
        ),
        remedy=(
            "Complete the column, choose another as `cluster`, or `cluster='none'` if questions were "
            "drawn one by one."
        ),
    )


def known_covariates(design: Design, side: pl.DataFrame | None, names: list[str]) -> None:
    """Raise DataError for a covariate that neither the rows nor the items' table has."""
    held = [*names, *(side.columns if side is not None else [])]
    for name in design.covariate:
        if name not in (*held, *KNOWN) and not name.startswith("model:"):
            near = get_close_matches(name, held, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(
                f"no column {name!r} for a covariate",
                remedy=(
                    f"The columns are: {', '.join(dict.fromkeys(held))}. Use model:NAME for "
                    f"another model.{hint}"
                ),
            )


def attach_clusters(table: pl.DataFrame, side: pl.DataFrame | None, design: Design) -> ClusteredItems:
    """Attach to every task the requested clusters, or those declared by a column of that name."""
    choices: dict[tuple[tuple[str, ...] | None, bool], list[str]] = {}
    for task in table["task"].unique().sort():
        choices.setdefault((design.cluster_of(task), task in design.stated), []).append(task)
    if len(choices) == 1:
        ((choice, stated),) = choices
        return _attach(table, side, choice, stated=stated)
    parts = [
        _attach(
            table.filter(pl.col("task").is_in(tasks)), side, choice, stated=stated, of=f" of {listing(tasks)}"
        )
        for (choice, stated), tasks in choices.items()
    ]
    return ClusteredItems(
        table=pl.concat([part.table for part in parts], how="diagonal"),
        names={task: names for part in parts for task, names in part.names.items()},
        notes=tuple(note for part in parts for note in part.notes),
        warnings=tuple(warning for part in parts for warning in part.warnings),
    )


def _attach(
    table: pl.DataFrame,
    side: pl.DataFrame | None,
    choice: tuple[str, ...] | None,
    *,
    stated: bool,
    of: str = "",
) -> ClusteredItems:
    """Attach the clusters of one choice to its tasks. `stated`: whether logs made it. `of`: the tasks, if
    others have another.
    """
    if choice == (NO_CLUSTERS,):
        return ClusteredItems(
            table=table,
            notes=(f"Clusters{of}: ignored (`cluster='none'`); each question is its own cluster.",),
        )
    warnings: tuple[ResultWarning, ...] = ()
    declared = False
    names: tuple[str, ...]
    if choice is not None:
        (table, warnings), names = _asked_clusters(table, side, choice), choice
    elif "cluster" in table.columns and table["cluster"].null_count() < len(table):
        one_value(table, "cluster", UNCLUSTERED)
        declared_cluster = table.with_columns(cluster_0=pl.coalesce("cluster", _LONE))
        table, names, warnings, declared = declared_cluster, ("cluster",), _holes(table), True
    else:
        return ClusteredItems(table=table)
    if len(names) > MAX_CLUSTERINGS:
        raise DataError("more than two ways of clustering", remedy="Name one or two cluster columns.")
    hint = "; `cluster='none'` ignores them" if declared else STATED if stated else ""
    note = f"Clusters{of}: {_clusters_words(table, names)}{hint}."
    return ClusteredItems(
        table=table, names=dict.fromkeys(table["task"].unique(), names), notes=(note,), warnings=warnings
    )


def _asked_clusters(
    table: pl.DataFrame, side: pl.DataFrame | None, names: tuple[str, ...]
) -> tuple[pl.DataFrame, tuple[ResultWarning, ...]]:
    """Attach the named columns as clusters. In tasks without the column each item is its own cluster, with a
    warning.
    """
    warnings: list[ResultWarning] = []
    for k, name in enumerate(names):
        if name.startswith(OF_ID):
            table = table.with_columns(_from_ids(table["item"], name).alias(f"cluster_{k}"))
        elif side is not None and name in side.columns:
            table = joined(table, side, name, f"cluster_{k}")
        elif name in ("task", "item"):
            table = table.with_columns(pl.col(name).alias(f"cluster_{k}"))
        else:
            if name not in table.columns:
                raise DataError(
                    f"no column {name!r} to cluster by", remedy="Run `howsure describe` to see the columns."
                )
            one_value(table, name, UNCLUSTERED)
            table = table.with_columns(pl.col(name).alias(f"cluster_{k}"))
        bare = _bare_tasks(table, f"cluster_{k}")
        warnings += [_without(name, bare)] if bare else []
        table = _every_item(table, f"cluster_{k}", name, bare)
    return table, tuple(warnings)


def _from_ids(ids: pl.Series, choice: str) -> pl.Series:
    """Return the clusters that a pattern finds in ids. DataError if it finds none in some."""
    clusters = first_group(ids, choice, "cluster")
    if clusters.null_count():
        raise DataError(
            f"`cluster={choice!r}` finds no cluster in {plural(clusters.null_count(), 'item')}, first "
            f"{ids.filter(clusters.is_null()).sort()[0]!r}",
            remedy="Widen the pattern so that every id matches.",
        )
    return clusters


def _bare_tasks(table: pl.DataFrame, column: str) -> list[str]:
    """Return the tasks without any value in a column, or none if that is all of them."""
    held = table.group_by("task").agg(some=pl.col(column).is_not_null().any()).sort("task")
    bare = held.filter(~pl.col("some"))["task"].to_list()
    return [] if len(bare) == len(held) else bare


def _without(name: str, tasks: list[str]) -> ResultWarning:
    return ResultWarning(
        code="task_without_clusters",
        message=f"no item of {listing(tasks)} has a {name!r}, so each counts as its own cluster",
        remedy=(
            "Use another column for these tasks (tasks in howsure.toml), or state that they have no clusters."
        ),
    )


def joined(table: pl.DataFrame, side: pl.DataFrame, column: str, alias: str) -> pl.DataFrame:
    """Return the items with a column of the items' table under another name. DataError if an item has two
    values.
    """
    keys = ["task", "item"] if "task" in side.columns else ["item"]
    wanted = side.select(*keys, pl.col(column).cast(pl.String).alias(alias)).unique()
    if wanted.select(keys).is_duplicated().any():
        raise DataError(f"column {column!r} has two values for one item", where="the items table")
    return table.join(wanted, on=keys, how="left")


def _every_item(table: pl.DataFrame, alias: str, name: str, tasks: list[str]) -> pl.DataFrame:
    """Return the table with a cluster for every item. Items of these tasks are their own clusters, others
    must have one.
    """
    bare = pl.col("task").is_in(tasks)
    lacking = table.filter(pl.col(alias).is_null() & ~bare).sort("task", "item")
    if len(lacking):
        row = lacking.row(0, named=True)
        raise DataError(
            f"no {name!r} for {plural(len(lacking), 'item')}, first {row['item']!r}",
            where=str(row["task"]),
            remedy=(
                "Clustering needs it on every item: complete it, choose another column, or use "
                "`cluster='none'`."
            ),
        )
    return table.with_columns(pl.when(bare).then(_LONE).otherwise(alias).alias(alias))


def one_value(
    table: pl.DataFrame, name: str, instead: str = "", what: str = "Clusters and weights belong"
) -> None:
    """Refuse a column that differs between the rows of one item. `instead`: the alternative, `what`: the
    column's purpose.
    """
    torn = table.filter(pl.col(name) != pl.col(f"{name}_max")).sort("task", "item")
    if len(torn):
        row = torn.row(0, named=True)
        raise DataError(
            f"{name!r} differs between rows of item {row['item']!r}: {row[name]!r} and "
            f"{row[f'{name}_max']!r} ({plural(len(torn), 'such item')})",
            where=str(row["task"]),
            remedy=(
                f"{what} to the item: the column must be the same for all its models and attempts.{instead}"
            ),
        )


def _holes(table: pl.DataFrame) -> tuple[ResultWarning, ...]:
    """Warn if only some items of a task have a cluster."""
    lacking = table.group_by("task").agg(no=pl.col("cluster").is_null().sum(), rows=pl.len())
    torn = lacking.filter((pl.col("no") > 0) & (pl.col("no") < pl.col("rows"))).sort("task")
    return tuple(
        ResultWarning(
            code="cluster_missing",
            message=(
                f"{row['task']}: {plural(row['no'], 'item')} without a cluster, each counted as its own "
                "cluster"
            ),
            remedy="Complete the column, or use `cluster='none'`.",
        )
        for row in torn.iter_rows(named=True)
    )


def first_group(ids: pl.Series, choice: str, option: Literal["cluster", "by"]) -> pl.Series:
    """Return the first group of `id:PATTERN` in ids, or null without a match. DataError for an invalid
    pattern.
    """
    pattern, asked = choice.removeprefix(OF_ID), f"`{option}={choice!r}`"
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise DataError(
            f"{asked} isn't a regular expression ({error})", remedy="Correct the pattern."
        ) from None
    if groups < 1:
        raise DataError(
            f"{asked} has no group",
            remedy=rf"Put brackets around the {'slice' if option == 'by' else 'cluster'}: 'id:^(.+?)-\d+$'.",
        )
    try:
        return ids.str.extract(pattern, 1)
    except pl.exceptions.ComputeError:
        raise DataError(
            f"{asked} is too complex", remedy="Write it without look-around or large repeats."
        ) from None


LONE = "\x00item "
"""The prefix of the cluster of an item that has none."""
_LONE = pl.concat_str(pl.lit(LONE), pl.col("item"))


def _clusters_words(table: pl.DataFrame, names: tuple[str, ...]) -> str:
    return " and ".join(_cluster_words(table, f"cluster_{k}", name) for k, name in enumerate(names))


def _cluster_words(table: pl.DataFrame, column: str, name: str) -> str:
    """Note how many clusters contain how many items, counting only tasks that have clusters."""
    per_task = table.group_by("task").agg(c=pl.col(column).n_unique(), n=pl.len())
    grouped = per_task.filter(pl.col("c") < pl.col("n"))
    shown = f"the id by {name.removeprefix(OF_ID)}" if name.startswith(OF_ID) else f"column `{name}`"
    if not len(grouped):
        return f"{shown} (each question is its own cluster)"
    rest = len(per_task) - len(grouped)
    clusters = plural(int(grouped["c"].sum()), "cluster")
    others = f"; {plural(rest, 'task')} without" if rest else ""
    return f"{shown} ({clusters}{others})"


ID_GROUPS = (r"^(.+?)[-_/#:.]+\d+$", r"^(\d+)[-_/][A-Za-z0-9]+$")
FIRST_IDS = 100
"""If one of the first so many ids has no group, the rest aren't searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedClusters:
    """Apparent clusters that weren't declared: a `column`, or a `pattern` of their ids. `groups`: their
    number.
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
        """The option that uses it."""
        return f"`cluster={self.column!r}`" if self.column else f"`cluster=r'{OF_ID}{self.pattern}'`"

    @property
    def warning(self) -> ResultWarning:
        """Warn that they weren't declared, and how to do so."""
        seen = (
            f"column `{self.column}` groups the questions ({self.groups:,} values)"
            if self.column
            else f"the item ids look grouped ({self.groups:,} groups of {self.items:,} items)"
        )
        return ResultWarning(
            code="looks_grouped",
            message=f"{seen}. If questions of a group were drawn together, the error bars are too small",
            remedy=f"Use {self.choice}, or `cluster='none'` if they were not.",
        )

    def of(self, design: Design) -> Design:
        """Return a design that uses it."""
        return replace(design, cluster=(self.column or f"{OF_ID}{self.pattern}",))


def propose(table: pl.DataFrame, columns: Iterable[str]) -> ProposedClusters | None:
    """Propose clusters if one of these metadata columns, or the ids, look grouped. A column takes precedence
    over a pattern.
    """
    return _propose_metadata(table, columns) or _propose_from_ids(table)


def _propose_from_ids(table: pl.DataFrame) -> ProposedClusters | None:
    """Propose clusters if the ids look grouped and none were given."""
    ids, n = table.select("task", "item"), len(table)
    for pattern in ID_GROUPS:
        group = pl.col("item").str.extract(pattern, 1)
        if ids.head(FIRST_IDS).select(group).null_count().item():
            continue
        found = ids.select("task", group=group)
        groups, tasks = found.n_unique(), found["task"].n_unique()
        if not found["group"].null_count() and tasks < groups <= n / 2:
            return ProposedClusters(pattern=pattern, groups=groups, items=n)
    return None


def _propose_metadata(table: pl.DataFrame, columns: Iterable[str]) -> ProposedClusters | None:
    """Propose the column with the most values that groups the items and is the same for all rows of an
    item.
    """
    whole = [name for name in columns if not (table[name] != table[f"{name}_max"]).any()]
    counts = {
        name: table[name].drop_nulls().n_unique() for name in whole if table[name].null_count() < len(table)
    }
    likely = [name for name, count in counts.items() if 2 <= count <= len(table) / 2]
    if not likely:
        return None
    name = max(likely, key=lambda column: counts[column])
    return ProposedClusters(column=name, groups=counts[name], items=len(table))
