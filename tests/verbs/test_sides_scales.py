"""Sides read separately share one scale and direction, as rows of one table do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import attempts
from howsure.commands.main import main
from howsure.table import aggregate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N = 60
CANDIDATE, BASELINE = "new/r.csv", "old/r.csv"
SCALES: dict[str, tuple[Callable[[pl.Series], pl.Series], str]] = {
    "right or wrong": (lambda score: score, "score"),
    "0 and 100": (lambda score: score * 100, "score"),
    "a name that says percent": (lambda score: score * 87.5, "accuracy_pct"),
    "% signs": (lambda score: (score * 50).cast(pl.String) + "%", "score"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two sides; the candidate is worse by a seventh."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(place: Path, make: Callable[[pl.Series], pl.Series], column: str) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    old = rng.integers(0, 5, N) > 0
    new = old & (rng.integers(0, 7, N) > 0)
    both = []
    for name, path, values in (("a", CANDIDATE, new), ("b", BASELINE, old)):
        rows = pl.DataFrame({"model": name, "item": range(N), column: make(pl.Series(values).cast(pl.Float64))})
        (place / path).parent.mkdir(exist_ok=True)
        rows.write_csv(place / path)
        both.append(rows)
    return pl.concat(both)


def _figures(answer: Any) -> Any:
    return [
        (check.verdict, check.value, check.low, check.high, check.p_pass, check.p_fail, check.percent)
        for check in answer.checks
    ]


@pytest.mark.parametrize("scale", SCALES)
def test_two_paths_or_a_saved_baseline_give_the_gate_result_of_one_table(place: Path, scale: str) -> None:
    make, column = SCALES[scale]
    rows, columns = _write(place, make, column), {"score": column}
    hs.save_baseline(hs.read(BASELINE, columns=columns), "old")
    new = hs.read(CANDIDATE, columns=columns)
    table, paths, saved = (
        hs.gate(data, "a", "b", better=True, not_worse_than=0.02)
        for data in (
            hs.read(rows, columns=columns),
            hs.read({"a": new, "b": hs.read(BASELINE, columns=columns)}),
            hs.read({"a": new, "b": hs.read("baselines/old.howsure")}),
        )
    )
    assert table.verdict != "pass"
    assert _figures(paths) == _figures(saved) == _figures(table)
    for answer in (paths, saved):
        assert any("percent" in note for note in answer.notes) == (scale != "right or wrong")
        assert ("Columns: accuracy_pct as score." in answer.notes) == (column == "accuracy_pct")


def test_an_unknown_score_direction_is_an_error_for_a_gate_of_two_sides(place: Path) -> None:
    rows = _write(place, lambda score: 1 - score, "error_rate")
    columns = {"score": "error_rate"}
    hs.save_baseline(hs.read(BASELINE, columns=columns), "old")
    new = hs.read(CANDIDATE, columns=columns)
    data = [
        hs.read(rows, columns=columns),
        hs.read({"a": new, "b": hs.read(BASELINE, columns=columns)}),
        hs.read({"a": new, "b": hs.read("baselines/old.howsure")}),
    ]
    for scores in data:
        with pytest.raises(hs.OptionError, match=r"column error_rate\) are better"):
            hs.gate(scores, "a", "b", not_worse_than=0.05)
        assert hs.compare(scores, "a", "b").warnings[-1].code == "unknown_direction"
        assert hs.gate(scores, "a", "b", better=True, lower_is_better=True).verdict == "fail"


def test_two_sides_keep_both_names_of_their_score_columns(place: Path) -> None:
    _write(place, lambda score: 1 - score, "error_rate")
    new = hs.read(CANDIDATE, columns={"score": "error_rate"})
    (place / "other.csv").write_text((place / BASELINE).read_text().replace("error_rate", "score"))
    scores = hs.read({"a": new, "b": "other.csv"})
    assert scores.score_column == "error_rate / score"
    with pytest.raises(hs.OptionError, match="error_rate / score"):
        hs.gate(scores, "a", "b", better=True)


def test_a_gate_on_fractions_and_percent_is_an_error() -> None:
    rows = pl.DataFrame({"model": ["a", "a", "b", "b"], "item": ["x", "y"] * 2, "score": [0.0, 1.0, 90.0, 100.0]})
    with pytest.raises(hs.DataError, match="fractions mixed with percentages"):
        hs.gate(rows, "b", "a", better=True)


@pytest.mark.parametrize("unit", [1.0, 100.0])
@pytest.mark.parametrize("column", ["error_rate", "error_pct"])
def test_a_converted_table_keeps_the_unknown_direction_of_its_score_column(
    place: Path, column: str, unit: float
) -> None:
    """A name that leaves the direction open was lost in it, and a gate on the copy passed the worse of two."""
    rows = _write(place, lambda score: (1 - score) * 0.9 * unit, column)
    rows.write_csv("both.csv")
    command = ["convert", "both.csv", "-c", f"score={column}", "-o", "copy.csv"]
    found = CliRunner().invoke(main, command, catch_exceptions=False)
    copy, metric = hs.read("copy.csv"), "error" if (column, unit) == ("error_pct", 100) else column
    assert f"The name of the column {column} is kept as the metric {metric}." in found.output
    with pytest.raises(hs.OptionError, match=f"{metric} are better"):
        hs.gate(copy, "a", "b", not_worse_than=0.05)
    asked = [
        hs.gate(data, "a", "b", better=True, lower_is_better=True)
        for data in (hs.read(rows, columns={"score": column}), copy)
    ]
    assert asked[0].checks[0].value == pytest.approx(asked[1].checks[0].value)
    assert asked[0].checks[0].low == pytest.approx(asked[1].checks[0].low)
    assert [warning.code for warning in asked[0].warnings] == [warning.code for warning in asked[1].warnings]


def test_a_converted_table_keeps_the_warning_on_a_percent_column_name(place: Path) -> None:
    _write(place, lambda score: score * 0.9, "accuracy_pct").write_csv("both.csv")
    CliRunner().invoke(main, ["convert", "both.csv", "-c", "score=accuracy_pct", "-o", "copy.csv"])
    assert [warning.code for warning in hs.estimate("copy.csv").warnings] == ["percent_name"]


def test_a_gate_on_fractions_and_small_percent_scores_is_an_error(place: Path) -> None:
    """No score is above 15, and only the columns' names tell them apart: as percent the fractions were a hundredth of what they are."""
    rows = pl.DataFrame({"model": "a", "item": range(N), "score": [k % 5 * 0.03 for k in range(N)]})
    percent = rows.with_columns(pl.col("score") * 100).rename({"score": "score_pct"})
    sides = hs.read({"a": hs.read(percent, columns={"score": "score_pct"}), "b": rows})
    with pytest.raises(hs.DataError, match="fractions mixed with percentages"):
        hs.gate(sides, "a", "b", not_worse_than=0.05)
    assert hs.gate(hs.read({"a": rows, "b": rows}), "a", "b", not_worse_than=0.05).verdict == "pass"


def test_percent_bounds_for_scores_up_to_1_give_a_warning() -> None:
    """A gate of points passed on hundredths of them."""
    rows = pl.DataFrame(
        {"model": ["a"] * N + ["b"] * N, "item": [*range(N)] * 2, "score": [k % 3 / 4 for k in range(2 * N)]}
    )
    answer = hs.gate(rows, "a", "b", not_worse_than=0.05, bounds=(0, 100))
    assert "percent_bounds" in [warning.code for warning in answer.warnings]
    for other, asked in ((rows.rename({"score": "score_pct"}), (0, 100)), (rows, (0, 1))):
        column = other.columns[-1]
        answer = hs.gate(hs.read(other, columns={"score": column}), "a", "b", not_worse_than=0.05, bounds=asked)
        assert "percent_bounds" not in [warning.code for warning in answer.warnings]


def test_a_model_compared_with_a_path_keeps_its_score_column_name(place: Path) -> None:
    """It was lost with the other models, and a gate passed without the question of direction."""
    rows = _write(place, lambda score: 1 - score, "error_rate")
    both = hs.read(rows.with_columns(task=pl.lit("q")), columns={"score": "error_rate"})
    other = pl.read_csv(BASELINE).rename({"error_rate": "score"}).with_columns(task=pl.lit("q"))
    other.write_csv("other.csv")
    with pytest.raises(hs.OptionError, match="error_rate / score"):
        hs.gate(both, "model:a", "other.csv", not_worse_than=0.2)


def test_runs_named_by_files_keep_their_score_column_name(place: Path) -> None:
    for k in range(3):
        rows = pl.DataFrame({"item": range(N), "error_pct": [10.0 * ((k + i) % 7) for i in range(N)]})
        (place / "runs").mkdir(exist_ok=True)
        rows.write_csv(place / "runs" / f"r{k}.csv")
    words = ["--no-config", "history", "runs", "-c", "score=error_pct", "-f", "json"]
    found = json.loads(CliRunner().invoke(main, words, catch_exceptions=False).stdout)
    assert "unknown_direction" in [warning["code"] for warning in found["warnings"]]
    assert all(0 <= run["score"] <= 1 for task in found["tasks"] for run in task["runs"])


def test_cluster_sums_keep_their_score_column_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the items are too many: without it percent were scores on an unknown scale, and nobody asked for their direction."""
    duckdb = pytest.importorskip("duckdb")
    rows = attempts(n_clusters=12, size=6).with_columns(error_pct=pl.col("score") * 87.5).drop("score").to_arrow()
    monkeypatch.setattr(aggregate, "free_bytes", lambda: 1_000.0)
    scores = hs.read(duckdb.from_arrow(rows), columns={"score": "error_pct"})
    board = hs.leaderboard(scores, cluster="passage")
    assert all(0 <= entry.estimate.value <= 1 for entry in board.boards[0].entries)
    codes = [warning.code for warning in board.warnings]
    assert ("unknown_direction" in codes, "unbounded_scores" in codes) == (True, False)
