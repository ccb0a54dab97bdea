"""The score statistic of a paired difference: test and interval agree, also with few clusters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulation.irt_worlds import FineTunePairWorld
from simulation.pair_worlds import PairWorld

from howsure.statistics.difference import difference
from howsure.statistics.differences import pivots
from howsure.statistics.score_pivot import Pivots, variance_of_one
from trials import draws

WORLDS = [
    PairWorld(n_clusters=3, cluster_size=5, discordance=0.3),
    PairWorld(n_clusters=5, cluster_size=50, discordance=0.05),
    PairWorld(n_clusters=20, cluster_size=50, discordance=0.01, effect=0.007, icc=0.1),
    PairWorld(n_clusters=50, cluster_size=50, discordance=0.01, effect=0.007, icc=0.1),
    PairWorld(n_clusters=10, cluster_size=20, discordance=0.1, effect=0.07, sizes="dominant"),
    FineTunePairWorld(n_clusters=5, cluster_size=40, gap=0.5),
    FineTunePairWorld(n_clusters=12, cluster_size=42, sizes="SWE-bench", gap=0.3, luck=0.95),
    PairWorld(n_clusters=40, discordance=0.1),
]


def found(world, level=0.95):
    sample = world.draw(np.random.default_rng(7), draws(300, 2_000))
    pivot = pivots(sample.sums_for("CR2"), "CR2", score=True)
    return pivot, *pivot.limits(level)


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("level", draws([0.95], [0.8, 0.95, 0.99]))
def test_a_value_is_rejected_exactly_if_the_interval_excludes_it(world, level):
    pivot, low, high = found(world, level)
    for value in (0.0, 0.01, -0.03, 0.1, -0.2):
        p = pivot.p_value_at(value)
        sure = np.isfinite(p) & (np.minimum(np.abs(low - value), np.abs(high - value)) > 1e-7)
        outside = (value < low) | (value > high)
        assert np.array_equal((p <= 1 - level)[sure], outside[sure])


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_the_p_value_falls_monotonically_with_the_distance(world):
    pivot, _, _ = found(world)
    steps = np.linspace(-0.9, 0.9, 37)
    p = np.array([pivot.p_at_most(value) for value in steps])
    rises = np.diff(p, axis=0)
    assert np.nanmin(rises, initial=0.0) > -1e-7


@given(seed=st.integers(0, 2**32 - 1))
def test_the_minimum_statistic_beyond_a_value_equals_a_grid_search(seed):
    rng, n, steps = np.random.default_rng(seed), 50, 4_001
    found = Pivots(
        difference=rng.uniform(-0.9, 0.9, n),
        variance=rng.uniform(0, 0.002, n),
        df=np.full(n, 5.0),
        item_variance=rng.uniform(0.05, 0.9, n),
        room=rng.uniform(0.001, 0.2, n),
        added=np.zeros(n),
    )
    value = np.minimum(found.difference + rng.uniform(0, 1, n), 1.0)
    least = found.least_beyond(value)
    grid = value + (1 - value) * np.linspace(0, 1, steps)[:, None]
    with np.errstate(divide="ignore"):
        sizes = (grid - found.difference) / np.sqrt(found.variance_at(grid))
    beyond = least / sizes.min(axis=0) - 1
    assert beyond.max() <= 1e-9, "no place of the grid is lower"
    assert beyond.min() >= -0.01, "and one lies near it"


def test_six_wins_in_four_of_five_clusters_of_40_are_not_significant():
    codes, wins = np.repeat(np.arange(5), 40), (2, 1, 0, 1, 2)
    a = np.concatenate([np.arange(40) < count for count in wins]).astype(float)
    answer = difference(a, np.zeros(200), clusters=(codes,))
    assert answer.estimate.interval.low < 0 < answer.estimate.interval.high
    assert answer.p_value > 0.05


def test_equal_clusters_have_an_interval_on_both_sides_of_the_estimate():
    """One win in each of three clusters of 5: the plain variance is 0, and yet the estimate is no limit."""
    codes = np.repeat(np.arange(3), 5)
    a = np.tile([1.0, 0, 0, 0, 0], 3)
    answer = difference(a, np.zeros(15), clusters=(codes,))
    assert answer.estimate.interval.low < 0 < 0.5 < answer.estimate.interval.high
    assert answer.p_value > 0.05


shares = st.floats(-1, 1, allow_subnormal=False)


@given(shares, st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.2]), shares)
def test_the_scalar_variance_equals_the_vectorised_one(seen, variance, item_variance, room, value):
    parts = {
        "difference": seen,
        "variance": variance,
        "item_variance": item_variance,
        "room": room,
        "df": 9.0,
        "added": 0.0,
    }
    many = Pivots(**{name: np.asarray([part]) for name, part in parts.items()})
    one = variance_of_one(seen, variance, item_variance, room, value)
    assert one == pytest.approx(float(many.variance_at(value)[0]), rel=1e-12, abs=1e-15)
