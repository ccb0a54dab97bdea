"""Description: the contents of the files, and what was left out and why."""

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
    """One task and metric: how many models, questions and attempts, and how many attempts failed.

    Attributes:
        task: The task.
        metric: What the score measures.
        harness: The harness that wrote it.
        headline: Whether the harness itself lists this metric first.
        models: Models with results on it.
        items: Questions that any of them answered.
        attempts_low: The fewest attempts per question and model.
        attempts_high: The most attempts per question and model.
        rows: Scores of single attempts.
        failed: Attempts that failed.
        incomplete: Models that lack some questions.
        clusters: Clusters of the questions. None if unknown.
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
    """The usage of attempts, in one measure. Missing values aren't 0: the mean is over recorded ones only.

    Attributes:
        name: The measure: "usd", "seconds", "steps", or one kind of tokens.
        recorded: Attempts with a value.
        attempts: The number of all attempts.
        total: The sum over the recorded attempts.
        mean: Their mean.
    """

    name: str
    recorded: int
    attempts: int
    total: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Description(Answer):
    """The data as read: files, tasks, possible cluster columns, published scores.

    Attributes:
        tasks: One entry per task and metric.
        columns: Further columns, and how many distinct values each has.
        usage: The usage of the attempts, one entry per measure.
        files: How each file was read.
        published: Scores stated in files, with or without the rows behind them.
        proposals: Proposed mappings for unknown files, if nothing else was read.
        reconciled: Totals that logs state for their rows, and those computed from the rows.
        plan: The queries that verbs run at the data source, and their results, if requested.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
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
