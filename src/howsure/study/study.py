"""Study: scores aggregated once, and the source of every other result.

gathering.py makes one. Failure policies, parts, covariates, checkpoints and criteria use a study, not the
rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from howsure.errors import DataError, ResultWarning
from howsure.options.kinds import ScoreRule
from howsure.study import attempts, models
from howsure.study.failures import FailurePolicy, decided, failed
from howsure.study.matrix import ScoreMatrix
from howsure.table.aggregate import coded
from howsure.table.engines import trim_memory
from howsure.table.grouping import distinct_names, in_blocks, taken_name
from howsure.table.names import is_burden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from howsure.study.clusters import ProposedClusters
    from howsure.study.comparability import AskedDifference
    from howsure.study.design import Design
    from howsure.study.models import Average
    from howsure.study.weights import RowWeights
    from howsure.table.scale import ScaleBounds
    from howsure.table.scores import Group, Missing, TaskFacts

    Key = tuple[str, str]
    Parts = Mapping[Key, pl.DataFrame]
    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


MANY_ROWS = 1_000_000
LEVEL = "model at level"
"""The column with the name of a model at a level of random factors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Scores aggregated once, before failures are decided on.

    `parts`: for each task and metric one row per model and item, or per checkpoint if these are averaged.
    `beside`: rows that only explain others, of models that are covariates and of metrics that probabilities
    refine. `items`: one row per task and item, with the columns cluster_0, cluster_1 and weight if there are
    any, and every requested attribute, with its smallest and largest value (`name`, `name_max`). `side`: the
    user's table with one row per item. `cluster_names`: the names of each task's clusterings. `few_clusters`:
    the tasks with too few to generalise. `proposed`: undeclared clusters, if the items seem to have any.
    `values`: how often every item had every score, if the rule needs it. `averages`: of checkpoints, empty if
    none are used. `models`: the full names of the requested ones. `every_task`: the tasks before any was left
    out. `partial`: what only some of the models have, if that is left out. `column`: the one with the scores.
    `missing`: what wasn't run, and counts as nothing here. `differs`: the differences between the models'
    conditions. `groups`: of tasks, as harnesses combine them. `held`: the tasks on which each model has a
    score, on any metric. `scales`: of each task and metric as the rows name it. `summed`: whether items are
    clusters, each aggregated in place. `unasked`: the column used as attempts because of its name although
    all questions may share its values, or "" if there isn't one. `crossed`: matrices of clusters with the
    sums of their items, which were read in blocks, for every task or none. `own_weights`: of tasks whose
    items weigh more for one model than for another (weights.py). `over_levels`: if random factors are samples
    too, makes models of a matrix of models at levels, whose names are in the parts' column LEVEL
    (factors.py). `smallest`: by task and model, the effective number of questions in the smallest class of a
    metric. `labelled`: the labels and probabilities behind a calibration error (metric_rows.py).
    """

    design: Design
    parts: Parts
    items: pl.DataFrame
    facts: tuple[TaskFacts, ...] = ()
    beside: Parts = field(default_factory=dict)
    side: pl.DataFrame | None = None
    cluster_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    few_clusters: frozenset[str] = frozenset()
    proposed: ProposedClusters | None = None
    values: pl.DataFrame | None = None
    averages: tuple[Average, ...] = ()
    models: tuple[str, ...] = ()
    every_task: tuple[str, ...] = ()
    partial: tuple[Key, ...] = ()
    held: Mapping[str, frozenset[str]] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    differs: tuple[AskedDifference, ...] = ()
    groups: tuple[Group, ...] = ()
    policy: FailurePolicy
    column: str = ""
    scales: Mapping[Key, ScaleBounds] = field(default_factory=dict)
    summed: bool = False
    unasked: str = ""
    crossed: Mapping[Key, ScoreMatrix] = field(default_factory=dict)
    own_weights: Mapping[str, RowWeights] = field(default_factory=dict)
    over_levels: Callable[[ScoreMatrix, Sequence[str]], ScoreMatrix] | None = None
    smallest: Mapping[Key, float] = field(default_factory=dict)
    labelled: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, each once."""
        return tuple(dict.fromkeys(task for task, _ in self.parts))

    @property
    def rule(self) -> ScoreRule:
        """How the attempts at an item are combined."""
        return self.design.score

    def matrices(self) -> Iterator[ScoreMatrix]:
        """Yield the matrix of each task and metric."""
        for key in self.parts:
            yield self.matrix(key)

    def matrix(self, key: Key) -> ScoreMatrix:
        """Return the matrix of a task and metric. DataError if no attempt has a score."""
        if key in self.crossed:
            return self.crossed[key]
        return self._spread(self.scored(key), self.parts[key], key)

    def spread_out(self) -> Study:
        """Return a study with matrices in place of the rows of large parts, which take more memory. Only the
        first row of each stays, for its names.

        The study stays as it is if an attempt failed, as another policy counts the rows again, or if its
        items are sums of clusters, which are counted.
        """
        large = [key for key, part in self.parts.items() if len(part) > MANY_ROWS]
        if self.summed or not large or self.failed():
            return self
        first = {key: self.parts[key][[0]] for key in large}
        spread = {key: self.matrix(key) for key in large}
        return replace(self, parts={**self.parts, **first}, crossed={**self.crossed, **spread})

    def _spread(self, scored: pl.DataFrame, tried: pl.DataFrame, key: Key) -> ScoreMatrix:
        """Spread rows over items × models, with the results for random factors."""
        if self.over_levels is None:
            return _matrix(scored, tried, key, self)
        at = pl.col(LEVEL).alias("model")
        models = self.models or tuple(distinct_names(self.parts[key]["model"]).cast(pl.String).sort())
        return self.over_levels(_matrix(scored.with_columns(at), tried.with_columns(at), key, self), models)

    def measure(self, key: Key, name: str) -> ScoreMatrix:
        """Return measures (cost, time, tokens) as means over all attempts, including failed ones. Those
        without a record are its failed ones.

        They count as 0, so a mean with missing values is a lower bound.
        """
        part = self.parts[key].filter(pl.col("rows") > 0)
        mean = pl.col(taken_name(name)).fill_null(0.0) / pl.col("rows")
        found = part.with_columns(n=pl.col("rows"), mean=mean, low=mean, high=mean, variance=pl.lit(0.0))
        tried = part.with_columns(n=pl.col(f"{taken_name(name)} n").fill_null(0))
        matrix = self._spread(found, tried, key)
        return replace(
            matrix, metric=name, bounded=False, lower_is_better=True, of_failures=False, derived=True
        )

    def scored(self, key: Key) -> pl.DataFrame:
        """Return one row per model and item, with failures decided on, the score computed, and checkpoints
        averaged.
        """
        task, _ = key
        lower = self.is_lower_better(key)
        part = decided(self.parts[key], self.policy_of(key))
        scored = attempts.rescore(part, self.rule, self.values, task, lower_is_better=lower)
        return models.average(scored, self.averages) if self.averages else scored

    def policy_of(self, key: Key) -> str:
        """Return what a task's failed attempts count as: "drop", "zero" or "error"."""
        return self.policy.of(key[0], lower_is_better=self.is_lower_better(key))

    def with_failures(self, policy: str) -> Study:
        """Return the same study under another failure policy."""
        return replace(self, policy=replace(self.policy, chosen=policy))

    def only(self, tasks: Iterable[str]) -> Study:
        """Return the part of the study for these tasks."""
        kept = set(tasks)
        return replace(self, parts={key: part for key, part in self.parts.items() if key[0] in kept})

    def of_models(self, models: Iterable[str]) -> Study:
        """Return the part of the study for these models."""
        chosen = pl.col("model").cast(pl.String).is_in(names := list(models))
        kept = {key: part.filter(chosen) for key, part in self.parts.items()}
        return replace(
            self, parts={key: part for key, part in kept.items() if len(part)}, models=tuple(names)
        )

    def explaining(self, parts: Parts) -> Study:
        """Return a study of rows used with this one's, with the plain mean of the attempts."""
        design = replace(self.design, score=ScoreRule(), covariate=())
        return replace(
            self, parts=parts, beside={}, design=design, policy=replace(self.policy, design=design)
        )

    def is_lower_better(self, key: Key) -> bool:
        """Return whether smaller scores are better: the user's option, else the harness's direction."""
        said = self.design.lower_is_better_of(key[0])
        return self._is_stated_lower(key) if said is None else said

    def is_undeclared(self, key: Key) -> bool:
        """Return whether a name leaves the direction open, such as cost or error, and neither user nor
        harness sets it.
        """
        chosen = self.design.statistic
        said = self.design.lower_is_better_of(key[0]) is not None or self._is_stated_lower(key)
        said = said or (chosen is not None and chosen.metric.scale in ("share", "correlation"))
        return not said and is_burden(self.column, key[1])

    def _is_stated_lower(self, key: Key) -> bool:
        task, metric = key
        if self.design.statistic is not None:
            return self.design.statistic.metric.lower_is_better
        named = {metric, str(self.parts[key]["metric"][0])}  # a rule renames metrics
        return any(fact.task == task and named & fact.lower_is_better for fact in self.facts)

    def failed(self) -> int:
        """Count the attempts without a score."""
        return failed(self.parts)


def _matrix(scored: pl.DataFrame, tried: pl.DataFrame, key: Key, study: Study) -> ScoreMatrix:
    """Spread one task and metric over items × models, with the scores of one model contiguous in memory."""
    task, metric = key
    if not len(scored):
        raise DataError(
            f"no attempt of metric {metric!r} has a score", where=task, remedy="See `howsure describe`."
        )
    if len(scored) > MANY_ROWS:
        trim_memory()  # that grouping has left
    ids, rows = coded(scored["item"])
    models, places = coded(scored["model"])
    places *= len(ids)
    places += rows
    del rows
    grid = _Grid(ids=ids, models=models, places=places)
    groups = ids.to_frame("item")
    if {*study.items.columns} - {"task", "item"}:  # a join of millions of names takes long
        groups = groups.join(study.items.filter(task=task), on="item", how="left", maintain_order="left")
    names = study.cluster_names.get(task, ())
    clusters = [coded(groups[f"cluster_{k}"].fill_null(groups["item"])) for k in range(len(names))]
    if len(clusters) == 1 and len(clusters[0][0]) == len(ids):
        clusters = []
    return ScoreMatrix(
        task=task,
        metric=metric,
        models=tuple(models),
        items=ids.to_numpy(),
        values=grid.spread(scored["mean"], np.nan),
        attempts=grid.spread(scored["n"], 0),
        within=grid.spread(scored["variance"], np.nan),
        clusters=tuple(codes for _, codes in clusters),
        cluster_names=names if clusters else (),
        cluster_labels=tuple(tuple(labels) for labels, _ in clusters),
        few_clusters=bool(clusters) and task in study.few_clusters,
        weights=_weights(groups),
        own_weights=study.own_weights[task].of(ids, models) if task in study.own_weights else None,
        strata=0,
        bounded=study.design.of_metric is None and _is_fraction(scored),
        of_metric=study.design.of_metric,
        smallest=_smallest(study, task, models),
        derived=study.design.of_metric is not None or study.rule.over_attempts or bool(study.averages),
        lower_is_better=study.is_lower_better(key),
        of_failures=study.is_lower_better(key) or study.is_undeclared(key),
        of_agreement=study.rule.kind == "consistency",
        **_counts(grid, scored, tried),
    )


def _is_fraction(scored: pl.DataFrame) -> bool:
    """Return whether all scores lie in [0, 1]."""
    low, high = cast("float | None", scored["low"].min()), cast("float | None", scored["high"].max())
    return low is None or high is None or (low >= 0 and high <= 1)


def _smallest(study: Study, task: str, models: Iterable[str]) -> Floats | None:
    """Return the size of the smallest class of each model, None without classes."""
    found = np.array([study.smallest.get((task, model), np.inf) for model in models])
    return found if study.smallest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The place of each row of a part among items × models."""

    ids: pl.Series
    models: pl.Series
    places: NDArray[np.int64]

    def spread(self, column: pl.Series, empty: float) -> NDArray[Any]:
        """Return a column of the rows as items × models, `empty` if there isn't a row."""
        size, first = len(self.models) * len(self.ids), column[:1].to_numpy()
        if len(column) == size and all((part.to_numpy() == first).all() for _, part in in_blocks(column)):
            cells = np.full(size, first[0])
        else:
            cells = np.full(size, empty)
            for rows, part in in_blocks(column):
                cells[self.places[rows]] = part.to_numpy()
        return cells.reshape(len(self.models), len(self.ids)).T


def _counts(grid: _Grid, scored: pl.DataFrame, tried: pl.DataFrame) -> dict[str, Any]:
    """Return the attempts at every item, and the failed ones, or nothing if the scored attempts are all there
    are.
    """
    if len(scored) == len(tried) and scored["n"].equals(tried["rows"]) and tried["n"].equals(tried["rows"]):
        return {}
    counts = tried.group_by("model", "item").agg(
        pl.col("rows").sum(), failed=pl.col("rows").sum() - pl.col("n").sum()
    )
    column = pl.Series("column", range(len(grid.models)), dtype=pl.Int64)
    row = pl.Series("row", range(len(grid.ids)), dtype=pl.Int64)
    counts = counts.with_columns(pl.col("model", "item").cast(pl.String))
    counts = counts.join(pl.DataFrame({"model": grid.models, "column": column}), on="model", how="inner")
    counts = counts.join(pl.DataFrame({"item": grid.ids, "row": row}), on="item", how="left")
    here, lost = counts.filter(pl.col("row").is_not_null()), counts.filter(pl.col("row").is_null())
    placed = replace(grid, places=(here["column"] * len(grid.ids) + here["row"]).to_numpy())
    gone = np.bincount(lost["column"].to_numpy(), weights=lost["rows"].to_numpy(), minlength=len(grid.models))
    return {
        "tried": placed.spread(here["rows"].cast(pl.Int64), 0),
        "failed": placed.spread(here["failed"].cast(pl.Int64), 0),
        "lost": gone.astype(np.int64),
    }


def _weights(groups: pl.DataFrame) -> NDArray[np.float64] | None:
    """Return the items' weights, or None if they are all the same."""
    if "weight" not in groups.columns:
        return None
    weights = groups["weight"].fill_null(strategy="mean").to_numpy()
    return weights if np.ptp(weights) else None
