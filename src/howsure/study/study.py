"""Scores and a Design become score matrices: choosing metrics, attaching clusters, applying the failure policy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import Caution, DataError
from howsure.options import ScoreRule
from howsure.study import attempts as rescoring
from howsure.study import checkpoints
from howsure.study import clusters as grouping
from howsure.study.matrix import ScoreMatrix
from howsure.study.names import choose
from howsure.table.aggregate import Wanted, coded, metadata_columns, value_counts
from howsure.table.schema import find_roles, open_frame, roles_note
from howsure.wording import count_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from howsure.study.design import Design
    from howsure.table.scores import Scores, TaskFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What the methods work on, failures not yet decided on.

    `parts`: for each task and metric one row per model and item, or per checkpoint where these are averaged; `groups`: one
    row per task and item, with the columns cluster_0, cluster_1 and weight where there are any; `rule`: what is made of the
    attempts; `values`: how often every item had every score, where the rule needs it; `averaged`: of how many checkpoints
    each model is the average, empty where none is; `wanted`: the full names of what was asked for.
    """

    parts: dict[tuple[str, str], pl.DataFrame]
    groups: pl.DataFrame
    cluster_names: tuple[str, ...]
    facts: tuple[TaskFacts, ...]
    notes: tuple[str, ...]
    cautions: tuple[Caution, ...]
    lower_is_better: bool | None
    failures: str
    rule: ScoreRule = field(default_factory=ScoreRule)
    values: pl.DataFrame | None = None
    averaged: Mapping[str, int] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)

    def matrices(self, failures: str | None = None) -> Iterator[ScoreMatrix]:
        """Yield the matrix of each task and metric under a failure policy; None takes the user's."""
        for (task, metric), part in self.parts.items():
            scored = self.scored(part, failures or self.policy(task, metric), task, metric)
            yield _matrix(scored, task, metric, self)

    def scored(self, part: pl.DataFrame, policy: str, task: str, metric: str) -> pl.DataFrame:
        """Return one row per model and item: failures decided on, the score made, checkpoints averaged."""
        lower = self.is_lower_better(task, metric)
        scored = rescoring.rescore(_decide(part, policy), self.rule, self.values, task, lower_is_better=lower)
        return checkpoints.average(scored, self.averaged) if self.averaged else scored

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
        named = {metric, str(self.parts[task, metric]["metric"][0])}  # a rule renames metrics
        return any(fact.task == task and named & fact.lower_is_better for fact in self.facts)

    def total(self, column: str) -> int:
        """Sum a count over all tasks, metrics, models and items."""
        return sum(int(part[column].sum()) for part in self.parts.values())

    def failed(self) -> int:
        """Count the attempts without a score."""
        return self.total("rows") - self.total("n")

    def counts(self, task: str, metric: str) -> dict[str, tuple[int, int]]:
        """Return, for each model, its attempts and how many of them failed."""
        counted = self.parts[task, metric].group_by("model").agg(pl.col("rows").sum(), pl.col("n").sum())
        return {model: (rows, rows - n) for model, rows, n in counted.iter_rows()}


def collect(scores: Scores, design: Design) -> Items:
    """Group the rows, choose the metrics, and attach clusters and weights."""
    if design.score.kind == "prob":
        scores, design = rescoring.probabilities(scores, design)
    side = grouping.side_table(design)
    names = open_frame(scores.rows).collect_schema().names()
    grouping.known_covariates(design, side, names)
    asked = Wanted(task=design.task, model=design.model, metric=design.metric)
    wanted, found = choose(scores, asked, grouping.columns_of_rows(design, side))
    notes = [*scores.notes, roles_note(find_roles(names, scores.roles))]
    cautions = list(scores.cautions)
    if found.copies:
        cautions.append(_copies(found.copies))
    if not found.numbered and bool((found.results["rows"] > 1).any()):
        cautions.append(REPEATED)
    parts = rescoring.renamed(_headlines(_parts(found.results), scores, design, notes), design.score)
    if design.score.kind == "prob":
        cautions.append(rescoring.ANOTHER_QUESTION)
    if design.score.kind != "mean":
        notes.append(f"Score: {rescoring.told(design.score)}.")
    averaged: dict[str, int] = {}
    if design.average_last:
        parts, averaged = _last_checkpoints(parts, design, notes)
    grouped = grouping.attach_clusters(found.attributes, side, design)
    if not grouped.names and not design.ignores_clusters and design.population == "questions":
        cautions += grouping.propose(grouped.table, lambda: metadata_columns(scores))
    items = Items(
        parts=parts,
        groups=grouping.attach_weights(grouped.table, side, design),
        cluster_names=grouped.names,
        facts=scores.facts,
        notes=(),
        cautions=(*cautions, *grouped.cautions, *_scale_cautions(parts)),
        lower_is_better=design.lower_is_better,
        failures=design.failures,
        rule=design.score,
        values=value_counts(scores, wanted) if rescoring.needs_values(parts, design.score) else None,
        averaged=averaged,
        wanted=wanted,
    )
    items = _enough_attempts(items) if design.score.over_attempts or design.average_last else items
    fixed = FIXED if design.population == "benchmark" else ""
    told = [*notes, *grouped.notes, fixed, _unused_weights(found.attributes, design), _failures_note(items)]
    return replace(items, notes=tuple(note for note in told if note))


def _last_checkpoints(
    parts: dict[tuple[str, str], pl.DataFrame], design: Design, notes: list[str]
) -> tuple[dict[tuple[str, str], pl.DataFrame], dict[str, int]]:
    """Keep the last checkpoints of every run, tell which they are, and count those of every average."""
    models = sorted({str(model) for part in parts.values() for model in part["model"].unique()})
    names = checkpoints.last_checkpoints(models, design.average_last, design.step_from)
    known = {point.model for point in checkpoints.find_checkpoints(models, design.step_from)}
    others = [model for model in models if model not in known]
    averages = list(names.values())
    runs = len(set(averages))
    left = f"; left out: {listing(others)}" if others else ""
    notes.append(f"Checkpoints: the last {design.average_last} of {plural(runs, 'run')}, averaged item by item{left}.")
    kept = {key: checkpoints.keep_last(part, names) for key, part in parts.items()}
    return kept, {name: averages.count(name) for name in averages}


def _enough_attempts(items: Items) -> Items:
    """Leave out tasks without enough attempts for the score, and tell which results lack some."""
    parts, cautions = {}, []
    for (task, metric), part in items.parts.items():
        if not len(part):
            cautions.append(_no_checkpoints(task))
            continue
        policy = items.policy(task, metric)
        decided = _decide(part, policy)
        cautions += rescoring.too_few(decided, items.rule, task)
        if rescoring.enough(decided, items.rule):
            cautions += checkpoints.torn_items(decided, items.averaged, task) if items.averaged else []
            if len(items.scored(part, policy, task, metric)):
                parts[task, metric] = part
    if not parts:
        raise DataError(cautions[0].message, remedy=cautions[0].remedy)
    return replace(items, parts=parts, cautions=(*items.cautions, *cautions))


def _no_checkpoints(task: str) -> Caution:
    return Caution(
        code="no_checkpoints",
        message=f"{task}: no model is a checkpoint of a run, so the task is left out",
        remedy="Say how names tell run and step with `step_from`, or choose tasks with `task`.",
    )


def _unused_weights(attributes: pl.DataFrame, design: Design) -> str:
    held = "weight" in attributes.columns and attributes["weight"].null_count() < len(attributes)
    return "Weights: column `weight` is not used; `weight='weight'` uses it." if held and not design.weight else ""


def _parts(results: pl.DataFrame) -> dict[tuple[str, str], pl.DataFrame]:
    if len(results.lazy().select("task", "metric").unique().collect()) == 1:
        return {(results["task"][0], results["metric"][0]): results}
    parts = results.partition_by("task", "metric", as_dict=True)
    return {(str(task), str(metric)): part for (task, metric), part in sorted(parts.items())}


def _headlines(
    parts: dict[tuple[str, str], pl.DataFrame], scores: Scores, design: Design, notes: list[str]
) -> dict[tuple[str, str], pl.DataFrame]:
    """Keep the headline metric of each task whose harness names one, unless the user chose."""
    for fact in scores.facts:
        others = [metric for task, metric in parts if task == fact.task and metric != fact.headline]
        if design.metric or not others or (fact.task, fact.headline) not in parts:
            continue
        parts = {key: part for key, part in parts.items() if key[0] != fact.task or key[1] == fact.headline}
        notes.append(f"{fact.task}: metric {fact.headline}, the headline of {fact.harness}; also {listing(others)}.")
    return parts


def _decide(part: pl.DataFrame, policy: str) -> pl.DataFrame:
    """Apply the failure policy: the number of attempts that count, their mean and variance per item."""
    failed = pl.col("rows") - pl.col("n")
    if policy == "error":
        bad = part.filter(failed > 0).sort("model", "item")
        if len(bad):
            row = bad.row(0, named=True)
            count = int((bad["rows"] - bad["n"]).sum())
            raise DataError(
                f"{plural(count, 'attempt')} without a score, first item {row['item']!r} of model {row['model']!r}",
                where=str(row["task"]),
                remedy="Use `failures='drop'` or 'zero', or run them again.",
            )
    if policy != "zero":
        return part.filter(pl.col("n") > 0) if bool((part["n"] == 0).any()) else part
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
    """Spread one task and metric over items × models; the scores of one model lie side by side in memory."""
    if not len(part):
        raise DataError(f"no attempt of metric {metric!r} has a score", where=task, remedy="See `howsure describe`.")
    ids, rows = coded(part["item"])
    models, cols = coded(part["model"])
    places = cols * len(ids) + rows

    def spread(column: str, empty: float) -> NDArray[Any]:
        cells = np.full(len(models) * len(ids), empty)
        cells[places] = part[column].to_numpy()
        return cells.reshape(len(models), len(ids)).T

    groups = ids.to_frame("item").join(items.groups.filter(task=task), on="item", how="left", maintain_order="left")
    clusters = [coded(groups[f"cluster_{k}"]) for k in range(len(items.cluster_names))]
    if len(clusters) == 1 and len(clusters[0][0]) == len(ids):
        clusters = []
    return ScoreMatrix(
        task=task,
        metric=metric,
        models=tuple(models),
        items=ids.to_numpy(),
        values=spread("mean", np.nan),
        attempts=spread("n", 0),
        within=spread("variance", np.nan),
        clusters=tuple(codes for _, codes in clusters),
        cluster_names=items.cluster_names if clusters else (),
        cluster_labels=tuple(tuple(labels) for labels, _ in clusters),
        weights=_weights(groups),
        bounded=not bool(((part["low"] < 0) | (part["high"] > 1)).any()),
        derived=items.rule.over_attempts or bool(items.averaged),
        lower_is_better=items.is_lower_better(task, metric),
    )


def _weights(groups: pl.DataFrame) -> NDArray[np.float64] | None:
    """Return the items' weights, None where they are all the same."""
    if "weight" not in groups.columns:
        return None
    weights = groups["weight"].to_numpy()
    return weights if np.ptp(weights) else None


def _failures_note(items: Items) -> str:
    """Say how many attempts have no score and what is done with them; "" where all have one."""
    failed = items.failed()
    if not failed:
        return ""
    counts = {"error": items.total("n_error"), "not run": items.total("n_not_run")}
    counts["unscored"] = failed - sum(counts.values())
    what = ", ".join(f"{count_text(count)} {name}" for name, count in counts.items() if count)
    total = count_text(items.total("rows"))
    return f"{FAILURES_NOTE} {count_text(failed)} of {total} attempts have no score ({what}); {_policy_words(items)}."


def _policy_words(items: Items) -> str:
    chosen = {"drop": "left out (`failures='drop'`)", "zero": "counted as 0 (`failures='zero'`)", "error": "refused"}
    if items.failures != "harness":
        return chosen[items.failures]
    words = []
    for (task, metric), part in items.parts.items():
        if part["rows"].sum() == part["n"].sum():
            continue  # what its harness would do with failures is no news
        fact = next((fact for fact in items.facts if fact.task == task), None)
        default = {"drop": "they are left out", "zero": "they count as 0"}[items.policy(task, metric)]
        words.append(fact.failures_words if fact is not None and fact.failures_words else default)
    return "; ".join(dict.fromkeys(word.rstrip(".") for word in words))


def _scale_cautions(parts: dict[tuple[str, str], pl.DataFrame]) -> list[Caution]:
    """Warn where one model's scores look like fractions and another's like percent."""
    cautions = []
    for key, part in parts.items():
        highest = part.select(pl.col("high").max().fill_null(0)).item()
        if not 20 < highest <= 100:
            continue
        spans = part.group_by("model").agg(pl.col("low").min(), pl.col("high").max()).sort("model")
        fractions = spans.filter((pl.col("low") >= 0) & (pl.col("high") <= 1) & (pl.col("high") > 0))["model"]
        percents = spans.filter((pl.col("high") > 20) & (pl.col("low") >= 0))["model"]
        if len(fractions) and len(percents):
            cautions.append(
                Caution(
                    code="mixed_scale",
                    message=f"{' · '.join(key)}: scores of {fractions[0]} lie in [0, 1], those of {percents[0]} "
                    f"go up to {highest:g}, which looks like fractions beside percent",
                    remedy="Bring both to one scale before comparing.",
                )
            )
    return cautions


def _copies(count: int) -> Caution:
    return Caution(
        code="copies_dropped",
        message=f"{plural(count, 'exact copy', 'exact copies')} of other rows left out",
        remedy="Was one log given twice?",
    )


FAILURES_NOTE = "Failures:"
FIXED = "Population: exactly these questions; only the answers are a sample, and clusters play no part."
REPEATED = Caution(
    code="rows_as_attempts",
    message="some items come more than once for a model and no column numbers the attempts; the rows count as attempts",
    remedy="Name the column that numbers them (`columns={'attempt': '…'}`), or remove repeated rows.",
)
