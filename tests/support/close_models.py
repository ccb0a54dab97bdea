"""Boards of models that lie close, as moments of their pairs."""

import numpy as np

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.pair_moments import with_own_pivots


def board(seed, models=60, items=200, clusters=None, spread=0.5, copies=0):
    """Moments of models that lie close, and their scores; so many are copies of the first but for an item."""
    rng = np.random.default_rng(seed)
    hard, able = rng.normal(0, 1.5, items), rng.normal(0, spread, models)
    x = (rng.random((items, models)) < 1 / (1 + np.exp(hard[:, None] - able))).astype(float)
    x[:, 1 : 1 + copies] = x[:, :1]
    x[0, 1 : 1 + copies] = 1 - x[0, 0]
    codes = () if clusters is None else (rng.integers(0, clusters, items),)
    return with_own_pivots(pair_moments(x, clusters=codes, weights=np.ones(items), score=True)), x
