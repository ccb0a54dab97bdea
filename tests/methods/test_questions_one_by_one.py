"""The code of docs/methods/questions-one-by-one.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics import question_rates
from methods import methods

page = methods("questions-one-by-one")


@pytest.mark.parametrize("attempts", [(5, 5), (12, 12), (2, 30)])
def test_flaky_questions_floors_and_changes(attempts):
    rng = np.random.default_rng(8)
    n = rng.integers(attempts[0], attempts[1] + 1, (2, 40))
    chance = np.where(rng.random(40) < 0.7, 0.98, rng.random(40))
    right = rng.binomial(n, [chance, np.where(np.arange(40) < 5, 1 - chance, chance)])
    for own, found in (
        (page.flaky(right[0], n[0]), question_rates.flaky(right[0], n[0])),
        (page.below(right[0], n[0], 0.8), question_rates.below_floor(right[0], n[0], 0.8)),
        (page.changed(right[0], n[0], right[1], n[1]), question_rates.changed((right[0], right[1]), (n[0], n[1]))),
    ):
        assert own[0] == pytest.approx(found.p, rel=1e-9)
        assert page.corrected_p(*own) == pytest.approx(found.adjusted, rel=1e-9)


def test_the_verb_has_the_same_numbers():
    rng = np.random.default_rng(9)
    scores = (rng.random((30, 15)) < np.where(np.arange(30) < 4, 0.5, 0.99)[:, None]).astype(int)
    rows = pl.DataFrame(
        {
            "model": "agent",
            "item": [f"q{k:02}" for k in np.repeat(np.arange(30), 15)],
            "attempt": np.tile(np.arange(15), 30),
            "score": scores.ravel(),
        }
    )
    found = hs.questions(rows).tasks[0].over_attempts[0].items
    p, possible = page.flaky(scores.sum(axis=1), np.full(30, 15))
    assert page.corrected_p(p, possible) == pytest.approx(found.p_flaky, rel=1e-9)


@pytest.mark.parametrize("fractions", [False, True])
def test_questions_that_contradict_the_others(fractions):
    rng = np.random.default_rng(10)
    skill = np.linspace(-2, 2, 12)
    sign = np.where(np.arange(50) < 3, -1, 1)[:, None]
    x = 1 / (1 + np.exp(-sign * skill - rng.normal(0, 1, (50, 1))))
    x = x if fractions else (rng.random((50, 12)) < x).astype(float)
    x = x[np.ptp(x, axis=1) > 0]
    rows = pl.DataFrame(
        {"model": np.tile([f"m{k:02}" for k in range(12)], len(x)), "item": np.repeat(np.arange(len(x)), 12)}
    )
    found = hs.questions(rows.with_columns(score=x.ravel())).tasks[0].items
    order = np.argsort(np.asarray(found.item).astype(int))
    r, p = page.contradicting(x)
    assert r == pytest.approx(found.discrimination[order], rel=1e-9, abs=1e-12)
    assert p == pytest.approx(found.p_adjusted[order], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("solved", "verdict"), [(20, "pass"), (17, "undecided"), (5, "fail")])
def test_a_floor_for_every_question(solved, verdict):
    right = np.array([20, 20, solved])
    rows = pl.DataFrame(
        {
            "model": "agent",
            "item": np.repeat(["a", "b", "c"], 20),
            "attempt": np.tile(np.arange(20), 3),
            "score": (np.arange(20) < right[:, None]).astype(int).ravel(),
        }
    )
    assert page.each_at_least(right, np.full(3, 20), 0.8) == verdict
    found = hs.gate(rows, each_at_least=0.8, candidate="agent").verdict
    assert str(found) == {"undecided": "unclear"}.get(verdict, verdict)
