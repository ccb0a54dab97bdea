"""A gate on every single question: shown to keep a floor, shown to be below, or counted."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from trials import draws


def repeated(counts, attempts=10, model="new"):
    """A frame of one model with so many right answers of each question's attempts."""
    return pl.DataFrame(
        [
            {"model": model, "item": f"q{k:03}", "attempt": i, "score": float(i < c)}
            for k, c in enumerate(counts)
            for i in range(attempts)
        ]
    )


@pytest.mark.parametrize(
    ("counts", "attempts", "verdict"),
    [
        ([14] * 20, 14, "pass"),
        ([14] * 19 + [13], 14, "unclear"),
        ([13] * 20, 13, "unclear"),
        ([10] * 20, 10, "unclear"),
        ([10] * 19 + [3], 10, "fail"),
        ([10] * 19 + [4], 10, "unclear"),
        ([0], 1, "unclear"),
        ([0], 2, "fail"),
    ],
)
def test_each_question_must_be_shown_to_keep_the_floor(counts, attempts, verdict):
    answer = hs.gate(repeated(counts, attempts), each_at_least="80%")
    assert answer.verdict == verdict
    (check,) = answer.checks
    assert (check.each.solved, check.each.attempts) == (min(counts), attempts)
    assert check.each.attempts_to_pass == 14
    if len(counts) == 20 and attempts == 10:
        assert check.each.most_solved_below == 3


def test_ten_of_ten_has_a_lower_limit_of_74_percent():
    (check,) = hs.gate(repeated([10] * 3), each_at_least=0.8).checks
    assert check.low == pytest.approx(0.7411, abs=5e-5)
    assert "A pass takes at least 14 attempts at each, all of them right." in str(
        hs.gate(repeated([10] * 3), each_at_least=0.8)
    ).replace("\n", " ")


@pytest.mark.parametrize(("counts", "verdict"), [([8, 10, 9], "pass"), ([7, 10, 10], "fail"), ([8] * 50, "pass")])
def test_a_plain_count_is_counted_and_says_how_often_it_fails_a_good_system(counts, verdict):
    answer = hs.gate(repeated(counts), each_at_least="8/10")
    assert answer.verdict == verdict
    (check,) = answer.checks
    each = sum(math.comb(10, k) * 0.9**k * 0.1 ** (10 - k) for k in range(8, 11))
    assert check.each.false_fail_rate == pytest.approx(1 - each ** len(counts))


def test_fewer_attempts_than_a_count_is_of_decide_only_what_they_can():
    assert hs.gate(repeated([8, 9], attempts=9), each_at_least="8/10").verdict == "pass"
    assert hs.gate(repeated([7, 9], attempts=9), each_at_least="8/10").verdict == "unclear"
    assert hs.gate(repeated([6, 9], attempts=9), each_at_least="8/10").verdict == "fail"


@pytest.mark.unmeasured
def test_a_system_at_the_floor_passes_and_a_good_one_fails_in_at_most_5_percent():
    rng, wrong, runs = np.random.default_rng(3), [0, 0], draws(25, 600)
    for _ in range(runs):
        p = np.array([0.8, *[0.99] * 9])
        wrong[0] += hs.gate(repeated(rng.binomial(30, p), 30), each_at_least=0.8).verdict == "pass"
        wrong[1] += hs.gate(repeated(rng.binomial(10, 0.8, 30)), each_at_least=0.8).verdict == "fail"
    assert max(wrong) / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_it_combines_with_other_criteria_and_a_baseline():
    rows = pl.concat([repeated([14] * 30, 14), repeated([12] * 30, 14, "old")])
    answer = hs.gate(rows, "new", "old", each_at_least=0.8, better=True, at_least=0.9)
    assert {check.criterion: check.verdict for check in answer.checks} == {
        "better": "pass",
        "at_least": "pass",
        "each_at_least": "pass",
    }


@pytest.mark.parametrize("floor", [0, 1, "100%", "11/10", "0/10", "many", "8/", True])
def test_a_floor_that_is_no_share_and_no_count_is_refused(floor):
    with pytest.raises(hs.OptionError, match="each_at_least"):
        hs.gate(repeated([10]), each_at_least=floor)


def test_fractions_looks_and_overall_only_are_refused():
    with pytest.raises(hs.MethodError, match="right or wrong"):
        hs.gate(repeated([5, 10]).with_columns(pl.col("score") * 0.3 + 0.1), each_at_least=0.8)
    with pytest.raises(hs.OptionError, match="looks"):
        hs.gate(repeated([10]), each_at_least=0.8, looks="2/10")
    with pytest.raises(hs.OptionError, match="Leave one out"):
        hs.gate(repeated([10]), each_at_least=0.8, each_task=False, overall="mean")


def test_attempts_without_a_score_that_could_turn_it_make_it_unclear():
    rows = repeated([14] * 20, 14).with_columns(
        score=pl.when((pl.col("item") == "q003") & (pl.col("attempt") < 5)).then(None).otherwise("score")
    )
    assert hs.gate(rows, each_at_least=0.8).verdict == "unclear"
    assert hs.gate(rows, each_at_least=0.8, failures="zero").verdict == "unclear"
    all_lost = rows.with_columns(score=pl.when(pl.col("item") == "q003").then(None).otherwise("score"))
    assert hs.gate(all_lost, each_at_least=0.8, failures="zero").verdict == "fail"


def test_junit_has_a_case_for_every_question(tmp_path):
    repeated([10, 9, 3]).write_csv(tmp_path / "rows.csv")
    words = [
        "gate",
        str(tmp_path / "rows.csv"),
        "--each-at-least",
        "80%",
        "--junit",
        str(tmp_path / "out.xml"),
        "-f",
        "json",
    ]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1, done.output
    assert json.loads(done.stdout)["checks"][0]["each"]["below"] == ["q002"]
    cases = [case for case in ET.parse(tmp_path / "out.xml").iter("testcase") if "questions" in case.get("classname")]
    assert [(case.get("name"), [child.tag for child in case]) for case in cases] == [
        ("q000", ["skipped"]),
        ("q001", ["skipped"]),
        ("q002", ["failure"]),
    ]


def test_a_question_fails_only_if_its_check_does():
    """Three other checks correct the fail: what a question would show alone isn't called below the floor."""
    alone = repeated([10] * 25 + [3])
    tasks = pl.concat([alone.with_columns(task=pl.lit(task)) for task in "abc"])
    (check,) = hs.gate(alone, each_at_least=0.8).checks
    assert (check.verdict, check.each.n_below) == ("fail", 1)
    several = pl.concat([tasks.filter((pl.col("task") == "a") | (pl.col("item") != "q025"))])
    for check in hs.gate(several, each_at_least=0.8).checks:
        assert (check.verdict, check.each.n_below) == ("unclear", 0)
        assert "none is shown to be below" in check.sentence
    assert "would fail" in str([each.message for each in hs.gate(several, each_at_least=0.8).checks[0].warnings])


def test_a_plain_count_of_more_attempts_fails_a_good_system_as_often_as_that_many_do():
    (check,) = hs.gate(repeated([14] * 5, 14), each_at_least="8/10").checks
    each = sum(math.comb(14, k) * 0.9**k * 0.1 ** (14 - k) for k in range(12, 15))
    assert check.each.false_fail_rate == pytest.approx(1 - each**5)
    assert "fails with probability over 99%" in str(hs.gate(repeated([14] * 60, 14), each_at_least="8/10")).replace(
        "\n", " "
    )
