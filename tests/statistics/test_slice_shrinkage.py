"""Robust empirical-Bayes intervals against linear programming, and where the answer is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from howsure.statistics.slices import critical_value, shrunken


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
def test_the_critical_value_is_that_of_the_worst_distribution(bias, kurtosis):
    critical = critical_value(bias, kurtosis, 0.95)
    assert worst(bias, kurtosis, critical) == pytest.approx(0.05, abs=5e-4)


def test_a_constant_bias_has_its_own_value():
    exact = optimize.brentq(lambda c: special.ndtr(-c - 1) + special.ndtr(1 - c) - 0.05, 1, 5)
    assert critical_value(1.0, 1.0, 0.95) == pytest.approx(exact, abs=2e-3)
    assert critical_value(0.0, 1.0, 0.95) == pytest.approx(1.96, abs=2e-3)


@given(st.floats(0.01, 20), st.floats(1.0, 20), st.floats(0.5, 0.99))
def test_more_bias_and_heavier_tails_never_need_less(bias, kurtosis, level):
    found = critical_value(bias, kurtosis, level)
    assert critical_value(bias, kurtosis + 1, level) >= found - 1e-9
    assert critical_value(bias * 1.5, kurtosis, level) >= found - 1e-3


def test_slices_that_agree_are_drawn_together():
    values, errors = np.full(20, 0.1), np.full(20, 0.05)
    found = shrunken(values, errors, np.ones(20), 0.95)
    assert found.values == pytest.approx(values)
    assert (found.high - found.low < 0.8 * 2 * 1.96 * errors).all()


def test_slices_that_differ_much_stay_where_they_are():
    values, errors = np.linspace(-1, 1, 20), np.full(20, 0.01)
    found = shrunken(values, errors, np.ones(20), 0.95)
    assert found.values == pytest.approx(values, abs=1e-3)
    assert (found.high - found.low) == pytest.approx(2 * 1.96 * errors, rel=0.02)
    assert found.spread == pytest.approx(math.sqrt((values**2).mean()), rel=0.01)


def test_a_shift_moves_everything_and_a_scale_scales_it():
    rng = np.random.default_rng(0)
    values, errors = rng.normal(0, 1, 20), rng.uniform(0.3, 1, 20)
    weights = 1 / errors
    first, moved = shrunken(values, errors, weights, 0.9), shrunken(3 - 2 * values, 2 * errors, weights, 0.9)
    assert moved.values == pytest.approx(3 - 2 * first.values)
    assert moved.low == pytest.approx(3 - 2 * first.high)
