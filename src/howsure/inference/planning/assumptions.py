"""What a plan assumes where no pilot tells it, and what things cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure import checks
from howsure.answers.plan import Basis
from howsure.errors import Caution, OptionError
from howsure.statistics.clustered_variance import spread_sizes
from howsure.statistics.power import Joined, Spread
from howsure.wording import Scale

if TYPE_CHECKING:
    from howsure.statistics.power import Planned

MOST_ATTEMPTS, UNSEEN_QUESTIONS = 1_000, 10
"""Attempts that a plan tries at most, and where questions show no spread of their own: more would rest on
nothing.
"""
TEXTBOOK_QUESTIONS, TEXTBOOK_ANSWERS, TEXTBOOK_UNPAIRED = 1 / 9, 1 / 3, 1 / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is assumed of a comparison without a pilot; the defaults are those of Miller (2024), section 5.

    Rates spread evenly from 0 to 1 have variances of 1/12 between questions and 1/6 between answers for one
    model; 1/9 goes with a correlation of 1/3 between two.

    Args:
        question_variance: The variance of the true differences between items, in squared score units. None
            takes 1/9, and 1/6 for an unpaired comparison.
        answer_variance: The conditional variance of one attempt, both models' together. None takes 1/3.
        rate: The score of single answers, which with `correlation` takes the place of the variances:
            2 · rate · (1 − rate) · (1 − correlation). None relies on the variances.
        correlation: The correlation of the two models' single answers to the same item.
        cluster_size: The mean number of items per cluster.
        cluster_variation: The coefficient of variation of that number.
        icc: The intra-cluster correlation of the differences at two items of a cluster, one attempt each, so
            that the design effect is 1 + (crowd − 1) · icc.

    Raises:
        OptionError: If a value is outside its range, both `rate` and a variance are given, or `icc` without
            `cluster_size`.

    Examples:
        >>> Assumptions(rate=0.8, correlation=0.5).variances(paired=True)
        (0.16, 0.0)
    """

    question_variance: float | None = None
    answer_variance: float | None = None
    rate: float | None = None
    correlation: float = 0.0
    cluster_size: float = 1.0
    cluster_variation: float = 0.0
    icc: float = 0.0

    def __post_init__(self) -> None:
        least, most = {"correlation": -1.0}, {"rate": 1.0, "correlation": 1.0, "icc": 1.0}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            low, high = least.get(name, 1.0 if name == "cluster_size" else 0.0), most.get(name, math.inf)
            if value is not None and not low <= checks.number(name, value) <= high:
                reach = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of {low:g} or more"
                raise OptionError(f"{name}={value!r} is not a number {reach}")
        if self.rate is not None and (self.question_variance is not None or self.answer_variance is not None):
            raise OptionError(
                "rate and variances say the same thing twice", remedy="Give the rate, or the variances."
            )
        if self.icc and self.cluster_size == 1 and not self.cluster_variation:
            raise OptionError("icc is about clusters", remedy="Give `cluster_size` as well.")

    def variances(self, *, paired: bool) -> tuple[float, float]:
        """Return the variances of questions and answers of the difference."""
        if self.rate is not None:
            shared = self.correlation if paired else 0.0
            return round(2 * self.rate * (1 - self.rate) * (1 - shared), 15), 0.0
        usual = TEXTBOOK_QUESTIONS if paired else TEXTBOOK_UNPAIRED
        question = usual if self.question_variance is None else self.question_variance
        return question, TEXTBOOK_ANSWERS if self.answer_variance is None else self.answer_variance

    def percent(self, effect: float, margin: float) -> bool:
        """Say whether this is about scores in [0, 1]: variances that were given, or sizes beside them, may be
        larger.
        """
        given = self.question_variance is not None or self.answer_variance is not None
        return not given or max(sum(self.variances(paired=True)), abs(effect), margin) < 1

    def spread(self, *, paired: bool, clusters: float | None = None) -> Planned:
        """Return the spread of a difference."""
        question, answer = self.variances(paired=paired)
        between = self.icc * (question + answer)
        if between > question + 1e-12:
            raise OptionError(
                f"icc={self.icc:g} makes clusters differ more ({between:.3g}) than questions do "
                f"({question:.3g})",
                remedy="Assume a smaller icc, or a larger question variance.",
            )
        sizes = spread_sizes(self.cluster_size, self.cluster_variation)
        whole = Spread(
            within=question - between, between=between, answer=answer, sizes=sizes, clusters=clusters
        )
        return whole if paired else Joined(parts=(whole.times(0.5),) * 2, shares=(1.0, 1.0), items=(1.0, 1.0))

    def basis(self, *, paired: bool) -> Basis:
        """Return the same as the plan tells it."""
        question, answer = self.variances(paired=paired)
        sizes = spread_sizes(self.cluster_size, self.cluster_variation)
        between = self.icc * (question + answer)
        told = answer if self.rate is None else math.nan
        return Basis(
            question=question, answer=told, between=between, cluster_size=sizes.size, crowd=sizes.crowd
        )

    def contradictions(self, effect: float, *, paired: bool) -> tuple[Caution, ...]:
        """Warn where models that score like this can't differ by so much: the spread is then assumed too
        small.
        """
        if self.rate is None or not math.isfinite(effect):
            return ()
        most = sum(self.variances(paired=True)) if paired else 2 * min(self.rate, 1 - self.rate)
        if abs(effect) <= most + 1e-9:
            return ()
        scale = Scale()
        alike = f" and a correlation of {self.correlation:g}" if paired else ""
        what = (
            f"answer {scale.number(most)} % of questions differently"
            if paired
            else f"differ by {scale.gap(most)}"
        )
        return (
            Caution(
                code="more_than_differ",
                message=f"with scores of about {100 * self.rate:g} %{alike} the models can at most {what}, "
                f"which is less than a difference of {scale.gap(effect)}: the plan is too small",
                remedy="Assume the mean of both models' scores as the rate, or a smaller correlation.",
            ),
        )

    def note(self, *, paired: bool) -> str:
        """Say it aloud."""
        if self.rate is not None:
            alike = f" and a correlation of {self.correlation:g} between the models" if paired else ""
            return f"Assumed: a score of about {100 * self.rate:g} %{alike}, one attempt. A pilot would tell."
        question, answer = self.variances(paired=paired)
        usual = self.question_variance is None and self.answer_variance is None
        source = (
            "the textbook's values (Miller 2024: rates spread evenly from 0 to 100 %)"
            if usual
            else "as given"
        )
        return (
            f"Assumed, {source}: question variance {question:.3g}, answer variance {answer:.3g} of the "
            "difference. A pilot would tell."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What questions and attempts cost, in any unit.

    Args:
        attempt: The price of one attempt at a question, by all models together; above 0.
        item: The price of a question, paid once.
        level: The price of a level of a random factor, of both models together: of training from another
            seed.

    Raises:
        OptionError: If an attempt costs nothing, or a price is negative.

    Examples:
        >>> Costs(attempt=0.02, item=3).item
        3
    """

    attempt: float
    item: float = 0.0
    level: float = 0.0

    def __post_init__(self) -> None:
        checks.price("item", self.item)
        checks.price("level", self.level)
        if not checks.price("attempt", self.attempt) > 0:
            raise OptionError(
                f"costs of {self.attempt!r} an attempt and {self.item!r} an item make no sense",
                remedy="An attempt costs more than 0, an item 0 or more.",
            )

    def of(self, items: float, attempts: float) -> float:
        """Return the cost of so many items with so many attempts each."""
        return items * (self.item + attempts * self.attempt)

    def candidates(self, spread: Planned) -> list[float]:
        """Return the whole numbers of attempts next to the cheapest, √(σ² item / ω² attempt), Cochran (1977),
        and 1.
        """
        ends = [spread.per_item(1e6, k) for k in (1, math.inf)]
        answer = ends[0] - ends[1]
        best = math.sqrt(answer * self.item / (ends[1] * self.attempt)) if ends[1] > 0 else UNSEEN_QUESTIONS
        around = min(max(best, 1.0), MOST_ATTEMPTS)
        return sorted({1.0, *(float(max(math.floor(around) + step, 1)) for step in (-1, 0, 1, 2))})


def check_assumed(assume: object) -> None:
    """Raise OptionError unless this is None, or Assumptions."""
    if assume is not None:
        checks.instance("assume", assume, Assumptions, remedy="Write howsure.Assumptions(rate=0.7).")


def check_costs(costs: object) -> None:
    """Raise OptionError unless this is None, or Costs."""
    if costs is not None:
        checks.instance("costs", costs, Costs, remedy="Write howsure.Costs(attempt=0.02).")
