"""The whole command `howsure leaderboard` on a CSV of 100 rows, against a Polars script that only reads and groups it.

Almost all of both is what it costs to start.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from measure import Race, Side, script

MODELS, ITEMS = "abcd", 25
COMMAND = str(Path(sys.executable).with_name("howsure"))


def races(peers: dict[str, str], folder: Path) -> list[Race]:
    path = folder / "small.csv"
    path.write_text(_rows(), encoding="utf-8")
    return [
        Race(
            title="howsure leaderboard small.csv, 100 rows",
            ours=Side(name="howsure", command=[COMMAND, "leaderboard", str(path)], inner=False),
            others=[Side(name="Polars group-by", command=script("small.py", str(path)), inner=False, floor=True)],
            at_most=2.8,
            rounds=21,
        )
    ]


def _rows() -> str:
    rng = random.Random(1)
    rows = [f"{model},q{item},{int(rng.random() < 0.6)}" for model in MODELS for item in range(ITEMS)]
    return "\n".join(["model,item,score", *rows, ""])


if __name__ == "__main__":
    import polars as pl

    per_item = pl.read_csv(sys.argv[1]).group_by("model", "item").agg(pl.col("score").mean())
    print(per_item.group_by("model").agg(pl.col("score").mean()))
