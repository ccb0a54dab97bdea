"""Result files of the agent benchmarks (SWE-bench, tau-bench, Terminal-Bench) and the special cases of their formats."""

import json
import re
from dataclasses import replace

import pytest

import howsure
from howsure.errors import ReadError
from howsure.readers import swebench, tau_bench, terminal_bench
from howsure.readers.base import Source
from reader_cases import codes, lines, models, read, scores

A, B, C, D = (f"django__django-{number}" for number in (1, 2, 3, 4))


def test_swebench_reports_give_every_task_id_its_outcome(write):
    report = {
        "total_instances": 4,
        "resolved_instances": 1,
        "resolved_ids": [A],
        "unresolved_ids": [],
        "empty_patch_ids": [B],
        "error_ids": [C],
        "incomplete_ids": [D],
        "submitted_ids": [A, B, C],
        "schema_version": 2,
    }
    reading = read(swebench, write("verified/gpt-4.1.run1.json", report))
    assert scores(reading) == {
        (A, 0, "resolved"): 1.0,
        (B, 0, "resolved"): 0.0,
        (C, 0, "resolved"): "error",
        (D, 0, "resolved"): "not run",
    }
    assert models(reading) == {"gpt-4.1"}
    assert reading.facts[0].task == "SWE-bench Verified"
    assert reading.facts[0].failures == "zero"
    assert set(reading.rows["repo"]) == {"django/django"}


@pytest.mark.parametrize(("n", "resolved", "stated"), [(1, 1, [(1.0, 1)]), (4, 1, [(0.25, 4)]), (0, 0, [])])
def test_a_swebench_report_states_how_many_of_its_tasks_were_resolved(write, n, resolved, stated):
    report = {"total_instances": n, "resolved_instances": resolved, "resolved_ids": [A], "submitted_ids": [A]}
    reading = read(swebench, write("lite/m/report.json", report))
    assert [(entry.score, entry.n) for entry in reading.published] == stated


@pytest.mark.parametrize(("n", "told"), [(299, True), (300, False)])
def test_a_swebench_report_of_fewer_tasks_than_its_part_has_lacks_those_without_a_patch(write, n, told):
    ids = [f"django__django-{k}" for k in range(n)]
    report = {"generated": ids, "resolved": ids[:9], "with_logs": ids, "applied": ids}
    reading = read(swebench, write("lite/m/results/results.json", report))
    assert len(reading.rows) == n
    warnings = [warning.message for warning in reading.warnings if warning.code == "missing_items"]
    assert ["the report names the 299 tasks with a patch" in message for message in warnings] == [True] * told


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("20240101_agent/results/results.json", "20240101_agent"),
        ("x/20240101_agent__results__results.json", "20240101_agent"),
        ("logs/run_evaluation/r1/org__model/django__django-1/report.json", "org__model"),
    ],
)
def test_swebench_names_the_model_after_the_folder(write, name, model):
    assert models(read(swebench, write(name, {A: {"patch_exists": True, "resolved": True}}))) == {model}


def test_swebench_resolved_ids_alone_give_a_published_score_with_a_warning(write):
    reading = read(
        swebench, write("lite/m/results/results.json", {"no_generation": [], "no_logs": [B], "resolved": [A]})
    )
    assert reading.rows is None
    assert [(entry.score, entry.n) for entry in reading.published] == [(1 / 300, 300)]
    assert "resolved_only" in codes(reading)


def test_swebench_with_an_unknown_denominator_is_refused(write):
    with pytest.raises(ReadError) as caught:
        read(swebench, write("m/results/results.json", {"no_generation": [], "no_logs": [], "resolved": [A]}))
    assert str(caught.value) == (
        "m/results/results.json: the file names the resolved ids only, not those that failed. "
        "Use the report that lists unresolved_ids, name a table of all tasks with `items`, or keep the folder's name (verified, lite, test)."
    )


SPARSE = {"no_generation": [], "no_logs": [], "resolved": [A]}


def test_swebench_takes_the_unresolved_tasks_from_a_table_of_items(write):
    source = write("lite/m/results/results.json", SPARSE)
    table = write("items.csv", f"instance_id,topic\n{A},x\n{B},y\n").path
    reading = read(swebench, replace(source, items=str(table)))
    assert scores(reading) == {(A, 0, "resolved"): 1.0, (B, 0, "resolved"): 0.0}
    assert "items.csv" in reading.notes[0]
    other = write("others.csv", f"instance_id\n{B}\n").path
    with pytest.raises(ReadError, match=r"1 resolved task missing from .*others\.csv, such as django__django-1"):
        read(swebench, replace(source, items=str(other)))


def test_the_items_option_completes_swebench_lists_in_a_leaderboard(write):
    for name, resolved in {"one": [A, B], "two": [A]}.items():
        path = write(f"lite/{name}/results/results.json", {**SPARSE, "resolved": resolved}).path
    table = write("items.csv", f"instance_id\n{A}\n{B}\n{C}\n{D}\n").path
    answer = howsure.leaderboard(path.parents[2], items=str(table))
    assert [(row["model"], row["value"]) for row in answer.records()] == [("one", 0.5), ("two", 0.25)]


@pytest.mark.parametrize("whole", [True, False])
def test_swebench_takes_the_unresolved_tasks_from_complete_predictions(write, whole):
    ids = [f"django__django-{number}" for number in range(1, 300 if whole else 200)]
    write("lite/m/all_preds.jsonl", lines([{"instance_id": item, "model_patch": "x"} for item in ids]))
    reading = read(swebench, write("lite/m/results/results.json", {**SPARSE, "no_generation": ["django__django-900"]}))
    assert (reading.rows is not None and len(reading.rows)) == (300 if whole else False)


def test_swebench_predictions_are_not_results(write):
    row = {"instance_id": A, "model_name_or_path": "m", "model_patch": 'a "resolved": b'}
    assert swebench.claims(write("all_preds.jsonl", lines([row, row]))) is None
    assert swebench.claims(write("report.json", {"instance_id": A, "resolved": True})) == "rows"


def test_swebench_runs_in_one_file_are_models(write):
    reading = read(swebench, write("runs.json", {"run1": {A: 1, B: 0}, "run2": {A: 0}}))
    assert models(reading) == {"run1", "run2"}
    assert [(extent.model, extent.items) for extent in reading.extents] == [("run1", 2)]


def test_swebench_results_as_json_lines_are_read(write):
    rows = [
        {"model": "m", "benchmark": "swe", "task_id": A, "score": 1.0, "metadata": {"turns": 3}},
        {"model": "m", "task_id": B, "score": None},
    ]
    reading = read(swebench, write("x.jsonl", lines(rows)))
    assert scores(reading) == {(A, 0, "resolved"): 1.0, (B, 0, "resolved"): "error"}
    assert codes(reading) == []


def test_swebench_leaderboards_are_published_scores(write):
    board = {"leaderboards": [{"name": "Verified", "results": [{"name": "m", "folder": "f", "resolved": 78.8}]}]}
    reading = read(swebench, write("leaderboards.json", board))
    assert [(entry.task, entry.n) for entry in reading.published] == [("SWE-bench Verified", 500)]
    assert reading.published[0].score == pytest.approx(0.788)


@pytest.mark.parametrize(
    "content", [{"a": {"b": 1}}, lines([{"id": "x-1", "score": 1}, {"id": "x-2", "score": 0}]), {"resolved": []}]
)
def test_swebench_does_not_claim_other_files(write, content):
    assert swebench.claims(write("results.json", content)) is None


def test_tau_bench_takes_the_model_from_the_file_name(write):
    rows = [
        {"task_id": 0, "reward": 1.0, "info": {}, "traj": [], "trial": 0},
        {"task_id": 0, "reward": 0.0, "info": {"error": "boom", "traceback": "…"}, "traj": [], "trial": 1},
    ]
    name = "airline/tool-calling-gpt-4o-0.0_range_0--1_user-gpt-4o-llm_0527.json"
    reading = read(tau_bench, write(name, rows))
    assert scores(reading) == {("0", 0, "reward"): 1.0, ("0", 1, "reward"): "error"}
    assert models(reading) == {"gpt-4o"}
    assert reading.configuration == {"temperature": "0.0"}
    assert reading.facts[0].task == "tau-bench airline"


def test_tau2_simulations_are_attempts(write):
    info = {
        "num_trials": 2,
        "user_info": {"llm": "u"},
        "agent_info": {"llm": "gpt-4.1", "implementation": "llm_agent", "llm_args": {"temperature": 0.0}},
        "environment_info": {"domain_name": "retail"},
    }
    runs = [
        {"task_id": "1", "trial": 0, "reward_info": {"reward": 1.0}, "termination_reason": "user_stop"},
        {"task_id": "1", "trial": 1, "reward_info": None, "termination_reason": "too_many_errors"},
    ]
    reading = read(tau_bench, write("x.json", {"timestamp": "t", "info": info, "tasks": [], "simulations": runs}))
    assert scores(reading) == {("1", 0, "reward"): 1.0, ("1", 1, "reward"): "error"}
    assert reading.configuration == {"temperature": "0.0", "agent": "llm_agent", "user": "u"}


def test_tau2_submissions_are_published_scores(write):
    document = {
        "model_name": "m",
        "submitting_organization": "o",
        "results": {"airline": {"pass_1": 84.0}, "retail": None},
    }
    reading = read(tau_bench, write("submission.json", document))
    assert [(entry.task, entry.score) for entry in reading.published] == [("tau2-bench airline", 0.84)]


def test_terminal_bench_trials_are_attempts(write):
    trials = [
        {"task_id": "t", "trial_name": "t.2-of-2.x", "is_resolved": None, "failure_mode": "agent_timeout"},
        {"task_id": "t", "trial_name": "t.1-of-2.x", "is_resolved": True, "failure_mode": "unset"},
    ]
    run = write(
        "run/run_metadata.json", {"run_id": "r", "agent_name": "terminus", "model_name": "m", "dataset_name": "core"}
    )
    reading = read(terminal_bench, write("run/results.json", {"results": trials}))
    assert scores(reading) == {("t", 1, "resolved"): "error", ("t", 0, "resolved"): 1.0}
    assert (models(reading), reading.facts[0].task, reading.facts[0].failures) == ({"terminus m"}, "core", "zero")
    assert terminal_bench.claims(run) == "companion"


def test_harbor_trials_of_a_task_are_numbered_attempts(write):
    trials = [("aaaaaa", {"reward": 1.0}), ("bbbbbb", None)]
    for ending, rewards in trials:
        trial = {
            "task_name": "t",
            "trial_name": f"t__{ending}",
            "source": "terminal-bench",
            "task_checksum": "x",
            "agent_info": {"name": "codex", "model_info": {"name": "gpt", "provider": "openai"}},
            "verifier_result": rewards and {"rewards": rewards},
            "exception_info": None if rewards else {"exception_type": "Timeout"},
        }
        source = write(f"job/t__{ending}/result.json", trial)
    first = read(terminal_bench, Source(path=source.root / "job" / "t__aaaaaa" / "result.json", root=source.root))
    assert scores(first) == {("t", 0, "reward"): 1.0}
    assert scores(read(terminal_bench, source)) == {("t", 1, "reward"): "error"}
    assert models(first) == {"codex openai/gpt"}
    assert terminal_bench.claims(write("job/result.json", {"id": "x", "n_total_trials": 2, "stats": {}})) == "companion"


REPORT = {
    "total_instances": 2,
    "resolved_instances": 1,
    "resolved_ids": ["a__a-1"],
    "unresolved_ids": ["b__b-2"],
    "error_ids": [],
}
"""A report of SWE-bench on two tasks, one of them resolved."""


def report_with(tmp_path, **wrong):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(REPORT | wrong))
    return path


@pytest.mark.parametrize("wrong", [5, 10**400, 0.5, True, "a__a-1"])
@pytest.mark.parametrize("name", ["unresolved_ids", "resolved_ids", "error_ids"])
def test_a_swebench_list_that_is_none_counts_as_empty(tmp_path, name, wrong):
    found = howsure.read(report_with(tmp_path, **{name: wrong}))
    expected = {"a__a-1": 1.0, "b__b-2": 0.0}
    expected.pop({"resolved_ids": "a__a-1", "unresolved_ids": "b__b-2"}.get(name), None)
    assert dict(found.to_frame().select("item", "score").iter_rows()) == expected
    codes = [warning.code for warning in found.warnings]
    assert ("partial_run" in codes, "differs_from_log" in codes) == (len(expected) < 2,) * 2


@pytest.mark.parametrize("name", ["unresolved_ids", "resolved_ids", "error_ids"])
def test_a_swebench_mapping_in_place_of_a_list_is_read_by_its_keys(tmp_path, name):
    found = howsure.read(report_with(tmp_path, **{name: {"c__c-3": 1}})).to_frame()
    told = {"unresolved_ids": (0.0, "ok"), "resolved_ids": (1.0, "ok"), "error_ids": (None, "error")}
    assert found.filter(item="c__c-3").select("score", "status").rows() == [told[name]]


def test_a_swebench_report_whose_unresolved_ids_are_null_is_an_error(tmp_path):
    with pytest.raises(ReadError, match=r"report\.json: the file names the resolved ids only, not those that failed"):
        howsure.read(report_with(tmp_path, unresolved_ids=None))


@pytest.mark.parametrize("wrong", [True, -1, 10**400, 0.5, "a__a-1", {"a": 1}, None, [None]])
@pytest.mark.parametrize("name", ["total_instances", "resolved_instances"])
def test_a_swebench_count_that_is_none_leaves_the_tasks_and_no_published_score(tmp_path, name, wrong):
    found = howsure.read(report_with(tmp_path, **{name: wrong}))
    assert dict(found.to_frame().select("item", "score").iter_rows()) == {"a__a-1": 1.0, "b__b-2": 0.0}
    assert found.published == ()


@pytest.mark.parametrize(("name", "wrong"), [("total_instances", 5), ("resolved_instances", 5)])
def test_a_swebench_count_other_than_that_of_the_tasks_is_a_warning(tmp_path, name, wrong):
    found = howsure.read(report_with(tmp_path, **{name: wrong}))
    assert dict(found.to_frame().select("item", "score").iter_rows()) == {"a__a-1": 1.0, "b__b-2": 0.0}
    assert "differs_from_log" in [warning.code for warning in found.warnings]


@pytest.mark.parametrize("name", ["unresolved_ids", "resolved_ids", "error_ids"])
@pytest.mark.parametrize(("wrong", "shown"), [({"a": 1}, "\"{'a': 1}\""), (None, "'None'")])
def test_a_swebench_list_with_a_malformed_id_is_an_error(tmp_path, name, wrong, shown):
    told = f"report.json: the list '{name}' contains {shown}, which isn't an id of a task"
    with pytest.raises(ReadError, match=re.escape(told)):
        howsure.read(report_with(tmp_path, **{name: ["a__a-1", wrong]}))


@pytest.mark.parametrize("boards", [5, [5], [{}], [{"results": 5}], [{"results": [5, {"resolved": 10**400}]}]])
def test_swebench_leaderboards_without_a_score_are_an_error(tmp_path, boards):
    path = tmp_path / "leaderboards.json"
    path.write_text(json.dumps({"leaderboards": boards}))
    with pytest.raises(ReadError, match="no scores found in 1 file"):
        howsure.read(path, reader="swebench")


def test_malformed_entries_of_a_swebench_leaderboard_are_left_out_with_a_warning(write):
    entries = [5, {"name": "a", "resolved": 10**400}, {"name": "b", "resolved": "x"}, {"name": "c", "resolved": 30.0}]
    board = {"name": "Lite", "results": [{"folder": "f", **each} if each != 5 else each for each in entries]}
    found = howsure.read(write("leaderboards.json", {"leaderboards": [board]}).path)
    assert [(entry.model, entry.score) for entry in found.published] == [("c", 0.3)]
    assert found.warnings[0].message.endswith("2 published scores are not numeric and left out.")


def test_a_task_listed_twice_as_resolved_counts_once(tmp_path):
    path = tmp_path / "lite" / "m" / "results.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"resolved": ["a__a-1", "a__a-1", "b__b-2"], "no_generation": [], "no_logs": []}))
    assert howsure.read(path).published[0].score == 2 / 300
