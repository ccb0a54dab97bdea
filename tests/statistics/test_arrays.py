"""Ranks with ties at their mean, as SciPy's."""

import numpy as np
import pytest
from scipy.stats import rankdata

from howsure.statistics.arrays import midranks


@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (40, 1), (40, 9), (3, 5, 12)])
def test_midranks_equal_those_of_scipy(shape):
    rng = np.random.default_rng(4)
    for kinds in (1, 2, 5, 1000):
        values = rng.integers(0, kinds, shape) / 3
        np.testing.assert_array_equal(midranks(values), rankdata(values, axis=-1))


def test_a_row_with_nan_has_no_ranks():
    ranks = midranks(np.array([[2.0, np.nan, 2.0], [2.0, -np.inf, 2.0]]))
    np.testing.assert_array_equal(ranks, [[np.nan] * 3, [2.5, 1.0, 2.5]])
