"""A/A splits: one model's scores parted at random into two halves, many times at once, and compared like two
models.

With several attempts at an item, its attempts are parted: a half's sum of right-or-wrong answers is
hypergeometric, and that of other scores comes from one hypergeometric draw for each of their values. With one
attempt whole clusters (items where there are none) are parted: see aa_splits.py. The algebra of a pair
is that of differences.py.

Unpaired differences of random halves of clusters, for T splits at once.

Clusters that hold the same scores are one kind, and a half is how many of each kind it has: a draw of the
multivariate hypergeometric distribution. A million items that stand alone, right or wrong, are two kinds. The
algebra is that of unpaired.py (Welch, with pseudo-items for bounded scores), written for arrays; a test holds
one against the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import Floats, Ints, blocks
from howsure.statistics.clustered_variance import ShareSums, clusterings, variance_of
from howsure.statistics.differences import column_sums, pivots
from howsure.statistics.events import Events, ItemSpread, event_worth
from howsure.statistics.results import allowed
from howsure.statistics.score_pivot import Pivots, plain_pivots
from howsure.statistics.unpaired import PSEUDO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.statistics.clustered_variance import VarianceChoice

MOST_CELLS = 2_000_000
"""Items, or clusters, × splits that are held in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Every item's scores and how often it had each: both (n, R), counts 0 where an item has fewer values."""

    values: Floats
    counts: Ints

    @property
    def total(self) -> Ints:
        """The attempts at every item (n,)."""
        return np.asarray(self.counts.sum(axis=1))


def right_or_wrong(means: Floats, attempts: Ints) -> Attempts:
    """Return the attempts behind the share of right answers of every item (n,)."""
    right = np.rint(means * attempts).astype(np.int64)
    return Attempts(
        values=np.broadcast_to(np.array([1.0, 0.0]), (len(right), 2)),
        counts=np.stack([right, attempts - right], axis=1),
    )


def part_attempts(items: Attempts, splits: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Part the attempts at every item into two halves: their means, both (n, T). Needs two attempts at every
    item.

    Of an odd number either half may get one more, by the throw of a coin.

    >>> import numpy as np
    >>> a, b = part_attempts(right_or_wrong(np.array([1.0, 0.5]), np.array([4, 2])), 3, np.random.default_rng(0))
    >>> a[0].tolist(), (a[1] + b[1]).tolist()
    ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    """
    total = items.total
    shape = (len(total), splits)
    first = total[:, None] // 2 + (total[:, None] % 2) * rng.integers(0, 2, shape)
    need, left = first.copy(), np.broadcast_to(total[:, None], shape)
    sums = np.zeros(shape)
    for k in range(items.counts.shape[1] - 1):
        count = np.broadcast_to(items.counts[:, k, None], shape)
        taken = rng.hypergeometric(count, left - count, need)
        sums += taken * items.values[:, k, None]
        need, left = need - taken, left - count
    sums += need * items.values[:, -1, None]
    whole = (items.counts * items.values).sum(axis=1)[:, None]
    return sums / first, (whole - sums) / (total[:, None] - first)


def paired_splits(
    items: Attempts,
    weights: Floats,
    codes: Sequence[Ints],
    *,
    splits: int,
    variance: VarianceChoice,
    score: bool,
    rng: np.random.Generator,
) -> Iterator[Pivots]:
    """Yield the pivots of the paired differences of T splits, so many at a time as memory likes. Weights have
    mean 1.
    """
    terms = clusterings(codes, weights)
    for part in blocks(splits, len(weights), MOST_CELLS):
        a, b = part_attempts(items, part.stop - part.start, rng)
        d = a - b
        around = (d - weights @ d / weights.sum()) ** 2
        spread = ItemSpread(squares=weights @ around, fourths=weights @ around**2)
        weighted = d * weights[:, None]
        events = Events.of_items(d, weights)
        sums = [
            column_sums(term.sums(weighted), term.totals, spread, term, variance, events=events)
            for term, _ in terms
        ]
        signed = tuple(replace(each.terms[0], sign=sign) for each, (_, sign) in zip(sums, terms, strict=True))
        crowd = float(weights @ weights) / len(d)
        yield pivots(replace(sums[0], terms=signed, n=len(d), crowd=crowd), variance, score=score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What the gate asks, in score units; None, or False, where it doesn't."""

    not_worse_than: float | None = None
    better: bool = False
    same_within: float | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many splits pass, fail, and show a difference."""

    passed: int = 0
    failed: int = 0
    different: int = 0

    def __add__(self, other: Verdicts) -> Verdicts:
        """Add two counts."""
        return Verdicts(
            self.passed + other.passed, self.failed + other.failed, self.different + other.different
        )


def judged(found: Pivots, asked: Criteria, *, level: float, sign: int) -> Verdicts:
    """Count what a gate says of T differences: it passes where all criteria do, and fails where one does
    (Holm).

    `sign`: −1 where smaller scores are better.
    """
    below, above = (p_below(found, 0.0, sign), p_below(found, 0.0, -sign))
    two_sided = 2 * np.minimum(below, above)
    p_pass, p_fail = [], []
    if asked.better:
        p_pass.append(np.where(above < below, two_sided, 1.0))
        p_fail.append(np.where(below < above, two_sided, 1.0))
    if asked.not_worse_than is not None:
        p_pass.append(p_below(found, asked.not_worse_than, -sign))
        p_fail.append(1 - p_pass[-1])
    if asked.same_within is not None:
        p_pass.append(
            np.maximum(p_below(found, asked.same_within, -sign), p_below(found, asked.same_within, sign))
        )
        p_fail.append(2 * (1 - p_pass[-1]))
    known = found.known
    most = allowed(level)
    failed = known & (np.min(p_fail, axis=0) * len(p_fail) <= most)
    passed = known & ~failed & (np.max(p_pass, axis=0) <= most)
    return Verdicts(int(passed.sum()), int(failed.sum()), int((known & (two_sided <= most)).sum()))


def p_below(found: Pivots, margin: float, sign: int) -> Floats:
    """Return the one-sided p-values of "sign · difference lies above margin", small where it lies below."""
    return (found if sign > 0 else found.reversed()).p_at_least(margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMoments:
    """Kinds of clusters: Σ w x^k over the items of one, k = 0 … 4, shape (5, C), how many items it holds, and
    how many such clusters there are (C,).
    """

    powers: Floats
    items: Ints
    copies: Ints
    single: bool

    @classmethod
    def of(cls, x: Floats, weights: Floats, codes: Ints | None) -> ClusterMoments:
        """Sum item scores x (n,); codes None: each item is its own cluster."""
        if codes is None:
            pairs, copies = np.unique(
                x + 1j * weights, return_counts=True
            )  # a score and a weight in one number
            powers = np.array([pairs.imag * pairs.real**k for k in range(5)])
            return cls(powers=powers, items=np.ones(len(pairs), dtype=np.int64), copies=copies, single=True)
        count = int(codes.max()) + 1
        sums = [np.bincount(codes, weights=weights * x**k, minlength=count) for k in range(5)]
        kinds, copies = np.unique([*sums, np.bincount(codes, minlength=count)], axis=1, return_counts=True)
        return cls(powers=kinds[:5], items=kinds[5].astype(np.int64), copies=copies, single=False)

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.copies.sum())


def unpaired_splits(
    clusters: ClusterMoments, *, splits: int, variance: VarianceChoice, pseudo: bool, rng: np.random.Generator
) -> Iterator[Pivots]:
    """Yield the pivots of the unpaired differences of T splits of whole clusters into halves."""
    for part in blocks(splits, len(clusters.items), MOST_CELLS):
        yield unpaired_pivots(
            clusters, halves(clusters, part.stop - part.start, rng), variance, pseudo=pseudo
        )


def halves(clusters: ClusterMoments, splits: int, rng: np.random.Generator) -> Ints:
    """Draw how many clusters of each kind are in the first half of every split (C, T); of an odd number
    either half may get one more.
    """
    more = rng.integers(0, 2, splits) * (clusters.count % 2)
    drawn = np.empty((splits, len(clusters.copies)), dtype=np.int64)
    for extra in (0, 1):
        rows = more == extra
        size = clusters.count // 2 + extra
        drawn[rows] = rng.multivariate_hypergeometric(
            clusters.copies, size, int(rows.sum()), method="marginals"
        )
    return drawn.T


def unpaired_pivots(
    clusters: ClusterMoments, first: Ints, variance: VarianceChoice, *, pseudo: bool
) -> Pivots:
    """Return Welch's pivots of the clusters counted in `first` (C, T) against the others, as unpaired.py has
    them.
    """
    sides = [
        _side(clusters, held, variance, pseudo=pseudo) for held in (first, clusters.copies[:, None] - first)
    ]
    (m1, v1, df1), (m2, v2, df2) = sides
    total = v1 + v2
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(total > 0, total**2 / (v1**2 / df1 + v2**2 / df2), np.nan)
    return plain_pivots(m1 - m2, total, df)


def _side(
    clusters: ClusterMoments, counts: Ints, variance: VarianceChoice, *, pseudo: bool
) -> tuple[Floats, Floats, Floats]:
    """Return mean, variance and degrees of freedom of every split's side (T,), pseudo-items at 0 and 1
    counted in.
    """
    held = counts.astype(float)
    scale = (clusters.items @ held) / (clusters.powers[0] @ held)  # weights of mean 1 on this side
    plain = _Side(clusters, held, scale, np.zeros(held.shape[1]), variance)
    if not pseudo:
        return plain.mean, np.where(plain.count < 2, np.nan, plain.variance), plain.df
    unit = np.ones(held.shape[1]) if clusters.single else plain.pseudo_unit()
    unit = np.where(plain.count > 1, unit, 1.0)
    added = _Side(clusters, held, scale, unit, variance)
    return added.mean, np.where(plain.count < 2, np.nan, added.variance), added.df


class _Side:
    """One side of T splits: `held` (C, T) counts its clusters of each kind, `unit` (T,) is the weight of a
    pseudo-item, 0 for none.
    """

    def __init__(
        self, clusters: ClusterMoments, held: Floats, scale: Floats, unit: Floats, variance: VarianceChoice
    ) -> None:
        self.held, self.scale, self.unit, self.estimator = held, scale, unit, variance_of(variance)
        self.moments = np.array([scale * (power @ held) for power in clusters.powers])
        self.n, self.count = self.moments[0], held.sum(axis=0)
        self.total = self.n + PSEUDO * unit
        self.mean = (self.moments[1] + unit) / self.total
        self.sizes = clusters.powers[0][:, None] * scale
        self.sums = clusters.powers[1][:, None] * scale - self.sizes * self.mean

    @property
    def pseudo(self) -> int:
        """How many pseudo-items are counted in."""
        return PSEUDO if self.unit.any() else 0

    @property
    def variance(self) -> Floats:
        """The variance of the mean, pseudo-items counted in (T,)."""
        own = np.stack([self.unit * self.mean, self.unit * (1 - self.mean)])
        count = self.count + self.pseudo
        around = (self.held * self.sums**2 * self.estimator.inflation(self.shares, count)).sum(axis=0)
        around = around + (own**2).sum(axis=0) * self.estimator.inflation(self.unit / self.total, count)
        m0, m1, m2 = self.moments[:3]
        squares = m2 - 2 * self.mean * m1 + self.mean**2 * m0
        squares = squares + self.unit * (self.mean**2 + (1 - self.mean) ** 2)
        part = self.estimator.item_part(self.items + self.pseudo)
        return np.asarray(around / self.total**2 + squares * part / self.total)

    @property
    def shares(self) -> Floats:
        """The share of the weight that a cluster of each kind has (C, T), 0 where there is none."""
        return np.where(self.held > 0, self.sizes / self.total, 0.0)

    @property
    def items(self) -> Floats:
        """How many items: weights have mean 1 on the side."""
        return np.asarray(np.rint(self.n))

    @property
    def df(self) -> Floats:
        """The degrees of freedom of the mean (T,)."""
        pseudo = ShareSums.added(np.full(self.unit.shape, float(self.pseudo)), self.unit / self.total)
        return np.asarray(self.estimator.df(ShareSums.of(self.shares, self.held) + pseudo))

    def pseudo_unit(self) -> Floats:
        """Return how many items a pseudo-item weighs, on the scale 2 x − 1 as unpaired.py has it."""
        m = self.moments
        mean = m[1] / m[0]
        squares = m[2] - mean**2 * m[0]
        fourths = m[4] - 4 * mean * m[3] + 6 * mean**2 * m[2] - 3 * mean**4 * m[0]
        spread = ItemSpread(squares=4 * np.maximum(squares, 0.0), fourths=16 * np.maximum(fourths, 0.0))
        average = (self.held * self.sizes**2).sum(axis=0) / self.n
        return event_worth(4 * self.variance, spread, self.items, size=average, clusters=self.count)
