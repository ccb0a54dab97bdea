"""What another reading of the same scores gives, beside the one that was asked for.

Where clusters are few: the same ones and new ones. Where attempts may share more than their question: repeats,
or a sample of others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from howsure.answers.compare import Comparisons, OtherPopulation
from howsure.answers.estimate import Estimates
from howsure.answers.parts import TaskClusters
from howsure.errors import HowsureError
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS, of_task, population_of
from howsure.statistics.clustered_variance import own_clusterings
from howsure.study.design import as_sample
from howsure.wording import Scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.answers.compare import Comparison
    from howsure.answers.estimate import Entry
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.inference.question import Question
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix

    Answers = Estimates | Comparisons | Leaderboard

A = TypeVar("A", Estimates, Comparisons, "Leaderboard")
CODES = ("factor_as_attempt", "attempts_move_together")


def clusters_of(matrix: ScoreMatrix) -> TaskClusters | None:
    """Return the clusters of a matrix, the first of two clusterings; None without any."""
    if not matrix.clusters:
        return None
    return TaskClusters(
        name=matrix.cluster_names[0], n=int(matrix.clusters[0].max()) + 1, effective=_effective(matrix)
    )


def _effective(matrix: ScoreMatrix) -> float:
    """Return how many equal clusters would be worth as much, n² / Σ n_g², of two clusterings the fewer."""
    if matrix.sums is not None:
        return matrix.sums.clusters.term.effective
    weights = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    return min(term.effective for term in own_clusterings(matrix.clusters, weights))


def of_other_population(question: Question, matrix: ScoreMatrix) -> Question | None:
    """Return the question about new clusters as one about the same, or the reverse; None where there is no
    other.
    """
    asked = question.population.of(matrix)
    if not matrix.clusters or asked.only_these:
        return None
    return replace(question, population=SAME_CLUSTERS if asked is NEW_CLUSTERS else NEW_CLUSTERS)


def with_other_population(pair: Comparison, matrix: ScoreMatrix, question: Question) -> Comparison:
    """Return a comparison with its clusters, and where these are few with the answer of the other population
    beside it.
    """
    asked = of_task(question, matrix)
    pair = replace(pair, population=asked.population.name, clusters=clusters_of(matrix))
    told = matrix.few_clusters or asked.population is SAME_CLUSTERS
    if not told:
        return pair
    return replace(pair, beside=beside(pair, matrix, question))


def beside(pair: Comparison, matrix: ScoreMatrix, question: Question) -> OtherPopulation | None:
    """Return what the other population says of a pair; None where there is no other."""
    asked = of_other_population(replace(question, margin=None), matrix)
    if asked is None or question.method not in (None, "score", "t"):
        return None
    found = asked.population.pair(matrix, pair.a, pair.b, asked)
    return OtherPopulation(population=asked.population.name, estimate=found.difference, p_value=found.p_value)


def with_both_readings(
    found: A, column: str, design: Design, question: Question, again: Callable[[Design, Question], Answers]
) -> A:
    """Return an answer whose warning about attempts has both error bars; `column`: the one of the attempts,
    `again`: the same answer for another design. As it was where there is no other.
    """
    first = next((k for k, each in enumerate(found.cautions) if each.code in CODES), None)
    if first is None or not column:
        return found
    try:
        sample = as_sample(design, column, {"method": question.method, "interval": question.interval})
        told = _both(
            _bars(found), _bars(again(sample, replace(question, population=population_of(sample.population))))
        )
    except HowsureError:
        return found
    cautions = list(found.cautions)
    cautions[first] = replace(cautions[first], message=f"{cautions[first].message}{told}")
    return replace(found, cautions=tuple(cautions))


@dataclass(frozen=True, slots=True)
class _Bar:
    """A number that an answer is about, in words, and half its interval."""

    words: str
    half: float
    scale: Scale


def _both(repeats: dict[str, _Bar], sample: dict[str, _Bar]) -> str:
    """Say both error bars of the number whose error bar grows most; "" where none is known."""
    known = [
        (repeats[key], bar)
        for key, bar in sample.items()
        if key in repeats and bar.half > 0 < repeats[key].half
    ]
    if not known:
        return ""
    one, other = max(known, key=lambda bars: bars[1].half / bars[0].half)
    return (
        f": {one.words}, give or take {one.scale.gap(one.half)}; with its values as a sample of others "
        f"{one.scale.gap(other.half)}"
    )


def _bars(found: Answers) -> dict[str, _Bar]:
    """Return the numbers that an answer is about, by what they are of."""
    if isinstance(found, Estimates):
        return dict(_of_score(found, entry) for entry in found.entries)
    if isinstance(found, Comparisons):
        many = len(found.comparisons) > 1
        return dict(_of_pair(pair, f"{pair.task}: " if many else "") for pair in found.comparisons)
    return dict(
        _of_leaders(board, f"{board.task}: " if len(found.boards) > 1 else "") for board in found.boards
    )


def _of_score(found: Estimates, entry: Entry) -> tuple[str, _Bar]:
    scale, interval = Scale(percent=found.percent[entry.task, entry.metric]), entry.estimate.interval
    name = f"{entry.task}: {entry.model}" if len(found.percent) > 1 else entry.model
    bar = _Bar(
        f"{name} scores {scale.score(entry.estimate.value)}", (interval.high - interval.low) / 2, scale
    )
    return f"{entry.task} {entry.metric} {entry.model}", bar


def _of_pair(pair: Comparison, where: str = "") -> tuple[str, _Bar]:
    scale, interval = Scale(percent=pair.percent), pair.difference.interval
    words = f"{where}the difference is {scale.difference(pair.difference.value)}"
    return f"{pair.task} {pair.metric}", _Bar(words, (interval.high - interval.low) / 2, scale)


def _of_leaders(board: Board, where: str) -> tuple[str, _Bar]:
    """Return the difference of the first two models of a board; of one model its score."""
    scale, models = Scale(percent=board.percent), [entry.model for entry in board.entries[:2]]
    key = f"{board.task} {board.metric} {sorted(models)}"
    if len(models) < 2:
        interval = board.entries[0].estimate.interval
        words = f"{where}{models[0]} scores {scale.score(board.entries[0].estimate.value)}"
        return key, _Bar(words, (interval.high - interval.low) / 2, scale)
    value, low, high = (
        float(part[0, 1]) for part in (board.pairs.difference, board.pairs.low, board.pairs.high)
    )
    words = f"{where}{models[0]} − {models[1]} is {scale.difference(value)}"
    return key, _Bar(words, (high - low) / 2, scale)
