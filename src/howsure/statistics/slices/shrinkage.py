"""Shrunken estimates of many slices, with robust empirical-Bayes intervals (Armstrong, Kolesár and
Plagborg-Møller 2022).

Each estimate Y_s with standard error σ_s is drawn towards the common centre by w_s = μ₂ / (μ₂ + σ_s²), μ₂ the
variance of the true values about it. What shrinking makes wrong is a bias whose mean square and fourth moment
(kurtosis κ) are known, but not its distribution: the critical value is the largest that any distribution with
these moments needs. Coverage then holds on average over the slices, whatever the true values are; it needn't
for each of them. The centre's own error is added, as independent of the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

BIASES = 240
CRITICAL = np.geomspace(1.0, 64.0, 240)
"""Where critical values are looked for."""
BEYOND = 6.0
"""A bias of so many standard errors more than the critical value is missed for certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunken:
    """Values drawn towards their `centre`, with their limits (S,); `spread`: the standard deviation of the
    true values.
    """

    values: Floats
    low: Floats
    high: Floats
    centre: float
    spread: float


def shrunken(values: Floats, errors: Floats, weights: Floats, level: float) -> Shrunken:
    """Shrink estimates (S,) with standard errors (S,), all positive, towards their weighted mean.

    `weights` (S,): the items of each slice; the precision that was estimated goes with the estimates, and
    would bias the centre.

    >>> import numpy as np
    >>> found = shrunken(np.array([0.0, 0.1, 0.2, 0.1]), np.full(4, 0.1), np.ones(4), 0.95)
    >>> round(found.centre, 3), found.values.round(3).tolist()
    (0.1, [0.067, 0.1, 0.133, 0.1])
    """
    variances = errors**2
    shares = weights / weights.sum()
    centre = float(shares @ values)
    spread, kurtosis = _moments(values - centre, variances, weights)
    w = spread / (spread + variances)
    centre_variance = float(shares**2 @ (variances + spread))
    of_centre = (1 - w) ** 2 * centre_variance + 2 * w * (1 - w) * shares * variances
    critical = np.array([critical_value(float(bias), kurtosis, level) for bias in variances / spread])
    half = np.sqrt((critical * w * errors) ** 2 + critical_value(0.0, 1.0, level) ** 2 * of_centre)
    middle = centre + w * (values - centre)
    return Shrunken(
        values=middle, low=middle - half, high=middle + half, centre=centre, spread=math.sqrt(spread)
    )


def _moments(residuals: Floats, variances: Floats, weights: Floats) -> tuple[float, float]:
    """Return the variance and the kurtosis of the true values, kept away from 0 and 1 as their own errors ask
    for.
    """
    total = float(weights.sum())
    second = float(weights @ (residuals**2 - variances)) / total
    least = 2 * float(weights**2 @ variances**2) / (total * float(weights @ variances))
    spread = max(second, least)
    fourth = float(weights @ (residuals**4 - 6 * variances * residuals**2 + 3 * variances**2)) / total
    lowest = 1 + 32 * float(weights**2 @ variances**4) / (spread**2 * total * float(weights @ variances**2))
    return spread, max(fourth / spread**2, lowest)


def critical_value(bias: float, kurtosis: float, level: float) -> float:
    """Return what holds at the level for every bias with this mean square, in squared standard errors, and
    this kurtosis.

    >>> round(critical_value(0.0, 1.0, 0.95), 2), round(critical_value(1.0, 1.0, 0.95), 2)
    (1.96, 2.65)
    """
    tangents = _tangents()
    away = bias - tangents.at
    missed = tangents.missed + tangents.slope * away + tangents.bend * ((kurtosis - 1) * bias**2 + away**2)
    worst = missed.min(axis=1)
    k = int(np.argmax(worst <= 1 - level))
    if worst[k] > 1 - level or k == 0:
        return math.inf if k == 0 and worst[0] > 1 - level else float(CRITICAL[k])
    share = (worst[k - 1] - (1 - level)) / (worst[k - 1] - worst[k])
    return float(CRITICAL[k - 1] + share * (CRITICAL[k] - CRITICAL[k - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tangents:
    """Parabolas above the chance of missing as a function of the squared bias, for each critical value
    (rows).

    Each touches it `at` a squared bias, with the chance `missed` and its `slope` there, and the least `bend`
    that keeps it above: the mean of a parabola is known where the first two moments of the squared bias are,
    and the lowest mean is the worst case (duality).
    """

    at: Floats
    missed: Floats
    slope: Floats
    bend: Floats


@cache
def _tangents() -> _Tangents:
    """Make the parabolas; about a tenth of a second, once."""
    rows = [_row(float(critical)) for critical in CRITICAL]
    return _Tangents(
        **{name: np.stack([row[k] for row in rows]) for k, name in enumerate(_Tangents.__slots__)}
    )


def _row(critical: float) -> tuple[Floats, Floats, Floats, Floats]:
    roots = np.linspace(0.0, critical + BEYOND, BIASES)
    step = roots[1] / 2
    at, squares = (roots[:-1] + step) ** 2, roots**2
    root = np.sqrt(at)
    missed = _missed(root, critical)
    slope = (_density(root - critical) - _density(root + critical)) / (2 * root)
    above = _missed(roots, critical) - missed[:, None] - slope[:, None] * (squares - at[:, None])
    bend = np.maximum((above / (squares - at[:, None]) ** 2).max(axis=1), 0.0)
    return at, missed, slope, bend


def _missed(root: Floats, critical: float) -> Floats:
    """Return the chance that a normal estimate with this bias lies beyond the critical value."""
    return np.asarray(scipy.special.ndtr(-critical - root) + scipy.special.ndtr(root - critical))


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))
