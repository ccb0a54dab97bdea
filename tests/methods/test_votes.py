"""The code of docs/methods/votes.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from methods import methods

page = methods("votes")
NAMES = np.array(["a", "b", "c", "d"])


def sample(seed, voters, each):
    """Return votes of voters with tastes of their own, some of them ties, and not all on the same models."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(voters), rng.integers(1, 2 * each, voters))
    first = rng.integers(4, size=len(g))
    second = (first + rng.integers(1, np.where(g % 3 == 0, 2, 4))) % 4
    taste = np.linspace(-0.6, 0.6, 4) + rng.normal(0, 0.6, (voters, 4))
    x = (rng.random(len(g)) < 1 / (1 + np.exp(taste[g, second] - taste[g, first]))).astype(float)
    return first, second, np.where(rng.random(len(g)) < 0.2, 0.5, x), g


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(("voters", "each"), [(30, 8), (9, 20), (60, 3)])
@pytest.mark.parametrize("seed", range(2))
def test_scores_and_differences(seed, voters, each, grouped):
    first, second, x, g = sample(seed, voters, each)
    g = g if grouped else np.arange(len(x))
    winner = np.where(x == 1, "model_a", np.where(x == 0, "model_b", "tie"))
    rows = pl.DataFrame({"model_a": NAMES[first], "model_b": NAMES[second], "winner": winner, "voter": g})
    fitted = page.arena(first, second, x, g)
    pool = hs.arena(rows, cluster="voter" if grouped else "none").boards[0]
    xi = page.strengths(first, second, x)[0]
    for entry, own in zip(pool.board.entries, pool.models, strict=True):
        m, estimate = int((entry.model == NAMES).argmax()), entry.estimate
        assert (fitted[0][m], xi[m]) == pytest.approx((estimate.value, own.strength), rel=1e-9, abs=1e-12)
        limits = page.score_limits(m, *fitted)
        assert limits == pytest.approx((estimate.interval.low, estimate.interval.high), rel=1e-9)
    for a, b in [(0, 3), (1, 2), (3, 1)]:
        found = hs.head_to_head(rows, NAMES[a], NAMES[b], cluster="voter" if grouped else "none")
        e = found.difference
        known = (e.se, e.df, found.p_value, e.interval.low, e.interval.high)
        assert page.compare_votes(a, b, *fitted) == pytest.approx(known, rel=1e-9, abs=1e-11)


def test_models_without_a_finite_strength_are_an_error():
    first, second, x, g = sample(1, 9, 10)
    lost = (first == 0) | (second == 0)
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        page.arena(first, second, np.where(lost, second == 0, x).astype(float), g)
