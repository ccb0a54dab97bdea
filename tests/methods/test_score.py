"""The code of docs/methods/score.md gives the library's numbers."""

import numpy as np
import pytest
from scipy import stats

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


@pytest.mark.parametrize("grouped", [False, True])
def test_wilson(grouped):
    """Wilson's interval with this design effect and the t quantile."""
    x = (np.random.default_rng(3).random(90) < 0.6).astype(float)
    g = np.arange(90) // (3 if grouped else 1)
    found = mean(x, clusters=(g,) if grouped else (), interval="wilson")
    p, variance, df = page.clustered(x, g)
    z, n = stats.t.ppf(0.975, df), p * (1 - p) * 90 / (variance * 89)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    assert (found.interval.low, found.interval.high) == pytest.approx((centre - half, centre + half), rel=1e-9)


@pytest.mark.parametrize("rate", [0, 1])
@pytest.mark.parametrize("size", [1, 5])
def test_all_wrong_or_all_right(rate, size):
    x, g = np.full(30, float(rate)), np.arange(30) // size
    found = mean(x, clusters=(g,) if size > 1 else (), attempts=np.ones(30)).interval
    assert page.interval(x, g, np.ones(30)) == pytest.approx((found.low, found.high), rel=1e-9)
