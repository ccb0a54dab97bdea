"""The distinct names of a column are the same by a table of places as by `unique`."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.table import grouping

NAMES = st.lists(st.none() | st.sampled_from(["a", "b", "é", ""]), max_size=6)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_distinct_names_of_categoricals_are_those_of_their_texts(chunks):
    column = pl.concat(
        [pl.Series("name", each, dtype=pl.String).cast(pl.Categorical) for each in chunks], rechunk=False
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "FIRST_LOOK", 0)
        found = grouping.distinct_names(column).cast(pl.String).to_list()
    assert sorted(found) == sorted({name for each in chunks for name in each if name is not None})
