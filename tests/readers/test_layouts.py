"""A file that states an unknown layout version is read with a warning."""

import pytest

import howsure
from howsure.readers import bfcl, every_eval_ever, promptfoo, swebench
from howsure.readers.attempt_rows import unknown_layout
from howsure.readers.base import Source
from places import DATA
from reader_cases import codes, eval_log, inspect_header, lines, read, sample

CODE = "unknown_layout"


@pytest.mark.parametrize(
    ("stated", "known", "told"),
    [
        (None, ["2"], None),
        (2, ["2"], None),
        ("0.2.9", ["0.2"], None),
        ("0.20.0", ["0.2"], "version 0.2"),
        (4, ["1", "2", "3"], "versions up to 3"),
        ("x" * 90, ["2"], "version 2"),
    ],
)
def test_a_warning_names_the_versions_that_the_reader_was_checked_on(tmp_path, stated, known, told):
    warnings = unknown_layout(stated, known, Source(path=tmp_path / "a.json", root=tmp_path))
    shown = str(stated)[:20]
    message = f"a.json states layout version {shown}, but this reader was checked on {told}."
    assert [warning.message for warning in warnings] == ([] if told is None else [message])


@pytest.mark.parametrize(("version", "expected"), [(2, False), (3, True)])
def test_an_unknown_inspect_layout_gives_a_warning(tmp_path, version, expected):
    header = inspect_header() | {"version": version}
    path = eval_log(tmp_path / "a.eval", [sample(1, 1), sample(2, 0)], header)
    assert (CODE in [warning.code for warning in howsure.read(path).warnings]) == expected
    assert (CODE in [warning.code for warning in howsure.estimate(path).warnings]) == expected


@pytest.mark.parametrize(("version", "expected"), [(3, False), (4, True)])
def test_an_unknown_promptfoo_layout_gives_a_warning(write, version, expected):
    row = {"promptIdx": 0, "testIdx": 0, "success": True, "score": 1, "vars": {"q": 1}, "provider": {"id": "p"}}
    document = {"evalId": "e", "results": {"version": version, "results": [row]}}
    assert (CODE in codes(read(promptfoo, write("x.json", document)))) == expected


@pytest.mark.parametrize(("version", "expected"), [(None, False), (2, False), (3, True)])
def test_an_unknown_swe_bench_layout_gives_a_warning(write, version, expected):
    report = {"total_instances": 2, "resolved_instances": 1, "resolved_ids": ["a__b-1"], "unresolved_ids": ["a__b-2"]}
    if version is not None:
        report["schema_version"] = version
    assert (CODE in codes(read(swebench, write("m.run.json", report)))) == expected


@pytest.mark.parametrize(
    ("version", "expected"), [("0.2.1", False), ("instance_level_eval_0.2.2", False), ("0.3.0", True), ("1.0", True)]
)
def test_an_unknown_every_eval_ever_layout_gives_a_warning(write, version, expected):
    shared = {"schema_version": version, "evaluation_id": "e"}
    row = {
        **shared,
        "model_id": "m",
        "evaluation_name": "t",
        "sample_id": "a",
        "interaction_type": "single_turn",
        "evaluation": {"score": 1.0},
    }
    assert (CODE in codes(read(every_eval_ever, write("x.jsonl", lines([row]))))) == expected
    result = {"evaluation_name": "t", "score_details": {"score": 0.2}}
    aggregate = {**shared, "source_metadata": {}, "model_info": {"id": "m"}, "evaluation_results": [result]}
    assert (CODE in codes(read(every_eval_ever, write("alone/y.json", aggregate)))) == expected


@pytest.mark.parametrize(("version", "expected"), [("BFCL_v4_", False), ("", False), ("BFCL_v5_", True)])
def test_an_unknown_bfcl_layout_gives_a_warning(write, version, expected):
    write(f"r/result/m/{version}a_result.json", lines([{"id": "a_0", "result": []}]))
    first = [{"accuracy": 1.0, "correct_count": 1, "total_count": 1}]
    reading = read(bfcl, write(f"r/score/m/{version}a_score.json", lines(first)))
    assert (CODE in codes(reading)) == expected
    assert reading.facts[0].task == "BFCL a"


@pytest.mark.skipif(not DATA.is_dir(), reason="the real results are not here")
@pytest.mark.parametrize(
    "folder",
    [
        "raw/inspect",
        "raw/promptfoo",
        "raw/swebench",
        "wild/llm-evals",
        "wild/bfcl-vllm-results",
        "wild/swe-bench-results",
    ],
)
def test_real_result_files_have_known_layouts(folder):
    assert CODE not in [warning.code for warning in howsure.read(DATA / folder).warnings]
