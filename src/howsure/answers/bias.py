"""Bias: what a judge favours besides quality."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import derived, row, spread

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.choices import Shown
    from howsure.statistics.results import Estimate

SHOWN_FIRST, LONGER, OWN_FAMILY = "shown first", "longer", "own family"
"""What is favoured, besides "more …" of a numeric feature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeBias:
    """How much a judge favours one kind of answer over the other.

    Attributes:
        judge: The judge.
        feature: The kind of answer: "shown first", "longer", "more …", "own family".
        evidence: How bias is separated from quality: "gold" (the better answer is known), "orders" (each pair
            was shown in both), "others" (other judges chose between the same answers), or "nothing".
        n_choices: Choices between one answer of this kind and one of the other.
        n_items: The questions of these choices.
        chosen_share: The share of choices for this kind. A tie counts as half.
        error_towards: With gold, the error rate if the other kind is better. Otherwise NaN.
        error_away: With gold, the error rate if this kind is better. Otherwise NaN.
        estimate: How much more often this kind is chosen than the other, all else equal: `error_towards`
            minus `error_away`. Without gold, the difference in shares between the two kinds, or between this
            judge and others.
        p_value: The p-value of no bias, from the same test as the interval.
        order_flips: With both orders, the share of pairs whose verdict changed with the order. Otherwise NaN.
    """

    judge: str
    feature: str
    evidence: Shown
    n_choices: int
    n_items: int
    chosen_share: float
    error_towards: float
    error_away: float
    estimate: Estimate = field(metadata=spread())
    p_value: float
    order_flips: float

    @derived()
    def bias(self) -> bool:
        """Whether it counts as bias: "gold" or "orders" separates it from quality."""
        return self.evidence in ("gold", "orders")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Biases(Answer):
    """A judge's preferences besides quality.

    Attributes:
        biases: One entry per judge and kind of answer, the largest first within a kind.
        level: The confidence level of each interval.
        notes: How the table was read.
        warnings: Warnings, each with a remedy.
    """

    biases: tuple[JudgeBias, ...]
    level: float
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per judge and kind."""
        return [row(each) for each in self.biases]
