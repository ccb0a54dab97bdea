"""Tokens, cost and time of attempts are kept for every harness that records them; unrecorded usage is null and never 0."""

import json
from pathlib import Path

import polars as pl
import pytest

import howsure
from howsure.readers import (
    aider,
    bfcl,
    evalscope,
    every_eval_ever,
    helm,
    livebench,
    promptfoo,
    registry,
    tau_bench,
    terminal_bench,
)
from howsure.readers.attempt_rows import counted, elapsed, per_thousand, summed, tidy, token_rows, without
from howsure.readers.attempt_rows import numbers as numbers_of_usage
from howsure.table.schema import MEASURES
from places import DATA
from reader_cases import inspect_header, lines, read, sample, zipped

WILD = DATA / "wild"
real = pytest.mark.skipif(not WILD.is_dir(), reason="the real results are not here")


def usage(folder):
    return {each.name: each for each in howsure.describe(folder).usage}


def totals(folder):
    return {name: (each.recorded, each.total) for name, each in usage(folder).items()}


def measures(reading):
    """Return the measures that were recorded, row by row."""
    names = [name for name in MEASURES if name in reading.rows.columns]
    return [{name: value for name, value in row.items() if value is not None} for row in reading.rows[names].to_dicts()]


# tokens as Inspect writes them


def parts(read=0, thought=0, **given):
    (found,) = token_rows([{"input_tokens_cache_read": read, "reasoning_tokens": thought, **given}])
    return found


@pytest.mark.parametrize(
    ("given", "tokens_in", "tokens_out"),
    [
        pytest.param({"input": 100, "output": 50, "total": 150}, 100, 50, id="nothing beside"),
        pytest.param({"input": 100, "output": 50, "total": 150, "read": 30}, 70, 50, id="cache in the input"),
        pytest.param({"input": 100, "output": 50, "total": 180, "read": 30}, 100, 50, id="cache beside the input"),
        pytest.param({"input": 100, "output": 50, "total": 150, "thought": 40}, 100, 50, id="reasoning in the output"),
        pytest.param({"input": 100, "output": 5, "total": 145, "thought": 40}, 100, 45, id="reasoning beside it"),
        pytest.param(
            {"input": 100, "output": 5, "total": 175, "thought": 40, "read": 30}, 100, 45, id="both beside theirs"
        ),
        pytest.param(
            {"input": 100, "output": 5, "total": 145, "thought": 40, "read": 30}, 70, 45, id="one in, one beside"
        ),
        pytest.param({"input": 100, "output": 50, "total": 999, "thought": 40, "read": 30}, 100, 50, id="neither"),
        pytest.param({"input": 100, "output": 50, "total": 0, "thought": 40}, 100, 50, id="no total"),
    ],
)
def test_the_token_total_shows_whether_cached_and_reasoning_tokens_are_included(given, tokens_in, tokens_out):
    named = {f"{name}_tokens": given[name] for name in ("input", "output", "total")}
    found = parts(given.get("read", 0), given.get("thought", 0), **named)
    assert (found["tokens_in"], found["tokens_out"]) == (tokens_in, tokens_out)


@pytest.mark.parametrize("usage", [None, [], "12", {"input_tokens": "a", "total_tokens": None}, {"output_tokens": []}])
def test_malformed_usage_gives_no_number(usage):
    assert token_rows([usage]) == [{}]
    assert token_rows([usage, {"output_tokens": 3}]) == [{"tokens_out": None}, {"tokens_out": 3}]


def test_a_column_of_zeros_only_is_unrecorded():
    records = [{"usd": 0.0, "steps": 0}, {"usd": None, "steps": 3}]
    counted(records, "usd")
    counted(records, "steps")
    assert records == [{"steps": 0}, {"steps": 3}]


def test_seconds_are_computed_between_timestamps():
    record = {"a": "2025-01-01T00:00:00", "b": "2025-01-01T01:00:01.5+01:00", "c": "later", "d": None}
    assert elapsed(record, "a", "b") == 1.5
    assert [elapsed(record, *pair) for pair in ("ac", "ad", "ae")] == [None, None, None]
    assert elapsed({"a": "2025-01-02", "b": "2025-01-01"}, "a", "b") is None


def test_usage_of_several_turns_is_summed():
    assert [summed(value) for value in (3, [[1, 2], [3, None]], [], [["x"]], None)] == [3, 6, None, None, None]


# Inspect


def inspect_log(folder, samples, stats=None, **header):
    document = inspect_header(**header) | {"stats": stats or {}}
    return zipped({"summaries.json": samples, "header.json": document}, folder / "a.eval")


def used(total, **more):
    return {"input_tokens": total - 20, "output_tokens": 20, "total_tokens": total, **more}


def test_inspect_usage_is_that_of_the_evaluated_model(tmp_path):
    both = {"mock/a": used(120, total_cost=0.5), "mock/judge": used(900)}
    samples = [sample(1, 1, model_usage=both, total_time=3.5, working_time=1), sample(2, 0, model_usage={})]
    rows = howsure.read(inspect_log(tmp_path, samples)).rows.collect()
    assert rows.select("usd", "seconds", "tokens_in", "tokens_out").rows() == [(0.5, 3.5, 100, 20), (None,) * 4]
    assert "tokens_cache_read" not in rows.columns


@pytest.mark.parametrize(
    ("roles", "every", "expected"),
    [
        pytest.param({}, {"mock/a": used(120)}, 70, id="a role that falls back to the model"),
        pytest.param({"grader": {"model": "mock/a"}}, {"mock/a": used(120)}, 70, id="a role of the same model"),
        pytest.param(
            {"grader": {"model": "mock/b"}}, {"mock/a": used(120), "mock/b": used(50)}, 100, id="another model"
        ),
    ],
)
def test_inspect_usage_excludes_a_grader_of_the_same_model(tmp_path, roles, every, expected):
    one = sample(1, 1, model_usage=every, role_usage={"grader": used(50)})
    rows = howsure.read(inspect_log(tmp_path, [one], model_roles=roles)).rows.collect()
    assert rows["tokens_in"].to_list() == [expected]


def stated(total, **more):
    return {"model_usage": {"mock/a": {"total_tokens": total}}, "started_at": "2025-01-01T00:00:00+00:00", **more}


def figures(path):
    return [(f.stated, f.read, f.agrees) for f in howsure.read(path).reconciled if f.figure == "tokens"]


def test_inspect_tokens_are_checked_against_the_log_header(tmp_path):
    twice = [
        sample(k, {"one": 1, "two": 0}, model_usage={"mock/a": used(100, reasoning_tokens=7)}, retries=0)
        for k in (1, 2)
    ]
    assert figures(inspect_log(tmp_path, twice, stated(200))) == [(200, 200, True)]
    assert figures(inspect_log(tmp_path, twice, stated(300))) == [(300, 200, False)]
    path = inspect_log(tmp_path, twice, stated(150))
    assert [c.message for c in howsure.read(path).warnings] == [
        "a.eval: the attempts at words used 200 tokens, the log states 150 in all"
    ]


@pytest.mark.parametrize(
    "change", [{"retries": 1}, {"error": "broke"}, {"started_at": "2024-12-31T00:00:00+00:00"}, {"model_usage": {}}]
)
def test_tokens_are_not_checked_if_samples_were_retried_failed_or_resumed(tmp_path, change):
    samples = [sample(k, 1, **{"model_usage": {"mock/a": used(100)}, **change}) for k in (1, 2)]
    assert figures(inspect_log(tmp_path, samples, stated(700))) == []
    assert (
        figures(inspect_log(tmp_path, [sample(1, 1, model_usage={"mock/a": used(100)})], stated(700), status="error"))
        == []
    )


@real
@pytest.mark.parametrize(
    ("log", "tokens_out", "reasoning"),
    [
        ("2025-09-15T15-02-26-04-00_popularity_eF3BogZE3jzpiWBjjDWbik.eval", 63_207, 63_107),
        ("2025-09-15T15-02-26-04-00_popularity_L8g2GLGDDfsiXvdJ8LyZNJ.eval", 29_244, 28_544),
    ],
)
def test_reasoning_tokens_are_counted_once(log, tokens_out, reasoning):
    found = totals(DATA / "raw" / "inspect" / log)
    assert (found["tokens_out"][1], found["tokens_reasoning"][1]) == (tokens_out, reasoning)


@real
def test_cached_input_tokens_of_inspect_are_counted_once():
    found = totals(DATA / "raw" / "inspect" / "2025-05-12T20-27-36-04-00_browser.json")
    assert (found["tokens_in"][1], found["tokens_cache_read"][1], found["tokens_out"][1]) == (6147, 9088, 281)


@real
def test_tokens_of_real_llm_evals_logs_are_as_known():
    rows = howsure.read(WILD / "llm-evals").rows.collect()
    of = rows.filter(pl.col("tokens_out").is_not_null()).with_columns(all=pl.col("tokens_in") + pl.col("tokens_out"))
    small = of.filter(pl.col("model").str.ends_with("qwen3-4b-2507"))
    kimi = of.filter(pl.col("model").str.contains("kimi"))
    assert (len(small), small["all"].sum()) == (7, 2155)
    assert sorted(kimi["all"].to_list()) == [464, 882]


@real
@pytest.mark.parametrize("folder", ["raw/inspect", "wild/llm-evals", "wild/evalscope", "raw/promptfoo"])
def test_token_totals_stated_in_real_logs_equal_their_rows(folder):
    found = [figure for figure in howsure.read(DATA / folder).reconciled if figure.figure == "tokens"]
    assert len(found) == {"raw/inspect": 19, "wild/llm-evals": 3, "wild/evalscope": 5, "raw/promptfoo": 2}[folder]
    assert all(figure.agrees for figure in found)


# the others


def test_terminal_bench_trials_have_seconds_and_tokens(write):
    trial = {"task_id": "t", "is_resolved": True, "total_output_tokens": 0}
    stamps = {"trial_started_at": "2025-01-01T00:00:00+00:00", "trial_ended_at": "2025-01-01T00:01:00+00:00"}
    trials = [{**trial, **stamps, "total_input_tokens": 0}, {**trial, "total_input_tokens": None}]
    assert measures(read(terminal_bench, write("a/results.json", {"results": trials}))) == [{"seconds": 60}, {}]
    trials[0]["total_input_tokens"] = 9
    found = measures(read(terminal_bench, write("b/results.json", {"results": trials})))
    assert found == [{"seconds": 60, "tokens_in": 9, "tokens_out": 0}, {"tokens_out": 0}]


@real
def test_terminal_bench_token_means_are_over_the_recorded_trials():
    root = WILD / "terminal-bench-leaderboard" / "results" / "terminal-bench-core@0.1.1"
    chaterm = usage(root / "20250911_chaterm_claude-4-sonnet")
    assert (chaterm["tokens_in"].recorded, chaterm["tokens_in"].attempts) == (258, 400)
    assert (chaterm["tokens_in"].total, chaterm["tokens_out"].total) == (182_973_197, 3_110_877)
    assert round(chaterm["tokens_in"].mean + chaterm["tokens_out"].mean) == 721_256
    assert round(chaterm["seconds"].mean, 1) == 498.1
    orchestrator = totals(root / "20250902_orchestrator_qwen-3-coder-480B")
    assert orchestrator == {"tokens_in": (203, 13_200_376), "tokens_out": (203, 1_478_832)}
    cursor, goose = (
        usage(root / name) for name in ("20250811_cursor-cli_claude-4-sonnet", "20250829_goose_claude-4-opus")
    )
    assert (cursor.keys(), cursor["seconds"].recorded, round(cursor["seconds"].mean, 1)) == ({"seconds"}, 396, 497.0)
    assert (goose.keys(), goose["seconds"].recorded, round(goose["seconds"].mean, 1)) == ({"seconds"}, 400, 460.8)


@pytest.mark.parametrize(
    ("whole", "part", "left"), [(1000, 900, 100), (900, 900, 0), (100, 900, 100), (100, None, 100), (None, 900, None)]
)
def test_more_cached_tokens_than_input_tokens_are_counted_beside_them(whole, part, left):
    assert without(whole, part) == left


def test_harbor_input_tokens_exclude_cached_ones(write):
    agent = {"n_input_tokens": 1000, "n_cache_tokens": 900, "n_output_tokens": 50, "cost_usd": 0.25}
    trial = {
        "task_name": "t",
        "trial_name": "t__aaaaaa",
        "task_checksum": "x",
        "agent_info": {"name": "codex"},
        "agent_result": agent,
        "verifier_result": {"rewards": {"reward": 1.0}},
        "started_at": "2025-01-01T00:00:00Z",
        "finished_at": "2025-01-01T00:00:30Z",
    }
    expected = {"usd": 0.25, "seconds": 30, "tokens_in": 100, "tokens_out": 50, "tokens_cache_read": 900}
    assert measures(read(terminal_bench, write("job/t__aaaaaa/result.json", trial))) == [expected]
    assert measures(read(terminal_bench, write("job/t__aaaaaa/result.json", trial | {"agent_result": None}))) == [
        {"seconds": 30}
    ]


def test_bfcl_usage_is_summed_over_turns(write):
    rows = [
        {"id": "a_0", "result": [], "input_token_count": [[10, 20], [5]], "output_token_count": 7, "latency": [[1, 2]]},
        {"id": "a_1", "result": "Error during inference: Request timed out."},
    ]
    write("run/result/m/live/BFCL_v4_a_result.json", lines(rows))
    score = write(
        "run/score/m/live/BFCL_v4_a_score.json", lines([{"accuracy": 1.0, "correct_count": 2, "total_count": 2}])
    )
    assert measures(read(bfcl, score)) == [{"seconds": 3, "tokens_in": 35, "tokens_out": 7}, {}]


@real
def test_tokens_and_seconds_of_real_bfcl_results_are_as_known():
    results = WILD / "bfcl-vllm-results" / "results"
    first, second = usage(results / "v0.10.2"), usage(results / "v0.11.0")
    assert [(each["tokens_in"].recorded, each["tokens_in"].attempts) for each in (first, second)] == [
        (990, 990),
        (1389, 1390),
    ]
    assert [each[name].total for each in (first, second) for name in ("tokens_in", "tokens_out")] == [
        242_352,
        291_126,
        370_994,
        328_066,
    ]
    rows = howsure.read(results).rows.collect().filter(task="BFCL simple_python")
    by_run = rows.group_by("model").agg(pl.col("tokens_in", "tokens_out").sum(), pl.col("seconds").mean().round(3))
    assert by_run.sort("model").drop("model").rows() == [(82_267, 40_703, 1.673), (82_267, 43_871, 1.575)]


def test_evalscope_usage_is_taken_from_the_predictions(write):
    output = {"usage": used(120), "time": 1.5}
    write("run/predictions/m/d_s.jsonl", lines([{"index": 0, "model_output": output}, {"index": 1}]))
    score = {"score": {"value": {"acc": 1.0, "f1": 0.5}}}
    reviews = [{"index": k, "target": "x", "sample_score": score} for k in (0, 1, 2)]
    expected = {"seconds": 1.5, "tokens_in": 100, "tokens_out": 20}
    found = measures(read(evalscope, write("run/reviews/m/d_s.jsonl", lines(reviews))))
    assert found == [expected, expected, {}, {}, {}, {}]


@real
def test_tokens_and_seconds_of_real_evalscope_results_are_as_known():
    rows = howsure.read(WILD / "evalscope").rows.collect()
    rows = rows.unique(["task", "model", "item"]).with_columns(
        tokens=pl.sum_horizontal("tokens_in", "tokens_out", "tokens_cache_read")
    )
    assert dict(rows.group_by("model").agg(pl.col("tokens").sum()).iter_rows()) == {
        "qwen-plus": 48_396,
        "qwen3-max": 30_609,
    }
    times = rows.group_by("task", "model").agg(pl.col("seconds").mean().round(3))
    found = {(task, model): seconds for task, model, seconds in times.iter_rows()}
    assert [found["gsm8k", model] for model in ("qwen-plus", "qwen3-max")] == [6.311, 7.27]
    assert [found["gpqa_diamond", model] for model in ("qwen-plus", "qwen3-max")] == [33.403, 17.873]


def test_aider_cases_have_cost_and_seconds(write):
    case = {"testcase": "x", "model": "m", "tests_outcomes": [False, True], "cost": 0.25, "duration": 12}
    assert measures(read(aider, write("a/.aider.results.json", case))) == [{"usd": 0.25, "seconds": 12}] * 2
    assert measures(read(aider, write("b/.aider.results.json", case | {"cost": 0.0}))) == [{"seconds": 12}] * 2


def test_the_total_cost_in_an_aider_summary_is_checked_against_all_cases(tmp_path):
    summary = "- dirname: x\n  test_cases: 2\n  model: m\n  total_cost: 0.7512\n\ncosts: $0.37/test-case\n"
    for name, cost in (("a", 0.25), ("b", 0.50123)):
        case = {"testcase": name, "model": "m", "tests_outcomes": [True], "cost": cost, "duration": 12}
        (tmp_path / "run" / "failed" / name).mkdir(parents=True)
        (tmp_path / "run" / "failed" / name / ".aider.results.json").write_text(json.dumps(case))
    (tmp_path / "run" / "results.txt").write_text(summary)
    scores = howsure.read(tmp_path)
    assert [(f.source, f.figure, f.stated, round(f.read, 6), f.agrees) for f in scores.reconciled] == [
        (str(Path("run", "results.txt")), "usd", 0.7512, 0.75123, True)
    ]
    assert {file.outcome for file in scores.files} == {"read", "companion"}
    assert howsure.read(tmp_path / "run" / "failed" / "a").reconciled == ()


@real
@pytest.mark.parametrize(
    ("run", "usd", "seconds", "each"), [("20240917", 5.0914, 26.6, 0.038282), ("20240918", 4.5056, 23.3, 0.033877)]
)
def test_the_cost_of_real_aider_runs_is_the_stated_one(run, usd, seconds, each):
    (folder,) = (WILD / "aider-benchmarks").glob(f"{run}*")
    found = usage(folder)
    assert (found["usd"].attempts, round(found["usd"].total, 4), round(found["usd"].mean, 6)) == (133, usd, each)
    assert round(found["seconds"].mean, 1) == seconds
    assert [(f.stated, f.agrees) for f in howsure.read(folder).reconciled] == [(usd, True)]


def promptfoo_row(**more):
    tokens = {"total": 44, "prompt": 43, "completion": 1, "completionDetails": {"reasoning": 0}}
    return {
        "promptIdx": 0,
        "testIdx": 0,
        "success": True,
        "score": 1,
        "vars": {"q": len(more)},
        "provider": {"id": "p"},
        "failureReason": 0,
        "cost": 0.5,
        "latencyMs": 573,
        "response": {"output": "x", "tokenUsage": tokens},
        **more,
    }


def test_promptfoo_usage_excludes_cached_replays_and_grading(write):
    replayed = {"output": "x", "cached": True, "tokenUsage": {"cached": 44, "total": 44}}
    rows = [promptfoo_row(), promptfoo_row(response=replayed, cost=0), promptfoo_row(response=None, latencyMs=0, a=1)]
    stats = {"tokenUsage": {"prompt": 43, "completion": 1, "cached": 44, "total": 88}}
    document = {"evalId": "e", "results": {"version": 3, "results": rows, "stats": stats}}
    reading = read(promptfoo, write("x.json", document))
    took = {"usd": 0.5, "seconds": 0.573, "tokens_in": 43, "tokens_out": 1, "tokens_reasoning": 0}
    assert measures(reading) == [took, took, {}, {}, {}, {}]
    assert [(each.figure, each.value) for each in reading.totals] == [("tokens", 44)]
    rows[0]["gradingResult"] = {"tokensUsed": {"total": 700}}
    assert read(promptfoo, write("y.json", document)).totals == ()


@real
def test_cost_and_tokens_of_real_promptfoo_results_are_as_known():
    found = usage(WILD / "prompt-eval-workbench")
    assert found["usd"].mean == pytest.approx(6.9e-6)
    assert found["seconds"].total == pytest.approx(0.573 + 0.859 + 0.907)
    assert found["tokens_in"].total + found["tokens_out"].total == 129
    assert usage(WILD / "promptfoo-config-js") == {}
    assert usage(DATA / "raw" / "promptfoo" / "promptfoo-results.json") == {}


def test_metr_runs_that_start_at_0_have_seconds(write):
    run = {"run_id": "r", "task_id": "a", "task_family": "f", "score_binarized": 1, "alias": "human"}
    rows = [run | {"started_at": 0, "completed_at": 2500}, run | {"started_at": None, "completed_at": 2500}]
    assert measures(read(registry.by_name("metr"), write("all_runs.jsonl", lines(rows)))) == [{"seconds": 2.5}, {}]


@real
def test_seconds_of_real_metr_runs_are_as_known():
    rows = howsure.read(WILD / "METR-eval-analysis").rows.collect()
    medians = dict(rows.group_by("model").agg(pl.col("seconds").median().round(1)).iter_rows())
    assert (medians["o1-preview"], medians["GPT-4o"]) == (2107.4, 108.5)


def test_tau2_usage_excludes_the_user_simulator(write):
    info = {"num_trials": 1, "user_info": {"llm": "u"}, "agent_info": {"llm": "a"}}
    messages = [
        {"role": "assistant", "usage": None},
        {"role": "user", "usage": {"prompt_tokens": 99, "completion_tokens": 99}},
        {"role": "assistant", "usage": {"prompt_tokens": 10, "completion_tokens": 2}},
        {"role": "assistant", "usage": {"prompt_tokens": 20, "completion_tokens": 3}},
    ]
    run = {
        "task_id": "1",
        "reward_info": {"reward": 1.0},
        "agent_cost": 0.5,
        "user_cost": 9.0,
        "duration": 14.5,
        "messages": messages,
    }
    took = {"usd": 0.5, "seconds": 14.5, "tokens_in": 30, "tokens_out": 5}
    assert measures(read(tau_bench, write("x.json", {"info": info, "simulations": [run]}))) == [took]
    free = {"info": info, "simulations": [run | {"agent_cost": 0.0}]}
    assert "usd" not in measures(read(tau_bench, write("y.json", free)))[0]


@real
def test_a_tau2_model_without_a_price_has_no_cost():
    paid, tuned = (usage(next((DATA / "raw" / "tau_bench").glob(f"{name}*"))) for name in ("gpt-4.1", "ft_gpt"))
    assert paid["usd"].total == pytest.approx(0.783268)
    assert "usd" not in tuned
    assert tuned["tokens_in"].total == 1_277_560


def test_every_eval_ever_usage_has_tokens_and_seconds(write):
    row = {
        "schema_version": "0.2.2",
        "evaluation_id": "e",
        "model_id": "m",
        "evaluation_name": "t",
        "sample_id": "a",
        "interaction_type": "single_turn",
        "evaluation": {"score": 1.0},
        "token_usage": used(120),
        "performance": {"latency_ms": 1500},
    }
    bare = row | {"sample_id": "b", "token_usage": None, "performance": None}
    found = measures(read(every_eval_ever, write("x.jsonl", lines([row, bare]))))
    assert found == [{"seconds": 1.5, "tokens_in": 100, "tokens_out": 20}, {}]


def test_helm_usage_is_summed_over_the_requests_of_an_answer(write):
    def stat(name, total, count=1, **more):
        return {"name": {"name": name, "split": "test", **more}, "count": count, "sum": total, "mean": total / count}

    stats = [
        stat("exact_match", 1),
        stat("num_prompt_tokens", 800, 2),
        stat("num_completion_tokens", 3),
        stat("inference_runtime", 1.25),
        stat("num_prompt_tokens", 5000, perturbation={"name": "typos"}),
    ]
    document = [{"instance_id": "id1", "train_trial_index": 0, "stats": stats}]
    found = measures(read(helm, write("run/per_instance_stats.json", document)))
    assert found == [{"seconds": 1.25, "tokens_in": 800, "tokens_out": 3}]


def test_livebench_tokens_are_taken_from_the_answer_file(write):
    judgment = {"question_id": "q", "task": "t", "model": "m", "score": 0.5, "turn": 1, "tstamp": 1, "category": "c"}
    answer = {"question_id": "q", "answer_id": "x", "model_id": "m", "choices": [], "total_output_tokens": 12}
    answers = write("t/model_answer/m.jsonl", lines([answer, answer | {"question_id": "r", "total_output_tokens": -1}]))
    rows = [judgment, judgment | {"question_id": "r"}, judgment | {"model": "other"}]
    reading = read(livebench, write("t/model_judgment/ground_truth_judgment.jsonl", lines(rows)))
    assert measures(reading) == [{"tokens_out": 12}, {}, {}]
    assert livebench.claims(answers) == "companion"
    assert livebench.claims(write("alone/model_answer/m.jsonl", lines([answer]))) is None


@real
@pytest.mark.parametrize(("task", "tokens"), [("paraphrase", 10_356), ("simplify", 11_229), ("summarize", 10_088)])
def test_tokens_of_real_livebench_answers_are_as_known(task, tokens):
    (folder,) = (WILD / "LiveBench").glob(f"**/{task}")
    assert totals(folder) == {"tokens_out": (50, tokens)}


@real
def test_the_price_of_the_judge_is_not_the_cost_of_the_model():
    assert usage(WILD / "alpaca_eval") == {}


# describe


def test_usage_is_counted_once_per_attempt_and_not_per_metric():
    shared = {"task": "t", "model": "m", "item": "a"}
    records = [{**shared, "metric": metric, "score": 1.0, "usd": 0.25} for metric in ("one", "two")]
    records.append({**shared, "item": "b", "metric": "one", "score": 1.0, "usd": None})
    (found,) = howsure.describe(tidy(records, source="x")).usage
    assert (found.name, found.recorded, found.attempts, found.total, found.mean) == ("usd", 1, 2, 0.25, 0.25)


@pytest.mark.parametrize("engine", ["polars", "pandas", "pyarrow"])
def test_usage_columns_of_every_frame_are_recognised(engine):
    frame = pl.DataFrame({"model": ["m"] * 3, "item": ["a", "b", "c"], "score": [1.0, 0.0, 1.0], "steps": [3, None, 5]})
    if engine == "pandas":
        pytest.importorskip("pandas")
    native = frame.to_pandas() if engine == "pandas" else frame.to_arrow() if engine == "pyarrow" else frame
    answer = howsure.describe(native)
    assert [(each.name, each.recorded, each.attempts, each.mean) for each in answer.usage] == [("steps", 2, 3, 4.0)]
    assert "steps" not in answer.columns


def test_describe_shows_usage_with_the_number_of_recorded_attempts(tmp_path):
    rows = [{"model": "m", "item": str(k), "score": 1, "usd": 0.0000207 if k else None} for k in range(3)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = howsure.describe(tmp_path).render(details=True)
    assert "usd" in told
    assert "2 of 3 attempts" in told
    assert "0.0000414" in told


ODD = ([1], "x", 3, {"a": [1]}, {"input_tokens": {"b": 1}, "total_tokens": "x"}, None, True, float("nan"))


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_malformed_usage_does_not_affect_scores(write, tmp_path, odd):
    one = sample(1, 1, model_usage={"mock/a": odd}, role_usage={"grader": odd}, total_time=odd)
    other = sample(2, 0, model_usage=odd, role_usage=odd)
    path = inspect_log(tmp_path, [one, other], {"model_usage": odd, "started_at": odd})
    assert howsure.read(path).rows.collect()["score"].to_list() == [1, 0]
    row = promptfoo_row(response=odd, cost=odd, latencyMs=odd, gradingResult=odd)
    document = {"evalId": "e", "results": {"version": 3, "results": [row], "stats": {"tokenUsage": odd}}}
    rows = read(promptfoo, write("p.json", document)).rows
    assert rows["score"].to_list() == [1, 1]


def test_unreadable_answer_files_do_not_affect_scores(tmp_path):
    judged = tmp_path / "model_judgment" / "ground_truth_judgment.jsonl"
    answers = tmp_path / "model_answer" / "m.jsonl"
    for path in (judged, answers):
        path.parent.mkdir()
    row = {"question_id": "q", "task": "t", "model": "m", "score": 1, "category": "c", "tstamp": 1}
    long = {**row, "model": "m" * 300}
    judged.write_text("".join(f"{json.dumps(each)}\n" for each in (row, long)))
    answers.write_text('{"question_id": "q"}\n{\n{"question_id": "q"}\n')
    assert howsure.read(judged).to_frame()["score"].to_list() == [1, 1]


def test_usage_beyond_the_float_range_is_unrecorded():
    assert numbers_of_usage([10**400, 3]).to_list() == [None, 3]
    assert [function(10**400) for function in (per_thousand, summed)] == [None, None]
