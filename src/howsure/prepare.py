"""Scores and a Design become score matrices: choosing metrics, attaching clusters, applying the failure policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.aggregate import FAILED, Wanted, per_item
from howsure.document import count_text, listing, plural
from howsure.errors import Caution, DataError
from howsure.matrix import ScoreMatrix
from howsure.tidy import find_roles, open_frame, roles_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from howsure.design import Design
    from howsure.scores import Scores, TaskFacts

GROUP_WORDS = re.compile(
    r"passage|context|document|repo|template|subject|categor|topic|story|conversation|contest|paragraph|article|"
    r"theme|domain|source_id|group",
    re.IGNORECASE,
)
ID_GROUPS = (r"^(.+?)[-_/#:.]+\d+$", r"^(\d+)[-_/][A-Za-z0-9]+$")
MAX_CLUSTERINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """One row per task, metric, model and item, clusters and weights attached, failures not yet decided on."""

    table: pl.DataFrame
    cluster_names: tuple[str, ...]
    facts: tuple[TaskFacts, ...]
    notes: tuple[str, ...]
    cautions: tuple[Caution, ...]
    lower_is_better: bool | None
    failures: str

    def matrices(self, failures: str | None = None) -> Iterator[ScoreMatrix]:
        """Yield the matrix of each task and metric under a failure policy; None takes the user's."""
        for (task, metric), part in sorted(self.table.partition_by("task", "metric", as_dict=True).items()):
            policy = failures or self.policy(str(task), str(metric))
            yield _matrix(_decide(part, policy), str(task), str(metric), self)

    def policy(self, task: str, metric: str) -> str:
        """Return "drop", "zero" or "error" for a task: what the user said, else what its harness does."""
        if self.failures != "harness":
            return self.failures
        fact = next((fact for fact in self.facts if fact.task == task), None)
        return "drop" if fact is None or self.is_lower_better(task, metric) else fact.failures

    def is_lower_better(self, task: str, metric: str) -> bool:
        """Say whether smaller scores are better: what the user said, else what the harness says."""
        if self.lower_is_better is not None:
            return self.lower_is_better
        return any(fact.task == task and metric in fact.lower_is_better for fact in self.facts)

    def failed(self) -> int:
        """Count the attempts without a score."""
        return int((self.table["rows"] - self.table["n"]).sum())

    def counts(self, task: str, metric: str) -> dict[str, tuple[int, int]]:
        """Return, for each model, its attempts and how many of them failed."""
        part = self.table.filter(task=task, metric=metric).group_by("model")
        counted = part.agg(pl.col("rows").sum(), failed=(pl.col("rows") - pl.col("n")).sum())
        return {row[0]: (row[1], row[2]) for row in counted.iter_rows()}


def collect(scores: Scores, design: Design) -> Items:
    """Group the rows, choose the metrics, and attach clusters and weights."""
    side = _side_table(design)
    inside = _columns_of_rows(design, side)
    wanted = Wanted(task=design.task, model=design.model, metric=design.metric, columns=inside)
    table = per_item(scores, wanted)
    notes, cautions = list(scores.notes), list(scores.cautions)
    told = roles_note(find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles))
    notes += [told] if told else []
    if "copies" in table.columns and table["copies"][0]:
        cautions.append(_copies(int(table["copies"][0])))
    if "attempts" not in table.columns and bool((table["rows"] > 1).any()):
        cautions.append(REPEATED)
    table = _headlines(table, scores, design, notes)
    table, names = _attach_clusters(table, side, design, notes, cautions)
    table = _attach_weights(table, side, design)
    items = Items(
        table=table,
        cluster_names=names,
        facts=scores.facts,
        notes=(),
        cautions=(),
        lower_is_better=design.lower_is_better,
        failures=design.failures,
    )
    _tell_failures(items, notes)
    return replace(items, notes=tuple(notes), cautions=(*cautions, *_scale_cautions(table)))


def _columns_of_rows(design: Design, side: pl.DataFrame | None) -> tuple[str, ...]:
    asked = [*(design.cluster or ()), *([design.weight] if design.weight else [])]
    held = set(side.columns) if side is not None else set()
    return tuple(name for name in asked if name not in (*held, "none", "cluster", "weight"))


def _side_table(design: Design) -> pl.DataFrame | None:
    if design.items is None:
        return None
    from howsure.readers.tables import read_side_table

    return read_side_table(design.items)


def _headlines(table: pl.DataFrame, scores: Scores, design: Design, notes: list[str]) -> pl.DataFrame:
    """Keep the headline metric of each task whose harness names one, unless the user chose."""
    if design.metric:
        return table
    for fact in scores.facts:
        here = table.filter(pl.col("task") == fact.task)["metric"].unique().sort().to_list()
        if fact.headline in here and len(here) > 1:
            table = table.filter((pl.col("task") != fact.task) | (pl.col("metric") == fact.headline))
            others = [name for name in here if name != fact.headline]
            notes.append(
                f"{fact.task}: metric {fact.headline}, the headline of {fact.harness}; also {listing(others)}."
            )
    return table


def _attach_clusters(
    table: pl.DataFrame, side: pl.DataFrame | None, design: Design, notes: list[str], cautions: list[Caution]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Give the table columns cluster_0, cluster_1 with the clusters that were asked for or declared."""
    if design.ignores_clusters:
        notes.append("Clusters: ignored (--cluster none); each item is its own.")
        return table, ()
    if design.cluster_from is not None:
        table = table.with_columns(cluster_0=_from_id(table, design.cluster_from))
        names: tuple[str, ...] = (f"the id by {design.cluster_from}",)
    elif design.cluster is not None:
        table, names = _asked_clusters(table, side, design.cluster), design.cluster
    elif "cluster" in table.columns and table["cluster"].null_count() < len(table):
        table, names = _declared_cluster(table, cautions), ("cluster",)
    else:
        cautions += _propose(table)
        return table, ()
    if len(names) > MAX_CLUSTERINGS:
        raise DataError("more than two ways of clustering", remedy="Name one or two cluster columns.")
    _constant(table, [f"cluster_{k}" for k in range(len(names))])
    notes.append(_clusters_note(table, names, declared=design.cluster is None and design.cluster_from is None))
    return table, names


def _asked_clusters(table: pl.DataFrame, side: pl.DataFrame | None, names: tuple[str, ...]) -> pl.DataFrame:
    for k, name in enumerate(names):
        if side is not None and name in side.columns:
            table = _join(table, side, name, f"cluster_{k}")
        else:
            if name not in table.columns:
                raise DataError(
                    f"no column {name!r} to cluster by", remedy="Run `howsure describe` to see the columns."
                )
            _one_value(table, name)
            table = table.with_columns(pl.col(name).alias(f"cluster_{k}"))
        _every_item(table, f"cluster_{k}", name)
    return table


def _join(table: pl.DataFrame, side: pl.DataFrame, column: str, alias: str) -> pl.DataFrame:
    keys = ["task", "item"] if "task" in side.columns else ["item"]
    wanted = side.select(*keys, pl.col(column).cast(pl.String).alias(alias)).unique()
    if wanted.select(keys).is_duplicated().any():
        raise DataError(f"column {column!r} has two values for one item", where="the items table")
    return table.join(wanted, on=keys, how="left")


def _every_item(table: pl.DataFrame, alias: str, name: str) -> None:
    lacking = table.filter(pl.col(alias).is_null()).sort("task", "item")
    if len(lacking):
        row = lacking.row(0, named=True)
        count = lacking.select("task", "item").n_unique()
        raise DataError(
            f"no {name!r} for {plural(count, 'item')}, first {row['item']!r}",
            where=str(row["task"]),
            remedy="Clustering needs it on every item: complete it, choose another column, or use --cluster none.",
        )


def _one_value(table: pl.DataFrame, name: str) -> None:
    """Refuse a column that differs between the attempts of one item."""
    if f"{name}_max" not in table.columns:
        return
    torn = table.filter(pl.col(name) != pl.col(f"{name}_max")).sort("task", "item")
    if len(torn):
        raise DataError(
            f"{name!r} differs between the attempts of item {torn['item'][0]!r}: "
            f"{torn[name][0]!r} and {torn[f'{name}_max'][0]!r}",
            where=str(torn["task"][0]),
            remedy="A cluster is what an item was drawn with: choose a column that is the same for all its attempts.",
        )


def _declared_cluster(table: pl.DataFrame, cautions: list[Caution]) -> pl.DataFrame:
    _one_value(table, "cluster")
    lone = pl.concat_str(pl.lit("\x00item "), pl.col("item"))
    holes = table.group_by("task").agg(
        lacking=pl.col("cluster").is_null().sum(), has=pl.col("cluster").is_not_null().sum()
    )
    torn = holes.filter((pl.col("lacking") > 0) & (pl.col("has") > 0)).sort("task")
    cautions += [
        Caution(
            code="cluster_missing",
            message=f"{row['task']}: {row['lacking']:,} rows have no cluster; each such item counts as its own",
            remedy="Complete the column, or use --cluster none.",
        )
        for row in torn.iter_rows(named=True)
    ]
    return table.with_columns(cluster_0=pl.coalesce("cluster", lone))


def _from_id(table: pl.DataFrame, pattern: str) -> pl.Series:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise DataError(f"--cluster-from {pattern!r} is no regular expression ({error})") from None
    if groups < 1:
        raise DataError(
            f"--cluster-from {pattern!r} has no group", remedy=r"Put brackets around the cluster: '^(.+?)-\d+$'."
        )
    found = table["item"].str.extract(pattern, 1)
    if found.null_count():
        item = table["item"].filter(found.is_null()).sort()[0]
        raise DataError(
            f"--cluster-from {pattern!r} finds no cluster in {found.null_count():,} rows, first item {item!r}",
            remedy="Widen the pattern so that every id matches.",
        )
    return found


def _constant(table: pl.DataFrame, columns: list[str]) -> None:
    """Refuse an item that is in two clusters for two models."""
    for column in columns:
        torn = table.group_by("task", "item").agg(pl.col(column).n_unique()).filter(pl.col(column) > 1)
        if len(torn):
            row = torn.sort("task", "item").row(0, named=True)
            raise DataError(
                f"item {row['item']!r} is in {row[column]} clusters at once ({plural(len(torn), 'such item')})",
                where=str(row["task"]),
                remedy="Give every item one cluster, the same for all models.",
            )


def _clusters_note(table: pl.DataFrame, names: tuple[str, ...], *, declared: bool) -> str:
    parts = [_cluster_words(table, f"cluster_{k}", name) for k, name in enumerate(names)]
    hint = "; --cluster none ignores it" if declared else ""
    return f"Clusters: {' and '.join(parts)}{hint}."


def _cluster_words(table: pl.DataFrame, column: str, name: str) -> str:
    """Say how many clusters hold how many items, counting only tasks that have clusters at all."""
    per_task = table.group_by("task").agg(c=pl.col(column).n_unique(), n=pl.col("item").n_unique())
    grouped = per_task.filter(pl.col("c") < pl.col("n"))
    rest = len(per_task) - len(grouped)
    clusters, items = plural(int(grouped["c"].sum()), "cluster"), plural(int(grouped["n"].sum()), "item")
    others = f"; {plural(rest, 'task')} without" if rest else ""
    shown = name if name.startswith("the id") else f"column `{name}`"
    return f"{shown} ({clusters} of {items}{others})"


def _attach_weights(table: pl.DataFrame, side: pl.DataFrame | None, design: Design) -> pl.DataFrame:
    if design.weight is None:
        return table
    if side is not None and design.weight in side.columns:
        table = _join(table, side, design.weight, "weight_text")
        table = table.with_columns(weight=pl.col("weight_text").cast(pl.Float64))
    elif design.weight != "weight":
        table = table.with_columns(weight=pl.col(design.weight).cast(pl.Float64, strict=False))
    bad = table.filter(pl.col("weight").is_null() | (pl.col("weight") <= 0) | ~pl.col("weight").is_finite())
    if len(bad):
        raise DataError(
            f"column {design.weight!r} holds no positive weight for item {bad.sort('item')['item'][0]!r} "
            f"({plural(len(bad), 'row')})",
            remedy="Every item needs a weight above 0; leave out items that should not count.",
        )
    return table


def _decide(part: pl.DataFrame, policy: str) -> pl.DataFrame:
    """Apply the failure policy: the number of attempts that count, their mean and variance per item."""
    failed = pl.col("rows") - pl.col("n")
    if policy == "error":
        bad = part.filter(failed > 0).sort("model", "item")
        if len(bad):
            row = bad.row(0, named=True)
            raise DataError(
                f"{int((bad['rows'] - bad['n']).sum()):,} attempts have no score, first item {row['item']!r} of "
                f"model {row['model']!r}",
                where=str(row["task"]),
                remedy="Use --failures drop or zero, or run them again.",
            )
    if policy != "zero":
        return part.filter(pl.col("n") > 0)
    share = pl.col("n") / pl.col("rows")
    mean, square = pl.col("mean").fill_null(0), (pl.col("variance") + pl.col("mean") ** 2).fill_null(0)
    return part.with_columns(
        mean=mean * share,
        variance=(square * share - (mean * share) ** 2).clip(lower_bound=0),
        n=pl.col("rows"),
        low=pl.when(failed > 0).then(pl.min_horizontal("low", pl.lit(0.0))).otherwise("low"),
        high=pl.when(failed > 0).then(pl.max_horizontal("high", pl.lit(0.0))).otherwise("high"),
    )


def _matrix(part: pl.DataFrame, task: str, metric: str, items: Items) -> ScoreMatrix:
    """Spread one task and metric over items × models."""
    if not len(part):
        raise DataError(f"no attempt of metric {metric!r} has a score", where=task, remedy="See `howsure describe`.")
    models, ids = part["model"].unique().sort(), part["item"].unique().sort()
    rows = part["item"].replace_strict(ids, pl.Series(range(len(ids))), return_dtype=pl.Int64).to_numpy()
    cols = part["model"].replace_strict(models, pl.Series(range(len(models))), return_dtype=pl.Int64).to_numpy()
    shape = (len(ids), len(models))
    values = np.full(shape, np.nan)
    within = np.full(shape, np.nan)
    attempts = np.zeros(shape, dtype=np.int64)
    values[rows, cols], within[rows, cols] = part["mean"].to_numpy(), part["variance"].to_numpy()
    attempts[rows, cols] = part["n"].to_numpy()
    codes, labels = [], []
    for k in range(len(items.cluster_names)):
        code, label = _codes(part[f"cluster_{k}"], rows, len(ids))
        codes.append(code)
        labels.append(label)
    if len(codes) == 1 and len(labels[0]) == len(ids):
        codes, labels = [], []
    return ScoreMatrix(
        task=task,
        metric=metric,
        models=tuple(models),
        items=ids.to_numpy(),
        values=values,
        attempts=attempts,
        within=within,
        clusters=tuple(codes),
        cluster_names=items.cluster_names if codes else (),
        cluster_labels=tuple(labels),
        weights=_weights(part, rows, len(ids)),
        bounded=not bool(((part["low"] < 0) | (part["high"] > 1)).any()),
        lower_is_better=items.is_lower_better(task, metric),
    )


def _codes(clusters: pl.Series, rows: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    labels = clusters.unique().sort()
    numbers = clusters.replace_strict(labels, pl.Series(range(len(labels))), return_dtype=pl.Int64).to_numpy()
    codes = np.zeros(n, dtype=np.int64)
    codes[rows] = numbers
    return codes, tuple(labels)


def _weights(part: pl.DataFrame, rows: NDArray[np.int64], n: int) -> NDArray[np.float64] | None:
    if "weight" not in part.columns or part["weight"].null_count():
        return None
    weights = np.ones(n)
    weights[rows] = part["weight"].to_numpy()
    return weights if np.ptp(weights) else None


def _tell_failures(items: Items, notes: list[str]) -> None:
    table = items.table
    failed = items.failed()
    if not failed:
        return
    counts = {
        "error": int(table["n_error"].sum()),
        "not run": int(table["n_not_run"].sum()),
    }
    counts["unscored"] = failed - sum(counts.values())
    what = ", ".join(f"{count_text(counts[name])} {name}" for name in FAILED if counts[name])
    total = count_text(int(table["rows"].sum()))
    notes.append(f"Failures: {count_text(failed)} of {total} attempts have no score ({what}); {_policy_words(items)}.")


def _policy_words(items: Items) -> str:
    chosen = {"drop": "left out (--failures drop)", "zero": "counted as 0 (--failures zero)", "error": "refused"}
    if items.failures != "harness":
        return chosen[items.failures]
    keys = items.table.select("task", "metric").unique().sort("task", "metric").iter_rows()
    words = []
    for task, metric in keys:
        fact = next((fact for fact in items.facts if fact.task == task), None)
        policy = items.policy(task, metric)
        default = {"drop": "they are left out", "zero": "they count as 0"}[policy]
        words.append(fact.failures_words if fact is not None and fact.failures_words else default)
    return "; ".join(dict.fromkeys(word.rstrip(".") for word in words))


def _scale_cautions(table: pl.DataFrame) -> list[Caution]:
    """Warn where one model's scores look like fractions and another's like percent."""
    spans = table.group_by("task", "metric", "model").agg(pl.col("low").min(), pl.col("high").max())
    cautions = []
    for key, part in sorted(spans.partition_by("task", "metric", as_dict=True).items()):
        fractions = part.filter((pl.col("low") >= 0) & (pl.col("high") <= 1) & (pl.col("high") > 0))["model"]
        percents = part.filter((pl.col("high") > 20) & (pl.col("high") <= 100) & (pl.col("low") >= 0))["model"]
        if len(fractions) and len(percents):
            cautions.append(
                Caution(
                    code="mixed_scale",
                    message=f"{key[0]!s} · {key[1]!s}: scores of {fractions.sort()[0]} lie in [0, 1], those of "
                    f"{percents.sort()[0]} go up to {part['high'].max():g}: fractions beside percent?",
                    remedy="Bring both to one scale before comparing.",
                )
            )
    return cautions


def _propose(table: pl.DataFrame) -> list[Caution]:
    """Propose clusters where the ids look grouped and none were given."""
    for pattern in ID_GROUPS:
        ids = table.select("task", "item").unique()
        found = ids.with_columns(group=pl.col("item").str.extract(pattern, 1))
        groups, n = found.select("task", "group").n_unique(), len(ids)
        tasks = ids["task"].n_unique()
        if not found["group"].null_count() and tasks < groups <= n / 2:
            return [
                Caution(
                    code="looks_grouped",
                    message=f"the item ids look grouped ({groups:,} groups of {n:,} items); if items of a group were "
                    "drawn together, the error bars are too small",
                    remedy=f"Use --cluster-from '{pattern}', or --cluster none to say that they were not.",
                )
            ]
    return []


def propose_metadata(columns: dict[str, int], n_items: int) -> list[Caution]:
    """Propose a metadata column whose name and number of values look like groups of items."""
    likely = [name for name, count in columns.items() if GROUP_WORDS.search(name) and 2 <= count <= n_items / 2]
    if not likely:
        return []
    name = max(likely, key=lambda column: columns[column])
    return [
        Caution(
            code="looks_grouped",
            message=f"column `{name}` groups the items ({columns[name]:,} values); if items of a group were drawn "
            "together, the error bars are too small",
            remedy=f"Use --cluster {name}, or --cluster none to say that they were not.",
        )
    ]


def _copies(count: int) -> Caution:
    return Caution(
        code="copies_dropped",
        message=f"{plural(count, 'row')} were exact copies of others and were dropped",
        remedy="Was one log given twice?",
    )


REPEATED = Caution(
    code="rows_as_attempts",
    message="some items come more than once for a model and no column numbers the attempts; the rows count as attempts",
    remedy="Name the column that numbers them (--columns attempt=…), or remove repeated rows.",
)
