"""Judge: a judge's rate, corrected with labels from people."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import LEADERBOARDS, POWER, Answer, of_difference
from howsure.answers.gate import EXIT_CODES
from howsure.answers.output import HIDDEN, derived, row, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.answers.gate import GateVerdict
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval, Rank

JudgeCriterion = Literal["at_least", "not_worse_than"]
"""The criterion for a corrected rate or difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedModel:
    """One model's answers: the judge's rate, and the corrected one.

    Attributes:
        model: The model. Empty if the table has none.
        n_judged: Answers with a verdict.
        n_labelled: How many of these are labelled.
        judge: The mean of the verdicts, averaged over several judges. NaN if they aren't in [0, 1].
        estimate: The corrected mean, with its interval.
        labels: The mean of the labels alone, with its interval.
        bias: The judge's bias: its mean minus the corrected one. Positive if it is too lenient.
        bias_interval: Its interval.
    """

    model: str
    n_judged: int
    n_labelled: int
    judge: float
    estimate: Estimate = field(metadata=spread())
    labels: Estimate = field(metadata=spread(prefix="labels_", value="labels"))
    bias: float
    bias_interval: Interval = field(metadata=spread(prefix="bias_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeLine:
    """One judge: its rate, and how often it is right.

    Attributes:
        judge: Its column.
        n_judged: Answers with its own verdict.
        n_labelled: How many of these are labelled.
        rate: The mean of its verdicts. NaN if they aren't in [0, 1].
        bias: Its mean minus the corrected rate of all answers. Positive if it is too lenient.
        bias_interval: Its interval.
        sensitivity: The share of right answers that it judges right. NaN if verdicts or labels aren't binary.
        specificity: The share of wrong answers that it judges wrong. NaN if verdicts or labels aren't binary.
    """

    judge: str
    n_judged: int
    n_labelled: int
    rate: float
    bias: float
    bias_interval: Interval = field(metadata=spread(prefix="bias_"))
    sensitivity: Estimate = field(metadata=spread(prefix="sensitivity_", value="sensitivity"))
    specificity: Estimate = field(metadata=spread(prefix="specificity_", value="specificity"))

    @derived()
    def better_than_chance(self) -> bool | None:
        """Whether sensitivity and specificity significantly add up to more than 1, their sum under guessing.
        None if one is unknown.

        The lower limit of the sum combines their own limits (Newcombe 1998; Zou and Donner 2008).
        """
        shares = (self.sensitivity, self.specificity)
        total = sum(share.value for share in shares)
        reach = math.hypot(*(share.value - share.interval.low for share in shares))
        return None if math.isnan(total) else total - reach > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDifference:
    """The corrected difference of two models, a − b.

    Attributes:
        a: The first model.
        b: The second model.
        judge: The difference of the verdicts' means. NaN if they aren't in [0, 1].
        difference: The corrected difference, with its interval.
        p_value: The p-value of no difference, from the same test as the interval.
        paired: Whether it uses questions for which both models have a label. Otherwise it is the difference
            of two corrected rates.
        n_items: Questions with a judged answer of both models. 0 if no column identifies questions.
        n_both: How many of these have a label for both.
        n_labels: Labels for both models in total.
        joined: Whether strata with too few pairs of labels were joined.
    """

    a: str
    b: str
    judge: float
    difference: Estimate = field(metadata=spread())
    p_value: float
    paired: bool
    n_items: int
    n_both: int
    n_labels: int
    joined: bool = field(default=False, metadata=HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCheck:
    """The check of a corrected rate against a floor, or of a corrected difference against a margin.

    Attributes:
        criterion: The criterion: "at_least" or "not_worse_than".
        limit: The floor, or the margin.
        verdict: "pass" if the whole one-sided interval meets the limit, "fail" if none of it does. Otherwise
            "unclear".
        candidate: The model that is checked. Empty if the table has one.
        value: The corrected rate, or difference.
        low: Its one-sided lower limit.
        high: Its one-sided upper limit.
        level: The confidence level of the verdict.
    """

    criterion: JudgeCriterion
    limit: float
    verdict: GateVerdict
    candidate: str
    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JudgeRates(Answer):
    """A judge's rate and the corrected one, for all answers and per model.

    Attributes:
        all_answers: All answers together.
        difference: The difference of two models. None if not requested.
        check: The check of a floor or a margin. None if not requested.
        models: One entry per model, the highest corrected rate first. Empty if the table has no model names,
            or only one.
        ranks: The ranks of the models, and who could be best, with simultaneous intervals. Empty if there are
            no models to rank.
        judges: One entry per judge.
        level: The confidence level of each interval.
        labels_drawn: How the labelled answers were drawn, as specified: "random", "probability:COLUMN",
            "convenience", or "unknown".
        notes: How the table was read.
        warnings: Warnings, each with a remedy.
    """

    all_answers: JudgedModel
    difference: JudgedDifference | None = None
    check: JudgeCheck | None = None
    models: tuple[JudgedModel, ...] = ()
    ranks: tuple[Rank, ...] = ()
    judges: tuple[JudgeLine, ...] = ()
    level: float
    labels_drawn: str
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def verdict(self) -> PairVerdict | GateVerdict | None:
        """The result for a floor or a margin, otherwise whether the first of two models is better. None
        without either.
        """
        if self.check is not None or self.difference is None:
            return None if self.check is None else self.check.verdict
        if not significant(self.difference.p_value, self.level):
            return "unclear"
        return "better" if self.difference.difference.value > 0 else "worse"

    @derived()
    def exit_code(self) -> int:
        """0 on success or a pass, 1 for fail, 2 if the check is undecided. 3 is reserved for errors."""
        return 0 if self.check is None else EXIT_CODES[self.check.verdict]

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if the check is undecided, or if it is unclear which model
        is best. Otherwise None.
        """
        if self.check is not None:
            return POWER if self.check.verdict == "unclear" else None
        if self.difference is not None:
            shown = significant(self.difference.p_value, self.level)
            return (
                None
                if shown
                else of_difference(self.difference.difference, self.difference.difference.interval)
            )
        return LEADERBOARDS if sum(rank.could_be_best for rank in self.ranks) > 1 else None

    @property
    def every(self) -> tuple[JudgedModel, ...]:
        """All answers first, then the models."""
        return (self.all_answers, *self.models)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping for all answers and one per model, with its rank. The difference of two
        models adds another, with its p-value.
        """
        places = [None, *(self.ranks or [None] * len(self.models))]
        found = [{**row(each), **_place(rank)} for each, rank in zip(self.every, places, strict=True)]
        if self.difference is None:
            return found
        told = {name: value for name, value in row(self.difference).items() if name in found[0]}
        named = {
            "model": f"{self.difference.a} − {self.difference.b}",
            "n_labelled": self.difference.n_labels,
        }
        last = {**dict.fromkeys(found[0]), **told, **named, "p_value": self.difference.p_value}
        return [*({**each, "p_value": None} for each in found), last]


def _place(rank: Rank | None) -> dict[str, Any]:
    names = ("rank", "rank_low", "rank_high", "could_be_best")
    if rank is None:
        return dict.fromkeys(names)
    return dict(zip(names, (rank.rank, rank.low, rank.high, rank.could_be_best), strict=True))
