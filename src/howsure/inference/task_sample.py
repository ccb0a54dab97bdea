"""Tasks as a sample: one score of every model on each task, in whose mean the error bar is that over tasks.

Claim: the tasks are independent draws from the tasks that a result is to hold for, or their families are.
What is random within a task (which questions, which answers) is part of how tasks differ, so that it needs no
error bar of its own. A rank, a win rate and a normalised score are of a task among the models that are there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import scipy

from howsure.answers.leaderboard import LatePlaces
from howsure.errors import DataError, OptionError, ResultWarning, doubt
from howsure.inference.leaderboard import ranked
from howsure.inference.population import NEW_CLUSTERS
from howsure.statistics.bradley_terry import elo_over_tasks
from howsure.statistics.mean_intervals import OfMetric, StudentT
from howsure.study.design import Design
from howsure.study.gathering import gather
from howsure.study.notes import note_of_failures, require_one_metric
from howsure.table.scale import UNBOUNDED
from howsure.table.scores import Scores
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from howsure.answers.leaderboard import Leaderboard, Pairs, Places
    from howsure.inference.question import Question
    from howsure.options.choices import RankBy
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.mean_intervals import MeanInterval
    from howsure.statistics.results import Estimate, Rank
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

TASKS = "tasks"
"""The task that all tasks are the questions of."""
FAMILY = "family"
NOUNS = {
    "questions": "tasks",
    "question": "task",
    "items": "tasks",
    "item": "task",
    "Items": "Tasks",
    "clusters": "families",
    "cluster": "family",
}
"""What warnings say of questions, and what that is of tasks."""
ABOUT_CLUSTERS = ("looks_grouped", "few_clusters", "dominant_cluster", "cluster_missing")
"""Warnings about clusters of questions, which play no part."""


def over_tasks(
    scores: Scores, design: Design, rank_by: RankBy, question: Question, **shown: Any
) -> Leaderboard:
    """Return the leaderboard of tasks as a sample, in the units of its numbers and in words for tasks and
    families. `shown`: as in `ranked`.
    """
    tasks, question, ends = _study(scores, design, rank_by, question)
    return _of_tasks(ranked(tasks, question, **shown), ends)


def _study(
    scores: Scores, design: Design, rank_by: RankBy, question: Question
) -> tuple[Study, Question, tuple[float, float]]:
    """Return a study whose questions are the tasks of the scores, each with one score of every model.

    Also return the question with its usual interval, and what 0 and 1 in the study stand for. Ranks and Borda
    counts are shares of their range there, so that they have the intervals and tests of scores in [0, 1]. The
    interval is t, on the logit scale for these. DataError for fewer than two tasks, OptionError for several
    metrics of a task, clusters that aren't families of tasks, or an option about the questions of a task.
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
    weights = dict(question.overall) if isinstance(question.overall, Mapping) else None
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
    unknown = [name for name in names if weights is not None and name not in weights]
    if unknown:
        raise OptionError(f"no weight for {unknown[0]!r}", remedy="Give one for every task.")
    shares = np.array([1.0 if weights is None else float(weights[name]) for name in names])
    families = [_family(matrix) for matrix in matrices] if design.cluster not in (None, ("none",)) else []
    if rank_by == "elo":
        values, infinite = elo_over_tasks(signs[:, None] * means, shares)
        if infinite.any():
            perfect = listing([model for model, k in places.items() if infinite[k]])
            raise DataError(
                f"{perfect} won, or lost, every task against the others, so there is no finite Elo rating",
                remedy="Leave such models out, or use `rank_by='win-rate'`.",
            )
    else:
        values = means if rank_by == "score" else PER_TASK[rank_by](signs[:, None] * means)
    models = float(len(places))
    ends = {"mean-rank": (models, 1.0), "borda": (0.0, models - 1)}.get(rank_by, (0.0, 1.0))
    values = (values - ends[0]) / ((ends[1] - ends[0]) or 1.0)
    has_ends = rank_by != "elo" and (rank_by != "score" or bounded)
    rows = _rows([*places], values, names, families, shares if weights is not None else None)
    rows = rows.with_columns(metric=pl.lit(rank_by))
    sample = Design(
        cluster=(FAMILY,) if FAMILY in rows.columns else ("none",),
        weight="weight" if weights is not None else None,
        lower_is_better=rank_by == "score" and matrices[0].lower_is_better,
    )
    score = "score" if rank_by == "score" and bounded else f"{rank_by} of a task"
    whole = gather(Scores(rows=rows.rename({"score": score}), roles={"score": (score,)}), sample)
    note = _note(whole, rank_by, len(names), len(places))
    usual: MeanInterval = OfMetric("share", np.array(np.inf)) if has_ends else StudentT()
    question = replace(
        question, overall="harness", population=NEW_CLUSTERS, interval=question.interval or usual
    )
    study = replace(
        whole,
        notes=tuple(filter(None, (note, note_of_failures(study), *scores.notes))),
        warnings=(
            *(each for each in study.warnings if each.code not in ABOUT_CLUSTERS),
            *(each for each in whole.warnings if each.code != UNBOUNDED),
        ),
        proposed=None,
    )
    return study, question, ends


def _of_tasks(answer: Leaderboard, ends: tuple[float, float]) -> Leaderboard:
    """Return a leaderboard of such a study in other units and words. `ends`: what 0 and 1 stand for."""
    start, length = ends[0], ends[1] - ends[0]
    (board,) = answer.boards
    entries = tuple(
        replace(entry, estimate=_placed(entry.estimate, start, length)) for entry in board.entries
    )
    board = replace(
        board,
        unit="task",
        percent=board.percent and ends == (0.0, 1.0),
        ends=(min(ends), max(ends)) if board.percent else None,
        lower_is_better=board.lower_is_better or length < 0,
        entries=entries,
        places=_InUnits(places=board.places, start=start, length=length),
        warnings=_about_tasks(board.warnings),
    )
    return replace(answer, boards=(board,), warnings=_about_tasks(answer.warnings))


@dataclass(frozen=True, kw_only=True)
class _InUnits(LatePlaces):
    """Places whose scores 0 and 1 are `start` and `start + length`."""

    places: Places
    start: float
    length: float
    other_population: None = None

    @property
    def ranks(self) -> tuple[Rank, ...]:
        """The ranks, which units don't change."""
        return self.places.ranks

    @property
    def n_significant_neighbours(self) -> int:
        """How many neighbouring ranks differ significantly."""
        return self.places.n_significant_neighbours

    @property
    def is_ahead_of_all(self) -> bool:
        """Whether the leaders are significantly ahead of every other model."""
        return self.places.is_ahead_of_all

    @property
    def leader_corrected(self) -> float:
        """The best score without its selection bias."""
        return self.start + self.length * self.places.leader_corrected

    @property
    def pairs(self) -> Pairs:
        """All pairs of models."""
        return replace(self.places.pairs, part=self._part)

    def _part(self, name: str) -> Floats | Ints:
        """Return an array of `Pairs`, not ordered."""
        if self.length < 0:
            name = {"low": "high", "high": "low"}.get(name, name)
        found = self.places.pairs.part(name)
        if name == "se":
            return abs(self.length) * found
        return self.length * found if name in ("difference", "low", "high") else found


def _placed(estimate: Estimate, start: float, length: float) -> Estimate:
    """Return an estimate whose ends 0 and 1 are `start` and `start + length`."""
    value = start + length * estimate.value
    low, high = sorted((start + length * estimate.low, start + length * estimate.high))
    warnings = (
        doubt("no_variance", value=value) if each.code == "no_variance" else each
        for each in estimate.warnings
    )
    return replace(
        estimate,
        value=value,
        se=abs(length) * estimate.se,
        interval=replace(estimate.interval, low=low, high=high),
        warnings=_about_tasks(warnings),
        bounds=(),
    )


def _about_tasks(warnings: Iterable[ResultWarning]) -> tuple[ResultWarning, ...]:
    """Return warnings that say task for question or item, and family for cluster, without those that are
    about real clusters of questions.
    """
    said = []
    for warning in warnings:
        message, remedy = warning.message, warning.remedy
        for word, noun in NOUNS.items():
            message, remedy = (re.sub(rf"\b{word}\b", noun, text) for text in (message, remedy))
        if warning.code != "real_clusters":
            said.append(replace(warning, message=message, remedy=remedy))
    return tuple(said)


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
    models: Sequence[str],
    values: Floats,
    names: Sequence[str],
    families: Sequence[str],
    weights: Floats | None,
) -> pl.DataFrame:
    """Return one row for every task and model with a score."""
    columns: dict[str, object] = {
        "task": TASKS,
        "model": np.tile(models, len(names)),
        "item": np.repeat(names, len(models)),
        "score": values.ravel(),
    }
    if families:
        columns[FAMILY] = np.repeat(families, len(models))
    if weights is not None:
        columns["weight"] = np.repeat(weights, len(models))
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
    """Return what a task counts as in this study."""
    what = {
        "score": "with the model's mean score",
        "mean-rank": "with the model's rank",
        "win-rate": "with the share of the other models that are behind",
        "borda": "with the number of models that are behind",
        "normalised": "with the model's place between the worst (0) and the best (1)",
        "elo": "as a game of every model against every other",
    }[rank_by]
    families = len(study.items["cluster_0"].unique()) if "cluster_0" in study.items.columns else 0
    among = f" of {plural(families, 'family', 'families')}" if families else ""
    return (
        f"Data: {plural(models, 'model')} × {plural(tasks, 'task')}{among}. The tasks are a sample: each "
        f"counts once, {what}, and results are about other tasks like these."
    )
