"""FactorParts: where an error comes from when a factor that all questions share is a sample too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorParts:
    """The sources of the error of a score or a difference whose random factor is a sample as the questions are.

    Attributes:
        name: The factor's column.
        n_levels: How many levels each model has; the fewest, where that differs.
        questions: The share of the variance that comes from which questions were drawn.
        factor: The share that comes from which levels were drawn; 0 where none is seen.
        rest: The share of questions × levels, with the answers in it.
        se_twice_questions: The standard error with twice the questions.
        se_twice_levels: The standard error with twice the levels.
    """

    name: str
    n_levels: int
    questions: float
    factor: float
    rest: float
    se_twice_questions: float
    se_twice_levels: float
