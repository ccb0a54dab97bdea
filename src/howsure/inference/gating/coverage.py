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
    judged = {check.task for check in checks}
    if not how.each_task:
        judged |= mine & theirs
    name = next(iter(checks)).criterion if checks else "better"
    lacking = [
        Check(
            task=task,
            metric="any",
            criterion=name,
            candidate=how.candidate,
            baseline=baseline,
            limit=next(iter(checks)).limit if checks else math.nan,
            level=how.level,
            lacking=task not in mine,
            cautions=() if task not in mine else (NOTHING_SHARED,),
        )
        for task in sorted(theirs - judged)
    ]
    alone = sorted(mine - theirs)
    if not alone or not how.asked.of_pair:
        return lacking, []
    return lacking, [
        Caution(
            code="task_without_baseline",
            message=f"{baseline} has no score on {listing(alone)}, so nothing is compared there",
            remedy="Run the baseline on it as well, or choose tasks with `task`.",
        )
    ]


def _tasks_of(how: How, model: str) -> frozenset[str]:
    return how.study.held.get(model, frozenset())


NOTHING_SHARED = Caution(
    code="nothing_shared",
    message="the two models have no score that could be compared here",
    remedy="See `howsure describe`.",
)
