"""history: runs of one system over time, change points, levels and records, from frames, tables and logs."""

import json
import math
import re

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import clustered
from howsure.commands.main import main
from howsure.inference.history import date_in, in_order
from invoked import everything
from paragraphs import paragraph
from reader_cases import run_log as log
from runs import lm_eval
from trials import draws


def nightly(runs=30, n=300, at=None, shift=0.0, seed=0, attempts=1, month="2026-10", **columns):
    """Rows of runs of one system, one a night, whose chance at every item changes from run `at` on."""
    rng = np.random.default_rng(seed)
    p = np.repeat(rng.beta(2, 1, n)[:, None], runs, axis=1)
    p[:, runs if at is None else at :] = np.clip(p[:, runs if at is None else at :] + shift, 0, 1)
    right = rng.random((attempts, runs, n)) < p.T
    rows = pl.DataFrame(
        {
            "model": np.tile(np.repeat([f"{month}-{t + 1:02}" for t in range(runs)], n), attempts),
            "item": np.tile([f"q{i:03}" for i in range(n)], runs * attempts),
            "attempt": np.repeat(range(attempts), runs * n),
            "score": right.ravel().astype(float),
        }
    )
    return rows.with_columns(**columns)


def changes_of(task):
    return [(change.run, change.since, change.low, change.high, change.difference.value) for change in task.changes]


def test_a_simulated_change_in_30_runs_is_detected_at_its_place():
    answer = hs.history(nightly(at=18, shift=-0.1, seed=3))
    (task,) = answer.tasks
    (change,) = task.changes
    assert change.low_number <= 19 <= change.high_number
    assert change.difference.interval.contains(-0.1)
    just = hs.history(nightly(at=18, shift=-0.1, seed=3).filter(pl.col("model") <= f"2026-10-{change.number + 1}"))
    assert just.tasks[0].sd_of_answers == pytest.approx(answer.tasks[0].sd_of_answers, rel=0.1)
    assert change.difference.value == pytest.approx(-0.095, abs=5e-4)
    since, said = change.difference_since, "The score fell by 8.7 points (95% CI 6.6 to 10.7, by the 11 runs since)"
    assert since.interval.contains(-0.1)
    assert answer.sentence == f"{said} at run 19, 2026-10-19."
    assert just.tasks[0].changes[0].difference_since is None
    assert "False alarms come at most about once in 100 runs." in " ".join(everything(answer).split())


def test_the_drift_chart_shows_the_alarm_outside_its_limits():
    """Row by row, in a terminal and on a page: the score is a dot between the limits of its run, or outside of them."""
    answer = hs.history(nightly(at=18, shift=-0.15, seed=3))
    alarms = [line for line in answer.render(width=100).splitlines() if line.endswith("alarm")]
    assert len(alarms) == 1
    assert re.search(r"● *│ +│", alarms[0])
    assert "Data: 30 runs × 300 questions × 1 attempt." in answer.notes
    assert answer.render("html").count('class="dot"') == 30


def test_the_chart_draws_limits_over_the_width_of_each_run():
    spec = hs.history(nightly(at=18, shift=-0.15, seed=3)).chart()
    lines = [layer["encoding"]["y"]["field"] for layer in spec["layer"] if layer["mark"]["type"] == "rule"]
    assert lines == ["low", "high", "level"]
    rule = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "rule")["encoding"]
    assert (rule["x"]["bandPosition"], rule["x2"]["bandPosition"]) == (0, 1)
    rows = spec["data"]["values"]
    assert [row["when"] for row in rows[:2]] == ["2026-10-01", "2026-10-02"]
    told = [row["signal"] for row in rows if row["group"] == "alarm"]
    assert told
    assert all(re.fullmatch(r"2026-10-\d\d: fell by [\d.]+ points", text) for text in told)
    assert {row["signal"] for row in rows if row["group"] != "alarm"} == {""}


def test_runs_without_dates_are_drawn_by_their_numbers():
    rows = hs.history(clustered(models="abcd"), cluster="passage").chart()["data"]["values"]
    assert [row["when"] for row in rows] == ["1", "2", "3", "4"]


def test_runs_of_one_system_show_no_change():
    answer = hs.history(nightly(seed=1))
    assert answer.tasks[0].changes == ()
    assert answer.sentence.startswith("No change in 30 runs since 2026-10-01.")
    everything(answer)


@pytest.mark.parametrize("seed", range(draws(2, 4)))
def test_later_runs_do_not_alter_the_alarms_before_them(seed):
    rows = pl.concat(
        [
            nightly(at=9, shift=-0.15, seed=seed, runs=20).with_columns(task=pl.lit("x")),
            nightly(at=5, shift=0.1, seed=seed + 9, runs=20).with_columns(task=pl.lit("y")),
        ]
    )
    whole = hs.history(rows, runs_between_alarms=20)
    for k in (4, 9, 14):
        part = hs.history(rows.filter(pl.col("model") <= f"2026-10-{k:02}"), runs_between_alarms=20)
        for task in part.tasks:
            assert changes_of(task) == [each for each in changes_of(whole[task.task]) if each[0] <= f"2026-10-{k:02}"]
            for run, later in zip(task.runs, whole[task.task].runs, strict=False):
                assert (run.is_best_so_far, run.is_significant_best, run.alarm) == (
                    later.is_best_so_far,
                    later.is_significant_best,
                    later.alarm,
                )
                assert (run.z, run.limit) == pytest.approx((later.z, later.limit), nan_ok=True)


def test_a_later_task_does_not_tighten_the_limits_of_earlier_runs():
    old = nightly(runs=12, seed=5).with_columns(task=pl.lit("old"))
    new = nightly(runs=12, seed=6).with_columns(task=pl.lit("new")).filter(pl.col("model") > "2026-10-08")
    alone = hs.history(old.filter(pl.col("model") <= "2026-10-08")).tasks[0]
    both = hs.history(pl.concat([old, new]))["old"]
    assert [run.limit for run in both.runs[1:8]] == [run.limit for run in alone.runs[1:]]
    assert both.runs[9].limit > both.runs[7].limit


def test_differences_are_those_of_compare():
    rows = nightly(runs=6, seed=2)
    task = hs.history(rows, baseline="2026-10-02").tasks[0]
    for run in task.runs[2:]:
        for gap in (run.previous, run.baseline):
            pair = hs.compare(rows, run.run, gap.run)
            assert gap.value == pytest.approx(pair.difference.value)
            assert gap.p_value == pytest.approx(pair.p_value)
            assert gap.n_items == 300
    assert {run.baseline.run for run in task.runs if run.baseline} == {"2026-10-02"}
    assert task.baseline == "2026-10-02"


def test_the_level_is_the_mean_of_the_runs_since_the_last_change():
    rows = nightly(at=18, shift=-0.1, seed=3)
    task = hs.history(rows).tasks[0]
    scores = rows.group_by("model").agg(pl.col("score").mean()).sort("model")["score"].to_list()
    first = task.changes[-1].since_number
    assert task.level == pytest.approx(np.mean(scores[first - 1 :]))
    assert task.runs[5].level == pytest.approx(np.mean(scores[:5]))


def test_a_run_counts_in_the_level_by_its_attempts():
    rows = nightly(runs=8, seed=3, attempts=5).filter((pl.col("attempt") < 1) | (pl.col("model") > "2026-10-05"))
    task = hs.history(rows).tasks[0]
    assert not task.changes
    assert task.level == pytest.approx(rows["score"].mean())
    assert task.level != pytest.approx(rows.group_by("model").agg(pl.col("score").mean())["score"].mean())


def test_the_best_previous_run_is_corrected_for_the_winners_curse():
    task = hs.history(nightly(seed=1)).tasks[0]
    last = task.runs[-1]
    best = max(task.runs[:-1], key=lambda run: run.score)
    assert last.best.run == best.run
    assert last.score - best.score < last.best.value < last.score - best.score + 0.06


def test_best_scores_so_far_are_rarely_significant_for_an_unchanged_system():
    false = real = 0
    for seed in range(draws(8, 30)):
        false += hs.history(nightly(runs=12, n=100, seed=seed)).tasks[0].n_significant_bests
    assert false <= draws(1, 2)
    steps = pl.concat(
        [nightly(runs=1, n=400, seed=9, shift=0.12 * k, at=0).with_columns(model=pl.lit(f"v{k}")) for k in range(3)]
    )
    task = hs.history(steps).tasks[0]
    real = [(run.is_best_so_far, run.is_significant_best) for run in task.runs]
    assert real == [(False, False), (True, True), (True, True)]
    assert "2 runs were the best so far, 2 significantly." in paragraph(hs.history(steps))


def test_lower_is_better_finds_the_same_best_runs():
    rows = nightly(runs=6, seed=4)
    up, down = (
        hs.history(rows).tasks[0],
        hs.history(rows.with_columns(score=1 - pl.col("score")), lower_is_better=True).tasks[0],
    )
    assert [run.is_best_so_far for run in up.runs] == [run.is_best_so_far for run in down.runs]
    assert [run.is_significant_best for run in up.runs] == [run.is_significant_best for run in down.runs]
    assert up.runs[-1].best.value == pytest.approx(-down.runs[-1].best.value)


def test_five_attempts_reduce_the_within_question_sd_by_root_5():
    """And not how much runs differ beyond their answers, of which few runs know little."""
    one, five = (hs.history(nightly(runs=8, attempts=k, seed=2)).tasks[0] for k in (1, 5))
    assert five.sd_of_answers / one.sd_of_answers == pytest.approx(1 / math.sqrt(5), rel=0.1)
    widths = [task.runs[-1].high - task.runs[-1].low for task in (one, five)]
    assert 1 / math.sqrt(5) < widths[1] / widths[0] < 1


def test_the_sd_between_runs_is_reported_and_needs_10_runs():
    many, few = hs.history(nightly(seed=1)), hs.history(nightly(runs=6, seed=1))
    (task,) = many.tasks
    assert (task.n_sd_runs, task.sd_known, few.tasks[0].sd_known) == (30, True, False)
    assert task.sd_of_answers == pytest.approx(math.sqrt(1 / 6 / 300), rel=0.1)
    assert "Spread: runs of one level have a standard deviation of 2." in " ".join(everything(many).split())
    assert "10 runs are needed" not in " ".join(everything(many).split())
    assert "10 runs are needed to estimate how much runs differ beyond their answers; with 6," in " ".join(
        everything(few).split()
    )
    same = pl.concat([nightly(runs=1).with_columns(model=pl.lit(f"r{k}")) for k in range(4)])
    assert "Spread: not known, because no two runs of one level differ on any question." in " ".join(
        everything(hs.history(same)).split()
    )


def test_the_share_of_answers_repeated_between_runs_is_reported():
    assert hs.history(nightly(seed=1)).tasks[0].repeated_answer_share < 0.05
    copied = pl.concat([nightly(runs=6, seed=1).with_columns(model=pl.col("model") + part) for part in ("a", "b", "c")])
    answer = hs.history(copied)
    assert answer.tasks[0].repeated_answer_share > 0.4
    assert "of answers repeat from run to run" in " ".join(everything(answer).split())


def test_compare_last_compares_the_last_k_runs_with_the_k_before():
    rows = nightly(at=23, shift=-0.06, seed=3)
    answer = hs.history(rows, compare_last=7)
    last = answer.tasks[0].last_runs
    scores = rows.group_by("model").agg(pl.col("score").mean()).sort("model")["score"].to_list()
    assert last.difference.value == pytest.approx(np.mean(scores[23:]) - np.mean(scores[16:23]))
    assert (last.n_runs, last.since, last.since_number) == (7, "2026-10-24", 24)
    assert last.difference.interval.contains(-0.06)
    assert last.p_value < 0.05
    assert re.search(
        r"The last 7 runs are \d\.\d points lower than the 7 before \(95% CI \d\.\d to \d+\.\d, p (=|<) 0\.\d+\), which is significant",
        paragraph(answer),
    )
    assert hs.history(rows).tasks[0].last_runs is None
    flat = hs.history(nightly(seed=1), compare_last=7)
    assert ", which is not significant." in " ".join(everything(flat).split())
    json.loads(flat.render("json"))


def test_compare_last_with_too_few_runs_is_an_error():
    with pytest.raises(hs.DataError, match="the last 7 runs can't be compared with the 7 before: there are 13 runs"):
        hs.history(nightly(runs=13), compare_last=7)
    with pytest.raises(hs.OptionError, match="2"):
        hs.history(nightly(runs=13), compare_last=1)
    tasks = pl.concat([nightly(runs=8, task=pl.lit("x")), nightly(runs=3, task=pl.lit("y"))])
    answer = hs.history(tasks, compare_last=4)
    assert answer["y"].last_runs is None
    assert "On x the last 4 runs are" in paragraph(answer)


def test_a_single_bad_run_does_not_end_the_level_of_the_series():
    rows = nightly(seed=5).with_columns(
        score=pl.when((pl.col("model") == "2026-10-20") & (pl.col("item") < "q100")).then(0.0).otherwise("score")
    )
    answer = hs.history(rows)
    (task,) = answer.tasks
    (change,) = task.changes
    assert (change.run, change.recovered_at) == ("2026-10-20", "2026-10-21")
    assert "and recovered at run 21." in answer.sentence
    assert [run.run for run in task.runs if not run.in_current_level] == ["2026-10-20"]
    assert task.n_level_runs == 29


def test_clusters_change_the_test_statistics_and_not_the_scores():
    rows = nightly(runs=8, seed=2).with_columns(passage=pl.col("item").str.slice(0, 3))
    free, grouped = (hs.history(rows, cluster=cluster).tasks[0] for cluster in ("none", "passage"))
    assert [run.score for run in free.runs] == [run.score for run in grouped.runs]
    assert free.runs[-1].z != grouped.runs[-1].z


def test_added_items_are_left_out_of_comparisons_with_earlier_runs_with_a_warning():
    rows = nightly(runs=10, seed=2).filter((pl.col("item") < "q200") | (pl.col("model") > "2026-10-05"))
    answer = hs.history(rows)
    assert [run.n_items for run in answer.tasks[0].runs] == [200] * 5 + [300] * 5
    assert answer.tasks[0].runs[6].previous.n_items == 300
    assert answer.tasks[0].runs[5].previous.n_items == 200
    assert "items_changed" in {warning.code for warning in answer.warnings}


def test_an_incomplete_run_is_left_out_of_the_series_with_a_warning():
    rows = nightly(runs=10, seed=2).filter((pl.col("model") != "2026-10-06") | (pl.col("item") < "q020"))
    answer = hs.history(rows)
    run = answer.tasks[0].runs[5]
    assert (run.incomplete, run.is_best_so_far, run.alarm) == (True, False, False)
    assert "runs_apart" in {warning.code for warning in answer.warnings}
    assert "few questions" in " ".join(everything(answer).split())


def test_other_questions_start_a_new_series_with_a_warning():
    rows = nightly(runs=6, n=40, seed=2)
    rows = rows.with_columns(item=pl.when(pl.col("model") > "2026-10-03").then(pl.col("item") + "x").otherwise("item"))
    answer = hs.history(rows)
    assert [run.new_items for run in answer.tasks[0].runs] == [False, False, False, True, False, False]
    assert "items_replaced" in {warning.code for warning in answer.warnings}
    assert "other questions" in " ".join(everything(answer).split())
    two = hs.history(rows.filter(pl.col("model").is_in(["2026-10-03", "2026-10-04"])))
    assert "The 2 runs since 2026-10-03 can't be compared" in paragraph(two)


def write(folder, rows, name="{model}.csv", drop=("model",)):
    for (model,), part in rows.group_by("model", maintain_order=True):
        path = folder / name.format(model=model)
        path.parent.mkdir(parents=True, exist_ok=True)
        part.drop(*drop).write_csv(path)


def test_each_table_in_a_folder_is_one_run(tmp_path):
    rows = nightly(runs=6, seed=2)
    write(tmp_path, rows)
    answer = hs.history(tmp_path)
    assert [run.run for run in answer.tasks[0].runs] == [f"2026-10-0{k}" for k in range(1, 7)]
    assert [run.z for run in answer.tasks[0].runs[1:]] == [run.z for run in hs.history(rows).tasks[0].runs[1:]]
    assert "Runs: in order of the dates in their names." in answer.notes


def test_each_subfolder_is_one_run(tmp_path):
    write(tmp_path, nightly(runs=4, seed=2), "{model}/scores.csv")
    (tmp_path / "notes.txt").write_text("nothing")
    answer = hs.history(tmp_path)
    assert [run.run for run in answer.tasks[0].runs] == [f"2026-10-0{k}" for k in range(1, 5)]
    assert "runs_left_out" in {warning.code for warning in answer.warnings}


def test_named_runs_without_dates_are_in_natural_order():
    rows = nightly(runs=3, seed=2)
    parts = {
        f"v{k}": rows.filter(pl.col("model") == f"2026-10-0{k % 3 + 1}").with_columns(model=pl.lit("bot"))
        for k in (10, 2, 1)
    }
    answer = hs.history(parts)
    assert [run.run for run in answer.tasks[0].runs] == ["v1", "v2", "v10"]
    assert "Runs: in order of their names; not all have a date." in answer.notes


def test_the_model_option_selects_one_model_of_the_runs(tmp_path):
    rows = nightly(runs=3, seed=2)
    for k in (1, 2, 3):
        part = rows.filter(pl.col("model") == f"2026-10-0{k}")
        pl.concat([part.with_columns(model=pl.lit(m), task=pl.lit("quiz")) for m in "ab"]).write_csv(
            tmp_path / f"{k}.csv"
        )
    assert [task.task for task in hs.history(tmp_path).tasks] == ["a", "b"]
    assert [task.task for task in hs.history(tmp_path, model="a").tasks] == ["quiz"]


def test_the_model_option_selects_runs_of_one_file(tmp_path):
    rows = nightly(runs=5, seed=2)
    rows.write_csv(tmp_path / "all.csv")
    chosen = ["2026-10-02", "2026-10-03", "2026-10-05"]
    for data in (tmp_path / "all.csv", rows):
        found = hs.history(data, model=chosen)
        assert [run.run for run in found.tasks[0].runs] == chosen
    options = [part for name in chosen for part in ("--model", name)]
    ran = CliRunner().invoke(main, ["history", str(tmp_path / "all.csv"), *options, "-f", "json"])
    assert json.loads(ran.stdout)["n_runs"] == 3


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("2026-10-01", "2026-10-01"),
        ("logs/20261001T0930-main", "2026-10-01T09:30:00"),
        ("2026-10-01T09-30-15_quiz", "2026-10-01T09:30:15"),
        ("run 7", ""),
        ("120261001", ""),
        ("2026-13-01", ""),
        ("2026-02-31", ""),
    ],
)
def test_dates_are_recognised_in_names(name, date):
    assert date_in(name) == date


def test_names_with_numbers_are_sorted_naturally():
    assert in_order(["run10", "run9", "run1"], {})[0] == ("run1", "run9", "run10")


def test_history_needs_two_runs():
    with pytest.raises(hs.DataError, match="1 run, but a history needs 2"):
        hs.history(nightly(runs=1))
    with pytest.raises(hs.DataError, match="1 run, but a history needs 2"):
        hs.history({"a": nightly(runs=1)})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"runs_between_alarms": 5}, "below 10"),
        ({"population": "these-questions"}, "for no others"),
        ({"by": "task"}, "makes no slices"),
        ({"cluster": ("item", "task")}, "one way of clustering"),
        ({"average_last": 2}, "single checkpoints"),
        ({"baseline": "nowhere"}, "nowhere"),
    ],
)
def test_options_that_history_does_not_support_are_refused(options, words):
    with pytest.raises(hs.HowsureError, match=words):
        hs.history(nightly(runs=3), **options)


def test_identical_runs_and_a_single_item_give_no_alarm():
    same = pl.concat([nightly(runs=1).with_columns(model=pl.lit(f"r{k}")) for k in range(4)])
    everything(hs.history(same))
    assert hs.history(same).tasks[0].changes == ()
    assert "can't be compared: they share no two questions" in " ".join(
        everything(hs.history(nightly(runs=3, n=1))).split()
    )


def test_limits_are_corrected_for_several_tasks():
    rows = pl.concat([nightly(runs=8, seed=k, task=pl.lit(t)) for k, t in enumerate("xyz")])
    text = everything(hs.history(rows))
    assert "No change on 3 tasks in 8 runs." in text
    one, three = hs.history(rows, task="x")["x"], hs.history(rows)["x"]
    assert one.runs[-1].limit < three.runs[-1].limit


@pytest.mark.unmeasured
def test_the_level_of_a_history_can_be_the_baseline_of_compare_and_gate(tmp_path):
    rows = nightly(at=12, shift=-0.15, seed=3, runs=20)
    write(tmp_path / "runs", rows.filter(pl.col("model") < "2026-10-20").with_columns(task=pl.lit("quiz")))
    last = rows.filter(pl.col("model") == "2026-10-20").with_columns(model=pl.lit("new"), task=pl.lit("quiz"))
    last.write_csv(tmp_path / "new.csv")
    task = hs.history(tmp_path / "runs").tasks[0]
    side = f"history:{tmp_path / 'runs'}"
    pair = hs.compare(None, str(tmp_path / "new.csv"), side)
    first = task.changes[-1].since
    kept = rows.filter((pl.col("model") >= first) & (pl.col("model") < "2026-10-20"))
    assert task.level == pytest.approx(kept["score"].mean())
    assert pair.difference.value == pytest.approx(last["score"].mean() - kept["score"].mean())
    assert f"quiz: the baseline is the mean of {task.n_level_runs} runs since {first}." in pair.notes
    gate = hs.gate(None, str(tmp_path / "new.csv"), side, not_worse_than=0.2)
    assert gate.verdict == "pass"


def test_a_history_of_several_models_cannot_be_a_baseline(tmp_path):
    rows = nightly(runs=3, n=20, seed=2).with_columns(task=pl.lit("quiz"))
    for k in (1, 2, 3):
        part = rows.filter(pl.col("model") == f"2026-10-0{k}")
        pl.concat([part.with_columns(model=pl.lit(m)) for m in "ab"]).write_csv(tmp_path / f"{k}.csv")
    with pytest.raises(hs.DataError, match="several models"):
        hs.compare(None, str(tmp_path / "1.csv"), f"history:{tmp_path}")


def test_logs_are_runs_ordered_by_date_with_their_commits(tmp_path):
    log(tmp_path, "a", "CIC", created="2026-01-03T00:00:00+00:00", revision={"commit": "b" * 40})
    log(tmp_path, "b", "CCC", created="2026-01-01T00:00:00+00:00", revision={"commit": "a" * 40})
    log(tmp_path, "c", "CII", created="2026-01-02T00:00:00+00:00", revision={"commit": "b" * 40})
    answer = hs.history(tmp_path)
    (task,) = answer.tasks
    assert [(run.run, run.started[:10], run.commit[:1]) for run in task.runs] == [
        ("b", "2026-01-01", "a"),
        ("c", "2026-01-02", "b"),
        ("a", "2026-01-03", "b"),
    ]
    assert [round(run.score, 3) for run in task.runs] == [1.0, 0.333, 0.667]
    assert "Runs: in order of the dates in their logs." in answer.notes
    assert "aaaaaaa" in answer.render(width=150)


def test_a_log_and_its_retry_or_the_tasks_of_one_call_are_one_run(tmp_path):
    same = {"task_id": "one", "eval_id": "e"}
    log(tmp_path, "first", "CC", created="2026-01-01T00:00:00+00:00", **same)
    log(tmp_path, "retry", "CI", created="2026-01-02T00:00:00+00:00", **same)
    for name, task in (("x", "words"), ("y", "other")):
        log(tmp_path, name, "CC", created="2026-01-03T00:00:00+00:00", run_id="call", task=task)
    log(tmp_path, "z", "CC", created="2026-01-04T00:00:00+00:00", task="other")
    answer = hs.history(tmp_path)
    assert answer.n_runs == 3
    assert {task.task: [run.number for run in task.runs] for task in answer.tasks} == {"other": [2, 3], "words": [1, 2]}
    assert answer["words"].runs[0].score == 0.5


def test_nested_folders_of_logs_are_read(tmp_path):
    for month in (1, 2):
        (tmp_path / f"2026-0{month}").mkdir()
        for day in (1, 2):
            log(
                tmp_path / f"2026-0{month}",
                f"{day}",
                "CI",
                created=f"2026-0{month}-0{day}T00:00:00+00:00",
                eval_id=f"{month} {day}",
                task_id=f"{month} {day}",
                run_id=f"{month} {day}",
            )
    assert [run.run for run in hs.history(tmp_path).tasks[0].runs] == [
        "2026-01/1",
        "2026-01/2",
        "2026-02/1",
        "2026-02/2",
    ]


def test_a_change_of_the_task_version_is_a_warning(tmp_path):
    log(tmp_path, "a", "CI", created="2026-01-01T00:00:00+00:00")
    log(tmp_path, "b", "CI", created="2026-01-02T00:00:00+00:00", task_version=2)
    (warning,) = [each for each in hs.history(tmp_path).warnings if each.code == "exam_changed"]
    assert warning.message == "version differs from the run before: b"


def test_lm_eval_sample_files_in_one_folder_are_separate_runs(tmp_path):
    for day, scores in (("01", [1.0, 0.0, 1.0]), ("02", [1.0, 1.0, 1.0])):
        lm_eval(tmp_path, f"2026-01-{day}T10-00-00.000000", scores, date=1767261600.0 + 86400 * int(day))
    answer = hs.history(tmp_path)
    assert [round(run.score, 3) for run in answer.tasks[0].runs] == [0.667, 1.0]
    assert [run.started[:10] for run in answer.tasks[0].runs] == ["2026-01-02", "2026-01-03"]
    assert answer.warnings == ()


def test_runs_without_the_chosen_model_are_left_out(tmp_path):
    """The warning says to choose one with `model`, and it could be done only where every run had it."""
    rows = nightly(runs=6, seed=2)
    for k in range(1, 7):
        part = rows.filter(pl.col("model") == f"2026-10-0{k}")
        part.with_columns(model=pl.lit("early" if k < 4 else "late"), task=pl.lit("quiz")).write_csv(
            tmp_path / f"{k}.csv"
        )
    (told,) = [each for each in hs.history(tmp_path).warnings if each.code == "runs_of_several_models"]
    assert "the runs are of 2 models: early, late" in told.message
    found = hs.history(tmp_path, model="late")
    assert [run.run for run in found.tasks[0].runs] == ["4", "5", "6"]
    assert "runs_of_several_models" not in {each.code for each in found.warnings}
    with pytest.raises(hs.DataError, match="no model 'nobody'"):
        hs.history(tmp_path, model="nobody")
    (tmp_path / "5.csv").unlink()
    (tmp_path / "6.csv").unlink()
    with pytest.raises(hs.DataError, match="1 run, but a history needs 2"):
        hs.history(tmp_path, model="late")


def test_an_alarm_that_the_runs_since_do_not_confirm_is_said_to_be_unconfirmed():
    """One bad night: its own difference is large, and the runs since are at the level before."""
    rows = nightly(at=18, shift=0.0, seed=5)
    names = sorted(rows["model"].unique())
    bad = pl.col("model") == names[14]
    dropped = pl.int_range(pl.len()).over("model") < pl.len().over("model") * 0.35
    answer = hs.history(rows.with_columns(score=pl.when(bad & dropped).then(0).otherwise(pl.col("score"))))
    change = next(each for each in answer.tasks[0].changes if each.since_number == 15)
    assert change.difference.value < -0.1
    if change.recovered_at_number is None:
        assert change.difference_since.interval.contains(0)
        assert "since don't confirm it: they differ from the level before by" in " ".join(everything(answer).split())
    else:
        assert change.n_since == change.recovered_at_number - change.number - 1
