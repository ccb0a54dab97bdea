"""From rows to scores: clusters, weights, failed attempts, attempts per item, tasks, metrics and names of models."""

import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import clustered, two_models
from howsure.statistics.means import mean
from howsure.study import models, study
from howsure.table.aggregate import names_of


def one(data, **options):
    return hs.estimate(data, **options)[0]


@pytest.mark.parametrize("options", [{"cluster": "passage", "by": "passage"}, {"random_factor": "judge"}])
@pytest.mark.parametrize("verb", [hs.leaderboard, hs.noise])
@pytest.mark.parametrize("failed", [False, True])
def test_a_large_study_as_matrices_has_the_same_answers(failed, verb, options, monkeypatch):
    rows = pl.concat([clustered(size=size).with_columns(task=pl.lit(f"t{size}")) for size in (5, 7)])
    lost = pl.when((pl.int_range(pl.len()) % 7 == 0) & failed)
    rows = rows.with_columns(score=lost.then(None).otherwise("score"))
    if "random_factor" in options:  # three judges of every answer
        rows = rows.join(pl.DataFrame({"judge": ["x", "y", "z"]}), how="cross")
        rows = rows.with_columns(score=(pl.col("score") + (pl.struct("item", "judge").hash() % 3 == 0)).clip(0, 1))
    whole = verb(rows, **options)
    made = []
    monkeypatch.setattr(study, "MANY_ROWS", 0)
    real = study.Study.spread_out
    monkeypatch.setattr(study.Study, "spread_out", lambda self: made.append(real(self)) or made[-1])
    spread = verb(rows, **options)
    assert spread.to_dict() == whole.to_dict()
    assert {len(part) == 1 for part in made[0].parts.values()} == {not failed}


def test_a_column_named_cluster_is_used_with_a_note():
    rows = clustered().rename({"passage": "cluster"})
    answer = hs.estimate(rows)
    assert answer.notes[-1] == "Clusters: column `cluster` (8 clusters); `cluster='none'` ignores them."
    assert answer[0].estimate.n_clusters == 8
    ignored = hs.estimate(rows, cluster="none")
    assert ignored[0].estimate.n_clusters == 40
    assert "ignored" in ignored.notes[-1]


def test_clusters_from_metadata_the_id_and_a_side_table_agree(tmp_path):
    rows = clustered()
    rows.select("item", group=pl.col("passage")).unique().write_csv(tmp_path / "items.csv")
    answers = [
        one(rows, cluster="passage"),
        one(rows, cluster=r"id:^(p\d+)-"),
        one(rows, cluster="group", items=tmp_path / "items.csv"),
    ]
    assert len({answer.estimate.se for answer in answers}) == 1
    assert answers[0].estimate.n_clusters == 8


def test_id_patterns_can_define_two_way_clusters_or_clusters_of_some_tasks():
    rows = clustered(n_clusters=12, size=9).with_columns(position=pl.col("item").str.extract(r"-(\d)$"))
    columns, patterns = (
        hs.estimate(rows, cluster=ways)[0].estimate
        for ways in (("passage", "position"), (r"id:^(p\d+)-", r"id:-(\d)$"))
    )
    assert (columns.se, columns.df) == (patterns.se, patterns.df)
    both = pl.concat([rows.with_columns(task=pl.lit(task)) for task in ("quiz", "chat")])
    found = hs.estimate(both, tasks={"quiz": {"cluster": r"id:^(p\d+)-"}})
    assert {(entry.task, entry.estimate.n_clusters) for entry in found} == {("quiz", 12), ("chat", 108)}


def test_the_two_way_variance_is_the_sum_minus_the_intersection():
    rows = clustered(n_clusters=12, size=9).with_columns(
        position=pl.col("item").str.extract(r"-(\d)$"), score=(pl.col("item").hash(seed=3) % 10 < 6).cast(pl.Float64)
    )
    ways = (["passage"], ["position"], ["passage", "position"])
    first, second, both = (one(rows, cluster=way).estimate for way in ways)
    crossed = one(rows, cluster="none", variance="CR2").estimate
    assert both.se**2 == pytest.approx(first.se**2 + second.se**2 - crossed.se**2, rel=1e-12)
    assert both.df == min(first.df, second.df)
    assert both.n_clusters == 9


def test_weights_from_a_column_and_an_items_table_agree(tmp_path):
    rows = clustered(models=("a",))
    weights = rows.select("item", importance=1 + pl.col("item").hash() % 5).unique()
    weights.write_csv(tmp_path / "items.csv")
    inside = one(rows.join(weights, on="item"), weight="importance").estimate
    beside = one(rows, weight="importance", items=tmp_path / "items.csv").estimate
    joined = rows.join(weights, on="item").sort("item")
    expected = mean(joined["score"].to_numpy(), weights=joined["importance"].to_numpy().astype(float))
    assert inside.value == pytest.approx(np.average(joined["score"], weights=joined["importance"]))
    assert (inside.value, inside.se) == (beside.value, beside.se)
    assert inside.se == pytest.approx(expected.se, rel=1e-12)


def test_an_unused_weight_column_gives_a_note():
    assert "`weight` is not used" in hs.estimate(two_models(weight=pl.lit(2.0))).notes[-1]


FAILED = pl.DataFrame(
    {
        "model": ["a"] * 4,
        "item": ["w", "x", "y", "z"],
        "score": [1.0, 0.0, None, None],
        "status": ["ok", "ok", "error", "not run"],
    }
)


def test_failed_attempts_are_dropped_zero_or_an_error_by_policy():
    assert one(FAILED).estimate.value == 0.5
    assert one(FAILED, failures="drop").estimate.n_items == 2
    zero = one(FAILED, failures="zero")
    assert (zero.estimate.value, zero.estimate.n_items, zero.n_failed) == (0.25, 4, 2)
    with pytest.raises(hs.DataError, match="2 attempts without a score"):
        one(FAILED, failures="error")


def test_a_note_counts_errors_and_attempts_not_run():
    assert hs.estimate(FAILED).notes[1:] == ("Failures: 2 of 4 attempts have no score (1 error, 1 not run); left out.",)


def test_the_note_on_one_failed_attempt_is_singular():
    rows = pl.DataFrame({"model": "a", "item": [0, 1, 2], "score": [1.0, 0.0, None]})
    assert hs.estimate(rows).notes[1:] == ("Failures: 1 of 3 attempts has no score (1 unscored); left out.",)


def test_conflicting_clusters_of_an_item_are_an_error_that_names_the_way_out():
    rows = pl.DataFrame({"model": ["a", "b"], "item": 1, "score": 1.0, "cluster": ["x", "y"]})
    with pytest.raises(hs.DataError, match="`cluster='none'` leaves clusters out"):
        hs.compare(rows, "a", "b")


def test_a_failed_attempt_counts_as_zero_within_its_item():
    rows = pl.DataFrame({"model": "a", "item": ["x", "x", "y", "y"], "attempt": [0, 1] * 2, "score": [1, None, 1, 1]})
    assert one(rows).estimate.value == 1.0
    assert one(rows, failures="zero").estimate.value == 0.75


def test_a_nan_score_is_an_unscored_attempt():
    rows = two_models().with_columns(score=pl.when(pl.col("item") == "q0").then(float("nan")).otherwise("score"))
    assert one(rows).estimate.n_items == 19
    assert one(rows).n_failed == 1


def test_attempts_are_averaged_within_the_item():
    rows = two_models()
    twenty = pl.concat([rows.with_columns(attempt=pl.lit(k)) for k in range(20)])
    once, often = one(rows), one(twenty)
    assert often.n_attempts == 400
    assert (often.estimate.value, often.estimate.se) == (once.estimate.value, once.estimate.se)
    assert (often.estimate.n_items, often.estimate.n_clusters) == (20, 20)


def test_words_and_letters_are_read_as_scores():
    rows = pl.DataFrame({"model": "a", "item": list("uvwxyz"), "score": ["C", "I", "P", "yes", "0.25", ""]})
    answer = one(rows)
    assert answer.estimate.value == pytest.approx((1 + 0 + 0.5 + 1 + 0.25) / 5)
    assert answer.n_failed == 1


def test_lower_is_better_reverses_order_wins_and_verdict():
    up, down = hs.leaderboard(two_models()), hs.leaderboard(two_models(), lower_is_better=True)
    assert [e.model for e in up.boards[0].entries] == [e.model for e in down.boards[0].entries][::-1]
    rows = two_models(n=60)
    a_better, a_worse = hs.compare(rows, "a", "b"), hs.compare(rows, "a", "b", lower_is_better=True)
    assert {a_better.better, a_worse.better} == {"a", "b"}
    assert (a_better.wins, a_better.losses) == (a_worse.losses, a_worse.wins)
    assert a_better.difference.value == a_worse.difference.value


def test_the_part_of_a_model_name_after_the_slash_is_accepted():
    rows = two_models().with_columns(model="org/" + pl.col("model"))
    assert hs.compare(rows, "a", "org/b").a == "org/a"


def test_models_are_compared_on_the_items_that_both_answered():
    rows = two_models().filter(~((pl.col("model") == "a") & pl.col("item").is_in(["q0", "q1", "q2"])))
    answer = hs.compare(rows, "a", "b")
    assert (answer.difference.n_items, answer.n_only_a, answer.n_only_b) == (17, 0, 3)
    board = hs.leaderboard(rows).boards[0]
    assert board.pairs.n_shared[0, 1] == 17
    assert board.pairs.p_value[0, 1] == pytest.approx(answer.p_value, rel=1e-12)


TASKS = pl.concat([two_models(n=30, task=pl.lit("x")), two_models(n=90, task=pl.lit("y"))])


def test_the_overall_score_is_the_mean_over_tasks():
    board = hs.leaderboard(TASKS)
    parts = {(e.task, e.model): e.estimate for b in board.boards for e in b.entries}
    overall = {e.model: e.estimate for e in board.overall.entries}
    for model in "ab":
        x, y = parts["x", model], parts["y", model]
        assert overall[model].value == pytest.approx((x.value + y.value) / 2)
        assert overall[model].se == pytest.approx(math.hypot(x.se, y.se) / 2)


def test_pooled_and_weighted_overall_scores():
    pooled = hs.leaderboard(TASKS, overall="pooled").overall.entries[0].estimate
    all_items = TASKS.with_columns(item=pl.col("task") + pl.col("item"), task=pl.lit("all"))
    assert pooled.value == pytest.approx(hs.leaderboard(all_items).boards[0].entries[0].estimate.value)
    weighted = hs.leaderboard(TASKS, overall={"x": 3, "y": 9}).overall.entries[0].estimate
    assert weighted.value == pytest.approx(pooled.value)


def test_comparing_several_tasks_corrects_by_holm_and_gives_an_overall_difference():
    answer = hs.compare(TASKS, "a", "b")
    p = [c.p_value for c in answer.comparisons]
    assert [c.p_adjusted for c in answer.comparisons] == pytest.approx(
        [min(2 * min(p), 1) if x == min(p) else max(2 * min(p), x) for x in p]
    )
    assert answer.overall.difference.value == pytest.approx(np.mean([c.difference.value for c in answer.comparisons]))
    assert answer.overall.wins == sum(c.wins for c in answer.comparisons)


def test_leaderboard_shows_each_metric_and_compare_requires_a_choice():
    rows = pl.concat([two_models(metric=pl.lit("acc")), two_models(metric=pl.lit("f1"))])
    assert [board.metric for board in hs.leaderboard(rows).boards] == ["acc", "f1"]
    assert hs.compare(rows, "a", "b", metric="f1").metric == "f1"
    with pytest.raises(hs.OptionError, match="acc, f1"):
        hs.compare(rows, "a", "b")


def test_a_non_significant_difference_can_be_equivalent_within_the_margin():
    same = (
        two_models(n=400)
        .with_columns(score=pl.lit(1.0))
        .with_columns(
            score=pl.when(pl.col("item").is_in(["q1", "q2"]) & (pl.col("model") == "a")).then(0.0).otherwise("score")
        )
    )
    answer = hs.compare(same, "a", "b", margin=0.05)
    assert not answer.decided
    assert answer.equivalence.equivalent
    assert "are equivalent within 5.0 points" in answer.sentence


def test_a_misspelt_option_is_an_error_with_a_suggestion():
    with pytest.raises(hs.OptionError, match=r"no option 'clusters'\. Did you mean 'cluster'"):
        hs.estimate(clustered(), clusters="passage")


def test_suggestions_for_misspelt_options_include_those_of_the_command():
    with pytest.raises(hs.OptionError, match=r"no option 'margn'\. Did you mean 'margin'"):
        hs.compare(two_models(), "a", "b", margn=0.1)
    with pytest.raises(hs.OptionError, match=r"no option 'margin'\. The shared options are"):
        hs.estimate(two_models(), margin=0.1)
    with pytest.raises(hs.OptionError, match="no option 'clusterz'"):
        hs.plan(clusterz="c")


def test_scores_with_percent_signs_are_read():
    rows = pl.DataFrame({"model": "a", "item": ["x", "y"], "score": ["85%", "70%"]})
    assert one(rows).estimate.value == pytest.approx(0.775)


def test_a_margin_of_the_whole_scale_is_refused():
    with pytest.raises(hs.OptionError, match="whole scale"):
        hs.compare(two_models(), "a", "b", margin=5)


def test_models_without_shared_items_give_a_warning_on_a_leaderboard():
    rows = pl.DataFrame({"model": ["a"] * 9 + ["b"] * 9, "item": range(18), "score": [1.0] * 9 + [0.0] * 9})
    assert {c.code for c in hs.leaderboard(rows).boards[0].warnings} == {"no_shared_items", "uneven_items"}


def test_column_names_may_have_spaces_and_capitals():
    rows = pl.DataFrame({"Model Name": ["a", "a"], "Question ID": [1, 2], "Is Correct": [True, False]})
    assert one(rows).estimate.value == 0.5


def test_frames_with_numeric_or_duplicate_column_names_are_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(hs.DataError, match="number as its name"):
        hs.estimate(pd.DataFrame(np.eye(3)))
    twice = pd.DataFrame([["a", "x", 1, 1]], columns=["model", "item", "score", "score"])
    with pytest.raises(hs.DataError, match="two columns have the same name"):
        hs.estimate(twice)


def long_names(*models):
    return pl.concat([two_models().filter(model="a").with_columns(model=pl.lit(model)) for model in models])


def chosen(rows, model, **options):
    return [entry.model for entry in hs.estimate(rows, model=model, **options).entries]


def test_the_end_of_a_model_name_chooses_the_model():
    rows = long_names("lab/one", "lab/two", "lab/sub/three")
    assert chosen(rows, "two") == ["lab/two"]
    assert chosen(rows.lazy(), ["sub/three", "lab/one"]) == ["lab/one", "lab/sub/three"]
    assert chosen(rows, ["one", "lab/one"]) == ["lab/one"]
    assert chosen(rows, "two", score="majority@1") == ["lab/two"]


def test_an_exact_model_name_takes_precedence_over_an_ending():
    assert chosen(long_names("two", "lab/two"), "two") == ["two"]
    with pytest.raises(hs.DataError, match="could be any of 2"):
        chosen(long_names("lab/two", "gym/two"), "two")


def test_model_names_are_only_looked_up_when_none_matches_exactly(monkeypatch):
    looked_up = []

    def spy(scores, role):
        looked_up.append(role)
        return names_of(scores, role)

    monkeypatch.setattr(models, "names_of", spy)
    rows = pl.concat([long_names("lab/one", "lab/two").with_columns(task=pl.lit(task)) for task in "tu"])
    assert chosen(rows, ["lab/one", "lab/two"], task="t", metric="score") == ["lab/one", "lab/two"]
    assert looked_up == []
    assert chosen(rows, "one", task="t") == ["lab/one"]
    assert looked_up == []
    with pytest.raises(hs.DataError, match="no model 'three'"):
        chosen(rows, "three", task="t")
    assert "model" in looked_up


def test_a_chosen_model_without_the_task_is_left_out():
    rows = pl.concat([two_models(task=pl.lit("t")), two_models(task=pl.lit("u")).filter(model="a")])
    assert chosen(rows, ["a", "b"], task="u") == ["a"]


def test_the_first_note_describes_the_data():
    assert hs.estimate(two_models()).notes[0].startswith("Data: 2 models × ")
    ragged = hs.estimate(FAILED)
    assert ragged.notes[0].startswith("Data: ")


@pytest.mark.parametrize("role", ["task", "model", "metric"])
def test_names_longer_than_1000_characters_are_refused(role):
    rows = two_models().with_columns(
        pl.when(pl.col("item") == "q1").then(pl.lit("x" * 10**7)).otherwise(pl.lit("a")).alias(role)
    )
    with pytest.raises(
        hs.DataError, match=rf"the {role} 'x{{40}}' … has 10,000,000 characters, more than the limit of 1,000"
    ):
        hs.describe(rows)


def test_published_names_longer_than_1000_characters_are_refused():
    with pytest.raises(hs.DataError, match=r"the model 'x{40}' … has 10,000,000 characters"):
        hs.audit(pl.DataFrame({"model": ["a", "x" * 10**7], "score": [0.5, 0.6], "n": [100, 100]}))
