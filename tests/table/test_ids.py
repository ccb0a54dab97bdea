"""Ids and names become text without losing digits; missing and empty values become null."""

import polars as pl
import pytest

from howsure.table.cells import plain_text, texts_of


@pytest.mark.parametrize(
    ("values", "item", "expected"),
    [
        ([1.0, 2.5, None, float("nan")], True, ["1", "2.5", None, None]),
        ([1.0, 2.5, None, float("nan")], False, ["1.0", "2.5", None, None]),
        (["1.0", "007", "", " ", None], True, ["1.0", "007", None, None, None]),
        ([2**53 + 1, 7], True, ["9007199254740993", "7"]),
        ([True, False], True, ["true", "false"]),
    ],
)
def test_ids_of_every_type_become_their_text(values, item, expected):
    assert texts_of(pl.Series("^id$", values), item=item).to_list() == expected


def test_categories_become_text_and_empty_ones_null():
    assert texts_of(pl.Series(["a", "", "a"], dtype=pl.Categorical)).to_list() == ["a", None, "a"]


def test_integers_beyond_float_precision_keep_their_digits():
    assert plain_text(10**30 + 1) == str(10**30 + 1)
    assert plain_text(2.0**60) == str(2.0**60)
