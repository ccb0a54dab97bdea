"""Directions: which scores are better small. What neither the user nor the harness says is not guessed from a
name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.errors import Caution, OptionError
from howsure.table.names import is_burden
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.study.study import Study

    Key = tuple[str, str]

REMEDY = (
    "Say it: `lower_is_better=True` where smaller scores are better, `lower_is_better=False` where larger "
    "ones are."
)


def undeclared(study: Study) -> list[str]:
    """Return the scores, by task and metric, whose name leaves the direction open, and nobody says it."""
    column = f" (column {study.column})"
    keys = [key for key in study.parts if study.is_undeclared(key)]
    return [" · ".join(key) + ("" if is_burden(key[1]) else column) for key in keys]


def direction_cautions(study: Study) -> list[Caution]:
    """Warn where models are ranked by scores whose direction nobody says."""
    return unsaid(undeclared(study))


def unsaid(names: list[str]) -> list[Caution]:
    """Warn of scores, by these names, whose direction nobody says; nothing where there are none."""
    if not names:
        return []
    message = (
        f"nothing says whether larger or smaller scores of {listing(names)} are better; larger ones count "
        "as better"
    )
    return [Caution(code="unknown_direction", message=message, remedy=REMEDY)]


def require_direction(study: Study) -> None:
    """Raise OptionError where a verdict hangs on a direction that nobody says."""
    names = undeclared(study)
    if names:
        raise OptionError(
            f"nothing says whether larger or smaller scores of {listing(names)} are better", remedy=REMEDY
        )


def directions_note(study: Study) -> str:
    """Say of which scores smaller ones are better; "" where there are none."""
    return lower_note([key for key in study.parts if study.is_lower_better(key)], len(study.parts))


def lower_note(lower: Sequence[Key], count: int) -> str:
    """Say of which of so many scores, by task and metric, smaller ones are better; "" where there are
    none.
    """
    which = "" if len(lower) == count else f" for {listing([' · '.join(key) for key in lower])}"
    return f"Direction: smaller scores are better{which}." if lower else ""
