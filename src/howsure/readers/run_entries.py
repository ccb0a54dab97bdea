"""Every run that readers took, whether it counts or not: what `howsure runs` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.table.run_means import run_means
from howsure.table.runs import Run, RunEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.readers.runs import Named, Taken
    from howsure.table.scores import FileReport

ONLY_PUBLISHED = "scores only, no rows behind them"


def run_entries(taken: Sequence[Taken], named: Iterable[Named], reports: Iterable[FileReport]) -> tuple[RunEntry, ...]:
    """Return an entry for each task and model of each log, by what the answers call them; `named`: those whose rows count."""
    counted = [(read, _entry(read, task, name, model)) for read, task, name, model in named]
    whole = {id(read.reading) for read, _ in counted}
    reasons = {report.path: report.reason for report in reports if report.outcome == "left out"}
    others = (entry for read in taken if id(read.reading) not in whole for entry in _uncounted(read, reasons))
    return (*(entry for _, entry in counted), *others)


def _entry(read: Taken, task: str, name: str, model: str, **more: object) -> RunEntry:
    return RunEntry(
        source=read.source.name,
        reader=read.reader,
        task=task,
        name=name,
        model=model,
        run=read.reading.run or Run(),
        settings=read.reading.configuration,
        **more,  # type: ignore[arg-type]
    )


def _uncounted(read: Taken, reasons: Mapping[str, str]) -> Iterator[RunEntry]:
    """Yield what a log that was left out holds, or what one without rows states."""
    reason = reasons.get(read.source.name, ONLY_PUBLISHED)
    stated: dict[tuple[str, str], dict[str, float]] = {}
    for each in read.reading.published:
        stated.setdefault((each.task, each.model), {})[each.metric] = each.score
    rows = read.reading.rows
    zero = frozenset(fact.task for fact in read.reading.facts if fact.failures == "zero")
    found = {} if rows is None else run_means(rows, {}, zero=zero, run_of={})
    means = {(task, model): numbers for (_, task, model), numbers in found.items()}
    for task, model in dict.fromkeys([*means, *stated]):
        yield _entry(
            read,
            task,
            model,
            model,
            reason=reason,
            stated=stated.get((task, model), {}),
            means=means.get((task, model), {}),
        )
