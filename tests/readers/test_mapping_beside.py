"""Mappings select records, look up answers in a second file, and are proposed for wide tables."""

import json
import tomllib

import polars as pl
import pytest

import howsure
from howsure.errors import OptionError, ReadError
from howsure.readers.attempt_rows import digest
from places import DATA

GOLD = {"q1": {"answer": "A", "kind": "choice"}, "q2": {"answer": "B", "kind": "choice"}, "q3": {"answer": "7", "kind": "open"}}  # fmt: skip
SAID = {
    "rows": "*",
    "beside": {"gold": "answers.json"},
    "item": "key[0]",
    "score": "value == gold[key[0]].answer",
    "files": "m_*.json",
}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def scores(path, said):
    return {row["item"]: row["score"] for row in howsure.read(path, map=said).to_frame().to_dicts()}


def test_answers_are_looked_up_in_a_file_of_the_same_or_a_parent_folder(tmp_path):
    write(tmp_path / "answers.json", GOLD)
    path = write(tmp_path / "out" / "run" / "m_1.json", {"q1": "A", "q2": "A", "q3": "7", "q9": "A"})
    assert scores(path, SAID) == {"q1": 1, "q2": 0, "q3": 1, "q9": None}
    chosen = {**SAID, "where": "gold[key[0]].kind == 'choice'"}
    assert scores(path, chosen) == {"q1": 1, "q2": 0}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("answers.json", {"q1": "A", "q2": "B"}),
        ("answers.csv", "question_id,text\nq1,A\nq2,B\n"),
        ("answers.jsonl", '{"question_id": "q1", "text": "A"}\n{"question_id": "q2", "text": "B"}\n'),
    ],
)
def test_the_file_of_answers_may_be_json_json_lines_or_a_table(tmp_path, name, content):
    write(tmp_path / name, content)
    path = write(tmp_path / "m_1.jsonl", '{"id": "q1", "pred": "A"}\n{"id": "q2", "pred": "A"}\n')
    answer = "gold[id]" if isinstance(content, dict) else "gold[id].text"
    assert scores(path, {"beside": {"gold": name}, "item": "id", "score": f"pred == {answer}", "files": "m_*"}) == {
        "q1": 1,
        "q2": 0,
    }


@pytest.mark.parametrize(
    ("gold", "told"),
    [(None, "no file 'answers.json' in its folder or above it"), ([1, 2], "no id to look them up by"), ([{"x": 1}], "no id to look them up by"), ("{", "not valid JSON")],
)  # fmt: skip
def test_an_unusable_file_of_answers_is_an_error_that_says_why(tmp_path, gold, told):
    if gold is not None:
        write(tmp_path / "answers.json", gold)
    path = write(tmp_path / "m_1.json", {"q1": "A", "q2": "B"})
    with pytest.raises(ReadError, match=told):
        howsure.read(path, map=SAID)


def test_comparing_with_a_nested_object_gives_no_score(tmp_path):
    write(tmp_path / "answers.json", GOLD)
    path = write(tmp_path / "m_1.json", {"q1": "A", "q2": "B"})
    assert scores(path, {**SAID, "score": "value == gold[key[0]]"}) == {"q1": None, "q2": None}


@pytest.mark.parametrize("beside", ["answers.json", ["answers.json"], 3])
def test_a_malformed_beside_option_is_an_error(tmp_path, beside):
    with pytest.raises(OptionError, match="is no table of texts"):
        howsure.read(write(tmp_path / "m_1.json", {"q1": "A"}), map={**SAID, "beside": beside})


def test_a_mapping_selects_records_with_where(tmp_path):
    rows = [{"id": k, "type": "match" if k % 2 else None, "ok": True} for k in range(6)]
    path = write(tmp_path / "x.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert scores(path, {"item": "id", "score": "ok", "where": "type == 'match'"}) == {"1": 1, "3": 1, "5": 1}
    with pytest.raises(ReadError, match="no record"):
        howsure.read(path, map={"item": "id", "score": "ok", "where": "type == 'other'"})


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("text == number", [1, 0, 0]),
        ("number == text", [1, 0, 0]),
        ("text < 5", [1, 0, 0]),
        ("text >= 10", [0, 1, 0]),
        ("text in (3, 4)", [1, 0, 0]),
        ("yes == 1", [1, 0, 0]),
        ("yes == 'true'", [1, 0, 0]),
        ("text + 'x' == '3x'", [1, 0, 0]),
        ("number - 1 == '2'", [1, 1, 1]),
        ("text != number", [0, 1, 1]),
        ("percent(share)", [0.375, 0.4, None]),
    ],
)
def test_texts_that_hold_numbers_are_compared_as_numbers(tmp_path, score, expected):
    rows = [
        {"id": 1, "text": "3", "number": 3, "yes": True, "share": "37.5%"},
        {"id": 2, "text": "10", "number": 3, "yes": False, "share": " 40% "},
        {"id": 3, "text": "none", "number": 3, "yes": False, "share": None},
    ]
    path = write(tmp_path / "x.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert list(scores(path, {"item": "id", "score": score}).values()) == expected


def test_digest_makes_short_ids_of_long_texts(tmp_path):
    path = write(tmp_path / "x.json", [{"prompt": "long " * 99, "ok": 1}, {"prompt": None, "ok": 1}])
    with pytest.raises(ReadError, match="1 row without a name of the item"):
        howsure.read(path, map={"item": "digest(prompt)", "score": "ok", "files": "*"})
    path = write(tmp_path / "y.json", [{"prompt": "long " * 99, "ok": 1}])
    assert scores(path, {"rows": "[*]", "item": "digest(prompt)", "score": "ok"}) == {digest("long " * 99): 1}


BOARD = "Model,Lab,Rank,MMLU,GSM8K\none,x,1,71.2,80.1\ntwo,y,2,70.9,\n"
PERCENT = "Model,Simple AST\none,37.60%\n"
MATRIX = "question,gpt-4o,llama-3,gold\nq1,1,0.5,A\nq2,0,0,B\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOARD, {"model": "Model", "score": "percent(value)", "columns": ["MMLU", "GSM8K"], "task": "column"}),
        (PERCENT, {"model": "Model", "score": "percent(value)", "columns": ["Simple AST"], "task": "column"}),
        (MATRIX, {"item": "question", "model": "column", "score": "value", "columns": ["gpt-4o", "llama-3"]}),
    ],
)
def test_the_mapping_proposed_for_a_wide_table_gives_its_scores(tmp_path, text, said):
    (proposal,) = howsure.describe(write(tmp_path / "x.csv", text)).proposals
    assert tomllib.loads(proposal.mapping)["map"]["x"] == said
    scores = howsure.read(tmp_path / "x.csv", map=said)
    if text == MATRIX:
        assert [row["value"] for row in howsure.estimate(scores).records()] == [0.5, 0.25]
    else:
        assert scores.published[0].score == pytest.approx(0.712 if text == BOARD else 0.376)
        assert len(scores.published) == (3 if text == BOARD else 1)


@pytest.mark.skipif(not (DATA / "wild").is_dir(), reason="the real results are not here")
def test_mmmu_letters_are_scored_against_its_answer_file():
    said = {
        "files": "*val*.json",
        "beside": {"gold": "answer_dict_val.json"},
        "rows": "*",
        "where": "gold[key[0]].question_type == 'multiple-choice'",
        "item": "key[0]",
        "score": "value == gold[key[0]].ground_truth",
    }
    frame = howsure.read(DATA / "wild" / "MMMU" / "mmmu" / "example_outputs", map=said).to_frame()
    right = {row["model"]: (row["score"], row["len"]) for row in frame.group_by("model").agg(pl.col("score").sum(), pl.len()).to_dicts()}  # fmt: skip
    assert right == {"llava1.5_13b_val": (322, 847), "total_val_output": (319, 847)}
