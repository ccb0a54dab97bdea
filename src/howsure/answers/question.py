"""One question, with every answer to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import number, row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAttempt:
    """One attempt at the question. Empty fields are unknown.

    Attributes:
        model: The model's name in the answers.
        attempt: Its number, from 0.
        status: Its result: "ok", "error", "unscored" or "not run".
        stop: Why it ended: "stop", "max_tokens", "message limit", "error".
        error: The message of its error.
        prompt: The prompt, with the messages before it.
        target: The right answer.
        output: The full answer.
        answer: The part of it that was scored, if that differs.
        source: The file.
        scores: Its score by metric. NaN if it has none.
    """

    model: str
    attempt: int
    status: str
    stop: str = ""
    error: str = ""
    prompt: str = ""
    target: str = ""
    output: str = ""
    answer: str = ""
    source: str = ""
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The score on its first metric. NaN if it has none."""
        return next(iter(self.scores.values()), math.nan)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OneQuestion(Answer):
    """One question, according to the logs.

    Attributes:
        task: The task.
        item: The question's id.
        unknown: Why some prompts and answers are unknown. Empty if all are known.
        attempts: One entry per attempt, by model.
        notes: How the data were read.
        warnings: Warnings, each with a remedy.
    """

    task: str
    item: str
    unknown: str = ""
    attempts: tuple[ShownAttempt, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per attempt and metric."""
        return [
            {**row(attempt), "metric": metric, "score": number(score)}
            for attempt in self.attempts
            for metric, score in attempt.scores.items()
        ]
