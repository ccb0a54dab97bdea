"""Against: every other model compared with one: which are better, which are worse, and which are
undecided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, named, of_difference, presentation
from howsure.answers.output import HIDDEN, derived, row, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.errors import ResultWarning
    from howsure.statistics.choices import ManyToOne
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstModel:
    """One model compared with the reference, on one task and metric, or overall.

    Attributes:
        task: The task. Empty for the overall difference.
        metric: What the score measures.
        model: The model.
        against: The reference it is compared with.
        mean: The model's score on the questions that both answered. NaN if there are none.
        against_mean: The score of the reference on these questions.
        difference: The model's score minus that of the reference, with its standard error and the uncorrected
            interval.
        p_value: The uncorrected p-value of no difference. NaN if unknown.
        p_adjusted: The p-value corrected for the number of models and tasks.
        adjusted_interval: The matching interval. It excludes 0 if the corrected p-value is significant.
        n_regressed: Questions on which the model is worse than the reference.
        n_improved: Questions on which it is better.
        n_unchanged: Questions on which they score the same.
        n_only_model: Questions that only the model answered.
        n_only_against: Questions that only the reference answered.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    model: str
    against: str
    mean: float
    against_mean: float
    difference: Estimate = field(metadata=spread(value="difference"))
    p_value: float
    p_adjusted: float
    adjusted_interval: Interval
    n_regressed: int
    n_improved: int
    n_unchanged: int
    n_only_model: int = 0
    n_only_against: int = 0
    lower_is_better: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)

    @derived()
    def verdict(self) -> PairVerdict | None:
        """Whether the model is significantly "better" or "worse" than the reference, or "unclear". None
        without an error bar.
        """
        if not math.isfinite(self.p_adjusted):
            return None
        if not significant(self.p_adjusted, self.difference.interval.level):
            return "unclear"
        return "better" if (self.difference.value > 0) != self.lower_is_better else "worse"

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if the result is inconclusive. Otherwise None."""
        if self.verdict in ("better", "worse"):
            return None
        return of_difference(
            self.difference, self.adjusted_interval, alone=self.n_only_model + self.n_only_against
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstTask:
    """All other models compared with the reference on one task and metric, or overall, the best model first.

    Attributes:
        task: The task. Empty for the overall differences.
        metric: What the score measures.
        against: The reference that all others are compared with.
        mean: Its score, over all questions that it answered.
        n_items: The number of these questions.
        level: The confidence level, of all intervals together except with adjust "none" and "bh".
        adjust: How p-values and intervals are corrected.
        n_tests: The number of p-values in the correction, including those of other tasks.
        n_tasks: The number of tasks. 1 except for the overall differences.
        n_tasks_left_out: The number of requested tasks left out because the reference has no such scores
            there.
        n_left_out: The number of models left out because they lack the task, or some of the tasks.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        models: One row per model.
        warnings: Warnings, each with a remedy.
    """

    task: str
    metric: str
    against: str
    mean: float
    n_items: int
    level: float
    adjust: ManyToOne
    n_tests: int
    n_tasks: int = 1
    n_tasks_left_out: int = 0
    n_left_out: int = 0
    lower_is_better: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    models: tuple[AgainstModel, ...]
    warnings: tuple[ResultWarning, ...] = ()

    def those(self, verdict: PairVerdict | None) -> tuple[AgainstModel, ...]:
        """Return the models with this verdict."""
        return tuple(side for side in self.models if side.verdict == verdict)

    @derived()
    def n_better(self) -> int:
        """How many models are significantly better than the reference."""
        return len(self.those("better"))

    @derived()
    def n_worse(self) -> int:
        """How many are significantly worse."""
        return len(self.those("worse"))

    @derived()
    def sentence(self) -> str:
        """One plain sentence."""
        return str(presentation(self).task_sentence(self))

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per side."""
        return [row(side) for side in self.models]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Against(Drawn):
    """Every other model compared with one, on every task, and overall for several.

    Attributes:
        against: The reference that all others are compared with.
        overall: The differences over all tasks combined. None for one task, or if tasks can't be combined.
        tasks: One part per task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    against: str
    overall: AgainstTask | None = None
    tasks: tuple[AgainstTask, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> AgainstTask:
        return named(self.tasks, "task", task)

    @property
    def every(self) -> tuple[AgainstTask, ...]:
        """All parts, the overall one first."""
        return (*((self.overall,) if self.overall else ()), *self.tasks)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` about the first undecided model, overall or on the first task. None
        if all are decided.
        """
        return None if self.open_side is None else self.open_side.chapter

    @property
    def open_side(self) -> AgainstModel | None:
        """The first model that doesn't differ significantly from the reference, overall or on the first
        task.
        """
        return next((side for side in self.every[0].models if side.chapter), None)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and model, the overall ones first."""
        return [record for part in self.every for record in part.records()]
