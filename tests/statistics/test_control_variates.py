"""Covariate-adjusted means: regression by statsmodels, influence functions, degenerate covariates, and coverage."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics.control_variates import adjusted_mean
from method_cases import codes, long_way
from trials import draws


def pool(seed, n=30, size=100, q=2, slope=0.8):
    """Scores of the first n items of a pool, and covariates of all."""
    rng = np.random.default_rng(seed)
    z = rng.normal(2.0, 1.0, (size, q))
    y = slope * z[:, 0] - 0.3 * z[:, -1] + rng.normal(size=size)
    order = rng.permutation(size)
    y[order[n:]] = np.nan
    return y, z


def fitted(y, z, weights=None):
    """Least squares by statsmodels on the answered items, and what it predicts at the mean of the pool."""
    has = ~np.isnan(y)
    w = np.ones(len(y)) if weights is None else weights
    fit = sm.WLS(y[has], sm.add_constant(z[has], has_constant="add"), weights=w[has]).fit()
    at = np.concatenate([[1.0], np.average(z, axis=0, weights=w)])
    return fit, at


# oracles


@pytest.mark.parametrize("q", [1, 2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_adjusted_mean_is_the_regression_prediction_at_the_pool_mean(q, weighted):
    y, z = pool(q, q=q)
    weights = np.random.default_rng(3).uniform(0.5, 2, 100) if weighted else None
    fit, at = fitted(y, z, weights)
    found = adjusted_mean(y, z, weights=weights)
    assert found.value == pytest.approx(float(at @ fit.params), rel=1e-10)
    assert found.plain == pytest.approx(
        np.average(y[~np.isnan(y)], weights=None if weights is None else weights[~np.isnan(y)])
    )
    assert (found.used, found.n, found.units) == (q, 30, 30)


def test_with_a_huge_pool_the_variance_is_that_of_the_regression_prediction():
    """The items of the pool add nothing then, and n / (n − 1) · (n − 1) / (n − 1 − q) is what makes HC1 of HC0."""
    y, z = pool(4, n=25, size=25)
    rng = np.random.default_rng(5)
    far = rng.normal(2.5, 0.01, (400_000, 2))  # so many and so alike that their own spread doesn't count
    fit, at = fitted(np.concatenate([y, np.full(len(far), np.nan)]), np.concatenate([z, far]))
    found = adjusted_mean(np.concatenate([y, np.full(len(far), np.nan)]), np.concatenate([z, far]))
    expected = at @ np.asarray(fit.get_robustcov_results("HC1").cov_params()) @ at
    assert found.variance == pytest.approx(float(expected), rel=1e-3)


def test_the_variance_sums_residual_and_pool_terms():
    y, z = pool(6)
    has = ~np.isnan(y)
    fit, at = fitted(y, z)
    x = sm.add_constant(z[has])
    influence = (z - z.mean(axis=0)) @ fit.params[1:] / 100
    influence[has] += (x @ np.linalg.solve(x.T @ x, at)) * fit.resid
    found = adjusted_mean(y, z)
    assert found.influence == pytest.approx(influence, abs=1e-12)
    inflation = np.where(has, 30 / 29, 1.0) * 29 / 27
    assert found.variance == pytest.approx(float((inflation * influence**2).sum()), rel=1e-10)


def test_without_unanswered_items_the_mean_is_unadjusted_and_df_are_lost():
    y, z = pool(7, n=40, size=40)
    found = adjusted_mean(y, z)
    assert found.value == pytest.approx(y.mean(), rel=1e-12)
    assert found.influence == pytest.approx((y - y.mean()) / 40, abs=1e-12)
    assert found.variance == pytest.approx(y.var(ddof=1) / 40 * 39 / 37, rel=1e-10)
    assert found.plain_variance == pytest.approx(y.var(ddof=1) / 40, rel=1e-10)
    assert found.saved == pytest.approx(1 - 39 / 37)
    assert found.df == pytest.approx(37)


def test_categories_give_the_post_stratified_mean():
    rng = np.random.default_rng(8)
    kind = rng.choice(4, 200, p=[0.4, 0.3, 0.2, 0.1])
    y = np.where(np.arange(200) < 60, rng.normal(kind, 1.0), np.nan)
    found = adjusted_mean(y, (kind[:, None] == np.arange(1, 4)).astype(float))
    assert found.value == pytest.approx(sum((kind == k).mean() * np.nanmean(y[kind == k]) for k in range(4)), rel=1e-10)
    assert found.used == 3


# no covariate


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("covariates", ["none", "constant", "constant among the answered"])
def test_constant_covariates_leave_the_mean_and_variance_unchanged(covariates, clustered, weighted):
    y, z = pool(9)
    has, rng = ~np.isnan(y), np.random.default_rng(10)
    z = {"none": z[:, :0], "constant": np.full((100, 1), 7.1)}.get(covariates, np.where(has, 3.3, z[:, 0])[:, None])
    cluster = codes(rng.integers(0, 14, 100)) if clustered else None
    weights = rng.uniform(0.5, 2, 100) if weighted else None
    found = adjusted_mean(y, z, clusters=cluster, weights=weights)
    value, variance, df = long_way(
        y[has], None if cluster is None else cluster[has], None if weights is None else weights[has]
    )
    assert found.used == 0
    assert (found.value, found.plain) == pytest.approx((value, value), rel=1e-10)
    assert (found.variance, found.plain_variance) == pytest.approx((variance, variance), rel=1e-10)
    assert found.df == pytest.approx(df, rel=1e-9)
    assert found.saved == pytest.approx(0, abs=1e-12)
    assert found.units == len(np.unique(cluster[has])) if clustered else 30


def test_collinear_and_constant_covariates_are_dropped():
    y, z = pool(11)
    more = np.column_stack([np.full(100, 5.0), z[:, 0], 3 * z[:, 0] - 2, z[:, 1], z[:, 0] + z[:, 1], np.zeros(100)])
    found, plain = adjusted_mean(y, more), adjusted_mean(y, z)
    assert found.used == 2
    assert (found.value, found.variance, found.df) == pytest.approx((plain.value, plain.variance, plain.df), rel=1e-9)


@pytest.mark.parametrize("tiny", [1e-4, 1e-6, 1e-7, 1e-8, 5e-9, 3e-9, 1e-12])
def test_nearly_collinear_covariates_are_stable(tiny):
    y, z = pool(12, n=100, size=400, q=1)
    other = np.random.default_rng(13).normal(size=400)
    found = adjusted_mean(y, np.column_stack([z[:, 0], z[:, 0] + tiny * other]))
    same = adjusted_mean(y, np.column_stack([z[:, 0], other]) if found.used == 2 else z)
    assert found.value == pytest.approx(same.value, rel=1e-3)
    assert found.variance == pytest.approx(same.variance, rel=1e-2)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e6, 1e9])
def test_the_scale_of_a_covariate_does_not_matter(scale):
    y, z = pool(14)
    found, plain = adjusted_mean(y, z * np.array([scale, 1.0]) + np.array([0.0, 100.0])), adjusted_mean(y, z)
    assert found.used == 2
    assert (found.value, found.variance) == pytest.approx((plain.value, plain.variance), rel=1e-6)


def test_at_most_a_third_as_many_covariates_as_items_are_used():
    y, z = pool(15, n=12, q=9)
    found = adjusted_mean(y, z)
    assert found.used <= 4
    assert found.df == pytest.approx(11 - found.used)
    assert math.isfinite(found.variance)


def test_three_items_give_an_unadjusted_mean():
    y, z = pool(16, n=3)
    found, few = adjusted_mean(y, z), y[~np.isnan(y)]
    assert (found.used, found.n, found.df) == (0, 3, pytest.approx(2.0))
    assert found.value == pytest.approx(few.mean())
    assert found.variance == pytest.approx(few.var(ddof=1) / 3)


def test_one_cluster_has_no_degrees_of_freedom():
    y, z = pool(17)
    found = adjusted_mean(y, z, clusters=np.where(np.isnan(y), 1, 0))
    assert math.isnan(found.df)
    assert found.units == 1


def test_constant_scores_have_variance_0():
    y, z = pool(18)
    found = adjusted_mean(np.where(np.isnan(y), np.nan, 1.0), z)
    assert (found.value, found.variance, found.saved) == (1.0, pytest.approx(0, abs=1e-25), 0.0)


# laws


@st.composite
def samples(draw):
    """Scores, covariates, clusters or none, weights or none."""
    n, size = draw(st.integers(10, 25)), draw(st.integers(25, 50))
    y, z = pool(draw(st.integers(0, 10_000)), n=n, size=size, q=draw(st.integers(1, 3)))
    rng = np.random.default_rng(n)
    asked = {}
    if draw(st.booleans()):
        asked["clusters"] = codes(rng.integers(0, 8, size))
    if draw(st.booleans()):
        asked["weights"] = rng.uniform(0.5, 2, size)
    return y, z, asked


@given(samples())
def test_influences_sum_to_0_over_the_pool(sample):
    y, z, asked = sample
    found = adjusted_mean(y, z, **asked)
    assert found.influence.sum() == pytest.approx(0, abs=1e-10)
    assert found.sums.sum() == pytest.approx(0, abs=1e-10)
    assert len(found.sums) == len(found.inflation) == found.codes.max() + 1


@given(samples())
def test_the_influence_is_the_derivative_by_the_weight_of_an_item(sample):
    y, z, asked = sample
    weights = asked.get("weights", np.ones(len(y)))
    found, step = adjusted_mean(y, z, **asked), 1e-5
    for item in (0, int(np.flatnonzero(~np.isnan(y))[0])):
        up, down = weights.copy(), weights.copy()
        up[item], down[item] = weights[item] * (1 + step), weights[item] * (1 - step)
        slope = (adjusted_mean(y, z, weights=up).value - adjusted_mean(y, z, weights=down).value) / (2 * step)
        assert found.influence[item] == pytest.approx(slope, abs=1e-7)


@given(samples(), st.integers(0, 1_000))
def test_the_influence_of_a_difference_is_the_difference_of_influences(sample, seed):
    y, z, asked = sample
    other = y * 0.5 + np.random.default_rng(seed).normal(size=len(y))
    one, two, both = (adjusted_mean(scores, z, **asked) for scores in (y, other, y - other))
    assert both.value == pytest.approx(one.value - two.value, abs=1e-9)
    assert both.influence == pytest.approx(one.influence - two.influence, abs=1e-9)
    assert both.df == one.df == two.df
    assert both.variance == pytest.approx(float(one.inflation @ (one.sums - two.sums) ** 2), rel=1e-6, abs=1e-15)


@given(samples(), st.floats(-5, 5), st.floats(0.1, 9))
def test_the_adjusted_mean_follows_linear_transformations_of_scores(sample, shift, scale):
    y, z, asked = sample
    one = adjusted_mean(y, z, **asked)
    moved = adjusted_mean(shift + scale * y, 2 - 3 * z, **asked)
    assert moved.value == pytest.approx(shift + scale * one.value, abs=1e-8)
    assert moved.variance == pytest.approx(scale**2 * one.variance, rel=1e-6)
    assert moved.saved == pytest.approx(one.saved, abs=1e-7)


@given(samples(), st.randoms(use_true_random=False))
def test_results_do_not_depend_on_the_order_of_items_or_names_of_clusters(sample, random):
    y, z, asked = sample
    order = np.array(random.sample(range(len(y)), len(y)))
    moved = {name: value[order] for name, value in asked.items()}
    if "clusters" in moved:
        moved["clusters"] = codes(moved["clusters"].max() - moved["clusters"])
    one, other = adjusted_mean(y, z, **asked), adjusted_mean(y[order], z[order], **moved)
    assert (other.value, other.variance, other.df) == pytest.approx((one.value, one.variance, one.df), rel=1e-7)
    assert other.influence == pytest.approx(one.influence[order], abs=1e-9)


@given(samples(), st.floats(0.01, 100))
def test_only_the_ratio_of_weights_counts(sample, scale):
    y, z, asked = sample
    asked["weights"] = asked.get("weights", np.ones(len(y)))
    one = adjusted_mean(y, z, **asked)
    other = adjusted_mean(y, z, **{**asked, "weights": asked["weights"] * scale})
    assert (other.value, other.variance, other.df) == pytest.approx((one.value, one.variance, one.df), rel=1e-7)


@given(samples())
def test_single_item_clusters_equal_no_clusters(sample):
    y, z, asked = sample
    asked = {name: value for name, value in asked.items() if name == "weights"}
    one, other = adjusted_mean(y, z, **asked), adjusted_mean(y, z, clusters=np.arange(len(y)), **asked)
    assert (other.value, other.variance, other.df, other.plain_variance) == pytest.approx(
        (one.value, one.variance, one.df, one.plain_variance), rel=1e-9
    )


# coverage


SAMPLES = draws(400, 1_200)


def trial(draw, trials=SAMPLES):
    """The share of samples whose t interval misses 0, the adjusted means, and their variances."""
    missed, values, variances = 0, [], []
    for _ in range(trials):
        y, z, cluster = draw()
        found = adjusted_mean(y, z, clusters=cluster)
        missed += abs(found.value) > stats.t.ppf(0.975, found.df) * math.sqrt(found.variance)
        values.append(found.value)
        variances.append(found.variance)
    return missed / trials, np.array(values), np.array(variances)


def assert_kept(draw, trials=SAMPLES):
    missed, values, variances = trial(draw, trials)
    assert missed < 0.07 + 3 * math.sqrt(0.07 * 0.93 / trials)
    return values, variances


@pytest.mark.parametrize("level", ["item", "cluster"])
def test_adjusted_intervals_cover_the_mean_of_clustered_questions(level):
    rng, cluster = np.random.default_rng(19), np.repeat(np.arange(60), 5)

    def draw():
        z = rng.normal(size=(300, 1)) if level == "item" else rng.normal(size=(60, 1))[cluster]
        y = z[:, 0] + 0.7 * rng.normal(size=60)[cluster] + rng.normal(size=300)
        return np.where(cluster < 20, y, np.nan), z, cluster

    assert_kept(draw)


@pytest.mark.parametrize("bend", [0.0, 0.5])
def test_adjusted_intervals_cover_under_linear_and_nonlinear_relations(bend):
    rng = np.random.default_rng(20)

    def draw():
        z = rng.exponential(1, (200, 2)) - 1
        y = z[:, 0] + bend * (z[:, 1] ** 2 - 1) + rng.normal(size=200)
        return np.where(np.arange(200) < 40, y, np.nan), z, None

    values, variances = assert_kept(draw)
    assert variances.mean() == pytest.approx(values.var(), rel=draws(0.3, 0.2))
    if not bend:  # where it is bent, the bias is of order 1 / n
        assert values.mean() == pytest.approx(0, abs=4.5 * values.std() / math.sqrt(SAMPLES))


def useless(rng):
    return rng.normal(size=150), rng.normal(size=(150, 3))


def categories(rng):
    kind = rng.choice(4, 200, p=[0.4, 0.3, 0.2, 0.1])
    return (kind - 1.0) * 0.5 + rng.normal(size=200), (kind[:, None] == np.arange(1, 4)).astype(float)


@pytest.mark.parametrize("world", [useless, categories])
def test_adjusted_intervals_cover_with_useless_and_categorical_covariates(world):
    rng = np.random.default_rng(21)

    def draw():
        y, z = world(rng)
        return np.where(np.arange(len(y)) < 30, y, np.nan), z, None

    assert_kept(draw)
