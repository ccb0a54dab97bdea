"""Runs with a look after every unit, in scenarios with known parameters: how often does an interval ever miss
the true value?
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import scipy

from howsure.statistics.arrays import Bools, Floats, blocks
from howsure.statistics.betting import BURN_IN, Bets, Betting, half_width, log_gains, tuned
from simulation.harness import TOLERANCE, error_of, over_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["mean", "difference", "fractions", "normal", "skewed", "heavy"]

SCHEMA = {
    "method": pl.String,
    "kind": pl.String,
    "rate": pl.Float64,
    "effect": pl.Float64,
    "horizon": pl.Int64,
    "cluster_size": pl.Int64,
    "icc": pl.Float64,
    "related": pl.Boolean,
    "trials": pl.Int64,
    "coverage": pl.Float64,
    "coverage_last": pl.Float64,
    "width": pl.Float64,
    "kept": pl.Boolean,
}
"""`coverage`: share of runs whose interval contained the true value at every look. `coverage_last`: at the
last look alone. `width`: mean width at the last look.
"""

PEEKS_FROM = 10
"""The interval for a single look is checked from this many units on. It isn't meant for fewer."""

WIDTHS = 40
"""Runs whose width is measured."""

BLOCK = 500_000
"""Units drawn at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookWorld:
    """A run of `horizon` units.

    `rate`: the score, or the share of items on which two models differ. `effect`: the true difference. With
    `cluster_size` above 1, units are clusters of 1 … cluster_size items, equally likely. Their rates follow a
    Beta distribution with this intra-cluster correlation. `related`: large clusters have twice the odds of
    small ones.
    """

    kind: Kind
    horizon: int
    rate: float = math.nan
    effect: float = 0.0
    cluster_size: int = 1
    icc: float = 0.0
    related: bool = False

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The bounds of the scores, None if there are none."""
        return {"mean": (0.0, 1.0), "fractions": (0.0, 1.0), "difference": (-1.0, 1.0)}.get(self.kind)

    @property
    def truth(self) -> float:
        """The mean over the population, per item."""
        if self.kind == "difference":
            return self.effect
        if self.kind in ("normal", "heavy"):
            return 0.0
        if self.kind == "skewed":
            return math.exp(0.5)
        sizes = np.arange(1, self.cluster_size + 1)
        return float((sizes * self._rates(sizes)).sum() / sizes.sum())

    def draw(self, rng: np.random.Generator, runs: int) -> tuple[Floats, Floats]:
        """Draw sums and sizes of units, each (runs, horizon)."""
        shape = (runs, self.horizon)
        sizes = rng.integers(1, self.cluster_size + 1, shape)
        if self.kind == "mean":
            right = rng.binomial(sizes, self._spread(rng, self._rates(sizes)))
            return np.asarray(right, dtype=float), np.asarray(sizes, dtype=float)
        if self.kind == "difference":
            share = self._spread(rng, np.full(shape, (self.rate + self.effect) / 2 / self.rate))
            differ = rng.binomial(sizes, self.rate)
            won = 2.0 * rng.binomial(differ, share) - differ
            return np.asarray(won, dtype=float), np.asarray(sizes, dtype=float)
        return self._scores(rng, shape), np.ones(shape)

    def _scores(self, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        if self.kind == "fractions":
            return np.asarray(rng.beta(2 * self.rate, 2 * (1 - self.rate), shape))
        if self.kind == "skewed":
            return np.asarray(rng.lognormal(0, 1, shape))
        return np.asarray(rng.standard_t(3, shape) if self.kind == "heavy" else rng.standard_normal(shape))

    def _rates(self, sizes: Any) -> Floats:
        if not self.related:
            return np.full(np.shape(sizes), self.rate)
        large = np.asarray(sizes) > self.cluster_size / 2
        return np.asarray(
            scipy.special.expit(scipy.special.logit(self.rate) + np.where(large, math.log(2), 0.0))
        )

    def _spread(self, rng: np.random.Generator, rates: Floats) -> Floats:
        if not self.icc:
            return rates
        size = 1 / self.icc - 1
        return np.asarray(rng.beta(rates * size, (1 - rates) * size))


def standard_looks() -> list[LookWorld]:
    """Return the scenarios of the released simulation."""
    rated: tuple[Kind, ...] = ("mean", "fractions")
    pooled: tuple[tuple[Kind, float], ...] = (("mean", 0.1), ("mean", 0.5), ("difference", 0.3))
    free: tuple[Kind, ...] = ("normal", "skewed", "heavy")
    means = [
        LookWorld(kind=kind, rate=rate, horizon=n)
        for kind in rated
        for rate in (0.01, 0.1, 0.5, 0.95)
        for n in (50, 500)
    ]
    pairs = [
        LookWorld(kind="difference", rate=rate, effect=share * rate, horizon=n)
        for rate in (0.02, 0.1, 0.3, 0.6)
        for share in (0.0, 0.4)
        for n in (50, 500)
    ]
    clusters = [
        LookWorld(kind=kind, rate=rate, horizon=100, cluster_size=size, icc=icc, related=related)
        for kind, rate in pooled
        for size in (5, 20)
        for icc in (0.1, 0.5)
        for related in ((False, True) if kind == "mean" else (False,))
    ]
    open_ended = [LookWorld(kind=kind, horizon=n) for kind in free for n in (200, 1_000)]
    return [*means, *pairs, *clusters, *open_ended]


def check_looks(worlds: Sequence[LookWorld], **options: Any) -> pl.DataFrame:
    """Return one row per scenario and method."""
    return over_worlds(run_looks, SCHEMA, worlds, **options)


def run_looks(index: int, world: LookWorld, *, trials: int, level: float, seed: int) -> list[dict[str, Any]]:
    """Check every method on runs of one scenario."""
    rng = np.random.default_rng([seed, 2, index])
    counts: dict[str, Floats] = {}
    for block in blocks(trials, world.horizon, BLOCK):
        sums, sizes = world.draw(rng, block.stop - block.start)
        for method, missed in misses(world, sums, sizes, level).items():
            hits = np.array([missed.any(axis=1).sum(), missed[:, -1].sum()], dtype=float)
            counts[method] = counts.get(method, np.zeros(2)) + hits
    widths = _widths(world, *world.draw(rng, WIDTHS), level)
    facts = {**asdict(world), "rate": world.rate if math.isfinite(world.rate) else None, "trials": trials}
    least = level - TOLERANCE * error_of(level, trials)
    return [
        {
            "method": method,
            **facts,
            "coverage": 1 - float(missed[0]) / trials,
            "coverage_last": 1 - float(missed[1]) / trials,
            "width": widths[method],
            "kept": bool(1 - missed[0] / trials >= least) if method == "betting" else None,
        }
        for method, missed in counts.items()
    ]


def misses(world: LookWorld, sums: Floats, sizes: Floats, level: float) -> dict[str, Bools]:
    """Return for every method, run and look whether the interval of that look misses the true value."""
    found = {}
    if world.bounds is not None:
        found["betting"] = log_capital_paths(world, sums, sizes, world.truth, level) >= math.log(
            2 / (1 - level)
        )
    value, spread, n = _running_moments(sums, sizes)
    away = np.abs(value - world.truth)
    if world.bounds is None:
        half = half_width(n, spread, tuned(world.horizon, level), level)
        found["asymptotic"] = (n >= BURN_IN) & (away > half)
    peek = np.asarray(scipy.special.stdtrit(np.maximum(n - 1, 1), (1 + level) / 2)) * spread / np.sqrt(n)
    found["t, for one look"] = (n >= PEEKS_FROM) & (away > peek)
    return found


def log_capital_paths(world: LookWorld, sums: Floats, sizes: Floats, m: float, level: float) -> Floats:
    """Return the log of the larger capital against m after every unit. It is `Betting.log_capital` at a
    look.
    """
    low, high = world.bounds or (0.0, 1.0)
    place, r = (m if world.kind != "difference" else 0.0), sizes / world.cluster_size
    place = (place - low) / (high - low)
    up = Bets.tuned(horizon=world.horizon, place=place, level=level)
    down = Bets.tuned(horizon=world.horizon, place=1 - place, level=level)
    s = sums / world.cluster_size
    return np.maximum(_paths(up, s - low * r, r, m - low), _paths(down, high * r - s, r, high - m))


def _paths(bets: Bets, sums: Floats, sizes: Floats, m: float) -> Floats:
    total = np.full(sums.shape, -np.inf)
    for share in bets.shares:
        total = np.logaddexp(total, np.cumsum(log_gains(sums, sizes, m, share), axis=1))
    return np.asarray(total - math.log(len(bets.shares)))


def _running_moments(sums: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return ratio mean, standard deviation of residuals over mean size, and number of units, after every
    unit.
    """
    n = np.arange(1, sums.shape[1] + 1)
    s, w = np.cumsum(sums, axis=1), np.cumsum(sizes, axis=1)
    value = s / w
    squares = (
        np.cumsum(sums**2, 1) - 2 * value * np.cumsum(sums * sizes, 1) + value**2 * np.cumsum(sizes**2, 1)
    )
    return (
        value,
        np.sqrt(np.maximum(squares, 0) / np.maximum(n - 1, 1)) / (w / n),
        np.broadcast_to(n, s.shape),
    )


def _widths(world: LookWorld, sums: Floats, sizes: Floats, level: float) -> dict[str, float]:
    """Return the mean width at the last look."""
    _, spread, n = _running_moments(sums, sizes)
    last, count = spread[:, -1], world.horizon
    found = {
        "t, for one look": 2
        * float(scipy.special.stdtrit(count - 1, (1 + level) / 2) * last.mean())
        / math.sqrt(count)
    }
    if world.bounds is None:
        found["asymptotic"] = 2 * float(half_width(n[:, -1], last, tuned(count, level), level).mean())
        return found
    null = world.truth if world.kind != "difference" else 0.0
    looks = []
    for k in range(len(sums)):
        run = Betting(bounds=world.bounds, largest=world.cluster_size, level=level, horizon=count, null=null)
        run.add(sums[k], sizes[k])
        looks.append(run.look())
    found["betting"] = float(np.mean([look.high - look.low for look in looks]))
    return found
