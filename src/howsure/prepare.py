"""Scores and a Design become score matrices: choosing metrics, attaching clusters, applying the failure policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure import grouping
from howsure.aggregate import FAILED, Wanted, metadata_columns, per_item
from howsure.document import count_text, listing, plural
from howsure.errors import Caution, DataError
from howsure.matrix import ScoreMatrix
from howsure.tidy import find_roles, open_frame, roles_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from howsure.design import Design
    from howsure.scores import Scores, TaskFacts


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
    side = grouping.side_table(design)
    inside = grouping.columns_of_rows(design, side)
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
    grouped = grouping.attach_clusters(table, side, design)
    if not grouped.names and not design.ignores_clusters:
        cautions += grouping.propose(grouped.table, lambda: metadata_columns(scores))
    notes += grouped.notes
    cautions += grouped.cautions
    table = grouping.attach_weights(grouped.table, side, design)
    items = Items(
        table=table,
        cluster_names=grouped.names,
        facts=scores.facts,
        notes=(),
        cautions=(),
        lower_is_better=design.lower_is_better,
        failures=design.failures,
    )
    _tell_failures(items, notes)
    return replace(items, notes=tuple(notes), cautions=(*cautions, *_scale_cautions(table)))


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
                    message=f"{' · '.join(map(str, key))}: scores of {fractions.sort()[0]} lie in [0, 1], those of "
                    f"{percents.sort()[0]} go up to {part['high'].to_numpy().max():g}: fractions beside percent?",
                    remedy="Bring both to one scale before comparing.",
                )
            )
    return cautions


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
