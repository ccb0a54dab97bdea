"""The calibration harness: measured coverage against promised coverage, reproducible for any number of processes."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from simulation.checks import CHECKS
from simulation.grids import grid
from simulation.harness import check_worlds, unrecorded
from simulation.pair_worlds import AttemptPairWorld, PairWorld
from simulation.worlds import RateWorld, ScoreWorld

import howsure as hs
from howsure.inference import calibration_record
from howsure.statistics.difference import difference
from howsure.statistics.means import mean
from trials import draws

SAMPLES = draws(10, 40)


@pytest.mark.unmeasured
def test_every_promised_coverage_is_reached_in_the_small_grid():
    small = check_worlds(grid("small"), trials=draws(250, 1_500), seed=4)
    broken = small.filter(pl.col("kept").eq(other=False))
    assert broken.is_empty(), broken.select("method", "p", "n_clusters", "icc", "coverage", "promised")
    assert small["kept"].drop_nulls().len() > 90


def test_under_coverage_of_the_wilson_interval_with_correlated_clusters_is_detected():
    world = RateWorld(p=0.02, n_clusters=20, cluster_size=50, icc=0.5)
    found = check_worlds([world], trials=draws(500, 2_000), slow=False)
    coverage = dict(found.select("method", "coverage").iter_rows())
    assert coverage["wilson, CR2"] < 0.87
    assert coverage["adaptive, CR2"] > 0.93


def test_results_depend_on_the_seed_and_not_on_the_number_of_processes():
    worlds = grid("small")[:6]
    one = check_worlds(worlds, trials=60, seed=1)
    assert_frame_equal(one, check_worlds(worlds, trials=60, seed=1, processes=2))
    assert not one.equals(check_worlds(worlds, trials=60, seed=2))


def items_of(sample, k):
    """Return item scores and cluster codes of one sample of right-or-wrong answers."""
    sizes, right = sample.totals.astype(int), sample.sums[:, k].astype(int)
    scores = [np.r_[np.ones(r), np.zeros(n - r)] for n, r in zip(sizes, right, strict=True)]
    return np.concatenate(scores), np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize(
    "world",
    [
        RateWorld(p=0.2, n_clusters=30),
        RateWorld(p=0.1, n_clusters=12, cluster_size=10, icc=0.2, sizes="dominant"),
        RateWorld(p=0.02, n_clusters=5, cluster_size=20, icc=0.5),
    ],
    ids=str,
)
def test_simulated_mean_intervals_equal_those_of_the_public_function(world):
    """Sums over clusters, many samples at once, against the public function on items, one by one."""
    sample = world.draw(np.random.default_rng(3), SAMPLES)
    for check in CHECKS:
        method, _, variance = check.name.partition(", ")
        if check.kind == "mean" and not check.slow:
            low, high = check.run(sample, 0.95)
            for k in range(SAMPLES):
                x, codes = items_of(sample, k)
                clusters = () if world.cluster_size == 1 else (codes,)
                answer = mean(x, clusters=clusters, attempts=np.ones(len(x)), interval=method, variance=variance)
                interval = answer.interval
                assert [low[k], high[k]] == pytest.approx([interval.low, interval.high], abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    "world",
    [
        PairWorld(discordance=0.3, effect=0.1, n_clusters=30),
        PairWorld(discordance=0.3, n_clusters=12, cluster_size=10, icc=0.3, sizes="dominant"),
    ],
    ids=str,
)
def test_simulated_difference_intervals_equal_those_of_the_public_function(world):
    sample = world.draw(np.random.default_rng(3), SAMPLES)
    sizes, rng = sample.totals.astype(int), np.random.default_rng(0)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    for k in range(SAMPLES):
        # wins, losses and ties that add up to the cluster sums; which items tie is immaterial
        d = np.zeros(len(codes))
        for g, total in enumerate(sample.sums[:, k].astype(int)):
            d[np.flatnonzero(codes == g)[: abs(total)]] = np.sign(total)
        spare = (sample.wins[k] + sample.losses[k] - np.abs(d).sum()) / 2
        for g in rng.permutation(len(sizes)):
            free = np.flatnonzero((codes == g) & (d == 0))
            pairs = int(min(spare, len(free) // 2))
            d[free[:pairs]], d[free[pairs : 2 * pairs]] = 1, -1
            spare -= pairs
        assert spare == 0
        a, b = (d > 0).astype(float), (d < 0).astype(float)
        clusters = () if world.cluster_size == 1 else (codes,)
        for check in CHECKS:
            method, _, variance = check.name.removeprefix("paired ").partition(", ")
            if check.kind == "difference" and not check.slow:
                low, high = check.run(sample, 0.95)
                answer = difference(a, b, clusters=clusters, method=method, variance=variance).estimate.interval
                if method == "mcnemar":  # wins and losses differ from the sample's own only in how they are arranged
                    continue
                assert [low[k], high[k]] == pytest.approx([answer.low, answer.high], abs=1e-9, nan_ok=True)


def test_the_type_i_error_of_the_default_stays_within_its_bound_from_10_clusters_on():
    trials = draws(800, 4_000)
    worlds = [
        PairWorld(discordance=d, n_clusters=c, cluster_size=20, icc=icc, sizes=sizes)
        for d in (0.05, 0.5)
        for c in draws((10,), (10, 40))
        for icc in (0.0, 0.5)
        for sizes in ("equal", "dominant")
    ] + [AttemptPairWorld(p=0.5, n_clusters=30, attempts=4, item_icc=0.5, shared=1.0)]
    found = check_worlds(worlds, trials=trials, slow=False).filter(method="paired score, CR2")
    assert found["found"].max() < 0.055 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_unbounded_scores_are_checked_by_t_intervals_only():
    found = check_worlds([ScoreWorld(family="heavy", n_clusters=30)], trials=50)
    assert set(found["method"]) >= {"t, CR2", "t, CR1"}
    assert "adaptive, CR2" not in set(found["method"])


def test_the_stored_simulations_reach_promised_coverage_and_defaults_92_5_percent():
    worlds = calibration_record.worlds()
    assert worlds.filter(pl.col("kept").eq(other=False)).is_empty()
    assert worlds["trials"].max() >= 10_000
    right = worlds.filter(pl.col("default"), pl.col("scores") == "right or wrong")
    assert right["coverage"].min() >= 0.925
    assert right.filter(pl.col("events").fill_null(9) >= 3)["coverage"].mean() < 0.98
    boards = calibration_record.boards()
    assert boards.filter(pl.col("kept").eq(other=False)).is_empty()


def test_stored_coverage_agrees_with_a_new_simulation_within_monte_carlo_error():
    """A few cells drawn again agree with the record within the Monte-Carlo error of both."""
    index = [20, 300, 500, 900]
    worlds = [grid("standard")[k] for k in index]
    again = check_worlds(worlds, trials=draws(500, 1_500), seed=9, slow=False)
    kept = calibration_record.worlds()
    for row in again.filter("default").iter_rows(named=True):
        same = ("p", "discordance", "effect", "icc", "sizes", "cluster_size", "attempts", "item_icc")
        old = kept.filter(
            pl.col("method") == row["method"],
            pl.col("n_clusters") == row["n_clusters"],
            *(pl.col(name).eq_missing(pl.lit(row[name])) for name in same),
        )
        assert old.height >= 1
        error = np.sqrt(row["coverage_se"] ** 2 + 0.003**2) + 1e-3
        assert min(abs(old["coverage"] - row["coverage"])) < 4 * error
        assert min(abs(old["width"] / row["width"] - 1)) < 0.1


def test_the_stored_simulations_cover_every_scenario_of_the_grid():
    every = grid("standard")
    assert unrecorded(every, calibration_record.worlds()) == []
    assert unrecorded(every, calibration_record.worlds().filter(pl.col("world").is_null())) == list(
        range(1_895, len(every))
    )


def test_a_subset_of_scenarios_draws_the_same_samples_as_the_whole_grid():
    worlds = grid("small")[:4]
    whole = check_worlds(worlds, trials=50, slow=False)
    assert_frame_equal(
        whole, pl.concat([check_worlds([worlds[k]], trials=50, slow=False, places=[k]) for k in range(4)])
    )


def test_unidentifiable_scenarios_with_low_coverage_cause_no_warning():
    """In an item-response world of 12 clusters t covers 0.92: data like it are told what the grid around them says."""
    place = {"n_items": 500, "n_clusters": 12, "rate": 0.377}
    assert (
        calibration_record.worlds()
        .filter(pl.col("world").is_not_null(), pl.col("method") == "t, miller")["coverage"]
        .min()
        < 0.8
    )
    told = calibration_record.known_miss("mean", "t, miller", **place)
    assert "12 clusters" not in told.message


def board(rate, clusters, size, models=("a",)):
    rng = np.random.default_rng(5)
    rows = []
    for model in models:
        for g in range(clusters):
            right = rng.random(size) < (rate if g % 5 else min(8 * rate, 1))
            rows += [(model, f"{g}-{k}", g, float(score)) for k, score in enumerate(right)]
    return pl.DataFrame(rows, schema=["model", "item", "cluster", "score"], orient="row")


def test_a_score_whose_interval_under_covers_in_like_data_has_a_warning():
    data = board(0.02, 20, 50)
    told = hs.estimate(data, interval="t")[0].estimate.warnings
    assert [warning.code for warning in told] == ["known_to_miss"]
    assert "20 clusters of 50" in told[0].message
    assert "Leave `interval`" in told[0].remedy
    assert not hs.estimate(data)[0].estimate.warnings


def test_a_comparison_whose_interval_under_covers_in_like_data_has_a_warning():
    data = board(0.02, 20, 50, ("a", "b"))
    told = hs.compare(data, "a", "b", method="t").difference.warnings
    assert "known_to_miss" in {warning.code for warning in told}
    assert "known_to_miss" not in {warning.code for warning in hs.compare(data, "a", "b").difference.warnings}


def test_calibrate_lists_only_the_methods_asked_for():
    answer = hs.calibrate(methods="adaptive")
    assert set(answer.cells["method"]) == {"adaptive, CR2", "adjusted adaptive, CR2"}
    assert answer.render("markdown").startswith("**")


def skewed(n):
    scores = np.random.default_rng(3).lognormal(0, 1, n)
    return pl.DataFrame({"model": "a", "item": np.arange(n), "score": scores + 1})


def test_few_skewed_unbounded_scores_have_a_warning():
    told = hs.estimate(skewed(30))[0].estimate.warnings
    assert [warning.code for warning in told] == ["skewed"]
    assert "30 items" in told[0].message
    assert not hs.estimate(skewed(1_000))[0].estimate.warnings
    even = skewed(30).with_columns(score=pl.Series(np.linspace(1, 5, 30)))
    assert not hs.estimate(even)[0].estimate.warnings


def test_calibrate_refuses_an_unknown_method():
    with pytest.raises(hs.OptionError, match="no method here has 'xyz'"):
        hs.calibrate(methods="xyz")


def test_calibrate_of_other_methods_does_not_list_the_worst_default_scenarios():
    assert "worst worlds" not in hs.calibrate(methods="wilson").render("markdown")
