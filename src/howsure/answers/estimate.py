"""Estimates: how good each model is, and how sure that is; one line a task, metric and model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, row, spread

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model's estimate on one task and metric, with what became of its attempts.

    Attributes:
        task: The task; empty for the overall score.
        metric: What the score measures.
        model: The model.
        estimate: Its score, with standard error and confidence interval.
        n_attempts: Attempts in all.
        n_failed: Attempts that failed.
        saved: The share of the plain mean's variance that covariates saved; NaN without them.
    """

    task: str
    metric: str
    model: str
    estimate: Estimate = field(metadata=spread())
    n_attempts: int = 0
    n_failed: int = 0
    saved: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Estimates(Answer):
    """One estimate per task, metric and model, with its standard error and confidence interval.

    Attributes:
        entries: The estimates.
        percent: By task and metric, whether scores lie in [0, 1].
        notes: How the data were read and grouped (clusters, aliases, failures).
        cautions: Warnings, each with what to do about it.
    """

    entries: tuple[Entry, ...]
    percent: dict[tuple[str, str], bool] = field(default_factory=dict, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, position: int) -> Entry:
        return self.entries[position]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per estimate."""
        return [row(entry) for entry in self.entries]
