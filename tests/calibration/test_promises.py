"""Coverage of intervals in simulated scenarios with known truth, within Monte Carlo error; seeded."""

import itertools
import math

import numpy as np
import pytest

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.max_t import max_t
from howsure.statistics.means import mean
from howsure.statistics.ranks import ranks
from trials import draws

LEAST = 0.93
WORLDS = draws(300, 1_000)
ERROR = math.sqrt(LEAST * (1 - LEAST) / WORLDS)


def clustered_binary(rng, p, n_clusters, size, correlation, worlds=WORLDS):
    """0 / 1 scores (n, worlds): cluster chances are beta with mean p and this intra-cluster correlation."""
    if correlation:
        total = 1 / correlation - 1
        chance = rng.beta(p * total, (1 - p) * total, (n_clusters, worlds))
    else:
        chance = np.full((n_clusters, worlds), p)
    cluster = np.repeat(np.arange(n_clusters), size)
    return (rng.random((n_clusters * size, worlds)) < chance[cluster]).astype(float), cluster


def coverage_of_means(x, cluster, truth, **options):
    found = (mean(column, clusters=[cluster], **options).interval for column in x.T)
    return float(np.mean([interval.contains(truth) for interval in found]))


MEAN_CELLS = list(itertools.product((0.1, 0.5), (10, 40), (0.0, 0.2)))


@pytest.fixture(scope="module")
def wilson_coverage():
    rng = np.random.default_rng(100)
    found = {}
    for p, n_clusters, correlation in MEAN_CELLS:
        x, cluster = clustered_binary(rng, p, n_clusters, 10, correlation)
        found[p, n_clusters, correlation] = coverage_of_means(x, cluster, p)
    return found


@pytest.mark.parametrize("cell", MEAN_CELLS, ids=str)
def test_wilson_on_effective_items_covers_clustered_rates(cell, wilson_coverage):
    assert wilson_coverage[cell] >= LEAST - 3 * ERROR


def test_wilson_on_effective_items_covers_97_5_percent_at_most_on_average(wilson_coverage):
    assert 0.94 - ERROR <= np.mean(list(wilson_coverage.values())) <= 0.975


def test_t_covers_unbounded_means_in_unequal_clusters():
    rng = np.random.default_rng(102)
    cluster = np.repeat(np.arange(12), np.arange(1, 13))
    x = rng.normal(0, 0.7, (12, WORLDS))[cluster] + rng.normal(0, 1, (len(cluster), WORLDS))
    covered = coverage_of_means(x, cluster, 0.0, bounded=False)
    assert LEAST - 3 * ERROR <= covered <= 0.97 + 3 * ERROR


PAIR_CELLS = [
    # (share of items that a wins, share that b wins, clusters, size, how much clusters agree)
    (0.01, 0.01, 100, 1, 0.0),
    (0.03, 0.0, 100, 1, 0.0),
    (0.2, 0.1, 40, 1, 0.0),
    (0.02, 0.02, 20, 10, 0.1),
    (0.05, 0.01, 40, 5, 0.1),
    (0.25, 0.15, 12, 10, 0.2),
]


def paired_worlds(rng, wins, losses, n_clusters, size, correlation, worlds):
    """a in even and b in odd columns; per cluster the chances of win, loss and tie are Dirichlet around their means."""
    shares = np.array([wins, losses, 1 - wins - losses])
    if correlation:
        gamma = rng.gamma(np.maximum(shares, 1e-12) * (1 / correlation - 1), size=(n_clusters, worlds, 3))
        shares = gamma / gamma.sum(axis=2, keepdims=True)
    else:
        shares = np.broadcast_to(shares, (n_clusters, worlds, 3))
    cluster = np.repeat(np.arange(n_clusters), size)
    u = rng.random((len(cluster), worlds))
    win, loss = u < shares[cluster, :, 0], u > 1 - shares[cluster, :, 1]
    x = np.empty((len(cluster), 2 * worlds))
    x[:, 0::2], x[:, 1::2] = win, loss
    return x, cluster


@pytest.fixture(scope="module")
def paired_coverage():
    rng = np.random.default_rng(103)
    return {cell: coverage_of_pairs(*paired_worlds(rng, *cell, WORLDS), cell[0] - cell[1]) for cell in PAIR_CELLS}


def coverage_of_pairs(x, cluster, truth, at_once=50):
    """The share of the pairs of columns (0, 1), (2, 3) … whose interval holds the truth; all pairs of a few columns are cheap."""
    held, k = [], np.arange(0, at_once, 2)
    for start in range(0, x.shape[1], at_once):
        moments = pair_moments(x[:, start : start + at_once], clusters=[cluster])
        low, high = moments.at((k, k + 1)).limits(0.95, reach=1.0)
        held += ((low <= truth) & (truth <= high)).tolist()
    return np.mean(held)


@pytest.mark.parametrize("cell", PAIR_CELLS, ids=str)
def test_the_score_pivot_covers_paired_differences(cell, paired_coverage):
    assert paired_coverage[cell] >= LEAST - 3 * ERROR


def test_the_score_pivot_covers_99_percent_at_most_on_average(paired_coverage):
    assert 0.94 - ERROR <= np.mean(list(paired_coverage.values())) <= 0.99


def test_paired_t_has_variance_0_in_over_10_percent_of_samples_with_rare_differences():
    x, _ = paired_worlds(np.random.default_rng(104), 0.01, 0.01, 100, 1, 0.0, 300)
    m = pair_moments(x, score=False)
    k = np.arange(0, 600, 2)
    assert (m.variance[k, k + 1] == 0).mean() > 0.1, "often no item differs, and t has nothing to say"


def test_rank_intervals_cover_all_ranks_simultaneously():
    rng = np.random.default_rng(105)
    worlds, truth = draws(60, 300), np.array([0.7, 0.68, 0.66, 0.6, 0.6, 0.55, 0.4, 0.38])
    least = 1 + (truth > truth[:, None]).sum(axis=1)  # equal models may stand in either order
    most = (truth >= truth[:, None]).sum(axis=1)
    covered = 0
    for _ in range(worlds):
        item = rng.normal(0, 0.25, (200, 1))
        x = (rng.random((200, len(truth))) < np.clip(truth + item, 0, 1)).astype(float)
        scores = x.mean(axis=0)
        order = np.argsort(-scores, kind="stable")
        m = pair_moments(x[:, order])
        q = max_t(m.p_value, m.flips, rng=rng, draws=2_000)
        found = ranks(scores[order], m.difference, q, level=0.95)
        covered += all(r.low <= most[k] and least[k] <= r.high for r, k in zip(found, order, strict=True))
    assert covered / worlds >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / worlds)
