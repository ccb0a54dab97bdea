"""Values in mappings: equality across types, and clear errors for values of unusable types."""

import datetime as dt
import json
import sqlite3
import tomllib
from contextlib import closing

import polars as pl
import pytest

import howsure
from howsure.errors import OptionError, ReadError
from howsure.readers.attempt_rows import scored
from howsure.readers.mapping import language
from reader_cases import lines

HUGE = 10**400


def scores(path, **said):
    return {row["item"]: row["score"] for row in howsure.read(path, map={"item": "id", **said}).to_frame().to_dicts()}


def records(folder, *values, **more):
    path = folder / "m.jsonl"
    path.write_text(lines([{"id": f"q{k}", "x": value, **more} for k, value in enumerate(values)]))
    return path


FLAGS = [(True, True), ("True", True), (True, "true"), (False, "False")]
FIGURES = [("7", 7), (7, "7"), (7, 7.0), ("7", 7.0), ("A", "A")]


@pytest.mark.parametrize(
    ("pred", "gold", "other"),
    [*((*pair, None) for pair in FLAGS), *((*pair, other) for pair in FIGURES for other in (None, "B", 9, 0.5, True))],
)
def test_an_answer_equals_its_prediction_in_any_notation(tmp_path, pred, gold, other):
    (tmp_path / "gold.json").write_text(json.dumps({"q0": gold, "q1": gold, "q2": other}))
    found = scores(records(tmp_path, pred, None), beside={"gold": "gold.json"}, score="x == gold[id]")
    assert found == {"q0": 1, "q1": 0}


def test_looked_up_answers_work_in_arithmetic_and_membership_tests(tmp_path):
    (tmp_path / "gold.json").write_text('{"q0": 7, "q1": 9}')
    path, said = records(tmp_path, 7, 8), {"beside": {"gold": "gold.json"}}
    assert scores(path, **said, score="gold[id] in (7, 1)") == {"q0": 1, "q1": 0}
    assert scores(path, **said, score="gold[id] - x") == {"q0": 0, "q1": 1}


def test_numeric_ids_in_a_yaml_answer_file_match(tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "gold.yaml").write_text("1: A\nq2: B\n")
    path = tmp_path / "m.jsonl"
    path.write_text(lines([{"id": 1, "x": "A"}, {"id": 2.5, "x": "B"}]))
    assert scores(path, beside={"gold": "gold.yaml"}, score="x == gold[id]") == {"1": 1, "2.5": None}


def test_an_id_with_two_answers_is_an_error(tmp_path):
    (tmp_path / "gold.csv").write_text("id,answer\nq0,A\nq0,B\n")
    with pytest.raises(ReadError, match="'q0' occurs more than once"):
        scores(records(tmp_path, "A"), beside={"gold": "gold.csv"}, score="x == gold[id].answer")


def test_the_answer_file_may_be_up_to_four_folders_above(tmp_path):
    (tmp_path / "gold.json").write_text('{"q0": "A"}')
    for depth, folder in ((4, tmp_path / "a/b/c/d"), (5, tmp_path / "a/b/c/d/e")):
        folder.mkdir(parents=True)
        path, said = records(folder, "A"), {"beside": {"gold": "gold.json"}, "score": "x == gold[id]"}
        if depth == 4:
            assert scores(path, **said) == {"q0": 1}
        else:
            with pytest.raises(ReadError, match=r"no file 'gold\.json'"):
                scores(path, **said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{True: 1, False: 0}[flag]", [1, 0]),
        ("{1: 1, 2.5: 0.5}[figure]", [1, 0.5]),
        ("flag == 'True'", [True, False]),
        ("flag in (1,)", [True, False]),
        ("figure in (1,)", [True, False]),
        ("word in (7.0, 'x')", [True, False]),
        ("whole in ('1', 3)", [True, False]),
        ("{'7': 1}[word] + 1", [2, None]),
        ("whole + record['figure']", [2, 4.5]),
        ("text(whole) + word", ["17", "28"]),
        ("('a' if flag else 'b') + word", ["a7", "b8"]),
        ("(word if flag else whole) == whole", [False, True]),
        ("{'7': 1}[word] == '1'", [True, False]),
    ],
)
def test_values_of_different_types_are_equal_if_they_mean_the_same(text, expected):
    frame = pl.DataFrame({"flag": [True, False], "figure": [1.0, 2.5], "word": ["7", "8"], "whole": [1, 2]})
    kinds = {"flag": "yes/no", "figure": "number", "word": "text", "whole": "number"}
    named = frame.with_columns(pl.col("figure").alias("record.figure"))
    assert named.select(found=language.expression(text, kinds=kinds))["found"].to_list() == expected


@pytest.mark.parametrize("text", ["9" * 400, "{'a': -'b'}[x]", "{'a': -None}[x]", "{**x}[x]", "x in (-'a',)"])
def test_malformed_constants_in_an_expression_are_errors(text):
    with pytest.raises(OptionError, match="A mapping knows"):
        language.fields(text)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"where": "x"}, "where = 'x' is neither true nor false"),
        ({"score": "not word"}, "score = 'not word' can't be computed"),
        ({"cluster": "1 if word else 0"}, "cluster = .* can't be computed"),
        ({"weight": "word"}, r"'weight' has the value 'w' \(row 1\), which isn't a number"),
        ({"attempt": "none"}, "1 row without an attempt"),
        ({"metric": "none"}, "1 row without a name of the metric"),
        ({"score": "huge"}, r"'score' has the value '1000.* \(row 1\), which isn't a score"),
    ],
)
def test_a_value_of_an_unusable_type_is_an_error_that_names_it(tmp_path, said, told):
    path = tmp_path / "m.json"
    path.write_text(json.dumps([{"id": 1, "x": 1, "word": "w", "none": None, "huge": HUGE}]))
    with pytest.raises(ReadError, match=told):
        scores(path, **{"score": "x", **said})


@pytest.mark.parametrize("said", [{"n": "word"}, {"stderr": "word"}])
def test_a_non_numeric_sample_size_or_standard_error_is_an_error(tmp_path, said):
    with pytest.raises(ReadError, match="which isn't a number"):
        howsure.read(records(tmp_path, 1, word="w"), map={"model": "id", "score": "x", **said})


def test_a_negative_sample_size_or_standard_error_is_missing(tmp_path):
    found = howsure.read(
        records(tmp_path, 0.5, n=-3, se=-1), map={"model": "id", "score": "x", "n": "n", "stderr": "se"}
    )
    assert [(entry.n, entry.stderr) for entry in found.published] == [(None, None)]


@pytest.mark.parametrize("name", ["day", "parts", "inner"])
def test_a_date_list_or_object_as_score_is_an_error(tmp_path, name):
    path = tmp_path / "m.parquet"
    columns = {"id": ["a"], "day": [dt.date(2026, 1, 1)], "parts": [[1.0]], "inner": [{"x": 1}]}
    pl.DataFrame(columns).write_parquet(path)
    with pytest.raises(ReadError, match=r"'score' has type .*, which isn't a score"):
        scores(path, score=name)


def test_mapped_ids_beyond_64_bits_stay_distinct(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(json.dumps([{"id": 2**70, "x": {"y": 1}}, {"id": 2**70 + 1, "x": {"y": 0}}]))
    assert scores(path, score="x.y") == {str(2**70): 1, str(2**70 + 1): 0}


def test_a_database_column_may_mix_types(tmp_path):
    path = tmp_path / "m.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (id, x)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, 1), ("b", "0.5"), (b"c", None)])
    assert scores(path, score="x") == {"1": 1, "b": 0.5, "b'c'": None}


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("m.jsonl.gz", b"\x1f\x8bxx", "can't be unpacked"),
        ("m.jsonl.xz", b"xx", "can't be unpacked"),
        ("m.db", b"SQLite format 3\0" + b"x" * 5000, "not a readable database"),
        ("m.jsonl", b"", "There is nothing in it"),
    ],
)
def test_a_damaged_mapped_file_is_an_error_that_says_how(tmp_path, name, data, told):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ReadError, match=told):
        scores(path, score="x")


def test_an_incomplete_last_record_is_left_out_with_a_warning(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": "a", "x": {"y": 1}}\n{"id": "b", "x": {"y')
    found = howsure.read(path, map={"item": "id", "score": "x.y"})
    assert len(found.to_frame()) == 1
    assert [warning.code for warning in found.warnings] == ["cut_row"]


@pytest.mark.parametrize("name", ["file", "folder", "key", "up", "top", "value", "column", "record"])
def test_record_reaches_fields_named_like_reserved_words(tmp_path, name):
    (tmp_path / "m.json").write_text(json.dumps({"rows": [{"id": "a", name: True}, {"id": "b", name: False}]}))
    (tmp_path / "m.csv").write_text(f"id,{name}\na,0.25\nb,0.75\n")
    text = f'record["{name}"]'
    assert scores(tmp_path / "m.json", rows="rows[*]", score=text) == {"a": 1, "b": 0}
    assert scores(tmp_path / "m.csv", score=text) == {"a": 0.25, "b": 0.75}
    (proposal,) = howsure.describe(tmp_path / "m.json").proposals
    assert tomllib.loads(proposal.mapping)["map"]["m"]["score"] == text


def test_a_wide_table_may_be_json(tmp_path):
    wide = [{"question": "q1", "a*": 1, "b": 0}, {"question": "q2", "a*": 0, "b": 1}]
    (tmp_path / "list.json").write_text(json.dumps(wide))
    (tmp_path / "inner.json").write_text(json.dumps({"rows": wide}))
    said = {"item": "question", "columns": ["a[*]", "b"], "model": "column", "score": "value"}
    for name, more in (("list.json", {}), ("inner.json", {"rows": "rows[*]"})):
        found = howsure.read(tmp_path / name, map={**said, **more}).to_frame()
        assert sorted(found.select("model", "item", "score").rows()) == [
            ("a*", "q1", 1),
            ("a*", "q2", 0),
            ("b", "q1", 0),
            ("b", "q2", 1),
        ]


def test_a_proposal_escapes_wildcards_in_column_names(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("question,a*,b?,[c]\nq1,1,0.5,1\nq2,0,1,1\n")
    assert 'columns = ["a[*]", "b[?]", "[[]c]"]' in howsure.describe(path).proposals[0].mapping


def test_column_without_columns_is_an_error(tmp_path):
    with pytest.raises(OptionError, match="'column' is used without columns"):
        scores(records(tmp_path, 1), score="x", model="column")


def test_a_field_may_mix_booleans_and_texts(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text(lines([{"item": "a", "score": 1, "seen": True}, {"item": "b", "score": 0, "seen": "no"}]))
    assert howsure.read(path).to_frame()["seen"].to_list() == ["true", "no"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bytes.csv", b"index,question\n1,\xff\n"),
        ("wider.csv", b"index,question\n1,2,3\n"),
        ("quote.csv", b'index,question\n1,"\n'),
        ("huge.json", json.dumps([{"question": "a", "x": HUGE, "y": 1}]).encode()),
        ("flags.jsonl", lines([{"question": "a", "x": HUGE}, {"question": "b", "x": True}]).encode()),
        ("half.jsonl", b'{"\\ud800": 1, "x": 2}\n'),
    ],
)
def test_files_of_unknown_format_are_described_or_a_clear_error(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    try:
        told = howsure.describe(path).render("terminal")
    except ReadError as error:
        told = str(error)
    assert name in told
    assert "Error" not in told


def test_a_score_beyond_the_float_range_is_unscored():
    assert scored(HUGE) == {"score": None, "status": "unscored"}


@pytest.mark.parametrize("text", ["inner.y", "parts.x", "x.y"])
def test_a_missing_nested_field_is_named_in_the_error(tmp_path, text):
    path = tmp_path / "m.parquet"
    pl.DataFrame({"id": ["a"], "parts": [[1.0]], "inner": [{"x": 1}], "x": [1.0]}).write_parquet(path)
    with pytest.raises(ReadError, match=f"no field {text}"):
        scores(path, score=text)
    assert scores(path, score="inner.x + parts[0]") == {"a": 2}


def test_a_wide_table_may_have_columns_named_value_and_column(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("id,a,value,column\nq1,1,9,z\n")
    found = howsure.read(path, map={"item": "id", "columns": ["a"], "model": "column", "score": "value"}).to_frame()
    assert found.select("model", "item", "score").rows() == [("a", "q1", 1)]


def test_published_rows_without_a_model_or_score_are_counted(tmp_path):
    (tmp_path / "board.csv").write_text("name,acc\nx,71.5\ny,none\n,60\n")
    scores = howsure.read(tmp_path / "board.csv", map={"model": "name", "score": "percent(acc)"})
    assert [entry.model for entry in scores.published] == ["x"]
    assert "board.csv: 2 rows of 3 without a model or a score left out." in scores.notes


def test_a_comparison_with_a_field_that_no_record_has_gives_a_warning(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"id": k, "gone": "A", "gold": "A"} for k in range(5)]))
    scores = howsure.read(tmp_path / "a.json", map={"item": "id", "score": "pred == gold"})
    (warning,) = scores.warnings
    assert warning.code == "seldom_equal"
    assert warning.message == "a.json: no record has a value for pred, so pred == gold is never true"
    assert not howsure.read(tmp_path / "a.json", map={"item": "id", "score": "gone == gold"}).warnings


@pytest.mark.parametrize("mapped", [True, False])
def test_an_impossible_number_of_questions_is_an_error(tmp_path, mapped):
    (tmp_path / "board.csv").write_text("model,score,n\nx,0.7,100\ny,0.6,1e70\n")
    said = {"map": {"model": "model", "score": "score", "n": "n"}} if mapped else {}
    with pytest.raises(ReadError, match=r"1e\+70 isn't a number of questions"):
        howsure.read(tmp_path / "board.csv", **said)
