"""Flips: which questions a change broke and which it fixed, beside how many a mere rerun would, and why."""

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
        before: Its score on the first side, a mean over attempts.
        after: Its score on the second.
        regressed: Whether it got worse; else it was fixed.
        target: The right answer; empty where the log holds none.
        answer_before: An answer of the first side: the best where the question broke, the worst where it was
            fixed.
        answer_after: An answer of the second side: the worst where the question broke, the best where it was
            fixed.
        stop_before: Why that attempt of the first side ended; empty where it isn't known.
        stop_after: The same of the second side.
    """

    task: str
    metric: str
    item: str
    before: float
    after: float
    regressed: bool
    target: str = ""
    answer_before: str = ""
    answer_after: str = ""
    stop_before: str = ""
    stop_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipCount:
    """How many questions of one task broke and were fixed.

    Attributes:
        task: The task.
        metric: What the score measures.
        n_items: Questions that both sides answered.
        n_regressed: How many score worse on the second side.
        n_improved: How many score better.
        rerun_regressed: How many would break between two runs of the first side, about, by its attempts; NaN
            where it has one each.
        rerun_improved: How many would be fixed.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    n_items: int
    n_regressed: int
    n_improved: int
    rerun_regressed: float = math.nan
    rerun_improved: float = math.nan
    percent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """How often attempts ended in one way.

    Attributes:
        stop: Why they ended: "max_tokens", "message limit", "error".
        before: The share of the first side's attempts at all questions.
        after: The share of the second side's.
        before_changed: The share of the first side's attempts at the questions that changed.
        after_changed: The share of the second side's.
    """

    stop: str
    before: float
    after: float
    before_changed: float
    after_changed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """What changed between two sides, question by question.

    Attributes:
        before: The first side.
        after: The second.
        n_unlisted: Questions that changed and aren't among `items`.
        stops_unknown: Why it isn't known how attempts ended; empty where it is.
        texts_unknown: Why the answers aren't known; empty where they are.
        counts: One entry a task and metric.
        causes: Ways to end other than by an answer, the largest change first.
        items: The questions that changed: those that broke first, the largest change first.
        warnings: Warnings, each with what to do about it.
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
        """How many questions broke."""
        return sum(count.n_regressed for count in self.counts)

    @derived()
    def n_improved(self) -> int:
        """How many questions were fixed."""
        return sum(count.n_improved for count in self.counts)

    @derived()
    def rerun_regressed(self) -> float:
        """How many would break between two runs of the first side; NaN where that isn't known of every
        task.
        """
        return math.fsum(count.rerun_regressed for count in self.counts)

    @derived()
    def rerun_improved(self) -> float:
        """How many would be fixed; NaN where that isn't known of every task."""
        return math.fsum(count.rerun_improved for count in self.counts)
