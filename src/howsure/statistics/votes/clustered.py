"""Expected scores from votes with their errors: what each cluster of votes adds to them, by the one estimator
of clustered.py.

A cluster of votes counts as an item whose score is the expected score plus what the cluster adds to it (its
influence), weighed by its votes: the mean of these is the expected score, and its CR2 variance, degrees of
freedom, flips, ranks and the rest are those of any other score. Memory: about 200 bytes a vote, and a few
arrays of MOST_UNITS × models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.means.clustered import degrees_of_freedom, variances
from howsure.statistics.pairs.moments import with_own_pivots
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.votes.concentration import MOST_UNITS, concentrations, own_pivots
from howsure.statistics.votes.scores import expected_scores, gain_of_first, influences, influences_of_added
from howsure.statistics.votes.strengths import strengths
from howsure.statistics.votes.votes import LOSS, WIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.votes.strengths import Strengths
    from howsure.statistics.votes.votes import Votes


MOST_P = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteMoments:
    """Expected scores of M models (M,) with standard errors, all pairs, and the strengths behind them.

    `df`: the degrees of freedom of all clusters, which effects and the gain have; `own_df` (M,): those of
    each model's own. `slopes` (M, P): the derivatives of the scores. `log_se` (M,), `effects_se` (K,): of the
    strengths, and of the effects of covariates. `clusters` (M,): those that each model has votes in.
    `extreme` (M,): models that won or lost everything, by themselves or as one of a set. `gain`, `gain_se`:
    what the first of two gets beyond what strengths and covariates expect, in scores.
    """

    values: Floats
    se: Floats
    df: float
    own_df: Floats
    pairs: PairMoments
    fit: Strengths
    slopes: Floats
    log_se: Floats
    effects_se: Floats
    clusters: Floats
    extreme: Bools
    gain: float
    gain_se: float


def vote_moments(
    votes: Votes, clusters: Sequence[Ints], ties: Ties, *, pool: Bools | None = None
) -> VoteMoments:
    """Fit strengths to votes of one pool and return expected scores with errors.

    `clusters`: none (each vote by itself), one or two arrays (N,) of codes from 0. `pool` (M,): the models
    that scores are against; None: all others.
    """
    ties = votes.ties_as(ties)
    units, groups = _units(votes, clusters)
    clusters_of, models = clusters_of_models(votes, clusters), votes.models
    fit = strengths(votes.cells(), clusters_of, ties)
    values, slopes = expected_scores(fit, np.ones(models, dtype=bool) if pool is None else pool, ties)
    gain, lost = gain_of_first(votes, fit, ties)
    every = np.vstack([slopes, _parameters(fit), lost])
    added = np.concatenate(
        [influences(votes, units, fit, every, ties), influences_of_added(fit, every, ties)]
    )
    size = np.concatenate([np.bincount(units, weights=votes.weights), fit.added[fit.bounded].sum(axis=1)])
    groups = tuple(_with_own(codes, len(size)) for codes in groups)
    whole, weights = (size.sum() / size)[:, None], size * (len(size) / size.sum())
    added[:, -1] += (
        np.bincount(units, weights=gain * votes.weights, minlength=len(size)) / votes.weights.sum()
    )
    se = np.sqrt(variances(added * whole, weights, groups, "CR2"))
    pairs = pair_moments(values + added[:, :models] * whole, clusters=groups, weights=weights, score=False)
    own = concentrations(votes, clusters)
    return VoteMoments(
        values=values,
        se=se[:models] * np.sqrt(own.models.factor),
        df=degrees_of_freedom(groups, weights, "CR2"),
        own_df=own.models.df,
        pairs=with_own_pivots(_no_surer_than_signs(own_pivots(pairs, own.pairs), fit, clusters_of)),
        fit=fit,
        slopes=slopes,
        log_se=se[models : 2 * models] * np.sqrt(own.models.factor),
        effects_se=se[2 * models : -1],
        clusters=clusters_of,
        extreme=fit.bounded | _one_sided(votes.counts()),
        gain=float(gain @ votes.weights / votes.weights.sum()),
        gain_se=float(se[-1]),
    )


def _parameters(fit: Strengths) -> Floats:
    """Return the derivatives of strengths, with mean 0, and of effects (M + K, P)."""
    models, k = len(fit.log), len(fit.effects)
    found = np.zeros((models + k, len(fit.inverse)))
    found[:models, :models] = np.eye(models) - 1 / models
    found[models:, models + 1 :] = np.eye(k)
    return found


def _one_sided(counts: Floats) -> Bools:
    """Say which models won every vote, or lost every vote (M,)."""
    won = counts[WIN].sum(axis=1) + counts[LOSS].sum(axis=0)
    met = counts.sum(axis=(0, 2)) + counts.sum(axis=(0, 1))
    lost = counts[LOSS].sum(axis=1) + counts[WIN].sum(axis=0)
    return np.asarray((won == met) | (lost == met))


def _with_own(codes: Ints, units: int) -> Ints:
    """Give the further of so many units a cluster of their own; one cluster of votes stays the only one: what
    bounds a strength is no second voter.
    """
    apart = np.arange(1, units - len(codes) + 1) * bool(codes.max() > 0)
    return np.concatenate([codes, int(codes.max()) + apart])


def _no_surer_than_signs(pairs: PairMoments, fit: Strengths, clusters: Floats) -> PairMoments:
    """Widen the pivots of pairs with a bounded model: none has a smaller p-value than the sign test of that
    model's clusters, all of one sign.
    """
    if not fit.bounded.any():
        return pairs
    count = np.where(fit.bounded, clusters, np.inf)
    least = np.minimum(2.0 ** (1 - np.minimum(count[:, None], count)), MOST_P)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = (pairs.difference / scipy.special.stdtrit(pairs.df, 1 - least / 2)) ** 2
    either = np.isfinite(count[:, None]) | np.isfinite(count)
    added, room = (
        np.where(either, np.maximum(needed - pairs.variance, 0.0), 0.0),
        np.where(either, 0.0, pairs.room),
    )
    return replace(pairs, added=pairs.added + np.nan_to_num(added), room=room)


def _units(votes: Votes, clusters: Sequence[Ints]) -> tuple[Ints, tuple[Ints, ...]]:
    """Return the finest groups of votes (N,), and the clusters that each of these is in where there are two
    ways of clustering, or one cluster.

    Of one way more than MOST_UNITS are put together into so many: independent clusters may be, and cost
    nothing but degrees of freedom.
    """
    if len(clusters) < 2:
        units = (clusters[0] if clusters else np.arange(len(votes))) % MOST_UNITS
        return units, (np.zeros(1, dtype=np.int64),) if clusters and not units.any() else ()
    both, units = np.unique(np.stack(clusters), axis=1, return_inverse=True)
    return units.ravel(), (both[0], both[1])


def clusters_of_models(votes: Votes, clusters: Sequence[Ints]) -> Floats:
    """Return in how many clusters each model has votes (M,): of two ways the coarser one."""
    if not clusters:
        both = np.concatenate([votes.first, votes.second])
        return np.asarray(np.bincount(both, minlength=votes.models), dtype=float)
    codes = min(clusters, key=lambda each: int(each.max()))
    seen = np.zeros((votes.models, int(codes.max()) + 1), dtype=bool)
    seen[votes.first, codes] = seen[votes.second, codes] = True
    return np.asarray(seen.sum(axis=1), dtype=float)
