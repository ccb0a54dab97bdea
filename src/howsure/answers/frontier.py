"""Frontier: which models could be on the frontier (the best buy), and the cheapest of those that could be
best.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, TaskPart, named
from howsure.answers.output import HIDDEN, derived, row, spread

if TYPE_CHECKING:
    from howsure.answers.parts import UsageDifference
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierModel:
    """A model: its score, its usage, and whether it could be the best buy.

    Attributes:
        model: The model.
        score: Its score.
        cost: The usage per attempt, including failed ones. A lower bound if some attempts don't record it.
        n_missing: Attempts that don't record it.
        could_be_best: Whether it could have the best score, regardless of cost.
        dominated_by: The models with a significantly higher score at no higher cost. Empty if it could be the
            best buy.
    """

    model: str
    score: Estimate = field(metadata=spread())
    cost: Estimate = field(metadata=spread(prefix="cost_", value="cost"))
    n_missing: int
    could_be_best: bool
    dominated_by: tuple[str, ...] = ()

    @derived()
    def could_be_on_frontier(self) -> bool:
        """Whether no other model has a significantly higher score at no higher cost."""
        return not self.dominated_by


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFrontier(TaskPart):
    """The models of one task and metric, the cheapest first.

    Attributes:
        task: The task. Empty if the questions of several tasks are pooled.
        metric: What the score measures.
        usage: The measure of usage.
        level: The simultaneous confidence level of all comparisons.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        cheapest: The cheapest model that could be best and has a known cost. None if there is none.
        leader: The model with the best score.
        difference: The usage of the leader compared with that of the cheapest. None if they are the same.
        lead: The leader's score minus that of the cheapest. None if they are the same.
        models: The models, the cheapest first.
    """

    task: str
    metric: str
    usage: str
    level: float
    lower_is_better: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    cheapest: str | None
    leader: str
    difference: UsageDifference | None = None
    lead: Estimate | None = None
    models: tuple[FrontierModel, ...]

    @derived()
    def could_be_on_frontier(self) -> tuple[str, ...]:
        """The models that could be the best buy."""
        return tuple(each.model for each in self.models if each.could_be_on_frontier)

    def __getitem__(self, model: str) -> FrontierModel:
        return named(self.models, "model", model)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model."""
        where = {"task": self.task, "metric": self.metric, "usage": self.usage}
        return [{**where, **row(each), "beaten_by": ", ".join(each.dominated_by)} for each in self.models]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Frontier(Drawn):
    """Which models could be the best buy, task by task, and over all tasks.

    Attributes:
        tasks: One part per task, metric and measure. If all models share several tasks, the pooled part comes
            first.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    tasks: tuple[TaskFrontier, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskFrontier:
        return named(self.tasks, "task", task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and model."""
        return [record for task in self.tasks for record in task.records()]
