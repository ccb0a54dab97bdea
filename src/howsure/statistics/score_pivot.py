"""The pivot of a mean difference: one statistic for its test, its interval and its margins.

To test whether a difference is δ, its variance is taken under the hypothesis δ (Tango 1998; clustered pairs:
Yang, Sun and Hardin 2012):

    V(δ) = V + max(0, r · [σ² p(δ / σ) − δ² − s² − a (d − δ)²], g (δ − d)).

V is the plain variance (CR2) of the observed difference d, s² the variance of an item's difference, and r = u
/ n, with u the items that an event is worth (event_sizes.py). The size of an event is σ = Σ d² / Σ |d| over
items, and p is the mean square of differences in events that fits best if their mean is the one tested. For
right-or-wrong answers it is the maximum likelihood of the share of discordant items. For single answers of
equal weight, σ is 1 and a and g are 0. For averages (attempts, fractions, weighted items), σ is less and a is
1, so that "no difference" is tested by a plain t. (In two or three clusters that agree by chance a is less,
so the test isn't a plain t.) And g is half of the change in the variance of a mean, as it moves, under a
skewed distribution. If only V is available (unbounded scores, method "t"), r and g are 0.

The limits of the interval are the δ at which (d − δ)² = t² V(δ). If V is at least r s², there is one on each
side. If it is less (few very similar clusters), a value can be rejected while a more distant one isn't. Then
the limits are the outermost, and the test of a value is that of all values at least as far off, so that both
agree. For single answers to independent items, the p-value of "no difference" is never below McNemar's mid-p.
Everything is element by element, of any shape. Measured in docs/decisions/0022-score.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.arrays import blocks
from howsure.statistics.mcnemar import midp_values
from howsure.statistics.quartic import real_parts
from howsure.statistics.results import allowed
from howsure.statistics.tolerances import ROUNDED_MEANS, ROUNDING, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Bools, Floats
    from howsure.statistics.event_sizes import Events

STEPS = 60
FLAT = 0.05
"""The smallest slope used in a step of Newton's method."""
CALM = 8.0
"""Clusters count as agreeing by chance if their variance is less than an eighth of that from events."""
CLOSE = 1e-7
"""Closer than this to the difference, a turn can't be distinguished from rounding."""
CELLS = 16_384
"""The number of pivots computed at once: a dozen arrays of them fit in the processor's cache, which is six
times faster.
"""


def _zero() -> Floats:
    return np.zeros(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivots:
    """The terms for testing differences at any value, element by element.

    `difference`, with its plain `variance` and its degrees of freedom `df`. `item_variance`: of an item's
    difference. `room`: u / n as above, 0 for a plain t. `added`: the pivot's addition to the variance at any
    tested value. `event`: σ. `averaged`: a. `skew`: g. `counted`: 1 for single answers of equal weight to
    independent items, 1 / room of them, else 0.
    """

    difference: Floats
    variance: Floats
    df: Floats
    item_variance: Floats
    room: Floats
    added: Floats
    event: Floats = field(default_factory=lambda: np.ones(()))
    averaged: Floats = field(default_factory=_zero)
    skew: Floats = field(default_factory=_zero)
    counted: Floats = field(default_factory=_zero)

    def at(self, place: Any) -> Pivots:
        """Return the pivots at a place of the arrays."""
        shape = np.broadcast_shapes(*(part.shape for _, part in self.parts()))
        return Pivots(**{name: np.asarray(part[place]) for name, part in self._over(shape).parts()})

    def parts(self) -> list[tuple[str, Floats]]:
        """Return the name of each field with its array."""
        return [(each.name, np.asarray(getattr(self, each.name))) for each in fields(Pivots)]

    def of_events(self, events: Events, skew: Floats) -> Self:
        """Return the same for differences with these events, and for averages with this skew."""
        size = np.maximum(events.size, np.abs(self.difference) * (1 + ROUNDING))
        expected = self.room * self.item_variance
        calm = np.where(
            self.item_variance > ROUNDED_MEANS * size**2,
            CALM * self.variance / np.where(expected > 0, expected, 1.0),
            0.0,
        )
        return replace(
            self,
            event=size,
            averaged=events.averaged * np.clip(calm, 0.0, 1.0),
            skew=events.averaged * skew,
            counted=self.counted * (1 - events.averaged),
        )

    @property
    def known(self) -> Bools:
        """Whether there is a standard error."""
        found = (self.variance + self.added > 0) | (self.room > 0)
        return np.asarray(found & np.isfinite(self.variance) & ~np.isnan(self.df))

    def variance_at(self, value: ArrayLike) -> Floats:
        """Return the variance of the difference under this value."""
        return self._variances(np.asarray(value, dtype=float), slopes=False)[0]

    def spread_at(self, value: ArrayLike = 0.0) -> Floats:
        """Return the standard error that the test of a value uses."""
        return np.asarray(np.sqrt(self.variance_at(value)))

    def t_at(self, value: ArrayLike = 0.0) -> Floats:
        """Return the pivot under "the difference is this", NaN if there is none, 0 at the observed
        difference.

        If a more distant value is less unlikely, the pivot is that value's.
        """
        return self._in_blocks(Pivots._t_at, np.asarray(value, dtype=float))

    def _t_at(self, value: Floats) -> Floats:
        gap, spread = self.difference - value, self.spread_at(value)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(
                np.abs(gap) <= ROUNDED_MEANS, np.where(np.isfinite(spread), 0.0, np.nan), gap / spread
            )
        back = np.broadcast_to(self._comes_back, found.shape) & (np.abs(gap) > ROUNDED_MEANS)
        if back.any():
            away = -np.sign(gap[back])
            there = self._over(found.shape).at(back).turned(away)
            found[back] = -away * there.least_beyond(away * np.broadcast_to(value, found.shape)[back])
        return np.where(np.isfinite(found) & ~np.isnan(self.df), found, np.nan)

    @property
    def _comes_back(self) -> Bools:
        """Whether a value can be rejected while a more distant one isn't."""
        plain = np.maximum(self.variance, 0.0) + self.added
        varies = self.item_variance > ROUNDED_MEANS * self.event**2
        return np.asarray(self.known & varies & (self.room * self.item_variance > plain * (1 + 1e-9)))

    def _over(self, shape: tuple[int, ...]) -> Pivots:
        return Pivots(**{name: np.broadcast_to(part, shape) for name, part in self.parts()})

    def _in_blocks(self, work: Callable[..., Floats], *values: Floats) -> Floats:
        """Compute a function of these pivots and values, element by element, in blocks of CELLS."""
        shape = np.broadcast_shapes(*(part.shape for _, part in self.parts()), *map(np.shape, values))
        found = np.empty(math.prod(shape))
        if found.size <= CELLS:
            return work(self, *values)
        every = Pivots(**{name: part.reshape(-1) for name, part in self._over(shape).parts()})
        flat = [np.broadcast_to(value, shape).reshape(-1) for value in values]
        for part in blocks(found.size, 1, CELLS):
            found[part] = work(every.at(part), *(value[part] for value in flat))
        return found.reshape(shape)

    def least_beyond(self, value: Floats) -> Floats:
        """Return the minimum of the pivot from these values (N,) on, which are above the differences."""
        turns = self._turns(negative=bool((value < 0).any()))
        return np.asarray(self._size_at(np.maximum(np.concatenate([value[None], turns]), value)).min(axis=0))

    def _turns(self, *, negative: bool = True) -> Floats:
        """Return all values (8, N) above the differences (N,) at which the pivot can have a minimum, without
        `negative` those above 0 (4, N).

        On either side of 0 these are among the roots of a polynomial of the fourth degree (`_Fitted.turns`).
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            plain = (np.maximum(self.variance, 0.0) + self.added) / (self.event**2 * self.room)
        d, s2 = self.difference / self.event, self.item_variance / self.event**2
        above = _Fitted.of(d, s2, np.ones(())).turns(plain - s2)
        if negative:
            below, some = np.full_like(above, -1.0), d < 0
            below[:, some] = -_Fitted.of(d, s2, -np.ones(())).take(some).turns((plain - s2)[some])
            above = np.concatenate([above, below])
        turns = above * self.event
        return np.where(turns > self.difference + CLOSE * self.event, turns, self.difference)

    def _size_at(self, value: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (value - self.difference) / self.spread_at(value)
        return np.where(value > self.difference, np.where(np.isnan(found), np.inf, found), 0.0)

    def outermost(self, t: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return two values: at the lower the pivot is at most t, at the upper and beyond it is larger."""
        places = np.concatenate([self.difference[None], self._turns(), high[None]])
        at = np.sort(np.minimum(places, high), axis=0)
        last = (len(at) - 1 - (self._size_at(at) <= t)[::-1].argmax(axis=0))[None]
        after = np.minimum(last + 1, len(at) - 1)
        return np.take_along_axis(at, last, axis=0)[0], np.take_along_axis(at, after, axis=0)[0]

    def p_value_at(self, value: ArrayLike = 0.0) -> Floats:
        """Return the two-sided p-value of "the difference is this"."""
        p = np.asarray(intervals.t_p_value(self.t_at(value), self.df))
        return np.where(np.asarray(value) == 0, np.maximum(p, self.least_p), p) if np.any(self.counted) else p

    def p_at_most(self, value: ArrayLike) -> Floats:
        """Return the one-sided p-value of "the difference is at most this", small if it is larger."""
        p = intervals.student_above(self.t_at(value), self.df)
        return np.where((np.asarray(value) == 0) & (self.difference > 0), np.maximum(p, self.least_p / 2), p)

    def p_at_least(self, value: ArrayLike) -> Floats:
        """Return the one-sided p-value of "the difference is at least this", small if it is smaller."""
        return self.reversed().p_at_most(-np.asarray(value, dtype=float))

    @property
    def least_p(self) -> Floats:
        """The smallest p-value that "no difference" can have: McNemar's mid-p for `counted` answers, else
        0.
        """
        if not np.any(self.counted):
            return np.zeros(())
        usable = (self.counted > 0) & (self.room > 0) & np.isfinite(self.item_variance + self.difference)
        room, item, d = (
            np.where(usable, part, 1.0) for part in (self.room, self.item_variance, self.difference)
        )
        discordant = np.rint((item + d**2) / room)
        wins = np.rint((discordant + d / room) / 2)
        return np.where(usable, midp_values(wins, discordant - wins), 0.0)

    def limits(self, level: ArrayLike, reach: float = np.inf) -> tuple[Floats, Floats]:
        """Return both limits of the interval, cut at ±reach, NaN if there is none. `level`: one for all, or
        one each.
        """
        return 0.0 - self.reversed().upper(level, reach), self.upper(level, reach)

    def reversed(self) -> Pivots:
        """Return the same for b − a."""
        return self.turned(np.asarray(-1.0))

    def turned(self, sign: Floats) -> Pivots:
        """Return the same for b − a if the sign is −1."""
        return replace(self, difference=sign * self.difference, skew=sign * self.skew)

    def upper(self, level: ArrayLike, reach: float = np.inf) -> Floats:
        """Return the upper limits."""
        known = self.known
        t = intervals.t_quantile(level, np.where(known, self.df, 1.0))
        low, plain = self.difference, np.maximum(self.variance, 0.0) + self.added
        high = low + t * np.sqrt(plain + self.room)
        if np.any(self.skew):
            steep = t**2 * np.maximum(self.skew, 0.0) / 2
            high = np.maximum(high, low + steep + np.sqrt(steep**2 + t**2 * plain))
        if np.any(known & ((self.room > 0) | (self.skew > 0))):
            high = self._in_blocks(Pivots._root, t, low, np.minimum(high, np.maximum(reach, low)))
        if np.any(self.counted):  # no interval excludes 0 if mid-p doesn't
            high = np.where((high < 0) & (self.least_p > allowed(np.asarray(level))), 0.0, high)
        return np.where(known, np.minimum(high, reach), np.nan)

    def detectable(self, level: float, power: float) -> Floats:
        """Return the smallest true difference detected with this power, given these variances. NaN if there
        is none.
        """
        df = np.where(self.known, self.df, 1.0)
        reach = intervals.t_quantile(level, df) + intervals.t_quantile(2 * power - 1, df)
        none = Pivots(
            **dict(self.parts())
            | {"difference": 0.0 * self.difference, "skew": np.zeros(()), "counted": np.zeros(())}
        )
        return none.upper(1 - intervals.t_p_value(reach, df), 1.0 if np.any(self.room) else np.inf)

    def _root(self, t: Floats, low: Floats, high: Floats) -> Floats:
        """Find the value above the difference at which the pivot reaches t: Newton's method from the right,
        kept between two ends.
        """
        low, high, back = np.array(low), np.array(high), self._comes_back
        if back.any():
            low[back], high[back] = self.at(back).outermost(np.asarray(t)[back], high[back])
        at = np.array(high)
        for _ in range(STEPS):
            variance, slope = self._variances(at)
            spread = np.sqrt(np.maximum(variance, SMALLEST))
            ahead = at - self.difference - t * spread
            low, high = np.where(ahead > 0, low, at), np.where(ahead > 0, at, high)
            following = at - ahead / np.maximum(1 - t * slope / (2 * spread), FLAT)
            found = (np.abs(following - at) <= ROUNDED_MEANS) & (variance > 0)
            within = (following > low) & (following < high)
            following = np.where(found, at, np.where(within, following, (low + high) / 2))
            moved, at = np.abs(following - at), following
            if not np.nanmax(moved, initial=0.0) > ROUNDED_MEANS:
                break
        return at

    def _variances(self, value: Floats, *, slopes: bool = True) -> tuple[Floats, Floats]:
        """Return the variance if the value were true, and how it grows with the value. The latter is 0
        without `slopes`.
        """
        plain = np.maximum(self.variance, 0.0) + self.added
        skewed = np.any(self.skew)
        if not skewed and not np.any(self.room):
            return np.broadcast_to(plain, np.broadcast_shapes(plain.shape, value.shape)), np.zeros(())
        sign, away = np.where(value < 0, -1.0, 1.0), self.difference - value
        fitted = _Fitted.of(self.difference / self.event, self.item_variance / self.event**2, sign)
        square, slope = fitted.at(np.minimum(np.abs(value) / self.event, 1.0), slopes=slopes)
        more = self.event**2 * square - value**2 - self.item_variance - self.averaged * away**2
        more = self.room * np.where(np.abs(value) < self.event, np.maximum(more, 0.0), 0.0)
        slope = np.where(
            more > 0, self.room * (self.event * sign * slope - 2 * value + 2 * self.averaged * away), 0.0
        )
        if skewed:
            beyond = -self.skew * away
            more, slope = np.maximum(more, beyond), np.where(beyond > more, self.skew, slope)
        return plain + more, slope


def plain_pivots(difference: ArrayLike, variance: ArrayLike, df: ArrayLike, added: ArrayLike = 0.0) -> Pivots:
    """Return plain t pivots: the variance doesn't depend on the tested value."""
    found = np.broadcast_arrays(
        *(np.asarray(part, dtype=float) for part in (difference, variance, df, added, 0.0))
    )
    difference, variance, df, added, none = found
    return Pivots(difference=difference, variance=variance, df=df, item_variance=none, room=none, added=added)


def stacked(every: Sequence[Pivots]) -> Pivots:
    """Return single pivots as one along a new first axis."""
    return Pivots(
        **{
            each.name: np.stack([np.asarray(getattr(one, each.name)) for one in every])
            for each in fields(Pivots)
        }
    )


class _Fitted(NamedTuple):
    """The mean square of differences in events of ±1 that fits best if their mean is x, on the side of
    `sign`.

    It is the share of discordant items. With `excess` half of the excess over the mean difference d, the
    share q of losses solves 2 q² + B q − excess · x (1 − x) / 2 = 0, B = (2 − d) x − square (Tango 1998), and
    the mean square is 2 q + x.
    """

    d: Floats
    square: Floats
    excess: Floats

    @classmethod
    def of(cls, difference: Floats, item_variance: Floats, sign: Floats) -> _Fitted:
        """Fit it to a difference and the variance of an item's."""
        d = sign * difference
        square = np.clip(item_variance + d**2, np.abs(d), 1.0)
        return cls(d, square, np.maximum(square - d, 0.0))

    def take(self, chosen: Bools) -> _Fitted:
        """Return some of them (N,)."""
        return _Fitted(*(part[chosen] for part in self))

    def at(self, x: Floats, *, slopes: bool = True) -> tuple[Floats, Floats]:
        """Return the mean square at x, from 0 to 1, and how it grows with x. The latter is 0 without
        `slopes`.
        """
        b = (2 - self.d) * x - self.square
        root = np.sqrt(b**2 + 4 * self.excess * x * (1 - x))
        if not slopes:
            return (root - b) / 2 + x, np.zeros(())
        root_slope = (b * (2 - self.d) + 2 * self.excess * (1 - 2 * x)) / np.maximum(root, SMALLEST)
        return (root - b) / 2 + x, (root_slope + self.d) / 2

    def turns(self, base: Floats) -> Floats:
        """Return the x at which (x − d)² / (base + mean square − x²) can have its minimum as x grows from d
        (4, N): between 0 and 1, else 0 or 1.

        With R the square of the root, its derivative is 0 if √R · L + Q = 0, with L of the first degree and Q
        of the second. So L² R = Q².
        """
        d, square = self.d, self.square
        r2, r1, r0 = (2 - d) ** 2 - 4 * self.excess, 4 * self.excess - 2 * (2 - d) * square, square**2
        l1, l0 = -1.5 * d, 2 * base + square + d**2 / 2
        q2, q1, q0 = r2 / 2, 0.75 * r1 + 0.5 * d * r2, r0 + 0.25 * d * r1
        lead = l1**2 * r2 - q2**2
        rest = (
            l1**2 * r1 + 2 * l1 * l0 * r2 - 2 * q2 * q1,
            l1**2 * r0 + 2 * l1 * l0 * r1 + l0**2 * r2 - q1**2 - 2 * q2 * q0,
            2 * l1 * l0 * r0 + l0**2 * r1 - 2 * q1 * q0,
            l0**2 * r0 - q0**2,
        )
        largest = np.abs(rest).max(axis=0)
        lead = np.where(
            np.abs(lead) > ROUNDED_MEANS * largest, lead, np.where(largest > 0, ROUNDED_MEANS * largest, 1.0)
        )
        return np.clip(real_parts(*(np.nan_to_num(part / lead) for part in rest)), 0.0, 1.0)


def variance_of_one(
    difference: float,
    variance: float,
    item_variance: float,
    room: float,
    value: float,
    *,
    event: float = 1.0,
    averaged: bool = False,
) -> float:
    """Return `Pivots.variance_at` of a single pivot without skew: a plan needs it ten thousand times, and
    arrays of one number are slow.
    """
    if not room or abs(value) >= event:
        return variance
    sign = -1.0 if value < 0 else 1.0
    x, d, spread = abs(value) / event, sign * difference / event, item_variance / event**2
    square = min(max(spread + d**2, abs(d)), 1.0)
    excess, b = max(square - d, 0.0), (2 - d) * x - square
    fitted = (math.sqrt(b**2 + 4 * excess * x * (1 - x)) - b) / 2 + x
    more = fitted - x**2 - spread - averaged * (d - x) ** 2
    return variance + room * event**2 * max(more, 0.0)
