"""Allocation: which items get the next attempts, and what choosing them brings against spreading them
evenly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Judged
from howsure.answers.output import HIDDEN, derived, rows, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.errors import Caution

WORTHWHILE = 0.02
"""A saving of less than this share of the answers' part is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model's answers to one item.

    Attributes:
        item: The item.
        model: The model.
        attempts: Attempts so far.
        add: Attempts to add.
    """

    item: str
    model: str
    attempts: int
    add: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Allocation(Judged):
    """The allocation of the next attempts of one model, or of two that are compared, item by item.

    Attributes:
        task: The task.
        metric: What the score measures.
        models: The model, or the two that are compared.
        item: The item of each cell (C,), one model's answers to one item.
        model: The model of each cell (C,).
        attempts: Attempts of each cell so far (C,).
        add: Attempts to add to each cell (C,).
        se: The standard error now.
        questions: The part of SE² that comes from which questions were drawn.
        answers: The part that comes from what was answered; NaN where one attempt an item leaves it open.
        answers_after: The answers' part with the attempts added as chosen.
        answers_even: The answers' part with as many attempts spread evenly.
        saved: The share of the answers' part that choosing saves against spreading.
        decided_by: The models whose answers chose.
        new_run: Whether the attempts are a run of its own, whose estimate leaves the old ones out.
        percent: Whether scores lie in [0, 1].
        notes: How the data were read and grouped.
        cautions: Warnings, each with what to do about it.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    decided_by: tuple[str, ...]
    new_run: bool = False
    item: tuple[str, ...] = field(metadata=HIDDEN)
    model: tuple[str, ...] = field(metadata=HIDDEN)
    attempts: NDArray[np.int64] = field(metadata=HIDDEN)
    add: NDArray[np.int64] = field(metadata=HIDDEN)
    se: float
    questions: float = field(metadata=shown(key="variance_questions"))
    answers: float = field(metadata=shown(key="variance_answers"))
    answers_after: float = field(metadata=shown(key="variance_answers_after"))
    answers_even: float = field(metadata=shown(key="variance_answers_even"))
    saved: float
    percent: bool = field(default=True, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    @derived(key="attempts")
    def total(self) -> int:
        """How many attempts are added."""
        return int(self.add.sum())

    @property
    def worthwhile(self) -> bool:
        """Whether choosing saves anything to speak of."""
        return self.saved >= WORTHWHILE

    @property
    @derived()
    def se_after(self) -> float:
        """The expected standard error with the attempts as chosen."""
        return math.sqrt(max(self.questions, 0.0) + self.answers_after)

    @property
    @derived()
    def se_even(self) -> float:
        """The expected standard error with as many attempts spread evenly."""
        return math.sqrt(max(self.questions, 0.0) + self.answers_even)

    @property
    @derived()
    def cells(self) -> tuple[Cell, ...]:
        """Every model's answers to every item: the attempts so far and those to add."""
        found = zip(self.item, self.model, self.attempts.tolist(), self.add.tolist(), strict=True)
        return tuple(Cell(item=item, model=model, attempts=k, add=add) for item, model, k, add in found)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per cell."""
        return rows(item=self.item, model=self.model, attempts=self.attempts, add=self.add)
