"""Do the gaps of slices differ at all? One test of "all are equal", with clusters that may cross slices.

Where they have the degrees of freedom, Wald's test with Hotelling's distribution (HTZ; Pustejovsky and Tipton 2018), the variance
taken as it would be if all gaps were the common one. Else the largest deviation of a slice from the whole, among flips of the
signs of whole clusters (Canay, Santos and Shaikh 2021), which needs no degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from howsure.statistics.pairs.flips import DRAWS, sign_blocks

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.slices.gaps import SliceGaps

LEAST_DF = 4.0
"""Fewer degrees of freedom of the denominator than these don't carry Wald's test."""
LEAST_CLUSTERS = 2
TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """A test of equal gaps: `statistic` is an F on `df` and `df_rest` for "htz", a largest |t| for "flips".

    `p_value` is NaN where nothing tells.
    """

    test: Literal["htz", "flips"]
    statistic: float
    df: float
    df_rest: float
    p_value: float


def equality(found: SliceGaps, *, rng: np.random.Generator) -> Equality:
    """Test whether the gaps of all slices are the same; the way is chosen by counts alone."""
    eta, q = hotelling_df(found), len(found.gaps) - 1
    if q < 1 or (found.clusters < LEAST_CLUSTERS).any():
        return Equality(test="flips", statistic=np.nan, df=q, df_rest=np.nan, p_value=np.nan)
    if eta - q + 1 >= LEAST_DF:
        return wald(found, found.covariance_at(found.whole), eta)
    return largest_deviation(found, rng)


def wald(found: SliceGaps, covariance: Floats, eta: float) -> Equality:
    """Return the HTZ test of equal gaps with this covariance (S, S); `eta`: Hotelling's degrees of freedom."""
    q = len(found.gaps) - 1
    contrasts = np.eye(q + 1)[1:] - np.eye(q + 1)[:1]
    gap, spread = contrasts @ found.gaps, contrasts @ covariance @ contrasts.T
    rest = eta - q + 1
    if np.linalg.matrix_rank(spread, tol=TINY**2) != q:
        return Equality(test="htz", statistic=np.nan, df=q, df_rest=rest, p_value=np.nan)
    statistic = rest / (eta * q) * float(gap @ np.linalg.solve(spread, gap))
    return Equality(
        test="htz", statistic=statistic, df=q, df_rest=rest, p_value=float(special.fdtrc(q, rest, statistic))
    )


def hotelling_df(found: SliceGaps) -> float:
    """Return η, the degrees of freedom that match the spread of the estimated covariance, items taken as independent.

    With Θ_s the covariance of slice s's scaled cluster sums and K_st = Σ Θ_s ∘ Θ_t:
    η = q (q + 1) / Σ_st K_st (P_ss P_tt + P_st²), P = N − N 1 1ᵀ N / (1ᵀ N 1), N the slices' weights.
    """
    q = len(found.gaps) - 1
    shares, totals = found.shares, found.totals
    rest = 1 - shares
    inflation = np.divide(1.0, rest, out=np.zeros_like(rest), where=rest > 0)
    own, common = shares * inflation / totals, shares * np.sqrt(inflation / totals)
    together = own.T @ own - own.T @ common**2 - (common**2).T @ own + (common.T @ common) ** 2
    weights = np.diag(totals) - np.outer(totals, totals) / totals.sum()
    diagonal = np.diagonal(weights)
    spread = float((together * (np.outer(diagonal, diagonal) + weights**2)).sum())
    return q * (q + 1) / spread if spread > 0 else np.nan


def largest_deviation(found: SliceGaps, rng: np.random.Generator, draws: int = DRAWS) -> Equality:
    """Return the test by the largest deviation of a slice from the whole, among flips of clusters' signs."""
    parts = _deviations(found)
    spread = np.sqrt((parts**2).sum(axis=0))
    movable = (np.abs(parts) > TINY).sum(axis=0)
    if (movable < LEAST_CLUSTERS).any():
        return Equality(test="flips", statistic=np.nan, df=len(spread) - 1, df_rest=np.nan, p_value=np.nan)
    scaled = parts / spread
    seen = float(np.abs(scaled.sum(axis=0)).max())
    every = np.concatenate(
        [np.abs(make().T.astype(float) @ scaled).max(axis=1) for make in sign_blocks(len(scaled), rng, draws)]
    )
    listed = 2 ** min(len(scaled), 60) <= draws
    reached = int((every >= seen * (1 - TINY) - TINY).sum())
    p = reached / len(every) if listed else (1 + reached) / (1 + len(every))
    return Equality(test="flips", statistic=seen, df=len(spread) - 1, df_rest=np.nan, p_value=float(p))


def _deviations(found: SliceGaps) -> Floats:
    """Return what each cluster adds to every slice's deviation from the whole, if the gaps are equal (G, S)."""
    left = found.sums - found.held * found.whole
    return np.asarray(left / found.totals - left.sum(axis=1, keepdims=True) / found.totals.sum())
