"""Cost grows as the work grows: the calls of functions for each added file, task or model don't become more.

Counted, not timed, so a busy machine changes nothing. Twice as much work may take at most 1.15 times twice the calls that were added before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

import howsure as hs
from counted import calls_in

if TYPE_CHECKING:
    from pathlib import Path

MOST = 1.15
MODELS = 4


def right(model: int, item: int) -> int:
    return int(item * 7 % (3 + model) > 0)


def csv_files(folder: Path, size: int) -> object:
    for k in range(size):
        rows = "".join(f"m{k % MODELS},t{k // MODELS},q{n},{right(k % MODELS, n)}\n" for n in range(10))
        (folder / f"{k}.csv").write_text(f"model,task,item,score\n{rows}", encoding="utf-8")
    return folder


def json_files(folder: Path, size: int) -> object:
    for k in range(size):
        named = {"model": f"m{k % MODELS}", "task": f"t{k // MODELS}"}
        rows = [{**named, "item": f"q{n}", "score": right(k % MODELS, n)} for n in range(10)]
        (folder / f"{k}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def lm_eval_files(folder: Path, size: int) -> object:
    for k in range(size):
        place = folder / f"model{k % MODELS}"
        place.mkdir(exist_ok=True)
        rows = [
            {
                "doc_id": n,
                "doc": {"q": n},
                "target": "1",
                "resps": [["1"]],
                "filtered_resps": ["1"],
                "doc_hash": f"{k // MODELS}-{n}",
            }
            | {"acc": right(k % MODELS, n)}
            for n in range(10)
        ]
        name = f"samples_task{k // MODELS}_2026-11-01T00-00-00.000000.jsonl"
        (place / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def tasks(folder: Path, size: int) -> object:
    return pl.DataFrame(
        [
            {"task": f"t{task}", "model": f"m{model}", "item": f"q{n}", "score": right(model, n + task)}
            for task in range(size)
            for model in range(MODELS)
            for n in range(10)
        ]
    )


def models(folder: Path, size: int) -> object:
    return pl.DataFrame(
        [
            {"model": f"m{model}", "item": f"q{n}", "score": right(model % 9, n + model)}
            for model in range(size)
            for n in range(30)
        ]
    )


def rows(folder: Path, size: int) -> object:
    return pl.DataFrame(
        [{"model": f"m{k % 4}", "item": f"q{k // 4}", "score": right(k % 4, k // 4)} for k in range(4 * size)]
    )


GROWTHS = {
    "CSV files": (csv_files, 20, hs.leaderboard),
    "JSON files": (json_files, 20, hs.leaderboard),
    "samples of lm-eval": (lm_eval_files, 20, hs.leaderboard),
    "tasks": (tasks, 20, hs.leaderboard),
    "tasks of a report": (tasks, 10, hs.report),
    "models": (models, 20, hs.leaderboard),
    "rows": (rows, 500, hs.leaderboard),
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("growth", GROWTHS)
def test_each_added_file_task_model_or_row_takes_no_more_calls_than_those_before(growth, tmp_path):
    make, size, ask = GROWTHS[growth]

    def calls(count: int, name: str = "") -> int:
        folder = tmp_path / (name or str(count))
        folder.mkdir()
        data = make(folder, count)
        return calls_in(lambda: str(ask(data)))

    calls(size, "first")  # which imports
    one, two, four = (calls(k * size) for k in (1, 2, 4))
    assert four - two <= MOST * max(2 * (two - one), 0.05 * one), (one, two, four)
