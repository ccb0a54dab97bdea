"""Harnesses that come as mappings, and lighteval, give the scores stated in files that the harnesses themselves wrote."""

import json
from pathlib import Path

import polars as pl
import pytest

import howsure
from howsure.errors import OptionError, ReadError
from howsure.readers.mapping.known import known, tried

HARNESSES = Path(__file__).parents[1] / "fixtures" / "harnesses"


def means(path, **how):
    frame = howsure.read(path, **how).to_frame().group_by("model", "metric").agg(pl.col("score").mean())
    return {(row["model"], row["metric"]): row["score"] for row in frame.to_dicts()}


def test_humaneval_gives_the_pass_rates_that_it_printed():
    assert means(HARNESSES / "humaneval") == {("adder", "pass@1"): 0.625, ("loop", "pass@1"): 0.125}
    assert howsure.read(HARNESSES / "humaneval").to_frame()["attempt"].unique().sort().to_list() == [0, 1]


def test_bigcodebench_gives_the_pass_rates_that_it_wrote():
    folder = HARNESSES / "bigcodebench"
    stated = {
        (found["model"], "pass@1"): found["pass@1"]
        for found in (json.loads(path.read_text()) for path in folder.glob("*pass_at_k.json"))
    }
    assert means(folder) == stated == {("adder", "pass@1"): 0.625, ("loop", "pass@1"): 0.125}


def test_openai_evals_gives_the_accuracy_of_its_final_report():
    last = json.loads((HARNESSES / "openai_evals" / "sums.jsonl").read_text().splitlines()[-1])
    assert means(HARNESSES / "openai_evals") == {("local/adder", "accuracy"): last["final_report"]["accuracy"]}


def test_mt_bench_turns_are_clustered_and_judgments_without_a_rating_are_errors():
    frame = howsure.read(HARNESSES / "mt_bench").to_frame()
    assert dict(frame.group_by("model").agg(pl.col("score").mean()).iter_rows()) == {"adder": 6.8, "loop": 5.0}
    assert frame.filter(pl.col("status") == "error")["item"].to_list() == ["83/1"]
    assert frame["cluster"].unique().sort().to_list() == ["81", "82", "83"]


def test_deepeval_gives_the_scores_that_it_states():
    path = next((HARNESSES / "deepeval").glob("test_run_*.json"))
    stated = json.loads(path.read_text())["metricsScores"][0]
    assert means(path) == {("adder", stated["metric"]): sum(stated["scores"]) / len(stated["scores"])}


def test_lighteval_details_agree_with_their_results_file():
    scores = howsure.read(HARNESSES / "lighteval")
    assert means(HARNESSES / "lighteval") == pytest.approx({("own/adder", "em"): 2 / 3, ("own/loop", "em"): 1 / 3})
    assert [figure.figure for figure in scores.reconciled] == ["score", "standard error"] * 2
    assert all(figure.agrees for figure in scores.reconciled)
    assert [report.outcome for report in scores.files].count("companion") == 2


def test_lighteval_results_alone_are_published_scores():
    published = howsure.read(HARNESSES / "lighteval" / "results").published
    assert {entry.model: entry.score for entry in published} == pytest.approx({"own/adder": 2 / 3, "own/loop": 1 / 3})
    assert all(entry.stderr == pytest.approx(0.2108, abs=1e-4) for entry in published)


def test_malformed_lighteval_results_are_an_error(tmp_path):
    path = tmp_path / "results_1.json"
    for results in ({}, [], {"t": 3}, {"all": {"em": 1}}, {"t": {"em": "x"}}):
        path.write_text(json.dumps({"config_general": {"lighteval_sha": "?"}, "results": results}))
        with pytest.raises(ReadError, match="no score"):
            howsure.read(path)


UNTRIED = {
    "opencompass": (
        "results/some-model/gsm8k.json",
        {"accuracy": 50, "details": {"type": "GEN", **{str(k): {"predictions": "1", "references": "1", "correct": k == 0} for k in range(2)}}},
        {("some-model", "score"): 0.5},
    ),
    "braintrust": (
        "first.json",
        [{"span_id": str(k), "input": {"q": k}, "expected": 1, "scores": {"Exact": k % 2}, "output": 1} for k in range(4)],
        {("first", "Exact"): 0.5},
    ),
    "vlmevalkit": ("some-model_MMBench_exact.csv", "index,prediction,answer,hit\n1,A,A,1\n2,B,A,0\n", {("some-model", "score"): 0.5}),
}  # fmt: skip


@pytest.mark.parametrize("name", UNTRIED)
def test_an_untested_mapping_is_proposed_and_used_only_if_named(name, tmp_path):
    place, content, wanted = UNTRIED[name]
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    assert means(path, map=name) == wanted
    if path.suffix == ".json":
        proposal = howsure.describe(path).proposals[0]
        assert proposal.name == name
        assert f"[map.{name}]" in proposal.mapping
        assert "untested" in str(howsure.describe(path))


PUBLISHED = {
    "bigcode_harness": (
        "evaluation_results.json",
        {"humaneval": {"pass@1": 0.25, "pass@10": 0.5}, "config": {"model": "m", "do_sample": True, "n_samples": 9, "modeltype": "causal"}},
        {("humaneval", "m", "pass@1"): 0.25, ("humaneval", "m", "pass@10"): 0.5},
    ),
    "simple_evals": ("mmlu_some-model.json", {"score:std": 0.4, "score": 0.8}, {("mmlu", "some-model", "score"): 0.8}),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_mappings_of_harnesses_without_answers_give_published_scores(name, tmp_path):
    place, content, wanted = PUBLISHED[name]
    (tmp_path / place).write_text(json.dumps(content))
    found = howsure.read(tmp_path / place, map=name).published
    assert {(entry.task, entry.model, entry.metric): entry.score for entry in found} == wanted


def test_every_built_in_mapping_has_a_unique_name_and_states_its_tests():
    names = [reader.NAME for reader in known()]
    assert len(set(names)) == len(names)
    assert all(reader.FORMATS and reader.CHECKED for reader in known())
    assert {reader.NAME for reader in tried()} >= {"humaneval", "bigcodebench", "openai_evals", "mt_bench", "deepeval"}


def test_an_unknown_mapping_name_is_an_error():
    with pytest.raises(OptionError, match=r"docs/mapping\.md"):
        howsure.read(HARNESSES, map="opencompas")


def test_a_bigcodebench_answer_without_a_status_has_no_score(tmp_path):
    answers = [
        {"task_id": "B/1", "solution": "", "status": status, "details": {}} for status in ("pass", "timeout", None)
    ]
    path = tmp_path / "m--bigcodebench-complete_eval_results.json"
    path.write_text(json.dumps({"date": "2026-11-26", "eval": {"B/1": answers}}))
    assert howsure.read(path).to_frame()["score"].to_list() == [1.0, 0.0, None]
