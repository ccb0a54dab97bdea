"""How an A/A test is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, closing, opening
from howsure.wording import level_text, listing, plural

if TYPE_CHECKING:
    from howsure.answers.aa import AlarmRate, FalseAlarms
    from howsure.statistics.results import Interval


def document(answer: FalseAlarms) -> Document:
    """Return the verdict, the notes, one table and the cautions."""
    return Document(blocks=(*opening(verdict(answer), answer.notes), _table(answer), *closing(answer.cautions)))


def verdict(answer: FalseAlarms) -> str:
    """Say how often the gate fails a model against itself, and which models break the promise."""
    fails, different = _percent(answer.failed_share), _percent(answer.different_share)
    least, most = (f(entry.failed_share for entry in answer.entries) for f in (min, max))
    spread = f", {_percent(least)} to {_percent(most)} by model" if len(answer.entries) > 1 else ""
    promised = f"at most {_percent(answer.promised_fails)} is promised"
    head = f"Against itself the gate fails {fails} of the time{spread}; {promised}"
    rest = f"Differences are seen {different} of the time, where {_percent(answer.promised_different)} is promised."
    if not answer.broken:
        return f"{head}. {rest}"
    return f"{head}. {rest} More than promised: {listing([entry.model for entry in answer.broken])}."


def _table(answer: FalseAlarms) -> Table:
    tasks = len({(entry.task, entry.metric) for entry in answer.entries}) > 1
    level = level_text(answer.entries[0].failed_interval.level)
    columns = (
        *((Column(name="task", align="left"),) if tasks else ()),
        Column(name="model", align="left"),
        Column(name="fails %"),
        Column(name=f"{level} interval", priority=7),
        Column(name="differs %"),
        Column(name=f"{level} interval", priority=7),
        Column(name="parted", align="left", priority=5),
        Column(name="items", priority=4),
    )
    splits = plural(answer.entries[0].splits, "random split")
    note = (
        f"{splits} a model; asked: {answer.asked}. Splits of one data set are no independent replications: the intervals "
        "say how well the splits measure the share in these data."
    )
    return Table(columns=columns, rows=tuple(_row(entry, tasks) for entry in answer.entries), note=note)


def _row(entry: AlarmRate, tasks: bool) -> tuple[str, ...]:
    task = (f"{entry.task} · {entry.metric}",) if tasks else ()
    return (
        *task,
        entry.model,
        f"{100 * entry.failed_share:.1f}",
        _limits(entry.failed_interval),
        f"{100 * entry.different_share:.1f}",
        _limits(entry.different_interval),
        entry.parted,
        f"{entry.n_items:,}",
    )


def _limits(interval: Interval) -> str:
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if math.isfinite(share) else "n/a"
