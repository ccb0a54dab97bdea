"""One seeded harness: draw samples from every world, run every method, count how often the truth was covered.

Cells are independent of one another and of the number of processes: cell k of a grid has the generator (seed, k).
Memory: blocks of at most 2 million scores a process.
"""

from __future__ import annotations

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.calibration.checks import CHECKS, Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from howsure.calibration.pair_worlds import World
    from howsure.statistics.arrays import Floats


BLOCK_SCORES = 2_000_000
SLOW_TRIALS = 400
FEATURES = {
    "scores": pl.String,
    "world": pl.String,
    "p": pl.Float64,
    "discordance": pl.Float64,
    "effect": pl.Float64,
    "n_clusters": pl.Int64,
    "cluster_size": pl.Int64,
    "sizes": pl.String,
    "icc": pl.Float64,
    "shape": pl.String,
    "attempts": pl.String,
    "item_icc": pl.Float64,
    "shared": pl.Float64,
    "weights": pl.Boolean,
    "family": pl.String,
    "score": pl.String,
    "target": pl.String,
    "pool": pl.Int64,
    "correlation": pl.Float64,
    "events": pl.Float64,
}
"""What is told of a world; null where it doesn't apply."""

RESULTS = {
    "kind": pl.String,
    "method": pl.String,
    "default": pl.Boolean,
    "level": pl.Float64,
    "trials": pl.Int64,
    "coverage": pl.Float64,
    "coverage_se": pl.Float64,
    "width": pl.Float64,
    "refused": pl.Float64,
    "found": pl.Float64,
    "promised": pl.Float64,
    "kept": pl.Boolean,
}
"""What happened: `coverage` among the samples with an error bar, `refused` the share without, `found` the share of
differences whose interval leaves out 0 (the type I error where there is no effect, the power where there is one)."""


@dataclass(slots=True)
class _Tally:
    trials: int = 0
    answered: int = 0
    covered: int = 0
    found: int = 0
    width: float = 0.0

    def add(self, low: Floats, high: Floats, truth: float | Floats) -> None:
        known = ~(np.isnan(low) | np.isnan(high))
        low, high, truth = low[known], high[known], np.broadcast_to(truth, known.shape)[known]
        self.trials += len(known)
        self.answered += len(low)
        self.covered += int(((low <= truth + ROUNDING) & (high >= truth - ROUNDING)).sum())
        self.found += int(((low > ROUNDING) | (high < -ROUNDING)).sum())
        self.width += float((high - low).sum())


ROUNDING = 1e-12


def check_worlds(
    worlds: Sequence[World],
    *,
    trials: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
    processes: int = 1,
    slow: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Return one row per world and method. `slow`: also the methods that resample, in every tenth world."""
    run = partial(run_cell, trials=trials, level=level, seed=seed, slow=slow)
    rows = over_processes(run, list(enumerate(worlds)), processes, progress)
    return pl.DataFrame(rows, schema={**RESULTS, **FEATURES})


def over_processes(
    run: Callable[[Any], list[dict[str, Any]]],
    cells: Sequence[Any],
    processes: int,
    progress: Callable[[int, int], None] | None,
) -> list[dict[str, Any]]:
    """Run every cell, in this process or in several, and return all rows in the order of the cells."""
    if processes <= 1:
        return _gather(map(run, cells), len(cells), progress)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return _gather(pool.map(run, cells, chunksize=2), len(cells), progress)


def _gather(
    found: Iterable[list[dict[str, Any]]], total: int, progress: Callable[[int, int], None] | None
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for done, cell in enumerate(found, 1):
        rows += cell
        if progress is not None:
            progress(done, total)
    return rows


def run_cell(cell: tuple[int, World], *, trials: int, level: float, seed: int, slow: bool) -> list[dict[str, Any]]:
    """Check every method in one world."""
    index, world = cell
    rng = np.random.default_rng([seed, index])
    tallies: dict[str, tuple[Check, _Tally]] = {}
    left = trials
    while left > 0:
        block = min(left, max(BLOCK_SCORES // scores_each(world), 1))
        sample = world.draw(rng, block)
        for check in CHECKS:
            if check.takes(sample) and (not check.slow or (slow and index % 10 == 0)):
                _, tally = tallies.setdefault(check.name, (check, _Tally()))
                part = sample.first(SLOW_TRIALS - tally.trials) if check.slow else sample
                if part.trials:
                    low, high = check.run(part, level)
                    tally.add(low, high, part.truth)
        left -= block
    return [_row(world, check, tally, level) for check, tally in tallies.values()]


def scores_each(world: World) -> int:
    """Return how many numbers one sample of a world takes: items where they are drawn one by one, else clusters."""
    by_item = getattr(world, "family", None) or getattr(world, "weights", False) or getattr(world, "attempts", 1) != 1
    return world.n_clusters * (getattr(world, "cluster_size", 1) if by_item else 1)


def _row(world: World, check: Check, tally: _Tally, level: float) -> dict[str, Any]:
    coverage = tally.covered / tally.answered if tally.answered else math.nan
    error = math.sqrt(coverage * (1 - coverage) / tally.answered) if tally.answered else math.nan
    promised = check.promise.least if check.promise.holds_in(world) else None
    default = "unbounded" if check.default_for == "unbounded" else "bounded"
    bounded = world.features()["scores"] == "right or wrong" or "[0, 1]" in world.features()["scores"]
    return {
        "kind": check.kind,
        "method": check.name,
        "default": bool(check.default_for) and (default == "bounded") == bounded,
        "level": level,
        "trials": tally.trials,
        "coverage": coverage,
        "coverage_se": error,
        "width": tally.width / tally.answered if tally.answered else math.nan,
        "refused": 1 - tally.answered / tally.trials,
        "found": tally.found / tally.answered if "difference" in check.kind and tally.answered else None,
        "promised": promised,
        "kept": None
        if promised is None or not tally.answered
        else coverage >= promised - TOLERANCE * error_of(promised, tally.answered),
        "events": world.events if math.isfinite(world.events) else None,
        **world.features(),
    }


TOLERANCE = 3.0
"""Monte-Carlo standard errors that a coverage may lie below its promise."""


def error_of(share: float, trials: int) -> float:
    """Return the Monte-Carlo standard error of a share."""
    return math.sqrt(share * (1 - share) / trials)
