"""What a table holds by the names of its columns, and tables with a column for each model."""

import polars as pl
import pytest

import howsure as hs
from howsure.readers.kinds import kind_of_columns


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ("model question correct", "scores"),
        ("task_id model sample passed answer", "scores"),
        ("id pass latency_ms cost", "scores"),
        ("annotator model_a model_b winner", "votes"),
        ("model_a model_b winner_model_a winner_model_b winner_tie", "votes"),
        ("question system judge human", "verdicts"),
        ("item judge_verdict human_label", "verdicts"),
        ("item grader grade", "ratings"),
        ("item rater rating", "ratings"),
        ("item rater model score", "scores"),
        ("model score n", "published"),
        ("name accuracy", "published"),
        ("id system label score predicted", "scores"),
        ("a b c", ""),
        ("", ""),
    ],
)
def test_the_columns_tell_the_kind_of_data(columns, kind):
    assert kind_of_columns(columns.split()) == kind


def wide(**more):
    return pl.DataFrame({"question": range(8), "old": [1, 0] * 4, "new": [1, 1, 0, 1] * 2, **more})


def test_each_column_of_right_and_wrong_answers_is_a_model(tmp_path):
    table = wide(words=range(10, 18), text=["x"] * 8)
    table.write_csv(tmp_path / "w.csv")
    for data in (table, tmp_path / "w.csv"):
        board = hs.leaderboard(data)
        assert {entry.model: entry.value for entry in board.boards[0].entries} == {"old": 0.5, "new": 0.75}
        assert any("each of the columns old, new is a model" in note.lower() for note in board.notes)
        assert hs.compare(data, "new", "old").value == 0.25


def test_columns_of_yes_and_no_are_models_too():
    table = wide().with_columns(pl.col("old", "new").cast(pl.Boolean))
    assert hs.compare(table, "new", "old").value == 0.25


@pytest.mark.parametrize(
    "columns",
    [{"new": [0.5] * 8}, {"human": [1] * 8}, {"label": [1] * 8}, {"score": [1] * 8}, {"model": ["x"] * 8}],
    ids=str,
)
def test_other_tables_are_not_taken_for_one_column_per_model(columns):
    table = wide().with_columns(**{name: pl.Series(values) for name, values in columns.items()})
    try:
        models = {entry.model for entry in hs.estimate(table)}
    except hs.DataError:
        return
    assert models != {"old", "new"}


def test_flags_of_questions_are_no_models():
    table = wide(is_hard=[1, 0] * 4, has_image=[0, 1] * 4)
    assert {entry.model for entry in hs.estimate(table)} == {"old", "new"}
