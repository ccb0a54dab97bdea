"""Several tasks combined: the test and the interval of a weighted sum, from the value and the variance of
each task.

A task's variance depends on its true value. If this is y away from the observed one, on one side, the
variance is

    V(y) = V + slope · y − bend · y²,

with V the plain variance, 0 if nothing varied. Slope and bend are defined with scores and differences
(mean_intervals.py and score_pivot.py). The sum Σ share · value is tested by a score test (for rates: Tebbs
and Roths 2008; Martín Andrés, Álvarez Hernández and Herranz Tejedor 2011): the distance h of a tested sum
from the observed one is divided among the tasks in proportion to share · V(y), the most likely division. This
gives the variance of the sum:

    y = share · V(y) / μ,   Σ share · y = h,   t² = h / μ.

The limits of the sum are those h with h = t² μ. With many tasks, each hardly moves, and their plain variances
add up. A task at 0 or n of n, whose plain variance is 0, moves as far as its slope allows. Chosen by trial:
docs/decisions/0023-suites.md.

A limit of the sum is at most as far away as all tasks at their own limits, Σ share · y with y² = t_i² V_i(y),
t_i by the task's own degrees of freedom. A task with two items has a t of 12.7, and with Welch and
Satterthwaite's degrees of freedom it would multiply the variance of all others. If shares are estimated,
their variation is added to that in quadrature. The test is the same interval at another level: p is the
smaller of both.

The overall score of several tasks, from each task's value, standard error and own interval.

A task's own limit determines how its variance changes away from its value. For scores in [0, 1] it has the
shape of a rate's, c θ (1 − θ), with c such that the limit is that of its interval, and at the value it is the
plain SE². So a task at 0 or n of n, with an SE of 0, counts with its exact interval, and a single task keeps
its own interval, whichever was chosen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import doubt
from howsure.statistics import intervals
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints, Positions

STEPS, SETTLED, NOTHING = 200, 1e-14, 1e-150
LEAST_LOG, HALVINGS = -340.0, 60
PER_SUM = ("squares", "slopes", "bends", "own_slopes", "rooms", "counted", "own_df")
FIELDS = (*PER_SUM, "of_shares")
NARROW = 1e-9
"""The root is at least this share of its upper bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSide:
    """One side of sums over tasks (T, …): `squares` share² · V, `slopes` share · slope, `bends`.

    `own_slopes`: the slopes with which a task alone has its own limits; `rooms`: share · the farthest that it
    could be. `counted`, `own_df`: the variances that determine degrees of freedom. `of_shares` (T,): which
    aren't tasks, but the variation of their shares.
    """

    squares: Floats
    slopes: Floats
    bends: Floats
    own_slopes: Floats
    rooms: Floats
    counted: Floats
    own_df: Floats
    of_shares: Bools

    @classmethod
    def of_variance(cls, variance: Floats) -> SuiteSide:
        """Return the variation of the shares: a variance (…) that doesn't depend on the sum."""
        squares, none = variance[None], np.zeros_like(variance[None])
        rest = {
            "slopes": none,
            "bends": none,
            "own_slopes": none,
            "rooms": none + np.inf,
            "own_df": none + np.inf,
        }
        return cls(squares=squares, counted=squares, of_shares=np.array([True]), **rest)

    @property
    def df(self) -> Floats:
        """Welch and Satterthwaite's degrees of freedom of the sums (…)."""
        return combined_df(self.counted, self.own_df)

    def beside(self, other: SuiteSide) -> SuiteSide:
        """Return the tasks of both."""
        return SuiteSide(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in FIELDS}
        )

    def take(self, places: tuple[Positions, ...] | Bools) -> SuiteSide:
        """Return the sides of the sums at these places."""
        taken = {name: np.stack([task[places] for task in getattr(self, name)]) for name in PER_SUM}
        return replace(self, **taken)

    def half_width(self, level: float | Floats) -> Floats:
        """Return how far the limits on this side are from the sums, 0 if nothing varies and nothing could."""
        squared_t = intervals.t_quantile(level, self.df) ** 2
        steepest, total = self._steepest(), self.squares.sum(axis=0)
        most = (steepest + np.sqrt(steepest**2 + 4 * total / squared_t)) / 2
        found = np.asarray(squared_t * self._root(squared_t, np.zeros_like(total), most))
        tail = np.broadcast_to((1 - np.asarray(level, dtype=float)) / 2, found.shape)
        at = _may_be_farther(self, found, tail)
        if at.any():
            found[at] = np.minimum(found[at], _farthest(self.take(at), tail[at]))
        return found

    def squared_t(self, distance: Floats) -> Floats:
        """Return the squared t of sums at this distance from the observed ones, 0 or more, infinite if
        nothing varies.
        """
        total = self.squares.sum(axis=0)
        there = distance > np.maximum(ROUNDING * np.sqrt(total), NOTHING)
        apart = np.where(there, distance, 1.0)
        most = self._steepest() + total / apart
        mu = self._root(np.zeros_like(apart), apart, most)
        with np.errstate(divide="ignore"):
            found = np.where(there, apart / mu, 0.0)
        tail = intervals.t_p_value(np.sqrt(found), self.df) / 2
        at = _may_be_farther(self, distance, tail)
        if at.any():
            found[at] = np.maximum(found[at], _squared_t_by_own(self.take(at), distance[at], tail[at]))
        return found

    def _steepest(self) -> Floats:
        return np.asarray(np.maximum(self.slopes.max(axis=0), 0.0))

    def _root(self, times: Floats, plus: Floats, most: Floats) -> Floats:
        """Return the μ, at most `most`, at which Σ share · y = times · μ + plus, 0 if that is 0.

        Newton's method on the reciprocals of both sides, which are nearly straight, kept between bounds.
        """
        flat = [np.ravel(np.broadcast_to(each, most.shape)) for each in (times, plus, most)]
        times, plus, high = (each.astype(float) for each in flat)
        squares, slopes, bends = (
            np.reshape(each, (len(each), -1)) for each in (self.squares, self.slopes, self.bends)
        )
        low, found, left = high * NARROW, high.copy(), np.flatnonzero(high > 0)
        mu = high.copy()
        for _ in range(STEPS):
            if not len(left):
                break
            at = mu[left]
            moved, falling = _moved(at, squares[:, left], slopes[:, left], bends[:, left])
            right = times[left] * at + plus[left]
            above = moved > right
            low[left], high[left] = np.where(above, at, low[left]), np.where(above, high[left], at)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                new = at - (1 / moved - 1 / right) / (falling / moved**2 + times[left] / right**2)
            inside = (new > low[left]) & (new < high[left])
            mu[left] = np.where(inside, new, np.sqrt(low[left] * high[left]))
            settled = (np.abs(mu[left] - at) <= SETTLED * at) | (
                high[left] - low[left] <= SETTLED * high[left]
            )
            found[left] = mu[left]
            left = left[~settled]
        return found.reshape(most.shape)


def _farthest(side: SuiteSide, tail: Floats) -> Floats:
    """Return Σ share · y of the tasks' own limits plus a given amount each, and with the variation of the
    shares added in quadrature.
    """
    bends = np.maximum(intervals.t_beyond(tail, side.own_df), NOTHING) ** -2.0 + side.bends
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(side.own_slopes**2 + 4 * bends * side.squares)
        rising, falling = (root + side.own_slopes) / (2 * bends), 2 * side.squares / (root - side.own_slopes)
    away = np.minimum(np.where(side.own_slopes >= 0, rising, falling), side.rooms)
    return np.asarray(np.hypot(away[~side.of_shares].sum(axis=0), away[side.of_shares].sum(axis=0)))


def _squared_t_by_own(side: SuiteSide, distance: Floats, tail: Floats) -> Floats:
    """Return the squared t whose two-sided p-value is that of the level at which the own limits are this far
    away, at most 2 · `tail`.
    """
    low, high = np.full(distance.shape, LEAST_LOG), np.log(np.maximum(tail, np.exp(LEAST_LOG)))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        beyond = _farthest(side, np.exp(middle)) < distance
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return np.asarray(intervals.t_beyond(np.exp(high), side.df) ** 2)


def _may_be_farther(side: SuiteSide, distance: Floats, tail: Floats) -> Bools:
    """Return whether sums are farther away than their tasks' own limits would be with normal quantiles, the
    smallest ones.
    """
    normal = replace(side, own_df=np.full(np.shape(side.own_df), np.inf))
    return np.asarray(distance > _farthest(normal, tail))


def _moved(mu: Floats, squares: Floats, slopes: Floats, bends: Floats) -> tuple[Floats, Floats]:
    """Return Σ share · y at μ, and how fast it falls as μ grows."""
    beyond = mu - slopes
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = np.sqrt(beyond**2 + 4 * bends * squares)
        far = np.where(bends > 0, (root - beyond) / (2 * bends), np.inf)
        moved = np.where(beyond > 0, 2 * squares / (beyond + root), far)
        falling = np.where(moved > 0, moved / root, 0.0)
    return moved.sum(axis=0), falling.sum(axis=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Weighted sums of tasks (…): their value and both sides."""

    value: Floats
    below: SuiteSide
    above: SuiteSide

    def limits(self, level: float | Floats) -> tuple[Floats, Floats]:
        """Return the limits of the sums at this level, one for all or one each."""
        return self.value - self.below.half_width(level), self.value + self.above.half_width(level)

    def t(self, tested: float = 0.0) -> Floats:
        """Return the t of "the sum is this", infinite if nothing varies."""
        apart = self.value - tested
        sides = {
            name: np.where(apart >= 0, getattr(self.below, name), getattr(self.above, name))
            for name in PER_SUM
        }
        side = SuiteSide(**sides, of_shares=self.below.of_shares)
        return np.sign(apart) * np.sqrt(side.squared_t(np.abs(apart)))

    def with_shares(self, variance: Floats) -> Suite:
        """Return the same with the variance of the shares."""
        shares = SuiteSide.of_variance(variance)
        return replace(self, below=self.below.beside(shares), above=self.above.beside(shares))

    def take(self, places: tuple[Positions, ...]) -> Suite:
        """Return the sums at these places."""
        return Suite(value=self.value[places], below=self.below.take(places), above=self.above.take(places))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakest:
    """The component of a sum that contributes most of its error: its place, and its share of the squared
    error.

    `needed`: about how many units of it would make it contribute as much as all other components together.
    `half_width`: about that of the sum then.
    """

    place: int
    error_share: float
    needed: float
    half_width: float


def weakest(half_widths: Floats, units: Ints, rest: float = 0.0) -> Weakest | None:
    """Find the component (T,) with more than half of the squared error, and less than half as large a share
    of the units; None if there is none.

    `half_widths`: share · half the width of each part's own interval. `rest`: the square of all other
    contributions.
    """
    squares = half_widths**2
    total = float(squares.sum()) + rest
    place = int(np.argmax(squares))
    if not (
        total > 0 and squares[place] > total / 2 and squares[place] / total > 2 * units[place] / units.sum()
    ):
        return None
    others = total - float(squares[place])
    return Weakest(
        place=place,
        error_share=float(squares[place]) / total,
        needed=float(units[place] * squares[place]) / others if others > 0 else np.inf,
        half_width=float(np.sqrt(2 * others)),
    )


def combined_error(errors: Sequence[Floats], shares: Sequence[float]) -> Floats:
    """Return the standard error of Σ share · task, with independent errors: √ Σ (share · error)², always
    summed in the same order.
    """
    total = np.zeros_like(errors[0])
    for error, share in zip(errors, shares, strict=True):
        total = total + (share * error) ** 2
    return np.asarray(np.sqrt(total))


def telling_error(difference: Floats, error: Floats, p_value: Floats, df: Floats) -> Floats:
    """Return the standard error of the test of "no difference", at least the plain one, for forecasts.

    A task on which nothing varied has a plain one of 0, which would make a forecast too optimistic.
    """
    t = intervals.t_beyond(np.clip(p_value, 0.0, 1.0) / 2, df)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.fmax(error, np.where(t > 0, np.abs(difference) / t, np.nan)))


def combined_df(variances: Floats, df: Floats) -> Floats:
    """Return Welch and Satterthwaite's degrees of freedom of a sum: (Σ v)² / Σ v² / df, over the first
    axis.
    """
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.where(total > 0, total**2 / (variances**2 / df).sum(axis=0), df.min(axis=0)))


MOST_BENT = 1.0
"""An interval has at least the information of a single answer."""


def overall_estimate(parts: Sequence[Estimate], shares: Sequence[float], *, bounded: bool) -> Estimate:
    """Return the estimate of Σ share · value of tasks whose errors are independent. `bounded`: scores are in
    [0, 1].

    A single task is returned unchanged. No standard error if a task has none.
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
        warnings=() if known else (doubt("no_overall_error_bar"),),
    )


def _suite(parts: Sequence[Estimate], s: Floats, *, bounded: bool) -> Suite:
    values, se, df = (np.array([getattr(part, name) for part in parts]) for name in ("value", "se", "df"))
    edge = _at_edge(values, se) & bounded
    straight = np.array([part.method.name == "t" for part in parts]) & ~edge
    df = np.where(edge, np.inf, df)  # the exact interval doesn't estimate a variance
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
    """Combine scores in [0, 1]: arrays (T, …) of tasks, `shares` (T,) or (T, …), the `limits` at this level.

    `df`: of the variances, infinite if limits are exact. A limit equal to the value is ignored. `straight`
    (T,): whose variance stays the plain one. `bounded`: whether scores are in [0, 1].
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
) -> SuiteSide:
    """Prepare one side. A limit equal to the value is ignored, and the variance stays the plain one.

    The degrees of freedom are those of the plain variances and, for tasks without one, of the variances
    implied by their limits.
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
    return SuiteSide(
        squares=s**2 * variances,
        slopes=np.where(straight, 0.0, slopes),
        bends=bends,
        own_slopes=slopes,
        rooms=s * room,
        counted=s**2 * counted,
        own_df=np.broadcast_to(df, np.shape(values)),
        of_shares=np.zeros(len(values), dtype=bool),
    )
