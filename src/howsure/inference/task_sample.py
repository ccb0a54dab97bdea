"""Tasks as a sample: one score of every model on each task, in whose mean the error bar is that over tasks.

Claim: the tasks are independent draws from the tasks that a result is to hold for, or their families are.
What is random within a task (which questions, which answers) is part of how tasks differ, so that it needs no
error bar of its own. A rank, a win rate and a normalised score are of a task among the models that are there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import scipy

from howsure.errors import DataError, OptionError
from howsure.study.design import Design
from howsure.study.gathering import gather
from howsure.study.notes import note_of_failures, require_one_metric
from howsure.table.scale import UNBOUNDED
from howsure.table.scores import Scores
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.options.choices import RankBy
    from howsure.statistics.arrays import Floats
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

TASKS = "tasks"
"""The task that all tasks are the questions of."""
FAMILY = "family"
ABOUT_CLUSTERS = ("looks_grouped", "few_clusters", "dominant_cluster", "cluster_missing")
"""Warnings about clusters of questions, which play no part."""


def over_tasks(scores: Scores, design: Design, rank_by: RankBy, weights: Mapping[str, float] | None) -> Study:
    """Return a study whose questions are the tasks of the scores, each with one score of every model.

    `weights`: of the tasks. DataError for fewer than two tasks, OptionError for several metrics of a task,
    clusters that aren't families of tasks, or an option that is about the questions of a task.
    """
    about_questions = {
        "by": bool(design.by),
        "random_factor": bool(design.random_factor),
        "population": design.population not in (None, "new-clusters"),
    }
    for name, given in about_questions.items():
        if given:
            raise OptionError(
                f"`{name}` is about questions, and here the tasks are a sample", remedy="Leave one out."
            )
    study = gather(scores, design)
    matrices = list(study.matrices())
    require_one_metric([(matrix.task, matrix.metric) for matrix in matrices], design)
    names = [matrix.task for matrix in matrices]
    if len(set(names)) < len(names):
        raise OptionError("a task has several metrics", remedy="Choose one with `metric`.")
    if len(names) < 2:
        raise DataError(
            "tasks are a sample, and there is one", remedy="Name their column: `columns={'task': …}`."
        )
    if len({matrix.lower_is_better for matrix in matrices}) > 1 and rank_by == "score":
        raise DataError(
            "smaller scores are better on some tasks only, so their mean says nothing",
            remedy="Use `rank_by='mean-rank'`, or choose tasks.",
        )
    places = {model: k for k, model in enumerate(dict.fromkeys(m for each in matrices for m in each.models))}
    means = np.full((len(matrices), len(places)), np.nan)
    for k, matrix in enumerate(matrices):
        means[k, [places[model] for model in matrix.models]] = matrix.means()
    bounded = all(matrix.bounded for matrix in matrices)
    signs = np.array([matrix.orientation for matrix in matrices])
    values = means if rank_by == "score" else PER_TASK[rank_by](signs[:, None] * means)
    lower = matrices[0].lower_is_better if rank_by == "score" else rank_by == "mean-rank"
    rows = _rows(matrices, [*places], values, design, weights)
    sample = Design(
        cluster=(FAMILY,) if FAMILY in rows.columns else ("none",),
        weight="weight" if weights is not None else None,
        lower_is_better=lower,
    )
    score = "score" if rank_by == "score" and bounded else f"{rank_by} of a task"
    whole = gather(Scores(rows=rows.rename({"score": score}), roles={"score": (score,)}), sample)
    note = _note(whole, rank_by, len(names), len(places))
    return replace(
        whole,
        notes=tuple(filter(None, (note, note_of_failures(study), *scores.notes))),
        warnings=(
            *(each for each in study.warnings if each.code not in ABOUT_CLUSTERS),
            *(each for each in whole.warnings if each.code != UNBOUNDED),
        ),
        proposed=None,
    )


def _ranks(scores: Floats) -> Floats:
    """Rank the models of each task (K, M), the best as 1, equal ones by their mean rank."""
    ranks = scipy.stats.rankdata(-scores, axis=1, nan_policy="omit")
    return np.where(np.isnan(scores), np.nan, ranks)


def _win_rates(scores: Floats) -> Floats:
    """Return the share of the other models that each is ahead of on each task (K, M), equal ones as half."""
    n = np.count_nonzero(~np.isnan(scores), axis=1, keepdims=True)
    return np.asarray((n - _ranks(scores)) / np.maximum(n - 1, 1))


def _borda(scores: Floats) -> Floats:
    """Return how many models each is ahead of on each task (K, M)."""
    return np.asarray(np.count_nonzero(~np.isnan(scores), axis=1, keepdims=True) - _ranks(scores))


def _normalised(scores: Floats) -> Floats:
    """Return where each lies between the worst and the best model of each task (K, M), from 0 to 1."""
    low, high = np.nanmin(scores, axis=1, keepdims=True), np.nanmax(scores, axis=1, keepdims=True)
    return np.asarray(np.where(high > low, (scores - low) / np.where(high > low, high - low, 1.0), 0.5))


PER_TASK: Mapping[str, Callable[[Floats], Floats]] = {
    "mean-rank": _ranks,
    "win-rate": _win_rates,
    "borda": _borda,
    "normalised": _normalised,
}


def _rows(
    matrices: Sequence[ScoreMatrix],
    models: Sequence[str],
    values: Floats,
    design: Design,
    weights: Mapping[str, float] | None,
) -> pl.DataFrame:
    """Return one row for every task and model with a score."""
    names = [matrix.task for matrix in matrices]
    columns: dict[str, object] = {
        "task": TASKS,
        "model": np.tile(models, len(names)),
        "item": np.repeat(names, len(models)),
        "score": values.ravel(),
    }
    if design.cluster and design.cluster != ("none",):
        columns[FAMILY] = np.repeat([_family(matrix) for matrix in matrices], len(models))
    if weights is not None:
        unknown = [name for name in names if name not in weights]
        if unknown:
            raise OptionError(f"no weight for {unknown[0]!r}", remedy="Give one for every task.")
        columns["weight"] = np.repeat([float(weights[name]) for name in names], len(models))
    return pl.DataFrame(columns).filter(pl.col("score").is_not_nan())


def _family(matrix: ScoreMatrix) -> str:
    """Return the family that all questions of a task have. OptionError if they differ."""
    if len(matrix.clusters) != 1 or len(np.unique(matrix.clusters[0])) != 1:
        raise OptionError(
            f"{matrix.task}: clusters of tasks are their families, and its questions have several",
            remedy="Name a column with one value for each task, or leave `cluster` out.",
        )
    return str(matrix.cluster_labels[0][int(matrix.clusters[0][0])])


def _note(study: Study, rank_by: RankBy, tasks: int, models: int) -> str:
    """Return what a question of this study is."""
    what = {
        "score": "the model's mean score",
        "mean-rank": "the model's rank",
        "win-rate": "the share of the other models that are behind",
        "borda": "the number of models that are behind",
        "normalised": "the model's place between the worst (0) and the best (1)",
    }[rank_by]
    families = len(study.items["cluster_0"].unique()) if "cluster_0" in study.items.columns else 0
    among = f" of {plural(families, 'family', 'families')}" if families else ""
    return (
        f"Data: {plural(models, 'model')} × {plural(tasks, 'task')}{among}. The tasks are a sample: each "
        f"counts as one question, with {what}, and results are about other tasks like these."
    )
