"""The code of docs/methods/many-models.md gives the library's numbers.

The library computes flips in single precision, so that a flip can tie with the data in one of both only. The seeds here have no
such ties. Random flips are compared to within three Monte Carlo errors of both.
"""

import numpy as np
import pytest

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.best import best_of
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.ranks import ranks
from methods import methods

page = methods("many-models")
UNCLEAR = 0.25


def drawn(seed, attempts, clusters=None, n=60):
    """Return the scores of six models, and clusters, or questions by themselves."""
    rng = np.random.default_rng(seed)
    g = np.arange(n)
    if clusters:
        g = np.unique(np.sort(rng.integers(clusters, size=n)), return_inverse=True)[1]
    chance = rng.beta(1, 1, g.max() + 1)[g]
    x = np.array([rng.binomial(attempts, np.clip(chance + e, 0, 1)) / attempts for e in rng.normal(0, 0.25, 6)]).T
    return x, g


def of_library(x, g, score=True):
    """Return the library's raw and adjusted p-values, and who could be best."""
    clustered = g.max() < len(g) - 1
    moments = pair_moments(x, clusters=(g,) if clustered else (), score=score)
    adjusted, _ = adjust_pairs(moments, "max-t", rng=np.random.default_rng(0))
    best = best_of(moments, x.mean(axis=0), adjusted, "max-t", 0.95, rng=np.random.default_rng(1))
    return moments.p_value, adjusted, best


def every_flip(count):
    """Return all flips of this many clusters."""
    return 1 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)


def rank_limits(mean, adjusted, best):
    """Return the limits of ranks by the rules of the page."""
    better = (adjusted <= 0.05) & (mean > mean[:, None])
    worse = (adjusted <= 0.05) & (mean < mean[:, None])
    low = np.where(best, 1, np.maximum(1 + better.sum(axis=1), 2))
    high = np.where(best & (best.sum() == 1), 1, len(mean) - worse.sum(axis=1))
    places = 1 + (mean > mean[:, None]).sum(axis=1)
    return list(zip(np.minimum(low, places).tolist(), np.maximum(high, places).tolist(), strict=True))


@pytest.mark.parametrize("attempts", [1, 4])
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5])
def test_all_flips_of_few_clusters(seed, attempts):
    x, g = drawn(seed, attempts, clusters=9)
    p, adjusted, best = of_library(x, g)
    signs = every_flip(g.max() + 3)
    found = page.max_t(x, g, p, signs)
    clear = np.minimum(found, adjusted) <= UNCLEAR
    assert found[clear] == pytest.approx(adjusted[clear], rel=1e-9)
    found_best = page.could_be_best(x, g, p, found, signs)
    assert found_best.tolist() == best.tolist()
    order = np.argsort(-x.mean(axis=0), kind="stable")
    at = np.ix_(order, order)
    mean = x.mean(axis=0)[order]
    told = ranks(mean, mean[:, None] - mean, adjusted[at], level=0.95, best=best[order])
    assert [(each.low, each.high) for each in told] == rank_limits(mean, found[at], found_best[order])


@pytest.mark.parametrize(("clusters", "attempts"), [(None, 4), (None, 1), (25, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_random_flips(seed, clusters, attempts):
    x, g = drawn(seed, attempts, clusters)
    p, adjusted, best = of_library(x, g)
    plain = of_library(x, g, score=False)[0] if (clusters, attempts) == (None, 1) else p
    columns = g.max() + (3 if clusters else 1)
    signs = np.random.default_rng(9).choice([-1.0, 1.0], (4000, columns))
    found = np.maximum(page.max_t(x, g, plain, signs), p)
    assert np.all(np.abs(found - adjusted) <= 3 * np.sqrt(adjusted * (1 - adjusted) * (1 / 4000 + 1 / 10000)) + 1e-3)
    assert page.could_be_best(x, g, plain, adjusted, signs).tolist() == best.tolist()
