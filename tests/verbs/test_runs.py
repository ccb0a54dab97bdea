"""runs: the runs in logs and tables, which ones count and why others don't."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import howsure as hs
from paragraphs import paragraph
from reader_cases import run_log as log
from runs import lm_eval


def by_model(answer: hs.Runs) -> dict[str, float]:
    return {run.model: run.score for run in answer.runs}


def test_runs_are_listed_newest_first_with_commit_tags_and_score(tmp_path: Path) -> None:
    log(tmp_path, "old", "CI", created="2026-01-01T10:00:00+02:00", revision={"commit": "a" * 40, "dirty": False})
    log(tmp_path, "new", "CC", created="2026-01-01T09:00:00+00:00", revision={"commit": "b" * 40}, tags=["pr-42"])
    found = hs.runs(tmp_path).runs
    assert [run.ids[0] for run in found] == ["eval new", "eval old"]
    new = found[0]
    assert (new.name, new.score, new.n_items, new.commit, new.tags) == ("mock/a", 1.0, 2, "b" * 40, ("pr-42",))
    assert new.model == f"mock/a (commit={'b' * 40}, tags=pr-42)"
    text = hs.runs(tmp_path).render(width=120)
    assert "2026-01-01 08:00" in text, "of the old one, whose log has another zone"
    assert "bbbbbbb " in text
    assert "b" * 8 not in text
    assert "limit" not in text


def test_a_run_that_does_not_count_is_listed_with_its_score_and_the_reason(tmp_path: Path) -> None:
    same = {"task_id": "one", "eval_id": "e"}
    log(tmp_path, "first", "CC", created="2026-01-01T00:00:00+00:00", **same)
    log(tmp_path, "retry", "CI", created="2026-01-02T00:00:00+00:00", **same)
    answer = hs.runs(tmp_path)
    assert [(run.source, run.counted, run.score) for run in answer.runs] == [
        ("retry.eval", True, 0.5),
        ("first.eval", False, 1.0),
    ]
    assert "another log of the same run counts: retry.eval" in answer.render(width=120)
    assert "1 is not used" in paragraph(answer)


def test_runs_pooled_as_attempts_are_listed_with_separate_scores(tmp_path: Path) -> None:
    same = {"revision": {"commit": "aaaaaaa"}}
    log(tmp_path, "one", "CC", created="2026-01-01T00:00:00+00:00", **same)
    log(tmp_path, "two", "CI", created="2026-01-02T00:00:00+00:00", packages={"inspect_ai": "0.4"}, **same)
    answer = hs.runs(tmp_path)
    assert [(run.model, run.score) for run in answer.runs] == [("mock/a", 0.5), ("mock/a", 1.0)]
    assert "inspect_ai=0.4" in answer.render(width=140)
    assert [row["value"] for row in hs.estimate(tmp_path).records()] == [0.75]


def test_lm_eval_results_without_samples_are_listed_but_do_not_count(tmp_path: Path) -> None:
    lm_eval(tmp_path, "2025-03-03T00-05-12.300060", [1.0, 0.0])
    (tmp_path / "samples_sums_2025-03-03T00-05-12.300060.jsonl").unlink()
    (run,) = hs.runs(tmp_path).runs
    assert (run.counted, run.n_items, run.score) == (False, 0, 0.5)
    assert run.reason == "scores only, no rows behind them"


def test_lm_eval_runs_show_commit_date_and_settings_without_secrets(tmp_path: Path) -> None:
    lm_eval(tmp_path, "2025-03-03T00-05-12.300060", [1.0], git_hash="v0.4.2-13-g28fe95e", lm_eval_version="0.4.13")
    answer = hs.runs(tmp_path)
    (run,) = answer.runs
    assert (run.commit, run.started, run.invocation) == (
        "28fe95e",
        "2025-03-03T21:01:54+00:00",
        "2025-03-03T00-05-12.300060",
    )
    assert run.settings["model_args.pretrained"] == "m"
    assert run.environment["lm_eval"] == "0.4.13"
    assert "sesame" not in answer.render("json")


def test_copies_of_lm_eval_runs_are_recognised_by_time_and_results(tmp_path: Path) -> None:
    for folder, time in (
        ("a", "2025-03-03T00-05-12.300060"),
        ("b", "2025-03-03T00-05-12.300060"),
        ("c", "2025-03-04T00-05-12.3"),
    ):
        lm_eval(tmp_path / folder, time, [1.0, 0.0])
    assert [run.counted for run in hs.runs(tmp_path).runs].count(True) == 2
    assert hs.read(tmp_path).to_frame()["attempt"].n_unique() == 2


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"git_hash": "28fe95e"}, "m (commit=28fe95e)"),
        ({"config": {"model_args": "pretrained=m,dtype=float16"}}, "m (model_args.dtype=float16)"),
        ({"versions": {"sums": 2.0}}, "m (task_version=2.0)"),
        ({"n-shot": {"sums": 5}}, "m (num_fewshot=5)"),
        ({"configs": {"sums": {"doc_to_text": "Q: {{q}}"}}}, "m (prompt=#"),
        ({"configs": {"sums": {"metric_list": [{"metric": "acc"}]}}}, "m (scoring=#"),
        ({"configs": {"sums": {"generation_kwargs": {"temperature": 0.7}}}}, "m (generation.temperature=0.7)"),
        ({"config": {"model_args": "pretrained=m", "limit": 2.0, "fewshot_seed": 7}}, ""),
        ({"lm_eval_version": "0.5", "transformers_version": "5"}, ""),
        ({"date": 1.8e9, "task_hashes": {"sums": "f" * 64}}, ""),
    ],
)
def test_lm_eval_runs_with_different_settings_are_different_models(
    tmp_path: Path, change: dict[str, Any], name: str
) -> None:
    lm_eval(tmp_path / "a", "2025-03-03T00-05-12.300060", [1.0, 0.0], config={"model_args": "pretrained=m"})
    lm_eval(
        tmp_path / "b", "2025-03-04T00-05-12.300060", [1.0, 0.0], **{"config": {"model_args": "pretrained=m"}, **change}
    )
    models = set(by_model(hs.runs(tmp_path)))
    if not name:
        assert models == {"m"}
    else:
        assert len(models) == 2
        assert any(model.startswith(name) for model in models)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"scorers": [{"name": "judge", "options": {"model": "openai/x"}}]}, "judge.model=openai/x"),
        ({"model_roles": {"grader": {"model": "openai/y"}}}, "model_roles.grader=openai/y"),
        ({"task_version": "2-B"}, "task_version=2-B"),
        ({"config": {"message_limit": 5}}, "message_limit=5"),
        ({"solver_args": {"prompt": "p" * 300}}, "solver_args.prompt=#"),
        ({"plan": {"steps": [{"solver": "say", "params": {"text": "Be kind."}}]}}, "say.text=Be kind."),
        ({"plan": {"steps": [{"solver": "say", "params": {"text": "long words " * 9}}]}}, "say.text=#"),
        ({"metadata": {"ticket": "A-1"}}, ""),
        ({"config": {"limit": 2}}, ""),
    ],
)
def test_inspect_runs_with_different_settings_are_different_models(
    tmp_path: Path, change: dict[str, Any], name: str
) -> None:
    log(tmp_path, "one")
    log(tmp_path, "two", **change)
    models = {run.model for run in hs.runs(tmp_path).runs}
    assert len(models) == 1 + bool(name)
    assert any(name in model for model in models)


def test_several_tasks_of_one_call_are_shown_in_one_line(tmp_path: Path) -> None:
    for k in range(6):
        log(tmp_path, f"log {k}", task=f"task {k}", run_id="one call")
    answer = hs.runs(tmp_path)
    assert len(answer.runs) == 6
    text = answer.render(width=120)
    assert "6 tasks" in text
    assert "from 1 invocation" in text
    assert "task 3" in hs.runs(tmp_path, task="task 3").render(width=120)


def test_tables_are_listed_by_model_without_run_details(tmp_path: Path) -> None:
    rows = pl.DataFrame({"model": ["a", "a", "b"], "item": [1, 2, 1], "score": [1.0, 0.0, 1.0]})
    rows.write_csv(tmp_path / "scores.csv")
    for data in (rows, rows.lazy(), tmp_path / "scores.csv"):
        answer = hs.runs(data)
        assert by_model(answer) == {"a": 0.5, "b": 1.0}
        assert "Tables contain no information on the runs" in answer.render(width=120)


def test_the_metric_option_selects_the_score_of_a_run() -> None:
    rows = pl.DataFrame({"model": "a", "item": [1, 1], "metric": ["x", "y"], "score": [1.0, 0.0]})
    assert math.isnan(hs.runs(rows).runs[0].score)
    assert hs.runs(rows, metric="y").runs[0].score == 0.0


def test_unknown_tasks_are_refused(tmp_path: Path) -> None:
    log(tmp_path, "one", task="words")
    with pytest.raises(hs.DataError, match="no task 'word'"):
        hs.runs(tmp_path, task="word")


def test_top_shows_the_newest_runs_and_counts_the_others(tmp_path: Path) -> None:
    for day in range(1, 5):
        log(tmp_path, f"log {day}", created=f"2026-01-0{day}T00:00:00+00:00")
    text = hs.runs(tmp_path, top=1).render(width=120)
    assert "2026-01-04" in text
    assert "3 older runs; `top=4` shows all" in text


@pytest.mark.parametrize("told_apart", [True, False])
def test_files_of_the_same_name_have_scores_only_if_the_log_distinguishes_their_rows(
    tmp_path: Path, told_apart: bool
) -> None:
    for side, scores in (("main", "CC"), ("pr-42", "II")):
        (tmp_path / side).mkdir()
        commit = {"revision": {"commit": side}} if told_apart else {}
        log(tmp_path / side, "log", scores, task_id=side, eval_id=side, **commit)
    first, second = hs.runs([tmp_path / "main", tmp_path / "pr-42"]).runs
    expected = {"main": 1.0, "pr-42": 0.0} if told_apart else {first.commit: pytest.approx(math.nan, nan_ok=True)}
    assert {first.commit: first.score, second.commit: second.score} == expected


def test_a_date_outside_the_range_of_utc_is_shown_unchanged(tmp_path: Path) -> None:
    log(tmp_path, "one", created="0001-01-01T00:00:00+14:00")
    assert "0001-01-01T00:00" in hs.runs(tmp_path).render(width=120)


def test_invalid_unicode_and_long_tags_in_logs_are_repaired(tmp_path: Path) -> None:
    log(tmp_path, "one", revision={"commit": "a\ud800"}, tags=["t" * 9999, "\ud801"], created="\ud802")
    log(tmp_path, "two", revision={"commit": "b"})
    answer = hs.runs(tmp_path)
    for format in ("terminal", "json", "csv", "html"):
        assert answer.render(format).encode()
    assert {run.commit for run in answer.runs} == {"a?", "b"}
    assert max(len(tag) for run in answer.runs for tag in run.tags) == 200


def test_a_limited_run_gives_a_reason_and_no_second_warning(tmp_path: Path) -> None:
    log(tmp_path, "whole", "CICI")
    log(tmp_path, "smoke", "CI", config={"epochs": 1, "limit": 2})
    answer = hs.runs(tmp_path)
    assert [run.reason != "" for run in answer.runs].count(True) == 1
    assert answer.warnings == ()
    assert [warning.code for warning in hs.estimate(tmp_path).warnings if warning.code == "limited_left_out"]
