"""Scores over attempts (pass@k, pass^k, majority, consistency, best-of-k): published values, brute force, refusals."""

import itertools
import math
import re

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import two_models
from howsure.options.kinds import parse_score
from places import ROOT
from trials import draws

FIXTURES = ROOT / "tests" / "fixtures"
FORMS = ("terminal", "markdown", "csv", "latex", "html", "json")
RIGHT = {"q1": [1, 1, 1, 0], "q2": [0, 0, 1, 0], "q3": [1, 1, 1, 1], "q4": [0, 0, 0, 0], "q5": [1, 0, 1, 0]}


def table(items, model="a", **columns):
    return pl.DataFrame(
        [
            {"model": model, "item": item, "attempt": k, "score": float(score)}
            for item, scores in items.items()
            for k, score in enumerate(scores)
        ]
    ).with_columns(**columns)


def value(data, rule, **options):
    return hs.estimate(data, score=rule, **options)[0].estimate.value


def slow(items, rule, k):
    """Average the rule over all ways of drawing k attempts of every item, then over the items."""
    rules = {
        "pass@": lambda drawn: float(any(drawn)),
        "pass^": lambda drawn: float(all(drawn)),
        "best-of-": lambda drawn: float(max(drawn)),
        "majority@": lambda drawn: float(2 * sum(drawn) > k) + 0.5 * float(2 * sum(drawn) == k),
    }
    return float(
        np.mean([np.mean([rules[rule](d) for d in itertools.combinations(scores, k)]) for scores in items.values()])
    )


def everything(answer):
    texts = [answer.render(form, width=80) for form in FORMS]
    assert all(text.strip() and re.search(r"\bnan\b", text, re.IGNORECASE) is None for text in texts)
    return texts[0]


@pytest.fixture(scope="module")
def tau(real_data):
    return hs.read(real_data / "tidy" / "tau_bench.parquet")


@pytest.mark.parametrize(("k", "published"), [(1, 0.420), (2, 0.2733), (3, 0.220), (4, 0.200)])
def test_pass_hat_k_equals_the_published_tau_bench_results(tau, k, published):
    entry = hs.estimate(tau, score=f"pass^{k}", task="tau_bench_airline")[0]
    assert entry.estimate.value == pytest.approx(published, abs=1e-3)
    assert (entry.metric, entry.estimate.n_items) == (f"pass^{k}", 50)


def test_a_task_with_too_few_attempts_is_left_out_with_a_warning(tau):
    answer = hs.estimate(tau, score="pass^2")
    assert [entry.task for entry in answer.entries] == ["tau_bench_airline"]
    (warning,) = [warning for warning in answer.warnings if warning.code == "no_attempts"]
    assert warning.message == "tau_bench_retail: pass^2 needs 2 attempts per item, and none has more than 1"


@pytest.mark.unmeasured
def test_pass_at_one_is_the_mean_of_the_item_means(real_data):
    path = real_data / "tidy" / "cruxeval_samples.parquet"
    scores = hs.read(path, columns={"model": ["model", "temperature"]})
    means = (
        pl.scan_parquet(path)
        .group_by("benchmark", "model", "temperature", "item")
        .agg(pl.col("score").cast(pl.Float64).mean())
        .group_by("benchmark", "model", "temperature")
        .agg(pl.col("score").mean())
        .collect()
    )
    expected = {(task, f"{model} · {heat}"): score for task, model, heat, score in means.iter_rows()}
    answer = hs.estimate(scores, score="pass@1")
    assert len(answer.entries) == len(expected) == 130
    for entry in answer.entries:
        assert entry.estimate.value == pytest.approx(expected[entry.task, entry.model], rel=1e-9)
        assert entry.metric == "pass@1"


@pytest.mark.unmeasured
def test_pass_at_5_uses_only_items_with_5_attempts_and_counts_the_rest(real_data):
    scores = hs.read(real_data / "tidy" / "cruxeval_samples.parquet", columns={"model": ["model", "temperature"]})
    answer = hs.estimate(scores, score="pass@5", task="cruxeval_input")
    (warning,) = [warning for warning in answer.warnings if warning.code == "few_attempts"]
    counts = scores.to_frame().filter(pl.col("task") == "cruxeval_input").group_by("model", "item").len()
    lacking = (counts["len"] < 5).sum()
    assert f"{lacking:,} of {len(counts):,} results" in warning.message
    assert len(answer.entries) == counts.filter(pl.col("len") >= 5)["model"].n_unique()


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("rule", ["pass@", "pass^", "majority@", "best-of-"])
def test_scores_over_attempts_average_over_all_subsets_of_k_attempts(rule, k):
    assert value(table(RIGHT), f"{rule}{k}") == pytest.approx(slow(RIGHT, rule, k), abs=1e-12)


def test_the_plug_in_estimate_is_the_pass_rate_to_the_power_k():
    shares = [np.mean(scores) for scores in RIGHT.values()]
    assert value(table(RIGHT), "pass^3-plug-in") == pytest.approx(np.mean(np.power(shares, 3)), abs=1e-12)
    assert value(table(RIGHT), "pass^9-plug-in") == pytest.approx(np.mean(np.power(shares, 9)), abs=1e-12)


def test_consistency_is_the_share_of_attempt_pairs_that_agree():
    expected = [np.mean([x == y for x, y in itertools.combinations(scores, 2)]) for scores in RIGHT.values()]
    assert value(table(RIGHT), "consistency") == pytest.approx(np.mean(expected), abs=1e-12)


def test_every_score_over_attempts_with_k_1_is_the_mean():
    for rule in ("pass@1", "pass^1", "majority@1", "best-of-1", "pass^1-plug-in"):
        assert value(table(RIGHT), rule) == pytest.approx(value(table(RIGHT), "mean"), abs=1e-12)


def test_pass_at_k_rises_and_pass_hat_k_falls_with_k():
    some = [value(table(RIGHT), f"pass@{k}") for k in range(1, 5)]
    every = [value(table(RIGHT), f"pass^{k}") for k in range(1, 5)]
    assert some == sorted(some)
    assert every == sorted(every, reverse=True)


@pytest.mark.unmeasured
def test_pass_at_1000_of_3000_attempts_does_not_overflow():
    items = table({f"q{i}": [1] * i + [0] * (3000 - i) for i in (1, 5, 40, 2999)})
    expected = [1 - math.exp(sum(math.log1p(-i / (3000 - j)) for j in range(1000))) for i in (1, 5, 40)]
    assert value(items, "pass@1000") == pytest.approx((sum(expected) + 1) / 4, rel=1e-9)
    assert 0 <= value(items, "majority@999") <= 1


def test_items_with_fewer_than_k_attempts_are_left_out_with_a_warning():
    torn = table({**RIGHT, "q6": [1], "q7": [0, 1]})
    answer = hs.estimate(torn, score="pass@3")
    assert answer[0].estimate.value == pytest.approx(slow(RIGHT, "pass@", 3), abs=1e-12)
    assert answer[0].estimate.n_items == 5
    (warning,) = answer.warnings
    assert warning.code == "few_attempts"
    assert "2 of 7 items have fewer" in warning.message
    everything(answer)


def test_k_above_every_items_number_of_attempts_is_an_error():
    with pytest.raises(hs.DataError, match="pass@5 needs 5 attempts per item, and none has more than 4"):
        value(table(RIGHT), "pass@5")
    with pytest.raises(hs.DataError, match="consistency needs 2 attempts"):
        value(two_models(), "consistency")


def test_full_consistency_gives_no_upper_limit_for_the_failure_rate():
    """A model that fails everything is consistent: no limit of its failures follows, and pass@2 has one as ever."""
    wrong = table(RIGHT).with_columns(score=pl.lit(0.0))
    assert hs.estimate(wrong, score="pass@2")[0].estimate.bounds
    told = hs.estimate(wrong, score="consistency")
    assert (told[0].estimate.value, told[0].estimate.bounds) == (1, ())
    assert "failure rate" not in told.render("markdown") + hs.leaderboard(wrong, score="consistency").render("markdown")


@pytest.mark.parametrize("rule", ["pass@2", "pass^2", "majority@2", "consistency", "pass^2-plug-in"])
def test_binary_scores_over_attempts_refuse_fractions_naming_item_and_model(rule):
    rows = table({**RIGHT, "q3": [1, 0.5, 1, 1]})
    with pytest.raises(
        hs.DataError, match=r"right or wrong, and item 'q3' of model 'a' is neither.*best-of-K"
    ) as caught:
        value(rows, rule)
    assert rule in str(caught.value)


def test_binary_scores_over_attempts_refuse_scores_off_0_and_1_but_take_percent():
    rows = table({**RIGHT, "q2": [2, 2, 2, 2]})
    with pytest.raises(hs.DataError, match="item 'q2' of model 'a'"):
        value(rows, "pass@2")
    rows = table({name: [100 * score for score in scores] for name, scores in RIGHT.items()})
    assert value(rows, "pass@2") == value(table(RIGHT), "pass@2")  # percent
    rows = table({name: [50 * score for score in scores] for name, scores in RIGHT.items()})
    with pytest.raises(hs.DataError, match="right or wrong"):
        value(rows, "pass@2")


def test_minus_one_and_one_are_not_right_or_wrong():
    rows = table({name: [2 * score - 1 for score in scores] for name, scores in RIGHT.items()})
    with pytest.raises(hs.DataError, match="right or wrong"):
        value(rows, "pass^2")


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_best_of_k_accepts_fractional_scores(k):
    items = {"q1": [0.1, 0.9, 0.4, 0.4], "q2": [0, 0, 0.25, 1], "q3": [0.3] * 4}
    assert value(table(items), f"best-of-{k}") == pytest.approx(slow(items, "best-of-", k), abs=1e-12)
    wide = {name: [50 * score - 20 for score in scores] for name, scores in items.items()}
    assert value(table(wide), f"best-of-{k}") == pytest.approx(slow(wide, "best-of-", k), abs=1e-9)


def test_failed_attempts_are_dropped_or_count_as_zero_by_policy():
    rows = table({"q1": [1, 1, 0, 1], "q2": [0, 1, 1, 1], "q3": [0, 0, 0, 1]}).with_columns(
        score=pl.when((pl.col("item") == "q1") & (pl.col("attempt") == 0)).then(None).otherwise("score")
    )
    rest = {"q2": [0, 1, 1, 1], "q3": [0, 0, 0, 1]}
    assert value(rows, "pass^2", failures="drop") == pytest.approx(
        slow({"q1": [1, 0, 1], **rest}, "pass^", 2), abs=1e-12
    )
    assert value(rows, "pass^2", failures="zero") == pytest.approx(
        slow({"q1": [0, 1, 0, 1], **rest}, "pass^", 2), abs=1e-12
    )
    dropped = hs.estimate(rows, score="pass^4", failures="drop")
    assert dropped[0].estimate.n_items == 2
    assert "1 of 3 items have fewer" in dropped.warnings[0].message
    assert hs.estimate(rows, score="pass^4", failures="zero")[0].estimate.n_items == 3


def test_failed_attempts_with_fractional_scores_follow_the_failure_policy():
    rows = table({"q1": [0.5, 0.8, 0.2], "q2": [0.1, 0.1, 0.6]}).with_columns(
        score=pl.when((pl.col("item") == "q1") & (pl.col("attempt") == 1)).then(None).otherwise("score")
    )
    for policy, first in (("drop", [0.5, 0.2]), ("zero", [0.5, 0, 0.2])):
        expected = slow({"q1": first, "q2": [0.1, 0.1, 0.6]}, "best-of-", 2)
        assert value(rows, "best-of-2", failures=policy) == pytest.approx(expected, abs=1e-12)


def test_the_metric_is_named_after_the_score_over_attempts():
    assert hs.estimate(table(RIGHT), score="pass@2")[0].metric == "pass@2"
    assert hs.estimate(table(RIGHT), score="pass^2-plug-in")[0].metric == "pass^2-plug-in"
    assert hs.estimate(table(RIGHT), score="consistency")[0].metric == "consistency"
    both = pl.concat([table(RIGHT, metric=pl.lit("exact")), table(RIGHT, metric=pl.lit("loose"))])
    assert [entry.metric for entry in hs.estimate(both, score="pass@2").entries] == [
        "pass@2 of exact",
        "pass@2 of loose",
    ]
    assert hs.estimate(both, score="pass@2", metric="loose")[0].metric == "pass@2"
    assert hs.estimate(table(RIGHT))[0].metric == "score"


@pytest.mark.parametrize(
    "word",
    ["pass@0", "pass@-1", "pass@1.5", "pass@", "pass", "Pass@2", "pass@2-plug-in", "maj@3", "best-of", "probs", ""],
)
def test_an_unknown_score_name_is_an_error_that_lists_the_known_ones(word):
    with pytest.raises(hs.OptionError, match=r"is not one of mean, pass@K, pass\^K.*consistency, prob"):
        value(table(RIGHT), word)


@pytest.mark.parametrize(
    "word", ["mean", "pass@3", "pass^12", "pass^2-plug-in", "majority@5", "best-of-4", "consistency", "prob"]
)
def test_score_names_round_trip_through_parsing(word):
    assert str(parse_score(word)) == word


def pair():
    flipped = {name: scores[::-1] if name != "q3" else [1, 0, 0, 1] for name, scores in RIGHT.items()}
    return pl.concat([table(RIGHT), table(flipped, model="b")])


def test_compare_and_leaderboard_use_the_same_score_over_attempts():
    rows = pair()
    for rule in draws(["pass@2", "consistency"], ["pass@2", "pass^3", "majority@3", "consistency", "best-of-2"]):
        own = {entry.model: entry.estimate.value for entry in hs.estimate(rows, score=rule).entries}
        gap = hs.compare(rows, "a", "b", score=rule)
        board = hs.leaderboard(rows, score=rule)
        assert gap.metric == rule
        assert gap.difference.value == pytest.approx(own["a"] - own["b"], abs=1e-12)
        assert {e.model: e.estimate.value for e in board.boards[0].entries} == pytest.approx(own)
        for answer in (gap, board, hs.questions(rows, score=rule)):
            everything(answer)


def test_the_standard_error_is_that_of_the_per_item_scores():
    rows = table({f"q{i}": [(i >> j) & 1 for j in range(4)] for i in range(16)})
    estimate = hs.estimate(rows, score="pass@2")[0].estimate
    own = [slow({"q": [(i >> j) & 1 for j in range(4)]}, "pass@", 2) for i in range(16)]
    assert estimate.se == pytest.approx(np.std(own, ddof=1) / 4, rel=1e-12)


def test_pass_at_k_is_refused_when_smaller_scores_are_better():
    with pytest.raises(hs.DataError, match=r"pass@2 counts 1 as right, but smaller scores are better here"):
        hs.compare(pair(), "a", "b", score="pass@2", lower_is_better=True)
    best = hs.estimate(pair(), score="best-of-2", lower_is_better=True)[0].estimate.value
    assert best == hs.estimate(pair(), score="pass^2")[0].estimate.value, "one of two is wrong unless both are right"


def test_best_of_k_takes_the_smallest_score_when_lower_is_better():
    items = {"q1": [0.1, 0.9, 0.4], "q2": [0.2, 0.5, 0.6]}
    best = value(table(items), "best-of-3", lower_is_better=True)
    assert best == pytest.approx((0.1 + 0.2) / 2)


@pytest.mark.parametrize("population", ["new-clusters", "these-questions"])
def test_scores_over_attempts_have_standard_errors_for_both_populations(population):
    answer = hs.estimate(pair(), score="pass@2", population=population)
    assert [entry.estimate.value for entry in answer.entries] == [
        entry.estimate.value for entry in hs.estimate(pair(), score="pass@2").entries
    ]
    assert all(entry.estimate.se > 0 for entry in answer.entries)
    everything(answer)


def test_pass_at_k_of_all_k_attempts_is_refused_for_population_these_questions():
    with pytest.raises(hs.DataError) as caught:
        hs.estimate(pair(), score="pass@4", population="these-questions")
    assert "pass@4" in str(caught.value)
    assert "one attempt per item" not in str(caught.value)


def test_probabilities_come_from_log_likelihoods():
    answer = hs.estimate(FIXTURES / "lm_eval", score="prob")
    assert {entry.metric for entry in answer.entries} == {"prob"}
    assert {entry.task for entry in answer.entries} == {"sums_choice"}
    assert all(0 < entry.estimate.value < 1 for entry in answer.entries)
    assert all(math.isfinite(entry.variance_saved) for entry in answer.entries)
    assert "probability_score" in {warning.code for warning in answer.warnings}
    everything(answer)


def test_probabilities_of_letters_come_from_inspect():
    answer = hs.estimate(FIXTURES / "inspect" / "letters_logprobs.eval", score="prob")
    assert [entry.task for entry in answer.entries] == ["letters"]
    assert 0 < answer[0].estimate.value < 1
    everything(hs.leaderboard(FIXTURES / "lm_eval", score="prob"))
    everything(hs.compare(FIXTURES / "lm_eval", "canned-large", "canned-small", score="prob"))


def test_a_prob_column_is_used_for_score_prob():
    rows = two_models().with_columns(prob=0.1 + 0.8 * pl.col("score"))
    answer = hs.estimate(rows, score="prob")
    plain = hs.estimate(rows)
    assert answer[0].estimate.value == pytest.approx(0.1 + 0.8 * plain[0].estimate.value)
    assert answer[0].variance_saved == pytest.approx(1 - 0.8**2, rel=1e-9)
    everything(answer)


def test_a_metric_called_prob_is_used_for_score_prob():
    rows = pl.concat(
        [
            two_models(metric=pl.lit("acc")),
            two_models(metric=pl.lit("prob")).with_columns(score=0.2 + 0.5 * pl.col("score")),
        ]
    )
    answer = hs.estimate(rows, score="prob")
    assert {entry.metric for entry in answer.entries} == {"prob"}
    assert answer[0].estimate.value == pytest.approx(0.2 + 0.5 * hs.estimate(rows, metric="acc")[0].estimate.value)


def test_score_prob_without_probabilities_is_an_error_that_names_their_sources():
    with pytest.raises(hs.DataError, match=r"no probability of the right answer.*tables a column prob"):
        value(two_models(), "prob")
    with pytest.raises(hs.DataError, match="no probability of the right answer"):
        value(FIXTURES / "inspect" / "integer_ids.eval", "prob")


def test_missing_probabilities_are_missing_scores():
    rows = two_models().with_columns(
        prob=pl.when(pl.col("item") == "q3").then(None).otherwise(0.1 + 0.8 * pl.col("score"))
    )
    entry = hs.estimate(rows, score="prob")[0]
    assert (entry.estimate.n_items, entry.n_failed) == (19, 1)


@pytest.mark.parametrize("rule", ["pass@1", "pass^1", "majority@1", "best-of-1"])
def test_the_note_for_k_1_says_one_attempt(rule):
    assert f"Score: {rule}, the score of one attempt." in hs.estimate(table(RIGHT), score=rule).notes


def test_a_smaller_k_is_not_suggested_for_scores_without_k():
    one_short = table(RIGHT).filter((pl.col("item") != pl.col("item").first()) | (pl.col("attempt") == 1))
    (few,) = [each for each in hs.estimate(one_short, score="consistency").warnings if each.code == "few_attempts"]
    assert few.remedy == "Run the missing attempts."
    with pytest.raises(hs.DataError) as raised:
        hs.estimate(two_models(), score="consistency")
    assert "smaller K" not in str(raised.value)
