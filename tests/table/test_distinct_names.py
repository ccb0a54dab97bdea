"""The distinct names of a column, and their codes, are the same by a table of places as by `unique`."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.table import aggregate, grouping

NAMES = st.lists(st.none() | st.sampled_from(["a", "b", "é", ""]), max_size=6)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_distinct_names_of_categoricals_are_those_of_their_texts(chunks):
    column = pl.concat(
        [pl.Series("name", each, dtype=pl.String).cast(pl.Categorical) for each in chunks], rechunk=False
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "FIRST_LOOK", 0)
        patch.setattr(grouping, "BLOCK_ROWS", 2)
        found = grouping.distinct_names(column).cast(pl.String).to_list()
    assert sorted(found) == sorted({name for each in chunks for name in each if name is not None})


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_codes_of_many_rows_in_blocks_are_the_places_of_their_texts_in_order(chunks):
    column = pl.concat([pl.Series("name", each, dtype=pl.String) for each in chunks], rechunk=False)
    column = column.cast(pl.Categorical)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "FIRST_LOOK", 0)
        patch.setattr(grouping, "BLOCK_ROWS", 2)
        patch.setattr(aggregate, "FEW_ROWS", -1)
        labels, codes = aggregate.coded(column)
    every = [name for each in chunks for name in each]
    assert labels.to_list() == sorted({name for name in every if name is not None})
    assert [None if code < 0 else labels[code] for code in codes.tolist()] == every


@given(st.lists(st.lists(st.none() | st.integers(0, 9), max_size=5), min_size=1, max_size=3))
def test_blocks_are_the_column_in_order(chunks):
    column = pl.concat([pl.Series("n", each, dtype=pl.Int64) for each in chunks], rechunk=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "BLOCK_ROWS", 2)
        blocks = list(grouping.in_blocks(column))
    assert [value for _, part in blocks for value in part] == column.to_list()
    assert [place for rows, _ in blocks for place in range(rows.start, rows.stop)] == list(range(len(column)))
    assert all(len(part) <= 2 for _, part in blocks)
