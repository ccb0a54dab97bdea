"""Attempts that are adjacent are grouped by runs, with the results of the query."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import howsure as hs
from howsure.table import aggregate, grouping
from howsure.table.engines import to_polars
from howsure.table.grouping import changes, results_of_runs, results_query

KEYS = ["model", "item"]


def by_runs(table):
    starts, names = changes(table.select(KEYS))
    return results_of_runs(table, starts, names.with_columns(pl.col(KEYS).cast(pl.Categorical)))


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
    one, other = by_runs(table), by_query(table)
    assert one.schema == other.schema
    one, other = (each.with_columns(pl.col(KEYS).cast(pl.String)).sort(KEYS) for each in (one, other))
    assert one.select(KEYS, "rows", "n", "attempts").equals(other.select(KEYS, "rows", "n", "attempts"))
    for name in ("mean", "variance", "low", "high"):
        assert (one[name].is_null() == other[name].is_null()).all()
        assert one[name].drop_nulls().to_list() == pytest.approx(other[name].drop_nulls().to_list(), abs=1e-15)
    assert not (np.signbit(one["mean"].drop_nulls().to_numpy())).any()


@pytest.mark.parametrize("values", [(0.0, 1.0), (0.0, 50.0, 100.0), (-2.0, 3.5), (0.1, 0.7), (1e60, 0.0)])
def test_limits_that_single_precision_holds_are_kept_in_it_without_a_change(values, tmp_path):
    table = rows(2).with_columns(score=pl.Series(np.random.default_rng(3).choice(values, 600)))
    found = by_runs(table)
    exact = 0.1 not in values and 1e60 not in values
    assert found.schema["low"] == found.schema["high"] == (pl.Float32 if exact else pl.Float64)
    other = by_query(table).with_columns(pl.col(KEYS).cast(pl.String)).sort(KEYS)
    found = found.with_columns(pl.col(KEYS).cast(pl.String)).sort(KEYS)
    assert all(found[name].cast(pl.Float64).equals(other[name]) for name in ("low", "high"))
    path = tmp_path / "task.parquet"
    table.with_columns(attempt=pl.int_range(pl.len()).over(KEYS)).write_parquet(path)
    lazy, held = hs.estimate(path), hs.estimate(pl.read_parquet(path))
    assert lazy.to_frame().equals(held.to_frame())
    assert lazy.sentence == held.sentence
    assert lazy.notes == held.notes


def test_pieces_of_which_some_have_limits_in_single_precision_are_joined(tmp_path, monkeypatch):
    table = rows(5).with_columns(attempt=pl.int_range(pl.len()).over(KEYS))
    table = table.with_columns(score=pl.when(pl.col("model") < "m2").then(pl.col("score").round()).otherwise("score"))
    path = tmp_path / "task.parquet"
    table.write_parquet(path)
    kinds = []
    monkeypatch.setattr(grouping, "PIECE_ROWS", 37)  # so that items are in two pieces
    monkeypatch.setattr(aggregate, "results_of_runs", lambda *given: kinds.append(results_of_runs(*given)) or kinds[-1])
    one, other = hs.estimate(path).to_frame(), hs.estimate(table).to_frame()
    assert_frame_equal(one.drop("task"), other.drop("task"), abs_tol=1e-12)
    assert {found.schema["low"] for found in kinds} == {pl.Float32, pl.Float64}


@pytest.mark.parametrize("number", [0, 3])
def test_rows_that_are_one_attempt_each_are_runs_of_one(number, tmp_path):
    table = rows(4, attempts=1).with_columns(attempt=pl.lit(number))
    table = pl.concat([table, table.head(7).with_columns(pl.col("score") * 0.5)])  # seven of them once more
    assert len(by_runs(table.head(150))) == 150
    assert by_runs(table) is None
    twice = tmp_path / "table.parquet"
    table.write_parquet(twice)
    with pytest.raises(hs.DataError, match="7"):
        hs.estimate(twice)
    once = tmp_path / "task.parquet"
    table.head(150).write_parquet(once)
    one, other = (hs.estimate(each).to_frame() for each in (once, table.head(150)))
    assert_frame_equal(one.drop("task"), other.drop("task"))


def test_rows_without_attempts_are_runs_of_one_too(tmp_path):
    table = rows(4, attempts=1).drop("attempt")
    path = tmp_path / "task.parquet"
    table.write_parquet(path)
    found = by_runs(table)
    assert found["rows"].to_list() == [1] * 150
    assert "attempts" not in found.columns
    one, other = (hs.estimate(each).to_frame() for each in (path, table))
    assert_frame_equal(one.drop("task"), other.drop("task"))


def test_rows_that_are_not_adjacent_have_no_runs():
    assert by_runs(rows(0).sample(fraction=1.0, shuffle=True, seed=1)) is None


def test_items_in_two_runs_have_two_results_that_are_joined_later(tmp_path):
    table = rows(0)
    later = table.with_columns(attempt=pl.col("attempt") + 4)
    found = by_runs(pl.concat([table, later]))
    assert len(found) == 2 * table.select(KEYS).n_unique()
    whole = pl.concat([table, later]).with_columns(pl.col("attempt").fill_null(0))  # one number may be there twice
    path = tmp_path / "table.parquet"
    whole.unique([*KEYS, "attempt"], maintain_order=True).write_parquet(path)
    shuffled = pl.read_parquet(path).sample(fraction=1.0, shuffle=True)
    one, other = (hs.estimate(each).to_frame().drop("task") for each in (path, shuffled))
    assert_frame_equal(one, other, abs_tol=1e-12)


def test_numbers_outside_the_bits_are_not_counted():
    numbers = [0, 31, 32, -1, None, 2**40, 2**32 + 1]
    table = pl.DataFrame({"model": ["m"] * 7, "item": ["q"] * 7, "attempt": numbers, "score": [1.0] * 7})
    assert by_runs(table)["attempts"].to_list() == [2.0**0 + 2.0**31]


def test_no_rows_have_no_runs():
    assert by_runs(rows(0).head(0)) is None


def test_blank_names_and_changed_attributes_are_those_of_the_whole_table(tmp_path):
    """A large table is read in pieces, in which attributes of items that were seen before are left out."""
    table = rows(1, attempts=3).with_columns(cluster=pl.concat_str(pl.lit("c"), pl.col("item").str.slice(1, 1)))
    odd = pl.when(pl.int_range(pl.len()) % 97 == 0)
    table = table.with_columns(
        model=odd.then(pl.lit("  ")).otherwise("model"),
        score=odd.then(None).otherwise("score"),
        item=odd.then(pl.lit("\u2003")).otherwise("item"),
        cluster=pl.when(pl.col("model") == "m3").then(pl.lit(" \t")).otherwise("cluster"),
    )
    path = tmp_path / "table.parquet"
    table.write_parquet(path)
    lazy, held = hs.read(path), hs.read(table)
    assert lazy.rows.collect().height == table.height
    one, other = hs.estimate(lazy), hs.estimate(held)
    assert one.warnings == other.warnings
    assert_frame_equal(one.to_frame().drop("task"), other.to_frame().drop("task"), abs_tol=1e-12)
