"""Metrics: intervals hold and equal models are rarely called different, in simulated scenarios and in the record."""

import numpy as np
from simulation.metrics import BINARY, MetricWorld, check_metrics, standard_metrics

from howsure.inference import calibration_record
from howsure.statistics.metrics import metric_of
from trials import draws


def test_few_draws_of_each_family_keep_the_promise():
    worlds = [
        MetricWorld(metric="auroc", family="binary", items=300, rare=0.3, clustered=True),
        MetricWorld(metric="macro-f1", family="classes", items=600),
        MetricWorld(metric="pearson", family="numbers", items=100, shape="heavy"),
        MetricWorld(metric="ratio", family="words", items=200, rare=0.12),
        MetricWorld(metric="horizon", family="difficulty", items=200),
    ]
    found = check_metrics(worlds, trials=draws(60, 400), seed=3)
    assert found["kept"].all(), found.filter(kept=False)
    assert found["undefined"].max() == 0


def test_the_two_models_of_a_scenario_are_equal_in_the_long_run():
    for world in standard_metrics()[::7]:
        metric = metric_of(world.metric).metric
        label, predictions, _ = world.draw(100_000, np.random.default_rng(1))
        a, b = (metric.measure(world.rows(metric, label, each)).value for each in predictions)
        assert abs(a - b) < 0.03 * max(1, abs(a)), world


def test_the_stored_simulations_of_metrics_have_six_scenarios_of_each_and_keep_nearly_every_promise():
    found = calibration_record.metrics()
    assert len(found) == len(standard_metrics())
    assert found.group_by("metric").len()["len"].min() >= 6
    assert {*BINARY} < {*found["metric"]}
    kept = found["kept"].drop_nulls()
    assert kept.sum() >= len(kept) - 2
    assert found.filter(found["kept"].is_not_null())["coverage"].min() > 0.925
