"""Votes of a table become boards: expected scores, their error bars, and the ranks that each model could have."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from howsure.answers.arena import Arena, ArenaBoard, FirstGain, VotedModel
from howsure.answers.estimate import Entry
from howsure.answers.leaderboard import Board
from howsure.errors import Caution, DataError
from howsure.inference.boards import leader_luck, ordered_pairs, told_apart
from howsure.statistics.means.intervals import t_p_value, t_quantile
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.ranks.ranks import ranks
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.votes.clustered import vote_moments
from howsure.statistics.votes.strengths import TIE, Votes, pools
from howsure.study.names import resolve
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.question import Question
    from howsure.readers.votes import VoteTable
    from howsure.statistics.arrays import Bools, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes.clustered import VoteMoments

METRIC = "expected score"
ELO_MEAN, ELO_SPREAD = 1000.0, 400 / math.log(10)
LEAST, CALM = 1e-12, 1e-9
ENOUGH = 50
"""With fewer clusters, or votes a model, intervals hold somewhat too seldom (docs/decisions/0032-votes.md)."""


def voted(table: VoteTable, asked: Question, ties: Ties, against: Sequence[str], top: int | None) -> Arena:
    """Rank the models of every pool; see `howsure.arena`."""
    pool = pools(table.votes.counts())
    sizes = [int((pool[table.votes.first] == k).sum()) for k in range(int(pool.max()) + 1)]
    named = tuple(resolve(name, table.models, parts=True) for name in against)
    boards = tuple(
        _Pool.of(table, np.asarray(pool == k), named).board(asked, ties)
        for k in sorted(range(len(sizes)), key=lambda k: -sizes[k])
    )
    return Arena(
        boards=boards,
        ties=ties,
        against=named,
        top=top,
        notes=(
            *table.notes,
            f"Ties: {TIES[ties]}. Score: P(win) + P(tie) / 2 against {listing(named) if named else 'the other models, each once'}.",
        ),
        cautions=(*_apart(boards), *_perfect(boards)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The models of one pool, their votes, the clusters of these, and the models that scores are against (M,)."""

    names: tuple[str, ...]
    votes: Votes
    clusters: tuple[Ints, ...]
    against: Bools

    @classmethod
    def of(cls, table: VoteTable, members: Bools, against: Sequence[str]) -> _Pool:
        """Take the members of a pool."""
        place = np.cumsum(members) - 1
        kept = np.asarray(members[table.votes.first])
        votes = table.votes.take(kept)
        names = tuple(name for name, member in zip(table.models, members.tolist(), strict=True) if member)
        chosen = np.array([not against or name in against for name in names])
        if not chosen.any():
            raise DataError(
                f"none of {listing(list(against))} is in the pool of {names[0]}", remedy="Name models of every pool."
            )
        return cls(
            names=names,
            votes=Votes(first=place[votes.first], second=place[votes.second], outcome=votes.outcome, models=len(names)),
            clusters=tuple(np.unique(codes[kept], return_inverse=True)[1] for codes in table.clusters),
            against=chosen,
        )

    def board(self, asked: Question, ties: Ties) -> ArenaBoard:
        """Fit the strengths, and order the models by their expected scores."""
        found = vote_moments(self.votes, self.clusters, ties, pool=self.against)
        order = np.lexsort((np.array(self.names), -found.values))
        q, used, best = told_apart(found.pairs, found.values, 1, asked)
        at, first = np.ix_(order, order), int(order[0])
        counts = self.votes.counts().sum(axis=0)
        met = (counts + counts.T).astype(np.int64)
        clusters = min((int(codes.max()) + 1 for codes in self.clusters), default=len(self.votes))
        board = Board(
            task="",
            metric=METRIC,
            level=asked.level,
            adjust=used,
            entries=tuple(self._entry(k, found, met, clusters, asked) for k in order.tolist()),
            ranks=ranks(found.values[order], found.pairs.difference[at], q[at], level=asked.level, best=best[order]),
            pairs=replace(ordered_pairs(found.pairs, order, q, found.pairs.limits(asked.level)), n_shared=met[at]),
            leader_corrected=float(found.values[first]) - leader_luck(found.pairs, found.values, asked),
            cautions=tuple(_doubts(self.votes, self.clusters, found.df)),
        )
        return ArenaBoard(
            board=board,
            models=tuple(self._model(k, found, met) for k in order.tolist()),
            n_votes=len(self.votes),
            n_tied=int((self.votes.outcome == TIE).sum()),
            n_clusters=clusters,
            first=_first(found, asked.level),
        )

    def _entry(self, k: int, found: VoteMoments, met: Ints, clusters: int, asked: Question) -> Entry:
        value, se, count = float(found.values[k]), float(found.se[k]), int(met[k].sum())
        extreme = bool(found.extreme[k])
        low, high = logit_limits(value, se, found.df, asked.level)
        if extreme or se < CALM:
            low, high = no_calmer(value, (low, high), float(found.clusters[k]), asked.level)
        if extreme:
            low, high = (low, 1.0) if value > 1 / 2 else (0.0, high)
        estimate = Estimate(
            value=value,
            se=se,
            interval=Interval(low=low, high=high, level=asked.level),
            df=found.df,
            n_items=count,
            n_clusters=clusters,
            method=VOTED,
        )
        return Entry(task="", metric=METRIC, model=self.names[k], estimate=estimate, n_attempts=count)

    def _model(self, k: int, found: VoteMoments, met: Ints) -> VotedModel:
        strength = float(found.fit.log[k])
        return VotedModel(
            model=self.names[k],
            strength=strength,
            elo=ELO_MEAN + ELO_SPREAD * strength,
            n_votes=int(met[k].sum()),
            perfect=bool(found.fit.bounded[k]),
        )


def _first(found: VoteMoments, level: float) -> FirstGain:
    half = float(t_quantile(level, found.df)) * found.gain_se
    p = float(t_p_value(abs(found.gain) / found.gain_se, found.df)) if found.gain_se > 0 else math.nan
    interval = Interval(low=found.gain - half, high=found.gain + half, level=level)
    return FirstGain(value=found.gain, interval=interval, p_value=p)


def logit_limits(value: float, se: float, df: float, level: float) -> tuple[float, float]:
    """Return the limits of a score between 0 and 1, symmetric on the logistic scale."""
    if not (se >= 0 and LEAST < value < 1 - LEAST):
        return math.nan, math.nan
    half = float(t_quantile(level, df)) * se / (value * (1 - value))
    centre = float(special.logit(value))
    return float(special.expit(centre - half)), float(special.expit(centre + half))


def no_calmer(value: float, limits: tuple[float, float], clusters: float, level: float) -> tuple[float, float]:
    """Widen the limits of a score whose clusters don't vary to what so many of them without an exception allow.

    With all of G clusters alike, others are unlike with a chance of up to 1 − ((1 − level) / 2)^(1 / G) (Clopper and Pearson 1934).
    """
    alike = ((1 - level) / 2) ** (1 / clusters)
    low, high = value * alike, 1 - (1 - value) * alike
    return float(np.fmin(low, limits[0])), float(np.fmax(high, limits[1]))


def _doubts(votes: Votes, clusters: tuple[Ints, ...], df: float) -> list[Caution]:
    """Warn of one cluster, of few or uneven ones, and of fewer votes than intervals were measured with."""
    if not np.isfinite(df):
        what = "cluster of votes" if clusters else "vote"
        return [Caution(code="one_cluster", message=f"a single {what} gives no error bar", remedy="Ask more voters.")]
    few = cluster_cautions(np.ones(len(votes)), clusters, df)
    count = min((int(codes.max()) + 1 for codes in clusters), default=len(votes))
    if few or (count >= ENOUGH and 2 * len(votes) >= ENOUGH * votes.models):
        return few
    return [
        Caution(
            code="few_votes",
            message=f"{plural(count, 'cluster')} of votes, {2 * len(votes) / votes.models:.0f} votes a model: with so few, 95 % intervals held the "
            "truth in 89 to 94 % of samples",
            remedy="More voters help most.",
        )
    ]


def _apart(boards: Sequence[ArenaBoard]) -> list[Caution]:
    if len(boards) < 2:
        return []
    return [
        Caution(
            code="pools_apart",
            message=f"no vote connects the {len(boards)} pools of models: no rank or gap holds across them",
            remedy="Let models of different pools meet.",
        )
    ]


def _perfect(boards: Sequence[ArenaBoard]) -> list[Caution]:
    names = [model.model for pool in boards for model in pool.models if model.perfect]
    if not names:
        return []
    return [
        Caution(
            code="perfect_record",
            message=f"{plural(len(names), 'model')} won, or lost, everything against all the others: {listing(names)}; one cluster of ties "
            "more with the opponents they met bounds their strength",
            remedy="Let them meet models of their own strength.",
        )
    ]


VOTED = Method(name="votes", variance="CR2")
TIES = {"half": "half a win of each", "davidson": "by Davidson (1970)", "rao-kupper": "by Rao and Kupper (1967)"}
