"""The code of docs/methods/difference.md gives the library's numbers."""

import numpy as np
import pytest

from howsure.statistics.difference import difference
from methods import methods

page = methods("difference")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("gap", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("seed", range(3))
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
