"""Clusters recorded in a log's own standard error are the default of its tasks; unusable ones are a warning."""

import re
from dataclasses import replace

import polars as pl
import pytest

import howsure as hs
from howsure.table.scores import TaskFacts, joined_facts
from places import LOGS

PAIR = ("smollm2-135m-t0.3", "smollm2-135m-2shot")


def fact(task, *clusters):
    return TaskFacts(task=task, harness="Inspect", clusters=frozenset(clusters))


def scores(*facts, **columns):
    """Two models on 24 questions of one task, in six texts; `facts`: what its logs state."""
    rows = pl.DataFrame(
        [
            {
                "task": "quiz",
                "model": model,
                "item": f"{k:02}",
                "score": float((k * 7 + shift) % 5 < 3),
                "text": f"t{k % 6}",
            }
            for model, shift in (("a", 0), ("b", 1))
            for k in range(24)
        ]
    )
    return replace(hs.read(rows.with_columns(**columns)), facts=joined_facts(facts))


def clusters(answer):
    return {entry.estimate.n_clusters for entry in answer.entries}


def codes(answer):
    return [warning.code for warning in answer.warnings]


def cluster_notes(answer):
    return [note for note in answer.notes if note.startswith("Clusters")]


def test_compare_clusters_by_the_column_of_the_logs_own_standard_error():
    found = hs.compare(LOGS, *PAIR)
    assert found.better is None
    assert found.difference == hs.compare(LOGS, *PAIR, cluster="passage_id").difference
    assert "looks_grouped" not in codes(found)
    assert cluster_notes(found) == [
        (
            "Clusters: column `passage_id` (20 clusters), as in the log's own standard error; "
            "`cluster='none'` ignores them."
        )
    ]
    alone = hs.compare(LOGS, *PAIR, cluster="none")
    assert alone.better is not None
    assert alone.difference.n_clusters == alone.difference.n_items == 100


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "asked",
    [
        lambda **how: hs.estimate(LOGS, **how).entries,
        lambda **how: hs.estimate(LOGS, population="same-clusters", **how).entries,
        lambda **how: hs.leaderboard(LOGS, **how).boards,
        lambda **how: hs.noise(LOGS, **how).tasks,
        lambda **how: hs.gate(LOGS, *PAIR, not_worse_than=0.05, **how).checks,
        lambda **how: hs.plan(LOGS, *PAIR, effect=0.03, **how).main,
        lambda cluster=None: (
            hs.Monitor(a=PAIR[0], b=PAIR[1], cluster=cluster, cluster_size=5 if cluster != "none" else None)
            .update(LOGS)
            .interval
        ),
    ],
)
def test_other_commands_cluster_by_the_logs_own_column_too(asked):
    assert digits(asked()) == digits(asked(cluster="passage_id"))
    assert digits(asked()) != digits(asked(cluster="none"))


def digits(answer):
    """Return an answer without the last digits of its numbers, which hang on how a sum lies in memory."""
    return re.sub(r"\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.10g}", repr(answer))


def test_a_saved_baseline_keeps_the_cluster_column_of_its_log(tmp_path):
    saved = tmp_path / "main.howsure"
    hs.save_baseline(LOGS, "main", output=str(saved))
    assert hs.read(saved).facts[0].clusters == {"passage_id"}
    assert clusters(hs.estimate(saved)) == {20}


def test_each_task_is_clustered_by_the_column_of_its_own_logs():
    both = pl.concat([scores().to_frame().with_columns(task=pl.lit(task)) for task in ("chat", "quiz", "sums")])
    both = both.with_columns(half=pl.col("item").cast(pl.Int64) // 12)
    found = replace(hs.read(both), facts=(fact("chat", "half"), fact("quiz", "text"), fact("sums", "")))
    known = {entry.task: entry.estimate.n_clusters for entry in hs.estimate(found).entries}
    assert known == {"chat": 2, "quiz": 6, "sums": 24}
    assert cluster_notes(hs.estimate(found)) == [
        "Clusters of chat: column `half` (2 clusters), as in the log's own standard error; `cluster='none'` ignores them.",
        "Clusters of quiz: column `text` (6 clusters), as in the log's own standard error; `cluster='none'` ignores them.",
    ]
    ruled = hs.estimate(found, tasks={"quiz": {"cluster": "half"}, "chat": {"cluster": "none"}})
    assert {entry.task: entry.estimate.n_clusters for entry in ruled.entries} == {"chat": 24, "quiz": 2, "sums": 24}


def test_clusters_are_ignored_for_population_these_questions():
    found = hs.compare(LOGS, *PAIR, population="these-questions")
    assert not cluster_notes(found)
    assert found.difference == hs.compare(LOGS, *PAIR, population="these-questions", cluster="none").difference


def test_the_cluster_option_takes_precedence_over_the_logs_clusters():
    stated = scores(fact("quiz", "text"), half=pl.int_range(pl.len()) % 2)
    assert clusters(hs.estimate(stated)) == {6}
    assert clusters(hs.estimate(stated, cluster="half")) == {2}
    assert clusters(hs.estimate(stated, cluster="id:^(.)")) == {3}
    assert clusters(hs.estimate(stated, cluster="none")) == {24}


@pytest.mark.parametrize(
    ("facts", "told_so", "advice"),
    [
        (
            [fact("quiz", "text"), fact("quiz", "half")],
            "logs of quiz cluster their standard errors by different columns: half, text, so these clusters aren't used",
            "Choose `cluster='half'` or `cluster='text'`, or `cluster='none'` if questions were drawn one by one.",
        ),
        (
            [fact("quiz", "text"), fact("quiz", "")],
            "only some logs of quiz cluster their standard errors (by text), so these clusters aren't used",
            "Choose `cluster='text'`, or `cluster='none'` if questions were drawn one by one.",
        ),
        (
            [fact("quiz", "theme")],
            "logs of quiz cluster their standard errors by 'theme', which 24 of 24 items lack, so these clusters aren't used",
            "Complete the column, choose another as `cluster`, or `cluster='none'` if questions were drawn one by one.",
        ),
    ],
)
def test_logs_with_conflicting_cluster_columns_give_a_warning_and_no_clusters(facts, told_so, advice):
    found = hs.estimate(scores(*facts, half=pl.int_range(pl.len()) % 2))
    assert clusters(found) == {24}
    assert [(warning.message, warning.remedy) for warning in found.warnings] == [(told_so, advice)]
    assert not hs.estimate(scores(*facts, half=pl.int_range(pl.len()) % 2), cluster="none").warnings


def test_a_recorded_cluster_column_with_missing_or_conflicting_values_is_not_used():
    holes = scores(fact("quiz", "text"), text=pl.when(pl.col("item") == "07").then(None).otherwise("text"))
    found = hs.estimate(holes)
    assert clusters(found) == {24}
    assert codes(found) == ["stated_clusters_unused"]
    assert "1 of 24 items lack" in found.warnings[0].message
    torn = scores(fact("quiz", "text"), text=pl.when(pl.col("item") == "07").then("model").otherwise("text"))
    found = hs.estimate(torn)
    assert clusters(found) == {24}
    assert "differs within 1 item," in found.warnings[0].message


def test_logs_without_a_standard_error_do_not_conflict_with_the_others():
    assert clusters(hs.estimate(scores(fact("quiz", "text"), fact("quiz")))) == {6}


def test_the_recorded_cluster_column_may_come_from_the_items_table(tmp_path):
    side = tmp_path / "items.csv"
    pl.DataFrame({"item": [f"{k:02}" for k in range(24)], "theme": [f"m{k % 4}" for k in range(24)]}).write_csv(side)
    assert clusters(hs.estimate(scores(fact("quiz", "theme")), items=str(side))) == {4}


def test_single_item_clusters_count_as_none_and_one_cluster_as_a_stratum():
    alone = hs.estimate(scores(fact("quiz", "text"), text="item"))
    assert alone.entries == hs.estimate(scores(), cluster="none").entries
    assert cluster_notes(alone)[0].startswith(
        "Clusters: column `text` (each question is its own cluster), as in the log's"
    )
    one = hs.estimate(scores(fact("quiz", "text"), text=pl.lit("t")))
    assert clusters(one) == {1}
    assert all(entry.estimate.method.same_clusters for entry in one.entries), "of others nothing is known"
