"""Frontier: which models could be the best buy, and the cheapest of those that could be best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, TaskPart
from howsure.answers.output import HIDDEN, derived, row, spread

if TYPE_CHECKING:
    from howsure.answers.parts import UsageDifference
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierModel:
    """A model: its score, what it takes, and whether it could be the best buy.

    Attributes:
        model: The model.
        score: Its score.
        cost: What it takes per attempt, failed ones included; the least that it can be where some attempts
            don't record it.
        n_missing: Attempts that don't record it.
        could_be_best: Whether it could have the best score, whatever it takes.
        dominated_by: The models that are shown to score higher and to cost no more; empty where it could be
            the best buy.
    """

    model: str
    score: Estimate = field(metadata=spread())
    cost: Estimate = field(metadata=spread(prefix="cost_", value="cost"))
    n_missing: int
    could_be_best: bool
    dominated_by: tuple[str, ...] = ()

    @derived()
    def could_be_on_frontier(self) -> bool:
        """Whether no other model is shown to score higher and to cost no more."""
        return not self.dominated_by


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFrontier(TaskPart):
    """The models of one task and metric, the cheapest first.

    Attributes:
        task: The task; empty for all items of several tasks in one pool.
        metric: What the score measures.
        usage: What was measured.
        level: The confidence level at which all that is said of who beats whom holds at once.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        cheapest: The cheapest of the models that could be best and whose cost is known; None where there is
            none.
        leader: The model with the best score.
        difference: What the leader takes over what the cheapest takes; None where they are the same.
        lead: By how much the leader scores higher than the cheapest; None where they are the same.
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
        return next(each for each in self.models if each.model == model)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model."""
        where = {"task": self.task, "metric": self.metric, "usage": self.usage}
        return [{**where, **row(each), "beaten_by": ", ".join(each.dominated_by)} for each in self.models]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Frontier(Drawn):
    """Which models could be the best buy, task by task, and over all tasks.

    Attributes:
        tasks: One part a task, metric and measure; first that of all items pooled where there are several
            tasks that all models share.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    tasks: tuple[TaskFrontier, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskFrontier:
        return next(each for each in self.tasks if each.task == task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and model."""
        return [record for task in self.tasks for record in task.records()]
