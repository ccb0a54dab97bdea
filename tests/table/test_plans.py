"""`explain_plan` shows the queries an engine would run and the rows it returns; queries whose result doesn't fit into memory are refused."""

import polars as pl
import pytest

import howsure as hs
from howsure.errors import OptionError
from howsure.table import aggregate
from table_cases import numbers

duckdb = pytest.importorskip("duckdb")

TABLE = numbers().table
GROUPS = TABLE.select("task", "model", "item").n_unique()
ITEMS = TABLE.select("task", "item").n_unique()


def relation():
    return duckdb.connect().from_arrow(TABLE.to_arrow())


def queries(data, *columns):
    """Return the query for results, and the one for items, as they are explained."""
    text = hs.read(data).explain_plan(*columns)
    first, second = text.split("\n\nComes back: ")
    assert first.startswith(
        f"Comes back: {GROUPS} rows, one per task, model and item of 4 models (about 0 MB of memory)."
    )
    assert second.startswith(f"{ITEMS} rows, one per task and item.")
    return first, second


def test_the_plan_of_a_duckdb_relation_is_its_sql():
    results, items = queries(relation(), "half")
    assert 'GROUP BY "task", "model", "item"' in results
    assert 'var_pop("score_") AS "variance"' in results
    assert 'max("half_") AS "half_max"' in items


def test_the_shown_sql_returns_the_stated_number_of_rows():
    connection = duckdb.connect()
    connection.register("answers", TABLE.to_arrow())
    results, items = queries(connection.table("answers"))
    assert [len(connection.sql(text.partition("\n\n")[2]).pl()) for text in (results, items)] == [GROUPS, ITEMS]


@pytest.mark.filterwarnings(r"ignore:fetch_arrow_table\(\) is deprecated:DeprecationWarning")
def test_the_plan_of_an_ibis_table_is_its_sql():
    connection = pytest.importorskip("ibis").duckdb.connect()
    connection.con.register("answers", TABLE.to_arrow())
    results, items = queries(connection.table("answers"))
    assert "GROUP BY" in results
    assert "SELECT" in items


def test_the_plan_of_polars_and_arrow_tables_is_that_of_polars():
    assert "AGGREGATE" in queries(TABLE.lazy())[0]
    assert "AGGREGATE" in queries(TABLE.to_arrow())[0]


def test_a_plan_for_an_unknown_column_is_an_error():
    with pytest.raises(hs.DataError, match=r"no column 'haf'.*Did you mean 'half'"):
        hs.read(relation()).explain_plan("haf")


def test_the_plan_states_if_the_result_would_not_fit_into_memory(monkeypatch):
    monkeypatch.setattr(aggregate, "free_bytes", lambda: GROUPS * aggregate.RESULT_BYTES - 1.0)
    told = "Only 0 MB are free. With clusters, estimate, compare and leaderboard read the same rows in blocks of whole clusters"
    assert told in hs.read(relation()).explain_plan()
    assert "are free" not in hs.read(TABLE.lazy()).explain_plan()


def test_a_result_that_does_not_fit_into_memory_is_refused_before_the_query(monkeypatch):
    monkeypatch.setattr(aggregate, "free_bytes", lambda: GROUPS * aggregate.RESULT_BYTES - 1.0)
    with pytest.raises(hs.DataError) as refused:
        hs.estimate(relation(), cluster="none")
    assert str(refused.value) == (
        f"{GROUPS} rows would come back, one per task, model and item of 4 models, and take about 0 MB of memory, but "
        "0 MB are free. Use fewer tasks or models at a time (`task`, `model`), or pass a query that keeps a sample of the items."
    )
    assert len(hs.estimate(relation(), model="ant").entries)


def test_a_result_that_fits_into_memory_is_returned(monkeypatch):
    """There are more rows than fit, and fewer groups."""
    monkeypatch.setattr(aggregate, "free_bytes", lambda: float(GROUPS * aggregate.RESULT_BYTES))
    assert len(TABLE) > GROUPS
    assert str(hs.estimate(relation())) == str(hs.estimate(TABLE))


def test_polars_frames_are_never_refused_for_memory(monkeypatch):
    monkeypatch.setattr(aggregate, "free_bytes", lambda: 0.0)
    assert str(hs.estimate(TABLE.lazy())) == str(hs.estimate(TABLE))
    by_seed = TABLE.with_columns(attempt=pl.format("seed {}", "attempt"))
    assert str(hs.estimate(by_seed)) == str(hs.estimate(TABLE))


@pytest.mark.parametrize(("text", "size"), [("2GB", 2e9), ("1.5 gb", 1.5e9), ("500MB", 5e8), ("900000GB", None)])
def test_free_memory_is_at_most_what_the_user_states(monkeypatch, text, size):
    free = aggregate.free_bytes()
    monkeypatch.setenv("HOWSURE_MEMORY", text)
    assert aggregate.free_bytes() == (size if size and size < free else pytest.approx(free, rel=0.2))


@pytest.mark.parametrize("text", ["much", "2", "-1GB", "2 TB", "1e9"])
def test_a_limit_of_memory_that_is_no_size_is_refused(monkeypatch, text):
    monkeypatch.setenv("HOWSURE_MEMORY", text)
    with pytest.raises(OptionError, match=r"HOWSURE_MEMORY=.* isn't a size\. Write 2GB or 500MB\."):
        aggregate.free_bytes()


def test_free_memory_is_the_smallest_of_the_known_limits(tmp_path, monkeypatch):
    info, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    monkeypatch.setattr(aggregate, "MEMORY_INFO", info)
    monkeypatch.setattr(aggregate, "MEMORY_LIMIT", limit)
    everything = aggregate.free_bytes()
    assert everything > 1e8
    info.write_text("MemTotal:  9 kB\nMemAvailable:  3 kB\n")
    assert aggregate.free_bytes() == 3072
    limit.write_text("max\n")
    assert aggregate.free_bytes() == 3072
    limit.write_text("2000\n")
    assert aggregate.free_bytes() == 2000
