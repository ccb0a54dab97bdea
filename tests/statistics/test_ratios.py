"""Ratios of costs by the delta method, their invariances and undefined cases, and the Pareto frontier."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.ratios import Known, cost_moments, dominance, ratio
from trials import draws


def costs(seed=0, n=80, gap=0.3, spread=0.6):
    rng = np.random.default_rng(seed)
    item = rng.normal(0, spread, n)
    return np.exp(gap + item + rng.normal(0, spread, n)), np.exp(item + rng.normal(0, spread, n))


def test_the_standard_error_of_a_ratio_follows_the_delta_method():
    a, b = costs()
    found = ratio(a, b)
    d = a / a.mean() - b / b.mean()
    assert found.value == pytest.approx(a.mean() / b.mean())
    assert found.se == pytest.approx(d.std(ddof=1) / np.sqrt(len(d)))
    assert found.df == pytest.approx(79)
    assert found.n_items == 80


@given(st.integers(0, 5_000), st.floats(0.01, 100))
def test_units_scale_a_ratio_and_swapping_the_models_inverts_it(seed, unit):
    a, b = costs(seed, n=30)
    found, scaled, turned = (ratio(*pair) for pair in ((a, b), (unit * a, b), (b, a)))
    assert scaled.value == pytest.approx(unit * found.value)
    assert scaled.se == pytest.approx(found.se)
    assert turned.value == pytest.approx(1 / found.value)
    assert (turned.low, turned.high) == pytest.approx((1 / found.high, 1 / found.low))
    assert turned.p_value == pytest.approx(found.p_value)


@given(st.integers(0, 5_000))
def test_p_value_and_interval_of_a_ratio_agree(seed):
    found = ratio(*costs(seed, n=20, gap=0.4))
    assert (found.p_value <= 0.05) == (not found.low <= 1 <= found.high)


def test_copies_in_clusters_do_not_change_the_standard_error_of_a_ratio():
    a, b = costs()
    twice = ratio(np.repeat(a, 2), np.repeat(b, 2), clusters=(np.repeat(np.arange(80), 2),))
    once = ratio(a, b)
    assert twice.se == pytest.approx(once.se)
    assert twice.df == pytest.approx(once.df)


def test_the_cost_per_solved_item_includes_failed_attempts():
    a, b = costs()
    right = np.tile([1.0, 0.0], 40), np.ones(80)
    found = ratio(a, b, solved=right)
    assert found.value == pytest.approx(2 * ratio(a, b).value)
    assert found.se > ratio(a, b).se
    nothing = ratio(a, b, solved=(np.zeros(80), np.ones(80)))
    assert np.isnan(nothing.value)


def test_ratios_of_zero_or_missing_costs_are_unknown():
    a, b = costs()
    assert np.isnan(ratio(0 * a, b).value)
    assert np.isnan(ratio(a, np.full(80, np.nan)).value)
    same = ratio(a, a)
    assert (same.value, same.se) == (1.0, 0.0)
    assert np.isnan(same.p_value)


def test_items_without_a_cost_of_one_model_are_left_out_for_both():
    a, b = costs()
    some = a.copy()
    some[:20] = np.nan
    assert ratio(some, b).value == pytest.approx(a[20:].mean() / b[20:].mean())
    apart = ratio(np.where(np.arange(80) < 40, a, np.nan), np.where(np.arange(80) < 40, np.nan, b))
    assert apart.value == pytest.approx(a[:40].mean() / b[40:].mean())
    assert apart.n_items == 80


def test_a_ratio_that_overflows_is_nan() -> None:
    found = ratio(np.array([1e308, 1e307, 1e308]), np.array([1e-300, 1e-300, 2e-300]))
    assert math.isnan(found.value)
    wide = ratio(np.array([2e302, 1e295]), np.array([1.0, 1.0]))
    assert math.isfinite(wide.value)
    assert wide.high == math.inf


# who beats whom: the claims of scores and costs together, ties, what is lacking, what is free


def judged(scores, costs, lacking=(), free=(), clusters=()):
    rng = np.random.default_rng(0)
    pairs = pair_moments(scores, clusters=clusters)
    p = adjust_pairs(pairs, "max-t", rng=rng)
    count = scores.shape[1]
    known = Known(lacking=np.isin(np.arange(count), lacking), free=np.isin(np.arange(count), free))
    return dominance(pairs.difference, p, cost_moments(costs, clusters=clusters), known, 0.95, rng=rng)


def board(n=200, rates=(0.9, 0.5, 0.5), means=(1.0, 2.0, 1.0), seed=0):
    rng = np.random.default_rng(seed)
    scores = (rng.random((n, 1)) < np.array(rates)).astype(float)
    return scores, np.array(means) * np.exp(rng.normal(0, 0.3, (n, len(means))))


def test_a_model_is_off_the_frontier_if_another_is_better_and_cheaper():
    found = judged(*board())
    assert found.kept.tolist() == [True, False, True]
    assert found.beats[0, 1]
    assert not found.beats[0, 2]  # better, and not shown to cost less


def test_a_model_with_missing_costs_dominates_none_but_can_be_dominated():
    scores, costs = board()
    assert judged(scores, costs, lacking=[0]).kept.all()
    assert judged(scores, costs, lacking=[1]).kept.tolist() == [True, False, True]


def test_equal_constant_costs_count_as_no_dearer():
    scores, _ = board(rates=(0.9, 0.5))
    costs = np.full_like(scores, 2.0)
    assert judged(scores, costs).kept.tolist() == [True, False]


def test_a_free_model_is_no_dearer_than_any_other():
    scores, costs = board(rates=(0.9, 0.5), means=(1.0, 2.0))
    costs[:, 0] = 0.0
    assert judged(scores, costs, free=[0]).kept.tolist() == [True, False]


def test_the_frontier_does_not_depend_on_the_unit_of_costs():
    scores, costs = board()
    assert (judged(scores, costs).beats == judged(scores, 1000 * costs).beats).all()


@pytest.mark.parametrize("shape", ["items", "clusters", "holes"])
def test_true_members_stay_on_the_frontier_with_95_percent_confidence(shape):
    rng, kept, boards = np.random.default_rng(8), 0, draws(25, 60)
    for _ in range(boards):
        codes = np.repeat(np.arange(15), 12)
        hard = rng.normal(0, 1, 180) + (shape == "clusters") * rng.normal(0, 1, 15)[codes]
        scores = (rng.random((180, 6)) < 1 / (1 + np.exp(hard))[:, None]).astype(float)
        costs = np.exp(np.linspace(0, 1, 6) + rng.normal(0, 0.5, (180, 1)) + rng.normal(0, 0.5, (180, 6)))
        if shape == "holes":
            gone = rng.random((180, 6)) < 0.2
            scores[gone] = costs[gone] = np.nan
        kept += bool(judged(scores, costs, clusters=(codes,) if shape == "clusters" else ()).kept.all())
    assert kept / boards >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / boards)
