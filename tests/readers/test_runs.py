"""Runs of one model count as attempts if all recorded settings agree, otherwise as separate models; copies are recognised by run id, never by scores."""

import json

import polars as pl
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from reader_cases import run_log as log

SAME = {"revision": {"type": "git", "commit": "aaaaaaa", "dirty": False}}


def models(folder):
    """Return each model's number of attempts at an item."""
    frame = howsure.read(folder).to_frame()
    return dict(frame.group_by("model").agg(pl.col("attempt").n_unique()).sort("model").iter_rows())


def test_a_rerun_is_another_attempt_even_if_every_score_agrees(tmp_path):
    for name in ("one", "two", "three"):
        log(tmp_path, name, **SAME)
    assert models(tmp_path) == {"mock/a": 3}
    assert [warning.code for warning in howsure.read(tmp_path).warnings] == ["runs_as_attempts"]


def test_a_copy_of_a_log_counts_once(tmp_path):
    original = log(tmp_path, "one", **SAME)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "other-name.eval").write_bytes(original.read_bytes())
    assert models(tmp_path) == {"mock/a": 1}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"revision": {"type": "git", "commit": "bbbbbbb"}}, "commit=bbbbbbb"),
        ({"revision": None}, ""),
        ({"revision": {"type": "git", "commit": "aaaaaaa", "dirty": True}}, "commit=aaaaaaa dirty, run=call o"),
        ({"tags": ["pr-42", "fast"]}, "tags=fast+pr-42"),
        ({"model_generate_config": {"temperature": 0.7}}, "temperature=0.7"),
        ({"solver": "chain"}, "solver=chain"),
        ({"task_args": {"shots": 3}}, "task_args.shots=3"),
    ],
)
def test_runs_with_different_settings_are_separate_models(tmp_path, change, name):
    log(tmp_path, "main", **SAME)
    log(tmp_path, "other", "II", **{**SAME, **change})
    found = models(tmp_path)
    assert len(found) == 2
    assert set(found.values()) == {1}
    assert (f"mock/a ({name})" if name else "mock/a") in found


@pytest.mark.parametrize(
    "change",
    [
        {"created": "2026-01-01T00:00:00+00:00"},
        {"packages": {"inspect_ai": "0.3.999"}},
        {"dataset": {"samples": 2, "sample_ids": [1, 2], "location": "elsewhere.json"}},
        {"model_generate_config": {"seed": 7}},
    ],
)
def test_dates_package_versions_and_seeds_do_not_separate_runs(tmp_path, change):
    log(tmp_path, "one", **SAME)
    log(tmp_path, "two", **{**SAME, **change})
    assert models(tmp_path) == {"mock/a": 2}


def test_two_runs_of_uncommitted_code_are_separate_models(tmp_path):
    dirty = {"revision": {"type": "git", "commit": "aaaaaaa", "dirty": True}}
    log(tmp_path, "one", run_id="first1 and more", **dirty)
    log(tmp_path, "two", run_id="other1 and more", **dirty)
    assert set(models(tmp_path)) == {"mock/a (run=first1)", "mock/a (run=other1)"}


def test_a_model_keeps_one_name_on_every_task(tmp_path):
    for commit in ("aaaaaaa", "bbbbbbb"):
        for task in ("words", "sums"):
            log(tmp_path, f"{commit} {task}", task=task, revision={"commit": commit})
    assert set(models(tmp_path)) == {"mock/a (commit=aaaaaaa)", "mock/a (commit=bbbbbbb)"}


def test_the_note_on_runs_kept_apart_names_two_models_and_counts_the_others(tmp_path):
    for k in range(8):
        log(tmp_path, f"{k}", model=f"mock/{'abcd'[k // 2]}", model_generate_config={"temperature": k % 2})
    (note,) = [note for note in howsure.read(tmp_path).notes if "are kept separate" in note]
    assert note.startswith("Runs of mock/a, mock/b and 2 more that differ in temperature are kept separate; ")


def test_runs_of_two_commits_are_not_pooled(tmp_path):
    log(tmp_path, "main", "CCCI", revision={"commit": "aaaaaaa"})
    log(tmp_path, "change", "CIII", revision={"commit": "bbbbbbb"})
    values = {row["model"]: row["value"] for row in howsure.estimate(tmp_path).records()}
    assert values == {"mock/a (commit=aaaaaaa)": 0.75, "mock/a (commit=bbbbbbb)": 0.25}
    told = r"model 'a' ran in 2 set-ups, which are kept separate. Choose one of 'mock/a \(commit=aaaaaaa\)'"
    with pytest.raises(howsure.DataError, match=told):
        howsure.gate(tmp_path, candidate="a", at_least=0.4)


def test_a_limited_run_is_left_out_next_to_a_complete_one(tmp_path):
    whole = log(tmp_path, "whole", "CCCI", **SAME)
    before = howsure.estimate(whole).records()
    log(tmp_path, "smoke", "II", **SAME, config={"epochs": 1, "limit": 2})
    scores = howsure.read(tmp_path)
    assert [row["value"] for row in howsure.estimate(scores).records()] == [row["value"] for row in before]
    assert models(tmp_path) == {"mock/a": 1}
    assert [warning.code for warning in scores.warnings if warning.code == "limited_left_out"] == ["limited_left_out"]
    assert [report.path for report in scores.files if report.outcome == "left out"] == ["smoke.eval"]


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"epochs": 1}},
        {"config": {"epochs": 5, "limit": 2}},
        {"config": {"epochs": 1, "limit": 2}, "model_generate_config": {"temperature": 1.0}},
        {"config": {"epochs": 1, "limit": 2}, "task": "sums"},
    ],
)
def test_a_run_with_other_settings_or_more_epochs_counts_next_to_a_complete_one(tmp_path, change):
    log(tmp_path, "whole", "CCCI", **SAME)
    log(tmp_path, "other", "II", **{**SAME, **change})
    assert not [warning for warning in howsure.read(tmp_path).warnings if warning.code == "limited_left_out"]


def test_limited_runs_alone_count(tmp_path):
    for name in ("one", "two"):
        log(tmp_path, name, "CI", **SAME, config={"epochs": 1, "limit": 2})
    assert models(tmp_path) == {"mock/a": 2}


def submission(folder, commits):
    """Write one system's runs on a leaderboard of terminal-bench, of which each names the commit of the harness."""
    for k, commit in enumerate(commits):
        place = folder / f"2026-01-0{k + 1}__10-00-00"
        place.mkdir(parents=True)
        trials = [{"task_id": f"t{j}", "trial_name": f"t{j}.1-of-1", "is_resolved": j <= k} for j in range(6)]
        (place / "results.json").write_text(json.dumps({"results": trials}))
        told = {"uuid": place.name, "agent_name": "agent", "model_name": "m", "commit_hash": commit}
        (place / "run_metadata.json").write_text(json.dumps(told))
    return folder


def test_runs_of_one_submission_are_attempts_despite_different_commits(tmp_path):
    submission(tmp_path / "terminal-bench-core@0.1.1" / "agent_m", ("aaaaaaa", "bbbbbbb", "bbbbbbb"))
    scores = howsure.read(tmp_path)
    assert models(tmp_path) == {"agent_m": 3}
    assert scores.notes[0] == (
        "Runs of agent_m that differ in commit count as attempts; `as_attempts=False` keeps them separate."
    )
    (warning,) = [warning for warning in scores.warnings if warning.code == "runs_as_attempts"]
    assert "although they differ in commit of the harness" in warning.message
    apart = howsure.read(tmp_path, as_attempts=False)
    assert set(apart.to_frame()["model"].unique()) == {"agent_m (commit=aaaaaaa)", "agent_m (commit=bbbbbbb)"}
    assert apart.notes[0] == (
        "Runs of agent_m that differ in commit are kept separate; `as_attempts=True` counts them as attempts."
    )


def test_runs_of_different_commits_are_separate_outside_one_submission(tmp_path):
    submission(tmp_path / "runs", ("aaaaaaa", "bbbbbbb"))
    assert set(models(tmp_path / "runs")) == {"agent m (commit=aaaaaaa)", "agent m (commit=bbbbbbb)"}
    for system in ("one", "two"):
        submission(tmp_path / "terminal-bench-core@0.1.1" / system, ("aaaaaaa", "bbbbbbb"))
    assert models(tmp_path / "terminal-bench-core@0.1.1") == {"one": 2, "two": 2}


def test_the_output_names_the_as_attempts_flag_for_the_other_choice(tmp_path):
    submission(tmp_path / "terminal-bench-core@0.1.1" / "agent_m", ("aaaaaaa", "bbbbbbb"))
    first = CliRunner().invoke(main, ["estimate", str(tmp_path)]).output
    assert "--no-as-attempts keeps them separate" in " ".join(first.split())
    second = CliRunner().invoke(main, ["estimate", str(tmp_path), "--no-as-attempts"]).output
    assert "--as-attempts counts them as attempts" in " ".join(second.split())


@pytest.mark.parametrize("selector", ["nope", "commit:", "x:y", ":aaaaaaa", "commit"])
def test_a_malformed_run_selector_is_an_error(tmp_path, selector):
    log(tmp_path, "one", **SAME)
    with pytest.raises(howsure.OptionError, match="doesn't select runs"):
        howsure.read(tmp_path, runs=["commit:aaaaaaa", selector])
    gate = ["gate", str(tmp_path), "-a", "a", "--at-least", "10%", "--runs", selector]
    assert CliRunner().invoke(main, gate).exit_code == 3


def test_a_run_selector_that_matches_nothing_is_an_error(tmp_path):
    log(tmp_path, "one", **SAME)
    assert len(howsure.read(tmp_path, runs=["commit:aaa"]).to_frame()) == 2
    with pytest.raises(howsure.ReadError, match="no run with commit:bbb"):
        howsure.read(tmp_path, runs=["commit:aaa", "commit:bbb"])


@pytest.mark.parametrize("option", [{"runs": "commit:a"}, {"runs": "latest"}, {"runs": "since:7d"}])
def test_run_selectors_are_an_error_for_a_frame(option):
    frame = pl.DataFrame({"model": "a", "item": [1, 2], "score": [1, 0]})
    with pytest.raises(howsure.OptionError, match="only logs have"):
        howsure.read(frame, **option)
