"""The ratio of two averages of what attempts took, paired on the items that both have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.measures.influence import influence
from howsure.statistics.pairs.difference import difference
from howsure.statistics.pairs.pivot import t_pivot
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import AverageOf, VarianceChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """a over b: the averages, their ratio, the standard error of its logarithm, limits, and the p-value of
    "they are the same".

    NaN where an average isn't positive. `spread`: the standard deviation of the logarithms of a's and b's
    values, the larger one.
    """

    a: float
    b: float
    value: float
    se: float
    df: float
    low: float
    high: float
    p_value: float
    n_items: int
    n_clusters: int
    spread: float


@np.errstate(over="ignore", invalid="ignore")
def ratio(
    a: Floats,
    b: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    average: AverageOf = "mean",
    variance: VarianceChoice = "CR2",
    level: float = 0.95,
    solved: tuple[Floats, Floats] | None = None,
) -> Ratio:
    """Return the ratio of what a and b took on the items (n,) that both have; on those of each where they
    share none.

    `solved`: the scores of both (n,), in [0, 1]; then it is what a solved item took. Interval and p-value
    come from one t pivot of the logarithm, by the delta method.

    >>> import numpy as np
    >>> found = ratio(np.array([2.0, 4.0, 6.0, 4.0]), np.array([1.0, 2.0, 3.0, 2.0]))
    >>> found.value, found.se
    (2.0, 0.0)
    """
    x = np.column_stack([a, b])
    shared = np.asarray((~np.isnan(x)).all(axis=1))
    if shared.any():
        x = np.where(shared[:, None], x, np.nan)
    found = influence(x, weights, average)
    average_of, log, items = found.average, found.log, found.items
    if solved is not None:
        right = influence(np.where(np.isnan(x), np.nan, np.column_stack(solved)), weights)
        each = np.divide(
            average_of, right.average, out=np.full_like(average_of, np.nan), where=right.average > 0
        )
        average_of, log, items = each, log - right.log, items - right.items
    gap = float(log[0] - log[1])
    if not math.isfinite(gap) or abs(gap) > LARGEST_LOG:
        return _nothing(average_of)
    estimate = difference(
        items[:, 0],
        items[:, 1],
        clusters=clusters,
        weights=weights,
        bounded=False,
        method="t",
        variance=variance,
        level=level,
    ).estimate
    se = estimate.se if estimate.se > ROUNDING else 0.0
    pivot = t_pivot(gap, se, estimate.df, level)
    return Ratio(
        a=float(average_of[0]),
        b=float(average_of[1]),
        value=math.exp(gap),
        se=se,
        df=estimate.df,
        low=_exp(pivot.low),
        high=_exp(pivot.high),
        p_value=pivot.p_value,
        n_items=estimate.n_items,
        n_clusters=estimate.n_clusters,
        spread=_spread(x),
    )


def _exp(log: float) -> float:
    """Return a ratio by its logarithm: infinite where it is more than a float can hold."""
    return math.inf if log > LARGEST_LOG else math.exp(log)


def _nothing(average: Floats) -> Ratio:
    nan = math.nan
    return Ratio(
        a=float(average[0]),
        b=float(average[1]),
        value=nan,
        se=nan,
        df=nan,
        low=nan,
        high=nan,
        p_value=nan,
        n_items=0,
        n_clusters=0,
        spread=nan,
    )


def _spread(x: Floats) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(x > 0, x, np.nan))
    found = [float(np.nanstd(column)) for column in logs.T if not np.isnan(column).all()]
    return max(found, default=math.nan)


LARGEST_LOG = 700.0
"""The logarithm of a ratio that a float can surely hold, and one over it."""
