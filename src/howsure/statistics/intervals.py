"""Intervals from estimates and their uncertainty, element by element: numbers or arrays in, (low, high)
arrays out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.results import Bound, Units
from howsure.statistics.tolerances import ROUNDING, SMALLEST

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Bools, Floats, Limits

LEAST_DEFF = 1e-6
"""If nothing varies, the guard uses this deff, which is far below what unobserved events may add."""


def t_quantile(level: ArrayLike, df: ArrayLike) -> Floats:
    """Return the two-sided t quantile for a confidence level. df may be infinite (normal), and both may be
    arrays.
    """
    df = np.asarray(df, dtype=float)
    if not np.ndim(level) and df.size > 1:
        if (df == df.flat[0]).all():
            return np.full(df.shape, t_quantile(level, df.flat[0]))
        few, place = np.unique(df, return_inverse=True)
        if len(few) < df.size:
            return np.asarray(t_quantile(level, few)[place]).reshape(df.shape)
    tail = (1 + np.asarray(level, dtype=float)) / 2
    return np.asarray(
        np.where(
            np.isinf(df),
            scipy.special.ndtri(tail),
            scipy.special.stdtrit(np.where(np.isinf(df), 1.0, df), tail),
        )
    )


def t_p_value(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the two-sided p-value of a t statistic. df may be infinite or an array."""
    size, df = np.abs(np.asarray(t, dtype=float)), np.asarray(df, dtype=float)
    normal = np.isinf(df)
    if not normal.any():
        return np.asarray(2 * scipy.special.stdtr(df, -size))
    student = scipy.special.stdtr(np.where(normal, 1.0, df), -size)
    return np.asarray(2 * np.where(normal, scipy.special.ndtr(-size), student))


def student_above(t: Floats, df: Floats) -> Floats:
    """Return P(T ≥ t), for the normal distribution if the degrees of freedom are infinite."""
    normal = np.isinf(df)
    return np.asarray(
        np.where(normal, scipy.special.ndtr(-t), scipy.special.stdtr(np.where(normal, 1.0, df), -t))
    )


def t_beyond(tail: ArrayLike, df: ArrayLike) -> Floats:
    """Return the t with this tail probability beyond it, even a tiny one. df may be infinite or an array."""
    df, tail = np.asarray(df, dtype=float), np.asarray(tail, dtype=float)
    student = scipy.special.stdtrit(np.where(np.isinf(df), 1.0, df), tail)
    return np.asarray(-np.where(np.isinf(df), scipy.special.ndtri(tail), student))


def t_interval(value: ArrayLike, se: ArrayLike, df: ArrayLike, level: float) -> Limits:
    """Return value ± t·se."""
    value, half = np.asarray(value, dtype=float), t_quantile(level, df) * np.asarray(se, dtype=float)
    return value - half, value + half


def wilson(p: ArrayLike, n: ArrayLike, df: ArrayLike, level: float) -> Limits:
    """Wilson's (1927) score interval on n effective items, with the t quantile for z (Korn and Graubard
    1998).

    The limits are always in [0, 1].
    """
    p, n, z = np.asarray(p, dtype=float), np.asarray(n, dtype=float), t_quantile(level, df)
    shrink = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * np.sqrt(np.maximum(p * (1 - p) / n + z * z / (4 * n * n), 0.0))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def guarded_wilson(p: ArrayLike, n: ArrayLike, df: ArrayLike, level: float) -> Limits:
    """Wilson's interval, lengthened if it is known to be too short: by the exact one-sided limit next to 0
    and 1.

    With one failure in 20, Wilson's lower limit is above the true rate far too often (Brown, Cai and DasGupta
    2001 mend it with a Poisson limit; this is the binomial one). At 95% it matters up to about ten events
    from the edge.
    """
    p, n = np.asarray(p, dtype=float), np.asarray(n, dtype=float)
    low, high = wilson(p, n, df, level)
    exact_low, exact_high = clopper_pearson(p * n, n, 2 * level - 1) if level > 0.5 else (low, high)
    return np.minimum(low, exact_low), np.maximum(high, exact_high)


def guarded_score(
    p: ArrayLike, n: float, df: ArrayLike, level: float, *, deff: ArrayLike, unseen: ArrayLike
) -> Limits:
    """Guarded Wilson's interval on n / deff items, extended for whole misses (or hits) that weren't observed.

    Very similar scores have little information about a rare different one. If a share of them turned to 0, so
    that their mean is μ instead of p, their variance would be V(μ) = deff μ (1 − μ) + (1 − deff) μ (p − μ).
    Above p it is the same with 1 − p. The second term is multiplied by m² / (m² + h²): h is the half width of
    t, and m how far the exact limit of an unobserved rate moves the mean. `unseen`: the deff of such misses,
    instead of 1. If it isn't above deff, they add nothing.
    """
    p, deff, unseen = (np.asarray(x, dtype=float) for x in (p, deff, unseen))
    z2 = t_quantile(level, df) ** 2 / n
    rate = 1 - ((1 - level) / 2) ** (unseen / n)

    def lower(p: Floats) -> Floats:
        """Return the lower root of (p − μ)² = z2 · V(μ)."""
        seen, moved = z2 * deff * p * (1 - p), (rate * p) ** 2
        more = moved / np.maximum(moved + seen, SMALLEST) * np.maximum(unseen - deff, 0.0)
        half = z2 / 2 * (deff + more * p)
        return np.asarray((p + half - np.sqrt(half**2 + seen)) / (1 + z2 * (deff + more)))

    low, high = lower(p), 1 - lower(1 - p)
    if level <= 0.5:
        return low, high
    items = n / np.maximum(deff, LEAST_DEFF)
    exact_low, exact_high = clopper_pearson(p * items, items, 2 * level - 1)
    return np.minimum(low, exact_low), np.maximum(high, exact_high)


def clopper_pearson(successes: ArrayLike, n: ArrayLike, level: float) -> Limits:
    """Return the exact binomial interval (Clopper and Pearson 1934). Fractional counts go through the beta
    quantile.
    """
    x, n, tail = np.asarray(successes, dtype=float), np.asarray(n, dtype=float), (1 - level) / 2
    inside, below = x > 0, x < n
    low = scipy.special.betaincinv(np.where(inside, x, 1.0), n - x + 1, tail)
    high = scipy.special.betaincinv(x + 1, np.where(below, n - x, 1.0), 1 - tail)
    return np.where(inside, low, 0.0), np.where(below, high, 1.0)


def jeffreys(successes: ArrayLike, n: ArrayLike, level: float) -> Limits:
    """Return the equal-tailed interval of the Beta(½, ½) posterior. 0 and 1 are kept as limits at 0 and n of
    n.

    Brown, Cai and DasGupta (2001).
    """
    x, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    low, high = beta_interval(x + 0.5, n - x + 0.5, level)
    return np.where(x <= 0, 0.0, low), np.where(x >= n, 1.0, high)


def beta_interval(a: ArrayLike, b: ArrayLike, level: float) -> Limits:
    """Return the equal-tailed interval of a Beta(a, b) distribution."""
    a, b, tail = np.asarray(a, dtype=float), np.asarray(b, dtype=float), (1 - level) / 2
    low, high = scipy.special.betaincinv(a, b, tail), scipy.special.betaincinv(a, b, 1 - tail)
    return np.asarray(low, dtype=float), np.asarray(high, dtype=float)


def rule_of_three(n: float, level: float) -> float:
    """Return the exact one-sided upper limit of a rate never observed in n items: 1 − (1 − level)^(1/n).

    About 3 / n at 95% (Hanley and Lippman-Hand 1983).
    """
    return -math.expm1(math.log1p(-level) / n)


def exact_bound(value: float, n: int, units: Units, level: float, worth: float | None = None) -> Bound:
    """Return the exact one-sided limit of a rate near 0 or 1 in n of `units` (Clopper and Pearson 1934; at 0
    and 1 the rule of three).

    `worth`: the equivalent number of equally weighted units, for a rate of 0 or 1.
    """
    seen = round(min(value, 1 - value) * n)
    limit = (
        float(clopper_pearson(seen, n, 2 * level - 1)[1])
        if seen
        else rule_of_three(n if worth is None else worth, level)
    )
    low = value < 0.5
    return Bound(
        limit=limit if low else 1 - limit,
        side="upper" if low else "lower",
        level=level,
        units=units,
        n=n,
        n_observed=seen,
    )


def net_limit(losses: ArrayLike, items: ArrayLike, level: ArrayLike) -> Floats:
    """Return the one-sided upper limit of a rate of net losses, Clopper and Pearson's, −∞ with net wins."""
    k, n = np.broadcast_arrays(np.asarray(losses, dtype=float), np.asarray(items, dtype=float))
    inside = (k >= 0) & (k < n)
    share = np.asarray(level, dtype=float)
    limit = scipy.special.betaincinv(np.where(inside, k, 0.0) + 1, np.where(inside, n - k, 1.0), share)
    return np.asarray(np.where(k < 0, -np.inf, np.where(inside, limit, 1.0)))


def net_limit_below(value: Floats, losses: Floats, items: Floats, level: Floats) -> Bools:
    """Return whether `net_limit`, for losses of at least 0, is surely below a value: a third of the work of
    the limit itself.
    """
    inside = losses < items
    reached = scipy.special.betainc(
        losses + 1, np.where(inside, items - losses, 1.0), np.clip(value, 0.0, 1.0)
    )
    return np.asarray(inside & (reached > level * (1 + ROUNDING)))
