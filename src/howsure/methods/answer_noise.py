"""Answer noise: how much a mean would wiggle if the same model answered the same items again.

Claim: with s² the unbiased variance of the attempts at an item and K their number, Σ w² s² / K / W² is an unbiased estimate of
that part of a mean's variance, for any numbers of attempts, and the answers of two models add up. Assumes that attempts at an
item are independent draws of one model's answers. Miller (2024), section 3; Wang (2025, arXiv:2512.21326).

An item with one attempt says nothing about its own noise: it is taken to be as noisy as the average item with several.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """T columns of item scores and what is known of the answers behind them, all (n, T).

    `means`: over the attempts at an item, NaN where there is none; `once`: unbiased variance of one attempt at it; `now`:
    variance of the mean over its attempts, and `borrowed` the part of it that comes from other items; `known`: whether the
    item had several attempts, so that nothing is borrowed; `attempts`: how many, of a difference the harmonic mean of both.
    """

    means: Floats
    once: Floats
    now: Floats
    borrowed: Floats
    attempts: Floats
    known: NDArray[np.bool_]

    @property
    def has(self) -> NDArray[np.bool_]:
        """Which cells hold a score."""
        return ~np.isnan(self.means)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which columns have an item with several attempts (T,)."""
        return np.asarray(self.known.any(axis=0))

    def with_difference(self) -> Answers:
        """Return the first two columns and their difference: their answers are independent, so their variances add up."""
        inverse = 1 / np.maximum(self.attempts, 1)
        return Answers(
            means=_appended(self.means, self.means[:, 0] - self.means[:, 1]),
            once=_appended(self.once, self.once.sum(axis=1)),
            now=_appended(self.now, self.now.sum(axis=1)),
            borrowed=_appended(self.borrowed, self.borrowed.sum(axis=1)),
            attempts=_appended(self.attempts, 2 / inverse.sum(axis=1)),
            known=np.column_stack([self.known, self.known.all(axis=1)]),
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

    `now`: with the attempts that there are; `once`: with one attempt an item, so that K attempts give once / K.
    `squares`: Σ of the squared terms that `now` is the sum of, for its degrees of freedom.
    """

    now: Floats
    once: Floats
    squares: Floats


def mean_noise(found: Answers, weights: Floats | None = None) -> MeanNoise:
    """Return the answer noise of the weighted mean of every column; `weights` (n,)."""
    w = np.ones(len(found.means)) if weights is None else weights
    share = np.where(found.has, w[:, None], 0.0)
    share /= np.maximum(share.sum(axis=0), 1e-300)
    now = share**2 * np.where(found.has, found.now, 0.0)
    once = share**2 * np.where(found.has, found.once, 0.0)
    known = np.where(found.measured, 1.0, np.nan)
    return MeanNoise(now=known * now.sum(axis=0), once=known * once.sum(axis=0), squares=known * (now**2).sum(axis=0))


def pair_noise(found: Answers, weights: Floats | None = None) -> MeanNoise:
    """Return the same for the difference of every two columns on the items that both have, (T, T)."""
    w = np.ones(len(found.means)) if weights is None else weights
    has = found.has.astype(float)
    total = (w[:, None] * has).T @ has
    total = np.where(total > 0, total, np.nan)
    now, once = np.where(found.has, found.now, 0.0), np.where(found.has, found.once, 0.0)

    def both(x: Floats, power: int) -> Floats:
        one = ((w**power)[:, None] * x).T @ has
        return np.asarray(one + one.T)

    mixed = ((w**4)[:, None] * now).T @ now
    return MeanNoise(
        now=both(now, 2) / total**2,
        once=both(once, 2) / total**2,
        squares=(both(now**2, 4) + 2 * mixed) / total**4,
    )
