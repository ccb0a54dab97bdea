"""Matrices become estimates: one entry a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Entry
from howsure.inference.other_population import clusters_of
from howsure.inference.random_factor import with_sources_of_means

if TYPE_CHECKING:
    from howsure.inference.question import Question
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix


def entries(matrix: ScoreMatrix, question: Question) -> list[Entry]:
    """Estimate every model of a matrix on the items that it answered; each by its own weights, where models
    weigh items differently.
    """
    if matrix.own_weights is not None:
        own = [
            replace(
                matrix.take_models([k]),
                weights=np.nan_to_num(matrix.own_weights[:, k], nan=1.0),
                own_weights=None,
            )
            for k in range(len(matrix.models))
        ]
        return [entry for each in own for entry in entries(each, question)]
    found: dict[int, Estimate] = {}
    answered, binary = ~np.isnan(matrix.values), matrix.right_or_wrong()
    complete = answered.all(axis=0)
    for models in (np.flatnonzero(complete & binary), np.flatnonzero(complete & ~binary)):
        if len(models):
            estimates = question.population.means(matrix.take_models(models), question)
            found.update(zip(models.tolist(), estimates, strict=True))
    for k in np.flatnonzero(~complete).tolist():
        part = matrix.take_models([k]).take_items(answered[:, k])
        found[k] = question.population.means(part, question)[0]
    clusters = clusters_of(matrix)
    attempts, failed = matrix.n_attempts.tolist(), matrix.n_failed.tolist()
    told = [
        Entry(
            task=matrix.task,
            metric=matrix.metric,
            model=model,
            estimate=_with_named_bounds(found[k], matrix),
            n_attempts=attempts[k],
            n_failed=failed[k],
            clusters=clusters,
        )
        for k, model in enumerate(matrix.models)
    ]
    return with_sources_of_means(told, matrix)


def _with_named_bounds(estimate: Estimate, matrix: ScoreMatrix) -> Estimate:
    """Return an estimate whose exact limits are those of what a score of 1 is here; none where it is neither
    success nor failure.
    """
    kept = () if matrix.of_agreement else estimate.bounds
    return replace(estimate, bounds=tuple(replace(bound, of_failures=matrix.of_failures) for bound in kept))
