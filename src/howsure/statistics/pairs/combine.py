"""Putting tasks together: a weighted mean of task results, whose errors are independent from task to task."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import doubt
from howsure.statistics.means import intervals
from howsure.statistics.pairs.moments import FlipSums, PairMoments, settled, with_own_pivots
from howsure.statistics.pairs.score import Pivots
from howsure.statistics.results import Estimate, Interval, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats
    from howsure.statistics.pairs.pivot import Pivot


def combine_df(variances: Floats, df: Floats) -> Floats:
    """Return Welch and Satterthwaite's degrees of freedom of a sum: (Σ v)² / Σ v² / df, over the first axis."""
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(total > 0, total**2 / (variances**2 / df).sum(axis=0), df.min(axis=0)))


def combine_pairs(tasks: Sequence[PairMoments], shares: Sequence[float]) -> PairMoments:
    """Return the pair moments of Σ_t share_t · task_t for the same M models in the same order; shares sum to 1."""
    s = np.asarray(shares)[:, None, None]
    stacked = {field.name: np.stack([getattr(task, field.name) for task in tasks]) for field in fields(Pivots)}
    squares, room = s**2 * (stacked["variance"] + stacked["added"]), s**2 * stacked["room"]
    differences = s * stacked["difference"]
    result = PairMoments(
        difference=settled(differences.sum(axis=0), np.abs(differences).sum(axis=0)),
        variance=(s**2 * stacked["variance"]).sum(axis=0),
        df=combine_df(squares, stacked["df"]),
        item_variance=(room * stacked["item_variance"]).sum(axis=0) / np.maximum(room.sum(axis=0), 1e-300),
        room=room.sum(axis=0),
        added=(s**2 * stacked["added"]).sum(axis=0),
        shared=np.stack([task.shared for task in tasks]).sum(axis=0),
        units=np.stack([task.units for task in tasks]).sum(axis=0),
        flips=_combine_flips(tasks, shares),
    )
    return with_own_pivots(result)


def _combine_flips(tasks: Sequence[PairMoments], shares: Sequence[float]) -> FlipSums | None:
    """Put the clusters of all tasks side by side, each weighed by its task's share."""
    parts = [(share, task.flips) for share, task in zip(shares, tasks, strict=True) if task.flips is not None]
    if len(parts) < len(tasks):
        return None
    return FlipSums(
        sums=np.concatenate([share * flips.sums for share, flips in parts]),
        shared=np.concatenate([share * flips.shared for share, flips in parts]),
        sizes=np.concatenate([share * flips.sizes for share, flips in parts]),
    )


def combine_estimates(parts: Sequence[Estimate], shares: Sequence[float], *, bounded: bool) -> Estimate:
    """Return the estimate of Σ_t share_t · mean_t: variances add, degrees of freedom by Welch and Satterthwaite."""
    s = np.asarray(shares)
    values = np.array([part.value for part in parts])
    variances = s**2 * np.array([part.se for part in parts]) ** 2
    value, var = float(s @ values), float(variances.sum())
    level = parts[0].interval.level
    n_clusters = sum(part.n_clusters for part in parts)
    df = float(combine_df(variances, np.array([part.df for part in parts])))
    low, high = np.asarray(math.nan), np.asarray(math.nan)
    if math.isfinite(var) and bounded and var > 0:
        low, high = intervals.guarded_wilson(value, value * (1 - value) / var, df, level)
    elif math.isfinite(var) and bounded:
        effective = 1 / float((s**2 / np.array([part.n_clusters for part in parts])).sum())
        low, high = intervals.clopper_pearson(value * effective, effective, level)
    elif math.isfinite(var):
        low, high = intervals.t_interval(value, math.sqrt(var), df, level)
    kind = ("wilson" if var > 0 else "clopper-pearson") if bounded else "t"
    return Estimate(
        value=value,
        se=math.sqrt(var) if var >= 0 else math.nan,
        interval=Interval(low=float(low), high=float(high), level=level),
        df=df,
        n_items=sum(part.n_items for part in parts),
        n_clusters=n_clusters,
        method=Method(name=kind, variance=parts[0].method.variance, overall=True),
        cautions=() if math.isfinite(var) else (doubt("no_overall_error_bar"),),
    )


def combined_difference(
    moments: PairMoments, parts: Sequence[Estimate], pivot: Pivot, level: float, method: Method
) -> Estimate:
    """Return the overall difference of the first two models from their combined moments and pivot."""
    return Estimate(
        value=float(moments.difference[0, 1]),
        se=math.sqrt(float(moments.variance[0, 1])),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=pivot.df,
        n_items=sum(part.n_items for part in parts),
        n_clusters=sum(part.n_clusters for part in parts),
        method=method,
        cautions=() if math.isfinite(pivot.p_value) else (doubt("no_overall_error_bar"),),
    )
