"""Verdicts between models by two judges: gaps and their changes against t tests, and what can't be compared."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from trials import draws

SIDES = ("judge=v1", "judge=v2")


def graded(rng, n=60, models=3, shift=0.0, tilt=0.0, clusters=0):
    """Questions × models, right or wrong, each graded by two judges with errors of their own.

    `shift`: how much more often v2 says right; `tilt`: and how much more of the last model.
    """
    difficulty = rng.normal(0, 1, n)[:, None]
    ability = np.linspace(0.35, -0.35, models)
    right = rng.random((n, models)) < 1 / (1 + np.exp(-(ability + 1.2 * difficulty)))
    chances = np.where(right, 0.85, 0.15)
    last = np.arange(models) == models - 1
    scores = [rng.random((n, models)) < each for each in (chances, chances + shift + tilt * last)]
    rows = {
        "judge": np.repeat(["v1", "v2"], n * models),
        "question": np.tile(np.repeat(np.arange(n), models), 2),
        "model": np.tile([f"m{k}" for k in range(models)], 2 * n),
        "score": np.concatenate([each.ravel() for each in scores]).astype(int),
    }
    return pl.DataFrame(rows | ({"cluster": rows["question"] % clusters} if clusters else {}))


def cells(rows, *by):
    """Return the scores of one judge and model by question, or means over more of it."""
    return {
        (judge, model): part.group_by(*by).agg(pl.col("score").mean()).sort(*by)["score"].to_numpy()
        for (judge, model), part in rows.group_by("judge", "model")
    }


def test_the_shift_is_that_of_question_means_with_their_t_test():
    rows = graded(np.random.default_rng(1), shift=0.1)
    answer = hs.compare(rows, *SIDES, method="t")
    by_question = rows.group_by("judge", "question").agg(pl.col("score").mean()).sort("question")
    one, other = (by_question.filter(judge=judge)["score"].to_numpy() for judge in ("v1", "v2"))
    oracle = stats.ttest_rel(one, other)
    assert answer.value == pytest.approx(one.mean() - other.mean())
    assert answer.p_value == pytest.approx(oracle.pvalue)
    assert answer.interval.low == pytest.approx(oracle.confidence_interval().low)
    assert answer.difference.n_items == 180
    assert answer.difference.n_clusters == 60
    assert answer.side_column == "judge"


@pytest.mark.parametrize(("clusters", "by"), [(0, "question"), (15, "cluster")])
def test_every_gap_and_its_change_have_the_t_test_of_paired_questions(clusters, by):
    rows = graded(np.random.default_rng(2), tilt=0.12, clusters=clusters)
    found = hs.compare(rows, *SIDES, method="t", adjust="none").verdict_changes
    x = cells(rows, by)
    assert (found.n_models, len(found.pairs), found.n_left_out) == (3, 3, 0)
    for pair in found.pairs:
        gap_a, gap_b = (x[judge, pair.model] - x[judge, pair.other] for judge in ("v1", "v2"))
        change = stats.ttest_rel(gap_b, gap_a)
        assert (pair.gap_a, pair.gap_b) == pytest.approx((gap_a.mean(), gap_b.mean()))
        assert pair.p_a == pytest.approx(stats.ttest_1samp(gap_a, 0).pvalue)
        assert pair.p_b == pytest.approx(stats.ttest_1samp(gap_b, 0).pvalue)
        assert pair.change.value == pytest.approx(pair.gap_b - pair.gap_a)
        assert pair.p_value == pytest.approx(change.pvalue)
        assert (pair.change.low, pair.change.high) == pytest.approx(tuple(change.confidence_interval()))


def test_each_verdict_is_that_of_compare_on_the_rows_of_one_judge():
    rows = graded(np.random.default_rng(3)).filter(pl.col("model") != "m1")
    (pair,) = hs.compare(rows, *SIDES).verdict_changes.pairs
    for judge, p, verdict in (("v1", pair.p_a, pair.verdict_a), ("v2", pair.p_b, pair.verdict_b)):
        alone = hs.compare(rows, "m0", "m2", where={"judge": judge})
        assert (p, verdict) == (pytest.approx(alone.p_value), alone.verdict)


def test_p_values_of_several_pairs_are_corrected_and_agree_with_the_intervals():
    rows = graded(np.random.default_rng(4), n=150, models=5, tilt=0.15)
    found = hs.compare(rows, *SIDES).verdict_changes
    plain = np.array([pair.p_value for pair in found.pairs])
    order = np.argsort(plain)
    holm = np.empty(10)
    holm[order] = np.minimum(np.maximum.accumulate(np.sort(plain) * np.arange(10, 0, -1)), 1)
    assert [pair.p_adjusted for pair in found.pairs] == pytest.approx(holm.tolist())
    assert found.n_gaps_changed > 0
    for pair in found.pairs:
        assert pair.gap_changed == pair.change.interval.excludes(0)
    differ = [pair.differs for pair in found.pairs]
    assert differ == sorted(differ, reverse=True)
    assert found.n_differ == sum(differ)


def test_lower_scores_can_be_better():
    rows = graded(np.random.default_rng(5), n=200)
    usual = hs.compare(rows, *SIDES).verdict_changes.pairs
    lower = hs.compare(rows, *SIDES, lower_is_better=True).verdict_changes.pairs
    turned = {"better": "worse", "worse": "better", "unclear": "unclear"}
    assert [turned[pair.verdict_a] for pair in usual] == [pair.verdict_a for pair in lower]


def test_only_answers_that_both_graded_count():
    rows = graded(np.random.default_rng(6))
    part = rows.filter((pl.col("judge") == "v1") | (pl.col("question") < 40))
    found = hs.compare(part, *SIDES, method="t").verdict_changes
    assert {pair.n_items for pair in found.pairs} == {40}
    whole = hs.compare(rows.filter(pl.col("question") < 40), *SIDES, method="t").verdict_changes
    assert [pair.p_a for pair in found.pairs] == pytest.approx([pair.p_a for pair in whole.pairs])


def test_different_questions_leave_no_pair():
    rows = graded(np.random.default_rng(7))
    apart = rows.filter((pl.col("judge") == "v1") == (pl.col("question") < 30))
    answer = hs.compare(apart, *SIDES)
    assert not answer.paired
    assert (answer.verdict_changes.pairs, answer.verdict_changes.n_left_out) == ((), 3)
    assert "No pair of models has two questions with scores by both v1 and v2." in str(answer)


def test_one_model_or_judges_of_different_models_have_no_pairs():
    rows = graded(np.random.default_rng(8))
    one = hs.compare(rows, *SIDES, where={"model": "m0"})
    assert one.verdict_changes is None
    assert one.side_column == "judge"
    shared = rows.filter((pl.col("judge") == "v1") | (pl.col("model") == "m2"))
    assert hs.compare(shared, *SIDES).verdict_changes is None
    with pytest.raises(hs.DataError, match="have no model in common"):
        hs.compare(rows.filter((pl.col("judge") == "v1") == (pl.col("model") != "m2")), *SIDES)


def test_a_judge_that_repeats_itself_changes_nothing():
    rows = graded(np.random.default_rng(9)).filter(judge="v1")
    both = pl.concat([rows, rows.with_columns(judge=pl.lit("v2"))])
    found = hs.compare(both, *SIDES).verdict_changes
    assert found.n_differ == found.n_gaps_changed == 0
    assert {(pair.change.value, pair.p_value) for pair in found.pairs} == {(0.0, 1.0)}
    assert "The verdict on all 3 pairs of 3 models is the same with either judge." in str(hs.compare(both, *SIDES))


def test_tasks_have_their_own_pairs_and_frames_are_read_like_files(tmp_path):
    rng = np.random.default_rng(10)
    rows = pl.concat([graded(rng).with_columns(task=pl.lit(task)) for task in ("law", "poetry")])
    answer = hs.compare(rows, *SIDES)
    assert answer.verdict_changes is None
    assert len(answer.tasks) == 2
    alone = hs.compare(rows.filter(task="poetry").drop("task"), *SIDES)
    assert answer.tasks[1].verdict_changes.pairs == alone.verdict_changes.pairs
    rows.write_csv(tmp_path / "graded.csv")
    assert hs.compare(tmp_path / "graded.csv", *SIDES).tasks == answer.tasks


def test_answers_within_the_same_clusters_are_refused_as_they_share_questions():
    rows = graded(np.random.default_rng(11), clusters=4)
    assert hs.compare(rows, *SIDES).population == "new-clusters"
    with pytest.raises(hs.OptionError, match="answers of several models to one question as independent"):
        hs.compare(rows, *SIDES, population="same-clusters")


def test_a_higher_score_of_a_judge_is_not_called_better():
    rows = graded(np.random.default_rng(12), n=200, shift=0.1)
    assert hs.compare(rows, *SIDES).sentence.startswith("v2 scores higher than v1 by ")
    equal = graded(np.random.default_rng(15))
    assert hs.compare(equal, *SIDES).sentence.startswith("Can't tell whether v1 and v2 differ. v")
    tasks = pl.concat([rows.with_columns(task=pl.lit("law")), equal.with_columns(task=pl.lit("poetry"))])
    answer = hs.compare(tasks, *SIDES)
    assert "v2 scores 4.3 points higher overall" in answer.sentence
    text = " ".join(str(answer).split())
    assert "v1 scores significantly higher on none and v2 on 1" in text
    assert "b is higher" in text
    assert "better" not in answer.sentence


def test_a_change_of_gaps_is_rarely_claimed_although_verdicts_often_differ():
    n = draws(40, 100)
    rng, changed, differ, held = np.random.default_rng(14), 0, 0, 0
    for _ in range(n):
        answer = hs.compare(graded(rng, shift=0.08), *SIDES)
        changed += answer.verdict_changes.n_gaps_changed > 0
        differ += answer.verdict_changes.n_differ > 0
        held += answer.interval.contains(-0.08)
    assert changed <= n * 0.05 + 2.6 * (n * 0.0475) ** 0.5  # of 100 or 40, 10 or 5
    assert differ > 0.15 * n
    assert held >= 0.85 * n


def test_two_real_judges_of_harmful_answers_disagree_on_pairs(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "helm_safety.parquet").filter(
        benchmark="helm_harm_bench", suite="lastv4"
    )
    judges = rows.filter(pl.col("metric").is_in(["harm_bench_gpt_score", "harm_bench_claude_score"]))
    table = judges.select("model", "item", "score", judge=pl.col("metric").str.extract("bench_(.*)_score"))
    found = hs.compare(table, "judge=gpt", "judge=claude").verdict_changes
    wide = table.pivot(on=["judge", "model"], index="item", values="score").drop("item")
    for pair in found.pairs:
        names = ((f'{{"{judge}","{model}"}}' for model in (pair.model, pair.other)) for judge in ("gpt", "claude"))
        gap = [wide[one] - wide[other] for one, other in names]
        assert pair.p_value == pytest.approx(stats.ttest_rel(gap[1], gap[0]).pvalue)
    assert (found.n_differ, found.n_gaps_changed) == (2, 2)
