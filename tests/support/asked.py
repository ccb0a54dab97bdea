"""Every verb that takes rows, asked a small question; and answers compared as data."""

from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

import howsure as hs
from frames import attempts

if TYPE_CHECKING:
    from collections.abc import Callable

TOLERANCE = 1e-12
ROWS = attempts(n_clusters=6, size=4, times=2)
PRICED = ROWS.with_columns(usd=1.0 + pl.col("length") * (pl.col("model") == "a"))
HARD = ROWS.with_columns(minutes=9 - 8 * pl.col("score").mean().over("item") + pl.col("length") / 100)
RUNS = attempts(n_clusters=6, size=4, times=1, models=("run-step1", "run-step2", "run-step3"))
LARGE = attempts(n_clusters=40, size=8, times=1)
BOARD = pl.DataFrame({"model": ["a", "b", "c"], "score": [0.75, 0.5, 0.0], "n": [100, 100, 50]})


def again(data: Any) -> hs.Scores:
    """Save data as a baseline and read it."""
    with TemporaryDirectory() as folder:
        saved = hs.save_baseline(data, "main", output=str(Path(folder, "main.howsure")))
        return hs.read(saved.path)


ASKS: dict[str, tuple[pl.DataFrame, Callable[[Any], Any]]] = {
    "describe": (ROWS, hs.describe),
    "runs": (ROWS, hs.runs),
    "estimate": (ROWS, lambda rows: hs.estimate(rows, cluster="passage")),
    "estimate, pass@2": (ROWS, lambda rows: hs.estimate(rows, score="pass@2")),
    "estimate, these questions": (ROWS, lambda rows: hs.estimate(rows, population="these-questions")),
    "compare": (ROWS, lambda rows, a="a", b="b": hs.compare(rows, a, b, margin=0.1)),
    "against": (ROWS, lambda rows, a="a": hs.against(rows, a)),
    "leaderboard": (ROWS, hs.leaderboard),
    "frontier": (PRICED, lambda rows: hs.frontier(rows, usage="usd")),
    "curve": (ROWS, lambda rows: hs.curve(rows, cluster="passage")),
    "horizon": (HARD, lambda rows: hs.horizon(rows, difficulty="minutes", cluster="passage")),
    "noise": (ROWS, hs.noise),
    "questions": (ROWS, hs.questions),
    "question": (ROWS, lambda rows: hs.question(rows, hs.read(rows).to_frame()["item"].min())),
    "history": (ROWS, lambda rows: hs.history(rows, cluster="passage")),
    "trend": (RUNS, hs.trend),
    "gate": (ROWS, lambda rows, a="a", b="b": hs.gate(rows, a, b, not_worse_than=0.05, at_least=0.4)),
    "plan": (ROWS, lambda rows: hs.plan(rows, effect=0.1)),
    "plan_score": (ROWS, lambda rows, a="a": hs.plan_score(rows, a=a, within=0.1)),
    "watch": (ROWS, lambda rows, a="a", b="b": hs.Monitor(a=a, b=b, shuffled=True).update(rows)),
    "report": (ROWS, hs.report),
    "save_baseline": (ROWS, lambda rows: hs.estimate(again(rows), cluster="passage")),
    "audit": (BOARD, hs.audit),
}
WITHOUT_SCORES = {
    *("read", "arena", "head_to_head", "judge", "agree", "bias", "calibrate"),
    *("plan_failures", "plan_policy", "plan_labels"),
}


def same(one: Any, other: Any, path: str = "") -> None:
    """Assert that two answers are the same as data, numbers to the tolerance."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one:
            same(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{path}[{k}]")
    elif isinstance(one, float) and isinstance(other, (int, float)):
        assert math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE), (path, one, other)
    else:
        assert one == other, path


def data(answer: Any, plain: Callable[[Any], Any]) -> Any:
    """Return an answer as data, without what `plain` leaves out."""
    return plain(answer.data if isinstance(answer, hs.Report) else json.loads(answer.render("json")))
