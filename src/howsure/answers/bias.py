"""Bias: what a judge favours beside quality."""

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
"""What is favoured, beside "more …" of any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeBias:
    """How much a judge favours one kind of answer over the other.

    Attributes:
        judge: The judge.
        feature: The kind: "shown first", "longer", "more …", "own family".
        evidence: What tells it from quality: "gold" (which answer is better is known), "orders" (each pair
            was shown in both), "others" (other judges chose between the same answers), or "nothing".
        n_choices: Choices between one answer of this kind and one of the other.
        n_items: The items that they come from.
        chosen_share: The share of choices that fell on this kind; a tie is half.
        error_towards: With gold, how often it errs where the other kind is better; NaN otherwise.
        error_away: With gold, how often it errs where this kind is better; NaN otherwise.
        estimate: By how much more often this kind is picked than the other, all else being equal: `towards`
            less `away`; without gold, the shares picked of both kinds, or by this judge and by others.
        p_value: The p-value of no favour, by the same pivot.
        order_flips: In both orders: the share of pairs whose verdict turned with the order; NaN otherwise.
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
        """Whether it can be called bias: something tells it from quality."""
        return self.evidence in ("gold", "orders")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Biases(Answer):
    """What judges favour beside quality.

    Attributes:
        biases: One entry a judge and kind of answer, the largest first within a kind.
        level: The confidence level of each interval.
        notes: How the table was read.
        warnings: Warnings, each with what to do about it.
    """

    biases: tuple[JudgeBias, ...]
    level: float
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per judge and kind."""
        return [row(each) for each in self.biases]
