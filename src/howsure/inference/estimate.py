"""Matrices and statistics become estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Entry
from howsure.inference.population import fixed_entries, noise_of
from howsure.inference.sensitivity import Recorded
from howsure.statistics.means.mean import means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from howsure.inference.question import MeanOptions
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Items

    Floats = NDArray[np.float64]


def entries(matrix: ScoreMatrix, items: Items, asked: MeanOptions) -> list[Entry]:
    """Estimate every model of a matrix on the items that it answered."""
    if asked.population == "benchmark":
        noise_of(matrix)
    counts = items.counts(matrix.task, matrix.metric)
    found: dict[int, Estimate] = {}
    answered, binary = ~np.isnan(matrix.values), matrix.right_or_wrong()
    complete = answered.all(axis=0)
    for models in (np.flatnonzero(complete & binary), np.flatnonzero(complete & ~binary)):
        if len(models):
            found.update(zip(models.tolist(), _means(matrix.take_models(models), asked), strict=True))
    for k in np.flatnonzero(~complete).tolist():
        found[k] = _means(matrix.take_models([k]).take_items(answered[:, k]), asked)[0]
    return [
        Entry(
            task=matrix.task,
            metric=matrix.metric,
            model=model,
            estimate=found[k],
            n_attempts=counts[model][0],
            n_failed=counts[model][1],
        )
        for k, model in enumerate(matrix.models)
    ]


def _means(part: ScoreMatrix, asked: MeanOptions) -> tuple[Estimate, ...]:
    """Estimate the models of a matrix without holes, all of which have right-or-wrong answers or none has."""
    if asked.population == "benchmark":
        return fixed_entries(part, asked.level)
    found = means(
        part.values,
        clusters=part.clusters,
        weights=part.weights,
        attempts=part.attempts.astype(float) if part.right_or_wrong().all() else None,
        bounded=part.bounded,
        level=asked.level,
        interval=asked.interval,
        variance=asked.variance,
        rng=np.random.default_rng(asked.seed),
        labels=part.cluster_labels[0] if part.cluster_labels else (),
    )
    known = Recorded.of(part)
    return tuple(
        known.add("mean", estimate, rate=estimate.value, scores=part.values[:, k]) for k, estimate in enumerate(found)
    )
