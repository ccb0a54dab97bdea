"""Runs: the runs described in the logs, which of them count, and why the others don't."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """One run of one task by one model. Empty fields are unknown.

    Attributes:
        started: Date and time, according to the log.
        task: The task.
        model: The model's name in the answers.
        name: The model's name in its log.
        metric: What the score measures. Empty if no metric is the task's first.
        n_items: Questions with a row. 0 if the log has none.
        score: The mean score, from the rows or as stated by a log without rows. NaN if there is none, or no
            such metric.
        counted: Whether its rows count.
        reason: Why its rows don't count. Empty if they do.
        commit: The commit of the code that ran.
        dirty: Whether that code had uncommitted changes. None if unknown.
        limit: The number of questions to which the run was deliberately limited.
        epochs: Attempts per question. 0 if unknown.
        source: The file, or the folder with all files of the run.
        files: How many files it was read from.
        reader: The reader that read them.
        invocation: An id shared by the runs of all tasks from one call.
        tags: Its tags.
        ids: Every name by which it can be selected.
        settings: The settings that distinguish it from other runs of the model.
        environment: Other facts in its log, such as the version of the harness. They don't make it a
            different run.
    """

    started: str
    task: str
    model: str
    name: str
    metric: str
    n_items: int
    score: float
    counted: bool
    reason: str = ""
    commit: str = ""
    dirty: bool | None = None
    limit: str = ""
    epochs: int = 0
    source: str = ""
    files: int = 1
    reader: str = ""
    invocation: str = ""
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Runs(Answer):
    """Every run that was read, newest first.

    Attributes:
        runs: One entry per run, task and model. Runs without a date come last.
        top: How many are shown. None shows all.
        notes: How the data were read.
        warnings: Warnings, each with a remedy.
    """

    runs: tuple[ListedRun, ...]
    top: int | None = field(default=None, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per run."""
        return [{**row(run), "tags": ", ".join(run.tags)} for run in self.runs]
