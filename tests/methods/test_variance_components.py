"""The code of docs/methods/variance-components.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.statistics.answer_noise import answers, fixed_means, fixed_moments, mean_noise
from howsure.statistics.item_analysis import halves, reliability
from howsure.statistics.variance_components import components, variance_limits
from methods import methods

page = methods("variance-components")


def drawn(seed, ragged, grouped):
    """Return attempts at 40 questions, and clusters."""
    rng = np.random.default_rng(seed)
    g = np.unique(np.sort(rng.integers(9, size=40)), return_inverse=True)[1] if grouped else np.arange(40)
    chance = np.clip(rng.beta(2, 1, g.max() + 1)[g] + rng.normal(0, 0.15, 40), 0.02, 0.98)
    counts = rng.integers(2, 7, 40) if ragged else np.full(40, 4)
    return [(rng.random(k) < c).astype(float) for k, c in zip(counts, chance, strict=True)], g


def of_library(attempts):
    """Return the library's summary of attempts."""
    column = np.array([[each.mean(), len(each), each.var()] for each in attempts]).T[:, :, None]
    return answers(column[0], column[1], column[2])


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_components(seed, ragged, grouped):
    attempts, g = drawn(seed, ragged, grouped)
    found = of_library(attempts)
    noise = mean_noise(found)
    assert page.answer_variance(attempts) == pytest.approx((noise.now[0], noise.once[0]), rel=1e-9)
    values, errors = components(found, g if grouped else None)
    x, variances, counts = page.summary(attempts)
    assert values.answer[0] == pytest.approx(variances.mean(), rel=1e-9)
    parts = page.components(x, variances / counts, g)
    assert parts == pytest.approx((values.within[0], values.between[0]), rel=1e-9)
    jackknife = page.jackknife(x, variances / counts, g)
    assert jackknife[[0, 2]] == pytest.approx([errors.within[0], errors.question[0]], rel=1e-9)
    expected = variance_limits(values.question, errors.question, g.max() + 1, 0.95)
    assert page.variance_limits(sum(parts), jackknife[2], g.max() + 1) == pytest.approx(np.ravel(expected), rel=1e-9)


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_on_exactly_these_questions(seed, ragged):
    attempts, _ = drawn(seed, ragged, grouped=True)
    found = of_library(attempts)
    counts = np.array([[len(each)] for each in attempts], dtype=float)
    interval = fixed_means(found, counts)[0].interval
    assert page.on_these_questions(attempts) == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_all_answers_the_same_on_exactly_these_questions(score):
    attempts = [np.full(k, score) for k in (3, 4, 5)]
    found = fixed_means(of_library(attempts), np.array([[3.0], [4.0], [5.0]]))[0].interval
    assert page.on_these_questions(attempts) == pytest.approx((found.low, found.high), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_differences_on_exactly_these_questions(seed):
    """The formulas for a difference: an event of each model, and t."""
    one, other = (drawn(seed + k, k == 1, grouped=True)[0] for k in (0, 1))
    both = np.array([[[e.mean(), len(e), e.var()] for e in each] for each in (one, other)]).T
    pair = fixed_moments(answers(*both)).at((0, 1))
    variance, squares = 0.0, 0.0
    for each in (one, other):
        _, s2, counts = page.summary(each)
        event = (1 / counts**2).mean() / 40**2
        variance += page.answer_variance(each)[0] + event
        squares += ((s2 / counts) ** 2).sum() / 40**4 + event**2
    df = 2 * variance**2 / squares
    value = np.mean([a.mean() - b.mean() for a, b in zip(one, other, strict=True)])
    assert float(pair.p_value_at(0.0)) == pytest.approx(2 * stats.t.sf(abs(value) / np.sqrt(variance), df), rel=1e-9)
    half = stats.t.isf(0.025, df) * np.sqrt(variance)
    assert [float(each) for each in pair.limits(0.95)] == pytest.approx([value - half, value + half], rel=1e-9)


def test_correlations_without_noise():
    one, other = (drawn(5 + k, ragged=False, grouped=False)[0] for k in (0, 1))
    rows = pl.DataFrame(
        [
            {"model": name, "item": i, "attempt": j, "score": score}
            for name, attempts in (("a", one), ("b", other))
            for i, each in enumerate(attempts)
            for j, score in enumerate(each)
        ]
    )
    found = hs.noise(rows, a="a", b="b").tasks[0].entries[2]
    (x, v), (y, u) = ((m, s2 / k) for m, s2, k in (page.summary(one), page.summary(other)))
    g = np.arange(40)
    a, b, d = (sum(page.components(*each, g)) for each in ((x, v), (y, u), (x - y, v + u)))
    assert found.correlation == pytest.approx((a + b - d) / 2 / np.sqrt(a * b), rel=1e-9)
    assert found.variance_within_questions == pytest.approx(
        page.answer_variance(one)[0] + page.answer_variance(other)[0], rel=1e-9
    )


@pytest.mark.parametrize("grouped", [False, True])
def test_reliability(grouped):
    """With the library's own halves."""
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(20), 3) if grouped else np.arange(60)
    x = (rng.random((60, 6)) < rng.random(60)[:, None] * 0.5 + np.linspace(0.1, 0.4, 6)).astype(float)
    sides = np.concatenate(list(halves(g.max() + 1, np.random.default_rng(3))))
    r = [np.corrcoef(x[half[g] == 1].mean(axis=0), x[half[g] == 0].mean(axis=0))[0, 1] for half in sides]
    found = reliability(x, clusters=g if grouped else None, rng=np.random.default_rng(3))
    assert found.scores == pytest.approx(2 * np.median(r) / (1 + np.median(r)), rel=1e-9)
