"""Boards of very many models, in blocks: what Holm's procedure over all pairs finds."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.errors import DataError, HowsureError
from howsure.inference import leaderboard, many_models
from howsure.statistics import many_pairs
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.multiplicity import holm
from howsure.statistics.results import allowed


def results(seed, *, models=30, items=120, clusters=0, missing=0.0, spread=0.8):
    rng = np.random.default_rng(seed)
    model, item = (each.ravel() for each in np.indices((models, items)))
    ability, ease = spread * rng.normal(size=models), rng.normal(size=items)
    score = rng.logistic(size=len(item)) < ability[model] + ease[item]
    rows = pl.DataFrame(
        {"model": [f"m{k:02}" for k in model], "item": [f"q{k}" for k in item], "score": score.astype(float)}
    )
    if clusters:
        rows = rows.with_columns(cluster=pl.Series([f"c{k % clusters}" for k in item]))
    return rows.filter(pl.Series(rng.random(len(item)) >= missing))


@pytest.fixture
def few(monkeypatch):
    """Let boards of more than ten models be ranked in blocks of seven."""
    monkeypatch.setattr(leaderboard, "MOST_MODELS", 10)
    monkeypatch.setattr(many_pairs, "BLOCK", 7)


WORLDS = [{}, {"clusters": 40}, {"missing": 0.1}, {"clusters": 4}, {"spread": 3.0}, {"spread": 0.0}]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_rejected_pairs_are_holms_or_those_that_bonferroni_finds(few, world, seed):
    rows = results(seed, **world)
    wide = rows.pivot(on="model", index="item", values="score").sort("item")
    x = wide.drop("item").to_numpy()
    codes = [np.arange(len(x)) % world["clusters"]] if "clusters" in world else []
    order = np.argsort(-np.nanmean(x, axis=0), kind="stable")
    all_pairs = pair_moments(x[:, order], clusters=codes)
    found = many_pairs.tally(lambda chosen: pair_moments(x[:, chosen], clusters=codes), order, allowed(0.95))
    upper = np.triu_indices(len(order), 1)
    p, ahead = all_pairs.p_value[upper], all_pairs.difference[upper] > 0
    q = np.full(len(p), np.nan)
    q[np.isfinite(p)] = holm(p[np.isfinite(p)])

    def worse(rejected):
        counts = np.zeros(len(order), dtype=int)
        np.add.at(counts, np.where(ahead, upper[0], upper[1])[rejected], 1)
        return counts

    assert (worse(p * len(p) <= allowed(0.95)) <= found.worse).all()
    assert (found.worse <= worse(q <= allowed(0.95))).all()
    assert found.better.sum() == found.worse.sum()
    assert found.neighbours == pytest.approx(np.minimum(np.diagonal(all_pairs.p_value, 1) * len(p), 1), nan_ok=True)
    half = all_pairs.p_value[0] / 2
    leader = np.where(all_pairs.difference[0] > 0, half, 1 - half)
    assert found.leader[1:] == pytest.approx(leader[1:], nan_ok=True)


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_rank_intervals_contain_those_by_holm(few, world):
    rows = results(1, **world)
    board = hs.leaderboard(rows).boards[0]
    leaderboard.MOST_MODELS = 3000
    other = hs.leaderboard(rows, adjust="holm").boards[0]
    assert board.adjust == "holm"
    assert [entry.model for entry in board.entries] == [entry.model for entry in other.entries]
    for one, sharper in zip(board.ranks, other.ranks, strict=True):
        assert one.rank == sharper.rank
        assert one.low <= max(sharper.low, 2)
        assert one.high >= sharper.high or other.ranks[0].high == 1
    assert board.n_significant_neighbours <= other.n_significant_neighbours


def test_the_answer_says_what_is_not_computed(few):
    answer = hs.leaderboard(results(0))
    (warning,) = [each for each in answer.warnings if each.code == "many_models"]
    assert warning.message.startswith("30 models: their 435 pairs are compared in blocks")
    assert "3,000 models" in warning.remedy
    assert all(rank.group == "" for rank in answer.boards[0].ranks)
    assert np.isnan(answer.boards[0].leader_corrected)
    assert "group" not in answer.render("terminal").splitlines()[2]
    answer.to_dict()
    answer.render("markdown", explain=True, methods_paragraph=True)


def test_the_pairs_of_the_best_are_there(few, monkeypatch):
    monkeypatch.setattr(many_models, "PAIRED", 6)
    rows = results(0)
    board = hs.leaderboard(rows).boards[0]
    first, second = (entry.model for entry in board.entries[:2])
    gap = hs.compare(rows, a=first, b=second)
    assert board.pairs.difference.shape == (6, 6)
    assert (board.pairs.low[0, 1], board.pairs.high[0, 1]) == pytest.approx((gap.low, gap.high))
    assert board.pairs.p_adjusted[0, 1] == pytest.approx(min(435 * gap.p_value, 1))
    assert len(board.pair_records()) == 15


@pytest.mark.parametrize("seed", range(2))
def test_everything_that_is_said_of_a_board_is_said_of_many_models(few, monkeypatch, seed):
    monkeypatch.setattr(many_models, "PAIRED", 6)
    answer = hs.leaderboard(results(seed, missing=0.3, clusters=30), top="all")
    text = answer.render("markdown", details=True, explain=True, methods_paragraph=True)
    assert "corrected for all 435 pairs by the procedure of Holm" in text.replace("\n", " ")
    for kind in ("leaderboard", "ranks", "pairs"):
        assert answer.chart(kind)
    assert len(answer.records()) == 30


def test_without_a_correction_each_pair_has_the_level(few):
    rows = results(2)
    board = hs.leaderboard(rows, adjust="none").boards[0]
    leaderboard.MOST_MODELS = 3000
    other = hs.leaderboard(rows, adjust="none").boards[0]
    assert board.ranks[3].low == other.ranks[3].low
    assert board.could_be_best == other.could_be_best
    assert board.n_significant_neighbours == other.n_significant_neighbours


def test_a_single_clear_leader_is_best(few):
    rows = results(0, spread=0.1).with_columns(
        score=pl.when(pl.col("model") == "m07").then(1.0).otherwise(pl.col("score"))
    )
    board = hs.leaderboard(rows).boards[0]
    assert board.could_be_best == ("m07",)
    assert board.is_ahead_of_all
    assert (board.ranks[0].low, board.ranks[0].high) == (1, 1)


def test_a_model_that_beats_the_leader_on_shared_questions_could_be_best(few):
    """The leader answered only the easy questions, on which another model is better throughout."""
    easy = pl.DataFrame({"model": "rival", "item": [f"q{k}" for k in range(60)], "score": 1.0})
    hard = pl.DataFrame({"model": "rival", "item": [f"h{k}" for k in range(60)], "score": 0.0})
    leader = easy.with_columns(model=pl.lit("leader"), score=pl.Series([0.0] * 20 + [1.0] * 40))
    others = pl.concat([hard.with_columns(model=pl.lit(f"m{k}")) for k in range(12)])
    board = hs.leaderboard(pl.concat([easy, hard, leader, others])).boards[0]
    assert [entry.model for entry in board.entries[:2]] == ["leader", "rival"]
    assert {"leader", "rival"} <= set(board.could_be_best)


def test_several_tasks_and_the_false_discovery_rate_are_refused(few, monkeypatch):
    with pytest.raises(HowsureError, match="Holm's procedure"):
        hs.leaderboard(results(0), adjust="bh")
    monkeypatch.setattr(many_models, "MOST_IN_BLOCKS", 20)
    with pytest.raises(DataError, match="more than 20 aren't ranked"):
        hs.leaderboard(results(0))
