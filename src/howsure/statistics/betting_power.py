"""How often, and after how many items, a run followed by betting is decided: by simulating units like those
planned.

A unit is an item, or a cluster. Single answers to single items differ by −1, 0 or 1 with the planned mean and
variance. Means of several have three values around their mean that match a normal distribution up to the
fifth moment. Only mean and variance matter for betting (measured in decision 25). Looks are made at PLACES
even shares of the units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.betting import Bets, log_gains
from howsure.statistics.power import SURE, Spread

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.power import Doubt, Planned, Test

RUNS, PLACES = 600, 120
FARTHEST, HALVINGS = 8.0, 7
"""The largest number sought, in items of one look, that reaches a power, and the number of bisections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The share of decided runs, and their mean number of items."""

    power: float
    items: float


def followed(
    test: Test,
    spread: Planned,
    effect: float,
    n: float,
    *,
    attempts: float,
    doubt: Doubt = SURE,
    seed: int = 0,
) -> Followed:
    """Return the outcomes of runs of n items with this true difference. `doubt` is as in `power`.

    >>> from howsure.statistics.power import Spread, Test
    >>> found = followed(Test(), Spread(within=0.24), 0.12, 500, attempts=1)
    >>> found.power > 0.9, found.items < 300
    (True, True)
    """
    rng = np.random.default_rng(seed)
    units = max(round(spread.clusters_in(n)), 1)
    size = n / units
    stops = []
    for factor, share in doubt:
        variance = spread.times(factor).per_item(n, attempts) / size
        outcomes = _outcomes(effect, variance, single=size == 1 and attempts == 1)
        held, runs = _relative(spread, n), round(RUNS * share)
        stops.append(_stops(test, outcomes, rng, units=units, relative=held, runs=runs))
    ends = np.concatenate(stops)
    return Followed(power=float(np.isfinite(ends).mean()), items=float(np.minimum(ends, units).mean()) * size)


def items_followed(
    test: Test,
    spread: Planned,
    effect: float,
    *,
    once: float,
    attempts: float,
    target: float,
    doubt: Doubt = SURE,
) -> float:
    """Return about how many items at most a followed run needs to reach a power, infinite beyond FARTHEST
    times `once`.
    """

    def short(times: float) -> bool:
        """Return whether a run of this many times the items of a single test has less than the required
        power.
        """
        return followed(test, spread, effect, once * times, attempts=attempts, doubt=doubt).power < target

    low, high = 0.0, math.log(FARTHEST)
    if short(FARTHEST):
        return math.inf
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if short(math.exp(middle)) else (low, middle)
    return float(math.ceil(once * math.exp(high)))


def _relative(spread: Planned, n: float) -> float:
    """Return the mean size of a unit over the largest, which bounds the stakes."""
    return 1 / float(spread.at(n).relative.max()) if isinstance(spread, Spread) else 1.0


def _outcomes(mean: float, variance: float, *, single: bool) -> tuple[Floats, Floats]:
    """Return three values of a unit's difference, and their probabilities."""
    far = math.sqrt(3 * variance)
    if not single and abs(mean) + far <= 1:
        return np.array([mean - far, mean, mean + far]), np.array([1, 4, 1]) / 6
    differ = min(max(variance + mean**2, abs(mean)), 1.0)
    return np.array([-1.0, 0.0, 1.0]), np.array([(differ - mean) / 2, 1 - differ, (differ + mean) / 2])


def _stops(
    test: Test,
    outcomes: tuple[Floats, Floats],
    rng: np.random.Generator,
    *,
    units: int,
    relative: float,
    runs: int,
) -> Floats:
    """Return the units after which each run reaches the goal, infinite if it doesn't."""
    values, chances = outcomes
    null = 0.0 if test.goal == "different" else -test.margin
    ends = np.unique(np.rint(np.linspace(0, units, PLACES + 1)).astype(int))[1:]
    steps = np.diff(ends, prepend=0)
    counts = rng.multinomial(np.broadcast_to(steps, (runs, len(steps))), chances).cumsum(axis=1).astype(float)
    threshold = math.log(2 / (1 - test.two_sided_level))
    sides = [(1 + values, 1 + null), (1 - values, 1 - null)][: 2 if test.goal == "different" else 1]
    hit = np.zeros(counts.shape[:2], dtype=bool)
    for sums, place in sides:
        bets = Bets.tuned(horizon=units, place=place / 2, level=test.two_sided_level)
        gains = log_gains(sums[:, None] * relative, relative, place, bets.shares)
        hit |= bets.mixed(counts @ np.maximum(gains, -1e6)) >= threshold
    return np.where(hit.any(axis=1), ends[hit.argmax(axis=1)], np.inf)
