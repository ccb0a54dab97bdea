"""The ladder of generalisation: what is asked of few clusters is answered for more questions of these same clusters as well."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import Rung
from howsure.inference.population import QUESTIONS, SAME_CLUSTERS
from howsure.statistics.means.clustered import own_clusterings
from howsure.wording import Scale, level_text, p_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.study.matrix import ScoreMatrix

FEW, MOST_NOTES = 6.0, 3
"""Fewer effective clusters than these can hardly tell of others."""


def effective_clusters(matrix: ScoreMatrix) -> float:
    """Return how many equal clusters would be worth as much, n² / Σ n_g², of two clusterings the fewer; infinite without any."""
    if not matrix.clusters:
        return math.inf
    if matrix.sums is not None:
        return matrix.sums.clusters.term.effective
    weights = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    return min(term.effective for term in own_clusterings(matrix.clusters, weights))


def hardly_tells(question: Question, matrix: ScoreMatrix) -> bool:
    """Say whether a question about other clusters is asked of too few."""
    return question.population is QUESTIONS and effective_clusters(matrix) < FEW


def other_rung(question: Question, matrix: ScoreMatrix) -> Question | None:
    """Return the question about other clusters as one about the same, or the reverse; None where there is no other."""
    if len(matrix.clusters) != 1 or question.population.only_these:
        return None
    narrow = question.population is QUESTIONS
    return replace(question, population=SAME_CLUSTERS if narrow else QUESTIONS)


def with_other_rung(pair: Comparison, matrix: ScoreMatrix, question: Question) -> Comparison:
    """Return a comparison with the answer of the other rung beside it, where the clusters are few or it is about these."""
    told = question.population is QUESTIONS and not hardly_tells(question, matrix)
    if question.overlap != "shared" or told:
        return pair
    return replace(pair, beside=beside(pair, matrix, question))


def beside(pair: Comparison, matrix: ScoreMatrix, question: Question) -> Rung | None:
    """Return what the other rung says of a pair; None where there is no other."""
    asked = other_rung(replace(question, margin=None), matrix)
    if asked is None or question.method not in (None, "score", "t"):
        return None
    found = asked.population.pair(matrix, pair.a, pair.b, asked)
    return Rung(population=asked.population.name, estimate=found.difference, p_value=found.p_value)


def rung_note(pair: Comparison, rung: Rung) -> str:
    """Say what the other rung says of a pair, for a gate that decides on the one it was asked for."""
    scale, interval = Scale(percent=pair.percent), rung.estimate.interval
    where = (
        "on more questions from these same clusters" if rung.population == SAME_CLUSTERS.name else "for other clusters"
    )
    limits = scale.interval(interval.low, interval.high) + scale.unit
    task = f"{pair.task}: " if pair.task else ""
    return f"{task}{where} the {level_text(interval.level)} interval would be {limits} (p {p_text(rung.p_value)}); this isn't what decides."


def rung_notes(pairs: Sequence[Comparison], matrices: Iterable[ScoreMatrix], question: Question) -> tuple[str, ...]:
    """Say what the other rung says of these pairs; nothing where there are more than a few."""
    if len(pairs) > MOST_NOTES:
        return ()
    found = {(matrix.task, matrix.metric): matrix for matrix in matrices}
    known = [(pair, found[pair.task, pair.metric]) for pair in pairs if (pair.task, pair.metric) in found]
    rungs = [(pair, beside(pair, matrix, question)) for pair, matrix in known]
    return tuple(rung_note(pair, rung) for pair, rung in rungs if rung is not None)
