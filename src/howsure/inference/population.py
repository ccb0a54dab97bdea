"""Population: what the scores are about, chosen once; everything that depends on it is asked of the object.

other_questions.py: the items, or clusters of them, are a sample of all that could have been drawn.
these_questions.py: exactly these items; only the answers are a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from howsure.inference.other_questions import OtherQuestions
from howsure.inference.these_questions import TheseQuestions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.compare import Comparison
    from howsure.errors import Caution
    from howsure.inference.question import Question
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.results import Estimate, Method
    from howsure.study.matrix import ScoreMatrix

    Floats = NDArray[np.float64]


class Population(Protocol):
    """What scores are about: the answer to "had … been drawn", for means, one pair, and all pairs at once."""

    @property
    def name(self) -> str:
        """Its word among the options."""

    @property
    def only_these(self) -> bool:
        """Whether nothing but the answers is a sample."""

    def measured(self, matrices: Sequence[ScoreMatrix]) -> tuple[list[ScoreMatrix], list[Caution]]:
        """Return the matrices of which an error bar can be told, and why others are left out."""

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without holes, all of which have right-or-wrong answers or none has."""

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models of a matrix."""

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""

    def limits(self, matrix: ScoreMatrix, pairs: PairMoments, question: Question) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval (M, M)."""

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Say what is done to put the comparisons of several tasks together."""

    def items_needed(self, estimate: Estimate, level: float, target: float = 0.0) -> float:
        """Return about how many items in all would settle a difference; NaN where items wouldn't."""


QUESTIONS: Population = OtherQuestions()
BENCHMARK: Population = TheseQuestions()


def population_of(word: str) -> Population:
    """Return the population that an option names."""
    return BENCHMARK if word == "benchmark" else QUESTIONS
