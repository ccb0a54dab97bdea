"""The score pivot of a mean difference: one statistic for its test, its interval and its margins.

To test whether a difference is δ, its variance is taken as it would be if δ were true (Tango 1998; clustered pairs: Yang,
Sun and Hardin 2012): V(δ) = V + r · [p(δ) − δ² − s²]₊. V is the plain variance (CR2), s² the variance of an item's
difference, and p(δ) the mean square of differences in [−1, 1] that fits best where their mean is δ: for right-or-wrong
answers the maximum likelihood of the share of discordant items, given δ. r = u / n, u the items that an event is worth
(evidence.py). Where V is all that can be said (unbounded scores, method "t") r is 0 and this is a plain t.

The limits of the interval are the δ at which (d − δ)² = t² V(δ). Where V is no less than r s² there is one on each side.
Where it is less (few clusters that are much alike), a value can be rejected and one farther off not: then the limits are the
outermost, and the test of a value is that of all values at least as far off, so that both agree. Everything is element by
element, of any shape. Measured in docs/decisions/0022-score.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy

from howsure.statistics.arrays import blocks
from howsure.statistics.means import intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Bools, Floats, Positions

STEPS, NEAR = 60, 1e-13
FLAT = 0.05
"""The least slope that a step of Newton's method trusts."""
NEARER, FARTHER = np.linspace(0, 1, 13), np.linspace(0, 1, 25) ** 2
"""Where the pivot is looked at that may come back: from a value to 0, and from there to 1.

A dip that is hidden between two places has a peak beside it there: 7 in a million of the harshest pivots, found .6 % too high at most.
"""
PLACES, MOST_PLACES = len(NEARER) + len(FARTHER) - 1, 32_768
CELLS = 16_384
"""So many pivots are worked out at once: a dozen arrays of them lie in the processor's cache, which is six times faster."""
GOLDEN, NARROWED = (5**0.5 - 1) / 2, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivots:
    """What differences need to be tested at any value, element by element.

    `difference`; `variance`: its plain variance; `df`: its degrees of freedom; `item_variance`: of an item's difference;
    `room`: u / n as above, 0 for a plain t; `added`: what the pivot adds to the variance whatever is tested.
    """

    difference: Floats
    variance: Floats
    df: Floats
    item_variance: Floats
    room: Floats
    added: Floats

    def at(self, place: Any) -> Pivots:
        """Return the pivots at a place of the arrays."""
        return Pivots(**{field.name: np.asarray(getattr(self, field.name)[place]) for field in fields(Pivots)})

    @property
    def known(self) -> Bools:
        """Where there is an error to judge by."""
        found = (self.variance + self.added > 0) | (self.room > 0)
        return np.asarray(found & np.isfinite(self.variance) & ~np.isnan(self.df))

    def variance_at(self, value: ArrayLike) -> Floats:
        """Return the variance of the difference if this value were the true one."""
        return self._variances(np.asarray(value, dtype=float), slopes=False)[0]

    def spread_at(self, value: ArrayLike = 0.0) -> Floats:
        """Return the standard error that the test of a value uses."""
        return np.asarray(np.sqrt(self.variance_at(value)))

    def t_at(self, value: ArrayLike = 0.0) -> Floats:
        """Return the pivot under "the difference is this", NaN where there is none, 0 where it is just what was seen.

        Where a value farther off is less unlikely, the pivot is that of it.
        """
        return self._in_blocks(Pivots._t_at, np.asarray(value, dtype=float))

    def _t_at(self, value: Floats) -> Floats:
        gap, spread = self.difference - value, self.spread_at(value)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(gap == 0, np.where(np.isfinite(spread), 0.0, np.nan), gap / spread)
        back = np.broadcast_to(self._comes_back, found.shape) & (gap != 0)
        if back.any():
            away = -np.sign(gap[back])
            there = self._over(found.shape).at(back).turned(away)
            found[back] = -away * there.least_beyond(away * np.broadcast_to(value, found.shape)[back])[1]
        return np.where(np.isfinite(found) & ~np.isnan(self.df), found, np.nan)

    @property
    def _comes_back(self) -> Bools:
        """Where a value can be rejected and one farther off not."""
        plain = np.maximum(self.variance, 0.0) + self.added
        return np.asarray(self.known & (self.room * self.item_variance > plain * (1 + 1e-9)))

    def _over(self, shape: tuple[int, ...]) -> Pivots:
        return Pivots(**{field.name: np.broadcast_to(getattr(self, field.name), shape) for field in fields(Pivots)})

    def _in_blocks(self, work: Callable[..., Floats], *values: Floats) -> Floats:
        """Work something out from these pivots and values, element by element, in blocks of CELLS."""
        shape = np.broadcast_shapes(
            *(np.shape(getattr(self, field.name)) for field in fields(Pivots)), *map(np.shape, values)
        )
        found = np.empty(math.prod(shape))
        if found.size <= CELLS:
            return work(self, *values)
        over = self._over(shape)
        every = Pivots(**{field.name: getattr(over, field.name).reshape(-1) for field in fields(Pivots)})
        flat = [np.broadcast_to(value, shape).reshape(-1) for value in values]
        for part in blocks(found.size, 1, CELLS):
            found[part] = work(every.at(part), *(value[part] for value in flat))
        return found.reshape(shape)

    def least_beyond(self, value: Floats) -> tuple[Floats, Floats]:
        """Return where above these values (N,), themselves above the differences, the pivot is the least in size, and how much.

        It is looked at in many places first, and then between the two beside the best of them, and beside the best of its other dips: one
        between two places may be as low. Blocks of MOST_PLACES lie in the cache.
        """
        parts = [self.at(part).least_in_block(value[part]) for part in blocks(len(value), PLACES, MOST_PLACES)]
        return np.concatenate([at for at, _ in parts]), np.concatenate([size for _, size in parts])

    def least_in_block(self, value: Floats) -> tuple[Floats, Floats]:
        """Return the same of few values, at once."""
        at = _places(value)
        sizes = self._size_at(at)
        best = _last_least(sizes)
        where, least = self.least_beside(at, best)
        dips = np.where(_dips(sizes), sizes, np.inf)
        np.put_along_axis(dips, best[None], np.inf, axis=0)
        more = np.flatnonzero(np.isfinite(dips).any(axis=0))
        if len(more):
            there, size = self.at(more).least_beside(at[:, more], _last_least(dips[:, more]))
            where[more] = np.where(size < least[more], there, where[more])
            least[more] = np.minimum(size, least[more])
        return where, least

    def least_beside(self, at: Floats, best: Positions) -> tuple[Floats, Floats]:
        """Return where the pivot is the least beside the best (N,) of these places (P, N), and how much."""
        low, middle, high = (
            np.take_along_axis(at, np.clip(best + step, 0, len(at) - 1)[None], axis=0)[0] for step in (-1, 0, 1)
        )
        ends = np.stack([middle, self._least_between(low, high)])
        sizes = self._size_at(ends)
        least = sizes.argmin(axis=0)[None]
        return np.take_along_axis(ends, least, axis=0)[0], np.take_along_axis(sizes, least, axis=0)[0]

    def _least_between(self, low: Floats, high: Floats) -> Floats:
        """Return where between two values the pivot is the least, if it has one low: a golden section, one look a step."""
        inner, outer = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        size, beyond = self._size_at(inner), self._size_at(outer)
        for _ in range(NARROWED):
            nearer = size <= beyond
            low, high = np.where(nearer, low, inner), np.where(nearer, outer, high)
            fresh = np.where(nearer, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
            found = self._size_at(fresh)
            inner, outer = np.where(nearer, fresh, outer), np.where(nearer, inner, fresh)
            size, beyond = np.where(nearer, found, beyond), np.where(nearer, size, found)
        return (low + high) / 2

    def _size_at(self, value: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (value - self.difference) / np.sqrt(self._variances(value, slopes=False)[0])
        return np.where(value > self.difference, np.where(np.isnan(found), np.inf, found), 0.0)

    def outermost(self, t: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return two values, at the lower of which the pivot is no larger than t and at the upper of which, and beyond, it is."""
        parts = [
            self.at(part).outermost_in_block(t[part], high[part]) for part in blocks(len(high), PLACES, MOST_PLACES)
        ]
        return np.concatenate([low for low, _ in parts]), np.concatenate([above for _, above in parts])

    def outermost_in_block(self, t: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the same of few differences, at once."""
        at = np.minimum(_places(self.difference), high)
        held = self._size_at(at) <= t
        last = (len(at) - 1 - held[::-1].argmax(axis=0))[None]
        after = np.minimum(last + 1, len(at) - 1)
        low, above = (np.take_along_axis(at, place, axis=0)[0] for place in (last, after))
        above = np.where(last[0] == len(at) - 1, high, above)
        beyond, size = self.least_beyond(np.minimum(above, 1.0))
        further = (size <= t) & (beyond > above) & (beyond < high)
        return np.where(further, beyond, low), np.where(further, high, above)

    def p_value_at(self, value: ArrayLike = 0.0) -> Floats:
        """Return the two-sided p-value of "the difference is this"."""
        return np.asarray(intervals.t_p_value(self.t_at(value), self.df))

    def p_at_most(self, value: ArrayLike) -> Floats:
        """Return the one-sided p-value of "the difference is at most this", small where it is larger."""
        return student_above(self.t_at(value), self.df)

    def p_at_least(self, value: ArrayLike) -> Floats:
        """Return the one-sided p-value of "the difference is at least this", small where it is smaller."""
        return student_above(-self.t_at(value), self.df)

    def limits(self, level: ArrayLike, reach: float = np.inf) -> tuple[Floats, Floats]:
        """Return both limits of the interval, cut at ±reach, NaN where there is none; `level`: of all, or of each."""
        return -self.reversed().upper(level, reach), self.upper(level, reach)

    def reversed(self) -> Pivots:
        """Return the same for b − a."""
        return self.turned(np.asarray(-1.0))

    def turned(self, sign: Floats) -> Pivots:
        """Return the same for b − a where the sign is −1."""
        return replace(self, difference=sign * self.difference)

    def upper(self, level: ArrayLike, reach: float = np.inf) -> Floats:
        """Return the upper limits."""
        known = self.known
        t = _quantiles(level, np.where(known, self.df, 1.0))
        low = self.difference
        high = low + t * np.sqrt(np.maximum(self.variance, 0.0) + self.added + self.room)
        if np.any(known & (self.room > 0)):
            high = self._in_blocks(Pivots._root, t, low, np.minimum(high, np.maximum(reach, low)))
        return np.where(known, np.minimum(high, reach), np.nan)

    def detectable(self, level: float, power: float) -> Floats:
        """Return the smallest true difference that is shown with this power, the variances being what they are; NaN where there is none."""
        df = np.where(self.known, self.df, 1.0)
        reach = intervals.t_quantile(level, df) + intervals.t_quantile(2 * power - 1, df)
        none = Pivots(
            **{
                **{field.name: getattr(self, field.name) for field in fields(Pivots)},
                "difference": 0.0 * self.difference,
            }
        )
        return none.upper(1 - intervals.t_p_value(reach, df), 1.0 if np.any(self.room) else np.inf)

    def _root(self, t: Floats, low: Floats, high: Floats) -> Floats:
        """Find where the pivot reaches t above the difference: Newton's method from the right, held between two ends."""
        low, high, back = np.array(low), np.array(high), self._comes_back
        if back.any():
            low[back], high[back] = self.at(back).outermost(np.asarray(t)[back], high[back])
        at = np.array(high)
        for _ in range(STEPS):
            variance, slope = self._variances(at)
            spread = np.sqrt(np.maximum(variance, TINY))
            ahead = at - self.difference - t * spread
            low, high = np.where(ahead > 0, low, at), np.where(ahead > 0, at, high)
            following = at - ahead / np.maximum(1 - t * slope / (2 * spread), FLAT)
            found = (np.abs(following - at) <= NEAR) & (variance > 0)
            within = (following > low) & (following < high)
            following = np.where(found, at, np.where(within, following, (low + high) / 2))
            moved, at = np.abs(following - at), following
            if not np.nanmax(moved, initial=0.0) > NEAR:
                break
        return at

    def _variances(self, value: Floats, *, slopes: bool = True) -> tuple[Floats, Floats]:
        """Return the variance if the value were true, and how it grows with the value; 0 for that without `slopes`."""
        plain = np.maximum(self.variance, 0.0) + self.added
        if not np.any(self.room):
            return np.broadcast_to(plain, np.broadcast_shapes(plain.shape, value.shape)), np.zeros(())
        best = _Fitted.of(self.difference, self.item_variance, value)
        more = best.square - value**2 - self.item_variance
        inside = (more > 0) & (np.abs(value) < 1)
        found = plain + self.room * np.where(inside, more, 0.0)
        return found, self.room * np.where(inside, best.slope - 2 * value, 0.0) if slopes else np.zeros(())


def plain_pivots(difference: ArrayLike, variance: ArrayLike, df: ArrayLike, added: ArrayLike = 0.0) -> Pivots:
    """Return plain t pivots: the variance is the same whatever is tested."""
    found = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (difference, variance, df, added, 0.0)))
    difference, variance, df, added, none = found
    return Pivots(difference=difference, variance=variance, df=df, item_variance=none, room=none, added=added)


def stacked(every: Sequence[Pivots]) -> Pivots:
    """Return single pivots as one along a new first axis."""
    return Pivots(
        **{field.name: np.stack([np.asarray(getattr(each, field.name)) for each in every]) for field in fields(Pivots)}
    )


def student_above(t: Floats, df: Floats) -> Floats:
    """Return P(T ≥ t), of the normal distribution where the degrees of freedom are infinite."""
    normal = np.isinf(df)
    return np.asarray(np.where(normal, scipy.special.ndtr(-t), scipy.special.stdtr(np.where(normal, 1.0, df), -t)))


class _Fitted(NamedTuple):
    """The mean square of differences that fits best where their mean is some value.

    Of right-or-wrong answers: the share of discordant items. With x = |value| and half of what the mean square exceeds the
    mean by, the share q of losses solves 2 q² + B q − excess · x (1 − x) / 2 = 0 (Tango 1998), and the mean square is 2 q + x.
    Small fractions count as whole ones that add up to as much: many small gains don't say that there is no rare large loss.
    """

    sign: Floats
    x: Floats
    excess: Floats
    b: Floats
    b_slope: Floats
    root: Floats

    @classmethod
    def of(cls, difference: Floats, item_variance: Floats, value: Floats) -> _Fitted:
        """Fit it to a difference and the variance of an item's."""
        sign = np.where(value < 0, -1.0, 1.0)
        x, d = np.minimum(np.abs(value), 1.0), sign * difference
        square = np.clip(item_variance + difference**2, np.abs(difference), 1.0)
        excess, b_slope = np.maximum(square - d, 0.0), 2 - d
        b = b_slope * x - square
        return cls(sign, x, excess, b, b_slope, np.sqrt(b**2 + 4 * excess * x * (1 - x)))

    @property
    def square(self) -> Floats:
        """The mean square."""
        return (self.root - self.b) / 2 + self.x

    @property
    def slope(self) -> Floats:
        """How it grows with the value."""
        root_slope = (self.b * self.b_slope + 2 * self.excess * (1 - 2 * self.x)) / np.maximum(self.root, TINY)
        return self.sign * ((root_slope - self.b_slope) / 2 + 1)


def variance_of_one(difference: float, variance: float, item_variance: float, room: float, value: float) -> float:
    """Return `Pivots.variance_at` of a single pivot: a plan needs it ten thousand times, and an array of one number is slow."""
    if not room:
        return variance
    sign = -1.0 if value < 0 else 1.0
    x, d = min(abs(value), 1.0), sign * difference
    square = min(max(item_variance + difference**2, abs(difference)), 1.0)
    excess, b = max(square - d, 0.0), (2 - d) * x - square
    fitted = (math.sqrt(b**2 + 4 * excess * x * (1 - x)) - b) / 2 + x
    more = fitted - value**2 - item_variance
    return variance + room * more if more > 0 and abs(value) < 1 else variance


def _last_least(sizes: Floats) -> Positions:
    """Return where each column (places, N) is the least, the last of equal places: what comes next lies farther out."""
    return np.asarray(len(sizes) - 1 - sizes[::-1].argmin(axis=0))


def _dips(sizes: Floats) -> Bools:
    """Say where each column (places, N) falls no further: no larger than before, and less than next."""
    falls = sizes[1:] <= sizes[:-1]
    edge = np.ones_like(falls[:1])
    return np.asarray(np.concatenate([edge, falls]) & np.concatenate([~falls, edge]))


def _places(value: Floats) -> Floats:
    """Return where the pivot is looked at from these values (N,) on: up to 0, if they are below it, and up to 1."""
    start = np.clip(value, 0.0, 1.0)
    beyond = start + (1 - start) * FARTHER[:, None]
    if not np.any(value < 0):
        return beyond
    before = value + np.minimum(start - value, np.maximum(-value, 0.0)) * NEARER[:, None]
    return np.concatenate([before, beyond[1:]])


def _quantiles(level: ArrayLike, df: Floats) -> Floats:
    """Return t quantiles: one for each degrees of freedom where there is one level."""
    if np.ndim(level) or np.all(df == df.flat[:1]):
        return intervals.t_quantile(level, df)
    few, place = np.unique(df, return_inverse=True)
    return np.asarray(intervals.t_quantile(float(np.asarray(level)), few)[place]).reshape(df.shape)


TINY = 1e-300
