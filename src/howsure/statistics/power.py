"""Power of the comparison of two models, the questions needed, and the smallest detectable difference.

The variance of a mean difference over n items with K attempts each is (crowd · between + within + answer / K)
/ n (Miller 2024, section 5, with clusters of Kish 1965). `between` and `within` clusters are variances of the
items' true differences. `answer` is that of one attempt's, and `crowd` the mean cluster size over items.
Power is that of the test that `compare` makes, its variances and degrees of freedom taken at their expected
values, by the noncentral t distribution. Method "z" is the paper's formula: n = (z + z_power)² V / effect².

Assumes: clusters (or items without clusters) are independent draws, and numerous enough for means to be about
normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import scipy

from howsure.statistics import event_sizes, intervals
from howsure.statistics.clustered_variance import ClusterSizes, equal_sizes, free_of_strata
from howsure.statistics.score_pivot import variance_of_one
from howsure.statistics.suites import combined_df

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.group_sequential import Schedule

MOST_ITEMS = 10**9
NORMAL_DF = 1e6
"""From these degrees of freedom on, t is treated as normal."""
SLACK = 1e-5
"""A number of items may exceed a whole one by this fraction without adding one more, because of the other
tail of a two-sided test.
"""
WHOLE = 1e-6
"""Rounding may make events exceed the squares that whole ones give by this fraction."""
SETTLING = 100
"""The number of iterations for the threshold of a test and its variance."""
WINDOW = 0.2
"""How far beyond the first sufficient number of items others are tried, as an exact power isn't monotone."""
Doubt: TypeAlias = "tuple[tuple[float, float], ...]"
"""Possible factors of a spread, and their probabilities."""
SURE: Doubt = ((1.0, 1.0),)
"""No uncertainty about a spread."""
MOST_DRIFT = 20.0
LARGE, MIDPOINTS = 20.0, (np.arange(4_000) + 0.5) / 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPivot:
    """A test's expected pivot: the standard error, its df, and the other terms of a score pivot
    (score_pivot.py) except skewness.
    """

    own: float
    df: float
    item_variance: float = 0.0
    room: float = 0.0
    event: float = 1.0
    averaged: bool = False

    def least(self, test: Test) -> float:
        """Return the smallest distance of a difference from 0, or from the margin, that reaches the goal."""
        t = float(intervals.t_quantile(test.two_sided_level, self.df))
        value = 0.0 if test.goal == "different" else -test.margin
        if not self.room:
            return t * self.own
        found = 1.0  # from above, as 0 may be far enough from the margin itself
        for _ in range(SETTLING):
            before, found = found, t * self.spread_at(value, value + found)
            if found >= 1 or abs(before - found) <= SLACK**2 * found:
                break
        return math.inf if found >= 1 else found

    def spread_at(self, value: float, difference: float) -> float:
        """Return the standard error by which a value is tested if this difference is observed."""
        item_variance = max(self.item_variance, 0.0)
        variance = variance_of_one(
            difference, self.own**2, item_variance, self.room, value, event=self.event, averaged=self.averaged
        )
        return math.sqrt(variance)


class Planned(Protocol):
    """The components of the variance of a mean difference over items, in squared score units."""

    @property
    def step(self) -> float:
        """The step of the number of items."""

    def times(self, factor: float) -> Planned:
        """Return the same with every variance multiplied by a factor."""

    def clusters_in(self, n: float) -> float:
        """Return the number of clusters for n items."""

    def per_item(self, n: float, attempts: float) -> float:
        """Return n times the variance of the mean difference over n items with this many attempts."""

    def pivot(self, method: PlanMethod, n: float, attempts: float) -> ExpectedPivot:
        """Return the expected pivot of n items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The contributions of one item to the variance of a mean difference, in squared score units.

    `within` clusters, `between` them, `answer`: of one attempt, both models' together. `sizes`: the cluster
    sizes. `clusters`: their fixed number, so that they grow with n, or None if their number grows. `events`:
    how many discordant items an item is worth, (E e²)² / E e⁴, or NaN for the variance, as for right-or-wrong
    answers. `strata`: the number of clusters that stay the same and keep their shares. Their means cost a
    degree of freedom each. 0 for none.
    """

    within: float
    between: float = 0.0
    answer: float = 0.0
    sizes: ClusterSizes = field(default_factory=equal_sizes)
    clusters: float | None = None
    events: float = math.nan
    strata: int = 0

    @property
    def step(self) -> float:
        """The step of the number of items: whole clusters, or one per fixed cluster."""
        return self.sizes.size if self.clusters is None else self.clusters

    def times(self, factor: float) -> Spread:
        """Return the same with every variance multiplied by a factor."""
        return replace(
            self, within=factor * self.within, between=factor * self.between, answer=factor * self.answer
        )

    def per_item(self, n: float, attempts: float) -> float:
        """Return n times the variance of the mean difference over n items with this many attempts (infinite
        is allowed).
        """
        return max(self.at(n).crowd * self.between + self.within + self.answer / attempts, 0.0)

    def clusters_in(self, n: float) -> float:
        """Return the number of clusters for n items."""
        return n / self.sizes.size if self.clusters is None else self.clusters

    def at(self, n: float) -> ClusterSizes:
        """Return the clusters of n items."""
        if self.clusters is None:
            return self.sizes
        return ClusterSizes(size=n / self.clusters, relative=self.sizes.relative)

    def df(self, n: float, variance: VarianceChoice = "CR2") -> float:
        """Return the degrees of freedom of a mean over n items, 0 if there are none."""
        free = float(free_of_strata(self.at(n).df(n, variance), n, self.strata))
        return 0.0 if math.isnan(free) else free

    def pivot(self, method: PlanMethod, n: float, attempts: float) -> ExpectedPivot:
        """Return the expected pivot of n items."""
        own, df = math.sqrt(self.per_item(n, attempts) / n), self.df(n, "miller" if method == "z" else "CR2")
        if method != "score":
            return ExpectedPivot(own=own, df=df)
        room, event = self.event_worth(n, attempts) / n, self.event(attempts)
        item = min(self.item(attempts), 1.0)
        return ExpectedPivot(own=own, df=df, item_variance=item, room=room, event=event, averaged=event < 1)

    def item(self, attempts: float) -> float:
        """Return the variance of one item's difference, 0 if the components of a pilot add up to less."""
        return max(max(self.between, 0.0) + self.within + self.answer / attempts, 0.0)

    def events_an_item(self, attempts: float) -> float:
        """Return how many discordant items an item is worth: the measured value, or else its variance, as for
        right-or-wrong answers.
        """
        return self.item(attempts) if math.isnan(self.events) else self.events

    def event(self, attempts: float) -> float:
        """Return the expected size of an event (score_pivot.py): 1 for single right-or-wrong answers.

        It uses the measured `events`, as if all differences had one size. Otherwise averages are treated as
        normal: s² / E |d| = s √(π / 2).
        """
        item, events = self.item(attempts), self.events_an_item(attempts)
        if math.isnan(self.events):
            return min(math.sqrt(math.pi / 2 * item), 1.0) if attempts > 1 and item > 0 else 1.0
        return min(math.sqrt(item / events), 1.0) if events > item * (1 + WHOLE) else 1.0

    def event_worth(self, n: float, attempts: float) -> float:
        """Return how many items an event is expected to be worth."""
        sizes = self.at(n)
        if sizes.single:
            return 1.0
        squares = np.asarray(n * self.item(attempts))
        fourths = squares**2 / max(n * self.events_an_item(attempts), 1e-12)
        spread = event_sizes.ItemSpread(squares=squares, fourths=fourths)
        variance, clusters = self.per_item(n, attempts) / n, n / sizes.size
        return float(event_sizes.event_worth(variance, spread, n, size=sizes.crowd, clusters=clusters))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Several spreads combined: the difference is Σ share · component, and a component has `items` (a share)
    of the n items.

    Tasks: shares of the score and of the items. Unpaired models: shares of 1, and n items each.
    """

    parts: tuple[Planned, ...]
    shares: tuple[float, ...]
    items: tuple[float, ...]

    @property
    def step(self) -> float:
        """The step of the number of items."""
        return 1.0

    def times(self, factor: float) -> Joined:
        """Return the same with every variance multiplied by a factor."""
        return replace(self, parts=tuple(part.times(factor) for part in self.parts))

    def clusters_in(self, n: float) -> float:
        """Return the number of clusters for n items in all. For unpaired models, this is per model."""
        parts = zip(self.parts, self.items, strict=True)
        return sum(part.clusters_in(n * held) for part, held in parts) / sum(self.items)

    def per_item(self, n: float, attempts: float) -> float:
        """Return n times the variance of the overall difference over n items in all."""
        return sum(
            share**2 * part.per_item(n * held, attempts) / held
            for part, share, held in zip(self.parts, self.shares, self.items, strict=True)
        )

    def pivot(self, method: PlanMethod, n: float, attempts: float) -> ExpectedPivot:
        """Return the expected overall pivot: variances add, degrees of freedom by Welch and Satterthwaite."""
        found = [
            part.pivot(method, n * held, attempts) for part, held in zip(self.parts, self.items, strict=True)
        ]
        squares = np.array(self.shares) ** 2
        variances, heaviest = (
            squares * np.array([each.own for each in found]) ** 2,
            max(found, key=lambda each: each.own),
        )
        room, df = squares * np.array([each.room for each in found]), np.array([each.df for each in found])
        return ExpectedPivot(
            own=math.sqrt(float(variances.sum())),
            df=float(combined_df(variances, df)) if df.min() > 0 else 0.0,
            item_variance=float(room @ [each.item_variance for each in found])
            / max(float(room.sum()), 1e-300),
            room=float(room.sum()),
            event=heaviest.event,
            averaged=heaviest.averaged,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A planned test: a `goal` ("different", "not-worse", "same") and a `method`, `level` and `margin`.

    `looks`: the interim analyses that divide the level. With None it is made once, with all items.

    "different" is two-sided, the others one-sided at the level, as in `compare`.
    """

    goal: Goal = "different"
    method: PlanMethod = "score"
    level: float = 0.95
    margin: float = 0.0
    looks: Schedule | None = None

    @property
    def once(self) -> Test:
        """The same test, made once at the end."""
        return replace(self, looks=None)

    @property
    def sides(self) -> int:
        """The divisor that makes a two-sided p-value one of this test: 1 if it is two-sided itself, else
        2.
        """
        return 1 if self.goal == "different" else 2

    @property
    def two_sided_level(self) -> float:
        """The level of the two-sided interval that decides."""
        return self.level if self.goal == "different" else 2 * self.level - 1


def power(
    test: Test, spread: Planned, effect: float, n: float, attempts: float, *, doubt: Doubt = SURE
) -> float:
    """Return the chance that the test reaches its goal with n items if the true difference is `effect`.

    `doubt`: possible factors of the spread, and their probabilities. The power is the mean over them.

    >>> textbook = Spread(within=1 / 9)
    >>> round(power(Test(method="z"), textbook, 0.03, 969, 1), 3)
    0.8
    """
    total = 0.0
    for factor, share in doubt:
        chance = _made_once(test, spread if factor == 1 else spread.times(factor), effect, n, attempts)
        total += share * (chance if test.looks is None else float(stops(test, test.looks, chance).sum()))
    return total


def stops(test: Test, looks: Schedule, once: float) -> Floats:
    """Return each look's chance to stop with the goal reached, if a single test would reach it with a chance
    of `once`.

    The drift is the one that gives the test made once its power, with its own degrees of freedom. Looks are
    then a normal random walk.
    """
    drift = intervals.t_quantile(test.two_sided_level, math.inf) + scipy.special.ndtri(
        min(max(once, 0.0), 1.0)
    )
    boundary = looks.boundary(test.two_sided_level)
    above, below = boundary.stops(float(np.clip(drift, 0.0, MOST_DRIFT)))
    return (above + (below if test.goal == "different" else 0.0))[:, 0]


def _made_once(test: Test, spread: Planned, effect: float, n: float, attempts: float) -> float:
    pivot = spread.pivot(test.method, n, attempts)
    own, df = pivot.own, pivot.df
    if not df > 0:
        return 0.0
    least = pivot.least(test)
    if own <= 0:  # nothing varies
        if test.goal == "different":
            return float(abs(effect) > least)
        shown = effect + test.margin > least
        return float(shown and (test.goal == "not-worse" or test.margin - effect > least))
    reach = least / own
    if test.goal == "different":
        return _below(-reach, df, effect / own) + 1 - _below(reach, df, effect / own)
    above = 1 - _below(reach, df, (effect + test.margin) / own)
    if test.goal == "not-worse":
        return above
    return max(above - (1 - _below(-reach, df, (effect - test.margin) / own)), 0.0)


def items_needed(
    test: Test, spread: Planned, effect: float, attempts: float, target: float, *, doubt: Doubt = SURE
) -> float:
    """Return the fewest items (whole clusters) that reach this power, infinite if a billion don't.

    >>> items_needed(Test(method="z"), Spread(within=1 / 9), 0.03, 1, 0.8)
    969.0
    """
    return fewest(lambda n: power(test, spread, effect, n, attempts, doubt=doubt) >= target, spread.step)


def fewest(enough: Callable[[float], bool], step: float, *, steady: bool = True) -> float:
    """Return the fewest items, in whole steps, that are enough, infinite if a billion aren't.

    Unless `steady`, all numbers up to a fifth above it are enough too.
    """
    most = int(MOST_ITEMS / step)
    if not enough(most * step):
        return math.inf
    low, high = 1, 2
    while not enough(high * step):
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle * step) else (middle, high)
    if not steady:
        tried = np.unique(np.rint(np.linspace(high, high * (1 + WINDOW) + 10, 200)).astype(int))
        failed = [int(k) for k in tried if not enough(int(k) * step)]
        high = failed[-1] + 1 if failed else high
    return math.ceil(high * step - 1e-9) * 1.0


def smallest_effect(
    test: Test,
    spread: Planned,
    n: float,
    attempts: float,
    target: float,
    *,
    doubt: Doubt = SURE,
    most: float = math.inf,
) -> float:
    """Return the smallest true difference that n items detect with this power, infinite if none up to `most`
    is.

    >>> round(smallest_effect(Test(method="z"), Spread(within=1 / 9, answer=2 / 6), 198, 1, 0.8), 4)
    0.1327
    """
    pivot = spread.pivot(test.method, n, attempts)
    high = min(most, 1.0 if pivot.room else 100 * math.sqrt(max(doubt)[0]) * pivot.own + 1e-9)

    def short(size: float) -> float:
        """Return the power for a difference less the wanted power."""
        return power(test, spread, size, n, attempts, doubt=doubt) - target

    return float(scipy.optimize.brentq(short, 0.0, high, xtol=1e-12)) if short(high) >= 0 else math.inf


def standard_error(spread: Planned, n: float, attempts: float) -> float:
    """Return the SE of the mean difference."""
    return math.sqrt(spread.per_item(n, attempts) / n)


def formula(test: Test, variance: float, effect: float, target: float) -> float:
    """Return the paper's number of items: (z + z_power)² V / effect², rounded up, infinite for a power of 1.

    For margins as in Chow et al. (2008).

    `variance`: the contribution of one item, V. `effect`: for a margin the distance from it.
    """
    z = float(intervals.t_quantile(test.two_sided_level, math.inf))
    beta = 1 - target if test.goal != "same" else (1 - target) / 2
    size = abs(effect) if test.goal == "different" else test.margin + effect
    if test.goal == "same":
        size = test.margin - abs(effect)
    if size <= 0 or math.isinf(scipy.special.ndtri(beta)):
        return math.inf
    return math.ceil((z - float(scipy.special.ndtri(beta))) ** 2 * variance / size**2 * (1 - SLACK))


def _below(t: float, df: float, noncentrality: float) -> float:
    """Return P(T ≤ t) of the noncentral t distribution."""
    if df >= NORMAL_DF:
        return float(scipy.special.ndtr(t - noncentrality))
    chance = float(scipy.special.nctdtr(df, noncentrality, t))
    if not math.isnan(chance) and abs(noncentrality) < LARGE:
        return chance
    spread = np.sqrt(
        scipy.special.chdtri(df, MIDPOINTS) / df
    )  # SciPy's function gives NaN or wrong values far out
    return float(scipy.special.ndtr(t * spread - noncentrality).mean())
