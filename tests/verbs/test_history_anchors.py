"""Anchors of a history: the judge's change and the system's, against their formulas and in simulated series."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main

ANCHORS = "kind=anchor"


def nights(seed, runs=24, n=160, anchors=40, at=14, judge=0.0, system=0.0, noise=0.15):
    """Runs of one system on n questions, with anchors: from run `at` the judge is kinder by `judge`, the system
    better by `system`. A grade is wrong with probability `noise`.
    """
    rng = np.random.default_rng(seed)
    chance, fixed = 1 / (1 + np.exp(-rng.normal(0.5, 1.2, n))), rng.random(anchors) < 0.6
    parts = []
    for t in range(runs):
        right = rng.random(n) < np.clip(chance + system * (t >= at), 0, 1)
        for kind, good in (("question", right), ("anchor", fixed)):
            p = np.clip(np.where(good, 1 - noise, noise) + judge * (t >= at), 0, 1)
            parts.append(
                pl.DataFrame(
                    {
                        "model": f"2026-10-{t + 1:02}",
                        "item": [f"{kind}{k:03}" for k in range(len(good))],
                        "kind": kind,
                        "score": (rng.random(len(good)) < p).astype(int),
                    }
                )
            )
    return pl.concat(parts)


def task_of(rows, **options):
    return hs.history(rows, anchors=ANCHORS, **options).tasks[0]


def test_the_parts_of_a_change_are_differences_of_means_and_add_up():
    rows = nights(1, judge=-0.15)
    found = task_of(rows)
    (change,) = found.anchors.changes
    assert (found.anchors.n_items, found.runs[0].n_items, change.since_number) == (40, 160, 15)
    assert (change.n_before, change.n_after) == (14, 9)
    means = rows.group_by("kind", "model").agg(pl.col("score").mean()).sort("model")
    for kind, part in (("anchor", change.judge), ("question", change.others)):
        score = means.filter(kind=kind)["score"].to_numpy()
        assert part.value == pytest.approx(score[15:].mean() - score[:14].mean())
    assert change.system.value == pytest.approx(change.others.value - change.judge.value)
    assert change.system.se**2 == pytest.approx(change.others.se**2 + change.judge.se**2)
    parts = [(each.se**4, each.df) for each in (change.others, change.judge)]
    assert change.system.df == pytest.approx(change.system.se**4 / sum(v / df for v, df in parts))


def test_anchors_are_no_part_of_the_series():
    rows = nights(2, system=-0.2)
    with_anchors, without = task_of(rows), hs.history(rows.filter(kind="question")).tasks[0]
    assert [run.score for run in with_anchors.runs] == [run.score for run in without.runs]
    assert without.anchors is None


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ({"judge": -0.15}, "judge", "the judge changed: its grades of the 40 anchors fell by"),
        ({"system": -0.25}, "system", "the system changed: relative to the 40 anchors"),
        ({"judge": -0.15, "system": -0.25}, "both", "so the system changed as well"),
    ],
)
def test_the_sentence_says_whose_change_is_shown(changes, cause, words):
    answer = hs.history(nights(3, **changes), anchors=ANCHORS)
    assert answer.tasks[0].anchors.changes[-1].cause == cause
    assert words in " ".join(str(answer).split())


def test_a_judge_that_hides_a_change_of_the_system_is_found_by_the_anchors():
    rows = nights(4, judge=0.15, system=-0.22, n=300, anchors=100)
    assert task_of(rows).changes == ()
    change = task_of(rows).anchors.changes[-1]
    assert (change.cause, change.since_number) == ("both", 15)
    assert change.judge.low > 0 > change.system.high


def test_without_a_change_the_anchors_show_none():
    answer = hs.history(nights(5), anchors=ANCHORS)
    assert answer.tasks[0].anchors.changes == ()
    assert "The 40 anchors show no change of the judge." in " ".join(str(answer).split())


def test_a_judge_without_noise_did_not_change():
    rows = nights(6, system=-0.25, noise=0)
    change = task_of(rows).anchors.changes[-1]
    assert (change.judge.value, change.p_judge, change.cause) == (0.0, 1.0, "system")
    assert "its grades of the anchors stayed the same" in " ".join(str(hs.history(rows, anchors=ANCHORS)).split())


def test_runs_without_anchors_are_left_out_of_the_parts_alone():
    rows = nights(7, system=-0.25)
    lacking = rows.filter((pl.col("kind") == "question") | ~pl.col("model").is_in(["2026-10-03", "2026-10-20"]))
    change, whole = (task_of(each).anchors.changes[-1] for each in (lacking, rows))
    assert (change.n_before, change.n_after) == (whole.n_before - 1, whole.n_after - 1)
    never = rows.filter((pl.col("kind") == "question") | (pl.col("model") < "2026-10-10"))
    change = task_of(never).anchors.changes[-1]
    assert (change.n_after, change.cause) == (0, "unclear")
    text = " ".join(str(hs.history(never, anchors=ANCHORS)).split())
    assert "aren't known" in text


def test_a_task_without_anchors_has_none():
    rows = pl.concat(
        [
            nights(8, judge=-0.15).with_columns(task=pl.lit("one")),
            nights(9).filter(kind="question").with_columns(task=pl.lit("two")),
        ]
    )
    answer = hs.history(rows, anchors=ANCHORS)
    assert answer.tasks[1].anchors is None
    assert "on one the judge changed" in " ".join(str(answer).split())


@pytest.mark.parametrize(
    ("anchors", "error", "message"),
    [
        ("kind=nothing", hs.DataError, "no row has kind=nothing"),
        ("sort=anchor", hs.DataError, "no column 'sort'"),
        ("kind", hs.OptionError, "is not a column and a value"),
        (3, hs.OptionError, "is not a column and a value"),
    ],
)
def test_unknown_anchors_are_errors(anchors, error, message):
    with pytest.raises(error, match=message):
        hs.history(nights(10, runs=3), anchors=anchors)


def test_anchors_alone_are_an_error():
    with pytest.raises(hs.DataError, match="every question is an anchor"):
        hs.history(nights(11, runs=3).filter(kind="anchor"), anchors=ANCHORS)


def test_the_command_and_json_have_the_same_parts(tmp_path):
    nights(1, judge=-0.15).write_csv(tmp_path / "nights.csv")
    words = ["history", str(tmp_path / "nights.csv"), "--anchors", ANCHORS]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0
    assert "Judge or system" in done.output
    found = hs.history(tmp_path / "nights.csv", anchors=ANCHORS).to_dict()["tasks"][0]["anchors"]
    assert found["changes"][0]["judge"]["value"] < 0


def test_causes_are_rarely_wrong():
    judge, system = (
        Counter(
            change.cause
            for seed in range(25)
            for change in task_of(nights(100 + seed, runs=20, at=12, **world)).anchors.changes[:1]
        )
        for world in ({"judge": -0.08}, {"system": -0.15})
    )
    assert judge["judge"] > 8
    assert judge["system"] + judge["both"] <= 5
    assert system["system"] > 13
    assert system["judge"] + system["both"] <= 4
