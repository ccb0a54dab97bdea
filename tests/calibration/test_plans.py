"""Planned sample sizes reach the planned power, and equal models are called different at the level."""

import polars as pl
from simulation.plans import PlanWorld, check_plans, standard_plans

from howsure.inference import calibration_record


def test_planned_comparisons_reach_the_planned_power_reproducibly():
    worlds = [PlanWorld(discordance=0.2, effect=0.08), PlanWorld(discordance=0.3, effect=0.15, cluster_size=5, icc=0.1)]
    found = check_plans(worlds, trials=1_000, seed=3)
    assert found.equals(check_plans(worlds, trials=1_000, seed=3))
    assert set(found["method"]) == {"score", "t", "z"}
    assert found["kept"].drop_nulls().all()
    assert len(found["kept"].drop_nulls()) == 4
    assert (found["found"] - 0.8).abs().max() < 0.1


def test_equal_models_with_the_planned_questions_keep_the_type_i_error():
    """A world without a difference, with the questions that a plan for 10 points asked for."""
    import numpy as np
    from simulation.plans import _found

    from howsure.statistics.power import Test

    world = PlanWorld(discordance=0.3, effect=0.0, cluster_size=5, icc=0.1)
    share = _found(world, 60, Test(), np.random.default_rng(0), 8_000)
    assert share < 0.05 + 3 * (0.05 * 0.95 / 8_000) ** 0.5


def test_the_stored_simulations_of_plans_reach_the_planned_power():
    plans = calibration_record.plans()
    assert len(plans) == 3 * len(standard_plans())
    kept = plans["kept"].drop_nulls()
    assert len(kept) > 60
    assert kept.all()
    assert plans.filter(pl.col("method") == "score")["found"].mean() > 0.8
