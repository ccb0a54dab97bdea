"""trend: checkpoints of training runs, their names, averages of the last ones, and the rise over steps."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from frames import two_models
from howsure.study.models import find_checkpoints
from invoked import everything
from paragraphs import paragraph


def training(runs=("r",), steps=(1, 2, 3, 4, 5), n=30, seed=1, name="{run}-step{step}", lift=0.12, gap=0.0, attempts=1):
    """Runs whose rates rise by `lift` a step, each run by `gap` above the one before."""
    rng = np.random.default_rng(seed)
    ease = rng.random(n) * 0.4
    rows = [
        {
            "model": name.format(run=run, step=step),
            "item": f"q{i:02}",
            "attempt": j,
            "score": float(rng.random() < ease[i] + lift * at + gap * k),
        }
        for k, run in enumerate(runs)
        for at, step in enumerate(steps)
        for i in range(n)
        for j in range(attempts)
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("model", "run", "step"),
    [
        ("run-step1000", "run", 1000),
        ("run-step-10k", "run", 10_000),
        ("run_step_1.5k", "run", 1500),
        ("run ckpt_3", "run", 3),
        ("ckpt_3-of-run", None, None),
        ("run@iter=2k", "run", 2000),
        ("run · 1000", "run", 1000),
        ("org/run-checkpoint-500", "org/run", 500),
        ("run/checkpoint_500", "run", 500),
        ("run-epoch2", "run", 2),
        ("run-iteration7", "run", 7),
        ("pythia-12b-deduped-0shot-global_step123000", "pythia-12b-deduped-0shot", 123_000),
        ("run-STEP2M", "run", 2_000_000),
        ("run-step1000-chat", "run-chat", 1000),
        ("OLMo-1B-step20000-tokens84B", "OLMo-1B-tokens84B", 20_000),
        ("gpt-4", None, None),
        ("llama-3-8b", None, None),
        ("step", None, None),
        ("one-step", None, None),
        ("claude-3-haiku-20240307", None, None),
    ],
)
def test_run_and_step_are_recognised_in_usual_checkpoint_names(model, run, step):
    found = find_checkpoints([model])
    assert [(point.run, point.step) for point in found] == ([] if run is None else [(run, step)])


def test_checkpoints_are_sorted_by_run_and_step():
    found = find_checkpoints(["b-step2", "a-step10", "a-step9", "a-step1k"])
    assert [(point.run, point.step) for point in found] == [("a", 9), ("a", 10), ("a", 1000), ("b", 2)]


def test_a_custom_pattern_extracts_run_and_step():
    found = find_checkpoints(["seed1/00500", "seed1/01000", "other"], r"(?P<run>.+)/(?P<step>\d+)")
    assert [(point.run, point.step) for point in found] == [("seed1", 500), ("seed1", 1000)]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "is not a regular expression"),
        (r"(.+)-(\d+)", "lacks the groups run and step"),
        (r"(?P<run>.+)-\d+", "lacks the groups run and step"),
        (r"(?P<run>.+)-(?P<step>\w+)", "is not a number"),
    ],
)
def test_invalid_step_patterns_are_refused(pattern, words):
    with pytest.raises(hs.OptionError, match=words):
        hs.trend(training(name="{run}-s{step}"), step_from=pattern)


def test_a_name_without_a_step_is_no_checkpoint():
    rows = pl.concat([training(name="{run}-{step}"), two_models()], how="diagonal")
    answer = hs.trend(rows, step_from=r"(?P<run>[a-z]+)(?:-(?P<step>\d+))?")
    assert [run.run for run in answer.tasks[0].runs] == ["r"]


def test_average_last_equals_the_item_by_item_average_by_loop():
    rows = training(runs=("r", "s"), attempts=3)
    answer = hs.estimate(rows, average_last=2)
    assert [entry.model for entry in answer.entries] == ["r (last 2)", "s (last 2)"]
    for entry in answer.entries:
        run = entry.model[0]
        last = rows.filter(pl.col("model").is_in([f"{run}-step4", f"{run}-step5"]))
        items = last.group_by("item", "model").agg(pl.col("score").mean()).group_by("item").agg(pl.col("score").mean())
        assert entry.estimate.value == pytest.approx(items["score"].mean(), rel=1e-12)
        assert entry.estimate.se == pytest.approx(items["score"].std() / math.sqrt(30), rel=1e-12)
    assert answer.notes[1].startswith("Checkpoints: the last 2 of 2 runs, averaged item by item")
    everything(answer)


def test_average_last_1_is_the_last_checkpoint():
    rows = training()
    last = next(e for e in hs.estimate(rows).entries if e.model == "r-step5").estimate
    one = hs.estimate(rows, average_last=1)[0].estimate
    assert (one.value, one.se) == pytest.approx((last.value, last.se), rel=1e-12)


def test_average_last_beyond_the_number_of_checkpoints_uses_all():
    answer = hs.estimate(training(), average_last=50)
    assert answer[0].model == "r (last 5)"
    assert "the last 50 of 1 run" in answer.notes[1]


def test_items_missing_from_some_checkpoint_are_left_out_of_the_average_with_a_warning():
    rows = training().filter(~((pl.col("model") == "r-step5") & (pl.col("item") < "q04")))
    answer = hs.estimate(rows, average_last=2)
    assert answer[0].estimate.n_items == 26
    (warning,) = [warning for warning in answer.warnings if warning.code == "torn_checkpoints"]
    assert warning.message.startswith("task: 4 items missing from some checkpoint")
    whole = rows.filter(pl.col("item") >= "q04", pl.col("model").is_in(["r-step4", "r-step5"]))
    assert answer[0].estimate.value == pytest.approx(whole["score"].mean(), rel=1e-12)


def test_checkpoints_without_shared_items_are_an_error_in_average_last():
    rows = training(steps=(1, 2)).filter((pl.col("model") == "r-step1") == (pl.col("item") < "q10"))
    with pytest.raises(hs.DataError, match="30 items missing from some checkpoint and left out of the average"):
        hs.estimate(rows, average_last=2)


def test_a_task_missing_from_the_last_checkpoint_is_left_out_with_a_warning():
    rows = pl.concat(
        [training().with_columns(task=pl.lit("x")), training(steps=(1, 2, 3, 4)).with_columns(task=pl.lit("y"))]
    )
    answer = hs.estimate(rows, average_last=2)
    assert [entry.task for entry in answer.entries] == ["x"]
    (warning,) = [warning for warning in answer.warnings if warning.code == "torn_checkpoints"]
    assert warning.message.startswith("y: 30 items missing")


def test_models_that_are_no_checkpoints_are_left_out_with_a_warning():
    rows = pl.concat([training(), two_models()], how="diagonal")
    averaged = hs.estimate(rows, average_last=2)
    assert "left out: a, b." in averaged.notes[1]
    answer = hs.trend(rows)
    (warning,) = [warning for warning in answer.warnings if warning.code == "not_checkpoints"]
    assert warning.message == "left out, as the name has no step: a, b"
    assert [run.run for run in answer.tasks[0].runs] == ["r"]


def test_without_checkpoints_an_error_suggests_a_pattern():
    for verb in (hs.trend, lambda rows: hs.leaderboard(rows, average_last=3)):
        with pytest.raises(hs.DataError, match=r"no name of a model looks like a checkpoint \('a', 'b'\).*step_from="):
            verb(two_models())


@pytest.mark.parametrize("last", [0, -1, 2.5, "3"])
def test_an_invalid_average_last_is_refused(last):
    with pytest.raises(hs.OptionError, match="average_last"):
        hs.estimate(training(), average_last=last)


@pytest.mark.parametrize("last", [1, 0, 2.5])
def test_the_sd_between_checkpoints_needs_at_least_two(last):
    with pytest.raises(hs.OptionError, match="last"):
        hs.trend(training(), last=last)


def test_averages_can_be_compared_and_ranked():
    rows = training(runs=("r", "s"), gap=0.3)
    gap = hs.compare(rows, "s (last 3)", "r (last 3)", average_last=3)
    assert hs.compare(rows, "s", "r", average_last=3).difference == gap.difference
    own = {entry.model: entry.estimate.value for entry in hs.estimate(rows, average_last=3).entries}
    assert gap.difference.value == pytest.approx(own["s (last 3)"] - own["r (last 3)"])
    assert [entry.model for entry in hs.leaderboard(rows, average_last=3).boards[0].entries] == [
        "s (last 3)",
        "r (last 3)",
    ]
    everything(hs.noise(training(attempts=3), average_last=2))


def test_the_within_question_variance_of_an_average_comes_from_its_attempts():
    rows = training(attempts=4)
    entry = hs.noise(rows, average_last=2).tasks[0].entries[0]
    last = rows.filter(pl.col("model").is_in(["r-step4", "r-step5"]))
    parts = last.group_by("model", "item").agg(noise=pl.col("score").var(ddof=1) / 4)
    assert entry.variance_within_questions == pytest.approx(parts["noise"].sum() / 4 / 30**2, rel=1e-9)


def slopes(rows, steps, run="r"):
    """Return the rise of every item's own line, by ordinary least squares."""
    wide = rows.pivot(on="model", index="item", values="score", aggregate_function="mean").sort("item")
    y = wide.select(f"{run}-step{step}" for step in steps).to_numpy()
    return np.array([stats.linregress(steps, scores).slope for scores in y]) * (steps[-1] - steps[0])


@pytest.mark.parametrize("steps", [(1, 2, 3, 4, 5), (10, 100, 1000), (1, 2)])
def test_the_rise_is_the_mean_slope_over_items_with_its_t_test(steps):
    rows = training(steps=steps)
    rise = hs.trend(rows).tasks[0].runs[0].rise
    expected = slopes(rows, steps)
    assert rise.value == pytest.approx(expected.mean(), rel=1e-12)
    assert rise.se == pytest.approx(expected.std(ddof=1) / math.sqrt(30), rel=1e-12)
    p = hs.trend(rows).tasks[0].runs[0].rise_p_value
    assert p == pytest.approx(stats.ttest_1samp(expected, 0).pvalue, rel=1e-9)


def test_the_standard_error_of_the_rise_is_clustered():
    rows = training().with_columns(passage=pl.col("item").str.slice(0, 2))
    free, grouped = (
        hs.trend(rows, cluster=cluster, population="new-clusters").tasks[0].runs[0].rise
        for cluster in ("none", "passage")
    )
    assert free.value == pytest.approx(grouped.value)
    assert (free.n_clusters, grouped.n_clusters) == (30, 3)
    assert free.se != grouped.se


def test_changes_equal_paired_comparisons_with_the_previous_checkpoint():
    rows = training()
    points = hs.trend(rows).tasks[0].runs[0].points
    assert points[0].change is None
    for before, point in itertools.pairwise(points):
        pair = hs.compare(rows, point.model, before.model)
        assert (point.change.value, point.change.se) == (pair.difference.value, pair.difference.se)
        assert point.p_value == pair.p_value


def test_signal_noise_and_their_ratio_match_direct_formulas():
    rows = training(runs=("r", "s", "t"), gap=0.15)
    task = hs.trend(rows, last=3).tasks[0]
    scores = {entry.model: entry.estimate.value for entry in hs.estimate(rows).entries}
    last = {run: [scores[f"{run}-step{step}"] for step in (3, 4, 5)] for run in "rst"}
    ends = [np.mean(values) for values in last.values()]
    noise = math.sqrt(np.mean([np.var(values, ddof=1) for values in last.values()]))
    assert task.signal == pytest.approx(max(ends) - min(ends), rel=1e-12)
    assert task.pooled_sd == pytest.approx(noise, rel=1e-12)
    assert task.ratio == pytest.approx(task.signal / noise, rel=1e-12)
    everything(hs.trend(rows, last=3))


def test_one_run_has_no_signal_and_one_checkpoint_no_noise():
    one = hs.trend(training()).tasks[0]
    assert math.isnan(one.signal)
    assert one.pooled_sd > 0
    short = hs.trend(training(steps=(7,))).tasks[0]
    assert math.isnan(short.pooled_sd)
    assert short.runs[0].rise is None
    assert "1 checkpoint, no trend can be estimated (a trend needs two checkpoints)." in paragraph(
        hs.trend(training(steps=(7,)))
    )
    everything(hs.trend(training(steps=(7,))))


def test_items_missing_from_some_checkpoint_are_left_out_of_the_rise():
    rows = training().filter(~((pl.col("model") == "r-step3") & (pl.col("item") < "q05")))
    answer = hs.trend(rows)
    assert answer.tasks[0].runs[0].rise.n_items == 25
    told = "task: the rise of r is over 25 of 30 questions; some checkpoint lacks the others"
    assert [(warning.code, warning.message) for warning in answer.warnings] == [("torn_checkpoints", told)]


def test_tasks_are_ordered_by_signal_to_noise_ratio():
    rows = pl.concat(
        [
            training(runs=("r", "s"), gap=gap, seed=3).with_columns(task=pl.lit(name))
            for name, gap in (("loud", 0.5), ("quiet", 0.0))
        ]
    )
    answer = hs.trend(rows)
    assert answer["loud"].ratio > answer["quiet"].ratio
    text = everything(answer)
    assert text.index("loud") < text.index("quiet")


def test_the_verdict_counts_boards_for_several_metrics_of_a_task():
    rows = [
        training(runs=("r", "s"), gap=gap, seed=3).with_columns(metric=pl.lit(name))
        for name, gap in (("loud", 0.5), ("quiet", 0.0))
    ]
    told = " ".join(hs.trend(pl.concat(rows)).render("markdown").split())
    assert "**0 of 2 boards, one for each task and metric, clearly distinguish these runs;" in told
    assert "The best is task · loud (" in told


def test_a_negative_rise_is_called_a_fall():
    rows = training(lift=0.15).with_columns(score=1 - pl.col("score"))
    assert hs.trend(rows).tasks[0].sentence.startswith("r falls by")


@pytest.mark.parametrize("steps", [("1k", "1000", "2k"), ("1k", "1000")])
def test_two_checkpoints_with_the_same_step_are_refused(steps):
    for verb in (hs.trend, lambda rows: hs.estimate(rows, average_last=2)):
        with pytest.raises(hs.DataError, match="'r-step1000' and 'r-step1k' are both step 1,000 of 'r'"):
            verb(training(steps=steps))


def test_the_table_shows_the_last_checkpoints_and_counts_the_others():
    text = everything(hs.trend(training(steps=tuple(range(1000, 31_000, 1000)), lift=0.02)))
    assert "… and 18 earlier checkpoints" in text
    assert "30,000" in text


def test_published_scores_with_a_step_column_have_signal_and_noise(tmp_path):
    rows = pl.DataFrame(
        {
            "model": ["r"] * 3 + ["s"] * 3,
            "task": "quiz",
            "step": [1, 2, 3] * 2,
            "score": [0.2, 0.4, 0.5, 0.3, 0.5, 0.7],
            "n": 100,
        }
    )
    task = hs.trend(rows).tasks[0]
    assert task.signal == pytest.approx(0.5 - 1.1 / 3, rel=1e-9)
    assert task.pooled_sd == pytest.approx(
        math.sqrt((np.var([0.2, 0.4, 0.5], ddof=1) + np.var([0.3, 0.5, 0.7], ddof=1)) / 2)
    )
    everything(hs.trend(rows))
    rows.write_csv(tmp_path / "scores.csv")
    assert hs.trend(tmp_path / "scores.csv").tasks[0].signal == pytest.approx(task.signal)


def test_a_step_column_that_repeats_the_step_in_names_changes_nothing():
    rows = pl.DataFrame(
        {"model": [f"r-step{s}" for s in (1, 2, 3)], "step": [1, 2, 3], "score": [0.2, 0.4, 0.5], "n": 100}
    )
    (run,) = hs.trend(rows).tasks[0].runs
    assert [point.step for point in run.points] == [1, 2, 3]


def test_a_step_column_of_answers_can_be_joined_to_the_model_name():
    rows = training().with_columns(step=pl.col("model").str.extract(r"(\d)$"), model=pl.lit("r"))
    answer = hs.trend(hs.read(rows, columns={"model": ["model", "step"]}))
    assert [point.step for point in answer.tasks[0].runs[0].points] == [1, 2, 3, 4, 5]
    with pytest.raises(hs.DataError, match=r"column 'step' distinguishes the rows.*'model': \['model', 'step'\]"):
        hs.trend(rows)


def test_a_task_without_checkpoints_does_not_affect_other_tasks():
    other = two_models(task=pl.lit("y"), attempt=pl.lit(0)).cast({"attempt": pl.Int64})
    rows = pl.concat([training().with_columns(task=pl.lit("x")), other], how="diagonal")
    trend = hs.trend(rows)
    assert [task.task for task in trend.tasks if task.runs] == ["x"]
    assert [warning.message for warning in trend.warnings] == ["y has no model that is a checkpoint of a run"]
    averaged = hs.estimate(rows, average_last=2)
    assert [entry.task for entry in averaged.entries] == ["x"]
    told = "y: no model is a checkpoint of a run, so the task is left out"
    assert [(warning.code, warning.message) for warning in averaged.warnings] == [("no_checkpoints", told)]


@pytest.mark.parametrize("column", ["score", "error_rate"])
def test_published_scores_of_checkpoints_are_read_alike_from_frames_and_files(tmp_path, column):
    """A frame that was read was refused for want of items; and nobody was asked whether errors are better small."""
    rows = pl.DataFrame({"model": ["run"] * 4, "step": [1, 2, 3, 4], column: [0.2, 0.4, 0.5, 0.55], "n": [100] * 4})
    rows.write_csv(tmp_path / "scores.csv")
    asked = {"score": column}
    found = [hs.trend(hs.read(place, columns=asked)) for place in (rows, rows.lazy(), tmp_path / "scores.csv")]
    values = [[point.estimate.value for point in answer.tasks[0].runs[0].points] for answer in found]
    assert values == [[0.2, 0.4, 0.5, 0.55]] * 3
    for answer in found:
        codes = [warning.code for warning in answer.warnings]
        assert ("unknown_direction" in codes) == (column == "error_rate")


@pytest.mark.parametrize(
    ("rates", "items", "cluster", "why"),
    [
        ((1, 1, 1), 20, "none", "the scores do not vary"),
        ((1, 1, 0), 20, "none", "all questions change by the same amount, so there is no error bar"),
        ((1, 1, 0), 1, "none", "the checkpoints share no two questions"),
        ((1, 1, 0), 20, "topic", "all questions are in one cluster"),
    ],
)
def test_the_verdict_gives_the_reason_for_a_missing_trend(rates, items, cluster, why):
    rows = pl.DataFrame(
        [
            {"model": f"r-step{step}", "item": item, "score": float(rate), "topic": "one"}
            for step, rate in enumerate(rates)
            for item in range(items)
        ]
    )
    answer = hs.trend(rows, cluster=cluster, population="new-clusters")
    said = " ".join(answer.render("terminal").split())
    assert said.startswith(f"r: 3 checkpoints, no trend can be estimated ({why}).")
