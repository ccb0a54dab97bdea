"""Sequential methods: coverage at every look in simulated runs, computed as the public classes do."""

import math

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from simulation.looks import LookWorld, check_looks, log_capital_paths, misses, standard_looks

from howsure.inference import calibration_record
from howsure.statistics.betting import Asymptotic, Betting
from trials import draws

WORLDS = [
    LookWorld(kind="mean", rate=0.2, horizon=40),
    LookWorld(kind="difference", rate=0.3, effect=0.1, horizon=40),
    LookWorld(kind="mean", rate=0.3, horizon=30, cluster_size=6, icc=0.3, related=True),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_simulated_betting_intervals_equal_those_of_the_public_class(world):
    sums, sizes = world.draw(np.random.default_rng(0), 5)
    paths = log_capital_paths(world, sums, sizes, world.truth, 0.95)
    null = 0.0 if world.kind == "difference" else world.truth
    for run in range(5):
        state = Betting(bounds=world.bounds, largest=world.cluster_size, horizon=world.horizon, null=null)
        for k in range(world.horizon):
            state.add(sums[run, k : k + 1], sizes[run, k : k + 1])
            assert paths[run, k] == pytest.approx(state.log_capital(world.truth), abs=1e-9)


def test_simulated_asymptotic_intervals_equal_those_of_the_public_class():
    world = LookWorld(kind="skewed", horizon=300)
    sums, sizes = world.draw(np.random.default_rng(1), 40)
    missed = misses(world, sums, sizes, 0.95)["asymptotic"]
    for run in range(40):
        state, low, high = Asymptotic(horizon=300), -math.inf, math.inf
        for k in range(0, 300, 50):
            state.add(sums[run, k : k + 50])
            look = state.look()
            low, high = max(low, look.low), min(high, look.high)
        assert missed[run, 49::50].any() == (not low <= world.truth <= high)


@pytest.mark.parametrize("world", standard_looks()[::7], ids=str)
def test_the_true_value_of_a_scenario_is_its_ratio_mean(world):
    sums, sizes = world.draw(np.random.default_rng(2), 200_000 // world.horizon)
    value = sums.sum() / sizes.sum()
    residuals = (sums - world.truth * sizes).ravel()
    assert abs(value - world.truth) < 5 * residuals.std() / math.sqrt(residuals.size) / sizes.mean()


def test_sequential_intervals_cover_at_every_look_and_a_one_look_t_interval_does_not():
    found = check_looks(WORLDS, trials=draws(500, 1_500), seed=3)
    assert found.filter(pl.col("kept").eq(other=False)).is_empty()
    assert found["kept"].drop_nulls().len() == 3
    assert found.filter(method="t, for one look")["coverage"].max() < 0.85


@pytest.mark.unmeasured
def test_results_do_not_depend_on_the_number_of_processes():
    one = check_looks(WORLDS, trials=40, seed=1)
    assert_frame_equal(one, check_looks(WORLDS, trials=40, seed=1, processes=2))


def test_the_stored_simulations_of_looks_reach_their_coverage_and_reproduce():
    looks = calibration_record.looks()
    assert looks.filter(pl.col("kept").eq(other=False)).is_empty()
    assert looks["trials"].min() >= 10_000
    assert looks.filter(method="betting")["coverage"].min() >= 0.95
    again = check_looks(standard_looks()[: draws(2, 4)], trials=draws(600, 1_000), seed=8)
    both = again.join(looks, on=["method", "kind", "rate", "horizon", "cluster_size", "icc"], suffix="_kept").filter(
        method="betting"
    )
    assert len(both) == draws(2, 4)
    assert (both["coverage"] - both["coverage_kept"]).abs().max() < draws(0.035, 0.025)
