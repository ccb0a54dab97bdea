"""ErrorSources: where an error comes from when factors that all questions share are samples too."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from howsure.answers.output import HIDDEN
from howsure.statistics.power import standard_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.random_factors import LevelSpread


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSource:
    """What one random factor has in the variance of a score or a difference.

    Attributes:
        name: The factor's column.
        n_levels: How many levels each model has; the fewest, where that differs.
        share: The share of the variance that comes from which levels were drawn; 0 where none is seen.
        interaction: The share of questions × levels, with the answers in it unless their own share is known.
        se_twice: The standard error with twice the levels.
        n_needed: About how many levels would show a difference of the size seen, or settle a gate's check,
            with 80 % power, all else the same; infinite where none would, NaN where nothing is to be shown.
    """

    name: str
    n_levels: int
    share: float
    interaction: float
    se_twice: float
    n_needed: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSources:
    """The sources of the error of a score or a difference whose random factors are samples as the questions
    are.

    Attributes:
        questions: The share of the variance that comes from which questions were drawn.
        factors: What each random factor has in it.
        answers: The share that comes from answering again; NaN where each level has one attempt at a
            question.
        se_twice_questions: The standard error with twice the questions.
        spread: What single questions, levels and attempts add to the variance.
        n_items: The questions.
        attempts: The attempts at each level.
    """

    questions: float
    factors: tuple[FactorSource, ...]
    answers: float
    se_twice_questions: float
    spread: LevelSpread = field(metadata=HIDDEN)
    n_items: int = field(metadata=HIDDEN)
    attempts: float = field(metadata=HIDDEN)

    @property
    def known(self) -> bool:
        """Whether there are two levels of every factor, so that shares are known."""
        return math.isfinite(self.questions)

    def se_with(self, items: float, levels: Sequence[float], attempts: float | None = None) -> float:
        """Predict the standard error with so many questions, levels of each factor, and attempts at each
        level; None leaves these as they are.
        """
        spread = self.spread.with_levels(tuple(levels))
        return standard_error(spread, items, self.attempts if attempts is None else attempts)
