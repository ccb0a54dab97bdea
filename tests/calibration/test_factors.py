"""Random factors: the type I error of comparisons with few levels stays at the level in simulated scenarios."""

from simulation.factors import FactorWorld, check_factors, standard_factors

from howsure.inference import calibration_record


def test_few_levels_keep_the_type_i_error_and_ignoring_them_inflates_it():
    worlds = [
        FactorWorld(kind="own", levels=5, items=100, effect=0.35),
        FactorWorld(kind="shared", levels=3, items=100, effect=0.1, shape="heavy"),
        FactorWorld(kind="crossed", levels=3, items=60, effect=0.35),
        FactorWorld(kind="own", levels=3, items=60, effect=0.35, shape="diverging", ease=2.0),
    ]
    found = check_factors(worlds, trials=200, seed=2)
    assert found.equals(check_factors(worlds, trials=200, seed=2))
    assert found["kept"].all()
    assert (found["false_plain"] > found["false"]).all()


def test_simulated_level_effects_have_the_stated_standard_deviation():
    import numpy as np

    for shape in ("normal", "heavy", "diverging"):
        drawn = FactorWorld(kind="own", levels=3, items=10, effect=0.35, shape=shape).effects(
            np.random.default_rng(0), 200_000
        )
        assert abs(drawn.std() - 0.35) < 0.03
        assert abs(drawn.mean()) < 0.01


def test_the_stored_simulations_of_factors_keep_every_promise():
    found = calibration_record.factors()
    assert len(found) == len(standard_factors())
    assert found["kept"].drop_nulls().all()
    seen = found.filter(levels=5, kind="own", effect=0.0, items=500).row(0, named=True)
    assert seen["power"] > 0.45
