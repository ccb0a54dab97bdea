"""scipy.stats.bootstrap (BCa, 9,999 resamples) of items; of clusters by resampling their sums and sizes together."""

from __future__ import annotations

import numpy as np
from scipy import stats
from side import Tool, run


def ratio(sums, sizes, axis=-1):
    return sums.sum(axis=axis) / sizes.sum(axis=axis)


def bootstrap(scores, clusters):
    x = scores.mean(axis=2)
    d = x[0] if len(x) == 1 else x[0] - x[1]
    rng = np.random.default_rng(0)
    if clusters is None:
        found = stats.bootstrap((d,), np.mean, batch=1000, rng=rng).confidence_interval
    else:
        parts = np.bincount(clusters, d), np.bincount(clusters).astype(float)
        found = stats.bootstrap(parts, ratio, paired=True, rng=rng).confidence_interval
    return found.low, found.high, None


def known() -> None:
    """Where every item has the same score there is no interval."""
    with np.errstate(all="ignore"):
        assert np.isnan(bootstrap(np.ones((1, 20, 1)), None)[0])


if __name__ == "__main__":
    known()
    run(Tool(name="scipy bootstrap", call=bootstrap, takes=lambda m, k, c: True, most=1000))
