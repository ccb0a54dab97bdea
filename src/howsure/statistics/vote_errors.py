"""Expected scores from votes with their errors, the effect of one cluster of votes, and whether one strength
per model explains the votes.

How concentrated a model's or a pair's votes are in few clusters: their own degrees of freedom, and the pivot
of a pair.

Errors are estimated from all clusters, but a model rated by fifteen voters has the precision of fifteen. Let
q_g be the share of a cluster in a model's votes, and h = Σ q_g². (For a pair, it is the share in 1 / votes of
the one + 1 / votes of the other, the terms of a difference's variance.) The variance is multiplied by (1 −
h₀) / (1 − h), h₀ that of all votes, and has 1 / h − 1 degrees of freedom. For clusters of one size, this
equals CR2 and Satterthwaite's degrees of freedom (clustered_variance.py). Measured in
docs/decisions/0032-votes.md.

Expected scores from votes with their errors: the contribution of each cluster of votes, by the estimator of
clustered_variance.py.

A cluster of votes counts as an item whose score is the expected score plus the cluster's influence, weighted
by its votes. The mean of these is the expected score. Its CR2 variance, degrees of freedom, flips and ranks
are computed as for any other score. Memory: about 200 bytes per vote, and a few arrays of MOST_UNITS ×
models.

The effect of one cluster of votes: the scores without it, by one step from its influence (Cook 1977), and by
a fit without it.

Whether one strength per model explains the votes: the residuals of pairs, and whether different clusters
agree on them.

Every cluster adds to each pair's residual (the first model's score less its expectation from the strengths,
corrected for the fit). If the model is right, these sums over clusters are noise: they keep their
distribution under random sign flips of clusters ( Wu 1986, Cameron, Gelbach and Miller 2008). The statistic
is Pearson's: the squares of the pairs' residuals, each over its information. Flips don't change a cluster's
own square, so the test detects residuals of the same sign in different clusters at the same pairs, not the
preferences of single voters. The residuals of a cluster are multiplied by 1 / √(1 − its share of votes) and 1
/ √(1 − parameters / votes), to correct for the fit (as CR2 does). Size and power are in
docs/decisions/0032-votes.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.arrays import blocks
from howsure.statistics.bradley_terry import (
    expected_scores,
    gain_of_first,
    gradients,
    influences,
    influences_of_added,
    strengths,
)
from howsure.statistics.clustered_variance import degrees_of_freedom, variances
from howsure.statistics.pair_moments import with_own_pivots
from howsure.statistics.votes import LOSS, WIN, pools, tie_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.bradley_terry import Strengths
    from howsure.statistics.choices import Ties
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.votes import Votes

MOST_UNITS = 2_000
MOST = 0.5
"""A model with votes from hardly more than one cluster counts as having two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClusters:
    """The variance factor from a number's own clusters, and its degrees of freedom."""

    factor: Floats
    df: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentrations:
    """Those for M models (M,), and for all pairs (M, M)."""

    models: OwnClusters
    pairs: OwnClusters


def concentrations(votes: Votes, clusters: Sequence[Ints]) -> Concentrations:
    """Return how concentrated the votes of every model and pair are in few clusters. For two clusterings, the
    fewer clusters count.
    """
    each = [_of_one_way(votes, codes % MOST_UNITS) for codes in clusters or [np.arange(len(votes))]]
    return Concentrations(models=_fewer([own for own, _ in each]), pairs=_fewer([own for _, own in each]))


def _of_one_way(votes: Votes, units: Ints) -> tuple[OwnClusters, OwnClusters]:
    count, models, weights = int(units.max()) + 1, votes.models, votes.weights
    size = count * models
    first, second = (
        np.bincount(units * models + each, weights=weights, minlength=size)
        for each in (votes.first, votes.second)
    )
    seen = (first + second).reshape(count, models)
    every = np.bincount(units, weights=weights) / weights.sum()
    total = np.maximum(seen.sum(axis=0), 1e-300)
    shares = seen / total
    scaled = shares / total
    both = scaled.T @ scaled
    own = np.diagonal(both)
    of_pairs = (own[:, None] + own + 2 * both) / (1 / total[:, None] + 1 / total) ** 2
    whole = float(every @ every)
    return _own((shares**2).sum(axis=0), whole), _own(of_pairs, whole)


def _own(h: Floats, whole: float) -> OwnClusters:
    h = np.clip(h, min(whole, MOST), MOST)
    return OwnClusters(factor=np.maximum((1 - whole) / (1 - h), 1.0), df=1 / h - 1)


def _fewer(each: list[OwnClusters]) -> OwnClusters:
    factors, dfs = np.stack([own.factor for own in each]), np.stack([own.df for own in each])
    return OwnClusters(factor=factors.max(axis=0), df=dfs.min(axis=0))


def own_pivots(pairs: PairMoments, own: OwnClusters) -> PairMoments:
    """Give every pair the variance and degrees of freedom of its own clusters, and the score pivot
    (score_pivot.py).

    A vote is worth at most the whole scale. With D the observed difference, its variance is that of n = (1 −
    D²) / V votes that are won or lost, and is (1 − δ²) / n under the hypothesis δ. For two models without
    ties that is the score test of their share (Wilson 1927) on the effective sample size.
    """
    variance, left = pairs.variance * own.factor, 1 - np.minimum(pairs.difference**2, 1 - 1e-9)
    df = np.minimum(pairs.df, own.df)
    return replace(pairs, variance=variance, df=df, item_variance=left, room=variance / left)


MOST_P = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteMoments:
    """Expected scores of M models (M,) with standard errors, all pairs, and the strengths behind them.

    `df`: the degrees of freedom of all clusters, for effects and the gain. `own_df` (M,): those of each
    model's own. `slopes` (M, P): the derivatives of the scores. `log_se` (M,), `effects_se` (K,): of the
    strengths, and of the effects of covariates. `clusters` (M,): those that each model has votes in.
    `extreme` (M,): models that won or lost everything, by themselves or as one of a set. `gain`, `gain_se`:
    the mean residual of the first of two models given strengths and covariates, in scores.
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
    that scores are against, None for all others.
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
    """Return which models won every vote, or lost every vote (M,)."""
    won = counts[WIN].sum(axis=1) + counts[LOSS].sum(axis=0)
    met = counts.sum(axis=(0, 2)) + counts.sum(axis=(0, 1))
    lost = counts[LOSS].sum(axis=1) + counts[WIN].sum(axis=0)
    return np.asarray((won == met) | (lost == met))


def _with_own(codes: Ints, units: int) -> Ints:
    """Give each of the remaining units its own cluster. If all votes are one cluster, it stays the only one:
    a bound on strengths doesn't count as a second voter.
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
    """Return the finest groups of votes (N,), and the clusters of each if there are two clusterings, or one
    cluster.

    With one clustering, more than MOST_UNITS clusters are merged into this many: independent clusters may be
    merged, at the cost of degrees of freedom only.
    """
    if len(clusters) < 2:
        units = (clusters[0] if clusters else np.arange(len(votes))) % MOST_UNITS
        return units, (np.zeros(1, dtype=np.int64),) if clusters and not units.any() else ()
    both, units = np.unique(np.stack(clusters), axis=1, return_inverse=True)
    return units.ravel(), (both[0], both[1])


def clusters_of_models(votes: Votes, clusters: Sequence[Ints]) -> Floats:
    """Return the number of clusters in which each model has votes (M,), for two clusterings the coarser
    one.
    """
    if not clusters:
        both = np.concatenate([votes.first, votes.second])
        return np.asarray(np.bincount(both, minlength=votes.models), dtype=float)
    codes = min(clusters, key=lambda each: int(each.max()))
    seen = np.zeros((votes.models, int(codes.max()) + 1), dtype=bool)
    seen[votes.first, codes] = seen[votes.second, codes] = True
    return np.asarray(seen.sum(axis=1), dtype=float)


MOST_DELETED = 2_000
"""With more clusters, only those with the most votes are checked."""


def leads_without(votes: Votes, codes: Ints, found: VoteMoments, ties: Ties) -> tuple[Ints, Floats]:
    """Return clusters (G,), and the best model's lead without each (G,), below 0 if it wouldn't lead.

    `codes` (N,): the cluster of every vote. One step: the cluster's influence, over 1 − its share of the
    votes.
    """
    size = np.bincount(codes, weights=votes.weights)
    chosen = np.argsort(-size, kind="stable")[:MOST_DELETED]
    place = np.full(len(size), -1)
    place[chosen] = np.arange(len(chosen))
    kept = np.asarray(place[codes] >= 0)
    moved = influences(votes.take(kept), place[codes[kept]], found.fit, found.slopes, ties)
    rest = 1 - size[chosen] / size.sum()
    values = found.values - moved / np.maximum(rest, 1e-9)[:, None]
    best = int(found.values.argmax())
    return chosen, values[:, best] - np.delete(values, best, axis=1).max(axis=1)


def scores_without(votes: Votes, clusters: Floats, ties: Ties, pool: Bools) -> Floats | None:
    """Fit the remaining votes. None if they don't connect all models or have no best fit. `clusters` (M,):
    those of each model's votes.
    """
    if (
        pools(votes.counts()).max()
        or len(np.unique(np.concatenate([votes.first, votes.second]))) < votes.models
    ):
        return None
    ties = votes.ties_as(ties)
    try:
        return expected_scores(strengths(votes.cells(), clusters, ties), pool, ties)[0]
    except MethodError:
        return None


MOST_FLIPPED, FLIPS, CELLS = 500, 1_999, 2_000_000
LEAST_UNITS = 6
"""With fewer clusters, the smallest p-value of flips is at least 1 in 32."""
ENOUGH = 4
"""The smallest number of clusters with votes on a pair for it to be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneLineTest:
    """The result of the test.

    `p_value`: of one strength per model. For P pairs, `first` and `second` (P,). `residual` (P,): the first
    model's score less its expectation, summed over votes. `z` (P,): the same over its clustered standard
    error, 0 for pairs with few clusters.
    """

    p_value: float
    first: Ints
    second: Ints
    residual: Floats
    z: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _MetPairs:
    """P pairs with votes: their models, the pair (N,) and the direction (N,) of every vote, its residual, and
    its information.
    """

    first: Ints
    second: Ints
    of: Ints
    sign: Floats
    residual: Floats
    information: Floats
    with_tie: Floats


def one_line(
    votes: Votes, units: Ints, fit: Strengths, ties: Ties, rng: np.random.Generator
) -> OneLineTest | None:
    """Test one strength per model by flips of units (N,). None if there are at most as many pairs as
    parameters, or too few units.
    """
    units = np.unique(units % MOST_FLIPPED, return_inverse=True)[1]
    count, pairs = int(units.max()) + 1, _pairs(votes, fit, ties)
    free = len(pairs.first) - (votes.models - 1)
    if free <= 0 or count < LEAST_UNITS or fit.bounded.any():
        return None
    product, squares, clusters = _products(votes, units, fit, ties, pairs)
    weights = votes.weights
    size = np.bincount(units, weights=weights) / weights.sum()
    worth = weights.sum() ** 2 / (weights @ weights)
    taken = min(float((votes.models - 1 + len(fit.effects)) / worth), 0.9)
    flips = rng.choice([-1.0, 1.0], size=(FLIPS, count)) / np.sqrt((1 - size) * (1 - taken))
    seen = float(product.sum()) * (1 - 1e-12)
    drawn = ((flips @ product) * flips).sum(axis=1)
    residual = np.bincount(pairs.of, weights=pairs.residual, minlength=len(pairs.first)).astype(float)
    z = np.divide(
        residual, np.sqrt(squares), out=np.zeros_like(residual), where=(clusters >= ENOUGH) & (squares > 0)
    )
    return OneLineTest(
        p_value=float((1 + (drawn >= seen).sum()) / (1 + FLIPS)),
        first=pairs.first,
        second=pairs.second,
        residual=residual,
        z=z,
    )


def _pairs(votes: Votes, fit: Strengths, ties: Ties) -> _MetPairs:
    mean, steep, flat = tie_rule(ties).expected(
        fit.gaps(votes.first, votes.second, votes.covariates), fit.tie
    )
    low, high = np.minimum(votes.first, votes.second), np.maximum(votes.first, votes.second)
    codes, of = np.unique(low * votes.models + high, return_inverse=True)
    sign = np.where(votes.first < votes.second, 1.0, -1.0)
    return _MetPairs(
        first=codes // votes.models,
        second=codes % votes.models,
        of=of,
        sign=sign,
        residual=sign * votes.weights * (votes.score - mean),
        information=votes.weights * steep,
        with_tie=sign * votes.weights * flat,
    )


def _products(
    votes: Votes, units: Ints, fit: Strengths, ties: Ties, pairs: _MetPairs
) -> tuple[Floats, Floats, Ints]:
    """Return the products of every two units' residuals (G, G), each pair's over its information, the sum of
    squares of each pair (P,), and its units (P,).
    """
    count, total, models = int(units.max()) + 1, len(pairs.first), votes.models
    raw = scipy.sparse.csc_array((pairs.residual, (units, pairs.of)), shape=(count, total))
    fitted = gradients(votes, units, fit, ties) @ fit.inverse
    information = np.bincount(pairs.of, weights=pairs.information, minlength=total)
    by_covariate = (pairs.sign * pairs.information)[:, None] * votes.covariates
    others = np.stack(
        [np.bincount(pairs.of, weights=each, minlength=total) for each in (pairs.with_tie, *by_covariate.T)]
    )
    product, squares = np.zeros((count, count)), np.zeros(total)
    for part in blocks(total, count, CELLS):
        gap = fitted[:, pairs.first[part]] - fitted[:, pairs.second[part]]
        left = raw[:, part].toarray() - gap * information[part] - fitted[:, models:] @ others[:, part]
        product += (left / information[part]) @ left.T
        squares[part] = (left**2).sum(axis=0)
    seen = np.unique(units * total + pairs.of) % total
    return product, squares, np.bincount(seen, minlength=total)
