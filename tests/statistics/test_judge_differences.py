"""Differences corrected by labels: special cases, agreement of p-value and interval, and coverage."""

import itertools

import numpy as np
import pytest

from howsure.statistics.difference import difference
from howsure.statistics.judge_correction import JudgedAnswers, corrected
from howsure.statistics.judge_differences import judged_pairs, paired_gap, separate_gap
from howsure.statistics.judge_strata import FEWEST_PAIRS, joined, strata, strata_of_gaps
from judged_worlds import assert_held, judged
from trials import draws


def strata_of_gap(gaps, known):
    """Strata as `judge` has them."""
    return joined(strata_of_gaps(gaps, int(known.sum())), known, FEWEST_PAIRS)


def paired(first, second, gaps, level=0.95, **more):
    """Compare two systems by labels (n,) of both."""
    code = strata_of_gap(gaps, np.isfinite(first - second))
    return paired_gap(first, second, JudgedAnswers(strata=code, labels=first - second, **more), level)


def drawn(rng, rates, judge, labels, n=1000):
    """Labels of two systems that find the same items hard, and how the verdicts differ."""
    hard = rng.random(n)
    right = [np.where(rng.random(n) < 0.5, hard, rng.random(n)) < rate for rate in rates]
    said = [np.where(each, rng.random(n) < judge[0], rng.random(n) >= judge[1]).astype(float) for each in right]
    at = rng.choice(n, labels, replace=False)
    first, second = (np.where(np.isin(np.arange(n), at), each, np.nan) for each in right)
    return first, second, said[0] - said[1]


def test_an_uninformative_judge_gives_the_paired_difference_of_labels():
    first, second, _ = drawn(np.random.default_rng(0), (0.7, 0.6), (0.9, 0.7), 60)
    found, plain = paired(first, second, np.zeros(1000)), difference(first, second).estimate
    assert found.estimate.value == pytest.approx(plain.value)
    assert found.estimate.interval.low == pytest.approx(plain.interval.low, abs=0.01)
    assert found.estimate.interval.high == pytest.approx(plain.interval.high, abs=0.01)


@pytest.mark.parametrize("seed", range(draws(3, 12)))
@pytest.mark.parametrize("labels", [5, 40])
def test_p_value_and_interval_of_a_corrected_difference_agree(seed, labels):
    rng = np.random.default_rng(seed)
    first, second, gaps = drawn(rng, (0.9, 0.7), (0.9, 0.7), labels)
    found = paired(first, second, gaps)
    level = 1 - found.p_value
    if 0.01 < level < 0.99:
        at = paired(first, second, gaps, level).estimate.interval
        assert min(abs(at.low), abs(at.high)) < 0.01
    assert (found.p_value <= 0.05) == (not found.estimate.interval.contains(0.0))


@pytest.mark.parametrize("labels", [1, 2, 10])
def test_unanimous_labels_give_a_wide_symmetric_interval(labels):
    first, gaps = np.full(500, np.nan), np.zeros(500)
    first[:labels] = 1.0
    found = paired(first, first.copy(), gaps)
    assert found.estimate.value == 0
    assert found.p_value == 1
    assert found.estimate.interval.high > 0.2
    assert found.estimate.interval.low == pytest.approx(-found.estimate.interval.high)


def test_a_stratum_of_differences_without_labels_widens_the_interval():
    """One item in four is judged the other way, and none of these has a label, which is hardly chance."""
    first, second = np.full(100, np.nan), np.full(100, np.nan)
    first[:20], second[:20] = 1.0, 0.0
    gaps = np.where(np.arange(100) < 75, 1.0, -1.0)
    found = paired(first, second, gaps).estimate.interval
    assert found.low < 0.6
    assert found.high == 1


WORLDS = list(
    itertools.product([((0.7, 0.6), (0.6, 0.4)), ((0.98, 0.93), (0.95, 0.6)), ((0.9, 0.9), (1.0, 1.0))], [10, 50])
)


@pytest.mark.unmeasured
@pytest.mark.parametrize(("world", "labels"), draws(WORLDS[1:4], WORLDS))
def test_intervals_of_paired_corrected_differences_cover(world, labels):
    rates, judge = world
    assert_held(lambda rng: paired(*drawn(rng, rates, judge, labels)).estimate.interval, rates[0] - rates[1], few=60)


@pytest.mark.unmeasured
@pytest.mark.parametrize(("rate", "judge"), [*draws([], [(0.7, (0.6, 0.4))]), (0.95, (0.95, 0.6))])
def test_intervals_of_differences_of_two_corrected_rates_cover(rate, judge):
    def draw(rng):
        both = [judged(rng, each, judge, 30) for each in (rate, 0.6)]
        fits = [corrected(each, 0.95) for each in both]
        return separate_gap(*fits, both[0], 0.95).estimate.interval

    assert_held(draw, rate - 0.6, few=60)


def test_strata_of_differences_with_one_label_are_merged():
    gaps = np.repeat([-1.0, 0.0, 1.0], [10, 80, 10])
    known = np.zeros(100, dtype=bool)
    known[[0, 20, 21, 22, 90, 91]] = True
    assert np.bincount(strata_of_gap(gaps, known)).tolist() == [90, 10]
    known[:] = False
    known[[0, 1, 90]] = True
    assert set(strata_of_gap(gaps, known)) == {0}
    assert len(np.unique(strata_of_gap(np.random.default_rng(0).random(100), np.arange(100) < 99))) == 5
    assert strata(gaps, 5).max() == 0


def test_pairs_of_corrected_rates_have_conservative_variances():
    rng = np.random.default_rng(3)
    fits = [corrected(judged(rng, rate, (0.95, 0.95), 40), 0.95) for rate in (0.9, 0.7, 1.0)]
    pairs = judged_pairs(fits, [np.arange(1000)] * 3)
    values = np.array([each.rate.value for each in fits])
    np.testing.assert_allclose(pairs.difference, values[:, None] - values, atol=1e-9)
    sides = (fits[0].sums.below.half_width(0.95) / 1.96) ** 2 + (fits[1].sums.above.half_width(0.95) / 1.96) ** 2
    assert pairs.variance[0, 1] + pairs.added[0, 1] > 0.6 * sides
    assert pairs.p_value[0, 1] == pairs.p_value[1, 0]


def test_equal_corrected_models_keep_the_familywise_error():
    """By any pair of five, at the corrected level: hardly ever, and a model with all labels alike is no exception."""
    rng, false, boards = np.random.default_rng(4), 0, draws(20, 60)
    for _ in range(boards):
        fits = [corrected(judged(rng, 0.95, (0.95, 0.95), 20, n=300), 0.95) for _ in range(5)]
        pairs = judged_pairs(fits, [np.arange(300)] * 5)
        false += bool((pairs.p_value[np.triu_indices(5, 1)] < 0.05 / 10).any())
    assert false <= 0.1 * boards
    assert strata(np.ones(3), 2).tolist() == [0, 0, 0]
