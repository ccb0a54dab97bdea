"""head_to_head: two models of an arena, compared by the fitted scores and by their direct votes."""

import json

import numpy as np
import polars as pl
import pytest
from scipy import special

import howsure as hs
from ballots import votes
from invoked import run
from paragraphs import paragraph
from trials import draws

VOTES = votes(n=600, voters=40, step=0.5)


def test_head_to_head_equals_the_pair_on_the_board():
    board, found = hs.arena(VOTES), hs.head_to_head(VOTES, "w", "y")
    pair = next(each for each in board.pair_records() if {each["a"], each["b"]} == {"w", "y"})
    assert found.difference.value == pytest.approx(pair["difference"])
    assert found.p_value == pytest.approx(pair["p_value"])
    assert (found.difference.interval.low, found.difference.interval.high) == pytest.approx((pair["low"], pair["high"]))
    scores = {entry.model: entry.estimate.value for entry in board.boards[0].board.entries}
    assert (found.a_score, found.b_score) == pytest.approx((scores["w"], scores["y"]))
    strength = {model.model: model.strength for model in board.boards[0].models}
    assert found.win_probability == pytest.approx(special.expit(strength["w"] - strength["y"]))
    assert found.sentence.startswith("w is better than y by ")


@pytest.mark.parametrize("seed", range(draws(3, 12)))
def test_swapping_the_models_mirrors_difference_interval_and_wins(seed):
    """One pivot: the chance leaves one half out where the p-value shows a difference."""
    rows = votes(seed, n=90, step=0.5)
    found, turned = hs.head_to_head(rows, "x", "z"), hs.head_to_head(rows, "z", "x")
    assert turned.difference.value == pytest.approx(-found.difference.value)
    assert turned.win_probability_interval.low == pytest.approx(1 - found.win_probability_interval.high, abs=1e-6)
    assert turned.p_value == pytest.approx(found.p_value)
    assert (turned.direct_votes.wins, turned.direct_votes.losses) == (
        found.direct_votes.losses,
        found.direct_votes.wins,
    )
    assert turned.direct_votes.share == pytest.approx(1 - found.direct_votes.share)
    assert turned.direct_votes.interval.low == pytest.approx(1 - found.direct_votes.interval.high, abs=1e-6)
    shown = found.p_value <= 0.05
    assert shown == (not found.win_probability_interval.contains(0.5)) == (found.better is not None)
    assert shown == (not found.difference.interval.contains(0.0))
    assert found.direct_votes.interval.contains(found.direct_votes.share)


def test_the_direct_score_is_the_win_share_with_ties_as_half():
    rows = VOTES.filter(pl.col("model_a").is_in(["w", "x"]) & pl.col("model_b").is_in(["w", "x"]))
    of_w = (
        pl.when(pl.col("winner") == "tie")
        .then(0.5)
        .otherwise((pl.col("winner") == "model_a") == (pl.col("model_a") == "w"))
    )
    share = rows.select(of_w.cast(pl.Float64))["literal"].mean()
    found = hs.head_to_head(VOTES, "w", "x").direct_votes
    assert found.share == pytest.approx(share)
    assert found.wins + found.ties + found.losses == len(rows)
    assert found.ties == (rows["winner"] == "tie").sum()
    alone = hs.head_to_head(rows, "w", "x")
    assert alone.direct_votes.interval.low == pytest.approx(alone.win_probability_interval.low), (
        "all there is are their own votes"
    )


def test_models_that_never_met_have_no_direct_score_and_unconnected_ones_are_an_error():
    never = VOTES.filter(~(pl.col("model_a").is_in(["w", "x"]) & pl.col("model_b").is_in(["w", "x"])))
    found = hs.head_to_head(never, "w", "x")
    assert found.direct_votes is None
    assert "No vote compares the two directly" in paragraph(found)
    apart = pl.concat([VOTES, votes(seed=1, models=("p", "q"))])
    with pytest.raises(hs.DataError, match="no vote connects w and p"):
        hs.head_to_head(apart, "w", "p")
    with pytest.raises(hs.OptionError, match="a and b are both w"):
        hs.head_to_head(VOTES, "w", "w")
    assert "there is no error bar" in hs.head_to_head(VOTES.with_columns(judge=1), "w", "x").sentence


def test_all_wins_have_an_interval_up_to_1_and_a_warning():
    rows = pl.DataFrame({"model_a": ["x"] * 8, "model_b": ["y"] * 8, "winner": ["A"] * 8, "voter": range(8)})
    found = hs.head_to_head(rows, "x", "y")
    assert found.p_value == pytest.approx(2**-7)
    assert (found.direct_votes.share, found.direct_votes.interval.high) == (1.0, 1.0)
    assert [warning.code for warning in found.warnings] == ["perfect_record"]


def test_anchors_covariates_and_weights_are_used_as_on_the_board():
    rng = np.random.default_rng(3)
    rows = VOTES.with_columns(length=pl.Series(rng.normal(size=600)), trust=pl.Series(rng.integers(1, 4, 600)))
    given = {"against": "z", "covariate": ["length", "position"], "weight": "trust", "cluster": "none"}
    board, found = hs.arena(rows, **given).boards[0], hs.head_to_head(rows, "w", "x", **given)
    scores = {entry.model: entry.estimate.value for entry in board.board.entries}
    assert (found.a_score, found.b_score) == pytest.approx((scores["w"], scores["x"]))
    assert "P(tie) / 2 against z." in " ".join(found.notes)


def test_arena_with_a_and_b_gives_the_result_of_head_to_head(tmp_path):
    path = tmp_path / "votes.csv"
    VOTES.write_csv(path)
    found = hs.head_to_head(path, "w", "x", ties="davidson")
    said = run("arena", str(path), "-a", "w", "-b", "x", "--ties", "davidson", "-f", "json")
    assert json.loads(said.output) == found.to_dict()
    assert "-a and -b are two models" in run("arena", str(path), "-a", "w").output
    assert "--top is for a board" in run("arena", str(path), "-a", "w", "-b", "x", "--top", "3").output


@pytest.mark.parametrize("n", [2, 10])
def test_ties_only_give_the_clopper_pearson_bound_on_the_difference(n):
    """Ten ties are no proof of equality: others can be unlike with a chance of up to 1 − 0.025^(1/10) (Clopper and Pearson)."""
    ties = pl.DataFrame({"model_a": ["a"] * n, "model_b": ["b"] * n, "winner": ["tie"] * n})
    answer, entry = hs.head_to_head(ties, "a", "b"), hs.arena(ties).boards[0].board.entries[0]
    high = 1 - 0.5 * 0.025 ** (1 / n)
    for interval in (answer.win_probability_interval, answer.direct_votes.interval, entry.estimate.interval):
        assert (interval.low, interval.high) == pytest.approx((1 - high, high))
    limits = answer.difference.interval
    assert (limits.low, limits.high) == pytest.approx((1 - 2 * high, 2 * high - 1))
    assert "n/a" not in answer.render("terminal")
    elo = hs.arena(ties).boards[0].models[0].elo_interval
    assert elo.high - 1000 == pytest.approx(400 / np.log(10) * special.logit(high) / 2)
