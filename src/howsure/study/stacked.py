"""Several tasks as one matrix: their items below one another, so that tasks can be slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.study.matrix import ScoreMatrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.study.slices import Partition

    Ints = NDArray[np.int64]


def stacked(matrices: Sequence[ScoreMatrix]) -> ScoreMatrix:
    """Put the items of several tasks below one another, with all models of any; a cluster lies in one
    task.
    """
    models = tuple(sorted({model for matrix in matrices for model in matrix.models}))
    first = matrices[0]
    weighted = any(matrix.weights is not None for matrix in matrices)
    clustered = any(matrix.clusters for matrix in matrices)
    return ScoreMatrix(
        task="",
        metric=first.metric,
        models=models,
        items=np.concatenate(
            [np.char.add(f"{matrix.task}\x00", matrix.items.astype(str)) for matrix in matrices]
        ),
        values=_spread(matrices, models, "values", np.nan),
        attempts=_spread(matrices, models, "attempts", 0),
        within=_spread(matrices, models, "within", np.nan),
        clusters=(_clusters(matrices),) if clustered else (),
        cluster_names=next(matrix.cluster_names[:1] for matrix in matrices if matrix.clusters)
        if clustered
        else (),
        few_clusters=all(matrix.few_clusters for matrix in matrices),
        weights=np.concatenate([_weights(matrix) for matrix in matrices]) if weighted else None,
        bounded=first.bounded,
        lower_is_better=first.lower_is_better,
        of_failures=first.of_failures,
        of_agreement=first.of_agreement,
        derived=any(matrix.derived for matrix in matrices),
        tried=_counted(matrices, models, "tried", "attempts"),
        failed=_counted(matrices, models, "failed", ""),
    )


def merged(ways: Sequence[Partition]) -> Partition:
    """Put the partitions of several tasks below one another; slices of one name are one."""
    labels = tuple(dict.fromkeys(label for way in ways for label in way.labels))
    places = [np.array([*(labels.index(label) for label in way.labels), -1]) for way in ways]
    codes = np.concatenate([place[way.codes] for place, way in zip(places, ways, strict=True)])
    return replace(ways[0], labels=labels, codes=codes.astype(np.int64), ordered=False)


def _spread(
    matrices: Sequence[ScoreMatrix], models: tuple[str, ...], name: str, empty: float
) -> NDArray[Any]:
    return np.concatenate([_placed(getattr(matrix, name), matrix, models, empty) for matrix in matrices])


def _counted(
    matrices: Sequence[ScoreMatrix], models: tuple[str, ...], name: str, instead: str
) -> Ints | None:
    """Return counts of attempts, with others (or none) for tasks that have none of these; None where no task
    has.
    """
    if all(getattr(matrix, name) is None for matrix in matrices):
        return None
    parts = []
    for matrix in matrices:
        counts, usual = (
            getattr(matrix, name),
            getattr(matrix, instead) if instead else np.zeros_like(matrix.attempts),
        )
        parts.append(_placed(usual if counts is None else counts, matrix, models, 0))
    return np.concatenate(parts)


def _placed(values: NDArray[Any], matrix: ScoreMatrix, models: tuple[str, ...], empty: float) -> NDArray[Any]:
    """Return the columns of a matrix among those of all models."""
    part = np.full((len(matrix.items), len(models)), empty, dtype=values.dtype)
    part[:, [models.index(model) for model in matrix.models]] = values
    return part


def _clusters(matrices: Sequence[ScoreMatrix]) -> Ints:
    """Number the (first) clusters of all tasks; an item of a task without clusters is its own."""
    codes, before = [], 0
    for matrix in matrices:
        own = matrix.clusters[0] if matrix.clusters else np.arange(len(matrix.items))
        codes.append(own + before)
        before += int(own.max()) + 1
    return np.concatenate(codes).astype(np.int64)


def _weights(matrix: ScoreMatrix) -> NDArray[np.float64]:
    return np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
