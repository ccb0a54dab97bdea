"""Pivots: a test and an interval from one statistic, so that they can't disagree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.answers.comparison import Equivalence
from howsure.errors import MethodError
from howsure.methods import intervals

if TYPE_CHECKING:
    import numpy as np

    from howsure.options import ComparisonMethod, Variance


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """What a test says: centre ± spread with df for the pivots that are t-like, else NaN; p-value and limits."""

    p_value: float
    low: float
    high: float
    centre: float = math.nan
    spread: float = math.nan
    df: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the difference is to be tested."""

    method: ComparisonMethod
    bounded: bool
    level: float
    variance: Variance
    rng: np.random.Generator


def t_pivot(centre: float, spread: float, df: float, level: float, reach: float = math.inf) -> Pivot:
    """Return the test and interval of centre ± t·spread, cut at ±reach; none where there is no spread."""
    if not math.isfinite(spread) or math.isnan(df) or (spread == 0):
        return Pivot(p_value=math.nan, low=math.nan, high=math.nan, centre=centre, spread=spread, df=df)
    limits = intervals.t_interval(centre, spread, df, level)
    low, high = max(float(limits[0]), -reach), min(float(limits[1]), reach)
    p = float(intervals.t_p_value(centre / spread, df))
    return Pivot(p_value=p, low=low, high=high, centre=centre, spread=spread, df=df)


def equivalence(pivot: Pivot, margin: float, level: float, sign: int) -> Equivalence:
    """Test non-inferiority and equivalence at ±margin with the comparison's own pivot (two one-sided tests).

    `sign`: −1 where smaller scores are better. Needs a t-like pivot.
    """
    if not (math.isfinite(pivot.spread) and pivot.spread > 0):
        raise MethodError(
            "a margin needs a comparison by 'pseudo-items' or 't' with an error bar",
            remedy="Leave the method out, and check that there are at least two items or clusters.",
        )
    above, below = ((sign * pivot.centre + side * margin) / pivot.spread for side in (1, -1))
    worse = _one_sided(above, pivot.df)
    better = _one_sided(-below, pivot.df)
    return Equivalence(margin=margin, p_noninferior=worse, p_equivalent=max(worse, better), level=level)


def _one_sided(t: float, df: float) -> float:
    """Return P(T ≥ t)."""
    two = float(intervals.t_p_value(t, df))
    return two / 2 if t >= 0 else 1 - two / 2
