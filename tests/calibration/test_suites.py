"""Overall scores and differences of several tasks: coverage in simulated scenarios, computed as for users."""

import numpy as np
import polars as pl
import pytest
from simulation.irt_worlds import FineTunePairWorld, ResponseWorld
from simulation.pair_worlds import PairWorld
from simulation.suites import SuiteWorld, check_suites, pairs_of, rated, scores_of, standard_suites

import howsure as hs
from howsure.inference import calibration_record
from howsure.inference.gate_checks import guarded
from howsure.statistics.means import mean
from howsure.statistics.suites import overall_estimate


def of_counts(n, right):
    x = (np.arange(n) < right).astype(float)
    return mean(x, attempts=np.ones(n), level=0.9)


@pytest.mark.parametrize("gate", [False, True])
def test_simulated_overall_scores_equal_those_of_the_public_function(gate):
    world = SuiteWorld(name="three", tasks=rated([(5, 0.9), (30, 0.98), (60, 0.4)]), gate=gate)
    tasks = scores_of(world, np.random.default_rng(1), 40, 0.9)
    limits = tasks.limits(world.shares)
    low, high = tasks.guarded(world.shares, limits) if gate else limits
    for k in range(40):
        parts = [of_counts(n, round(value * n)) for n, value in zip((5, 30, 60), tasks.value[:, k], strict=True)]
        found = overall_estimate(parts, world.shares, bounded=True)
        interval = (guarded(found) if gate else found).interval
        assert [low[k], high[k]] == pytest.approx([interval.low, interval.high], abs=1e-9)


def test_simulated_overall_differences_equal_those_of_the_public_function():
    sizes = (4, 12, 40)
    tasks = tuple(PairWorld(n_clusters=n, discordance=0.3, effect=0.1) for n in sizes)
    world = SuiteWorld(name="three", tasks=tasks)
    found = pairs_of(world, np.random.default_rng(2), 12)
    low, high = found.limits(world.shares)
    for k in range(12):
        rows = []
        for task, n in enumerate(sizes):
            net, square = found.own.value[task, k] * n, found.own.variance[task, k] * (n - 1) * n
            decided = round(square + net**2 / n)
            wins = round((decided + net) / 2)
            a, b = np.arange(n) < wins, (np.arange(n) >= wins) & (np.arange(n) < decided)
            rows += [("a", f"t{task}", item, float(score)) for item, score in enumerate(a)]
            rows += [("b", f"t{task}", item, float(score)) for item, score in enumerate(b)]
        data = pl.DataFrame(rows, schema=["model", "task", "item", "score"], orient="row")
        interval = hs.compare(data, "a", "b").overall.difference.interval
        assert [low[k], high[k]] == pytest.approx([interval.low, interval.high], abs=1e-8)


@pytest.mark.parametrize(
    "tasks",
    [
        (ResponseWorld(n_clusters=5, cluster_size=6, ability=0.5), ResponseWorld(n_clusters=20, ability=-1.0)),
        (FineTunePairWorld(n_clusters=5, cluster_size=6, gap=0.4), FineTunePairWorld(n_clusters=30, gap=0.4)),
    ],
    ids=["scores", "pairs"],
)
def test_simulated_overall_values_are_unbiased_for_the_stated_true_value(tasks):
    world, rng = SuiteWorld(name="two", tasks=tasks), np.random.default_rng(3)
    paired = world.kind == "difference"
    value = pairs_of(world, rng, 4_000).own.value if paired else scores_of(world, rng, 4_000, 0.95).value
    overall = world.shares @ value
    assert overall.mean() == pytest.approx(world.truth, abs=4.5 * overall.std() / np.sqrt(4_000))


def test_pooled_tasks_are_weighted_by_their_number_of_items():
    world = SuiteWorld(name="two", tasks=rated([(10, 1.0), (30, 0.0)]), pooled=True)
    assert world.shares == pytest.approx([0.25, 0.75])
    assert world.truth == 0.25


def test_the_stored_simulations_of_suites_reach_their_coverage():
    suites, worlds = calibration_record.suites(), standard_suites()
    assert len(worlds) == len({(world.name, world.kind) for world in worlds}) == len(suites)
    assert suites["kept"].all()
    assert suites["trials"].min() >= 10_000
    assert suites.filter(pl.col("kind") != "gate")["coverage"].min() >= 0.93
    null = suites.filter(pl.col("kind") == "difference", pl.col("truth") == 0)
    assert null["found"].max() <= 0.055


def test_stored_results_of_suites_agree_with_a_new_simulation():
    worlds = standard_suites()[::9]
    again = check_suites(worlds, trials=1_000, seed=5)
    both = again.join(calibration_record.suites(), on=["world", "kind"], suffix="_kept")
    assert len(both) == len(worlds)
    assert (both["coverage"] - both["coverage_kept"]).abs().max() < 0.03
    assert (both["width"] / both["width_kept"] - 1).abs().max() < 0.05
