"""Item analysis: separation, discrimination, detectable differences and reliability, by loops, pandas and SciPy."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics import item_analysis
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.item_analysis import discrimination, halves, reliability, resolution, separation
from method_cases import codes
from trials import draws


def scores(seed, n=40, models=12, holes=0.0, fractions=False):
    """Items × models of different difficulty and ability; the last item is worst for the best models."""
    rng = np.random.default_rng(seed)
    ability, hard = np.sort(rng.normal(0, 1.2, models)), rng.normal(0, 1, (n, 1))
    x = (rng.random((n, models)) < 1 / (1 + np.exp(hard - ability))).astype(float)
    if fractions:
        x = (x + rng.integers(0, 3, x.shape)) / 3
    x[-1] = np.arange(models) < models // 2
    x[rng.random(x.shape) < holes] = np.nan
    return x


matrices = st.builds(
    scores,
    st.integers(0, 10_000),
    n=st.integers(2, 30),
    models=st.integers(3, 14),
    holes=st.sampled_from([0.0, 0.0, 0.15]),
    fractions=st.booleans(),
)


def same(a, b, tolerance=1e-9):
    assert np.allclose(np.asarray(a, dtype=float), np.asarray(b, dtype=float), rtol=0, atol=tolerance, equal_nan=True)


# which items separate


def test_items_are_classified_as_separating_all_solved_or_none_solved():
    nan = math.nan
    x = np.array(
        [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [0, 1, 0], [nan, 1, 1], [nan, nan, 1], [nan] * 3, [0, nan, 0.5]]
    )
    found = separation(x, bounded=True)
    assert found.nobody.tolist() == [True, *[False] * 7]
    assert found.everybody.tolist() == [False, True, False, False, True, False, False, False]
    assert found.alike.tolist() == [True, True, True, False, True, False, False, False]
    assert found.separating.tolist() == [False, False, False, True, False, False, False, True]
    assert found.answered.tolist() == [3, 3, 3, 3, 2, 1, 0, 2]
    same(found.mean, [0, 1, 0.5, 1 / 3, 1, 1, nan, 0.25])


def test_lower_is_better_swaps_all_solved_and_none_solved():
    x = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    found = separation(x, bounded=True, lower_is_better=True)
    assert found.everybody.tolist() == [True, False, False]
    assert found.nobody.tolist() == [False, True, False]


def test_an_unbounded_scale_has_no_all_solved_items():
    found = separation(np.array([[0.0, 0.0], [1.0, 1.0], [-3.0, 7.0]]), bounded=False)
    assert not found.nobody.any()
    assert not found.everybody.any()
    assert found.alike.tolist() == [True, True, False]


def test_scores_equal_up_to_rounding_do_not_separate():
    found = separation(np.array([[0.1 + 0.2, 0.3], [1 / 3, 1 - 2 / 3]]), bounded=True)
    assert found.alike.all()


# items against the others


def item_rest_by_pandas(x):
    """Each item with the mean deviation of the others, number by number where scores are missing."""
    frame = pd.DataFrame(x)
    apart = frame.sub(frame.mean(axis=1), axis=0)
    return np.array([frame.loc[k].corr(apart.drop(index=k).mean(), min_periods=8) for k in frame.index])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy, inside pandas, on items that are all alike
@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize("fractions", [False, True])
def test_item_rest_correlations_equal_those_of_pandas(holes, fractions):
    for seed in range(4):
        x = scores(seed, holes=holes, fractions=fractions)
        same(discrimination(x).correlation, item_rest_by_pandas(x))


def test_without_missing_scores_the_rest_score_is_the_mean_of_other_items():
    x = scores(5)
    varies = np.flatnonzero(np.ptp(x, axis=1) > 0)
    expected = [np.corrcoef(x[k], np.delete(x, k, axis=0).mean(axis=0))[0, 1] for k in varies]
    same(discrimination(x).correlation[varies], expected)


def test_integer_weights_equal_repeated_items():
    x, times = scores(6), np.arange(40) % 3 + 1.0
    found = discrimination(x, weights=times).correlation
    for k in range(40):
        rest = np.average(np.delete(x, k, axis=0), axis=0, weights=np.delete(times, k))
        if np.ptp(x[k]) > 0:
            assert found[k] == pytest.approx(np.corrcoef(x[k], rest)[0, 1], abs=1e-12)


def test_discrimination_p_values_are_one_sided_t_and_corrected_over_items():
    x = scores(7, models=30, fractions=True)
    found = discrimination(x)
    known = np.isfinite(found.correlation)
    for k in np.flatnonzero(known):
        expected = stats.pearsonr(x[k], np.delete(x, k, axis=0).mean(axis=0), alternative="less").pvalue
        two = set(x[k]) == {0.0, 1.0}
        rarest = 1 / math.comb(30, int(x[k].sum())) if two else 0.0
        assert found.p_value[k] == pytest.approx(max(expected, rarest), rel=1e-9)
    same(found.p_adjusted[known], stats.false_discovery_control(found.p_value[known]))
    assert found.p_adjusted[-1] == np.nanmin(found.p_adjusted) < 0.05


def test_an_item_solved_by_the_weakest_model_only_is_not_significant():
    x = np.concatenate([np.ones((30, 1)), np.zeros((30, 1))], axis=1)[:, [0] * 19 + [1]]
    x[::3, :5] = 0.0
    x[-1] = np.arange(20) == 19
    assert discrimination(x).correlation[-1] < -0.8
    assert discrimination(x).p_value[-1] == pytest.approx(1 / 20)


def test_item_discrimination_needs_8_models():
    found = discrimination(scores(1, models=7))
    assert np.isnan([found.correlation, found.p_value, found.p_adjusted]).all()
    assert np.isfinite(discrimination(scores(1, models=8)).correlation).any()


def test_unrelated_items_keep_the_type_i_error_of_discrimination():
    rng = np.random.default_rng(11)
    x = (rng.random((4000, 24)) < rng.random((4000, 1))).astype(float)
    p = discrimination(x).p_value
    p = p[np.isfinite(p)]
    for size in (0.05, 0.01):
        assert (p <= size).mean() < size + 4 * math.sqrt(size / len(p))


@given(matrices)
def test_a_constant_item_does_not_change_other_correlations(x):
    x = np.nan_to_num(x)
    more = np.concatenate([x, np.ones((1, x.shape[1]))])
    same(discrimination(more).correlation[:-1], discrimination(x).correlation, 1e-7)
    assert np.isnan(discrimination(more).correlation[-1])


@given(matrices, st.floats(0.1, 50), st.floats(-100, 100))
def test_correlations_do_not_depend_on_the_scale_of_scores(x, factor, shift):
    moved = discrimination(factor * x + shift)
    same(moved.correlation, discrimination(x).correlation, 1e-6)
    turned = discrimination(-x)
    same(turned.correlation, discrimination(x).correlation, 1e-7)


# gaps


@pytest.mark.parametrize("clustered", [False, True])
def test_planned_gaps_are_medians_over_pairs(clustered):
    x = scores(8, models=6)[:, ::-1]
    groups = [codes(np.arange(40) // 4)] if clustered else []
    pairs = pair_moments(x, clusters=groups, score=False)
    found = resolution(pairs, 0.9)
    smallest, planned = [], []
    for i, j in itertools.combinations(range(6), 2):
        d = x[:, i] - x[:, j]
        cells = d.reshape(10, 4).mean(axis=1) if clustered else d
        se, df = stats.sem(cells), len(cells) - 1
        smallest.append(stats.t.ppf(0.95, df) * se)
        planned.append((stats.t.ppf(0.95, df) + stats.t.ppf(0.8, df)) * se)
    assert found.smallest_gap == pytest.approx(np.median(smallest), rel=1e-9)
    assert found.planned_gap == pytest.approx(np.median(planned), rel=1e-9)
    means = x.mean(axis=0)
    assert found.neighbours == (np.abs(np.diff(means)) > found.smallest_gap).sum()


def test_the_planned_difference_is_detected_with_80_percent_power():
    rng, n, gap_found, trials = np.random.default_rng(3), 200, 0, draws(500, 2_000)
    pairs = pair_moments(rng.normal(0, 1, (n, 2)), score=False)
    gap = resolution(pairs, 0.95).planned_gap / math.sqrt(pairs.variance[0, 1]) * math.sqrt(2 / n)
    for _ in range(trials):
        gap_found += stats.ttest_1samp(rng.normal(gap, math.sqrt(2), n), 0).pvalue < 0.05
    assert gap_found / trials == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / trials))


def test_one_model_has_no_planned_gap():
    found = resolution(pair_moments(np.array([[1.0], [0.0]])), 0.95)
    assert math.isnan(found.smallest_gap)
    assert math.isnan(found.planned_gap)
    assert found.neighbours == 0


# reliability


def split_halves_by_loop(x, groups, splits, seed, weights=None):
    """Every half one by one: plain means over the items of each half, numpy's and scipy's correlations."""
    weights = np.ones(len(x)) if weights is None else weights
    pearson, spearman = [], []
    n_groups = groups.max() + 1
    for half in np.concatenate(list(halves(n_groups, np.random.default_rng(seed), splits))):
        first = half[groups] > 0
        a = np.average(x[first], axis=0, weights=weights[first])
        b = np.average(x[~first], axis=0, weights=weights[~first])
        if np.ptp(a) and np.ptp(b):
            pearson.append(np.corrcoef(a, b)[0, 1])
            spearman.append(stats.spearmanr(np.round(a, 10), np.round(b, 10)).statistic)
    return [2 * r / (1 + r) for r in (np.median(pearson), np.median(spearman))]


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_split_half_reliability_equals_an_explicit_loop(clustered, weighted):
    for seed in range(3):
        x = scores(seed, fractions=seed == 2)
        groups = codes(np.random.default_rng(seed).integers(0, 9, 40)) if clustered else None
        weights = np.random.default_rng(seed).uniform(0.5, 2, 40) if weighted else None
        found = reliability(x, clusters=groups, weights=weights, rng=np.random.default_rng(4), splits=60)
        expected = split_halves_by_loop(x, np.arange(40) if groups is None else groups, 60, 4, weights)
        assert [found.scores, found.places] == pytest.approx(expected, abs=1e-9)


def test_random_halves_contain_half_of_the_units_in_every_block(monkeypatch):
    monkeypatch.setattr(item_analysis, "BLOCK_CELLS", 50)
    blocks = list(halves(9, np.random.default_rng(0), 23))
    assert len(blocks) == 5
    all_halves = np.concatenate(blocks)
    assert all_halves.shape == (23, 9)
    assert (all_halves.sum(axis=1) == 4).all()
    assert len(np.unique(all_halves, axis=0)) > 10


def cronbach_by_covariance(x):
    """k / (k − 1) (1 − trace / sum) of the items' covariance matrix over models."""
    covariance = np.cov(x)
    return len(x) / (len(x) - 1) * (1 - np.trace(covariance) / covariance.sum())


def test_cronbachs_alpha_equals_its_formula_and_kr20():
    x = scores(9)
    found = reliability(x, rng=np.random.default_rng(0)).items
    assert found == pytest.approx(cronbach_by_covariance(x), rel=1e-12)
    p, total = x.mean(axis=1), x.sum(axis=0)
    assert found == pytest.approx(40 / 39 * (1 - (p * (1 - p)).sum() / total.var()), rel=1e-12)


def test_cronbachs_alpha_is_the_mean_over_all_split_halves():
    x = scores(10, n=8, fractions=True)
    total = x.sum(axis=0).var(ddof=1)
    coefficients = []
    for first in itertools.combinations(range(8), 4):
        a, b = x[list(first)].sum(axis=0), np.delete(x, first, axis=0).sum(axis=0)
        coefficients.append(4 * np.cov(a, b)[0, 1] / total)
    assert reliability(x, rng=np.random.default_rng(0)).items == pytest.approx(np.mean(coefficients), rel=1e-12)


def test_cronbachs_alpha_uses_items_that_all_models_answered():
    x = scores(12)
    x[:10, 3] = np.nan
    found = reliability(x, rng=np.random.default_rng(0))
    assert found.n_complete == 30
    assert found.items == pytest.approx(cronbach_by_covariance(x[10:]), rel=1e-12)
    x[:25, 4] = np.nan  # a model that lacks most items is left out
    assert reliability(x, rng=np.random.default_rng(0)).n_complete == 30


def test_missing_scores_change_split_half_reliability_little():
    x = scores(13, n=400, models=20)
    plain = reliability(x, rng=np.random.default_rng(0))
    x[np.random.default_rng(1).random(x.shape) < 0.1] = np.nan
    found = reliability(x, rng=np.random.default_rng(0))
    assert found.scores == pytest.approx(plain.scores, abs=0.02)
    assert found.places == pytest.approx(plain.places, abs=0.03)


def test_reliability_predicts_the_correlation_with_a_second_set_of_items():
    rng = np.random.default_rng(5)
    ability, hard = rng.normal(0, 0.35, 400), rng.normal(0, 1, (120, 1))
    first, second = ((rng.random((60, 400)) < 1 / (1 + np.exp(h - ability))) * 1.0 for h in (hard[:60], hard[60:]))
    found = reliability(first, rng=rng)
    truth = np.corrcoef(first.mean(axis=0), second.mean(axis=0))[0, 1]
    assert found.scores == pytest.approx(truth, abs=0.08)
    assert found.items == pytest.approx(truth, abs=0.08)


def test_correlated_clusters_lower_split_half_reliability_but_not_alpha():
    rng = np.random.default_rng(6)
    x = np.repeat(rng.integers(0, 2, (20, 15)), 6, axis=0).astype(float)
    groups = codes(np.arange(120) // 6)
    found = reliability(x, clusters=groups, rng=np.random.default_rng(0))
    assert found.items > 0.8
    assert found.scores < 0.6


@given(matrices, st.integers(0, 1000))
def test_alpha_is_invariant_to_relabelling_models_and_constant_items(x, seed):
    x = np.nan_to_num(x)
    columns = np.random.default_rng(seed).permutation(x.shape[1])
    plain = reliability(x, rng=np.random.default_rng(0))
    moved = reliability(x[:, columns], rng=np.random.default_rng(0))
    for a, b in ((plain.scores, moved.scores), (plain.places, moved.places)):
        same(a / (2 - a), b / (2 - b), 1e-7)  # the correlation before it is stepped up
    same(plain.items, moved.items, 1e-7)
    more = reliability(np.concatenate([x, np.full((1, x.shape[1]), 0.3)]), rng=np.random.default_rng(0))
    n = len(x)
    same(more.items, plain.items * (n + 1) / n * (n - 1) / n, 1e-7)  # k / (k − 1) of k items and of one more


@pytest.mark.parametrize(
    "x",
    [
        scores(0, models=2),
        scores(0, n=1),
        np.ones((10, 5)),
        np.full((10, 5), 0.1),
        np.full((10, 5), np.nan),
        np.zeros((0, 4)),
        np.where(np.eye(6) > 0, 0.7, np.nan),
    ],
    ids=["two models", "one item", "all right", "all the same", "nothing", "no items", "one score each"],
)
def test_equal_models_have_no_reliability(x):
    found = reliability(x, rng=np.random.default_rng(0))
    assert np.isnan([found.scores, found.places, found.items]).all()
    assert np.isnan(discrimination(x).correlation).all()


def test_one_cluster_has_no_split_half_reliability():
    found = reliability(scores(1), clusters=np.zeros(40, dtype=np.int64), rng=np.random.default_rng(0))
    assert math.isnan(found.scores)
    assert math.isfinite(found.items)


def test_fast_split_halves_of_many_clusters_equal_slow_ones(monkeypatch):
    """Their median correlations are those of halves drawn one cluster at a time, within the noise of 400 halves."""
    rng = np.random.default_rng(3)
    x = (rng.random((1_500, 6)) < np.linspace(0.4, 0.6, 6)).astype(float)
    x[rng.random(x.shape) < 0.05] = np.nan
    one, other = np.random.default_rng(1), np.random.default_rng(2)
    slow = reliability(x, rng=one, splits=400)
    monkeypatch.setattr(item_analysis, "MANY_CLUSTERS", 100)
    fast = reliability(x, rng=other, splits=400)
    assert (fast.scores, fast.places) == pytest.approx((slow.scores, slow.places), abs=0.04)
    assert (fast.items, fast.n_complete) == (slow.items, slow.n_complete)


def test_real_valued_scores_are_split_cluster_by_cluster(monkeypatch):
    """Each cluster would be a kind of its own."""
    x = np.random.default_rng(3).random((900, 4))
    slow = reliability(x, rng=np.random.default_rng(1))
    monkeypatch.setattr(item_analysis, "MANY_CLUSTERS", 100)
    monkeypatch.setattr(item_analysis, "BLOCK_CELLS", 100_000)
    found = reliability(x, rng=np.random.default_rng(1))
    assert (found.scores, found.places) == pytest.approx((slow.scores, slow.places), rel=1e-12)


def test_distinct_kinds_of_clusters_add_up_to_all_clusters():
    rng = np.random.default_rng(0)
    sums, sizes = rng.integers(0, 2, (500, 3)).astype(float), rng.integers(0, 2, (500, 3)).astype(float)
    kinds, held, copies = item_analysis._kinds(sums, sizes)
    every = np.unique(np.column_stack([sums, sizes]), axis=0)
    assert sorted(map(tuple, np.column_stack([kinds, held]).tolist())) == sorted(map(tuple, every.tolist()))
    assert copies.sum() == 500
    assert copies @ kinds == pytest.approx(sums.sum(axis=0))
