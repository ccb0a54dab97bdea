"""Planned looks: what each takes to stop, and how far a run has come among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.statistics.choices import Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLook:
    """One look, and what it takes to stop there.

    Attributes:
        number: Which look it is; the first is 1.
        items: The items that it is due at; those that it was made on, where it was made.
        z: The boundary as a normal deviate: the look stops where that of its p-value is as large or larger.
        nominal: The p-value of the look's own test at or below which it stops.
        spent: The error spent up to it, of 1 − level in all.
    """

    number: int
    items: int
    z: float
    nominal: float
    spent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of a run, and which of them is shown.

    Attributes:
        spending: How the error is spent over them.
        number: The look that is shown; 0 before the first.
        finished: Items finished so far, of which only those that were due count.
        looks: All of them.
    """

    spending: Spending
    number: int
    finished: int
    looks: tuple[PlannedLook, ...]

    @property
    def due(self) -> PlannedLook | None:
        """The look that comes next; None after the last."""
        return next((look for look in self.looks if look.number > self.number), None)

    @property
    def last(self) -> bool:
        """Whether the look that is shown is the last one."""
        return self.number == self.looks[-1].number
