"""Votes between models of known strengths."""

import numpy as np
import polars as pl


def votes(seed=0, n=300, models=("w", "x", "y", "z"), voters=25, step=0.8):
    """Rows of votes with who cast them."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(models), n)
    second = (first + rng.integers(1, len(models), n)) % len(models)
    chance = 1 / (1 + np.exp(step * (first - second)))
    draw = rng.random(n)
    winner = np.where(rng.random(n) < 0.2, "tie", np.where(draw < chance, "model_a", "model_b"))
    return pl.DataFrame(
        {
            "model_a": np.array(models)[first],
            "model_b": np.array(models)[second],
            "winner": winner,
            "judge": rng.integers(0, voters, n),
            "language": np.where(rng.random(n) < 0.5, "German", "English"),
        }
    )
