"""ErrorSources: where an error comes from when factors that all questions share are samples too."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from howsure.answers.output import HIDDEN
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSource:
    """What one random factor has in the variance of a score or a difference.

    Attributes:
        name: The factor's column.
        n_levels: How many levels each model has; the fewest, where that differs.
        share: The share of the variance that comes from which levels were drawn; 0 where none is seen.
        interaction: The share of questions × levels, with the answers in it unless their own share is known.
        se_twice: The standard error with twice the levels.
    """

    name: str
    n_levels: int
    share: float
    interaction: float
    se_twice: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSources:
    """The sources of the error of a score or a difference whose random factors are samples as the questions are.

    Attributes:
        questions: The share of the variance that comes from which questions were drawn.
        factors: What each random factor has in it.
        answers: The share that comes from answering again; NaN where each level has one attempt at a question.
        se_twice_questions: The standard error with twice the questions.
        variance: The whole variance.
        n_items: The questions.
    """

    questions: float
    factors: tuple[FactorSource, ...]
    answers: float
    se_twice_questions: float
    variance: float = field(metadata=HIDDEN)
    n_items: int = field(metadata=HIDDEN)

    @property
    def known(self) -> bool:
        """Whether there are two levels of every factor, so that shares are known."""
        return math.isfinite(self.questions)

    @property
    def levels_text(self) -> str:
        """The levels: `4 seeds and 3 prompts`."""
        return " and ".join(plural(each.n_levels, each.name) for each in self.factors)

    def se_with(self, items: float, levels: Sequence[float], attempts: float = 1.0) -> float:
        """Predict the standard error with so many questions, levels of each factor, and times the attempts."""
        return math.sqrt(self.variance_with(items, levels, attempts)[0])

    def variance_with(self, items: float, levels: Sequence[float], attempts: float = 1.0) -> tuple[float, float]:
        """Predict the variance and its degrees of freedom (Satterthwaite) with so many questions, levels of each factor, and times the attempts."""
        more = self.n_items / items
        own = [each.n_levels / count for each, count in zip(self.factors, levels, strict=True)]
        answers = 0.0 if math.isnan(self.answers) else self.answers
        cells = answers * more * math.prod(own) / attempts
        noise = [each.interaction * more * fewer + cells for each, fewer in zip(self.factors, own, strict=True)]
        between = [each.share * fewer for each, fewer in zip(self.factors, own, strict=True)]
        whole = self.questions * more + sum(between) + sum(noise) - (len(noise) - 1) * cells
        squares = (whole - sum(between)) ** 2 / (items - 1)
        for factor, rest, count in zip(between, noise, levels, strict=True):
            squares += (factor + rest) ** 2 / max(count - 1, 0.5) + rest**2 / max((count - 1) * (items - 1), 0.5)
        return self.variance * whole, max(min(whole**2 / squares, items - 1), 1.0) if squares > 0 else items - 1
