"""The verb runs: every run that was read, and whether it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.options.table import checked
from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.runs import Runs

    Names = str | Sequence[str]


def runs(
    data: Any, *, task: Names | None = None, metric: Names | None = None, top: int | None = None
) -> Runs:
    """List every run: its date, task, model, items, score, commit, tags and limit, and whether it counts.

    A run is one task by one model, as one log or several hold it. Nothing is estimated. Logs that were left
    out (retries, copies) and those that state scores without rows are listed with the reason. See
    docs/runs.md for what makes runs attempts of one model, what keeps them apart, and what a copy is.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        task: Only these tasks. None: all.
        metric: The metric of the score, of several the first that a run has. None takes the one that the
            harness puts first, else the only one.
        top: How many of the newest to display. None displays all.

    Returns:
        Runs: One entry a run, task and model, newest first.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If there is no such task, or no run.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a", "a", "b", "b"], "item": [1, 2, 1, 2], "score": [1, 0, 1, 1]})
        >>> [(run.model, run.n_items, run.score) for run in runs(rows).runs]
        [('a', 2, 0.5), ('b', 2, 1.0)]
    """
    from howsure.inference.runs import list_runs

    tasks, metrics, top = checked("runs", task=task, metric=metric, top=top).values()
    return list_runs(read(data), task=tasks or (), metric=metrics or (), top=top)
