"""The code of docs/methods/difference.md gives the library's numbers."""

import numpy as np
import pytest

from howsure.statistics.difference import difference
from methods import methods

page = methods("difference")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("gap", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("seed", range(2))
def test_p_values_and_intervals(seed, gap, grouped):
    rng = np.random.default_rng(seed)
    g = np.unique(np.sort(rng.integers(15, size=90)), return_inverse=True)[1] if grouped else np.arange(90)
    chance = rng.beta(1, 1, g.max() + 1)[g]
    a, b = ((rng.random(90) < np.clip(chance + more, 0, 1)).astype(float) for more in (gap, 0))
    found = difference(a, b, clusters=(g,) if grouped else ())
    limits = found.estimate.interval.low, found.estimate.interval.high
    (value, variance, df), plain = page.clustered(a - b, g), found.estimate
    assert (value, np.sqrt(variance), df) == pytest.approx((plain.value, plain.se, plain.df), rel=1e-9)
    assert page.compare(a - b, g) == pytest.approx((found.p_value, *limits), rel=1e-9, abs=1e-11)


EDGES = {
    "equal models": ([0] * 40, 1),
    "equal models in clusters": ([0] * 40, 5),
    "four wins": ([1] * 4 + [0] * 96, 1),
    "eight wins": ([1] * 8 + [0] * 92, 1),
    "wins that cancel out": ([1, -1] * 5 + [0] * 30, 1),
    "a win in each of three clusters": ([1, 0, 0, 0, 0] * 3, 5),
    "net wins of 2, 1, 0, 1, 2": ([float(i % 40 < (2, 1, 0, 1, 2)[i // 40]) for i in range(200)], 40),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(name):
    d, size = EDGES[name]
    d, g = np.array(d, dtype=float), np.arange(len(d)) // size
    found = difference(np.maximum(d, 0), np.maximum(-d, 0), clusters=(g,) if size > 1 else ())
    limits = found.estimate.interval.low, found.estimate.interval.high
    assert page.compare(d, g) == pytest.approx((found.p_value, *limits), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_two_clusters(seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.random((2, 40)) < np.array([[0.7], [0.5]])).astype(float)
    g = np.arange(40) // 20
    found = difference(a, b, clusters=(g,))
    limits = found.estimate.interval.low, found.estimate.interval.high
    assert page.compare(a - b, g) == pytest.approx((found.p_value, *limits), rel=1e-6, abs=1e-9)
