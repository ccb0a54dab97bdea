"""A board computes its ranks, pairs and corrections when they are first read."""

import copy
import pickle

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.inference import board


@pytest.fixture
def corrected(monkeypatch):
    """Count the boards whose pairs are corrected."""
    calls = []
    original = board.corrected

    def counted(pairs, question):
        calls.append(len(pairs.difference))
        return original(pairs, question)

    monkeypatch.setattr(board, "corrected", counted)
    return calls


def results(*, tasks, models=4, items=12):
    rng = np.random.default_rng(0)
    task, model, item = (each.ravel() for each in np.indices((tasks, models, items)))
    score = (rng.random(len(task)) < 0.4 + 0.1 * model).astype(int)
    columns = {"task": task, "model": model, "item": item}
    named = {name: [f"{name[0]}{k:03}" for k in places] for name, places in columns.items()}
    return pl.DataFrame({**named, "score": score})


def test_boards_that_nobody_reads_are_not_ranked(corrected):
    answer = hs.leaderboard(results(tasks=3))
    assert corrected == []
    ranks = answer.overall.ranks
    assert corrected == [4]
    assert answer.overall.ranks is ranks
    assert len(answer["t001"].ranks) == 4
    assert corrected == [4, 4]


def test_the_table_of_tasks_ranks_the_first_sixty(corrected):
    answer = hs.leaderboard(results(tasks=75))
    text = answer.render("markdown")
    assert len(corrected) == 61
    assert "(15 of 75 in any case; " in text
    assert "t059" in text
    assert "| t060" not in text


def test_every_task_is_in_the_records(corrected):
    answer = hs.leaderboard(results(tasks=75))
    assert {record["task"] for record in answer.records()} == {"", *(f"t{k:03}" for k in range(75))}
    assert len(corrected) == 76


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda answer: pickle.loads(pickle.dumps(answer))])
def test_an_answer_can_be_pickled_and_copied(copied):
    answer = hs.leaderboard(results(tasks=2))
    again = copied(answer)
    assert again.to_dict() == answer.to_dict()
    assert again.pair_records() == answer.pair_records()


def test_limits_of_pairs_are_those_of_compare():
    rows = results(tasks=1, items=60)
    board = hs.leaderboard(rows).boards[0]
    first, second = (entry.model for entry in board.entries[:2])
    gap = hs.compare(rows, a=first, b=second)
    assert (board.pairs.low[0, 1], board.pairs.high[0, 1]) == pytest.approx((gap.low, gap.high))
    assert board.pairs.low is board.pairs.low
