"""A million rows through a mapping, beside the same rows as a table that needs none: the mapping takes less than twice as long.

python benchmarks/mapping.py
"""

import json
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import howsure

ROWS, ITEMS, RUNS = 1_000_000, 10_000, 3
SAID = {"item": "q", "model": "who", "score": "pred == gold", "status": "not missing(error)", "usd": "cost"}


def frame() -> pl.DataFrame:
    """Draw answers of 100 models to 10,000 questions."""
    rng = np.random.default_rng(0)
    letters = np.array(["A", "B", "C", "D"])
    number = np.arange(ROWS)
    gold, pred = letters[number % ITEMS % 4], letters[rng.integers(0, 4, ROWS)]
    names = {"q": number % ITEMS, "who": [f"m{k}" for k in number // ITEMS], "pred": pred, "gold": gold}
    return pl.DataFrame({**names, "error": pl.Series([None] * ROWS, dtype=pl.String), "cost": rng.random(ROWS)})


def seconds(path: Path, **how: object) -> tuple[float, float]:
    start = time.process_time()
    mean = howsure.read(path, **how).to_frame()["score"].mean()
    return time.process_time() - start, mean


def main() -> None:
    """Print the ratio of both, in turn, in the same run."""
    with TemporaryDirectory() as folder:
        for suffix in ("parquet", "csv", "jsonl"):
            asked, plain = Path(folder, f"asked.{suffix}"), Path(folder, f"plain.{suffix}")
            rows = frame()
            done = rows.select(item="q", model="who", score=(pl.col("pred") == pl.col("gold")).cast(pl.Float64))
            rows = rows.with_columns(pl.lit("x").alias("note"))
            for data, path in ((rows, asked), (done, plain)):
                {"parquet": data.write_parquet, "csv": data.write_csv, "jsonl": data.write_ndjson}[suffix](path)
            taken = [(seconds(asked, map=SAID), seconds(plain)) for _ in range(RUNS)]
            assert all(abs(a[1] - b[1]) < 1e-12 for a, b in taken)
            ours, theirs = (median(each[k][0] for each in taken) for k in (0, 1))
            print(
                json.dumps(
                    {
                        "file": suffix,
                        "mapping": round(ours, 2),
                        "plain": round(theirs, 2),
                        "ratio": round(ours / theirs, 2),
                    }
                )
            )


if __name__ == "__main__":
    main()
