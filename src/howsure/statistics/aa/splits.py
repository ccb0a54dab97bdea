"""A/A splits: one model's scores parted at random into two halves, many times at once, and compared like two
models.

With several attempts at an item, its attempts are parted: a half's sum of right-or-wrong answers is
hypergeometric, and that of other scores comes from one hypergeometric draw for each of their values. With one
attempt whole clusters (items where there are none) are parted: see unpaired_splits.py. The algebra of a pair
is that of differences.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import Floats, Ints, blocks
from howsure.statistics.means.clustered import clusterings
from howsure.statistics.pairs.differences import column_sums, pivots
from howsure.statistics.pairs.evidence import Events, ItemSpread
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.statistics.choices import VarianceChoice
    from howsure.statistics.pairs.score import Pivots

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
