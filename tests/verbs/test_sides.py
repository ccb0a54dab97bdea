"""Sides of a comparison: a model, a path, or the runs of a tag, commit or id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from runs import log


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of one model: of main three of four are right, of the change one."""
    log(tmp_path / "runs" / "main" / "a.eval", "CCCI", revision={"commit": "aaaaaaa"}, tags=["main"])
    log(tmp_path / "runs" / "pr-42" / "b.eval", "CIII", revision={"commit": "bbbbbbb"}, tags=["pr-42", "fast"])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("a", "b", "names"),
    [
        ("runs/main", "runs/pr-42", ("main", "pr-42")),
        ("path:runs/main", "runs/pr-42/b.eval", ("main", "b.eval")),
        ("tag:main", "tag:pr-42", ("main", "pr-42")),
        ("commit:aaaa", "commit:bbb", ("aaaa", "bbb")),
        ("run:eval a", "tag:fast", ("eval a", "fast")),
        ("a (commit=aaaaaaa, tags=main)", "runs/pr-42", ("a (commit=aaaaaaa, tags=main)", "pr-42")),
        ("model:a (commit=aaaaaaa, tags=main)", "commit:bbbbbbb", ("a (commit=aaaaaaa, tags=main)", "bbbbbbb")),
    ],
)
def test_a_side_can_be_a_path_tag_commit_run_or_model(runs: Path, a: str, b: str, names: tuple[str, str]) -> None:
    answer = howsure.compare(runs, a, b)
    assert isinstance(answer, howsure.Comparison)
    assert (answer.a, answer.b) == names
    assert (answer.a_mean, answer.b_mean, answer.wins, answer.losses) == (0.75, 0.25, 2, 0)


def test_paths_as_sides_need_no_data_argument(runs: Path) -> None:
    assert runs.is_dir()
    answer = howsure.compare(None, "runs/main", "runs/pr-42")
    assert isinstance(answer, howsure.Comparison)
    assert answer.difference.value == 0.5


def test_runs_of_two_sides_are_not_pooled_into_one_model(runs: Path) -> None:
    scores = howsure.read({"main": runs / "main", "pr-42": runs / "pr-42"})
    assert howsure.gate(scores, "pr-42", at_least=0.9).verdict != "pass"
    assert scores.to_frame()["model"].unique().sort().to_list() == ["main", "pr-42"]


def test_identical_scores_on_two_sides_are_two_runs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        log(tmp_path / name / "x.eval", "CCII")
    answer = howsure.compare(None, str(tmp_path / "one"), str(tmp_path / "two"))
    assert isinstance(answer, howsure.Comparison)
    assert (answer.ties, answer.difference.value) == (4, 0)


def test_duplicates_are_dropped_within_a_side_but_not_between_sides(tmp_path: Path) -> None:
    first = log(tmp_path / "one" / "x.eval", "CCII")
    for place in ("one/again.eval", "two/x.eval"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(first.read_bytes())
    scores = howsure.read({"one": tmp_path / "one", "two": tmp_path / "two"})
    assert dict(scores.to_frame().group_by("model").len().iter_rows()) == {"one": 4, "two": 4}


def test_sides_with_the_same_models_are_compared_model_by_model(tmp_path: Path) -> None:
    for side, scores in {"main": "CCCI", "pr": "CIII"}.items():
        for model in ("mock/a", "mock/b", "mock/c"):
            log(tmp_path / side / f"{model[-1]}.eval", scores, model=model)
    answer = howsure.compare(None, str(tmp_path / "main"), str(tmp_path / "pr"))
    assert answer.tasks
    assert [(pair.task, pair.wins, pair.losses) for pair in answer.comparisons] == [
        ("mock/a", 2, 0),
        ("mock/b", 2, 0),
        ("mock/c", 2, 0),
    ]
    assert any("compared model by model" in note for note in answer.notes)


def test_several_tasks_are_each_compared_model_by_model(tmp_path: Path) -> None:
    for side in ("main", "pr"):
        for model in ("mock/a", "mock/b"):
            for task in ("words", "sums"):
                log(tmp_path / side / f"{model[-1]} {task}.eval", "CCCI", model=model, task=task)
    scores = howsure.read({"main": tmp_path / "main", "pr": tmp_path / "pr"})
    tasks = {"sums · mock/a", "sums · mock/b", "words · mock/a", "words · mock/b"}
    assert set(scores.to_frame()["task"]) == tasks == {fact.task for fact in scores.facts}


def test_sides_with_different_sets_of_models_are_refused(tmp_path: Path) -> None:
    for side, models in {"main": ("mock/a", "mock/b"), "pr": ("mock/a", "mock/c")}.items():
        for model in models:
            log(tmp_path / side / f"{model[-1]}.eval", "CI", model=model)
    with pytest.raises(howsure.DataError, match="main has 'mock/a', 'mock/b'; pr has 'mock/a', 'mock/c'"):
        howsure.compare(None, str(tmp_path / "main"), str(tmp_path / "pr"))


def test_a_name_that_is_both_a_model_and_a_path_is_refused(runs: Path) -> None:
    (runs.parent / "a").mkdir()
    frame = pl.DataFrame({"model": ["a", "b"] * 2, "item": [1, 1, 2, 2], "score": [1, 0, 1, 1]})
    with pytest.raises(howsure.OptionError, match="Use model:a or path:a"):
        howsure.compare(frame, "a", "b")
    answer = howsure.compare(frame, "model:a", "b")
    assert isinstance(answer, howsure.Comparison)
    assert answer.a == "a"


@pytest.mark.parametrize(
    ("a", "told"),
    [
        ("tag:pr-4", "no run with tag:pr-4. There are main, pr-42, fast"),
        ("commit:c", "no run with commit:c. There are aaaaaaa, bbbbbbb"),
        ("run:nothing", "no run with run:nothing"),
        ("path:runs/none", "runs/none"),
        ("model:other", "no model 'other'"),
        ("x" * 5000, "no model"),
    ],
)
def test_an_unknown_side_is_an_error_that_lists_what_exists(runs: Path, a: str, told: str) -> None:
    with pytest.raises(howsure.HowsureError, match=told):
        howsure.compare(runs, a, "runs/main")


def test_tags_and_commits_of_a_data_frame_are_refused() -> None:
    frame = pl.DataFrame({"model": ["a", "b"], "item": [1, 1], "score": [1, 0]})
    with pytest.raises(howsure.OptionError, match="but only logs have them"):
        howsure.compare(frame, "tag:x", "b")


def test_sides_with_the_same_folder_name_are_named_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for side in ("old", "new"):
        log(tmp_path / side / "logs" / "x.eval", "CI")
    answer = howsure.compare(None, "old/logs", "new/logs")
    assert isinstance(answer, howsure.Comparison)
    assert (answer.a, answer.b) == ("old/logs", "new/logs")
    with pytest.raises(howsure.OptionError, match="two sides are both 'old/logs'"):
        howsure.compare(None, "old/logs", "old/logs")


def test_compare_and_gate_accept_sides_on_the_command_line(runs: Path) -> None:
    run = CliRunner().invoke
    for words in (["-a", "runs/main", "-b", "runs/pr-42"], ["runs", "-a", "tag:main", "-b", "commit:bbb"]):
        result = run(main, ["compare", *words])
        assert result.exit_code == 0, result.output
        assert "main" in result.output.split("\n")[0]
    gate = [
        "gate",
        "--candidate",
        "runs/pr-42",
        "--baseline",
        "runs/main",
        "--not-worse-than",
        "2pp",
        "--format",
        "json",
    ]
    result = run(main, gate)
    assert result.exit_code in (1, 2), result.output
    assert '"candidate": "pr-42"' in result.output
    missing = run(main, ["compare", "-a", "main", "-b", "pr-42"])
    assert missing.exit_code == 2
    assert "PATH..." in missing.output


def test_read_selects_runs_by_tag(runs: Path) -> None:
    scores = howsure.read(runs, runs="tag:main")
    assert scores.to_frame()["model"].unique().to_list() == ["mock/a"]
    assert [report.reason for report in scores.files if report.outcome == "left out"] == ["of no requested run"]


def test_as_attempts_pools_runs_that_differ_with_a_warning(runs: Path) -> None:
    apart = howsure.estimate(runs)
    assert sorted(entry.estimate.value for entry in apart.entries) == [0.25, 0.75]
    (one,) = howsure.estimate(howsure.read(runs, as_attempts=True)).entries
    assert one.estimate.value == 0.5
    (warning,) = [each for each in howsure.read(runs, as_attempts=True).warnings if each.code == "runs_as_attempts"]
    assert "2 runs of mock/a" in warning.message
    assert warning.message.endswith("although they differ in commit, tags")
    assert warning.remedy == "`howsure runs` lists them. `as_attempts=False` keeps them separate."


def test_the_runs_and_as_attempts_options_work_in_estimate(runs: Path) -> None:
    result = CliRunner().invoke(main, ["estimate", str(runs), "--runs", "tag:pr-42", "-f", "json"])
    assert [entry["estimate"]["value"] for entry in json.loads(result.output)["entries"]] == [0.25]
    pooled = CliRunner().invoke(main, ["estimate", str(runs), "--as-attempts", "-f", "json"])
    assert [entry["estimate"]["value"] for entry in json.loads(pooled.output)["entries"]] == [0.5]


@pytest.mark.parametrize("ask", [howsure.noise, howsure.plan])
def test_noise_and_plan_accept_sides(tmp_path: Path, ask: Any) -> None:
    for name, scores in (("main", "CCCICCCICI"), ("pr", "CIIICCIICC")):
        log(tmp_path / name / f"{name}.eval", scores, tags=[name])
        log(tmp_path / name / f"{name}-again.eval", scores[::-1], tags=[name])
    options = {"effect": 0.2} if ask is howsure.plan else {}
    by_tag = ask(tmp_path, a="tag:main", b="tag:pr", **options)
    assert any(note.startswith("Sides: main") and " and " in note for note in by_tag.notes)
    by_path = ask(
        None if ask is howsure.noise else str(tmp_path), a=str(tmp_path / "main"), b=str(tmp_path / "pr"), **options
    )
    assert by_path.to_dict() == by_tag.to_dict()


def test_two_data_frames_can_be_the_sides() -> None:
    rows = pl.DataFrame({"model": ["m"] * 4, "item": [1, 2, 3, 4], "score": [1, 1, 1, 0]})
    other = rows.with_columns(score=pl.Series([1, 0, 0, 0]))
    answer = howsure.compare({"main": rows, "pr": other}, "main", "pr")
    assert isinstance(answer, howsure.Comparison)
    assert (answer.a_mean, answer.b_mean) == (0.75, 0.25)


def test_paths_of_sides_in_a_configuration_are_relative_to_it(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = runs.parent / "howsure.toml"
    config.write_text(
        'paths = "nowhere"\n[gate]\ncandidate = "runs/pr-42"\nbaseline = "path:runs/main"\nbetter = true\n'
    )
    (runs.parent / "below").mkdir()
    monkeypatch.chdir(runs.parent / "below")
    result = CliRunner().invoke(main, ["gate"])
    assert result.exit_code == 2, result.output
    assert "pr-42 is better than main" in " ".join(result.output.split())
    config.write_text('paths = "runs"\n[gate]\ncandidate = "tag:pr-42"\nbaseline = "tag:main"\nbetter = true\n')
    assert "pr-42 is better than main" in " ".join(CliRunner().invoke(main, ["gate"]).output.split())
