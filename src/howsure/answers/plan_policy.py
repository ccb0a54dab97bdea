"""PolicyPlan: how many questions each task of a suite needs, so that two equal systems pass its policy."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, derived, row

if TYPE_CHECKING:
    from howsure.answers.gate import Tier
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTask:
    """What one task needs, or each of several alike.

    Attributes:
        task: The task, or the pattern of tasks.
        count: How many tasks this is about.
        tier: What hangs on it: "critical" or "supporting".
        margin: The loss that it may show, in score units.
        items: Questions that it needs; infinite where no number is enough.
        attempts: Attempts at each.
        passes: The chance that the check of two equal systems passes with so many.
        half_width: Half the width that is expected of its two-sided interval.
        items_seen: Questions of the pilot; 0 without one.
        passes_seen: The chance with as many as the pilot has; NaN without one.
        half_width_seen: Half the expected width with as many.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    count: int = 1
    tier: Tier
    margin: float
    items: float
    attempts: float
    passes: float
    half_width: float
    items_seen: int = 0
    passes_seen: float = math.nan
    half_width_seen: float = math.nan
    percent: bool = field(default=True, metadata=HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PolicyPlan(Answer):
    """The questions that the tasks of a policy need.

    Attributes:
        power: The chance that two equal systems pass the whole gate, as it was wanted.
        power_per_check: The chance that each critical check has to have for it.
        level: The policy's level.
        n_critical: Critical checks that share the chance.
        tasks: One line a task, or a pattern of tasks; none for advisory ones.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    power: float
    power_per_check: float
    level: float
    n_critical: int
    tasks: tuple[PolicyTask, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def items(self) -> float:
        """Questions over all tasks; infinite where no number is enough."""
        return sum(task.count * task.items for task in self.tasks)

    @derived()
    def joint(self) -> float:
        """The chance that two equal systems pass every critical check with so many questions; 1 where there
        is none.
        """
        return math.prod(task.passes**task.count for task in self.tasks if task.tier == "critical")

    @derived()
    def joint_seen(self) -> float:
        """The same with as many questions as the pilot has; NaN without one."""
        if not all(task.items_seen for task in self.tasks):
            return math.nan
        return math.prod(task.passes_seen**task.count for task in self.tasks if task.tier == "critical")

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task."""
        return [row(task) for task in self.tasks]
