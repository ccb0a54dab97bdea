"""The verb describe: what was found, before any statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure.errors import DataError, ReadError
from howsure.options.table import checked
from howsure.verbs.read import is_paths, paths_of, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.describe import Description

    Names = str | Sequence[str]


def describe(data: Any, *, explain_plan: bool = False) -> Description:
    """Describe results before any inference: files, harnesses, tasks, models, items, attempts and candidate
    clusters.

    Nothing is estimated. Where no reader knows a file, its shape is described, and a mapping is proposed.
    Files and rows that were left out are listed with the reason.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        explain_plan: Whether to show the queries that verbs run where the rows lie, and what comes back of
            them.

    Returns:
        Description: One line per task and metric, the further columns, what became of each file, and
            published scores.

    Raises:
        ReadError: If none of the files can be read.
        DataError: If the columns of a table don't fit.
    """
    from howsure.inference.describe import describe_scores, describe_unknown

    wanted = checked("describe", explain_plan=explain_plan)["explain_plan"]
    try:
        scores = read(data)
    except (ReadError, DataError):
        unknown = describe_unknown(paths_of(data)) if is_paths(data) else None
        if unknown is None:
            raise
        return unknown
    found = describe_scores(scores)
    return replace(found, plan=scores.explain_plan()) if wanted else found
