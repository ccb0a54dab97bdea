"""curve: scores over attempts, usage and models, from degenerate tables to public results."""

import json
import math
from datetime import date

import numpy as np
import polars as pl
import pytest

import howsure as hs
from invoked import everything, run
from places import DATA as DATA_FOLDER
from trials import draws


def repeated(n=60, attempts=6, models=("a", "b"), seed=0):
    rng = np.random.default_rng(seed)
    frames = []
    for model in models:
        chance = rng.beta(1, 1, n)
        frames.append(
            pl.DataFrame(
                {
                    "model": model,
                    "item": np.repeat(np.arange(n), attempts),
                    "attempt": np.tile(np.arange(attempts), n),
                    "score": rng.binomial(1, np.repeat(chance, attempts)),
                    "usd": np.round(rng.lognormal(0, 1, n * attempts), 3),
                }
            )
        )
    return pl.concat(frames)


def said(answer):
    """Return all that is printed, in one line."""
    return " ".join(answer.render().split())


def test_points_over_attempts_are_those_of_estimate():
    rows = repeated()
    found = hs.curve(rows).tasks[0]
    assert [(each.model, each.score) for each in found.curves] == [
        ("a", "pass@"),
        ("a", "pass^"),
        ("b", "pass@"),
        ("b", "pass^"),
    ]
    for each in found.curves:
        for point in each.points:
            alone = hs.estimate(rows, score=f"{each.score}{point.x:g}", model=each.model)[0]
            assert point.estimate.value == pytest.approx(alone.value, abs=1e-12)
            assert point.estimate.se == pytest.approx(alone.se, rel=1e-9)
            assert point.estimate.low <= alone.low + 1e-9
            assert point.estimate.high >= alone.high - 1e-9


def test_a_whole_curve_is_covered():
    """60 draws of 40 questions: the curve of all questions is that of a uniform chance, k / (k + 1). In 240 draws,
    .93 of the curves are covered.
    """
    held = []
    for seed in range(draws(60, 240)):
        curve = hs.curve(repeated(n=40, models=("a",), seed=seed)).tasks[0]["a"]
        held.append(all(point.estimate.low <= point.x / (point.x + 1) <= point.estimate.high for point in curve.points))
    assert 0.88 <= np.mean(held) <= 1


def test_questions_with_fewer_attempts_are_left_out_and_counted():
    rows = repeated(models=("a",))
    short = rows.filter((pl.col("item") > 5) | (pl.col("attempt") < 3))
    assert len(hs.curve(short).tasks[0]["a"].points) == 3
    longer = hs.curve(short, attempts=6)
    assert longer.tasks[0]["a"].points[-1].estimate.n_items == 54
    assert "6 questions with fewer than 6 attempts left out" in said(longer)
    once = rows.filter(pl.col("attempt") == 0)
    with pytest.raises(hs.DataError, match="it has 1 attempt at some question"):
        hs.curve(once)


def test_tau_bench_s_pass_hat_k_is_the_published_one():
    """42.0, 27.3 and 20.0 at pass^1, 2 and 4 (airline, gpt-4o)."""
    path = DATA_FOLDER / "tidy" / "tau_bench.parquet"
    if not path.exists():
        pytest.skip("no real results here")
    curves = next(part for part in hs.curve(path).tasks if "airline" in part.task).curves
    every = next(each for each in curves if each.score == "pass^")
    values = {round(point.x): round(100 * point.estimate.value, 1) for point in every.points}
    assert (values[1], values[2], values[4]) == (42.0, 27.3, 20.0)


def test_points_over_usage_count_an_attempt_that_costs_more_as_failed():
    rows = repeated()
    found = hs.curve(rows, over="usd").tasks[0]
    assert found.over == "usd"
    for each in found.curves:
        own = rows.filter(pl.col("model") == each.model)
        for point in each.points:
            by_hand = own.select((pl.col("score") * (pl.col("usd") <= point.x + 1e-12)).mean()).item()
            assert point.estimate.value == pytest.approx(by_hand, abs=1e-12)
        values = [point.estimate.value for point in each.points]
        assert values == sorted(values)
        assert values[-1] == pytest.approx(own["score"].mean())
    torn = rows.with_columns(usd=pl.when(pl.col("item") == 0).then(None).otherwise(pl.col("usd")))
    assert "12 attempts without usd left out" in said(hs.curve(torn, over="usd"))


def sized(sizes, *, n=200, seed=0, rise=0.5):
    rng = np.random.default_rng(seed)
    easy = rng.normal(0, 1, n)
    return pl.concat(
        pl.DataFrame(
            {
                "model": model,
                "item": np.arange(n),
                "params": str(size),
                "score": rng.binomial(1, 1 / (1 + np.exp(-(easy + rise * math.log2(number) - 1)))),
            }
        )
        for model, (size, number) in sizes.items()
    )


SIZES = {f"m{k}": (f"{2**k}B", 2.0**k) for k in range(6)}


def test_a_line_over_sizes_is_one_through_log_odds():
    rows = sized(SIZES)
    line = hs.curve(rows, over="params").tasks[0].line
    means = [rows.filter(pl.col("model") == f"m{k}")["score"].mean() for k in range(6)]
    slope = np.polyfit(np.arange(6), [math.log(each / (1 - each)) for each in means], 1)[0]
    assert (line.per, line.odds) == ("doubling", True)
    assert line.step == pytest.approx(math.exp(slope))
    assert line.interval.low < math.exp(0.5) * 0.95 < line.interval.high
    assert (line.p_value < 0.05) == (line.interval.low > 1 or line.interval.high < 1)
    assert all(each.line_low < each.line < each.line_high for each in line.points)
    given = hs.curve(rows, over={model: size for model, (size, _) in SIZES.items()}).tasks[0].line
    assert given.step == pytest.approx(line.step)


def test_a_line_over_dates_is_per_year_and_one_over_unbounded_scores_a_difference():
    rows = sized(SIZES).with_columns(score=pl.col("score") * 10.0 + pl.col("item") / 7)
    dates = {f"m{k}": date(2020 + k, 1, 1) for k in range(6)}
    line = hs.curve(rows, over=dates).tasks[0].line
    means = [rows.filter(pl.col("model") == f"m{k}")["score"].mean() for k in range(6)]
    assert (line.per, line.odds) == ("year", False)
    assert line.step == pytest.approx(np.polyfit(np.arange(6), means, 1)[0], rel=1e-3)


def test_slopes_of_models_without_a_trend_are_seldom_significant():
    """Six models of equal skill on shared questions."""
    wrong = [
        hs.curve(sized({m: (s, 1.0) for m, (s, _) in SIZES.items()}, n=80, seed=seed), over="params").tasks[0].line
        for seed in range(draws(30, 100))
    ]
    assert np.mean([line.p_value < 0.05 for line in wrong]) <= 0.14


def test_what_has_no_curve_says_why():
    rows = sized(SIZES)
    with pytest.raises(hs.OptionError, match="neither attempts, a column"):
        hs.curve(rows, over="cost")
    with pytest.raises(hs.OptionError, match="aren't numbers"):
        hs.curve(rows.with_columns(kind=pl.col("item").cast(pl.String)), over="kind")
    with pytest.raises(hs.OptionError, match="largest k"):
        hs.curve(rows, over="params", attempts=3)
    with pytest.raises(hs.DataError, match="a line needs 4 models"):
        hs.curve(rows.filter(pl.col("model") < "m3"), over="params")
    with pytest.raises(hs.DataError, match="neither a number nor a date"):
        hs.curve(rows, over={"m0": "large", "m1": "small", "m2": 3, "m3": 4})
    perfect = pl.concat(
        [
            rows,
            rows.filter(pl.col("model") == "m0")
            .with_columns(model=pl.lit("all"), score=pl.lit(1, pl.Int64), params=pl.lit("9B"))
            .select(rows.columns),
        ]
    )
    assert "all is left out: its score is 100%, which has no log odds" in said(hs.curve(perfect, over="params"))


def test_every_format_says_it_and_the_command_draws(tmp_path):
    for answer in (hs.curve(repeated()), hs.curve(repeated(), over="usd"), hs.curve(sized(SIZES), over="params")):
        everything(answer)
        assert answer.chart()["data"]["values"]
    path = tmp_path / "runs.csv"
    repeated().write_csv(path)
    shown = run("curve", path)
    assert shown.exit_code == 0
    assert "in at least one of 6" in " ".join(shown.output.split())
    assert run("plot", "curve", path, "-o", tmp_path / "c.json").exit_code == 0
    assert json.loads((tmp_path / "c.json").read_text())["data"]["values"][0]["x"] == 1


def test_usage_of_percent_scores_and_of_failed_attempts_is_that_of_the_score():
    rows = repeated(models=("a",))
    percent = rows.with_columns(score=pl.col("score") * 100)
    one, other = (hs.curve(each, over="usd").tasks[0]["a"].points for each in (rows, percent))
    assert [point.estimate.value for point in one] == pytest.approx([point.estimate.value for point in other])
    failed = rows.with_columns(score=pl.when(pl.col("attempt") == 0).then(None).otherwise(pl.col("score")))
    for policy in ("drop", "zero"):
        last = hs.curve(failed, over="usd", failures=policy).tasks[0]["a"].points[-1].estimate
        assert last.value == pytest.approx(hs.estimate(failed, failures=policy)[0].value)
