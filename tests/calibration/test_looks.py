"""Runs that are looked at: what is checked is what users get, the truth of every world, promises, and the record."""

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
def test_what_is_checked_is_what_users_get(world):
    sums, sizes = world.draw(np.random.default_rng(0), 5)
    paths = log_capital_paths(world, sums, sizes, world.truth, 0.95)
    null = 0.0 if world.kind == "difference" else world.truth
    for run in range(5):
        state = Betting(bounds=world.bounds, largest=world.cluster_size, horizon=world.horizon, null=null)
        for k in range(world.horizon):
            state.add(sums[run, k : k + 1], sizes[run, k : k + 1])
            assert paths[run, k] == pytest.approx(state.log_capital(world.truth), abs=1e-9)


def test_what_is_checked_of_unbounded_scores_is_what_users_get():
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
def test_the_truth_of_a_world_is_its_ratio_mean(world):
    sums, sizes = world.draw(np.random.default_rng(2), 200_000 // world.horizon)
    value = sums.sum() / sizes.sum()
    residuals = (sums - world.truth * sizes).ravel()
    assert abs(value - world.truth) < 5 * residuals.std() / math.sqrt(residuals.size) / sizes.mean()


def test_every_promise_holds_and_one_look_methods_break():
    found = check_looks(WORLDS, trials=draws(500, 1_500), seed=3)
    assert found.filter(pl.col("kept").eq(other=False)).is_empty()
    assert found["kept"].drop_nulls().len() == 3
    assert found.filter(method="t, for one look")["coverage"].max() < 0.85


def test_one_seed_gives_one_table_whatever_the_processes():
    one = check_looks(WORLDS, trials=40, seed=1)
    assert_frame_equal(one, check_looks(WORLDS, trials=40, seed=1, processes=2))


def test_the_record_keeps_its_promises():
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
