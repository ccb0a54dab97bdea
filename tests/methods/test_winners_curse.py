"""The code of docs/methods/winners-curse.md gives the library's numbers, with the library's own draws."""

import numpy as np
import pytest

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.best import LUCK_DRAWS, luck
from howsure.statistics.pair_moments import item_levels, order_of_rows
from howsure.statistics.sign_flips import sign_blocks
from methods import methods

page = methods("winners-curse")


def draws(x, g, models):
    """Return the library's flips, by cluster, and its normal draws."""
    rng = np.random.default_rng(5)
    count = g.max() + 1
    added = 2 if count < len(g) else 0
    sums = np.array([np.bincount(g, column) for column in (x - item_levels(x)).T]).T / len(x)
    order = order_of_rows(sums, np.bincount(g) / len(x))
    blocks = [block().T.astype(float) for block in sign_blocks(count + added, rng, LUCK_DRAWS)]
    times = max(LUCK_DRAWS >> (count + added), 1)
    flips = np.concatenate([np.repeat(block, times, axis=0) for block in blocks])
    normal = np.concatenate([rng.standard_normal((len(block) * times, models)) for block in blocks])
    signs = flips.copy()
    signs[:, order] = flips[:, :count]
    return signs, normal


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.3])
@pytest.mark.parametrize(("clusters", "attempts"), [(8, 1), (8, 5), (10, 3), (None, 4)])
@pytest.mark.parametrize("seed", range(3))
def test_corrections(seed, clusters, attempts, spread):
    rng = np.random.default_rng(seed)
    n, models = (60, 8) if clusters else (11, 8)
    g = np.sort(np.arange(n) % (clusters or n))
    chance = rng.beta(1, 1, g.max() + 1)[g]
    ability = rng.normal(0, spread, models)
    x = np.array([rng.binomial(attempts, np.clip(chance + e, 0.05, 0.95)) / attempts for e in ability]).T
    flips = pair_moments(x, clusters=(g,) if clusters else ()).flips.centred()
    expected = luck(x.mean(axis=0), flips, rng=np.random.default_rng(5))
    assert page.selection_bias(x, g, *draws(x, g, models)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_models_without_noise():
    x, g = np.ones((12, 3)), np.arange(12)
    signs, normal = np.ones((4, 12)), np.zeros((4, 3))
    assert page.selection_bias(x, g, signs, normal) == 0
