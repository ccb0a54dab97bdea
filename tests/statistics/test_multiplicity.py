"""Corrections for multiple pairs: statsmodels, enumerated sign flips, and familywise error in simulations."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.max_t import DRAWS, max_t
from howsure.statistics.multiplicity import adjust_pairs, benjamini_hochberg, holm, usable_adjustment
from method_cases import long_way
from trials import draws

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


def moments(seed, n=60, models=6, spread=0.15):
    rng = np.random.default_rng(seed)
    x = (rng.random((n, models)) < 0.5 + spread * np.linspace(1, -1, models) + rng.normal(0, 0.2, (n, 1))).astype(float)
    return pair_moments(x)


@pytest.mark.unmeasured  # statsmodels is slow where it is measured
@settings(max_examples=draws(4, 100))
@given(p_values)
def test_holm_and_benjamini_hochberg_equal_statsmodels(p):
    for mine, name in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        assert mine(p) == pytest.approx(multipletests(p, method=name)[1], rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("method", ["max-t", "holm", "bh"])
@pytest.mark.parametrize("seed", range(draws(2, 4)))
def test_corrected_p_values_are_symmetric_monotone_and_never_smaller(method, seed):
    m = moments(seed)
    p = m.p_value
    q = adjust_pairs(m, method, rng=np.random.default_rng(0))
    assert usable_adjustment(m, method) == method
    assert np.array_equal(q, q.T)
    assert np.all(np.diag(q) == 1)
    assert np.all(q >= p)
    assert np.all(q <= 1)
    upper = np.triu_indices(len(p), 1)
    assert np.all(np.diff(q[upper][np.argsort(p[upper], kind="stable")]) >= -1e-15)


@pytest.mark.parametrize("sizes", [(5,) * 14, (40, 12, 9, 6, 5, 4, 3, 2, 1), (3,) * 50])
@pytest.mark.parametrize("flips", [64, 10_000])
def test_max_t_by_pair_sums_agrees_with_max_t_by_model_sums(monkeypatch, sizes, flips):
    """Flips that tie with what was seen may fall on either side of it by rounding: few, and not far."""
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    x = (rng.random((len(groups), 12)) < np.linspace(0.75, 0.25, 12)).astype(float)
    m = pair_moments(x, clusters=(groups,))
    found = []
    for clusters in (0, len(sizes) + 2):  # with lone items
        monkeypatch.setattr("howsure.statistics.max_t.FEW_CLUSTERS", clusters)
        found.append(max_t(m.p_value, m.flips, rng=np.random.default_rng(0), draws=flips))
    assert found[0] == pytest.approx(found[1], abs=2 / min(flips, 2 ** (len(sizes) - 1)))
    assert (found[0] != found[1]).mean() < 0.05


def test_correction_none_returns_the_p_values():
    m = moments(0)
    assert adjust_pairs(m, "none", rng=np.random.default_rng(0)) == pytest.approx(m.p_value)


@pytest.mark.parametrize("method", ["holm", "bh"])
def test_corrections_of_a_matrix_equal_those_of_its_usable_pairs(method):
    x = np.random.default_rng(1).integers(0, 2, (60, 6)).astype(float)
    x[:30, 0], x[30:, 3] = np.nan, np.nan  # these two share no item
    m = pair_moments(x)
    p = m.p_value
    q = adjust_pairs(m, method, rng=np.random.default_rng(0))
    upper = np.triu_indices(len(p), 1)
    usable = np.isfinite(p[upper])
    name = {"holm": "holm", "bh": "fdr_bh"}[method]
    assert q[upper][usable] == pytest.approx(multipletests(p[upper][usable], method=name)[1], rel=1e-12)
    assert np.isnan(q[0, 3])
    assert np.isnan(q[3, 0])


@pytest.mark.parametrize("seed", range(2))
def test_a_single_pair_is_not_corrected(seed):
    m = moments(seed, models=2)
    assert np.array_equal(max_t(m.p_value, m.flips, rng=np.random.default_rng(0)), m.p_value)


@pytest.mark.parametrize("score", [True, False])
@pytest.mark.parametrize("sizes", [(6,) * 8, (3, 9, 4, 12, 5, 2, 7, 6)], ids=["equal", "unequal"])
def test_max_t_equals_step_down_over_all_enumerated_sign_flips(sizes, score):
    rng = np.random.default_rng(7)
    cluster = np.repeat(np.arange(8), sizes)
    x = (rng.random((len(cluster), 4)) < (0.2, 0.45, 0.5, 0.9)).astype(float)
    m = pair_moments(x, clusters=[cluster], score=score)
    found = max_t(m.p_value, m.flips, rng=rng)
    sums = np.array([x[cluster == g].sum(axis=0) for g in range(8)])
    counts = np.array([*sizes, *([1, 1] if score else [])], dtype=float)
    inflation = 1 / (1 - counts / counts.sum())
    pairs = list(itertools.combinations(range(4), 2))

    def pivot(i, j, flip):
        d = flip * np.array([*(sums[:, i] - sums[:, j]), *([1, -1] if score else [])])
        return abs(d.sum()) / math.sqrt(float(inflation @ (d - counts * d.sum() / counts.sum()) ** 2))

    flips = [np.array(signs) for signs in itertools.product((1, -1), repeat=len(counts))]
    pivots = {pair: np.array([pivot(*pair, flip) for flip in flips]) for pair in pairs}
    observed = {pair: pivots[pair][0] for pair in pairs}
    if score:  # each pair's own pivot, as the t that has its p-value among flips of pseudo-items of weight 1
        df = long_way(np.zeros(int(counts.sum())), np.repeat(np.arange(len(counts)), counts.astype(int)))[2]
        observed = {pair: stats.t.isf(m.p_value[pair] / 2, df) for pair in pairs}
    pairs.sort(key=lambda pair: -observed[pair])
    stepped = 0.0
    for k, pair in enumerate(pairs):
        largest = np.max([pivots[rest] for rest in pairs[k:]], axis=0)
        stepped = max(stepped, float(np.mean(largest >= observed[pair] * (1 - 1e-6))), m.p_value[pair])
        assert found[pair] == pytest.approx(stepped, abs=3 / len(flips))


def test_normal_draws_for_many_clusters_agree_with_sign_flips(monkeypatch):
    m = moments(3, n=400, models=8, spread=0.06)
    normal = max_t(m.p_value, m.flips, rng=np.random.default_rng(0))
    monkeypatch.setattr("howsure.statistics.sign_flips.MANY_CLUSTERS", 10**9)
    flipped = max_t(m.p_value, m.flips, rng=np.random.default_rng(1))
    assert normal == pytest.approx(flipped, abs=0.03)


def test_max_t_with_two_clusterings_falls_back_to_holm():
    x = np.random.default_rng(0).integers(0, 2, (60, 4)).astype(float)
    codes = np.arange(60)
    m = pair_moments(x, clusters=[codes // 6, codes % 6])
    q = adjust_pairs(m, "max-t", rng=np.random.default_rng(0))
    assert usable_adjustment(m, "max-t") == "holm"
    assert q == pytest.approx(adjust_pairs(m, "holm", rng=np.random.default_rng(0)))


def test_max_t_rejects_more_than_holm_for_correlated_models():
    rng = np.random.default_rng(0)
    item = rng.random((200, 1))
    x = (item < np.linspace(0.45, 0.55, 12)).astype(float)
    flip = rng.random(x.shape) < 0.03
    m = pair_moments(np.where(flip, 1 - x, x))
    p = m.p_value
    q = max_t(p, m.flips, rng=np.random.default_rng(0))
    h = adjust_pairs(m, "holm", rng=np.random.default_rng(0))
    assert (q <= 0.05).sum() >= (h <= 0.05).sum()
    assert np.mean(q) < np.mean(h)


def test_max_t_is_reproducible_by_seed():
    m = moments(2)
    one, two = (max_t(m.p_value, m.flips, rng=np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)


def test_pairs_without_p_value_are_not_counted():
    m = moments(4)
    p = m.p_value.copy()
    p[0, :] = p[:, 0] = np.nan
    q = max_t(p, m.flips, rng=np.random.default_rng(0))
    assert np.isnan(q[0, 1:]).all()
    rest = max_t(p[1:, 1:], m.flips.take(range(1, len(p))), rng=np.random.default_rng(0))
    assert q[1:, 1:] == pytest.approx(rest, abs=0.03)
    assert q[0, 0] == 1


def test_boards_without_any_p_value_stay_without():
    m = pair_moments(np.array([[1.0, np.nan], [np.nan, 1.0], [0.0, np.nan], [np.nan, 0.0]]))
    for method in ("max-t", "holm", "bh"):
        q = adjust_pairs(m, method, rng=np.random.default_rng(0))
        assert np.isnan(q[0, 1])
        assert q[0, 0] == 1


def test_clearly_different_pairs_get_the_smallest_possible_p_value():
    x = (np.random.default_rng(0).random((500, 3)) < (0.05, 0.5, 0.95)).astype(float)
    m = pair_moments(x)
    q = max_t(m.p_value, m.flips, rng=np.random.default_rng(0))
    assert q[np.triu_indices(3, 1)] == pytest.approx(1 / (DRAWS + 1))


def test_identical_models_keep_p_value_1():
    x = np.random.default_rng(0).integers(0, 2, (40, 1)).astype(float)
    m = pair_moments(np.hstack([x, x, 1 - x]))
    q = max_t(m.p_value, m.flips, rng=np.random.default_rng(0))
    assert q[0, 1] == 1
    assert np.isfinite(q).all()


@pytest.mark.parametrize(("n", "n_clusters"), [(200, 0), (200, 40)], ids=["200 items", "200 items in 40 clusters"])
def test_max_t_keeps_the_familywise_error_for_ten_equal_models(n, n_clusters):
    rng = np.random.default_rng(42)
    worlds = draws(60, 300)
    clusters = (np.repeat(np.arange(n_clusters), n // n_clusters),) if n_clusters else ()
    wrong = 0
    for _ in range(worlds):
        chance = np.clip(rng.beta(2, 2, (n, 1)) + np.zeros((n, 10)), 0, 1)
        if clusters:
            chance = np.clip(chance + rng.normal(0, 0.25, (n_clusters, 10))[clusters[0]], 0, 1)
        m = pair_moments((rng.random((n, 10)) < chance).astype(float), clusters=clusters)
        wrong += max_t(m.p_value, m.flips, rng=rng, draws=2_000).min() <= 0.05
    assert wrong / worlds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / worlds)


def test_max_t_keeps_the_familywise_error_for_twenty_models_in_six_clusters():
    rng = np.random.default_rng(43)
    worlds, models, cluster = draws(60, 150), 20, np.repeat(np.arange(6), 20)
    wrong = 0
    for _ in range(worlds):
        chance = 0.6 * rng.beta(2, 2, (6, 1)) + 0.4 * rng.beta(2, 2, (6, models))
        m = pair_moments((rng.random((len(cluster), models)) < chance[cluster]).astype(float), clusters=[cluster])
        wrong += max_t(m.p_value, m.flips, rng=rng, draws=2_000).min() <= 0.05
    assert wrong / worlds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / worlds)


@pytest.mark.parametrize(("holes", "most"), [(0.5, 0.05), (0.8, 0.095)])
def test_max_t_keeps_the_familywise_error_with_missing_scores_up_to_9_5_percent(holes, most):
    """Where four of five cells are missing pairs share six items, and flips of all items are a little too quick."""
    rng = np.random.default_rng(44)
    worlds, wrong = draws(60, 200), 0
    for _ in range(worlds):
        x = rng.normal(size=(150, 8)) + rng.normal(size=(150, 1))
        m = pair_moments(np.where(rng.random(x.shape) < holes, np.nan, x), score=False)
        wrong += np.nanmin(max_t(m.p_value, m.flips, rng=rng, draws=1_000)) <= 0.05
    assert wrong / worlds <= most + 3 * math.sqrt(most * (1 - most) / worlds)


@pytest.mark.parametrize(("n", "clusters"), [(120, 40), (120, 0), (400, 0), (600, 233)])
def test_results_hang_on_no_order_of_models_items_or_clusters(n, clusters):
    """Random signs, and normal draws from 300 clusters on, are given to what clusters and models hold, not to their place."""
    rng = np.random.default_rng(n + clusters)
    x = (rng.random((n, 6)) < rng.uniform(0.45, 0.6, 6)).astype(float)
    codes = rng.integers(0, clusters, n) if clusters else None
    models, items, names = rng.permutation(6), rng.permutation(n), rng.permutation(max(clusters, 1))

    def corrected(x, codes):
        given = () if codes is None else (np.unique(codes, return_inverse=True)[1],)
        return adjust_pairs(pair_moments(x, clusters=given), "max-t", rng=np.random.default_rng(0))

    moved = corrected(x[items][:, models], None if codes is None else names[codes[items]])
    assert moved == pytest.approx(corrected(x, codes)[np.ix_(models, models)], abs=3e-4)
