"""How a description is said and tabled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, Text, closing, opening
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.answers.describe import Description, TaskSummary
    from howsure.present.document import Block
    from howsure.table.scores import FileReport

MOST_FILES = 20


def document(answer: Description) -> Document:
    """Return the summary line, tasks, metadata columns, and files that were not read."""
    blocks = opening(verdict(answer), answer.notes)
    if answer.tasks:
        blocks.append(_tasks_table(answer.tasks))
    if answer.columns:
        shown = ", ".join(f"{name} ({plural(count, 'value')})" for name, count in answer.columns.items())
        blocks.append(Text(text=f"Further columns, to cluster by or to choose rows by: {shown}."))
    return Document(blocks=(*blocks, *_file_blocks(answer.files), *closing(answer.cautions)))


def verdict(answer: Description) -> str:
    """Say in one line what was found."""
    parts = [
        plural(len({task.task for task in answer.tasks}), "task"),
        plural(sum(task.rows for task in answer.tasks), "row"),
    ]
    if answer.files:
        read = sum(file.outcome in ("read", "published") for file in answer.files)
        parts.insert(0, f"{read:,} of {plural(len(answer.files), 'file')} read")
    if answer.published:
        parts.append(plural(answer.published, "published score"))
    return ", ".join(parts) + "."


def _tasks_table(tasks: tuple[TaskSummary, ...]) -> Table:
    columns = (
        Column(name="task", align="left"),
        Column(name="metric", align="left", priority=8),
        Column(name="from", align="left", priority=4),
        Column(name="models"),
        Column(name="items"),
        Column(name="attempts", priority=7),
        Column(name="failed", priority=6),
        Column(name="incomplete", priority=3),
        Column(name="clusters", priority=5),
    )
    rows = tuple(
        (
            task.task,
            task.metric + (" *" if task.headline else ""),
            task.harness,
            f"{task.models:,}",
            f"{task.items:,}",
            _span(task.attempts_low, task.attempts_high),
            f"{task.failed:,}",
            f"{task.incomplete:,}",
            "" if task.clusters is None else f"{task.clusters:,}",
        )
        for task in tasks
    )
    note = "* the harness's headline metric" if any(task.headline for task in tasks) else ""
    return Table(columns=columns, rows=rows, note=note)


def _span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _file_blocks(files: tuple[FileReport, ...]) -> list[Block]:
    if not files:
        return []
    counts = Counter((file.reader or "–", file.outcome) for file in files)
    rows = tuple((reader, outcome, f"{count:,}") for (reader, outcome), count in sorted(counts.items()))
    columns = (Column(name="format", align="left"), Column(name="outcome", align="left"), Column(name="files"))
    blocks: list[Block] = [Table(columns=columns, rows=rows)]
    told = [file for file in files if file.reason and file.outcome in ("failed", "left out")]
    if told:
        lines = tuple((file.path, file.reason) for file in told[:MOST_FILES])
        left = len(told) - len(lines)
        note = f"… and {plural(left, 'more file')}: --format json lists all" if left else ""
        blocks.append(
            Table(columns=(Column(name="", align="left"), Column(name="", align="left")), rows=lines, note=note)
        )
    return blocks
