"""Step-down max-t over all pairs by sign flips of clusters."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.arrays import blocks as cut
from howsure.statistics.clustered_variance import satterthwaite
from howsure.statistics.pair_moments import order_of_rows
from howsure.statistics.sign_flips import (
    DRAWS,
    TOO_MANY,
    FlipColumns,
    Reaching,
    TooManyPairsError,
    clear_of,
    covered,
    drawn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints, Positions, Singles
    from howsure.statistics.pair_moments import FlipSums

    Blocks = Sequence[Callable[[], Singles]]

T = TypeVar("T")

MANY_PAIRS, UNCLEAR = 40_000, 0.25
"""From this many pairs on, only those that can reach a share of UNCLEAR are checked in every flip."""
SAMPLE, PILOT_FLIPS, PILOT_CELLS = 400, 512, 150_000_000
"""The models among which weaker pairs are sought that reach a pivot in every flip, the few flips, and the
pairs × flips up to which all pairs are checked in them.
"""
FEW_REACH = 0.01
"""All pairs are checked in the few flips if more than this share has a large enough difference."""
CACHED_CELLS = 131_072
"""So many pivots (pairs × flips) are computed at once, as they stay in the cache."""
WORD = 64
FEW_CLUSTERS = 20
"""With at most so many clusters, their contributions are summed per pair. Otherwise a pair is the difference
of its models' sums.
"""
CHECKED_PAIRS = 1_500
"""About so many pairs show that none of stronger ones is rejected."""
THREADS = 2
FEW_PAIRS = 300
"""With at most this many pairs, starting threads costs more than it saves, and flips end once all shares are
above UNCLEAR.
"""
TINY = 1e-30
NEVER_DRAWN = 7.0
"""Sums of random signs beyond this many standard deviations are ignored: their chance is below 5e-11
(Hoeffding 1963).
"""


def max_t(p: Floats, flips: FlipSums, *, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Step-down correction of all pairs at once, using their correlation (Romano and Wolf 2005).

    Under "no difference" the signs of whole clusters are exchangeable, so flips of signs give the
    distribution of the largest pivot over all pairs (Canay, Santos and Shaikh 2021). All flips are used if
    there are at most `draws` (mirror images counted once), otherwise `draws` at random. This is also valid
    for few clusters, unlike draws from a normal distribution with the estimated covariance. From 300 clusters
    on, if none has 2%, sums of random signs are drawn as normal ones.

    p (M, M): two-sided p-values, NaN if a pair can't be compared. An adjusted p-value is never below the raw
    one, and one pair alone keeps its own. Memory: per thread a few blocks of about a million pairs × flips,
    and the signs of 1,024 flips. p-values above UNCLEAR may rest on fewer flips
    (docs/decisions/0036-many-models.md).
    """
    order = order_of_rows(
        flips.sums.T, -flips.sums.sum(axis=0)
    )  # a pair's sign matters to lone items: the leading model comes first
    back = np.argsort(order)
    return _stepped(p[np.ix_(order, order)], flips.take(order.tolist()), rng, draws)[np.ix_(back, back)]


def _stepped(p: Floats, flips: FlipSums, rng: np.random.Generator, draws: int) -> Floats:
    """Return the corrected p-values (M, M) of models in this order."""
    first, second, squares = _flipped(p, flips)
    adjusted = np.where(np.eye(len(p), dtype=bool), 1.0, np.where(squares <= 0, p, np.nan))
    if len(first) == 1:
        adjusted[first, second] = adjusted[second, first] = p[first, second]
    elif len(first):
        pairs = _OrderedPairs.of(flips, first, second, squares)
        stepped = pairs.shares(rng, draws)
        first, second = pairs.first, pairs.second
        stepped = np.maximum.accumulate(np.maximum(stepped, p[first, second]))
        adjusted[first, second] = adjusted[second, first] = stepped
    return adjusted


def rejects_none(
    p: Floats, flips: FlipSums, chosen: Bools, error: float, *, rng: np.random.Generator, draws: int = DRAWS
) -> bool:
    """Return whether `max_t` is sure to reject none of the chosen pairs (M, M) at this error.

    Some of the pairs that are at most as strong as the strongest chosen one are checked in a few flips. The
    corrected p-values of chosen pairs are at least the share of flips in which one of these is as extreme as
    the strongest. None is rejected if that clearly exceeds the error (`clear_of`). False if that is unclear.
    p-values are those of `max_t`.
    """
    order = order_of_rows(flips.sums.T, -flips.sums.sum(axis=0))
    flips, at = flips.take(order.tolist()), np.ix_(order, order)
    p, chosen = p[at], (chosen | chosen.T)[at]
    first, second, squares = _flipped(p, flips)
    if ((squares <= 0) & chosen).any() or len(first) == 1:  # these keep their p-values
        return not (chosen & (p <= error)).any()
    pairs = _OrderedPairs.of(flips, first, second, squares)
    places = np.flatnonzero(chosen[pairs.first, pairs.second])
    if not len(places):
        return True
    weaker = pairs.take(slice(places[0], None))
    some = weaker.take(slice(None, None, max(len(weaker.first) // CHECKED_PAIRS, 1)))
    columns, blocks, seen = drawn(pairs.columns, pairs.largest, rng, draws, mirrored=True, rotated=False)
    largest = some.largest_of(columns, blocks[0])
    count = np.array([(largest >= weaker.observed[0]).sum() + seen])
    return bool(clear_of(count, np.array([len(largest) + seen]), error)[1].all())


def single_step(
    p: Floats, flips: FlipSums, error: float, *, rng: np.random.Generator, draws: int = DRAWS
) -> float:
    """Return the largest p-value of one pair that is still rejected if the largest pivot of all has level
    `error`.

    It is the error per interval that makes intervals of these pairs simultaneous, with coverage 1 − error.
    Pairs are as in `max_t`. `flips` must be centred, as true differences would add correlation between pairs.
    """
    first, second, squares = _flipped(p, flips)
    if len(first) < 2:
        return error
    pairs = _OrderedPairs.of(flips, first, second, squares)
    largest, seen = pairs.largest_of_flips(rng, draws)
    allowed = max(int(error * (len(largest) + seen) * (1 + 1e-12)) - seen, 0)
    bound = float(np.partition(largest, len(largest) - 1 - allowed)[len(largest) - 1 - allowed])
    df = satterthwaite(flips.sizes / flips.sizes.sum())
    squared = 1 / (1 / max(_t_squared(bound, flips), TINY) + flips.room)
    return float(intervals.t_p_value(math.sqrt(squared), df))


def _flipped(p: Floats, flips: FlipSums) -> tuple[Positions, Positions, Floats]:
    """Return the pairs that flips are informative about, and `data_squares`: a pair for which they are 0 has
    nothing to flip, and keeps its p-value.
    """
    first, second = np.triu_indices(len(p), 1)
    squares = flips.data_squares()
    usable = np.isfinite(p[first, second]) & (squares[first, second] > 0)
    return first[usable], second[usable], squares


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrderedPairs:
    """Pairs of models, strongest first (K,), and the terms of a flip's pivot.

    The squared pivot is z² / (A − 2 z b / W + z² B / W²): z = Σ d_g and b = Σ inflation · size · d_g change
    with the flip, A = Σ inflation · d_g² and B = Σ inflation · size² don't, and s = z B / W² − 2 b / W. If
    all sizes are equal, z² / A has the same order. `curve`: B / W², None if sizes are equal. `largest`: the
    share of the largest cluster. `observed` (K, 1): the observed pivots on the same scale.
    """

    columns: FlipColumns
    first: Positions
    second: Positions
    squares: Singles
    curve: float | None
    largest: float
    observed: Singles

    @classmethod
    def of(cls, flips: FlipSums, first: Positions, second: Positions, data: Floats) -> _OrderedPairs:
        """Sort pairs by their observed pivots. `data` (M, M): `data_squares`."""
        total = float(flips.sizes.sum())
        curve = None if flips.even else float(flips.inflation @ flips.sizes**2) / total**2
        columns = FlipColumns.of(flips)

        def make(order: Positions | slice, squares: Singles, observed: Singles) -> _OrderedPairs:
            """Return the pairs in an order."""
            return cls(
                columns=columns,
                first=first[order],
                second=second[order],
                squares=squares[order],
                curve=curve,
                largest=float(flips.sizes.max()) / total,
                observed=observed[order] * np.float32(1 - 1e-4),
            )

        squares = np.maximum(data[first, second] + flips.lone_squares, TINY).astype(np.float32)[:, None]
        unordered = make(slice(None), squares, squares)
        if flips.observed is None:
            seen = unordered.pivots(columns.sums(np.ones((len(columns.table), 1), dtype=np.float32)))
        else:
            seen = _comparable(flips.observed[first, second], flips)[:, None]
        return make(np.argsort(-seen[:, 0], kind="stable"), squares, seen)

    def take(self, chosen: Bools | slice) -> _OrderedPairs:
        """Return the same for these pairs, in this order."""
        return replace(
            self, **{name: getattr(self, name)[chosen] for name in ("first", "second", "squares", "observed")}
        )

    def pivots(self, summed: tuple[Singles, ...], part: slice = slice(None)) -> Singles:
        """Return the squared pivots of some pairs (K, flips), on a scale of their own if sizes are equal.

        `summed`: z, its lift, and s and its lift if sizes differ, as `FlipColumns.sums` returns them.
        """
        first, second = self.first[part], self.second[part]
        gaps = []
        for each, lift in zip(summed[::2], summed[1::2], strict=True):
            gap = each[first]
            gap -= each[second]
            if lift.any():
                gap += lift
            gaps.append(gap)
        return _squared(*gaps, squares=self.squares[part])

    @property
    def out_of_reach(self) -> float:
        """An upper bound for the squared pivot of any flip: its z² is at most NEVER_DRAWN² · A, its divisor
        at least A (1 − lever)².

        By Cauchy and Schwarz |b| is at most √(A B). lever = NEVER_DRAWN · √B / W is 0 if sizes are equal.
        """
        lever = NEVER_DRAWN * math.sqrt(self.curve or 0.0)
        return (NEVER_DRAWN / (1 - lever)) ** 2 if lever < 1 else math.inf

    def shares(self, rng: np.random.Generator, draws: int) -> Floats:
        """Return the share of flips in which any of the pairs from the k-th on is as extreme as observed
        (K,).
        """
        clear = int((self.observed > self.out_of_reach).sum())
        left = self.take(slice(clear, None))
        columns, blocks, seen = drawn(self.columns, self.largest, rng, draws, mirrored=True)
        found = left.of_many(columns, blocks, seen) if len(left.first) > MANY_PAIRS else None
        counts, n_flips = left.of_all(columns, blocks, seen) if found is None else found
        every = draws + seen if seen else 2 ** (len(columns.table) - 1)
        return np.concatenate([np.full(clear, 1 / every), np.maximum(counts, 1) / n_flips])

    def of_all(self, columns: FlipColumns, blocks: Blocks, seen: int) -> tuple[Floats, Floats]:
        """Count, for each pair, the flips in which it or any weaker one is at least as extreme as observed,
        checking all pairs. Also return the number of flips.

        It stops early if the smallest share is above UNCLEAR.
        """
        counts, n_flips = np.full(len(self.first), float(seen)), seen
        for block in blocks:
            flips, found = self.exceedances(columns, block)
            n_flips += flips
            counts += found
            if len(counts) <= FEW_PAIRS and (counts[:1] > UNCLEAR * n_flips).any():
                break
        return counts, np.full(len(counts), float(n_flips))

    def of_many(self, columns: FlipColumns, blocks: Blocks, seen: int) -> tuple[Floats, Floats] | None:
        """Count the same, checking only pairs that can reach the stronger ones' pivots. None if checking all
        is faster.

        A few flips select these pairs, those with a share of at most UNCLEAR. The other pairs' shares rest on
        these few flips alone.
        """
        counts, n_flips = self.of_few(columns, blocks[0], seen)
        strong = int(np.searchsorted(np.maximum.accumulate(counts / n_flips), UNCLEAR, side="right"))
        if not strong:
            return counts, n_flips
        reaching = self.reaching(float(self.observed[strong - 1, 0]), TOO_MANY)
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                found = list(pool.map(partial(self.strong_exceedances, columns, reaching, strong), blocks))
        except TooManyPairsError:
            return None
        counts[:strong] = sum((each for _, each in found), start=np.full(strong, float(seen)))
        n_flips[:strong] = seen + sum(flips for flips, _ in found)
        return counts, n_flips

    def of_few(self, columns: FlipColumns, block: Callable[[], Singles], seen: int) -> tuple[Floats, Floats]:
        """Count the same in a few flips. Pairs so weak that others are always as extreme are counted, but not
        checked.
        """
        always = self.always_exceeded(columns, block)
        strong = int(np.searchsorted(-self.observed[:, 0], -always, side="right"))
        try:
            reaching = self.reaching(always, FEW_REACH)
            flips, found = self.strong_exceedances(
                columns, reaching, strong, partial(few, block, PILOT_FLIPS)
            )
        except TooManyPairsError:
            flips = max(PILOT_CELLS // len(self.first) // WORD, 2) * WORD
            return self.of_all(columns, [partial(few, block, flips)], seen)
        counts = np.full(len(self.first), float(seen + flips))
        counts[:strong] = seen + found
        return counts, np.full(len(counts), float(seen + flips))

    def always_exceeded(self, columns: FlipColumns, block: Callable[[], Singles]) -> float:
        """Return a squared pivot that some weaker pair reaches in each of WORD flips, found among some of the
        models, or 0 if there is none.
        """
        sample = np.zeros(columns.models, dtype=bool)
        sample[:: -(-columns.models // SAMPLE)] = True
        some = self.take(sample[self.first] & sample[self.second])
        counts, flips = some.of_all(columns, [partial(few, block, WORD)], 0)
        every = np.flatnonzero(counts == flips)
        return float(some.observed[every[0], 0]) if len(every) else 0.0

    def reaching(self, bound: float, most: float) -> tuple[Reaching, Ints]:
        """Return the search for pairs that reach a squared pivot, and the place of each pair (M, M)."""
        models = self.columns.models
        squares, place = (
            np.full((models, models), np.inf, dtype=np.float32),
            np.zeros((models, models), dtype=np.int64),
        )
        squares[self.first, self.second] = squares[self.second, self.first] = self.squares[:, 0]
        place[self.first, self.second] = place[self.second, self.first] = np.arange(len(self.first))
        return Reaching.of(squares, bound, math.sqrt(self.curve or 0.0), most), place

    def strong_exceedances(
        self, columns: FlipColumns, reaching: tuple[Reaching, Ints], strong: int, block: Callable[[], Singles]
    ) -> tuple[int, Floats]:
        """Count, for each of the `strong` strongest pairs, the flips of a block in which it or any weaker one
        is as extreme as observed.
        """
        signs, (finder, places) = block(), reaching
        found = finder.reached(columns.sums(signs))
        low = np.searchsorted(-self.observed[:strong, 0], -found.pivot, side="left")
        high = np.minimum(places[found.upper, found.lower], strong - 1)
        return signs.shape[1], covered(found.flip, low, high, strong)

    def largest_of_flips(self, rng: np.random.Generator, draws: int) -> tuple[Singles, int]:
        """Return the largest squared pivot of each flip, and the number of flips that the observed one counts
        as.
        """
        columns, blocks, seen = drawn(self.columns, self.largest, rng, draws, mirrored=True)
        return np.concatenate([self.largest_of(columns, block) for block in blocks]), seen

    def largest_of(self, columns: FlipColumns, block: Callable[[], Singles]) -> Singles:
        """Return the largest squared pivot of each flip of a block."""
        parts = self.in_parts(columns, block())
        return np.asarray(np.max([pivots.max(axis=0) for _, pivots in parts], axis=0))

    def exceedances(self, columns: FlipColumns, block: Callable[[], Singles]) -> tuple[int, Ints]:
        """Count, for each pair, the flips of a block in which it or any weaker pair is as extreme as
        observed.
        """
        signs = block()
        counts = np.empty(len(self.first), dtype=np.int64)
        largest = np.zeros(signs.shape[1], dtype=np.float32)
        for part, pivots in self.in_parts(columns, signs):
            highest = np.maximum(largest, pivots.max(axis=0))
            if largest.min() >= self.observed[part.start, 0]:
                counts[part] = signs.shape[1]
            elif highest.max() < self.observed[part.stop - 1, 0]:
                counts[part] = 0
            else:
                for row in pivots[::-1]:
                    largest = np.maximum(row, largest, out=row)
                counts[part] = _count_rows(pivots >= self.observed[part])
            largest = highest
        return signs.shape[1], counts

    def in_parts(self, columns: FlipColumns, signs: Singles) -> Iterator[tuple[slice, Singles]]:
        """Yield the squared pivots of a few pairs at a time (K, flips), the weakest first."""
        few = len(columns.table) <= FEW_CLUSTERS
        summed = () if few else columns.sums(signs)
        for part in reversed(list(cut(len(self.first), signs.shape[1], CACHED_CELLS))):
            yield part, self.by_clusters(columns, signs, part) if few else self.pivots(summed, part)

    def by_clusters(self, columns: FlipColumns, signs: Singles, part: slice) -> Singles:
        """Return the same as `pivots` from each cluster's contribution to the pairs, in units of √A."""
        first, second, unit = self.first[part], self.second[part], 1 / np.sqrt(self.squares[part])
        tables = np.split(columns.table.T, 1 if columns.even else 2)
        gaps = (((each[first] - each[second] + each[-1]) * unit) @ signs for each in tables)
        return _squared(*gaps, squares=np.ones((1, 1), dtype=np.float32))


def _squared(gap: Singles, slope: Singles | None = None, *, squares: Singles) -> Singles:
    """Return the squared pivots of differences in z and in s, overwriting both. `squares`: A."""
    if slope is None:
        gap *= gap
        gap /= squares
        return gap
    slope *= gap
    slope += squares
    np.maximum(slope, np.float32(1e-6) * squares, out=slope)
    gap *= gap
    gap /= slope
    return gap


def few(block: Callable[[], Singles], flips: int) -> Singles:
    """Return the first flips of a block."""
    return block()[:, :flips]


def _t_squared(pivot: float, flips: FlipSums) -> float:
    """Return the t² of a squared pivot on the scale of `_OrderedPairs.pivots`, just above it, with the margin
    that `of` subtracts from observed ones.
    """
    pivot /= 1 - 1e-4
    count = len(flips.sums) - 1
    if not flips.even:
        return pivot
    return pivot * count / (count - pivot) if pivot < count else math.inf


def _comparable(t_squared: Floats, flips: FlipSums) -> Singles:
    """Convert squared pivots to the scale of `_OrderedPairs.pivots`."""
    count = len(flips.sums) - 1
    return (t_squared * count / (count + t_squared) if flips.even else t_squared).astype(np.float32)


def _count_rows(found: Bools) -> Ints:
    """Count the true values in each row: the same as np.count_nonzero, which is five times slower for short
    rows.
    """
    if found.shape[1] % WORD or not len(found):
        return np.asarray(np.count_nonzero(found, axis=1))
    words = np.packbits(found).view(np.uint64).reshape(len(found), -1)
    return np.asarray(np.bitwise_count(words).sum(axis=1, dtype=np.int64))
