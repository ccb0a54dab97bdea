"""The code of docs/methods/covariates.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.control_variates import adjusted_mean
from methods import FOLDER, methods
from places import ROOT

page = methods("covariates")


def drawn(seed, clusters, used):
    """Return two models' answers to a part of a pool of 200 questions, covariates, and clusters."""
    rng = np.random.default_rng(seed)
    g = np.sort(np.arange(200) % clusters) if clusters else np.arange(200)
    v = rng.normal(0, 1, (200, used)) + rng.normal(0, 0.5, g.max() + 1)[g][:, None]
    a, b = ((rng.random(200) < 1 / (1 + np.exp(-more - v[:, 0]))).astype(float) for more in (0.5, 0))
    answered = rng.random(200) < 0.4
    return np.where(answered, a, np.nan), np.where(answered | (rng.random(200) < 0.1), b, np.nan), v, g


@pytest.mark.parametrize("used", [1, 3])
@pytest.mark.parametrize("clusters", [None, 25])
@pytest.mark.parametrize("seed", range(3))
def test_adjusted_means(seed, clusters, used):
    x, _, v, g = drawn(seed, clusters, used)
    found = adjusted_mean(x, v, clusters=g if clusters else None)
    value, influence, factors, df = page.adjusted(x, v, g)
    assert (value, df) == pytest.approx((found.value, found.df), rel=1e-9)
    assert influence == pytest.approx(found.influence, rel=1e-9, abs=1e-14)
    assert factors @ np.bincount(g, influence) ** 2 == pytest.approx(found.variance, rel=1e-9)


@pytest.mark.parametrize("clusters", [None, 25])
@pytest.mark.parametrize("seed", range(3))
def test_intervals_and_tests(seed, clusters, tmp_path):
    a, b, v, g = drawn(seed, clusters, 1)
    names = [f"q{i:03}" for i in range(200)]
    rows = pl.DataFrame(
        [
            {"model": m, "item": names[i], "score": x[i]}
            for m, x in (("a", a), ("b", b))
            for i in range(200)
            if x[i] >= 0
        ]
    )
    pool = pl.DataFrame({"item": names, "z": v[:, 0], "c": [f"c{k}" for k in g]})
    pool.write_parquet(tmp_path / "pool.parquet")
    options = {"items": str(tmp_path / "pool.parquet"), "covariate": "z", "cluster": "c" if clusters else "none"}
    entries = hs.estimate(rows, **options).entries
    found = next(each for each in entries if each.model == "a").estimate
    expected = found.value, found.se, found.interval.low, found.interval.high
    assert page.adjusted_interval(a, v, g) == pytest.approx(expected, rel=1e-9)
    pair = hs.compare(rows, a="a", b="b", **options).comparisons[0]
    d = pair.difference
    expected = d.value, d.se, pair.p_value, d.interval.low, d.interval.high
    assert page.adjusted_difference(a, b, v, g) == pytest.approx(expected, rel=1e-9)


def test_the_example():
    rows = pl.read_csv(ROOT / "examples" / "minutes.csv")
    pool = rows.select("task_id", "family", "human_minutes").unique().sort("task_id")
    mine = rows.filter(pl.col("model") == "agent-6", pl.col("family").is_in(["f0", "f1", "f2", "f3"]))
    scores = pool.join(mine.group_by("task_id").agg(pl.col("solved").mean()), on="task_id", how="left").sort("task_id")
    v = scores["human_minutes"].to_numpy()[:, None]
    value, _, low, high = page.adjusted_interval(scores["solved"].to_numpy(), v, np.arange(len(scores)))
    text = (FOLDER / "covariates.md").read_text().replace("\n", " ")
    assert f"{100 * value:.1f}% on minutes (95% CI {100 * low:.1f} to {100 * high:.1f})" in text
