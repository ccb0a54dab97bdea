"""Rehearsed power agrees with the forecast where the forecast's assumptions hold."""

import numpy as np
import pytest

from howsure.statistics.clustered_variance import sizes_of
from howsure.statistics.gate_shares import TRIALS, rehearse
from howsure.statistics.power import Spread, Test, power

Test.__test__ = False


DEFAULT = Test()


def rehearsed(d, codes=None, *, count, test=DEFAULT, effect=0.06, scale=1.0):
    return rehearse(d, codes, test, effect=effect, count=count, scale=scale, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    "test", [Test(), Test(method="t"), Test(goal="not-worse", margin=0.02), Test(goal="same", margin=0.15)], ids=str
)
def test_rehearsed_power_of_items_is_the_forecast(test):
    d = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.75, 0.15])
    spread = Spread(within=float(d.var()))
    for count in (100, 600):
        assert rehearsed(d, count=count, test=test) == pytest.approx(power(test, spread, 0.06, count, 1), abs=0.03)


def test_rehearsed_power_of_clusters_is_the_forecast():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(60), 10)
    d = rng.normal(0, 0.2, 60)[codes] + rng.normal(0, 0.4, 600)
    means = d.reshape(60, 10).mean(axis=1)
    spread = Spread(within=0.0, between=float(means.var()), sizes=sizes_of(np.full(60, 10.0)))
    test = Test(method="t")
    assert rehearsed(d, codes, count=50, test=test) == pytest.approx(power(test, spread, 0.06, 500, 1), abs=0.03)


def test_uneven_clusters_keep_their_sizes():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(40), rng.integers(1, 30, 40))
    d = rng.normal(0, 0.3, len(codes))
    share = rehearsed(d, codes, count=40, test=Test(method="t"), effect=0.04)
    sizes, sums = sizes_of(np.bincount(codes).astype(float)), np.bincount(codes, weights=d - d.mean())
    spread = Spread(within=float(sums @ sums) / len(d), sizes=sizes)
    assert share == pytest.approx(power(Test(method="t"), spread, 0.04, len(codes), 1), abs=0.06)


def test_no_effect_is_found_at_the_level():
    d = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], 500, p=[0.15, 0.7, 0.15])
    share = rehearsed(d, count=300, test=Test(method="t"), effect=0.0)
    assert share == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / TRIALS) + 0.004)


def test_a_smaller_spread_finds_more_and_draws_are_repeatable():
    d = np.random.default_rng(5).choice([-1.0, 0.0, 1.0], 200, p=[0.2, 0.5, 0.3])
    assert rehearsed(d, count=200, scale=0.7) > rehearsed(d, count=200) == rehearsed(d, count=200)


def test_two_clusters_and_fewer_than_the_pilot_s():
    codes = np.repeat(np.arange(10), 5)
    d = np.random.default_rng(6).normal(0, 0.3, 50)
    assert 0 <= rehearsed(d, codes, count=2) <= 1
    assert 0 <= rehearsed(d, codes, count=3) <= rehearsed(d, codes, count=200, effect=0.2) <= 1
