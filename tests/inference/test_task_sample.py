"""Tasks as a sample: ranks for other tasks like these, by scores, ranks, win rates and others per task."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from trials import draws


def made(scores, **columns):
    """A frame of models (columns) on tasks (rows): four questions each, whose mean is the score."""
    rows = []
    for task, line in enumerate(scores):
        for model, score in enumerate(line):
            if score is not None:
                for k in range(4):
                    more = {name: values[task] for name, values in columns.items()}
                    rows.append({"task": f"t{task}", "model": f"m{model}", "item": f"q{k}", "score": score, **more})
    return pl.DataFrame(rows, infer_schema_length=None)


SCORES = np.array([[0.9, 0.5, 0.5], [0.2, 0.1, 0.7], [0.6, 0.55, 0.3], [0.8, 0.4, 0.1]])


def values(board):
    return {entry.model: entry.estimate.value for entry in board.boards[0].entries}


@pytest.mark.parametrize(
    ("rank_by", "expected"),
    [
        ("score", SCORES.mean(axis=0)),
        ("mean-rank", np.array([[1, 2.5, 2.5], [2, 3, 1], [1, 2, 3], [1, 2, 3]]).mean(axis=0)),
        ("win-rate", np.array([[1, 0.25, 0.25], [0.5, 0, 1], [1, 0.5, 0], [1, 0.5, 0]]).mean(axis=0)),
        ("borda", np.array([[2, 0.5, 0.5], [1, 0, 2], [2, 1, 0], [2, 1, 0]]).mean(axis=0)),
        ("normalised", np.array([[1, 0, 0], [1 / 6, 0, 1], [1, 0.25 / 0.3, 0], [1, 3 / 7, 0]]).mean(axis=0)),
    ],
)
def test_what_counts_on_a_task_is_as_counted_by_hand(rank_by, expected):
    board = hs.leaderboard(made(SCORES), rank_by=rank_by)
    assert values(board) == pytest.approx({f"m{k}": value for k, value in enumerate(expected)})
    assert board.boards[0].lower_is_better == (rank_by == "mean-rank")
    assert board.boards[0].entries[0].model == "m0"


def test_the_error_is_that_over_tasks():
    board = hs.leaderboard(made(SCORES * 3 + 5), tasks_as_sample=True)
    by_model = {entry.model: entry.estimate for entry in board.boards[0].entries}
    for k in range(3):
        assert by_model[f"m{k}"].se == pytest.approx(3 * SCORES[:, k].std(ddof=1) / 2)
        assert by_model[f"m{k}"].n_items == 4
    assert "results are about other tasks like these" in board.notes[0]


def test_smaller_scores_that_are_better_rank_first():
    board = hs.leaderboard(made(SCORES), rank_by="mean-rank", lower_is_better=True)
    assert board.boards[0].entries[-1].model == "m0"


def test_weights_and_families_of_tasks_count():
    weights = {f"t{k}": w for k, w in enumerate([1, 2, 3, 4])}
    board = hs.leaderboard(made(SCORES), tasks_as_sample=True, overall=weights)
    assert values(board)["m0"] == pytest.approx(np.average(SCORES[:, 0], weights=[1, 2, 3, 4]))
    tasks = np.vstack([SCORES, SCORES + 0.01, SCORES[:2]])
    family = [f"f{k % 5}" for k in range(10)]
    board = hs.leaderboard(made(tasks, kind=family), tasks_as_sample=True, cluster="kind")
    assert board.boards[0].entries[0].estimate.n_clusters == 5
    with pytest.raises(hs.OptionError, match="clusters of tasks are their families"):
        hs.leaderboard(made(SCORES), tasks_as_sample=True, cluster="item")
    with pytest.raises(hs.OptionError, match="no weight for 't1'"):
        hs.leaderboard(made(SCORES), tasks_as_sample=True, overall={"t0": 1.0})


def test_missing_tasks_are_left_out_and_ranks_are_among_those_there():
    scores = [[0.9, 0.5, 0.4], [0.2, None, 0.7], [0.6, 0.5, 0.3], [0.8, 0.4, 0.1]]
    board = hs.leaderboard(made(scores), rank_by="win-rate")
    assert values(board)["m1"] == pytest.approx(0.5)
    assert values(board)["m2"] == pytest.approx(0.25)


def test_one_task_and_directions_that_differ_are_errors():
    with pytest.raises(hs.DataError, match="there is one"):
        hs.leaderboard(made(SCORES[:1]), tasks_as_sample=True)
    directions = {"t0": {"lower_is_better": True}}
    with pytest.raises(hs.DataError, match="smaller scores are better on some tasks only"):
        hs.leaderboard(made(SCORES), tasks_as_sample=True, tasks=directions)
    assert hs.leaderboard(made(SCORES), rank_by="mean-rank", tasks=directions).boards[0].entries[0].model == "m0"


@pytest.mark.parametrize("option", [{"by": "item"}, {"population": "same-clusters"}, {"each_task": True}])
def test_options_about_the_questions_of_a_task_are_refused(option):
    with pytest.raises(hs.OptionError, match="here the tasks are a sample"):
        hs.leaderboard(made(SCORES), tasks_as_sample=True, **option)


def test_failed_attempts_are_counted_beside_the_ranks():
    rows = made(SCORES).with_columns(score=pl.when(pl.col("item") != "q0").then("score"))
    board = hs.leaderboard(rows, tasks_as_sample=True)
    assert any("12 of 48 attempts have no score" in note for note in board.notes)


def test_predictions_take_one_task_or_more():
    with pytest.raises(hs.OptionError, match="n"):
        hs.leaderboard(made(SCORES), rank_by="win-rate").boards[0].prediction_intervals(0)


@pytest.mark.unmeasured
def test_intervals_over_subjects_hold_what_they_say_and_are_half_as_wide_as_those_for_answers(real_data):
    """Subjects of MMLU drawn with replacement; the truth is the mean of all thirty."""
    rows = pl.read_parquet(real_data / "tidy" / "zeroeval.parquet").filter(pl.col("benchmark") == "zeroeval_mmlu-redux")
    wide = rows.group_by("cluster", "model").agg(pl.col("score").mean()).pivot("model", index="cluster", values="score")
    models = [name for name in wide.columns[1:] if not wide[name].null_count()][::9]
    scores, rng, covered, ratio = wide.select(models).to_numpy(), np.random.default_rng(3), [], []
    for _ in range(draws(25, 400)):
        drawn = made(scores[rng.integers(0, len(scores), 10)])
        boards = [hs.leaderboard(drawn, tasks_as_sample=True, interval=each).boards[0] for each in (None, "adaptive")]
        usual, adaptive = ({e.model: e.estimate.interval for e in board.entries} for board in boards)
        for name, truth in zip((f"m{k}" for k in range(len(models))), scores.mean(axis=0), strict=True):
            covered.append(usual[name].low <= truth <= usual[name].high)
            ratio.append(usual[name].half_width / adaptive[name].half_width)
    assert np.mean(covered) >= 0.93 - 2 * math.sqrt(0.05 * 0.95 / draws(25, 400))
    assert np.mean(ratio) < 0.6


@pytest.mark.unmeasured
def test_mean_ranks_of_half_of_the_mmlu_subjects_predict_those_of_the_other_half(real_data):
    """Fifteen of thirty subjects are drawn: the prediction interval of the mean rank covers that on the other fifteen."""
    rows = pl.read_parquet(real_data / "tidy" / "zeroeval.parquet").filter(pl.col("benchmark") == "zeroeval_mmlu-redux")
    means = rows.group_by("model", "cluster").agg(pl.col("score").mean()).rename({"cluster": "item"})
    ranks = means.with_columns(rank=pl.col("score").rank("average", descending=True).over("item"))
    tidy = means.select(pl.col("item").alias("task"), "model", pl.lit("q").alias("item"), "score")
    every, rng, covered = sorted(means["item"].unique()), np.random.default_rng(2), []
    for _ in range(draws(6, 60)):
        drawn = set(rng.choice(every, 15, replace=False))
        board = hs.leaderboard(tidy.filter(pl.col("task").is_in(drawn)), rank_by="mean-rank").boards[0]
        limits = board.prediction_intervals(15)
        other = ranks.filter(~pl.col("item").is_in(drawn)).group_by("model").agg(pl.col("rank").mean())
        covered += [limits[model][0] <= rank <= limits[model][1] for model, rank in other.iter_rows()]
    assert np.mean(covered) >= 0.93
