"""The items of a real benchmark as the population: samples of them, for models and pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from howsure import DataError, read
from howsure.study.design import make_design
from howsure.study.gathering import gather
from simulation.worlds import RealWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.study.matrix import ScoreMatrix
    from simulation.worlds import World

SAMPLES = (30, 100, 300)
MODELS = 8


def real_worlds(data: Any) -> Iterator[World]:
    """Yield samples of 30, 100 and 300 items of every task with right-or-wrong scores, for models and
    pairs.
    """
    empty = True
    for matrix in gather(read(data), make_design({})).matrices():
        most = int(matrix.attempts.max())
        complete = np.flatnonzero(matrix.right_or_wrong() & (matrix.attempts == most).all(axis=0))
        if len(complete) and len(matrix.items) >= max(SAMPLES):
            empty = False
            yield from _worlds_of(matrix, complete)
    if empty:
        raise DataError(
            f"no task here has {max(SAMPLES)} items or more that one model answered right or wrong, "
            "equally often each",
            remedy=(
                "Such items are needed as the population. Leave the data out to check the methods in "
                "made-up worlds."
            ),
        )


def _worlds_of(matrix: ScoreMatrix, complete: Any) -> Iterator[World]:
    order = complete[np.argsort(-matrix.values[:, complete].mean(axis=0), kind="stable")]
    spread = np.unique(np.linspace(0, len(order) - 1, min(MODELS, len(order))).astype(int))
    attempts = int(matrix.attempts.max())
    for n in SAMPLES:
        for k in spread:
            one = matrix.values[:, order[k]]
            yield RealWorld(name=matrix.task, scores=tuple(one), n_clusters=n, attempts=attempts)
            if k + 1 < len(order):
                gap = one - matrix.values[:, order[k + 1]]
                yield RealWorld(
                    name=matrix.task, scores=tuple(gap), n_clusters=n, paired=True, attempts=attempts
                )
