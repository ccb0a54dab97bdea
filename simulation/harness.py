"""One seeded harness: draw samples from every scenario, run every method, compute the coverage.

Cells are independent of one another and of the number of processes: cell k of a grid has the generator (seed,
k). Memory: blocks of at most 2 million scores per process.
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

from howsure.statistics.arrays import Floats, blocks
from simulation.checks import CHECKS, Check

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from simulation.worlds import World

BLOCK_SCORES = 2_000_000
SLOW_TRIALS = 400
FEATURE_DIGITS = 9
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
    "slope": pl.Float64,
    "luck": pl.Float64,
    "events": pl.Float64,
}
"""The columns that describe a scenario. Null if they don't apply."""

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
"""The results. `coverage`: among the samples with an error bar. `refused`: the share without one. `found`:
the share of differences whose interval excludes 0 (the type I error without an effect, the power with one).
"""


@dataclass(slots=True)
class _Tally:
    trials: int = 0
    answered: int = 0
    covered: int = 0
    found: int = 0
    width: float = 0.0

    def add(self, low: Floats, high: Floats, truth: float | Floats) -> None:
        """Count one block of intervals against its true value."""
        known = ~(np.isnan(low) | np.isnan(high))
        low, high, truth = low[known], high[known], np.broadcast_to(truth, known.shape)[known]
        self.trials += len(known)
        self.answered += len(low)
        self.covered += int(((low <= truth + ROUNDING) & (high >= truth - ROUNDING)).sum())
        self.found += int(((low > ROUNDING) | (high < -ROUNDING)).sum())
        self.width += float((high - low).sum())


ROUNDING = 1e-12


def over_worlds(
    run: Callable[..., list[dict[str, Any]]],
    schema: Mapping[str, Any],
    worlds: Sequence[Any],
    *,
    trials: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
    places: Sequence[int] | None = None,
    **options: Any,
) -> pl.DataFrame:
    """Run every scenario, in this process or in several, and return all rows in the order of the scenarios.

    `run` takes the index of a scenario, the scenario, and further options. `places`: the indices in the whole
    grid, if these are a part of it.
    """
    one = partial(run, trials=trials, level=level, seed=seed, **options)
    places = range(len(worlds)) if places is None else places
    if processes <= 1:
        return pl.DataFrame(_gather(map(one, places, worlds), len(worlds), progress), schema=schema)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = pool.map(one, places, worlds, chunksize=2)
        return pl.DataFrame(_gather(found, len(worlds), progress), schema=schema)


def _gather(
    found: Iterable[list[dict[str, Any]]], total: int, progress: Callable[[int, int], None] | None
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for done, cell in enumerate(found, 1):
        rows += cell
        if progress is not None:
            progress(done, total)
    return rows


def check_worlds(worlds: Sequence[World], *, slow: bool = True, **options: Any) -> pl.DataFrame:
    """Return one row per scenario and method. `slow`: also the methods that resample, in every tenth
    scenario. `methods`: only these.
    """
    return over_worlds(run_world, {**RESULTS, **FEATURES}, worlds, slow=slow, **options)


def unrecorded(worlds: Sequence[World], cells: pl.DataFrame) -> list[int]:
    """Return the indices of the scenarios without a row in a table."""
    known = {_told(row) for row in cells.iter_rows(named=True)}
    return [k for k, world in enumerate(worlds) if _told(world.features()) not in known]


def _told(features: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the features that identify a scenario, without the last digits, in which machines differ."""
    told = (features.get(name) for name in FEATURES if name != "events")
    return tuple(round(value, FEATURE_DIGITS) if isinstance(value, float) else value for value in told)


def run_world(
    index: int,
    world: World,
    *,
    trials: int,
    level: float,
    seed: int,
    slow: bool,
    methods: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Check every method in one scenario, or only the given ones."""
    checks = [check for check in CHECKS if check.name in methods or not methods]
    rng = np.random.default_rng([seed, index])
    tallies: dict[str, tuple[Check, _Tally]] = {}
    for block in blocks(trials, scores_each(world), BLOCK_SCORES):
        sample = world.draw(rng, block.stop - block.start)
        for check in checks:
            if check.takes(sample) and (not check.slow or (slow and index % 10 == 0)):
                _, tally = tallies.setdefault(check.name, (check, _Tally()))
                part = sample.first(SLOW_TRIALS - tally.trials) if check.slow else sample
                if part.trials:
                    low, high = check.run(part, level)
                    tally.add(low, high, part.truth)
    return [_row(world, check, tally, level) for check, tally in tallies.values()]


def scores_each(world: World) -> int:
    """Return how many numbers one sample of a scenario needs: items if they are drawn one by one, else
    clusters.
    """
    by_item = (
        getattr(world, "family", None)
        or getattr(world, "weights", False)
        or getattr(world, "attempts", 1) != 1
    )
    by_item = by_item or hasattr(world, "slope")
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
"""Monte-Carlo standard errors that a coverage may lie below its criterion."""


def error_of(share: float, trials: int) -> float:
    """Return the Monte-Carlo standard error of a share."""
    return math.sqrt(share * (1 - share) / trials)
