"""How a description is said and tabled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Field, Table, Text, closing, facts, opening, tabled
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
        blocks.append(Text(text=f"Other columns, for clusters or for selecting rows: {shown}."))
    return Document(blocks=(*blocks, *_file_blocks(answer.files), *closing(answer.cautions)))


def verdict(answer: Description) -> str:
    """Say in one line what was read."""
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
    fields: list[Field[TaskSummary]] = [
        Field("task", lambda t: t.task, align="left"),
        Field("metric", lambda t: t.metric + (" *" if t.headline else ""), align="left", priority=8),
        Field("from", lambda t: t.harness, align="left", priority=4),
        Field("models", lambda t: f"{t.models:,}"),
        Field("items", lambda t: f"{t.items:,}"),
        Field("attempts", lambda t: _span(t.attempts_low, t.attempts_high), priority=7),
        Field("failed", lambda t: f"{t.failed:,}", priority=6),
        Field("incomplete", lambda t: f"{t.incomplete:,}", priority=3),
        Field("clusters", lambda t: "" if t.clusters is None else f"{t.clusters:,}", priority=5),
    ]
    return tabled(tasks, fields, note="* the harness's headline metric" if any(t.headline for t in tasks) else "")


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
        note = f"… and {plural(left, 'more file')}; `format='json'` lists all" if left else ""
        blocks.append(facts(lines, note=note))
    return blocks
