"""plan of a gate policy: joint power of critical checks, and sample sizes of supporting checks."""

import math

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import special

import howsure as hs
from frames import attempts
from howsure.commands.main import main
from howsure.errors import OptionError
from howsure.statistics.clustered_variance import clusterings
from howsure.statistics.differences import column_sums, pivots
from howsure.statistics.event_sizes import ItemSpread

ASSUMED = hs.Assumptions(rate=0.8, correlation=0.7)
CRITICAL = {"margin": "3pp", "tier": "critical"}


@pytest.mark.parametrize("count", [1, 2, 12])
def test_each_critical_check_gets_the_kth_root_of_the_joint_power(count):
    plan = hs.plan_policy(CRITICAL, n_tasks=count, assume=ASSUMED)
    assert plan.power_per_check == pytest.approx(0.8 ** (1 / count))
    assert plan.joint == pytest.approx(plan.tasks[0].passes ** count)
    assert 0.8 <= plan.joint < 0.84
    assert plan.items == count * plan.tasks[0].items


def test_one_critical_task_needs_about_the_sample_size_of_plan_for_its_margin():
    one = hs.plan_policy(CRITICAL, n_tasks=1, assume=ASSUMED).items
    other = hs.plan(not_worse_than=0.03, assume=ASSUMED).items
    assert other <= one < 1.05 * other  # raised until the exact chance is reached


def test_twelve_checks_with_power_0_8_each_have_joint_power_0_07():
    each = hs.plan_policy(CRITICAL, n_tasks=1, assume=ASSUMED).tasks[0].passes
    assert round(0.8**12, 2) == 0.07 == round(each**12, 2)


def test_supporting_checks_get_enough_questions_for_a_half_width_below_the_margin():
    plan = hs.plan_policy({"margin": "3pp"}, n_tasks=12, assume=ASSUMED)
    (task,) = plan.tasks
    assert (plan.n_critical, plan.joint) == (0, 1)
    assert task.half_width <= task.margin < 1.25 * task.half_width
    fewer = hs.plan_policy({"margin": "6pp"}, n_tasks=12, assume=ASSUMED).tasks[0]
    assert fewer.items < task.items / 3


def drawn(n, discordance, draws, rng):
    """Pivots of two equal systems that give right-or-wrong answers to n questions, and how many net losses each draw has."""
    events = rng.binomial(n, discordance, draws)
    net = 2 * rng.binomial(events, 0.5) - events
    cases, place = np.unique(np.stack([events, net]), axis=1, return_inverse=True)
    ahead = (np.arange(n)[:, None] < (cases[0] + cases[1]) // 2).astype(float)
    d = ahead - ((np.arange(n)[:, None] < cases[0]) & (ahead == 0))
    one = np.ones(n)
    around = (d - d.mean(axis=0)) ** 2
    ((term, _),) = clusterings((), one)
    sums = column_sums(
        term.sums(d), term.totals, ItemSpread(squares=one @ around, fourths=one @ around**2), term, "CR2"
    )
    return pivots(sums, "CR2", score=True), -cases[1], place.ravel()


@pytest.mark.parametrize(("rate", "margin"), [(0.9, 0.05), (0.6, 0.08), (0.97, 0.04)])
def test_simulated_equal_systems_pass_with_the_planned_joint_power(rate, margin):
    """The gate's own pivot on draws of what was planned: a trial with the joint chance of twelve tasks."""
    assumed, draws = hs.Assumptions(rate=rate, correlation=0.6), 40_000
    plan = hs.plan_policy({"margin": margin, "tier": "critical"}, n_tasks=12, assume=assumed)
    n, discordance = int(plan.tasks[0].items), sum(assumed.variances(paired=True))
    found, losses, place = drawn(n, discordance, draws, np.random.default_rng(n))
    count = np.where(
        losses < 0, 0.0, 1 - special.betainc(np.maximum(losses, 0) + 1.0, n - np.maximum(losses, 0), margin)
    )
    passes = (np.maximum(found.reversed().p_at_least(margin), count) <= 0.05)[place].mean()
    error = 12 * passes**11 * np.sqrt(passes * (1 - passes) / draws)
    print(f"n {n}, each {passes:.4f}, joint {passes**12:.3f} ± {error:.3f}, planned {plan.joint:.3f}")
    assert passes**12 >= 0.8 - 3 * error
    assert passes**12 == pytest.approx(plan.joint, abs=0.02)


@pytest.mark.parametrize(("rate", "margin"), [(0.9, 0.05), (0.6, 0.08)])
def test_simulated_supporting_checks_are_rarely_underpowered(rate, margin):
    assumed, draws = hs.Assumptions(rate=rate, correlation=0.6), 20_000
    n = int(hs.plan_policy({"margin": margin}, n_tasks=1, assume=assumed).tasks[0].items)
    found, _, place = drawn(n, sum(assumed.variances(paired=True)), draws, np.random.default_rng(n))
    low, high = found.limits(0.95, 1.0)
    seeing = ((high - low) / 2 <= margin)[place].mean()
    print(f"n {n}, seeing {seeing:.3f}")
    assert 0.77 <= seeing <= 0.9


def test_plans_from_a_pilot_omit_advisory_tasks():
    rows = attempts(n_clusters=40, size=4, times=2)
    policy = {"margin": "10pp", "tier": "critical"}
    plan = hs.plan_policy(policy, rows, "a", "b")
    (task,) = plan.tasks
    assert task.items_seen == 160
    assert task.attempts == 2
    assert 0 <= plan.joint_seen <= 1
    assert task.items > 0
    with pytest.raises(OptionError, match="all tasks of the policy are advisory"):
        hs.plan_policy({**policy, "tier": "advisory"}, rows)
    share = hs.plan_policy({**policy, "margin": "10%rel"}, rows, "a", "b").tasks[0]
    assert share.margin == pytest.approx(0.1 * hs.compare(rows, "a", "b").b_mean)


def test_cost_checks_share_the_joint_power_with_a_warning_that_they_are_not_planned():
    plan = hs.plan_policy({**CRITICAL, "costs": {"usd": {"ratio_at_most": 1.1}}}, n_tasks=1, assume=ASSUMED)
    assert plan.n_critical == 2
    assert [warning.code for warning in plan.warnings] == ["not_planned"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "names no task"),
        ({"n_tasks": 1, "assume": ASSUMED, "pilot": attempts()}, "n_tasks"),
        ({"n_tasks": 2, "attempts": 3, "assume": ASSUMED}, "one attempt"),
        ({"n_tasks": 2, "cluster": "passage"}, "needs a pilot"),
    ],
)
def test_unsupported_policy_plans_are_refused_with_a_remedy(given, words):
    with pytest.raises(OptionError, match=words) as caught:
        hs.plan_policy(CRITICAL, **given)
    assert caught.value.remedy


def test_a_relative_margin_needs_an_assumed_score():
    with pytest.raises(OptionError, match="a share of an unknown score"):
        hs.plan_policy({"margin": "1%rel"}, n_tasks=2)
    assert math.isclose(hs.plan_policy({"margin": "5%rel"}, n_tasks=2, assume=ASSUMED).tasks[0].margin, 0.04)


def test_the_plan_policy_command_plans_the_tasks_of_a_policy_file(tmp_path):
    policy = tmp_path / "suite.toml"
    policy.write_text('margin = "3pp"\n[tasks."safety*"]\ntier = "critical"\nmargin = "2pp"\n')
    words = ["plan", "policy", str(policy), "--n-tasks", "12", "--rate", "80%", "--correlation", "0.7"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 0, found.output
    assert "questions over 12 tasks let two equal systems pass" in " ".join(found.output.split())
    refused = CliRunner().invoke(main, [*words, "--effect", "3pp"])
    assert refused.exit_code != 0
    assert "No such option '--effect'" in refused.output
    attempts(n_clusters=40, size=4, times=2).write_csv(tmp_path / "rows.csv")
    piloted = CliRunner().invoke(
        main, ["plan", "policy", str(tmp_path / "one.toml"), "--pilot", str(tmp_path / "rows.csv")]
    )
    assert "no policy" in piloted.output
    policy.write_text('margin = "10pp"\ntier = "critical"\n')
    piloted = CliRunner().invoke(main, ["plan", "policy", str(policy), "--pilot", str(tmp_path / "rows.csv")])
    assert piloted.exit_code == 0, piloted.output
