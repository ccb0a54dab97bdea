"""noise: variance components of scores; standard errors equal those of estimate and compare, and predictions hold."""

import itertools
import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import clustered, two_models
from invoked import everything
from paragraphs import paragraph
from places import LOGS


def attempted(n=40, attempts=5, models=("a", "b"), seed=1, spread=1.0, **columns):
    """Right-or-wrong attempts at n items whose rates differ from item to item."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, model in enumerate(models):
        rates = 1 / (1 + np.exp(-rng.normal(0.3 * k, spread, n)))
        for item, attempt in itertools.product(range(n), range(attempts)):
            right = float(rng.random() < rates[item])
            rows.append({"model": model, "item": f"q{item:03}", "attempt": attempt, "score": right})
    return pl.DataFrame(rows).with_columns(**columns)


@pytest.fixture(scope="module")
def logs():
    return hs.read(LOGS)


@pytest.mark.parametrize("cluster", ["none", "passage_id"])
def test_the_standard_error_of_a_score_equals_that_of_estimate(logs, cluster):
    found = hs.noise(logs, cluster=cluster)
    entries = hs.estimate(logs, cluster=cluster).entries
    assert len(entries) == 4
    for entry in entries:
        ours = found[entry.model]
        assert ours.value == pytest.approx(entry.estimate.value, abs=1e-12)
        assert ours.se == pytest.approx(entry.estimate.se, abs=1e-12)


@pytest.mark.parametrize("cluster", ["none", "passage_id"])
@pytest.mark.parametrize("variance", ["CR2", "CR1", "miller"])
def test_the_standard_error_of_a_difference_equals_that_of_compare(logs, cluster, variance):
    names = ("smollm2-135m-t0.3", "smollm2-135m-2shot")
    gap = hs.compare(logs, *names, cluster=cluster, variance=variance, method="t").difference
    entry = hs.noise(logs, *names, cluster=cluster, variance=variance).tasks[0].entries[-1]
    assert entry.se == pytest.approx(gap.se, abs=1e-12)
    assert entry.value == pytest.approx(gap.value, abs=1e-12)


@pytest.mark.parametrize("pair", [(), ("smollm2-135m-t0.3", "smollm2-135m-t1.0")])
def test_between_and_within_question_variances_sum_to_the_squared_standard_error(logs, pair):
    for entry in hs.noise(logs, *pair, cluster="passage_id").tasks[0].entries:
        assert entry.variance_between_questions + entry.variance_within_questions == pytest.approx(
            entry.se**2, abs=1e-15
        )
        assert entry.attempts == pytest.approx(5)
        assert entry.variance_within_questions_once == pytest.approx(5 * entry.variance_within_questions, rel=1e-12)


def test_the_within_question_variance_is_the_mean_variance_over_attempts():
    rows = attempted(n=30, attempts=4, models=("a",))
    inside = rows.group_by("item").agg(pl.col("score").var(ddof=1))["score"].mean()
    entry = hs.noise(rows)["a"]
    assert entry.within_question.variance == pytest.approx(inside, rel=1e-12)
    assert entry.variance_within_questions == pytest.approx(inside / 4 / 30, rel=1e-12)
    means = rows.group_by("item").agg(pl.col("score").mean())["score"]
    assert entry.between_questions.variance == pytest.approx(means.var(ddof=1) - inside / 4, rel=1e-12)


def test_predicted_standard_errors_fall_with_attempts_and_halve_with_4_times_the_items(logs):
    for entry in hs.noise(logs, cluster="none").tasks[0].entries:
        now = entry.se_with(), entry.se_with(attempts=5), entry.se_with(items=100), 2 * entry.se_with(items=400)
        assert now == pytest.approx([entry.se] * 4, rel=1e-12)
        predicted = [entry.se_with(k) for k in (1, 2, 5, 10, 100, math.inf)]
        assert predicted == sorted(predicted, reverse=True)
        assert predicted[-1] == pytest.approx(math.sqrt(entry.variance_between_questions), rel=1e-12)


@pytest.mark.parametrize("cluster", ["none", "passage_id"])
def test_two_attempts_predict_the_standard_error_of_five(logs, cluster):
    """Seen: the largest miss of the eight is 12% of the standard error, the mean one 6%."""
    fewer = hs.noise(logs.to_frame().filter(pl.col("attempt") < 2), cluster=cluster)
    for entry in hs.noise(logs, cluster=cluster).tasks[0].entries:
        predicted = fewer[entry.name]
        assert predicted.attempts == pytest.approx(2)
        assert predicted.se_with(attempts=5) == pytest.approx(entry.se, rel=0.2)


def test_five_attempts_predict_the_standard_error_of_one(logs):
    single = logs.to_frame()
    for entry in hs.noise(logs, cluster="none").tasks[0].entries:
        own = single.filter(pl.col("model") == entry.name)
        spread = [hs.estimate(own.filter(pl.col("attempt") == k), cluster="none")[0].estimate.se for k in range(1, 5)]
        assert entry.se_with(attempts=1) == pytest.approx(np.sqrt(np.mean(np.square(spread))), rel=0.1)


def test_one_attempt_bounds_the_within_question_share():
    answer = hs.noise(two_models())
    entry = answer["a"]
    assert not entry.measured
    assert math.isnan(entry.within_share)
    assert 0 < entry.most_within_share <= 1
    assert "One attempt per question can't" in paragraph(answer)
    assert answer.tasks[0].pairs is None
    assert "≤ " in everything(answer)


def test_one_attempt_bounds_the_within_question_share_of_a_difference():
    answer = hs.noise(two_models(n=60), "a", "b")
    assert "One attempt per question" in answer.tasks[0].sentence
    everything(answer)


def test_clusters_tighten_the_bound_on_the_within_question_share():
    rows = clustered(models=("a",)).with_columns(
        score=((pl.col("passage").str.slice(1).cast(pl.Int64) % 2) == 0).cast(pl.Float64)
    )
    flips = pl.col("item").is_in(["p0-1", "p3-2"])
    rows = rows.with_columns(score=pl.when(flips).then(1 - pl.col("score")).otherwise("score"))
    answer = hs.noise(rows, cluster="passage")
    assert 0 < answer["a"].most_within_share < 0.5
    assert f"up to {100 * answer['a'].most_within_share:.0f}%" in paragraph(answer)
    everything(answer)


def test_unequal_attempts_are_summarised_by_their_harmonic_mean():
    rows = attempted(n=30, attempts=4, models=("a",))
    torn = rows.filter((pl.col("item") > "q009") | (pl.col("attempt") == 0))
    answer = hs.noise(torn)
    entry = answer["a"]
    assert entry.attempts == pytest.approx(30 / (10 + 20 / 4))
    assert [warning.code for warning in entry.warnings] == ["single_attempts"]
    assert "10 of 30 questions had one attempt;" in entry.warnings[0].message
    assert entry.se == pytest.approx(hs.estimate(torn)[0].estimate.se, abs=1e-12)
    known = torn.filter(pl.col("item") > "q009").group_by("item").agg(pl.col("score").var(ddof=1))["score"].mean()
    assert entry.within_question.variance == pytest.approx(known, rel=1e-12)
    assert entry.variance_within_questions == pytest.approx((10 * known + 20 * known / 4) / 30**2, rel=1e-12)
    everything(answer)


def test_weights_are_used_in_standard_errors_with_a_warning_on_components():
    rows = attempted(n=30).with_columns(w=1.0 + pl.col("item").str.slice(1).cast(pl.Int64) % 4)
    answer = hs.noise(rows, weight="w")
    entry = answer["a"]
    assert entry.se == pytest.approx(hs.estimate(rows, weight="w")[0].estimate.se, abs=1e-12)
    own = rows.filter(pl.col("model") == "a").group_by("item").agg(pl.col("score").var(ddof=1), pl.col("w").first())
    share = own["w"] / own["w"].sum()
    assert entry.variance_within_questions == pytest.approx((share**2 * own["score"] / 5).sum(), rel=1e-12)
    assert "unweighted_components" in {warning.code for warning in entry.warnings}
    everything(answer)


def test_two_way_clusters_report_components_of_the_first_with_a_warning():
    base = clustered(n_clusters=10, size=6, models=("a",)).with_columns(
        position=pl.col("item").str.extract(r"-(\d)$"), attempt=pl.lit(0)
    )
    other = base.with_columns(attempt=pl.lit(1), score=(pl.col("item").hash(seed=2) % 3 == 0).cast(pl.Float64))
    answer = hs.noise(pl.concat([base, other]), cluster=["passage", "position"])
    entry = answer["a"]
    gap = hs.estimate(pl.concat([base, other]), cluster=["passage", "position"])[0].estimate
    assert entry.se == pytest.approx(gap.se, abs=1e-12)
    assert "first_clustering_only" in {warning.code for warning in entry.warnings}
    everything(answer)


ODD = {
    "one model": attempted(models=("a",)),
    "one item": attempted(n=1),
    "one item, one attempt": two_models(n=1),
    "two items": attempted(n=2),
    "all right": attempted().with_columns(score=pl.lit(1.0)),
    "answers never differ": attempted().with_columns(score=(pl.col("item") > "q019").cast(pl.Float64)),
    "only answers differ": attempted().with_columns(
        score=((pl.col("attempt") + pl.col("item").str.slice(1).cast(pl.Int64)) % 2).cast(pl.Float64)
    ),
    "all items alike": attempted().with_columns(score=(pl.col("attempt") % 2).cast(pl.Float64)),
    "unbounded": attempted().with_columns(score=pl.col("score") * 900 - 17),
    "missing cells": attempted().filter((pl.col("model") == "b") | (pl.col("item") < "q020")),
    "nan scores": attempted().with_columns(
        score=pl.when(pl.col("item") < "q003").then(float("nan")).otherwise("score")
    ),
    "no shared item": attempted().filter((pl.col("model") == "a") == (pl.col("item") < "q020")),
    "one model tried once": attempted().filter((pl.col("model") == "a") | (pl.col("attempt") == 0)),
}


@pytest.mark.parametrize("name", ODD)
def test_degenerate_tables_render_in_every_format_without_nan(name):
    answer = hs.noise(ODD[name])
    everything(answer)
    for entry in answer.tasks[0].entries:
        if math.isfinite(entry.se) and entry.measured:
            assert entry.variance_between_questions + entry.variance_within_questions == pytest.approx(
                entry.se**2, abs=1e-12
            )
            assert math.isnan(entry.within_share) == (entry.se == 0)
            assert entry.se == 0 or 0 <= entry.within_share <= 1


@pytest.mark.parametrize("name", [name for name in ODD if name not in ("one model", "no shared item")])
def test_degenerate_pairs_render_in_every_format_without_nan(name):
    everything(hs.noise(ODD[name], "a", "b"))


def test_a_pair_without_shared_items_is_an_error():
    with pytest.raises(hs.DataError, match="a and b don't share any item"):
        hs.noise(ODD["no shared item"], "a", "b")


def test_one_model_of_a_pair_alone_is_an_error():
    with pytest.raises(hs.OptionError, match="one model of a pair is missing"):
        hs.noise(ODD["one model"], "a")


def test_a_negative_variance_estimate_is_shown_as_0_with_a_warning():
    entry = hs.noise(ODD["only answers differ"])["a"]
    assert entry.variance_between_questions < 0
    assert entry.within_share == 1
    assert "negative_variance" in {warning.code for warning in entry.warnings}
    assert entry.between_questions.sd == 0


def test_identical_attempts_have_a_within_question_variance_of_0():
    entry = hs.noise(ODD["answers never differ"])["a"]
    assert (entry.variance_within_questions, entry.within_share) == (0, 0)
    assert entry.se_with(attempts=1) == pytest.approx(entry.se, rel=1e-12)


def test_the_verdict_names_models_left_out_and_the_reason():
    one, alike = attempted(n=20, models=("one",)).filter(attempt=0), attempted(n=20, models=("alike",))
    rows = pl.concat([attempted(n=20), one, alike.with_columns(score=pl.lit(1.0))])
    told = hs.noise(rows).tasks[0].sentence
    aside = "1 model with one attempt per question and 1 model whose questions all have the same score"
    assert f"these scores (leaving aside {aside})" in told


def test_identical_attempts_make_only_new_questions_useful():
    rows = attempted(n=20, attempts=1, models=("a",)).drop("attempt")
    told = hs.noise(rows.join(pl.DataFrame({"attempt": [0, 1]}), how="cross"))
    assert "what attempts can gain" not in told.render(details=True)
    assert "Answers to one question don't differ, so only more questions help: twice the questions to" in paragraph(
        told
    )


def test_slices_that_are_all_too_small_show_no_table():
    rows = attempted(n=4).with_columns(topic="item")
    text = hs.noise(rows, by="topic").render("markdown")
    assert "every slice is too small for a verdict" in text
    assert "from answers" not in text


def test_nan_scores_are_left_out_with_a_note():
    answer = hs.noise(ODD["nan scores"])
    assert answer["a"].n_items == 37
    assert any("30 of 400 attempts have no score" in note for note in answer.notes)


def test_swapping_the_models_keeps_the_standard_error():
    rows = attempted()
    there, back = hs.noise(rows, "a", "b").tasks[0].entries[-1], hs.noise(rows, "b", "a").tasks[0].entries[-1]
    assert there.value == -back.value
    assert (there.se, there.variance_between_questions) == pytest.approx(
        (back.se, back.variance_between_questions), rel=1e-12
    )


def test_within_question_variances_of_two_models_add_up_in_their_difference():
    first, second, gap = hs.noise(attempted(), "a", "b").tasks[0].entries
    assert gap.variance_within_questions == pytest.approx(
        first.variance_within_questions + second.variance_within_questions, rel=1e-12
    )
    omegas = [entry.between_questions.variance for entry in (first, second, gap)]
    expected = (omegas[0] + omegas[1] - omegas[2]) / 2 / math.sqrt(omegas[0] * omegas[1])
    assert gap.correlation == pytest.approx(expected, rel=1e-12)


def test_the_median_over_pairs_equals_the_median_of_single_pairs(logs):
    found = hs.noise(logs, cluster="none").tasks[0]
    names = [entry.name for entry in found.entries]
    gaps = [hs.noise(logs, a, b, cluster="none").tasks[0].entries[-1] for a, b in itertools.combinations(names, 2)]
    assert found.pairs.n_pairs == 6
    assert found.pairs.within_share == pytest.approx(np.median([gap.within_share for gap in gaps]), rel=1e-9)


def test_several_tasks_have_separate_headings():
    rows = pl.concat([attempted(task=pl.lit("x")), attempted(seed=2, task=pl.lit("y"), n=20)], how="diagonal")
    answer = hs.noise(rows)
    assert [task.task for task in answer.tasks] == ["x", "y"]
    text = everything(answer)
    assert "x · " in text
    assert "y · " in text


def test_records_contain_the_predicted_standard_errors(logs):
    record = hs.noise(logs, cluster="none").records()[0]
    assert {"se_1", "se_5", "se_endless", "se_twice_items", "within_share", "variance_between_questions"} <= set(record)
    assert record["se_5"] == pytest.approx(record["se"], rel=1e-12)
    assert hs.noise(logs, cluster="none").to_frame().height == 4


def test_one_attempt_gives_no_curves():
    answer = hs.noise(two_models())
    assert answer.curves() == []
