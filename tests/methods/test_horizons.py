"""The code of docs/methods/horizons.md gives the library's numbers."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import optimize, special, stats

import howsure as hs
from methods import methods

page = methods("horizons")


def sample(seed, families, attempts):
    """Return log difficulties, families, and successes of five models with rising horizons."""
    rng = np.random.default_rng(seed)
    g = np.unique(np.sort(rng.integers(families, size=90)), return_inverse=True)[1]
    logs = rng.uniform(-1, 9, 90)
    odds = 0.7 * (np.linspace(2, 6, 5) - logs[:, None]) + rng.normal(0, 0.7, g.max() + 1)[g][:, None]
    return 2**logs, g, rng.binomial(attempts, 1 / (1 + np.exp(-odds)))


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("attempts", [1, 3])
def test_horizons_doubling_times_and_lines_over_dates(attempts, grouped):
    difficulty, g, right = sample(12, 30, attempts)
    g = g if grouped else np.arange(90)
    x = right / attempts
    days = [date(2023, 1, 1).toordinal() + 150 * k + 20 * (k % 2) for k in range(5)]
    rows = pl.DataFrame(
        [
            {
                "model": f"m{m}",
                "item": f"q{i:02}",
                "family": f"f{g[i]}",
                "minutes": difficulty[i],
                "released": date.fromordinal(days[m]),
                "attempt": k,
                "score": int(k < right[i, m]),
            }
            for i in range(90)
            for m in range(5)
            for k in range(attempts)
        ]
    )
    cluster = "family" if grouped else "none"
    found = hs.horizon(rows, difficulty="minutes", cluster=cluster, release_dates="released").tasks[0]
    for j, chance in enumerate((0.5, 0.8)):
        own = [page.horizon(difficulty, x[:, m], g, chance) for m in range(5)]
        for model in found.models:
            e = model.horizons[j].estimate
            known = e.value, e.interval.low, e.interval.high
            assert own[int(model.model[1])][:3] == pytest.approx(known, rel=1e-9)
        logs = np.log2([each[0] for each in own])
        influence = np.column_stack([each[3] for each in own])
        times = page.doubling(*page.line(np.array(days, dtype=float), logs, influence, g))
        doubling = found.doubling[j]
        known = doubling.days, doubling.interval.low, doubling.interval.high
        assert times == pytest.approx(known, rel=1e-9)
    curve = hs.curve(rows, over="released", cluster=cluster).tasks[0].line
    mean = x.mean(axis=0)
    odds, influence = np.log(mean / (1 - mean)), (x - mean) / (mean * (1 - mean))
    slope, low, high, p = page.line(np.array(days) / 365.25, odds, influence, g)
    known = curve.step, curve.interval.low, curve.interval.high, curve.p_value
    assert (*np.exp([slope, low, high]), p) == pytest.approx(known, rel=1e-9)


def test_a_flat_curve_has_no_limits():
    rng = np.random.default_rng(1)
    difficulty = 2 ** rng.uniform(0, 8, 30)
    x = (rng.random(30) < 0.5).astype(float)
    while np.corrcoef(np.log2(difficulty), x)[0, 1] >= 0:  # a slope that falls, but not significantly
        x = rng.permutation(x)
    rows = pl.DataFrame({"model": "a", "item": np.arange(30), "minutes": difficulty, "score": x.astype(int)})
    e = hs.horizon(rows, difficulty="minutes", chance=0.5).tasks[0].models[0].horizons[0].estimate
    own = page.horizon(difficulty, x, np.arange(30))
    assert (own[1], own[2]) == (e.interval.low, e.interval.high)
    assert own[0] == pytest.approx(e.value, rel=1e-9)


def test_a_curve_that_separates_has_a_slope_and_one_that_rises_has_no_horizon():
    difficulty = 2.0 ** np.arange(12)
    x = (difficulty < 60).astype(float)
    rows = pl.DataFrame({"model": "a", "item": np.arange(12), "minutes": difficulty, "score": x.astype(int)})
    e = hs.horizon(rows, difficulty="minutes", chance=0.5).tasks[0].models[0].horizons[0].estimate
    assert page.horizon(difficulty, x, np.arange(12))[:3] == pytest.approx(
        (e.value, e.interval.low, e.interval.high), rel=1e-9
    )
    with pytest.raises(ValueError, match="fall"):
        page.horizon(difficulty, 1 - x, np.arange(12))


def test_the_test_of_the_form_and_the_isotonic_fit():
    """The formulas that aren't in the code of the page."""
    difficulty, g, right = sample(3, 30, 1)
    x = right[:, 2].astype(float)
    (intercept, slope), middle, _ = page.success_curve(difficulty, x)
    place = np.log2(difficulty) - middle
    chance = special.expit(intercept + slope * place)
    terms, root = np.column_stack([np.ones(len(x)), place]), np.sqrt(chance * (1 - chance))
    rest = place**2 - terms @ np.linalg.lstsq(terms * root[:, None], place**2 * root, rcond=None)[0]
    mean, variance, df = page.clustered((x - chance) * rest, g)
    p = 2 * stats.t.sf(abs(mean) / np.sqrt(variance), df)
    rows = pl.DataFrame(
        {"model": "a", "item": np.arange(90), "family": g, "minutes": difficulty, "score": x.astype(int)}
    )
    for level, bent in ((1 - p - 1e-7, True), (1 - p + 1e-7, False)):
        found = hs.horizon(rows, difficulty="minutes", cluster="family", level=level).tasks[0]
        assert ("curve_form" in [each.code for each in found.warnings]) == bent
    order = np.argsort(difficulty)
    fit = optimize.isotonic_regression(x[order], increasing=False).x
    last = np.flatnonzero(fit >= 0.5)[-1]
    isotonic = np.sqrt(difficulty[order][last] * difficulty[order][last + 1])
    assert found.models[0].horizons[0].isotonic == pytest.approx(isotonic, rel=1e-9)


def test_the_band():
    _, g, right = sample(12, 30, 3)
    x, v = right / 3, np.array([0.0, 100, 250, 300, 700])
    rows = pl.DataFrame(
        [
            {"model": f"m{m}", "item": f"q{i:02}", "family": f"f{g[i]}", "size": v[m], "attempt": k}
            | {"score": int(k < right[i, m])}
            for i in range(90)
            for m in range(5)
            for k in range(3)
        ]
    )
    points = hs.curve(rows, over="size", cluster="family").tasks[0].line.points
    mean, n_models = x.mean(axis=0), len(v)
    y, influence = np.log(mean / (1 - mean)), (x - mean) / (mean * (1 - mean))
    cov, question_df = page.influence_covariance(influence, g)
    w = (v - v.mean()) / ((v - v.mean()) ** 2).sum()
    e = y - y.mean() - w @ y * (v - v.mean())
    for place, point in zip(v, points, strict=True):
        at = 1 / n_models + (place - v.mean()) * w
        parts = np.array([at @ cov @ at, e @ e / (n_models - 2) * (at @ at)])
        df = parts.sum() ** 2 / (parts**2 / [question_df, n_models - 2]).sum()
        half = np.sqrt(2 * stats.f.isf(0.05, 2, df) * parts.sum())
        band = special.expit([at @ y - half, at @ y + half])
        assert (point.line_low, point.line_high) == pytest.approx(band, rel=1e-9)
