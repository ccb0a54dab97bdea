"""truescore: `gold_only_estimate` for one model; for two McNemar's test, or the bootstrap of clusters, as its command does."""

from __future__ import annotations

import numpy as np
import truescore as ts
from side import Tool, run


def mean(scores, clusters):
    x, attempts = scores[0].ravel(), scores.shape[2]
    groups = np.repeat(np.arange(scores.shape[1]), attempts) if attempts > 1 else clusters
    found = ts.gold_only_estimate(x, clusters=groups)
    return found.low, found.high, None


def compare(scores, clusters):
    a, b = scores[0, :, 0], scores[1, :, 0]
    found = ts.mcnemar(a, b) if clusters is None else ts.paired_bootstrap(a, b, clusters=clusters)
    return found.low, found.high, found.p_value


def known() -> None:
    """With labels on a part, p and interval of its clustered comparison of 12 clusters disagree in about 6% of null runs."""
    rng, clusters, apart = np.random.default_rng(0), np.repeat(np.arange(12), 20), 0
    index = np.arange(120)
    for _ in range(400):
        a, b = rng.random((2, 240)) < np.repeat(rng.beta(2, 2, (2, 12)), 20, axis=1)
        found = ts.ppi_compare(a, b, a[index], b[index], index, clusters=clusters)
        apart += (found.p_value < 0.05) != (found.low > 0 or found.high < 0)
    assert 0.02 < apart / 400 < 0.12, apart / 400


if __name__ == "__main__":
    known()
    run(
        Tool(name="truescore", call=mean, takes=lambda m, k, c: m == 1),
        Tool(name="truescore", call=compare, takes=lambda m, k, c: m == 2),
    )
