"""What every side does: read the samples, call the tool once a trial, time the call, write low, high and p.

Standard library and numpy only: this file runs in the environment of each peer.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


def _same(scores, clusters):
    return scores, clusters


@dataclass(frozen=True, kw_only=True)
class Tool:
    """`call` returns low, high and p (None: has none) of what `prepare`, untimed, makes of one trial.

    `prepare(scores, clusters)` gets (models, items, attempts) and the cluster of each item, None where every item is its
    own. `takes(models, attempts, clusters)` says whether the tool has anything for such data. `most`: trials.
    """

    name: str
    call: Callable
    takes: Callable
    prepare: Callable = _same
    most: int = 2000


NONE = (math.nan, math.nan, math.nan)


def run(*tools: Tool) -> None:
    """Run every tool of a side, a list of Tool, and write one result a world and tool."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0, help="per world and tool")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    options.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(options.samples.glob("*.npz")):
        held = np.load(path)
        scores, clusters = held["scores"], held["clusters"]
        own = None if len(np.unique(clusters)) == scores.shape[2] else clusters
        for tool in tools:
            result = options.out / f"{path.stem}--{tool.name}.npz"
            if not result.exists() and tool.takes(scores.shape[0], scores.shape[3], own):
                found = _trials(tool, scores[:, : tool.most], own, options.seconds)
                np.savez(result, **found)
                print(f"{path.stem} {tool.name}: {len(found['low'])} trials, {found['seconds']:.2g} s", flush=True)


def _trials(tool, scores, clusters, most_seconds: float) -> dict:
    seen, errors, times, start = [], {}, [], time.perf_counter()
    for k in range(scores.shape[1]):
        arguments = tool.prepare(scores[:, k].astype(float), clusters)
        before = time.perf_counter()
        try:
            result = tool.call(*arguments)
        except Exception as error:  # a peer that refuses or crashes is part of the record
            result, message = NONE, f"{type(error).__name__}: {error}"[:200]
            errors[message] = errors.get(message, 0) + 1
        times.append(time.perf_counter() - before)
        seen.append([math.nan if value is None else float(value) for value in result])
        if time.perf_counter() - start > most_seconds:
            break
    low, high, p = np.array(seen).T
    return {"low": low, "high": high, "p": p, "seconds": np.median(times), "errors": json.dumps(errors)}
