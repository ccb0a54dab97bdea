"""How many labels a corrected rate takes, and of which answers: more where the judge leaves more open.

Labels are shared out among strata in proportion to N √(m (1 − m)) (Neyman 1934), m the rate that is expected in each, at least four a stratum. The width
is that of the interval that such labels would have if each stratum had just its expected rate (correction.py), so that small numbers cost what
they cost. What a judge is worth in money follows from sampling in two phases (Cochran 1977, chapter 12): variance A / N + B / n of N judged and n labelled
answers costs least where n / N = √(B · price of a verdict / (A · price of a label)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means import intervals
from howsure.statistics.means.suite import sums_of

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

LEAST = 4
"""So many labels a stratum at least, or all of its answers."""
PRIOR_LABELS = 4.0
"""What is assumed of a stratum weighs as many labels."""
MOST_PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Strata of the judged answers (S,): their `sizes`, and the rate of right answers that is expected in each."""

    sizes: Ints
    rates: Floats

    @property
    def shares(self) -> Floats:
        """The share of each stratum in all answers (S,)."""
        return np.asarray(self.sizes / self.sizes.sum())

    @property
    def rate(self) -> float:
        """The rate that is expected of all answers."""
        return float(self.shares @ self.rates)

    @property
    def between(self) -> float:
        """The variance of the strata's rates, which only more judged answers make smaller in effect."""
        return float(self.shares @ (self.rates - self.rate) ** 2)

    @property
    def within(self) -> float:
        """(Σ share · standard deviation)², what labels shared out the best way leave of it."""
        return float(self.shares @ np.sqrt(self.rates * (1 - self.rates))) ** 2

    def shared_out(self, count: int) -> Ints:
        """Share out so many labels (S,), none more often than there are answers; a few more where a stratum needs its least."""
        least = np.minimum(self.sizes, LEAST)
        wanted = self.sizes * np.sqrt(self.rates * (1 - self.rates))
        found = least.astype(float)
        for _ in range(len(self.sizes) + 1):  # what some can't take goes to the others
            open_ = found < self.sizes
            left = count - found[~open_].sum()
            if not open_.any() or left <= 0:
                break
            more = np.clip(left * wanted / wanted[open_].sum(), least, self.sizes)
            if np.array_equal(more[open_], found[open_]):
                break
            found = np.where(open_, more, found)
        return np.minimum(np.ceil(found - 1e-9).astype(np.int64), self.sizes)

    def half_width(self, labels: Ints, level: float) -> float:
        """Return the give or take of the corrected rate with so many labels in each stratum (S,)."""
        n, df = labels.astype(float), np.maximum(labels - 1.0, 1.0)
        low, high = intervals.guarded_wilson(self.rates, n, df, level)
        sums = sums_of(
            np.append(self.rates, 0.0),
            np.append(self.rates * (1 - self.rates) / np.maximum(n - 1, 1), self.between / self.sizes.sum()),
            (np.append(low, 0.0), np.append(high, 0.0)),
            np.append(self.shares, 1.0),
            df=np.append(df, np.inf),
            level=level,
        )
        below, above = (float(limit) for limit in sums.limits(level))
        return (min(above, 1.0) - max(below, 0.0)) / 2

    def fewest(self, within: float, level: float) -> int | None:
        """Return the fewest labels with no more give or take; None where all answers wouldn't do."""
        low, high = 0, int(self.sizes.sum())
        if self.half_width(self.shared_out(high), level) > within:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.half_width(self.shared_out(middle), level) <= within else (middle, high)
        return int(self.shared_out(high).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """So many judged and labelled answers, what they cost, and their give or take."""

    judged: int
    labelled: int
    cost: float
    half_width: float


def cheapest(
    expected: Expected, prices: tuple[float, float], level: float, *, within: float | None, budget: float
) -> Bill:
    """Return the cheapest answers for a give or take, or the most telling ones for a budget; `prices`: of a label, and of a verdict."""
    label, verdict = prices
    ratio = math.sqrt(expected.within * verdict / (max(expected.between, 1e-12) * label))
    ratio = min(ratio, 1.0) if ratio > 0 else 1.0
    z = float(intervals.t_quantile(level, np.inf))
    each = expected.between + expected.within / ratio  # the variance of one judged answer, with its share of labels
    judged = z**2 * each / within**2 if within is not None else budget / (verdict + ratio * label)
    judged = max(math.ceil(judged), 1)
    labelled = max(math.ceil(ratio * judged), 1)
    return Bill(
        judged=judged,
        labelled=labelled,
        cost=judged * verdict + labelled * label,
        half_width=z * math.sqrt(expected.between / judged + expected.within / labelled),
    )


def labels_alone(expected: Expected, price: float, level: float, *, within: float | None, budget: float) -> Bill:
    """Return the same without a judge."""
    z, variance = float(intervals.t_quantile(level, np.inf)), expected.rate * (1 - expected.rate)
    count = z**2 * variance / within**2 if within is not None else budget / price
    count = max(math.ceil(count), 1)
    return Bill(judged=0, labelled=count, cost=count * price, half_width=z * math.sqrt(variance / count))


def planned_strata(opinions: Floats) -> Ints:
    """Return the stratum of every answer (N,) to be labelled from: by what judges say together, up to five parts."""
    values = np.unique(opinions)
    if len(values) <= MOST_PARTS:
        return np.searchsorted(values, opinions)
    edges = np.unique(np.quantile(opinions, np.linspace(0, 1, MOST_PARTS + 1)[1:-1], method="higher"))
    return np.unique(np.searchsorted(edges, opinions, side="right"), return_inverse=True)[1]


def expected_of(code: Ints, opinions: Floats, labels: Floats, right: float) -> Expected:
    """Expect a rate in each stratum: of answers that judges agree on as often as they are assumed to be right, drawn to the labels there are."""
    sizes = np.bincount(code)
    said = np.bincount(code, weights=opinions) / sizes
    assumed = 1 - right + (2 * right - 1) * said
    known = np.isfinite(labels)
    count = np.bincount(code[known], minlength=len(sizes))
    total = np.bincount(code[known], weights=labels[known], minlength=len(sizes))
    return Expected(sizes=sizes, rates=(total + PRIOR_LABELS * assumed) / (count + PRIOR_LABELS))


def drawn(code: Ints, labels: Ints, open_: Bools, rng: np.random.Generator) -> Ints:
    """Draw so many answers of each stratum (S,) among the open ones (N,): their places, in random order."""
    order = np.lexsort((np.where(open_, rng.random(len(code)), np.inf), code))
    starts = np.concatenate(([0], np.cumsum(np.bincount(code))[:-1]))
    place = np.empty(len(code), dtype=np.int64)
    place[order] = np.arange(len(code)) - starts[code[order]]
    return rng.permutation(np.flatnonzero((place < labels[code]) & open_))
