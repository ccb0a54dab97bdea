"""Quantiles and intervals of proportions and means, equal to those of scipy.stats."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics import rates
from howsure.statistics.intervals import (
    beta_interval,
    clopper_pearson,
    guarded_wilson,
    jeffreys,
    rule_of_three,
    t_interval,
    t_p_value,
    t_quantile,
    wilson,
)

COUNTS = [(0, 1), (1, 1), (0, 30), (1, 30), (15, 30), (29, 30), (30, 30), (97, 100), (3, 2000), (1234, 5000)]
LEVELS = [0.5, 0.9, 0.95, 0.999]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_clopper_pearson_and_wilson_equal_scipys(k, n, level):
    exact, score = (stats.binomtest(k, n).proportion_ci(level, method=method) for method in ("exact", "wilson"))
    assert clopper_pearson(k, n, level) == pytest.approx(tuple(exact), rel=1e-10, abs=1e-11)  # scipy solves to 1e-12
    assert wilson(k / n, n, math.inf, level) == pytest.approx(tuple(score), rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_jeffreys_equals_the_beta_posterior_with_limits_0_and_1_at_the_ends(k, n, level):
    low, high = stats.beta(k + 0.5, n - k + 0.5).interval(level)
    expected = (0.0 if k == 0 else low, 1.0 if k == n else high)
    assert jeffreys(k, n, level) == pytest.approx(expected, rel=1e-10)


def test_the_beta_interval_equals_scipys():
    assert beta_interval(3.5, 11.25, 0.9) == pytest.approx(stats.beta(3.5, 11.25).interval(0.9), rel=1e-12)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("df", [1, 1.5, 3.33080031613, 30, 1e6])
def test_the_t_quantile_equals_scipys_at_fractional_df(df, level):
    assert float(t_quantile(level, df)) == pytest.approx(stats.t.ppf((1 + level) / 2, df), rel=1e-9)


def test_t_with_infinite_df_is_normal_also_inside_an_array():
    q = t_quantile(0.95, np.array([4.5, np.inf]))
    assert q == pytest.approx([stats.t.ppf(0.975, 4.5), stats.norm.ppf(0.975)], rel=1e-10)
    p = t_p_value(np.array([-2.0, 2.0]), np.array([np.inf, 4.5]))
    assert p == pytest.approx([2 * stats.norm.sf(2), 2 * stats.t.sf(2, 4.5)], rel=1e-10)


@pytest.mark.parametrize("df", [1, 1.7, 12.4, 400, math.inf])
@pytest.mark.parametrize("t", [0.0, -0.3, 1.9, 8.0, -30.0])
def test_the_t_p_value_equals_scipys_far_into_the_tail(t, df):
    expected = 2 * (stats.norm.sf(abs(t)) if math.isinf(df) else stats.t.sf(abs(t), df))
    assert float(t_p_value(t, df)) == pytest.approx(expected, rel=1e-8)


def test_nan_degrees_of_freedom_give_nan():
    assert math.isnan(float(t_quantile(0.95, math.nan)))
    assert math.isnan(float(t_p_value(1.0, math.nan)))


@given(st.floats(0.1, 1e4), st.floats(1, 1e4), st.floats(0.5, 0.999))
def test_the_t_interval_excludes_0_exactly_if_p_is_below_alpha(value, df, level):
    low, high = t_interval(value, 1.0, df, level)
    p = float(t_p_value(value, df))
    assert high - value == pytest.approx(value - low, rel=1e-6)
    if abs(p - (1 - level)) > 1e-9:
        assert (low > 0) == (p <= 1 - level)


@pytest.mark.parametrize("level", LEVELS)
def test_the_rule_of_three_equals_the_one_sided_exact_limit(level):
    expected = stats.binomtest(0, 17, alternative="less").proportion_ci(level, method="exact").high
    assert rule_of_three(17, level) == pytest.approx(expected, rel=1e-9)


@given(st.floats(0, 1), st.floats(0.5, 1e5), st.floats(1, 1e3), st.floats(0.01, 0.999))
def test_wilson_limits_lie_in_0_to_1_and_contain_the_rate(p, n, df, level):
    low, high = wilson(p, n, df, level)
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1


@given(st.floats(0, 1), st.floats(0.5, 1e5), st.floats(0.01, 0.999))
def test_exact_and_jeffreys_limits_lie_in_0_to_1_for_fractional_counts(p, n, level):
    for method in (clopper_pearson, jeffreys):
        low, high = method(p * n, n, level)
        assert 0 <= low <= high <= 1


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_published_scores_of_0_or_1_have_the_exact_interval(p):
    expected = stats.binomtest(int(20 * p), 20).proportion_ci(0.95, method="exact")
    assert rates.score_interval(p, 20, 0.0, 0.95) == pytest.approx(tuple(expected), rel=1e-10)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_guarded_wilson_limits_are_the_exact_one_sided_ones_near_the_ends(k, n, level):
    low, high = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    exact_low = stats.binomtest(k, n, alternative="greater").proportion_ci(level, method="exact").low
    exact_high = stats.binomtest(k, n, alternative="less").proportion_ci(level, method="exact").high
    expected = (min(low, exact_low), max(high, exact_high)) if level > 0.5 else (low, high)
    assert guarded_wilson(k / n, n, math.inf, level) == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("n", [30, 100, 1_000, 10_000])
def test_guarded_wilson_equals_wilson_from_ten_events_on(n):
    k = np.arange(11, n - 10)
    assert np.array_equal(guarded_wilson(k / n, n, math.inf, 0.95), wilson(k / n, n, math.inf, 0.95))
    low, high = guarded_wilson(1 / n, n, math.inf, 0.95)
    assert low < wilson(1 / n, n, math.inf, 0.95)[0], "one event is not enough"


@given(st.floats(0, 1), st.floats(0.5, 1e5), st.floats(1, 1e3), st.sampled_from([0.3, *LEVELS]))
def test_guarded_wilson_contains_the_wilson_interval(p, n, df, level):
    low, high = guarded_wilson(p, n, df, level)
    plain_low, plain_high = wilson(p, n, df, level)
    assert 0 <= low <= plain_low
    assert plain_high <= high <= 1


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(2, 1e4), st.floats(1, 1e3)), min_size=1, max_size=6))
def test_intervals_of_arrays_equal_those_of_their_elements(cases):
    p, n, df = (np.array(column) for column in zip(*cases, strict=True))
    together = {
        "wilson": wilson(p, n, df, 0.9),
        "guarded": guarded_wilson(p, n, df, 0.9),
        "exact": clopper_pearson(p * n, n, 0.9),
        "jeffreys": jeffreys(p * n, n, 0.9),
        "beta": beta_interval(p * n + 1, (1 - p) * n + 1, 0.9),
        "t": t_interval(p, 1 / n, df, 0.9),
    }
    for k in range(len(cases)):
        alone = {
            "wilson": wilson(p[k], n[k], df[k], 0.9),
            "guarded": guarded_wilson(p[k], n[k], df[k], 0.9),
            "exact": clopper_pearson(p[k] * n[k], n[k], 0.9),
            "jeffreys": jeffreys(p[k] * n[k], n[k], 0.9),
            "beta": beta_interval(p[k] * n[k] + 1, (1 - p[k]) * n[k] + 1, 0.9),
            "t": t_interval(p[k], 1 / n[k], df[k], 0.9),
        }
        for name, limits in together.items():
            assert np.array(limits)[:, k] == pytest.approx(np.array(alone[name]), rel=1e-9, abs=1e-300), name
