"""Population these-questions: only within-question variance counts; unsuitable requests are errors."""

import itertools
import json
import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import clustered, two_models
from invoked import everything
from places import LOGS


def attempted(n=20, attempts=5, models=("a", "b"), seed=1, gain=0.8):
    """Right-or-wrong attempts at n items; every model is better than the one before."""
    rng = np.random.default_rng(seed)
    rates = rng.random((n, 1)) * 0.6
    rows = []
    for k, model in enumerate(models):
        own = np.clip(rates + 0.1 * gain * k, 0, 1)
        right = rng.random((n, attempts)) < own
        rows += [
            {"model": model, "item": f"q{i:03}", "attempt": j, "score": float(right[i, j])}
            for i, j in itertools.product(range(n), range(attempts))
        ]
    return pl.DataFrame(rows)


def answer_noise(rows, model):
    """Return Σ s² / K over n², computed from the rows, and the mean of the item means."""
    items = (
        rows.filter(pl.col("model") == model)
        .group_by("item")
        .agg(mean=pl.col("score").mean(), noise=pl.col("score").var(ddof=1) / pl.len())
    )
    return items["mean"].mean(), items["noise"].sum() / len(items) ** 2


def test_the_standard_error_of_a_score_is_its_within_question_error():
    rows = attempted()
    for entry in hs.estimate(rows, population="these-questions").entries:
        value, variance = answer_noise(rows, entry.model)
        assert entry.estimate.value == pytest.approx(value, rel=1e-12)
        assert entry.estimate.se == pytest.approx(math.sqrt(variance), rel=1e-12)
        assert entry.estimate.interval.low < value < entry.estimate.interval.high


def test_scores_and_differences_do_not_depend_on_the_population():
    rows = attempted()
    here, there = (hs.compare(rows, "a", "b", population=word) for word in ("these-questions", "new-clusters"))
    assert here.difference.value == pytest.approx(there.difference.value, rel=1e-12)
    assert (here.wins, here.losses, here.ties) == (there.wins, there.losses, there.ties)


def test_the_variance_of_a_difference_is_the_sum_of_within_question_variances():
    rows = attempted()
    answer = hs.compare(rows, "a", "b", population="these-questions")
    assert answer.difference.se**2 == pytest.approx(answer_noise(rows, "a")[1] + answer_noise(rows, "b")[1], rel=1e-12)
    assert math.isnan(answer.correlation)


def test_only_the_shared_items_count_in_a_comparison():
    rows = attempted().filter((pl.col("model") == "b") | (pl.col("item") < "q015"))
    answer = hs.compare(rows, "a", "b", population="these-questions")
    shared = rows.filter(pl.col("item") < "q015")
    assert (answer.difference.n_items, answer.n_only_a, answer.n_only_b) == (15, 0, 5)
    assert answer.difference.se**2 == pytest.approx(
        answer_noise(shared, "a")[1] + answer_noise(shared, "b")[1], rel=1e-12
    )


@pytest.mark.parametrize(("gain", "attempts"), [(0.0, 2), (0.3, 5), (1.0, 2)])
def test_p_value_and_interval_on_these_questions_agree(gain, attempts):
    rows = attempted(attempts=attempts, gain=gain)
    p = hs.compare(rows, "a", "b", population="these-questions").p_value
    for level in (1 - 0.98 * p, 1 - 1.02 * p):
        if not 0 < level < 1:
            continue
        answer = hs.compare(rows, "a", "b", population="these-questions", level=level)
        assert answer.p_value == pytest.approx(p, rel=1e-12)
        assert answer.difference.interval.contains(0.0) == (level > 1 - p)
        assert answer.decided == (level < 1 - p)


def test_pairs_of_the_leaderboard_equal_compare_on_these_questions():
    rows = attempted(models=("a", "b", "c"))
    board = hs.leaderboard(rows, population="these-questions", adjust="none").boards[0]
    names = [entry.model for entry in board.entries]
    for (i, one), (j, other) in itertools.combinations(enumerate(names), 2):
        pair = hs.compare(rows, one, other, population="these-questions")
        assert board.pairs.p_value[i, j] == pytest.approx(pair.p_value, rel=1e-9)
        assert board.pairs.se[i, j] == pytest.approx(pair.difference.se, rel=1e-9)
        assert board.pairs.difference[i, j] == pytest.approx(pair.difference.value, abs=1e-12)


def test_clusters_do_not_change_the_standard_error_on_these_questions():
    rows = pl.concat([clustered().with_columns(attempt=pl.lit(k)) for k in range(3)]).with_columns(
        score=((pl.col("score") + pl.col("attempt")) % 2)
    )
    plain, grouped = (
        hs.estimate(rows, population="these-questions", cluster=cluster)[0].estimate for cluster in ("none", "passage")
    )
    assert plain.se == grouped.se
    answer = hs.estimate(rows, population="these-questions", cluster="passage")
    assert any("exactly these questions" in note for note in answer.notes)


def test_no_warning_suggests_clusters_on_these_questions():
    answer = hs.estimate(LOGS, population="these-questions")
    assert not [warning.code for warning in answer.warnings if "cluster" in warning.message]


def test_identical_attempts_still_have_an_interval_of_positive_width():
    rows = attempted().with_columns(score=pl.lit(1.0))
    estimate = hs.estimate(rows, population="these-questions")[0].estimate
    assert (estimate.value, estimate.se, estimate.interval.high) == (1, 0, 1)
    assert 0.9 < estimate.interval.low < 1
    assert estimate.bounds[0].side == "lower"
    assert estimate.bounds[0].limit == pytest.approx(0.05 ** (1 / 100), rel=1e-9)
    pair = hs.compare(rows, "a", "b", population="these-questions")
    assert pair.p_value == 1
    assert pair.difference.interval.half_width > 0


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("estimate", {"interval": "wilson"}),
        ("compare", {"method": "mcnemar"}),
        ("compare", {"method": "t"}),
        ("leaderboard", {"method": "score"}),
        ("leaderboard", {"interval": "t"}),
    ],
)
def test_methods_for_drawn_questions_are_refused(verb, option):
    names = ("a", "b") if verb == "compare" else ()
    (word,) = option.values()
    with pytest.raises(hs.OptionError, match=f"`population='these-questions'` has its own error bar, but .*{word}"):
        getattr(hs, verb)(attempted(), *names, population="these-questions", **option)


def test_covariates_are_refused_on_these_questions():
    for call in (hs.estimate, lambda data, **options: hs.compare(data, "a", "b", **options)):
        with pytest.raises(hs.OptionError, match="inference beyond the answered questions"):
            call(attempted().with_columns(x=pl.lit(1)), population="these-questions", covariate="x")


@pytest.mark.parametrize("verb", ["estimate", "compare", "leaderboard"])
def test_one_attempt_per_item_is_refused(verb):
    names = ("a", "b") if verb == "compare" else ()
    with pytest.raises(hs.DataError, match="one attempt per item, so the variance of answers is unknown"):
        getattr(hs, verb)(two_models(), *names, population="these-questions")


def test_a_model_with_one_attempt_per_item_has_no_standard_error():
    rows = attempted().filter((pl.col("model") == "a") | (pl.col("attempt") == 0))
    answer = hs.estimate(rows, population="these-questions")
    known, unknown = (next(e.estimate for e in answer.entries if e.model == name) for name in "ab")
    assert known.se > 0
    assert math.isnan(unknown.se)
    assert [warning.code for warning in unknown.warnings] == ["one_attempt"]
    everything(answer)
    everything(hs.leaderboard(rows, population="these-questions"))


def test_a_pair_with_one_model_of_one_attempt_per_item_is_undecided():
    rows = attempted(gain=3.0).filter((pl.col("model") == "a") | (pl.col("attempt") == 0))
    answer = hs.compare(rows, "a", "b", population="these-questions")
    assert not answer.decided
    assert math.isnan(answer.difference.se)
    text = everything(answer)
    assert "one attempt" in text
    assert "too few items" not in text


def test_single_attempt_items_use_the_average_variance_of_the_others_with_a_warning():
    rows = attempted(models=("a",)).filter((pl.col("item") > "q004") | (pl.col("attempt") == 0))
    estimate = hs.estimate(rows, population="these-questions")[0].estimate
    assert [warning.code for warning in estimate.warnings] == ["single_attempts"]
    own = rows.filter(pl.col("item") > "q004").group_by("item").agg(pl.col("score").var(ddof=1))["score"].mean()
    assert estimate.se == pytest.approx(math.sqrt((5 * own + 15 * own / 5) / 20**2), rel=1e-12)


TASKS = pl.concat(
    [attempted(n=10, seed=3).with_columns(task=pl.lit("x")), attempted(n=30, seed=4).with_columns(task=pl.lit("y"))]
)


def test_the_overall_score_on_these_questions_is_the_mean_over_tasks():
    board = hs.leaderboard(TASKS, population="these-questions")
    parts = {(e.task, e.model): e.estimate for b in board.boards for e in b.entries}
    for entry in board.overall.entries:
        x, y = parts["x", entry.model], parts["y", entry.model]
        assert entry.estimate.value == pytest.approx((x.value + y.value) / 2, rel=1e-12)
        assert entry.estimate.se == pytest.approx(math.hypot(x.se, y.se) / 2, rel=1e-9)
    everything(board)


def test_the_pooled_score_is_that_of_all_items():
    board = hs.leaderboard(TASKS, population="these-questions", overall="pooled")
    everyone = TASKS.with_columns(item=pl.col("task") + pl.col("item"), task=pl.lit("all"))
    for entry in board.overall.entries:
        value, variance = answer_noise(everyone, entry.model)
        assert (entry.estimate.value, entry.estimate.se) == pytest.approx((value, math.sqrt(variance)), rel=1e-9)


def test_the_overall_variance_on_these_questions_adds_up_over_tasks():
    answer = hs.compare(TASKS, "a", "b", population="these-questions")
    x, y = (pair.difference for pair in answer.comparisons)
    assert answer.overall.difference.value == pytest.approx((x.value + y.value) / 2, rel=1e-12)
    assert answer.overall.difference.se == pytest.approx(math.hypot(x.se, y.se) / 2, rel=1e-9)
    pooled = hs.compare(TASKS, "a", "b", population="these-questions", overall="pooled").overall.difference
    assert pooled.value == pytest.approx((10 * x.value + 30 * y.value) / 40, rel=1e-12)
    assert pooled.se == pytest.approx(math.hypot(10 * x.se, 30 * y.se) / 40, rel=1e-9)
    everything(answer)


def test_a_task_with_one_attempt_per_item_is_left_out_with_a_warning():
    rows = pl.concat(
        [TASKS, two_models(task=pl.lit("z"), attempt=pl.lit(0)).select(TASKS.columns)], how="vertical_relaxed"
    )
    answer = hs.estimate(rows, population="these-questions")
    assert {entry.task for entry in answer.entries} == {"x", "y"}
    (warning,) = [warning for warning in answer.warnings if warning.code == "one_attempt"]
    assert warning.message.startswith("z is left out: one attempt per item")
    assert len(hs.leaderboard(rows, population="these-questions").boards) == 2
    assert len(hs.compare(rows, "a", "b", population="these-questions").comparisons) == 2
    with pytest.raises(hs.DataError, match=r"z.*one attempt per item"):
        hs.estimate(rows, population="these-questions", task="z")


def test_equivalence_within_a_margin_works_on_these_questions():
    rows = attempted(n=200, attempts=10, gain=0.0)
    answer = hs.compare(rows, "a", "b", population="these-questions", margin=0.2)
    assert answer.equivalence.equivalent
    assert not hs.compare(rows, "a", "b", population="these-questions", margin=1e-6).equivalence.equivalent
    everything(answer)


def test_failed_attempts_follow_the_policy():
    rows = attempted().with_columns(
        score=pl.when((pl.col("attempt") == 0) & (pl.col("item") < "q005")).then(None).otherwise("score")
    )
    dropped = hs.estimate(rows, population="these-questions", failures="drop")[0]
    zero = hs.estimate(rows, population="these-questions", failures="zero")[0]
    for entry, frame in ((dropped, rows.drop_nulls("score")), (zero, rows.with_columns(pl.col("score").fill_null(0)))):
        value, variance = answer_noise(frame, "a")
        assert entry.estimate.value == pytest.approx(value, rel=1e-12)
        assert entry.estimate.se == pytest.approx(math.sqrt(variance), rel=1e-9)
    with pytest.raises(hs.DataError, match="without a score"):
        hs.estimate(rows, population="these-questions", failures="error")


def test_models_without_shared_items_are_an_error_in_compare_and_a_warning_on_boards():
    rows = attempted().filter((pl.col("model") == "a") == (pl.col("item") < "q010"))
    with pytest.raises(hs.DataError, match="don't share any item"):
        hs.compare(rows, "a", "b", population="these-questions")
    board = hs.leaderboard(rows, population="these-questions")
    assert "no_shared_items" in {warning.code for warning in board.boards[0].warnings}
    everything(board)


def test_lower_is_better_reverses_the_verdict_and_keeps_the_p_value():
    rows = attempted(gain=2.0)
    up, down = (hs.compare(rows, "a", "b", population="these-questions", lower_is_better=way) for way in (False, True))
    assert {up.better, down.better} == {"a", "b"}
    assert up.p_value == down.p_value


def test_json_output_names_the_method_and_the_population():
    answer = json.loads(hs.compare(attempted(), "a", "b", population="these-questions").render("json"))
    text = json.dumps(answer)
    assert "exactly these questions" in text
    assert answer["difference"]["method"]
