"""Agreement of raters: coefficients beyond chance, their limits, correlations, and the effective number of
raters.

How often each item got each value, the distance of two values, and the disagreement by chance.

Limits of an agreement coefficient: all true values that aren't rejected, each with the variance under it.

A coefficient is 1 − O / E: O the mean disagreement of an item, E that by chance. Around a true value g, O −
(1 − g) E has mean 0 and a variance that depends on g. At full agreement this is almost 0, so an interval from
the estimated variance would have no width. Like Wilson's interval of a share, this one uses, at each g, the
variance of a model with that agreement, times the design effect. The design effect is the estimated clustered
variance over the model's at the estimate, at least 1. If nothing varies, each cluster counts as one item.

The model of kappa and alpha: the ratings of an item are all equal with probability g, otherwise drawn
independently from the shares of the values (a mixture; for two raters Donner and Eliasziw 1992). One extra
item, spread over all values, is added to the shares there. The model of coefficients whose E hardly varies:
disagreement comes in events of the observed size.

Agreement beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha, Gwet's AC1 and AC2, and plain
agreement.

Each is 1 − O / E, O the mean distance of two ratings of an item and E that of two ratings by chance. They
differ in their model of chance. The standard error is that of the influences (each item's contribution),
clustered (CR2). The limits are those above. Cohen (1960, 1968), Fleiss (1971), Krippendorff (2004), Gwet
(2008, 2014).

Correlation of two raters' numbers, and the effective number of raters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.arrays import midranks
from howsure.statistics.clustered_variance import degrees_of_freedom, variances
from howsure.statistics.intervals import t_quantile
from howsure.statistics.means import mean
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Measurement

    Variances = Callable[[Floats], Floats]

    from howsure.statistics.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`counts` (n, q): how often each of n items got each of q values, at least two ratings per item.
    `numbers` (q,): the values, rising.
    """

    counts: Floats
    numbers: Floats

    @property
    def ratings(self) -> Floats:
        """The number of ratings of each item (n,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def shares(self) -> Floats:
        """The share of each value among an item's ratings (n, q)."""
        return self.counts / self.ratings[:, None]


def nominal(values: int) -> Floats:
    """Return the distances (q, q) of values that are equal or not."""
    return 1.0 - np.eye(values)


def distances(numbers: Floats, measurement: Measurement) -> Floats:
    """Return the distances (q, q) of values, the largest 1: by their ranks if they are in order, squared if
    their differences count.
    """
    if measurement == "nominal" or len(numbers) <= 2:
        return nominal(len(numbers))
    places = np.arange(len(numbers), dtype=float) if measurement == "ordinal" else numbers
    apart = np.abs(places[:, None] - places) / (places[-1] - places[0])
    return np.asarray(apart if measurement == "ordinal" else apart**2)


def cumulative(shares: Floats) -> Floats:
    """Return the ratings between two ordered values (q, q), counting half of those at the ends (Krippendorff
    2004), as a share.
    """
    below = np.cumsum(shares) - shares / 2
    return np.abs(below[:, None] - below)


def differences(found: Counts, apart: Floats) -> Floats:
    """Return the mean distance of the pairs of ratings of each item (n,)."""
    many = found.ratings
    return np.asarray((found.counts * (found.counts @ apart)).sum(axis=1) / (many * (many - 1)))


LEAST = -1.0
STEPS, REFINED = 201, 3
SPREAD = 1.0
"""This many items, spread over all values, are added to the shares of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientSpread:
    """The terms of limits other than the value: its clustered `variance`, `alone` (that of independent
    items), the independent `units`, the `items`, and the degrees of freedom.
    """

    variance: float
    alone: float
    units: int
    items: int
    df: float


def design_effect(value: float, known: CoefficientSpread, model: Variances) -> float:
    """Return the ratio of the estimated variance to the model's, at least 1, or items per cluster if nothing
    varies.

    The variance of independent items is set to at least the model's, so that copies of items, as clusters,
    change nothing.
    """
    expected = float(model(np.array([value]))[0]) / known.items
    if min(known.variance, known.alone, expected) <= ROUNDING:
        return known.items / known.units
    return max(max(known.alone / expected, 1.0) * known.variance / known.alone, 1.0)


def spread_of(influence: Floats, clusters: Sequence[Ints]) -> CoefficientSpread:
    """Return the terms of limits for a mean with these influences of items (n,)."""
    one = np.ones(len(influence))
    x = influence[:, None]
    return CoefficientSpread(
        variance=float(variances(x, one, clusters, "CR2")[0]),
        alone=float(variances(x, one, (), "CR2")[0]),
        units=units_of(len(x), clusters),
        items=len(x),
        df=float(degrees_of_freedom(clusters, one, "CR2")),
    )


def units_of(items: int, clusters: Sequence[Ints]) -> int:
    """Return the number of independent units: items, or the clusters of the coarser clustering."""
    return min((int(codes.max()) + 1 for codes in clusters), default=items)


def limits(value: float, known: CoefficientSpread, model: Variances, level: float) -> tuple[float, float]:
    """Return the limits of a coefficient. `model`: its variance of one item at true values (K,)."""
    least = min(LEAST, value)
    if known.units < 2 or not math.isfinite(known.df):
        return least, 1.0
    reach = float(t_quantile(level, known.df)) ** 2 * design_effect(value, known, model) / known.items

    def inside(true: Floats) -> Bools:
        """Return which true values are compatible with the estimate."""
        return np.asarray((value - true) ** 2 <= reach * model(true) + ROUNDING)

    return _outermost(inside, np.linspace(value, least, STEPS)), _outermost(
        inside, np.linspace(value, 1.0, STEPS)
    )


def _outermost(inside: Callable[[Floats], Bools], grid: Floats) -> float:
    """Return the last point of a grid that is inside, refined."""
    for _ in range(REFINED):
        last = int(np.flatnonzero(inside(grid)).max(initial=0))
        if last == len(grid) - 1:
            return float(grid[last])
        grid = np.linspace(grid[last], grid[last + 1], STEPS)
    return float(grid[0])


def mixture(shares: Floats, apart: Floats, chance: float, ratings: float, items: int) -> Variances:
    """Return the model of kappa and alpha, from the shares of values (q,), their distances (q, q), E, and the
    ratings per item.
    """
    p = (shares * items + SPREAD / len(shares)) / (items + SPREAD)
    far = apart @ p
    mean, square, far_square = p @ far, p @ (apart**2 @ p), p @ far**2
    pairs = ratings * (ratings - 1) / 2
    unlike = (
        square + 2 * (ratings - 2) * far_square + (ratings - 2) * (ratings - 3) / 2 * mean**2
    ) / pairs  # E[o²] of unlike ratings
    alone = mean**2 + (far_square - mean**2) / ratings
    joint = (2 * far_square + (ratings - 2) * mean**2) / ratings

    def variance(true: Floats) -> Floats:
        """Return the variance of one item if the coefficient has these true values."""
        like = np.clip(true, 0.0, 1.0)
        rest, less = 1 - like, 1 - true
        own = rest * unlike - (rest * mean) ** 2
        by_chance = like * far_square + rest * alone - mean**2
        both = rest * joint - rest * mean**2
        return np.asarray((own + 4 * less**2 * by_chance - 4 * less * both) / chance**2)

    return variance


def events(disagreement: Floats, chance: float) -> Variances:
    """Return the model of coefficients whose chance disagreement hardly varies, from each item's disagreement
    (n,).
    """
    size = (float(disagreement @ disagreement) + SPREAD) / (float(disagreement.sum()) + SPREAD)

    def variance(true: Floats) -> Floats:
        """Return the variance of one item if the coefficient has these true values."""
        rate = np.clip((1 - true) * chance, 0.0, 1.0)
        return np.asarray((size * rate - np.minimum(size, rate) * rate) / chance**2)

    return variance


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A coefficient's value, each item's influence on it (n,), and its variance at other true values."""

    value: float
    influence: Floats
    model: Variances


def agreed(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate the share of pairs of ratings that agree or, for ordered values, how close they are."""
    like = 1 - differences(found, distances(found.numbers, measurement))
    whole = bool((found.ratings == 2).all() and np.isin(like, (0.0, 1.0)).all())
    return mean(like, attempts=np.ones(len(like)) if whole else None, clusters=clusters, level=level)


def fleiss(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate Fleiss' kappa: chance draws from the shares of all raters together. Weighted if values are
    ordered.
    """
    apart, share = distances(found.numbers, measurement), found.shares.mean(axis=0)
    far = apart @ share
    chance = float(share @ far)
    by_chance = 2 * (found.shares @ far) - chance
    pooled = _Parts(disagreement=differences(found, apart), chance=chance, by_chance=by_chance)
    return _estimate("fleiss", pooled.found(_mixed(found, apart, chance)), found, clusters, level)


def cohen(
    values: Ints, numbers: Floats, measurement: Measurement, clusters: Sequence[Ints], level: float
) -> Estimate:
    """Estimate Cohen's kappa of two raters' values (n, 2), places in `numbers` (q,): chance draws from each
    rater's own shares.
    """
    first, second = values.T
    eye, apart = np.eye(len(numbers)), distances(numbers, measurement)
    one, two = eye[first].mean(axis=0), eye[second].mean(axis=0)
    chance = float(one @ apart @ two)
    by_chance = (apart @ two)[first] + (apart @ one)[second] - chance
    both = Counts(counts=eye[first] + eye[second], numbers=numbers)
    own = _Parts(disagreement=apart[first, second], chance=chance, by_chance=by_chance)
    return _estimate("cohen", own.found(_mixed(both, apart, chance)), both, clusters, level)


def krippendorff(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate Krippendorff's alpha: chance draws two of all ratings without replacement. All ratings have
    equal weight.
    """
    many = found.ratings
    weight, total = many / many.mean(), float(many.sum())
    share = found.counts.sum(axis=0) / total
    ordered = measurement == "ordinal" and len(share) > 2
    apart = cumulative(share) ** 2 if ordered else distances(found.numbers, measurement)
    largest = float(apart.max())
    apart = apart / largest if largest > 0 else apart
    far = apart @ share
    chance = float(share @ far)
    if ordered and chance > ROUNDING:
        # The influence of a value's share (q,) on alpha through the distances between others, a term of the
        # slope of chance. How much of each value g is between two others (q, q, q): all values within, half
        # of both ends.
        values = len(share)
        one, other, g = np.indices((values, values, values))
        low, high = np.minimum(one, other), np.maximum(one, other)
        ends = ((g == low) | (g == high)) & (low < high)
        between = np.asarray(np.where((low < g) & (g < high), 1.0, np.where(ends, 0.5, 0.0)))
        root, inner = np.sqrt(apart), between
        each = found.counts * (weight / (found.ratings * (found.ratings - 1)) / len(weight))[:, None]
        seen = each.T @ found.counts - np.diag(each.sum(axis=0))
        steep = 2 / float(cumulative(share).max()) * np.einsum("kl,klg->gkl", root, inner)
        observed, expected = (
            (steep * seen).sum(axis=(1, 2)),
            (steep * np.outer(share, share)).sum(axis=(1, 2)),
        )
        ratio = float((seen * apart).sum()) / chance
        bent = np.asarray(expected - observed / ratio if ratio > 0 else expected) / 2
        far = far + bent
    left = (total - 1) / total  # whose ratings can't be paired with themselves
    parts = _Parts(
        disagreement=left * weight * differences(found, apart),
        chance=chance,
        by_chance=weight * (2 * (found.shares - share) @ far + chance),
    )
    return _estimate("krippendorff", parts.found(_mixed(found, apart, chance)), found, clusters, level)


def gwet(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate Gwet's AC1, or AC2 if values are ordered: by chance, raters agree only on what they guess.

    There are at least two values: if all raters gave one, they could have given another.
    """
    apart, share = distances(found.numbers, measurement), found.shares.mean(axis=0)
    q = max(len(share), 2)
    guessed = float((1 - apart).sum()) / (q * (q - 1)) if len(share) > 1 else 1.0
    chance = 1 - guessed * float(share @ (1 - share))
    slope = -guessed * (1 - 2 * share)
    parts = _Parts(
        disagreement=differences(found, apart),
        chance=chance,
        by_chance=chance + (found.shares - share) @ slope,
    )
    return _estimate("gwet", parts.found(events(parts.disagreement, chance)), found, clusters, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Each item's disagreement (n,), that by chance, and each item's contribution to the latter (n,),
    including its mean.
    """

    disagreement: Floats
    chance: float
    by_chance: Floats

    def found(self, model: Variances | None) -> _Found | None:
        """Return the coefficient, None if chance gives no disagreement."""
        if self.chance <= ROUNDING or model is None:
            return None
        ratio = float(self.disagreement.mean()) / self.chance
        return _Found(
            value=1 - ratio, influence=(ratio * self.by_chance - self.disagreement) / self.chance, model=model
        )


def _mixed(found: Counts, apart: Floats, chance: float) -> Variances | None:
    if chance <= ROUNDING:
        return None
    return mixture(found.shares.mean(axis=0), apart, chance, float(found.ratings.mean()), len(found.counts))


def _estimate(
    name: str, found: _Found | None, counts: Counts, clusters: Sequence[Ints], level: float
) -> Estimate:
    if found is None:
        return undefined(name, len(counts.counts), clusters, level)
    spread = spread_of(found.influence, clusters)
    low, high = limits(found.value, spread, found.model, level)
    return Estimate(
        value=found.value,
        se=math.sqrt(max(spread.variance, 0.0)) if spread.units > 1 else math.nan,
        interval=Interval(low=low, high=high, level=level),
        df=spread.df,
        n_items=spread.items,
        n_clusters=spread.units,
        method=Method(name=name, variance="CR2"),
    )


def undefined(name: str, n: int, clusters: Sequence[Ints], level: float) -> Estimate:
    """Return the estimate of a coefficient if nothing varies: any value is possible."""
    return Estimate(
        value=math.nan,
        se=math.nan,
        interval=Interval(low=-1.0, high=1.0, level=level),
        df=math.nan,
        n_items=n,
        n_clusters=units_of(n, clusters),
        method=Method(name=name, variance="CR2"),
    )


FEWEST = 4


def correlation(
    first: Floats, second: Floats, *, ranks: bool, clusters: Sequence[Ints], level: float
) -> Estimate:
    """Estimate Pearson's correlation of two raters' numbers (n,), or Spearman's with `ranks`.

    Limits are those of the coefficients (`limits`), with the variance (1 − r²)² of a normal pair times the
    design effect. So they are at least as wide as Fisher's (1921).
    """
    if ranks:
        first, second = midranks(first), midranks(second)
    n = len(first)
    one, two = _standard(first), _standard(second)
    if n < FEWEST or one is None or two is None:
        return undefined("correlation", n, clusters, level)
    value = float(np.clip((one * two).mean(), -1.0, 1.0))
    influence = one * two - value * (one**2 + two**2) / 2
    known = spread_of(influence, clusters)
    found = limits(value, known, lambda true: (1 - true**2) ** 2 * n / (n - 3), level)
    return Estimate(
        value=value,
        se=math.sqrt(max(known.variance, 0.0)) if known.units > 1 else math.nan,
        interval=Interval(low=max(found[0], -1.0), high=found[1], level=level),
        df=known.df,
        n_items=n,
        n_clusters=known.units,
        method=Method(name="correlation", variance="CR2"),
    )


def independent(errors: Floats, clusters: Sequence[Ints], level: float) -> tuple[float, Interval]:
    """Return the effective number of independent raters, from their errors (n, m), and an interval.

    It is the mean variance of one rater's errors over the variance of the mean of all. In Kish (1965) it is m
    / (1 + (m − 1) r), r the mean correlation. The interval is on the logarithmic scale, from the items'
    influences.
    """
    n, raters = errors.shape
    apart = errors - errors.mean(axis=0)
    alone, joint = (apart**2).mean(axis=1), apart.mean(axis=1) ** 2
    if n <= 1 or alone.mean() <= ROUNDING or joint.mean() <= ROUNDING:
        return math.nan, Interval(low=1.0, high=float(raters), level=level)
    value = float(alone.mean() / joint.mean())
    known = spread_of(alone / alone.mean() - joint / joint.mean(), clusters)
    if not math.isfinite(known.df):
        return value, Interval(low=min(value, 1.0), high=max(value, float(raters)), level=level)
    reach = math.exp(float(t_quantile(level, known.df)) * math.sqrt(max(known.variance, 0.0)))
    return value, Interval(low=max(value / reach, min(value, 1.0)), high=value * reach, level=level)


def _standard(x: Floats) -> Floats | None:
    """Return numbers with mean 0 and variance 1, None if they don't vary."""
    apart = x - x.mean()
    scale = math.sqrt(float((apart**2).mean()))
    return np.asarray(apart / scale) if scale > ROUNDING * max(float(np.abs(x).max()), 1.0) else None
