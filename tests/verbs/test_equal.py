"""What `plan` and `aa` say of equal systems: the same of the same pair, on the questions that the gate has."""

import math

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import attempts, two_models
from howsure.commands.main import main
from places import LOGS


def test_plan_is_about_the_pilots_questions_or_those_asked_for():
    rows = two_models(n=80)
    own = hs.plan(rows, not_worse_than=0.05).main.equal
    more = hs.plan(rows, not_worse_than=0.05, n_items=400).main.equal
    assert (own.items, more.items) == (80, 400)
    assert more.passed > own.passed
    assert own.items_that_tell == more.items_that_tell
    assert own.items_that_tell_low <= own.items_that_tell <= own.items_that_tell_high
    assert own.passed + own.unclear + own.failed == pytest.approx(1)


def test_plan_without_a_margin_or_a_pilot():
    assert hs.plan(effect=0.03).main.equal is None
    found = hs.plan(same_within=0.02, n_items=500, assume=hs.Assumptions(rate=0.9, correlation=0.5)).main.equal
    assert (found.pairing, found.items, found.criterion) == ("assumed", 500, "same_within")
    assert math.isnan(found.items_that_tell_low)


def test_plan_of_several_tasks_and_of_unpaired_models():
    rows = pl.concat([two_models(n=60, task=pl.lit(task)) for task in "xy"])
    tasks = hs.plan(rows, not_worse_than=0.1).tasks
    assert [task.equal.items for task in tasks] == [60, 60, 120]
    assert hs.plan(two_models(n=60), not_worse_than=0.1, paired=False).main.equal.unclear > 0.5


def test_plan_with_a_power_of_one():
    """The formula has no number of questions for it."""
    assert hs.plan(not_worse_than=0.1, n_items=100_000).main.best.formula == math.inf


def test_aa_is_of_every_model_and_of_the_median_pair():
    found = hs.aa(attempts(), not_worse_than=0.05, same_within=0.2, splits=20, cluster="none")
    assert [(each.pairing, each.criterion) for each in found.equal] == [
        ("itself", "not_worse_than"),
        ("itself", "same_within"),
        ("itself", "not_worse_than"),
        ("itself", "same_within"),
        ("pair", "not_worse_than"),
        ("pair", "same_within"),
    ]
    pair = found.equal[4]
    planned = hs.plan(attempts(), not_worse_than=0.05, cluster="none").main.equal
    assert (pair.passed, pair.unclear, pair.a, pair.b) == (planned.passed, planned.unclear, planned.a, planned.b)


def test_aa_with_one_attempt_has_the_pair_alone():
    found = hs.aa(two_models(n=80), not_worse_than=0.05, splits=20, cluster="none")
    assert [each.pairing for each in found.equal] == ["pair"]
    one = two_models(n=80).filter(pl.col("model") == "a")
    assert hs.aa(one, not_worse_than=0.05, splits=20, cluster="none").equal == ()


def test_better_stays_open():
    found = hs.aa(attempts(), splits=20)
    assert found.equal == ()
    assert found.better
    assert "stay open in 95 of 100 runs" in " ".join(found.render("terminal").split())


def test_the_command_says_both():
    done = CliRunner().invoke(main, ["aa", str(LOGS), "--not-worse-than", "1pp", "--cluster", "passage_id"])
    assert "Counted, of half the data" in done.output
    assert "Forecast for two equal systems on all 100 questions" in done.output


def test_plan_says_what_a_gate_for_better_makes_of_equal_systems():
    words = "Asked for “better”, equal systems stay open in 90 of 100 runs, however many questions."
    assert words in hs.plan(effect=0.03, better=True, level=0.9).verdict
    assert words not in hs.plan(effect=0.03, level=0.9).verdict
    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["plan", "--n-items", "500", "--better"])
    assert "stay open in 95 of 100 runs" in result.output


def test_the_shares_stand_in_records():
    plan = hs.plan(two_models(n=80), not_worse_than=0.05)
    (chosen,) = [record for record in plan.records() if record["not_worse_than_pass"] is not None]
    assert chosen["attempts"] == plan.main.best.attempts
    shares = [chosen[f"not_worse_than_{name}"] for name in ("pass", "unclear", "fail")]
    assert shares == pytest.approx([plan.main.equal.passed, plan.main.equal.unclear, plan.main.equal.failed])
    assert not [name for name in hs.plan(effect=0.03).records()[0] if name.endswith("_pass")]


def test_aa_has_them_for_each_model_and_for_the_median_pair():
    answer = hs.aa(attempts(models=("a", "b")), not_worse_than=0.02, same_within=0.1, splits=20)
    for record in answer.records():
        for criterion in ("not_worse_than", "same_within"):
            for pairing, prefix in (("itself", ""), ("pair", "pair_")):
                (known,) = [
                    each
                    for each in answer.equal
                    if (each.criterion, each.pairing) == (criterion, pairing)
                    and (pairing == "pair" or each.a == record["model"])
                ]
                names = [f"{prefix}{criterion}_{share}" for share in ("pass", "unclear", "fail")]
                assert [record[name] for name in names] == pytest.approx([known.passed, known.unclear, known.failed])
