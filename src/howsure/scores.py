"""Scores: the one tidy table that every reader fills and every method starts from.

The schema is defined here and nowhere else: its columns, the other names under which they are recognised, and what a
score written as text means.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from howsure.errors import Caution

STATUSES = ("ok", "error", "unscored", "not run")
"""What became of one attempt. Only `ok` carries a score; a failed run is not a 0 until the policy says so."""

IDENTITY = ("task", "model", "item", "attempt", "metric")
"""The columns that together name one row."""

COLUMNS = (*IDENTITY, "score", "status", "cluster", "weight", "source")
"""Every column of the tidy table, in order. Further columns (metadata) may follow."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "task": ("task", "benchmark", "task_name", "eval", "eval_name", "dataset", "scenario"),
    "model": ("model", "model_name", "model_id", "system", "candidate", "checkpoint", "agent"),
    "item": (
        *("item", "item_id", "question_id", "sample_id", "instance_id", "example_id", "problem_id", "prompt_id"),
        *("doc_hash", "doc_id", "question", "problem", "id"),
    ),
    "attempt": ("attempt", "epoch", "trial", "repeat", "replicate", "run", "seed"),
    "metric": ("metric", "metric_name", "scorer"),
    "score": (
        *("score", "correct", "is_correct", "value", "reward", "passed", "resolved", "is_resolved", "success"),
        *("acc", "accuracy", "result"),
    ),
    "status": ("status",),
    "cluster": ("cluster", "cluster_id"),
    "weight": ("weight",),
}
"""Names under which the columns of a table are recognised, the first one found counts."""

SCORE_WORDS: Mapping[str, float | None] = {
    **dict.fromkeys(("c", "correct", "true", "yes", "y", "pass", "passed", "resolved"), 1.0),
    **dict.fromkeys(("i", "incorrect", "false", "no", "n", "fail", "failed", "unresolved"), 0.0),
    "p": 0.5,
    "partial": 0.5,
    **dict.fromkeys(("", "nan", "null", "none", "na", "n/a"), None),
}
"""What a score written as a word means (C, I, P, N are Inspect's letters); None: no score. Case is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What a harness says of one task.

    `headline` is the metric that the harness itself puts first, None where it names none; `failures` is what the
    harness does with a failed attempt ("drop" or "zero"), `failures_words` the same as a sentence.
    """

    task: str
    harness: str
    headline: str | None = None
    lower_is_better: frozenset[str] = frozenset()
    failures: str = "drop"
    failures_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A score that a log or a leaderboard states without the rows behind it, on the scale of the tidy table."""

    task: str
    model: str
    metric: str
    score: float
    n: int | None = None
    stderr: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file: `reader` is None where none took it, `reason` says why it was left out.

    `outcome` is one of "read", "companion" (used by its neighbour), "published" (scores without rows behind
    them), "left out" and "failed".
    """

    path: str
    reader: str | None
    outcome: str
    rows: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Per-question results in one tidy table, with what is known about where they came from.

    `rows` is a frame of any kind that Narwhals knows: a Polars frame out of the readers, or the caller's own
    frame, eager or lazy, which is aggregated where it lies. `roles` says which of its columns make up each column of
    the tidy table. `notes` are told before any number.
    """

    rows: Any
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: tuple[TaskFacts, ...] = ()
    published: tuple[Published, ...] = ()
    files: tuple[FileReport, ...] = ()
    cautions: tuple[Caution, ...] = ()
    notes: tuple[str, ...] = ()

    def fact(self, task: str) -> TaskFacts | None:
        """Return what the harness says of a task, None where nothing is known."""
        return next((fact for fact in self.facts if fact.task == task), None)

    def with_cautions(self, cautions: Iterable[Caution]) -> Scores:
        """Return the same scores with further cautions."""
        return replace(self, cautions=(*self.cautions, *cautions))

    def to_frame(self) -> pl.DataFrame:
        """Return the tidy table as a Polars frame, collecting it if it is lazy."""
        from howsure.tidy import tidy_frame

        return tidy_frame(self.rows, self.roles)


def find_roles(columns: Iterable[str], asked: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Say which columns of a table make up each column of the tidy table.

    `asked`: the user's own choice, which goes first; names are compared without case.
    """
    by_name = {name.lower(): name for name in reversed(list(columns))}
    taken = {column for chosen in asked.values() for column in chosen}
    roles = dict(asked)
    for role, aliases in ALIASES.items():
        found = next((by_name[a] for a in aliases if a in by_name and by_name[a] not in taken), None)
        if role not in roles and found is not None:
            roles[role] = (found,)
            taken.add(found)
    return roles


def roles_note(roles: Mapping[str, tuple[str, ...]]) -> str:
    """Tell which columns were taken for what, where their names don't say it; "" where all do."""
    renamed = [f"{' + '.join(cols)} as {role}" for role, cols in roles.items() if cols != (role,)]
    return f"Columns: {', '.join(renamed)}." if renamed else ""
