"""plan for two equal systems: how often a gate passes, fails or stays unclear."""

import math

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import two_models
from howsure.commands.main import main
from paragraphs import paragraph


@pytest.mark.unmeasured
def test_shares_for_equal_systems_use_the_pilots_or_the_given_number_of_questions():
    rows = two_models(n=80)
    own = hs.plan(rows, not_worse_than=0.05).main.equal
    more = hs.plan(rows, not_worse_than=0.05, n_items=400).main.equal
    assert (own.items, more.items) == (80, 400)
    assert more.passed > own.passed
    assert own.items_for_80_percent_conclusive == more.items_for_80_percent_conclusive
    assert (
        own.items_for_80_percent_conclusive_low
        <= own.items_for_80_percent_conclusive
        <= own.items_for_80_percent_conclusive_high
    )
    assert own.passed + own.unclear + own.failed == pytest.approx(1)


def test_shares_for_equal_systems_need_a_margin_but_no_pilot():
    assert hs.plan(effect=0.03).main.equal is None
    found = hs.plan(same_within=0.02, n_items=500, assume=hs.Assumptions(rate=0.9, correlation=0.5)).main.equal
    assert (found.pairing, found.items, found.criterion) == ("assumed", 500, "same_within")
    assert math.isnan(found.items_for_80_percent_conclusive_low)


def test_shares_for_equal_systems_are_given_per_task_overall_and_unpaired():
    rows = pl.concat([two_models(n=60, task=pl.lit(task)) for task in "xy"])
    tasks = hs.plan(rows, not_worse_than=0.1).tasks
    assert [task.equal.items for task in tasks] == [60, 60, 120]
    assert hs.plan(two_models(n=60), not_worse_than=0.1, paired=False).main.equal.unclear > 0.5


def test_a_power_rounded_to_1_has_no_number_of_questions_by_formula():
    """The formula has no number of questions for it."""
    assert hs.plan(not_worse_than=0.1, n_items=100_000).main.best.items_by_formula == math.inf


def test_plan_for_better_states_how_often_equal_systems_stay_unclear():
    words = "If better is required, two equal systems stay undecided in 90% of runs, however many questions."
    assert words in paragraph(hs.plan(effect=0.03, better=True, level=0.9))
    assert words not in hs.plan(effect=0.03, level=0.9).sentence
    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["plan", "--n-items", "500", "--better"])
    assert "stay undecided in 95% of runs" in result.output


def test_records_contain_the_shares_of_pass_unclear_and_fail():
    plan = hs.plan(two_models(n=80), not_worse_than=0.05)
    (chosen,) = [record for record in plan.records() if record["not_worse_than_pass"] is not None]
    assert chosen["attempts"] == plan.main.best.attempts
    shares = [chosen[f"not_worse_than_{name}"] for name in ("pass", "unclear", "fail")]
    assert shares == pytest.approx([plan.main.equal.passed, plan.main.equal.unclear, plan.main.equal.failed])
    assert not [name for name in hs.plan(effect=0.03).records()[0] if name.endswith("_pass")]
