"""Results for a pool of votes other than its board: effects of covariates, model fit, the most influential
cluster, further votes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.arena import InfluentialCluster, ModelFit, NextVotes, PairMisfit, VoteEffect
from howsure.statistics.bradley_terry import saved_by_a_vote
from howsure.statistics.difference import items_needed
from howsure.statistics.intervals import t_p_value, t_quantile
from howsure.statistics.results import Estimate, Interval, Method, significant
from howsure.statistics.vote_errors import clusters_of_models, leads_without, one_line, scores_without
from howsure.statistics.votes import tie_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.question import Question
    from howsure.readers.columns import Covariate
    from howsure.readers.votes import Clustered
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.vote_errors import OneLineTest, VoteMoments
    from howsure.statistics.votes import Votes

VOTED = Method(name="votes", variance="CR2")
MOST_NAMED = 3
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class VotePool:
    """The models of one pool, their votes, their clusterings, the models that scores are against (M,), and
    how ties are treated.
    """

    names: tuple[str, ...]
    votes: Votes
    ways: tuple[Clustered, ...]
    against: Bools
    ties: Ties

    @property
    def codes(self) -> tuple[Ints, ...]:
        """The codes of each clustering."""
        return tuple(way.codes for way in self.ways)

    @property
    def coarsest(self) -> Clustered | None:
        """The clustering with the fewest clusters, None if votes are independent."""
        return min(self.ways, key=lambda way: len(way.labels), default=None)

    @property
    def n_clusters(self) -> int:
        """The clusters of the coarsest clustering, or the votes."""
        return len(self.votes) if self.coarsest is None else len(self.coarsest.labels)

    def of_two(self, at: tuple[int, int]) -> VotePool | None:
        """Return the votes of two models against each other, without covariates, None if they never met."""
        members = np.zeros(len(self.names), dtype=bool)
        members[list(at)] = True
        kept = np.asarray(members[self.votes.first] & members[self.votes.second])
        if not kept.any():
            return None
        return VotePool(
            names=tuple(self.names[k] for k in sorted(at)),
            votes=self.votes.among(members).plain(),
            ways=tuple(each.take(kept) for each in self.ways),
            against=np.ones(2, dtype=bool),
            ties="half",
        )


def effects(
    moments: VoteMoments, covariates: Sequence[Covariate], ties: Ties, level: float
) -> tuple[VoteEffect, ...]:
    """Return the effect of each covariate, in odds and in scores of equal models."""
    return tuple(_effect(moments, k, each, ties, level) for k, each in enumerate(covariates))


def _effect(moments: VoteMoments, k: int, covariate: Covariate, ties: Ties, level: float) -> VoteEffect:
    value, se = float(moments.fit.effects[k]), float(moments.effects_se[k])
    half = float(t_quantile(level, moments.df)) * se
    log = np.array([value, value - half, value + half])
    gains = (tie_rule(ties).at(log, moments.fit.tie).expected - 1 / 2).tolist()
    odds = np.exp(log).tolist()
    return VoteEffect(
        covariate=covariate.name,
        sd=covariate.sd,
        odds_ratio=odds[0],
        odds_ratio_interval=Interval(low=odds[1], high=odds[2], level=level),
        gain=gains[0],
        gain_interval=Interval(low=gains[1], high=gains[2], level=level),
        p_value=float(t_p_value(abs(value) / se, moments.df)) if se > 0 else math.nan,
    )


def fits_one_line(pool: VotePool, moments: VoteMoments, question: Question) -> ModelFit | None:
    """Test whether one strength per model explains the votes. If not, name the pairs with the largest
    deviations.

    With two clusterings each is tested, and the larger p-value counts: dependence explained by either doesn't
    count as lack of fit.
    """
    each = pool.codes or (np.arange(len(pool.votes)),)
    tests = [
        one_line(pool.votes, units, moments.fit, pool.ties, np.random.default_rng([question.seed, 3]))
        for units in each
    ]
    told_by = [test for test in tests if test is not None]
    if not told_by or len(told_by) < len(tests):
        return None
    tested = max(told_by, key=lambda test: test.p_value)
    shown = significant(tested.p_value, question.level)
    worst = np.argsort(-np.abs(tested.z), kind="stable")[:MOST_NAMED].tolist() if shown else []
    return ModelFit(
        p_value=tested.p_value,
        n_pairs=len(tested.first),
        worst_pairs=tuple(_misfit(pool, tested, k) for k in worst if tested.z[k]),
    )


def _misfit(pool: VotePool, tested: OneLineTest, k: int) -> PairMisfit:
    ahead, behind = int(tested.first[k]), int(tested.second[k])
    if tested.residual[k] < 0:
        ahead, behind = behind, ahead
    votes = pool.votes
    forth, back = (
        (votes.first == ahead) & (votes.second == behind),
        (votes.first == behind) & (votes.second == ahead),
    )
    weight = float(votes.weights[forth | back].sum())
    got = (
        float(votes.score[forth] @ votes.weights[forth] + (1 - votes.score[back]) @ votes.weights[back])
        / weight
    )
    return PairMisfit(
        model_a=pool.names[ahead],
        model_b=pool.names[behind],
        n_votes=int((forth | back).sum()),
        share=got,
        expected=got - abs(float(tested.residual[k])) / weight,
    )


def without_one(pool: VotePool, moments: VoteMoments) -> InfluentialCluster | None:
    """Return the cluster without which the lead would be the smallest, and the board without it. None if no
    model leads alone.
    """
    way, best = pool.coarsest, int(moments.values.argmax())
    if way is None or len(way.labels) < 2 or _lead(moments.values, best) < ROUNDING:
        return None
    clusters, leads = leads_without(pool.votes, way.codes, moments, pool.ties)
    chosen = int(clusters[_largest(-leads)])
    kept = np.asarray(way.codes != chosen)
    votes = pool.votes.take(kept)
    of_models = clusters_of_models(votes, [np.unique(way.codes[kept], return_inverse=True)[1]])
    values = scores_without(votes, of_models, pool.ties, pool.against)
    if values is None:
        return None
    return InfluentialCluster(
        column=way.column,
        cluster=way.labels[chosen],
        n_votes=int((~kept).sum()),
        leader_without=pool.names[_largest(values)],
        score_without=float(values[best]),
        lead_without=_lead(values, best),
        lead=_lead(moments.values, best),
    )


def _largest(values: Floats) -> int:
    """Return the place of the largest value, the first of those that differ by rounding alone."""
    return int(np.flatnonzero(values >= values.max() - ROUNDING)[0])


def _lead(values: Floats, of: int) -> float:
    return float(values[of] - np.delete(values, of).max())


def next_votes(
    pool: VotePool, moments: VoteMoments, order: Sequence[int], q: Floats, level: float
) -> NextVotes | None:
    """Return the votes that would make the first non-significant difference between neighbouring ranks
    significant. `q` (M, M): corrected p-values.
    """
    gap = next(((a, b) for a, b in pairwise(order) if not significant(float(q[a, b]), level)), None)
    if gap is None:
        return None
    ahead, behind = gap
    saved = saved_by_a_vote(moments.fit, moments.slopes[ahead] - moments.slopes[behind], pool.ties)
    one, other = sorted(np.unravel_index(int(saved.argmax()), saved.shape), key=lambda k: -moments.values[k])
    pairs = moments.pairs
    estimate = Estimate(
        value=float(pairs.difference[gap]),
        se=float(np.sqrt(pairs.variance[gap] + pairs.added[gap])),
        interval=Interval(low=math.nan, high=math.nan, level=level),
        df=float(pairs.df[gap]),
        n_items=len(pool.votes),
        n_clusters=pool.n_clusters,
        method=VOTED,
    )
    return NextVotes(
        ahead=pool.names[ahead],
        behind=pool.names[behind],
        difference=estimate.value,
        votes_needed=items_needed(estimate, level),
        next_a=pool.names[one],
        next_b=pool.names[other],
    )
