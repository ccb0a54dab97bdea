"""Runs of two models in random order, and logs of runs."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from reader_cases import own_log, sample


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
    return own_log(path, [sample(number, value) for number, value in enumerate(scores, 1)], **changes)


def lm_eval(folder: Path, time: str, scores: list[float], **changes: object) -> None:
    """Write samples and results of lm-eval."""
    folder.mkdir(exist_ok=True)
    rows = [
        {"doc_id": k, "doc": {"q": k}, "doc_hash": f"h{k}", "filter": "none", "metrics": ["acc"], "acc": score}
        for k, score in enumerate(scores)
    ]
    (folder / f"samples_sums_{time}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    results = {
        "results": {"sums": {"acc,none": sum(scores) / len(scores), "acc_stderr,none": 0.1}},
        "config": {"model_args": "pretrained=m,api_key=sesame", "limit": None},
        "model_name": "m",
        "date": 1741035714.0,
        **changes,
    }
    (folder / f"results_{time}.json").write_text(json.dumps(results))
