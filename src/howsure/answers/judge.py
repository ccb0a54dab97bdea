"""Judge: what a judge's rate is worth, corrected with labels of people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Judged
from howsure.answers.output import row, spread

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.statistics.choices import Drawing
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedModel:
    """One model's answers: what the judge says, and what it is worth.

    Attributes:
        model: The model; empty where the table has none.
        n_judged: Answers with a verdict.
        n_labelled: How many of these have a label.
        judge: The mean of the verdicts; NaN where they aren't in [0, 1].
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JudgeRates(Judged):
    """What a judge's rate is worth, of all answers and model by model.

    Attributes:
        whole: All answers together.
        models: One entry a model; empty where the table names none, or one only.
        level: The confidence level of each interval.
        drawn: How the labelled answers were drawn, as it was said: "random", "convenience", or "unknown".
        notes: How the table was read.
        cautions: Warnings, each with what to do about it.
    """

    whole: JudgedModel
    models: tuple[JudgedModel, ...] = ()
    level: float
    drawn: Drawing
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def every(self) -> tuple[JudgedModel, ...]:
        """The whole first, then the models."""
        return (self.whole, *self.models)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping for the whole and for each model."""
        return [row(each) for each in self.every]
