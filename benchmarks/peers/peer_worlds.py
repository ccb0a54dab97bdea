"""The worlds of this comparison, drawn item by item so that every tool sees the same answers.

The worlds are those of `simulation.worlds`; there a sample is a sum per cluster, here every answer is drawn.
"""

from __future__ import annotations

import numpy as np

from simulation.pair_worlds import PairWorld
from simulation.worlds import RateWorld, cluster_sizes, rates

BOTH_RIGHT = 0.6
"""The share of items that both models get right, among those on which they agree."""

WORLDS = {
    "30 items, p .5": RateWorld(p=0.5, n_clusters=30),
    "30 items, p .98": RateWorld(p=0.98, n_clusters=30),
    "50 items, p .01": RateWorld(p=0.01, n_clusters=50),
    "100 items, p .05": RateWorld(p=0.05, n_clusters=100),
    "300 items, p .98": RateWorld(p=0.98, n_clusters=300),
    "10 × 20, ICC .2, p .5": RateWorld(p=0.5, n_clusters=10, cluster_size=20, icc=0.2),
    "12 dominant, ICC .1, p .7": RateWorld(p=0.7, n_clusters=12, cluster_size=42, icc=0.1, sizes="dominant"),
    "50 × 20, ICC .3, p .05": RateWorld(p=0.05, n_clusters=50, cluster_size=20, icc=0.3),
    "50 items × 5 attempts, ICC .5, p .5": RateWorld(p=0.5, n_clusters=50, attempts=5, item_icc=0.5),
    "100 pairs, no effect": PairWorld(discordance=0.1, n_clusters=100),
    "100 pairs, effect .05": PairWorld(discordance=0.1, effect=0.05, n_clusters=100),
    "100 pairs, effect .1": PairWorld(discordance=0.2, effect=0.1, n_clusters=100),
    "10 × 20 pairs, ICC .2, no effect": PairWorld(discordance=0.3, n_clusters=10, cluster_size=20, icc=0.2),
    "10 × 20 pairs, ICC .2, effect .15": PairWorld(
        discordance=0.3, effect=0.15, n_clusters=10, cluster_size=20, icc=0.2
    ),
    "40 × 10 pairs, ICC .3, no effect": PairWorld(discordance=0.3, n_clusters=40, cluster_size=10, icc=0.3),
    "40 × 10 pairs, ICC .3, effect .1": PairWorld(discordance=0.3, effect=0.1, n_clusters=40, cluster_size=10, icc=0.3),
    "12 dominant, few discordant, no effect": PairWorld(
        discordance=0.02, n_clusters=12, cluster_size=42, icc=0.1, sizes="dominant"
    ),
    "12 dominant, few discordant, effect .014": PairWorld(
        discordance=0.02, effect=0.014, n_clusters=12, cluster_size=42, icc=0.1, sizes="dominant"
    ),
}
"""Means, then pairs. "Dominant": one cluster of twelve holds 46% of about 500 items, as in SWE-bench Verified."""


def draw(world: RateWorld | PairWorld, rng: np.random.Generator, trials: int) -> dict[str, np.ndarray]:
    """Return the scores (models, trials, items, attempts) of 0 and 1, the cluster of each item, and the truth."""
    sizes = cluster_sizes(world.n_clusters, world.cluster_size, world.sizes)
    shape = (len(sizes), trials)
    make = _rates if isinstance(world, RateWorld) else _pairs
    scores = make(world, rng, sizes, shape)
    truth = world.p if isinstance(world, RateWorld) else world.effect
    return {
        "scores": np.ascontiguousarray(scores.transpose(0, 2, 1, 3)).astype(np.int8),
        "clusters": np.repeat(np.arange(len(sizes)), sizes),
        "truth": np.array(truth),
    }


def _rates(world: RateWorld, rng, sizes, shape) -> np.ndarray:
    own = np.repeat(rates(rng, world.p, world.icc, shape, world.shape), sizes, axis=0)
    if world.item_icc:
        precision = (1 - world.item_icc) / world.item_icc
        own = rng.beta(np.maximum(own * precision, 1e-12), np.maximum((1 - own) * precision, 1e-12))
    return (rng.random((*own.shape, world.attempts)) < own[..., None])[None]


def _pairs(world: PairWorld, rng, sizes, shape) -> np.ndarray:
    discordant = rates(rng, world.discordance, world.icc, shape)
    winning = rates(rng, (1 + world.effect / world.discordance) / 2, world._icc_of_wins(), shape)
    decided, won, right = (
        rng.random((sizes.sum(), shape[1])) < np.repeat(rate, sizes, axis=0)
        for rate in (discordant, winning, np.full(shape, BOTH_RIGHT))
    )
    a, b = np.where(decided, won, right), np.where(decided, ~won, right)
    return np.stack([a, b])[..., None]
