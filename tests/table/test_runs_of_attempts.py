"""Attempts that are adjacent are grouped by runs, with the results of the query."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from howsure.table.engines import to_polars
from howsure.table.grouping import results_of_runs, results_query

KEYS = ["model", "item"]


def rows(seed, *, attempts=4):
    """Return attempts at 30 items by 5 models, some without a score or a number."""
    rng = np.random.default_rng(seed)
    model, item, attempt = (each.ravel() for each in np.indices((5, 30, attempts)))
    score = pl.Series(rng.choice([0.0, -0.0, 0.3, 1.0], len(item)))
    return pl.DataFrame(
        {
            "model": [f"m{k}" for k in model],
            "item": [f"q{k}" for k in item],
            "attempt": pl.select(pl.when(pl.Series(rng.random(len(item)) > 0.05)).then(pl.Series(attempt))).to_series(),
            "score": pl.select(pl.when(pl.Series((rng.random(len(item)) > 0.2) & (item != 7))).then(score)).to_series(),
        }
    )


def by_query(table):
    roles = {name: (name,) for name in table.columns}
    found = to_polars(results_query(nw.from_native(table.lazy()), table.columns, roles, bits=True))
    return found.with_columns(pl.col(KEYS).cast(pl.Categorical))


@pytest.mark.parametrize("seed", range(5))
def test_results_of_runs_are_those_of_the_query(seed):
    table = rows(seed)
    one, other = results_of_runs(table, KEYS), by_query(table)
    assert one.schema == other.schema
    one, other = (each.with_columns(pl.col(KEYS).cast(pl.String)).sort(KEYS) for each in (one, other))
    assert one.select(KEYS, "rows", "n", "attempts").equals(other.select(KEYS, "rows", "n", "attempts"))
    for name in ("mean", "variance", "low", "high"):
        assert (one[name].is_null() == other[name].is_null()).all()
        assert one[name].drop_nulls().to_list() == pytest.approx(other[name].drop_nulls().to_list(), abs=1e-15)
    assert not (np.signbit(one["mean"].drop_nulls().to_numpy())).any()


def test_rows_that_are_not_adjacent_have_no_runs():
    assert results_of_runs(rows(0).sample(fraction=1.0, shuffle=True, seed=1), KEYS) is None


def test_items_in_two_runs_are_left_to_the_query():
    table = rows(0)
    assert results_of_runs(pl.concat([table, table]), KEYS) is None


def test_no_rows_have_no_runs():
    assert results_of_runs(rows(0).head(0), KEYS) is None
