"""The interval of a mean, for many means at once.

"blend", the default for scores in [0, 1], was chosen by trial (docs/decisions/0004-intervals.md):
- Single right-or-wrong answers to independent items: Wilson's interval, guarded next to 0 and 1.
- Answers in groups (clusters, or attempts at an item): on the arcsine scale between the limits of the
    beta-binomial
  posterior and those of the guarded Wilson interval on n / deff. The more effective events were seen, n p (1
  − p) / deff, the nearer to the latter: a share of events / (events + 6), at least a third. The limit on the
  side of the nearer end, 0 or 1, is no nearer to the mean than the latter.
- Fractions (means of attempts to independent items, other scores): the guarded Wilson interval on n / deff,
    made longer by
  the misses or hits that nobody saw, as much as these could move a mean whose scores are that much alike. In
  clusters of m items such a miss counts as √m of them. Where answers in clusters are several to an item, the
  second part has it as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means import intervals
from howsure.statistics.means.betabinomial import Groups, posterior_limits

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Positions
    from howsure.statistics.choices import IntervalMethod

LEAST_SHARE, HALFWAY = 1 / 3, 6.0
"""The least share of Wilson's limits in the blend, and the number of effective events at which it is one
half.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """T means over the same items, and what is known of their error.

    `value`, `var` (T,); `df`; `n` items; `units`: clusters, or items without them; `bounded`: scores lie in
    [0, 1];
    `cluster_size`: average size of a cluster, 1 without them; `groups`: the groups that right-or-wrong
    answers come in, None for other scores.
    `worth`: how many items of equal weight the items are, 1 / Σ share².
    """

    value: Floats
    var: Floats
    df: float
    n: int
    units: int
    bounded: bool
    cluster_size: float
    groups: Groups | None = None
    worth: float = math.inf

    @property
    def edge_units(self) -> float:
        """What counts as independent units where all scores are 0 or 1: clusters, or items, and no more than
        their weights make them worth.
        """
        return min(float(self.units), self.worth)

    @property
    def at_edge(self) -> Bools:
        """Which means are 0 or 1, where the variance says nothing."""
        return np.asarray(((self.value <= 0) | (self.value >= 1)) & self.bounded)

    @property
    def effective(self) -> Floats:
        """N / deff: how many independent items carry the same information (T,); n where there is no
        variance.
        """
        spread = self.value * (1 - self.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            deff = self.var * (self.n - 1) / spread
        return self.n / np.where((spread > 0) & (deff > 0), deff, 1.0)


def deciding(sums: Floats) -> Floats:
    """Return (Σ e²)² / Σ e⁴ of residual sums (C, T): how many equal ones would make the same spread; 1 where
    none does.
    """
    squares = sums**2
    fourths = np.einsum("ct,ct->t", squares, squares)
    return np.asarray(squares.sum(axis=0) ** 2 / np.where(fourths > 0, fourths, np.inf)).clip(min=1.0)


def limits(means: Means, method: IntervalMethod, level: float) -> tuple[Floats, Floats]:
    """Return the limits of every mean (T,), cut to [0, 1] for bounded scores; NaN where there is no error
    bar.

    `method`: any but "bootstrap" and "bayes", which need the items. At 0 and n of n: Clopper and Pearson's
    interval, counting clusters as the independent units.
    """
    if method == "t":
        se = np.sqrt(np.where(means.var > 0, means.var, np.nan))
        low, high = intervals.t_interval(means.value, se, means.df, level)
    elif method == "blend":
        low, high = _blend(means, level)
    elif method == "wilson":
        low, high = intervals.wilson(means.value, means.effective, means.df, level)
    else:
        exact = intervals.clopper_pearson if method == "clopper-pearson" else intervals.jeffreys
        low, high = exact(means.value * means.effective, means.effective, level)
    known = np.isfinite(means.var)
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    if not means.bounded:
        return low, high
    edge = intervals.clopper_pearson(np.round(means.value) * means.edge_units, means.edge_units, level)
    low, high = np.where(means.at_edge, edge[0], low), np.where(means.at_edge, edge[1], high)
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def _blend(means: Means, level: float) -> tuple[Floats, Floats]:
    deff, unseen, rest = _designs(means)
    low, high = intervals.guarded_score(means.value, means.n, means.df, level, deff=deff, unseen=unseen)
    if means.groups is None or not rest.size:
        return low, high
    value, events = means.value[rest], (means.n / deff * _spread(means))[rest]
    share = np.maximum(events / (events + HALFWAY), LEAST_SHARE)
    posterior = posterior_limits(means.groups.take(rest), level)
    low[rest] = _no_nearer(_between(posterior[0], low[rest], share), low[rest], value)
    high[rest] = 1 - _no_nearer(1 - _between(posterior[1], high[rest], share), 1 - high[rest], 1 - value)
    return low, high


def _designs(means: Means) -> tuple[Floats, Floats, Positions]:
    """Return the deff of every mean and that of misses which weren't seen (T,), and which means are of
    answers in clusters.
    """
    deff = np.where(means.var > 0, means.n / means.effective, 0.0)
    unseen = np.full(len(deff), math.sqrt(means.cluster_size))
    if means.groups is None:
        return deff, unseen, np.empty(0, dtype=np.intp)
    groups, crowd = means.groups, means.n * float(means.groups.shares @ means.groups.shares)
    capped = np.maximum(deff, crowd / groups.trials)  # no answer says more than an independent one
    deff = np.where(groups.single, _cautious(means, crowd), capped)
    clustered = ~groups.single & (means.units < means.n)
    unseen = np.where(groups.several, np.where(clustered, 1.0, unseen), 0.0)
    return deff, unseen, np.flatnonzero(clustered)


def _no_nearer(blended: Floats, wilson: Floats, value: Floats) -> Floats:
    """Return lower limits that lie no higher than Wilson's where the value is at most ¼; in part up to ½."""
    part = np.clip(2 - 4 * value, 0, 1)
    return np.asarray(blended - part * np.maximum(blended - wilson, 0))


def _spread(means: Means) -> Floats:
    return np.asarray(means.value * (1 - means.value))


def _cautious(means: Means, usual: float) -> Floats:
    """Return the deff, one below that of the weights drawn towards it by one event against those seen.

    A few failures that happen to weigh little make it too small.
    """
    deff = means.n / means.effective
    events = means.effective * _spread(means)
    return np.asarray(np.where(deff < usual, (deff * events + usual) / (events + 1), deff))


def _between(posterior: Floats, wilson: Floats, share: Floats) -> Floats:
    angle = (1 - share) * _angle(posterior) + share * _angle(wilson)
    return np.asarray(np.sin(angle) ** 2)


def _angle(rate: Floats) -> Floats:
    return np.asarray(np.arcsin(np.sqrt(np.clip(rate, 0, 1))))
