"""What one cluster of votes moves: the scores without it, by one step from its influence (Cook 1977), and by
a fit without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.votes.scores import expected_scores, influences
from howsure.statistics.votes.strengths import strengths
from howsure.statistics.votes.votes import pools

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes.clustered import VoteMoments
    from howsure.statistics.votes.votes import Votes

MOST_DELETED = 2_000
"""Of more clusters, those with the most votes are looked at."""


def leads_without(votes: Votes, codes: Ints, found: VoteMoments, ties: Ties) -> tuple[Ints, Floats]:
    """Return clusters (G,), and by how much the best model would lead the others without each (G,), below 0
    where it wouldn't lead.

    `codes` (N,): the cluster of every vote. One step: what the cluster adds, over 1 − its share of the votes.
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
    """Fit the votes that are left; None where they don't connect all models or have no best fit. `clusters`
    (M,): those that each model's votes come in.
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
