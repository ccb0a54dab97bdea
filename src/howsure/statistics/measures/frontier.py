"""Which models may be the best buy: a model is out where one other is shown to be better and shown to cost no
more.

Scores and costs are each compared over all pairs by max-t, at half of what may be missed in all, so that no
claim of either is wrong with the chosen level: a model that no other truly beats in both is then out with no
more than that chance, whatever ties there are and whatever is missing (intersection and union of tests;
Berger 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.measures.influence import influence
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.ranks.adjust import adjust_pairs
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import AverageOf, VarianceChoice
    from howsure.statistics.pairs.moments import PairMoments


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominance:
    """Of M models, [i, j]: `better`, i is shown to score higher than j; `cheaper`, i is shown to cost no
    more; both, `beats`.
    """

    better: Bools
    cheaper: Bools

    @property
    def beats(self) -> Bools:
        """Where i is shown to be better and to cost no more (M, M)."""
        return self.better & self.cheaper

    @property
    def kept(self) -> Bools:
        """The models that no other beats (M,)."""
        return np.asarray(~self.beats.any(axis=0))


def cost_moments(
    costs: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    average: AverageOf = "mean",
    variance: VarianceChoice = "CR2",
) -> PairMoments:
    """Return the log ratios of all pairs of what models took (n, M), NaN where a model has no attempt, with
    their errors.
    """
    found = influence(costs, weights, average)
    return pair_moments(
        found.log + found.items, clusters=clusters, weights=weights, variance=variance, score=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the costs of M models beside their means.

    `lacking` (M,): some attempts record none, so that it may be more: such a model is cheaper than nobody,
    and what it took at least still tells who is cheaper. `free` (M,): it is 0, and recorded.
    """

    lacking: Bools
    free: Bools


def dominance(
    leads: Floats,
    score_p: Floats,
    costs: PairMoments,
    known: Known,
    level: float,
    *,
    rng: np.random.Generator,
) -> Dominance:
    """Say which models are shown to be better, and which to cost no more.

    `leads` (M, M): by how much i is better than j, and `score_p` (M, M): the p-values of all pairs, corrected
    together.

    A cost without any error is taken as known.
    """
    each = 1 - (1 - level) / 2
    cost_p, _ = adjust_pairs(costs, "max-t", rng=rng)
    better = (score_p <= allowed(each)) & (leads > 0)
    exact = (costs.variance == 0) & np.isfinite(costs.difference) & (costs.difference <= 0)
    cheaper = ((cost_p <= allowed(each)) & (costs.difference < 0)) | exact | known.free[:, None]
    own = np.eye(len(known.free), dtype=bool)
    return Dominance(better=better, cheaper=cheaper & ~known.lacking[:, None] & ~own)
