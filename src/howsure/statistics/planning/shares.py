"""What a gate with a margin will say of two equal systems: the shares of pass, can't tell and fail, before anything is run.

Between equal systems an item's difference is as likely to be +d as −d. So many items differ, a binomial number; given it and
the sum of squares over clusters, the mean difference varies around 0 by just that sum, and the gate's own pivot (pseudo-items
with their weight, Satterthwaite's degrees of freedom, the binomial count of net losses) makes a verdict of it. For single
right-or-wrong answers without clusters wins are binomial as well: the shares are exact. Otherwise all differences are taken to
be of one size, that has their variance and fourth moment, the sum over clusters as gamma, and the mean as normal.

Assumes: the true difference is 0, items (or clusters) are independent draws, and the spread is the true one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from howsure.statistics.means import intervals
from howsure.statistics.pairs import pseudo
from howsure.statistics.planning.power import Joined, fewest, power

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats
    from howsure.statistics.planning.power import Planned, Spread, Test

A_FIFTH = 0.2
"""Below this share of can't tell a gate decides often enough to be switched on."""
MOST_COUNTS, FEWER_COUNTS, REACH = 2_000, 120, 7.0
QUANTILES = (np.arange(12) + 0.5) / 12
FEWEST_CLUSTERS = 2
HALVINGS, KNOTS = 45, 12
BEYOND, LEAST_DF = 1e9, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How often a gate passes, can't tell and fails; they sum to 1."""

    passed: float
    unclear: float
    failed: float


NOTHING_TOLD = Shares(passed=0.0, unclear=1.0, failed=0.0)


def equal_shares(test: Test, spread: Planned, n: float, attempts: float, *, whole: float = 0.0) -> Shares:
    """Return what a gate says of two equal systems with n items and so many attempts each.

    `test`: a goal with a margin, at the level of a pass or a fail. `whole`: the share of items at which both systems score 0 or 1,
    as all do with one right-or-wrong answer each: where there is nothing else the gate counts net losses as well.

    >>> from howsure.statistics.planning.power import Spread, Test
    >>> found = equal_shares(Test(goal="not-worse", margin=0.01), Spread(within=0.1), 200, 1, whole=1)
    >>> round(found.passed, 2), round(found.unclear, 2), round(found.failed, 2)
    (0.1, 0.89, 0.01)
    """
    if spread.clusters_in(n) < FEWEST_CLUSTERS:
        return NOTHING_TOLD
    if isinstance(spread, Joined):
        return _of_parts(test, spread, n, attempts)
    drawn = _Draws.of(spread, n, attempts)
    pivots = _Pivots.of(drawn, "t" if test.method == "t" else "pseudo-items")
    least = pivots.limits(test.margin, test.level, 1)
    passed = drawn.beyond(least)
    if test.method != "t":
        counted = drawn.beyond(np.maximum(least, drawn.least_counted(test.margin, test.level)))
        share = drawn.counted_share(whole)
        passed = share * counted + (1 - share) * passed
    if test.goal == "not-worse":
        failed = 1 - drawn.beyond(np.nextafter(pivots.limits(test.margin, test.level, -1), math.inf))
    else:
        passed = np.maximum(2 * passed - 1, 0.0)
        both = pivots.limits(test.margin, (1 + test.level) / 2, -1)
        failed = 2 * (1 - drawn.beyond(np.nextafter(both, math.inf)))
    good, bad = (float(drawn.chances @ np.where(pivots.told, each, 0.0)) for each in (passed, failed))
    return Shares(passed=good, unclear=max(1 - good - bad, 0.0), failed=bad)


def items_that_tell(test: Test, spread: Planned, attempts: float, *, whole: float = 0.0) -> float:
    """Return the fewest items (whole clusters) at which can't tell falls below a fifth; infinite where none do.

    >>> from howsure.statistics.planning.power import Spread, Test
    >>> items_that_tell(Test(goal="not-worse", margin=0.02), Spread(within=0.1), 1, whole=1)
    1559.0
    """
    return fewest(lambda n: equal_shares(test, spread, n, attempts, whole=whole).unclear < A_FIFTH, spread.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """What n items can show: `counts` (D,) of differing items, cluster sums of `squares` (D,), and their `chances` (D,).

    `size`: of every difference; `crowd`, `units`: the size of a cluster as an item sees it, and their number; `df`: the degrees of
    freedom without pseudo-items and beside two of weight 1. `every`: whether each possible count is there.
    """

    n: float
    size: float
    crowd: float
    units: float
    single: bool
    df: tuple[float, float]
    counts: Floats
    squares: Floats
    chances: Floats
    every: bool

    @classmethod
    def of(cls, spread: Spread, n: float, attempts: float) -> _Draws:
        """Draw them: a binomial number of items that differ, and gamma sums of squares where there are clusters."""
        sizes, item = spread.at(n), spread.item(attempts)
        events = min(spread.events_an_item(attempts), 1.0) if item > 0 else 0.0
        counts, chances, every = _binomial(n, events, MOST_COUNTS if sizes.single else FEWER_COUNTS)
        square, design = (item / events, spread.per_item(n, attempts) / item) if events > 0 else (0.0, 1.0)
        squares = counts * square * design
        if not sizes.single:
            shape = n / (2 * max(sizes.crowd - 1, 1e-9))
            around = special.gammaincinv(shape, QUANTILES) / shape
            squares, counts = np.outer(squares, around).ravel(), np.repeat(counts, len(QUANTILES))
            chances = np.repeat(chances, len(QUANTILES)) / len(QUANTILES)
        return cls(
            n=n,
            size=math.sqrt(square),
            crowd=sizes.crowd,
            units=n / sizes.size,
            single=sizes.single,
            df=(sizes.df(n), sizes.df(n, "CR2", pseudo.PSEUDO)),
            counts=counts,
            squares=squares,
            chances=chances,
            every=every,
        )

    @property
    def inflation(self) -> Floats:
        """How many times the variance of independent items the clusters show (D,)."""
        plain = self.counts * self.size**2
        return np.asarray(np.where(plain > 0, self.squares / np.where(plain > 0, plain, 1.0), 1.0))

    def pseudo_weight(self) -> Floats:
        """Return how many items a pseudo-item weighs (D,)."""
        if self.single:
            return np.ones(len(self.counts))
        plain = self.counts * self.size**2
        around = pseudo.ItemSpread(squares=plain, fourths=plain * self.size**2)
        held = pseudo.ClusterSizes(average=np.asarray(self.crowd), count=np.asarray(self.units))
        return pseudo.pseudo_weight(self.squares / self.n**2, around, self.n, held)

    def beyond(self, least: Floats) -> Floats:
        """Return the chance of a mean difference of at least so much (D,)."""
        if self.size == 0:
            return np.asarray(least <= 0, dtype=float)
        steps = self.n * least / self.size
        wins = np.ceil((self.counts + steps) / 2 - 1e-9)
        if self.single and self.every:
            inside = np.clip(wins, 1.0, np.maximum(self.counts, 1.0))
            chance = special.betainc(inside, np.maximum(self.counts - inside, 0.0) + 1, 0.5)
            return np.where(wins <= 0, 1.0, np.where(wins > self.counts, 0.0, chance))
        middle = (2 * wins - self.counts - 1) if self.every else steps
        own = np.sqrt(self.squares) / self.size
        return np.where(own > 0, special.ndtr(-middle / np.where(own > 0, own, 1.0)), least <= 0)

    def counted_share(self, whole: float) -> Floats:
        """Return how often all scores are 0 or 1 (D,): always, or else only where no item differs."""
        if whole >= 1:
            return np.ones(len(self.counts))
        nothing = self.counts == 0
        chance = float(self.chances @ nothing)
        return np.where(nothing, min(whole**self.n / chance, 1.0) if chance > 0 else 0.0, 0.0)

    def least_counted(self, margin: float, level: float) -> Floats:
        """Return the smallest mean difference that the binomial count of net losses lets pass (D,)."""
        none = self.n / self.crowd if not self.single else self.n
        seen = self.n / np.maximum(self.inflation * self.n / max(self.n - 1, 1), 1.0)
        items = np.where(self.counts > 0, seen, none)
        knots = np.unique(np.geomspace(items.min(), items.max(), KNOTS))
        losses = np.interp(items, knots, _most_losses(knots, margin, level))
        return np.where(losses < 0, 0.5 * (self.size or 1.0) / self.n, -losses / items)


def _binomial(n: float, rate: float, most: int) -> tuple[Floats, Floats, bool]:
    """Return the numbers of n items that can differ and their chances, at most so many, and whether these are all."""
    n = float(round(n))
    half = REACH * math.sqrt(n * rate * (1 - rate)) + REACH
    ends = max(math.floor(n * rate - half), 0), min(math.ceil(n * rate + half), int(n))
    count = min(ends[1] - ends[0] + 1, most)
    found = np.rint(np.linspace(*ends, count))
    ways = special.gammaln(n + 1) - special.gammaln(found + 1) - special.gammaln(n - found + 1)
    chances = np.exp(ways + special.xlogy(found, rate) + special.xlog1py(n - found, -rate))
    return found, chances / chances.sum(), count == ends[1] - ends[0] + 1


def _most_losses(items: Floats, margin: float, level: float) -> Floats:
    """Return how many net losses of so many items still show "no worse by the margin"; −1 where not even none do."""
    low, high = np.zeros(len(items)), items.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        shown = special.betainc(middle + 1, np.maximum(items - middle, 1e-12), min(margin, 1.0)) >= level
        low, high = np.where(shown, middle, low), np.where(shown, high, middle)
    return np.where(special.betainc(1.0, items, min(margin, 1.0)) >= level, low, -1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pivots:
    """The gate's pivots of what was drawn: centre kept · x where the mean difference is x, squared spread fixed + bent · x².

    `told` (D,): whether there is a spread to judge by.
    """

    kept: Floats
    fixed: Floats
    bent: Floats
    df: Floats
    told: Bools

    @classmethod
    def of(cls, drawn: _Draws, method: str) -> _Pivots:
        """Put the pseudo-items beside what was drawn."""
        weight = np.zeros(len(drawn.counts)) if method == "t" else drawn.pseudo_weight()
        added = pseudo.PSEUDO * weight
        total = drawn.n + added
        kept, inflation = drawn.n / total, 1 / np.maximum(1 - drawn.crowd / total, 1e-9)
        bent = drawn.n * drawn.crowd * ((added / total) ** 2 - 1) + pseudo.PSEUDO * (weight * kept) ** 2
        df = drawn.df[1] + (added - pseudo.PSEUDO) / drawn.crowd if method != "t" else np.full(len(total), drawn.df[0])
        fixed = inflation * (drawn.squares + pseudo.PSEUDO * weight**2) / total**2
        return cls(kept=kept, fixed=fixed, bent=inflation * bent / total**2, df=df, told=(df > 0) & (fixed > 0))

    def limits(self, margin: float, level: float, side: int) -> Floats:
        """Solve kept · x + margin = side · t · spread for x (D,); where the margin is beyond all that can be, any x is above."""
        t = intervals.t_quantile(2 * level - 1, np.maximum(self.df, LEAST_DF))
        a = np.maximum(self.kept**2 - t**2 * self.bent, 1e-12)
        b, c = self.kept * margin, margin**2 - t**2 * self.fixed
        inside = b**2 - a * c
        return np.where(inside >= 0, (-b + side * np.sqrt(np.maximum(inside, 0.0))) / a, -BEYOND)


def _of_parts(test: Test, spread: Planned, n: float, attempts: float) -> Shares:
    """Return the shares where several spreads make up the difference, by the noncentral t at the expected pivot."""
    passed = power(test, spread, 0.0, n, attempts)
    worse = replace(test, goal="not-worse", margin=-test.margin)
    failed = power(worse, spread, 0.0, n, attempts)
    if test.goal == "same":
        failed = 2 * power(replace(worse, level=(1 + test.level) / 2), spread, 0.0, n, attempts)
    return Shares(passed=passed, unclear=max(1 - passed - failed, 0.0), failed=failed)
