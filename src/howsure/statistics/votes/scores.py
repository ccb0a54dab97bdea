"""Expected scores from strengths, and what each unit of votes adds to them (its influence; Huber 1967).

The headline of a model is P(win) + P(tie) / 2 against the models of a pool, each counted once, answers alike
in every covariate: a number on a scale that people know, which doesn't change with who was asked to meet
whom.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.votes.ties import tie_rule
from howsure.statistics.votes.votes import TIE

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes.strengths import Strengths
    from howsure.statistics.votes.votes import Votes

MOST = 80.0
"""Strengths so far apart are as far as any."""


def expected_scores(found: Strengths, pool: Bools, ties: Ties) -> tuple[Floats, Floats]:
    """Return P(win) + P(tie) / 2 of every model against the others of a pool, each once (M,), and its
    derivatives (M, P).
    """
    at = tie_rule(ties).at(found.log[:, None] - found.log, found.tie)
    models = len(found.log)
    weight = np.where(np.eye(models, dtype=bool), 0.0, pool[None, :].astype(float))
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    steep = weight * at.steep
    even = (1 - weight.sum(axis=1)) / 2  # an only anchor is as good as itself
    slopes = np.zeros((models, len(found.inverse)))
    slopes[:, :models] = np.diag(steep.sum(axis=1)) - steep
    slopes[:, models] = (weight * at.flat).sum(axis=1)
    return (weight * at.expected).sum(axis=1) + even, slopes


def moved_apart(found: Strengths, pool: Bools, ties: Ties, pair: tuple[int, int], gap: float) -> float:
    """Return by how much two strengths move apart, evenly, where the difference of their expected scores is
    this; endless where it can't be.
    """

    def beyond(x: float) -> float:
        """Return by how much more than wanted the scores differ where the strengths are moved apart by x."""
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
    """Return what the first of each vote got beyond what strengths and covariates expect (N,), and the
    derivatives of its weighted mean (P,).
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
    """Return what the added ties of each bounded model add to numbers with these derivatives (B, K): each a
    cluster of its own.
    """
    models, at = np.flatnonzero(found.bounded), tie_rule(ties).at(found.log[:, None] - found.log, found.tie)
    slope, every = (found.added * at.slope[TIE])[models], len(found.log)
    scores = np.zeros((len(models), len(found.inverse)))
    scores[:, :every] = -slope
    scores[:, every] = (found.added * at.tie[TIE])[models].sum(axis=1)
    scores[np.arange(len(models)), models] += slope.sum(axis=1)
    return np.asarray(scores @ (found.inverse @ slopes.T))


def influences(votes: Votes, units: Ints, found: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return what each unit of votes adds to numbers with these derivatives (units, K); with those of added
    ties they add up to nothing.

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
