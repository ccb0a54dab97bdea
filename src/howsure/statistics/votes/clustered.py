"""Expected scores from votes with their errors: what each cluster of votes adds to them, by the one estimator of clustered.py.

A cluster of votes counts as an item whose score is the expected score plus what the cluster adds to it (its influence), weighed by its votes: the mean of
these is the expected score, and its CR2 variance, degrees of freedom, flips, ranks and the rest are those of any other score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import degrees_of_freedom, variances
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.votes.strengths import TIE, Strengths, Votes, expected_scores, influences, strengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.pairs.moments import PairMoments


MOST_ALONE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteMoments:
    """Expected scores of M models (M,) with standard errors, their degrees of freedom, all pairs, and the strengths behind them."""

    values: Floats
    se: Floats
    df: float
    pairs: PairMoments
    fit: Strengths


def vote_moments(votes: Votes, clusters: Sequence[Ints], ties: Ties, *, pool: Bools | None = None) -> VoteMoments:
    """Fit strengths to votes of one pool and return expected scores with errors.

    `clusters`: none (each vote by itself), one or two arrays (N,) of codes from 0. `pool` (M,): the models that scores are against; None:
    all others.
    """
    ties = (
        ties if 0 < (votes.outcome == TIE).sum() < len(votes) else "half"
    )  # the limit of all where one outcome is missing
    units, groups = _units(votes, clusters)
    fit = strengths(votes.counts(), _clusters_of_models(votes, clusters), ties)
    values, slopes = expected_scores(fit, np.ones(votes.models, dtype=bool) if pool is None else pool, ties)
    added, size = influences(votes, units, fit, slopes, ties), np.bincount(units).astype(float)
    x, weights = values + added * (len(votes) / size)[:, None], size * (len(size) / len(votes))
    return VoteMoments(
        values=values,
        se=np.sqrt(variances(x, weights, groups, "CR2")),
        df=degrees_of_freedom(groups, weights, "CR2"),
        pairs=pair_moments(x, clusters=groups, weights=weights, score=False),
        fit=fit,
    )


def _units(votes: Votes, clusters: Sequence[Ints]) -> tuple[Ints, tuple[Ints, ...]]:
    """Return the finest groups of votes (N,), and the clusters that each of these is in where there are two ways of clustering.

    Votes that stand alone are taken in up to MOST_ALONE blocks of as many: independent ones may be put together.
    """
    if not clusters:
        return np.arange(len(votes)) % MOST_ALONE, ()
    if len(clusters) == 1:
        return clusters[0], ()
    both, units = np.unique(np.stack(clusters), axis=1, return_inverse=True)
    return units.ravel(), (both[0], both[1])


def _clusters_of_models(votes: Votes, clusters: Sequence[Ints]) -> Floats:
    """Return in how many clusters each model has votes (M,): of two ways the coarser one."""
    codes = min(clusters, key=lambda each: int(each.max())) if clusters else np.arange(len(votes))
    models = np.concatenate([votes.first, votes.second])
    seen = np.unique(models * (int(codes.max()) + 1) + np.concatenate([codes, codes])) // (int(codes.max()) + 1)
    return np.bincount(seen, minlength=votes.models).astype(float)
