"""Against: every other side beside one: which beat it, which are worse, and of which nothing can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, of_difference, presentation
from howsure.answers.output import HIDDEN, derived, row, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.errors import ResultWarning
    from howsure.statistics.choices import ManyToOne
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstModel:
    """A side beside the one, on one task and metric, or overall.

    Attributes:
        task: The task; empty for the overall difference.
        metric: What the score measures.
        model: The side.
        against: The one that it is compared with.
        mean: The side's score on the items that both answered; NaN where there are none.
        against_mean: The score of the one on these items.
        difference: The side's score less that of the one, with its standard error and the interval of this
            side alone.
        p_value: The p-value of no difference, of this side alone; NaN where it can't be told.
        p_adjusted: The same, corrected for the number of sides and tasks.
        adjusted_interval: The interval that agrees with it: 0 lies outside where the corrected p-value shows
            a difference.
        n_regressed: Items on which the side is worse than the one.
        n_improved: Items on which it is better.
        n_unchanged: Items on which they score the same.
        n_only_model: Items that only the side answered.
        n_only_against: Items that only the one answered.
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
        """Whether the model is significantly "better" or "worse" than the one, or "unclear"; None without an
        error bar.
        """
        if not math.isfinite(self.p_adjusted):
            return None
        if not significant(self.p_adjusted, self.difference.interval.level):
            return "unclear"
        return "better" if (self.difference.value > 0) != self.lower_is_better else "worse"

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why it can't be told, and what to do; None where it can."""
        if self.verdict in ("better", "worse"):
            return None
        return of_difference(
            self.difference, self.adjusted_interval, alone=self.n_only_model + self.n_only_against
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstTask:
    """All other sides beside the one on one task and metric, or overall; the best side first.

    Attributes:
        task: The task; empty for the overall differences.
        metric: What the score measures.
        against: The one that all others are compared with.
        mean: Its score, over all items that it answered.
        n_items: How many these are.
        level: The confidence level, of all intervals together but with adjust "none" and "bh".
        adjust: How p-values and intervals are corrected.
        n_tests: For how many p-values they are corrected, those of other tasks among them.
        n_tasks: The number of tasks; 1 but for the overall differences.
        n_tasks_left_out: The tasks that were asked for and are left out, since the one has no such scores
            there.
        n_left_out: The sides that aren't here, as they lack the task, or some of the tasks.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        models: One row a side.
        warnings: Warnings, each with what to do about it.
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
        """How many sides are really better than the one."""
        return len(self.those("better"))

    @derived()
    def n_worse(self) -> int:
        """How many are really worse."""
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
    """Every other side beside one, on every task, and overall for several.

    Attributes:
        against: The one that all others are compared with.
        overall: The differences over all tasks combined; None for one task, or where tasks can't be combined.
        tasks: One part a task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    against: str
    overall: AgainstTask | None = None
    tasks: tuple[AgainstTask, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> AgainstTask:
        return next(part for part in self.tasks if part.task == task)

    @property
    def every(self) -> tuple[AgainstTask, ...]:
        """All parts, the overall one first."""
        return (*((self.overall,) if self.overall else ()), *self.tasks)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on the first side that can't be told overall, or on the first task;
        None where all can.
        """
        return None if self.open_side is None else self.open_side.chapter

    @property
    def open_side(self) -> AgainstModel | None:
        """The first side that can't be told from the one, overall or on the first task."""
        return next((side for side in self.every[0].models if side.chapter), None)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and side, the overall ones first."""
        return [record for part in self.every for record in part.records()]
