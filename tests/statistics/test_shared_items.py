"""The test of whether a model scores differently on shared items than on the items that it alone answered."""

import math

import numpy as np
import pytest

from howsure.statistics.shared_items import unlike


def test_all_right_on_few_shared_items_has_about_the_binomial_p_value():
    x = np.concatenate([np.ones(10), np.tile([1.0, 1, 0, 1, 0], 98)])
    found = unlike(x, np.arange(500) < 10, None)
    assert (found.shared, found.alone, found.n_shared, found.n_alone) == (1, pytest.approx(0.6), 10, 490)
    assert found.p_value == pytest.approx(2 * 0.6**10, rel=0.5)
    assert found.beyond_noise


def test_the_test_of_shared_items_keeps_the_type_i_error():
    rng = np.random.default_rng(0)
    near = np.arange(120) < 30
    for group in (None, np.arange(120) % 12):
        told = 0
        for _ in range(400):
            rate = 0.6 if group is None else np.clip(rng.normal(0.6, 0.2, 12), 0, 1)[group]
            x = (rng.random(120) < rate).astype(float)
            told += unlike(x, near, None, () if group is None else (group,)).beyond_noise
        assert told <= 400 * 0.025 + 3 * math.sqrt(400 * 0.025)


def test_the_test_of_shared_items_needs_both_groups_and_variance():
    x = np.ones(6)
    assert unlike(x, np.ones(6, dtype=bool), None) is None
    assert not unlike(x, np.arange(6) < 3, None).beyond_noise
    assert not unlike(np.arange(6.0), np.arange(6) < 3, None, (np.zeros(6, dtype=int),)).beyond_noise
