"""The data decide which chapter of the guide an undecided answer points to; a warning names its chapter once."""

from dataclasses import replace

import polars as pl

import howsure as hs
from frames import attempts, close_models
from howsure.errors import ResultWarning
from howsure.present.document import Note


def renamed(rows, kept):
    """Give the items of a, but for the first ones, names that b's don't have."""
    shared = [f"q{i}" for i in range(kept)]
    own = (pl.col("model") == "a") & ~pl.col("item").is_in(shared)
    return rows.with_columns(item=pl.when(own).then("x" + pl.col("item")).otherwise("item"))


def pair(gaps, size):
    """Two models on clusters of items: in each a is right and b wrong, or the other way round, by the sign of its gap."""
    return pl.DataFrame(
        [
            {"model": model, "item": f"g{g}-{i}", "group": f"g{g}", "score": float((gap > 0) == (model == "a"))}
            for model in ("a", "b")
            for g, gap in enumerate(gaps)
            for i in range(size)
        ]
    )


def test_an_undecided_pair_points_to_power_in_chapter_7():
    found = hs.compare(close_models(), a="a", b="b")
    assert (found.better, found.chapter) == (None, 7)


def test_a_comparison_without_an_error_bar_points_to_the_chapter_of_its_warning():
    found = hs.compare(pair([1], 3), a="a", b="b", cluster="group", population="new-clusters")
    assert found.difference.warnings[0].code == "one_cluster"
    assert found.chapter == 4


def test_models_without_shared_questions_point_to_chapter_6():
    found = hs.compare(renamed(close_models(), 0), a="a", b="b")
    assert (found.paired, found.chapter) == (False, 6)


def test_models_that_share_few_questions_point_to_chapter_6():
    found = hs.compare(renamed(close_models(), 12), a="a", b="b")
    assert (found.paired, found.difference.n_items, found.n_only_a, found.chapter) == (True, 12, 28, 6)
    assert hs.compare(renamed(close_models(), 30), a="a", b="b").chapter == 7


def test_a_difference_lost_to_clustering_points_to_chapter_4():
    rows = pair([1, 1, -1] * 10, 10)
    assert hs.compare(rows, a="a", b="b", cluster="none").better == "a"
    found = hs.compare(rows, a="a", b="b", cluster="group")
    assert (found.better, found.chapter) == (None, 4)
    assert found.difference.warnings == ()


def test_clusters_that_change_no_verdict_do_not_point_to_chapter_4():
    rows = pair([1, 1, -1, -1] * 10, 1)
    assert hs.compare(rows, a="a", b="b", cluster="group").chapter == 7


def test_a_dominant_cluster_points_to_chapter_4():
    rows = close_models().with_columns(group=pl.col("item").str.tail(1).cast(pl.Int64) // 4)
    found = hs.compare(rows, a="a", b="b", cluster="group", population="new-clusters")
    assert "dominant_cluster" in [warning.code for warning in found.difference.warnings]
    assert (found.better, found.chapter) == (None, 4)


def test_an_undecided_comparison_on_these_questions_points_to_chapter_5():
    rows = attempts(n_clusters=2, size=2, times=3).with_columns(score=pl.col("attempt") % 2.0)
    found = hs.compare(rows, a="a", b="b", population="these-questions")
    assert (found.better, found.chapter) == (None, 5)


def test_a_shown_equivalence_points_to_no_chapter():
    assert hs.compare(close_models(), a="a", b="b", margin=0.5).chapter is None
    assert hs.compare(close_models(), a="a", b="b", margin=0.01).chapter == 7


def test_the_overall_comparison_of_several_tasks_decides_the_chapter():
    rows = pl.concat(close_models(n).with_columns(task=pl.lit(f"of {n}")) for n in (40, 60))
    found = hs.compare(rows, a="a", b="b", overall="mean")
    assert (found.overall.chapter, found.chapter) == (7, 7)
    assert str(found).count("howsure guide") == 1
    assert [task.chapter for task in found.tasks] == [7, 7]


def test_undecided_slices_of_a_decided_comparison_point_to_chapter_9():
    rows = pl.concat([pair([1, 1, 1, -1] * 20, 1), pair([1, -1] * 20, 1).with_columns(item="x" + pl.col("item"))])
    rows = rows.with_columns(half=pl.col("item").str.head(1))
    found = hs.compare(rows, a="a", b="b", by="half")
    assert (found.better, found.chapter, found.slices[0].chapter) == ("a", None, 9)
    assert str(found).count("More: howsure guide 9") == 1
    closer = hs.compare(close_models(), a="a", b="b", by="half")
    assert [line for line in str(closer).splitlines() if "howsure guide" in line] == [
        "More: howsure guide 7, `details=True`"
    ]


def test_a_leaderboard_with_one_best_model_points_to_no_chapter():
    assert hs.leaderboard(pair([1] * 40, 1)).chapter is None
    found = hs.leaderboard(close_models())
    assert (found.chapter, found.boards[0].chapter) == (1, 1)


def test_the_reason_of_an_undecided_gate_decides_its_chapter():
    rows = close_models()
    assert hs.gate(rows, candidate="a", baseline="b", not_worse_than=0.01).chapter == 7
    assert hs.gate(rows, candidate="a", baseline="b", not_worse_than=0.9).chapter is None
    found = hs.gate(rows, candidate="a", baseline="b", not_worse_than=0.9)
    assert (found.verdict, found.chapter) == ("pass", None)
    lacking = replace(found.checks[0], verdict="unclear", n_unknown=3)
    assert (replace(found, checks=(lacking,)).unclear_because, lacking.chapter) == ("missing", 8)


def test_an_undecided_look_points_to_peeking_in_chapter_9():
    look = hs.Monitor(a="a", b="b", looks="any/100").update(close_models())
    assert (look.decided, look.chapter) == (False, 9)


def test_an_underpowered_plan_points_to_chapter_7():
    assert hs.plan(effect=0.03, n_items=100).chapter == 7
    assert hs.plan(effect=0.03).chapter is None


def test_warnings_name_their_chapter_once():
    told = Note(
        warnings=(
            ResultWarning(code="few_clusters", message="few", remedy="More."),
            ResultWarning(code="one_item", message="one"),
            ResultWarning(code="looks_grouped", message="grouped", remedy="Say so."),
            ResultWarning(code="mine", message="mine", remedy="Mend it."),
        )
    ).lines
    assert told == [
        ("few.", "More. (howsure guide 4)"),
        ("one.", "(howsure guide 3)"),
        ("grouped.", "Say so."),
        ("mine.", "Mend it."),
    ]
