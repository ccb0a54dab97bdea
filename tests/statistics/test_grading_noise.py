"""Grading noise: against the mean squares of a nested analysis of variance, unbiased, and degenerate input."""

import numpy as np
import pytest

from howsure.statistics.grading_noise import grading_noise


def answers_of(x):
    """Return counts, squares and cells of gradings (items, answers, gradings) of one column."""
    n, k, g = x.shape
    squares = ((x - x.mean(axis=2, keepdims=True)) ** 2).sum(axis=2).ravel()
    items = np.repeat(np.arange(n), k)
    return np.full(n * k, float(g)), squares, (items, np.zeros(n * k, dtype=int)), np.full((n, 1), float(k))


def test_equal_numbers_give_the_mean_squares_of_the_nested_analysis_of_variance():
    rng, (n, k, g) = np.random.default_rng(1), (30, 4, 3)
    x = rng.normal(size=(n, 1, 1)) + rng.normal(size=(n, k, 1)) + rng.normal(size=(n, k, g))
    found = grading_noise(*answers_of(x))
    within = ((x - x.mean(axis=2, keepdims=True)) ** 2).sum() / (n * k * (g - 1))
    assert found.single == pytest.approx(within)
    assert found.now == pytest.approx(within / (n * k * g))
    assert found.once == pytest.approx(within / (n * k))
    assert found.gradings == pytest.approx(g)


def test_weights_and_numbers_of_answers_are_those_of_the_mean():
    counts, squares = np.array([2.0, 1.0, 3.0]), np.array([2.0, 0.0, 8.0])
    cells, attempts, weights = (
        (np.array([0, 0, 1]), np.zeros(3, dtype=int)),
        np.array([[2.0], [1.0]]),
        np.array([3.0, 1.0]),
    )
    found = grading_noise(counts, squares, cells, attempts, weights)
    variances = np.array([2.0, 3.0, 4.0])  # the second borrows the mean of the others
    shares = np.array([3 / 2, 3 / 2, 1]) / 4
    assert found.single == pytest.approx(3.0)
    assert found.once == pytest.approx(shares**2 @ variances)
    assert found.now == pytest.approx(shares**2 @ (variances / counts))
    assert found.gradings == pytest.approx(3 / (1 / 2 + 1 + 1 / 3))


def test_a_column_whose_answers_were_graded_once_has_no_known_noise():
    columns = np.array([0, 0, 1, 1])
    cells = (np.array([0, 1, 0, 1]), columns)
    found = grading_noise(np.array([1.0, 1, 2, 2]), np.array([0, 0, 0.5, 0.5]), cells, np.ones((2, 2)))
    assert np.isnan([found.single[0], found.now[0], found.once[0]]).all()
    assert found.gradings[0] == 1
    assert found.now[1] == pytest.approx(0.5 / 4)
    both = found.with_difference()
    assert np.isnan(both.now[2])
    assert both.gradings[2] == pytest.approx(2 / (1 + 1 / 2))


def test_a_judge_that_repeats_itself_has_no_noise():
    found = grading_noise(*answers_of(np.ones((5, 2, 3))))
    assert (found.now, found.once, found.single) == (0.0, 0.0, 0.0)


def test_the_part_of_gradings_is_unbiased_if_doubtful_answers_are_graded_more_often():
    rng, n, k = np.random.default_rng(2), 40, 2
    estimates, deviations = [], []
    items, spread = np.repeat(np.arange(n), k), np.repeat([0.1, 0.4], n)
    counts = np.repeat([2, 5], n)
    for _ in range(600):
        gradings = [rng.normal(0, s, size) for s, size in zip(spread, counts, strict=True)]
        squares = np.array([((each - each.mean()) ** 2).sum() for each in gradings])
        cells = (items, np.zeros(n * k, dtype=int))
        estimates.append(grading_noise(counts.astype(float), squares, cells, np.full((n, 1), 2.0)).now[0])
        deviations.append(np.mean([each.mean() for each in gradings]))
    truth = (spread**2 / counts).sum() / (n * k) ** 2
    assert np.mean(estimates) == pytest.approx(truth, rel=0.03)
    assert np.var(deviations) == pytest.approx(truth, rel=0.15)
