"""Make anchors.parquet: twenty made nights of one system, graded by a judge that becomes stricter on the thirteenth.

160 questions are answered anew every night. 40 anchors are old answers whose text never changes.

python examples/make_anchors.py
"""

from pathlib import Path

import numpy as np
import polars as pl

NIGHTS, QUESTIONS, ANCHORS, CHANGE, STRICTER = 20, 160, 40, 12, 0.12


def main() -> None:
    """Draw every night's answers, and the judge's grades of them and of the anchors."""
    rng = np.random.default_rng(6)
    chance, old = rng.beta(2, 1, QUESTIONS), rng.random(ANCHORS) < 0.65
    parts = []
    for night in range(NIGHTS):
        for kind, right in (("question", rng.random(QUESTIONS) < chance), ("anchor", old)):
            passes = np.where(right, 0.85, 0.15) - STRICTER * (night >= CHANGE)
            rows = {
                "model": f"2026-10-{night + 1:02}",
                "task": "support",
                "item": [f"{kind[0]}{item:03}" for item in range(len(right))],
                "kind": kind,
                "score": (rng.random(len(right)) < passes).astype(np.int8),
            }
            parts.append(pl.DataFrame(rows))
    pl.concat(parts).write_parquet(Path(__file__).with_name("anchors.parquet"), compression="zstd")


if __name__ == "__main__":
    main()
