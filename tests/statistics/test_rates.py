"""Failure rates and published scores: exact limits, clusters, pooled errors, and corrected differences."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats

from howsure.statistics import intervals, rates
from howsure.statistics.means import mean
from howsure.statistics.rates import (
    binomial_se,
    break_even_correlation,
    errors_beside,
    score_interval,
    shown_better,
    unpaired_p,
)
from trials import draws


@pytest.mark.parametrize(("below", "level"), [(0.01, 0.95), (0.05, 0.9), (0.001, 0.99), (0.5, 0.95)])
def test_runs_needed_without_failures_follow_the_rule_of_three(below, level):
    n = rates.runs_needed(below, level)
    assert n == math.ceil(math.log(1 - level) / math.log1p(-below))
    assert intervals.rule_of_three(n, level) <= below < intervals.rule_of_three(n - 1, level)


def test_a_failure_rate_below_1_percent_needs_299_clean_runs():
    assert rates.runs_needed(0.01, 0.95) == 299


@given(k=st.integers(0, 6), below=st.floats(0.002, 0.5), level=st.floats(0.6, 0.999))
def test_runs_needed_equal_the_clopper_pearson_inversion(k, below, level):
    n = rates.runs_needed(below, level, failures=k)
    assert rates.limits(k, n, level)[1] <= below * (1 + 1e-9)
    assert n - 1 <= k or rates.limits(k, n - 1, level)[1] > below * (1 - 1e-9)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (1, 300)])
def test_limits_equal_scipys_exact_ones(k, n):
    for side, alternative in ((0, "greater"), (1, "less")):
        exact = stats.binomtest(k, n, alternative=alternative).proportion_ci(0.95, "exact")
        assert rates.limits(k, n, 0.95)[side] == pytest.approx(exact[side], abs=1e-12)


@pytest.mark.parametrize("icc", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("size", [2, 10])
def test_counts_in_clusters_are_beta_binomial(icc, size):
    p, count, k = 0.03, 7, 4
    a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
    one, total = stats.betabinom(size, a, b).pmf(np.arange(size + 1)), np.ones(1)
    for _ in range(count):
        total = np.convolve(total, one)
    found = rates.chance_of_at_most(k, count, p, size=size, icc=icc)
    assert found == pytest.approx(total[: k + 1].sum(), rel=1e-9)


def test_intraclass_correlation_0_counts_runs_and_1_counts_clusters():
    near = rates.chance_of_at_most(2, 30, 0.02, size=10, icc=1e-7)
    assert near == pytest.approx(rates.chance_of_at_most(2, 30, 0.02, size=10, icc=0.0), rel=1e-4)
    assert rates.runs_needed(0.01, 0.95, size=10, icc=1.0) == 299
    assert rates.runs_needed(0.01, 0.95, size=10, icc=0.0) == 30
    held = [rates.runs_needed(0.01, 0.95, size=10, icc=icc) for icc in (0, 0.1, 0.3, 0.6, 0.9, 1)]
    assert held == sorted(held)


@given(k=st.integers(0, 5), below=st.floats(0.01, 0.4), icc=st.sampled_from([0.05, 0.3, 0.9]))
def test_limits_in_clusters_agree_with_the_clusters_needed(k, below, icc):
    """The upper limit reaches the rate at the number of clusters that the plan asks for, and not at one fewer."""
    count = rates.runs_needed(below, 0.95, failures=k, size=10, icc=icc)
    assert rates.limits(k, 10 * count, 0.95, size=10, icc=icc)[1] <= below * (1 + 1e-6)
    assert count == 1 or rates.limits(k, 10 * count - 10, 0.95, size=10, icc=icc)[1] > below * (1 - 1e-6)


@pytest.mark.parametrize(("k", "n"), [(0, 30), (3, 35), (30, 30)])
def test_limits_in_clusters_range_from_single_runs_to_whole_clusters(k, n):
    alike = rates.limits(k, n, 0.95, size=10, icc=1e-6)
    assert alike == pytest.approx(rates.limits(k, n, 0.95), abs=1e-4)
    assert rates.limits(10, 40, 0.95, size=10, icc=1.0) == pytest.approx(rates.limits(1, 4, 0.95), abs=1e-9)


def test_an_incomplete_cluster_counts_as_a_smaller_one():
    p, icc = 0.1, 0.3
    a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
    both = np.convolve(*(stats.betabinom(size, a, b).pmf(np.arange(size + 1)) for size in (10, 4)))
    _, high = rates.limits(2, 14, 1 - both[:3].sum(), size=10, icc=icc)
    assert high == pytest.approx(p)


# what published scores allow to be said


positive = st.floats(0.005, 0.2)


def test_the_binomial_standard_error_equals_that_of_the_answers():
    x = np.repeat([1.0, 0.0], (63, 37))
    assert float(binomial_se(np.array(0.63), np.array(100))) == pytest.approx(x.std(ddof=1) / 10, rel=1e-12)


def test_the_interval_of_a_published_score_equals_that_of_its_answers():
    x = np.repeat([1.0, 0.0], (63, 37))
    found = mean(x, attempts=np.ones(100))
    low, high = score_interval(0.63, 100, found.se, 0.95)
    assert (low, high) == pytest.approx((found.interval.low, found.interval.high), rel=1e-12)


def test_a_perfect_score_uses_the_pooled_standard_error_in_a_difference():
    score, n = np.array([1.0, 0.9, 0.8]), np.array([10.0, 100.0, 50.0])
    above, below = errors_beside(score, n, binomial_se(score, n))
    pooled = np.repeat([1.0, 0.0], (100, 10)).mean()
    assert above[0] == pytest.approx(math.sqrt(pooled * (1 - pooled) / 9), rel=1e-12)
    assert (above[1], below[0], below[1]) == pytest.approx(binomial_se(score, n)[[1, 1, 2]], rel=1e-12)


@pytest.mark.parametrize(("rate", "n"), [(0.95, (10, 100)), (0.98, (50, 50)), (0.99, (20, 500)), (0.9, (20, 20))])
def test_perfect_scores_keep_the_type_i_error_of_differences(rate, n):
    """Of two models of one rate; with the binomial error of 0 alone, 2 to 61 of 100 such gaps were real."""
    rng, real = np.random.default_rng(0), 0
    luck = draws(500, 2_000)
    for _ in range(luck):
        score = rng.binomial(n, rate) / n
        order = np.argsort(-score)
        score, size = score[order], np.array(n, dtype=float)[order]
        above, below = errors_beside(score, size, binomial_se(score, size))
        real += float(unpaired_p(score[:-1] - score[1:], above, below)[0]) <= 0.05
    assert real / luck <= 0.05


@pytest.mark.parametrize(("right", "n"), [(63, 100), (7, 15)])
def test_the_score_interval_uses_the_t_quantile_with_n_minus_1_df(right, n):
    rate = right / n
    for limit in score_interval(rate, n, math.sqrt(rate * (1 - rate) / (n - 1)), 0.95):
        score = abs(rate - limit) / math.sqrt(limit * (1 - limit) / n)
        assert score == pytest.approx(stats.t.ppf(0.975, n - 1), rel=1e-9)


def test_the_unpaired_p_value_is_the_normal_tail():
    gap, a, b = np.array([0.0, 0.05, -0.05]), np.array([0.02] * 3), np.array([0.01] * 3)
    expected = 2 * stats.norm.sf(np.array([0, 0.05, 0.05]) / math.hypot(0.02, 0.01))
    assert unpaired_p(gap, a, b) == pytest.approx(expected, rel=1e-10)


def test_equal_scores_without_standard_errors_have_p_value_1():
    assert float(unpaired_p(np.array(0.0), np.array(0.0), np.array(0.0))) == 1.0


@given(st.floats(0.001, 0.5), positive, positive, st.sampled_from([0.8, 0.95, 0.99]))
def test_at_the_break_even_correlation_the_difference_is_just_significant(gap, a, b, level):
    z = stats.norm.ppf((1 + level) / 2)

    def slack(rho):
        return z**2 * (a**2 + b**2 - 2 * rho * a * b) - gap**2

    found = float(break_even_correlation(np.array(gap), np.array(a), np.array(b), level))
    assume(min(abs(slack(1)), abs(slack(-1))) > 1e-12)
    if slack(1) > 0:
        assert math.isnan(found), "no correlation makes it real"
    elif slack(-1) < 0:
        assert found == -1, "real whatever the pairing"
    else:
        assert found == pytest.approx(optimize.brentq(slack, -1, 1, xtol=1e-14), abs=1e-9)


@pytest.mark.parametrize(("a", "b"), [(0.02, 0.02), (0.02, 0.03)])
def test_equal_scores_have_no_break_even_correlation(a, b):
    assert np.isnan(break_even_correlation(np.array(0.0), np.array(a), np.array(b), 0.95))


def test_the_break_even_correlation_is_0_if_the_unpaired_test_is_just_significant():
    gap = stats.norm.ppf(0.975) * math.hypot(0.02, 0.03)
    assert float(break_even_correlation(np.array(gap), np.array(0.02), np.array(0.03), 0.95)) == pytest.approx(
        0, abs=1e-9
    )


def test_shown_better_uses_tukeys_studentized_range():
    """Of two scores it is the pooled z test; of three the 5% point of the studentized range, 3.314 / √2 (any table)."""
    n = np.array([200.0, 200.0])
    unknown = np.full(2, np.nan)
    gap = 1.96 * math.sqrt(0.25 * 2 / 200)
    for more, shown in ((1.001, True), (0.999, False)):
        half = more * gap / 2
        assert shown_better(np.array([0.5 + half, 0.5 - half]), n, unknown, 0.95)[0, 1] == shown
    score, se = np.array([0.0, 1.0, 0.5]), np.full(3, 1.0)
    far = 3.314 * np.sqrt([0.999, 1.001])
    assert not shown_better(score * far[0], np.full(3, np.nan), se, 0.95).any()
    assert shown_better(score * far[1], np.full(3, np.nan), se, 0.95).sum() == 1


@pytest.mark.unmeasured
def test_shown_better_keeps_the_familywise_error_for_equal_models():
    """Thirty equal models of 50 to 400 questions, as if unpaired: at most 5% of boards show a difference (within three errors)."""
    rng = np.random.default_rng(3)
    n = np.array([50, 100, 200, 225, 400] * 6)
    boards = [
        shown_better(rng.binomial(n, 0.7) / n, n.astype(float), np.full(30, np.nan), 0.95).any()
        for _ in range(draws(400, 2_000))
    ]
    assert 0.02 < np.mean(boards) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(boards))


def test_one_score_or_missing_errors_show_no_difference():
    assert not shown_better(np.array([0.5]), np.array([10.0]), np.array([np.nan]), 0.95).any()
    assert not shown_better(np.array([0.0, 1.0]), np.full(2, np.nan), np.full(2, np.nan), 0.95).any()
    assert not shown_better(np.array([1.0, 1.0]), np.array([10.0, 10.0]), np.full(2, np.nan), 0.95).any()
