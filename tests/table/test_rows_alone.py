"""Rows in memory that are each a group of their own aren't grouped: the same results as by grouping, in any order."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.table import aggregate
from howsure.table.aggregate import Wanted, coded, group
from howsure.table.grouping import all_differ, once
from howsure.table.scores import Scores

KEYS = ["task", "metric", "model", "item"]


def rows(n: int, models: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    score = pl.Series(rng.random(n * models).round(1))
    return pl.DataFrame(
        {
            "model": [f"m{k % models}" for k in range(n * models)],
            "item": [f"q{k // models}" for k in range(n * models)],
            "score": score.set(score < 0.2, None),
            "status": ["error" if each is None else "ok" for each in score.set(score < 0.2, None)],
        }
    ).sample(fraction=1, shuffle=True, seed=seed)


@given(n=st.integers(1, 30), models=st.integers(1, 4), seed=st.integers(0, 10))
def test_rows_of_their_own_have_the_results_of_groups(n, models, seed):
    table = rows(n, models, seed)
    alone = group(Scores(rows=table), Wanted(), ()).results
    grouped = group(Scores(rows=table.lazy()), Wanted(), ()).results
    first, second = (each.with_columns(pl.col(KEYS).cast(pl.String)).sort(KEYS) for each in (alone, grouped))
    assert first.select(second.columns).equals(second)


def test_a_score_of_minus_zero_is_zero():
    table = rows(20, 1, 1).with_columns(score=pl.col("score").fill_null(1.0) * 0.0 * -1.0, status=pl.lit("ok"))
    assert str(group(Scores(rows=table), Wanted(), ()).results["mean"][0]) == "0.0"


def test_a_repeated_row_is_grouped(monkeypatch):
    table = rows(20, 1, 1)
    again = pl.concat([table, table.head(1)])
    assert aggregate._rows_alone(*_tidy(again)) is None
    assert len(aggregate._rows_alone(*_tidy(table))) == 20


def _tidy(table):
    frame, roles = aggregate.tidy(table, {})
    return frame, frame.collect_schema().names(), roles


@pytest.mark.parametrize("texts", [["b", "a", "c"], ["b", "a", "b"], ["b", None, "a"], ["10", "9"], []])
def test_texts_are_coded_by_their_order(texts):
    labels, codes = coded(pl.Series(texts, dtype=pl.String))
    assert labels.to_list() == sorted({text for text in texts if text is not None})
    assert [None if k < 0 else labels[int(k)] for k in codes] == texts


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=8))
def test_copies_are_left_out(pairs):
    table = pl.DataFrame(pairs, schema={"task": pl.String, "item": pl.String}, orient="row")
    assert all_differ(table) == (len({*pairs}) == len(pairs))
    assert once(table).rows() == [*dict.fromkeys(pairs)]
