"""The unit of right-or-wrong scores changes no answer: 1, 100 and "100%" are the same, but for the note that says so."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import howsure as hs
from frames import attempts

if TYPE_CHECKING:
    from collections.abc import Callable

TOLERANCE = 1e-12
ROWS = attempts(n_clusters=6, size=4, times=2)
RUNS = attempts(n_clusters=6, size=4, times=1, models=("run-step1", "run-step2", "run-step3"))
LARGE = attempts(n_clusters=40, size=8, times=1)
BOARD = pl.DataFrame({"model": ["a", "b", "c"], "score": [0.75, 0.5, 0.0], "n": [100, 100, 50]})

UNITS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "0 and 100": lambda rows: rows.with_columns(pl.col("score") * 100),
    "a name": lambda rows: rows.with_columns(pl.col("score") * 100).rename({"score": "score_pct"}),
    "% signs": lambda rows: rows.with_columns(pl.format("{}%", (pl.col("score") * 100).cast(pl.Int64).cast(pl.String))),
}
PUBLISHED = ("a name", "% signs")
"""Units that a published table tells: its scores are means, and no values but 0 and 100."""

ASKS: dict[str, tuple[pl.DataFrame, Callable[[Any], Any]]] = {
    "describe": (ROWS, hs.describe),
    "estimate": (ROWS, lambda rows: hs.estimate(rows, cluster="passage")),
    "estimate, pass@2": (ROWS, lambda rows: hs.estimate(rows, score="pass@2")),
    "estimate, these questions": (ROWS, lambda rows: hs.estimate(rows, population="benchmark")),
    "compare": (ROWS, lambda rows: hs.compare(rows, "a", "b", margin=0.1)),
    "leaderboard": (ROWS, hs.leaderboard),
    "noise": (ROWS, hs.noise),
    "health": (ROWS, hs.health),
    "trend": (RUNS, hs.trend),
    "gate": (ROWS, lambda rows: hs.gate(rows, "a", "b", not_worse_than=0.05, at_least=0.4)),
    "aa": (ROWS, lambda rows: hs.aa(rows, splits=20)),
    "allocate": (ROWS, lambda rows: hs.allocate(rows, a="a", attempts=30, new_run=True)),
    "plan": (ROWS, lambda rows: hs.plan(rows, effect=0.1)),
    "plan_score": (ROWS, lambda rows: hs.plan_score(rows, a="a", within=0.1)),
    "watch": (ROWS, lambda rows: hs.Monitor(a="a", b="b", shuffled=True).update(rows)),
    "calibrate": (LARGE, lambda rows: hs.calibrate(rows, trials=20)),
    "report": (ROWS, hs.report),
    "audit": (BOARD, hs.audit),
}
WITHOUT_SCORES = {"read", "plan_failures"}


def test_every_verb_is_asked() -> None:
    assert {name.partition(",")[0] for name in ASKS} == {*hs.VERBS, "watch"} - WITHOUT_SCORES


def _read(rows: pl.DataFrame, verb: str) -> Any:
    column = next(name for name in rows.columns if name.startswith("score"))
    return rows if verb == "audit" else hs.read(rows, columns={"score": column})


def _plain(value: Any) -> Any:
    """Leave out what says how the data were read, and the metric's name, which is the column's in a published table."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in ("notes", "metric", "fingerprint")}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _same(one: Any, other: Any, path: str = "") -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one:
            _same(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            _same(a, b, f"{path}[{k}]")
    elif isinstance(one, float) and isinstance(other, (int, float)):
        assert math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE), (path, one, other)
    else:
        assert one == other, path


def _data(answer: Any) -> Any:
    return _plain(answer.data if isinstance(answer, hs.Report) else json.loads(answer.render("json")))


def _paragraphs(answer: Any) -> list[str]:
    """What a terminal shows, without its notes."""
    text = answer.verdict if isinstance(answer, hs.Report) else answer.render("terminal")
    notes = [" ".join(note.split()) for note in getattr(answer, "notes", ())]
    lines = [" ".join(part.split()) for part in text.split("\n\n")]
    for note in notes:
        lines = [line.replace(note, "").strip() for line in lines]
    return [line for line in lines if line]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("verb", ASKS)
def test_units_change_no_answer(verb: str, unit: str) -> None:
    rows, ask = ASKS[verb]
    if verb == "audit" and unit not in PUBLISHED:
        pytest.skip("a published table doesn't tell it")
    usual, other = ask(_read(rows, verb)), ask(_read(UNITS[unit](rows), verb))
    _same(_data(usual), _data(other))
    assert _paragraphs(usual) == _paragraphs(other)
    if hasattr(other, "notes") and verb != "describe":  # which estimates nothing
        assert any("percent" in note for note in other.notes)
