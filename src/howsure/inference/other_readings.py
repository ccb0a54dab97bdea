"""The results of another reading of the same scores, next to the requested one.

With few clusters: the same ones and new ones. If attempts may share more than their question: repeats, or a
sample of others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from howsure.answers.parts import TaskClusters
from howsure.errors import HowsureError
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS, of_task, population_of
from howsure.statistics.clustered_variance import own_clusterings
from howsure.statistics.results import Interval
from howsure.study.design import as_sample
from howsure.wording import Scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.answers.compare import Comparison, Comparisons, PopulationDifference
    from howsure.answers.estimate import Estimates
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.inference.question import Question
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix

    Answers = Estimates | Comparisons | Leaderboard

A = TypeVar("A", "Estimates", "Comparisons", "Leaderboard")
CODES = ("factor_as_attempt", "attempts_move_together")


def clusters_of(matrix: ScoreMatrix) -> TaskClusters | None:
    """Return the clusters of a matrix, the first of two clusterings, None without any.

    `effective`: the equivalent number of equal clusters, n² / Σ n_g², for two clusterings the smaller.
    """
    if not matrix.clusters:
        return None
    if matrix.sums is not None:
        effective = matrix.sums.clusters.term.effective
    else:
        weights = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
        effective = min(term.effective for term in own_clusterings(matrix.clusters, weights))
    count = int(matrix.clusters[0].max()) + 1
    return TaskClusters(name=matrix.cluster_names[0], n=count, effective=effective)


def of_other_population(question: Question, matrix: ScoreMatrix) -> Question | None:
    """Return the question about new clusters as one about the same, or the reverse, None if there is no
    other.
    """
    asked = question.population.of(matrix)
    if not matrix.clusters or asked.only_these:
        return None
    return replace(question, population=SAME_CLUSTERS if asked == NEW_CLUSTERS else NEW_CLUSTERS)


def with_other_population(pair: Comparison, matrix: ScoreMatrix, question: Question) -> Comparison:
    """Return a comparison with its clusters and, if these are few, the answer for the other population."""
    asked = of_task(question, matrix)
    pair = replace(pair, population=asked.population.name, clusters=clusters_of(matrix))
    told = matrix.few_clusters or asked.population == SAME_CLUSTERS
    if not told:
        return pair
    return replace(pair, other_population=other_population_of(pair, matrix, question))


def other_population_of(
    pair: Comparison, matrix: ScoreMatrix, question: Question
) -> PopulationDifference | None:
    """Return the result of a pair for the other population, None if there is no other."""
    asked = of_other_population(replace(question, margin=None), matrix)
    if asked is None or question.method not in (None, "score", "t"):
        return None
    from howsure.answers.compare import PopulationDifference

    found = asked.population.pair(matrix, pair.a, pair.b, asked)
    return PopulationDifference(
        population=asked.population.name, estimate=found.difference, p_value=found.p_value
    )


def with_both_readings(
    answer: A, column: str, design: Design, question: Question, again: Callable[[Design, Question], Answers]
) -> A:
    """Return an answer whose warning about attempts has both standard errors. `column`: that of the attempts.
    `again`: the same answer for another design. Unchanged if there is no other.
    """
    place = next((k for k, warning in enumerate(answer.warnings) if warning.code in CODES), None)
    if place is None or not column:
        return answer
    try:
        sample = as_sample(design, column, {"method": question.method, "interval": question.interval})
        other = again(sample, replace(question, population=population_of(sample.population)))
        words = _both_bars(_bars(answer), _bars(other))
    except HowsureError:
        return answer
    warnings = list(answer.warnings)
    warnings[place] = replace(warnings[place], message=f"{warnings[place].message}{words}")
    return replace(answer, warnings=tuple(warnings))


@dataclass(frozen=True, slots=True)
class _ErrorBar:
    """A number of an answer, in words, and its interval."""

    words: str
    interval: Interval
    scale: Scale


def _both_bars(repeats: dict[str, _ErrorBar], sample: dict[str, _ErrorBar]) -> str:
    """Return both standard errors of the number whose error grows most, "" if none is known."""
    bars = [
        (repeats[key], bar)
        for key, bar in sample.items()
        if key in repeats and bar.interval.half_width > 0 < repeats[key].interval.half_width
    ]
    if not bars:
        return ""
    one, other = max(bars, key=lambda pair: pair[1].interval.half_width / pair[0].interval.half_width)
    return (
        f": {one.words} ± {one.scale.gap(one.interval.half_width)}, and if its values are a sample of others "
        f"± {one.scale.gap(other.interval.half_width)}"
    )


def _bars(answer: Answers) -> dict[str, _ErrorBar]:
    """Return the numbers of an answer, by their names."""
    from howsure.answers.compare import Comparisons
    from howsure.answers.estimate import Estimates

    bars = {}
    if isinstance(answer, Estimates):
        for entry in answer.entries:
            name = f"{entry.task}: {entry.model}" if len(answer.percent) > 1 else entry.model
            scale = Scale(percent=answer.percent[entry.task, entry.metric])
            words = f"{name} scores {scale.score(entry.estimate.value)}"
            key = f"{entry.task} {entry.metric} {entry.model}"
            bars[key] = _ErrorBar(words, entry.estimate.interval, scale)
    elif isinstance(answer, Comparisons):
        for pair in answer.comparisons:
            where, scale = (
                f"{pair.task}: " if len(answer.comparisons) > 1 else "",
                Scale(percent=pair.percent),
            )
            words = f"{where}the difference is {scale.difference(pair.difference.value)}"
            bars[f"{pair.task} {pair.metric}"] = _ErrorBar(words, pair.difference.interval, scale)
    else:
        for board in answer.boards:
            models = sorted(entry.model for entry in board.entries[:2])
            bar = _bar_of_leaders(board, f"{board.task}: " if len(answer.boards) > 1 else "")
            bars[f"{board.task} {board.metric} {models}"] = bar
    return bars


def _bar_of_leaders(board: Board, where: str) -> _ErrorBar:
    """Return the difference of the first two models of a board, or the score of a single model."""
    scale, first, pairs = Scale(percent=board.percent), board.entries[0], board.pairs
    if len(board.entries) < 2:
        words = f"{where}{first.model} scores {scale.score(first.estimate.value)}"
        return _ErrorBar(words, first.estimate.interval, scale)
    difference = scale.difference(float(pairs.difference[0, 1]))
    interval = Interval(low=float(pairs.low[0, 1]), high=float(pairs.high[0, 1]), level=board.level)
    return _ErrorBar(f"{where}{first.model} − {board.entries[1].model} is {difference}", interval, scale)
