"""Slices on the report page hold the leaderboard of every slice and the slice of every question."""

import polars as pl
import pytest

import howsure as hs
from browser_cases import random_board, tasks, unpacked
from howsure.verbs.report import report


def parted():
    number = pl.col("item").str.slice(1).cast(pl.Int64)
    return random_board(4, items=61).with_columns(form=pl.when(number < 60).then((number % 2).cast(pl.String)))


def test_a_slice_on_the_page_equals_that_of_leaderboard():
    made = report(parted(), by="form")
    details = unpacked(made.boards[0])
    (way,), (found,) = details["slices"], hs.leaderboard(parted(), by="form").slices
    assert (way["by"], way["level"], way["names"]) == ("form", found.level, ["0", "1"])
    names = [model["model"] for model in made.data["boards"][0]["models"]]
    for told, each in zip(way["boards"], found.slices, strict=True):
        assert [names[k] for k in told["models"]] == [entry.model for entry in each.board.entries]
        assert told["value"] == pytest.approx([entry.estimate.value for entry in each.board.entries], abs=1e-5)
        assert told["best"] == [rank.could_be_best for rank in each.board.ranks]
        assert (told["items"], told["clusters"], told["verdict"]) == (30, 0, each.board.sentence)


def test_every_question_is_in_its_slice_or_in_none():
    items = unpacked(report(parted(), by="form").boards[0])["items"]
    (way,) = items["slices"]
    where = {
        item: -1 if code < 0 else int(way["names"][code]) for item, code in zip(items["ids"], way["codes"], strict=True)
    }
    assert where == {f"q{k}": k % 2 if k < 60 else -1 for k in range(61)}


def test_slices_by_task_belong_to_the_overall_leaderboard():
    rows = tasks().filter((pl.col("model") != "d") | (pl.col("task") == "odd"))
    made = report(rows, cluster="passage", by="task")
    first, *others = [unpacked(board)["slices"] for board in made.boards[: len(made.data["boards"])]]
    assert [way["names"] for way in first] == [["easy", "hard", "odd"]]
    assert others == [[], [], []]
    names = [model["model"] for model in made.data["boards"][0]["models"]]
    told = {m if isinstance(m, str) else names[m] for board in first[0]["boards"] for m in board["models"]}
    assert told >= set(names)


def test_a_page_without_slices_has_empty_slice_lists():
    details = unpacked(report(random_board(3, items=20)).boards[0])
    assert (details["slices"], details["items"]["slices"]) == ([], [])
