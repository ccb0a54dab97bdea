"""Bradley and Terry: strengths from votes, expected scores, and the most informative vote.

Strengths of models from pairwise votes, by maximum likelihood (Bradley and Terry 1952), with or without
covariates.

The log odds of a vote are the difference of two strengths plus that of the covariates times their effects (a
logistic regression, Agresti 2013, 11.6). A model that won or lost every vote doesn't have a finite strength.
It gets one extra cluster of ties, spread over its opponents, so that copies of votes change nothing.

Expected scores from strengths, and each unit's influence on them (Huber 1967).

The headline of a model is P(win) + P(tie) / 2 against the models of a pool, each counted once, with answers
equal in every covariate. It is on a familiar scale and doesn't depend on which pairs were compared.

The most informative further vote: how much one vote of each pair lowers the variance of a difference
(c-optimal design; Silvey 1980).

Elo ratings from scores on tasks: each task is a round of votes between all models, won by the higher score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics.votes import LOSS, TIE, WIN, cells_of, pools, tie_rule

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes import Cells, VoteLikelihood, Votes

MOST_STEPS, MOST_HALVINGS, SETTLED = 100, 30, 1e-12
FAR = 40.0
"""Strengths, effects, or ties beyond this are diverging to infinity."""
ELO_MEAN, ELO_SPREAD = 1000.0, 400 / math.log(10)
"""The mean of Elo ratings, and what a strength is multiplied by."""
KNOWN = 1e10
"""A parameter isn't identified if its variance is this many times what it would be alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strengths:
    """`log` (M,): on the logistic scale, with mean 0; `tie`: the parameter of ties. `effects` (K,): of
    covariates, log odds per unit.

    `inverse` (P, P): of the information of all P = M + 1 + K, in this order. `added` (M, M): added ties, by
    the model that they bound and the opponent, none if all strengths are finite.
    """

    log: Floats
    tie: float
    effects: Floats
    inverse: Floats
    added: Floats

    @property
    def bounded(self) -> Bools:
        """The models without a finite strength of their own (M,)."""
        return np.asarray(self.added.any(axis=1))

    def gaps(self, first: Ints, second: Ints, x: Floats) -> Floats:
        """Return the log odds of votes between these models with these covariates (R,)."""
        return np.asarray(self.log[first] - self.log[second] + x @ self.effects)


def strengths(cells: Cells, clusters: Floats, ties: Ties) -> Strengths:
    """Fit the strengths of M models of one pool. `clusters` (M,): those of each model's votes.

    MethodError if votes don't identify the effect of a covariate or of ties.
    """
    counts, models = cells.matrices(), cells.models
    added = _ties_of_perfect_records(counts, clusters)
    cells = cells.with_ties(added)
    if tie_rule(ties).has_parameter and not cells.x.shape[1] and not settles_ties(cells.matrices()):
        raise _no_fit(ties, cells)
    at = np.zeros(models + 1 + cells.x.shape[1])
    won, tied = float(counts[WIN].sum() + counts[LOSS].sum()), float(counts[TIE].sum())
    first_tie = tie_rule(ties).start(max(tied, 0.5) / max(won + tied, 1.0))
    at[models] = first_tie
    found = _told(cells, at, ties)
    for _ in range(MOST_STEPS):
        step = _inverse(cells, found, ties) @ _gradient(cells, found)
        at, found, moved = _uphill(cells, (at, found), step, ties)
        if float(np.abs(at).max()) > FAR:
            raise _no_fit(ties, cells)
        if not moved or float(np.abs(step).max()) < SETTLED:
            break
    else:
        raise _no_fit(ties, cells)
    log, inverse = at[:models] - at[:models].mean(), _inverse(cells, found, ties)
    return Strengths(log=log, tie=float(at[models]), effects=at[models + 1 :], inverse=inverse, added=added)


def settles_ties(counts: Floats) -> bool:
    """Return whether votes (3, M, M) of one pool identify the parameter of ties: whether there is a cycle of
    models with more wins than ties.

    Otherwise there are strengths that differ at least as much for every win as for any tie. The likelihood
    then grows without bound as they and the tie go to infinity together (a direction of recession;
    Rockafellar 1970). This is true for Davidson's ties and those of Rao and Kupper.
    """
    won, tied = counts[WIN] + counts[LOSS].T, counts[TIE] + counts[TIE].T
    steps = scipy.sparse.csr_array(np.where(won > 0, -1.0, np.where(tied > 0, 1.0, 0.0)))
    try:
        scipy.sparse.csgraph.bellman_ford(steps, indices=[0])
    except scipy.sparse.csgraph.NegativeCycleError:
        return True
    return False


def _told(cells: Cells, at: Floats, ties: Ties) -> VoteLikelihood:
    """Return the likelihood of each kind of vote at these parameters (P,)."""
    d = at[cells.first] - at[cells.second] + cells.x @ at[cells.models + 1 :]
    return tie_rule(ties).at(d, float(at[cells.models]))


def _ties_of_perfect_records(counts: Floats, clusters: Floats) -> Floats:
    """Return one cluster of ties (M, M) for every model outside the largest set of models that beat each
    other directly or indirectly.
    """
    beats = counts[WIN] + counts[LOSS].T + counts[TIE] + counts[TIE].T
    _, label = scipy.sparse.csgraph.connected_components(
        scipy.sparse.csr_array(beats), directed=True, connection="strong"
    )
    bounded = np.asarray(label != np.bincount(label).argmax())
    met = counts.sum(axis=0)
    met = met + met.T
    return np.asarray(met / np.maximum(clusters, 1.0)[:, None] * bounded[:, None])


def spread(cells: Cells, values: Floats) -> Floats:
    """Return a value of each kind of vote (R,), summed by the models (M,): plus for the first, minus for the
    second.
    """
    first = np.bincount(cells.first, weights=values, minlength=cells.models)
    return np.asarray(first - np.bincount(cells.second, weights=values, minlength=cells.models))


def _gradient(cells: Cells, found: VoteLikelihood) -> Floats:
    """Return the derivatives of the log likelihood (P,)."""
    slope = (cells.counts * found.slope).sum(axis=0)
    return np.concatenate([spread(cells, slope), [(cells.counts * found.tie).sum()], cells.x.T @ slope])


def _inverse(cells: Cells, found: VoteLikelihood, ties: Ties) -> Floats:
    """Return the inverse of the information (P, P), strengths with sum 0, and 0 for the tie if it isn't a
    parameter.
    """
    whole = _information(cells, found)
    models = cells.models
    whole[:models, :models] += 1.0 / models
    if not tie_rule(ties).has_parameter:
        whole[models, models] = 1.0
    scale = 1 / np.sqrt(np.maximum(np.diagonal(whole), 1e-300))
    try:
        inverse = np.linalg.inv(whole * scale[:, None] * scale)
    except np.linalg.LinAlgError:
        raise _no_fit(ties, cells) from None
    if cells.x.shape[1] and not np.abs(inverse).max() < KNOWN:
        raise _no_fit(ties, cells)
    inverse = inverse * scale[:, None] * scale
    if not tie_rule(ties).has_parameter:
        inverse[models, models] = 0.0
    return np.asarray(inverse)


def _information(cells: Cells, found: VoteLikelihood) -> Floats:
    """Return the information (P, P)."""
    of_d, of_both, of_t = (found.curvature * cells.counts).sum(axis=1)
    models, k = cells.models, cells.x.shape[1]
    whole = np.zeros((models + 1 + k, models + 1 + k))
    pairs = np.bincount(cells.first * models + cells.second, weights=of_d, minlength=models**2).reshape(
        models, models
    )
    pairs = pairs + pairs.T
    whole[:models, :models] = np.diag(pairs.sum(axis=1)) - pairs
    whole[:models, models] = spread(cells, of_both)
    whole[models, models] = of_t.sum()
    whole[models, models + 1 :] = of_both @ cells.x
    for j in range(k):
        whole[:models, models + 1 + j] = spread(cells, of_d * cells.x[:, j])
    whole[models + 1 :, models + 1 :] = (cells.x * of_d[:, None]).T @ cells.x
    return np.asarray(np.triu(whole) + np.triu(whole, 1).T)


def _no_fit(ties: Ties, cells: Cells) -> MethodError:
    if cells.x.shape[1]:
        return MethodError(
            "votes can't separate the effects of the covariates from the strengths",
            remedy="Leave one out: two equivalent ones, or one that decides every vote, don't "
            "have a best fit.",
        )
    remedy = (
        "Leave out models with hardly any votes."
        if not tie_rule(ties).has_parameter
        else "Treat ties as half a win of each: `ties='half'`."
    )
    return MethodError(f"so few votes don't have a best fit with ties as {ties}", remedy=remedy)


def _uphill(
    cells: Cells, at: tuple[Floats, VoteLikelihood], step: Floats, ties: Ties
) -> tuple[Floats, VoteLikelihood, bool]:
    """Take a step from parameters with this likelihood, shortened until the likelihood doesn't fall."""
    old, found = at
    value = float((cells.counts * found.log).sum())
    for k in range(MOST_HALVINGS):
        to = old + step / 2**k
        if not tie_rule(ties).allows(float(to[cells.models])):
            continue
        there = _told(cells, to, ties)
        if float((cells.counts * there.log).sum()) >= value - 1e-9 * abs(value):
            return to, there, True
    return old, found, False


MOST = 80.0
"""Strengths with this difference count as infinitely different."""


def expected_scores(found: Strengths, pool: Bools, ties: Ties) -> tuple[Floats, Floats]:
    """Return P(win) + P(tie) / 2 of every model against the others of a pool, each once (M,), and its
    derivatives (M, P).
    """
    at = tie_rule(ties).at(found.log[:, None] - found.log, found.tie)
    models = len(found.log)
    weight = np.where(np.eye(models, dtype=bool), 0.0, pool[None, :].astype(float))
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    steep = weight * at.steep
    even = (1 - weight.sum(axis=1)) / 2  # a single reference model counts as one
    slopes = np.zeros((models, len(found.inverse)))
    slopes[:, :models] = np.diag(steep.sum(axis=1)) - steep
    slopes[:, models] = (weight * at.flat).sum(axis=1)
    return (weight * at.expected).sum(axis=1) + even, slopes


def moved_apart(found: Strengths, pool: Bools, ties: Ties, pair: tuple[int, int], gap: float) -> float:
    """Return how far two strengths must be moved, equally in opposite directions, to give this difference of
    expected scores, infinite if that isn't possible.
    """

    def beyond(x: float) -> float:
        """Return the excess of the difference in scores over the wanted one if the strengths are moved by
        x.
        """
        moved = found.log.copy()
        moved[list(pair)] += [x / 2, -x / 2]
        scores = expected_scores(replace(found, log=moved), pool, ties)[0]
        return float(scores[pair[0]] - scores[pair[1]]) - gap

    if math.isnan(gap):
        return math.nan
    if beyond(MOST) < 0 or beyond(-MOST) > 0:
        return math.copysign(math.inf, gap)
    return float(scipy.optimize.brentq(beyond, -MOST, MOST, xtol=1e-10))


def gain_of_first(votes: Votes, found: Strengths, ties: Ties) -> tuple[Floats, Floats]:
    """Return the residual of the first model in each vote (N,), that is its score less its expectation, and
    the derivatives of its weighted mean (P,).
    """
    mean, steep, flat = tie_rule(ties).expected(
        found.gaps(votes.first, votes.second, votes.covariates), found.tie
    )
    steep, flat = steep * votes.weights, flat * votes.weights
    slopes = np.zeros(len(found.inverse))
    slopes[: votes.models] = np.bincount(votes.second, weights=steep, minlength=votes.models)
    slopes[: votes.models] -= np.bincount(votes.first, weights=steep, minlength=votes.models)
    slopes[votes.models] = -flat.sum()
    slopes[votes.models + 1 :] = -steep @ votes.covariates
    return votes.score - mean, slopes / votes.weights.sum()


def influences_of_added(found: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return the influence of each bounded model's added ties on numbers with these derivatives (B, K). Each
    is its own cluster.
    """
    models, at = np.flatnonzero(found.bounded), tie_rule(ties).at(found.log[:, None] - found.log, found.tie)
    slope, every = (found.added * at.slope[TIE])[models], len(found.log)
    scores = np.zeros((len(models), len(found.inverse)))
    scores[:, :every] = -slope
    scores[:, every] = (found.added * at.tie[TIE])[models].sum(axis=1)
    scores[np.arange(len(models)), models] += slope.sum(axis=1)
    return np.asarray(scores @ (found.inverse @ slopes.T))


def influences(votes: Votes, units: Ints, found: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return each unit's influence on numbers with these derivatives (units, K). With those of added ties
    they sum to 0.

    `units` (N,): the cluster of every vote, 0 … G − 1. One step from the fit (the sandwich's halves).
    """
    return np.asarray(gradients(votes, units, found, ties) @ (found.inverse @ slopes.T))


def gradients(votes: Votes, units: Ints, found: Strengths, ties: Ties) -> Floats:
    """Return the derivatives of the log likelihood of each unit of votes (units, P)."""
    d, models = found.gaps(votes.first, votes.second, votes.covariates), votes.models
    slope, tie = (part * votes.weights for part in tie_rule(ties).slopes(d, found.tie, votes.score))
    count, width = int(units.max()) + 1, len(found.inverse)
    size = count * width
    added = np.bincount(units * width + votes.first, weights=slope, minlength=size)
    added -= np.bincount(units * width + votes.second, weights=slope, minlength=size)
    scores = added.reshape(count, width)
    if tie_rule(ties).has_parameter:
        scores[:, models] = np.bincount(units, weights=tie, minlength=count)
    for j, x in enumerate(votes.covariates.T):
        scores[:, models + 1 + j] = np.bincount(units, weights=slope * x, minlength=count)
    return np.asarray(scores)


def saved_by_a_vote(fit: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return how much a vote of each pair, with answers equal in every covariate, would lower the variance of
    a number with these derivatives (M, M).

    `slopes` (P,). With i the information of a vote, a its direction and V the inverse of the information: i
    (a'V f)² / (1 + i a'V a), as the inverse changes by a term of rank one (Sherman and Morrison 1950).
    """
    models = len(fit.log)
    at = tie_rule(ties).at(fit.log[:, None] - fit.log, fit.tie)
    toward, within = fit.inverse[:models] @ slopes, fit.inverse[:models, :models]
    own = np.diagonal(within)
    crossed = own[:, None] + own - 2 * within
    return np.asarray(at.information[0] * (toward[:, None] - toward) ** 2 / (1 + at.information[0] * crossed))


def elo_over_tasks(scores: Floats, weights: Floats) -> tuple[Floats, Bools]:
    """Return the Elo ratings of models plus the influence of each task on them (K, M), and which models don't
    have a finite rating (M,).

    `scores` (K, M): larger is better, NaN if a model doesn't have the task. `weights` (K,): of the tasks. On
    each task every model meets every other once, and equal scores are half a win of each. The weighted mean
    of the rows are the ratings. MethodError if some models share no task with the others, not even through a
    third.
    """
    models, present = scores.shape[1], ~np.isnan(scores)
    counts, won = np.zeros((3, models, models)), np.zeros(scores.shape)
    for k, line in enumerate(scores):
        ahead = line[:, None] > line
        tied = (line[:, None] == line) & ~np.eye(models, dtype=bool)
        counts += weights[k] * np.stack([ahead, tied, ahead.T])
        won[k] = (ahead + tied / 2).sum(axis=1)
    counts = np.triu(counts, 1)
    if pools(counts).any():
        raise MethodError(
            "some models share no task with the others, so Elo ratings don't compare them",
            remedy="Leave these models out, or rank by win rate.",
        )
    fit = strengths(cells_of(counts), weights @ present, "half")
    expected = scipy.special.expit(fit.log[:, None] - fit.log)
    np.fill_diagonal(expected, 0.0)
    influence = (won - present * (present @ expected.T)) @ fit.inverse[:models, :models]
    return ELO_MEAN + ELO_SPREAD * (fit.log + weights.sum() * influence), fit.bounded
