"""A list or an object in a column of names, scores or ratings is an error, never a silently missing column."""

import json

import polars as pl
import pytest

import howsure as hs
from howsure.readers import tables

pytestmark = pytest.mark.once

ROWS = [
    {"task": "t", "model": model, "item": f"q{k}", "attempt": 1, "score": k % 3 > 0, "note": "x"}
    for model in "ab"
    for k in range(8)
]
RATED = [{"item": f"i{k}", "rater": who, "rating": k % 2, "tags": "x"} for k in range(8) for who in "ab"]
VOTED = [{"model_a": "x", "model_b": "y", "winner": "xy"[k % 3 == 0], "voter": f"v{k}"} for k in range(12)]
JUDGED = [{"item": f"i{k}", "judge": k % 2, "human": k % 3 % 2} for k in range(12)]


def written(path, rows, column, value):
    """Write rows, the fourth of which has another value in a column."""
    rows = [{**row, column: value} if k == 3 else row for k, row in enumerate(rows)]
    path.write_text("\n".join(map(json.dumps, rows)) if path.suffix == ".jsonl" else json.dumps(rows))
    return path


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
@pytest.mark.parametrize("value", [[1], {"a": 1}])
@pytest.mark.parametrize("large", [False, True])
def test_a_nested_value_in_a_name_or_score_column_is_an_error(tmp_path, name, value, large, monkeypatch):
    if large:
        monkeypatch.setattr(tables, "WORTH_BYTES", 1)
    for column in ("task", "model", "item", "attempt", "score"):
        path = written(tmp_path / name, ROWS, column, value)
        with pytest.raises(hs.ReadError, match=f"record 4 has a list or an object as '{column}'") as error:
            hs.read(path)
        assert f"as the {column}" in str(error.value)
    assert len(hs.read(written(tmp_path / name, ROWS, "note", value)).to_frame()) == 16
    other = [{**row, "model_name": row["model"]} for row in ROWS]
    assert len(hs.estimate(written(tmp_path / name, other, "model", value)).entries) == 2


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
@pytest.mark.parametrize(
    ("verb", "rows", "columns"),
    [
        (hs.agree, RATED, ("item", "rater", "rating")),
        (hs.arena, VOTED, ("model_a", "winner", "voter")),
        (hs.bias, VOTED, ("model_b", "winner")),
        (hs.judge, JUDGED, ("item", "judge", "human")),
    ],
)
def test_a_nested_value_in_ratings_votes_or_verdicts_is_an_error(tmp_path, name, verb, rows, columns):
    for column in columns:
        with pytest.raises(hs.DataError, match=f"column '{column}' contains lists, objects or bytes"):
            verb(written(tmp_path / name, rows, column, [1]))


def test_nested_values_of_a_frame_are_errors_only_in_used_columns(tmp_path):
    frame = pl.DataFrame(RATED)
    for odd in (pl.concat_list("rating"), pl.lit(b"\xff"), pl.struct(pl.concat_list("rating"))):
        with pytest.raises(hs.DataError, match="column 'rating' contains"):
            hs.agree(frame.with_columns(rating=odd))
    assert hs.agree(written(tmp_path / "x.json", RATED, "tags", ["y"])).overall == hs.agree(frame).overall
