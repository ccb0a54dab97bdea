"""Weights that differ between rows of an item: each model's score is the weighted mean of its own rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import howsure as hs
from reader_cases import SHARED


def runs(seed, *, models=3, items=40, even=True):
    """Return runs with one to four attempts, each of which weighs its item's weight over the number of attempts; `even`: the same weight for all models."""
    rng = np.random.default_rng(seed)
    rows = []
    for m in range(models):
        weights = np.random.default_rng(9 if even else m).uniform(0.5, 3, items) * (m + 1)
        for i, weight in enumerate(weights):
            n = int(rng.integers(1, 5))
            rows += [(f"m{m}", f"q{i}", int(rng.random() < 0.6), weight / n) for _ in range(n)]
    return pl.DataFrame(rows, schema=["model", "item", "score", "w"], orient="row")


def weighted_means(rows, weight):
    """Compute each model's weighted mean over its rows with pandas."""
    frame = rows.to_pandas()
    return {str(name): float(np.average(part["score"], weights=part[weight])) for name, part in frame.groupby("model")}


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_each_score_is_the_weighted_mean_of_the_models_rows(seed, even):
    rows = runs(seed, even=even)
    found = {entry.model: entry.estimate.value for entry in hs.estimate(rows, weight="w").entries}
    assert found == pytest.approx(weighted_means(rows, "w"))


@pytest.mark.parametrize("even", [True, False])
def test_a_models_standard_error_uses_its_own_summed_item_weights(even):
    rows = runs(1, even=even)
    together = {entry.model: entry.estimate for entry in hs.estimate(rows, weight="w").entries}
    for name, estimate in together.items():
        mine = rows.filter(model=name)
        mine = mine.drop("w").join(mine.group_by("item").agg(v=pl.col("w").sum()), on="item")
        alone = hs.estimate(mine, weight="v").entries[0].estimate
        assert (estimate.se, estimate.interval.low, estimate.interval.high) == pytest.approx(
            (alone.se, alone.interval.low, alone.interval.high)
        )


def test_row_weights_shared_by_all_models_equal_item_weights_in_compare():
    rows = runs(2)
    items = pl.DataFrame({"item": [f"q{i}" for i in range(40)], "v": np.random.default_rng(9).uniform(0.5, 3, 40)})
    by_rows = hs.compare(rows, "m1", "m0", weight="w")
    by_items = hs.compare(rows.drop("w").join(items, on="item"), "m1", "m0", weight="v")
    found, expected = by_rows.difference, by_items.difference
    assert (found.value, found.se, by_rows.p_value) == pytest.approx((expected.value, expected.se, by_items.p_value))


@pytest.mark.parametrize("make", [pl.DataFrame.lazy, pl.DataFrame.to_pandas, pl.DataFrame.to_arrow])
def test_every_kind_of_frame_gives_the_same_scores(make):
    rows = runs(3, even=False)
    assert hs.estimate(make(rows), weight="w").records() == hs.estimate(rows, weight="w").records()


def test_few_items_with_differing_weights_give_a_warning_and_many_an_error():
    rows = runs(4)
    few = rows.with_columns(
        w=pl.when((pl.col("model") == "m1") & pl.col("item").is_in(["q1", "q2"])).then(pl.col("w") * 2).otherwise("w")
    )
    (warning,) = [warning for warning in hs.leaderboard(few, weight="w").warnings if warning.code == "weights_differ"]
    assert "'w' weighs 2 items differently for different models" in warning.message
    assert "weights_differ" not in {warning.code for warning in hs.estimate(few, weight="w").warnings}
    with pytest.raises(hs.DataError, match="different mixtures of items"):
        hs.compare(runs(4, even=False), "m0", "m1", weight="w")


@pytest.mark.parametrize(
    ("value", "what"), [(0.0, "no positive weight"), (None, "no positive weight"), (9.0, "attempts of one model")]
)
def test_zero_missing_or_invalid_weights_are_refused(value, what):
    rows = runs(5).with_row_index()
    first = rows.filter(pl.col("item").is_duplicated() & (pl.len().over("model", "item") > 1))["index"][0]
    broken = rows.with_columns(w=pl.when(pl.col("index") == first).then(pl.lit(value)).otherwise("w")).drop("index")
    with pytest.raises(hs.DataError, match=what):
        hs.estimate(broken, weight="w")


def test_a_column_mapped_to_weight_is_used_as_the_weight():
    rows = pd.DataFrame({"model": "a", "item": [1, 2, 3], "score": [1, 0, 1], "v": [1.0, 2.0, 1.0]})
    assert hs.estimate(hs.read(rows, columns={"weight": "v"})).entries[0].estimate.value == pytest.approx(0.5)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data")
def test_weighted_scores_equal_the_published_ones_of_metr_time_horizons():
    place = SHARED / "wild" / "METR-eval-analysis"
    told = {
        "human": (0.8250, 0.7825),
        "o1-preview": (0.4769, 0.4226),
        "GPT-4o": (0.3313, 0.2984),
        "davinci-002": (0, 0),
    }
    for k, weight in enumerate(("equal_task_weight", "invsqrt_task_weight")):
        found = {entry.model: entry.estimate.value for entry in hs.estimate(place, weight=weight).entries}
        assert found == pytest.approx({model: values[k] for model, values in told.items()}, abs=5e-5)
    board = hs.leaderboard(place, weight="invsqrt_task_weight")
    assert [row["model"] for row in board.records()] == ["human", "o1-preview", "GPT-4o", "davinci-002"]


@pytest.mark.parametrize("asked", [{"covariate": "length"}, {"random_factor": "seed"}])
@pytest.mark.parametrize("even", [True, False])
def test_covariates_and_random_factors_refuse_weights_that_differ_between_models(asked, even):
    rng = np.random.default_rng(6)
    rows = pl.DataFrame(
        [
            (f"m{m}", f"q{i}", seed, i % 7, int(rng.random() < 0.6), (m + 1) * (1 + (i * (1 if even else m + 1)) % 5))
            for m in range(3)
            for i in range(60)
            for seed in range(2)
        ],
        schema=["model", "item", "seed", "length", "score", "w"],
        orient="row",
    )
    if even:
        assert len(hs.estimate(rows, weight="w", **asked).entries) == 3
    else:
        with pytest.raises(hs.DataError, match="different mixtures of items"):
            hs.estimate(rows, weight="w", **asked)
