"""Within-question variance of means and differences: loops, formulas for binary answers, and unbiasedness."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics import answer_noise
from howsure.statistics.answer_noise import answers, mean_noise, pair_noise

TRIALS = 4_000


def board(seed, n=15, models=4, *, holes=True):
    """Item means, attempts and variances of models (n, T), with holes and items of one attempt."""
    rng = np.random.default_rng(seed)
    attempts = rng.integers(0 if holes else 1, 5, (n, models)).astype(float)
    attempts[:3] = 2.0
    x = np.where(attempts > 0, rng.normal(size=(n, models)), np.nan)
    return x, attempts, np.where(attempts > 1, rng.uniform(0.1, 1, (n, models)), 0.0)


def item_noise(x, attempts, within):
    """Variance of one attempt and of the mean at every item of one model, None where there is no score."""
    several = [k for k in range(len(x)) if attempts[k] > 1]
    own = {k: within[k] * attempts[k] / (attempts[k] - 1) for k in several}
    average = sum(own.values()) / len(own) if own else math.nan
    once = [None if math.isnan(x[k]) else own.get(k, average) for k in range(len(x))]
    return once, [None if one is None else one / attempts[k] for k, one in enumerate(once)]


def slow_mean(parts, w):
    """Σ w² v / W²."""
    total = sum(w[k] for k, v in enumerate(parts) if v is not None)
    return sum(w[k] ** 2 * v / total**2 for k, v in enumerate(parts) if v is not None)


def slow_terms(x, attempts, within, w, shared):
    """The independent terms of one model's noise over shared items, and its event: one term an item with several attempts.

    Items with one attempt borrow from all items of the model with several.
    """
    items = range(len(x))
    total = sum(w[k] for k in items if shared[k])
    several = [k for k in items if attempts[k] > 1]
    lent = sum(w[k] ** 2 for k in items if shared[k] and attempts[k] == 1) / total**2 / len(several)
    factors = {k: shared[k] * w[k] ** 2 / attempts[k] / total**2 + lent for k in several}
    terms = [factors[k] * within[k] * attempts[k] / (attempts[k] - 1) for k in several]
    among = [k for k in several if shared[k]]
    return terms, sum(factors[k] / attempts[k] for k in among) / len(among)


def weights_of(seed, n, weighted):
    return np.random.default_rng(seed).uniform(0.5, 3, n) if weighted else None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_within_question_variance_of_means_equals_an_explicit_loop(seed, weighted):
    x, attempts, within = board(seed)
    weights = weights_of(seed, 15, weighted)
    found = mean_noise(answers(x, attempts, within), weights)
    w = np.ones(15) if weights is None else weights
    for k in range(4):
        once, now = item_noise(x[:, k], attempts[:, k], within[:, k])
        terms, event = slow_terms(x[:, k], attempts[:, k], within[:, k], w, attempts[:, k] > 0)
        assert found.now[k] == pytest.approx(slow_mean(now, w), rel=1e-10)
        assert found.now[k] == pytest.approx(sum(terms), rel=1e-10)
        assert found.squares[k] == pytest.approx(sum(term**2 for term in terms), rel=1e-10)
        assert found.event[k] == pytest.approx(event, rel=1e-10)
        assert found.once[k] == pytest.approx(slow_mean(once, w), rel=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_within_question_variance_of_differences_equals_a_loop_over_shared_items(seed, weighted):
    x, attempts, within = board(seed)
    weights = weights_of(seed, 15, weighted)
    found = pair_noise(answers(x, attempts, within), weights)
    w = np.ones(15) if weights is None else weights
    for a in range(4):
        for b in range(4):
            one, two = (item_noise(x[:, k], attempts[:, k], within[:, k]) for k in (a, b))
            once, now = (
                [None if None in pair else sum(pair) for pair in zip(*both, strict=True)]
                for both in zip(one, two, strict=True)
            )
            shared = (attempts[:, [a, b]] > 0).all(axis=1)
            sides = [slow_terms(x[:, k], attempts[:, k], within[:, k], w, shared) for k in (a, b)]
            assert found.now[a, b] == pytest.approx(slow_mean(now, w), rel=1e-10)
            assert found.squares[a, b] == pytest.approx(sum(t**2 for terms, _ in sides for t in terms), rel=1e-10)
            assert found.event[a, b] == pytest.approx(sides[0][1], rel=1e-10)
            assert found.once[a, b] == pytest.approx(slow_mean(once, w), rel=1e-10)


@given(st.integers(1, 40), st.integers(2, 9), st.integers(0, 1_000))
def test_binary_answers_have_within_question_variance_p_1_minus_p_over_k_minus_1(n, k, seed):
    p = np.random.default_rng(seed).integers(0, k + 1, (n, 1)) / k
    found = mean_noise(answers(p, np.full((n, 1), float(k)), p * (1 - p)))
    assert found.now[0] == pytest.approx(np.mean(p * (1 - p)) / (k - 1) / n, rel=1e-9, abs=1e-15)
    assert found.once[0] == pytest.approx(k * found.now[0], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
def test_within_question_variance_is_unbiased_for_unequal_attempts(weighted):
    rng = np.random.default_rng(1)
    attempts = np.arange(20) % 6 + 2.0
    rate = rng.beta(0.5, 1.0, 20)[:, None]
    x = rng.binomial(attempts.astype(int)[:, None], rate, (20, TRIALS)) / attempts[:, None]
    weights = weights_of(2, 20, weighted)
    found = mean_noise(answers(x, np.broadcast_to(attempts[:, None], x.shape), x * (1 - x)), weights)
    share = (np.ones(20) if weights is None else weights)[:, None]
    share = share / share.sum()
    now = float((share**2 * rate * (1 - rate) / attempts[:, None]).sum())
    once = float((share**2 * rate * (1 - rate)).sum())
    assert found.now.mean() == pytest.approx(now, abs=4.5 * found.now.std() / math.sqrt(TRIALS))
    assert found.once.mean() == pytest.approx(once, abs=4.5 * found.once.std() / math.sqrt(TRIALS))
    assert (share[:, 0] @ x).var() == pytest.approx(now, rel=4.5 * math.sqrt(2 / TRIALS))


def test_single_attempt_items_use_the_average_variance_of_the_others_unbiasedly():
    rng = np.random.default_rng(3)
    attempts = np.where(np.arange(20) % 2, 1.0, 3.0)[:, None]
    rate = rng.beta(1, 1, (20, TRIALS))  # drawn anew, so that attempts have nothing to do with rates
    x = rng.binomial(attempts.astype(int), rate) / attempts
    found = mean_noise(answers(x, np.broadcast_to(attempts, x.shape), x * (1 - x)))
    truth = (10 + 10 / 3) / 6 / 400
    assert found.now.mean() == pytest.approx(truth, abs=4.5 * found.now.std() / math.sqrt(TRIALS))


def test_within_question_variance_of_a_difference_is_unbiased():
    rng = np.random.default_rng(4)
    attempts, rate = np.array([[2.0, 5.0]] * 12), rng.beta(1, 1, (12, 2))
    x = rng.binomial(attempts.astype(int)[:, None, :], rate[:, None, :], (12, TRIALS, 2)) / attempts[:, None, :]
    now = np.array([pair_noise(answers(p, attempts, p * (1 - p))).now[0, 1] for p in x.transpose(1, 0, 2)[:1_500]])
    truth = float((rate * (1 - rate) / attempts).sum()) / 144
    assert now.mean() == pytest.approx(truth, abs=4.5 * now.std() / math.sqrt(len(now)))


def test_within_question_variance_is_unknown_without_repeated_attempts():
    x = np.array([[1.0, 1.0], [0.0, 0.5], [np.nan, 1.0]])
    attempts = np.array([[1.0, 1.0], [1.0, 2.0], [0.0, 1.0]])
    found = answers(x, attempts, np.nan_to_num(x * (1 - x)))
    assert found.measured.tolist() == [False, True]
    noise, pairs = mean_noise(found), pair_noise(found)
    assert np.isnan([noise.now[0], noise.once[0], noise.squares[0], pairs.now[0, 1], pairs.squares[1, 0]]).all()
    assert np.isfinite([noise.now[1], pairs.now[1, 1]]).all()


def test_a_model_without_scores_has_unknown_within_question_variance():
    x = np.array([[0.5, np.nan], [1.0, np.nan]])
    found = mean_noise(answers(x, np.array([[2.0, 0.0]] * 2), np.nan_to_num(x * (1 - x))))
    assert np.isfinite(found.now[0])
    assert np.isnan(found.now[1]), "it was said to be NaN where no item had several attempts"


def test_pairs_without_shared_items_have_unknown_variance_without_a_warning():
    x = np.array([[0.5, np.nan], [1.0, np.nan], [np.nan, 0.5], [np.nan, 0.0]])
    found = pair_noise(answers(x, np.where(np.isnan(x), 0.0, 2.0), np.nan_to_num(x * (1 - x))))
    assert np.isnan([found.now[0, 1], found.once[0, 1], found.squares[0, 1]]).all()
    assert np.isfinite(np.diagonal(found.now)).all()


@given(st.integers(0, 500))
def test_the_difference_of_two_models_can_be_added_as_a_column(seed):
    x, attempts, within = board(seed, models=2)
    both = answers(x, attempts, within)
    found = both.with_difference()
    assert np.array_equal(found.means[:, :2], both.means, equal_nan=True)
    assert found.means[:, 2] == pytest.approx(x[:, 0] - x[:, 1], nan_ok=True)
    assert found.has[:, 2].tolist() == both.has.all(axis=1).tolist()
    assert found.known[:, 2].tolist() == ((attempts > 1).any(axis=1) & (attempts > 0).all(axis=1)).tolist()
    assert found.once[:, 2] == pytest.approx(both.once[:, 0] + both.once[:, 1], nan_ok=True)
    assert found.now[:, 2] == pytest.approx(both.now[:, 0] + both.now[:, 1], nan_ok=True)
    some = (attempts > 0).all(axis=1)
    harmonic = 2 / (1 / attempts[some, 0] + 1 / attempts[some, 1])
    assert found.attempts[some, 2] == pytest.approx(harmonic)


@given(st.integers(0, 500), st.booleans())
def test_the_difference_has_the_same_variance_as_a_column_and_as_a_pair(seed, weighted):
    x, attempts, within = board(seed, models=2)
    weights = weights_of(seed, 15, weighted)
    both = answers(x, attempts, within)
    column, pair = mean_noise(both.with_difference(), weights), pair_noise(both, weights)
    for name in ("now", "once"):
        assert getattr(column, name)[2] == pytest.approx(getattr(pair, name)[0, 1], rel=1e-9)


def test_a_difference_has_a_variance_if_models_repeated_different_items():
    x = np.array([[0.5, 1.0], [1.0, 0.0], [0.5, 1.0], [1.0, 0.5], [0.0, 0.5], [1.0, 0.5]])
    attempts = np.array([[2.0, 1.0]] * 3 + [[1.0, 2.0]] * 3)
    both = answers(x, attempts, x * (1 - x))
    column, pair = mean_noise(both.with_difference()), pair_noise(both)
    assert pair.now[0, 1] == pytest.approx(mean_noise(both).now.sum())
    assert column.now[2] == pytest.approx(pair.now[0, 1])


@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_of_columns_have_the_noise_of_all(weighted, monkeypatch):
    rng = np.random.default_rng(8)
    attempts = rng.integers(0, 4, (30, 5))
    attempts[:, 1], attempts[:, 2] = 1, 0  # one attempt each, and none
    x = np.where(attempts > 0, rng.random((30, 5)), np.nan)
    found, weights = answers(x, attempts, np.nan_to_num(x * (1 - x))), rng.random(30) if weighted else None
    whole = mean_noise(found, weights)
    monkeypatch.setattr(answer_noise, "BLOCK_CELLS", 60)  # two columns at a time
    parts = mean_noise(found, weights)
    for name in ("now", "once", "squares", "event"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)
