"""A/A of a whole policy: split by split what its gate would say of all tasks together."""

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import howsure as hs
from howsure.commands.main import main
from howsure.errors import OptionError
from howsure.inference.aa_policy import TaskTrial, policy_rate
from howsure.inference.gating.policy import Standing
from howsure.statistics.multiplicity import holm


def suite(tasks=4, n=80, times=4, seed=0):
    """One model on several tasks of right-or-wrong answers."""
    rng = np.random.default_rng(seed)
    return pl.concat(
        pl.DataFrame(
            {
                "task": f"t{k}",
                "model": "m",
                "item": np.repeat(np.arange(n), times),
                "attempt": np.tile(np.arange(times), n),
                "score": (rng.random(n * times) < np.repeat(rng.beta(3, 1, n), times)).astype(float),
            }
        )
        for k in range(tasks)
    )


@pytest.mark.parametrize("margin", [0.02, 0.1])
def test_a_policy_of_one_critical_task_is_the_plain_gate(margin):
    rows = suite(1)
    plain = hs.aa(rows, not_worse_than=margin, splits=300).entries[0]
    answer = hs.aa(rows, policy={"margin": margin, "tier": "critical"}, splits=300)
    (rate,) = answer.policy
    assert (rate.failed, rate.passed, rate.unclear) == (plain.failed, plain.passed, plain.unclear)
    assert answer.entries[0].failed == plain.failed
    assert answer.failed_share == rate.failed / 300
    share = hs.aa(rows, policy={"margin": "10%rel", "tier": "critical"}, splits=300).entries[0]
    score = rows["score"].mean()
    assert share.failed == hs.aa(rows, not_worse_than=0.1 * score, splits=300).entries[0].failed


TIERS = st.sampled_from(["critical", "supporting", "advisory"])


@given(st.lists(st.tuples(TIERS, st.floats(0.2, 5)), min_size=1, max_size=6), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_splits_are_judged_as_a_gate_is(rules, seed):
    if all(tier == "advisory" for tier, _ in rules):
        rules = [*rules, ("critical", 1.0)]
    rng, count = np.random.default_rng(seed), 40
    trials = []
    for tier, weight in rules:
        p = rng.beta(0.3, 0.3, count)
        standing = Standing(tier=tier, margin=0.1, weight=weight)
        trials.append(
            TaskTrial(
                standing=standing, margin=0.1, p_pass=1 - p, p_fail=p, half_width=rng.choice([0.05, 0.1, 0.2], count)
            )
        )
    rate = policy_rate("m", trials, 0.95, 0.95)
    found = [verdict(trials, k) for k in range(count)]
    assert (rate.failed, rate.passed, rate.unclear) == tuple(found.count(word) for word in ("fail", "pass", "unclear"))


def verdict(trials, k):
    """One split, judged as answers/gate.py says."""
    binding = [trial for trial in trials if trial.standing.tier != "advisory"]
    adjusted = holm(
        np.array([trial.p_fail[k] for trial in binding]), np.array([trial.standing.weight for trial in binding])
    )
    counts = []
    for trial, p in zip(binding, adjusted, strict=True):
        word = "fail" if p <= 0.05 else "pass" if trial.p_pass[k] <= 0.05 else "unclear"
        if word == "unclear" and trial.standing.tier == "supporting":
            word = "pass" if trial.half_width[k] <= 0.1 else "blind"
        counts.append(word)
    return "fail" if "fail" in counts else "unclear" if "unclear" in counts or "pass" not in counts else "pass"


def test_a_system_beside_itself_fails_no_more_often_than_promised():
    rows = suite(6, n=60, seed=3)
    answer = hs.aa(rows, policy={"margin": "0.1pp", "tasks": {"t0": {"weight": 5, "tier": "critical"}}}, splits=2000)
    rate = answer.policy[0]
    assert rate.n_tasks == 6
    assert rate.failed_interval.low <= 0.05
    assert not rate.excess
    assert rate.failed > 0  # the margin is nearly nothing: about as often as promised
    assert answer.promised_fails == pytest.approx(0.05)


def test_slices_and_costs_are_said_not_to_be_parted():
    answer = hs.aa(suite(1), policy={"margin": "5pp", "costs": {"usd": {"ratio_at_most": 1.1}}}, splits=20)
    assert "policy_in_part" in {caution.code for caution in answer.cautions}


def test_all_advice_has_no_rate():
    answer = hs.aa(suite(1), policy={"margin": "5pp", "tier": "advisory"}, splits=20)
    assert answer.policy == ()
    assert "fails the gate" in str(answer)


@pytest.mark.parametrize("beside", [{"not_worse_than": 0.1}, {"better": True}, {"same_within": 0.1}, {"level": 0.9}])
def test_what_the_policy_says_cant_be_said_twice(beside):
    with pytest.raises(OptionError, match="policy"):
        hs.aa(suite(1), policy={"margin": "5pp"}, splits=20, **beside)


def test_the_command(tmp_path):
    suite(3).write_csv(tmp_path / "rows.csv")
    (tmp_path / "suite.toml").write_text('margin = "5pp"\n')
    words = ["aa", str(tmp_path / "rows.csv"), "--policy", str(tmp_path / "suite.toml"), "--splits", "50"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 0, found.output
    assert "a model fails the policy" in " ".join(found.output.split())
