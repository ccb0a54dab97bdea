"""Formats tested on handmade files, for lack of real ones: skill-creator, garak, AgentBench and SWE-PolyBench; and attempts that were never made."""

import json

import pytest

import howsure
from howsure.errors import ReadError
from howsure.readers import agentbench, cruxeval, evalplus, garak, livecodebench, polybench, skill_creator, swebench
from reader_cases import codes, lines, read, scores

pytestmark = pytest.mark.once

SHARES = {
    "with_skill": {1: (1.0, 0.5), 2: (1.0, 1.0), 3: (0.5, 1.0)},
    "without_skill": {1: (0.5, 0.0), 2: (0.5, 0.5), 3: (0, 0)},
}
"""The share of its two expectations that a run passed, by configuration and eval."""


def grading(share):
    expectations = [{"text": f"does {k}", "passed": k < 2 * share, "evidence": "seen"} for k in range(2)]
    passed = int(2 * share)
    summary = {"passed": passed, "failed": 2 - passed, "total": 2, "pass_rate": share}
    return {"expectations": expectations, "summary": summary, "timing": {"total_duration_seconds": 20.0}}


def benchmark(**more):
    runs = [
        {"eval_id": number, "configuration": configuration, "run_number": k + 1}
        | {"result": {**grading(share)["summary"], "time_seconds": 0.0, "tokens": 9}, "notes": []}
        | {"expectations": grading(share)["expectations"]}
        for configuration, evals in SHARES.items()
        for number, shares in evals.items()
        for k, share in enumerate(shares)
    ]
    summary = {"with_skill": {"pass_rate": {"mean": 0.8333}}, "without_skill": {"pass_rate": {"mean": 0.25}}}
    metadata = {"skill_name": "pdf", "evals_run": [1, 2, 3], "runs_per_configuration": 3}
    return {"metadata": metadata, "runs": runs, "run_summary": {**summary, "delta": {"pass_rate": "+0.58"}}} | more


def test_a_skill_creator_benchmark_gives_the_pass_rate_difference(write, tmp_path):
    reading = read(skill_creator, write("benchmarks/monday/benchmark.json", benchmark()))
    assert set(reading.rows["task"]) == {"pdf"}
    assert set(reading.rows["model"]) == set(SHARES)
    assert scores(reading)["1", 1, "pass_rate"] == 0.0
    assert reading.rows["seconds"].null_count() == 12, "a time of 0 was never taken"
    found = howsure.compare(tmp_path, "with_skill", "without_skill")
    assert found.difference.n_items == 3
    assert found.difference.value == pytest.approx(10 / 12 - 3 / 12)
    assert all(figure.agrees for figure in howsure.read(tmp_path).reconciled)


def test_skill_creator_gradings_alone_give_the_same_difference(write, tmp_path):
    for configuration, evals in SHARES.items():
        for number, shares in evals.items():
            for k, share in enumerate(shares):
                write(f"work/eval-{number}/{configuration}/run-{k + 1}/grading.json", grading(share))
    whole = howsure.compare(tmp_path, "with_skill", "without_skill")
    assert whole.difference.value == pytest.approx(7 / 12)
    assert whole.difference.n_items == 3
    write("work/benchmark.json", benchmark())
    both = howsure.read(tmp_path)
    assert [report.outcome for report in both.files].count("companion") == 12
    assert howsure.compare(tmp_path, "with_skill", "without_skill").difference.value == pytest.approx(7 / 12)


def test_a_single_skill_creator_grading_takes_its_item_from_the_metadata(write):
    write("eval-two/eval_metadata.json", {"eval_id": 7})
    graded = grading(0.5)
    del graded["summary"]["pass_rate"], graded["summary"]["total"]
    source = write("eval-two/new_skill/grading.json", {**graded, "summary": {"pass_rate": None}})
    assert scores(read(skill_creator, source)) == {("7", 0, "pass_rate"): 0.5}


def report(scores, *, threshold=0.5, **stated):
    setup = {"entry_type": "start_run setup", "_config.version": "0.14", "run.eval_threshold": threshold}
    rows = [setup | {"plugins.target_type": "openai", "plugins.target_name": "m"}]
    for seq, given in enumerate(scores):
        text = {"turns": [{"role": "user", "content": {"text": f"prompt {seq}"}}]}
        attempt = {"entry_type": "attempt", "seq": seq, "probe_classname": "dan.Dan", "prompt": text}
        rows += [
            attempt | {"status": 1, "detector_results": {}},
            attempt | {"status": 2, "detector_results": {"d.D": given}},
        ]
    flat = [score for given in scores for score in given if score is not None]
    passed = sum(score < threshold for score in flat)
    total = {"passed": passed, "fails": len(flat) - passed, "total_evaluated": len(flat)}
    return [
        *rows,
        {"entry_type": "eval", "probe": "dan.Dan", "detector": "d.D", **total, **stated},
        {"entry_type": "completion"},
    ]


def test_garak_outputs_with_a_detector_score_below_one_half_pass(write):
    source = write("a.report.jsonl", lines(report([[0.0, 1.0], [0.49, 0.0], [0.5, 0.9]], total_processed=6)))
    reading = read(garak, source)
    assert sorted(scores(reading).values()) == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert set(reading.rows["model"]) == {"m"}
    assert set(reading.rows["task"]) == {"dan.Dan d.D"}
    assert [(entry.score, entry.n) for entry in reading.published] == [(0.5, 3)]
    assert [(extent.items, extent.attempts) for extent in reading.extents] == [(3, 2)]
    assert codes(reading) == []
    assert all(figure.agrees for figure in howsure.read(source.path).reconciled)


def test_garak_items_are_identified_by_the_prompt_text(write):
    rows = report([[0.0], [1.0]])
    one = read(garak, write("a.report.jsonl", lines(rows)))
    other = read(garak, write("b.report.jsonl", lines([rows[0], *rows[3:5], *rows[1:3], *rows[5:]])))
    assert scores(one) == scores(other)


def test_garak_outputs_without_a_detector_result_are_unscored(write):
    reading = read(garak, write("a.report.jsonl", lines(report([[0.0, None], [1.0, 1.0]], total_processed=4))))
    assert list(scores(reading).values()).count("unscored") == 1
    assert not reading.published, "an eval line counts outputs, and the prompts have not equally many"
    assert codes(reading) == []


def test_garak_totals_that_differ_from_the_rows_give_a_warning(write):
    assert codes(read(garak, write("a.report.jsonl", lines(report([[0.0], [1.0]], passed=2))))) == ["differs_from_log"]


def test_garak_summaries_are_published_scores_and_hit_logs_alone_are_errors(write):
    rows = [row for row in report([[0.0], [1.0]], total=2) if row["entry_type"] != "attempt"]
    del rows[1]["total_evaluated"]
    reading = read(garak, write("a.report.jsonl", lines(rows)))
    assert reading.rows is None
    assert [entry.score for entry in reading.published] == [0.5]
    hit = {
        "goal": "g",
        "prompt": "p",
        "score": 1.0,
        "attempt_id": "u",
        "attempt_seq": 0,
        "generator": "m",
        "probe": "p",
        "detector": "d",
    }
    with pytest.raises(ReadError, match="hits alone"):
        garak.read(write("a.hitlog.jsonl", lines([hit])))


def sample(index, *, won, status="completed"):
    output = {
        "index": None,
        "status": status,
        "result": {"result": won},
        "history": [{"role": "user", "content": "go"}],
    }
    return {"index": index, "error": None, "info": None, "output": output, "time": {"timestamp": 1, "str": "2026"}}


def test_agentbench_samples_are_read_with_their_overall_score(write, tmp_path):
    rows = [sample(0, won=True), sample(1, won=False, status="task limit reached"), sample(2, won=True)]
    failed = {"index": 2, "error": "NETWORK_ERROR", "info": "", "output": None, "time": {}}
    errors = write("outputs/now/gpt-4/os/error.jsonl", lines([failed, {**failed, "index": 3}]))
    total = {"total": 3, "pass": 2, "wrong": 1, "acc": 2 / 3}
    overall = {"total": 3, "validation": {"completed": 1.0}, "custom": {"overall": total}}
    overall_source = write("outputs/now/gpt-4/os/overall.json", overall)
    reading = read(agentbench, write("outputs/now/gpt-4/os/runs.jsonl", lines(rows)))
    assert scores(reading) == {
        ("0", 0, "score"): 1,
        ("1", 0, "score"): 0,
        ("2", 0, "score"): 1,
        ("3", 0, "score"): "error",
    }
    assert [agentbench.claims(source) for source in (errors, overall_source)] == ["companion"] * 2
    found = howsure.read(tmp_path)
    assert {(entry.task, entry.model, entry.score) for entry in found.published} == {("os", "gpt-4", 2 / 3)}
    assert all(figure.agrees for figure in found.reconciled)


def test_agentbench_tasks_without_per_sample_scores_are_an_error(write):
    row = sample(0, won=True)
    row["output"]["result"] = {"answer": "x", "type": "SELECT"}
    with pytest.raises(ReadError, match=r"overall\.json"):
        agentbench.read(write("gpt-4/db/runs.jsonl", lines([row])))


NOT_TRIED = ("not attempted", "Not_Generated", "no prediction", "skipped")


def submission(write, name, *, tasks, generated, won, stated):
    """Write a submission: of its tasks the first were resolved, the last have no prediction; `stated`: how many its metadata counts."""
    for k in range(tasks):
        made = {"patch_applied": k < generated, "generation": k < generated, "resolved": k < won}
        write(f"PB/{name}/logs/a__b-{k}_result.json", {"instance_id": f"a__b-{k}", **made, "passed_tests": []})
    write(f"PB/{name}/logs/a__b-0_metrics.json", {"instance_id": "a__b-0", "file_retrieval_metrics": {"recall": 1.0}})
    write(
        f"PB/{name}/metadata.yaml", f"name: {name}\noss: true\npass_rate: {100 * won / stated:.2f}% ({won}/{stated})\n"
    )
    write(
        f"PB/{name}/all_preds.jsonl",
        lines([{"instance_id": f"a__b-{k}", "model_patch": "x"} for k in range(generated)]),
    )


@pytest.mark.parametrize(
    ("stated", "rows", "score", "agrees", "notes"),
    [(40, 40, 10 / 40, True, 0), (30, 30, 10 / 30, True, 1), (35, 40, 10 / 40, False, 0), (50, 40, 10 / 50, False, 0)],
)
def test_polybench_tasks_never_generated_count_only_if_the_stated_total_agrees(
    stated, rows, score, *, agrees, notes, write, tmp_path
):
    submission(write, "ours", tasks=40, generated=30, won=10, stated=stated)
    submission(write, "theirs", tasks=40, generated=40, won=30, stated=40)
    found = howsure.read(tmp_path)
    ours = [figure for figure in found.reconciled if figure.model == "ours"]
    assert all(figure.agrees for figure in ours) == agrees
    frame = found.rows.lazy().collect()
    assert len(frame.filter(model="ours")) == rows
    assert set(frame["task"]) == {"SWE-PolyBench"}
    assert sum("without a prediction left out" in note for note in found.notes) == notes
    assert sum("it states 10 resolved of" in note for note in found.notes) == (not agrees)
    gate = howsure.gate(tmp_path, "theirs", "ours", better=True)
    assert gate.verdict == ("pass" if agrees else "unclear")
    assert gate.checks[0].n_items == min(rows, stated, 40) or not agrees
    shares = {one.model: one.estimate.value for one in howsure.estimate(tmp_path)}
    assert shares["ours"] == pytest.approx(score)


def test_polybench_task_results_alone_include_the_missing_task(write, tmp_path):
    submission(write, "ours", tasks=4, generated=3, won=1, stated=4)
    alone = howsure.read(tmp_path / "PB" / "ours" / "logs")
    assert len(alone.rows.lazy().collect()) == 4
    assert polybench.claims(write("PB/other/metadata.yaml", "name: x\n")) is None


def test_skill_creator_files_are_recognised_with_keys_in_any_order(write):
    source = write("benchmark.json", json.dumps(benchmark(), sort_keys=True, indent=2))
    assert skill_creator.claims(source) == "rows"


@pytest.mark.parametrize("word", NOT_TRIED)
def test_an_attempt_that_was_not_run_is_excluded_and_not_wrong(word, tmp_path):
    rows = [("m", "a", 1, "completed"), ("m", "b", 0, word), ("m", "c", 1, "completed")]
    rows += [("n", item, score, "completed") for item, score in zip("abc", (1, 1, 0), strict=True)]
    text = "model,item,score,status\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    (tmp_path / "runs.csv").write_text(text)
    found = howsure.compare(tmp_path / "runs.csv", "m", "n")
    assert found.difference.n_items == 2, "a comparison is on what both were asked"
    assert found.difference.value == pytest.approx(0.5)
    assert any("1 not run" in note for note in found.notes)


@pytest.mark.parametrize(
    ("reader", "name", "document"),
    [
        (evalplus, "m/eval_results.json", {"eval": {"HumanEval/0": [{"base_status": "pass"}], "HumanEval/1": []}}),
        (evalplus, "m/eval_results.json", {"eval": {"H/0": [{"base_status": "pass"}], "H/1": [{"base_status": None}]}}),
        (cruxeval, "m_output.json", {"raw_scored_generations": {"sample_0": [True], "sample_1": []}}),
        (livecodebench, "m_eval_all.json", [{"question_id": k, "graded_list": [True] * (1 - k)} for k in range(2)]),
    ],
)
def test_an_item_without_an_attempt_has_status_not_run(reader, name, document, write):
    assert sorted(map(str, scores(read(reader, write(name, document))).values())) == ["1.0", "not run"]


def test_a_swebench_line_without_a_prediction_has_status_not_run(write):
    rows = [{"instance_id": f"a__b-{k}", "resolved": k == 0, "generation": k < 2} for k in range(3)]
    found = scores(read(swebench, write("m/results.jsonl", lines(rows))))
    assert found == {
        ("a__b-0", 0, "resolved"): 1.0,
        ("a__b-1", 0, "resolved"): 0.0,
        ("a__b-2", 0, "resolved"): "not run",
    }
