"""Planned looks (interim analyses): the boundary of each of a few looks at a run, such that together they
have the error of one test.

At a share t of the planned items the error spent so far is a function of t alone (Lan and DeMets 1983), so
that looks may be at any t. Each side of a two-sided test spends its half. The boundary of a look makes the
chance of crossing it, and no earlier one, equal to the error that the look spends. It is found by recursive
integration of the density of runs still going on (Armitage, McPherson and Rowe 1969), by Gauss and Legendre's
rule on the scale on which increments are independent.

A look's own test gives a p-value, with any pivot and degrees of freedom. It is compared with the boundary as
a normal deviate, so that small-sample tests stay valid. The interval at the level of the look's boundary is
the repeated confidence interval, which is valid at all looks simultaneously (Jennison and Turnbull 1989). The
smallest error with which the look would stop is its p-value, so the two can't disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics.arrays import legendre
from howsure.statistics.choices import chosen_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Spending

FAR, NEVER = 37.0, 1e-290
"""Normal deviates beyond this have a negligible chance: less than the second."""
NODES, MOST_NODES = 80, 480
"""Points of the rule: a multiple of the first, up to the second if looks are close together."""
NODES_A_STEP = 4.0
"""Points within a standard deviation of the shortest step between looks."""
LEAST_ERROR, MOST_ERROR, KNOTS = 1e-15, 0.999, 48


@dataclass(frozen=True, slots=True)
class Boundary:
    """The normal deviates at which looks at these shares of the planned items stop, and the two-sided error
    spent so far.

    `before` (one per look): points and masses of the runs still going on, on the scale of sums: z · √share.
    """

    shares: Floats
    z: Floats
    spent: Floats
    before: tuple[tuple[Floats, Floats], ...]

    @property
    def nominal(self) -> Floats:
        """The two-sided p-value at or below which each look stops."""
        return np.asarray(2 * scipy.special.ndtr(-self.z))

    def stops(self, drift: Floats | float) -> tuple[Floats, Floats]:
        """Return the chances (looks, drifts) to stop above, and below, at each look. `drift`: the mean of z
        with all items.
        """
        theta = np.atleast_1d(np.asarray(drift, dtype=float))
        above, below = np.empty((2, len(self.z), len(theta)))
        for k, (points, mass) in enumerate(self.before):
            past = 0.0 if k == 0 else float(self.shares[k - 1])
            step, limit = float(self.shares[k]) - past, float(self.z[k]) * math.sqrt(self.shares[k])
            with np.errstate(under="ignore"):
                runs = mass * np.exp(np.multiply.outer(theta, points) - theta[:, None] ** 2 * past / 2)
                spread, ahead = math.sqrt(step), theta[:, None] * step + points
                above[k] = (runs * scipy.special.ndtr((ahead - limit) / spread)).sum(axis=1)
                below[k] = (runs * scipy.special.ndtr((-limit - ahead) / spread)).sum(axis=1)
        return above, below


@dataclass(frozen=True, slots=True)
class Schedule:
    """Looks at these shares of all items, ending with 1, and how they spend the error."""

    shares: tuple[float, ...]
    spending: Spending = "obrien-fleming"

    def __post_init__(self) -> None:
        """Raise MethodError for an invalid schedule."""
        before = (0.0, *self.shares[:-1])
        if (
            not self.shares
            or self.shares[-1] != 1
            or not all(x < y for x, y in zip(before, self.shares, strict=True))
        ):
            raise MethodError(
                f"looks at {self.shares} of the items are invalid",
                remedy="Give growing shares that end with 1.",
            )

    def boundary(self, level: float) -> Boundary:
        """Return the boundary of a two-sided test at a level.

        >>> Schedule((0.2, 0.4, 0.6, 0.8, 1.0)).boundary(0.95).z.round(3).tolist()
        [4.877, 3.357, 2.68, 2.29, 2.031]
        """
        return _boundary(self, 1 - level)

    def level_at(self, look: int, level: float) -> float:
        """Return the level of a look's own interval and test (looks count from 1), so that all looks together
        have `level`.
        """
        return 1 - float(self.boundary(level).nominal[look - 1])

    def overall_p(self, look: int, p_value: float, level: float) -> float:
        """Return the smallest error with which a look would stop, given this two-sided p-value of its own
        test.

        It is at most 1 − level exactly if the look stops at this level.
        """
        if not p_value > 0:
            return p_value
        nominal = float(self.boundary(level).nominal[look - 1])
        own, error = _overall(self, look)
        z = -float(scipy.special.ndtri(p_value / 2))
        found = (
            float(2 * scipy.special.ndtr(-np.interp(z, own, error)))
            if z < own[-1]
            else _beyond(z, own, error)
        )
        allowed = 1 - level
        found = min(max(found, p_value), 1.0)
        return min(found, allowed) if p_value <= nominal else max(found, math.nextafter(allowed, 1.0))


def spent(spending: Spending, error: float, shares: Floats) -> Floats:
    """Return the two-sided error spent at shares of the items: each side spends its half (Lan and DeMets
    1983).
    """
    side = error / 2
    found = chosen_object("spending", spending, SPENDINGS)(side, shares)
    return np.asarray(2 * np.where(shares >= 1, side, found))


def _obrien_fleming(side: float, shares: Floats) -> Floats:
    return np.asarray(2 * scipy.special.ndtr(scipy.special.ndtri(side / 2) / np.sqrt(shares)))


def _pocock(side: float, shares: Floats) -> Floats:
    return side * np.log(1 + (math.e - 1) * shares)


SPENDINGS: Mapping[str, Callable[[float, Floats], Floats]] = {
    "obrien-fleming": _obrien_fleming,
    "pocock": _pocock,
}
"""The share of one side's error spent at shares of the items, for each word of `Spending`."""


@lru_cache(maxsize=4_096)
def _boundary(schedule: Schedule, error: float) -> Boundary:
    """Find the boundaries sequentially, each from the runs still going on."""
    shares = np.array(schedule.shares)
    steps = np.diff(shares, prepend=0.0)
    total = spent(schedule.spending, error, shares)
    points, mass = np.zeros(1), np.ones(1)
    z, before = np.empty(len(shares)), []
    for k, (step, more) in enumerate(zip(steps, np.diff(total, prepend=0.0), strict=True)):
        before.append((points, mass))
        root, spread = math.sqrt(shares[k]), math.sqrt(step)
        z[k] = _crossing(points / root, mass, spread / root, float(more))
        if k + 1 == len(shares):
            break
        limit = z[k] * root
        finest = math.sqrt(float(steps.min()))
        # Points and weights of Gauss and Legendre's rule, fine enough for steps of this standard deviation.
        low = -limit
        count = NODES * math.ceil(NODES_A_STEP * (limit - low) / finest / NODES)
        x, w = legendre(min(count, MOST_NODES))
        half = (limit - low) / 2
        new, weights = low + half * (x + 1), half * w
        kernel = np.exp(-(((new[:, None] - points) / spread) ** 2) / 2) / (spread * math.sqrt(2 * math.pi))
        points, mass = new, weights * (kernel @ mass)
    return Boundary(shares=shares, z=z, spent=total, before=tuple(before))


def _crossing(points: Floats, mass: Floats, spread: float, chance: float) -> float:
    """Return the z that this share of all runs crosses on either side. Points and spread are in units of
    z.
    """
    if chance < NEVER:
        return FAR

    def over(z: float) -> float:
        """Return the log of the ratio of crossing to wanted runs for a boundary at z."""
        out = scipy.special.ndtr((points - z) / spread) + scipy.special.ndtr((-z - points) / spread)
        return math.log(max(float(mass @ out), NEVER / 2) / chance)

    return float(scipy.optimize.brentq(over, 0.0, FAR, xtol=1e-12)) if over(0.0) > 0 else 0.0


@lru_cache(maxsize=256)
def _overall(schedule: Schedule, look: int) -> tuple[Floats, Floats]:
    """Return the boundary z of a look, ascending, and the z of the error with which it stops there, for many
    errors.
    """
    errors = (
        scipy.special.ndtr(
            -np.linspace(-scipy.special.ndtri(MOST_ERROR / 2), -scipy.special.ndtri(LEAST_ERROR / 2), KNOTS)
        )
        * 2
    )
    own = np.array([_boundary(schedule, float(error)).z[look - 1] for error in errors])
    return np.maximum.accumulate(own), -scipy.special.ndtri(errors / 2)


def _beyond(z: float, own: Floats, error: Floats) -> float:
    """Extrapolate the last stretch, for p-values that are almost 0."""
    slope = (error[-1] - error[-2]) / max(own[-1] - own[-2], 1e-9)
    return float(2 * scipy.special.ndtr(-(error[-1] + slope * (z - own[-1]))))


def limited_p(limits: Callable[[float], tuple[float, float]], value: float) -> float:
    """Return the two-sided p-value of a value from intervals alone: 1 less the largest level whose interval
    excludes it.

    NaN without an interval. It is found on the scale of normal deviates, and is at least that of FARTHEST.
    """
    low, high = 0.0, FARTHEST
    if any(math.isnan(end) for end in limits(0.5)):
        return math.nan
    for _ in range(HALVINGS):
        z = (low + high) / 2
        ends = limits(float(2 * scipy.special.ndtr(z) - 1))
        low, high = (z, high) if value < ends[0] or value > ends[1] else (low, z)
    return float(2 * scipy.special.ndtr(-low))


FARTHEST, HALVINGS = 8.0, 40
