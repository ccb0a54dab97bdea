"""The overall comparison of several tasks, for all pairs of models at once.

Each task gives its plain difference, plain variance, degrees of freedom and own limits. If the limits are
beyond those of the plain variance, the task's variance grows on the way there. A task on which nothing varied
has a plain variance of 0, which isn't certainty. Its true difference may be as large as a rate never observed
in that many items (the exact form of the rule of three), and its variance grows accordingly. These two
replace the score pivot for a suite.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.pair_moments import FlipSums, PairMoments, settled, with_own_pivots
from howsure.statistics.suites import Suite, SuiteSide
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats

    Limits = tuple[Floats, Floats]

REFERENCE = 0.95
"""The level of the limits that determine how a task's variance grows: one for all, so that p-values don't
depend on the level.
"""
BOUNDLESS = 1e100


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSuite:
    """All pairs of M models over several tasks: their `moments`, whose t and p-value are those of "no
    difference", and limits.

    `reach`: the largest possible difference.
    """

    moments: PairMoments
    sums: Suite
    reach: float

    def take(self, models: Sequence[int]) -> PairSuite:
        """Return the same for these models, in this order."""
        places = np.ix_(models, models)
        return replace(self, moments=self.moments.take(models), sums=self.sums.take(places))

    def limits(self, level: float | Floats) -> Limits:
        """Return the limits of every pair (M, M) at this level, one for all or one each. NaN without a
        standard error.
        """
        low, high = self.sums.limits(level)
        known = np.isfinite(self.moments.variance) & (self.moments.known | (high > low))
        low, high = np.maximum(low, -self.reach), np.minimum(high, self.reach)
        return np.where(known, low, np.nan), np.where(known, high, np.nan)

    def t(self, tested: float) -> float:
        """Return the t of "the first model less the second is this"."""
        return float(self.sums.t(tested)[0, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDifferences:
    """Differences on T tasks (T, …): plain with their plain variances, `df`, and the clusters.

    `low`, `high`: their own limits at the reference level, NaN if there are none.
    """

    value: Floats
    variance: Floats
    df: Floats
    units: Floats
    low: Floats
    high: Floats


def summed(
    tasks: TaskDifferences, shares: Sequence[float], *, reach: float = 1.0, silent: bool = True
) -> Suite:
    """Combine differences: Σ share · difference, with errors independent between tasks.

    `reach`: the largest possible difference. `silent`: whether tasks on which nothing varied grow by the rule
    of three.
    """
    s = np.reshape(np.asarray(shares, dtype=float), (-1, *[1] * (tasks.value.ndim - 1)))
    varied = (tasks.variance > 0) | np.isnan(tasks.variance)
    rate = np.where(varied | (not silent), 0.0, _never_seen(tasks.units))
    together, z = _joint(rate, tasks.units, s), intervals.t_quantile(REFERENCE, np.inf)
    df = np.where(rate > 0, np.inf, tasks.df)
    own = intervals.t_quantile(REFERENCE, df)
    below, above = (
        SuiteSide(
            squares=s**2 * tasks.variance,
            slopes=s
            * np.where(
                varied, np.maximum(_growth(tasks.variance, away, own), 0.0), _never(rate, tasks, s, 1 + room)
            ),
            bends=np.zeros_like(tasks.value),
            own_slopes=s * _growth(tasks.variance, away, own),
            rooms=s * (reach + room),
            counted=s**2 * (tasks.variance + together * (rate / z) ** 2),
            own_df=df,
            of_shares=np.zeros(len(tasks.value), dtype=bool),
        )
        for away, room in ((tasks.value - tasks.low, tasks.value), (tasks.high - tasks.value, -tasks.value))
    )
    moved = s * tasks.value
    return Suite(value=settled(moved.sum(axis=0), np.abs(moved).sum(axis=0)), below=below, above=above)


def pair_suite(
    tasks: Sequence[PairMoments],
    shares: Sequence[float],
    limits: Sequence[Limits] | None = None,
    *,
    reach: float = np.inf,
    silent: bool = True,
) -> PairSuite:
    """Combine the pairs of M models over several tasks.

    `limits`: of every task's own pairs at the reference level, None to use only the variance of each pivot.
    `silent`: as in `summed`.
    """
    found = {
        name: np.stack([getattr(task, name) for task in tasks])
        for name in ("difference", "variance", "added", "df", "shared", "units")
    }
    unknown = np.full(found["difference"].shape, np.nan)
    low, high = (
        (unknown, unknown) if limits is None else (np.stack(each) for each in zip(*limits, strict=True))
    )
    differences = TaskDifferences(
        value=found["difference"],
        variance=found["variance"] + (found["added"] if limits is None else 0.0),
        df=found["df"],
        units=found["units"],
        low=low,
        high=high,
    )
    sums = summed(differences, shares, reach=reach, silent=silent and limits is not None)
    variance = np.tensordot(np.asarray(shares, dtype=float) ** 2, found["variance"], axes=1)
    none, t = np.zeros_like(variance), sums.t()
    moments = PairMoments(
        difference=sums.value,
        variance=variance,
        df=sums.below.df,
        item_variance=none,
        room=none,
        added=np.maximum(_spread(sums, t) ** 2 - variance, 0.0),
        shared=found["shared"].sum(axis=0),
        units=found["units"].sum(axis=0),
        flips=combined_flips([task.flips for task in tasks], shares),
        tested=_p_values(t, sums.below.df),
    )
    return PairSuite(moments=with_own_pivots(moments), sums=sums, reach=reach)


def _growth(variance: Floats, away: Floats, quantiles: Floats) -> Floats:
    """Return how much a variance grows on the way to a limit this far away, unbounded if the limit is."""
    away = np.minimum(away, BOUNDLESS)
    told = away > 0
    there = np.where(told, (away / quantiles) ** 2, variance)
    return np.where(told, (there - variance) / np.where(told, away, 1.0), 0.0)


def _never(rate: Floats, tasks: TaskDifferences, s: Floats, room: Floats) -> Floats:
    """Return how much variances of 0 grow: items never observed, this many, may be as far away as there is
    room, 2 from a win to a loss.
    """
    room = np.clip(room, 0.0, 2.0)
    return rate * room * _joint(rate, tasks.units, s * room) / intervals.t_quantile(REFERENCE, np.inf) ** 2


def _never_seen(units: Floats) -> Floats:
    """Return the one-sided exact limit of a rate never observed in this many units."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(np.log1p(-REFERENCE) / units))


def _joint(most: Floats, units: Floats, s: Floats) -> Floats:
    """Return how much farther a sum may be for all tasks on which nothing varied than for the most important
    one. `s`: shares (T, …).

    The largest Σ share · rate at which all of these rates stay unobserved in 1 of 20 suites. It takes the
    most from the tasks with the largest share for each of their units, log(1 − rate) = log(η units / share).
    """
    several = np.flatnonzero((most > 0).reshape(len(most), -1).sum(axis=0) > 1)
    found = np.ones(most[0].size)
    if len(several):
        silent, n = (np.reshape(each, (len(most), -1))[:, several] for each in (most, units))
        shares = np.reshape(np.broadcast_to(s, most.shape), (len(most), -1))[:, several]
        shares = np.where(silent > 0, np.maximum(shares, ROUNDING), 0.0)
        found[several] = _farthest(shares, n) / (shares * silent).max(axis=0)
    return found.reshape(most.shape[1:])


def _farthest(shares: Floats, units: Floats) -> Floats:
    """Return the largest Σ share · rate (P,) of unobserved rates, over tasks (T, P). Shares of 0 are left
    out.
    """
    units = np.where(shares > 0, units, 1.0)
    order = np.argsort(-shares / units, axis=0)
    s, n = (np.take_along_axis(each, order, axis=0) for each in (shares, units))
    ratio, n = s / n, np.where(s > 0, n, 0.0)
    logs = np.cumsum(-n * np.log(np.where(s > 0, ratio, 1.0)), axis=0)
    eta = np.exp((np.log1p(-REFERENCE) - logs) / np.cumsum(n, axis=0))
    enough = (eta >= np.concatenate([ratio[1:], np.zeros((1, ratio.shape[1]))])).argmax(axis=0)
    at = np.take_along_axis(eta, enough[None], axis=0)
    rates = 1 - at / np.where(s > 0, ratio, np.inf)
    return np.asarray((s * np.where(np.arange(len(s))[:, None] <= enough, rates, 0.0)).sum(axis=0))


def _spread(sums: Suite, t: Floats) -> Floats:
    """Return the standard error under "no difference"."""
    plain = np.sqrt(sums.below.squares.sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isfinite(t) & (t != 0), sums.value / t, plain)


def _p_values(t: Floats, df: Floats) -> Floats:
    """Return the two-sided p-values of "no difference" (M, M), 1 on the diagonal."""
    upper = np.triu(intervals.t_p_value(t, df), 1)
    return np.asarray(upper + upper.T + np.eye(len(t)))


def combined_flips(tasks: Sequence[FlipSums | None], shares: Sequence[float]) -> FlipSums | None:
    """Join the clusters of all tasks, each weighted by its task's share. None if a task doesn't have flips.

    There is one pair of lone items for all tasks, with the average weight of an item.
    """
    parts = [
        (share, flips, flips.shared == 0)
        for share, flips in zip(shares, tasks, strict=True)
        if flips is not None
    ]
    if len(parts) < len(tasks):
        return None
    sums = np.concatenate([share * flips.sums[real] for share, flips, real in parts])
    held = np.concatenate([share * flips.sizes[real] for share, flips, real in parts])
    lone = [(share**2, flips, ~real) for share, flips, real in parts if not real.all()]
    shared, sizes = np.zeros(0), np.zeros(0)
    if lone:
        shared = np.sum([weight * flips.shared[added] for weight, flips, added in lone], axis=0)
        sizes = np.sum([weight * flips.sizes[added] for weight, flips, added in lone], axis=0)
    return FlipSums(
        sums=np.concatenate([sums, np.zeros((len(shared), sums.shape[1]))]),
        shared=np.concatenate([np.zeros(len(sums)), shared]),
        sizes=np.concatenate([held, sizes]),
    )
