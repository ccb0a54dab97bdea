"""Health: which questions of a task tell models apart, and how small a gap the task can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Document, Note, Text
from howsure.present.health import _facts, _lines, _suspects_table, _verdict_of_all, task_verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from howsure.errors import Caution
    from howsure.present.document import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemHealth:
    """What the models did on each of n items; all fields have the shape (n,).

    `score`: mean over the models that answered; `n_models`: how many did; `discrimination`: correlation, over models,
    with the mean of the other items; `p_adjusted`: that this is below zero by chance. NaN where it isn't known.
    `kind`: "nobody" (all have the worst score), "everybody" (all have the best), "same" (all have the same score),
    "separating" (some models differ), "suspect" (some differ, and the good ones do worse), "unanswered" (by all models
    or all but one).
    """

    item: NDArray[Any]
    score: NDArray[np.float64]
    n_models: NDArray[np.int64]
    discrimination: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    kind: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per item."""
        columns = {
            "item": map(str, self.item.tolist()),
            "score": map(number, self.score.tolist()),
            "n_models": self.n_models.tolist(),
            "discrimination": map(number, self.discrimination.tolist()),
            "p_adjusted": map(number, self.p_adjusted.tolist()),
            "kind": self.kind.tolist(),
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHealth:
    """One task and metric, seen by its `models` (best first).

    `smallest_gap`, `planned_gap`: the gap that is significant for one pair, and the one that is found with 80 % power in
    one planned comparison, median over pairs, in score units; `neighbours_apart`: gaps between neighbouring places that
    exceed the former. `reliability`: correlation of the models' scores on two such tasks, from split halves;
    `reliability_places`: of their places; `reliability_items`: Cronbach's alpha, over the `n_complete` items that all
    models answered (models that lack most items aside). NaN where there is none. `n_clusters`: n_items where each is
    its own.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    items: ItemHealth
    n_clusters: int
    smallest_gap: float
    planned_gap: float
    neighbours_apart: int
    reliability: float
    reliability_places: float
    reliability_items: float
    n_complete: int
    level: float
    percent: bool = True
    lower_is_better: bool = False
    cautions: tuple[Caution, ...] = ()

    @property
    def n_items(self) -> int:
        """The number of items."""
        return len(self.items.item)

    @property
    def n_separating(self) -> int:
        """The items on which at least two models differ, suspect ones among them."""
        return self.count("separating") + self.count("suspect")

    @property
    def n_inert(self) -> int:
        """The items on which all models have the same score, the best and the worst among them."""
        return self.count("nobody") + self.count("everybody") + self.count("same")

    def count(self, kind: str) -> int:
        """Count the items of one kind."""
        return int((self.items.kind == kind).sum())

    @property
    def suspects(self) -> tuple[dict[str, Any], ...]:
        """The items that run against the others, worst first: flat mappings as in `ItemHealth.records`."""
        found = [record for record in self.items.records() if record["kind"] == "suspect"]
        return tuple(sorted(found, key=lambda record: record["discrimination"]))

    @property
    def verdict(self) -> str:
        """What a reader in a hurry takes away."""
        return task_verdict(self)

    def record(self) -> dict[str, Any]:
        """Return one flat mapping; what an open scale doesn't have is None."""
        return {
            "task": self.task,
            "metric": self.metric,
            "n_models": len(self.models),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "separating": self.n_separating,
            "nobody": self.count("nobody") if self.percent else None,
            "everybody": self.count("everybody") if self.percent else None,
            "inert": self.n_inert,
            "unanswered": self.count("unanswered"),
            "suspect": self.count("suspect"),
            "smallest_gap": number(self.smallest_gap),
            "planned_gap": number(self.planned_gap),
            "neighbours_apart": self.neighbours_apart if np.isfinite(self.smallest_gap) else None,
            "reliability": number(self.reliability),
            "reliability_places": number(self.reliability_places),
            "reliability_items": number(self.reliability_items),
            "n_complete": self.n_complete,
            "level": self.level,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the task as plain data, its suspect items listed; the others are in `Health.item_records`."""
        return {
            **self.record(),
            "lower_is_better": self.lower_is_better,
            "verdict": self.verdict,
            "models": list(self.models),
            "suspects": list(self.suspects),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Answer):
    """The health of one or more tasks, each with its metric."""

    tasks: tuple[TaskHealth, ...]
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __getitem__(self, task: str) -> TaskHealth:
        return next(part for part in self.tasks if part.task == task)

    @property
    def verdict(self) -> str:
        """One plain sentence about the only task, or about all of them."""
        return self.tasks[0].verdict if len(self.tasks) == 1 else _verdict_of_all(self.tasks)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and metric."""
        return [task.record() for task in self.tasks]

    def item_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per item of each task and metric."""
        heads = [({"task": task.task, "metric": task.metric}, task.items) for task in self.tasks]
        return [{**head, **record} for head, items in heads for record in items.records()]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "health",
            "verdict": self.verdict,
            "tasks": [task.to_dict() for task in self.tasks],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the verdict, the facts of one task or one line for each of several, suspect items, cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(_facts(self.tasks[0]) if len(self.tasks) == 1 else _lines(self.tasks))
        if any(task.count("suspect") for task in self.tasks):
            blocks.append(_suspects_table(self.tasks))
        cautions = (*(caution for task in self.tasks for caution in task.cautions), *self.cautions)
        if cautions:
            blocks.append(Note(cautions=cautions))
        return Document(blocks=tuple(blocks))
