"""Results give the same answer as a frame, files, separate models, a saved baseline, a database or a converted copy.

Tested with units and directions that only the name of the score column states, since an input format that loses it is silently wrong.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from asked import ASKS, PRICED, data, same
from howsure.commands.main import main
from trials import draws

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Way = Callable[[pl.DataFrame, str, Path], hs.Scores]

pytestmark = pytest.mark.once

RENAMED = {"item": "question_id", "attempt": "epoch"}
BY_NAME_ALONE = ("notes", "metric", "fingerprint")
"""What says how the data were read, and the metric, which is the column's name in a copy that would lose it."""


def _read(data: Any, column: str) -> hs.Scores:
    return hs.read(data, columns={"score": column})


def _parts(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {model: rows.filter(model=model) for model in rows["model"].unique().sort()}


def _saved(data: Any, column: str, place: Path) -> hs.Scores:
    return hs.read(hs.save_baseline(_read(data, column), "main", output=str(place / "main.howsure")).path)


def _file(rows: pl.DataFrame, column: str, place: Path) -> hs.Scores:
    rows.write_csv(place / "rows.csv")
    return _read(place / "rows.csv", column)


def _folder(rows: pl.DataFrame, column: str, place: Path) -> hs.Scores:
    """A file a model: the first calls its columns differently, and is of another kind."""
    for k, (model, part) in enumerate(_parts(rows).items()):
        if k:
            part.write_csv(place / f"{model}.csv")
        else:
            part.rename(RENAMED).write_ndjson(place / f"{model}.jsonl")
    return _read(place, column)


def _sides(rows: pl.DataFrame, column: str, place: Path) -> hs.Scores:
    """A path, frames and a saved baseline."""
    parts = _parts(rows)
    first, *_, last = parts
    parts[first].write_csv(place / "first.csv")
    sides: dict[str, Any] = {model: _read(part, column) for model, part in parts.items()}
    return hs.read(sides | {first: _read(place / "first.csv", column), last: _saved(parts[last], column, place)})


def _copy(rows: pl.DataFrame, column: str, place: Path) -> hs.Scores:
    rows.write_csv(place / "rows.csv")
    words = ["--no-config", "convert", str(place / "rows.csv"), "-c", f"score={column}"]
    CliRunner().invoke(main, [*words, "-o", str(place / "copy.csv")], catch_exceptions=False)
    return hs.read(place / "copy.csv")


def _database(rows: pl.DataFrame, column: str, place: Path) -> hs.Scores:
    duckdb = pytest.importorskip("duckdb")
    rows.write_parquet(place / "rows.parquet")
    with duckdb.connect(str(place / "rows.duckdb")) as connection:
        connection.execute(f"CREATE TABLE answers AS SELECT * FROM read_parquet('{place / 'rows.parquet'}')")
    return _read(place / "rows.duckdb", column)


def _lazy(rows: pl.DataFrame, column: str, _: Path) -> hs.Scores:
    return _read(rows.lazy(), column)


WAYS: dict[str, Way] = {
    "a file": _file,
    "a folder": _folder,
    "sides": _sides,
    "a saved baseline": _saved,
    "a converted copy": _copy,
    "a database": _database,
    "a lazy frame": _lazy,
}
GRADED = PRICED.with_columns(score=(pl.col("score") * 0.6 + pl.int_range(pl.len()) % 7 / 20).round(3))
COLUMNS: dict[str, tuple[str, pl.Expr, dict[str, Any]]] = {
    "fractions": ("score", pl.col("score"), {}),
    "percent by name": ("accuracy_pct", pl.col("score") * 100, {}),
    "percent by signs": ("score", pl.format("{}%", (pl.col("score") * 100).round(1)), {}),
    "bounds": ("score", pl.col("score") * 4 + 1, {"bounds": (1, 5)}),
    "no scale": ("score", pl.col("score") * 4 + 1, {}),
    "fractions that may be percent": ("accuracy_pct", pl.col("score"), {}),
    "direction open": ("error_rate", pl.col("score"), {}),
    "direction open, percent": ("error_pct", pl.col("score") * 100, {}),
    "smaller is better": ("error_rate", pl.col("score") * 100, {"lower_is_better": True}),
}
"""The score column's name, what it holds, and the options that go with it."""
ABOUT_FILES = {"describe", "runs", "report", "calibrate", "save_baseline", "audit"}
VERBS = sorted(ASKS.keys() - ABOUT_FILES)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in BY_NAME_ALONE}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _ruling(scores: hs.Scores, options: dict[str, Any]) -> Any:
    """Return the numbers of a gate's checks and the codes of its warnings, or by what kind of error it stops."""
    try:
        answer = hs.gate(scores, "a", "b", not_worse_than=0.05, **options)
    except hs.HowsureError as stopped:
        return type(stopped).__name__, "larger or smaller scores" in str(stopped)
    return _plain(answer.to_dict()["checks"]), [warning.code for warning in answer.warnings]


def _ranking(scores: hs.Scores, options: dict[str, Any]) -> Any:
    board = hs.leaderboard(scores, **options)
    return _plain(board.to_dict()["boards"]), [warning.code for warning in board.warnings]


ASKED = _ruling, _ranking


def _held(held: str) -> tuple[pl.DataFrame, str, dict[str, Any]]:
    column, values, options = COLUMNS[held]
    return GRADED.with_columns(score=values).rename({"score": column}), column, options


@cache
def _usual(held: str) -> list[Any]:
    rows, column, options = _held(held)
    return [ask(_read(rows, column), options) for ask in ASKED]


@cache
def _usual_answer(verb: str) -> Any:
    rows, ask = ASKS[verb]
    return data(ask(_read(_percent(rows), "score_pct")), _plain)


def _percent(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("score") * 100).rename({"score": "score_pct"})


EACH_WAY = [(held, way) for held in COLUMNS for way in WAYS]


@pytest.mark.parametrize(("held", "way"), EACH_WAY[:: draws(2, 1)])
def test_the_input_format_changes_neither_verdict_nor_direction_nor_scale(held: str, way: str, tmp_path: Path) -> None:
    rows, column, options = _held(held)
    scores = WAYS[way](rows, column, tmp_path)
    for ask, usual in zip(ASKED, _usual(held), strict=True):
        same(list(usual), list(ask(scores, options)))


@pytest.mark.parametrize("held", COLUMNS)
def test_a_gate_refuses_only_scores_of_unknown_direction(held: str) -> None:
    ruled, _ = _usual(held)
    assert (ruled == ("OptionError", True)) == held.startswith("direction open")


ASKED_BY_EACH_WAY = [(verb, way) for verb in VERBS for way in ("a folder", "sides", "a converted copy", "a database")]


@pytest.mark.parametrize(("verb", "way"), ASKED_BY_EACH_WAY[:: draws(5, 1)])
def test_the_input_format_changes_no_answer_of_any_verb(verb: str, way: str, tmp_path: Path) -> None:
    rows, ask = ASKS[verb]
    same(_usual_answer(verb), data(ask(WAYS[way](_percent(rows), "score_pct", tmp_path)), _plain))
