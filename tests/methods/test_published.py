"""The code of docs/methods/published.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from methods import methods

page = methods("published")


@pytest.mark.parametrize("first", [(0.712, 198, None), (1.0, 40, None), (0.9, 60, 0.03)])
@pytest.mark.parametrize(
    "second", [(0.687, 198, None), (0.55, 500, 0.05), (0.2, 90, None), (0.0, 30, None), (0.712, 198, None)]
)
def test_neighbours_on_a_board(first, second):
    board = pl.DataFrame([("a", *first), ("b", *second)], schema=["model", "score", "n", "stderr"], orient="row")
    one, other = hs.audit(board.with_columns(pl.col("stderr").cast(pl.Float64))).boards[0].entries
    for entry, (score, n, se) in ((one, first), (other, second)):
        assert page.published(score, n, se) == pytest.approx((entry.se, entry.low, entry.high), rel=1e-9)
    found = page.neighbours(*first[:2], *second[:2], first[2], second[2])
    assert found == pytest.approx((one.p_next, one.break_even), rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("rate", [0.3, 0.9, 0.98])
@pytest.mark.parametrize("attempts", [1, 4])
def test_results_against_a_published_score(rate, attempts, grouped):
    rng = np.random.default_rng(2)
    g = np.unique(np.sort(rng.integers(20, size=120)), return_inverse=True)[1] if grouped else np.arange(120)
    x = rng.binomial(attempts, rng.beta(2 * rate, 2 * (1 - rate), g.max() + 1)[g])
    rows = pl.DataFrame(
        {
            "model": "own",
            "item": np.repeat(np.arange(120), attempts),
            "template": np.repeat(g, attempts),
            "attempt": np.tile(np.arange(attempts), 120),
            "score": (np.arange(attempts) < x[:, None]).astype(int).ravel(),
        }
    )
    x = x / attempts
    for published in (0.587, 1.0):
        answers = np.clip(published * 89 - np.arange(89), 0, 1)
        found = hs.compare(rows, published=f"{published}/89", cluster="template" if grouped else None)
        own, other = page.clustered(x, g), page.clustered(answers, np.arange(89))
        _, df, p, low, high = page.unpaired(page.with_two_more(x, g), page.with_two_more(answers, np.arange(89)))
        e, sign = found.difference, 1 if found.a == "own" else -1
        limits = sorted(sign * limit for limit in (e.interval.low, e.interval.high))
        known = (sign * e.value, e.se, e.df, found.p_value, *limits)
        value, se = own[0] - other[0], np.sqrt(own[1] + other[1])
        assert (value, se, df, p, low, high) == pytest.approx(known, rel=1e-9)
