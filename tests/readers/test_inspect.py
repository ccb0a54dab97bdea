"""Inspect logs: scores, statuses, metadata, partial and damaged logs; on handmade logs for each special case and on real ones."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counted import calls_in
from howsure.errors import ReadError
from howsure.readers import inspect_ai
from howsure.readers.base import Source
from howsure.readers.inspect_scores import Samples, frame, score_frame, summary, to_number
from howsure.readers.zipped import Archive
from howsure.table.schema import COLUMNS, FINGERPRINTS
from howsure.table.scores import Extent, Published, Run
from places import ROOT
from reader_cases import codes, inspect_header, read, sample, scores, zipped

FIXTURES = ROOT / "tests" / "fixtures" / "inspect"
NAN = float("nan")


def log(tmp_path, samples, header=None, *, method=93):
    members = {"summaries.json": samples, "header.json": header or inspect_header()}
    return Source(path=zipped(members, tmp_path / "a.eval", method=method), root=tmp_path)


def fixture(name):
    path = FIXTURES / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: make it with tests/fixtures/inspect/make.py")
    return read(inspect_ai, Source(path=path, root=FIXTURES))


def inspect_extent(**given):
    remedy = "Finish the run with inspect eval-retry, or treat the result as one over fewer questions."
    return Extent(**{"task": "words", "model": "mock/a", "status": "success", "remedy": remedy, **given})


@pytest.mark.parametrize("method", [8, 93], ids=["deflate", "zstd"])
def test_a_log_is_read_from_its_summaries(tmp_path, method):
    reading = read(inspect_ai, log(tmp_path, [sample(1, "C"), sample(2, "I")], method=method))
    assert scores(reading) == {("1", 0, "match"): 1.0, ("2", 0, "match"): 0.0}
    assert tuple(reading.rows.columns) == (*COLUMNS, *FINGERPRINTS)
    assert reading.rows.drop(FINGERPRINTS).row(0, named=True) == {
        "task": "words",
        "model": "mock/a",
        "item": "1",
        "attempt": 0,
        "metric": "match",
        "score": 1.0,
        "status": "ok",
        "cluster": None,
        "weight": None,
        "source": "a.eval",
    }
    assert reading.run == Run(
        key="t1",
        complete=True,
        started="2025-01-01T00:00:00+00:00",
        identity="t1 2025-01-01T00:00:00+00:00",
        call="r1",
        ids=("t1 2025-01-01T00:00:00+00:00", "t1", "r1"),
        epochs=1,
        exam={"version": "0", "scorer:match": "", "grader:match": ""},
        attempts=2,
    )
    assert codes(reading) == []


NUMBERS = {
    1.0: ("C", "yes", "TRUE", True),
    0.5: ("P",),
    0.0: ("I", "N", "No", "false"),
    0.25: ("0.25",),
    3.0: (" 3 ",),
    7.0: (7,),
    None: ("c", "maybe", "nan", "inf", NAN, None, 10**400, {}),
}


@pytest.mark.parametrize("number", NUMBERS)
def test_inspect_score_values_become_a_number_or_none(number):
    assert [to_number(value) for value in NUMBERS[number]] == [number] * len(NUMBERS[number])


def test_epochs_are_attempts_from_0(tmp_path):
    reading = read(inspect_ai, log(tmp_path, [sample("a", 1, epoch=2), sample("a", 0, epoch=1)]))
    assert scores(reading) == {("a", 1, "match"): 1.0, ("a", 0, "match"): 0.0}


def test_a_nan_is_unscored_and_an_error_is_an_error(tmp_path):
    failed = {**sample("c", 0), "scores": {}, "error": "boom"}
    unscored = {**sample("d", 0), "scores": {}}
    reading = read(inspect_ai, log(tmp_path, [sample("a", NAN), sample("b", 1.0), failed, unscored]))
    assert scores(reading) == {
        ("a", 0, "match"): "unscored",
        ("b", 0, "match"): 1.0,
        ("c", 0, "match"): "error",
        ("d", 0, "match"): "unscored",
    }
    assert reading.facts[0].failures == "drop"


def test_a_text_that_is_no_score_is_unscored_with_a_warning_that_quotes_it(tmp_path):
    reading = read(inspect_ai, log(tmp_path, [sample("a", "maybe\x1b[31m"), sample("b", "C")]))
    assert scores(reading) == {("a", 0, "match"): "unscored", ("b", 0, "match"): 1.0}
    assert [warning.message for warning in reading.warnings] == [
        "a.eval: 1 values aren't scores and count as unscored, such as match of sample 'a': 'maybe\\x1b[31m'."
    ]


def test_each_scorer_and_score_key_is_a_metric(tmp_path):
    both = {"rubric": {"value": {"style": 3, "fact": "C"}}, "list": {"value": [1, 0]}, "match": {"value": "I"}}
    header = inspect_header(
        results={
            "scores": [
                {"name": "style", "scorer": "rubric", "metrics": {"mean": {"value": 3}}},
                {"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": 0.0}, "stderr": {"value": NAN}}},
                {"name": "match", "scorer": "match", "reducer": "pass_at_2", "metrics": {"accuracy": {"value": 1}}},
            ]
        }
    )
    reading = read(inspect_ai, log(tmp_path, [{**sample("a", 0), "scores": both}], header))
    assert scores(reading) == {
        ("a", 0, "rubric/style"): 3.0,
        ("a", 0, "rubric/fact"): 1.0,
        ("a", 0, "list/0"): 1.0,
        ("a", 0, "list/1"): 0.0,
        ("a", 0, "match"): 0.0,
    }
    assert reading.facts[0].headline is None
    assert [(entry.metric, entry.score, entry.stderr) for entry in reading.published] == [
        ("rubric/style", 3.0, None),
        ("match", 0.0, None),
        ("match@pass_at_2", 1.0, None),
    ]


def test_the_only_score_is_the_headline_metric(tmp_path):
    scores = [{"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": 0.5}, "stderr": {"value": 0.1}}}]
    header = inspect_header(results={"scores": scores, "total_samples": 1, "completed_samples": 1})
    reading = read(inspect_ai, log(tmp_path, [sample("a", "C")], header))
    assert reading.facts[0].headline == "match"
    assert reading.published == (
        Published(task="words", model="mock/a", metric="match", score=0.5, n=1, stderr=0.1, source="a.eval"),
    )


def test_metadata_becomes_columns_unless_the_summary_removed_it(tmp_path):
    metadata = {"passage": "p1", "score": 3, "big": "Key removed from summary (> 1k)", "nested": {"a": 1}, "ok": True}
    reading = read(inspect_ai, log(tmp_path, [sample("a", 1, metadata=metadata)]))
    extra = reading.rows.select([name for name in reading.rows.columns if name not in (*COLUMNS, *FINGERPRINTS)])
    assert extra.to_dicts() == [{"passage": "p1", "metadata_score": "3", "ok": "true"}]


def test_numeric_and_text_sample_ids_give_a_warning(tmp_path):
    reading = read(inspect_ai, log(tmp_path, [sample(1, 1), sample("b", 1)]))
    assert codes(reading) == ["mixed_id_types"]
    assert ("1", 0, "match") in scores(reading)


def test_hostile_names_are_kept_as_data(tmp_path):
    name = "../../etc/passwd\x00<script>\x1b]0;x\x07'; DROP TABLE--"
    reading = read(inspect_ai, log(tmp_path, [sample(name, 1, metadata={name: name})], inspect_header(model=name)))
    row = reading.rows.row(0, named=True)
    assert (row["item"], row["model"], row[name]) == (name, name, name)


def test_lone_surrogates_become_question_marks(tmp_path):
    reading = read(inspect_ai, log(tmp_path, [sample("a\ud83d", 1, metadata={"m": "\udc00é"})]))
    assert reading.rows.select("item", "m").row(0) == ("a?", "?é")


def test_a_cancelled_run_is_incomplete(tmp_path):
    reading = read(inspect_ai, log(tmp_path, [sample(1, 1)], inspect_header(status="cancelled")))
    assert reading.extents == (inspect_extent(items=2, attempts=1, names=("1", "2"), status="cancelled"),)
    assert not reading.run.complete


@pytest.mark.parametrize(
    ("dataset", "config", "extent"),
    [
        ({"samples": 100}, {"limit": 3}, {"items": 3, "attempts": 1, "whole": 100}),
        ({"samples": 100}, {"limit": [10, 14], "epochs": 2}, {"items": 4, "attempts": 2, "whole": 100}),
        ({"samples": 3}, {"limit": 10}, {"items": 3, "attempts": 1}),
        (
            {"samples": 100, "sample_ids": [1, 2, 3, 4]},
            {"limit": 4, "epochs": 2},
            {"items": 4, "attempts": 2, "whole": 100, "names": ("1", "2", "3", "4")},
        ),
    ],
)
def test_the_planned_items_and_epochs_are_read_from_the_header(tmp_path, dataset, config, extent):
    reading = read(inspect_ai, log(tmp_path, [sample(1, 1)], inspect_header(dataset=dataset, config=config)))
    assert reading.extents == (inspect_extent(**extent),)


def test_an_invalidated_log_and_an_epochs_reducer_give_warnings(tmp_path):
    header = inspect_header(invalidated=True, config={"epochs": 2, "epochs_reducer": ["mode"]}, dataset={"samples": 1})
    reading = read(inspect_ai, log(tmp_path, [sample(1, 1), sample(1, 0, epoch=2)], header))
    assert codes(reading) == ["invalidated", "reducer"]


def test_the_configuration_is_what_the_user_set_without_secrets(tmp_path):
    header = inspect_header(
        model_generate_config={"temperature": 0.5, "max_retries": 3, "timeout": 10},
        model_args={"api_key": "sk-1", "device": "cpu"},
        task_args={"cot": True},
        plan={"steps": [{"solver": "cot"}, {"solver": "generate"}]},
        model_roles={"grader": {"model": "mock/judge"}},
    )
    assert read(inspect_ai, log(tmp_path, [sample(1, 1), sample(2, 1)], header)).configuration == {
        "temperature": "0.5",
        "model_args.device": "cpu",
        "task_args.cot": "true",
        "model_roles.grader": "mock/judge",
        "solver": "cot, generate",
    }


def test_a_crashed_run_is_read_from_its_journal(tmp_path):
    start = {key: value for key, value in inspect_header().items() if key in ("version", "eval")}
    members = {
        "_journal/start.json": start,
        "_journal/summaries/10.json": [sample(2, 1)],
        "_journal/summaries/9.json": [sample(1, 0), sample(2, 0)],
    }
    reading = read(inspect_ai, Source(path=zipped(members, tmp_path / "a.eval"), root=tmp_path))
    assert scores(reading) == {("1", 0, "match"): 0.0, ("2", 0, "match"): 1.0}
    assert (reading.run.key, reading.run.complete) == ("t1", False)


def test_samples_are_read_if_there_are_no_summaries(tmp_path):
    members = {"samples/1_epoch_1.json": sample(1, "C"), "header.json": inspect_header()}
    reading = read(inspect_ai, Source(path=zipped(members, tmp_path / "a.eval"), root=tmp_path))
    assert scores(reading) == {("1", 0, "match"): 1.0}


LONG = ["", "a", "b" * 1_500, ["x" * 1_200, 1, {"y": None}], [], None, 3, True]
PART = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["text", "image", None]), "text": st.sampled_from(LONG)}
)
TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "system", "assistant", None])},
    optional={"content": st.sampled_from(LONG) | st.lists(PART | st.none(), max_size=3), "id": st.text(max_size=3)},
)
FULL = st.fixed_dictionaries(
    {"id": st.sampled_from([1, "1", "a"]), "epoch": st.integers(1, 2)},
    optional={
        "input": st.sampled_from(LONG) | st.lists(TURN | st.integers(), max_size=4),
        "target": st.sampled_from(LONG),
        "metadata": st.dictionaries(st.sampled_from(["task", "cluster", "level", "key"]), st.sampled_from(LONG))
        | st.none(),
        "scores": st.sampled_from(
            [None, 1, {"s": {"value": "C", "history": [1]}}, {"s": {"value": [1, 0]}}, {"s": 0.5}]
        ),
        "error": st.sampled_from([None, {"message": "m", "traceback": "t"}]),
        "error_retries": st.sampled_from([None, [], [{"message": "m"}]]),
        "retries": st.sampled_from([0, 1]),
        "limit": st.sampled_from([None, {"type": "token", "limit": 5}, "time"]),
        "invalidation": st.sampled_from([None, {"author": "x"}]),
        "total_time": st.sampled_from([None, 1.5]),
        "model_usage": st.sampled_from([None, {"m": {"input_tokens": 3, "total_tokens": 3}}]),
        "role_usage": st.sampled_from([None, {"grader": {"input_tokens": 1}}]),
        "messages": st.just([{"role": "user", "content": "long"}]),
    },
)


@given(st.lists(FULL, max_size=5))
def test_reduced_samples_give_the_same_scores_usage_and_fingerprints(samples):
    kept = [summary(each) for each in samples]
    assert json.dumps(kept).count("long") == 0
    tables = [Samples.of(each, expected=(), spec={"model": "m"}) for each in (samples, kept)]
    frames = [score_frame(table, task="t", model="m", source="s") for table in tables]
    assert frames[0].equals(frames[1])
    assert [replace(table, usage=None) for table in tables[1:]] == [replace(tables[0], usage=None)]
    assert (tables[0].usage.tokens, tables[0].usage.once) == (tables[1].usage.tokens, tables[1].usage.once)
    assert frame(each.get("input") for each in samples) == frame(each.get("input") for each in kept)


def test_a_bare_nan_in_a_json_log_is_unscored(write):
    document = {**inspect_header(), "samples": [sample("a", NAN), sample("b", "C")]}
    assert "NaN" in json.dumps(document)
    assert scores(read(inspect_ai, write("a.json", document)))["a", 0, "match"] == "unscored"


@pytest.mark.parametrize(
    ("metrics", "planned", "clusters"),
    [
        ([{"stderr": {"name": "stderr", "value": 0.1, "params": {"cluster": "text"}}}], [], {"text"}),
        ([{"stderr": {"value": 0.1, "params": {"cluster": "model"}}}], [], {"metadata_model"}),
        ([{"stderr": {"value": 0.1, "params": {}}}], [], {""}),
        ([{"accuracy": {"value": 0.5}}], [], set()),
        ([{"stderr": {"value": 0.1, "params": {"cluster": "text"}}}, {"stderr": {"value": 0.1}}], [], {"text"}),
        ([{"clustered_se": {"value": 0.1, "params": {"cluster": "text"}}}], [], {"text"}),
        ([{"howsure_se": {"value": 0.1, "params": {"cluster": "none"}}, "stderr": {"value": 0.1}}], [], {""}),
        ([{"stderr": None, "clustered_se": {"params": {"cluster": 3}}}], [], {""}),
        ([], [{"name": "inspect_ai/stderr", "options": {"cluster": "text"}}], {"text"}),
        ([], {"fluency": [{"name": "inspect_ai/stderr", "options": {"cluster": "text"}}]}, {"text"}),
        ([], [{"name": "inspect_ai/stderr", "options": {}}], {""}),
        ([], [], set()),
    ],
)
def test_the_cluster_of_a_log_is_taken_from_its_clustered_standard_errors(tmp_path, metrics, planned, clusters):
    results = {"scores": [{"name": f"s{k}", "metrics": each} for k, each in enumerate(metrics)]}
    header = inspect_header(results=results, scorers=[{"name": "s0", "metrics": planned}])
    assert inspect_ai.read(log(tmp_path, [sample(1, 1)], header)).facts[0].clusters == clusters


def test_results_without_samples_are_published_scores(write):
    scores = [{"name": "m", "scorer": "m", "metrics": {"accuracy": {"value": 0.5}, "stderr": {"value": 0.1}}}]
    header = inspect_header(
        results={"total_samples": 4, "completed_samples": 4, "scores": scores}, config={"epochs": 2}
    )
    reading = read(inspect_ai, write("a.json", header))
    assert reading.rows is None
    assert [(entry.score, entry.stderr, entry.n) for entry in reading.published] == [(0.5, 0.1, 2)]


def test_an_unscored_log_is_an_error_that_says_how_to_score_it(tmp_path):
    with pytest.raises(ReadError) as caught:
        read(inspect_ai, log(tmp_path, [{**sample(1, 0), "scores": {}}]))
    assert str(caught.value) == "a.eval: no sample has a score. Score the log first: inspect score a.eval"


def test_results_of_unscored_samples_are_published_with_a_warning(write):
    stated = [{"name": "m", "scorer": "m", "metrics": {"mean": {"value": 0.5}}}]
    header = inspect_header(results={"total_samples": 1, "completed_samples": 1, "scores": stated})
    reading = read(inspect_ai, write("a.json", {**header, "samples": [{**sample(1, 0), "scores": {}}]}))
    assert (reading.rows, codes(reading)) == (None, ["unscored_samples"])


def test_an_existing_score_counts_even_after_an_error(tmp_path):
    rows = [sample(1, "C", error="time limit"), sample(2, "I")]
    assert scores(read(inspect_ai, log(tmp_path, rows))) == {("1", 0, "match"): 1.0, ("2", 0, "match"): 0.0}


def test_logs_without_a_task_id_are_separate_runs(tmp_path):
    run = read(inspect_ai, log(tmp_path, [sample(1, 1)], inspect_header(task_id=None))).run
    assert (run.key, run.identity) == ("", "")


def test_samples_that_all_failed_keep_the_planned_metric(tmp_path):
    rows = [{**sample(name, 0), "scores": {}, "error": "boom"} for name in (1, 2)]
    assert scores(read(inspect_ai, log(tmp_path, rows))) == {("1", 0, "match"): "error", ("2", 0, "match"): "error"}


def test_a_truncated_log_is_an_error(tmp_path):
    source = log(tmp_path, [sample(1, 1)])
    source.path.write_bytes(source.path.read_bytes()[:-40])
    with pytest.raises(ReadError, match="not a complete zip archive"):
        read(inspect_ai, Source(path=source.path, root=tmp_path))


@pytest.mark.parametrize("members", [{"word/document.xml": b"x"}, {"data.csv": b"a,b"}])
def test_other_zip_files_are_not_claimed(tmp_path, members):
    assert inspect_ai.claims(Source(path=zipped(members, tmp_path / "a.eval"), root=tmp_path)) is None


def _calls(tmp_path, count):
    """Count the calls that reading a log with so many samples takes."""
    rows = [sample(i // 5, "C", epoch=i % 5 + 1, metadata={"group": i % 7}) for i in range(count)]
    source = log(tmp_path, rows, inspect_header(dataset={"samples": count // 5}, config={"epochs": 5}))
    assert inspect_ai.read(source).rows.height == count
    return calls_in(lambda: inspect_ai.read(source))


def test_a_log_is_read_in_calls_proportional_to_its_samples(tmp_path):
    few, many = _calls(tmp_path, 500), _calls(tmp_path, 1_000)
    assert many < 2.1 * few
    assert many < 80 * 1_000, "62 a sample when this was written"


def test_of_a_log_with_summaries_no_full_sample_is_opened(tmp_path, monkeypatch):
    rows = [sample(i, "C") for i in range(20)]
    full = {f"samples/{i}_epoch_1.json": row for i, row in enumerate(rows)}
    members = {**full, "summaries.json": rows, "header.json": inspect_header()}
    source = Source(path=zipped(members, tmp_path / "a.eval"), root=tmp_path)
    opened, real = [], Archive.read
    monkeypatch.setattr(Archive, "read", lambda archive, name: opened.append(name) or real(archive, name))
    assert inspect_ai.read(source).rows.height == 20
    assert sorted(opened) == ["header.json", "summaries.json"]


def test_a_real_json_log_gives_its_stated_score():
    reading = fixture("small.json")
    assert len(scores(reading)) == 16
    assert _mean(reading, "includes") == pytest.approx(reading.published[0].score)


def test_a_real_log_with_dictionary_scores_gives_its_stated_scores():
    reading = fixture("dict_scores.eval")
    for entry in reading.published:
        assert _mean(reading, entry.metric) == pytest.approx(entry.score)
    assert reading.facts[0].headline == "rubric/fluency"


def test_failed_samples_of_a_real_log_have_status_error():
    values = list(scores(fixture("errored.eval")).values())
    assert (len(values), values.count("error")) == (8, 3)
    assert set(scores(fixture("all_errored.eval")).values()) == {"error"}


def test_unscored_samples_of_a_real_log_have_status_unscored():
    values = scores(fixture("unscored.eval"))
    assert {item for (item, _, _), value in values.items() if value == "unscored"} == {"q3", "q6"}


def test_a_real_interrupted_log_is_read_as_partial():
    reading = fixture("interrupted.eval")
    assert reading.extents[0].items * reading.extents[0].attempts > 5
    assert len(scores(reading)) == 5


def test_a_real_retry_is_the_same_run_completed_later():
    first, second = fixture("retry/first_error.eval").run, fixture("retry/second_complete.eval").run
    assert first.key == second.key
    assert (first.complete, second.complete) == (False, True)
    assert first.started < second.started


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "logs").glob("*.eval")), ids=lambda path: path.stem)
def test_the_example_logs_give_their_stated_scores(path):
    reading = read(inspect_ai, Source(path=path, root=path.parent))
    assert reading.rows.height == 500
    assert "passage_id" in reading.rows.columns
    assert _mean(reading, "whole_word") == pytest.approx(reading.published[0].score)


def _mean(reading, metric):
    values = [value for (_, _, name), value in scores(reading).items() if name == metric]
    numbers = [value for value in values if isinstance(value, float)]
    return sum(numbers) / len(numbers)


LOGS = sorted([*FIXTURES.rglob("*.eval"), *(ROOT / "examples" / "logs").glob("*.eval")])
TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system", None, 1]), "content": st.text(max_size=3)}),
    max_size=3,
)
ODD_PARTS = st.fixed_dictionaries(
    {"id": st.integers(0, 3) | st.text(max_size=2), "epoch": st.sampled_from([1, 2, "1", None])},
    optional={
        "input": TURNS | st.text(max_size=3) | st.none() | st.integers() | st.lists(st.text(max_size=2), max_size=2),
        "target": st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2) | st.none(),
        "scores": st.none()
        | st.dictionaries(
            st.sampled_from("ab"), st.sampled_from([1, "C", None, {"value": 1, "answer": "x"}, {"value": {"k": 0}}, {}])
        ),
        "metadata": st.none()
        | st.just([1])
        | st.dictionaries(st.sampled_from("xy"), st.integers() | st.text(max_size=2) | st.just([1])),
        "error": st.none() | st.just("broken") | st.just({"message": "m"}),
        "limit": st.none() | st.just("token") | st.just({"type": "time", "limit": 1}),
        "model_usage": st.none() | st.just({"mock/model": {"input_tokens": 3, "total_tokens": 3}}),
        "uuid": st.just("u"),
        "messages": st.just([{"role": "user", "content": "long"}]),
    },
)


def both_ways(source):
    """Read a log with what isn't wanted passed over, and with all of it."""

    def once():
        try:
            return read(inspect_ai, source)
        except ReadError as error:
            return str(error)

    short = once()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspect_ai, "Sample", Any)
        return short, once()


def same_reading(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    assert one.rows is None if other.rows is None else one.rows.equals(other.rows)
    return replace(one, rows=None) == replace(other, rows=None)


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_skipping_unneeded_parts_of_a_log_changes_nothing(path):
    assert same_reading(*both_ways(Source(path=path, root=path)))


@given(st.lists(ODD_PARTS | st.just(1) | st.none(), min_size=1, max_size=4), st.booleans())
def test_skipping_unneeded_parts_of_malformed_samples_changes_nothing(tmp_path_factory, samples, whole):
    folder = tmp_path_factory.mktemp("odd")
    parts = {"_journal/start.json": inspect_header(), "header.json": inspect_header()}
    if whole:
        parts |= {f"samples/{k}_epoch_1.json": each for k, each in enumerate(samples)}
    else:
        parts["summaries.json"] = samples
    assert same_reading(*both_ways(Source(path=zipped(parts, folder / "a.eval"), root=folder)))
