"""Rare failures: against SciPy's distributions, the rule of three, and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics import intervals, rates


@pytest.mark.parametrize(("below", "level"), [(0.01, 0.95), (0.05, 0.9), (0.001, 0.99), (0.5, 0.95)])
def test_clean_runs_are_the_rule_of_three(below, level):
    n = rates.runs_needed(below, level)
    assert n == math.ceil(math.log(1 - level) / math.log1p(-below))
    assert intervals.rule_of_three(n, level) <= below < intervals.rule_of_three(n - 1, level)


def test_299_clean_runs_show_one_percent():
    assert rates.runs_needed(0.01, 0.95) == 299


@given(k=st.integers(0, 6), below=st.floats(0.002, 0.5), level=st.floats(0.6, 0.999))
def test_runs_needed_are_those_of_clopper_and_pearson(k, below, level):
    n = rates.runs_needed(below, level, failures=k)
    assert rates.limits(k, n, level)[1] <= below * (1 + 1e-9)
    assert n - 1 <= k or rates.limits(k, n - 1, level)[1] > below * (1 - 1e-9)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (1, 300)])
def test_limits_are_scipy_s(k, n):
    for side, alternative in ((0, "greater"), (1, "less")):
        exact = stats.binomtest(k, n, alternative=alternative).proportion_ci(0.95, "exact")
        assert rates.limits(k, n, 0.95)[side] == pytest.approx(exact[side], abs=1e-12)


@pytest.mark.parametrize("icc", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("size", [2, 10])
def test_clusters_are_beta_binomial(icc, size):
    p, count, k = 0.03, 7, 4
    a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
    one, total = stats.betabinom(size, a, b).pmf(np.arange(size + 1)), np.ones(1)
    for _ in range(count):
        total = np.convolve(total, one)
    found = rates.chance_of_at_most(k, count, p, size=size, icc=icc)
    assert found == pytest.approx(total[: k + 1].sum(), rel=1e-9)


def test_the_ends_of_the_correlation():
    near = rates.chance_of_at_most(2, 30, 0.02, size=10, icc=1e-7)
    assert near == pytest.approx(rates.chance_of_at_most(2, 30, 0.02, size=10, icc=0.0), rel=1e-4)
    assert rates.runs_needed(0.01, 0.95, size=10, icc=1.0) == 299
    assert rates.runs_needed(0.01, 0.95, size=10, icc=0.0) == 30
    held = [rates.runs_needed(0.01, 0.95, size=10, icc=icc) for icc in (0, 0.1, 0.3, 0.6, 0.9, 1)]
    assert held == sorted(held)


@given(k=st.integers(0, 5), below=st.floats(0.01, 0.4), icc=st.sampled_from([0.05, 0.3, 0.9]))
def test_limits_in_clusters_are_those_of_the_plan(k, below, icc):
    """The upper limit reaches the rate at the number of clusters that the plan asks for, and not at one fewer."""
    count = rates.runs_needed(below, 0.95, failures=k, size=10, icc=icc)
    assert rates.limits(k, 10 * count, 0.95, size=10, icc=icc)[1] <= below * (1 + 1e-6)
    assert count == 1 or rates.limits(k, 10 * count - 10, 0.95, size=10, icc=icc)[1] > below * (1 - 1e-6)


@pytest.mark.parametrize(("k", "n"), [(0, 30), (3, 35), (30, 30)])
def test_limits_in_clusters_end_at_those_of_single_runs_and_of_whole_clusters(k, n):
    alike = rates.limits(k, n, 0.95, size=10, icc=1e-6)
    assert alike == pytest.approx(rates.limits(k, n, 0.95), abs=1e-4)
    assert rates.limits(10, 40, 0.95, size=10, icc=1.0) == pytest.approx(rates.limits(1, 4, 0.95), abs=1e-9)


def test_what_is_left_over_is_a_cluster_of_its_own():
    p, icc = 0.1, 0.3
    a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
    both = np.convolve(*(stats.betabinom(size, a, b).pmf(np.arange(size + 1)) for size in (10, 4)))
    _, high = rates.limits(2, 14, 1 - both[:3].sum(), size=10, icc=icc)
    assert high == pytest.approx(p)
