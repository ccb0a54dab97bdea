"""Covariates and weights of votes: which columns are used, in which unit, and which votes are left out."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.readers.columns import PAIRS
from howsure.readers.votes import read_votes


def votes(n=120, seed=0, **more):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 3, n)
    second = (first + rng.integers(1, 3, n)) % 3
    names = np.array(["x", "y", "z"])
    winner = rng.choice(["model_a", "model_b", "tie"], n)
    return pl.DataFrame({"model_a": names[first], "model_b": names[second], "winner": winner, **more})


def read(frame, *covariate, weight=None, **columns):
    return read_votes(frame, columns=columns, where={}, cluster=None, covariate=covariate, weight=weight)


LENGTHS = np.random.default_rng(1).integers(10, 900, (2, 120)).astype(float)
SCALED = (LENGTHS[0] - LENGTHS[1]) / (LENGTHS[0] - LENGTHS[1]).std()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
def test_a_covariate_in_two_columns_is_their_difference_in_standard_deviations(pair):
    one, other = (name.format("length") for name in pair)
    found = read(votes(**{one: LENGTHS[0], other: LENGTHS[1]}), "length")
    assert found.votes.x[:, 0] == pytest.approx(SCALED)
    assert found.covariates[0].columns == (one, other)
    assert any(f"`{one}` − `{other}`, in standard deviations of" in note for note in found.notes)


def test_a_covariate_may_be_one_column_a_named_column_or_the_position():
    rows = votes(length=LENGTHS[0] - LENGTHS[1], length_a=LENGTHS[0], length_b=LENGTHS[1], mine=LENGTHS[1])
    assert read(rows, "length").votes.x[:, 0] == pytest.approx(SCALED), "a column of its name comes before a pair"
    named = read(rows, "style", style=("length_a", "length_b"))
    assert named.votes.x[:, 0] == pytest.approx(SCALED)
    assert read(rows, "style", style=("mine",)).covariates[0].sd == pytest.approx(LENGTHS[1].std())
    both = read(rows, "position", "length")
    assert both.votes.x[:, 0] == pytest.approx(np.ones(120))
    assert "position (shown first), length (`length`, in standard deviations of" in " ".join(both.notes)
    own = rows.with_columns(place=pl.lit(1.0) + pl.int_range(120) % 2)
    assert read(own, "position", position=("place",)).covariates[0].columns == ("place",)


def test_votes_without_a_covariate_or_weight_are_left_out_and_counted():
    rows = votes(
        length=[None, float("nan"), *LENGTHS[0][2:]], trust=[1.0, 1.0, 0.0, None, *[2.0] * 116], flag=[True, False] * 60
    )
    found = read(rows, "length", weight="trust")
    assert len(found.votes) == 116
    assert "2 votes without a covariate left out." in found.notes
    assert "2 votes without a weight above 0 left out." in found.notes
    assert "Weights: column `trust`; the effective number of votes is 116." in found.notes
    assert read(rows, "flag").covariates[0].sd == pytest.approx(0.5)
    text = rows.with_columns(pl.col("length").cast(pl.String))
    assert read(text, "length").covariates[0].sd == pytest.approx(found.covariates[0].sd, rel=0.1)


def test_unusable_covariates_and_weights_are_errors():
    rows = votes(length=["long"] * 120, same=[1.0] * 120, less=[-1.0] * 120, day=[None] * 120)
    for given, said in (
        ({"covariate": "length"}, r"'length' has the value 'long' \(row 1\), which isn't a number"),
        ({"covariate": "same"}, "'same' is the same in every vote"),
        ({"covariate": "nothing"}, "no column for the covariate 'nothing'"),
        ({"covariate": "same", "columns": {"same": ["same", "less", "day"]}}, "3 columns for 'same'"),
        ({"weight": "less"}, "weights below 0"),
        ({"weight": "day"}, "no vote has every covariate, and a weight above 0"),
        ({"weight": "nothing"}, "no column 'nothing'"),
        ({"columns": {"wight": "same"}}, "'wight' isn't a role"),
    ):
        with pytest.raises(hs.DataError, match=said):
            hs.arena(rows, **given)


def test_covariate_effects_that_are_not_identified_are_an_error():
    rows = votes(length=LENGTHS[0], again=2 * LENGTHS[0])
    with pytest.raises(hs.MethodError, match="can't separate the effects of the covariates"):
        hs.arena(rows, covariate=["length", "again"])
    decided = votes().with_columns(bias=(pl.col("winner") == "model_a") - 1.0 * (pl.col("winner") == "model_b"))
    with pytest.raises(hs.MethodError, match="can't separate the effects of the covariates"):
        hs.arena(decided.filter(pl.col("winner") != "tie"), covariate="bias")
    one_order = votes().filter((pl.col("model_a") == "x") & (pl.col("model_b") == "y"))
    with pytest.raises(hs.MethodError, match="can't separate the effects of the covariates"):
        hs.arena(one_order, covariate="position")


@pytest.mark.parametrize(("low", "sign"), [(0.0, 1), (1.0, -1)])
def test_winners_may_be_shares_from_0_to_1_or_preferences_from_1_to_2(low, sign):
    """From 0 to 1 they are the first's; from 1 (first) to 2 (second) as a preference for the second has them."""
    share = np.random.default_rng(2).random(120)
    rows = votes().with_columns(winner=pl.Series(low + share if sign > 0 else 2 - share))
    found = read(rows)
    assert found.votes.score == pytest.approx(share)
    assert "winners are scores of the first" in found.notes[0]
    with pytest.raises(hs.OptionError, match="needs votes that are won, lost or tied"):
        hs.arena(rows, ties="davidson")
