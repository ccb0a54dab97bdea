"""How planned looks are said and tabled: by watch, plan and gate alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.document import Field, tabled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.looks import Looks, PlannedLook
    from howsure.present.document import Table
    from howsure.statistics.choices import Spending

SPENT = {
    "obrien-fleming": "late, as O'Brien and Fleming's boundary does",
    "pocock": "evenly, as Pocock's boundary does",
}
SMALL = 1e-4


def spending_words(spending: Spending) -> str:
    """Say how the error is spent, and whose the method is."""
    return f"the error is spent {SPENT[spending]} (Lan and DeMets 1983)"


def place(looks: Looks) -> str:
    """Say which look is shown: `look 2 of 5`."""
    return f"look {looks.number:,} of {looks.looks[-1].number:,}"


def coming(looks: Looks, units: str = "items") -> str:
    """Say when the next look is due; "" after the last."""
    due = looks.due
    if due is None:
        return ""
    return f"look {due.number:,} of {looks.looks[-1].number:,} is due at {due.items:,} {units}"


def fields() -> list[Field[PlannedLook]]:
    """Return the columns of a table of looks."""
    return [
        Field("look", lambda look: f"{look.number:,}"),
        Field("items", lambda look: f"{look.items:,}"),
        Field("z", lambda look: f"{look.z:.3f}", priority=6),
        Field("stops at p ≤", lambda look: nominal_text(look.nominal)),
        Field("error spent", lambda look: nominal_text(look.spent), priority=5),
    ]


def table(looks: Sequence[PlannedLook], note: str) -> Table:
    """Lay out what each look takes to stop."""
    return tabled(looks, fields(), note=note)


def nominal_text(p_value: float) -> str:
    """Write a p-value that a look has to reach, also one that is hardly more than 0."""
    return f"{p_value:.4f}" if p_value >= SMALL else f"{p_value:.1g}"
