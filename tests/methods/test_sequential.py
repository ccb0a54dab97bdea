"""The code of docs/methods/sequential.md gives the library's numbers."""

import numpy as np
import pytest
from scipy import stats

from howsure.statistics.betting import Betting, half_width, tuned
from howsure.statistics.group_sequential import Schedule, spent
from methods import methods

page = methods("sequential")


@pytest.mark.parametrize("null", [None, 0.5, 0.9])
@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize("rate", [0.0, 0.6, 1.0])
def test_bets_on_scores(rate, n, null):
    x = (np.random.default_rng(1).random(n) < rate).astype(float)
    run = Betting(null=null, horizon=300)
    run.add(x)
    look = run.look()
    low, high, p = page.betting(x, np.ones(n), 300, null=null)
    assert (look.low, look.high) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    if null is not None:
        assert look.p_value == pytest.approx(p, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_bets_on_differences_in_clusters(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, 40).astype(float)
    d = np.array([rng.choice([-1, 0, 1], int(k), p=(0.1, 0.5, 0.4)).sum() for k in sizes], dtype=float)
    run = Betting(bounds=(-1, 1), null=0.0, horizon=60, largest=5)
    run.add(d, sizes)
    look = run.look()
    low, high, p = page.betting(d, sizes, 60, low=-1, high=1, null=0.0, largest=5)
    assert (look.low, look.high, look.p_value) == pytest.approx((low, high, p), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("shares", [(0.5, 1), (0.2, 0.4, 0.6, 0.8, 1), (0.3, 0.35, 0.9, 1)])
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_planned_looks(shares, alpha):
    schedule = Schedule(tuple(map(float, shares)))
    boundary = schedule.boundary(1 - alpha)
    found = page.bounds(shares, alpha)
    assert found == pytest.approx(boundary.z, rel=1e-8)
    assert schedule.level_at(1, 1 - alpha) == pytest.approx(1 - 2 * stats.norm.sf(found[0]), rel=1e-9)
    even = alpha / 2 * np.log(1 + (np.e - 1) * np.array(shares))
    assert spent("pocock", alpha, np.array(shares)) == pytest.approx(2 * even, rel=1e-9)


@pytest.mark.parametrize("p", [0.001, 0.02, 0.04])
def test_p_values_over_all_looks(p):
    """The least error at which the look stops. The library interpolates between 48 errors, hence 1%."""
    error = Schedule((0.5, 0.75, 1.0)).overall_p(3, p, 0.95)
    assert page.bounds((0.5, 0.75, 1), error)[2] == pytest.approx(stats.norm.isf(p / 2), rel=1e-2)
    assert page.p_over_looks(p, (0.5, 0.75, 1), 2) == pytest.approx(error, rel=1e-2)


def test_units_larger_than_the_largest_are_refused():
    with pytest.raises(AssertionError, match="largest"):
        page.betting(np.ones(4), np.full(4, 5.0), 20)


def test_scores_without_bounds():
    expected = half_width(120, 2.5, tuned(400, 0.95), 0.95)
    assert page.asymptotic(120, 2.5, 400) == pytest.approx(float(expected), rel=1e-9)
