"""What few flips settle is what all of them find."""

from types import SimpleNamespace

import numpy as np
import pytest

from howsure.inference.board import corrected, could_be_best, could_be_best_alone
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.max_t import max_t, rejects_none
from howsure.statistics.results import allowed

WORLDS = [
    SimpleNamespace(models=12, items=300, clusters=0, spread=0.3),
    SimpleNamespace(models=40, items=400, clusters=9, spread=0.2),
    SimpleNamespace(models=30, items=400, clusters=40, spread=0.05),
    SimpleNamespace(models=2, items=60, clusters=0, spread=1.0),
    SimpleNamespace(models=25, items=350, clusters=0, spread=0.0),
]


def drawn(world, seed):
    """Return the pairs of a world, and its models' scores."""
    rng = np.random.default_rng(seed)
    ability = world.spread * rng.normal(size=world.models)
    ease, codes = rng.normal(size=(world.items, 1)), rng.integers(0, max(world.clusters, 1), world.items)
    if world.clusters:
        ease += rng.normal(size=(world.clusters, 1))[codes]
    x = (rng.logistic(size=(world.items, world.models)) < ability + ease).astype(float)
    if seed % 2:
        x[rng.random(x.shape) < 0.02] = np.nan
    return pair_moments(x, clusters=[codes] if world.clusters else ()), np.nanmean(x, axis=0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_no_pair_of_which_that_is_sure_is_rejected(world, seed):
    moments, _ = drawn(world, seed)
    p, flips, rng = moments.p_value, moments.flips, np.random.default_rng(seed)
    rejected = max_t(p, flips, rng=np.random.default_rng(0)) <= allowed(0.95)
    sure = 0
    for _ in range(20):
        chosen = np.triu(rng.random(p.shape) < rng.choice([0.01, 0.1, 1.0]) / len(p), 1)
        if rejects_none(p, flips, chosen, allowed(0.95), rng=np.random.default_rng(0)):
            sure += 1
            assert not (chosen & rejected).any()
    assert not (p > allowed(0.95)).all() or sure


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_the_best_alone_are_those_of_all_corrected_pairs(world, seed, sign):
    moments, means = drawn(world, seed)
    question = Question(population=NEW_CLUSTERS)
    every = could_be_best(moments, sign * means, corrected(moments, question), sign, question)
    assert (could_be_best_alone(moments, sign * means, sign, question) == every).all()
