"""The whole command on a made-up giant: 20,000 items × 5 attempts by 10, 100 or 1,000 models, in one Parquet file.

Against what can't be avoided: reading the columns, grouping them in Polars, and the matrix products. And the same board
by way of DuckDB and of Spark, which group the rows themselves.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from leaderboard_command import COMMAND
from measure import Race, Result, Side, report, script, timed

ITEMS, ATTEMPTS, CLUSTERS, DRAWS = 20_000, 5, 1_000, 10_000
MOST_BY_SPARK = 100
"""Spark isn't asked about more models, as each run takes ten minutes (beyond.py does)."""
BASE_MB, CELL_BYTES = 300, 75
"""The target for memory: so much, and so many bytes for each item of each model."""

STAGES = {
    "grouping": ("howsure.study.models", "group"),
    "matrices": ("howsure.study.study", "_matrix"),
    "estimates": ("howsure.inference.leaderboard", "entries"),
    "all pairs": ("howsure.inference.sampled_questions", "pair_moments"),
    "limits of pairs": ("howsure.inference.sampled_questions", "pair_limits"),
    "max-t": ("howsure.statistics.max_t", "max_t"),
    "who could be best": ("howsure.inference.board", "could_be_best"),
}


def races(peers: dict[str, str], folder: Path, sizes: list[int]) -> list[Race]:
    """Make one file a size and return its race; `sizes`: numbers of models."""
    return [_race(peers, folder, models) for models in sizes]


def title(models: int) -> str:
    return f"giant of {models * ITEMS * ATTEMPTS:,} rows, {models:,} models"


def growth(results: dict[int, Result]) -> list[str]:
    """Say by how much time and memory grew from size to size, given howsure's own result of each."""
    sizes = sorted(results)
    return [
        f"Giant, {large // small}× the rows: {results[large].seconds / results[small].seconds:.1f}× the time, "
        f"{results[large].peak_mb / results[small].peak_mb:.1f}× the memory."
        for small, large in zip(sizes, sizes[1:], strict=False)
    ]


def _race(peers: dict[str, str], folder: Path, models: int) -> Race:
    path = folder / f"giant-{models}.parquet"
    _write(path, models)

    def side(name: str, how: str, *, floor: bool = False, python: str = sys.executable) -> Side:
        return Side(name=name, command=script("giant.py", how, str(path), python=python), floor=floor)

    python = peers.get("spark") if models <= MOST_BY_SPARK else None
    spark = [side("howsure on a Spark table", "spark", python=python)] if python else []
    return Race(
        title=title(models),
        ours=Side(name="howsure", command=[COMMAND, "leaderboard", str(path)], inner=False),
        others=[
            side("howsure, by stage", "stages", floor=True),
            side("reading the columns", "read", floor=True),
            side("Polars group-by", "group", floor=True),
            Side(
                name="Polars group-by, the whole process",
                command=script("giant.py", "group", str(path)),
                inner=False,
                floor=True,
            ),
            side("the matrix products", "products", floor=True),
            side("howsure on a DuckDB table", "duckdb"),
            *spark,
        ],
        max_mb=BASE_MB + models * ITEMS * CELL_BYTES / 1e6,
        rounds=3,
    )


def _write(path: Path, models: int) -> None:
    """Write one model after the other, a row group each, so that the giant is never in memory.

    In a process of its own: the measuring one must stay small.
    """
    import subprocess

    subprocess.run(script("giant.py", "write", str(path), str(models)), check=True)


def write(path: str, models: str) -> None:
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    item = np.repeat(np.arange(ITEMS), ATTEMPTS)
    cluster = item // (ITEMS // CLUSTERS)
    ease = (rng.normal(size=CLUSTERS)[np.arange(ITEMS) // (ITEMS // CLUSTERS)] + rng.normal(size=ITEMS))[item]
    same = pl.DataFrame({"item": item, "attempt": np.tile(np.arange(ATTEMPTS), ITEMS), "cluster": cluster}).select(
        pl.format("item-{}", pl.col("item").cast(pl.String).str.zfill(5)).alias("item"),
        "attempt",
        pl.format("passage-{}", pl.col("cluster").cast(pl.String).str.zfill(4)).alias("cluster"),
    )
    writer = None
    for number, skill in enumerate(np.sort(rng.normal(size=int(models)))):
        score = (ease + skill + rng.logistic(size=len(item)) > 0).astype(float)
        rows = same.select(pl.lit(f"model-{number:04}").alias("model"), pl.all(), pl.Series("score", score))
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()


def read(path: str) -> None:
    """Read and decode every column that the board needs, and nothing else."""
    import polars as pl

    texts = pl.col("model", "item", "cluster").str.len_bytes().sum()
    rows = pl.scan_parquet(path).select(texts, pl.col("attempt", "score").sum())
    seconds = _seconds(lambda: rows.collect(engine="streaming"))
    report(seconds, f"{Path(path).stat().st_size / 1e6:,.0f} MB on disk")


def group(path: str) -> None:
    import polars as pl

    means = pl.scan_parquet(path).group_by("model", "item").agg(pl.col("score").mean())
    report(_seconds(lambda: means.collect(engine="streaming")))


def products(path: str) -> None:
    """Multiply what the board has to: cluster sums by themselves, and by the flips of max-t."""
    import numpy as np

    models = int(Path(path).stem.partition("-")[2])
    rng = np.random.default_rng(1)
    sums = rng.normal(size=(CLUSTERS, models))
    singles, flips = sums.astype(np.float32), rng.normal(size=(CLUSTERS, DRAWS)).astype(np.float32)
    seconds = timed(lambda: (sums.T @ sums, singles.T @ flips), repeats=3)
    flops = 2 * CLUSTERS * models * (models + DRAWS)
    report(seconds, f"{flops / 1e9:.1f} GFLOP")


def stages(path: str) -> None:
    """Do as the command does, and say which share of the time each stage takes."""
    from importlib import import_module

    import howsure

    spent = dict.fromkeys(STAGES, 0.0)
    for stage, (module, name) in STAGES.items():
        _count(import_module(module), name, stage, spent)
    seconds = _seconds(lambda: str(howsure.leaderboard(path)))
    shares = [f"{stage} {time / seconds:.0%}" for stage, time in spent.items()]
    report(seconds, ", ".join([*shares, f"rest {1 - sum(spent.values()) / seconds:.0%}"]))


def _count(module, name: str, stage: str, spent: dict[str, float]) -> None:
    """Let a function add the time that it takes to its stage."""
    function = getattr(module, name)

    def counted(*arguments, **options):
        start = time.perf_counter()
        result = function(*arguments, **options)
        spent[stage] += time.perf_counter() - start
        return result

    setattr(module, name, counted)


def duckdb(path: str) -> None:
    import duckdb as engine

    import howsure

    report(_seconds(lambda: str(howsure.leaderboard(engine.read_parquet(path)))))


def spark(path: str) -> None:
    """Start a local Spark, which counts, and let it group; its memory is told apart, it is another process."""
    import howsure

    def board() -> str:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "6g")
        builder = builder.config("spark.driver.maxResultSize", "0").config("spark.ui.enabled", "false")
        session = builder.config("spark.driver.host", "localhost").config("spark.log.level", "OFF").getOrCreate()
        str(howsure.leaderboard(session.read.parquet(path)))
        peak = _peak_mb(session.sparkContext._gateway.proc.pid)
        session.stop()
        return f"Java {peak:,.0f} MB beside it"

    notes: list[str] = []
    seconds = _seconds(lambda: notes.append(board()))
    report(seconds, notes[0])


def _peak_mb(process: int | str) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sides = (write, read, group, products, stages, duckdb, spark)
    {side.__name__: side for side in sides}[sys.argv[1]](*sys.argv[2:])
