"""Putting tasks together: a weighted mean of task results, whose errors are independent from task to task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Estimate, Interval
from howsure.methods import intervals
from howsure.methods.pairs import PairMoments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.answers.comparison import Comparison
    from howsure.methods.difference import Pivot

    Floats = NDArray[np.float64]


def combine_df(variances: Floats, df: Floats) -> Floats:
    """Return Welch and Satterthwaite's degrees of freedom of a sum: (Σ v)² / Σ v² / df, over the first axis."""
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(total > 0, total**2 / (variances**2 / df).sum(axis=0), df.min(axis=0)))


def combine_pairs(tasks: Sequence[PairMoments], shares: Sequence[float]) -> PairMoments:
    """Return the pair moments of Σ_t share_t · task_t for the same M models in the same order; shares sum to 1."""
    s = np.asarray(shares)[:, None, None]
    stack = {name: np.stack([getattr(task, name) for task in tasks]) for name in ("difference", "variance", "df")}
    spreads = np.stack([task.spread for task in tasks])
    return PairMoments(
        difference=(s * stack["difference"]).sum(axis=0),
        variance=(s**2 * stack["variance"]).sum(axis=0),
        centre=(s * np.stack([task.centre for task in tasks])).sum(axis=0),
        spread=np.sqrt((s**2 * spreads**2).sum(axis=0)),
        df=combine_df(s**2 * spreads**2, stack["df"]),
        weight=np.stack([task.weight for task in tasks]).sum(axis=0),
        shared=np.stack([task.shared for task in tasks]).sum(axis=0),
        covariance=(s**2 * np.stack([task.covariance for task in tasks])).sum(axis=0),
    )


def combine_estimates(parts: Sequence[Estimate], shares: Sequence[float], *, bounded: bool) -> Estimate:
    """Return the estimate of Σ_t share_t · mean_t: variances add, degrees of freedom by Welch and Satterthwaite."""
    s = np.asarray(shares)
    values = np.array([part.value for part in parts])
    variances = s**2 * np.array([part.se for part in parts]) ** 2
    value, var = float(s @ values), float(variances.sum())
    level = parts[0].interval.level
    n_items = sum(part.n_items for part in parts)
    df = float(combine_df(variances, np.array([part.df for part in parts])))
    if not math.isfinite(var):
        low, high = math.nan, math.nan
    elif bounded:
        spread = value * (1 - value)
        low, high = intervals.wilson(value, spread / var if var > 0 and spread > 0 else n_items, df, level)
    else:
        low, high = intervals.t_interval(value, math.sqrt(var), df, level)
    kind = "wilson" if bounded else "t"
    return Estimate(
        value=value,
        se=math.sqrt(var) if var >= 0 else math.nan,
        interval=Interval(low=low, high=high, level=level),
        df=df,
        n_items=n_items,
        n_clusters=sum(part.n_clusters for part in parts),
        method=f"overall {kind}, {parts[0].method.split(', ')[-1]}",
    )


def combined_difference(
    moments: PairMoments, pairs: Sequence[Comparison], pivot: Pivot, level: float, method: str
) -> Estimate:
    """Return the overall difference of the first two models from their combined moments and pivot."""
    return Estimate(
        value=float(moments.difference[0, 1]),
        se=math.sqrt(float(moments.variance[0, 1])),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=pivot.df,
        n_items=sum(pair.difference.n_items for pair in pairs),
        n_clusters=sum(pair.difference.n_clusters for pair in pairs),
        method=method,
    )
