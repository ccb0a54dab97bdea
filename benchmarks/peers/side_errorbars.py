"""errorbars: what its commands `summarize` and `compare` do, by its public functions."""

from __future__ import annotations

import numpy as np
from errorbars import cluster_robust_se, mean_ci_clt, wilson_ci
from errorbars.compare import paired_compare
from errorbars.stats import t_for_confidence
from side import Tool, run


def mean(scores, clusters):
    x = scores[0].ravel()
    if clusters is None:
        found = wilson_ci(int(x.sum()), len(x)) if len(x) < 30 else mean_ci_clt(x)
        return found.ci_low, found.ci_high, None
    half = t_for_confidence(0.95, len(set(clusters)) - 1) * cluster_robust_se(x, clusters)
    return x.mean() - half, x.mean() + half, None


def compare(scores, clusters):
    found = paired_compare(scores[0, :, 0], scores[1, :, 0], clusters=clusters)
    if clusters is None:
        return found.ci_low, found.ci_high, found.p_value
    return found.ci_low_clustered, found.ci_high_clustered, found.p_value_clustered


def known() -> None:
    """98 of 100 goes up to 1.008; 50 wins of 50 are [1, 1] with p = 1; 50 × 20 identical answers count as 1000."""
    most = np.r_[np.ones(98), np.zeros(2)].reshape(1, 100, 1)
    assert abs(mean(most, None)[1] - 1.008) < 5e-4
    assert compare(np.stack([np.ones((50, 1)), np.zeros((50, 1))]), None) == (1.0, 1.0, 1.0)
    same = np.repeat((np.arange(50) % 2).reshape(1, 50, 1), 20, axis=2).astype(float)
    low, high, _ = mean(same, None)
    assert abs((high - low) / 2 / 1.959964 - 0.0158) < 1e-4


if __name__ == "__main__":
    known()
    run(
        Tool(name="errorbars", call=mean, takes=lambda m, k, c: m == 1),
        Tool(name="errorbars", call=compare, takes=lambda m, k, c: m == 2),
    )
