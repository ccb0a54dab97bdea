"""Tasks as a sample: ranks for other tasks like these, by scores, ranks, win rates and others per task."""

from __future__ import annotations

import math
import re

import numpy as np
import polars as pl
import pytest
import scipy

import howsure as hs
from howsure.statistics.bradley_terry import elo_over_tasks
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


def by_hand(scores, weights):
    """Elo ratings by Bradley and Terry, as scipy finds them from the likelihood of every game."""
    games = [
        (w, i, j, 1.0 if line[i] > line[j] else 0.5 if line[i] == line[j] else 0.0)
        for w, line in zip(weights, scores, strict=True)
        for i in range(len(line))
        for j in range(i)
        if not np.isnan(line[i] + line[j])
    ]

    def loss(b):
        each = (w * (y * np.logaddexp(0, b[j] - b[i]) + (1 - y) * np.logaddexp(0, b[i] - b[j])) for w, i, j, y in games)
        return sum(each) + b.sum() ** 2

    found = scipy.optimize.minimize(loss, np.zeros(scores.shape[1]), tol=1e-12).x
    return 1000 + 400 / np.log(10) * (found - found.mean())


def tables(seed=0, tasks=12, models=5):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=(tasks, models)) + 0.7 * rng.normal(size=models), 1)
    scores[2, 3] = scores[5, 0] = np.nan
    return scores, rng.uniform(0.5, 2, tasks)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_elo_equals_the_likelihood_of_every_game_and_influences_its_derivative(seed):
    scores, weights = tables(seed)
    weights = weights / weights.mean()
    rows, infinite = elo_over_tasks(scores, weights)
    rating = weights @ rows / weights.sum()
    assert not infinite.any()
    assert rating == pytest.approx(by_hand(scores, weights), abs=1e-3)
    for task in (0, 2):
        more = weights.copy()
        more[task] += 1e-5
        moved = elo_over_tasks(scores, more)[0]
        slope = (more @ moved / more.sum() - rating) / 1e-5 * weights.sum()
        assert slope == pytest.approx(rows[task] - rating, rel=1e-3, abs=1e-2)


def test_elo_on_a_board_has_the_error_over_tasks_and_weights():
    scores, weights = tables()
    rows = [[None if np.isnan(x) else x for x in line] for line in scores.tolist()]
    board = hs.leaderboard(made(rows), rank_by="elo", overall={f"t{k}": w for k, w in enumerate(weights)})
    assert list(values(board).values()) == sorted(values(board).values(), reverse=True)
    expected = by_hand(scores, weights / weights.mean())
    assert values(board) == pytest.approx({f"m{k}": value for k, value in enumerate(expected)}, abs=1e-3)
    board = hs.leaderboard(made(rows), rank_by="elo")
    per_task = elo_over_tasks(scores, np.ones(12))[0]
    for entry in board.boards[0].entries:
        assert entry.estimate.n_items == 12
        assert entry.estimate.se == pytest.approx(per_task[:, int(entry.model[1:])].std(ddof=1) / np.sqrt(12))
    assert board.to_dict()["boards"][0]["metric"] == "elo"


def test_elo_of_a_model_that_wins_everything_is_an_error_with_its_name():
    scores = np.nan_to_num(tables()[0])
    scores[:, 0], scores[:, 4] = 9, -9
    with pytest.raises(hs.DataError, match="m0, m4 won, or lost, every task"):
        hs.leaderboard(made(scores), rank_by="elo")
    assert hs.leaderboard(made(scores), rank_by="elo", model=["m1", "m2", "m3"]).boards[0].entries


def test_elo_of_ties_is_a_thousand_and_of_separate_models_an_error():
    board = hs.leaderboard(made(np.full((3, 3), 0.5)), rank_by="elo")
    assert set(values(board).values()) == {1000.0}
    apart = [[0.1, 0.2, None, None]] * 3 + [[None, None, 0.2, 0.3]] * 3
    with pytest.raises(hs.MethodError, match="some models share no task with the others"):
        hs.leaderboard(made(apart), rank_by="elo")


@pytest.mark.parametrize(
    ("rank_by", "ends"),
    [("mean-rank", (1, 4)), ("borda", (0, 3)), ("win-rate", (0, 1)), ("normalised", (0, 1)), ("score", (0, 1))],
)
def test_limits_lie_within_the_possible_scores_also_for_a_model_first_or_last_on_every_task(rank_by, ends):
    scores = np.random.default_rng(0).uniform(0.2, 0.8, (8, 4)).round(2)
    scores[:, 0], scores[:7, 3] = 1.0, 0.0
    board = hs.leaderboard(made(scores), rank_by=rank_by).boards[0]
    for entry in board.entries:
        assert ends[0] <= entry.estimate.low <= entry.estimate.value <= entry.estimate.high <= ends[1]
        low, high = board.prediction_intervals(3)[entry.model]
        assert ends[0] <= low <= high <= ends[1]
    first = board.entries[0].estimate
    assert abs(first.value - first.low) + abs(first.value - first.high) == pytest.approx(
        (1 - 0.025 ** (1 / 8)) * (ends[1] - ends[0])
    )
    assert board.pairs.p_value[0, -1] < 0.05


def test_mean_ranks_win_rates_and_borda_counts_are_one_result():
    scores = np.random.default_rng(3).normal(size=(10, 6)) + np.arange(6) / 2
    rank, rate, borda = (
        hs.leaderboard(made(scores), rank_by=each).boards[0] for each in ("mean-rank", "win-rate", "borda")
    )
    assert rank.ranks == rate.ranks == borda.ranks
    for one, other, third in zip(rank.entries, rate.entries, borda.entries, strict=True):
        assert one.estimate.low == pytest.approx(6 - 5 * other.estimate.high)
        assert third.estimate.low == pytest.approx(5 * other.estimate.low)
        assert one.estimate.se == pytest.approx(5 * other.estimate.se) == pytest.approx(third.estimate.se)
    assert rank.pairs.low == pytest.approx(-5 * rate.pairs.high, nan_ok=True)


def test_everything_that_is_printed_says_tasks_and_families():
    scores = np.random.default_rng(0).uniform(size=(12, 4)).round(2)
    lines = [
        [None if model == 0 and task > 3 else x for model, x in enumerate(line)] for task, line in enumerate(scores)
    ]
    for family in (["a"] * 9 + ["b", "c", "d"], ["a", "b", "c"] * 4, ["a"] * 12, None):
        for rank_by in ("score", "mean-rank", "elo"):
            columns = {} if family is None else {"kind": family}
            options = {} if family is None else {"cluster": "kind"}
            answer = hs.leaderboard(made(lines, **columns), rank_by=rank_by, **options)
            text = answer.render("html", explain=True, details=True, methods_paragraph=True)
            text += answer.render(explain=True, details=True, methods_paragraph=True)
            own = re.sub(r"cluster-\s*robust", "", text)  # a title in the references
            assert not re.search("question|item|cluster", own, re.IGNORECASE), text
            assert "tasks" in text


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
@pytest.mark.parametrize("rank_by", ["mean-rank", "normalised", "elo"])
def test_intervals_of_ranks_and_ratings_over_subjects_hold_what_they_say(real_data, rank_by):
    """Subjects of MMLU drawn with replacement; the truth is that of all thirty."""
    rows = pl.read_parquet(real_data / "tidy" / "zeroeval.parquet").filter(pl.col("benchmark") == "zeroeval_mmlu-redux")
    wide = rows.group_by("cluster", "model").agg(pl.col("score").mean()).pivot("model", index="cluster", values="score")
    models = sorted(name for name in wide.columns[1:] if not wide[name].null_count())[2::7]
    scores, rng, covered = wide.sort("cluster").select(models).to_numpy(), np.random.default_rng(3), []
    truth = values(hs.leaderboard(made(scores), rank_by=rank_by))
    for _ in range(draws(20, 400)):
        drawn = scores[rng.integers(0, len(scores), 12)]
        if rank_by == "elo" and elo_over_tasks(drawn, np.ones(12))[1].any():
            continue  # an error
        board = hs.leaderboard(made(drawn), rank_by=rank_by, adjust="none").boards[0]
        covered += [e.estimate.low <= truth[e.model] <= e.estimate.high for e in board.entries]
    assert np.mean(covered) >= 0.94 - 3 * math.sqrt(0.05 * 0.95 / draws(20, 400))


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
