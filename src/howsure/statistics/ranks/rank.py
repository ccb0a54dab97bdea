"""The ranks that a model could have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """The place of one model: by its score, and the simultaneous interval of places that the data allow.

    Attributes:
        rank: The place by the score; equal scores share the better one.
        low: The best place that the model could have.
        high: The worst place that it could have.
        could_be_best: Whether no other model is significantly better.
        ties: Letters; models with a letter in common can't be told apart.
    """

    rank: int
    low: int
    high: int
    could_be_best: bool
    ties: str
