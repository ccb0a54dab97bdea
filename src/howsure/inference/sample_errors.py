"""The errors of several means that share their questions, for the population of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.clustered_variance import covariance, degrees_of_freedom, free_of_strata

if TYPE_CHECKING:
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.study.matrix import ScoreMatrix


def errors_of(matrix: ScoreMatrix, question: Question) -> tuple[Floats, float]:
    """Return the covariance of the columns' means of a matrix without missing cells, and its degrees of
    freedom, for its questions or clusters as a sample.
    """
    drawn = question.population.drawn(matrix)
    weights = np.ones(len(drawn.items)) if drawn.weights is None else drawn.weights
    df = degrees_of_freedom(drawn.clusters, weights, question.variance)
    found = covariance(drawn.values, weights, drawn.clusters, question.variance)
    return found, float(free_of_strata(df, len(drawn.items), drawn.strata))
