"""Make verdicts.csv: two judges graded 1,200 made answers, and people labelled 150 of them, drawn at random.

python examples/make_verdicts.py
"""

from pathlib import Path

import numpy as np
import polars as pl

ANSWERS, LABELS = 1200, 150
JUDGES = {"judge-1": (0.92, 0.10), "judge-2": (0.85, 0.30)}
"""How often each calls a right answer right, and a wrong one."""


def main() -> None:
    """Draw which answers are right, what each judge says, and which answers have a label."""
    rng = np.random.default_rng(1201)
    right = rng.random(ANSWERS) < 0.7
    said = {name: (rng.random(ANSWERS) < np.where(right, *chances)).astype(int) for name, chances in JUDGES.items()}
    labels = np.where(rng.permutation(ANSWERS) < LABELS, right.astype(float), np.nan)
    table = pl.DataFrame(
        {"item": [f"answer-{k + 1}" for k in range(ANSWERS)], **said, "label": labels}, nan_to_null=True
    )
    table.with_columns(pl.col("label").cast(pl.Int8)).write_csv(Path(__file__).with_name("verdicts.csv"))


if __name__ == "__main__":
    main()
