"""Estimate: one number and how sure it is; Estimates: one line a task, metric and model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Document, Note, Text
from howsure.present.estimate import bound_texts, estimate_table, merged_cautions
from howsure.wording import Scale

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model's estimate on one task and metric, with what became of its attempts.

    `saved`: the share of the plain mean's variance that covariates saved, NaN without them.
    """

    task: str
    metric: str
    model: str
    estimate: Estimate
    n_attempts: int = 0
    n_failed: int = 0
    saved: float = math.nan

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        numbers = self.estimate.to_dict()
        del numbers["bounds"], numbers["cautions"]
        head = {"task": self.task, "metric": self.metric, "model": self.model}
        counts = {"n_attempts": self.n_attempts, "n_failed": self.n_failed, "saved": number(self.saved)}
        return {**head, **numbers, **counts}

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            "task": self.task,
            "metric": self.metric,
            "model": self.model,
            "n_attempts": self.n_attempts,
            "n_failed": self.n_failed,
            "saved": number(self.saved),
            "estimate": self.estimate.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates(Answer):
    """One estimate a task, metric and model. `notes` say how the data were taken (clusters, aliases, failures)."""

    entries: tuple[Entry, ...]
    percent: dict[tuple[str, str], bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, position: int) -> Entry:
        return self.entries[position]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per estimate."""
        return [entry.record() for entry in self.entries]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "estimates",
            "entries": [entry.to_dict() for entry in self.entries],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return one table per task and metric, its notes and cautions."""
        keys = list(dict.fromkeys((entry.task, entry.metric) for entry in self.entries))
        blocks: list[Block] = [Text(text=note, kind="small") for note in self.notes]
        for key in keys:
            entries = [entry for entry in self.entries if (entry.task, entry.metric) == key]
            blocks.append(estimate_table(entries, Scale(percent=self.percent.get(key, True)), " · ".join(key)))
            blocks += bound_texts(entries)
        cautions = (*self.cautions, *merged_cautions(self.entries))
        return Document(blocks=(*blocks, Note(cautions=cautions)) if cautions else tuple(blocks))

    def explanation(self) -> Document:
        """Return the scores in plain words, for readers without statistics."""
        from howsure.present.words.plain import explain_estimates

        return explain_estimates(self)
