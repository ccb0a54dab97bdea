"""arena: Bradley-Terry scores from pairwise votes in many spellings, with ranks, clusters and undefeated models."""

import json

import polars as pl
import pytest

import howsure as hs
from ballots import votes
from invoked import run
from paragraphs import paragraph


def scores(answer):
    return {entry.model: entry.estimate.value for entry in answer.boards[0].board.entries}


def test_votes_are_ranked_by_score_and_clustered_by_judge():
    found = hs.arena(votes())
    assert list(scores(found)) == ["w", "x", "y", "z"]
    assert found.sentence.startswith("w ")
    assert any("column `judge` (25 clusters of 300 votes); `cluster='none'`" in note for note in found.notes)
    board = found.boards[0].board
    assert found.boards[0].n_clusters == 25
    assert all(entry.estimate.interval.contains(entry.estimate.value) for entry in board.entries)
    assert found.boards[0].n_tied == (votes()["winner"] == "tie").sum()
    assert sum(model.strength for model in found.boards[0].models) == pytest.approx(0)
    alone = hs.arena(votes(), cluster="none").boards[0]
    assert alone.n_clusters == 300
    both = hs.arena(votes(), cluster=["judge", "language"]).boards[0]
    assert both.n_clusters == 2


SPELLINGS = {
    "left and right": {"model_a": "left", "model_b": "right", "tie": "Tie"},
    "arena": {"model_a": "model_a", "model_b": "model_b", "tie": "tie (bothbad)"},
    "letters": {"model_a": "A", "model_b": "b", "tie": "both_bad"},
    "MT-bench": {"model_a": "[[A]]", "model_b": "[[B]]", "tie": "[[C]]"},
    "1, 2, 0": {"model_a": 1, "model_b": 2, "tie": 0},
    "1, 0, half": {"model_a": 1.0, "model_b": 0.0, "tie": 0.5},
}


@pytest.mark.parametrize("words", SPELLINGS.values(), ids=SPELLINGS)
def test_winners_are_recognised_in_every_spelling(words):
    rows = votes()
    kind = pl.String if isinstance(words["tie"], str) else pl.Float64
    said = rows.with_columns(winner=pl.col("winner").replace_strict(words, return_dtype=kind))
    assert hs.arena(said).to_dict()["boards"] == hs.arena(rows).to_dict()["boards"]


def test_winners_by_model_name_and_other_column_names_give_the_same_board():
    rows, usual = votes(), hs.arena(votes()).to_dict()["boards"]
    won = pl.when(pl.col("winner") == "model_a").then("model_a").when(pl.col("winner") == "model_b").then("model_b")
    named = rows.with_columns(winner=won.otherwise(pl.lit("draw")))
    assert hs.arena(named).to_dict()["boards"] == usual
    three = rows.with_columns(
        (pl.col("winner") == word).cast(pl.Int8).alias(f"winner_{word}") for word in ("model_a", "model_b", "tie")
    ).drop("winner")
    assert hs.arena(three).to_dict()["boards"] == usual
    other = rows.rename({"model_a": "one", "model_b": "two", "winner": "best", "judge": "email"})
    columns = {"model_a": "one", "model_b": "two", "winner": "best", "voter": "email"}
    renamed = hs.arena(other, columns=columns).to_dict()["boards"]
    assert renamed[0]["influential_cluster"].pop("column") == "email"
    assert usual[0]["influential_cluster"].pop("column") == "judge"
    assert renamed == usual
    turned = rows.rename({"model_a": "model_b", "model_b": "model_a"}).with_columns(
        pl.col("winner").replace({"model_a": "model_b", "model_b": "model_a"})
    )
    assert scores(hs.arena(turned)) == pytest.approx(scores(hs.arena(rows)))


def test_invalid_votes_are_left_out_with_a_note():
    rows = votes()
    strange = pl.DataFrame(
        {"model_a": ["w", "w", None], "model_b": ["x", "w", "x"], "winner": [None, "tie", "tie"], "judge": [1, 2, 3]}
    )
    found = hs.arena(pl.concat([rows, strange], how="diagonal_relaxed"))
    assert scores(found) == pytest.approx(scores(hs.arena(rows)))
    assert "2 votes without two models or a winner left out." in found.notes
    assert "1 vote of a model against itself left out." in found.notes


def test_a_vote_without_a_voter_is_a_cluster_of_its_own():
    rows = votes().with_columns(judge=pl.when(pl.col("judge") < 5).then(None).otherwise(pl.col("judge")))
    lone = rows["judge"].null_count()
    assert hs.arena(rows).boards[0].n_clusters == 20 + lone


@pytest.mark.parametrize("n", [1, 5, 30])
def test_all_wins_or_all_ties_have_intervals_of_positive_width(n):
    rows = pl.DataFrame({"model_a": ["x"] * n, "model_b": ["y"] * n, "winner": ["A"] * n, "voter": range(n)})
    best, worst = hs.arena(rows).boards[0].board.entries
    assert (best.estimate.interval.high, worst.estimate.interval.low) == (1.0, 0.0)
    assert best.estimate.interval.low < 0.025 ** (1 / n)
    level = hs.arena(rows.with_columns(winner=pl.lit("tie"))).boards[0].board.entries[0].estimate
    assert level.interval.low < 0.5 < level.interval.high


def test_one_voter_gives_no_standard_error():
    assert "a single cluster of votes gives no error bar" in hs.arena(votes().with_columns(judge=1)).render(width=200)
    assert "NaN" not in hs.arena(votes().with_columns(judge=1)).render("json")


def test_one_voter_gives_no_standard_error_with_an_undefeated_model():
    """The ties that bound its strength are no second voter."""
    lone = pl.concat([votes(), votes().head(3).with_columns(model_a=pl.lit("best"), winner=pl.lit("model_a"))])
    told = hs.arena(lone.with_columns(judge=1))
    assert "a single cluster of votes gives no error bar" in told.render(width=200)
    assert {rank.could_be_best for rank in told.boards[0].board.ranks} == {True}
    alone = hs.head_to_head(lone.with_columns(judge=1), "w", "x")
    assert "there is no error bar" in paragraph(alone)


def test_a_note_names_the_anchors_and_nan_winners_are_left_out():
    assert any("P(tie) / 2 against w." in note for note in hs.arena(votes(), against="w").notes)
    numbers = votes().with_columns(winner=pl.Series([1.0, 2.0, float("nan")] * 100))
    assert "100 votes without two models or a winner left out." in hs.arena(numbers).notes


def test_ambiguous_or_missing_winners_and_clusters_are_an_error():
    rows = votes()
    with pytest.raises(hs.DataError, match="unrecognised winners: 'maybe'"):
        hs.arena(rows.with_columns(winner=pl.lit("maybe")))
    with pytest.raises(hs.DataError, match="several possible meanings"):
        hs.arena(rows.with_columns(winner=pl.Series([0, 1] * 150)))
    with pytest.raises(hs.DataError, match="no column for winner"):
        hs.arena(rows.drop("winner"))
    with pytest.raises(hs.DataError, match="no column 'nobody'"):
        hs.arena(rows, cluster="nobody")
    with pytest.raises(hs.DataError, match="no vote has two models and a winner"):
        hs.arena(rows.with_columns(winner=pl.lit(None, dtype=pl.String)))
    with pytest.raises(hs.DataError, match="more than two ways"):
        hs.arena(rows, cluster=["judge", "language", "winner"])
    with pytest.raises(hs.OptionError, match="ties"):
        hs.arena(rows, ties="never")


def test_unconnected_groups_of_models_have_separate_boards():
    other = votes(seed=1, n=60, models=("p", "q"))
    found = hs.arena(pl.concat([votes(), other]))
    assert [len(pool.models) for pool in found.boards] == [4, 2]
    assert [warning.code for warning in found.warnings] == ["pools_apart"]
    assert scores(found) == pytest.approx(scores(hs.arena(votes())))
    assert "pool 2: 2 models, 60 votes" in found.render()
    with pytest.raises(hs.DataError, match="none of w is in the pool of p"):
        hs.arena(pl.concat([votes(), other]), against="w")


def test_leaderboard_of_a_table_of_votes_suggests_arena(tmp_path):
    votes().write_csv(tmp_path / "votes.csv")
    with pytest.raises(hs.ReadError, match="look like pairwise votes: `howsure arena`"):
        hs.leaderboard(tmp_path / "votes.csv")


def test_an_undefeated_model_has_a_finite_strength_and_a_warning():
    rows = votes().filter((pl.col("model_a") != "w") & (pl.col("model_b") != "w"))
    always = pl.DataFrame(
        {"model_a": ["w"] * 30, "model_b": ["x", "y", "z"] * 10, "winner": ["model_a"] * 30, "judge": range(30)}
    )
    found = hs.arena(pl.concat([rows, always], how="diagonal_relaxed"))
    (best, *_) = found.boards[0].models
    assert (best.model, best.perfect) == ("w", True)
    assert 2 < best.strength < 8
    assert [warning.code for warning in found.warnings] == ["perfect_record"]
    assert "1 model won, or lost, everything" in found.render()


def test_the_arena_command_gives_the_result_of_the_function(tmp_path):
    path = tmp_path / "votes.csv"
    votes().write_csv(path)
    found = hs.arena(path, ties="davidson")
    assert json.loads(run("arena", str(path), "--ties", "davidson", "-f", "json").output) == found.to_dict()
    assert found.sentence in " ".join(run("arena", str(path), "--ties", "davidson").output.split())
    pairs = pl.read_csv(run("arena", str(path), "--pairs", "-f", "csv").stdout_bytes)
    assert len(pairs) == 6
    rows = pl.read_csv(run("arena", str(path), "-f", "csv", "--where", "language=German").stdout_bytes)
    assert rows["model"].n_unique() == 4
    half = hs.arena([path, path], cluster="none").boards[0]
    assert half.n_votes == 600
    for kind in ("leaderboard", "ranks", "pairs"):
        assert "w" in json.dumps(found.chart(kind))


def test_clustering_llmfao_votes_by_rater_widens_the_set_that_could_be_best(real_data):
    found = hs.arena(real_data / "tidy" / "llmfao_votes.parquet")
    (pool,) = found.boards
    assert (pool.n_votes, pool.n_tied, pool.n_clusters, len(pool.models)) == (8931, 3471, 124, 59)
    assert pool.models[0].model == "GPT 4"
    narrow = hs.arena(real_data / "tidy" / "llmfao_votes.parquet", cluster="none").boards[0]
    assert len(narrow.board.could_be_best) < len(pool.board.could_be_best)


@pytest.mark.parametrize("name", ["none", "Unknown", "error", "skip"])
def test_a_model_named_like_a_missing_value_keeps_its_votes(name):
    rows = votes()
    model = rows["model_a"].unique().sort()[0]
    called = rows.with_columns(pl.col("model_a", "model_b").replace(model, name))
    won = pl.when(pl.col("winner") == "model_a").then("model_a").when(pl.col("winner") == "model_b").then("model_b")
    by_name = called.with_columns(winner=won.otherwise(pl.lit("tie")))
    assert hs.arena(by_name).to_dict()["boards"] == hs.arena(called).to_dict()["boards"]


def test_placeholders_for_missing_winners_are_left_out():
    rows = votes()
    few = pl.int_range(pl.len()) < 10
    gaps = rows.with_columns(winner=pl.when(few).then(pl.lit("-")).otherwise("winner"))
    assert hs.arena(gaps).to_dict()["boards"] == hs.arena(rows.slice(10)).to_dict()["boards"]
    assert "10 votes without two models or a winner left out." in hs.arena(gaps).notes


def test_the_most_influential_judge_does_not_depend_on_the_order_of_rows():
    first = "100111101011000011101010100100"
    won = "ababbaabaaaaaabaaabaabbaaabbab"
    judge = "241343234244114441342344432424"
    rows = pl.DataFrame(
        {
            "model_a": [f"m{k}" for k in first],
            "model_b": [f"m{1 - int(k)}" for k in first],
            "winner": [f"model_{k}" for k in won],
            "judge": [f"j{k}" for k in judge],
        }
    )
    found = [
        hs.arena(rows.sample(fraction=1.0, shuffle=True, seed=seed)).boards[0].influential_cluster for seed in range(20)
    ]
    assert len({each.cluster for each in found if each is not None}) == 1


def test_a_warning_names_a_judge_with_most_of_the_votes():
    rows = votes(n=80).with_columns(judge=pl.when(pl.int_range(pl.len()) < 50).then(99).otherwise("judge"))
    (warning,) = [each for each in hs.arena(rows).boards[0].board.warnings if each.code == "dominant_cluster"]
    assert warning.message.startswith("one of 18 clusters (judge 99) contains 50 of 80 votes")
    assert "not votes in judge 99" in warning.remedy


@pytest.mark.parametrize("cluster", ["judge", "none"])
def test_a_single_vote_gives_no_position_effect(cluster):
    """Its fit leaves no spread, so that an error of 1e-17 gave p < 0.001."""
    rows = pl.DataFrame({"model_a": ["A"], "model_b": ["B"], "winner": ["model_a"], "judge": [0]})
    found = hs.arena(rows, cluster=cluster)
    assert found.boards[0].position_effect is None
    assert "stands first" not in str(found)


def test_tied_models_have_no_most_influential_judge():
    rows = pl.DataFrame({"model_a": ["A", "B"], "model_b": ["B", "A"], "winner": ["model_a"] * 2, "judge": [0, 1]})
    found = hs.arena(rows)
    assert found.boards[0].influential_cluster is None
    assert "hangs" not in str(found)
