"""The code of docs/methods/score.md gives the library's numbers."""

import numpy as np
import pytest

from howsure.statistics.means import mean
from methods import methods

page = methods("score")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("attempts", [1, 4])
@pytest.mark.parametrize("rate", [0.03, 0.2, 0.6, 0.95])
def test_rates(rate, attempts, grouped):
    rng = np.random.default_rng(3)
    g = np.sort(rng.integers(12, size=90)) if grouped else np.arange(90)
    g = np.unique(g, return_inverse=True)[1]
    chance = rng.beta(4 * rate, 4 * (1 - rate), g.max() + 1)[g]
    x = rng.binomial(attempts, chance) / attempts
    found = mean(x, clusters=(g,) if grouped else (), attempts=np.full(90, float(attempts)))
    value, variance, df = page.clustered(x, g)
    assert (value, np.sqrt(variance), df) == pytest.approx((found.value, found.se, found.df), rel=1e-9)
    limits = page.interval(x, g, np.full(90, float(attempts)))
    assert limits == pytest.approx((found.interval.low, found.interval.high), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("near", [1, 30])
def test_fractions(near, grouped):
    rng = np.random.default_rng(4)
    g = np.arange(60) // (5 if grouped else 1)
    x = 1 - rng.beta(1, near, 60)
    found = mean(x, clusters=(g,) if grouped else ())
    assert page.interval(x, g) == pytest.approx((found.interval.low, found.interval.high), rel=1e-9)
