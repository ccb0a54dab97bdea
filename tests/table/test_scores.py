"""What scores say of themselves, without reading a row."""

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


def test_a_lazy_frame_is_not_read():
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


def test_many_files_are_counted():
    files = tuple(FileReport(path=f"{k}.eval", reader="inspect", outcome="read") for k in range(5))
    assert "of 5 of 5 files (0.eval, 1.eval, 2.eval and 2 more)" in repr(Scores(rows=pl.DataFrame(), files=files))
