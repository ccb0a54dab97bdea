"""From sums over clusters to the variance and the pivot of differences, element by element.

The arrays are of any shape: (M, M) for all pairs of a board (all_pairs.py), (T,) for many single differences,
as in the calibration. The algebra is the same, and it is only here. For missing cells see all_pairs.py.

Pivots: a test and an interval from one statistic, so that they can't disagree.

If few items differ, any approximation at a margin is slightly anti-conservative. A difference of −δ gives on
average at least n δ / σ net losses of the size σ of an event (score_pivot.py), and their number varies least
without wins. So for any number of wins, the test is limited to a binomial count of that many net losses
(Clopper and Pearson 1934). Tests of 0 are unaffected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics import intervals
from howsure.statistics.clustered_variance import Clustering, signed_total, variance_of
from howsure.statistics.event_sizes import Events, ItemSpread, event_worth
from howsure.statistics.results import Equivalence, significant
from howsure.statistics.score_pivot import Pivots, plain_pivots
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.arrays import Floats
    from howsure.statistics.clustered_variance import VarianceChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSums:
    """One clustering's contribution to the variance: `sign` +1, or −1 for the intersection of two
    clusterings.

    `squares`: Σ inflation · e_g², e_g a difference's residual sum in cluster g. `cubes`: Σ inflation · e_g³,
    for averages.
    """

    term: Clustering
    sign: int
    squares: Floats
    cubes: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSums:
    """Differences over n items of weight 1 on average: their means, their spread over items, and cluster
    sums.

    `items`: None if not needed, as every item is its own cluster with equal weight. `crowd`: Σ w² / n.
    `events`: the event sizes of averages, None for single answers. `moved`: the means of strata were
    subtracted from the scores (clustered_variance.py).
    """

    difference: Floats
    items: ItemSpread | None
    terms: tuple[TermSums, ...]
    n: int
    crowd: float = 1.0
    events: Events | None = None
    moved: bool = False

    @property
    def own(self) -> tuple[TermSums, ...]:
        """The clusterings themselves, without their intersection."""
        return tuple(part for part in self.terms if part.sign > 0)

    @property
    def units(self) -> int:
        """The number of clusters, the smaller one of two."""
        return min(part.term.n_clusters for part in self.own)

    @property
    def skew(self) -> Floats:
        """Half of the change in the variance of a mean, per unit that it moves, under a skewed distribution
        of cluster sums.

        If a distribution is tilted to another mean, the slope of its variance is its third moment. Half of
        that gives the right errors of the first kind (docs/decisions/0022-score.md).
        """
        cubes, squares = (
            sum(np.asarray(part) for part in each)
            for each in zip(*[(t.cubes, t.squares) for t in self.own], strict=True)
        )
        return np.divide(cubes, 2 * self.n * squares, out=np.zeros(self.difference.shape), where=squares > 0)

    @property
    def cluster_size(self) -> float:
        """The average size of a cluster, Σ W_g² / n, the larger one of two, 1 if each item is its own."""
        if self.units == self.n:
            return 1.0
        return max(float(part.term.totals @ part.term.totals) / self.n for part in self.own)


def pivots(sums: DifferenceSums, variance: VarianceChoice, *, score: bool) -> Pivots:
    """Return the pivots of differences: score pivots, or those of a plain t."""
    shape, n, items, estimator = sums.difference.shape, sums.n, sums.items, variance_of(variance)
    squares = signed_total((part.squares, part.sign) for part in sums.terms) / n**2
    part = float(estimator.item_part(n))
    if part and items is not None:
        squares = squares + part * items.squares / n
    if sums.units < 2:
        nothing = np.full(shape, np.nan)
        return plain_pivots(sums.difference, nothing, nothing)
    df = min(part.term.df(estimator) for part in sums.own)
    if not score:
        return plain_pivots(sums.difference, squares, df)
    single = float(estimator.inflation(np.array(1 / n), n))
    spread = items.squares / n if items is not None else squares * n / single
    found = Pivots(
        difference=sums.difference,
        variance=squares,
        df=np.broadcast_to(np.float64(df), shape),
        item_variance=np.asarray(spread),
        room=_event_worth(sums, squares) * sums.crowd / n,
        added=np.zeros(shape),
        counted=np.asarray(float(sums.units == n and not sums.moved and sums.crowd < 1 + ROUNDING)),
    )
    return found if sums.events is None else found.of_events(sums.events, sums.skew)


def _event_worth(sums: DifferenceSums, squares: Floats) -> Floats:
    """Return how many items an event is worth."""
    size = sums.cluster_size
    if size <= 1 or sums.items is None:
        return np.ones(sums.difference.shape)
    return event_worth(squares, sums.items, sums.n, size=size, clusters=sums.units)


def column_sums(
    sums: Floats,
    totals: Floats,
    items: ItemSpread,
    term: Clustering,
    variance: VarianceChoice,
    *,
    events: Events | None = None,
) -> DifferenceSums:
    """Prepare T single differences from their cluster sums (C, T), the clusters' items (C,), their spread
    (T,) and their event sizes.
    """
    n = float(totals.sum())
    difference = sums.sum(axis=0) / n
    residuals = sums - totals[:, None] * difference
    inflation = term.inflation(variance)
    cubes = None if events is None else inflation @ residuals**3
    part = TermSums(term=term, sign=1, squares=inflation @ residuals**2, cubes=cubes)
    return DifferenceSums(difference=difference, items=items, terms=(part,), n=round(n), events=events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """The result of a test: p-value, limits and warnings and, for t-like tests, the terms for testing any
    other value.
    """

    p_value: float
    low: float
    high: float
    found: Pivots | None = None
    net: NetWins | None = None
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def df(self) -> float:
        """The degrees of freedom, NaN if the test has none."""
        return math.nan if self.found is None else float(self.found.df)

    def with_warnings(self, *warnings: ResultWarning) -> Pivot:
        """Return the same with more warnings."""
        return replace(self, warnings=(*self.warnings, *warnings))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetWins:
    """Events that a won less those that it lost, among the effective items, and the size of one (1 for single
    answers).
    """

    wins: float
    items: float
    event: float = 1.0

    def reversed(self) -> NetWins:
        """Return the same for b."""
        return replace(self, wins=-self.wins)

    def unseen(self, level: float) -> float:
        """Return how frequent whole losses can be if none was observed, one-sided (the rule of three). NaN
        for single answers, whose losses are whole.
        """
        return math.nan if self.event >= 1 else intervals.rule_of_three(self.items, level)

    def p_worse(self, margin: float) -> float:
        """Return the chance of at most this many net losses if a is worse by the margin and never wins, 0
        with net wins.
        """
        losses, rate = -self.wins, margin / self.event
        if losses < 0:
            return 0.0
        if losses >= self.items or rate >= 1:
            return float(losses >= self.items)
        return float(1 - scipy.special.betainc(losses + 1, self.items - losses, rate))

    def most_worse(self, level: float) -> float:
        """Return how much worse a can be at a one-sided level, from net losses alone. Net wins give no
        limit.
        """
        return self.event * float(intervals.net_limit(-self.wins, self.items, level))


def t_pivot(centre: float, spread: float, df: float, level: float, reach: float = math.inf) -> Pivot:
    """Return the test and interval of centre ± t·spread, cut at ±reach, none without a spread."""
    return pivot_of(plain_pivots(centre, spread**2, df), level, reach)


def pivot_of(found: Pivots, level: float, reach: float = math.inf) -> Pivot:
    """Return the test and interval of one difference, cut at ±reach, none without a standard error."""
    if not found.known:
        return Pivot(p_value=math.nan, low=math.nan, high=math.nan, found=found)
    low, high = found.limits(level, reach)
    return Pivot(p_value=float(found.p_value_at(0.0)), low=float(low), high=float(high), found=found)


def equivalence(pivot: Pivot, margin: float, level: float, sign: int) -> Equivalence:
    """Test non-inferiority and equivalence at ±margin with the comparison's own pivot (two one-sided tests).

    `sign`: −1 if smaller scores are better. Needs a t-like pivot.
    """
    found = pivot.found
    if found is None or not found.known:
        raise MethodError(
            "a margin needs a comparison by 'score' or 't' with a standard error",
            remedy="Leave the method out, and check that there are at least two items or clusters.",
        )
    if sign < 0:
        found = found.reversed()
    net = None if pivot.net is None else pivot.net if sign > 0 else pivot.net.reversed()
    worse, better = float(found.p_at_most(-margin)), float(found.p_at_least(margin))
    return equivalence_of(worse, better, margin=margin, level=level, net=net)


def equivalence_of(
    worse: float, better: float, *, margin: float, level: float, net: NetWins | None = None
) -> Equivalence:
    """Return the conclusions from the p-values of "worse by the margin or more" and of "better by the margin
    or more".
    """
    plain = max(worse, better)
    outside = {"p_inferior": 1 - worse, "p_outside": min(2 * (1 - plain), 1.0)}
    if net is not None:
        worse, better = max(worse, net.p_worse(margin)), max(better, net.reversed().p_worse(margin))
    return Equivalence(
        margin=margin,
        level=level,
        p_noninferior=worse,
        p_equivalent=max(worse, better),
        noninferior=significant(worse, level),
        equivalent=significant(max(worse, better), level),
        **outside,
    )


def with_net_wins(pivot: Pivot, net: NetWins, level: float) -> Pivot:
    """Return a pivot whose limits allow for losses and wins unobserved in so few items, none if it has
    none.
    """
    if math.isnan(pivot.p_value):
        return pivot
    tail = (1 + level) / 2
    low, high = min(pivot.low, -net.most_worse(tail)), max(pivot.high, net.reversed().most_worse(tail))
    return replace(pivot, low=low, high=high, net=net)
