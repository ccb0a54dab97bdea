"""Horizons: the difficulty at which each model's success falls to 50%, 80% …, and how fast it grows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, TaskPart, named
from howsure.answers.output import HIDDEN, row, shown, spread

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """The difficulty at which a model succeeds with one chance.

    Attributes:
        chance: The chance of success.
        estimate: The difficulty, by the logistic curve.
        isotonic: The difficulty by a fit that assumes only that success doesn't rise with difficulty. NaN if
            it crosses the chance nowhere between the easiest and the hardest question. It has no interval.
        extrapolated: Whether the difficulty is outside that of all questions.
    """

    chance: float
    estimate: Estimate = field(metadata=spread(value="horizon"))
    isotonic: float
    extrapolated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessRate:
    """The success of a model on questions of similar difficulty.

    Attributes:
        difficulty: Their difficulty (geometric mean).
        rate: The mean success.
        n_items: How many questions.
    """

    difficulty: float
    rate: float
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHorizons:
    """The success of one model against difficulty.

    Attributes:
        model: The model.
        slope: By how much the log odds of success change if difficulty doubles.
        released: Its release date, as 2024-05-13. None if it isn't known.
        horizons: One for each chance of success.
        rates: Its success on questions grouped by difficulty, as in the figure.
    """

    model: str
    slope: float
    released: str | None = None
    horizons: tuple[Horizon, ...]
    rates: tuple[SuccessRate, ...] = field(default=(), metadata=shown(rows=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class DoublingTime:
    """How fast horizons grow with release dates: a line through their logarithms.

    Attributes:
        chance: The chance of success.
        days: The days in which the horizon doubles. Infinite if it doesn't grow.
        interval: Their confidence interval. The upper limit is infinite if no growth isn't ruled out.
        n_models: How many models have a date and a horizon.
    """

    chance: float
    days: float = field(metadata=shown(endless=True))
    interval: Interval = field(metadata=shown(endless=True))
    n_models: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHorizons(TaskPart):
    """The horizons of all models on one task, the longest first.

    Attributes:
        task: The task.
        metric: What success is.
        difficulty: The column of difficulty. "others": the share of the other models that fail.
        level: The confidence level.
        easiest: The smallest difficulty of any question.
        hardest: The largest.
        others: Whether difficulty is the share of the other models that fail.
        models: The models with a horizon.
        doubling: The doubling times, one for each chance. Empty without release dates of enough models.
        warnings: Warnings about this task.
    """

    task: str
    metric: str
    difficulty: str
    level: float
    easiest: float
    hardest: float
    others: bool = field(default=False, metadata=HIDDEN)
    models: tuple[ModelHorizons, ...]
    doubling: tuple[DoublingTime, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, model: str) -> ModelHorizons:
        return named(self.models, "model", model)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model and chance."""
        return [
            {
                "task": self.task,
                "metric": self.metric,
                "difficulty": self.difficulty,
                "model": each.model,
                "released": each.released,
                "slope": each.slope,
                **row(horizon),
            }
            for each in self.models
            for horizon in each.horizons
        ]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Horizons(Drawn):
    """The difficulty that each model can manage, task by task.

    Attributes:
        tasks: One part per task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    tasks: tuple[TaskHorizons, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskHorizons:
        return named(self.tasks, "task", task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task, model and chance."""
        return [record for task in self.tasks for record in task.records()]


def doubling_days(slope: float) -> float:
    """Return in how many days something doubles whose log₂ grows by `slope` a day. Infinite if it doesn't."""
    return 1 / slope if slope > 0 else math.inf
