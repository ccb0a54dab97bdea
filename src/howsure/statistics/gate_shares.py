"""A plan's forecast of a gate before any run: the shares of its verdicts, and a simulation with the pilot's
items.

The verdicts of a gate with a margin for two equal systems: the shares of pass, can't tell and fail, before
any run.

Between equal systems an item's difference is as likely to be +d as −d. The number of differing items is
binomial. Given it and the sum of squares over clusters, the mean difference varies around 0 with that sum as
variance. The gate's own pivot (score or t, Satterthwaite's degrees of freedom, the binomial count of net
losses) turns it into a verdict. For single right-or-wrong answers without clusters wins are binomial as well,
and the shares are exact. Otherwise all differences are given one size that matches their variance and fourth
moment, the sum over clusters is gamma, and the mean is normal.

Assumes: the true difference is 0, items (or clusters) are independent draws, and the spread is the true one.

A plan's power, simulated: the pilot's own items (whole clusters) are resampled, and the test is run on each
sample.

The differences keep their shape. Their spread is scaled to that of the planned number of attempts, and their
mean is shifted to the planned true difference. Clusters keep their sizes: each is replaced by one of the
pilot's of about its size. This checks the forecast's assumptions of a normal distribution and of degrees of
freedom. It can't check that the pilot's spread is the true one. Memory: blocks of 2 million numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics import event_sizes, intervals
from howsure.statistics.arrays import Bools, Floats, Ints, blocks, log_choose
from howsure.statistics.clustered_variance import Clustering, group_sums
from howsure.statistics.differences import column_sums, pivots
from howsure.statistics.event_sizes import Events, ItemSpread
from howsure.statistics.power import WHOLE, Spread, fewest, power
from howsure.statistics.score_pivot import Pivots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.statistics.power import Planned, Test

A_FIFTH = 0.2
"""Below this share of "can't tell", a gate decides often enough to be switched on."""
MOST_COUNTS, FEWER_COUNTS, REACH = 2_000, 120, 7.0
QUANTILES = (np.arange(12) + 0.5) / 12
FEWEST_CLUSTERS = 2
HALVINGS, KNOTS = 45, 12
BEYOND, LEAST_DF = 1e9, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How often a gate passes, can't tell and fails. They sum to 1."""

    passed: float
    unclear: float
    failed: float


NOTHING_TOLD = Shares(passed=0.0, unclear=1.0, failed=0.0)


def equal_shares(test: Test, spread: Planned, n: float, attempts: float) -> Shares:
    """Return a gate's shares of verdicts for two equal systems with n items and this many attempts each.

    `test`: a goal with a margin, at the level of a pass or a fail.

    >>> from howsure.statistics.power import Spread, Test
    >>> found = equal_shares(Test(goal="not-worse", margin=0.01), Spread(within=0.1), 200, 1)
    >>> round(found.passed, 2), round(found.unclear, 2), round(found.failed, 2)
    (0.12, 0.87, 0.02)
    """
    if spread.clusters_in(n) < FEWEST_CLUSTERS:
        return NOTHING_TOLD
    if not isinstance(spread, Spread):
        return _of_parts(test, spread, n, attempts)
    drawn = _Draws.of(spread, n, attempts)
    pivots = _Pivots.of(drawn, score=test.method != "t")
    least = pivots.limits(test.margin, test.level, 1)
    if test.method != "t":
        least = np.maximum(least, drawn.least_counted(test.margin, test.level))
    passed = drawn.beyond(least)
    if test.goal == "not-worse":
        failed = 1 - drawn.beyond(np.nextafter(pivots.limits(test.margin, test.level, -1), math.inf))
    else:
        passed = np.maximum(2 * passed - 1, 0.0)
        both = pivots.limits(test.margin, (1 + test.level) / 2, -1)
        failed = 2 * (1 - drawn.beyond(np.nextafter(both, math.inf)))
    good, bad = (float(drawn.chances @ np.where(pivots.told, each, 0.0)) for each in (passed, failed))
    return Shares(passed=good, unclear=max(1 - good - bad, 0.0), failed=bad)


def items_that_tell(test: Test, spread: Planned, attempts: float) -> float:
    """Return the fewest items (whole clusters) at which "can't tell" falls below a fifth, infinite if none
    do.

    >>> from howsure.statistics.power import Spread, Test
    >>> items_that_tell(Test(goal="not-worse", margin=0.02), Spread(within=0.1), 1)
    1566.0
    """
    return fewest(lambda n: equal_shares(test, spread, n, attempts).unclear < A_FIFTH, spread.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """Draws for n items: `counts` (D,) of differing items, cluster sums of `squares` (D,), and their
    `chances` (D,).

    `size`: of every difference. `crowd`, `units`: the mean cluster size over items, and the number of
    clusters. `df`: degrees of freedom. `every`: whether each possible count is included.
    """

    n: float
    size: float
    crowd: float
    units: float
    single: bool
    df: float
    counts: Floats
    squares: Floats
    chances: Floats
    every: bool

    @classmethod
    def of(cls, spread: Spread, n: float, attempts: float) -> _Draws:
        """Draw a binomial number of differing items, and gamma sums of squares if there are clusters."""
        sizes, item = spread.at(n), spread.item(attempts)
        events = min(spread.events_an_item(attempts), 1.0) if item > 0 else 0.0
        counts, chances, every = _binomial(n, events, MOST_COUNTS if sizes.single else FEWER_COUNTS)
        square, design = (item / events, spread.per_item(n, attempts) / item) if events > 0 else (0.0, 1.0)
        squares = counts * square * design
        if not sizes.single:
            shape = n / (2 * max(sizes.crowd - 1, 1e-9))
            around = scipy.special.gammaincinv(shape, QUANTILES) / shape
            squares, counts = np.outer(squares, around).ravel(), np.repeat(counts, len(QUANTILES))
            chances = np.repeat(chances, len(QUANTILES)) / len(QUANTILES)
        return cls(
            n=n,
            size=math.sqrt(square),
            crowd=sizes.crowd,
            units=n / sizes.size,
            single=sizes.single,
            df=spread.df(n),
            counts=counts,
            squares=squares,
            chances=chances,
            every=every,
        )

    @property
    def event(self) -> float:
        """The size of an event: that of the differences, 1 if none differs."""
        return min(self.size, 1.0) or 1.0

    @property
    def inflation(self) -> Floats:
        """The design effect of clusters (D,)."""
        plain = self.counts * self.size**2
        return np.asarray(np.where(plain > 0, self.squares / np.where(plain > 0, plain, 1.0), 1.0))

    def event_worth(self) -> Floats:
        """Return how many items an event is worth (D,)."""
        if self.single:
            return np.ones(len(self.counts))
        plain = self.counts * self.size**2
        around = event_sizes.ItemSpread(squares=plain, fourths=plain * self.size**2)
        return event_sizes.event_worth(
            self.squares / self.n**2, around, self.n, size=self.crowd, clusters=self.units
        )

    def beyond(self, least: Floats) -> Floats:
        """Return the probability of a mean difference of at least this much (D,)."""
        if self.size == 0:
            return np.asarray(least <= 0, dtype=float)
        steps = self.n * least / self.size
        wins = np.ceil((self.counts + steps) / 2 - 1e-9)
        if self.single and self.every:
            inside = np.clip(wins, 1.0, np.maximum(self.counts, 1.0))
            chance = scipy.special.betainc(inside, np.maximum(self.counts - inside, 0.0) + 1, 0.5)
            return np.where(wins <= 0, 1.0, np.where(wins > self.counts, 0.0, chance))
        middle = (2 * wins - self.counts - 1) if self.every else steps
        own = np.sqrt(self.squares) / self.size
        return np.where(own > 0, scipy.special.ndtr(-middle / np.where(own > 0, own, 1.0)), least <= 0)

    def least_counted(self, margin: float, level: float) -> Floats:
        """Return the smallest mean difference that passes the binomial count of net losses (D,)."""
        none = self.n / self.crowd if not self.single else self.n
        seen = self.n / np.maximum(self.inflation * self.n / max(self.n - 1, 1), 1.0)
        items = np.where(self.counts > 0, seen, none)
        knots = np.unique(np.geomspace(items.min(), items.max(), KNOTS))
        losses = np.interp(items, knots, _most_losses(knots, margin / self.event, level))
        return np.where(losses < 0, 0.5 * (self.size or 1.0) / self.n, -self.event * losses / items)


def _binomial(n: float, rate: float, most: int) -> tuple[Floats, Floats, bool]:
    """Return possible numbers of differing items among n and their chances, at most `most`, and whether these
    are all.
    """
    n = float(round(n))
    half = REACH * math.sqrt(n * rate * (1 - rate)) + REACH
    ends = max(math.floor(n * rate - half), 0), min(math.ceil(n * rate + half), int(n))
    count = min(ends[1] - ends[0] + 1, most)
    found = np.rint(np.linspace(*ends, count))
    ways = log_choose(n, found)
    chances = np.exp(ways + scipy.special.xlogy(found, rate) + scipy.special.xlog1py(n - found, -rate))
    return found, chances / chances.sum(), count == ends[1] - ends[0] + 1


def _most_losses(items: Floats, margin: float, level: float) -> Floats:
    """Return the largest number of net losses among this many items that still shows "not worse by the
    margin", −1 if not even 0 does.
    """
    low, high = np.zeros(len(items)), items.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        shown = (
            scipy.special.betainc(middle + 1, np.maximum(items - middle, 1e-12), min(margin, 1.0)) >= level
        )
        low, high = np.where(shown, middle, low), np.where(shown, high, middle)
    return np.where(scipy.special.betainc(1.0, items, min(margin, 1.0)) >= level, low, -1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pivots:
    """The gate's pivots of the draws, at any mean difference x: the plain variance is fixed − bent · x².

    `square` (D,): the mean square of an item's difference. `room` (D,): of the score pivot. `told` (D,):
    whether there is a spread.
    """

    fixed: Floats
    bent: float
    square: Floats
    room: Floats
    df: float
    told: Bools
    event: float

    @classmethod
    def of(cls, drawn: _Draws, *, score: bool) -> _Pivots:
        """Compute them from the draws."""
        inflation = 1 / max(1 - drawn.crowd / drawn.n, 1e-9)
        fixed = inflation * drawn.squares / drawn.n**2
        return cls(
            fixed=fixed,
            bent=inflation * drawn.crowd / drawn.n,
            square=drawn.counts * drawn.size**2 / drawn.n,
            room=drawn.event_worth() / drawn.n if score else np.zeros(len(fixed)),
            df=drawn.df,
            told=(drawn.df > 0) & ((fixed > 0) | score),
            event=drawn.event,
        )

    def limits(self, margin: float, level: float, side: int) -> Floats:
        """Return the x from which (side 1), or up to which (−1), the margin is that far away (D,), or a value
        beyond all if there is none.

        By bisection, as the distance grows with x on either side of the margin.
        """
        t = float(intervals.t_quantile(2 * level - 1, max(self.df, LEAST_DF)))
        near, far = np.full(len(self.fixed), -margin), np.full(len(self.fixed), side * 1.0)
        reached = self._beyond(far, margin, t, side)
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            beyond = self._beyond(middle, margin, t, side)
            near, far = np.where(beyond, near, middle), np.where(beyond, middle, far)
        return np.where(reached, far, side * BEYOND)

    def _beyond(self, x: Floats, margin: float, t: float, side: int) -> Bools:
        """Return whether a mean difference of x is at least t standard errors from −margin, on this side."""
        spread = Pivots(
            difference=x,
            variance=np.maximum(self.fixed - self.bent * x**2, 0.0),
            df=np.full(len(x), self.df),
            item_variance=np.maximum(self.square - x**2, 0.0),
            room=self.room,
            added=np.zeros(len(x)),
            event=np.asarray(self.event),
            averaged=np.asarray(float(self.event < 1 - WHOLE)),
        ).spread_at(-margin)
        return np.asarray(side * (x + margin) >= t * spread)


def _of_parts(test: Test, spread: Planned, n: float, attempts: float) -> Shares:
    """Return the shares if the difference has several components of spread, by the noncentral t at the
    expected pivot.
    """
    passed = power(test, spread, 0.0, n, attempts)
    worse = replace(test, goal="not-worse", margin=-test.margin)
    failed = power(worse, spread, 0.0, n, attempts)
    if test.goal == "same":
        failed = 2 * power(replace(worse, level=(1 + test.level) / 2), spread, 0.0, n, attempts)
    return Shares(passed=passed, unclear=max(1 - passed - failed, 0.0), failed=failed)


TRIALS = 4_000
BLOCK = 2_000_000
NEIGHBOURS = 5


def rehearse(
    d: Floats,
    codes: Ints | None,
    test: Test,
    *,
    effect: float,
    count: int,
    scale: float,
    rng: np.random.Generator,
    trials: int = TRIALS,
) -> float:
    """Return the share of draws of `count` clusters (items without them) that show the test's goal.

    `d` (n,): the pilot's differences. `codes` (n,): its clusters. `scale`: the factor of their spread.
    """
    e = (d - d.mean()) * scale + effect
    codes = np.arange(len(d)) if codes is None else codes
    powers = np.stack([np.ones(len(e)), e, e**2, e**3, e**4, np.abs(e)], axis=1)
    sums = group_sums(powers, codes, int(codes.max()) + 1)
    sums, whole = sums[np.argsort(sums[:, 0], kind="stable")], bool(np.isin(d, (-1.0, 0.0, 1.0)).all())
    found = [
        _shown(part, slots, test, averaged=not whole) for part, slots in _draws(sums, count, trials, rng)
    ]
    return float(np.concatenate(found).mean())


def _draws(
    sums: Floats, count: int, trials: int, rng: np.random.Generator
) -> Iterator[tuple[tuple[Floats, ...], Floats]]:
    """Yield the power sums of drawn clusters, four arrays (count, T), their sums of |d|, and the sizes of the
    clusters they replace.
    """
    held = len(sums)
    home = (
        (np.arange(count) % held)
        if count >= held
        else np.rint(np.linspace(0, held - 1, count)).astype(np.int64)
    )
    slots = sums[home, 0]
    even = bool((sums[:, 0] == sums[0, 0]).all())
    reach = held if even else min(max(NEIGHBOURS, held // 5), held)
    first = np.clip(home - reach // 2, 0, held - reach)
    for part in blocks(trials, count, BLOCK):
        drawn = first[:, None] + rng.integers(0, reach, (count, part.stop - part.start))
        share = slots[:, None] / sums[drawn, 0]
        yield tuple(share * sums[drawn, k] for k in range(1, 6)), slots


def _shown(parts: tuple[Floats, ...], totals: Floats, test: Test, *, averaged: bool) -> Bools:
    """Return in which draws the test reaches its goal (T,). `averaged`: differences aren't all 0 or ±1."""
    n = float(totals.sum())
    one, two, three, four, apart = (part.sum(axis=0) for part in parts)
    mean = one / n
    squares = two - n * mean**2
    fourths = four - 4 * mean * three + 6 * mean**2 * two - 3 * n * mean**4
    items = ItemSpread(squares=np.maximum(squares, 0.0), fourths=np.maximum(fourths, 0.0))
    term = Clustering(codes=None, totals=totals, total=n)
    events = Events.of(apart / n, two / n, weighted=False) if averaged else None
    found = pivots(
        column_sums(parts[0], totals, items, term, "CR2", events=events), "CR2", score=test.method == "score"
    )
    t = intervals.t_quantile(test.two_sided_level, found.df)
    if test.goal == "different":
        return np.asarray(np.abs(found.t_at(0.0)) > t)
    above, below = found.t_at(-test.margin) > t, found.t_at(test.margin) < -t
    return np.asarray(above if test.goal == "not-worse" else above & below)
