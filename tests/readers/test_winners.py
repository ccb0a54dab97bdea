"""A winner of a vote is a model name or a side; if it could be either, it is an error and never guessed."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.readers.votes import WINNERS

pytestmark = pytest.mark.once

NAMES = [("A", "B"), ("a", "b"), ("left", "right"), ("first", "second"), ("model_a", "model_b"), ("1", "2")]


def votes(first, second, won, n=60):
    """Return votes between two models in both orders, all but one of which the same model won, by its name."""
    swapped = np.random.default_rng(0).random(n) < 0.5
    rows = [(second, first, won) if turn else (first, second, won) for turn in swapped]
    other = second if won == first else first
    return pl.DataFrame([*rows, (first, second, other)], schema=["model_a", "model_b", "winner"], orient="row")


@pytest.mark.parametrize(("first", "second"), NAMES)
def test_winners_that_are_model_names_count_as_names_even_if_they_look_like_sides(first, second):
    for won in (first, second):
        board = hs.arena(votes(first, second, won)).boards[0].board
        assert board.entries[0].model == won
        assert board.entries[0].estimate.value > 0.9
        pair = hs.head_to_head(votes(first, second, won), won, second if won == first else first)
        assert pair.difference.value > 0.8


@pytest.mark.parametrize(("first", "second"), NAMES)
def test_a_judge_that_prefers_a_model_shows_no_position_bias(first, second):
    rows = votes(first, second, first, n=400).with_row_index("item")
    (found,) = hs.bias(rows).biases
    assert found.feature == "shown first"
    assert abs(found.estimate.value) < 0.2


@pytest.mark.parametrize(("first", "second"), NAMES[:5])
def test_ambiguous_winners_are_an_error_until_winner_is_is_given(first, second):
    rows = votes(first, second, first).with_columns(
        winner=pl.when(pl.int_range(pl.len()) < 5).then(pl.lit("[[a]]")).otherwise("winner")
    )
    for verb in (hs.arena, hs.bias):
        with pytest.raises(hs.DataError, match="could be sides or names of models") as error:
            verb(rows)
        assert "`winner_is='name'` or `winner_is='side'`" in error.value.remedy
        verb(rows, winner_is="side")
        with pytest.raises(hs.DataError, match=r"unrecognised winners: '\[\[a\]\]'"):
            verb(rows, winner_is="name")


def test_winners_that_are_no_model_names_are_sides():
    for word in sorted(word for score in (1.0, 0.0) for word in WINNERS[score]):
        rows = votes("gpt", "claude", "gpt").with_columns(winner=pl.lit(word))
        left = hs.arena(rows).boards[0].board.entries
        assert {entry.model for entry in left} == {"gpt", "claude"}


def test_winners_match_model_names_in_any_case():
    rows = votes("GPT", "Claude", "GPT").with_columns(pl.col("winner").str.to_lowercase())
    assert hs.arena(rows).boards[0].board.entries[0].model == "GPT"


def test_ties_and_missing_winners_are_accepted_with_model_names():
    rows = votes("A", "B", "A")
    more = pl.DataFrame({"model_a": ["A", "B"], "model_b": ["B", "A"], "winner": ["tie", None]})
    answer = hs.arena(pl.concat([rows, more]))
    assert answer.boards[0].board.entries[0].model == "A"
    assert answer.boards[0].n_tied == 1
    assert "1 vote without two models or a winner left out." in answer.notes


def test_a_missing_winner_does_not_turn_numeric_names_into_sides():
    rows = votes("1", "2", "1").with_columns(winner=pl.col("winner").cast(pl.Float64))
    more = pl.DataFrame({"model_a": ["1"], "model_b": ["2"], "winner": [float("nan")]})
    assert hs.arena(pl.concat([rows, more])).boards[0].board.entries[0].model == "1"


def test_a_vote_without_a_one_in_its_columns_of_winners_is_left_out():
    rows = votes("x", "y", "x")
    won = {
        "winner_model_a": pl.col("winner") == pl.col("model_a"),
        "winner_model_b": pl.col("winner") == pl.col("model_b"),
    }
    marked = rows.select("model_a", "model_b", **{name: which.cast(pl.Int8) for name, which in won.items()})
    more = pl.DataFrame({"model_a": ["y"] * 9, "model_b": "x", "winner_model_a": 0, "winner_model_b": 0})
    with_blank = pl.concat([marked, more.cast(dict(marked.schema))]).with_columns(winner_tie=0)
    answer, plain = hs.arena(with_blank), hs.arena(rows)
    assert "9 votes without two models or a winner left out." in answer.notes
    assert answer.boards[0].board.entries == plain.boards[0].board.entries


def test_blank_models_are_missing_and_votes_without_a_voter_give_a_note():
    rows = votes("x", "y", "x").with_columns(voter=pl.Series([f"v{k % 6}" for k in range(61)]))
    blank = rows.with_columns(
        voter=pl.when(pl.int_range(pl.len()) < 4).then(pl.lit(" ")).otherwise("voter"),
        model_b=pl.when(pl.int_range(pl.len()) == 9).then(pl.lit("")).otherwise("model_b"),
    )
    notes = hs.arena(blank).notes
    assert "4 votes without a `voter`: each is a separate cluster." in notes
    assert "1 vote without two models or a winner left out." in notes
    assert not any("without a" in note for note in hs.arena(rows).notes)
