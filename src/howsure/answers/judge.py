"""Judge: what a judge's rate is worth, corrected with labels of people."""

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
"""What a corrected rate, or difference, is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedModel:
    """One model's answers: what the judge says, and what it is worth.

    Attributes:
        model: The model; empty where the table has none.
        n_judged: Answers with a verdict.
        n_labelled: How many of these have a label.
        judge: The mean of the verdicts, of several judges their mean; NaN where they aren't in [0, 1].
        estimate: The corrected mean, with its interval.
        labels: The mean of the labels alone, with its interval.
        bias: By how much the judge is too kind: its mean less the corrected one.
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
    """One judge: what it says, and how often it is right.

    Attributes:
        judge: Its column.
        n_judged: Answers with a verdict of its own.
        n_labelled: How many of these have a label.
        rate: The mean of its verdicts; NaN where they aren't in [0, 1].
        bias: Its mean less the corrected rate of all answers: by how much it is too kind.
        bias_interval: Its interval.
        sensitivity: The share of right answers that it calls right; NaN where verdicts or labels are no yes
            or no.
        specificity: The share of wrong answers that it calls wrong.
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
        """Whether sensitivity and specificity are shown to add up to more than 1, as they do where a judge
        guesses; None where one is unknown.

        The lower limit of their sum is made of their own (Newcombe 1998; Zou and Donner 2008).
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
        judge: The difference of the verdicts' means; NaN where they aren't in [0, 1].
        difference: The corrected difference, with its interval.
        p_value: The p-value of no difference, from the same pivot.
        paired: Whether it is of items on which both have a label; else it is the difference of two corrected
            rates.
        n_items: Items that both answered, and that were judged; 0 where no column tells items apart.
        n_both: How many of these have a label of both.
        n_labels: Labels of both models in all.
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
    """Whether a corrected rate keeps a floor, or a corrected difference a margin.

    Attributes:
        criterion: What is asked: "at_least", or "not_worse_than".
        limit: The floor, or the margin.
        verdict: "pass" where the whole one-sided interval keeps it, "fail" where none of it does, else
            "unclear".
        candidate: The model that is asked about; empty where the table has one.
        value: The corrected rate, or difference.
        low: Its one-sided lower limit at the level.
        high: Its one-sided upper limit.
        level: How sure the verdict is.
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
    """What a judge's rate is worth, of all answers and model by model.

    Attributes:
        all_answers: All answers together.
        difference: The difference of two models; None where it isn't asked for.
        check: The verdict on a floor or a margin; None where it isn't asked for.
        models: One entry a model, the highest corrected rate first; empty where the table names none, or one
            only.
        ranks: Their places, and who could be best, at the level all at once; empty where there are no models
            to rank.
        judges: One entry a judge.
        level: The confidence level of each interval.
        labels_drawn: How the labelled answers were drawn, as it was said: "random", "probability:COLUMN",
            "convenience", or "unknown".
        notes: How the table was read.
        warnings: Warnings, each with what to do about it.
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
        """What a floor or a margin says, else whether the first of two models is better; None without
        either.
        """
        if self.check is not None or self.difference is None:
            return None if self.check is None else self.check.verdict
        if not significant(self.difference.p_value, self.level):
            return "unclear"
        return "better" if self.difference.difference.value > 0 else "worse"

    @derived()
    def exit_code(self) -> int:
        """0 where nothing is asked for or it passes, 1 where it fails, 2 where it can't be told; 3 is kept
        for errors.
        """
        return 0 if self.check is None else EXIT_CODES[self.check.verdict]

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why what was asked can't be told, or which model is best; None
        where it can.
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
        """The whole first, then the models."""
        return (self.all_answers, *self.models)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping for the whole and for each model, with its rank; for the difference of two
        models another, with its p-value.
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
