"""Asymptotic confidence sequences: always-valid inference for scores without bounds.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit theory and asymptotic
confidence sequences". The interval of a normal mixture, with the estimated variance in place of the known
one: it holds at all looks at once in the limit of many units, and promises nothing for few. Before BURN_IN
units there is no answer. Assumed: units (items, or complete clusters) are a random sample in random order,
with more than two moments.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.sequential.betting import HORIZON, AlwaysValid, forecast
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Floats

BURN_IN = 50
ASYMPTOTIC = "asymptotic"


def tuned(horizon: float, level: float) -> float:
    """Return the ρ that makes the interval narrowest at so many units (section 3.3 there)."""
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

    `null`: a value that is asked about; `horizon`: the units planned, where the interval is to be narrow.
    Memory: a few sums. No interval and no p-value before BURN_IN units, or where nothing varies.

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
        """Add units: weighted sums of scores (k,), and sums of weights (k,), 1 where not given."""
        s = np.atleast_1d(np.asarray(sums, dtype=float))
        n = np.ones(len(s)) if sizes is None else np.broadcast_to(np.asarray(sizes, dtype=float), s.shape)
        self.n_units += len(s)
        self._moments += [s.sum(), n.sum(), (s * s).sum(), (s * n).sum(), (n * n).sum()]

    def look(self) -> AlwaysValid:
        """Return interval and p-value, put together with those of all looks before."""
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
        """Return about how many more units would decide if they were like those seen, NaN where none
        would.
        """
        value, spread = self._value_and_spread()
        if self.n_units < 2 or not spread > 0 or (within is None and self._null is None):
            return math.nan

        def reached(times: float) -> bool:
            """Say whether so many times as many units would decide."""
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
        """Return the level at which the interval just reaches the null value."""
        grown = n * self._rho**2 + 1
        away = n * (value - (self._null or 0.0)) / spread
        return min(1.0, math.sqrt(grown) * math.exp(-((away * self._rho) ** 2) / (2 * grown)))
