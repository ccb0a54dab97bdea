"""Answer noise, and inference on exactly these items: how much a mean would vary if the same model answered
the same items again.

Claim: with s² the unbiased variance of the attempts at an item and K their number, Σ w² s² / K / W² is an
unbiased estimate of a mean's variance within items. The numbers of attempts may differ. Those of two models
add up. Assumes that attempts at an item are independent draws of one model's answers. Miller (2024), section
3; Wang (2025, arXiv:2512.21326).

The noise of an item with one attempt isn't known, so it borrows that of the average item with several.

On exactly these items: the mean over a fixed benchmark, where only the answers are a sample.

Claim: the interval covers the mean, over exactly these items, of the model's expected scores. Assumes
independent attempts. The variance is the answer noise V. For scores in [0, 1], two events are added to it,
each of one attempt with the other result, so that agreement of all observed attempts isn't treated as
certainty. Degrees of freedom: 2 V² / Σ (terms of V)², as V varies at most that much (Satterthwaite 1946).

Right or wrong: Wilson's interval on p (1 − p) / V answers, cut to Clopper and Pearson's on n · K answers.
This is safe because a sum of answers varies less with different rates than with one rate (Hoeffding 1956). K
is the smallest number of attempts. With weights n is W / max w. If one item has much of the weight, or few
items had several attempts, coverage is only approximately the level. Chosen by trial:
docs/decisions/0006-noise.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import ResultWarning, doubt
from howsure.statistics import intervals
from howsure.statistics.arrays import BLOCK_CELLS, blocks
from howsure.statistics.pair_moments import PairMoments
from howsure.statistics.results import Bound, Estimate, Interval, Method

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """T columns of item scores, with the variances of their answers, all (n, T).

    `means`: over the attempts at an item, NaN if there is none. `once`: unbiased variance of one attempt at
    it. `now`: variance of the mean over its attempts. `borrowed`: the amount of it estimated from other
    items. `known`: whether the item had several attempts (for a difference, of either model). `attempts`: how
    many (for a difference, the harmonic mean).
    """

    means: Floats
    once: Floats
    now: Floats
    borrowed: Floats
    attempts: Floats
    known: Bools

    @property
    def has(self) -> Bools:
        """Which cells have a score."""
        return ~np.isnan(self.means)

    @property
    def measured(self) -> Bools:
        """Which columns have items with several attempts, for a difference, those of both models (T,)."""
        return np.asarray(np.isfinite(self.now).any(axis=0))

    def take(self, columns: slice) -> Answers:
        """Return some of the columns."""
        parts = {field.name: getattr(self, field.name)[:, columns] for field in fields(self)}
        return Answers(**parts)

    def with_difference(self) -> Answers:
        """Return the first two columns and their difference: their answers are independent, so their
        variances add up.
        """
        inverse = 1 / np.maximum(self.attempts, 1)
        return Answers(
            means=_appended(self.means, self.means[:, 0] - self.means[:, 1]),
            once=_appended(self.once, self.once.sum(axis=1)),
            now=_appended(self.now, self.now.sum(axis=1)),
            borrowed=_appended(self.borrowed, self.borrowed.sum(axis=1)),
            attempts=_appended(self.attempts, 2 / inverse.sum(axis=1)),
            known=np.column_stack([self.known, self.known.any(axis=1) & self.has.all(axis=1)]),
        )


def _appended(columns: Floats, last: Floats) -> Floats:
    return np.column_stack([columns, last])


def answers(means: Floats, attempts: Floats, within: Floats) -> Answers:
    """Prepare item means, numbers of attempts and population variances over them, all (n, T)."""
    has = ~np.isnan(means)
    known = has & (attempts > 1)
    own = np.where(known, within * attempts / np.maximum(attempts - 1, 1), 0.0)
    average = np.where(known.any(axis=0), own.sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)
    once = np.where(has, np.where(known, own, average), np.nan)
    now = once / np.maximum(attempts, 1)
    borrowed = np.where(has & ~known, now, 0.0)
    return Answers(means=means, once=once, now=now, borrowed=borrowed, attempts=attempts, known=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanNoise:
    """The variance of every mean due to answers (T,), NaN if no item had several attempts.

    `now`: with the existing attempts. `once`: with one attempt per item, so that K attempts give once / K.
    `now` is a sum of independent terms, one per item with several attempts. `squares` is the sum of their
    squares, and `event` the contribution of one attempt with the other result at an average one of these
    items. For pairs (T, T): the row's model.
    """

    now: Floats
    once: Floats
    squares: Floats
    event: Floats


def mean_noise(found: Answers, weights: Floats | None = None) -> MeanNoise:
    """Return the answer noise of the weighted mean of every column. `weights` (n,)."""
    if not found.known.any():
        unknown = np.full(found.means.shape[1], np.nan)
        return MeanNoise(now=unknown, once=unknown, squares=unknown, event=unknown)
    w = np.ones(len(found.means)) if weights is None else weights
    items, columns = found.means.shape
    parts = [_mean_noise(found.take(part), w) for part in blocks(columns, items, BLOCK_CELLS)]
    names = [field.name for field in fields(MeanNoise)]
    return MeanNoise(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _mean_noise(found: Answers, w: Floats) -> MeanNoise:
    """Return the same of some columns, with these weights (n,)."""
    squared = np.where(found.has, w[:, None], 0.0)
    squared = (squared / np.maximum(squared.sum(axis=0), 1e-300)) ** 2
    told, count = found.has & found.measured, np.maximum(found.known.sum(axis=0), 1)
    now, once, borrowed = (np.where(told, part, 0.0) for part in (found.now, found.once, found.borrowed))
    own, lent = squared * (now - borrowed), (squared * borrowed).sum(axis=0)
    lending = np.where(found.known, once, 0.0)
    terms = own + lent * lending / np.maximum(lending.sum(axis=0), 1e-300)
    lone = (squared * (found.has & ~found.known)).sum(axis=0) / count
    inverse = np.where(found.known, 1 / np.maximum(found.attempts, 1), 0.0)
    event = ((squared * inverse + lone) * inverse).sum(axis=0) / count
    known = np.where(found.measured, 1.0, np.nan)
    return MeanNoise(
        now=known * (squared * now).sum(axis=0),
        once=known * (squared * once).sum(axis=0),
        squares=known * (terms**2).sum(axis=0),
        event=known * event,
    )


def pair_noise(found: Answers, weights: Floats | None = None) -> MeanNoise:
    """Return the same for the difference of every two columns on the items that both have, (T, T). Columns
    can't be differences here.

    Noise is borrowed from all items of the model with several attempts, shared or not.
    """
    w = np.ones(len(found.means)) if weights is None else weights
    has, squared, known = found.has.astype(float), (w**2)[:, None], found.known
    complete = bool(found.has.all())
    own, inverse = np.where(known, found.once, 0.0), np.where(known, 1 / np.maximum(found.attempts, 1), 0.0)
    count, lent, lent_squares = known.sum(axis=0), own.sum(axis=0), (own**2).sum(axis=0)

    def shared(x: Floats) -> Floats:
        """Sum over the items that both columns have (T, T), or over all items (T, 1)."""
        return x.sum(axis=0)[:, None] if complete else np.asarray(x.T @ has)

    count_ = np.where(count > 0, count, np.nan)[:, None]
    lone = shared(squared * (found.has & ~known)) / count_
    terms, several = squared * own * inverse, shared(known.astype(float))
    now = shared(terms) + lone * lent[:, None]
    once = shared(squared * own) + lone * lent[:, None]
    squares = shared(terms**2) + 2 * lone * shared(terms * own) + lone**2 * lent_squares[:, None]
    usual = inverse.sum(axis=0)[:, None] / count_
    event = (shared(squared * inverse**2) + lone * shared(inverse)) / np.maximum(several, 1)
    total = shared(w[:, None] * has)
    total = np.where((total > 0) & (count > 0) & (count > 0)[:, None], total, np.nan)
    return MeanNoise(
        now=(now + now.T) / total**2,
        once=(once + once.T) / total**2,
        squares=(squares + squares.T) / total**4,
        event=np.where(several > 0, event, lone * usual) / total**2,
    )


def difference_noise(a: MeanNoise, b: MeanNoise) -> MeanNoise:
    """Return the answer noise of a − b from that of both, which are independent. `event` stays that of a."""
    return MeanNoise(now=a.now + b.now, once=a.once + b.once, squares=a.squares + b.squares, event=a.event)


EVENTS = 2.0
METHOD = Method(name="fixed-items")


def fixed_means(
    found: Answers,
    attempts: Floats,
    *,
    weights: Floats | None = None,
    binary: bool = True,
    bounded: bool = True,
    level: float = 0.95,
) -> tuple[Estimate, ...]:
    """Estimate the mean of every column over exactly these items, without missing values.

    `attempts` (n, T); `binary`: every attempt is right or wrong. `bounded`: scores are in [0, 1]. A column
    has a standard error only if an item has several attempts.
    """
    n = len(found.means)
    w = np.ones(n) if weights is None else weights
    noise = mean_noise(found, weights)
    value = w @ found.means / w.sum()
    fewest = attempts.min(axis=0)
    most = fewest * w.sum() / w.max() if binary else None
    low, high, df = fixed_limits(value, noise, level, bounded=bounded, most=most)
    warnings, exact = attempt_warnings(found), binary and weights is None
    return tuple(
        Estimate(
            value=float(value[k]),
            se=math.sqrt(noise.now[k]),
            interval=Interval(low=float(low[k]), high=float(high[k]), level=level),
            df=float(df[k]),
            n_items=n,
            n_clusters=n,
            method=METHOD,
            warnings=warnings[k],
            bounds=_bounds(float(value[k]), n * int(fewest[k]), level) if exact and found.measured[k] else (),
        )
        for k in range(len(value))
    )


def fixed_limits(
    value: Floats, noise: MeanNoise, level: float, *, bounded: bool, most: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return both limits and the degrees of freedom (T,) from answer noise, NaN if there is none.

    `most`: the smallest number of right-or-wrong answers, by weight, None for other scores.
    """
    event = (
        noise.event if bounded else np.zeros_like(noise.event)
    )  # a scale without ends doesn't have a unit for it
    variance = noise.now + EVENTS * event
    df = _df(variance, noise.squares + EVENTS * event**2)
    low, high = intervals.t_interval(value, np.sqrt(np.where(variance > 0, variance, np.nan)), df, level)
    if not bounded:
        return low, high, df
    effective = value * (1 - value) / variance
    inside = effective > 0
    wilson = intervals.guarded_wilson(value, np.where(inside, effective, 1.0), df, level)
    low, high = np.where(inside, wilson[0], low), np.where(inside, wilson[1], high)
    if most is not None:
        exact = intervals.clopper_pearson(value * most, most, level)
        low = np.where(inside, np.maximum(low, exact[0]), exact[0])
        high = np.where(inside, np.minimum(high, exact[1]), exact[1])
    known = np.where(np.isfinite(noise.now), 1.0, np.nan)
    return known * np.maximum(low, 0.0), known * np.minimum(high, 1.0), df


def fixed_moments(found: Answers, *, weights: Floats | None = None, bounded: bool = True) -> PairMoments:
    """Compare all pairs of columns on the items that both have, as if these were all items.

    Attempts of different models are independent, so that pairing doesn't help here: the variances add up.
    """
    has = found.has.astype(float)
    w = np.ones(len(has)) if weights is None else weights
    noise = pair_noise(found, weights)
    total = np.maximum((w[:, None] * has).T @ has, 1e-300)
    sums = (w[:, None] * np.where(found.has, found.means, 0.0)).T @ has
    difference = (sums - sums.T) / total
    event = noise.event * bounded
    spread, df = fixed_pivot(noise, event, event.T)
    shared = np.rint(has.T @ has).astype(np.int64)
    apart, nothing = shared == 0, np.zeros(shared.shape)
    return PairMoments(
        difference=np.where(apart, np.nan, difference),
        variance=np.where(apart, np.nan, noise.now),
        df=np.where(apart, np.nan, df),
        item_variance=nothing,
        room=nothing,
        added=np.where(apart, 0.0, np.maximum(spread**2 - noise.now, 0.0)),
        shared=shared,
        units=shared,
        flips=None,
    )


def fixed_pivot(noise: MeanNoise, event_a: Floats, event_b: Floats) -> tuple[Floats, Floats]:
    """Return spread and degrees of freedom of differences: an event of each model is added to their answer
    noise.
    """
    variance = noise.now + (event_a + event_b) * EVENTS / 2
    squares = noise.squares + (event_a**2 + event_b**2) * EVENTS / 2
    return np.sqrt(variance), _df(variance, squares)


def _df(variance: Floats, squares: Floats) -> Floats:
    """Return 2 V² / Σ (terms of V)², NaN if nothing varies."""
    return 2 * variance**2 / np.where(squares > 0, squares, np.nan)


def attempt_warnings(found: Answers) -> list[tuple[ResultWarning, ...]]:
    """Return the warnings about every column's numbers of attempts."""
    lacking, n = (found.has & ~found.known).sum(axis=0), found.has.sum(axis=0)
    warnings: list[tuple[ResultWarning, ...]] = []
    for count, items in zip(lacking.tolist(), n.tolist(), strict=True):
        some = (doubt("single_attempts", count=count, n=items),) if count else ()
        warnings.append((doubt("one_attempt"),) if count == items else some)
    return warnings


def _bounds(value: float, n: int, level: float) -> tuple[Bound, ...]:
    if 0 < value < 1:
        return ()
    return (intervals.exact_bound(value, n, "attempts", level),)
