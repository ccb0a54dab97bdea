"""Description: what was found in the files, and what was left out and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer
from howsure.present.describe import _file_blocks, _tasks_table
from howsure.present.document import Document, Note, Text
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.table.scores import FileReport


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
            blocks.append(Text(text=f"Further columns, to cluster by or to choose rows by: {shown}."))
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
