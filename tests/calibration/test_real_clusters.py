"""Resampling whole clusters of real benchmarks: draws, their true values, and the stored results."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from simulation.checks import CHECKS
from simulation.real_clusters import SCHEMA, ClusterBoard, Population, check_clusters
from simulation.samples import item_spread

from howsure.inference import calibration_record
from howsure.statistics.difference import difference
from howsure.statistics.means import mean
from trials import draws

SIZES = (12, 5, 3, 8, 1, 6, 4, 9)


def board(models=4, spread=1.0):
    rng = np.random.default_rng(3)
    codes = rng.permutation(np.repeat(np.arange(len(SIZES)), SIZES))
    chance = 1 / (1 + np.exp(-spread * rng.standard_normal((len(SIZES), models))))
    scores = (rng.random((len(codes), models)) < chance[codes]).astype(float)
    names = tuple("abcdefgh"[:models])
    return ClusterBoard(name="made up", unit="groups", scores=scores, codes=codes, models=names)


def items_of(found, seed, count, codes):
    """Return the items and clusters of one draw: the same clusters, drawn again."""
    drawn = np.random.default_rng(seed).integers(0, len(SIZES), count)
    places = [np.flatnonzero(codes == g) for g in drawn]
    return np.concatenate([found[place] for place in places]), np.repeat(np.arange(count), [len(p) for p in places])


@pytest.mark.parametrize("seed", range(draws(2, 6)))
def test_intervals_of_a_draw_equal_those_of_the_public_functions(seed):
    made = board()
    for check in (each for each in CHECKS if each.name in ("adaptive, CR2", "paired score, CR2", "paired t, CR2")):
        columns, names = made.columns(check.kind)
        sample = Population.of(columns, made.codes, check.kind).draw(np.random.default_rng(seed), 6)
        low, high = check.run(sample, 0.95)
        scores, codes = items_of(made.scores, seed, 6, made.codes)
        for k, name in enumerate(names):
            if check.kind == "mean":
                x = scores[:, made.models.index(name)]
                answer = mean(x, clusters=(codes,), attempts=np.ones(len(x))).interval
            else:
                a, b = (scores[:, made.models.index(each)] for each in name.split(" against "))
                method = check.name.removeprefix("paired ").partition(", ")[0]
                answer = difference(a, b, clusters=(codes,), method=method).estimate.interval
            assert [low[k], high[k]] == pytest.approx([answer.low, answer.high], abs=1e-9, nan_ok=True)


def test_moments_of_differences_equal_those_of_the_drawn_items():
    made = board()
    columns, _ = made.columns("difference")
    sample = Population.of(columns, made.codes, "difference").draw(np.random.default_rng(8), 6)
    expected = item_spread(items_of(columns, 8, 6, made.codes)[0])
    assert sample.items.squares == pytest.approx(expected.squares)
    assert sample.items.fourths == pytest.approx(expected.fourths)


def test_clusters_with_flipped_signs_have_a_null_distribution_around_0():
    made = board()
    population, rng = Population.of(made.columns("difference")[0], made.codes, "difference"), np.random.default_rng(1)
    drawn = [population.draw(rng, 8, flipped=True) for _ in range(3_000)]
    sums = np.array([sample.sums.sum(axis=0) for sample in drawn])
    assert np.abs(sums.mean(axis=0) / sums.std(axis=0)).max() < 4.5 / np.sqrt(3_000)
    assert not any(np.any(sample.truth) for sample in drawn)
    plain = population.draw(np.random.default_rng(5), 8)
    flipped = population.draw(np.random.default_rng(5), 8, flipped=True)
    assert np.abs(flipped.sums) == pytest.approx(np.abs(plain.sums))


def test_the_true_value_is_the_mean_of_all_items():
    made = board()
    population = Population.of(made.scores, made.codes, "mean")
    assert population.truth == pytest.approx(made.scores.mean(axis=0))


@pytest.mark.unmeasured
def test_the_result_has_one_row_per_number_of_clusters_and_method():
    found = check_clusters([(board(), (6, 12))], draws=20)
    assert dict(found.schema) == SCHEMA
    assert found.select("n_clusters", "method").rows() == [
        (count, method) for count in (6, 12) for method in ("adaptive, CR2", "paired score, CR2", "paired t, CR2")
    ]
    assert found.filter(kind="difference")["count"].unique().to_list() == [6]
    assert found["worst"].null_count() == len(found), "its models may not be named"
    assert (found["least"] <= found["low"]).all()
    assert found.equals(check_clusters([(board(), (6, 12))], draws=20))


def test_binary_and_fractional_models_are_each_checked_by_their_own_interval():
    made = board()
    halves = np.random.default_rng(0).random((len(made.codes), 1)).round(1)
    mixed = replace(made, scores=np.hstack([made.scores, halves]), models=(*made.models, "z"))
    first, second = (check_clusters([(each, (6,))], draws=20).filter(kind="mean") for each in (made, mixed))
    assert second["count"].item() == 5
    assert 4 * first["mean"].item() <= 5 * second["mean"].item() <= 4 * first["mean"].item() + 1


def test_the_default_covers_on_average_over_the_pairs_of_each_benchmark():
    """The promise for whole real clusters: on average over pairs, from 5 clusters on; not for every pair."""
    rows = calibration_record.clusters().filter("default", pl.col("kind") == "difference", pl.col("count") >= 100)
    assert rows["n_clusters"].min() >= 5
    assert rows["draws"].min() >= 400
    assert rows["draws_again"].min() >= 2_000
    assert rows["benchmark"].n_unique() >= 7
    assert rows["mean"].min() >= 0.92
    assert rows.filter(pl.col("n_clusters") >= 6)["false"].max() <= 0.07
    assert rows["again"].min() < 0.8, "and somewhere the worst pair is far from it"


def test_the_stored_results_name_models_only_of_benchmarks_that_may_be_published():
    rows = calibration_record.clusters().filter(pl.col("worst").is_not_null())
    assert set(rows["benchmark"]) == {"SWE-bench Verified", "MMLU-Redux", "ZebraLogic"}
