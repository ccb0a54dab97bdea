"""The whole command `howsure leaderboard` on real results, against a Polars script that only reads and groups them.

The script does the least that any tool must: read the same columns (a declared cluster is one of them), average the
attempts of each item and keep its cluster.
"""

from __future__ import annotations

import sys
from pathlib import Path

from measure import HERE, Race, Side, script

TABLES = HERE.parents[1] / "shared" / "data" / "tidy"
COMMAND = str(Path(sys.executable).with_name("howsure"))


def races(peers: dict[str, str]) -> list[Race]:
    swebench = _race("swebench_verified.parquet, 79,000 rows", "swebench_verified.parquet", ["benchmark", "model"], [])
    zeroeval = _race("zeroeval.parquet, 333,562 rows", "zeroeval.parquet", ["benchmark", "model"], [])
    joined = ["-c", "model=model+temperature"]
    keys = ["benchmark", "model", "temperature"]
    cruxeval = _race("cruxeval_samples.parquet, 988,534 rows", "cruxeval_samples.parquet", keys, joined)
    return [race for race in (swebench, zeroeval, cruxeval) if race is not None]


def _race(title: str, file: str, keys: list[str], options: list[str]) -> Race | None:
    path = TABLES / file
    if not path.exists():
        return None
    return Race(
        title=f"howsure leaderboard {title}",
        ours=Side(name="howsure", command=[COMMAND, "leaderboard", str(path), *options], inner=False),
        others=[
            Side(
                name="Polars group-by",
                command=script("leaderboard_command.py", str(path), *keys),
                inner=False,
                floor=True,
            )
        ],
        at_most=4.5,
        rounds=9,
    )


if __name__ == "__main__":
    import polars as pl

    path, *keys = sys.argv[1:]
    rows = pl.scan_parquet(path)
    cluster = [pl.col("cluster").first()] if "cluster" in rows.collect_schema() else []
    per_item = rows.group_by(*keys, "item").agg(pl.col("score").mean(), *cluster).collect()
    print(per_item)
