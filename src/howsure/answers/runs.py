"""Runs: what the logs say of the runs that wrote them, which of them count, and why the others don't."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """One run of one task by one model; what is empty is not known.

    Attributes:
        started: Date and time, as the log states it.
        task: The task.
        model: The model, as the answers call it.
        name: The model, as its log calls it.
        metric: What the score measures; empty where no metric is the task's first.
        n_items: Items with a row, 0 where the log holds none.
        score: The mean score, of the rows or as a log without rows states it; NaN where there is none, or no
            such metric.
        counted: Whether its rows count.
        reason: Why they don't; empty where they do.
        commit: The commit of the code that ran.
        dirty: Whether that code had been changed since; None where it isn't known.
        limit: To so many items the run was limited on purpose.
        epochs: Attempts at each item, 0 where the log doesn't say.
        source: The file, or the folder that holds all files of the run.
        files: How many files it was read from.
        reader: The reader that took them.
        invocation: What the runs of all tasks that one call made have in common.
        tags: Its tags.
        ids: Every name under which it can be asked for.
        settings: The settings that tell it from other runs of the model.
        environment: What else its log says, such as the version of the harness; it makes no other run of it.
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
        runs: One entry a run, task and model; runs without a date come last.
        top: So many are shown; None shows all.
        notes: How the data were read.
        warnings: Warnings, each with what to do about it.
    """

    runs: tuple[ListedRun, ...]
    top: int | None = field(default=None, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per run."""
        return [{**row(run), "tags": ", ".join(run.tags)} for run in self.runs]
