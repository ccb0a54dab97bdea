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
    """The requirements of one task, or of each of several similar ones.

    Attributes:
        task: The task, or the pattern of tasks.
        count: The number of tasks.
        tier: The role in the policy: "critical" or "supporting".
        margin: The margin: the largest tolerated loss, in score units.
        items: Required questions. Infinite if no number is enough.
        attempts: Attempts per question.
        passes: The probability that the check of two equal systems passes with this number.
        half_width: Half the expected width of its two-sided interval.
        items_seen: Questions of the pilot. 0 without one.
        passes_seen: The probability that it passes with the pilot's number. NaN without one.
        half_width_seen: Half the expected width with the pilot's number.
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
    """The numbers of questions that the tasks of a policy need.

    Attributes:
        power: The requested probability that two equal systems pass the whole gate.
        power_per_check: The required probability for each critical check.
        level: The policy's level.
        n_critical: Critical checks that share the probability.
        tasks: One line per task, or pattern of tasks. None for advisory ones.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
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
        """Questions over all tasks. Infinite if no number is enough."""
        return sum(task.count * task.items for task in self.tasks)

    @derived()
    def joint(self) -> float:
        """The probability that two equal systems pass every critical check with the planned questions. 1 if
        there is none.
        """
        return math.prod(task.passes**task.count for task in self.tasks if task.tier == "critical")

    @derived()
    def joint_seen(self) -> float:
        """The same probability with the number of questions of the pilot. NaN without one."""
        if not all(task.items_seen for task in self.tasks):
            return math.nan
        return math.prod(task.passes_seen**task.count for task in self.tasks if task.tier == "critical")

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task."""
        return [row(task) for task in self.tasks]
