"""Result files of the smaller harnesses and the special cases of their formats."""

import polars as pl
import pytest

from howsure.errors import ReadError
from howsure.readers import (
    alpaca_eval,
    arc_agi,
    cruxeval,
    evalplus,
    every_eval_ever,
    helm,
    lfs,
    lighteval,
    livecodebench,
    promptfoo,
)
from howsure.readers.base import Source
from reader_cases import codes, lines, models, read, scores


def stat(name, value, *, count=1, **more):
    mean = {"mean": value / count} if count else {}
    return {"name": {"name": name, "split": "test", **more}, "count": count, "sum": value, "sum_squared": 0, **mean}


def test_helm_keeps_unperturbed_scores_once(write):
    bad = {"perturbation": {"name": "typos"}}
    rows = [
        {
            "instance_id": "id1",
            "train_trial_index": 1,
            "stats": [
                stat("exact_match", 1),
                stat("exact_match", 0, **bad),
                stat("f1", 0, count=0),
                stat("num_tokens", 5),
            ],
        },
        {"instance_id": "id1", "train_trial_index": 1, "stats": [stat("exact_match", 1), stat("inference_runtime", 3)]},
    ]
    name = "mmlu:subject=law,model=openai_gpt-4"
    stats = write(f"{name}/stats.json", [stat("exact_match", 0.5), stat("exact_match", 0.1, **bad)])
    spec = write(
        f"{name}/run_spec.json",
        {
            "name": "mmlu:subject=law,model=openai_gpt-4",
            "scenario_spec": {},
            "adapter_spec": {"model": "openai/gpt-4", "temperature": 0.0},
        },
    )
    reading = read(helm, write(f"{name}/per_instance_stats.json", rows))
    assert scores(reading) == {("id1", 1, "exact_match"): 1.0}
    assert reading.facts[0].task == "mmlu:subject=law"
    assert reading.facts[0].headline == "exact_match"
    assert [entry.score for entry in reading.published] == [0.5]
    assert models(reading) == {"openai/gpt-4"}
    assert [helm.claims(source) for source in (stats, spec)] == ["companion", "companion"]
    assert helm.claims(write(f"{name}/scenario.json", {"name": "mmlu"})) == "companion"
    assert helm.claims(write("elsewhere/scenario.json", {"name": "mmlu"})) is None
    perturbed = [{**row, "perturbation": {"name": "typos"}} for row in rows]
    assert [helm.claims(write("x.json", given)) for given in (rows, perturbed)] == ["rows", "rows"]


def test_helm_divides_sums_by_counts_and_contradictions_give_a_warning(write):
    summed = {"name": {"name": "f1", "split": "test"}, "count": 2, "sum": 1.0}
    rows = [{"instance_id": "a", "train_trial_index": 0, "stats": [summed, stat("f1", 0.25)]}]
    reading = read(helm, write("boolq:model=x_y/per_instance_stats.json", rows))
    assert scores(reading) == {("a", 0, "f1"): 0.5}
    assert codes(reading) == ["model_from_path", "clashing_statistics"]
    assert models(reading) == {"x/y"}


@pytest.mark.parametrize("mean", [None, "1", float("nan"), float("inf"), [1]])
def test_a_non_numeric_helm_statistic_is_unscored(write, mean):
    rows = [
        {"instance_id": "a", "train_trial_index": 0, "stats": [stat("f1", 0.25), {**stat("f2", 1.0), "mean": mean}]},
        {"instance_id": "b", "train_trial_index": 0, "stats": [{**stat("f1", 1.0), "mean": mean}]},
    ]
    reading = read(helm, write("boolq:model=x_y/per_instance_stats.json", rows))
    assert scores(reading) == {("a", 0, "f1"): 0.25, ("b", 0, "f1"): "unscored"}


def prompted(**more):
    return {
        "promptIdx": 0,
        "testIdx": 0,
        "provider": {"id": "p", "label": ""},
        "vars": {"q": "1"},
        "success": True,
        "score": 1,
        "failureReason": 0,
        **more,
    }


def promptfoo_file(write, rows):
    return read(
        promptfoo,
        write("x.json", {"evalId": "e", "results": {"version": 3, "timestamp": "t", "results": rows}, "config": {}}),
    )


def test_promptfoo_errors_are_not_failures(write):
    rows = [
        prompted(success=False, score=0, error="assertion", failureReason=1),
        prompted(testIdx=1, vars={"q": "2"}, success=False, score=0, error="rate limit", failureReason=2),
    ]
    values = list(scores(promptfoo_file(write, rows)).values())
    assert values == [0.0, 0.0, "error", "error"]


def test_promptfoo_providers_are_paired_and_repeats_are_attempts(write):
    rows = [prompted(testIdx=1), prompted(testIdx=0, success=False, score=0), prompted(promptIdx=1, provider="other")]
    reading = promptfoo_file(write, rows)
    passed = reading.rows.filter(pl.col("metric") == "pass")
    assert passed["item"].n_unique() == 1
    assert passed.select("model", "attempt", "score").rows() == [("p", 1, 1.0), ("p", 0, 0.0), ("other", 0, 1.0)]


def test_promptfoo_prompts_of_one_provider_are_models(write):
    reading = promptfoo_file(write, [prompted(), prompted(promptIdx=3, prompt={"label": "terse"})])
    assert models(reading) == {"p, prompt 1", "p, prompt 2"}
    assert set(reading.rows["prompt"]) == {None, "terse"}


def test_promptfoo_runs_with_other_prompts_are_other_configurations(write):
    found = set()
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        results = {"version": 3, "prompts": [{"raw": text}], "results": [prompted()]}
        reading = read(promptfoo, write(f"{name}.json", {"evalId": name, "results": results}))
        found.add(reading.configuration["prompts"])
    assert len(found) == 2


@pytest.mark.parametrize(
    ("stats", "score", "n"),
    [
        ({"successes": 3, "failures": 1, "errors": 1}, 0.6, 5),
        ({"successes": 3, "failures": 1}, 0.75, 4),
        ({"failures": 4}, 0.0, 4),
    ],
)
def test_promptfoo_states_the_share_of_tests_that_passed(write, stats, score, n):
    """A kind of tests that isn't counted has none."""
    results = {"version": 3, "stats": stats, "results": [prompted()]}
    reading = read(promptfoo, write("x.json", {"evalId": "e", "results": results}))
    assert [(entry.score, entry.n) for entry in reading.published] == [(score, n)]


def annotation(instruction, preference):
    return {
        "instruction": instruction,
        "output_1": "",
        "generator_1": "base",
        "generator_2": "m",
        "annotator": "j",
        "preference": preference,
    }


def test_alpaca_eval_preferences_become_scores_from_0_to_1(write):
    rows = [annotation("a", 2), annotation("b", 1.25), annotation("c", 0), annotation("d", None), annotation("a", 1)]
    reading = read(alpaca_eval, write("annotations.json", rows))
    assert list(scores(reading).values()) == [1.0, 0.25, 0.5, "unscored", 0.0]
    assert reading.rows["item"].n_unique() == 5
    assert reading.rows["item"][4] == reading.rows["item"][0] + "#2"
    assert set(reading.rows["metric"]) == {"win_rate,j"}


def test_the_alpaca_eval_leaderboard_is_read_as_percent(write):
    table = ",win_rate,standard_error,n_total,length_controlled_winrate\nm,50.0,2.0,805.0,\nn,,,,\n"
    reading = read(alpaca_eval, write("gpt4_leaderboard.csv", table))
    assert [(e.task, e.model, e.score, e.stderr, e.n) for e in reading.published] == [("gpt4", "m", 0.5, 0.02, 805)]


def test_evalplus_plus_needs_both_tests_to_pass(write):
    samples = [{"base_status": "pass", "plus_status": "fail"}, {"base_status": "fail", "plus_status": "pass"}]
    document = {"date": "d", "hash": "h", "eval": {"HumanEval/0": samples}}
    reading = read(evalplus, write("Qwen--Q2_vllm_temp_0.2_eval_results.json", document))
    assert scores(reading) == {
        ("HumanEval/0", 0, "base"): 1.0,
        ("HumanEval/0", 0, "plus"): 0.0,
        ("HumanEval/0", 1, "base"): 0.0,
        ("HumanEval/0", 1, "plus"): 0.0,
    }
    assert models(reading) == {"Qwen/Q2_vllm"}
    assert reading.configuration == {"temperature": "0.2"}


def test_the_older_layout_of_evalplus_is_read(write):
    document = {
        "hash": "h",
        "eval": {"Mbpp/2": {"base": [["pass", [True]], ["timeout", []]], "plus": [["pass", []], ["fail", []]]}},
    }
    reading = read(evalplus, write("m_temp_0.0/eval_results.json", document))
    assert [value for (_, _, metric), value in scores(reading).items() if metric == "plus"] == [1.0, 0.0]
    assert models(reading) == {"m_temp_0.0"}


def test_the_evalplus_leaderboard_is_published_scores(write):
    document = {"m": {"link": "", "open-data": "NONE", "pass@1": {"humaneval": 81.7, "mbpp+": None}, "prompted": True}}
    reading = read(evalplus, write("results.json", document))
    assert [(e.task, e.metric) for e in reading.published] == [("HumanEval", "base")]
    assert reading.published[0].score == pytest.approx(0.817)


def test_livecodebench_site_scores_are_percent_and_minus_1_is_not_run(write):
    rows = [
        {"question_id": "1873_A", "model": "m", "date": 1, "difficulty": "easy", "pass@1": 30, "platform": "cf"},
        {"question_id": 7, "model": "m", "date": 1, "difficulty": "easy", "pass@1": -1, "platform": "lc"},
    ]
    reading = read(livecodebench, write("x.json", {"performances": rows, "models": []}))
    assert scores(reading) == {("1873_A", 0, "pass@1"): 0.3, ("7", 0, "pass@1"): "not run"}
    assert codes(reading) == ["mixed_id_types"]


def test_livecodebench_graded_outputs_are_attempts(write):
    rows = [
        {
            "question_title": "t",
            "question_id": "a",
            "contest_id": "c1",
            "output_list": ["x"],
            "graded_list": [True, False, -1],
        }
    ]
    reading = read(livecodebench, write("GPT4/Scenario.codegeneration_10_0.2_eval_all.json", rows))
    assert list(scores(reading).values()) == [1.0, 0.0, "not run"]
    assert models(reading) == {"GPT4"}
    assert reading.facts[0].task == "livecodebench codegeneration"
    assert set(reading.rows["contest_id"]) == {"c1"}


def test_cruxeval_generations_are_attempts(write):
    document = {
        "raw_generations": {"s0": ["1", "2"]},
        "raw_scored_generations": {"s0": [True, False]},
        "pass_at_1": 50.0,
    }
    reading = read(cruxeval, write("gpt-4+cot_temp0.8_output.json", document))
    assert scores(reading) == {("s0", 0, "pass@1"): 1.0, ("s0", 1, "pass@1"): 0.0}
    assert (models(reading), reading.configuration) == ({"gpt-4+cot"}, {"temperature": "0.8"})
    with pytest.raises(ReadError, match="generations without scores"):
        read(cruxeval, write("gpt-4_generations.json", {"raw_generations": {"s0": ["1"]}}))


def test_arc_agi_task_results_and_total_score_are_read(write):
    document = {"score": 1.5, "total_tasks": 3, "task_results": {"a": 0.5, "b": {"score": 1.0, "cost": 2}}}
    reading = read(arc_agi, write("m1/results.json", document))
    assert scores(reading) == {("a", 0, "score"): 0.5, ("b", 0, "score"): 1.0}
    assert (models(reading), reading.published[0].score) == ({"m1"}, 0.5)
    assert codes(reading) == ["model_from_path"]
    assert (reading.extents[0].items, reading.extents[0].attempts) == (3, 0)


def instance(name, score, **more):
    return {
        "schema_version": "0.2.1",
        "evaluation_id": "gsm8k/m/1",
        "model_id": "org/m",
        "evaluation_name": "GSM8K",
        "sample_id": name,
        "interaction_type": "single_turn",
        "evaluation": {"score": score, "is_correct": bool(score)},
        **more,
    }


def test_every_eval_ever_instances_have_epochs_as_attempts(write):
    rows = [
        instance("a", 1.0, metadata={"epoch": "2", "subject": "x"}),
        instance("a", 1.0, metadata={"epoch": "3"}),
        instance("a", 0.0, metadata={"epoch": "1"}),
        instance("b", 0.0, error="timeout"),
        instance("c", 1.0),
        instance("c", 0.0),
    ]
    reading = read(every_eval_ever, write("x.jsonl", lines(rows)))
    assert scores(reading) == {
        ("a", 1, "score"): 1.0,
        ("a", 2, "score"): 1.0,
        ("a", 0, "score"): 0.0,
        ("b", 0, "score"): "error",
        ("c", 0, "score"): 1.0,
        ("c", 1, "score"): 0.0,
    }


def test_every_eval_ever_samples_with_one_id_differ_by_hash(write):
    rows = [instance("id1", 1.0, sample_hash=name * 4) for name in ("abcd", "efgh")]
    reading = read(every_eval_ever, write("x.jsonl", lines(rows)))
    assert scores(reading) == {("id1 abcdabcd", 0, "score"): 1.0, ("id1 efghefgh", 0, "score"): 1.0}


def test_several_every_eval_ever_results_per_sample_give_a_warning(write):
    rows = [instance("a", 1.0, evaluation_result_id=f"gsm8k/m/1#{name}") for name in ("accuracy", "stderr")]
    reading = read(every_eval_ever, write("x.jsonl", lines(rows)))
    assert set(scores(reading)) == {("a", 0, "accuracy"), ("a", 0, "stderr")}
    assert codes(reading) == ["several_results"]


def test_every_eval_ever_aggregates_are_published_scores(write):
    uncertainty = {"standard_error": {"value": 0.01}, "num_samples": 100}
    result = {
        "evaluation_name": "GSM8K",
        "metric_config": {"lower_is_better": True, "metric_name": "error"},
        "score_details": {"score": 0.2, "uncertainty": uncertainty},
    }
    document = {
        "schema_version": "0.2.1",
        "evaluation_id": "e",
        "source_metadata": {},
        "model_info": {"id": "org/m"},
        "evaluation_results": [result],
    }
    aggregate = write("x.json", document)
    reading = read(every_eval_ever, aggregate)
    assert [(e.model, e.metric, e.score, e.stderr, e.n) for e in reading.published] == [
        ("org/m", "error", 0.2, 0.01, 100)
    ]
    assert reading.facts[0].lower_is_better == {"error"}
    result["metric_config"] |= {"min_score": 0, "max_score": 100}
    result["score_details"] = {"score": 20, "uncertainty": {"standard_error": {"value": 1}, "num_samples": 100}}
    percent = read(every_eval_ever, write("y.json", document))
    assert [(e.score, e.stderr, e.scaled) for e in percent.published] == [(0.2, 0.01, True)]
    assert percent.notes == ("error: percent, as the log states.",)
    beside = write("x.jsonl", lines([instance("a", 1.0)]))
    assert every_eval_ever.claims(aggregate) == "companion"
    assert [(e.metric, e.score, e.n) for e in read(every_eval_ever, beside).published] == [("score", 0.2, 100)]


@pytest.mark.parametrize("names", [("doc", "metric"), ("__doc__", "__metric__"), ("full_prompt", "metrics")])
def test_lighteval_details_of_every_version_are_read(tmp_path, names):
    prompt, metric = names
    queries = ["q1", "q2", "q1"] if prompt == "full_prompt" else [{"query": q} for q in ("q1", "q2", "q1")]
    frame = pl.DataFrame(
        {prompt: queries, metric: [{"em": 1.0, "words": ["a"]}, {"em": 0.0, "words": []}, {"em": None, "words": []}]}
    )
    path = (
        tmp_path
        / "details"
        / "org__m"
        / "2025-01-01T00-00-00"
        / "details_lighteval|gsm8k|0_2025-01-01T00-00-00.parquet"
    )
    path.parent.mkdir(parents=True)
    frame.write_parquet(path)
    reading = read(lighteval, Source(path=path, root=tmp_path))
    assert list(scores(reading).values()) == [1.0, 0.0, "unscored"]
    assert (models(reading), reading.facts[0].task) == ({"org__m"}, "lighteval:gsm8k:0")


def test_lighteval_does_not_claim_other_parquet_files(tmp_path):
    pl.DataFrame({"doc": ["a"], "score": [1]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but not")
    assert [lighteval.claims(Source(path=tmp_path / name, root=tmp_path)) for name in ("a.parquet", "b.parquet")] == [
        None,
        None,
    ]


def test_a_git_lfs_pointer_says_how_to_get_the_file(write):
    source = write("log.eval", "version https://git-lfs.github.com/spec/v1\noid sha256:be\nsize 5\n")
    with pytest.raises(ReadError) as caught:
        read(lfs, source)
    assert str(caught.value) == (
        "log.eval: this is a Git LFS pointer, not the file itself. Fetch the file: git lfs pull"
    )
