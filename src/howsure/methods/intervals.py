"""Intervals from an estimate and its uncertainty. Every function is scalar in, (low, high) out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def t_quantile(level: float, df: ArrayLike) -> NDArray[np.float64]:
    """Return the two-sided t quantile for a confidence level; df may be infinite (normal) or an array."""
    df = np.asarray(df, dtype=float)
    tail = (1 + level) / 2
    return np.asarray(
        np.where(np.isinf(df), special.ndtri(tail), special.stdtrit(np.where(np.isinf(df), 1.0, df), tail))
    )


def t_p_value(t: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """Return the two-sided p-value of a t statistic; df may be infinite or an array."""
    size, df = np.abs(np.asarray(t, dtype=float)), np.asarray(df, dtype=float)
    student = special.stdtr(np.where(np.isinf(df), 1.0, df), -size)
    return np.asarray(2 * np.where(np.isinf(df), special.ndtr(-size), student))


def t_interval(value: float, se: float, df: float, level: float) -> tuple[float, float]:
    """Return value ± t·se."""
    half = float(t_quantile(level, df)) * se
    return value - half, value + half


def wilson(p: float, n: float, df: float, level: float) -> tuple[float, float]:
    """Wilson's (1927) score interval on n effective items, with the t quantile for z (Korn and Graubard 1998).

    The limits always lie in [0, 1].
    """
    z = float(t_quantile(level, df))
    shrink = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(max(p * (1 - p) / n + z * z / (4 * n * n), 0.0))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def clopper_pearson(successes: float, n: float, level: float) -> tuple[float, float]:
    """Return the exact binomial interval (Clopper and Pearson 1934); fractional counts go through the beta quantile."""
    tail = (1 - level) / 2
    low = 0.0 if successes <= 0 else float(special.betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes >= n else float(special.betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def jeffreys(successes: float, n: float, level: float) -> tuple[float, float]:
    """Return the equal-tailed interval of the Beta(½, ½) posterior; 0 and 1 are kept as limits at 0 and n of n.

    Brown, Cai and DasGupta (2001).
    """
    low, high = beta_interval(successes + 0.5, n - successes + 0.5, level)
    return (0.0 if successes <= 0 else low), (1.0 if successes >= n else high)


def beta_interval(a: float, b: float, level: float) -> tuple[float, float]:
    """Return the equal-tailed interval of a Beta(a, b) distribution."""
    tail = (1 - level) / 2
    return float(special.betaincinv(a, b, tail)), float(special.betaincinv(a, b, 1 - tail))


def rule_of_three(n: float, level: float) -> float:
    """Return the exact one-sided upper limit of a rate that was never seen in n items: 1 − (1 − level)^(1/n).

    About 3 / n at 95 % (Hanley and Lippman-Hand 1983).
    """
    return -math.expm1(math.log1p(-level) / n)
