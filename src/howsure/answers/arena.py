"""Arena: models ranked by pairwise votes, each against all others, with error bars that account for clusters
of votes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer, draw, presentation
from howsure.answers.output import HIDDEN, MERGED, derived, row

if TYPE_CHECKING:
    import altair as alt

    from howsure.answers.leaderboard import Board
    from howsure.errors import ResultWarning
    from howsure.options.choices import ArenaScale, BoardChart, Preset, Top
    from howsure.statistics.choices import Ties
    from howsure.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedModel:
    """A model's votes, in addition to its expected score.

    Attributes:
        model: The model.
        strength: The strength on the logistic scale, with mean 0. A difference of 1 means odds of 2.7 to 1.
        elo: The strength as 1000 + 400 · strength / ln 10.
        elo_interval: Its interval.
        n_votes: The votes that it took part in.
        perfect: Whether it won or lost everything, so that only an added cluster of ties bounds its strength.
        unadjusted: Its score without adjustment for covariates. NaN without covariates.
        unadjusted_rank: Its rank by `unadjusted`. None without covariates.
        against_all: Its score against all others if scores are relative to some. Otherwise NaN.
        against_all_rank: Its rank by `against_all`. None without it.
    """

    model: str
    strength: float
    elo: float
    elo_interval: Interval
    n_votes: int
    perfect: bool = False
    unadjusted: float = math.nan
    unadjusted_rank: int | None = None
    against_all: float = math.nan
    against_all_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteEffect:
    """The effect of a covariate: the advantage of the first of two equal models from one more standard
    deviation of it, or from being shown first.

    Attributes:
        covariate: Its name.
        sd: Its standard deviation over the votes. NaN for being shown first.
        odds_ratio: The factor by which it multiplies the odds of the first model.
        odds_ratio_interval: The interval of the odds ratio.
        gain: What it adds to the score of one half that equal models have, in score units: 0.01 is a point.
        gain_interval: The interval of the gain. It agrees with that of the odds ratio and with the p-value.
        p_value: The p-value of no effect.
    """

    covariate: str
    sd: float
    odds_ratio: float
    odds_ratio_interval: Interval
    gain: float
    gain_interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMisfit:
    """The two models whose votes against each other deviate most from those expected from the strengths.

    Attributes:
        model_a: The model that got more than expected.
        model_b: The other model.
        n_votes: Their votes against each other.
        share: The share of these votes for `model_a`. A tie counts as half.
        expected: The share expected from strengths (and covariates).
    """

    model_a: str
    model_b: str
    n_votes: int
    share: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """Whether a Bradley–Terry model fits the votes of all pairs.

    Attributes:
        p_value: The p-value of a good fit. It is small if different clusters deviate from the model in the
            same way.
        n_pairs: The pairs with votes against each other.
        worst_pairs: The pairs with the largest deviations, if the test is significant.
    """

    p_value: float
    n_pairs: int
    worst_pairs: tuple[PairMisfit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluentialCluster:
    """The cluster of votes, such as one voter, without which the lead would be smallest. The model is
    refitted to all other votes.

    Attributes:
        column: The column of the clusters.
        cluster: Its value there.
        n_votes: Its votes.
        leader_without: The leader without it.
        score_without: The score of the board's leader without it.
        lead_without: The lead of the board's leader over the best other without it. Negative if it wouldn't
            lead.
        lead: The lead with all votes.
    """

    column: str
    cluster: str
    n_votes: int
    leader_without: str
    score_without: float
    lead_without: float
    lead: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVotes:
    """The first non-significant difference between neighbouring ranks, and the votes that would decide it.

    Attributes:
        ahead: The model ahead.
        behind: The one behind it.
        difference: The difference of their scores.
        votes_needed: The approximate total number of votes, from a proportional number of voters, that would
            show such a difference with 80% power. NaN if unknown.
        next_a: One of the two models whose next vote would be the most informative about the difference.
        next_b: The other.
    """

    ahead: str
    behind: str
    difference: float
    votes_needed: float
    next_a: str
    next_b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEffect:
    """Position bias: the advantage of being shown first, beyond what the strengths predict.

    Attributes:
        value: The average over the votes, in score units: 0.01 is a point.
        interval: Its interval.
        p_value: The p-value of no gain.
    """

    value: float
    interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaBoard:
    """The models of one pool, in which a chain of votes connects any two.

    Attributes:
        board: Expected scores with error bars, ranks and pairs: P(win) + P(tie) / 2 against the other models,
            equally weighted.
        models: The votes of each model, in the same order.
        n_votes: The votes.
        n_tied: How many were ties.
        n_clusters: The clusters of the votes. The number of votes without clusters.
        position_effect: Position bias. None if the position is a covariate, or votes are too few or don't
            vary.
        model_fit: Whether a Bradley–Terry model fits the votes. None if it can't be tested.
        influential_cluster: The most influential cluster for the lead. None without clusters, or without a
            single leader.
        next_votes: The votes that would decide the first undecided difference. None if there is none.
        effects: The effect of each covariate.
    """

    board: Board = field(metadata=MERGED)
    models: tuple[VotedModel, ...]
    n_votes: int
    n_tied: int
    n_clusters: int
    position_effect: PositionEffect | None
    model_fit: ModelFit | None = None
    influential_cluster: InfluentialCluster | None = None
    next_votes: NextVotes | None = None
    effects: tuple[VoteEffect, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model, best first."""
        return [
            {**ranked, **row(model)} for ranked, model in zip(self.board.records(), self.models, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Arena(Answer):
    """Models ranked by pairwise votes. Several boards if votes don't connect all models.

    Attributes:
        boards: One board per pool, the one with the most votes first.
        ties: How ties were modelled: "half", "davidson" or "rao-kupper".
        against: The models that scores are relative to. Empty for all others.
        top: How many models of each board are shown. "all" shows all. None leaves it to the format.
        mark: The highlighted models, shown even if `top` leaves them out.
        scale: The quantity shown first: "score" or "elo".
        notes: How the votes were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    boards: tuple[ArenaBoard, ...]
    ties: Ties
    against: tuple[str, ...] = ()
    top: Top | None = field(default=None, metadata=HIDDEN)
    mark: tuple[str, ...] = field(default=(), metadata=HIDDEN)
    scale: ArenaScale = field(default="score", metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if more than one model of the first pool could be best.
        Otherwise None.
        """
        return self.boards[0].board.chapter

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and model."""
        return [{"pool": k + 1, **record} for k, pool in enumerate(self.boards) for record in pool.records()]

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and pair of models."""
        return [
            {"pool": k + 1, **each}
            for k, pool in enumerate(self.boards)
            for each in pool.board.pair_records()
        ]

    def chart(self, kind: BoardChart = "leaderboard") -> dict[str, Any]:
        """Return a chart as Vega-Lite: expected scores with error bars, rank intervals ("ranks") or all
        "pairs", with one panel per board.
        """
        return dict(presentation(self).chart(self, kind))

    def plot(
        self,
        kind: BoardChart = "leaderboard",
        *,
        width: str | None = None,
        font_size: float | None = None,
        preset: Preset | None = None,
    ) -> alt.TopLevelMixin:
        """Draw `chart(kind)`. Needs the extra "plot". `width`, `font_size` and `preset` set its size, as for
        all answers.
        """
        return draw(self.chart(kind), width=width, font_size=font_size, preset=preset)
