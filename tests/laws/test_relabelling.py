"""Renaming models, questions and clusters and reordering rows change no rank, group letter, interval or verdict of real results.

Random signs and resamples are drawn in an order that depends on the values in the rows, not on their names. The files are not part of
the project: without them these tests are skipped.
"""

from __future__ import annotations

from dataclasses import astuple
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

import howsure as hs
from reader_cases import SHARED
from trials import draws

if TYPE_CHECKING:
    from collections.abc import Callable

TIDY = SHARED / "tidy"
MOST_MODELS, COMPARED = 40, 4

pytestmark = [
    pytest.mark.once,
    pytest.mark.unmeasured,
    pytest.mark.skipif(not TIDY.is_dir(), reason="the shared data is not here"),
]


def _mean(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Make one row an item, so that nothing but names tells rows apart."""
    return rows.group_by(*by, "model", "item").agg(pl.col("score").mean())


def _named(*columns: str) -> pl.Expr:
    return pl.concat_str(*columns, separator=" ").alias("task")


FILES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "alpaca_eval": lambda rows: rows,
    "arc_agi": lambda rows: rows,
    "code_arena_items": lambda rows: rows.filter(pl.col("benchmark").str.starts_with("CRUXEval")),
    "cruxeval_samples": lambda rows: _mean(rows.filter(pl.col("temperature") == rows["temperature"][0]), "benchmark"),
    "helm_safety": lambda rows: rows.with_columns(_named("suite", "benchmark")).unique(
        ["task", "metric", "model", "item"]
    ),
    "inspect_logs": lambda rows: _mean(rows.with_columns(_named("benchmark", "scorer")), "task"),
    "livecodebench": lambda rows: rows.select("model", "item", "score", _named("benchmark", "release")),
    "llmbar": lambda rows: _mean(rows.rename({"judge": "model"}), "subset"),
    "lm_eval_samples": lambda rows: _mean(rows.with_columns(_named("benchmark", "metric", "filter")), "task"),
    "summarization_human": lambda rows: rows.rename({"aspect": "metric"}),
    "swebench_repeat_runs": lambda rows: rows,
    "swebench_verified": lambda rows: rows,
    "tau_bench": lambda rows: rows,
    "zeroeval": lambda rows: rows,
}


def _new(kind: str, name: object) -> str:
    return kind + blake2b(str(name).encode(), digest_size=6).hexdigest()


def _relabelled(rows: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """Give every value of these columns another name, of this kind, and the rows another order."""
    names = {
        column: pl.col(column)
        .cast(pl.String)
        .replace_strict({str(old): _new(kind, old) for old in rows[column].unique()})
        for column, kind in columns.items()
        if column in rows.columns
    }
    return rows.with_columns(**names).sample(fraction=1, shuffle=True, seed=1)


def _figures(estimate: Any) -> list[float]:
    return [float(estimate.value), float(estimate.interval.low), float(estimate.interval.high)]


def _agree(boards: list[Any], others: list[Any]) -> None:
    """Assert that boards say the same of each model, the second ones by its new name: rank, letters, and the interval to nine digits."""
    first, second = (
        {
            (board.task, board.metric, rename(entry.model)): (astuple(rank), _figures(entry.estimate))
            for board in each
            for rank, entry in zip(board.ranks, board.entries, strict=True)
        }
        for each, rename in ((boards, lambda model: _new("m", model)), (others, str))
    )
    assert {key: rank for key, (rank, _) in first.items()} == {key: rank for key, (rank, _) in second.items()}
    for key, (_, figures) in first.items():
        np.testing.assert_allclose(figures, second[key][1], atol=1e-9, err_msg=str(key))


SOME = ["cruxeval_samples", "swebench_repeat_runs", "tau_bench", "zeroeval"]
"""Attempts, runs, clusters, and one that is neither."""


@pytest.mark.parametrize("name", draws(SOME, list(FILES)))
def test_names_and_row_order_change_no_leaderboard_and_no_comparison(name: str) -> None:
    rows = FILES[name](pl.read_parquet(TIDY / f"{name}.parquet"))
    rows = rows.filter(pl.col("model").is_in(rows["model"].unique().sort()[:MOST_MODELS].to_list()))
    others = _relabelled(rows, {"model": "m", "item": "i", "cluster": "c"})
    boards = hs.leaderboard(rows).boards
    _agree(boards, hs.leaderboard(others).boards)
    rows, others = (
        each.filter(pl.col("metric") == boards[0].metric) if "metric" in each.columns else each
        for each in (rows, others)
    )
    for one, other in pairwise([entry.model for entry in boards[0].entries[:COMPARED]]):
        gap, again = _gap(rows, one, other), _gap(others, _new("m", one), _new("m", other))
        assert gap[0] == again[0]
        np.testing.assert_allclose(gap[1], again[1], atol=1e-9, err_msg=f"{one} {other}")


def _gap(rows: pl.DataFrame, a: str, b: str) -> tuple[list[Any], list[float]]:
    """Return what the comparisons of two models say: which is better, and whether surely; and the figures."""
    answer = hs.compare(rows, a=a, b=b)
    gaps = getattr(answer, "comparisons", [answer])
    said = [(gap.task, gap.metric, gap.better and gap.better == a, gap.decided) for gap in gaps]
    return said, [figure for gap in gaps for figure in (gap.p_value, *_figures(gap.difference))]


def test_names_and_row_order_change_no_arena_ranking() -> None:
    votes = pl.read_parquet(TIDY / "llmfao_votes.parquet").drop("model_x", "model_y")
    others = _relabelled(votes, {"model_a": "m", "model_b": "m", "item": "i", "rater": "r", "id": "v"})
    first, second = ([each.board for each in hs.arena(rows).boards] for rows in (votes, others))
    _agree(first, second)
