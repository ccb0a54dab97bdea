"""Do the gaps of slices differ at all? One test of "all are equal", with clusters that may cross slices.

Where they have the degrees of freedom, Wald's test with Hotelling's distribution (HTZ; Pustejovsky and Tipton
2018). Else the largest deviation of a slice from the others, each by CR2 and its own degrees of freedom
(Satterthwaite), corrected for their number by Šidák (1967). A slice without any difference is as uncertain as
one with a single item that differs. Measured in docs/decisions/0028-slices.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy

from howsure.statistics.means import intervals

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.slices.gaps import SliceGaps

LEAST_DF = 4.0
"""Fewer degrees of freedom of the denominator than these don't carry Wald's test."""
LEAST_CLUSTERS = 2
SINGULAR = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """A test of equal gaps: `statistic` is an F on `df` and `df_rest` for "htz", the |t| of the slice
    furthest off for "largest".

    `p_value` is NaN where nothing tells.
    """

    test: Literal["htz", "largest"]
    statistic: float
    df: float
    df_rest: float
    p_value: float


def equality(found: SliceGaps) -> Equality:
    """Test whether the gaps of all slices are the same; the way is chosen by counts alone."""
    q = len(found.gaps) - 1
    if q < 1 or (found.clusters < LEAST_CLUSTERS).any():
        return Equality(test="largest", statistic=np.nan, df=q, df_rest=np.nan, p_value=np.nan)
    covariance, eta = found.guarded_covariance(), hotelling_df(found)
    return wald(found, covariance, eta) if eta - q + 1 >= LEAST_DF else largest_deviation(found, covariance)


def wald(found: SliceGaps, covariance: Floats, eta: float) -> Equality:
    """Return the HTZ test of equal gaps with this covariance (S, S); `eta`: Hotelling's degrees of
    freedom.
    """
    q = len(found.gaps) - 1
    contrasts = np.eye(q + 1)[1:] - np.eye(q + 1)[:1]
    gap, spread, rest = contrasts @ found.gaps, contrasts @ covariance @ contrasts.T, eta - q + 1
    if not np.linalg.cond(spread) < SINGULAR:
        return Equality(test="htz", statistic=np.nan, df=q, df_rest=rest, p_value=np.nan)
    statistic = rest / (eta * q) * float(gap @ np.linalg.solve(spread, gap))
    p_value = float(scipy.special.fdtrc(q, rest, statistic))
    return Equality(test="htz", statistic=statistic, df=q, df_rest=rest, p_value=p_value)


def hotelling_df(found: SliceGaps) -> float:
    """Return η, the degrees of freedom that match the spread of the estimated covariance, items taken as
    independent.

    η = q (q + 1) / Σ_st K_st (P_ss P_tt + P_st²), P = N − N 1 1ᵀ N / (1ᵀ N 1), N the slices' weights; for K
    see `_overlaps`.
    """
    q, totals = len(found.gaps) - 1, found.totals
    weights = np.diag(totals) - np.outer(totals, totals) / totals.sum()
    diagonal = np.diagonal(weights)
    spread = float((_overlaps(found) * (np.outer(diagonal, diagonal) + weights**2)).sum())
    return q * (q + 1) / spread if spread > 0 else np.nan


def largest_deviation(found: SliceGaps, covariance: Floats) -> Equality:
    """Return the test by the slice that is the furthest from the mean of the others."""
    totals, count = found.totals, len(found.gaps)
    contrasts = np.eye(count) - (1 - np.eye(count)) * totals / (totals.sum() - totals)[:, None]
    told = contrasted(found, covariance, contrasts)
    p = np.asarray(intervals.t_p_value(np.abs(told.values) / told.errors, told.df))
    if not np.isfinite(p).all():
        return Equality(test="largest", statistic=np.nan, df=count - 1, df_rest=np.nan, p_value=np.nan)
    first = int(p.argmin())
    together = float(-np.expm1(count * np.log1p(-p[first]))) if p[first] < 1 else 1.0
    t = float(abs(told.values[first]) / told.errors[first])
    return Equality(
        test="largest", statistic=t, df=count - 1, df_rest=float(told.df[first]), p_value=together
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasted:
    """Weighted sums of the gaps of slices (K,), their standard errors and degrees of freedom."""

    values: Floats
    errors: Floats
    df: Floats


def contrasted(found: SliceGaps, covariance: Floats, contrasts: Floats) -> Contrasted:
    """Return sums of gaps with these weights (K, S), each with its own degrees of freedom (Satterthwaite)."""
    squares = contrasts**2
    variance = np.einsum("st,tu,su->s", contrasts, covariance, contrasts)
    spread = np.einsum("st,tu,su->s", squares, _overlaps(found), squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = (squares @ (1 / found.totals)) ** 2 / spread
    return Contrasted(values=contrasts @ found.gaps, errors=np.sqrt(np.maximum(variance, 0.0)), df=df)


def trend(found: SliceGaps, covariance: Floats) -> Contrasted:
    """Return by how much the gap grows from one slice to the next: the slope of the gaps over their places,
    weighted by items.
    """
    place = np.arange(len(found.gaps)) - float(found.totals @ np.arange(len(found.gaps))) / found.totals.sum()
    contrast = found.totals * place / float(found.totals @ place**2)
    return contrasted(found, covariance, contrast[None, :])


def _overlaps(found: SliceGaps) -> Floats:
    """Return K_st = Σ Θ_s ∘ Θ_t (S, S), Θ_s the covariance of slice s's scaled cluster sums if items are
    independent and alike.
    """
    shares, totals = found.shares, found.totals
    rest = 1 - shares
    inflation = np.divide(1.0, rest, out=np.zeros_like(rest), where=rest > 0)
    own, common = shares * inflation / totals, shares * np.sqrt(inflation / totals)
    return np.asarray(own.T @ own - own.T @ common**2 - (common**2).T @ own + (common.T @ common) ** 2)
