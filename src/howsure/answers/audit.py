"""Audit: what published scores allow to be said, without the answers behind them."""

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
"""The correlations between two models' answers that the literature sees (Miller 2024, section 4.2)."""
DifferenceVerdict = Literal[
    "tie", "not_significant", "significant", "likely_significant", "depends", "likely_not_significant"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One published score, and its difference from the next place below.

    Attributes:
        model: The model.
        score: Its score, as published.
        n: Questions behind it; None where the number isn't known.
        se: The standard error that it should have had; NaN where `n` isn't known.
        low: The lower limit of its interval.
        high: The upper limit.
        difference_next: By how much it is better than the next place below; NaN at the last place.
        p_next: The unpaired p-value of this gap.
        break_even: How strongly the two models' answers would have to agree, question by question, for the
            gap to be significant; NaN where no agreement could make it so.
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
        """Whether the difference from the next place is significant; None if that can't be judged."""
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
        """How many neighbouring gaps could be noise, in one plain sentence."""
        return str(presentation(self).board_sentence(self))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Audit(Answer):
    """Published scores with the confidence intervals that belong to them.

    Attributes:
        boards: One board a task and metric.
        top: So many models of each board are shown; None leaves it to the format, "all" shows all.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
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
