"""Strata of judged answers, and the labels that a plan takes from each.

Strata of answers by the judges' verdicts, which are known for all.

One judge: yes and no are two strata. Numbers are split at their quantiles, one stratum per ten labels, up to
five. Several judges: their verdicts are combined, each weighted by its log odds of being right, estimated
from its labels (Nitzan and Paroush 1982). With fewer than 30 labels, the weighted majority gives two strata.
Otherwise each of these is split like the numbers of one judge.

Strata with few labels are merged with a neighbour (yes and no are neighbours). Only the numbers of labels
decide this, never their values. Chosen by trial: docs/decisions/0033-judges.md.

How many labels a corrected rate needs, and for which answers: more if the judge leaves more uncertainty.

Labels are allocated to strata in proportion to their answers times the expected standard deviation in each
(Neyman 1934), at least five per stratum, or all of its answers. The width is that of the interval from such
labels if each stratum had exactly its expected rate (judge_correction.py), so that the cost of small numbers
is included. The value of a judge in money follows from two-phase sampling (Cochran 1977, chapter 12). With N
judged and n labelled answers, a variance A / N + B / n is cheapest if n / N = √(B · price of a verdict / (A ·
price of a label)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.arrays import midranks
from howsure.statistics.suites import combined_df, sums_of

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

LABELS_A_STRATUM, MOST_STRATA = 10, 5
MAJORITY_BELOW = 30
"""With fewer labels, several judges give two strata."""
SIGNS = 3
"""Differences of yes and no have three values."""
HARDLY_NONE = 3.0
"""If this many labels are expected, one in twenty samples has none."""
FEWEST, FEWEST_PAIRS = 5, 2
"""The smallest number of labels in strata of answers, and of pairs of answers."""
PRIOR_RIGHT, PRIOR_WRONG = 3.0, 1.0
"""The prior of a judge's accuracy is three of four."""


def strata(verdicts: Floats, labels: int) -> Ints:
    """Return the stratum of every answer (N,), by its verdict and the number of labels alone."""
    values = np.unique(verdicts)
    return np.searchsorted(values, verdicts) if len(values) <= 2 else _at_quantiles(verdicts, labels)


def _at_quantiles(verdicts: Floats, labels: int) -> Ints:
    """Split verdicts (N,) at their quantiles, one stratum per ten labels."""
    count = int(np.clip(labels // LABELS_A_STRATUM, 1, MOST_STRATA))
    edges = np.unique(np.quantile(verdicts, np.linspace(0, 1, count + 1)[1:-1], method="higher"))
    return np.searchsorted(edges, verdicts, side="right")


def strata_of_panel(opinions: Floats, labels: int) -> Ints:
    """Return the stratum of every answer (N,), by the combined verdicts of several judges (`opinion`): the
    majority first, then its quantiles.
    """
    yes = opinions > 1 / 2
    if labels < MAJORITY_BELOW or yes.all() or not yes.any():
        return strata(yes.astype(float), labels)
    code = np.zeros(len(opinions), dtype=np.int64)
    for part in (~yes, yes):
        code[part] = 1 + code.max() + _at_quantiles(opinions[part], int(labels * part.mean()))
    return np.unique(code, return_inverse=True)[1]


def strata_of_gaps(gaps: Floats, labels: int) -> Ints:
    """Return the stratum of every pair of answers (N,), by how the verdicts differ, and the number of pairs
    of labels.
    """
    return np.sign(gaps).astype(np.int64) + 1 if len(np.unique(gaps)) <= SIGNS else strata(gaps, labels)


def joined(code: Ints, known: Bools, fewest: int = FEWEST) -> Ints:
    """Merge strata (N,) with fewer labels with a neighbour, starting with the fewest, and preferring the
    neighbour with fewer.

    `known` (N,): which have a label. A stratum without any stays as it is, if that is unlikely by chance. If
    all answers have a label, there is nothing to correct, and there aren't any strata.
    """
    if known.all():
        return np.zeros_like(code)
    found, sizes = (np.bincount(each, minlength=int(code.max()) + 1) for each in (code[known], code))
    left = [
        k
        for k in np.flatnonzero(sizes).tolist()
        if found[k] or known.sum() * sizes[k] / len(code) < HARDLY_NONE
    ]
    place = np.arange(len(sizes))
    while len(left) > 1 and min(found[left]) < fewest:
        at = int(np.argmin(found[left]))
        into = min((k for k in (at - 1, at + 1) if 0 <= k < len(left)), key=lambda k: found[left[k]])
        found[left[into]] += found[left[at]]
        place[place == left[at]] = left[into]
        del left[at]
    return np.unique(place[code], return_inverse=True)[1]


def opinion(verdicts: Floats, labels: Floats) -> Floats:
    """Return the judges' combined verdict on every answer (N,), from 0 to 1, given verdicts (N, J), NaN if
    missing, and labels (N,).

    A missing verdict counts as undecided. A judge that is more often wrong than right counts the other way.
    """
    scaled = np.column_stack([_from_0_to_1(column) for column in verdicts.T])
    # The log odds that each judge agrees with a label (J,), shrunk towards three to one.
    apart = np.abs(scaled - labels[:, None])
    right, wrong = np.nansum(1 - apart, axis=0) + PRIOR_RIGHT, np.nansum(apart, axis=0) + PRIOR_WRONG
    weights = np.asarray(np.log(right / wrong))
    whole = np.abs(weights).sum()
    said = np.where(np.isnan(scaled), 0.0, scaled - 1 / 2) @ (weights / whole if whole > 0 else weights)
    return np.asarray(np.round(said + 1 / 2, 9))


def _from_0_to_1(column: Floats) -> Floats:
    """Return two verdicts as 0 and 1, and numbers as their ranks."""
    values = np.unique(column[np.isfinite(column)])
    if len(values) <= 2:
        return np.where(np.isnan(column), np.nan, (column == values[-1]).astype(float))
    known = ~np.isnan(column)
    ranks = np.full(column.shape, np.nan)
    ranks[known] = midranks(column[known])
    return np.asarray((ranks - 1) / max(np.nanmax(ranks) - 1, 1.0))


PRIOR_LABELS = 4.0
"""The prior of a stratum has the weight of this many labels."""
MOST_PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Strata of judged answers, or of pairs of them (S,): `sizes`, and the mean and variance of a label, or
    of a difference of two, in each.

    `bounded`: means are rates, between 0 and 1.
    """

    sizes: Ints
    means: Floats
    variances: Floats
    bounded: bool = True

    @property
    def shares(self) -> Floats:
        """The share of each stratum in all answers (S,)."""
        return np.asarray(self.sizes / self.sizes.sum())

    @property
    def mean(self) -> float:
        """The expected overall mean."""
        return float(self.shares @ self.means)

    @property
    def between(self) -> float:
        """The variance of the strata's means, which only more judged answers reduce."""
        return float(self.shares @ (self.means - self.mean) ** 2)

    @property
    def whole_variance(self) -> float:
        """The variance of a label without stratification."""
        return self.between + float(self.shares @ self.variances)

    @property
    def within(self) -> float:
        """(Σ share · standard deviation)², the variance left with optimal allocation of labels."""
        return float(self.shares @ np.sqrt(self.variances)) ** 2

    def shared_out(self, count: int) -> Ints:
        """Allocate `count` labels (S,), at most one per answer, and a few more if a stratum needs its
        minimum.
        """
        least = np.minimum(self.sizes, FEWEST)
        wanted = self.sizes * np.sqrt(self.variances)
        found = least.astype(float)
        for _ in range(len(self.sizes) + 1):  # labels that some strata can't use go to the others
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
        """Return the half width of the corrected mean with these numbers of labels in each stratum (S,)."""
        n, df = labels.astype(float), np.maximum(labels - 1.0, 1.0)
        variances, shares = self.variances / np.maximum(n - 1, 1), self.between / self.sizes.sum()
        if not self.bounded:
            squares = self.shares**2 * variances
            t = float(intervals.t_quantile(level, combined_df(squares, df)))
            return min(t * math.sqrt(float(squares.sum()) + shares), 1.0)
        low, high = intervals.guarded_wilson(self.means, n, df, level)
        tasks = sums_of(self.means, variances, (low, high), self.shares, df=df, level=level)
        sums = tasks.with_shares(np.asarray(shares))
        below, above = (float(limit) for limit in sums.limits(level))
        return (min(above, 1.0) - max(below, 0.0)) / 2

    def fewest(self, within: float, level: float) -> int | None:
        """Return the fewest labels that give an interval at most this wide, None if all answers wouldn't be
        enough.
        """
        low, high = 0, int(self.sizes.sum())
        if self.half_width(self.shared_out(high), level) > within:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (low, middle) if self.half_width(self.shared_out(middle), level) <= within else (middle, high)
            )
        return int(self.shared_out(high).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Numbers of judged and labelled answers, their cost, and their half width."""

    judged: int
    labelled: int
    cost: float
    half_width: float


def cheapest(
    expected: Expected, prices: tuple[float, float], level: float, *, within: float | None, budget: float
) -> Bill:
    """Return the cheapest answers for a half width, or the most informative ones for a budget. `prices`: of a
    label, and of a verdict.
    """
    label, verdict = prices
    ratio = math.sqrt(expected.within * verdict / (max(expected.between, 1e-12) * label))
    ratio = min(ratio, 1.0) if ratio > 0 else 1.0
    z = float(intervals.t_quantile(level, np.inf))
    each = (
        expected.between + expected.within / ratio
    )  # the variance of one judged answer, with its share of labels
    judged = z**2 * each / within**2 if within is not None else budget / (verdict + ratio * label)
    judged = max(math.ceil(judged), 1)
    labelled = max(math.ceil(ratio * judged), 1)
    return Bill(
        judged=judged,
        labelled=labelled,
        cost=judged * verdict + labelled * label,
        half_width=z * math.sqrt(expected.between / judged + expected.within / labelled),
    )


def labels_alone(
    expected: Expected, price: float, level: float, *, within: float | None, budget: float
) -> Bill:
    """Return the same without a judge."""
    z, variance = float(intervals.t_quantile(level, np.inf)), expected.whole_variance
    count = z**2 * variance / within**2 if within is not None else budget / price
    count = max(math.ceil(count), 1)
    return Bill(judged=0, labelled=count, cost=count * price, half_width=z * math.sqrt(variance / count))


def planned_strata(opinions: Floats) -> Ints:
    """Return the stratum of every answer (N,) to draw labels from: by the judges' combined verdict, up to
    five strata.
    """
    values = np.unique(opinions)
    if len(values) <= MOST_PARTS:
        return np.searchsorted(values, opinions)
    edges = np.unique(np.quantile(opinions, np.linspace(0, 1, MOST_PARTS + 1)[1:-1], method="higher"))
    return np.unique(np.searchsorted(edges, opinions, side="right"), return_inverse=True)[1]


def expected_rates(code: Ints, opinions: Floats, labels: Floats, right: float) -> Expected:
    """Return the expected rate in each stratum: answers on which judges agree have the assumed accuracy,
    shrunk towards the existing labels.
    """
    assumed = _rates(opinions, right)
    means, squares = _drawn_to(code, labels, assumed, assumed)
    return Expected(sizes=np.bincount(code), means=means, variances=np.maximum(squares - means**2, 0.0))


def expected_gaps(code: Ints, opinions: tuple[Floats, Floats], labels: Floats, right: float) -> Expected:
    """Return the expected difference in each stratum of pairs. Without labels, both answers are assumed to be
    right independently.
    """
    first, second = (_rates(each, right) for each in opinions)
    squares = (first - second) ** 2 + first * (1 - first) + second * (1 - second)
    means, squares = _drawn_to(code, labels, first - second, squares)
    return Expected(
        sizes=np.bincount(code), means=means, variances=np.maximum(squares - means**2, 0.0), bounded=False
    )


def _rates(opinions: Floats, right: float) -> Floats:
    """Return the assumed rate of answers (N,) given the judges' verdicts, from 0 to 1."""
    return 1 - right + (2 * right - 1) * opinions


def _drawn_to(code: Ints, labels: Floats, means: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the mean square of each stratum (S,): those assumed for every answer (N,), shrunk
    towards its labels.
    """
    known, sizes = np.isfinite(labels), np.bincount(code)
    count = np.bincount(code[known], minlength=len(sizes))
    return tuple(  # type: ignore[return-value]
        (
            np.bincount(code[known], weights=labels[known] ** power, minlength=len(sizes))
            + PRIOR_LABELS * np.bincount(code, weights=assumed) / sizes
        )
        / (count + PRIOR_LABELS)
        for power, assumed in ((1, means), (2, squares))
    )


def drawn(code: Ints, labels: Ints, open_: Bools, rng: np.random.Generator) -> Ints:
    """Draw these numbers of answers from each stratum (S,) among the open ones (N,): their places, in random
    order.
    """
    order = np.lexsort((np.where(open_, rng.random(len(code)), np.inf), code))
    starts = np.concatenate(([0], np.cumsum(np.bincount(code))[:-1]))
    place = np.empty(len(code), dtype=np.int64)
    place[order] = np.arange(len(code)) - starts[code[order]]
    return rng.permutation(np.flatnonzero((place < labels[code]) & open_))
