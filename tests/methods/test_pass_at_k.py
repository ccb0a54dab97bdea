"""The code of docs/methods/pass-at-k.md gives the library's numbers. Curves are compared with the library's own draws."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.attempts import attempt_noise, attempt_score, best_of
from howsure.statistics.clustered_variance import covariance, degrees_of_freedom
from howsure.statistics.curves import DRAWS, pointwise_level
from methods import methods

page, scores = methods("pass-at-k"), methods("score")
C, N = np.array([0, 1, 3, 5, 7, 8, 2]), np.array([8, 8, 5, 5, 8, 8, 6])


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_scores_and_their_noise(k):
    c, n = C.astype(float), N.astype(float)
    for word, function in (("pass@", page.any_right), ("pass^", page.all_right), ("majority@", page.majority)):
        assert function(c, n, k) == pytest.approx(attempt_score(word, k, n, c), rel=1e-9, abs=1e-12)
        assert page.noise_of_score(function, c, n, k) == pytest.approx(
            attempt_noise(word, k, n, c), rel=1e-9, abs=1e-12
        )
    assert page.consistency(c, n) == pytest.approx(attempt_score("consistency", 0, n, c), rel=1e-9)
    values = np.array([0.2, 0.5, 0.9])
    counts = np.array([[2.0, 1.0, 3.0], [4.0, 1.0, 0.0]])
    expected = [page.best_of(np.repeat(values, row.astype(int)), k) for row in counts]
    assert best_of(k, counts, values) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("k", [2, 4])
def test_they_are_fractions_in_a_score(k):
    """With k of k attempts they are single answers."""
    rng = np.random.default_rng(1)
    right = rng.binomial(4, rng.beta(1, 1, 50))
    rows = pl.DataFrame(
        [{"model": "a", "item": i, "attempt": j, "score": int(j < c)} for i, c in enumerate(right) for j in range(4)]
    )
    found = hs.estimate(rows, score=f"pass@{k}").entries[0].estimate
    x = page.any_right(right, np.full(50, 4), k)
    limits = scores.interval(x, np.arange(50), np.ones(50) if k == 4 else None)
    assert (found.value, found.interval.low, found.interval.high) == pytest.approx((x.mean(), *limits), rel=1e-9)


@pytest.mark.parametrize("clusters", [None, 10])
def test_curves(clusters):
    rng = np.random.default_rng(2)
    g = np.sort(np.arange(60) % clusters) if clusters else np.arange(60)
    c, n = rng.binomial(6, rng.beta(1, 1, 60)), np.full(60, 6)
    x = np.column_stack([page.any_right(c, n, k) for k in range(1, 7)])
    codes = (g,) if clusters else ()
    df = degrees_of_freedom(codes, np.ones(60), "CR2")
    level = pointwise_level(covariance(x, np.ones(60), codes, "CR2"), df, 0.95, np.random.default_rng(3))
    draws = np.random.default_rng(3)
    normal, chi2 = draws.standard_normal((DRAWS, 6)), draws.chisquare(df, DRAWS)
    assert page.error_of_points(x, g, normal, chi2) == pytest.approx(1 - level, rel=1e-7)
