"""Correlation of two raters' numbers, and how many independent raters several are worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.agreement.coefficients import undefined
from howsure.statistics.agreement.limits import limits, spread_of
from howsure.statistics.means.intervals import t_quantile
from howsure.statistics.midranks import midranks
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints

FEWEST = 4


def correlation(
    first: Floats, second: Floats, *, ranks: bool, clusters: Sequence[Ints], level: float
) -> Estimate:
    """Estimate Pearson's correlation of two raters' numbers (n,), or Spearman's with `ranks`.

    Limits are those of limits.py, with the variance (1 − r²)² of a normal pair times the design effect; so
    they are no narrower than Fisher's (1921) are wide.
    """
    if ranks:
        first, second = midranks(first), midranks(second)
    n = len(first)
    one, two = _standard(first), _standard(second)
    if n < FEWEST or one is None or two is None:
        return undefined("correlation", n, clusters, level)
    value = float(np.clip((one * two).mean(), -1.0, 1.0))
    influence = one * two - value * (one**2 + two**2) / 2
    known = spread_of(influence, clusters)
    found = limits(value, known, lambda true: (1 - true**2) ** 2 * n / (n - 3), level)
    return Estimate(
        value=value,
        se=math.sqrt(max(known.variance, 0.0)) if known.units > 1 else math.nan,
        interval=Interval(low=max(found[0], -1.0), high=found[1], level=level),
        df=known.df,
        n_items=n,
        n_clusters=known.units,
        method=Method(name="correlation", variance="CR2"),
    )


def independent(errors: Floats, clusters: Sequence[Ints], level: float) -> tuple[float, Interval]:
    """Return how many independent raters these are worth, from their errors (n, m), and an interval.

    The mean variance of one's errors over the variance of the mean of all (Kish 1965 has it as m / (1 + (m −
    1) r), r the mean correlation), its interval on the logarithmic scale from the items' influences.
    """
    n, raters = errors.shape
    apart = errors - errors.mean(axis=0)
    alone, joint = (apart**2).mean(axis=1), apart.mean(axis=1) ** 2
    if n <= 1 or alone.mean() <= ROUNDING or joint.mean() <= ROUNDING:
        return math.nan, Interval(low=1.0, high=float(raters), level=level)
    value = float(alone.mean() / joint.mean())
    known = spread_of(alone / alone.mean() - joint / joint.mean(), clusters)
    if not math.isfinite(known.df):
        return value, Interval(low=min(value, 1.0), high=max(value, float(raters)), level=level)
    reach = math.exp(float(t_quantile(level, known.df)) * math.sqrt(max(known.variance, 0.0)))
    return value, Interval(low=max(value / reach, min(value, 1.0)), high=value * reach, level=level)


def _standard(x: Floats) -> Floats | None:
    """Return numbers with mean 0 and variance 1, None where they don't vary."""
    apart = x - x.mean()
    scale = math.sqrt(float((apart**2).mean()))
    return np.asarray(apart / scale) if scale > ROUNDING * max(float(np.abs(x).max()), 1.0) else None
