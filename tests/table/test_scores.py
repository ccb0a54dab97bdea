"""The repr of scores names their files, columns and tasks without reading a row; empty rows are left out."""

import io

import polars as pl
import pytest

import howsure as hs
from howsure.table.scores import FileReport, Scores
from places import LOGS


def test_scores_name_their_files_columns_and_tasks():
    text = repr(hs.read(LOGS))
    assert text.startswith("Scores of 4 of 4 files (")
    assert "smollm2-135m-2shot.eval" in text
    assert "passage_id" in text
    assert "tasks: passages by Inspect" in text


def test_the_repr_of_scores_does_not_read_a_lazy_frame():
    def fail(_):
        raise AssertionError("rows were read")

    rows = pl.LazyFrame({"model": ["a"], "question": ["x"], "score": [1]})
    unread = rows.map_batches(fail, schema=rows.collect_schema())
    text = repr(Scores(rows=unread, roles={"item": ("question",)}, notes=("said before any number",)))
    assert text == (
        "Scores in a polars LazyFrame\ncolumns: model, question, score (item = question)\nnote: said before any number"
    )
    with pytest.raises(Exception, match="rows were read"):
        unread.collect()


def test_the_repr_of_scores_counts_many_files():
    files = tuple(FileReport(path=f"{k}.eval", reader="inspect", outcome="read") for k in range(5))
    assert "of 5 of 5 files (0.eval, 1.eval, 2.eval and 2 more)" in repr(Scores(rows=pl.DataFrame(), files=files))


@pytest.mark.parametrize("kind", ["csv", "frame", "pandas"])
def test_empty_rows_are_left_out_and_counted(tmp_path, kind):
    text = "model,item,score,cluster\nA,1,1,c\nA,2,0,c\n\nB,1,1,c\nB,2,1,c\n\n\n"
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    frame = pl.read_csv(path).with_columns(task=pl.lit("table"))
    rows = {"csv": path, "frame": frame, "pandas": frame.to_pandas()}[kind]
    whole = pl.read_csv(io.StringIO(text.replace("\n\n", "\n").replace("\n\n", "\n"))).with_columns(
        task=pl.lit("table")
    )
    found, expected = hs.leaderboard(rows), hs.leaderboard(whole)
    assert found.to_dict()["boards"] == expected.to_dict()["boards"]
    assert any(note.endswith("rows without model, item and score left out.") for note in found.notes)
    assert not any("left out" in note for note in expected.notes)


def test_a_row_with_a_score_or_a_name_is_an_error_and_not_empty():
    for row in (("A", None, None), (None, "1", None), (None, None, 1.0)):
        rows = pl.DataFrame([("A", "1", 1.0), ("B", "1", 1.0), row], schema=["model", "item", "score"], orient="row")
        with pytest.raises(hs.DataError, match="rows without a"):
            hs.leaderboard(rows)
