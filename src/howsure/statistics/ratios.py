"""Ratios of the costs of attempts, and which models may be the best buy.

Influences: every item's contribution to the logarithm of a mean, so that ratios have the standard errors of
differences.

The error of a mean's logarithm is approximately a mean of influences (the delta method). The difference of
two logarithms is then a mean of paired differences over the items that both have, by the estimator of
clustered_variance.py, and its exponential is the ratio of the means.

The logarithm of a mean is log μ, and the influence of an item (x − μ) / μ.

The ratio of two average costs of attempts, paired on the items that both have.

Which models may be the best buy: a model is excluded if some other is significantly better and doesn't cost
more.

Scores and costs are each compared over all pairs by max-t, at half of the total error, so that all claims of
both are right with the chosen level. A model that no other truly beats in both is then excluded with at most
that error, with any ties and missing values (intersection and union of tests; Berger 1982).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.difference import difference
from howsure.statistics.differences import t_pivot
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.results import allowed
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.pair_moments import PairMoments


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """The average of every column of x (n, M) and its logarithm (M,), and each item's contribution to the
    latter (n, M), NaN without a value.
    """

    average: Floats
    log: Floats
    items: Floats


def influence(x: Floats, weights: Floats | None = None) -> Influence:
    """Return the logarithm of the mean of every column, with influences, NaN for a column without any.

    >>> import numpy as np
    >>> costs = influence(np.array([[1.0], [2.0], [3.0]]))
    >>> costs.average.tolist(), costs.items.ravel().tolist()
    ([2.0], [-0.5, 0.0, 0.5])
    """
    w = ~np.isnan(x) * (np.ones(len(x)) if weights is None else weights)[:, None]
    # The weighted mean of every column over its existing values.
    total = w.sum(axis=0)
    mean = np.asarray((w * np.nan_to_num(x)).sum(axis=0) / np.where(total > 0, total, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(mean > 0, np.log(mean), np.nan)
        return Influence(average=mean, log=log, items=(x - mean) / mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """a over b: the averages, their ratio, the standard error of its logarithm, limits, and the p-value of
    "they are the same".

    NaN if an average isn't positive. `spread`: the standard deviation of the logarithms of a's and b's
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
    variance: VarianceChoice = "CR2",
    level: float = 0.95,
    solved: tuple[Floats, Floats] | None = None,
) -> Ratio:
    """Return the ratio of the costs of a and b on the items (n,) that both have, or on those of each if they
    share none.

    `solved`: the scores of both (n,), in [0, 1], for the cost per solved item. Interval and p-value come from
    one t pivot of the logarithm, by the delta method.

    >>> import numpy as np
    >>> found = ratio(np.array([2.0, 4.0, 6.0, 4.0]), np.array([1.0, 2.0, 3.0, 2.0]))
    >>> found.value, found.se
    (2.0, 0.0)
    """
    x = np.column_stack([a, b])
    shared = np.asarray((~np.isnan(x)).all(axis=1))
    if shared.any():
        x = np.where(shared[:, None], x, np.nan)
    found = influence(x, weights)
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
    """Return a ratio from its logarithm, infinite if it exceeds a float."""
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
"""The largest logarithm of a ratio that surely fits a float, as does its inverse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominance:
    """For M models, [i, j]: `better`, i scores significantly higher than j. `cheaper`, i is shown not to cost
    more. `beats`: both.
    """

    better: Bools
    cheaper: Bools

    @property
    def beats(self) -> Bools:
        """Whether i is significantly better and shown not to cost more (M, M)."""
        return self.better & self.cheaper

    @property
    def kept(self) -> Bools:
        """The models that no other beats (M,)."""
        return np.asarray(~self.beats.any(axis=0))


def cost_moments(
    costs: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: VarianceChoice = "CR2",
) -> PairMoments:
    """Return the log ratios of all pairs of the models' costs (n, M), NaN without an attempt, with their
    errors.
    """
    found = influence(costs, weights)
    return pair_moments(
        found.log + found.items, clusters=clusters, weights=weights, variance=variance, score=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Facts on the costs of M models other than their means.

    `lacking` (M,): some attempts don't record a cost, so the true cost may be higher. Such a model is never
    cheaper than another, but its recorded cost can show that another is cheaper. `free` (M,): the cost is 0,
    and recorded.
    """

    lacking: Bools
    free: Bools


def dominance(
    leads: Floats,
    score_p: Floats,
    costs: PairMoments,
    known: Known,
    level: float,
    *,
    rng: np.random.Generator,
) -> Dominance:
    """Return which models are significantly better, and which are shown not to cost more.

    `leads` (M, M): how much better i is than j. `score_p` (M, M): the p-values of all pairs, corrected
    together.

    A cost without any error is treated as exact.
    """
    each = 1 - (1 - level) / 2
    cost_p = adjust_pairs(costs, "max-t", rng=rng)
    better = (score_p <= allowed(each)) & (leads > 0)
    exact = (costs.variance == 0) & np.isfinite(costs.difference) & (costs.difference <= 0)
    cheaper = ((cost_p <= allowed(each)) & (costs.difference < 0)) | exact | known.free[:, None]
    own = np.eye(len(known.free), dtype=bool)
    return Dominance(better=better, cheaper=cheaper & ~known.lacking[:, None] & ~own)
