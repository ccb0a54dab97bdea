"""Tasks that only one of two models has: never a silent pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.answers.gate import Check
from howsure.errors import Caution
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.gating.asking import How


def coverage(how: How, baseline: str, checks: Sequence[Check]) -> tuple[list[Check], list[Caution]]:
    """Find the tasks that were not judged: those that the baseline has can't be told, others are told."""
    mine, theirs = _tasks_of(how, how.candidate), _tasks_of(how, baseline)
    judged = {check.task for check in checks if not check.by}
    if not how.each_task or not (how.asked.of_difference or how.asked.floors):
        judged |= mine & theirs
    first = next(iter(checks), None)
    lacking = [
        Check(
            task=task,
            metric="any",
            criterion="better" if first is None else first.criterion,
            candidate=how.candidate,
            baseline=baseline,
            limit=math.nan if first is None else first.limit,
            level=how.level,
            lacking="" if task in mine else how.candidate,
            cautions=() if task not in mine else (NOTHING_SHARED,),
        )
        for task in sorted(theirs - judged)
    ]
    alone = sorted(mine - theirs)
    if not alone or not how.asked.of_difference:
        return lacking, []
    if how.policy is not None:
        lacking += [_of_baseline(how, baseline, task) for task in alone]
    return lacking, [
        Caution(
            code="task_without_baseline",
            message=f"{baseline} has no score on {listing(alone)}, so nothing is compared there",
            remedy="Run the baseline on it as well, or choose tasks with `task`.",
        )
    ]


def _of_baseline(how: How, baseline: str, task: str) -> Check:
    """Return the check of a task that the baseline lacks, which a policy asks about as well."""
    return Check(
        task=task,
        metric="any",
        criterion="not_worse_than",
        candidate=how.candidate,
        baseline=baseline,
        level=how.level,
        lacking=baseline,
    )


def _tasks_of(how: How, model: str) -> frozenset[str]:
    return how.study.held.get(model, frozenset())


NOTHING_SHARED = Caution(
    code="nothing_shared",
    message="the two models have no score that could be compared here",
    remedy="See `howsure describe`.",
)
