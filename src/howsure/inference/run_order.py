"""The order of runs, oldest first: by the dates in their logs, else in their names, else by the names
themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from howsure.table.scores import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.table.scores import Run, RunEntry

_DATE = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?:[T _-]?([01]\d|2[0-3])[-:h_]?([0-5]\d)(?:[-:m_]?([0-5]\d))?)?"
)
_DIGITS = re.compile(r"(\d+)")


def runs_of(entries: Sequence[RunEntry]) -> dict[str, Run]:
    """Return what the logs say of each run, by its name; of several logs what the first says."""
    found: dict[str, Run] = {}
    for entry in sorted(entries, key=lambda each: (each.model, each.run.started)):
        found.setdefault(entry.model, entry.run)
    return found


def in_order(names: Sequence[str], runs: Mapping[str, Run]) -> tuple[tuple[str, ...], str]:
    """Return runs, oldest first, and by what: dates in the logs, else in all names, else names as people
    count.
    """
    dates = {name: runs[name].date for name in names if name in runs}
    if len(dates) == len(names) and all(dates.values()):
        return tuple(
            sorted(names, key=lambda name: (dates[name], _natural(name)))
        ), "Runs: in order of the dates in their logs."
    written = {name: date_in(name) for name in names}
    if all(written.values()):
        return tuple(
            sorted(names, key=lambda name: (written[name], _natural(name)))
        ), "Runs: in order of the dates in their names."
    return tuple(sorted(names, key=_natural)), "Runs: in order of their names; not all have a date."


def date_in(name: str) -> str:
    """Return the date, and the time where there is one, that a name holds, as ISO 8601; "" where there is
    none.
    """
    found = _DATE.search(name)
    if found is None:
        return ""
    year, month, day, hour, minute, second = found.groups()
    time = f"T{hour}:{minute}:{second or '00'}" if hour else ""
    text = f"{year}-{month}-{day}{time}"
    return text if moment(text) else ""


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _DIGITS.split(name) if part]
