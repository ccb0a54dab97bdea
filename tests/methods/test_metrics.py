"""The code of docs/methods/metrics.md gives the library's numbers.

The test of calibration draws labels at random: its verdict is handed in.
"""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.statistics.metrics import metric_of
from howsure.statistics.metrics.base import Rows
from methods import methods

page = methods("metrics")
SIZE = 250


def sample(seed, grouped):
    """Return clusters, labels 0 and 1, and scores of two models in [0, 1], some of them tied."""
    rng = np.random.default_rng(seed)
    g = np.unique(np.sort(rng.integers(30, size=SIZE)), return_inverse=True)[1] if grouped else np.arange(SIZE)
    hard = rng.normal(0, 0.7, g.max() + 1)[g] + rng.normal(0, 1, SIZE)
    x = [stats.norm.cdf(hard - 0.8 + rng.normal(0, noise, SIZE)).round(2) for noise in (0.6, 1.5)]
    return g, (hard > 0.7).astype(int), x


def classes(y, x):
    return np.column_stack([y & (x > 0.5), y, x > 0.5]).astype(float)


def pearson(mean):
    return (mean[4] - mean[0] * mean[1]) / np.sqrt((mean[2] - mean[0] ** 2) * (mean[3] - mean[1] ** 2))


METRICS = {
    "f1": (
        lambda y, x: page.smooth(lambda mean: 2 * mean[0] / (mean[1] + mean[2]), classes(y, x)),
        "logit",
        lambda x: (x > 0.5).astype(int),
    ),
    "auroc": (page.auroc, "logit", lambda x: x),
    "ratio": (lambda y, x: page.smooth(lambda mean: mean[0] / mean[1], np.column_stack([x, y])), "log", lambda x: x),
    "perplexity": (
        lambda y, x: page.smooth(lambda mean: np.exp(mean[0] / mean[1]), np.column_stack([x, y])),
        "log",
        lambda x: x,
    ),
    "pearson": (lambda y, x: page.smooth(pearson, np.column_stack([x, y, x**2, y**2, x * y])), "fisher-z", lambda x: x),
    "median": (lambda y, x: page.quantile(x, 0.5), None, lambda x: x),
    "quantile@q=0.9": (lambda y, x: page.quantile(x, 0.9), None, lambda x: x),
}


def rows(g, y, x, of):
    parts = [
        pl.DataFrame(
            {"model": name, "item": np.arange(SIZE), "template": g, "label": y.astype(int), "prediction": of(each)}
        )
        for name, each in zip("ab", x, strict=True)
    ]
    return pl.concat(parts)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("seed", range(2))
def test_intervals_of_metrics_and_of_their_differences(seed, name, grouped):
    g, y, x = sample(seed, grouped)
    measure, scale, of = METRICS[name]
    options = {"statistic": name, "cluster": "template" if grouped else None}
    found = [entry.estimate for entry in hs.estimate(rows(g, y, x, of), **options)]
    measured = [measure(y, each) for each in x]
    for estimate, (value, influence) in zip(found, measured, strict=True):
        se, _, low, high = page.interval_of(value, influence, g, scale)
        limits = estimate.interval.low, estimate.interval.high
        assert (value, se, low, high) == pytest.approx((estimate.value, estimate.se, *limits), rel=1e-9)
    gap = hs.compare(rows(g, y, x, of), a="a", b="b", **options)
    e = gap.difference
    known = (e.value, e.se, e.df, e.interval.low, e.interval.high, gap.p_value)
    assert page.compare_metrics(*measured, g) == pytest.approx(known, rel=1e-9)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("power", [1, 3])
def test_calibration_errors(power, grouped):
    g, y, (x, _) = sample(5, grouped)
    x = np.clip(x + np.random.default_rng(0).uniform(-0.004, 0.004, SIZE), 0.001, 0.999)
    options = {"statistic": "ece", "cluster": "template" if grouped else None}
    (entry,) = hs.estimate(rows(g, y, (x**power, x), lambda x: x), model="a", **options)
    significant = entry.calibration.p_value <= 0.05
    value, low, high = page.calibration_error(y, x**power, g, significant)
    e = entry.estimate
    assert (value, low, high) == pytest.approx((e.value, e.interval.low, e.interval.high), rel=1e-9)


def test_the_page_has_the_formulas_of_average_precision_and_recall():
    _, y, (x, _) = sample(7, grouped=False)
    own = Rows(label=y.astype(float), prediction=x, share=np.full(SIZE, 1 / SIZE), classes=("0", "1"), positive=1)
    found = metric_of("average-precision").metric.measure(own)
    above, hits = ((x[None] >= x[:, None]) @ each / SIZE for each in (np.ones(SIZE), y))
    at = hits / above
    value = at[y == 1].mean()
    raw = y * (at - value) + ((x[None] <= x[:, None]) * y * (y[:, None] - at) / above).mean(axis=1)
    assert found.value == pytest.approx(value, rel=1e-9)
    assert found.influence == pytest.approx((raw - raw.mean()) / y.mean(), rel=1e-9, abs=1e-12)
    found = metric_of("recall@fpr=0.1").metric.measure(own)
    thresholds = np.unique(x)[::-1]
    false, true = (np.append(0, [(x[y == k] >= t).mean() for t in thresholds]) for k in (0, 1))
    last = [np.flatnonzero(false <= r + 1e-9)[-1] for r in 0.1 + 2 * np.sqrt(0.09 / (y == 0).sum()) * np.arange(-1, 2)]
    slope = (true[last[2]] - true[last[0]]) / (4 * np.sqrt(0.09 / (y == 0).sum()))
    above = (x >= thresholds[last[1] - 1]).astype(float)
    n = np.where(y, y.sum(), SIZE - y.sum())
    share, centred = n / SIZE, above - np.where(y, above[y == 1].mean(), above[y == 0].mean())
    scaled = centred * np.where(y, 1, -slope) / share * np.sqrt(n * (SIZE - 1) / ((n - 1) * SIZE))
    assert found.value == pytest.approx(true[last[1]], rel=1e-9)
    assert found.influence == pytest.approx(scaled, rel=1e-9, abs=1e-12)
