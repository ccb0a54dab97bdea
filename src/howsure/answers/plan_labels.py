"""LabelPlan: how many labels a judge's corrected rate needs, and for which answers."""

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
    """Answers with the same judges' verdict, or questions with the same difference between the verdicts on
    their two answers.

    Attributes:
        verdict: The mean verdict over judges and answers, or the mean difference first − second. For numeric
            verdicts, of ranks from 0 to 1.
        n_answers: The number of answers, or questions.
        n_labelled: How many of them are already labelled.
        n_labels: How many more to label.
        probability: The probability that one of them is drawn, or was.
        expected: The expected rate of right answers, or the expected difference, among them.
    """

    verdict: float
    n_answers: int
    n_labelled: int
    n_labels: int
    probability: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelBill:
    """The cost of judged and labelled answers, by the normal approximation.

    Attributes:
        n_judged: Answers to judge. 0 without a judge.
        n_labels: Answers to label.
        cost: The cost of both.
        half_width: The half-width of the resulting interval.
    """

    n_judged: int
    n_labels: int
    cost: float
    half_width: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LabelPlan(Answer):
    """How many labels a judge's corrected rate needs, and for which answers.

    Attributes:
        a: The first of two models if the plan is about their difference. Empty if it is about the rate of all
            answers.
        b: The second.
        within: The requested half-width. NaN if the number of labels is given.
        n_labels: The answers to label, or the questions whose two answers are to be labelled, in addition to
            the existing labels.
        n_counted: Existing labels that count too. 0 unless they were drawn at random.
        half_width: The expected half-width with all of them.
        labels_alone: How many labels, drawn at random, would reach it without a judge.
        reached: Whether `within` can be reached with these answers.
        expected: The expected corrected rate, or difference.
        judge_right: The assumed accuracy when the judges agree, if there are no labels.
        level: The confidence level.
        with_judge: The cheapest numbers of judged and labelled answers. None without prices.
        without_judge: The cheapest number of labelled answers without a judge. None without prices.
        queue: The file with the answers to be labelled. Empty if none was written.
        strata: One entry per stratum of the answers.
        notes: How the table was read.
        warnings: Warnings, each with a remedy.
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
        """Return one flat mapping per stratum."""
        return [row(each) for each in self.strata]
