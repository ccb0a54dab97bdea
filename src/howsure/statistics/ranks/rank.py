"""The ranks that a model could have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """The place of one model: by its score, and the simultaneous interval of places that the data allow."""

    rank: int
    low: int
    high: int
    could_be_best: bool
    ties: str
