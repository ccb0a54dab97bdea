"""Output files of the benchmarks' own scripts and the special cases of their formats."""

import json
import zipfile

import polars as pl
import pytest

import howsure
from howsure.errors import ReadError
from howsure.readers import bfcl, evalscope, lm_eval, mmlu_pro, promptfoo, registry, swebench
from howsure.readers.base import CASE, Source
from reader_cases import codes, inspect_header, lines, read, sample, scores, zipped

FIRST = swebench.verified()[:12]
PRO = "instance_NodeBB__NodeBB-04998908ba6721d64eba79ae3b65a351dcfbc5b5-vnan"


def question(name, pred):
    return {
        "question_id": name,
        "question": "?",
        "options": ["a"],
        "answer": "A",
        "category": "law",
        "src": "s",
        "pred": pred,
    }


def test_metr_runs_are_attempts(write):
    rows = [
        {
            "run_id": f"r{k}",
            "task_id": item,
            "score": 15.8,
            "task_family": "f",
            "alias": "GPT-4o",
            "model": "4o",
            "score_binarized": won,
        }
        for k, (item, won) in enumerate([("t1", 1), ("t1", 0), ("t2", 0)])
    ]
    reading = read(registry.by_name("metr"), write("all_runs.jsonl", lines(rows)))
    assert scores(reading) == {
        ("t1", 0, "score_binarized"): 1.0,
        ("t1", 1, "score_binarized"): 0.0,
        ("t2", 0, "score_binarized"): 0.0,
    }
    assert reading.rows["model"].unique().to_list() == ["GPT-4o"]
    assert reading.rows["task_family"].unique().to_list() == ["f"]


def test_mmlu_pro_scores_predictions_and_counts_missing_ones_as_wrong(write):
    source = write(
        "model_outputs_jamba-1.5_5shots.json", json.dumps([question(1, "A"), question(2, "B"), question(3, None)])
    )
    reading = read(mmlu_pro, source)
    assert scores(reading) == {("1", 0, "correct"): 1.0, ("2", 0, "correct"): 0.0, ("3", 0, "correct"): 0.0}
    assert reading.rows["model"][0] == "jamba-1.5"
    assert reading.notes == ("no letter was predicted for 1 question, which counts as a wrong answer.",)


def test_mmmu_takes_the_model_from_the_file_name(write):
    rows = [{"id": f"q{k}", "question": "the same", "subject": "Art", "if_right": k == 0} for k in range(2)]
    reading = read(registry.by_name("mmmu"), write("output/gpt-4o_standard(10 options).jsonl", lines(rows)))
    assert scores(reading) == {("q0", 0, "if_right"): 1.0, ("q1", 0, "if_right"): 0.0}
    assert reading.rows["model"][0] == "gpt-4o_standard(10 options)"


def test_a_zip_of_logs_is_read_like_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "runs.zip", "w") as archive:
        archive.writestr("a/model_outputs_one_5shots.json", json.dumps([question(k, "A") for k in range(3)]))
        archive.writestr("../outside.json", "[]")
        archive.writestr("__MACOSX/._x.json", "x")
        archive.writestr("README.md", "text")
    read_ = howsure.read(tmp_path)
    assert [(file.path, file.outcome) for file in read_.files] == [
        ("runs.zip/README.md", "left out"),
        ("runs.zip/a/model_outputs_one_5shots.json", "read"),
    ]
    assert not (tmp_path.parent / "outside.json").exists()
    assert howsure.estimate(tmp_path / "runs.zip").entries[0].estimate.value == 1


def test_nested_zips_are_not_opened_and_an_inspect_zip_is_a_log(tmp_path):
    inner = json.dumps([question(1, "A")])
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("model_outputs_inner.json", inner)
    with zipfile.ZipFile(tmp_path / "runs.zip", "w") as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
        archive.writestr("model_outputs_one.json", inner)
    found = howsure.read(tmp_path / "runs.zip")
    assert [(file.path, file.outcome) for file in found.files] == [
        ("runs.zip/inner.zip", "left out"),
        ("runs.zip/model_outputs_one.json", "read"),
    ]
    log = zipped({"header.json": inspect_header(), "summaries.json": [sample(1, 1)]}, tmp_path / "log.zip", method=8)
    assert [file.reader for file in howsure.read(log).files] == ["inspect"]


def test_a_damaged_zip_is_reported_and_other_files_are_read(tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04" + b"x" * 100)
    (tmp_path / "model_outputs_one.json").write_text(json.dumps([question(1, "A")]))
    (failed,) = [file for file in howsure.read(tmp_path).files if file.outcome == "failed"]
    assert failed.path == "bad.zip"


def test_a_list_of_resolved_ids_of_swebench_verified_gets_all_500_tasks(write):
    reading = read(
        swebench, write("results_trae.json", json.dumps({"resolved": FIRST, "no_generation": [], "no_logs": []}))
    )
    assert (len(reading.rows), reading.rows["score"].sum(), reading.rows["model"][0]) == (500, 12, "trae")
    assert reading.rows["task"][0] == "SWE-bench Verified"
    assert "treated as a list of SWE-bench Verified" in reading.notes[0]
    with pytest.raises(ReadError, match="the resolved ids only"):
        read(
            swebench,
            write("results_x.json", json.dumps({"no_generation": ["a__b-1"], "no_logs": [], "resolved": ["a__b-2"]})),
        )


@pytest.mark.parametrize(
    ("file", "model"),
    [("m.gpt-5.1.json", "m.gpt-5.1"), ("m.gpt-5.2.json", "m.gpt-5.2"), ("m.run_1.json", "m"), ("results_m.json", "m")],
)
def test_a_version_after_a_dot_belongs_to_the_model_name(write, file, model):
    report = {"resolved_ids": ["a__b-1"], "unresolved_ids": ["a__b-2"], "total_instances": 2, "resolved_instances": 1}
    reading = read(swebench, write(file, json.dumps(report)))
    assert reading.rows["model"][0] == model


def test_swe_bench_pro_instances_have_their_task_and_repository(write):
    reading = read(
        swebench, write("traj/gpt-4o/eval_results.json", json.dumps({PRO: True, PRO.replace("vnan", "v2"): False}))
    )
    assert reading.rows.select("task", "model", "repo").row(0) == ("SWE-bench Pro", "gpt-4o", "NodeBB/NodeBB")
    assert codes(reading) == ["model_from_path"]


def test_runs_of_a_swebench_condition_are_attempts(write):
    runs = {"base": {"run1": {"a__b-1": 1, "a__b-2": 0}, "run2": {"a__b-1": 0, "a__b-2": 0}}}
    reading = read(swebench, write("runs.json", json.dumps(runs)))
    assert scores(reading) == {
        ("a__b-1", 0, "resolved"): 1.0,
        ("a__b-2", 0, "resolved"): 0.0,
        ("a__b-1", 1, "resolved"): 0.0,
        ("a__b-2", 1, "resolved"): 0.0,
    }


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("pretrained=org/m,revision=step1000", "org/m@step1000"),
        ("use_accelerate=True,pretrained=org/m,revision=main", "org/m"),
        ({"pretrained": "org/m", "revision": "v2"}, "org/m@v2"),
    ],
)
def test_a_revision_is_part_of_the_lm_eval_model_name(tmp_path, arguments, name):
    source = Source(path=tmp_path / "results.json", root=tmp_path)
    assert lm_eval.model_name({"config": {"model_args": arguments}}, source) == (name, ())


def test_bfcl_failures_are_completed_by_the_items_of_the_result_file(write):
    score = [
        {"accuracy": 0.5, "correct_count": 1, "total_count": 2},
        {"id": "java_1", "valid": False, "error_type": "x"},
    ]
    source = write("v1/score/m/BFCL_v4_java_score.json", lines(score))
    alone = read(bfcl, source)
    assert (alone.rows, alone.published[0].score, alone.published[0].n) == (None, 0.5, 2)
    assert "only the published score" in alone.notes[0]
    results = write(
        "v1/result/m/BFCL_v4_java_result.json", lines([{"id": f"java_{k}", "result": []} for k in range(2)])
    )
    assert bfcl.claims(results) == "companion"
    reading = read(bfcl, source)
    assert scores(reading) == {("java_0", 0, "accuracy"): 1.0, ("java_1", 0, "accuracy"): 0.0}
    assert (reading.configuration, reading.extents[0].items) == ({"run": "v1"}, 2)


def test_evalscope_items_are_identified_by_subset_and_index(write):
    report = {
        "dataset_name": "iquiz",
        "model_name": "m",
        "metrics": [
            {
                "name": "mean_acc",
                "score": 0.5,
                "num": 2,
                "categories": [{"subsets": [{"name": "IQ", "num": 2, "score": 0.5}]}],
            }
        ],
    }
    assert evalscope.claims(write("run/reports/m/iquiz.json", json.dumps(report))) == "companion"
    rows = [{"index": k, "target": "A", "sample_score": {"score": {"value": {"acc": float(k)}}}} for k in range(2)]
    reading = read(evalscope, write("run/reviews/m/iquiz_IQ.jsonl", lines(rows)))
    assert scores(reading) == {("IQ/0", 0, "acc"): 0.0, ("IQ/1", 0, "acc"): 1.0}
    assert (reading.published[0].score, reading.published[0].decimals, reading.extents[0].items) == (0.5, 4, 2)
    assert reading.facts[0].headline == "acc"


def test_aider_tries_are_metrics_pass_rate_1_and_2(tmp_path):
    for case, outcomes in {"a": [True], "b": [False, True], "c": [False, False]}.items():
        path = tmp_path / "run1" / "failed" / case / CASE
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"testcase": case, "model": "m", "edit_format": "diff", "tests_outcomes": outcomes}))
    found = howsure.read(tmp_path).to_frame()
    rates = dict(found.group_by("metric").agg(pl.col("score").mean()).iter_rows())
    assert rates == {"pass_rate_1": pytest.approx(1 / 3), "pass_rate_2": pytest.approx(2 / 3)}


def test_prompts_of_promptfoo_version_1_are_models(write):
    rows = [{"prompt": {"raw": "x", "display": name}, "vars": {"v": 1}, "success": name == "p"} for name in ("p", "q")]
    reading = read(
        promptfoo,
        write("output.json", json.dumps({"version": 1, "results": rows, "stats": {"successes": 1, "failures": 1}})),
    )
    assert dict(reading.rows.select("model", "score").iter_rows()) == {"p": 1.0, "q": 0.0}
