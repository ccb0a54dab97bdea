"""Made-up scores: 100 models, 2000 items in 200 clusters, right or wrong, with an effect of model, item and cluster."""

from __future__ import annotations

from itertools import combinations

import numpy as np

MODELS, ITEMS, CLUSTERS = 100, 2000, 200


def scores(models: int = MODELS, items: int = ITEMS, clusters: int = CLUSTERS, spread: float = 1, seed: int = 1):
    """Return x (items, models) of 0 and 1, and the cluster of each item; `spread`: of the models' skills, in logits."""
    rng = np.random.default_rng(seed)
    codes = np.sort(np.arange(items) % clusters)
    ease = rng.normal(size=clusters)[codes] + rng.normal(size=items)
    skill = np.linspace(-spread, spread, models)
    x = ease[:, None] + skill + rng.logistic(size=(items, models)) > 0
    return x.astype(float), codes


def pairs(models: int = MODELS) -> list[tuple[int, int]]:
    """Return every pair of models, in an order in which any beginning is a fair sample."""
    every = list(combinations(range(models), 2))
    order = np.random.default_rng(2).permutation(len(every))
    return [every[k] for k in order]
