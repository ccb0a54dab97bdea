"""Whether the scores of several tasks have an overall one, and the weight of each task in it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.errors import OptionError, ResultWarning
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.inference.question import Question
    from howsure.options.choices import Overall
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

    Shares = Overall | Mapping[str, float]


def no_overall(matrices: Sequence[ScoreMatrix]) -> ResultWarning | None:
    """Return why scores can't be combined, None if they can."""
    tasks = [matrix.task for matrix in matrices]
    shared = next((matrix.levels.name for matrix in matrices if matrix.levels is not None), "")
    if len(matrices) < 2:
        return ResultWarning(code="no_overall", message="one task only")
    if shared:
        why = f"the variation from {shared} is shared by all tasks"
    elif len(set(tasks)) < len(tasks):
        why = "a task has several metrics"
    elif len({(matrix.bounded, matrix.lower_is_better) for matrix in matrices}) > 1:
        why = "the tasks' scores are on different scales"
    else:
        return None
    return ResultWarning(
        code="no_overall", message=f"no overall score: {why}", remedy="Choose with `metric` or `task`."
    )


def as_stated(question: Question, study: Study) -> tuple[Question, str]:
    """Return the question with the weights that the harness gives the tasks, or the mean without any, and a
    note of them.
    """
    if question.overall != "harness":
        return question, ""
    group = next((group for group in study.groups if group.tasks == set(study.tasks)), None)
    if group is None or not group.by_size:
        return replace(question, overall="mean"), ""
    note = (
        f"Overall: {group.name} as in {group.harness}, its {len(group.tasks):,} tasks weighted by their size."
    )
    return replace(question, overall="pooled"), note


def task_shares(matrices: Sequence[ScoreMatrix], overall: Shares) -> list[float]:
    """Return the share of each task in the overall score. They sum to 1."""
    if isinstance(overall, str):
        sizes = [1 if overall == "mean" else matrix.n_items for matrix in matrices]
        return [size / sum(sizes) for size in sizes]
    tasks = [matrix.task for matrix in matrices]
    wrong = [task for task in tasks if not 0 < overall.get(task, 0) < math.inf]
    wrong += [task for task in overall if task not in tasks]
    if wrong:
        raise OptionError(
            f"overall weights must be positive and name every task and no other, see {listing(wrong)}"
        )
    total = sum(overall[matrix.task] for matrix in matrices)
    return [overall[matrix.task] / total for matrix in matrices]


def overall_name(overall: Shares) -> str:
    """Return the name for the combination of tasks, in place of a metric."""
    return {"mean": "mean over tasks", "pooled": "all items pooled"}.get(
        str(overall), "weighted mean over tasks"
    )
