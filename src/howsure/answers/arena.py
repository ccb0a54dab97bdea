"""Arena: models ranked by pairwise votes, each against all others, with error bars that know who voted."""

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
    """What votes say of a model beside its expected score.

    Attributes:
        model: The model.
        strength: On the logistic scale, with mean 0: a difference of 1 is odds of 2.7 to 1.
        elo: The same as 1000 + 400 · strength / ln 10.
        elo_interval: Its interval.
        n_votes: The votes that it was in.
        perfect: Whether it won or lost everything, so that only a cluster of ties more bounds its strength.
        unadjusted: Its score where no covariate is taken into account; NaN where none is.
        unadjusted_rank: Its place by that; None where there is none.
        against_all: Its score against all others, where scores are against some; NaN else.
        against_all_rank: Its place by that; None where there is none.
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
    """What a covariate is worth: what the first of two equal models gets for having one standard deviation
    more of it, or for standing first.

    Attributes:
        covariate: Its name.
        sd: Its standard deviation over the votes; NaN for standing first.
        odds_ratio: By how much it multiplies the odds of the first.
        odds_ratio_interval: The interval of that.
        gain: What it adds to the score of one half that equal models have: 0.01 is a point.
        gain_interval: The interval of that; it agrees with the other, and with the p-value.
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
    """Two models whose votes against each other are farthest from what strengths expect.

    Attributes:
        model_a: The one that got more than expected.
        model_b: The other.
        n_votes: Their votes against each other.
        share: The share that the one got of them, a tie as half.
        expected: The share that strengths (and covariates) expect of these votes.
    """

    model_a: str
    model_b: str
    n_votes: int
    share: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """Whether strengths on one line explain the votes of all pairs.

    Attributes:
        p_value: The p-value of one line: small where different clusters agree that pairs go otherwise.
        n_pairs: The pairs that met.
        worst_pairs: Those that are farthest off, where the test finds something.
    """

    p_value: float
    n_pairs: int
    worst_pairs: tuple[PairMisfit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluentialCluster:
    """The one cluster of votes, of one voter say, without which the lead would be the smallest; the votes of
    all others are fitted anew.

    Attributes:
        column: What votes are clustered by.
        cluster: Its value there.
        n_votes: Its votes.
        leader_without: Who would lead without it.
        score_without: The score that the board's leader would have.
        lead_without: By how much the board's leader would lead the best other; below 0 where it wouldn't.
        lead: By how much it does lead.
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
    """The first gap between neighbouring ranks that isn't significant, and what would settle it.

    Attributes:
        ahead: The model ahead.
        behind: The one behind it.
        difference: The difference of their scores.
        votes_needed: About how many votes in all, by as many more voters, would show such a gap with 80%
            power; NaN where that can't be said.
        next_a: One of the two models whose next vote would tell most of the gap.
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
    """What it is worth to stand first: what the first of two gets beyond what their strengths expect.

    Attributes:
        value: On average over the votes, in scores: 0.01 is a point.
        interval: Its interval.
        p_value: The p-value of no gain.
    """

    value: float
    interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaBoard:
    """The models of one pool: connected by votes, each on some way with each.

    Attributes:
        board: Expected scores with error bars, ranks and pairs: P(win) + P(tie) / 2 against the other models,
            each once.
        models: What votes say of each beside that, in the same order.
        n_votes: The votes.
        n_tied: How many were ties.
        n_clusters: The clusters that they come in; as many as votes where each stands alone.
        position_effect: What it is worth to stand first; None where that is a covariate, or votes are too few
            to vary.
        model_fit: Whether strengths on one line explain the votes; None where that can't be tested.
        influential_cluster: The cluster that matters most to the lead; None without clusters, or where nobody
            leads alone.
        next_votes: What would settle the first gap that is open; None where none is.
        effects: What each covariate is worth.
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
    """Models ranked by pairwise votes; several boards where no vote connects them.

    Attributes:
        boards: One board a pool, the one with the most votes first.
        ties: How ties were taken: "half", "davidson" or "rao-kupper".
        against: The models that scores are against; empty for all others.
        top: So many models of each board are shown; None leaves it to the format, "all" shows all.
        mark: The models that are marked, and shown beyond these.
        scale: What is shown first: the "score", or "elo".
        notes: How the votes were read and grouped.
        warnings: Warnings, each with what to do about it.
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
        """The chapter of `howsure guide` on why it can't be told which model is best in the first pool; None
        where it can.
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
        """Return a chart as Vega-Lite: expected scores with error bars, "ranks" that could be, or all
        "pairs"; a panel a board.
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
        """Draw `chart(kind)`; needs the extra "plot". `width`, `font_size`, `preset`: its size, as all
        answers take it.
        """
        return draw(self.chart(kind), width=width, font_size=font_size, preset=preset)
