"""gate with missing scores: decided if they can't change the verdict or are few, otherwise unclear."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.inference.gate_verdicts import Worlds
from howsure.table.scores import Missing, Scores, TaskFacts


def scores(*models, facts=(), missing=()):
    rows = [
        {
            "task": "t",
            "metric": "acc",
            "model": "ab"[k],
            "item": f"q{i}",
            "score": None if score is None else float(score),
        }
        for k, column in enumerate(models)
        for i, score in enumerate(column)
    ]
    names = ("task", "metric", "model", "item", "score")
    return Scores(rows=pl.DataFrame(rows), roles={name: (name,) for name in names}, facts=facts, missing=missing)


def missing_warnings(answer):
    return [
        warning.message for check in answer.checks for warning in check.warnings if warning.code == "missing_could_turn"
    ]


def test_too_many_missing_scores_that_could_change_the_verdict_make_it_unclear():
    data = scores([1] * 91 + [None] * 9)
    answer = hs.gate(data, "a", at_least=0.9)
    assert (answer.verdict, answer.checks[0].n_unknown) == ("unclear", 9)
    assert missing_warnings(answer) == [
        "9 of 100 attempts have no score, and their results could change the verdict, which would be 'pass' without them"
    ]
    assert answer.sentence.startswith(
        "Can't tell whether a is at least 90.0%: 9 attempts without a score could change the verdict (100.0%"
    )
    assert hs.gate(data, "a", at_least=0.9, missing_at_most=0.1).verdict == "pass"


def test_a_warning_counts_the_missing_scores_that_would_change_the_verdict():
    """91 right of 91 + k wrong: the exact lower limit leaves 90% at the sixth of the nine."""
    data = scores([1] * 91 + [None] * 9)
    answer = hs.gate(data, "a", at_least=0.9, missing_at_most=0.09)
    (message,) = missing_warnings(answer)
    needed = int(message.split("change if ")[1].split(" of")[0])
    for wrong, verdict in ((needed, "unclear"), (needed - 1, "pass")):
        world = scores([1] * 91 + [0] * wrong + [1] * (9 - wrong))
        assert hs.gate(world, "a", at_least=0.9).verdict == verdict
    assert message == f"9 of 100 attempts have no score. The verdict would change if {needed} of these 9 went against a"


def test_missing_scores_that_cannot_change_the_verdict_leave_it():
    answer = hs.gate(scores([1] * 91 + [None] * 9), "a", at_least=0.5)
    assert (answer.verdict, missing_warnings(answer)) == ("pass", [])
    assert any("9 of 100 attempts have no score" in note for note in answer.notes)


def test_missing_scores_can_also_turn_a_fail_into_unclear():
    rows = scores([0] * 25 + [1] * 65 + [None] * 40)
    answer = hs.gate(rows, "a", at_least=0.82)
    assert (answer.verdict, answer.checks[0].n_unknown) == ("unclear", 40)
    (message,) = missing_warnings(hs.gate(rows, "a", at_least=0.82, missing_at_most=1))
    needed = int(message.split("change if ")[1].split(" of")[0])
    assert message == (
        f"40 of 130 attempts have no score. The verdict would change if {needed} of these 40 went in favour of a"
    )
    for right, verdict in ((needed, "unclear"), (needed - 1, "fail")):
        world = scores([0] * 25 + [1] * 65 + [1] * right + [0] * (40 - right))
        assert hs.gate(world, "a", at_least=0.82).verdict == verdict


@pytest.mark.parametrize("failures", ["drop", "zero"])
def test_an_explicit_failure_policy_settles_missing_scores(failures):
    answer = hs.gate(scores([1] * 91 + [None] * 9), "a", at_least=0.9, failures=failures)
    assert answer.verdict == {"drop": "pass", "zero": "unclear"}[failures]
    assert (answer.checks[0].n_unknown, missing_warnings(answer)) == (0, [])


def test_the_harness_rule_for_failures_settles_missing_scores():
    facts = (TaskFacts(task="t", harness="SWE-bench", failures="zero", missing_fails=True),)
    missing = (Missing(task="t", model="a", unnamed=5),)
    answer = hs.gate(scores([1] * 95 + [None] * 5, facts=facts, missing=missing), "a", at_least=0.7)
    assert (answer.verdict, answer.checks[0].n_items, missing_warnings(answer)) == ("pass", 105, [])
    assert answer.checks[0].value == pytest.approx(95 / 105)


def test_attempts_not_run_stay_unknown_if_the_harness_rule_covers_failures_only():
    facts = (TaskFacts(task="t", harness="tau-bench", failures="zero"),)
    missing = (Missing(task="t", model="a", unnamed=20),)
    answer = hs.gate(scores([1] * 95, facts=facts, missing=missing), "a", at_least=0.9)
    assert (answer.verdict, answer.checks[0].n_unknown) == ("unclear", 20)


def test_missing_scores_of_both_models_count():
    a, b = [1, 0] * 100, [1, 0] * 100
    a[:4] = [None] * 4
    b[10:14] = [None] * 4
    data = scores(a, b)
    answer = hs.gate(data, "a", "b", not_worse_than=0.03)
    assert (answer.verdict, answer.checks[0].n_unknown) == ("unclear", 8)
    assert hs.gate(data, "a", "b", not_worse_than=0.1).verdict == "pass"


def test_missing_unbounded_scores_are_bounded_by_the_observed_range():
    data = scores([5.0, 7.0] * 50 + [None] * 10)
    assert hs.gate(data, "a", at_least=5.8).verdict == "unclear"
    assert hs.gate(data, "a", at_least=5.4).verdict == "pass"


def test_missing_attempts_of_pass_at_k_make_the_gate_unclear():
    rows = [
        {"model": "a", "item": f"q{i}", "epoch": k, "score": None if i < 5 and k else 1.0}
        for i in range(50)
        for k in range(2)
    ]
    answer = hs.gate(pl.DataFrame(rows), "a", at_least=0.5, score="pass@1")
    assert answer.verdict == "unclear"
    assert hs.gate(pl.DataFrame(rows), "a", at_least=0.5, score="pass@1", missing_at_most=0.2).verdict == "pass"


@pytest.mark.parametrize(
    ("scale", "lower_is_better", "one", "other"),
    [(1.0, False, "a", "b"), (1.0, True, "b", "a"), (5.0, False, "b", "a")],
)
def test_worlds_with_missing_scores_filled_in_equal_the_same_rows_with_scores(
    scale, lower_is_better, one, other, monkeypatch
):
    """Each item's mean, variance and attempts, against those of its scores with the best and the worst in place of what is missing."""
    rng, worlds, filled = np.random.default_rng(3), [], Worlds._filled

    def recorded(self, key, against):
        worlds.append((against, filled(self, key, against)))
        return worlds[-1][1]

    monkeypatch.setattr(Worlds, "_filled", recorded)
    scored = {(model, f"q{i}"): scale * rng.integers(0, 2, 3) for model in "ab" for i in range(40)}
    lost = {key: int(rng.integers(0, 3)) if rng.random() < 0.3 else 0 for key in scored}
    rows = [
        {"model": model, "item": item, "attempt": k, "score": None if k < lost[model, item] else float(score)}
        for (model, item), every in scored.items()
        for k, score in enumerate(every)
    ]
    options = {"lower_is_better": lower_is_better, "bounds": (0, 1) if scale == 1 else None}
    hs.gate(pl.DataFrame(rows), one, other, not_worse_than=0.05 * scale, missing_at_most=1, **options)
    best, worst = (0.0, scale) if lower_is_better else (scale, 0.0)
    count = {model: sum(lost[key] for key in lost if key[0] == model) for model in "ab"}
    assert {against for against, _ in worlds} >= {0, count["a"] + count["b"]}
    for against, part in worlds:
        mine = min(against, count[one])
        left = {one: mine, other: count[other] - (against - mine)}  # the candidate's go against it first
        for row in part.with_columns(pl.col("model", "item").cast(pl.String)).to_dicts():
            key = row["model"], row["item"]
            bad = min(left[row["model"]], lost[key])
            left[row["model"]] -= bad
            scores = [*scored[key][lost[key] :], *[worst] * bad, *[best] * (lost[key] - bad)]
            assert (row["mean"], row["variance"], row["n"]) == pytest.approx((np.mean(scores), np.var(scores), 3))
