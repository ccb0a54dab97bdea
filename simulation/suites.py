"""Several tasks combined, with known true values: overall scores, floors equal to the true score, and overall
differences.

Tasks are the scenarios of one model or of two. They count equally, or by their items (`pooled`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import polars as pl

from howsure.statistics import intervals
from howsure.statistics.arrays import blocks
from howsure.statistics.differences import pivots
from howsure.statistics.pair_suites import TaskDifferences, summed
from howsure.statistics.suites import sums_of
from simulation.checks import CHECKS
from simulation.harness import TOLERANCE, error_of, scores_each
from simulation.irt_worlds import FineTunePairWorld, ResponseWorld
from simulation.pair_worlds import PairWorld
from simulation.samples import DifferenceSample, MeanSample, item_spread
from simulation.worlds import RateWorld, ScoreWorld, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.statistics.arrays import Floats, Ints, Limits

LEVEL, ROUNDING = 0.95, 1e-12
BLOCK = 2_000_000
LEAST, MOST_PASSES = 0.93, 0.05
SCHEMA = {
    "kind": pl.String,
    "world": pl.String,
    "tasks": pl.Int64,
    "items": pl.Int64,
    "truth": pl.Float64,
    "trials": pl.Int64,
    "coverage": pl.Float64,
    "coverage_se": pl.Float64,
    "found": pl.Float64,
    "width": pl.Float64,
    "promised": pl.Float64,
    "kept": pl.Boolean,
}
"""`kind`: "mean", "gate" or "difference". `found`: for differences how often 0 is outside, for gates how
often a floor equal to the true score passes (one-sided at 5%). `promised`: the minimum coverage, for gates
the maximum rate of passes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteWorld:
    """Tasks, and the estimand for all of them: their score or their difference, or whether a floor equal to
    the true score passes.
    """

    name: str
    tasks: tuple[World, ...]
    gate: bool = False
    pooled: bool = False

    @property
    def kind(self) -> str:
        """The estimand."""
        return "gate" if self.gate else "difference" if "effect" in self.tasks[0].features() else "mean"

    @property
    def sizes(self) -> Floats:
        """The items of every task."""
        return np.array([getattr(task, "items", task.n_clusters) for task in self.tasks], dtype=float)

    @property
    def shares(self) -> Floats:
        """The share of every task."""
        return self.sizes / self.sizes.sum() if self.pooled else np.full(len(self.tasks), 1 / len(self.tasks))

    @property
    def truth(self) -> float:
        """The true value for all tasks together."""
        told = [task.features() for task in self.tasks]
        return float(self.shares @ [each.get("effect", each.get("p")) for each in told])

    def rng(self, seed: int = 0) -> np.random.Generator:
        """Return its generator, independent of its position."""
        return np.random.default_rng([seed, crc32(self.name.encode())])


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScores:
    """For tasks (first axis) and draws: the result of each at one level. `units` (tasks, 1): clusters, or
    items.
    """

    value: Floats
    variance: Floats
    low: Floats
    high: Floats
    df: Floats
    units: Floats
    level: float

    def limits(self, shares: Floats) -> Limits:
        """Return the limits of the overall score, as in `leaderboard` and `estimate`."""
        exact = (self.variance <= 0) & ((self.value <= 0) | (self.value >= 1))
        df, ends = np.where(exact, np.inf, self.df), (self.low, self.high)
        low, high = sums_of(self.value, self.variance, ends, shares, df=df, level=self.level).limits(
            self.level
        )
        return np.maximum(low, 0.0), np.minimum(high, 1.0)

    def guarded(self, shares: Floats, limits: Limits) -> Limits:
        """Extend limits as a gate does, at least to the exact ones for as many effective answers."""
        x, variance, n = shares @ self.value, shares**2 @ self.variance, self.units.sum()
        known = (variance > 0) & (x > 0) & (x < 1)
        effective = np.where(known, n * x * (1 - x) / np.where(known, variance * (n - 1), 1.0), 1.0)
        low, high = intervals.clopper_pearson(np.where(known, x, 0.5) * effective, effective, self.level)
        one, other = np.minimum(limits[0], low), np.maximum(limits[1], high)
        return np.where(known, one, limits[0]), np.where(known, other, limits[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPairs:
    """For tasks (first axis) and draws: the results of `compare` for each, the `room` of its test, its
    `items` and Σ n_g² / n (tasks, 1).
    """

    own: TaskDifferences
    room: Floats
    items: Floats
    crowd: Floats

    def limits(self, shares: Floats) -> Limits:
        """Return the limits of the overall difference, as in `compare`."""
        return summed(self.own, list(shares)).limits(LEVEL)


def scores_of(world: SuiteWorld, rng: np.random.Generator, draws: int, level: float) -> TaskScores:
    """Draw the tasks of one model."""
    rows = [_score_rows(task, rng, draws, level) for task in world.tasks]
    value, variance, low, high, df = (
        np.array(each) for each in zip(*(row[:-1] for row in rows), strict=True)
    )
    units = np.array([[row[-1]] for row in rows])
    return TaskScores(value=value, variance=variance, low=low, high=high, df=df, units=units, level=level)


def _score_rows(task: World, rng: np.random.Generator, draws: int, level: float) -> list[Any]:
    if isinstance(task, RateWorld) and task.items == task.n_clusters and task.attempts == 1:
        return [
            *counts_table(task.n_clusters, level)[:, rng.binomial(task.n_clusters, task.p, draws)],
            task.n_clusters,
        ]
    return [*_by_blocks(task, rng, draws, lambda sample: mean_rows(sample, level)), task.n_clusters]


@cache
def counts_table(n: int, level: float) -> Floats:
    """Return value, variance, limits and df of every count of n right answers (5, n + 1)."""
    right, ones = (np.arange(n)[:, None] < np.arange(n + 1)).astype(float), np.ones(n)
    sample = MeanSample(sums=right, totals=ones, squares=right.sum(axis=0), answers=ones, n=n, truth=math.nan)
    return mean_rows(sample, level)


def mean_rows(sample: MeanSample, level: float) -> Floats:
    """Return value, variance, limits and df of scores by the default (5, T)."""
    known, (low, high) = sample.means("CR2"), _run("adaptive, CR2")(sample, level)
    return np.stack([known.value, known.var, low, high, np.full(low.shape, known.df)])


def pairs_of(world: SuiteWorld, rng: np.random.Generator, draws: int) -> TaskPairs:
    """Draw the tasks of two models."""
    rows = np.stack([_pair_rows(task, rng, draws) for task in world.tasks])
    value, variance, df, low, high, room = np.moveaxis(rows, 1, 0)
    units, crowd = (
        np.array([[each(task)] for task in world.tasks], dtype=float) for each in (_units, _crowd)
    )
    counted = np.broadcast_to(units, value.shape)
    own = TaskDifferences(value=value, variance=variance, df=df, units=counted, low=low, high=high)
    return TaskPairs(own=own, room=room, items=world.sizes[:, None], crowd=crowd)


def _units(task: World) -> float:
    return float(task.n_clusters)


def _crowd(task: World) -> float:
    return getattr(task, "items", task.n_clusters) / task.effective_clusters


def _pair_rows(task: World, rng: np.random.Generator, draws: int) -> Floats:
    if not (isinstance(task, PairWorld) and task.items == task.n_clusters):
        return _by_blocks(task, rng, draws, difference_rows)
    won, lost = (task.discordance + task.effect) / 2, (task.discordance - task.effect) / 2
    shares = [won, lost, 1 - task.discordance]
    counts, place = np.unique(rng.multinomial(task.n_clusters, shares, draws), axis=0, return_inverse=True)
    return counted_rows(task.n_clusters, counts)[:, place.ravel()]


def counted_rows(n: int, counts: Ints) -> Floats:
    """Return the results for differences of n independent items, by their wins, losses and ties (T, 3)."""
    at, (wins, losses, _) = np.arange(n)[:, None], counts.T
    d = (at < wins).astype(float) - ((at >= wins) & (at < wins + losses))
    return difference_rows(DifferenceSample(sums=d, totals=np.ones(n), items=item_spread(d), truth=math.nan))


def difference_rows(sample: DifferenceSample) -> Floats:
    """Return difference, variance, df, limits and the room of the test, by the default (6, T)."""
    found, (low, high) = (
        pivots(sample.sums_for("CR2"), "CR2", score=True),
        _run("paired score, CR2")(sample, LEVEL),
    )
    return np.stack([found.difference, found.variance, found.df, low, high, found.room])


def _by_blocks(task: World, rng: np.random.Generator, draws: int, rows: Callable[[Any], Floats]) -> Floats:
    parts = blocks(draws, scores_each(task), BLOCK)
    return np.concatenate([rows(task.draw(rng, part.stop - part.start)) for part in parts], axis=-1)


def _run(name: str) -> Callable[[Any, float], Limits]:
    return next(check.run for check in CHECKS if check.name == name)


def check_suites(worlds: Sequence[SuiteWorld], *, trials: int = 10_000, seed: int = 0) -> pl.DataFrame:
    """Return one row per scenario."""
    return pl.DataFrame([check_suite(world, trials, seed) for world in worlds], schema=SCHEMA)


def check_suite(world: SuiteWorld, trials: int, seed: int) -> dict[str, Any]:
    """Check the results of the defaults for the tasks of one scenario."""
    rng, truth = world.rng(seed), world.truth
    if world.kind == "difference":
        low, high = pairs_of(world, rng, trials).limits(world.shares)
    else:
        tasks = scores_of(world, rng, trials, 2 * LEVEL - 1 if world.gate else LEVEL)
        low, high = tasks.limits(world.shares)
        low, high = tasks.guarded(world.shares, (low, high)) if world.gate else (low, high)
    passes, beyond = low >= truth + 1e-9, (low > ROUNDING) | (high < -ROUNDING)
    coverage = float(((low <= truth + ROUNDING) & (high >= truth - ROUNDING)).mean())
    found = {"gate": float(passes.mean()), "difference": float(beyond.mean())}.get(world.kind)
    slack = TOLERANCE * error_of(MOST_PASSES if world.gate else LEAST, trials)
    return {
        "kind": world.kind,
        "world": world.name,
        "tasks": len(world.tasks),
        "items": round(world.sizes.sum()),
        "truth": truth,
        "trials": trials,
        "coverage": coverage,
        "coverage_se": error_of(coverage, trials),
        "found": found,
        "width": float((high - low).mean()),
        "promised": MOST_PASSES if world.gate else LEAST,
        "kept": passes.mean() <= MOST_PASSES + slack if world.gate else coverage >= LEAST - slack,
    }


def standard_suites() -> list[SuiteWorld]:
    """Return the scenarios of the released simulation."""
    return list(chain(score_suites(), gate_suites(), pair_suites()))


def score_suites() -> list[SuiteWorld]:
    """Return suites of one model: right-or-wrong items, item responses in clusters, and fractions."""
    counted = [SuiteWorld(name=name, tasks=rated(parts)) for name, parts in SCORES.items()]
    pooled = [SuiteWorld(name=f"{name}, pooled", tasks=rated(SCORES[name]), pooled=True) for name in POOLED]
    responses = [SuiteWorld(name=name, tasks=_responses(parts)) for name, parts in RESPONSES.items()]
    fractions = [
        SuiteWorld(
            name=name, tasks=tuple(ScoreWorld(family="beta", n_clusters=n, centre=p) for n, p in parts)
        )
        for name, parts in FRACTIONS.items()
    ]
    return [*counted, *pooled, *responses, *fractions]


def gate_suites() -> list[SuiteWorld]:
    """Return suites of one model with a floor equal to the true score."""
    return [SuiteWorld(name=name, tasks=rated(SCORES[name]), gate=True) for name in GATES]


def pair_suites() -> list[SuiteWorld]:
    """Return suites of two models: independent items, and fine-tunes in clusters."""
    alone = [SuiteWorld(name=name, tasks=discordant(parts)) for name, parts in PAIRS.items()]
    tuned = [
        SuiteWorld(
            name=f"fine-tunes: {name}, gap {gap}",
            tasks=tuple(
                FineTunePairWorld(n_clusters=count, cluster_size=size, gap=gap) for count, size in parts
            ),
        )
        for name, parts in FINE_TUNES.items()
        for gap in (0.0, 0.4)
    ]
    return [*alone, *tuned]


def rated(parts: Sequence[tuple[int, float]]) -> tuple[World, ...]:
    """Return tasks of n independent items, right with probability p."""
    return tuple(RateWorld(n_clusters=n, p=p) for n, p in parts)


def discordant(parts: Sequence[tuple[int, float, float]]) -> tuple[World, ...]:
    """Return tasks of n independent items, of which a share differs, by an effect."""
    return tuple(PairWorld(n_clusters=n, discordance=share, effect=effect) for n, share, effect in parts)


def _responses(parts: Sequence[tuple[int, int]]) -> tuple[World, ...]:
    """Return tasks of clusters × items, some harder than others."""
    hard = np.random.default_rng(len(parts)).normal(0, 1, len(parts)).round(2)
    return tuple(
        ResponseWorld(n_clusters=count, cluster_size=size, slope=0.0, ability=float(-own))
        for (count, size), own in zip(parts, hard, strict=True)
    )


SCORES: dict[str, list[tuple[int, float]]] = {
    "5@.95 + 400@.5": [(5, 0.95), (400, 0.5)],
    "10@.95 + 400@.5": [(10, 0.95), (400, 0.5)],
    "20@.97 + 400@.6": [(20, 0.97), (400, 0.6)],
    "30@.02 + 500@.5": [(30, 0.02), (500, 0.5)],
    "3@.1 + 400@.6": [(3, 0.1), (400, 0.6)],
    "10@.05 + 400@.6": [(10, 0.05), (400, 0.6)],
    "5@.9 + 400@.5": [(5, 0.9), (400, 0.5)],
    "20@.95 + 400@.5": [(20, 0.95), (400, 0.5)],
    "30@.97 + 400@.6": [(30, 0.97), (400, 0.6)],
    "5@.9 + 50@.9 + 500@.6": [(5, 0.9), (50, 0.9), (500, 0.6)],
    "3 × 30@.98 + 1,000@.5": [(30, 0.98)] * 3 + [(1000, 0.5)],
    "10 × 20@.97": [(20, 0.97)] * 10,
    "57 × 10@.9": [(10, 0.9)] * 57,
    "40 × 8@.95": [(8, 0.95)] * 40,
    "60 × 3@.8": [(3, 0.8)] * 60,
    "20 × 3@.97": [(3, 0.97)] * 20,
    "20 × 5@.5": [(5, 0.5)] * 20,
    "4 × 10@.8": [(10, 0.8)] * 4,
    "2 × 5@.9": [(5, 0.9)] * 2,
    "3 × 3@.5": [(3, 0.5)] * 3,
    "6 × 50@.99": [(50, 0.99)] * 6,
    "8@.5 + 8@.95": [(8, 0.5), (8, 0.95)],
    "10 × 10 from .05 to .95": [(10, float(p)) for p in np.linspace(0.05, 0.95, 10)],
    "20 × 6@.98 + 2,000@.7": [(6, 0.98)] * 20 + [(2000, 0.7)],
    "5@.6 + 5@.7 + 2,000@.9": [(5, 0.6), (5, 0.7), (2000, 0.9)],
}
"""Items and the probability of being right."""

POOLED = ("5@.95 + 400@.5", "5@.9 + 50@.9 + 500@.6", "20 × 6@.98 + 2,000@.7")

GATES = (
    "5@.95 + 400@.5",
    "20@.97 + 400@.6",
    "5@.9 + 400@.5",
    "20@.95 + 400@.5",
    "30@.97 + 400@.6",
    "57 × 10@.9",
    "40 × 8@.95",
    "3 × 30@.98 + 1,000@.5",
    "10 × 20@.97",
    "20 × 3@.97",
    "20 × 5@.5",
)

RESPONSES = {
    "IRT: 10 × 5 clusters of 6": [(5, 6)] * 10,
    "IRT: 20 × 10 clusters of 4": [(10, 4)] * 20,
    "IRT: 4 × 3 clusters of 10, 20 clusters of 50": [(3, 10)] * 4 + [(20, 50)],
}

FRACTIONS = {
    "fractions: 10 × 10 of mean .7": [(10, 0.7)] * 10,
    "fractions: 5 of mean .9, 400 of mean .5": [(5, 0.9), (400, 0.5)],
    "fractions: 30 × 6 of mean .95": [(6, 0.95)] * 30,
}

FINE_TUNES = {
    "10 × 5 clusters of 6": [(5, 6)] * 10,
    "20 × 10 clusters of 4": [(10, 4)] * 20,
    "4 × 3 clusters of 10, 20 clusters of 20": [(3, 10)] * 4 + [(20, 20)],
    "30 × 10 items": [(10, 1)] * 30,
}

PAIRS: dict[str, list[tuple[int, float, float]]] = {
    "20 × 10, .2, null": [(10, 0.2, 0)] * 20,
    "20 × 10, .2, .1": [(10, 0.2, 0.1)] * 20,
    "57 × 20, .2, null": [(20, 0.2, 0)] * 57,
    "57 × 20, .2, .04": [(20, 0.2, 0.04)] * 57,
    "23 × 50, .2, null": [(50, 0.2, 0)] * 23,
    "23 × 50, .2, .04": [(50, 0.2, 0.04)] * 23,
    "6 × 100, .1, null": [(100, 0.1, 0)] * 6,
    "6 × 100, .1, .03": [(100, 0.1, 0.03)] * 6,
    "57 × 8, .4, null": [(8, 0.4, 0)] * 57,
    "57 × 8, .4, .2": [(8, 0.4, 0.2)] * 57,
    "20 × 3, .3, null": [(3, 0.3, 0)] * 20,
    "20 × 3, .3, .2": [(3, 0.3, 0.2)] * 20,
    "12 × 3, .9, null": [(3, 0.9, 0)] * 12,
    "3 × 5, .5, null": [(5, 0.5, 0)] * 3,
    "2 × 10, .3, .25": [(10, 0.3, 0.25)] * 2,
    "10 × 30, .02, null": [(30, 0.02, 0)] * 10,
    "10 × 30, .02, .02": [(30, 0.02, 0.02)] * 10,
    "20 × 20, .02, .02": [(20, 0.02, 0.02)] * 20,
    "5 × 20, .04, .04": [(20, 0.04, 0.04)] * 5,
    "3, .02, null + 400, .2, null": [(3, 0.02, 0), (400, 0.2, 0)],
    "3, .2, .15 + 400, .2, null": [(3, 0.2, 0.15), (400, 0.2, 0)],
    "3, .55, .55 + 400, .2, null": [(3, 0.55, 0.55), (400, 0.2, 0)],
    "5, .4, .4 + 400, .2, null": [(5, 0.4, 0.4), (400, 0.2, 0)],
    "10, .2, .2 + 1,000, .2, null": [(10, 0.2, 0.2), (1000, 0.2, 0)],
    "20, .15, .1 + 400, .1, .05": [(20, 0.15, 0.1), (400, 0.1, 0.05)],
    "10 × 5, .05, .05 + 1,000, .2, null": [(5, 0.05, 0.05)] * 10 + [(1000, 0.2, 0)],
    "3 to 2,000, .1, null": [(n, 0.1, 0) for n in (3, 5, 8, 10, 15, 20, 30, 50, 100, 2000)],
    "3 to 2,000, .1, .05": [(n, 0.1, 0.05) for n in (3, 5, 8, 10, 15, 20, 30, 50, 100, 2000)],
}
"""Items, share that differs, effect."""
