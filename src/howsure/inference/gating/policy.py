"""A policy for a suite: what each task, slice and cost has to show, and how much hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeVar

from howsure.checks import Points
from howsure.errors import OptionError
from howsure.study.design import TaskRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.gate import Check, Tier
    from howsure.study.study import Study

T = TypeVar("T")

PLACEHOLDER = 0.01
"""The margin of no task, where a policy has none above its tables and gives each its own."""
NO_MARGIN = "Give `margin` above the tables of the policy, or in its table."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one check has to show and what hangs on it; `weight`: its share of the level where fails are
    corrected.
    """

    tier: Tier
    margin: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """What a table of a policy says; None where it says nothing. `name`: a pattern of tasks, or a column
    whose slices are meant.
    """

    name: str
    tier: Tier | None = None
    margin: float | None = None
    weight: float | None = None

    def matches(self, task: str) -> bool:
        """Say whether this is about a task: its name is the pattern, or fits it."""
        return task == self.name or fnmatchcase(task, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRule:
    """How much more of a measure the candidate may take: at most so many times what the baseline takes."""

    measure: str
    ratio_at_most: float
    tier: Tier
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Tiers, margins and weights of a suite; `tier` and `margin` are those of tasks that no rule speaks
    of.
    """

    level: float = 0.95
    tier: Tier = "supporting"
    margin: float | None = None
    tasks: tuple[PolicyRule, ...] = ()
    slices: tuple[PolicyRule, ...] = ()
    costs: tuple[CostRule, ...] = ()

    def of_task(self, task: str) -> Standing:
        """Return what a task has to show: of each, what the first rule says that matches it and speaks of
        it.
        """
        margin = self._said(task, "margin", self.margin)
        if margin is None:
            raise OptionError(f"the policy gives no margin for {task}", remedy=NO_MARGIN)
        return Standing(
            tier=self._said(task, "tier", self.tier), margin=margin, weight=self._said(task, "weight", 1.0)
        )

    def of_slice(self, column: str, task: str) -> Standing:
        """Return what a slice has to show: no more hangs on it than advice where no more hangs on its
        task.
        """
        whole, rule = self.of_task(task), next(rule for rule in self.slices if rule.name == column)
        return Standing(
            tier="advisory" if whole.tier == "advisory" else rule.tier or whole.tier,
            margin=whole.margin if rule.margin is None else rule.margin,
            weight=rule.weight or 1.0,
        )

    def of_check(self, check: Check) -> Standing:
        """Return what a check has to show, and what hangs on it."""
        if check.criterion == "ratio_at_most":
            cost = next(cost for cost in self.costs if cost.measure == check.metric)
            return Standing(tier=cost.tier, margin=cost.ratio_at_most, weight=cost.weight)
        return self.of_slice(check.by, check.task) if check.by else self.of_task(check.task)

    def _said(self, task: str, name: str, shared: T) -> T:
        said = (getattr(rule, name) for rule in self.tasks if rule.matches(task))
        found: T = next((value for value in said if value is not None), shared)
        return found

    def rules(self, tasks: Iterable[str]) -> tuple[TaskRule, ...]:
        """Return the margins of these tasks as a design has them."""
        return tuple(TaskRule(pattern=_exactly(task), margin=self.of_task(task).margin) for task in tasks)

    def refuse_unfitting(self, study: Study) -> None:
        """Raise OptionError for a pattern that matches no task, and for points where scores aren't in [0,
        1].
        """
        tasks = every_task(study)
        for rule in self.tasks:
            if not any(rule.matches(task) for task in tasks):
                raise OptionError(
                    f"the policy's [tasks.{rule.name!r}] matches no task",
                    remedy=(
                        "The tasks are "
                        f"{', '.join(tasks[:MOST_NAMED])}{', …' if len(tasks) > MOST_NAMED else ''}."
                    ),
                )
        for key in study.parts:
            margins = [
                self.of_task(key[0]).margin,
                *(self.of_slice(rule.name, key[0]).margin for rule in self.slices),
            ]
            if any(isinstance(margin, Points) for margin in margins) and not study.matrix(key).bounded:
                raise OptionError(
                    f"the policy's margin for {key[0]} is in points, and its scores aren't in [0, 1]",
                    remedy="Write it in the scores' own units, or as a share: 1%rel.",
                )


def every_task(study: Study) -> Sequence[str]:
    """Return the tasks on which any side has a score."""
    return sorted({*study.tasks, *(task for held in study.held.values() for task in held)})


def _exactly(task: str) -> str:
    """Return the pattern that this task alone fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in task)


MOST_NAMED = 8
