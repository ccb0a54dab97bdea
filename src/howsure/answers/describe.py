"""Description: what was found in the files, and what was left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.table.scores import FileReport, Proposal, Reconciled


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """One task and metric: how many models, items and attempts, and how many attempts failed.

    Attributes:
        task: The task.
        metric: What the score measures.
        harness: The harness that wrote it.
        headline: Whether the harness itself puts this metric first.
        models: Models that were run on it.
        items: Items that any of them answered.
        attempts_low: The fewest attempts per item and model.
        attempts_high: The most attempts per item and model.
        rows: Scores of single attempts.
        failed: Attempts that failed.
        incomplete: Models that lack some items.
        clusters: Clusters that the items come in; None where no clusters are known.
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
class Usage:
    """What attempts took, in one measure. Where it wasn't recorded, it isn't 0: only the recorded ones make
    up the mean.

    Attributes:
        name: What is counted: "usd", "seconds", "steps", or one kind of tokens.
        recorded: Attempts with a number.
        attempts: All attempts.
        total: The sum over the recorded ones.
        mean: Their mean.
    """

    name: str
    recorded: int
    attempts: int
    total: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Description(Answer):
    """The data as read: files, tasks, columns to cluster by, published scores.

    Attributes:
        tasks: One line a task and metric.
        columns: Further columns, and how many distinct values each has.
        usage: What the attempts took, one line a measure.
        files: What became of each file.
        published: Scores that files state, with or without the rows behind them.
        proposals: Mappings for files that no reader knows, where nothing else was read.
        reconciled: Figures that logs state of their own rows, and what the rows give.
        plan: The queries that verbs run where the rows lie, and what comes back, where they were asked for.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    tasks: tuple[TaskSummary, ...]
    columns: dict[str, int]
    usage: tuple[Usage, ...] = ()
    files: tuple[FileReport, ...] = ()
    published: int = 0
    reconciled: tuple[Reconciled, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    plan: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and metric."""
        return [row(task) for task in self.tasks]
