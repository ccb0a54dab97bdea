"""The code of docs/methods/averages.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

from howsure.statistics.difference import difference
from howsure.statistics.means import mean
from methods import FOLDER, methods
from places import ROOT

page, score = methods("averages"), methods("score")


def test_the_example():
    table = (
        pl.read_csv(ROOT / "examples" / "skills.csv").group_by("task_id", "configuration").agg(pl.col("passed").mean())
    )
    wide = table.pivot("configuration", index="task_id", values="passed")
    p, low, high = page.compare_averages((wide["with_skill"] - wide["without_skill"]).to_numpy(), np.arange(40))
    text = (FOLDER / "averages.md").read_text().replace("\n", " ")
    assert f"(95% CI {100 * low:.1f} to {100 * high:.1f}, p = {p:.3f})" in text


def drawn(seed, grouped, n=60, attempts=5, more=0.1):
    """Return two models' averages of attempts, and the clusters."""
    rng = np.random.default_rng(seed)
    g = np.unique(np.sort(rng.integers(12, size=n)), return_inverse=True)[1] if grouped else np.arange(n)
    chance = rng.beta(1, 1, g.max() + 1)[g]
    a, b = (rng.binomial(attempts, np.clip(chance + each, 0, 1)) / attempts for each in (more, 0))
    return a, b, g, rng


def check(a, b, g, w=None):
    """Compare p, limits, and the rate of unseen losses."""
    found = difference(a, b, clusters=(g,) if g.max() < len(g) - 1 else (), weights=w)
    p, low, high = page.compare_averages(a - b, g, w)
    rate = 1 - (0.05 / 2) ** (1 / page.statistic_of_averages(a - b, g, w)[-1])
    limits = found.estimate.interval.low, found.estimate.interval.high
    assert (p, low, high) == pytest.approx((found.p_value, *limits), rel=1e-9, abs=1e-11)
    scaled = np.ones(len(g)) if w is None else w * len(g) / w.sum()
    value, variance, df = page.terms(a - b, g, scaled)[:3]
    plain = found.estimate
    assert (value, np.sqrt(variance), df) == pytest.approx((plain.value, plain.se, plain.df), rel=1e-9)
    assert found.unseen == pytest.approx(rate, rel=1e-9, nan_ok=True) or np.isnan(found.unseen)
    assert np.isnan(found.unseen) == (abs(a - b).max() >= 1 or np.all(a == b))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("more", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("attempts", [2, 5])
@pytest.mark.parametrize("seed", [0])
def test_averages_of_attempts(seed, attempts, more, grouped, weighted):
    a, b, g, rng = drawn(seed, grouped, attempts=attempts, more=more)
    check(a, b, g, rng.lognormal(0, 1, 60) if weighted else None)


@pytest.mark.parametrize("seed", range(5))
def test_single_answers_with_weights(seed):
    a, b, g, rng = drawn(seed, grouped=False, attempts=1)
    check(a, b, g, rng.lognormal(0, 1, 60))


@pytest.mark.parametrize("loss", [0.4, 0.9])
def test_skewed_differences(loss):
    b = np.full(50, 0.9)
    a = np.where(np.arange(50) < 45, 1.0, 0.9 - loss)
    check(a, b, np.arange(50))


@pytest.mark.parametrize("seed", range(6))
def test_calm_clusters(seed):
    """Two or three clusters: the variance can be too small by chance, and a limit can be an end of the scale."""
    rng = np.random.default_rng(seed)
    g = np.arange(12) % (2 + seed % 2)
    check(*(rng.binomial(4, 0.5, 12) / 4 for _ in "ab"), np.sort(g))


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_one_score_with_weights(rate):
    rng = np.random.default_rng(4)
    x, w = (rng.random(80) < rate).astype(float), rng.lognormal(0, 1, 80)
    w *= 80 / w.sum()
    value, variance, df = page.terms(x, np.arange(80), w)[:3]
    deff, usual = variance * 79 / (value * (1 - value)), w @ w / 80
    events = 80 * value * (1 - value) / deff
    deff = (deff * events + usual) / (events + 1) if deff < usual else deff
    found = mean(x, weights=w, attempts=np.ones(80))
    limits = score.guarded(value, 80, df, deff, 0), 1 - score.guarded(1 - value, 80, df, deff, 0)
    assert (found.interval.low, found.interval.high) == pytest.approx(limits, rel=1e-9)
    sure = mean(np.ones(80), weights=w, attempts=np.ones(80))
    assert sure.interval.low == pytest.approx((0.05 / 2) ** (w @ w / 80**2), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_few_small_clusters(seed):
    """A value can be rejected while a more distant one isn't, or nothing varies between clusters."""
    rng = np.random.default_rng(seed)
    clusters = rng.integers(2, 6)
    g = np.repeat(np.arange(clusters), 3)
    check(*(rng.binomial(2, 0.5, 3 * clusters) / 2 for _ in "ab"), g)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("gap", [0.0, 0.2, 1.0])
def test_all_differences_the_same(gap, grouped):
    check(np.full(30, gap), np.zeros(30), np.arange(30) // 5 if grouped else np.arange(30))
