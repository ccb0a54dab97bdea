"""Prompts, right answers and outputs are found in the columns of tables."""

import pandas as pd
import polars as pl
import pytest

import howsure as hs
from howsure.readers.table_texts import said, table_transcripts, text_columns

ROWS = pl.DataFrame(
    {
        "model": ["a", "b", "a"],
        "item": ["q1", "q1", "q2"],
        "score": [1.0, 0.0, 1.0],
        "Prompt": ["what?", "what?", "how?"],
        "reference": ["x", "x", "y"],
        "completion": ["x", "z", "y"],
    }
)


def test_text_columns_are_recognised_by_name():
    assert text_columns(hs.read(ROWS)) == {"prompt": "Prompt", "output": "completion", "target": "reference"}
    assert text_columns(hs.read(ROWS.select("model", "item", "score"))) == {}


def test_the_item_column_is_not_a_text_column():
    rows = ROWS.drop("item", "Prompt").with_columns(question=pl.Series(["q1", "q1", "q2"]))
    assert text_columns(hs.read(rows)) == {"output": "completion", "target": "reference"}


@pytest.mark.parametrize(
    "make", [lambda rows: rows, lambda rows: rows.lazy(), lambda rows: rows.to_pandas(), lambda rows: rows.to_arrow()]
)
def test_texts_are_found_in_rows_of_every_frame(make):
    found = list(table_transcripts(hs.read(make(ROWS)), "task", {"q1"}))
    assert [(model, each.item, each.prompt, each.target, each.output) for model, each in found] == [
        ("a", "q1", "what?", "x", "x"),
        ("b", "q1", "what?", "x", "z"),
    ]
    assert found[0][1].scores == {"score": 1.0}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_texts_are_found_in_csv_parquet_and_json_lines(suffix, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    {"csv": ROWS.write_csv, "parquet": ROWS.write_parquet, "jsonl": ROWS.write_ndjson}[suffix](path)
    scores = hs.read(path)
    (found,) = table_transcripts(scores, scores.to_frame()["task"][0], {"q2"})
    assert (found[0], found[1].prompt, found[1].output) == ("a", "how?", "y")


def test_chat_messages_lists_and_objects_become_text():
    turns = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "why?"}]
    assert said(turns) == "system: be brief\n\nuser: why?"
    assert said(["x", "y"]) == "x | y"
    assert said({"a": [1]}) == '{"a": [1]}'
    assert said(None) == ""
    assert said(3) == "3"
    rows = pd.DataFrame({"model": ["a"], "item": ["q"], "score": [1.0], "messages": [turns], "output": ["o"]})
    ((_, found),) = table_transcripts(hs.read(pl.from_pandas(rows)), "task", {"q"})
    assert found.prompt == "system: be brief\n\nuser: why?"
