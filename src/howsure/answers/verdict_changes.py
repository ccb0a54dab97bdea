"""Verdict changes: which verdicts between models differ between two judges, and by how much each gap does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from howsure.answers.output import HIDDEN, derived
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChange:
    """The gap between two models by each of two sides, on the questions for which both sides have scores of
    both models.

    Attributes:
        model: The first model.
        other: The second model. Gaps are those of the first minus the second, in score units.
        n_items: The number of questions.
        gap_a: The gap by the first side.
        gap_b: The gap by the second side.
        p_a: The p-value of no gap by the first side, corrected for the number of pairs.
        p_b: The same by the second side.
        verdict_a: Whether the first model is significantly "better" or "worse" than the second by the first
            side, otherwise "unclear".
        verdict_b: The same by the second side.
        change: The gap by the second side minus that by the first, paired by question. Its interval agrees
            with `p_adjusted`.
        p_value: The p-value of no change of the gap.
        p_adjusted: The p-value corrected for the number of pairs.
    """

    model: str
    other: str
    n_items: int
    gap_a: float
    gap_b: float
    p_a: float
    p_b: float
    verdict_a: PairVerdict
    verdict_b: PairVerdict
    change: Estimate
    p_value: float
    p_adjusted: float

    @derived()
    def differs(self) -> bool:
        """Whether the verdict of the second side differs from that of the first."""
        return self.verdict_a != self.verdict_b

    @derived()
    def gap_changed(self) -> bool:
        """Whether the change of the gap is significant, after correction."""
        return significant(self.p_adjusted, self.change.interval.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChanges:
    """All pairs of models that both sides have scores of.

    Attributes:
        a: The first side.
        b: The second side.
        n_models: The number of models with scores by both sides.
        n_left_out: The number of their pairs with fewer than two questions scored by both sides.
        adjust: The correction for the number of pairs: "holm", "bh" or "none".
        percent: Whether scores lie in [0, 1].
        pairs: The pairs: those whose verdict differs first, then by the p-value of the change.
    """

    a: str
    b: str
    n_models: int
    n_left_out: int
    adjust: str
    percent: bool = field(default=True, metadata=HIDDEN)
    pairs: tuple[VerdictChange, ...]

    @derived()
    def n_differ(self) -> int:
        """For how many pairs the verdict differs."""
        return sum(pair.differs for pair in self.pairs)

    @derived()
    def n_gaps_changed(self) -> int:
        """For how many pairs the change of the gap is significant."""
        return sum(pair.gap_changed for pair in self.pairs)
