"""Options of single tasks: clusters, metric, failure policy, direction and margin reach every result of the task."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.study.design import make_design
from howsure.study.gathering import gather


def rows():
    """Two tasks of 40 items in 10 passages, two models; the passages of `reading` have no name; some answers failed."""
    rng = np.random.default_rng(5)
    table = [
        {
            "task": task,
            "model": model,
            "item": f"q{item}",
            "passage": f"p{item // 4}" if task == "maths" else None,
            "score": None if item < 4 and model == "b" else float(rng.random() < rate),
        }
        for task in ("maths", "reading")
        for model, rate in (("a", 0.7), ("b", 0.5))
        for item in range(40)
    ]
    return pl.DataFrame(table)


def clusters(answer):
    return {entry.task: entry.estimate.n_clusters for entry in answer.entries if entry.model == "a"}


def test_a_task_has_its_own_clusters():
    found = hs.estimate(rows(), cluster="none", tasks={"math*": {"cluster": "passage"}})
    assert clusters(found) == {"maths": 10, "reading": 40}
    alone = hs.estimate(rows().filter(task="maths"), cluster="passage")
    assert found[0].estimate == alone[0].estimate
    assert [note.split(":")[0] for note in found.notes if note.startswith("Clusters")] == [
        "Clusters of maths",
        "Clusters of reading",
    ]


def test_a_task_without_the_cluster_column_is_not_clustered_and_gives_a_warning():
    found = hs.estimate(rows(), cluster="passage")
    assert clusters(found) == {"maths": 10, "reading": 40}
    assert [warning.code for warning in found.warnings] == ["task_without_clusters"]
    torn = rows().with_columns(passage=pl.when(pl.col("item") == "q7").then(None).otherwise("passage"))
    with pytest.raises(hs.DataError, match="no 'passage' for 1 item"):
        hs.estimate(torn, cluster="passage")


def test_an_items_table_may_have_clusters_for_some_tasks_only(tmp_path):
    side = rows().select("task", "item", "passage").unique().rename({"passage": "cluster"})
    side.write_csv(tmp_path / "items.csv")
    declared = rows().with_columns(cluster=pl.lit("one"))  # a column of the rows, which the table goes before
    found = hs.estimate(declared, cluster="cluster", items=str(tmp_path / "items.csv"))
    assert clusters(found) == {"maths": 10, "reading": 40}
    assert [warning.code for warning in found.warnings] == ["task_without_clusters"]


def test_a_task_has_its_own_failure_policy():
    found = hs.estimate(rows(), tasks={"maths": {"failures": "zero"}})
    items = {(entry.task, entry.model): entry.estimate.n_items for entry in found.entries}
    assert items == {("maths", "a"): 40, ("maths", "b"): 40, ("reading", "a"): 40, ("reading", "b"): 36}
    failed = {(entry.task, entry.model): (entry.n_attempts, entry.n_failed) for entry in found.entries}
    assert failed["maths", "b"] == failed["reading", "b"] == (40, 4)


def test_a_task_has_its_own_margin():
    found = hs.compare(rows(), "a", "b", margin=0.02, tasks={"reading": {"margin": 0.3}})
    assert [pair.equivalence.margin for pair in found.comparisons] == [0.02, 0.3]
    alone = hs.compare(rows().filter(task="reading"), "a", "b", margin=0.3)
    assert found.comparisons[1].equivalence == alone.equivalence


def test_a_task_has_its_own_direction_and_metric():
    several = pl.concat([rows().with_columns(metric=pl.lit(name)) for name in ("exact", "loose")])
    found = hs.leaderboard(
        several, tasks={"maths": {"metric": "exact", "lower_is_better": True}, "*": {"metric": "loose"}}
    )
    assert {(board.task, board.metric, board.lower_is_better) for board in found.boards} == {
        ("maths", "exact", True),
        ("reading", "loose", False),
    }
    with pytest.raises(hs.DataError, match="no metric 'other'"):
        hs.leaderboard(several, tasks={"maths": {"metric": "other"}})


def test_a_subset_of_items_counts_its_own_attempts_and_failures():
    study = gather(hs.read(rows()), make_design({}))
    matrix = study.matrix(("maths", "score"))
    assert dict(zip(matrix.models, matrix.n_attempts.tolist(), strict=True)) == {"a": 40, "b": 40}
    assert dict(zip(matrix.models, matrix.n_failed.tolist(), strict=True)) == {"a": 0, "b": 4}
    part = matrix.take_items(np.arange(40) < 10)
    assert part.n_attempts.tolist() == [10, 10]
    assert int(part.n_failed.sum()) == int(np.isnan(part.values).sum())
    alone = study.of_models(["b"]).matrix(
        ("maths", "score")
    )  # items that no model has a score for are counted all the same
    assert (len(alone.items), alone.n_attempts.tolist(), alone.n_failed.tolist()) == (36, [40], [4])


def test_a_warning_names_the_tasks_without_the_chosen_metric():
    """Four of five tasks once fell out without a word, and the fifth decided."""
    named = pl.col("task").replace_strict({"maths": "exact", "reading": "f1"})
    found = hs.compare(rows().with_columns(metric=named), "a", "b", metric="exact")
    (warning,) = [each for each in found.warnings if each.code == "metric_missing"]
    assert warning.message == "1 of 2 tasks has no metric exact and is left out: reading"
    whole = hs.compare(rows().with_columns(metric=pl.lit("exact")), "a", "b", metric="exact")
    assert not [each for each in whole.warnings if each.code == "metric_missing"]


def test_tasks_of_other_models_give_no_warning_about_a_missing_metric():
    other = rows().with_columns(task=pl.lit("sums"), model=pl.lit("c"), metric=pl.lit("f1"))
    found = hs.compare(pl.concat([rows().with_columns(metric=pl.lit("exact")), other]), "a", "b", metric="exact")
    assert not [each for each in found.warnings if each.code == "metric_missing"]
