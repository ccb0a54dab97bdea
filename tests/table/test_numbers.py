"""Numbers written as text: which are read, which count as missing, which are refused; files, frames and databases agree."""

import narwhals as nw
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.readers.tables import published_scores, read_side_table
from howsure.table.cells import MISSING, read_numbers
from howsure.table.writing import Writing


def numbers(texts, **writing):
    frame = nw.from_native(pl.DataFrame({"score": texts}).lazy())
    found = read_numbers(frame, "score", Writing(**writing))
    return list(frame.select(found.values.alias("score")).collect().to_native()["score"])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["0.5", "1", "-2", "1e-3", ".5", " 3. "], [0.5, 1, -2, 0.001, 0.5, 3]),
        (["0.9%", "78.8%", "0"], [0.009, 0.788, 0]),
        (["78,8", "12", "0,5"], [78.8, 12, 0.5]),
        (["1.234", "5"], [1.234, 5]),
        (["1,234", "78.8"], [1234, 78.8]),
        (["1.234", "78,8"], [1234, 78.8]),
        (["1,234,567"], [1234567]),
        (["1.234,5", "2.000"], [1234.5, 2000]),
        (["78,8%", "100%"], [0.788, 1]),
        (["C", "I", "P", "yes", "No", " TRUE "], [1, 0, 0.5, 1, 0, 1]),
        (["yes", "0.5", None], [1, 0.5, None]),
        ([*sorted(MISSING), "NaN", " N/A ", "1"], [*[None] * (len(MISSING) + 2), 1]),
        ([None, None], [None, None]),
    ],
)
def test_numbers_percentages_and_yes_or_no_are_read_as_scores(texts, expected):
    assert numbers(texts) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["0.5", "oops"], r"'oops' \(row 2\), which isn't a score"),
        (["1", "12%%"], r"'12%%' \(row 2\)"),
        (["1", "inf"], r"'inf' \(row 2\)"),
        (["1", "$3"], r"'\$3' \(row 2\)"),
        (["1", "٣"], r"'٣' \(row 2\)"),
        (["3", "1,234"], r"'1,234' \(row 2\), which could be 1\.234 or 1234"),
        (["78,8", "0.5"], r"'0\.5' and '78,8' \(row 1\) with two decimal marks"),
        (["85%", "0.9"], r"'0\.9' \(row 2\) beside '85%', which could be 0\.9 or 0\.9%"),
    ],
)
def test_texts_that_are_no_scores_are_errors_with_a_remedy(texts, told):
    with pytest.raises(hs.DataError, match=told) as caught:
        numbers(texts)
    assert caught.value.remedy


def test_the_decimal_option_decides_what_a_comma_means():
    assert numbers(["3", "1,234"], decimal="comma") == [3, 1.234]
    assert numbers(["3", "1,234"], decimal="point") == [3, 1234]
    assert numbers(["3", "1,234"], semicolons=True) == [3, 1.234]
    with pytest.raises(hs.DataError, match=r"'78,8' .* isn't a number with a decimal point"):
        numbers(["78,8"], decimal="point")


def test_the_missing_option_names_values_without_a_score():
    assert numbers(["1", "Timeout", "-1"], missing=("timeout", "-1")) == [1, None, None]
    rows = pl.DataFrame({"model": "a", "item": ["x", "y"], "score": [1.0, -1.0]})
    assert hs.read(rows, missing="-1").to_frame()["score"].to_list() == [1, None]


def csv(path, scores, separator=","):
    lines = [
        separator.join(("model", "item", "score")),
        *(f"a{separator}q{k}{separator}{s}" for k, s in enumerate(scores)),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_unknown_word_on_any_row_is_an_error_that_names_the_row(tmp_path):
    """More than 100 distinct texts once made every unknown word "no score", and which was left to the number of threads."""
    scores = [f"0.{k:03}" for k in range(1, 300)]
    good, bad = csv(tmp_path / "good.csv", scores), csv(tmp_path / "bad.csv", [*scores, "oops"])
    with pytest.raises(hs.ReadError, match=r"bad\.csv: column 'score' has the value 'oops' \(row 300\)"):
        hs.read(bad)
    scores = hs.read([good, bad], columns={"task": "model"})
    assert [file.outcome for file in scores.files] == ["failed", "read"]
    assert hs.read(bad, missing="oops").to_frame()["score"].null_count() == 1


def test_a_missing_value_after_12_000_numeric_rows_is_recognised(tmp_path):
    path = csv(tmp_path / "long.csv", ["1"] * 12_000 + ["N/A"])
    scores = hs.read(path)
    assert scores.to_frame()["score"].null_count() == 1
    assert scores.notes[0] == "long.csv: Column score: 1 row without a score (N/A)."


def test_a_comma_is_decimal_in_files_separated_by_semicolons(tmp_path):
    found = hs.read(csv(tmp_path / "europe.csv", ["0,788", "1,000", "0"], ";")).to_frame()
    assert found["score"].to_list() == [0.788, 1, 0]


def test_numbers_as_text_are_read_from_json_lines_and_parquet(tmp_path):
    rows = pl.DataFrame({"model": "a", "item": ["x", "y", "z"], "score": ["50%", "–", "0.9%"]})
    rows.write_ndjson(tmp_path / "rows.jsonl")
    rows.write_parquet(tmp_path / "rows.parquet")
    for name in ("rows.jsonl", "rows.parquet"):
        scores = hs.read(tmp_path / name)
        assert scores.to_frame()["score"].to_list() == pytest.approx([0.5, None, 0.009])
        assert scores.signed == {"score"}


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "duckdb"])
def test_numbers_as_text_are_read_alike_from_every_frame(kind):
    rows = pl.DataFrame({"model": "a", "item": [f"q{k}" for k in range(4)], "score": ["78,8", "N/A", "yes", "5"]})
    expected = [78.8, None, 1, 5]
    made = {"polars": lambda rows: rows, "lazy": pl.DataFrame.lazy, "pandas": pandas, "duckdb": duckdb}[kind]
    found = hs.read(made(rows)).to_frame().sort("item")
    assert found["score"].to_list() == pytest.approx(expected)
    with pytest.raises(hs.DataError, match=r"'oops' \((row 4|1 row)\)"):
        hs.read(made(rows.with_columns(score=pl.Series(["1", "N/A", "yes", "oops"]))))


def pandas(rows):
    return pytest.importorskip("pandas").DataFrame(rows.to_dict(as_series=False))


def duckdb(rows):
    connection = pytest.importorskip("duckdb").connect()
    connection.register("results", rows.to_arrow())
    return connection.table("results")


def published(scores, name="score", **columns):
    frame = pl.DataFrame({"model": [f"m{k}" for k in range(len(scores))], name: scores, **columns})
    return published_scores(frame, "board.csv", Writing())


def test_published_scores_as_text_follow_the_same_rules():
    found = published(["71,5%", "–"], n=["1,200", "5"], stderr=["1,5", "–"])
    assert [(each.score, each.n, each.stderr) for each in found.published] == [(0.715, 1200, 0.015)]
    assert found.notes[0] == "Column score: percent, by its % signs."
    assert "1 row without a score (–)" in found.notes[1]
    with pytest.raises(hs.DataError, match=r"'oops' \(row 2\)"):
        published(["71", "oops"])


def test_the_scale_of_published_scores_is_taken_from_name_and_values():
    assert [each.score for each in published([71.5, 0.5], "score_pct").published] == pytest.approx([0.715, 0.005])
    with pytest.raises(hs.DataError, match=r"which could be 0\.7% or 70%"):
        published([0.7, 0.6], "score_pct")
    assert [each.score for each in published([71.5, 60], "pass_rate_2").published] == pytest.approx([0.715, 0.6])
    assert published([0.7, 0.6], "win_rate").warnings == ()
    unknown = published([71.5, 60])
    assert [each.score for each in unknown.published] == [71.5, 60]
    assert [warning.code for warning in unknown.warnings] == ["unbounded_scores"]


def test_bounds_set_the_scale_of_published_scores():
    board = pl.DataFrame({"model": ["a", "b"], "score": [71.5, 60.0], "n": [100, 100]})
    open_, asked = hs.audit(board), hs.audit(board, bounds=(0, 100))
    assert "nothing tells the scale" in open_.boards[0].sentence
    assert [entry.score for entry in asked.boards[0].entries] == pytest.approx([0.715, 0.6])
    assert "unbounded_scores" not in {warning.code for warning in asked.warnings}
    with pytest.raises(hs.DataError, match=r"score 71\.5 is outside"):
        hs.audit(board, bounds=(0, 10))
    percent = board.rename({"score": "score_pct"})
    assert hs.audit(percent, bounds=(0, 100)).boards[0].entries[0].score == pytest.approx(0.715)


def test_where_selects_rows_by_the_written_score(tmp_path):
    path = csv(tmp_path / "rows.csv", ["1", "0", "1"])
    assert len(hs.read(path, where={"score": "1"}).to_frame()) == 2


def test_a_table_of_items_keeps_a_value_column_as_a_covariate(tmp_path):
    """Of a table with one row an item a column called value is a covariate, and no score."""
    (tmp_path / "items.csv").write_text("item,value\nq0,1.5\nq1,2.5\n")
    assert read_side_table(str(tmp_path / "items.csv")).schema["value"] == pl.Float64


def test_errors_about_numbers_name_the_flag_that_resolves_them(tmp_path):
    for scores, flags in ((["1", "oops"], "--missing oops"), (['"1,234"', "3"], "--decimal comma")):
        result = CliRunner().invoke(main, ["--no-config", "estimate", str(csv(tmp_path / "rows.csv", scores))])
        assert result.exit_code == 1
        assert flags in " ".join(result.output.split())
        again = CliRunner().invoke(main, ["--no-config", "estimate", str(tmp_path / "rows.csv"), *flags.split()])
        assert again.exit_code == 0
