"""Health: which questions of a task tell models apart, and how small a gap the task can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Answer, presentation
from howsure.answers.output import HIDDEN, derived, row, rows, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.errors import ResultWarning

ItemKind = Literal["none_solved", "all_solved", "all_equal", "discriminating", "suspect", "unanswered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The results of the models on one item.

    Attributes:
        item: The item.
        score: Its mean score over the models that answered.
        n_models: How many models answered.
        discrimination: The correlation, over models, with the mean of the other items; NaN where it isn't
            known.
        p_adjusted: The p-value of a correlation below zero, corrected for the number of items.
        kind: "none_solved" (all have the worst score), "all_solved" (all have the best), "all_equal" (all
            have the same score), "discriminating" (some models differ), "suspect" (some differ, and the good
            ones do worse), "unanswered" (by all models or all but one).
    """

    item: str
    score: float
    n_models: int
    discrimination: float
    p_adjusted: float
    kind: ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemHealth:
    """The results of the models on each of n items; all fields have the shape (n,).

    Attributes:
        item: As in `Item`, the other fields as well.
        score: The mean score of each item.
        n_models: How many models answered each.
        discrimination: The correlation of each with the others.
        p_adjusted: The corrected p-value of each.
        kind: The kind of each.
    """

    item: NDArray[Any]
    score: NDArray[np.float64]
    n_models: NDArray[np.int64]
    discrimination: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    kind: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per item."""
        return rows(
            item=map(str, self.item.tolist()),
            score=self.score,
            n_models=self.n_models,
            discrimination=self.discrimination,
            p_adjusted=self.p_adjusted,
            kind=self.kind,
        )

    def of_kind(self, kind: ItemKind) -> list[Item]:
        """Return the items of one kind, in their order."""
        return [self._item(k) for k in (self.kind == kind).nonzero()[0].tolist()]

    def _item(self, k: int) -> Item:
        return Item(
            item=str(self.item[k]),
            score=float(self.score[k]),
            n_models=int(self.n_models[k]),
            discrimination=float(self.discrimination[k]),
            p_adjusted=float(self.p_adjusted[k]),
            kind=self.kind[k].item(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHealth:
    """The items of one task and metric, judged by the results of the models.

    Attributes:
        task: The task.
        metric: What the score measures.
        models: The models, best first.
        items: What they did on each item.
        n_clusters: Clusters that the items come in; as many as items where each is its own.
        smallest_significant_difference: The gap that is significant for one pair of models, in score units,
            median over pairs; NaN if no pair has one.
        detectable_difference: The minimum detectable effect: the gap that one planned comparison detects with
            80% power, median over pairs.
        n_significant_neighbours: How many gaps between neighbouring places exceed the smallest one; None if
            that is unknown.
        reliability: The correlation of the models' scores on two such tasks, from split halves.
        reliability_places: The same of their places.
        reliability_items: Cronbach's alpha, over the items that all models answered (models that lack most
            items aside).
        n_complete: How many items that is.
        level: The confidence level.
        percent: Whether scores lie in [0, 1].
        lower_is_better: Whether smaller scores are better.
        warnings: Warnings, each with what to do about it.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    items: ItemHealth = field(metadata=HIDDEN)
    n_clusters: int
    smallest_significant_difference: float
    detectable_difference: float
    n_significant_neighbours: int | None
    reliability: float
    reliability_places: float
    reliability_items: float
    n_complete: int
    level: float
    percent: bool = field(default=True, metadata=HIDDEN)
    lower_is_better: bool = field(default=False, metadata=shown(rows=False))
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def n_models(self) -> int:
        """The number of models."""
        return len(self.models)

    @derived()
    def n_items(self) -> int:
        """The number of items."""
        return len(self.items.item)

    @derived(key="discriminating")
    def n_discriminating(self) -> int:
        """The items on which at least two models differ, suspect ones among them."""
        return self.count("discriminating") + self.count("suspect")

    @derived()
    def none_solved(self) -> int | None:
        """The items on which all have the worst score; None on an open scale."""
        return self.count("none_solved") if self.percent else None

    @derived()
    def all_solved(self) -> int | None:
        """The items on which all have the best score; None on an open scale."""
        return self.count("all_solved") if self.percent else None

    @derived(key="all_equal")
    def n_all_equal(self) -> int:
        """The items on which all models have the same score, the best and the worst among them."""
        return self.count("none_solved") + self.count("all_solved") + self.count("all_equal")

    @derived()
    def unanswered(self) -> int:
        """The items that all models, or all but one, left unanswered."""
        return self.count("unanswered")

    @derived()
    def suspect(self) -> int:
        """The items that run against the others: the good models do worse on them."""
        return self.count("suspect")

    def count(self, kind: ItemKind) -> int:
        """Count the items of one kind."""
        return int((self.items.kind == kind).sum())

    @derived()
    def suspects(self) -> tuple[Item, ...]:
        """The items that run against the others, worst first."""
        return tuple(sorted(self.items.of_kind("suspect"), key=lambda item: item.discrimination))

    @derived(rows=False)
    def sentence(self) -> str:
        """What a reader in a hurry takes away."""
        return str(presentation(self).task_sentence(self))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Health(Answer):
    """How well the items of one or more tasks discriminate between models.

    Attributes:
        tasks: One part a task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    tasks: tuple[TaskHealth, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskHealth:
        return next(part for part in self.tasks if part.task == task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and metric."""
        return [row(task) for task in self.tasks]

    def item_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per item of each task and metric."""
        heads = [({"task": task.task, "metric": task.metric}, task.items) for task in self.tasks]
        return [{**head, **record} for head, items in heads for record in items.records()]
