"""Notes, warnings and the first sentence are about the tasks compared and say which tasks and items are left out."""

import polars as pl
import pytest

import howsure as hs
from frames import two_models
from places import DATA

ZEROEVAL = DATA / "tidy" / "zeroeval.parquet"


def task(name, models="ab", n=20, **columns):
    """Two models' answers to a task, of which only these models are kept."""
    return two_models(n, task=pl.lit(name), **columns).filter(pl.col("model").is_in(list(models)))


def subjects():
    return {"cluster": pl.col("item").str.slice(0, 2), "topic": pl.col("item").str.slice(0, 2)}


def notes_starting(answer, start):
    return [note for note in answer.notes if note.startswith(start)]


MIXED = pl.concat([task("plain"), task("grouped", "a", **subjects())], how="diagonal")


def test_notes_do_not_mention_clusters_of_a_task_that_one_model_lacks():
    answer = hs.compare(MIXED, "a", "b")
    assert not notes_starting(answer, "Clusters")
    assert notes_starting(answer, "Data") == ["Data: 2 models × 20 questions × 1 attempt."]
    noise = hs.noise(MIXED, "a", "b")
    assert not notes_starting(noise, "Clusters")
    assert [warning.code for warning in noise.warnings].count("task_left_out") == 1


def test_notes_do_not_mention_clusters_of_tasks_that_were_not_selected():
    both = pl.concat([task("plain"), task("grouped", **subjects())], how="diagonal")
    assert not notes_starting(hs.compare(both, "a", "b", task="plain"), "Clusters")
    assert not notes_starting(hs.leaderboard(both, task="plain"), "Clusters")
    assert "(10 clusters)" not in str(hs.compare(both, "a", "b", task="plain"))
    assert "clusters; 1 task without)" in notes_starting(hs.compare(both, "a", "b"), "Clusters")[0]


def test_notes_do_not_mention_clusters_of_a_task_without_scores():
    empty = task("grouped", **subjects()).with_columns(score=pl.lit(None, dtype=pl.Float64))
    answer = hs.leaderboard(pl.concat([task("plain"), empty], how="diagonal"))
    assert not notes_starting(answer, "Clusters")
    assert "no_scores" in [warning.code for warning in answer.warnings]
    assert answer.sentence.startswith("On 1 of 2 tasks, ")


def test_missing_clusters_in_a_task_that_is_not_compared_are_no_error():
    """A task that isn't compared used to stop the comparison with its holes."""
    torn = task("grouped", "a", topic=pl.when(pl.col("item") != "q3").then(pl.lit("x")))
    rows = pl.concat([task("plain", topic=pl.col("item").str.slice(0, 2)), torn], how="diagonal")
    assert hs.compare(rows, "a", "b", cluster="topic").task == "plain"


def test_the_warning_on_repeated_rows_covers_only_the_tasks_compared():
    rows = pl.concat([task("plain"), task("other", "a"), task("other", "a")])
    assert "rows_as_attempts" not in [warning.code for warning in hs.compare(rows, "a", "b").warnings]
    assert "rows_as_attempts" in [warning.code for warning in hs.leaderboard(rows).warnings]


THREE = pl.concat([task("one"), task("two"), task("three", "b"), task("four", "a")])


def test_the_first_sentence_of_compare_counts_the_tasks_with_scores_of_both():
    answer = hs.compare(THREE, "a", "b")
    assert answer.sentence.startswith("On the 2 of 4 tasks with scores of both, a is better than b overall by ")
    assert (answer.n_tasks_left_out, answer.overall.n_tasks, answer.overall.n_tasks_left_out) == (2, 2, 2)
    assert answer.to_dict()["n_tasks_left_out"] == 2
    (warning,) = [warning for warning in answer.warnings if warning.code == "task_left_out"]
    assert warning.message == "only one of the two models has four · score, three · score"


def test_the_first_sentence_counts_tasks_when_only_one_has_scores_of_both():
    answer = hs.compare(THREE.filter(pl.col("task") != "two"), "a", "b")
    assert answer.sentence.startswith(
        "Can't tell. On the 1 of 3 tasks with scores of both, a is ahead of b by 30.0 points (95% CI "
    )
    assert answer.n_tasks_left_out == 2


def test_without_an_overall_difference_the_first_sentence_counts_tasks_decided():
    rows = THREE.with_columns(
        item=pl.when(pl.col("task") == "one").then(pl.col("item") + pl.col("model")).otherwise("item")
    )
    answer = hs.compare(rows, "a", "b")
    assert answer.overall is None
    assert answer.sentence == "Of the 2 of 4 tasks with scores of both, none is decided."


def lacking_metric():
    more = [task(name, metric=pl.lit("f1")) for name in ("two", "three", "four")]
    return pl.concat([task("one", metric=pl.lit("exact")), *more])


def test_the_first_sentence_counts_the_tasks_that_have_the_chosen_metric():
    rows = lacking_metric()
    assert hs.compare(rows, "a", "b", metric="exact").sentence.startswith(
        "Can't tell. On the 1 of 4 tasks with scores of both, a"
    )
    assert hs.compare(rows, "a", "b", metric="f1").sentence.startswith(
        "On the 3 of 4 tasks with scores of both, a is b"
    )
    assert hs.leaderboard(rows, metric="exact").sentence.startswith("On 1 of 4 tasks, a scores highest (65.0%")
    assert hs.leaderboard(rows, metric="f1").sentence.startswith("On 3 of 4 tasks, a is best")
    assert hs.leaderboard(rows, metric="f1").overall.n_tasks_left_out == 1
    assert "On 3 of 4 tasks" in hs.leaderboard(rows, metric="f1").render().splitlines()[0]


def test_the_first_sentence_of_a_board_counts_models_and_tasks_left_out():
    rows = pl.concat([lacking_metric(), task("two", "a", metric=pl.lit("f1")).with_columns(model=pl.lit("c"))])
    assert hs.leaderboard(rows, metric="f1").sentence.startswith(
        "On 3 of 4 tasks, of the 2 of 3 models with all 3 tasks, a"
    )


def test_the_first_sentence_counts_items_that_both_models_answered():
    rows = two_models(40).filter((pl.col("model") == "b") | (pl.col("item").str.len_chars() < 3))
    assert hs.compare(rows, "a", "b").sentence.startswith(
        "Can't tell. On the 10 of 40 questions that both answered, a is ahead"
    )
    both = pl.concat([rows.with_columns(task=pl.lit("one")), task("two"), task("three", "b")])
    assert hs.compare(both, "a", "b").sentence.startswith(
        "On the 2 of 3 tasks with scores of both and the 30 of 60 questions that both answered, "
    )
    apart = rows.with_columns(item=pl.col("item") + pl.col("model"))
    assert hs.compare(apart, "a", "b").sentence.startswith("a is better than b by ")


def test_the_first_sentence_has_no_counts_when_nothing_is_left_out():
    rows = pl.concat([task("one"), task("two")])
    assert hs.compare(rows, "a", "b").sentence.startswith("a is better than b overall by ")
    assert hs.leaderboard(rows).sentence.startswith("a is best")
    assert hs.compare(rows, "a", "b", task="one").sentence.startswith(
        "Can't tell. a is ahead of b by 30.0 points (95% CI "
    )


@pytest.mark.skipif(not ZEROEVAL.exists(), reason="the real results are not here")
def test_zeroeval_comparisons_mention_only_the_tasks_compared():
    read = hs.read(ZEROEVAL)
    gsm = hs.compare(read, "gpt-4o-2024-05-13", "claude-3-opus-20240229", task="zeroeval_gsm")
    assert not notes_starting(gsm, "Clusters")
    four = hs.compare(read, "gpt-4o-2024-05-13", "gpt-4-turbo-2024-04-09")
    assert notes_starting(four, "Data") == [
        "Data: 2 models, 4 tasks, 5,299 questions, 1 attempt per model and question."
    ]
    assert four.sentence.startswith("On the 4 of 5 tasks with scores of both, gpt-4o-2024-05-13 is better than")


def unscored(rows, **which):
    """Take the scores of what fits."""
    here = pl.all_horizontal(*(pl.col(name) == value for name, value in which.items()))
    return rows.with_columns(score=pl.when(~here).then("score"))


def unscored_warnings(answer):
    return [warning.message for warning in answer.warnings if warning.code == "model_without_scores"]


NOTHING = "no attempt of a has a score, so it can't be analysed"
ABC = pl.concat([two_models(), two_models().filter(model="a").with_columns(model=pl.lit("c"))])


def test_a_warning_names_models_without_any_score():
    rows = unscored(ABC, model="a")
    for ask in (hs.leaderboard, hs.estimate, lambda rows: hs.against(rows, "b")):
        assert unscored_warnings(ask(rows)) == [NOTHING]
        assert not unscored_warnings(ask(ABC))
        assert not unscored_warnings(ask(unscored(ABC, model="a", item="q0")))
    assert NOTHING.replace("'", "&#x27;") in hs.report(rows).html
    assert not unscored_warnings(hs.leaderboard(rows, failures="zero"))
    both = unscored(rows, model="c")
    assert unscored_warnings(hs.leaderboard(both)) == ["no attempt of a, c has a score, so they can't be analysed"]
    with pytest.raises(hs.DataError, match="no model other than b has a score"):
        hs.against(both, "b")


def test_a_warning_names_the_tasks_on_which_a_model_has_no_score():
    rows = pl.concat([ABC.with_columns(task=pl.lit(name)) for name in "xyz"])
    rows = unscored(unscored(rows, model="a", task="x"), model="a", task="y")
    assert unscored_warnings(hs.leaderboard(rows)) == [f"x · score, y · score: {NOTHING}"]
