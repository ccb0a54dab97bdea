"""Audit: what published scores show without the answers behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Answer, presentation
from howsure.answers.output import HIDDEN, derived, row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.options.choices import Top

LITERATURE_CORRELATION = (0.3, 0.7)
"""The range of correlations between two models' answers in the literature (Miller 2024, section 4.2)."""
DifferenceVerdict = Literal[
    "tie", "not_significant", "significant", "likely_significant", "depends", "likely_not_significant"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One published score, and its difference from the next rank below.

    Attributes:
        model: The model.
        score: Its score, as published.
        n: Number of questions. None if unknown.
        se: The standard error implied by `n`. NaN if `n` isn't known.
        low: The lower limit of its interval.
        high: The upper limit.
        difference_next: The lead over the next rank below, in score units. NaN at the last rank.
        p_next: The unpaired p-value of this difference.
        break_even: The correlation between the two models' answers, question by question, above which the
            difference would be significant. NaN if no correlation would make it so.
    """

    model: str
    score: float
    n: int | None
    se: float
    low: float
    high: float
    difference_next: float
    p_next: float
    break_even: float

    @derived()
    def verdict(self) -> DifferenceVerdict | None:
        """Whether the difference from the next rank is significant. None if that can't be judged."""
        if not math.isfinite(self.p_next):
            return None
        if self.difference_next == 0:
            return "tie"
        if math.isnan(self.break_even):
            return "not_significant"
        if self.break_even <= 0:
            return "significant"
        low, high = LITERATURE_CORRELATION
        return (
            "likely_significant"
            if self.break_even < low
            else "depends"
            if self.break_even <= high
            else "likely_not_significant"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBoard:
    """The published scores of one task and metric, best first.

    Attributes:
        task: The task.
        metric: What the score measures.
        level: The confidence level of the intervals.
        lower_is_better: Whether smaller scores are better.
        entries: The scores, best first.
    """

    task: str
    metric: str
    level: float
    lower_is_better: bool = False
    entries: tuple[AuditEntry, ...]

    @derived()
    def sentence(self) -> str:
        """How many differences between neighbours could be noise, in one plain sentence."""
        return str(presentation(self).board_sentence(self))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Audit(Answer):
    """Published scores with their confidence intervals.

    Attributes:
        boards: One board per task and metric.
        top: How many models of each board are shown. "all" shows all. None leaves it to the format.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    boards: tuple[AuditBoard, ...]
    top: Top | None = field(default=None, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per score."""
        return [
            {"task": board.task, "metric": board.metric, **row(entry)}
            for board in self.boards
            for entry in board.entries
        ]
