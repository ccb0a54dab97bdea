"""A leaderboard of 10 million rows, whatever holds them: each kind of table as a ratio to the file, in the same run.

    python benchmarks/engines.py [--models 100] [--only pandas,DuckDB]

Without --only it writes engines.md. Run it with an interpreter that has the packages; those that it lacks are left out, and the table says
so. Each side makes a small board and opens its table first, which doesn't count, and then asks for one leaderboard. Memory is what the process takes meanwhile,
beside what it took before (on Linux, where the kernel lets a process forget its earlier peak).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import giant
from measure import HERE, Race, Side, report, run, script

if TYPE_CHECKING:
    from measure import Result

ABOUT = (
    "Written by `python benchmarks/engines.py`: `leaderboard` of {rows:,} rows ({models} models, 20,000 items, 5 attempts), whatever holds them. "
    "Seconds are medians of runs that take turns; MB are what is taken beside the table while it runs."
)
SLOWEST = 1.5
"""A table in memory may take so many times as long as the file."""


def file(path: str):
    return path


def polars(path: str):
    import polars as pl

    return pl.read_parquet(path)


def pandas(path: str):
    import pandas as pd

    return pd.read_parquet(path)


def objects(path: str):
    return pandas(path).astype(dict.fromkeys(("model", "item", "cluster"), object))


def categories(path: str):
    return pandas(path).astype(dict.fromkeys(("model", "item", "cluster"), "category"))


def arrow(path: str):
    import pyarrow.parquet as pq

    return pq.read_table(path)


def dask(path: str):
    import dask.dataframe as dd

    return dd.read_parquet(path, split_row_groups=10)


def duckdb(path: str):
    import duckdb as engine

    connection = engine.connect()
    connection.execute("CREATE TABLE results AS FROM read_parquet(?)", [path])
    return connection.table("results")


def ibis(path: str):
    import ibis as engine

    return engine.duckdb.connect().read_parquet(path)


def spark(path: str):
    from pyspark.sql import SparkSession

    builder = (
        SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g").config("spark.ui.enabled", "false")
    )
    builder = builder.config("spark.driver.maxResultSize", "0").config("spark.log.level", "OFF")
    return builder.config("spark.driver.host", "localhost").getOrCreate().read.parquet(path)


KINDS = {
    "Parquet file": (file, "polars"),
    "Polars": (polars, "polars"),
    "pandas": (pandas, "pandas"),
    "pandas, texts as objects": (objects, "pandas"),
    "pandas, categories": (categories, "pandas"),
    "PyArrow": (arrow, "pyarrow"),
    "Dask, 10 partitions of a file": (dask, "dask"),
    "DuckDB table": (duckdb, "duckdb"),
    "Ibis, a file in DuckDB": (ibis, "ibis"),
    "Spark, local, already started": (spark, "pyspark"),
}
IN_MEMORY = (
    "Polars",
    "pandas",
    "pandas, texts as objects",
    "pandas, categories",
    "PyArrow",
    "Dask, 10 partitions of a file",
)


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORDS", default="", help="these kinds only, parted by commas")
    parser.add_argument("--models", type=int, default=100, help="100,000 rows each (default 100)")
    options = parser.parse_args()
    chosen = [name for name in KINDS if any(word in name for word in options.only.split(","))]
    there = [name for name in chosen if find_spec(KINDS[name][1]) and (name[:5] != "Spark" or shutil.which("java"))]
    with tempfile.TemporaryDirectory(prefix="howsure-engines-") as folder:
        path = Path(folder) / f"giant-{options.models}.parquet"
        giant._write(path, options.models)
        ours, *others = [
            Side(name=name, command=script("engines.py", name, str(path)))
            for name in {"Parquet file": 0} | dict.fromkeys(there)
        ]
        results = run(Race(title="engines", ours=ours, others=others, rounds=3))
    about = ABOUT.format(rows=options.models * giant.ITEMS * giant.ATTEMPTS, models=options.models)
    left = [name for name in chosen if name not in there]
    text = (
        "\n\n".join(["# Engines", about, _table(results), *([f"Left out: {', '.join(left)}."] if left else [])]) + "\n"
    )
    print(text)
    if not options.only:
        (HERE / "engines.md").write_text(text, encoding="utf-8")


def _table(results: list[Result]) -> str:
    lines = [
        "| rows are in | seconds | times the file | MB before → MB more | met |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for result in results:
        ratio = result.seconds / results[0].seconds
        met = ("yes" if ratio <= SLOWEST else "NO") if result.name in IN_MEMORY else ""
        lines.append(f"| {result.name} | {result.seconds:.2f} | {ratio:.2f} | {result.note} | {met} |")
    return "\n".join(lines)


def side(name: str, path: str) -> None:
    """Open one kind of table, ask for a leaderboard, and say how long it took and what memory."""
    import howsure

    _warm(howsure.leaderboard)
    data = KINDS[name][0](path)
    before = _forgotten_peak()
    start = time.perf_counter()
    str(howsure.leaderboard(data))
    seconds = time.perf_counter() - start
    report(seconds, f"{before:,.0f} → {giant._peak_mb('self') - before:,.0f}")


def _warm(leaderboard) -> None:
    """Ask for a small board, so that what is imported doesn't count."""
    import polars as pl

    str(
        leaderboard(
            pl.DataFrame({"model": ["a", "b"] * 9, "item": [k // 2 for k in range(18)], "score": [0, 1, 1] * 6})
        )
    )


def _forgotten_peak() -> float:
    """Let the kernel forget the process's peak so far, and return what it takes now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return giant._peak_mb("self")


if __name__ == "__main__":
    side(*sys.argv[1:]) if sys.argv[1:2] and sys.argv[1] in KINDS else main()
