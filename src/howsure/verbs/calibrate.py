"""The verb: check every method's promise in a grid of worlds, or in your own data as the population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.calibrate import Calibration
from howsure.calibration.grids import grid
from howsure.calibration.harness import check_worlds
from howsure.calibration.worlds import RealWorld
from howsure.errors import DataError, OptionError
from howsure.inference import record as published
from howsure.options.table import checked
from howsure.study.design import make_design
from howsure.study.gathering import gather
from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from howsure.calibration.worlds import World
    from howsure.options.words import Worlds
    from howsure.study.matrix import ScoreMatrix
    from howsure.verbs.audit import Names

SAMPLES = (30, 100, 300)
MODELS = 8


def calibrate(
    data: Any = None,
    *,
    worlds: Worlds = "small",
    trials: int = 2_000,
    level: float = 0.95,
    seed: int = 0,
    processes: int = 1,
    slow: bool = False,
    record: bool = False,
    methods: Names | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Estimate the coverage of each method's interval by simulation, in worlds whose true value is known.

    Without data, the worlds are those of a grid; with data, the items (ignoring clusters) are the population,
    from which 30, 100 and 300 are drawn repeatedly, for up to 8 models and their neighbours in rank. The same
    seed gives the same table, whatever the number of processes.

    Args:
        data: Results in any form that [`read`][howsure.read] accepts, with 300 items or more that were
            answered right or wrong, equally often each. None uses the worlds of a grid.
        worlds: The grid: "small" (a minute), "standard" (the published record), or "stress" (beyond every
            promise).
        trials: The number of samples drawn per world.
        level: The confidence level of the intervals, between 0 and 1.
        seed: The seed of all draws.
        processes: The number of processes to use.
        slow: Whether to include methods that resample, in every tenth world.
        record: Whether to return the published record instead of drawing.
        methods: Only methods whose name contains one of these words. None: all.
        progress: Called with the number of worlds done and their total. None reports nothing.

    Returns:
        Calibration: One row per world and method: coverage, mean width, the coverage that is promised, and
            whether it was achieved.

    Raises:
        OptionError: If an option has a value that it can't have, no method has a requested word in its name,
            or `record` is combined with data or another level.
        DataError: If no task has enough suitable items.
        ReadError: If none of the files can be read.

    Examples:
        >>> answer = calibrate(trials=200)
        >>> answer.kept, answer.cells.filter(method="blend, CR2", n_clusters=200)["coverage"].min() > 0.88
        (True, True)
    """
    worlds, trials, level, seed, processes, slow, record, words, progress = checked(
        "calibrate",
        worlds=worlds,
        trials=trials,
        level=level,
        seed=seed,
        processes=processes,
        slow=slow,
        record=record,
        methods=() if methods is None else methods,
        progress=progress,
    ).values()
    if record and (data is not None or level != published.LEVEL):
        raise OptionError(
            "the record is of made-up worlds at 95 %", remedy="Leave out the data and the level, or record."
        )
    if record:
        return Calibration(cells=published.methods(published.worlds(), words), level=published.LEVEL, seed=0)
    chosen = grid(worlds) if data is None else list(real_worlds(data))
    cells = check_worlds(
        chosen, trials=trials, level=level, seed=seed, processes=processes, slow=slow, progress=progress
    )
    return Calibration(cells=published.methods(cells, words), level=level, seed=seed)


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
