"""ScorePlan: how many questions one model's score needs, for a narrow error bar or to show a floor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, derived, row, shown, spread

if TYPE_CHECKING:
    from howsure.answers.plan import Forecast
    from howsure.errors import ResultWarning

ScoreGoal = Literal["within", "at-least", "at-most"]
"""The goal for a score: an error bar of a given half-width, a floor or a ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOption:
    """One way to run the evaluation.

    Attributes:
        attempts: Attempts per question. May be infinite.
        items: Questions.
        half_width: Half the width of the resulting interval.
        power: The power to show the limit. NaN for "within".
        clusters: Clusters of the questions.
    """

    attempts: float = field(metadata=shown(endless=True))
    items: Forecast = field(metadata=spread(prefix="items_", value="items"))
    half_width: Forecast = field(metadata=spread(prefix="half_width_", value="half_width"))
    power: Forecast = field(metadata=spread(prefix="power_", value="power"))
    clusters: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ScorePlan(Answer):
    """The number of questions that one score requires, or the result of a given number.

    Attributes:
        goal: The goal for the score: an error bar, a floor or a ceiling.
        target: The half-width, floor or ceiling.
        rate: The true score that is assumed, or the pilot's.
        level: The confidence level.
        sought_items: Whether the number of questions was computed, not given.
        clustered: Whether questions come in clusters.
        options: The ways to run the evaluation.
        chosen: The index of the option that the verdict is about, from 0.
        task: The task of the pilot. Empty without one.
        metric: What its score measures.
        model: Its model.
        percent: Whether scores lie in [0, 1].
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    goal: ScoreGoal
    target: float
    rate: float
    level: float
    sought_items: bool = field(metadata=HIDDEN)
    clustered: bool = field(metadata=HIDDEN)
    options: tuple[ScoreOption, ...]
    chosen: int = field(metadata=HIDDEN)
    task: str = ""
    metric: str = ""
    model: str = ""
    percent: bool = field(default=True, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived(key="chosen")
    def best(self) -> ScoreOption:
        """The option that the verdict is about."""
        return self.options[self.chosen]

    @property
    def items(self) -> float:
        """The required number of questions. Infinite if no number is enough."""
        return self.best.items.value

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per option."""
        head = {"task": self.task, "metric": self.metric, "model": self.model}
        return [{**head, **row(option)} for option in self.options]
