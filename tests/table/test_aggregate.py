"""The same rows give the same answers in every kind of frame (Polars, pandas, PyArrow, DuckDB, Ibis, Spark, Dask).

Polars (eager) is the reference; its own numbers are checked against oracles elsewhere.
"""

import json
import re
import shutil
import subprocess
import sys

import polars as pl
import pytest

import howsure as hs
from howsure.table.aggregate import metadata_columns
from howsure.verbs.describe import describe
from table_cases import ROWS, VERBS, booleans, numbers, same
from trials import draws

# The kinds of frame -------------------------------------------------------------------------------------------------


class Kinds:
    """Makes any kind of frame out of a Polars one, and closes what it opened."""

    def __init__(self):
        self._close = []
        self._spark = None

    def make(self, kind, table):
        return getattr(self, kind)(table)

    def polars_eager(self, table):
        return table

    def polars_lazy(self, table):
        return table.lazy()

    def arrow(self, table):
        pytest.importorskip("pyarrow")
        return table.to_arrow()

    def pandas(self, table):
        pd = pytest.importorskip("pandas")
        return pd.DataFrame(table.to_dict(as_series=False))

    def pandas_objects(self, table):
        return self.pandas(table).astype({name: object for name, kind in table.schema.items() if kind == pl.String})

    def pandas_categories(self, table):
        return self.pandas(table).astype({name: "category" for name, kind in table.schema.items() if kind == pl.String})

    def pandas_nullable(self, table):
        return self.pandas(table).convert_dtypes()

    def dask(self, table):
        dataframe = pytest.importorskip("dask.dataframe")
        return dataframe.from_pandas(self.pandas(table), npartitions=3, sort=False)

    def duckdb(self, table):
        duckdb = pytest.importorskip("duckdb")
        connection = duckdb.connect()
        self._close.append(connection.close)
        return connection.from_arrow(self.arrow(table))

    def ibis(self, table):
        connection = pytest.importorskip("ibis").duckdb.connect()
        self._close.append(connection.disconnect)
        connection.con.register("results", self.arrow(table))
        return connection.table("results")

    def spark(self, table):
        pytest.importorskip("pyspark")
        if shutil.which("java") is None:
            pytest.skip("Spark needs Java")
        kinds = {pl.String: "string", pl.Int64: "long", pl.Float64: "double", pl.Boolean: "boolean"}
        schema = ", ".join(f"`{name}` {kinds[type(dtype)]}" for name, dtype in table.schema.items())
        return self._session().createDataFrame(table.rows(), schema)

    def _session(self):
        if self._spark is None:
            from pyspark.sql import SparkSession

            builder = SparkSession.builder.master("local[1]").appName("howsure").config("spark.ui.enabled", "false")
            builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.log.level", "OFF")
            self._spark = builder.config("spark.driver.host", "localhost").getOrCreate()
            self._close.append(self._spark.stop)
        return self._spark

    def close(self):
        for close in reversed(self._close):
            close()


@pytest.fixture(scope="module")
def kinds():
    kinds = Kinds()
    yield kinds
    kinds.close()


KINDS = ["polars_lazy", "arrow", "pandas", "pandas_objects", "pandas_categories", "pandas_nullable"]
KINDS += ["dask", "duckdb", "ibis", *draws([], ["spark"])]
"""Spark, which takes half a minute to start and to ask, in scripts/trials."""
MARKS = {
    "ibis": pytest.mark.filterwarnings(r"ignore:fetch_arrow_table\(\) is deprecated:DeprecationWarning"),
    "spark": pytest.mark.spark,
}


def of(kind, *more):
    return pytest.param(kind, *more, marks=MARKS.get(kind, ()))


EVERY = [of(kind) for kind in KINDS]
ENGINES = [of(kind) for kind in draws(["polars_lazy", "pandas", "dask", "duckdb", "ibis"], KINDS)]
"""One kind of frame for each engine; what a kind of column changes is held in test_engines.py."""


# The contract -------------------------------------------------------------------------------------------------------


SQUARE = [
    of(kind, rows, verb)
    for k, kind in enumerate(KINDS)
    for r, rows in enumerate(ROWS)
    for v, verb in enumerate(VERBS)
    if draws(k + r + v, 0) % 3 == 0
]
"""In CI every kind with every table and every verb, but not each with each."""


@pytest.mark.parametrize(("kind", "rows", "verb"), SQUARE)
def test_every_frame_gives_the_same_answers(kinds, kind, rows, verb):
    case = ROWS[rows]()
    expected = VERBS[verb](case.table, **case.options)
    same(VERBS[verb](kinds.make(kind, case.table), **case.options), expected)


@pytest.mark.parametrize("rows", draws(["booleans"], list(ROWS)))
@pytest.mark.parametrize("kind", EVERY)
def test_where_and_columns_work_on_every_frame(kinds, kind, rows):
    case = ROWS[rows]()
    kept = hs.read(case.table, where=case.where)
    same(hs.estimate(hs.read(kinds.make(kind, case.table), where=case.where)), hs.estimate(kept))
    named = hs.read(case.table, columns=case.columns)
    same(hs.leaderboard(hs.read(kinds.make(kind, case.table), columns=case.columns)), hs.leaderboard(named))


@pytest.mark.parametrize("kind", ENGINES)
def test_items_as_clusters_give_the_unclustered_standard_error(kinds, kind):
    """A key of the grouping itself may be asked for as the cluster."""
    table = numbers().table
    answer = hs.estimate(kinds.make(kind, table), cluster="item")
    same(answer, hs.estimate(table, cluster="item"))
    none = hs.estimate(table, cluster="none")
    assert [entry.estimate.se for entry in answer] == pytest.approx([e.estimate.se for e in none], rel=1e-12)


STATUSES = {
    "ok": ("ok", "OK", " ok ", "completed", "success", "True", "200", "", None),
    "error": ("error", "Error", "timeout", "Timed_out", "failed"),
    "not run": ("not run", "not_run"),
    "unscored": ("unscored", "paused"),
}
"""What words come to: with a score (the first line), and without one."""


@pytest.mark.parametrize("kind", EVERY)
def test_every_known_spelling_of_a_status_is_recognised(kinds, kind):
    scored = [("a", word, 1.0) for word in STATUSES["ok"]] + [("a", "timeout", 0.0), ("a", "failed", 0.0)]
    lost = [
        (f"{name} {known}", word, value)
        for name, words in list(STATUSES.items())[1:]
        for word in words
        for known, value in ((True, 1.0), (False, None))
        if not known or word in ("error", "Error", "not run", "not_run", "unscored")
    ]
    rows = [*scored, *lost]
    table = pl.DataFrame(
        {
            "model": [model for model, _, _ in rows],
            "item": [f"q{k}" for k in range(len(rows))],
            "status": [word for _, word, _ in rows],
            "score": [value for _, _, value in rows],
        }
    )
    tidied = hs.read(kinds.make(kind, table)).to_frame().sort("model", "item")
    assert tidied.filter(model="a")["status"].unique().to_list() == ["ok"]
    assert tidied.filter(model="a")["score"].sum() == len(STATUSES["ok"])
    for name in list(STATUSES)[1:]:
        assert tidied.filter(pl.col("model").str.starts_with(name))["status"].unique().to_list() == [name]
    estimate = hs.estimate(kinds.make(kind, table), model="a")[0].estimate
    assert estimate.value == pytest.approx(len(STATUSES["ok"]) / len(scored))


@pytest.mark.parametrize(
    ("kind", "nothing"),
    [of(*kind.values, nothing) for nothing, kinds in ((float("nan"), ENGINES), ("", ENGINES)) for kind in kinds],
)
def test_items_without_a_cluster_are_clusters_of_their_own(kinds, kind, nothing):
    told = [1.0, 1.0, 2.0, 2.0] if isinstance(nothing, float) else ["x", "x", "y", "y"]
    table = pl.DataFrame(
        {"model": "a", "item": [f"q{k}" for k in range(8)], "score": [0, 1] * 4, "cluster": [*told, *[nothing] * 4]}
    )
    found = hs.estimate(kinds.make(kind, table))
    assert found[0].estimate.n_clusters == 6
    assert "cluster_missing" in [warning.code for warning in found.warnings]
    with pytest.raises(hs.DataError, match="no 'passage' for 4 items"):
        hs.estimate(kinds.make(kind, table.rename({"cluster": "passage"})), cluster="passage")


@pytest.mark.parametrize("kind", ENGINES)
def test_only_names_of_blanks_are_missing(kinds, kind):
    names = ["p", " p", "p ", "!", "~", "é", "中", "\x7f", "0"]
    every = [*names, "", " ", "\t\n"]
    table = pl.DataFrame(
        {"model": "a", "item": [f"q{k}" for k in range(12)], "passage": every, "score": [0.0, 1.0] * 6}
    )
    found = hs.estimate(kinds.make(kind, table.head(len(names))), cluster="passage")
    assert found[0].estimate.n_clusters == len(names)
    with pytest.raises(hs.DataError, match="no 'passage' for 3 items"):
        hs.estimate(kinds.make(kind, table), cluster="passage")


@pytest.mark.parametrize("kind", ENGINES)
def test_duplicated_rows_count_once_with_a_warning(kinds, kind):
    """Rows that are there twice count once, with metadata beside them, and that is told."""
    table = numbers().table
    twice = pl.concat([table, table.head(25)])
    answer = hs.estimate(kinds.make(kind, twice))
    same(answer, hs.estimate(twice))
    assert [warning.code for warning in answer.warnings] == ["copies_dropped"]


REFUSED = {
    "no such cluster": lambda data: hs.estimate(data, cluster="passage"),
    "no such model": lambda data: hs.compare(data, "ant", "bat"),
    "no such column": lambda data: hs.estimate(hs.read(data, columns={"score": "points"})),
    "no score": lambda data: hs.estimate(hs.read(data, columns={"score": "half"})),
    "no row": lambda data: hs.estimate(hs.read(data, where={"half": "none"})),
    "two clusters": lambda data: hs.estimate(hs.read(data, columns={"cluster": "score", "score": "weight"})),
    "cluster is the attempt": lambda data: hs.estimate(data, cluster="attempt"),
}


ROW = re.compile(r" \((row [\d,]+|[\d,]+ rows?)\)")


@pytest.mark.parametrize(("kind", "why"), [of(*kind.values, why) for kind in ENGINES for why in REFUSED])
def test_every_frame_gives_the_same_error_messages(kinds, kind, why):
    """A table that can't be used is refused in the same words; only where rows have an order one is named."""
    table = numbers().table
    with pytest.raises(hs.DataError) as expected:
        REFUSED[why](table)
    with pytest.raises(hs.DataError) as found:
        REFUSED[why](kinds.make(kind, table))
    assert ROW.sub("", str(found.value)) == ROW.sub("", str(expected.value))


@pytest.mark.parametrize("kind", ENGINES)
def test_every_frame_gives_the_same_description_and_tidy_rows(kinds, kind):
    case = booleans()
    frame = kinds.make(kind, case.table)
    assert str(describe(frame)) == str(describe(case.table))
    keys = ["task", "model", "item", "attempt"]
    found, expected = (hs.read(data).to_frame().sort(keys) for data in (frame, case.table))
    assert found.columns == expected.columns
    assert found.select(*keys, "score", "status").rows() == expected.select(*keys, "score", "status").rows()


@pytest.mark.parametrize("kind", ENGINES)
def test_explain_plan_shows_the_queries_and_row_counts_of_every_frame(kinds, kind):
    text = hs.read(kinds.make(kind, numbers().table)).explain_plan()
    groups, items = text.split("\n\nComes back: ")
    assert groups.startswith("Comes back: 273 rows, one per task, model and item of 4 models")
    assert items.startswith("70 rows, one per task and item.")


def test_the_comparison_of_frames_detects_a_change_of_1e_minus_9():
    table = numbers().table
    nudged = table.with_columns(score=pl.col("score") + pl.when(pl.col("item") == "q01").then(1e-9).otherwise(0))
    with pytest.raises(AssertionError):
        same(hs.estimate(nudged), hs.estimate(table))


# What is loaded -----------------------------------------------------------------------------------------------------


def loaded(program, *arguments):
    """Run a program in a Python of its own and return the top names of the modules that it loaded."""
    tail = "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    run = subprocess.run(
        [sys.executable, "-c", program + tail, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_howsure_loads_nothing_heavy():
    modules = loaded("import howsure")
    assert "howsure" in modules
    assert modules.isdisjoint({"numpy", "scipy", "polars", "narwhals", "click", "rich", "pandas", "pyarrow"})


@pytest.mark.unmeasured
def test_polars_and_paths_load_no_other_frame(tmp_path):
    """And a verb that was called stays a verb: a module of the same name would take its place."""
    table = booleans().table
    table.write_csv(tmp_path / "a.csv")
    table.write_parquet(tmp_path / "b.parquet")
    table.write_ndjson(tmp_path / "c.jsonl")
    program = """
import sys
import polars as pl
import howsure as hs
csv, parquet, jsonl = sys.argv[1:]
for data in (csv, parquet, jsonl, pl.read_csv(csv), pl.scan_parquet(parquet)):
    hs.leaderboard(data, cluster="passage_id").render("markdown")
    hs.compare(data, "ant", "bee").to_frame()
    hs.describe(data)
    hs.read(data).to_frame()
"""
    modules = loaded(program, *(str(tmp_path / name) for name in ("a.csv", "b.parquet", "c.jsonl")))
    assert modules >= {"howsure", "polars", "numpy"}
    assert modules.isdisjoint({"pandas", "pyarrow", "duckdb", "ibis", "pyspark", "dask", "matplotlib", "jinja2"})


@pytest.mark.parametrize("native", [pl.DataFrame.lazy, pl.DataFrame.to_pandas, pl.DataFrame.to_arrow])
def test_missing_cells_are_not_values_of_a_metadata_column(native):
    frame = pl.DataFrame({"item": ["a", "b"], "score": [1.0, 0.0], "some": ["x", None], "all": ["x", "y"]})
    assert metadata_columns(hs.read(native(frame))) == {"some": 1, "all": 2}


@pytest.mark.parametrize("name", ["*", "^.*$", "^item$"])
@pytest.mark.parametrize("native", [pl.DataFrame, pl.DataFrame.lazy, pl.DataFrame.to_pandas])
def test_a_column_whose_name_is_a_pattern_is_left_out(native, name):
    frame = pl.DataFrame({"item": ["a", "b"], "model": "m", "score": [1.0, 0.0], name: ["x", "y"]})
    assert describe(native(frame)).columns == {}
    assert hs.estimate(native(frame)).to_frame()["value"].to_list() == [0.5]
