"""Power of the comparison of two models, the questions that it needs, and the smallest difference that it can show.

The variance of a mean difference over n items with K attempts each is (crowd · between + within + answer / K) / n, with
`between` clusters and `within` them the variance of the items' true differences, `answer` that of one attempt's, and `crowd`
the size of a cluster as an item sees it (Miller 2024, section 5, with clusters of Kish 1965). Power is that of the test that
`compare` makes, its pseudo-items and degrees of freedom taken at their expected values, by the noncentral t distribution.
Method "z" is the paper's formula: n = (z + z_power)² V / effect².

Assumes: clusters (items where there are none) are independent draws, and so many of them that means are about normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from howsure.methods import intervals, pseudo
from howsure.methods.sizes import ClusterSizes, equal_sizes

if TYPE_CHECKING:
    from howsure.options import Goal, PlanMethod

MOST_ITEMS = 10**9
NORMAL_DF = 1e6
"""Degrees of freedom from which on t is taken as normal."""
LARGE, MIDPOINTS = 20.0, (np.arange(4_000) + 0.5) / 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What one item adds to the variance of a mean difference, in squared score units.

    `within` clusters, `between` them, `answer`: of one attempt, both models' together. `sizes`: how items come in clusters;
    `clusters`: hold their number fixed, so that they grow instead; None lets their number grow. `events`: how many discordant
    items an item is worth, (E e²)² / E e⁴; NaN takes the variance, as for right-or-wrong answers.
    """

    within: float
    between: float = 0.0
    answer: float = 0.0
    sizes: ClusterSizes = field(default_factory=equal_sizes)
    clusters: float | None = None
    events: float = math.nan

    def of_item(self, attempts: float) -> float:
        """Return the variance of one item's difference, clusters left aside."""
        return max(self.between, 0.0) + self.within + self.answer / attempts

    def of_mean(self, n: float, attempts: float) -> float:
        """Return the variance of the mean difference over n items with so many attempts each (infinite is allowed)."""
        return max(self.at(n).crowd * self.between + self.within + self.answer / attempts, 0.0) / n

    def at(self, n: float) -> ClusterSizes:
        """Return the clusters of n items."""
        if self.clusters is None:
            return self.sizes
        return ClusterSizes(size=n / self.clusters, relative=self.sizes.relative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What is to be shown: a `goal` ("different", "not-worse", "same") by a `method`, at a `level`, within a `margin`.

    "different" is two-sided, the others one-sided at the level, as `compare` has them.
    """

    goal: Goal = "different"
    method: PlanMethod = "pseudo-items"
    level: float = 0.95
    margin: float = 0.0

    @property
    def two_sided_level(self) -> float:
        """The level of the two-sided interval that decides."""
        return self.level if self.goal == "different" else 2 * self.level - 1


def power(test: Test, spread: Spread, effect: float, n: float, attempts: float) -> float:
    """Return the chance that the test shows its goal when the true difference is `effect`, with n items.

    >>> textbook = Spread(within=1 / 9)
    >>> round(power(Test(method="z"), textbook, 0.03, 969, 1), 3)
    0.8
    """
    centre, own, shown, df = _expected(test.method, spread, effect, n, attempts)
    if not df > 0:
        return 0.0
    reach = float(intervals.t_quantile(test.two_sided_level, df)) * shown / own if own > 0 else 0.0
    if own <= 0:
        return float(abs(centre) > 0 if test.goal == "different" else centre + test.margin > 0)
    if test.goal == "different":
        return _below(-reach, df, centre / own) + 1 - _below(reach, df, centre / own)
    above = 1 - _below(reach, df, (centre + test.margin) / own)
    if test.goal == "not-worse":
        return above
    return max(above - (1 - _below(-reach, df, (centre - test.margin) / own)), 0.0)


def items_needed(test: Test, spread: Spread, effect: float, attempts: float, target: float) -> float:
    """Return the fewest items (whole clusters) that reach this power; infinite where none do, up to a billion.

    >>> items_needed(Test(method="z"), Spread(within=1 / 9), 0.03, 1, 0.8)
    969.0
    """
    step = spread.sizes.size if spread.clusters is None else spread.clusters

    def enough(units: int) -> bool:
        return power(test, spread, effect, units * step, attempts) >= target

    most = max(int(MOST_ITEMS / step), 2)
    if not enough(most):
        return math.inf
    low, high = 1, 2
    while not enough(high):
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return math.ceil(high * step - 1e-9) * 1.0


def smallest_effect(test: Test, spread: Spread, n: float, attempts: float, target: float, *, most: float) -> float:
    """Return the smallest true difference that n items show with this power; infinite where none up to `most` is.

    For "not-worse" it is the smallest margin, for "same" as well: the true difference is then 0.

    >>> round(smallest_effect(Test(method="z"), Spread(within=1 / 9, answer=2 / 6), 198, 1, 0.8, most=1), 4)
    0.1327
    """

    def short(size: float) -> float:
        if test.goal == "different":
            return power(test, spread, size, n, attempts) - target
        asked = Test(goal=test.goal, method=test.method, level=test.level, margin=size)
        return power(asked, spread, 0.0, n, attempts) - target

    if not math.isfinite(most):
        most = 100 * math.sqrt(spread.of_mean(n, attempts)) + 1e-12
    if short(most) < 0:
        return math.inf
    return float(optimize.brentq(short, 0.0, most, xtol=1e-12)) if short(0.0) < 0 else 0.0


def standard_error(spread: Spread, n: float, attempts: float) -> float:
    """Return the SE of the mean difference."""
    return math.sqrt(spread.of_mean(n, attempts))


def formula(test: Test, variance: float, effect: float, target: float) -> float:
    """Return the paper's number of items: (z + z_power)² V / effect², rounded up; for margins as in Chow et al. (2008).

    `variance`: what one item adds, V. `effect`: for a margin the distance from it.
    """
    z = float(intervals.t_quantile(test.two_sided_level, math.inf))
    beta = 1 - target if test.goal != "same" else (1 - target) / 2
    size = abs(effect) if test.goal == "different" else test.margin + effect
    if test.goal == "same":
        size = test.margin - abs(effect)
    if size <= 0:
        return math.inf
    return math.ceil((z - float(special.ndtri(beta))) ** 2 * variance / size**2 - 1e-9)


def _below(t: float, df: float, noncentrality: float) -> float:
    """Return P(T ≤ t) of the noncentral t distribution."""
    if df >= NORMAL_DF:
        return float(special.ndtr(t - noncentrality))
    chance = float(special.nctdtr(df, noncentrality, t))
    if not math.isnan(chance) and abs(noncentrality) < LARGE:
        return chance
    spread = np.sqrt(special.chdtri(df, MIDPOINTS) / df)  # SciPy's function gives NaN or wrong values far out
    return float(special.ndtr(t * spread - noncentrality).mean())


def _expected(
    method: PlanMethod, spread: Spread, effect: float, n: float, attempts: float
) -> tuple[float, float, float, float]:
    """Return the pivot's centre, its true standard error, the one it shows, and its degrees of freedom, as expected."""
    variance, sizes = spread.of_mean(n, attempts), spread.at(n)
    own = math.sqrt(variance)
    if method != "pseudo-items":
        return effect, own, own, sizes.df(n, "miller" if method == "z" else "CR2")
    weight = 1.0 if sizes.single else _pseudo_weight(spread, variance, n, attempts)
    added = pseudo.PSEUDO * weight
    kept = n / (n + added)
    shift = effect * (1 - kept)
    centre = effect - shift
    around = variance * n**2 + shift**2 * n * sizes.crowd + pseudo.PSEUDO * (1 + centre**2) * weight**2
    df = sizes.df(n, "CR2", pseudo.PSEUDO) + (added - pseudo.PSEUDO) / sizes.crowd
    return centre, own * kept, math.sqrt(around) / (n + added), df


def _pseudo_weight(spread: Spread, variance: float, n: float, attempts: float) -> float:
    item, sizes = spread.of_item(attempts), spread.at(n)
    events = item if math.isnan(spread.events) else spread.events
    squares = np.asarray(n * item)
    around = pseudo.ItemSpread(squares=squares, fourths=squares**2 / max(n * events, 1e-12))
    held = pseudo.ClusterSizes(average=np.asarray(sizes.crowd), count=np.asarray(n / sizes.size))
    return float(pseudo.pseudo_weight(variance, around, n, held))
