"""Pivots: a test and an interval from one statistic, so that they can't disagree.

Where single right-or-wrong answers differ on few items, t at a margin is too quick: 0 of 470 items that differ would show "no
worse by more than half a point", and of models that are worse by just that much 9.5 % show no difference on 470 items. A
difference of −δ makes at least n δ losses on average, and their number varies least where there are no wins: so whatever the
wins, no more is shown than by a binomial count of that many net losses (Clopper and Pearson 1934). It doesn't touch tests of 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy import special

from howsure.errors import MethodError
from howsure.statistics.means import intervals
from howsure.statistics.results import Equivalence, significant

if TYPE_CHECKING:
    import numpy as np

    from howsure.statistics.choices import ComparisonMethod, Variance


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """What a test says: centre ± spread with df for the pivots that are t-like, else NaN; p-value and limits."""

    p_value: float
    low: float
    high: float
    centre: float = math.nan
    spread: float = math.nan
    df: float = math.nan
    net: NetWins | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetWins:
    """Items that a won less those that it lost, of so many effective items with single right-or-wrong answers."""

    wins: float
    items: float

    def reversed(self) -> NetWins:
        """Return the same for b."""
        return NetWins(wins=-self.wins, items=self.items)

    def p_worse(self, margin: float) -> float:
        """Return the chance of no more net losses than these where a is worse by the margin and never wins; 0 with net wins."""
        losses = -self.wins
        if losses < 0:
            return 0.0
        if losses >= self.items or margin >= 1:
            return float(losses >= self.items)
        return float(1 - special.betainc(losses + 1, self.items - losses, margin))

    def most_worse(self, level: float) -> float:
        """Return by how much a can be worse at a one-sided level, counting net losses alone; nothing is said with net wins."""
        return float(intervals.net_limit(-self.wins, self.items, level))


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
    net = None if pivot.net is None else pivot.net if sign > 0 else pivot.net.reversed()
    return equivalence_of(above, below, pivot.df, margin=margin, level=level, net=net)


def equivalence_of(
    above: float, below: float, df: float, *, margin: float, level: float, net: NetWins | None = None
) -> Equivalence:
    """Say what the t of "worse by just the margin" (`above`) and that of "better by just the margin" (`below`) show."""
    worse, better = _one_sided(above, df), _one_sided(-below, df)
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
    """Return a pivot whose limits leave room for the losses and wins that so few items may hide."""
    tail = (1 + level) / 2
    low, high = min(pivot.low, -net.most_worse(tail)), max(pivot.high, net.reversed().most_worse(tail))
    return replace(pivot, low=low, high=high, net=net)


def _one_sided(t: float, df: float) -> float:
    """Return P(T ≥ t)."""
    two = float(intervals.t_p_value(t, df))
    return two / 2 if t >= 0 else 1 - two / 2
