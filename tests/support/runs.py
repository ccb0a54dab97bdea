"""Runs of two models in random order, and logs of runs."""

from pathlib import Path

import numpy as np
import polars as pl

from reader_cases import inspect_header, sample, zipped


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


def log(path: Path, scores: str = "CI", **changes: object) -> Path:
    """Write an Inspect log of a run of its own: its ids are its place unless they are said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = {"task_id": f"task {path}", "eval_id": f"eval {path.stem}", "run_id": f"call {path}"}
    samples = [sample(number, value) for number, value in enumerate(scores, 1)]
    return zipped({"summaries.json": samples, "header.json": inspect_header(**{**ids, **changes})}, path, method=93)
