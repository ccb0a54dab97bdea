"""Single questions from repeated attempts: exact tests, their correction for many questions, and the attempts that they take."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics import question_rates
from howsure.statistics.multiplicity import holm
from howsure.statistics.results import allowed
from trials import draws


def test_flaky_is_the_larger_of_two_binomial_tests():
    right, attempts = np.array([0, 3, 5, 5, 10]), np.array([5, 5, 10, 5, 10])
    for c, n, p in zip(right, attempts, question_rates.flaky(right, attempts).p, strict=True):
        one = stats.binomtest(c, n, 0.05, alternative="greater").pvalue
        two = stats.binomtest(c, n, 0.95, alternative="less").pvalue
        assert p == pytest.approx(max(one, two), rel=1e-9)


@given(st.integers(1, 15), st.integers(1, 15), st.data())
def test_changed_is_fishers_exact_test(n, m, data):
    c, d = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    found = question_rates.changed((np.array([c]), np.array([d])), (np.array([n]), np.array([m])))
    assert found.p[0] == pytest.approx(stats.fisher_exact([[c, n - c], [d, m - d]]).pvalue, rel=1e-6)
    back = question_rates.changed((np.array([d]), np.array([c])), (np.array([m]), np.array([n])))
    assert back.p[0] == pytest.approx(found.p[0], rel=1e-9)


def test_six_of_ten_and_four_of_ten_are_no_change():
    found = question_rates.changed((np.array([6]), np.array([4])), (np.array([10]), np.array([10])))
    assert found.p[0] == pytest.approx(0.6563, abs=5e-5)


@given(st.lists(st.tuples(st.integers(2, 12), st.floats(0, 1)), min_size=1, max_size=30))
def test_the_correction_is_at_most_holms_and_never_below_the_p_value(questions):
    attempts = np.array([n for n, _ in questions])
    right = np.array([round(share * n) for n, share in questions])
    found = question_rates.flaky(right, attempts)
    assert (found.adjusted <= holm(found.p) * (1 + 1e-9)).all()
    assert (found.adjusted >= found.p * (1 - 1e-9)).all()
    if len(set(attempts)) == 1:
        usual = holm(found.p)
        assert found.adjusted == pytest.approx(usual, rel=1e-6)


def test_questions_that_cannot_be_shown_to_differ_cost_nothing():
    """Ninety-eight questions are always right on both sides: the two others are tested as two."""
    right = (np.array([5, 5, *[5] * 98]), np.array([0, 4, *[5] * 98]))
    attempts = (np.full(100, 5), np.full(100, 5))
    found = question_rates.changed(right, attempts)
    assert found.p[0] == pytest.approx(2 / math.comb(10, 5))
    assert found.adjusted[0] == pytest.approx(found.p[0])  # the second can't have a p-value as small
    few = question_rates.flaky(np.array([5, *[1] * 50]), np.array([10, *[2] * 50]))
    assert few.adjusted[0] == pytest.approx(few.p[0])


@pytest.mark.unmeasured
@pytest.mark.parametrize("n", [5, 10, 30])
def test_no_stable_question_is_called_flaky_in_more_than_5_percent_of_lists(n):
    """Two hundred questions at the limits, or with ragged attempts: a false one in at most 5 % of the lists."""
    rng, lists = np.random.default_rng(n), draws(400, 4000)
    wrong = 0
    for _ in range(lists):
        attempts = rng.integers(max(n // 2, 2), n + 1, 200)
        right = rng.binomial(attempts, np.repeat([0.05, 0.95], 100))
        wrong += (question_rates.flaky(right, attempts).adjusted <= 0.05).any()
    assert wrong / lists <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / lists)


@pytest.mark.unmeasured
@pytest.mark.parametrize("n", [3, 8, 20])
def test_no_unchanged_question_is_called_changed_in_more_than_5_percent_of_lists(n):
    rng, lists = np.random.default_rng(n), draws(400, 4000)
    wrong = 0
    for _ in range(lists):
        p = rng.beta(0.7, 0.4, 150)
        attempts = (np.full(150, n), np.full(150, n))
        right = (rng.binomial(n, p), rng.binomial(n, p))
        wrong += (question_rates.changed(right, attempts).adjusted <= 0.05).any()
    assert wrong / lists <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / lists)


def test_a_floor_takes_fourteen_of_fourteen_to_pass_80_percent():
    assert question_rates.attempts_to_pass(0.8, 0.95) == 14
    assert question_rates.keeps_floor(np.array([14]), np.array([14]), 0.8)[0] == pytest.approx(0.8**14)
    assert question_rates.keeps_floor(np.array([13]), np.array([13]), 0.8)[0] > 0.05
    assert question_rates.keeps_floor(np.array([0]), np.array([5]), 0.8)[0] == 1


@given(st.integers(1, 60), st.integers(1, 300), st.sampled_from([0.5, 0.8, 0.95]))
def test_the_most_right_answers_below_a_floor_are_where_the_test_turns(n, questions, floor):
    most = question_rates.most_right_below(n, floor, 0.95, questions)
    right = np.full(questions, n)
    for c, below in ((most, True), (most + 1, False)):
        if 0 <= c <= n:
            right[0] = c
            assert (
                question_rates.below_floor(right, np.full(questions, n), floor).adjusted[0] <= allowed(0.95)
            ) == below


def test_as_many_attempts_as_are_named_show_a_question_to_be_flaky():
    for questions in (1, 20, 100, 1000):
        n = question_rates.attempts_to_show_flaky(questions, 0.95)
        for attempts, shown in ((n, True), (n - 2, False)):
            right = np.full(questions, attempts)
            right[0] = attempts // 2
            assert (question_rates.flaky(right, np.full(questions, attempts)).adjusted[0] <= 0.05) == shown
