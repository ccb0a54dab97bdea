"""Planned looks at a run: which one is due, the level and the p-value of each, and a summary of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.answers.parts import Looks, PlannedLook
from howsure.errors import DataError
from howsure.statistics.group_sequential import Schedule
from howsure.wording import listing

if TYPE_CHECKING:
    from howsure.statistics.choices import Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSeries:
    """The looks at a run, one of which is judged.

    Attributes:
        numbers: The number of each look. The first of a plan is 1.
        items: The number of items each was made on, or is due at.
        planned: The items of the whole run.
        spending: How the looks spend the error.
        place: The place of the judged look among these, from 1, or 0 before the first.
        finished: How many items are finished by now.
    """

    numbers: tuple[int, ...]
    items: tuple[int, ...]
    planned: int
    spending: Spending
    place: int
    finished: int

    @property
    def schedule(self) -> Schedule:
        """The looks as shares of all items."""
        return Schedule((*(count / self.planned for count in self.items[:-1]), 1.0), self.spending)

    def level(self, level: float) -> float:
        """Return the level of a two-sided interval at this look, so that those of all looks are simultaneous
        at a level.
        """
        return self.schedule.level_at(self.place, level)

    def overall_p(self, p_value: float, level: float) -> float:
        """Return the smallest two-sided error with which all looks together would stop at this one."""
        return self.schedule.overall_p(self.place, p_value, level)

    def answer(self, level: float) -> Looks:
        """Return all looks, with the p-values of a two-sided test at a level."""
        boundary = self.schedule.boundary(level)
        rows = zip(self.numbers, self.items, boundary.z, boundary.nominal, boundary.spent, strict=True)
        return Looks(
            spending=self.spending,
            number=self.numbers[self.place - 1] if self.place else 0,
            finished=self.finished,
            looks=tuple(
                PlannedLook(
                    number=number, items=items, z=float(z), nominal=float(nominal), spent=float(spent)
                )
                for number, items, z, nominal, spent in rows
            ),
        )


def look_that_is_due(
    due: tuple[int, ...], spending: Spending, *, finished: int, missing_at_most: float, largest: int
) -> LookSeries:
    """Return the looks, judged at the one that is due at the number of finished questions.

    A share of `missing_at_most` may be missing, and clusters are whole, so that the look may exceed its
    number by up to one less than the `largest`. DataError if no look is due.
    """
    places = [
        place
        for place, count in enumerate(due, 1)
        if count * (1 - missing_at_most) <= finished < count + largest
    ]
    if not places:
        following = next((count for count in due if count > finished), None)
        more = f"Ask the gate at {following:,} questions" if following else "Judge the planned questions"
        raise DataError(
            f"{finished:,} questions don't match a look. Looks are due at "
            f"{listing([f'{count:,}' for count in due])} questions",
            remedy=(f"{more}. For other looks, plan them before the first one: `looks='200,400,600'`."),
        )
    return LookSeries(
        numbers=tuple(range(1, len(due) + 1)),
        items=due,
        planned=due[-1],
        spending=spending,
        place=max(places),
        finished=finished,
    )
