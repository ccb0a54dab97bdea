"""Flips: which questions regressed and improved after a change, how many would in a mere rerun, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.answers.output import derived

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One question whose score changed.

    Attributes:
        task: The task.
        metric: What the score measures.
        item: The question's id.
        before: Its mean score over attempts for the first model.
        after: Its mean score over attempts for the second model.
        regressed: Whether it got worse. Otherwise it improved.
        p_value: The p-value of this change alone, by Fisher's (1935) exact test over attempts. NaN with
            single attempts or fractions.
        p_adjusted: The same, corrected for all questions of the task.
        target: The right answer. Empty if unknown.
        answer_before: An answer of the first model: its best if the question regressed, its worst if it
            improved.
        answer_after: An answer of the second model: its worst if the question regressed, its best if it
            improved.
        stop_before: Why that attempt of the first model ended. Empty if unknown.
        stop_after: Why that attempt of the second model ended. Empty if unknown.
    """

    task: str
    metric: str
    item: str
    before: float
    after: float
    regressed: bool
    p_value: float = math.nan
    p_adjusted: float = math.nan
    target: str = ""
    answer_before: str = ""
    answer_after: str = ""
    stop_before: str = ""
    stop_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipCount:
    """How many questions of one task regressed and improved.

    Attributes:
        task: The task.
        metric: What the score measures.
        n_items: Questions that both models answered.
        n_regressed: How many score worse for the second model.
        n_improved: How many score better.
        rerun_regressed: About how many would regress between two runs of the first model, estimated from its
            attempts. NaN with one attempt per question.
        rerun_improved: About how many would improve.
        n_significant: How many questions changed significantly by themselves, after correction. None with
            single attempts or fractions.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    n_items: int
    n_regressed: int
    n_improved: int
    rerun_regressed: float = math.nan
    rerun_improved: float = math.nan
    n_significant: int | None = None
    percent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """How often attempts ended for one reason.

    Attributes:
        stop: The reason: "max_tokens", "message limit", "error".
        before: The share of the first model's attempts at all questions.
        after: The share of the second model's attempts.
        before_changed: The share of the first model's attempts at the questions that changed.
        after_changed: The share of the second model's attempts at these.
    """

    stop: str
    before: float
    after: float
    before_changed: float
    after_changed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """The changes between two models, question by question.

    Attributes:
        before: The first model.
        after: The second model.
        n_unlisted: The number of changed questions that aren't among `items`.
        stops_unknown: Why it is unknown how attempts ended. Empty if it is known.
        texts_unknown: Why the answers are unknown. Empty if they are known.
        counts: One entry per task and metric.
        causes: The reasons for ending without an answer, the largest change first.
        items: The questions that changed: those that regressed first, the largest change first.
        warnings: Warnings, each with a remedy.
    """

    before: str
    after: str
    n_unlisted: int = 0
    stops_unknown: str = ""
    texts_unknown: str = ""
    counts: tuple[FlipCount, ...]
    causes: tuple[Cause, ...] = ()
    items: tuple[Flip, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def n_regressed(self) -> int:
        """How many questions regressed."""
        return sum(count.n_regressed for count in self.counts)

    @derived()
    def n_improved(self) -> int:
        """How many questions improved."""
        return sum(count.n_improved for count in self.counts)

    @derived()
    def rerun_regressed(self) -> float:
        """How many would regress between two runs of the first model. NaN if unknown for a task."""
        return math.fsum(count.rerun_regressed for count in self.counts)

    @derived()
    def rerun_improved(self) -> float:
        """How many would improve. NaN if unknown for a task."""
        return math.fsum(count.rerun_improved for count in self.counts)
