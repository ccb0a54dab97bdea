"""LabelPlan: how many labels a judge's corrected rate takes, and of which answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStratum:
    """Answers of which the judges say the same, or items on whose two answers they differ by the same.

    Attributes:
        verdict: What they say, on average over the judges and the answers, or by how much more of the first;
            of numbers as ranks from 0 to 1.
        n_answers: The answers, or items.
        n_labelled: How many of them have a label already.
        n_labels: How many more to label.
        probability: The chance that one of them is drawn, or was.
        expected: The rate of right answers, or the difference, that is expected among them.
    """

    verdict: float
    n_answers: int
    n_labelled: int
    n_labels: int
    probability: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelBill:
    """What answers cost, judged and labelled; by the normal approximation.

    Attributes:
        n_judged: Answers to judge; 0 without a judge.
        n_labels: Answers to label.
        cost: What both cost.
        half_width: The half width of the interval that they reach.
    """

    n_judged: int
    n_labels: int
    cost: float
    half_width: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LabelPlan(Answer):
    """How many labels a judge's corrected rate takes, and of which answers.

    Attributes:
        a: The first of two models, where the plan is about their difference; else empty, and it is about the
            rate of all answers.
        b: The second.
        within: The half width that is asked for; NaN where the number of labels is given.
        n_labels: The answers to label, or the items whose two answers are to be labelled, beside those that
            are.
        n_counted: Labels that there are, and that count with them; 0 unless they were drawn at random.
        half_width: The half width that is expected of all of them.
        labels_alone: How many labels would reach it without a judge, drawn at random.
        reached: Whether `within` can be reached with these answers.
        expected: The corrected rate, or difference, that is expected.
        judge_right: How often the judges are assumed to be right where they agree, and no label tells.
        level: The confidence level.
        with_judge: The cheapest number of judged and labelled answers; None where no prices are given.
        without_judge: The same without a judge.
        queue: The file that the answers to be labelled were written to; empty where none was.
        strata: One entry for each part of the answers.
        notes: How the table was read.
        warnings: Warnings, each with what to do about it.
    """

    a: str = ""
    b: str = ""
    within: float = math.nan
    n_labels: int
    n_counted: int
    half_width: float
    labels_alone: int
    reached: bool
    expected: float
    judge_right: float
    level: float
    with_judge: LabelBill | None = None
    without_judge: LabelBill | None = None
    queue: str = ""
    strata: tuple[LabelStratum, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping for each stratum."""
        return [row(each) for each in self.strata]
