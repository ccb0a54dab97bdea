"""Recent runs: the newest of each model on each task, or those that are not much older than the newest of
all.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from howsure.checks import AGE
from howsure.errors import Caution
from howsure.table.scores import FileReport
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from datetime import datetime

    from howsure.readers.runs import Taken

    Dated = tuple[datetime, Taken]

OLDER = "an older run than those that were asked for"
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """Read an age as it is written: 90m, 12h, 7d, 2w. ValueError where it is none."""
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return timedelta(**{UNITS[found[2]]: float(found[1])})


def recent(
    kept: Sequence[Taken], reports: list[FileReport], *, latest: bool, since: str
) -> tuple[list[Taken], tuple[Caution, ...]]:
    """Keep the newest run of each task and model (`latest`), or those that began no more than `since` before
    the newest; all where neither is asked.

    A log without a date can't be told from a recent one: it is kept, and that is said.
    """
    if not latest and not since:
        return list(kept), ()
    known = [(date, read) for read in kept if (date := _date(read)) is not None]
    young = _within(known, age(since)) if since else known
    chosen = {id(read) for read in (_newest(young) if latest else (read for _, read in young))}
    left = [read for _, read in known if id(read) not in chosen]
    reports += [
        FileReport(path=read.source.name, reader=read.reader, outcome="left out", reason=OLDER)
        for read in left
    ]
    older = set(map(id, left))
    return [read for read in kept if id(read) not in older], _undated(len(kept) - len(known))


def _within(known: Sequence[Dated], span: timedelta) -> list[Dated]:
    last = max((date for date, _ in known), default=None)
    return [(date, read) for date, read in known if last is not None and last - date <= span]


def _newest(known: Sequence[Dated]) -> Iterator[Taken]:
    """Yield the logs of the newest run of each task and model; a run may have several."""
    cells: dict[Hashable, list[Dated]] = defaultdict(list)
    for date, read in known:
        cells[_cell(read)].append((date, read))
    for dated in cells.values():
        _, first = max(dated, key=lambda each: each[0])
        yield from (read for _, read in dated if read is first or (_run(read) and _run(read) == _run(first)))


def _cell(read: Taken) -> Hashable:
    """Return the tasks and models of a log, of one with published scores alone those."""
    rows = read.reading.rows
    if rows is None:
        return (read.reader, *sorted({(entry.task, entry.model) for entry in read.reading.published}))
    return (read.reader, *rows.select("task", "model").unique().sort("task", "model").iter_rows())


def _run(read: Taken) -> str:
    return "" if read.reading.run is None else read.reading.run.identity


def _date(read: Taken) -> datetime | None:
    return None if read.reading.run is None else read.reading.run.date


def _undated(count: int) -> tuple[Caution, ...]:
    message = (
        f"{plural(count, 'log')} {'names' if count == 1 else 'name'} no date and "
        f"{'is' if count == 1 else 'are'} kept"
    )
    remedy = "Name the files to be read."
    return (Caution(code="undated_runs", message=message, remedy=remedy),) if count else ()
