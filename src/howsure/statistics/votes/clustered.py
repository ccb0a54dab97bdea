"""Expected scores from votes with their errors: what each cluster of votes adds to them, by the one estimator of clustered.py.

A cluster of votes counts as an item whose score is the expected score plus what the cluster adds to it (its influence), weighed by its votes: the mean of
these is the expected score, and its CR2 variance, degrees of freedom, flips, ranks and the rest are those of any other score. Memory: about 200 bytes a vote, and a few arrays of MOST_UNITS × models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from howsure.statistics.means.clustered import degrees_of_freedom, variances
from howsure.statistics.pairs.moments import with_own_pivots
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.votes.strengths import (
    LOSS,
    TIE,
    WIN,
    Strengths,
    Votes,
    expected_scores,
    gain_of_first,
    influences,
    influences_of_added,
    strengths,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.pairs.moments import PairMoments


MOST_UNITS = 2_000
MOST_P = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteMoments:
    """Expected scores of M models (M,) with standard errors, their degrees of freedom, all pairs, and the strengths behind them.

    `clusters` (M,): those that each model has votes in. `extreme` (M,): models that won or lost everything, by themselves or as one of a set. `gain`, `gain_se`: what the first of two gets beyond what their strengths expect, in scores.
    """

    values: Floats
    se: Floats
    df: float
    pairs: PairMoments
    fit: Strengths
    clusters: Floats
    extreme: Bools
    gain: float
    gain_se: float


def vote_moments(votes: Votes, clusters: Sequence[Ints], ties: Ties, *, pool: Bools | None = None) -> VoteMoments:
    """Fit strengths to votes of one pool and return expected scores with errors.

    `clusters`: none (each vote by itself), one or two arrays (N,) of codes from 0. `pool` (M,): the models that scores are against; None:
    all others.
    """
    tied = int((votes.outcome == TIE).sum())
    ties = ties if 0 < tied < len(votes) else "half"  # what all come to where one outcome is missing
    units, groups = _units(votes, clusters)
    clusters_of = _clusters_of_models(votes, clusters)
    fit = strengths(votes.counts(), clusters_of, ties)
    values, slopes = expected_scores(fit, np.ones(votes.models, dtype=bool) if pool is None else pool, ties)
    gain, lost = gain_of_first(votes, fit, ties)
    every = np.vstack([slopes, lost])
    added = np.concatenate([influences(votes, units, fit, every, ties), influences_of_added(fit, every, ties)])
    size = np.concatenate([np.bincount(units), fit.added[fit.bounded].sum(axis=1)])
    groups = tuple(_with_own(codes, len(size) - len(codes)) for codes in groups)
    whole, weights = (size.sum() / size)[:, None], size * (len(size) / size.sum())
    x = values + added[:, :-1] * whole
    own = np.bincount(units, weights=gain, minlength=len(size)) / len(votes)
    first = (own + added[:, -1])[:, None] * whole
    return VoteMoments(
        values=values,
        se=np.sqrt(variances(x, weights, groups, "CR2")),
        df=degrees_of_freedom(groups, weights, "CR2"),
        pairs=_no_surer_than_signs(pair_moments(x, clusters=groups, weights=weights, score=False), fit, clusters_of),
        fit=fit,
        clusters=clusters_of,
        extreme=fit.bounded | _one_sided(votes.counts()),
        gain=float(gain.mean()),
        gain_se=float(np.sqrt(variances(first, weights, groups, "CR2"))[0]),
    )


def _one_sided(counts: Floats) -> Bools:
    """Say which models won every vote, or lost every vote (M,)."""
    won = counts[WIN].sum(axis=1) + counts[LOSS].sum(axis=0)
    met = counts.sum(axis=(0, 2)) + counts.sum(axis=(0, 1))
    lost = counts[LOSS].sum(axis=1) + counts[WIN].sum(axis=0)
    return np.asarray((won == met) | (lost == met))


def _with_own(codes: Ints, more: int) -> Ints:
    """Give so many more units a cluster of their own."""
    return np.concatenate([codes, int(codes.max()) + 1 + np.arange(more)])


def _no_surer_than_signs(pairs: PairMoments, fit: Strengths, clusters: Floats) -> PairMoments:
    """Widen the pivots of pairs with a bounded model: none has a smaller p-value than the sign test of that model's clusters, all of one sign."""
    if not fit.bounded.any():
        return pairs
    count = np.where(fit.bounded, clusters, np.inf)
    least = np.minimum(2.0 ** (1 - np.minimum(count[:, None], count)), MOST_P)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = (pairs.difference / special.stdtrit(pairs.df, 1 - least / 2)) ** 2
    added = np.where(np.isfinite(count[:, None]) | np.isfinite(count), np.maximum(needed - pairs.variance, 0.0), 0.0)
    return with_own_pivots(replace(pairs, added=pairs.added + np.nan_to_num(added)))


def _units(votes: Votes, clusters: Sequence[Ints]) -> tuple[Ints, tuple[Ints, ...]]:
    """Return the finest groups of votes (N,), and the clusters that each of these is in where there are two ways of clustering.

    Of one way more than MOST_UNITS are put together into so many: independent clusters may be, and cost nothing but degrees of freedom.
    """
    if len(clusters) < 2:
        return (clusters[0] if clusters else np.arange(len(votes))) % MOST_UNITS, ()
    both, units = np.unique(np.stack(clusters), axis=1, return_inverse=True)
    return units.ravel(), (both[0], both[1])


def _clusters_of_models(votes: Votes, clusters: Sequence[Ints]) -> Floats:
    """Return in how many clusters each model has votes (M,): of two ways the coarser one."""
    if not clusters:
        both = np.concatenate([votes.first, votes.second])
        return np.asarray(np.bincount(both, minlength=votes.models), dtype=float)
    codes = min(clusters, key=lambda each: int(each.max()))
    seen = np.zeros((votes.models, int(codes.max()) + 1), dtype=bool)
    seen[votes.first, codes] = seen[votes.second, codes] = True
    return np.asarray(seen.sum(axis=1), dtype=float)
