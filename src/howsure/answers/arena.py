"""Arena: models ranked by pairwise votes, each against all others, with error bars that know who voted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Judged, draw, presentation
from howsure.answers.output import HIDDEN, MERGED, row

if TYPE_CHECKING:
    import altair as alt

    from howsure.answers.leaderboard import Board
    from howsure.errors import Caution
    from howsure.options import BoardChart
    from howsure.statistics.choices import Ties
    from howsure.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedModel:
    """What votes say of a model beside its expected score.

    Attributes:
        model: The model.
        strength: On the logistic scale, with mean 0: a difference of 1 is odds of 2.7 to 1.
        elo: The same as 1000 + 400 · strength / ln 10.
        n_votes: The votes that it was in.
        perfect: Whether it won or lost everything, so that only a cluster of ties more bounds its strength.
    """

    model: str
    strength: float
    elo: float
    n_votes: int
    perfect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstGain:
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
        board: Expected scores with error bars, ranks and pairs: P(win) + P(tie) / 2 against the other models, each once.
        models: What votes say of each beside that, in the same order.
        n_votes: The votes.
        n_tied: How many were ties.
        n_clusters: The clusters that they come in; as many as votes where each stands alone.
        first: What it is worth to stand first.
    """

    board: Board = field(metadata=MERGED)
    models: tuple[VotedModel, ...]
    n_votes: int
    n_tied: int
    n_clusters: int
    first: FirstGain

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model, best first."""
        return [{**ranked, **row(model)} for ranked, model in zip(self.board.records(), self.models, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Arena(Judged):
    """Models ranked by pairwise votes; several boards where no vote connects them.

    Attributes:
        boards: One board a pool, the one with the most votes first.
        ties: How ties were taken: "half", "davidson" or "rao-kupper".
        against: The models that scores are against; empty for all others.
        top: So many models of each board are shown; None shows all.
        notes: How the votes were read and grouped.
        cautions: Warnings, each with what to do about it.
    """

    boards: tuple[ArenaBoard, ...]
    ties: Ties
    against: tuple[str, ...] = ()
    top: int | None = field(default=None, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and model."""
        return [{"pool": k + 1, **record} for k, pool in enumerate(self.boards) for record in pool.records()]

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and pair of models."""
        return [{"pool": k + 1, **each} for k, pool in enumerate(self.boards) for each in pool.board.pair_records()]

    def chart(self, kind: BoardChart = "leaderboard") -> dict[str, Any]:
        """Return a chart as Vega-Lite: expected scores with error bars, "ranks" that could be, or all "pairs"; a panel a board."""
        return dict(presentation(self).chart(self, kind))

    def plot(self, kind: BoardChart = "leaderboard") -> alt.TopLevelMixin:
        """Draw `chart(kind)`; needs the extra "plot"."""
        return draw(self.chart(kind))
