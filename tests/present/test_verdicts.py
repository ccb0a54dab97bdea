"""The first sentence of a leaderboard states the leader, the number of items if it is low, the inference space and the uncertainty."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import attempts, two_models, won
from howsure.present.leaderboard import picked
from paragraphs import paragraph


def some(rows, model, n):
    """Keep the first n items of one model."""
    return rows.filter((pl.col("model") != model) | pl.col("item").is_in([f"q{i}" for i in range(n)]))


def verdict(data, **options):
    return hs.leaderboard(data, **options).sentence


def alone(*scores, **options):
    rows = pl.DataFrame({"model": "m", "item": range(len(scores)), "score": [float(score) for score in scores]})
    return verdict(rows, **options)


def test_the_verdict_states_how_many_items_the_leader_answered_if_it_lacks_some():
    few = some(two_models(n=400), "a", 2)
    assert verdict(few).startswith(
        "a scores highest (100.0%, on 2 of 400 questions), but the other model could be best."
    )
    many = two_models(n=400).filter((pl.col("model") == "b") | (pl.col("item") != "q399"))
    assert verdict(many).startswith(
        "a is best (50.9%, on 399 of 400 questions): significantly ahead of the other at 95% confidence."
    )
    assert verdict(two_models(n=400)).startswith("a is best (50.8%): significantly")


def test_a_leader_on_other_items_than_the_rest_is_given_both_counts():
    rows = some(two_models(n=400), "a", 2).with_columns(
        item=pl.when(pl.col("model") == "a").then("x" + pl.col("item")).otherwise("item")
    )
    assert "a scores highest (100.0%, on 2 questions, others on up to 400), but" in verdict(rows)


def test_a_leader_with_all_items_has_no_item_count_in_the_verdict():
    assert "items)" not in verdict(some(two_models(n=400), "b", 100))


@pytest.mark.parametrize("models", ["a", "ab"])
def test_the_verdict_states_once_that_it_is_about_exactly_these_questions(models):
    rows = attempts(models=models)
    assert verdict(rows, population="these-questions").count(" on exactly these questions") == 1
    assert "exactly" not in verdict(rows)
    same = pl.concat([rows.filter(model="a").with_columns(model=pl.lit(name)) for name in models])
    assert verdict(same, population="these-questions").count(" on exactly these questions") == 1


def test_models_with_equal_scores_tie():
    rows = two_models().filter(model="a")
    tied = [pl.concat([rows.with_columns(model=pl.lit(name)) for name in names]) for names in ("ab", "abc")]
    assert [verdict(each).split(".")[0] for each in tied] == ["Both models tie at 65", "All 3 models tie at 65"]
    assert "neighbouring" not in verdict(tied[1])


def test_one_model_shows_its_confidence_interval():
    assert alone(0) == "m scores 0.0% (95% CI 0.0 to 97.5)."  # 97.5: the root of 1 − p = 0.025
    assert alone(*[1] * 30) == "m scores 100.0% (95% CI 88.4 to 100.0)."  # 0.025^(1/30) = 0.884
    assert alone(3, 5, 10, interval="t") == "m scores 6 (95% CI −2.957 to 14.96)."  # 4.303 · 3.606 / √3 = 8.957


def test_one_model_without_an_error_bar_says_so():
    assert alone(7) == "m scores 7, with no error bar."


@pytest.mark.parametrize(("more", "said"), [(30, True), (5, False)])
def test_required_sample_sizes_are_omitted_if_unrealistically_large(more, said):
    """30 net wins in 10,000 take some 38,000 questions to show, 5 take over a million."""
    one = [1.0] * (200 + more) + [0.0] * 200 + [1.0] * (9_600 - more)
    other = [0.0] * (200 + more) + [1.0] * (9_800 - more)
    scores = {"a": one, "b": other}
    rows = pl.concat(pl.DataFrame({"model": name, "item": range(10_000), "score": scores[name]}) for name in "ab")
    gap, gate = hs.compare(rows, "a", "b", cluster="none"), hs.gate(rows, "a", "b", better=True, cluster="none")
    assert (
        ("About 38,000 questions in all would settle it" in paragraph(gap))
        == ("questions in all would settle it" in paragraph(gap))
        == said
    )
    assert ("28,000 more questions" in str(gate).replace("\n", " ")) == ("would settle" in str(gate)) == said
    assert ("38,000 questions in all" in " ".join(gap.render("markdown", explain=True).split())) == said


def test_a_tiny_lead_is_reported_as_less_than_0_1_points():
    rows = two_models(n=4001).with_columns(score=(pl.col("item").str.slice(1).cast(pl.Int64) % 2).cast(pl.Float64))
    one = rows.with_columns(
        score=pl.when((pl.col("model") == "a") & (pl.col("item") == "q0")).then(1.0).otherwise("score")
    )
    assert hs.compare(one, "a", "b").sentence.startswith("Can't tell. a is ahead of b by less than 0.1 points (95% CI ")
    assert "a is ahead by less than 0.1 points" in hs.Monitor(a="a", b="b", shuffled=True).update(one).sentence


def test_two_models_have_no_sentence_about_neighbouring_ranks():
    for data in (two_models(n=400), two_models(n=4), two_models().filter(model="a").with_columns(model=pl.lit("b"))):
        assert "neighbouring" not in verdict(data)


def test_a_leaderboard_of_two_models_agrees_with_compare():
    rows = won(9, 2, 12)
    board = hs.leaderboard(rows).boards[0]
    assert board.could_be_best == ("a", "b")
    assert "but the other model could be best." in board.sentence
    assert hs.compare(rows, "a", "b").better is None
    votes = pl.DataFrame({"model_a": "a", "model_b": "b", "winner": ["model_a"] * 24 + ["model_b"] * 12})
    assert hs.arena(votes).boards[0].board.could_be_best == ("a", "b")


def test_a_best_model_without_significant_neighbour_gaps_is_reported_as_such():
    scores = (np.random.default_rng(0).random((60, 4)) < [0.85, 0.66, 0.66, 0.66]).astype(float)
    frames = [pl.DataFrame({"model": "abcd"[m], "item": range(60), "score": scores[:, m]}) for m in range(4)]
    board = hs.leaderboard(pl.concat(frames)).boards[0]
    assert (board.could_be_best, board.n_significant_neighbours, board.is_ahead_of_all) == (("a",), 0, False)
    assert board.sentence == ("a is best (83.3%): no other could be best at 95% confidence.")


def test_the_only_possible_best_of_two_models_has_rank_1_only():
    rows = won(10, 1, 12)
    board = hs.leaderboard(rows).boards[0]
    assert [(rank.low, rank.high) for rank in board.ranks] == [(1, 1), (2, 2)]
    assert "significantly ahead of the other" in board.sentence
    plain = " ".join(hs.leaderboard(rows).render("markdown", explain=True).split())
    assert "a has only one: every other model is shown to be worse." in plain


def test_models_that_could_be_best_only_for_lack_of_answers_are_counted():
    rows = two_models(n=400)
    few = rows.filter(pl.col("model") == "b", pl.col("score") == 0).head(2)
    others = [few.with_columns(model=pl.lit(name)) for name in "bc"]
    answer = hs.leaderboard(pl.concat([rows.filter(model="a"), *others]))
    assert "They answered too few questions to be excluded (under half of 400)." in paragraph(answer)


def test_the_only_model_with_all_tasks_is_reported_as_such():
    tasks = pl.concat([two_models().with_columns(task=pl.lit(name)) for name in ("t", "u")])
    lacking = tasks.filter((pl.col("model") == "a") | (pl.col("task") == "t"))
    assert hs.leaderboard(lacking).overall.sentence.startswith("Only 1 of 2 models has all 2 tasks: a scores ")


def test_one_model_behind_several_tied_leaders_is_called_the_other():
    rows = pl.concat([won(20, 0, 20), won(20, 0, 20, names=("c", "d")).filter(model="c")])
    assert "a and c are level (100.0%): significantly ahead of the other at" in verdict(rows)


@pytest.mark.parametrize(("luck", "told"), [(0.05, False), (0.2, True)])
def test_a_selection_bias_far_below_the_standard_error_is_not_reported(luck, told):
    rows = two_models(n=400).with_columns(score=3 + pl.col("score"))
    board = hs.leaderboard(rows).boards[0]
    leader = board.entries[0].estimate
    places = SimpleNamespace(ranks=board.ranks, leader_corrected=leader.value - luck * leader.se)
    owing = replace(board, places=places)
    assert bool(picked(owing)) == told
    unsure = replace(owing.entries[0], estimate=replace(leader, se=math.nan))
    assert not picked(replace(owing, entries=(unsure, *owing.entries[1:])))
