"""Make nightly.parquet: thirty made nights of one system on 200 questions, whose chance at each falls on the nineteenth night.

python examples/make_nightly.py
"""

from pathlib import Path

import numpy as np
import polars as pl

NIGHTS, QUESTIONS, CHANGE, FALL = 30, 200, 18, 0.09


def main() -> None:
    """Draw every night's answers."""
    rng = np.random.default_rng(19)
    chance = np.repeat(rng.beta(2, 1, QUESTIONS)[:, None], NIGHTS, axis=1)
    chance[:, CHANGE:] = np.maximum(chance[:, CHANGE:] - FALL, 0)
    right = rng.random((QUESTIONS, NIGHTS)) < chance
    rows = pl.DataFrame(
        {
            "model": np.repeat([f"2026-10-{night + 1:02}" for night in range(NIGHTS)], QUESTIONS),
            "task": "quiz",
            "item": np.tile([f"q{item:03}" for item in range(QUESTIONS)], NIGHTS),
            "score": right.T.ravel().astype(np.int8),
        }
    )
    rows.write_parquet(Path(__file__).with_name("nightly.parquet"), compression="zstd")


if __name__ == "__main__":
    main()
