"""The code of docs/methods/against-one.md gives the library's numbers. All flips are used, see test_many_models.py."""

import numpy as np
import pytest

from howsure.statistics import multiplicity
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.pair_details import pair_limits
from methods import methods

page = methods("against-one")


def drawn(seed, attempts, clusters, n=60):
    """Return the scores of five models, and clusters."""
    rng = np.random.default_rng(seed)
    g = np.sort(np.arange(n) % clusters) if clusters < n else np.arange(n)
    chance = rng.beta(1, 1, g.max() + 1)[g]
    x = np.array([rng.binomial(attempts, np.clip(chance + e, 0, 1)) / attempts for e in rng.normal(0, 0.25, 5)]).T
    return x, g


def of_library(x, g, how):
    """Return the moments, and the library's correction against the first model."""
    moments = pair_moments(x, clusters=(g,) if g.max() < len(g) - 1 else ())
    p = moments.p_value[0].copy()
    p[0] = np.nan
    if how == "max-t":
        return moments, multiplicity.by_max_t(p, moments, 0, 0.05, rng=np.random.default_rng(0))
    return moments, multiplicity.by_dunnett(p, moments, 0, 0.05)


def compare(found, expected, rel):
    """Compare adjusted p-values (those above a quarter may rest on fewer flips) and both errors."""
    adjusted, near, far = found
    clear = np.minimum(adjusted, expected.p_adjusted[1:]) <= 0.25
    assert adjusted[clear] == pytest.approx(expected.p_adjusted[1:][clear], rel=1e-9)
    assert far == pytest.approx(expected.far[1:], rel=rel)
    assert near == pytest.approx(expected.near[1:], rel=rel)


@pytest.mark.parametrize(("attempts", "clusters", "n"), [(1, 10, 60), (4, 10, 60), (4, 12, 12)])
@pytest.mark.parametrize("seed", range(5))
def test_max_t(seed, attempts, clusters, n):
    """The library finds the quantile in single precision, hence 1e-5 for the errors of the intervals.

    If all clusters are equal, its margin of 0.01% for ties is on another scale, hence 1e-3.
    """
    x, g = drawn(seed, attempts, clusters, n)
    moments, expected = of_library(x, g, "max-t")
    columns = clusters + (2 if clusters < n else 0)
    signs = 1 - 2.0 * ((np.arange(2**columns)[:, None] >> np.arange(columns)) & 1)
    compare(page.against_by_max_t(x, g, moments.p_value[0, 1:], signs), expected, 1e-5 if clusters < n else 1e-3)


@pytest.mark.parametrize("clusters", [5, 10, 60])
@pytest.mark.parametrize("seed", range(5))
def test_dunnett(seed, clusters):
    x, g = drawn(seed, 3, clusters)
    moments, expected = of_library(x, g, "dunnett")
    adjusted, near, far = page.against_by_dunnett(moments.p_value[0, 1:], moments.df[0, 1], moments.variance)
    assert adjusted == pytest.approx(expected.p_adjusted[1:], rel=1e-9, abs=1e-12)
    assert (near, far) == (pytest.approx(expected.near[1:], rel=1e-8), pytest.approx(expected.far[1:], rel=1e-8))
    level = np.full((5, 5), 0.95)
    level[0, 1:] = level[1:, 0] = 1 - near
    low, high = (
        each[1:, 0] for each in pair_limits(x, moments, level=level, clusters=(g,) if clusters < 60 else (), reach=1.0)
    )
    assert (((low > 0) | (high < 0)) <= (adjusted <= 0.05 * (1 + 1e-9))).all()
