"""Corrections for many pairs: against statsmodels, against brute force, and in simulated null worlds."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from statsmodels.stats.multitest import multipletests

from howsure.methods import adjust
from howsure.methods.adjust import adjust_matrix, benjamini_hochberg, holm, max_t
from howsure.methods.pairs import pair_moments

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


def moments(seed, n=60, models=6, spread=0.15):
    rng = np.random.default_rng(seed)
    x = (rng.random((n, models)) < 0.5 + spread * np.linspace(1, -1, models) + rng.normal(0, 0.2, (n, 1))).astype(float)
    return pair_moments(x)


@given(p_values)
def test_holm_is_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], rel=1e-12, abs=1e-300)


@given(p_values)
def test_benjamini_hochberg_is_statsmodels(p):
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("method", ["max-t", "holm", "bh"])
@pytest.mark.parametrize("seed", range(4))
def test_adjusted_are_symmetric_never_smaller_and_in_the_same_order(method, seed):
    m = moments(seed)
    p = m.p_value
    q = adjust_matrix(p, m.covariance, method, rng=np.random.default_rng(0))
    assert np.array_equal(q, q.T)
    assert np.all(np.diag(q) == 1)
    assert np.all(q >= p)
    assert np.all(q <= 1)
    upper = np.triu_indices(len(p), 1)
    assert np.all(np.diff(q[upper][np.argsort(p[upper], kind="stable")]) >= -1e-15)


def test_none_leaves_everything():
    m = moments(0)
    assert adjust_matrix(m.p_value, m.covariance, "none", rng=np.random.default_rng(0)) == pytest.approx(m.p_value)


@pytest.mark.parametrize("method", ["holm", "bh"])
def test_matrix_is_the_vector_over_pairs(method):
    m = moments(1)
    p = m.p_value.copy()
    p[0, 3] = p[3, 0] = np.nan
    q = adjust_matrix(p, m.covariance, method, rng=np.random.default_rng(0))
    upper = np.triu_indices(len(p), 1)
    usable = np.isfinite(p[upper])
    name = {"holm": "holm", "bh": "fdr_bh"}[method]
    assert q[upper][usable] == pytest.approx(multipletests(p[upper][usable], method=name)[1], rel=1e-12)
    assert np.isnan(q[0, 3])
    assert np.isnan(q[3, 0])


@pytest.mark.parametrize("seed", range(5))
def test_one_pair_alone_keeps_its_p_value(seed):
    m = moments(seed, models=2)
    q = max_t(m.p_value, m.covariance, rng=np.random.default_rng(0))[0, 1]
    p = m.p_value[0, 1]
    assert p <= q <= p + 5 * math.sqrt(p * (1 - p) / adjust.DRAWS) + 2 / adjust.DRAWS


@pytest.mark.parametrize("models", [3, 5, 13])
def test_max_t_is_romano_and_wolfs_step_down_by_brute_force(models):
    m = moments(3, models=models)
    draws = 400
    p, v = m.p_value, m.covariance
    found = max_t(p, v, rng=np.random.default_rng(5), draws=draws)
    values, vectors = np.linalg.eigh(v)
    root = (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    means = root @ np.random.default_rng(5).standard_normal((models, draws), dtype=np.float32)
    pairs = sorted(itertools.combinations(range(models), 2), key=lambda pair: p[pair])
    z = np.array([np.abs(means[i] - means[j]) / math.sqrt(v[i, i] + v[j, j] - 2 * v[i, j]) for i, j in pairs])
    largest = 0.0
    for k, (i, j) in enumerate(pairs):
        observed = -special.ndtri(p[i, j] / 2)
        exceed = sum(max(z[k:, draw]) >= observed for draw in range(draws))
        largest = max(largest, (1 + exceed) / (draws + 1), p[i, j])
        assert found[i, j] == pytest.approx(min(largest, 1), abs=1.5 / draws)  # one draw may round the other way


def test_max_t_is_kinder_than_holm_to_models_that_hang_together():
    rng = np.random.default_rng(0)
    item = rng.random((200, 1))
    x = (item < np.linspace(0.45, 0.55, 12)).astype(float)
    flip = rng.random(x.shape) < 0.03
    m = pair_moments(np.where(flip, 1 - x, x))
    p = m.p_value
    q = max_t(p, m.covariance, rng=np.random.default_rng(0))
    h = adjust_matrix(p, m.covariance, "holm", rng=np.random.default_rng(0))
    assert (q <= 0.05).sum() >= (h <= 0.05).sum()
    assert np.mean(q) < np.mean(h)


def test_the_same_seed_gives_the_same_answer():
    m = moments(2)
    one, two = (max_t(m.p_value, m.covariance, rng=np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)


def test_pairs_without_p_value_stay_without_and_do_not_count():
    m = moments(4)
    p = m.p_value.copy()
    p[0, :] = p[:, 0] = np.nan
    q = max_t(p, m.covariance, rng=np.random.default_rng(0))
    assert np.isnan(q[0, 1:]).all()
    rest = max_t(p[1:, 1:], m.covariance[1:, 1:], rng=np.random.default_rng(0))
    assert q[1:, 1:] == pytest.approx(rest, abs=0.03)
    assert q[0, 0] == 1


def test_nothing_to_correct():
    p = np.array([[1.0, np.nan], [np.nan, 1.0]])
    for method in ("max-t", "holm", "bh"):
        q = adjust_matrix(p, np.full((2, 2), np.nan), method, rng=np.random.default_rng(0))
        assert np.isnan(q[0, 1])
        assert q[0, 0] == 1


def test_where_all_pairs_are_far_apart_each_gets_the_smallest_p_value_there_is():
    x = (np.random.default_rng(0).random((500, 3)) < (0.05, 0.5, 0.95)).astype(float)
    m = pair_moments(x)
    q = max_t(m.p_value, m.covariance, rng=np.random.default_rng(0))
    assert q[np.triu_indices(3, 1)] == pytest.approx(1 / (adjust.DRAWS + 1))


def test_identical_models_stay_at_one():
    x = np.random.default_rng(0).integers(0, 2, (40, 1)).astype(float)
    m = pair_moments(np.hstack([x, x, 1 - x]))
    q = max_t(m.p_value, m.covariance, rng=np.random.default_rng(0))
    assert q[0, 1] == 1
    assert np.isfinite(q).all()


@pytest.mark.parametrize(("n", "n_clusters"), [(200, 0), (200, 40)], ids=["200 items", "200 items in 40 clusters"])
def test_ten_equal_models_are_seldom_told_apart(n, n_clusters):
    rng = np.random.default_rng(42)
    worlds = 300
    clusters = (np.repeat(np.arange(n_clusters), n // n_clusters),) if n_clusters else ()
    wrong = 0
    for _ in range(worlds):
        chance = np.clip(rng.beta(2, 2, (n, 1)) + np.zeros((n, 10)), 0, 1)
        if clusters:
            chance = np.clip(chance + rng.normal(0, 0.25, (n_clusters, 10))[clusters[0]], 0, 1)
        m = pair_moments((rng.random((n, 10)) < chance).astype(float), clusters=clusters)
        wrong += max_t(m.p_value, m.covariance, rng=rng, draws=2_000).min() <= 0.05
    assert wrong / worlds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / worlds)


@pytest.mark.xfail(strict=True, reason="normal draws know too little of 6 clusters: 22 % of null boards, Holm 3 %")
def test_twenty_equal_models_in_six_clusters_are_seldom_told_apart():
    rng = np.random.default_rng(43)
    worlds, models, cluster = 150, 20, np.repeat(np.arange(6), 20)
    wrong = 0
    for _ in range(worlds):
        chance = 0.6 * rng.beta(2, 2, (6, 1)) + 0.4 * rng.beta(2, 2, (6, models))
        m = pair_moments((rng.random((len(cluster), models)) < chance[cluster]).astype(float), clusters=[cluster])
        wrong += max_t(m.p_value, m.covariance, rng=rng, draws=2_000).min() <= 0.05
    assert wrong / worlds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / worlds)
