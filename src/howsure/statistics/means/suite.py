"""The overall score of several tasks, from each task's value, standard error and own interval.

How a task's variance changes away from its value is read off its own limit. For scores in [0, 1] it has the
shape of a rate's, c θ (1 − θ), with c such that the limit is where its interval says, and at the value it is
the plain SE². So a task at 0 or n of n, with an SE of 0, counts as its exact interval has it, and one task
alone keeps its own interval, whichever was chosen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import doubt
from howsure.statistics.means import intervals
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.suite import Side, Suite, combined_df
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats

MOST_BENT = 1.0
"""No interval says less than a single answer."""


def overall_estimate(parts: Sequence[Estimate], shares: Sequence[float], *, bounded: bool) -> Estimate:
    """Return the estimate of Σ share · value of tasks whose errors are independent; `bounded`: scores lie in
    [0, 1].

    One task is itself. No error bar where a task has none.
    """
    if len(parts) == 1:
        return parts[0]
    s, level = np.asarray(shares, dtype=float), parts[0].interval.level
    values, se, df = (np.array([getattr(part, name) for part in parts]) for name in ("value", "se", "df"))
    variances = s**2 * se**2
    known, low, high = bool(np.isfinite(se).all()), math.nan, math.nan
    if known:
        low, high = (float(limit) for limit in _suite(parts, s, bounded=bounded).limits(level))
    if known and bounded:
        low, high = max(low, 0.0), min(high, 1.0)
    edge = _at_edge(values, se) if bounded else np.zeros(len(parts), dtype=bool)
    named = next((part for part, flat in zip(parts, edge, strict=True) if not flat), parts[0])
    return Estimate(
        value=float(s @ values),
        se=math.sqrt(float(variances.sum())) if known else math.nan,
        interval=Interval(low=low, high=high, level=level),
        df=float(combined_df(variances, df)),
        n_items=sum(part.n_items for part in parts),
        n_clusters=sum(part.n_clusters for part in parts),
        method=Method(name=named.method.name, variance=named.method.variance, overall=True),
        cautions=() if known else (doubt("no_overall_error_bar"),),
    )


def _suite(parts: Sequence[Estimate], s: Floats, *, bounded: bool) -> Suite:
    values, se, df = (np.array([getattr(part, name) for part in parts]) for name in ("value", "se", "df"))
    edge = _at_edge(values, se) & bounded
    straight = np.array([part.method.name == "t" for part in parts]) & ~edge
    df = np.where(edge, np.inf, df)  # the exact interval has no variance to estimate
    low, high = (np.array([getattr(part.interval, name) for part in parts]) for name in ("low", "high"))
    return sums_of(
        values,
        se**2,
        (low, high),
        s,
        df=df,
        level=parts[0].interval.level,
        straight=straight,
        bounded=bounded,
    )


def sums_of(
    values: Floats,
    variances: Floats,
    limits: tuple[Floats, Floats],
    shares: Floats,
    *,
    df: Floats,
    level: float,
    straight: Bools | None = None,
    bounded: bool = True,
) -> Suite:
    """Put scores in [0, 1] together: arrays (T, …) of tasks, `shares` (T,) or (T, …), the `limits` at this
    level.

    `df`: of the variances, infinite where limits are exact. A limit that is the value itself says nothing.
    `straight` (T,): whose variance stays the plain one. `bounded`: whether scores lie in [0, 1] after all.
    """
    s = np.reshape(shares, (*np.shape(shares), *[1] * (values.ndim - np.ndim(shares))))
    rooms = (values, 1 - values) if bounded else (np.full(values.shape, np.inf),) * 2
    plain = np.zeros(values.shape, dtype=bool) if straight is None else straight
    below, above = (
        _side(values, variances, limit, room, s, df=df, level=level, straight=plain)
        for limit, room in zip(limits, rooms, strict=True)
    )
    return Suite(value=np.asarray((s * values).sum(axis=0)), below=below, above=above)


def _at_edge(values: Floats, se: Floats) -> Bools:
    return np.asarray((se == 0) & ((values <= 0) | (values >= 1)))


def _side(
    values: Floats,
    variances: Floats,
    limits: Floats,
    room: Floats,
    s: Floats,
    *,
    df: Floats,
    level: float,
    straight: Bools,
) -> Side:
    """Prepare one side; a limit that is the value itself says nothing, and the variance stays the plain one.

    The degrees of freedom are those of the plain variances, and of what their limits say of tasks without
    one.
    """
    away, spread = np.abs(values - limits), np.maximum(limits * (1 - limits), 0.0)
    told = away > ROUNDING
    there = (away / intervals.t_quantile(level, df)) ** 2
    bends = np.where(
        told & ~straight & (spread > ROUNDING),
        np.minimum(there / np.maximum(spread, ROUNDING), MOST_BENT),
        0.0,
    )
    slopes = s * np.where(told, (there - variances) / np.where(told, away, 1.0) + bends * away, 0.0)
    counted = np.where(variances > 0, variances, np.where(straight, 0.0, there))
    return Side(
        squares=s**2 * variances,
        slopes=np.where(straight, 0.0, slopes),
        bends=bends,
        own_slopes=slopes,
        rooms=s * room,
        counted=s**2 * counted,
        own_df=np.broadcast_to(df, np.shape(values)),
        of_shares=np.zeros(len(values), dtype=bool),
    )
