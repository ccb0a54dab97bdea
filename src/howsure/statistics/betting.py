"""Always-valid inference for means of bounded scores, by betting (Waudby-Smith and Ramdas 2024).

The interval covers the true mean at all looks simultaneously with the chosen level, so you may watch a run
and stop it at any time. Each value m of the mean is bet against: a stake of λ on every unit makes the capital
Π (1 + λ Z), Z the unit's score minus m. If m is true, the capital is a martingale, and by Ville's inequality
it ever reaches 1 / q with probability at most q. The interval excludes every m for which the capital reached
2 / (1 − level), in either direction.

Assumed: units are a random sample in random order, and all scores are within bounds that were known before
the run. A unit is an item, or a complete cluster with Z = Σ w (x − m) / W, W the largest possible sum of
weights in a cluster. Then the mean of Z is 0 at the ratio mean Σ w x / Σ w of the population, for any sizes
of the clusters.

The stake is a mixture over fixed shares of the largest one allowed (a mixture of martingales is a martingale;
near the best share in hindsight: Orabona and Jun 2023), tuned to the number of units planned. Chosen by
trial, docs/decisions/0007-stopping.md. The capital depends on the units only, not on their order, and is
exact at every m, without a grid of means. Memory: 24 bytes for each distinct unit. Single items with more
than 8,192 distinct scores are rounded against the bets, so that memory stays bounded and coverage is kept.

Asymptotic confidence sequences: always-valid inference for scores without bounds.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit theory and asymptotic
confidence sequences". The interval of a normal mixture, with the estimated variance in place of the known
one. It is valid at all looks simultaneously in the limit of many units, and isn't guaranteed for few. Before
BURN_IN units it isn't computed. Assumed: units (items, or complete clusters) are a random sample in random
order, with more than two moments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.tolerances import ROUNDED_SCORES, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Floats

BETS = 16
"""Shares of the largest stake that are mixed."""

HORIZON = 500
"""The units that bets are tuned to if the planned number isn't given. Any number is valid."""

MOST_VALUES = 8_192
STEPS = 52
"""The number of bisections for a limit: down to its rounding error."""

MOST_TIMES = 1_000.0
"""A forecast beyond this many times the observed units isn't given."""

METHOD = "betting"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlwaysValid:
    """A look at a run: the mean so far, an interval valid at all looks simultaneously, and an always-valid
    p-value.

    `value`: ratio mean of the units, NaN without any. `low`, `high`: the intersection over looks. `p_value`:
    of the null value, the minimum over looks, NaN if none was given. It is at most 1 − level exactly if the
    interval excludes the null value. `torn`: the looks contradict each other, so interval and p-value are
    those of the last look that didn't.
    """

    value: float
    low: float
    high: float
    level: float
    p_value: float
    n_units: int
    method: str
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Bets:
    """A mixture of bets: each takes a share (J,) of the largest stake. All start with the same capital."""

    shares: Floats

    @classmethod
    def tuned(cls, *, horizon: float, place: float, level: float) -> Bets:
        """Return shares spread evenly on the log scale, from the best one for a difference just detectable
        with this many units, up to 1.

        `place`: the tested value, as its distance from the limit of the scale that is bet away from, divided
        by the whole scale. The least share is for the largest variance there, place (1 − place).
        """
        odds = place / max(1 - place, 1e-9)
        least = math.sqrt(2 * math.log(2 / (1 - level)) / max(horizon, 1) * odds)
        return cls(np.geomspace(min(max(least, 1e-4), 0.75), 1.0, BETS))

    def mixed(self, logs: Floats) -> Floats:
        """Return the log of the mean capital over bets, the last axis."""
        top = np.maximum(logs.max(axis=-1), -1e300)
        with np.errstate(under="ignore"):
            return np.asarray(top + np.log(np.exp(logs - top[..., None]).mean(axis=-1)))


def log_gains(sums: ArrayLike, sizes: ArrayLike, m: ArrayLike, shares: ArrayLike) -> Floats:
    """Return the factor by which a unit multiplies the capital of a bet, on the log scale: log(1 + c (s / m −
    r)), −inf if all is lost.

    `sums` s: distance of a unit's scores from the limit of the scale, summed with weights, in units of W.
    `sizes` r: its weights, in units of W. `m`: the mean bet against, as a distance from that limit too. All
    broadcast.
    """
    shares, sums, sizes, m = map(np.asarray, (shares, sums, sizes, m))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(1 + shares * (sums / m - sizes), 0.0)))


class OneSided:
    """The capital of bets that the mean is larger than m, for scores from 0 upwards. It falls as m rises.

    `top`: the largest score. Sums and sizes are in units of W.
    """

    __slots__ = ("_bets", "_counts", "_fresh", "_sizes", "_sums", "_top")

    def __init__(self, bets: Bets, top: float) -> None:
        self._bets, self._top = bets, top
        self._sums, self._sizes, self._counts = np.zeros(0), np.zeros(0), np.zeros(0)
        self._fresh: list[tuple[Floats, Floats]] = []

    def add(self, sums: Floats, sizes: Floats) -> None:
        """Add units (k,)."""
        self._fresh.append((np.maximum(sums, 0.0), sizes))

    def log_capital(self, m: float, times: float = 1.0) -> float:
        """Return the log of the capital against one m. `times`: repeat the observed units this often."""
        self._merge()
        if m <= 0:
            return math.inf if self._sums.any() else 0.0
        logs = log_gains(self._sums, self._sizes, m, self._bets.shares[:, None])
        return float(self._bets.mixed(times * (logs @ self._counts)))

    def limit(
        self, threshold: float, known: float, marks: tuple[float, ...] = (), times: float = 1.0
    ) -> float:
        """Return the largest m against which the capital reaches a log threshold, at least `known`.

        `marks`: values that are decided exactly, so that a p-value at one of them agrees with the limit.
        """
        self._merge()
        low, high = max(known, 0.0), self._top
        if not self._sums.any() or (low > 0 and self.log_capital(low, times) < threshold):
            return low
        for mark in marks:
            if low < mark < high:
                reached = self.log_capital(mark, times) >= threshold
                low, high = (mark, high) if reached else (low, mark)
        for _ in range(STEPS):
            middle = (low + high) / 2
            reached = self.log_capital(middle, times) >= threshold
            low, high = (middle, high) if reached else (low, middle)
        return low

    def _merge(self) -> None:
        """Merge equal units. Beyond MOST_VALUES scores of single items are rounded down, against the bets."""
        if not self._fresh:
            return
        fresh = [np.concatenate(parts) for parts in zip(*self._fresh, strict=True)]
        self._fresh.clear()
        sums, sizes = np.concatenate([self._sums, fresh[0]]), np.concatenate([self._sizes, fresh[1]])
        counts = np.concatenate([self._counts, np.ones(len(fresh[0]))])
        self._store(sums, sizes, counts)
        if len(self._sums) > MOST_VALUES and (self._sizes == 1).all():
            step = 2 * self._top / MOST_VALUES
            self._store(np.floor(self._sums / step) * step, self._sizes, self._counts)

    def _store(self, sums: Floats, sizes: Floats, counts: Floats) -> None:
        keys, places = np.unique(sums + 1j * sizes, return_inverse=True)
        self._sums, self._sizes = keys.real.copy(), keys.imag.copy()
        self._counts = np.bincount(places, weights=counts, minlength=len(keys)).astype(float)


class Betting:
    """A run in progress: add units as they come, look as often as you like.

    `bounds`: of the scores, known before the run. A difference of scores in [0, 1] has (−1, 1). `largest`:
    the largest sum of weights that a unit can have. `null`: the tested value. `horizon`: the planned units,
    which tune the bets. Any number is valid. Raises MethodError for scores outside the bounds and units
    larger than `largest`.

    >>> run = Betting(bounds=(-1, 1), null=0.0, horizon=100)
    >>> run.add([1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1])
    >>> look = run.look()
    >>> look.n_units, round(look.value, 2), round(look.low, 2), look.p_value < 0.05
    (12, 0.75, 0.1, True)
    """

    __slots__ = (
        "_bounds",
        "_down",
        "_largest",
        "_level",
        "_null",
        "_running",
        "_seen",
        "_size",
        "_sum",
        "_up",
        "n_units",
    )

    def __init__(
        self,
        *,
        bounds: tuple[float, float] = (0.0, 1.0),
        largest: float = 1.0,
        level: float = 0.95,
        null: float | None = None,
        horizon: float = HORIZON,
    ) -> None:
        low, high = map(float, bounds)
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise MethodError(f"bounds {bounds} are not two numbers, the lower one first")
        self._bounds, self._largest, self._level, self._null = (low, high), float(largest), level, null
        place = 0.5 if null is None else min(max((null - low) / (high - low), 0.001), 0.999)
        self._up = OneSided(Bets.tuned(horizon=horizon, place=place, level=level), high - low)
        self._down = OneSided(Bets.tuned(horizon=horizon, place=1 - place, level=level), high - low)
        self._running = (low, high, math.nan if null is None else 1.0, False)
        self._sum = self._size = 0.0
        self.n_units = self._seen = 0

    def add(self, sums: ArrayLike, sizes: ArrayLike | None = None) -> None:
        """Add units: weighted sums of scores (k,), and sums of weights (k,), 1 if not given."""
        totals = np.atleast_1d(np.asarray(sums, dtype=float))
        weights = (
            np.ones(len(totals)) if sizes is None else np.broadcast_to(np.asarray(sizes, float), totals.shape)
        )
        low, high = self._bounds
        room = ROUNDED_SCORES * (high - low) * weights
        if not (np.all(totals >= low * weights - room) and np.all(totals <= high * weights + room)):
            raise MethodError(
                f"a score is not between {low:g} and {high:g}", remedy="Name the bounds of the scores."
            )
        if np.any(weights > self._largest * (1 + ROUNDED_SCORES)):
            raise MethodError(
                f"a unit of size {weights.max():g} is larger than the largest one, {self._largest:g}",
                remedy="Name the largest size that a cluster can have.",
            )
        self.n_units += len(totals)
        self._sum += float(totals.sum())
        self._size += float(weights.sum())
        shares = weights / self._largest
        self._up.add(np.round(totals / self._largest - low * shares, 12), shares)
        self._down.add(np.round(high * shares - totals / self._largest, 12), shares)

    def look(self) -> AlwaysValid:
        """Return interval and p-value, combined with those of all looks before."""
        low, high, p_value, torn = self._running
        if self.n_units > self._seen and not torn:
            self._seen = self.n_units
            found = self._limits(low, high)
            torn = found[0] > found[1]
            if not torn:
                low, high = found
                p_value = p_value if self._null is None else min(p_value, self._p_value(self._null))
            self._running = (low, high, p_value, torn)
        return AlwaysValid(
            value=self._sum / self._size if self._size else math.nan,
            low=low,
            high=high,
            level=self._level,
            p_value=p_value,
            n_units=self.n_units,
            method=METHOD,
            torn=torn,
        )

    def log_capital(self, m: float, times: float = 1.0) -> float:
        """Return the log of the larger of both capitals against m."""
        low, high = self._bounds
        return max(self._up.log_capital(m - low, times), self._down.log_capital(high - m, times))

    def more_units(self, *, within: float | None = None) -> float:
        """Return about how many more units like those seen would decide, NaN if none would.

        The decision is whether the mean is the null value, or the interval is ± `within`.
        """
        if not self.n_units:
            return math.nan
        if within is None:
            if self._null is None:
                return math.nan
            null = self._null
            return forecast(lambda times: self.log_capital(null, times) >= self._threshold, self.n_units)
        low, high = self._bounds

        def narrow(times: float) -> bool:
            """Return whether this many times as many units would make the interval narrow enough."""
            found = self._limits(low, high, times)
            return found[1] - found[0] <= 2 * within

        return forecast(narrow, self.n_units)

    @property
    def _threshold(self) -> float:
        return math.log(2 / (1 - self._level))

    def _p_value(self, null: float) -> float:
        return min(1.0, 2 * math.exp(-max(self.log_capital(null), 0.0)))

    def _limits(self, low: float, high: float, times: float = 1.0) -> tuple[float, float]:
        bottom, top = self._bounds
        marks = () if self._null is None else (self._null,)
        up = self._up.limit(self._threshold, low - bottom, tuple(m - bottom for m in marks), times)
        down = self._down.limit(self._threshold, top - high, tuple(top - m for m in marks), times)
        return (max(low, bottom + up), min(high, top - down))


def forecast(reached: Callable[[float], bool], n_units: int) -> float:
    """Return how many more units than `n_units` are needed until `reached(times)`. NaN beyond MOST_TIMES."""
    if not reached(MOST_TIMES):
        return math.nan
    low, high = 0.0, math.log(MOST_TIMES)
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(math.exp(middle)) else (middle, high)
    return n_units * (math.exp(high) - 1)


BURN_IN = 50
ASYMPTOTIC = "asymptotic"


def tuned(horizon: float, level: float) -> float:
    """Return the ρ that makes the interval narrowest at this many units (section 3.3 there)."""
    spare = -2 * math.log(1 - level)
    return (
        math.sqrt((spare + math.log(spare) + 1) / max(horizon, 1))
        if spare > 1
        else 1 / math.sqrt(max(horizon, 1))
    )


def half_width(n: ArrayLike, spread: ArrayLike, rho: float, level: float) -> Floats:
    """Return half the width of the interval: `n` units with a standard deviation of `spread`, element by
    element.
    """
    n = np.asarray(n, dtype=float)
    grown = n * rho**2 + 1
    return np.asarray(spread * np.sqrt(2 * grown / (n * rho) ** 2 * np.log(np.sqrt(grown) / (1 - level))))


class Asymptotic:
    """A run in progress without bounds of its scores: add units as they come, look as often as you like.

    `null`: the tested value. `horizon`: the planned units, at which the interval should be narrow. Memory: a
    few sums. Before BURN_IN units, or if nothing varies, interval and p-value are NaN.

    >>> run = Asymptotic(null=0.0, horizon=200)
    >>> run.add([(-1.0) ** k + 0.9 for k in range(200)])
    >>> look = run.look()
    >>> round(look.value, 2), look.low > 0, look.p_value < 0.05
    (0.9, True, True)
    """

    __slots__ = ("_level", "_moments", "_null", "_rho", "_running", "n_units")

    def __init__(self, *, level: float = 0.95, null: float | None = None, horizon: float = HORIZON) -> None:
        self._level, self._null, self._rho = level, null, tuned(horizon, level)
        self._moments = np.zeros(5)
        self._running = (-math.inf, math.inf, math.nan if null is None else 1.0, False)
        self.n_units = 0

    def add(self, sums: ArrayLike, sizes: ArrayLike | None = None) -> None:
        """Add units: weighted sums of scores (k,), and sums of weights (k,), 1 if not given."""
        s = np.atleast_1d(np.asarray(sums, dtype=float))
        n = np.ones(len(s)) if sizes is None else np.broadcast_to(np.asarray(sizes, dtype=float), s.shape)
        self.n_units += len(s)
        self._moments += [s.sum(), n.sum(), (s * s).sum(), (s * n).sum(), (n * n).sum()]

    def look(self) -> AlwaysValid:
        """Return interval and p-value, combined with those of all looks before."""
        value, spread = self._value_and_spread()
        known = self.n_units >= BURN_IN and spread > 0
        low, high, p_value, torn = self._running
        if known and not torn:
            half = float(half_width(self.n_units, spread, self._rho, self._level))
            found = (max(low, value - half), min(high, value + half))
            torn = found[0] > found[1]
            if not torn:
                low, high = found
                p_value = (
                    p_value
                    if self._null is None
                    else min(p_value, self._p_value(value, spread, self.n_units))
                )
            self._running = (low, high, p_value, torn)
        silent = math.isinf(low)
        return AlwaysValid(
            value=value,
            low=math.nan if silent else low,
            high=math.nan if silent else high,
            level=self._level,
            p_value=math.nan if silent else p_value,
            n_units=self.n_units,
            method=ASYMPTOTIC,
            torn=torn,
        )

    def more_units(self, *, within: float | None = None) -> float:
        """Return about how many more units like those seen would decide, NaN if none would."""
        value, spread = self._value_and_spread()
        if self.n_units < 2 or not spread > 0 or (within is None and self._null is None):
            return math.nan

        def reached(times: float) -> bool:
            """Return whether this many times as many units would decide."""
            n = max(times * self.n_units, BURN_IN)
            half = float(half_width(n, spread, self._rho, self._level))
            return half <= within if within is not None else abs(value - (self._null or 0.0)) >= half

        return forecast(reached, self.n_units)

    def _value_and_spread(self) -> tuple[float, float]:
        """Return the ratio mean, and the standard deviation of the units' residuals s − value × n over their
        mean size.
        """
        s, n, ss, sn, nn = map(float, self._moments)
        if not n:
            return math.nan, math.nan
        value = s / n
        squares = ss - 2 * value * sn + value**2 * nn
        spread = math.sqrt(max(squares, 0.0) / max(self.n_units - 1, 1)) / (n / self.n_units)
        return value, spread if squares > ROUNDING * max(ss, value**2 * nn) else 0.0

    def _p_value(self, value: float, spread: float, n: float) -> float:
        """Return the level whose interval just reaches the null value."""
        grown = n * self._rho**2 + 1
        away = n * (value - (self._null or 0.0)) / spread
        return min(1.0, math.sqrt(grown) * math.exp(-((away * self._rho) ** 2) / (2 * grown)))
