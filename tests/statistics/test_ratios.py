"""Ratios of what attempts took: the delta method, its laws, and where nothing can be said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.ratios import ratio


def costs(seed=0, n=80, gap=0.3, spread=0.6):
    rng = np.random.default_rng(seed)
    item = rng.normal(0, spread, n)
    return np.exp(gap + item + rng.normal(0, spread, n)), np.exp(item + rng.normal(0, spread, n))


def test_the_delta_method_by_hand():
    a, b = costs()
    found = ratio(a, b)
    d = a / a.mean() - b / b.mean()
    assert found.value == pytest.approx(a.mean() / b.mean())
    assert found.se == pytest.approx(d.std(ddof=1) / np.sqrt(len(d)))
    assert found.df == pytest.approx(79)
    assert found.n_items == 80


@given(st.integers(0, 5_000), st.floats(0.01, 100))
def test_units_scale_a_ratio_and_turning_the_sides_inverts_it(seed, unit):
    a, b = costs(seed, n=30)
    found, scaled, turned = (ratio(*pair) for pair in ((a, b), (unit * a, b), (b, a)))
    assert scaled.value == pytest.approx(unit * found.value)
    assert scaled.se == pytest.approx(found.se)
    assert turned.value == pytest.approx(1 / found.value)
    assert (turned.low, turned.high) == pytest.approx((1 / found.high, 1 / found.low))
    assert turned.p_value == pytest.approx(found.p_value)


@given(st.integers(0, 5_000))
def test_p_value_and_interval_agree(seed):
    found = ratio(*costs(seed, n=20, gap=0.4))
    assert (found.p_value <= 0.05) == (not found.low <= 1 <= found.high)


def test_clusters_are_respected():
    a, b = costs()
    twice = ratio(np.repeat(a, 2), np.repeat(b, 2), clusters=(np.repeat(np.arange(80), 2),))
    once = ratio(a, b)
    assert twice.se == pytest.approx(once.se)
    assert twice.df == pytest.approx(once.df)


def test_the_cost_of_a_solved_item_is_that_of_all_attempts():
    a, b = costs()
    right = np.tile([1.0, 0.0], 40), np.ones(80)
    found = ratio(a, b, solved=right)
    assert found.value == pytest.approx(2 * ratio(a, b).value)
    assert found.se > ratio(a, b).se
    nothing = ratio(a, b, solved=(np.zeros(80), np.ones(80)))
    assert np.isnan(nothing.value)


def test_a_ratio_of_zeros_or_missing_costs_is_unknown():
    a, b = costs()
    assert np.isnan(ratio(0 * a, b).value)
    assert np.isnan(ratio(a, np.full(80, np.nan)).value)
    same = ratio(a, a)
    assert (same.value, same.se) == (1.0, 0.0)
    assert np.isnan(same.p_value)


def test_items_that_one_lacks_count_for_neither():
    a, b = costs()
    some = a.copy()
    some[:20] = np.nan
    assert ratio(some, b).value == pytest.approx(a[20:].mean() / b[20:].mean())
    apart = ratio(np.where(np.arange(80) < 40, a, np.nan), np.where(np.arange(80) < 40, np.nan, b))
    assert apart.value == pytest.approx(a[:40].mean() / b[40:].mean())
    assert apart.n_items == 80


def test_a_ratio_that_no_float_holds_is_none() -> None:
    found = ratio(np.array([1e308, 1e307, 1e308]), np.array([1e-300, 1e-300, 2e-300]))
    assert math.isnan(found.value)
    wide = ratio(np.array([2e302, 1e295]), np.array([1.0, 1.0]))
    assert math.isfinite(wide.value)
    assert wide.high == math.inf
