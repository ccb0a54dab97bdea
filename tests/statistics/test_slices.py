"""The test of equal differences between slices, trends, and shrinkage estimates with robust intervals."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from howsure.statistics.intervals import t_p_value
from howsure.statistics.slices import (
    critical_value,
    equality,
    hotelling_df,
    largest_deviation,
    shrunken,
    slice_gaps,
    trend,
    wald,
)

REFERENCES = Path(__file__).parents[1] / "references"
FOUND = json.loads((REFERENCES / "slices.json").read_text())
SETS = [name for name in FOUND if name != "versions"]


def columns(name):
    with (REFERENCES / "slices.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == name]
    return tuple(np.array([float(row[key]) for row in rows]) for key in ("d", "cluster", "slice"))


def gaps(name):
    d, clusters, slices = columns(name)
    return slice_gaps(d, np.zeros_like(d), slices.astype(int), clusters=(clusters.astype(int),), bounded=False)


@pytest.mark.parametrize("name", SETS)
def test_the_covariance_and_htz_test_of_slices_equal_those_of_clubsandwich(name):
    found, wanted = gaps(name), FOUND[name]
    assert found.covariance() == pytest.approx(np.array(wanted["covariance"]), abs=1e-12)
    test = wald(found, found.covariance(), hotelling_df(found))
    assert (test.statistic, test.df, test.df_rest) == pytest.approx((wanted["F"], wanted["df"], wanted["df_rest"]))
    assert test.p_value == pytest.approx(wanted["p"])


@pytest.mark.parametrize("name", SETS)
def test_the_trend_over_slices_equals_the_linear_contrast_of_clubsandwich(name):
    found, wanted = gaps(name), FOUND[name]["trend"]
    told = trend(found, found.covariance())
    assert (told.values[0], told.errors[0], told.df[0]) == pytest.approx((wanted["value"], wanted["se"], wanted["df"]))
    assert t_p_value(abs(told.values[0]) / told.errors[0], told.df[0]) == pytest.approx(wanted["p"])


@pytest.mark.parametrize("name", SETS)
def test_the_test_of_slices_does_not_depend_on_labels_or_order(name):
    d, clusters, slices = (part.copy() for part in columns(name))
    first = equality(gaps(name))
    order = np.random.default_rng(1).permutation(len(d))
    moved = slice_gaps(
        d[order] + 2.0,
        np.zeros(len(d)),
        (slices.max() - slices)[order].astype(int),
        clusters=(clusters[order].astype(int),),
        bounded=False,
    )
    again = equality(moved)
    assert again.test == first.test
    assert (again.statistic, again.df_rest, again.p_value) == pytest.approx(
        (first.statistic, first.df_rest, first.p_value)
    )


def test_two_slices_without_clusters_give_welchs_test():
    from scipy import stats

    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 1, 30), rng.normal(0.4, 2, 50)
    found = slice_gaps(np.concatenate([x, y]), np.zeros(80), np.repeat([0, 1], [30, 50]), bounded=False)
    welch = stats.ttest_ind(x, y, equal_var=False)
    assert equality(found).statistic == pytest.approx(welch.statistic**2)


def test_too_few_degrees_of_freedom_use_the_largest_deviation_test():
    rng = np.random.default_rng(0)
    n, slices, clusters = 240, np.tile(np.arange(12), 20), np.repeat(np.arange(6), 40)
    d = rng.integers(-1, 2, n).astype(float)
    found = slice_gaps((d > 0).astype(float), (d < 0).astype(float), slices, clusters=(clusters,))
    assert equality(found).test == "largest"
    assert 0 <= equality(found).p_value <= 1
    moved = d.copy()
    moved[slices == 4] = 1.0
    far = slice_gaps((moved > 0).astype(float), (moved < 0).astype(float), slices, clusters=(clusters,))
    assert largest_deviation(far, far.guarded_covariance()).p_value < equality(found).p_value


def test_one_slice_or_one_cluster_per_slice_gives_no_p_value():
    x = np.array([1.0, 0, 1, 1, 0, 1, 0, 1])
    alone = slice_gaps(x, 1 - x, np.zeros(8, dtype=int))
    assert np.isnan(equality(alone).p_value)
    single = slice_gaps(x, 1 - x, np.repeat([0, 1], 4), clusters=(np.repeat([0, 1], 4),))
    assert np.isnan(equality(single).p_value)


def test_slices_without_variance_have_a_p_value_above_0():
    a = np.zeros(60)
    b = np.zeros(60)
    a[:6] = 1.0
    slices = np.repeat([0, 1, 2], 20)
    found = equality(slice_gaps(a, b, slices))
    assert 0.01 < found.p_value < 1
    tied = equality(slice_gaps(b, b, slices))
    assert tied.p_value == 1.0
    assert np.isnan(equality(slice_gaps(b, b, slices, bounded=False)).p_value)


def test_items_without_a_slice_do_not_count():
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 2, (2, 90)).astype(float)
    slices = np.repeat([0, 1, -1], 30)
    some = slice_gaps(a, b, slices)
    none = slice_gaps(a[:60], b[:60], slices[:60])
    assert some.gaps == pytest.approx(none.gaps)
    assert some.covariance() == pytest.approx(none.covariance())
    assert some.whole == pytest.approx(float((a - b)[:60].mean()))


# robust empirical-Bayes intervals against linear programming, and where the answer is known


def worst(bias, kurtosis, critical):
    """Return the largest chance of missing, over all distributions of the bias on a grid with these moments."""
    roots = np.linspace(0, critical + 14, 2_000)
    squares = roots**2
    missed = special.ndtr(-critical - roots) + special.ndtr(roots - critical)
    found = optimize.linprog(
        -missed, A_eq=[np.ones_like(squares), squares], b_eq=[1, bias], A_ub=[squares**2], b_ub=[kurtosis * bias**2]
    )
    return -found.fun


@pytest.mark.parametrize(
    ("bias", "kurtosis"), [(0.1, 1.5), (0.5, 3.0), (1.0, 3.0), (2.0, 3.0), (4.0, 1.2), (4.0, 10.0)]
)
def test_robust_critical_values_equal_the_worst_case_distribution(bias, kurtosis):
    critical = critical_value(bias, kurtosis, 0.95)
    assert worst(bias, kurtosis, critical) == pytest.approx(0.05, abs=5e-4)


def test_robust_critical_values_of_a_constant_bias_are_exact():
    exact = optimize.brentq(lambda c: special.ndtr(-c - 1) + special.ndtr(1 - c) - 0.05, 1, 5)
    assert critical_value(1.0, 1.0, 0.95) == pytest.approx(exact, abs=2e-3)
    assert critical_value(0.0, 1.0, 0.95) == pytest.approx(1.96, abs=2e-3)


@given(st.floats(0.01, 20), st.floats(1.0, 20), st.floats(0.5, 0.99))
def test_robust_critical_values_rise_with_bias_and_kurtosis(bias, kurtosis, level):
    found = critical_value(bias, kurtosis, level)
    assert critical_value(bias, kurtosis + 1, level) >= found - 1e-9
    assert critical_value(bias * 1.5, kurtosis, level) >= found - 1e-3


def test_equal_slices_are_shrunken_with_narrower_intervals():
    values, errors = np.full(20, 0.1), np.full(20, 0.05)
    found = shrunken(values, errors, np.ones(20), 0.95)
    assert found.values == pytest.approx(values)
    assert (found.high - found.low < 0.8 * 2 * 1.96 * errors).all()


def test_very_different_slices_are_not_shrunken():
    values, errors = np.linspace(-1, 1, 20), np.full(20, 0.01)
    found = shrunken(values, errors, np.ones(20), 0.95)
    assert found.values == pytest.approx(values, abs=1e-3)
    assert (found.high - found.low) == pytest.approx(2 * 1.96 * errors, rel=0.02)
    assert found.spread == pytest.approx(math.sqrt((values**2).mean()), rel=0.01)


def test_shrinkage_follows_linear_transformations():
    rng = np.random.default_rng(0)
    values, errors = rng.normal(0, 1, 20), rng.uniform(0.3, 1, 20)
    weights = 1 / errors
    first, moved = shrunken(values, errors, weights, 0.9), shrunken(3 - 2 * values, 2 * errors, weights, 0.9)
    assert moved.values == pytest.approx(3 - 2 * first.values)
    assert moved.low == pytest.approx(3 - 2 * first.high)
