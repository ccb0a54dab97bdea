"""Simultaneous levels of curves: known cases, and coverage of whole curves."""

import numpy as np
import pytest
import scipy

from howsure.statistics.curves import pointwise_level


def test_levels_of_independent_and_equal_points_are_known():
    rng = np.random.default_rng(0)
    independent = pointwise_level(np.eye(8), np.inf, 0.95, rng)
    assert independent == pytest.approx(0.95 ** (1 / 8), abs=0.001)  # Šidák
    assert pointwise_level(np.ones((8, 8)), np.inf, 0.95, rng) == pytest.approx(0.95, abs=0.004)
    assert pointwise_level(np.ones((8, 8)), 5, 0.95, rng) == pytest.approx(0.95, abs=0.004)
    assert pointwise_level(np.zeros((3, 3)), 5, 0.95, rng) == 0.95
    assert pointwise_level(np.diag([1.0, 0, 0]), 5, 0.95, rng) == 0.95


def test_curves_of_means_are_covered_as_a_whole():
    """400 draws of 30 questions with 12 points that grow, as of pass@k."""
    rng, held = np.random.default_rng(1), []
    truth = np.cumsum(np.ones(12))
    for k in range(400):
        x = np.cumsum(1 + rng.normal(0, 1, (30, 12)), axis=1)
        sums = np.cov(x.T) / 30
        level = pointwise_level(sums, 29, 0.95, np.random.default_rng(k))
        reach = scipy.stats.t.ppf((1 + level) / 2, 29)
        held.append(bool((np.abs(x.mean(axis=0) - truth) <= reach * np.sqrt(np.diag(sums))).all()))
    assert 0.925 <= np.mean(held) <= 0.98
