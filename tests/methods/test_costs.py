"""The code of docs/methods/costs.md gives the library's numbers.

Max-t draws signs at random: the corrected p-values of the library are handed in.
"""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.ratios import Known, cost_moments, dominance
from methods import methods

page = methods("costs")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("spread", [0.3, 1.2])
def test_ratios_of_costs_and_of_costs_per_solved_question(spread, grouped):
    rng = np.random.default_rng(4)
    g = np.unique(np.sort(rng.integers(20, size=90)), return_inverse=True)[1] if grouped else np.arange(90)
    base = rng.normal(0, 0.5, g.max() + 1)[g]
    costs = [np.exp(base + rng.normal(mean, spread, 90)) for mean in (0.4, 0)]
    scores = [(rng.random(90) < rate).astype(float) for rate in (0.7, 0.5)]
    parts = [
        pl.DataFrame({"model": name, "item": np.arange(90), "template": g, "score": y, "usd": x})
        for name, x, y in zip("ab", costs, scores, strict=True)
    ]
    options = {"cluster": "template" if grouped else None, "usage": "usd"}
    each, solved = hs.compare(pl.concat(parts), a="a", b="b", **options).usage
    for found, own in ((each, page.ratio(*costs, g)), (solved, page.ratio(*costs, g, *scores))):
        value, _, _, low, high, p = own
        known = found.ratio, found.interval.low, found.interval.high, found.p_value
        assert (value, low, high, p) == pytest.approx(known, rel=1e-9)


def test_models_on_the_frontier():
    rng = np.random.default_rng(5)
    costs = np.exp(np.linspace(0, 2, 6) + rng.normal(0, 0.4, (150, 6)))
    scores = (rng.random((150, 6)) < np.array([0.5, 0.8, 0.75, 0.4, 0.9, 0.6])).astype(float)
    of_scores, of_costs = pair_moments(scores), cost_moments(costs)
    score_p, cost_p = (adjust_pairs(each, "max-t", rng=np.random.default_rng(1)) for each in (of_scores, of_costs))
    none = np.zeros(6, dtype=bool)
    found = dominance(
        of_scores.difference, score_p, of_costs, Known(lacking=none, free=none), 0.95, rng=np.random.default_rng(1)
    )
    kept = page.frontier(score_p, of_scores.difference, cost_p, of_costs.difference)
    assert kept.tolist() == found.kept.tolist()
    assert 0 < kept.sum() < 6


def test_published_scores_with_costs():
    board = pl.DataFrame(
        {"model": list("abcd"), "score": [0.8, 0.6, 0.55, 0.4], "n": [200, 150, 200, 90], "usd": [3.0, 5, 1, 4]}
    )
    score, n, usd = (board[name].to_numpy() for name in ("score", "n", "usd"))
    better = page.better_published(score, n)
    found = hs.frontier(board, usage="usd").tasks[0]
    kept = ~(better & (usd[:, None] <= usd)).any(axis=0)
    assert {each.model for each in found.models if not each.dominated_by} == {*board["model"].to_numpy()[kept]}
    assert {each.model for each in found.models if each.could_be_best} == {
        *board["model"].to_numpy()[~better.any(axis=0)]
    }
