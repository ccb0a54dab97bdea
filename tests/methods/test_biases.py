"""The code of docs/methods/biases.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from methods import methods

page = methods("biases")


def numbers(found):
    e = found.estimate
    return e.value, e.se, found.p_value, e.interval.low, e.interval.high


@pytest.mark.parametrize("first", [0.0, 1.0])
@pytest.mark.parametrize("length", [0.0, 1.0])
@pytest.mark.parametrize("pairs", [20, 80])
def test_biases_for_the_first_and_the_longer_answer(pairs, length, first):
    rng = np.random.default_rng(13)
    gold = rng.integers(1, 3, pairs)
    longer = rng.integers(1, 3, pairs)
    rows = []
    for swapped in (False, True):
        odds = 1.2 * np.where(gold == 1, 1, -1) + length * np.where(longer == 1, 1, -1) + first * (-1 if swapped else 1)
        winner = np.where(rng.random(pairs) < 1 / (1 + np.exp(-odds)), 1, 2)
        rows.append(
            pl.DataFrame(
                {
                    "item": np.arange(pairs),
                    "swapped": swapped,
                    "winner": winner,
                    "gold": gold,
                    "len_1": np.where(longer == 1, 200, 100),
                    "len_2": np.where(longer == 1, 100, 200),
                }
            )
        )
    found = {each.feature: each for each in hs.bias(pl.concat(rows)).biases}
    by_order = [row["winner"].to_numpy() for row in rows]
    one, two = (by_order[0] == 1).astype(float), (by_order[1] == 2).astype(float)
    assert found["shown first"].evidence == "orders"
    own = page.shown_first(one, two, np.arange(pairs))
    assert own == pytest.approx(numbers(found["shown first"]), rel=1e-9, abs=1e-11)
    winner, every = np.concatenate(by_order), np.tile(np.arange(pairs), 2)
    wrong = (winner != np.tile(gold, 2)).astype(float)
    assert found["longer"].evidence == "gold"
    own = page.by_gold(wrong, np.tile(longer == gold, 2), every)
    assert own == pytest.approx(numbers(found["longer"]), rel=1e-9, abs=1e-11)
