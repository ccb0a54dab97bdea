"""The plan of a run's looks, in one text for gate, watch and plan. It gives the number of looks or the number
of questions at which each is due, the number of questions of the whole run, and how the looks spend the
error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from howsure.checks import MOST, said, word
from howsure.errors import OptionError
from howsure.statistics.choices import Spending

if TYPE_CHECKING:
    from typing import Literal

MOST_LOOKS = 50
NUMBER, NUMBERS = re.compile(r"(any|\d+)(?:/(\d+))?"), re.compile(r"\d+(?:,\d+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """Looks that are planned before a run.

    Attributes:
        number: The number of looks. 0 for a look at any time.
        items: The questions of the whole run, at which the last look is due. None if unknown.
        due: The number of questions at which each look is due. Empty for even shares.
        spending: How they spend the error.
    """

    number: int
    items: int | None = None
    due: tuple[int, ...] = ()
    spending: Spending = "obrien-fleming"

    def due_at(self, items: int | None, unit: Literal["items", "questions"]) -> tuple[int, ...]:
        """Return the number of questions at which each look is due. `items`: those of the whole run, if the
        plan doesn't give them.

        OptionError if the total is unknown, or smaller than the number of looks.

        >>> LookPlan(number=3).due_at(100, "items")
        (34, 67, 100)
        """
        if self.due:
            return self.due
        items = self.items or items
        if items is None:
            raise OptionError(
                f"`looks={self.number}` needs the planned number of {unit}",
                remedy=f"Write `looks='{self.number}/500'`, or the number at each look: "
                "`looks='100,250,500'`.",
            )
        if items < self.number:
            raise OptionError(
                f"`looks={self.number}` is more than the {items} {unit} planned", remedy="Plan fewer looks."
            )
        return tuple(-(-items * look // self.number) for look in range(1, self.number + 1))

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of all questions at which the looks are due."""
        due = self.due or tuple(range(1, self.number + 1))
        return tuple(items / due[-1] for items in due)


def look_plan(name: str, value: Any, *, any_time: bool = False) -> LookPlan:
    """Read a plan of looks: 5, "5/2000" or "100,250,500", each optionally followed by ":pocock".

    `any_time`: "any/2000" is a plan as well, for looks at any time up to that many questions.

    >>> look_plan("looks", "4/2000:pocock")
    LookPlan(number=4, items=2000, due=(), spending='pocock')
    """
    if isinstance(value, LookPlan):
        return value
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    text = ",".join(map(str, value)) if listed else str(value)
    looks, colon, end = text.replace(" ", "").partition(":")
    spends: Spending = "obrien-fleming"
    if colon:
        spends = cast("Spending", word(name, end, Spending))
    if NUMBERS.fullmatch(looks):
        due = tuple(map(int, looks.split(",")))
        growing = all(one < other for one, other in zip((0, *due), due, strict=False))
        if growing and due[-1] <= MOST and len(due) <= MOST_LOOKS:
            return LookPlan(number=len(due), items=due[-1], due=due, spending=spends)
    elif match := NUMBER.fullmatch(looks):
        items = int(match[2]) if match[2] else None
        if match[1] == "any":
            number, fits = 0, any_time and not colon and items is not None and items > 0
        else:
            number = int(match[1])
            fits = 1 <= number <= MOST_LOOKS
        if fits and (items is None or items <= MOST):
            plan = LookPlan(number=number, items=items, spending=spends)
            if number and items is not None:
                plan.due_at(items, "items")
            return plan
    raise OptionError(
        f"{said(name, value)} is neither a number of looks up to {MOST_LOOKS}, nor growing numbers of items",
        remedy="Write 5, 5/2000 or 100,250,500, followed by :pocock to spend the error evenly"
        f"{', or any/2000.' if any_time else '.'}",
    )
