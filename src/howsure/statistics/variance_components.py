"""Variance components: how much scores differ from item to item, and how much from answer to answer.

Model: score of an attempt = population mean + cluster + item within its cluster + answer. Claim: the three
variances are unbiased for any numbers of attempts and any sizes of clusters, as long as clusters, items in
them and answers are independent draws; normality isn't needed. They come from sums of squares whose
expectation is known (Henderson's method 1; Searle, Casella and McCulloch 1992, chapter 5), each item's own
answer noise taken out. Estimates below 0 are returned as they are.

Uncertainty: the delete-one jackknife over clusters (or items), from sums that add up over clusters, so that
nothing is computed twice. Memory: blocks of columns, about thirty arrays of at most half a million cells.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.arrays import Bools, Floats, Ints, blocks
from howsure.statistics.clustered_variance import group_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.answer_noise import Answers

BLOCK_CELLS = 500_000
FEWEST_UNITS = 3
MOST_UNEVEN = 1.2564
"""The margin, relative to the variance, up to which the upper limit is taken on the log scale: there e^r is 1
+ 2 r.
"""


@dataclass(frozen=True, slots=True)
class Components:
    """Variances (T,) in squared score units.

    `answer`: of one attempt at an item, σ². `between`: of clusters, 0 without them. `within`: of items in
    their cluster. `question` = between + within, ω². If `answer` is NaN (one attempt per item), `within` and
    `question` include it. NaN also for one cluster, or one item in every cluster.
    """

    answer: Floats
    between: Floats
    within: Floats
    question: Floats


def components(found: Answers, codes: Ints | None = None) -> tuple[Components, Components]:
    """Split the variance of every column, and return the variances and their jackknife standard errors.

    `codes` (n,): clusters, None if each item is its own.
    """
    items, columns = found.means.shape
    parts = [_block(found.take(part), codes) for part in blocks(columns, items, BLOCK_CELLS)]
    values, errors = (
        Components(*map(np.concatenate, zip(*map(_arrays, side), strict=True)))
        for side in zip(*parts, strict=True)
    )
    return values, errors


def variances(found: Answers, codes: Ints | None = None) -> Components:
    """Split the variance of every column as `components` does, without their standard errors."""
    items, columns = found.means.shape
    parts = [
        _Sums.of(found.take(part), codes).total().split() for part in blocks(columns, items, BLOCK_CELLS)
    ]
    return Components(*map(np.concatenate, zip(*map(_arrays, parts), strict=True)))


def _arrays(record: Components | _Sums) -> tuple[Floats, ...]:
    """Return the arrays of a record as they are. dataclasses.astuple would copy them."""
    return tuple(getattr(record, field.name) for field in fields(record))


def _block(found: Answers, codes: Ints | None) -> tuple[Components, Components]:
    sums = _Sums.of(found, codes)
    values = sums.total().split()
    left, units = sums.without_each().split(values.answer), sums.items > 0
    return values, Components(*(_jackknife(part, units) for part in _arrays(left)))


def mixed(parts: Components, crowd: float, share: float) -> Floats:
    """Return crowd · between + within + answer · share: n times the variance of a mean over n items with 1 /
    share attempts each.

    If answer noise is unknown, `within` includes it, and a share other than 1 gives NaN.
    """
    answer = np.where(np.isnan(parts.answer), 0.0 if share == 1 else np.nan, parts.answer * share)
    return np.asarray(crowd * parts.between + parts.within + answer)


def mixture_errors(found: Answers, codes: Ints | None, shares: Sequence[tuple[float, float]]) -> Floats:
    """Return the jackknife error of `mixed` for each (crowd, share) and column (S, T)."""
    sums = _Sums.of(found, codes)
    left = sums.without_each().split(sums.total().split().answer)
    return np.array([_jackknife(mixed(left, crowd, share), sums.items > 0) for crowd, share in shares])


def variance_limits(variance: Floats, error: Floats, units: int, level: float) -> tuple[Floats, Floats]:
    """Return limits of variances (T,) from their jackknife errors over this many units, none below 0.

    The lower one is variance − t · error, the upper one variance · exp(t · error / variance): estimates of a
    variance have a long upper tail (docs/decisions/0006-noise.md). If the error is about as large as the
    variance: + 2 t · error.
    """
    margin = intervals.t_quantile(level, max(units - 1, 1)) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(variance > 0, margin / variance, np.inf)
    uneven = variance * np.exp(np.minimum(relative, MOST_UNEVEN))
    high = np.where(relative < MOST_UNEVEN, uneven, variance + 2 * margin)
    return np.maximum(variance - margin, 0.0), np.maximum(high, 0.0)


def _jackknife(left: Floats, units: Bools) -> Floats:
    """Return the standard error from estimates that each leave one unit out (U, T). `units`: those with any
    item.
    """
    count = units.sum(axis=0)
    some = np.maximum(count, 1)
    mean = np.where(units, left, 0.0).sum(axis=0) / some
    squares = np.where(units, (left - mean) ** 2, 0.0).sum(axis=0)
    return np.where(count >= FEWEST_UNITS, np.sqrt((some - 1) / some * squares), np.nan)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over the items of a unit (U, T), a cluster or an item, and additive quantities derived from them.

    `items`. `units`: 1 if there are any. `squared`: items². `score`: Σ x. `squares`: Σ x². `shares`: (Σ x)² /
    items. `noise`: Σ of the items' own variances of their means. `borrowed`: Σ of variances borrowed from
    other items. `noise_shares`, `borrowed_shares`: the same / items. `once`, `known`: sum and number of the
    known variances of one attempt.
    """

    items: Floats
    units: Floats
    squared: Floats
    score: Floats
    squares: Floats
    shares: Floats
    noise: Floats
    noise_shares: Floats
    borrowed: Floats
    borrowed_shares: Floats
    once: Floats
    known: Floats

    @classmethod
    def of(cls, found: Answers, codes: Ints | None) -> _Sums:
        """Sum the answers to items within clusters. Without codes each item is its own."""
        has = found.has
        mean = np.where(has, found.means, 0.0).sum(axis=0) / np.maximum(has.sum(axis=0), 1)
        centred = np.where(has, found.means - mean, 0.0)

        def sums(x: Floats) -> Floats:
            """Sum within clusters."""
            return x if codes is None else group_sums(x, codes, int(codes.max()) + 1)

        items, score = sums(has.astype(float)), sums(centred)
        told = has & found.measured
        noise, borrowed = (
            sums(np.where(told, part, 0.0)) for part in (found.now - found.borrowed, found.borrowed)
        )
        some = np.maximum(items, 1)
        return cls(
            items=items,
            units=(items > 0).astype(float) if codes is not None else np.zeros_like(items),
            squared=items**2,
            score=score,
            squares=sums(centred**2),
            shares=score**2 / some,
            noise=noise,
            noise_shares=noise / some,
            borrowed=borrowed,
            borrowed_shares=borrowed / some,
            once=sums(np.where(found.known, found.once, 0.0)),
            known=sums(found.known.astype(float)),
        )

    def total(self) -> _Sums:
        """Sum over units (T,)."""
        return _Sums(*(values.sum(axis=0) for values in _arrays(self)))

    def without_each(self) -> _Sums:
        """Sum over all units except one, for every unit (U, T)."""
        return _Sums(*(values.sum(axis=0) - values for values in _arrays(self)))

    def split(self, lender: Floats | None = None) -> Components:
        """Solve the expectations of the sums of squares for the variances.

        `lender` (T,): the variance of answers from which noise was borrowed. Without it, that of these sums.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            answer = np.where(self.known > 0, self.once / self.known, np.nan)
            times = 1.0 if lender is None else np.where((lender > 0) & (self.known > 0), answer / lender, 1.0)
            noise, shares = (
                self.noise + times * self.borrowed,
                self.noise_shares + times * self.borrowed_shares,
            )
            between, within = self._clustered(noise, shares) if self.units.any() else self._single(noise)
            return Components(answer, between, within, between + within)

    def _single(self, noise: Floats) -> tuple[Floats, Floats]:
        n = self.items
        around = self.squares - self.score**2 / n
        within = np.where(n > 1, around / (n - 1) - noise / n, np.nan)
        return np.zeros_like(within), within

    def _clustered(self, noise: Floats, shares: Floats) -> tuple[Floats, Floats]:
        n, spare = self.items, self.items - self.units
        within = np.where(spare > 0, (self.squares - self.shares - noise + shares) / spare, np.nan)
        apart = self.shares - self.score**2 / n - (shares - noise / n)
        between = np.where(
            self.units > 1, (apart - within * (self.units - 1)) / (n - self.squared / n), np.nan
        )
        return between, within
