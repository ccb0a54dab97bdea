"""Costs of attempts: failed attempts count, missing costs aren't 0, prices of tokens, and the Pareto frontier."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.errors import DataError, OptionError, ReadError


def rows(n=60, models=("big", "small"), usd=(0.4, 0.1), seed=0, attempts=2):
    rng = np.random.default_rng(seed)
    m, k = len(models), n * attempts
    hard = np.repeat(rng.normal(0, 0.4, n), attempts)
    return pl.DataFrame(
        {
            "model": np.repeat(models, k),
            "item": np.tile(np.repeat(np.arange(n), attempts), m),
            "attempt": np.tile(np.arange(attempts), n * m),
            "score": (rng.random(k * m) < np.repeat(np.linspace(0.8, 0.6, m), k)).astype(float),
            "usd": np.concatenate([price * np.exp(hard + rng.normal(0, 0.2, k)) for price in usd]),
            "tokens_in": rng.integers(100, 1000, k * m),
            "tokens_out": rng.integers(10, 100, k * m),
        }
    )


def gap(data, usage="usd", per="attempt", **options):
    found = hs.compare(data, "big", "small", usage=usage, **options)
    return next(each for each in found.usage if each.per == per)


def test_the_cost_ratio_is_the_ratio_of_mean_costs_over_all_attempts():
    data = rows()
    found = gap(data)
    means = dict(data.group_by("model").agg(pl.col("usd").mean()).iter_rows())
    assert found.ratio == pytest.approx(means["big"] / means["small"])
    assert found.ratio_is == "exact"
    assert found.interval.low < 4 < found.interval.high
    assert "big uses 3.9× the usd of small" in hs.compare(data, "big", "small", usage="usd").render(width=200)


def test_failed_attempts_count_towards_the_cost():
    data = rows()
    failed = data.with_columns(score=pl.when(pl.col("item") < 10).then(None).otherwise("score"))
    assert gap(failed, failures="drop").ratio == pytest.approx(gap(data).ratio)
    solved = gap(failed, per="solved", failures="drop")
    assert solved.a > gap(failed, failures="drop").a


def test_missing_costs_turn_the_ratio_into_a_bound():
    data = rows()
    lost = pl.col("item") < 10
    a = data.with_columns(usd=pl.when(lost & (pl.col("model") == "big")).then(None).otherwise("usd"))
    b = data.with_columns(usd=pl.when(lost & (pl.col("model") == "small")).then(None).otherwise("usd"))
    both = data.with_columns(usd=pl.when(lost).then(None).otherwise("usd"))
    least, most = gap(a), gap(b)
    assert (least.ratio_is, least.n_missing_a, least.interval.high) == ("at_least", 20, np.inf)
    assert least.ratio < gap(data).ratio
    assert (most.ratio_is, most.interval.low) == ("at_most", 0.0)
    assert most.ratio > gap(data).ratio
    assert gap(both).ratio_is == "unknown"
    assert "20 attempts of big record none" in str(hs.compare(a, "big", "small", usage="usd")).replace("\n", " ")


def test_a_measure_without_records_is_an_error():
    with pytest.raises(DataError, match="no measure 'seconds' was recorded"):
        gap(rows(), usage="seconds")
    with pytest.raises(DataError, match="makes usd of the tokens"):
        gap(rows().drop("usd"))
    with pytest.raises(OptionError, match="leaderboard doesn't use costs, times or tokens"):
        hs.leaderboard(rows(), usage="usd")


def prices(tmp_path, text):
    path = tmp_path / "prices.csv"
    path.write_text(text)
    return path


def test_a_price_table_computes_usd_from_tokens(tmp_path):
    data = rows()
    table = prices(tmp_path, "model,tokens_in,tokens_out\nbig,2,10\nsmall,1,4\n")
    found = gap(data.drop("usd"), prices=table)
    tokens = {
        name: (a, b) for name, a, b in data.group_by("model").agg(pl.col("tokens_in", "tokens_out").mean()).iter_rows()
    }
    expected = {
        "big": (2 * tokens["big"][0] + 10 * tokens["big"][1]) / 1e6,
        "small": (tokens["small"][0] + 4 * tokens["small"][1]) / 1e6,
    }
    assert (found.a, found.b) == pytest.approx((expected["big"], expected["small"]))
    assert gap(data, prices=table).ratio == pytest.approx(gap(data).ratio)  # what the log states goes before


def test_tokens_without_a_price_are_unknown(tmp_path):
    data = rows().drop("usd")
    assert gap(data, prices=prices(tmp_path, "model,tokens_in,tokens_out\nbig,2,10\n")).ratio_is == "unknown"
    assert gap(data, prices=prices(tmp_path, "model,tokens_in\nbig,2\nsmall,1\n")).ratio_is == "unknown"
    with pytest.raises(ReadError, match=r"column 'tokens_in' has the value 'abc' \(row 1\), which isn't a price"):
        gap(data, prices=prices(tmp_path, "model,tokens_in\nbig,abc\nsmall,1\n"))
    with pytest.raises(ReadError, match="no prices among"):
        gap(data, prices=prices(tmp_path, "name,price\nbig,2\n"))
    with pytest.raises(ReadError, match="negative, or a model is in two rows"):
        gap(data, prices=prices(tmp_path, "model,tokens_in,tokens_out\nbig,-2,10\n"))
    with pytest.raises(ReadError, match="no such file"):
        gap(data, prices=tmp_path / "none.csv")


def test_several_tasks_have_cost_ratios_per_task_and_overall():
    one, other = rows(seed=1).with_columns(task=pl.lit("x")), rows(seed=2, n=20).with_columns(task=pl.lit("y"))
    found = hs.compare(pl.concat([one, other]), "big", "small", usage="usd")
    assert [len(each.usage) for each in found.every] == [2, 2, 2]
    means = dict(pl.concat([one, other]).group_by("model").agg(pl.col("usd").mean()).iter_rows())
    assert found.overall.usage[0].ratio == pytest.approx(means["big"] / means["small"])


def test_heavy_tailed_costs_get_a_warning():
    rng = np.random.default_rng(2)
    wide = rows(attempts=1).with_columns(usd=pl.Series(np.exp(rng.normal(0, 2.0, 120))))
    (warning,) = gap(wide).warnings
    assert warning.code == "heavy_tailed"
    assert gap(rows()).warnings == ()


def test_the_frontier_lists_the_models_that_no_other_beats_and_undercuts():
    data = rows(n=400, models=("big", "small", "slow"), usd=(0.4, 0.1, 0.8), attempts=1)
    found = hs.frontier(data, usage="usd").tasks[0]
    assert found.models[0].model == "small"
    assert found["slow"].dominated_by
    assert set(found.could_be_on_frontier) == {"big", "small"}
    assert found.leader == "big"
    assert found.sentence.startswith("Cheapest model that could be best: ")


def test_a_frontier_needs_a_measure_and_two_models():
    with pytest.raises(OptionError, match="no measure is named"):
        hs.frontier(rows())
    with pytest.raises(DataError, match="on no task do two models record costs"):
        hs.frontier(rows().filter(model="big"), usage="usd")


def test_models_with_unknown_costs_stay_on_the_frontier():
    data = rows(n=400, models=("big", "small", "slow"), usd=(0.4, 0.1, 0.8), attempts=1)
    lost = data.with_columns(usd=pl.when(pl.col("model") == "slow").then(None).otherwise("usd"))
    found = hs.frontier(lost, usage="usd").tasks[0]
    assert found["slow"].could_be_on_frontier
    assert found["slow"].n_missing == 400
    assert "unknown" in str(hs.frontier(lost, usage="usd"))


def test_the_frontier_chart_contains_every_model_with_a_known_cost():
    data = rows(n=400, models=("big", "small", "slow"), usd=(0.4, 0.1, 0.8), attempts=1)
    values = hs.frontier(data, usage="usd").chart()["data"]["values"]
    assert [row["model"] for row in values] == ["small", "big", "slow"]
    assert [row["step"] is not None for row in values] == [True, True, False]
