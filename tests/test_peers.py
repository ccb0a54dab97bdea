"""Cases in which other libraries were seen to give wrong numbers, and what howsure gives instead."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.difference import difference
from trials import draws

pytestmark = pytest.mark.unmeasured

WORLDS = draws(400, 1_000)


def allowed(rate, worlds):
    """A rate with three standard errors of its Monte-Carlo error."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / worlds)


def frame(scores, cluster=None):
    """One row per model and item; scores: {model: list}."""
    parts = []
    for model, values in scores.items():
        data = {"model": [model] * len(values), "item": [f"q{k:04}" for k in range(len(values))], "score": list(values)}
        if cluster is not None:
            data["passage"] = [f"p{c:02}" for c in cluster]
        parts.append(pl.DataFrame(data))
    return pl.concat(parts)


def equal_pairs(rng, n_clusters, size, worlds=WORLDS):
    """Pairs of equally good models whose luck differs from cluster to cluster: columns 2k and 2k + 1 are world k."""
    cluster = np.repeat(np.arange(n_clusters), size)
    chance = rng.beta(1.5, 1.5, (n_clusters, 2 * worlds))
    return (rng.random((n_clusters * size, 2 * worlds)) < chance[cluster]).astype(float), cluster


def of_pairs(x, ask, **how):
    """Ask the moments of a hundred columns at a time about their neighbours: nobody looks at all pairs of a thousand worlds."""
    blocks = (pair_moments(x[:, k : k + 100], **how) for k in range(0, x.shape[1], 100))
    return np.concatenate([neighbours(ask(block)) for block in blocks])


def neighbours(matrix):
    """The entry of each world's own pair."""
    k = np.arange(0, len(matrix), 2)
    return matrix[k, k + 1]


# evalstats: no clusters, type I error 0.15


def test_forty_clusters_of_ten_keep_the_type_i_error_at_5_percent():
    x, cluster = equal_pairs(np.random.default_rng(1), 40, 10)
    ours = of_pairs(x, lambda m: m.p_value, clusters=[cluster]) <= 0.05
    naive = of_pairs(x, lambda m: m.p_value) <= 0.05
    assert naive.mean() > 0.12, "the world has clusters that matter"
    assert ours.mean() <= allowed(0.05, WORLDS)
    assert ours.mean() >= 0.02


def test_a_leaderboard_accepts_a_missing_cell_and_twelve_items():
    rng = np.random.default_rng(0)
    rows = frame({name: rng.integers(0, 2, 12).astype(float) for name in "abc"})
    board = hs.leaderboard(rows.slice(1)).boards[0]
    assert board.pairs.n_shared[np.triu_indices(3, 1)].min() == 11
    assert np.isfinite(board.pairs.p_adjusted).all()


# errorbars


def test_twenty_identical_attempts_do_not_shrink_the_standard_error():
    rows = pl.concat([frame({"a": [1.0] * 25 + [0.0] * 25}).with_columns(epoch=pl.lit(k)) for k in range(20)])
    found = hs.estimate(rows)[0].estimate
    assert found.n_items == 50
    assert found.se == pytest.approx(0.5 / math.sqrt(49), rel=1e-12)


def test_the_leaderboard_widens_standard_errors_for_clusters():
    x, cluster = equal_pairs(np.random.default_rng(2), 10, 20, worlds=2)
    rows = frame({f"m{k}": x[:, k] for k in range(4)}, cluster)
    with_, without = (hs.leaderboard(rows, cluster=column).boards[0] for column in ("passage", None))
    assert all(entry.estimate.n_clusters == 10 for entry in with_.entries)
    for one, other in zip(with_.entries, without.entries, strict=True):
        assert one.estimate.se > 1.3 * other.estimate.se
        assert one.estimate.interval.half_width > 1.3 * other.estimate.interval.half_width
    assert (with_.pairs.se[0, 1:] > without.pairs.se[0, 1:]).all()


def test_the_interval_of_98_of_100_stays_below_one():
    interval = hs.estimate(frame({"a": [1.0] * 98 + [0.0] * 2}))[0].estimate.interval
    assert 0.9 < interval.low < 0.95
    assert 0.98 < interval.high < 1


def test_twenty_four_nearly_equal_models_form_one_group_with_full_rank_intervals():
    rng = np.random.default_rng(3)
    item = rng.integers(0, 2, 100).astype(float)
    board = hs.leaderboard(frame({f"m{k:02}": np.where(rng.random(100) < 0.02, 1 - item, item) for k in range(24)}))
    assert {rank.group for rank in board.boards[0].ranks} == {"a"}
    assert {(rank.low, rank.high) for rank in board.boards[0].ranks} == {(1, 24)}


# truescore: p from the normal, interval from t, disagreement in 6% of null runs


def test_p_value_and_interval_agree_in_every_simulated_null_data_set():
    x, cluster = equal_pairs(np.random.default_rng(4), 6, 10, worlds=draws(100, 400))
    outside = of_pairs(x, _without_zero, clusters=[cluster])
    assert np.array_equal(outside, of_pairs(x, lambda m: m.p_value, clusters=[cluster]) <= 0.05)
    assert outside.any()
    for k in range(0, draws(20, 80), 2):
        found = difference(x[:, k], x[:, k + 1], clusters=[cluster])
        interval = found.estimate.interval
        assert (found.p_value <= 0.05) == (not interval.contains(0))


def _without_zero(moments):
    low, high = moments.limits(0.95, reach=1.0)
    return (low > 0) | (high < 0)


# deltagate and evalsig: few clusters


def test_six_clusters_keep_the_type_i_error_at_5_percent():
    x, cluster = equal_pairs(np.random.default_rng(5), 6, 15)
    normal = of_pairs(
        x,
        lambda m: 2 * stats.norm.sf(np.abs(m.difference) / np.sqrt(m.variance + np.eye(len(m.variance)))),
        clusters=[cluster],
    )
    assert (normal <= 0.05).mean() > 0.08, "z is too sure"
    assert (of_pairs(x, lambda m: m.p_value, clusters=[cluster]) <= 0.05).mean() <= allowed(0.05, WORLDS)


def test_cluster_bootstrap_with_six_clusters_keeps_the_type_i_error():
    worlds = draws(80, 400)
    x, cluster = equal_pairs(np.random.default_rng(6), 6, 15, worlds)
    rng = np.random.default_rng(7)
    p = [
        difference(x[:, 2 * k], x[:, 2 * k + 1], clusters=[cluster], method="bootstrap", rng=rng).p_value
        for k in range(worlds)
    ]
    assert (np.array(p) <= 0.05).mean() <= allowed(0.05, worlds)


# evalconfidence: cluster_id is accepted and ignored


def test_compare_widens_the_standard_error_for_clusters():
    x, cluster = equal_pairs(np.random.default_rng(8), 10, 30, worlds=1)
    rows = frame({"a": x[:, 0], "b": x[:, 1]}, cluster)
    with_, without = (hs.compare(rows, "a", "b", cluster=c) for c in ("passage", None))
    assert with_.difference.value == pytest.approx(without.difference.value)
    assert with_.difference.n_clusters == 10
    assert with_.difference.se > 1.5 * without.difference.se
    assert with_.p_value > without.p_value


# lm-eval: an unpaired z test on paired data


def test_paired_data_get_the_paired_test_where_the_unpaired_one_misses_the_difference():
    # the counts were searched for: an unpaired z test gives .080 and McNemar's exact test .008, as in the issue
    wins, losses, right, wrong = 33, 14, 72, 131
    a = np.repeat([1.0, 0.0, 1.0, 0.0], (wins, losses, right, wrong))
    b = np.repeat([0.0, 1.0, 1.0, 0.0], (wins, losses, right, wrong))
    n = len(a)
    z = (a.mean() - b.mean()) / math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)
    assert 2 * stats.norm.sf(z) == pytest.approx(0.080, abs=5e-4)
    found = hs.compare(frame({"a": a, "b": b}), "a", "b")
    exact = stats.binomtest(wins, wins + losses).pvalue
    assert exact == pytest.approx(0.008, abs=5e-4)
    assert found.p_value == pytest.approx(exact, abs=0.003)
    assert found.better == "a"
    assert found.unpaired_se == pytest.approx((a.mean() - b.mean()) / z, rel=1e-10)
    assert found.difference.se < 0.7 * found.unpaired_se, "the models' answers go together"
    mcnemar = hs.compare(frame({"a": a, "b": b}), "a", "b", method="mcnemar")
    assert mcnemar.p_value == pytest.approx(exact - stats.binom.pmf(losses, wins + losses, 0.5), rel=1e-10)
