"""Clusters suggested by a column or by ids: compare gives both verdicts if they differ, and gate is unclear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import howsure as hs
from paragraphs import paragraph

LOGS = Path(__file__).parents[2] / "examples" / "logs"
A, B = "openai-api/local/smollm2-135m-t0.3", "openai-api/local/smollm2-135m-2shot"


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """The example logs as a table, which states no clusters."""
    return hs.read(LOGS).to_frame().drop("cluster")


def codes(answer: Any) -> list[str]:
    return [warning.code for warning in answer.warnings]


def test_the_verdict_adds_the_clustered_result_if_it_differs(rows: pl.DataFrame) -> None:
    found, clustered = hs.compare(rows, A, B), hs.compare(rows, A, B, cluster="passage_id")
    assert found.better == A
    assert found.if_clustered.estimate == clustered.difference
    assert found.if_clustered.p_value == clustered.p_adjusted
    assert "With questions clustered by passage_id, it is not significant (p = 0.103)." in paragraph(found)
    assert "`cluster='passage_id'`" in next(each.remedy for each in found.warnings if each.code == "looks_grouped")
    assert hs.compare(rows, A, B, cluster="none").if_clustered is None
    assert clustered.if_clustered is None
    assert hs.compare(LOGS, A, B).if_clustered is None


def test_the_verdict_omits_the_clustered_result_if_it_agrees(rows: pl.DataFrame) -> None:
    found = hs.compare(rows, A, "openai-api/local/smollm2-135m-t1.0")
    assert found.if_clustered is None
    assert "looks_grouped" in codes(found)
    assert "clustered" not in found.sentence


def test_clusters_are_suggested_by_id_pattern_only_without_a_suitable_column(rows: pl.DataFrame) -> None:
    found = hs.compare(rows.drop("passage_id"), A, B)
    assert "With questions clustered by the groups of their ids, it is not significant (p = 0.103)." in paragraph(found)
    assert "`cluster=r'id:" in next(each.remedy for each in found.warnings if each.code == "looks_grouped")


def test_the_clustered_result_can_be_significant_when_the_unclustered_is_not() -> None:
    table = pl.DataFrame(
        [
            {
                "model": model,
                "item": f"{k:03}",
                "context": f"c{k // 2}",
                "score": float(k % 2 == side or (side and k < 14)),
            }
            for side, model in ((0, "a"), (1, "b"))
            for k in range(120)
        ]
    )
    found = hs.compare(table, "b", "a")
    assert not found.decided
    assert "With questions clustered by context, it is significant (p " in paragraph(found)


def test_verdicts_on_a_margin_are_compared_with_their_clustered_result(rows: pl.DataFrame) -> None:
    shown = [
        (margin, hs.compare(rows, B, A, margin=margin), hs.compare(rows, B, A, margin=margin, cluster="passage_id"))
        for margin in (0.14, 0.15, 0.16, 0.17)
    ]
    assert any(found.if_clustered for _, found, _ in shown)
    for _, found, clustered in shown:
        assert (found.if_clustered is None) == (found.shows == clustered.shows)
        if found.if_clustered:
            assert found.if_clustered.equivalence == clustered.equivalence
            assert "With questions clustered by passage_id, " in paragraph(found)


def test_clustered_results_of_several_tasks_are_corrected_in_the_same_way(rows: pl.DataFrame) -> None:
    both = pl.concat([rows, rows.with_columns(task=pl.lit("again"))])
    found, clustered = hs.compare(both, A, B), hs.compare(both, A, B, cluster="passage_id")
    for pair, other in zip(found.every, clustered.every, strict=True):
        assert (pair.if_clustered is None) == (pair.decided == other.decided)
        if pair.if_clustered:
            assert pair.if_clustered.p_value == other.p_adjusted


def test_a_suggested_cluster_column_with_missing_values_gives_no_second_verdict(rows: pl.DataFrame) -> None:
    torn = rows.with_columns(passage_id=pl.when(pl.col("passage_id") == "weather").then(None).otherwise("passage_id"))
    found = hs.compare(torn, A, B)
    assert found.if_clustered is None
    assert "looks_grouped" in codes(found)


def test_gate_is_unclear_if_suggested_clusters_would_change_the_verdict(rows: pl.DataFrame) -> None:
    found = hs.gate(rows, A, B, better=True, at_least=0.2)
    assert [check.verdict for check in found.checks] == ["unclear", "pass"]
    assert found.checks[0].proposed_clusters == "passage_id"
    assert found.verdict == "unclear"
    assert found.unclear_because == "clusters"
    assert "clusters by passage_id would change the verdict" in found.checks[0].sentence
    (warning,) = [each for each in found.checks[0].warnings if each.code == "clusters_would_change_verdict"]
    assert warning.remedy == "Choose one: `cluster='passage_id'` or `cluster='none'`."
    assert hs.gate(rows, A, B, better=True, cluster="none").verdict == "pass"
    assert hs.gate(rows, A, B, better=True, cluster="passage_id").unclear_because == "evidence"


def test_leaderboards_mention_suggested_clusters_only_as_a_warning(rows: pl.DataFrame) -> None:
    found = hs.leaderboard(rows)
    assert "looks_grouped" in codes(found)
    assert "clustered by" not in found.render("terminal").partition("\n\n")[0]
