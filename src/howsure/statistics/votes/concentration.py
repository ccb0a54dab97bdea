"""How few clusters a model's votes, or those of two, come from: their own degrees of freedom, and the pivot
of a pair.

The errors of all models come from all clusters, but a model met by fifteen voters knows its own no better
than from fifteen. With q_g the share of a cluster in a model's votes (in a pair's: in 1 / votes of the one +
1 / votes of the other, what a gap's variance is made of) and h = Σ q_g² the variance is made larger by (1 −
h₀) / (1 − h), h₀ that of all votes, and has 1 / h − 1 degrees of freedom: for clusters of one size what CR2
and Satterthwaite's have (clustered.py). Measured in docs/decisions/0032-votes.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.votes.votes import Votes

MOST_UNITS = 2_000
MOST = 0.5
"""What a model has from hardly more than one cluster counts as from two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """By what variances of a number of its own clusters are larger, and its degrees of freedom."""

    factor: Floats
    df: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentrations:
    """Those of M models (M,), and of all pairs (M, M)."""

    models: Own
    pairs: Own


def concentrations(votes: Votes, clusters: Sequence[Ints]) -> Concentrations:
    """Return how few clusters the votes of every model and pair come from; of two ways of clustering the
    fewer.
    """
    each = [_of_one_way(votes, codes % MOST_UNITS) for codes in clusters or [np.arange(len(votes))]]
    return Concentrations(models=_fewer([own for own, _ in each]), pairs=_fewer([own for _, own in each]))


def _of_one_way(votes: Votes, units: Ints) -> tuple[Own, Own]:
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


def _own(h: Floats, whole: float) -> Own:
    h = np.clip(h, min(whole, MOST), MOST)
    return Own(factor=np.maximum((1 - whole) / (1 - h), 1.0), df=1 / h - 1)


def _fewer(each: list[Own]) -> Own:
    factors, dfs = np.stack([own.factor for own in each]), np.stack([own.df for own in each])
    return Own(factor=factors.max(axis=0), df=dfs.min(axis=0))


def own_pivots(pairs: PairMoments, own: Own) -> PairMoments:
    """Give every pair the variance and degrees of freedom of its own clusters, and the score pivot
    (pairs/score.py).

    A vote is worth at most the whole scale: with D the difference seen, its variance is that of n = (1 − D²)
    / V votes that are won or lost, and would be (1 − δ²) / n if δ were true. For two models without ties that
    is the score test of their share (Wilson 1927) on the effective sample size.
    """
    variance, left = pairs.variance * own.factor, 1 - np.minimum(pairs.difference**2, 1 - 1e-9)
    df = np.minimum(pairs.df, own.df)
    return replace(pairs, variance=variance, df=df, item_variance=left, room=variance / left)
