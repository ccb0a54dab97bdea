"""The other population of a task: where clusters are few, what is said of these same ones and of new ones
stands side by side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import OtherPopulation
from howsure.answers.parts import TaskClusters
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS, of_task
from howsure.statistics.clustered_variance import own_clusterings

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.study.matrix import ScoreMatrix


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
