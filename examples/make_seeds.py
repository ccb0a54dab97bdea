"""Make seeds.parquet: two made recipes, each trained from five seeds, and what every one of the ten models answers to 300 questions.

python examples/make_seeds.py
"""

from pathlib import Path

import numpy as np
import polars as pl

SEEDS, QUESTIONS, BETWEEN_SEEDS, GAIN = 5, 300, 0.2, 0.2


def main() -> None:
    """Draw every model's answers: a seed makes all questions a little harder or easier."""
    rng = np.random.default_rng(5)
    hard = rng.normal(0, 1.2, QUESTIONS)
    parts = []
    for recipe, gain in (("base", 0.0), ("tuned", GAIN)):
        for seed in range(SEEDS):
            ability = gain + rng.normal(0, BETWEEN_SEEDS) - hard
            right = rng.random(QUESTIONS) < 1 / (1 + np.exp(-ability))
            parts.append(
                pl.DataFrame(
                    {
                        "model": recipe,
                        "seed": seed,
                        "question": [f"q{item:03}" for item in range(QUESTIONS)],
                        "correct": right.astype(np.int8),
                    }
                )
            )
    pl.concat(parts).write_parquet(Path(__file__).with_name("seeds.parquet"), compression="zstd")


if __name__ == "__main__":
    main()
