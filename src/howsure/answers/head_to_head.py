"""HeadToHead: two models of a pool of votes: which is better, and the result of their direct votes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from howsure.answers.base import Answer, of_difference
from howsure.answers.output import derived, shown, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectVotes:
    """The votes of two models against each other, on their own.

    Attributes:
        wins: Votes that a won.
        ties: Votes that are ties.
        losses: Votes that b won.
        split: Votes split between the two.
        share: The share for a, by weight. A tie counts as half.
        interval: Its interval, with the same clusters.
        n_clusters: The clusters of these votes.
    """

    wins: int
    ties: int
    losses: int
    split: int
    share: float
    interval: Interval
    n_clusters: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HeadToHead(Answer):
    """The difference of two models' expected scores, from all votes of their pool, next to the votes between
    them.

    Attributes:
        a: The first model.
        b: The second model.
        a_score: The expected score of a.
        b_score: The expected score of b.
        difference: a − b, with its standard error and confidence interval.
        p_value: The p-value of no difference.
        win_probability: The expected score of a against b: P(win) + P(tie) / 2.
        win_probability_interval: Its interval, from the same test: it excludes one half if the p-value is
            significant.
        direct_votes: The result of their direct votes. None if there are none.
        against: The models that scores are relative to. Empty for all others.
        notes: How the votes were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    a: str
    b: str
    a_score: float
    b_score: float
    difference: Estimate = field(metadata=spread(value="difference"))
    p_value: float
    win_probability: float
    win_probability_interval: Interval
    direct_votes: DirectVotes | None = field(default=None, metadata=shown(rows=False))
    against: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def better(self) -> str | None:
        """The model that is significantly better. None if neither is."""
        if not significant(self.p_value, self.difference.interval.level):
            return None
        return self.a if self.difference.value > 0 else self.b

    @derived()
    def verdict(self) -> PairVerdict:
        """Whether a is significantly "better" or "worse" than b, or "unclear"."""
        return "unclear" if self.better is None else "better" if self.better == self.a else "worse"

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if the result is inconclusive. Otherwise None."""
        return None if self.better is not None else of_difference(self.difference, self.difference.interval)
