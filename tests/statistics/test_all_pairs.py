"""Moments and p-values of all pairs at once equal those of one pair at a time and of difference()."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from howsure.statistics.all_pairs import events_of, pair_moments, ragged_moments
from howsure.statistics.difference import difference
from howsure.statistics.mcnemar import midp_values
from method_cases import codes, long_way, score_pivot, variance_at
from trials import draws

MODELS = 5
VARIANCES = ("CR2", "CR1", "miller")


def scores(seed, n=36, holes=0.0, fractions=False):
    """Items × models, a share of cells missing; some columns alike so that pairs differ in how much they share."""
    rng = np.random.default_rng(seed)
    ability, item = rng.uniform(0.3, 0.8, MODELS), rng.normal(0, 0.2, (n, 1))
    x = (rng.random((n, MODELS)) < ability + item).astype(float)
    if fractions:
        x = (x + rng.integers(0, 3, x.shape)) / 3
    x[rng.random(x.shape) < holes] = np.nan
    return x


def design(seed, n=36, ways=0, weighted=False):
    rng = np.random.default_rng(1000 + seed)
    clusters = tuple(codes(rng.integers(0, count, n)) for count in (9, 7)[:ways])
    return clusters, rng.uniform(0.4, 3, n) if weighted else None


def upper(matrix):
    return np.asarray(matrix)[np.triu_indices(MODELS, 1)]


@pytest.mark.parametrize("score", [True, False])
@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("kind", ["CR2", "CR1"])
def test_every_pair_equals_the_explicit_formula_on_its_differences(kind, grouped, holes, score):
    for seed in range(draws(2, 5)):
        x = scores(seed, holes=holes, fractions=seed % 2 == 0)
        clusters, _ = design(seed, ways=int(grouped))
        found = pair_moments(x, clusters=clusters, variance=kind, score=score)
        for i, j in itertools.combinations(range(MODELS), 2):
            shared = ~np.isnan(x[:, i] - x[:, j])
            d, own = (x[:, i] - x[:, j])[shared], tuple(codes(c[shared]) for c in clusters)
            value, plain, df = long_way(d, own[0] if own else None, kind=kind)
            assert found.difference[i, j] == pytest.approx(value, abs=1e-13)
            assert found.variance[i, j] == pytest.approx(plain, rel=1e-10)
            assert found.shared[i, j] == shared.sum()
            pivot = score_pivot(d, own, kind=kind)
            if score:
                one = found.at((i, j))
                told = (one.item_variance, one.room, one.event, one.averaged, one.skew)
                assert [float(each) for each in told] == pytest.approx(pivot[3:], rel=1e-9, abs=1e-12)
                plain = variance_at(pivot, 0.0)
            assert found.df[i, j] == pytest.approx(df, rel=1e-10)
            p = 2 * stats.t.sf(abs(value) / math.sqrt(plain), df)
            if score and not own and np.isin(d, (-1, 0, 1)).all():
                p = max(p, float(midp_values((d > 0).sum(), (d < 0).sum())))
            assert found.p_value[i, j] == pytest.approx(p, rel=1e-6)


CASES = list(itertools.product(VARIANCES, (0, 1, 2), (False, True), (0.0, 0.2)))


@pytest.mark.parametrize(("variance", "ways", "weighted", "holes"), draws(CASES[::5], CASES))
def test_every_pair_equals_difference(variance, ways, weighted, holes):
    x = scores(3, holes=holes)
    clusters, weights = design(3, ways=ways, weighted=weighted)
    found = pair_moments(x, clusters=clusters, weights=weights, variance=variance)
    for i, j in itertools.permutations(range(MODELS), 2):
        one = difference(x[:, i], x[:, j], clusters=clusters, weights=weights, variance=variance)
        assert found.difference[i, j] == pytest.approx(one.estimate.value, abs=1e-12)
        assert math.sqrt(found.variance[i, j]) == pytest.approx(one.estimate.se, rel=1e-10)
        assert found.spread_at()[i, j] == pytest.approx(float(one.pivot.found.spread_at()), rel=1e-10)
        assert found.df[i, j] == pytest.approx(one.pivot.df, rel=1e-10)
        assert found.p_value[i, j] == pytest.approx(one.p_value, rel=1e-9)


@pytest.mark.parametrize("score", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ways", [0, 1, 2])
@pytest.mark.parametrize("variance", VARIANCES)
def test_the_algorithm_for_missing_scores_equals_that_for_complete_scores(variance, ways, weighted, score):
    x = scores(7)
    clusters, weights = design(7, ways=ways, weighted=weighted)
    w = np.ones(len(x)) if weights is None else weights * len(x) / weights.sum()
    complete = pair_moments(x, clusters=clusters, weights=w, variance=variance, score=score)
    ragged = ragged_moments(x, clusters, w, variance, score=score, events=events_of(x, w) if score else None)
    for name in ("difference", "variance", "df", "item_variance", "room", "shared", "event", "averaged", "skew"):
        one, other = (np.broadcast_to(getattr(each, name), complete.shared.shape) for each in (ragged, complete))
        assert upper(one) == pytest.approx(upper(other), rel=1e-9, abs=1e-15), name


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_pairs_are_antisymmetric(holes):
    x = scores(5, holes=holes)
    found = pair_moments(x, clusters=design(5, ways=1)[0])
    for name, sign in (
        ("difference", -1),
        ("variance", 1),
        ("item_variance", 1),
        ("room", 1),
        ("df", 1),
        ("p_value", 1),
    ):
        matrix = getattr(found, name)
        assert upper(matrix) == pytest.approx(sign * upper(matrix.T), rel=1e-12, abs=1e-15), name
    assert np.all(np.diag(found.p_value) == 1)


@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("score", [True, False])
def test_identical_models_have_difference_0_and_p_value_1(score, holes):
    x = scores(2, holes=holes, fractions=True)
    x[:, 1] = x[:, 0]
    found = pair_moments(x, score=score)
    assert found.difference[0, 1] == 0
    assert found.variance[0, 1] == 0
    assert found.p_value[0, 1] == 1


@pytest.mark.parametrize("holes", [False, True])
def test_a_constant_difference_has_a_positive_p_value_and_an_interval(holes):
    x = np.column_stack([np.ones(50), np.zeros(50), np.ones(50)])
    if holes:
        x[0, 2] = np.nan
    found = pair_moments(x)
    assert 0 < found.p_value[0, 1] < 1e-6
    assert found.limits(0.95, reach=1.0)[0][0, 1] < 0.95


def test_an_unbounded_constant_difference_has_no_p_value():
    y = np.random.default_rng(0).normal(size=30)
    found = pair_moments(np.column_stack([y + 1, y]), score=False)
    assert math.isnan(difference(y + 1, y, bounded=False).p_value)
    assert math.isnan(found.p_value[0, 1])


@pytest.mark.parametrize("clusters", [(), (np.zeros(12, int),)], ids=["one shared item", "one cluster"])
def test_pairs_with_one_shared_item_or_cluster_have_no_p_value(clusters):
    x = scores(0, n=12)
    if not clusters:
        x[1:, 0] = np.nan
    found = pair_moments(x, clusters=clusters)
    assert np.isnan(found.p_value[0, 1:]).all()
    assert np.isnan(found.df[0, 1:]).all()
    assert np.isfinite(found.difference).all()


def test_pairs_that_share_one_cluster_have_no_p_value_by_cr1_either():
    x = scores(0, n=12)
    x[6:, 0] = np.nan
    found = pair_moments(x, clusters=[np.repeat([0, 1], 6)], variance="CR1")
    assert np.isnan(found.p_value[0, 1:]).all()
    assert np.isfinite(found.p_value[1:, 1:]).all()


def test_a_single_item_gives_no_p_value():
    found = pair_moments(np.array([[1.0, 0.0]]), score=False)
    assert np.isnan(found.p_value[0, 1])


def test_pairs_without_shared_items_have_no_p_value_and_do_not_affect_others():
    x = scores(4, n=40)
    x[:20, 0] = np.nan
    x[20:, 1] = np.nan
    found = pair_moments(x, clusters=design(4, n=40, ways=1)[0])
    assert found.shared[0, 1] == 0
    assert np.isnan(found.p_value[0, 1])
    assert np.isfinite(found.p_value[2:, :]).all()


@pytest.mark.parametrize("holes", [0, 1])
def test_missing_scores_lose_no_precision_for_scores_far_from_0(holes):
    rng = np.random.default_rng(0)
    x = 1e7 + rng.normal(size=(40, 3))
    x[:holes, 2] = np.nan
    found = pair_moments(x, score=False)
    expected = (x[:, 0] - x[:, 1]).std(ddof=1) / math.sqrt(40)
    assert found.spread_at()[0, 1] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_variance_of_ragged_scores_is_in_units_of_the_scores(scale):
    x = scores(6, holes=0.2)
    x[:, 4] = x[:, 0]  # the same answers twice
    one, other = (pair_moments(each, score=True) for each in (x, scale * x))
    assert other.item_variance == pytest.approx(scale**2 * one.item_variance, rel=1e-9)
    assert other.variance == pytest.approx(scale**2 * one.variance, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_only_single_answers_of_equal_weight_are_counted_exactly(weighted, holes):
    x = scores(6, holes=holes)
    found = pair_moments(x, weights=design(6, weighted=weighted)[1])
    assert (upper(np.broadcast_to(found.counted, found.df.shape)) == (not weighted)).all()
    w = np.ones(len(x)) if not weighted else design(6, weighted=True)[1]
    assert float(ragged_moments(x, (), w, "CR2", score=True).counted) == (not weighted)


def test_missing_scores_of_one_model_do_not_affect_other_pairs():
    x = scores(6)
    holey = x.copy()
    holey[:9, 0] = np.nan
    clusters = design(6, ways=1)[0]
    full, part = pair_moments(x, clusters=clusters), pair_moments(holey, clusters=clusters)
    for name in ("difference", "variance", "df", "item_variance", "room"):
        one, other = getattr(full, name)[1:, 1:], getattr(part, name)[1:, 1:]
        assert upper_of(one) == pytest.approx(upper_of(other), rel=1e-10), name


def upper_of(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def test_p_values_and_intervals_agree_in_every_pair():
    x = scores(8)
    found = pair_moments(x, clusters=design(8, ways=1)[0])
    low, high = found.limits(0.95, reach=1.0)
    outside = (low > 0) | (high < 0)
    assert np.array_equal(upper(outside), upper(found.p_value <= 0.05))
