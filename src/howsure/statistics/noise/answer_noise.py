"""Answer noise: how much a mean would wiggle if the same model answered the same items again.

Claim: with s² the unbiased variance of the attempts at an item and K their number, Σ w² s² / K / W² is an
unbiased estimate of that part of a mean's variance, for any numbers of attempts, and the answers of two
models add up. Assumes that attempts at an item are independent draws of one model's answers. Miller (2024),
section 3; Wang (2025, arXiv:2512.21326).

An item with one attempt says nothing about its own noise: it borrows that of the average item with several.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """T columns of item scores and what is known of the answers behind them, all (n, T).

    `means`: over the attempts at an item, NaN where there is none; `once`: unbiased variance of one attempt
    at it; `now`: variance of the mean over its attempts, and `borrowed` the part of it that comes from other
    items; `known`: whether the item had several attempts (of a difference: of either model's); `attempts`:
    how many, of a difference the harmonic mean.
    """

    means: Floats
    once: Floats
    now: Floats
    borrowed: Floats
    attempts: Floats
    known: Bools

    @property
    def has(self) -> Bools:
        """Which cells hold a score."""
        return ~np.isnan(self.means)

    @property
    def measured(self) -> Bools:
        """Which columns have items with several attempts, of a difference for both models (T,)."""
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
    """The part of every mean's variance that comes from answers (T,), NaN where no item had several attempts.

    `now`: with the attempts that there are; `once`: with one attempt an item, so that K attempts give once /
    K. `now` is a sum of independent terms, one an item with several attempts: `squares` is the sum of their
    squares, and `event` what one attempt at an average one of these items adds when it comes out otherwise.
    For pairs (T, T): the row's model.
    """

    now: Floats
    once: Floats
    squares: Floats
    event: Floats


def mean_noise(found: Answers, weights: Floats | None = None) -> MeanNoise:
    """Return the answer noise of the weighted mean of every column; `weights` (n,)."""
    if not found.known.any():
        unknown = np.full(found.means.shape[1], np.nan)
        return MeanNoise(now=unknown, once=unknown, squares=unknown, event=unknown)
    w = np.ones(len(found.means)) if weights is None else weights
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
    """Return the same for the difference of every two columns on the items that both have, (T, T); no
    differences here.

    Noise is borrowed from all items of the model with several attempts, shared or not.
    """
    w = np.ones(len(found.means)) if weights is None else weights
    has, squared, known = found.has.astype(float), (w**2)[:, None], found.known
    complete = bool(found.has.all())
    own, inverse = np.where(known, found.once, 0.0), np.where(known, 1 / np.maximum(found.attempts, 1), 0.0)
    count, lent, lent_squares = known.sum(axis=0), own.sum(axis=0), (own**2).sum(axis=0)

    def shared(x: Floats) -> Floats:
        """Sum over the items that the column has as well (T, T), or all items (T, 1)."""
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
    """Return the answer noise of a − b from that of both, which is independent; `event` stays that of a."""
    return MeanNoise(now=a.now + b.now, once=a.once + b.once, squares=a.squares + b.squares, event=a.event)
