"""gate policy: tiers, margins, weights, slices, costs; missing data never passes, underpowered checks are counted."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from howsure.checks import Points, Relative
from howsure.commands.main import main
from howsure.errors import OptionError
from howsure.inference.gate_policy import policy_of
from howsure.present.comment import comment
from howsure.present.render import markdown
from howsure.statistics.multiplicity import holm
from paragraphs import paragraph


def task(name, n=200, *, seed=0, flips=0.1, lost=0.0, models="ab", **columns):
    """Two equal systems on n questions: with probability `flips` a is drawn anew, with `lost` it is wrong."""
    rng = np.random.default_rng([seed, len(name), *name.encode()])
    b = rng.random(n) < 0.7
    a = np.where(rng.random(n) < flips, rng.random(n) < 0.7, b) & (rng.random(n) >= lost)
    scores = {"a": a, "b": b}
    rows = {"item": [f"q{k}" for k in range(n)], "half": ["odd" if k % 2 else "even" for k in range(n)]}
    made = [pl.DataFrame({"task": name, "model": m, **rows, "score": scores[m].astype(float)}) for m in models]
    return pl.concat(made).with_columns(**columns)


def checks_of(answer):
    return {check.name: check for check in answer.checks}


CRITICAL = {"tier": "critical"}


def test_critical_checks_must_pass_and_supporting_ones_may_stay_unclear():
    rows = pl.concat([task("small", 60), task("large", 3000)])
    held = {"margin": "4pp", "tasks": {"large": CRITICAL}}
    answer = hs.gate(rows, "a", "b", policy=held)
    found = checks_of(answer)
    assert found["large · score"].verdict == "pass"
    assert found["small · score"].verdict == "unclear"
    assert answer.verdict == "pass"
    turned = hs.gate(rows, "a", "b", policy={"margin": "4pp", "tasks": {"small": CRITICAL}})
    assert (turned.verdict, turned.unclear_because) == ("unclear", "evidence")
    assert turned.exit_code == 2


def test_a_supporting_check_is_underpowered_if_its_interval_is_wider_than_the_margin():
    rows = pl.concat([task("x", 60), task("y", 3000)])
    width = hs.compare(rows, "a", "b", adjust="none").comparisons[0].difference.interval.half_width
    for margin, expected in ((width * 1.001, "pass"), (width * 0.999, "underpowered")):
        policy = {"margin": 0.9, "tasks": {"x": {"margin": margin}}}
        answer = hs.gate(rows, "a", "b", policy=policy)
        check = checks_of(answer)["x · score"]
        assert check.half_width == pytest.approx(width)
        assert check.verdict == "pass" or check.counts_as == expected
        assert answer.n_underpowered == (check.counts_as == "underpowered")
        assert answer.verdict == "pass"
        assert answer.to_dict()["n_underpowered"] == answer.n_underpowered


def test_underpowered_checks_alone_make_the_gate_unclear():
    answer = hs.gate(task("x", 30, seed=1, flips=0.5), "a", "b", policy={"margin": "0.1pp"})
    assert answer.checks[0].counts_as == "underpowered"
    assert (answer.verdict, answer.unclear_because) == ("unclear", "evidence")
    assert "No binding check is conclusive" in paragraph(answer)
    assert "underpowered" in answer.sentence


@pytest.mark.parametrize(("tier", "verdict"), [("critical", "fail"), ("supporting", "fail"), ("advisory", "pass")])
def test_a_significantly_worse_check_fails_unless_advisory(tier, verdict):
    rows = pl.concat([task("bad", 400, lost=0.3), task("good", 3000)])
    policy = {"margin": "4pp", "tasks": {"bad": {"tier": tier}, "good": CRITICAL}}
    answer = hs.gate(rows, "a", "b", policy=policy)
    assert answer.verdict == verdict
    assert checks_of(answer)["bad · score"].verdict == "fail"
    assert [check.tier for check in answer.checks] == sorted((check.tier for check in answer.checks), key=ORDER.index)


ORDER = ["critical", "supporting", "advisory"]


@pytest.mark.parametrize("tier", ORDER)
@pytest.mark.parametrize("model", ["a", "b"])
def test_a_task_missing_from_one_model_is_unclear_unless_advisory(tier, model):
    rows = pl.concat([task("gone", 50, models=model), task("good", 3000)])
    answer = hs.gate(rows, "a", "b", policy={"margin": "4pp", "tasks": {"gone": {"tier": tier}, "good": CRITICAL}})
    check = next(check for check in answer.checks if check.task == "gone")
    other = "ba"["ab".index(model)]
    assert check.sentence == f"{other} has no score here, but {model} does."
    assert (answer.verdict, answer.unclear_because) == (("pass", "") if tier == "advisory" else ("unclear", "missing"))


@pytest.mark.parametrize("tier", ORDER)
def test_missing_scores_that_could_fail_a_check_make_it_unclear_unless_advisory(tier):
    rows = task("x", 300).with_columns(
        score=pl.when((pl.col("model") == "a") & pl.col("item").is_in([f"q{k}" for k in range(60)]))
        .then(None)
        .otherwise("score")
    )
    rows = pl.concat([rows, task("good", 3000)])
    policy = {"margin": "4pp", "tasks": {"x": {"tier": tier}, "good": CRITICAL}}
    answer = hs.gate(rows, "a", "b", policy=policy, failures="harness")
    check = checks_of(answer)["x · score"]
    if tier == "supporting":
        assert check.unclear_because == "missing"
        assert answer.unclear_because == "missing"
    assert answer.verdict == ("pass" if tier == "advisory" else "unclear")


@pytest.mark.parametrize("alone", [True, False])
def test_a_task_without_a_standard_error_is_underpowered_or_unclear_if_critical(alone):
    rows = task("one", 1) if alone else pl.concat([task("one", 1), task("good", 3000)])
    for tier, counts, verdict in (("supporting", "underpowered", "pass"), ("critical", "unclear", "unclear")):
        policy = {"margin": "4pp", "tasks": {"one": {"tier": tier}}}
        answer = hs.gate(rows, "a", "b", policy=policy)
        assert checks_of(answer)["one · score"].counts_as == counts
        assert answer.verdict == ("unclear" if alone else verdict)
        assert answer.unclear_because == ("evidence" if answer.verdict == "unclear" else "")


def test_a_task_margin_without_a_standard_error_is_unclear_in_a_gate_without_policy():
    rows = pl.concat([task("one", 1), task("good", 3000)])
    answer = hs.gate(rows, "a", "b", not_worse_than=0.04, tasks={"one": {"margin": 0.1}})
    assert {check.task: check.verdict for check in answer.checks} == {"one": "unclear", "good": "pass"}


@pytest.mark.parametrize("tier", ORDER)
@pytest.mark.parametrize("left", [300, 299, 200])
def test_items_missing_from_the_candidate_are_the_reason_for_an_unclear_check(tier, left):
    rows = task("x", 300, seed=2).filter(
        (pl.col("model") == "b") | pl.col("item").is_in([f"q{k}" for k in range(left)])
    )
    policy = {"margin": "0.2pp", "tasks": {"x": {"tier": tier}, "good": {"margin": "4pp", **CRITICAL}}}
    answer = hs.gate(pl.concat([rows, task("good", 3000)]), "a", "b", policy=policy)
    check = checks_of(answer)["x · score"]
    assert check.verdict == "unclear"
    assert check.unclear_because == ("missing" if left == 200 else "evidence")
    held = {"critical": "unclear", "supporting": "unclear" if left == 200 else "pass", "advisory": "pass"}
    assert answer.verdict == held[tier]


def test_tier_margin_and_weight_come_from_the_first_matching_pattern_that_sets_them():
    policy = policy_of(
        {"margin": "5pp", "tasks": {"saf*": {"tier": "critical"}, "safety": {"margin": "1%rel", "weight": 3}}}
    )
    found = policy.of_task("safety")
    assert (found.tier, found.margin, found.weight) == ("critical", 0.01, 3.0)
    assert isinstance(found.margin, Relative)
    other = policy.of_task("other")
    assert (other.tier, other.margin, other.weight) == ("supporting", 0.05, 1.0)
    assert isinstance(other.margin, Points)


def test_relative_margins_are_shares_of_the_baselines_score():
    rows = task("x", 500)
    check = hs.gate(rows, "a", "b", policy={"margin": "10%rel"}).checks[0]
    assert check.limit == pytest.approx(0.1 * check.baseline_score)


def test_a_policy_of_one_task_equals_the_gate_without_policy():
    rows = task("x", 500, lost=0.02)
    one = hs.gate(rows, "a", "b", policy={"margin": "4pp", "tier": "critical", "level": 0.9}).checks[0]
    other = hs.gate(rows, "a", "b", not_worse_than=0.04, level=0.9).checks[0]
    assert (one.verdict, one.p_pass, one.p_fail, one.low, one.high) == (
        other.verdict,
        other.p_pass,
        other.p_fail,
        other.low,
        other.high,
    )
    assert hs.gate(rows, "a", "b", policy={"margin": "4pp", "level": 0.9}).level == 0.9


def test_a_task_name_with_wildcards_matches_itself_first():
    rows = pl.concat([task("a[1]*", 300), task("a1x", 300)])
    answer = hs.gate(rows, "a", "b", policy={"margin": "9pp", "tasks": {"a[1]*": {"margin": "3pp"}}})
    limits = {check.task: check.limit for check in answer.checks}
    assert limits == {"a[1]*": pytest.approx(0.03), "a1x": pytest.approx(0.03)}  # the pattern fits both
    policy = {"margin": "9pp", "tasks": {"a1x": {"margin": "5pp"}, "a[1]*": {"margin": "3pp"}}}
    limits = {check.task: check.limit for check in hs.gate(rows, "a", "b", policy=policy).checks}
    assert limits == {"a[1]*": pytest.approx(0.03), "a1x": pytest.approx(0.05)}


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=8), st.integers(0, 99))
def test_weighted_holm_equals_closed_testing_and_holm_for_equal_weights(p, seed):
    p = np.array(p)
    np.testing.assert_allclose(holm(p, np.full(len(p), 2.5)), holm(p))
    w = np.random.default_rng(seed).uniform(0.2, 5, len(p))
    found = holm(p, w)
    for alpha in (0.01, 0.05, 0.2):
        assert set(np.flatnonzero(found <= alpha * (1 + 1e-9))) == _closed(p, w, alpha * (1 + 1e-9))


def _closed(p, w, alpha):
    """Weighted Bonferroni in every intersection: what closed testing rejects."""
    n, kept = len(p), set(range(len(p)))
    for mask in range(1, 2**n):
        inside = [k for k in range(n) if mask >> k & 1]
        if not any(p[k] <= alpha * w[k] / w[inside].sum() for k in inside):
            kept -= set(inside)
    return kept


@pytest.mark.parametrize("weight", [1e-320, 1e-5, 1e5, 1e308])
def test_extreme_weights_are_refused(weight):
    with pytest.raises(OptionError, match=r"leaves almost no share of the level .* from 0.0001 to 10,000"):
        policy_of({"tasks": {"safety": {"weight": weight}}})


def test_a_larger_weight_lowers_the_corrected_p_value_of_a_check():
    rows = pl.concat([task("bad", 400, lost=0.12), *(task(f"t{k}", 400) for k in range(12))])
    light = checks_of(hs.gate(rows, "a", "b", policy={"margin": "4pp"}))["bad · score"]
    heavy = checks_of(hs.gate(rows, "a", "b", policy={"margin": "4pp", "tasks": {"bad": {"weight": 20}}}))
    assert heavy["bad · score"].p_fail_adjusted < light.p_fail_adjusted
    assert heavy["bad · score"].p_fail == light.p_fail


def test_advisory_checks_do_not_count_in_the_correction():
    rows = pl.concat([task("bad", 300, lost=0.1), *(task(f"t{k}", 300) for k in range(6))])
    alone = hs.gate(rows.filter(task="bad"), "a", "b", policy={"margin": "4pp"}).checks[0]
    beside = hs.gate(rows, "a", "b", policy={"margin": "4pp", "tasks": {"t*": {"tier": "advisory"}}})
    assert checks_of(beside)["bad · score"].p_fail_adjusted == alone.p_fail_adjusted


# Costs


def with_costs(ratio, n=400, sigma=0.4):
    rng = np.random.default_rng(3)
    rows = task("x", n)
    usd = rng.lognormal(0, sigma, len(rows)) * np.where(rows["model"].to_numpy() == "a", ratio, 1.0)
    return rows.with_columns(usd=pl.Series(usd))


@given(st.floats(0.5, 2.0), st.floats(0.7, 1.6))
def test_cost_verdict_p_value_and_limits_agree(ratio, limit):
    answer = hs.gate(with_costs(ratio, 60), "a", "b", usage="usd", ratio_at_most=limit)
    (check,) = answer.checks
    assert (check.verdict == "pass") == (check.high <= limit)
    assert (check.verdict == "fail") == (check.low >= limit)
    assert check.p_pass + check.p_fail == pytest.approx(1)
    gap = hs.compare(with_costs(ratio, 60), "a", "b", usage="usd", level=2 * answer.level - 1).usage[0]
    assert [check.candidate, check.baseline] == ["a", "b"]
    assert (check.candidate_score, check.baseline_score) == (gap.a, gap.b)
    assert (check.value, check.low, check.high) == (gap.ratio, gap.interval.low, gap.interval.high)


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.5])
def test_the_half_width_of_a_cost_check_is_half_its_two_sided_interval_in_logs(ratio):
    rows = with_costs(ratio)
    (check,) = hs.gate(rows, "a", "b", usage="usd", ratio_at_most=1.1).checks
    wide = hs.compare(rows, "a", "b", usage="usd", level=0.95).usage[0].interval
    assert check.half_width == pytest.approx(np.log(wide.high / wide.low) / 2)


def test_missing_costs_make_a_cost_check_unclear_unless_advisory():
    rows = with_costs(0.5).with_columns(usd=pl.when(pl.int_range(pl.len()) == 7).then(None).otherwise("usd"))
    answer = hs.gate(rows, "a", "b", usage="usd", ratio_at_most=1.1)
    assert (answer.verdict, answer.unclear_because, answer.checks[0].n_unknown) == ("unclear", "missing", 1)
    for tier, verdict in (("critical", "unclear"), ("supporting", "unclear"), ("advisory", "pass")):
        costs = {"usd": {"ratio_at_most": 1.1, "tier": tier}}
        found = hs.gate(rows, "a", "b", policy={"margin": "9pp", "costs": costs})
        assert (found.verdict, found.unclear_because) == (verdict, "missing" if verdict == "unclear" else "")


def test_costs_without_variance_make_a_cost_check_unclear():
    rows = task("x", 50).with_columns(usd=pl.lit(0.01))
    answer = hs.gate(rows, "a", "b", usage="usd", ratio_at_most=1.1)
    assert (answer.verdict, answer.unclear_because) == ("unclear", "evidence")
    nothing = hs.gate(rows.with_columns(usd=pl.lit(0.0)), "a", "b", usage="usd", ratio_at_most=1.1)
    assert nothing.verdict == "unclear"


def test_a_cost_check_covers_all_tasks_and_is_underpowered_by_its_log_interval():
    rng = np.random.default_rng(1)
    rows = pl.concat([task("x", 300), task("y", 20)])
    rows = rows.with_columns(usd=pl.Series(rng.lognormal(0, 1.2, len(rows))))
    for limit in (1.05, 1.6):
        answer = hs.gate(rows, "a", "b", policy={"margin": "9pp", "costs": {"usd": {"ratio_at_most": limit}}})
        check = checks_of(answer)["overall · usd"]
        assert check.n_items == 320
        if check.verdict == "unclear":
            assert (check.counts_as == "underpowered") == (check.half_width > np.log(limit))
    assert "usd" in answer.render("terminal")


# Slices


def test_slices_affect_the_gate_only_through_a_policy():
    rows = task("x", 2000)
    worse = (pl.col("model") == "a") & (pl.col("half") == "odd") & (pl.int_range(pl.len()) % 3 == 0)
    rows = rows.with_columns(score=pl.when(worse).then(0.0).otherwise("score"))
    policy = {"margin": "19pp", "tier": "critical"}
    assert hs.gate(rows, "a", "b", policy=policy, by="half").verdict == "pass"
    bound = hs.gate(rows, "a", "b", policy={**policy, "slices": {"half": {"margin": "5pp"}}})
    assert bound.verdict == "fail"
    found = checks_of(bound)
    assert found["x · score · half: odd"].verdict == "fail"
    assert found["x · score · half: even"].verdict == "pass"
    alone = hs.gate(rows.filter(half="odd"), "a", "b", not_worse_than=0.05).checks[0]
    assert found["x · score · half: odd"].p_fail == alone.p_fail
    assert found["x · score · half: odd"].low == alone.low


@pytest.mark.parametrize("tier", ORDER)
def test_a_slice_missing_from_one_model_is_unclear_unless_advisory(tier):
    rows = task("x", 2000).filter((pl.col("model") == "b") | (pl.col("half") == "even"))
    answer = hs.gate(rows, "a", "b", policy={"margin": "9pp", "slices": {"half": {"tier": tier}}})
    check = checks_of(answer)["x · score · half: odd"]
    assert check.unclear_because == "missing"
    assert answer.verdict == ("pass" if tier == "advisory" else "unclear")


@pytest.mark.unmeasured
def test_missing_scores_are_judged_relative_to_the_size_of_the_slice():
    rows = task("x", 4000).with_columns(
        half=pl.when(pl.col("item").is_in([f"q{k}" for k in range(60)])).then(pl.lit("few")).otherwise("half")
    )
    lost = (pl.col("model") == "a") & pl.col("item").is_in([f"q{k}" for k in range(20)])
    rows = rows.with_columns(score=pl.when(lost).then(None).otherwise("score"))
    policy = {"margin": "19pp", "slices": {"half": CRITICAL}}
    answer = hs.gate(rows, "a", "b", policy=policy)
    found = checks_of(answer)
    assert found["x · score"].verdict == "pass"  # 20 of 8,000
    assert found["x · score · half: few"].unclear_because == "missing"
    assert found["x · score · half: odd"].verdict == "pass"
    assert (answer.verdict, answer.unclear_because) == ("unclear", "missing")
    for at_most, reason in ((0.34, ""), (0.33, "missing")):  # 20 of the 60 of the slice
        checks = checks_of(hs.gate(rows, "a", "b", policy=policy, missing_at_most=at_most))
        assert checks["x · score · half: few"].unclear_because == reason


def test_a_small_slice_is_underpowered_or_unclear_if_critical():
    rows = task("x", 2000).with_columns(half=pl.when(pl.col("item") < "q1003").then(pl.lit("few")).otherwise("half"))
    few = rows.filter(half="few")["item"].n_unique()
    assert 1 < few < 10
    for tier, verdict, counts in (("supporting", "pass", "underpowered"), ("critical", "unclear", "unclear")):
        answer = hs.gate(rows, "a", "b", policy={"margin": "9pp", "slices": {"half": {"tier": tier}}})
        assert answer.verdict == verdict
        assert checks_of(answer)["x · score · half: few"].counts_as == counts
        said = " ".join(answer.render("terminal").split())
        assert "! x · score · half: few: the slice is too small: fewer than 10 shared questions" in said


@pytest.mark.parametrize(
    ("margin", "said"), [("10%rel", "margin of 0 for a slice of x"), (1.0, "margin of 1 for a slice of x")]
)
def test_a_margin_of_nothing_or_of_the_whole_scale_for_a_slice_is_refused(margin, said):
    """A share of a baseline that is always wrong on the slice is nothing."""
    wrong = (pl.col("model") == "b") & (pl.col("half") == "odd")
    rows = task("x", 400).with_columns(score=pl.when(wrong).then(0.0).otherwise("score"))
    with pytest.raises(OptionError, match=said):
        hs.gate(rows, "a", "b", policy={"margin": "9pp", "slices": {"half": {"margin": margin}}})


def test_one_warning_names_all_small_slices():
    rows = task("x", 40).with_columns(half=pl.col("item").str.slice(-1))
    answer = hs.gate(rows, "a", "b", policy={"margin": "9pp", "slices": {"half": CRITICAL}})
    said = " ".join(answer.render("terminal").split())
    assert said.count("the slice is too small") == 1
    assert "! x · score · half: 0, x · score · half: 1, x · score · half: 2 and 7 more: the slice is too small" in said


def test_slices_of_advisory_tasks_are_advisory():
    policy = {"margin": "9pp", "tasks": {"x": {"tier": "advisory"}}, "slices": {"half": CRITICAL}}
    answer = hs.gate(pl.concat([task("x", 100), task("y", 900)]), "a", "b", policy=policy)
    assert {check.tier for check in answer.checks if check.task == "x"} == {"advisory"}
    assert {check.tier for check in answer.checks if check.by and check.task == "y"} == {"critical"}


# The file, and what it can't say


def test_a_policy_from_toml_equals_one_from_a_dict(tmp_path):
    text = """
level = 0.9
margin = "2pp"
[tasks."saf*"]
tier = "critical"
margin = "1%rel"
weight = 2
[slices.half]
margin = 0.05
[costs.usd]
ratio_at_most = 1.1
"""
    file = tmp_path / "suite.toml"
    file.write_text(text)
    same = {
        "level": 0.9,
        "margin": "2pp",
        "tasks": {"saf*": {"tier": "critical", "margin": "1%rel", "weight": 2}},
        "slices": {"half": {"margin": 0.05}},
        "costs": {"usd": {"ratio_at_most": 1.1}},
    }
    assert policy_of(str(file)) == policy_of(file) == policy_of(same)


REFUSED = {
    "an unknown key": ({"margn": "1pp"}, "no key 'margn'"),
    "an unknown key of a task": ({"margin": "1pp", "tasks": {"x": {"teir": "critical"}}}, r"tasks.'x'.*no key 'teir'"),
    "no tier": ({"margin": "1pp", "tier": "vital"}, "'vital'` is not one of"),
    "no margin": ({}, "no margin for x"),
    "a margin of nothing": ({"margin": "0pp"}, "isn't a number above 0"),
    "a margin in words": ({"margin": "some"}, "margin='some'"),
    "a weight of nothing": ({"margin": "1pp", "tasks": {"x": {"weight": 0}}}, "not above 0"),
    "a weight of all": ({"margin": "1pp", "weight": 2}, "a weight is one task's"),
    "a pattern of no task": ({"margin": "1pp", "tasks": {"z*": CRITICAL}}, "matches no task"),
    "a column of no item": ({"margin": "1pp", "slices": {"language": {}}}, "language"),
    "a cost without a limit": ({"margin": "1pp", "costs": {"usd": {}}}, "this cost doesn't have a criterion"),
    "a ratio of nothing": ({"margin": "1pp", "costs": {"usd": {"ratio_at_most": 0}}}, "not above 0"),
    "no table": ({"margin": "1pp", "tasks": {"x": 1}}, "isn't a table of tables"),
    "a level of half": ({"margin": "1pp", "level": 0.5}, "above chance"),
    "the whole scale": ({"margin": 1}, "whole scale"),
    "a file that isn't there": ("nowhere.toml", "no policy"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_policies_are_refused_with_a_remedy(case):
    policy, words = REFUSED[case]
    with pytest.raises(hs.HowsureError, match=words) as caught:
        hs.gate(task("x", 30), "a", "b", policy=policy)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "beside",
    [
        {"not_worse_than": 0.1},
        {"better": True},
        {"at_least": 0.5},
        {"ratio_at_most": 1.1},
        {"overall": "mean"},
        {"each_task": False},
        {"looks": 3},
        {"level": 0.9},
        {"usage": "usd"},
    ],
)
def test_a_policy_excludes_options_that_it_sets(beside):
    with pytest.raises(OptionError, match="policy"):
        hs.gate(task("x", 30), "a", "b", policy={"margin": "1pp"}, **beside)


def test_policy_margins_in_points_are_refused_for_scores_beyond_0_to_1():
    rows = task("x", 100).with_columns(score=pl.col("score") * 7)
    with pytest.raises(OptionError, match="in points"):
        hs.gate(rows, "a", "b", policy={"margin": "1pp"})
    assert hs.gate(rows, "a", "b", policy={"margin": 2.5}).checks[0].limit == 2.5


def test_ratio_and_measure_need_each_other():
    with pytest.raises(OptionError, match="ratio_at_most needs a measure"):
        hs.gate(with_costs(1), "a", "b", ratio_at_most=1.1)
    with pytest.raises(OptionError, match="the measure has no criterion"):
        hs.gate(with_costs(1), "a", "b", better=True, usage="usd")


def test_the_comment_on_a_pull_request_looks_like_this(snapshot):
    tasks = [task("small", 40), task("large", 3000), task("bad", 400, lost=0.3), task("aside", 100)]
    rows = pl.concat([*tasks, task("gone", 50, models="b")])
    usd = np.random.default_rng(2).lognormal(0, 0.4, len(rows))
    policy = {
        "margin": "4pp",
        "tasks": {"large": CRITICAL, "aside": {"tier": "advisory"}, "bad": {"weight": 2}},
        "slices": {"half": {"margin": "9pp"}},
        "costs": {"usd": {"ratio_at_most": 1.1, "tier": "critical"}},
    }
    answer = hs.gate(rows.with_columns(usd=pl.Series(usd)), "a", "b", policy=policy, flips=True)
    assert answer.verdict == "fail"
    assert markdown.render(comment(answer, "suite", counts="it counts as a fail")) == snapshot


def test_the_gate_command_with_a_policy_writes_text_junit_comment_and_json(tmp_path):
    rows = pl.concat([task("small", 40), task("large", 3000), task("bad", 400, lost=0.3)])
    rows.write_csv(tmp_path / "rows.csv")
    policy = tmp_path / "suite.toml"
    policy.write_text('margin = "4pp"\n[tasks.large]\ntier = "critical"\n')
    junit, comment = tmp_path / "gate.xml", tmp_path / "comment.md"
    words = ["gate", str(tmp_path / "rows.csv"), "-a", "a", "-b", "b", "--policy", str(policy)]
    found = CliRunner().invoke(main, [*words, "--junit", str(junit), "--comment", str(comment)])
    assert found.exit_code == 1, found.output
    assert found.output.startswith("FAIL. 1 of 3 binding checks fails: bad · score (supporting)")
    cases = {case.get("classname"): case for case in ET.parse(junit).getroot().iter("testcase")}
    assert cases["large · score"].get("name").startswith("critical: ")
    assert cases["bad · score"].find("failure") is not None
    assert cases["small · score"].find("skipped").get("message").startswith("Can't tell (counts as underpowered): ")
    flipped = CliRunner().invoke(main, [*words, "--flips", "--junit", str(junit), "--comment", str(comment)])
    assert flipped.exit_code == 1, flipped.output
    text = comment.read_text()
    for said in (text, junit.read_text()):
        assert "got worse" in said
    assert "underpowered" in text
    assert text.index("bad · score") < text.index("large · score")
    data = json.loads(CliRunner().invoke(main, [*words, "-f", "json"]).output)
    assert {check["task"]: check["counts_as"] for check in data["checks"]} == {
        "bad": "fail",
        "large": "pass",
        "small": "underpowered",
    }


def test_the_policy_path_in_a_configuration_is_relative_to_it(tmp_path, monkeypatch):
    task("x", 300).write_csv(tmp_path / "rows.csv")
    (tmp_path / "suite.toml").write_text('margin = "9pp"\n')
    (tmp_path / "howsure.toml").write_text(
        'paths = "rows.csv"\n[gate]\ncandidate = "a"\nbaseline = "b"\npolicy = "suite.toml"\n'
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    found = CliRunner().invoke(main, ["gate"])
    assert found.exit_code == 0, found.output
    assert "supporting check" in found.output
    asked = CliRunner().invoke(main, ["gate", "--not-worse-than", "1pp"])
    assert asked.exit_code == 3
    assert "--not-worse-than" in asked.output
