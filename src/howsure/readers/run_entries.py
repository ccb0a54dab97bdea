"""Every run that readers took, whether it counts or not: what `howsure runs` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.readers import tables
from howsure.table.scores import Run, RunEntry, UncountedLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.readers.runs import Named, Taken
    from howsure.table.scores import FileReport

ONLY_PUBLISHED = "scores only, no rows behind them"
NOTHING = Run()


def run_entries(named: Iterable[Named]) -> tuple[RunEntry, ...]:
    """Return an entry for each log, task and model whose rows count; rows of a table, as a saved baseline has
    them, are of no run.
    """
    return tuple(
        RunEntry(
            source=read.source.name,
            reader=read.reader,
            task=task,
            name=name,
            model=model,
            run=read.reading.run or NOTHING,
            settings=read.reading.configuration,
            file="" if read.held else str(read.source.path.absolute()),
        )
        for read, task, name, model in named
        if read.reader != tables.NAME
    )


def uncounted_logs(
    taken: Sequence[Taken], named: Iterable[Named], reports: Iterable[FileReport]
) -> tuple[UncountedLog, ...]:
    """Return the other logs that readers took, each with why it doesn't count."""
    counted = {id(read.reading.rows) for read, *_ in named}
    reasons = {report.path: report.reason for report in reports if report.outcome == "left out"}
    return tuple(
        UncountedLog(
            source=read.source.name,
            reader=read.reader,
            reason=reasons.get(read.source.name, ONLY_PUBLISHED),
            run=read.reading.run or NOTHING,
            rows=read.reading.rows,
            published=read.reading.published,
            facts=read.reading.facts,
            settings=read.reading.configuration,
        )
        for read in taken
        if read.reading.rows is None or id(read.reading.rows) not in counted
    )
