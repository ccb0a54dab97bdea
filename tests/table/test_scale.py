"""Grouping piece by piece gives the same results as grouping at once; text and categories are equivalent."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from howsure.study.design import make_design
from howsure.study.gathering import gather
from howsure.table import grouping
from howsure.table.aggregate import Wanted, group
from table_cases import ROWS, VERBS, same, tidy_rows
from trials import draws

pytestmark = pytest.mark.once

SETTINGS = ("PIECE_ROWS", "FIRST_LOOK", "MOSTLY_WHOLE")
WAYS = {"small pieces": (17, 10**9, 0.0), "looked at": (17, 40, 0.0), "given up": (17, 40, 1.1)}


def set_pieces(patch, piece_rows, first_look, mostly_whole):
    for name, value in zip(SETTINGS, (piece_rows, first_look, mostly_whole), strict=True):
        patch.setattr(grouping, name, value)


SQUARE = [
    (verb, rows, way)
    for v, verb in enumerate(VERBS)
    for r, rows in enumerate(ROWS)
    for w, way in enumerate(WAYS)
    if draws(v + r + w, 0) % 3 == 0
]


@pytest.mark.parametrize(("verb", "rows", "way"), SQUARE)
def test_grouping_in_pieces_changes_no_answer(monkeypatch, verb, rows, way):
    case = ROWS[rows]()
    whole = VERBS[verb](case.table, **case.options)
    set_pieces(monkeypatch, *WAYS[way])
    same(VERBS[verb](case.table, **case.options), whole)


ROW = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["q1", "q2", "q3"]),
    st.integers(0, 40),
    st.one_of(st.none(), st.floats(-10, 10), st.just(1e9 + 0.5)),
)


@pytest.mark.unmeasured
@given(rows=st.lists(ROW, min_size=1, max_size=60, unique_by=lambda row: row[:3]), piece=st.integers(1, 20))
def test_partial_sums_and_variances_of_pieces_add_up(rows, piece):
    kinds = {"model": pl.String, "item": pl.String, "attempt": pl.Int64, "score": pl.Float64}
    scores = hs.read(pl.DataFrame(rows, schema=kinds, orient="row"))
    found = []
    for ways in ((piece, 10**9, 0.0), (10**6, 10**9, 0.0), (1, 0, 1.1)):
        with pytest.MonkeyPatch.context() as patch:
            set_pieces(patch, *ways)
            results = group(scores, Wanted(), ()).results.sort("model", "item")
        scored = pl.when(pl.col("n") > 0).then("variance")  # an engine may give nothing a spread of 0 or of null
        found.append(results.with_columns(variance=scored))
    for other in found[1:]:
        assert found[0].schema == other.schema
        for name in other.columns:
            if other.schema[name].is_float():
                np.testing.assert_allclose(
                    found[0][name], other[name], rtol=1e-12, atol=1e-12 if name != "variance" else 1e-6
                )
            else:
                assert found[0][name].to_list() == other[name].to_list(), name


def test_the_variance_of_large_scores_survives_joining_pieces(monkeypatch):
    table = pl.DataFrame(
        {
            "model": "a",
            "item": ["x", "y"] * 6,
            "attempt": [k // 2 for k in range(12)],
            "score": [1e9 + k for k in range(12)],
        }
    )
    set_pieces(monkeypatch, 3, 10**9, 0.0)
    assert group(hs.read(table), Wanted(), ()).results["variance"].to_list() == pytest.approx([35 / 3] * 2, rel=1e-12)


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["ant", "bee", "cat", "dög"])])
def test_categories_are_read_as_text(kind):
    table = tidy_rows()
    coded = table.with_columns(pl.col("model").cast(kind), pl.col("item", "task", "cluster").cast(pl.Categorical))
    for data in (coded, coded.lazy()):
        same(hs.leaderboard(data), hs.leaderboard(table))


NUMBERS = {
    "from 0": lambda k: k,
    "seeds": lambda k: 10**9 + 7 * k,
    "below 0": lambda k: -k,
    "text": lambda k: f"run {k}",
    "floats": lambda k: k / 2,
}


@pytest.mark.parametrize("numbering", NUMBERS)
@pytest.mark.parametrize("piece", draws([40], [5, 40, 1000]))
def test_any_numbering_of_attempts_gives_the_same_answer(monkeypatch, numbering, piece):
    set_pieces(monkeypatch, piece, 10**9, 0.0)
    table = tidy_rows()
    numbered = table.with_columns(attempt=pl.Series([NUMBERS[numbering](k) for k in table["attempt"]]))
    same(hs.leaderboard(numbered), hs.leaderboard(table))
    again = hs.estimate(pl.concat([numbered, numbered]))
    assert [warning.code for warning in again.warnings] == ["copies_dropped"]
    twice = pl.concat([numbered, numbered.with_columns(score=1 - pl.col("score"))])
    with pytest.raises(hs.DataError, match="two different scores for one attempt"):
        hs.estimate(twice)


def test_attempts_without_a_number_count_once_each(monkeypatch):
    set_pieces(monkeypatch, 3, 10**9, 0.0)
    table = pl.DataFrame(
        {"model": "a", "item": list("xxyyzz"), "attempt": [None, 1, 0, 1, 0, None], "score": [1.0, 0] * 3}
    )
    assert hs.estimate(table)[0].n_attempts == 6


def test_the_score_matrix_is_stored_model_by_model():
    (matrix,) = gather(hs.read(tidy_rows().filter(task="maths")), make_design({})).matrices()
    assert matrix.values.flags.f_contiguous
