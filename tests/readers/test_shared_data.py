"""Real results: every file is read, ignored or refused with a reason, and scores equal known ones.

The files are not part of the project: without them these tests are skipped.
"""

from pathlib import Path

import polars as pl
import pytest

import howsure
from howsure.errors import ReadError
from howsure.readers import alpaca_eval, arc_agi, cruxeval, helm, inspect_ai, lm_eval, promptfoo, swebench, tau_bench
from howsure.readers.base import Source
from howsure.readers.registry import HARNESSES, _built_in, identify
from howsure.table.schema import COLUMNS, STATUSES
from reader_cases import SHARED, claimed, read, scores

RAW = SHARED / "raw"
FILES = sorted(path for path in RAW.rglob("*") if path.is_file())

pytestmark = pytest.mark.skipif(not FILES, reason="the shared data is not here")

UNKNOWN = {"swebench/8c1034_summary.json", "swebench/summary.json"}
REFUSED = {
    "bad/lfs_pointer.eval": "git lfs pull",
    "inspect/2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval": "no sample has a score",
    "inspect/retry-2-then-success.eval": "no sample has a score",
}


def source(path):
    return Source(path=path, root=RAW)


def name(path):
    return str(path.relative_to(RAW))


def tidy(file):
    return pl.read_parquet(SHARED / "tidy" / f"{file}.parquet")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_real_file_is_read_or_refused_by_exactly_one_reader(path):
    specific = [reader.NAME for reader in map(_built_in, HARNESSES) if claimed(reader, source(path))]
    if name(path) in UNKNOWN:
        assert specific == []
        return
    assert len(specific) == 1, "one reader, and only one, knows the file"
    found = identify(source(path))
    assert found is not None
    reader, claim = found
    if claim == "companion":
        return
    if name(path) in REFUSED:
        with pytest.raises(ReadError, match=REFUSED[name(path)]):
            reader.read(source(path))
        return
    check(reader.read(source(path)))


def check(reading):
    assert reading.rows is not None or reading.published
    assert reading.facts
    for fact in reading.facts:
        assert fact.failures in ("drop", "zero")
        assert fact.failures_words.endswith(".")
    if reading.rows is None:
        return
    rows = reading.rows
    assert tuple(rows.columns[: len(COLUMNS)]) == COLUMNS
    assert rows.height > 0
    assert set(rows["status"]) <= set(STATUSES)
    assert rows.select(((pl.col("status") == "ok") == pl.col("score").is_finite().fill_null(False)).all()).item()
    assert rows.select(pl.col("task", "model", "item", "attempt", "metric").null_count()).row(0) == (0,) * 5
    assert rows.select("task", "model", "item", "attempt", "metric").is_duplicated().sum() == 0
    assert {fact.task for fact in reading.facts} == set(rows["task"])
    for fact in reading.facts:
        assert fact.headline is None or fact.headline in set(rows["metric"])


INSPECT = [path for path in FILES if path.parent.name == "inspect" and name(path) not in REFUSED]
HEADERS_ALONE = {"2025-05-12T20-28-13-04-00_no-samples.json", "log_tool_call_error.json"}
LM_EVAL = [path for path in FILES if "samples_" in path.name and path.parent.name == "lm_eval"]


def read_independently(paths, file):
    """Return those of the paths that somebody else read too."""
    known = {Path(each).name for each in tidy(file)["path"].unique()} if paths else set()
    return [path for path in paths if path.name[path.name.find("samples_") :] in known or path.name in known]


@pytest.mark.parametrize("path", read_independently(INSPECT, "inspect_logs"), ids=name)
def test_inspect_agrees_with_an_independent_reading(path):
    known = tidy("inspect_logs").filter(pl.col("path").str.ends_with("/" + path.name))
    expected = {
        (row["item"], row["epoch"] - 1, row["scorer"]): row["score"]
        for row in known.filter(pl.col("blob") == pl.col("blob").first()).to_dicts()
    }
    assert scores(read(inspect_ai, source(path))) == expected


@pytest.mark.parametrize("path", INSPECT, ids=name)
def test_inspect_scores_and_standard_errors_agree_with_the_log_header(path):
    reading = read(inspect_ai, source(path))
    assert (reading.rows is None) == (path.name in HEADERS_ALONE)
    for entry in () if reading.rows is None else reading.published:
        per_item = reading.rows.filter(pl.col("metric") == entry.metric).group_by("item").agg(pl.col("score").mean())
        assert per_item["score"].mean() == pytest.approx(entry.score)
        assert per_item.height == entry.n
        if entry.n and entry.n > 1:
            assert per_item["score"].std() / entry.n**0.5 == pytest.approx(entry.stderr)


@pytest.mark.parametrize("path", read_independently(LM_EVAL, "lm_eval_samples"), ids=name)
def test_lm_eval_agrees_with_an_independent_reading(path):
    model, _, file = path.name.partition("__samples_")
    known = tidy("lm_eval_samples").filter(pl.col("path").str.ends_with(f"/samples_{file}"), pl.col("model") == model)
    reading = read(lm_eval, source(path))
    assert reading.rows is not None
    known = known.filter(pl.col("score").is_not_null(), pl.col("blob") == pl.col("blob").first())
    expected = {(str(row["item"]), row["metric"]): row["score"] for row in known.to_dicts()}
    assert {(row["doc_id"], row["metric"]): row["score"] for row in reading.rows.to_dicts()} == pytest.approx(expected)


def test_lm_eval_finds_the_published_scores():
    paths = [path for path in FILES if path.parent.name == "lm_eval" and "samples_" not in path.name]
    readings = {path.name: read(lm_eval, source(path)) for path in paths}
    (mmlu,) = (
        entry
        for entry in readings["Qwen__Qwen2.5-1.5B__results_2025-03-03T00-05-12.300060.json"].published
        if entry.task == "arc_challenge" and entry.metric == "acc"
    )
    assert (mmlu.model, mmlu.score, mmlu.n) == ("Qwen/Qwen2.5-1.5B", 0.41467576791808874, 1172)
    n = 1172
    assert mmlu.stderr == pytest.approx((mmlu.score * (1 - mmlu.score) / (n - 1)) ** 0.5)
    assert all(
        entry.stderr is None or entry.stderr >= 0 for reading in readings.values() for entry in reading.published
    )


def test_cruxeval_agrees_with_an_independent_reading():
    known = tidy("cruxeval_samples").filter(pl.col("benchmark") == "cruxeval_output")
    for path in (path for path in FILES if path.parent.name == "cruxeval"):
        reading = read(cruxeval, source(path))
        model, temperature = reading.rows["model"][0], f"temp{reading.configuration['temperature']}"
        expected = known.filter(pl.col("model") == model, pl.col("temperature") == temperature)
        assert not expected.is_empty()
        assert_same(reading, expected)


def assert_same(reading, expected):
    ours = reading.rows.select("item", pl.col("attempt") + 1, pl.col("score")).sort("item", "attempt")
    theirs = expected.select("item", pl.col("epoch").cast(pl.Int64), pl.col("score").cast(pl.Float64)).sort(
        "item", "epoch"
    )
    assert ours.rows() == theirs.rows()


def test_alpaca_eval_agrees_with_an_independent_reading():
    path = RAW / "alpaca_eval" / "bedrock_claude__bedrock_claude__annotations.json"
    rows = read(alpaca_eval, source(path)).rows
    known = tidy("alpaca_eval").filter(pl.col("model") == "bedrock_claude", pl.col("judge") == "bedrock_claude")
    assert sorted(rows["score"]) == pytest.approx(sorted(known["score"]))


def test_an_alpaca_eval_leaderboard_gives_its_published_score_and_standard_error():
    reading = read(alpaca_eval, source(RAW / "alpaca_eval" / "weighted_alpaca_eval_gpt4_turbo_leaderboard.csv"))
    (entry,) = (e for e in reading.published if e.model == "NullModel" and e.metric == "win_rate")
    assert entry.score == pytest.approx(0.7691979180386511)
    assert entry.n == 805
    assert entry.stderr == pytest.approx(0.009090102449662572)


def test_arc_agi_agrees_with_an_independent_reading():
    known = tidy("arc_agi")
    for path in (path for path in FILES if path.parent.name == "arc_agi"):
        rows = read(arc_agi, source(path)).rows
        expected = known.filter(pl.col("model") == rows["model"][0]).select("item", "score")
        assert rows.select("item", "score").sort("item").rows() == expected.sort("item").rows()


def test_helm_agrees_with_an_independent_reading_and_its_published_scores():
    known = tidy("helm_safety")
    for path in (path for path in FILES if path.name == "per_instance_stats.json"):
        reading = read(helm, source(path))
        model = reading.rows["model"][0].replace("/", "_")
        benchmark = "helm_" + reading.facts[0].task.partition(":")[0]
        expected = known.filter(pl.col("model") == model, pl.col("benchmark") == benchmark, pl.col("count") > 0)
        assert not expected.is_empty()
        theirs = {(row["item"], row["trial"], row["metric"]): row["score"] for row in expected.to_dicts()}
        ours = scores(reading)
        assert {key: ours[key] for key in theirs} == pytest.approx(theirs)
        for entry in reading.published:
            mean = reading.rows.filter(pl.col("metric") == entry.metric)["score"].mean()
            assert mean == pytest.approx(entry.score)


def test_tau2_gives_the_known_mean_rewards():
    means = {
        path.name[:7]: reading.rows["score"].mean()
        for path in FILES
        if path.parent.name == "tau_bench" and "trials" in path.name
        for reading in [read(tau_bench, source(path))]
        if reading.rows is not None
    }
    assert means == {"ft_gpt-": 0.65, "gpt-4.1": 0.5}


def test_swebench_repeat_runs_give_the_known_resolved_counts():
    rows = read(swebench, source(RAW / "swebench" / "per_run_results.json")).rows
    resolved = dict(rows.group_by("model").agg(pl.col("score").sum()).rows())
    assert [resolved[f"i0_run{run}"] for run in range(1, 6)] == [79, 75, 77, 76, 72]
    known = tidy("swebench_repeat_runs")
    ours = {(row["model"], row["item"]): row["score"] for row in rows.to_dicts()}
    assert all(ours.get((row["run"], row["item"]), 0.0) == row["score"] for row in known.to_dicts())


def test_swebench_reports_count_every_task():
    for path in (path for path in FILES if path.name.endswith("__results__results.json")):
        rows = read(swebench, source(path)).rows
        assert rows.height == 91, "total_instances of these reports"


def test_promptfoo_errors_do_not_count_as_0():
    rows = read(promptfoo, source(RAW / "promptfoo" / "promptfoo-results.json")).rows
    assert rows.filter(pl.col("metric") == "pass")["status"].to_list() == ["error"] * 16


def test_dates_commits_and_versions_of_runs_are_read():
    said = {
        (run.reader, run.started, run.commit[:7], run.environment.get("promptfoo", ""))
        for folder in ("tau_bench", "promptfoo")
        for run in howsure.runs(RAW / folder).runs
        if run.counted
    }
    assert said == {
        ("tau-bench", "2025-08-01T16:20:43.824977", "b02b509", ""),
        ("tau-bench", "2025-08-01T15:53:26.301478", "b02b509", ""),
        ("promptfoo", "2026-04-21T13:43:38.938Z", "", ""),
        ("promptfoo", "2026-02-08T12:35:10.119Z", "", "0.120.19"),
        ("promptfoo", "2026-02-07T13:04:39.955Z", "", "0.120.19"),
        ("promptfoo", "2026-02-07T12:43:51.183Z", "", "0.120.19"),
    }


def test_lm_eval_reruns_without_results_files_are_attempts():
    rows = howsure.read(RAW / "lm_eval").to_frame()
    attempts = dict(rows.group_by("model").agg(pl.col("attempt").n_unique()).iter_rows())
    assert attempts == {"FLOR-760M": 1, "Qwen/Qwen3-8B": 2, "meta-llama/Meta-Llama-3-8B": 2}
