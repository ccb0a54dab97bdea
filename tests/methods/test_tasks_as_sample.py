"""The code of docs/methods/tasks-as-sample.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from methods import methods

page = methods("tasks-as-sample")


def sample(tasks, families):
    """Return scores of five models on tasks of two questions, families, and their rows."""
    rng = np.random.default_rng(11)
    g = np.unique(np.sort(rng.integers(families, size=tasks)), return_inverse=True)[1]
    x = rng.beta(2, 2, (tasks, 5)) * 0.6 + np.linspace(0.2, 0, 5) + 0.1 * rng.random(families)[g][:, None]
    x[0, 1] = x[0, 2]
    rows = [
        {"task": f"t{task:02}", "family": f"f{g[task]}", "model": f"m{model}", "item": f"q{k}", "score": x[task, model]}
        for task in range(tasks)
        for model in range(5)
        for k in range(2)
    ]
    return x, g, pl.DataFrame(rows)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("by", ["score", "mean-rank", "win-rate", "borda", "normalised", "elo"])
def test_each_kind_of_observation(by, grouped):
    x, g, rows = sample(24, 12)
    g = g if grouped else np.arange(24)
    options = {"tasks_as_sample": True} if by == "score" else {"rank_by": by}
    board = hs.leaderboard(rows, cluster="family" if grouped else None, **options).boards[0]
    own = page.elo(x, g) if by == "elo" else page.over_tasks(x, g, by)
    for entry in board.entries:
        e = entry.estimate
        known = e.value, e.se, e.interval.low, e.interval.high
        assert tuple(own[int(entry.model[1])]) == pytest.approx(known, rel=1e-9)


def test_a_model_that_is_always_best():
    x, g, rows = sample(10, 10)
    rows = rows.with_columns(score=pl.when(pl.col("model") == "m4").then(0.99).otherwise("score"))
    x[:, 4] = 0.99
    board = hs.leaderboard(rows, rank_by="win-rate").boards[0]
    e = next(entry.estimate for entry in board.entries if entry.model == "m4")
    own = page.over_tasks(x, np.arange(10), "win-rate")[4]
    assert tuple(own) == pytest.approx((e.value, e.se, e.interval.low, e.interval.high), rel=1e-9)
    assert len(g) == 10
