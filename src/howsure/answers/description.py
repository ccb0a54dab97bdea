"""Description: what was found in the files, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer
from howsure.document import Column, Document, Note, Table, Text, plural

if TYPE_CHECKING:
    from howsure.document import Block
    from howsure.errors import Caution
    from howsure.scores import FileReport

MOST_FILES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """One task and metric: how many models, items and attempts, and how many attempts failed.

    `attempts_low`, `attempts_high`: attempts per item and model; `incomplete`: models that lack some items.
    """

    task: str
    metric: str
    harness: str
    headline: bool
    models: int
    items: int
    attempts_low: int
    attempts_high: int
    rows: int
    failed: int
    incomplete: int
    clusters: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(Answer):
    """What was found: files, tasks, columns to cluster by, published scores."""

    tasks: tuple[TaskSummary, ...]
    columns: dict[str, int]
    files: tuple[FileReport, ...] = ()
    published: int = 0
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and metric."""
        return [asdict(task) for task in self.tasks]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "description",
            "tasks": self.records(),
            "columns": self.columns,
            "files": [asdict(file) for file in self.files],
            "published": self.published,
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the summary line, tasks, metadata columns, and files that were not read."""
        blocks: list[Block] = [Text(text=self._summary(), kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        if self.tasks:
            blocks.append(_tasks_table(self.tasks))
        if self.columns:
            shown = ", ".join(f"{name} ({plural(count, 'value')})" for name, count in self.columns.items())
            blocks.append(Text(text=f"Further columns, to cluster by or to keep (--where): {shown}."))
        blocks += _file_blocks(self.files)
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))

    def _summary(self) -> str:
        tasks = len({task.task for task in self.tasks})
        rows = sum(task.rows for task in self.tasks)
        parts = [plural(tasks, "task"), plural(rows, "row")]
        if self.files:
            read = sum(file.outcome in ("read", "published") for file in self.files)
            parts.insert(0, f"{read:,} of {plural(len(self.files), 'file')} read")
        if self.published:
            parts.append(plural(self.published, "published score"))
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
