"""Runs of two models in random order."""

import numpy as np
import polars as pl


def results(n=60, *, a=0.8, b=0.5, seed=0, **columns):
    """Two models on n items in random order, right with these probabilities."""
    rng = np.random.default_rng(seed)
    right = np.r_[rng.random(n) < a, rng.random(n) < b].astype(float)
    ids = rng.permutation(1_000)[:n]
    frame = pl.DataFrame({"model": ["a"] * n + ["b"] * n, "item": [f"q{i}" for i in [*ids, *ids]], "score": right})
    return frame.with_columns(**columns)


def first(frame, n):
    """The first n items of every model."""
    return frame.filter(pl.int_range(pl.len()).over("model") < n)
