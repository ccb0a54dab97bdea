"""Agreement beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha, Gwet's AC1 and AC2, and plain
agreement.

Each is 1 − O / E, O the mean distance of two ratings of an item and E that of two ratings by chance; they
differ in what chance is. Its error is that of its influences (what each item adds to it), clustered (CR2);
its limits are those of limits.py. Cohen (1960, 1968), Fleiss (1971), Krippendorff (2004), Gwet (2008, 2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.agreement.counts import Counts, cumulative, differences, distances
from howsure.statistics.agreement.limits import events, limits, mixture, spread_of, units_of
from howsure.statistics.means.mean import mean
from howsure.statistics.results import Estimate, Interval, Method
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.agreement.limits import Variances
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A coefficient's value, each item's influence on it (n,), and its variance at other true values."""

    value: float
    influence: Floats
    model: Variances


def agreed(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate the share of pairs of ratings that agree; of ordered values, how near they are."""
    like = 1 - differences(found, distances(found.numbers, measurement))
    whole = bool((found.ratings == 2).all() and np.isin(like, (0.0, 1.0)).all())
    return mean(like, attempts=np.ones(len(like)) if whole else None, clusters=clusters, level=level)


def fleiss(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate Fleiss' kappa: chance draws from the shares of all raters together. Weighted where values are
    in order.
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
    """Estimate Krippendorff's alpha: chance draws two of all ratings, without putting the first one back;
    each rating counts the same.
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
        far = far + _bent(found, weight, share, apart, chance)
    left = (total - 1) / total  # of which a rating can't be paired with itself
    parts = _Parts(
        disagreement=left * weight * differences(found, apart),
        chance=chance,
        by_chance=weight * (2 * (found.shares - share) @ far + chance),
    )
    return _estimate("krippendorff", parts.found(_mixed(found, apart, chance)), found, clusters, level)


def gwet(found: Counts, measurement: Measurement, clusters: Sequence[Ints], level: float) -> Estimate:
    """Estimate Gwet's AC1, or AC2 where values are in order: by chance, raters agree only on what they guess.

    There are two values at least: where all gave one, they could have given another.
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
    """Each item's disagreement (n,), that by chance, and what each item adds to the latter (n,), its mean
    included.
    """

    disagreement: Floats
    chance: float
    by_chance: Floats

    def found(self, model: Variances | None) -> _Found | None:
        """Return the coefficient, None where chance leaves nothing to disagree on."""
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


def _bent(found: Counts, weight: Floats, share: Floats, apart: Floats, chance: float) -> Floats:
    """Return what a value's share (q,) does to alpha by way of the distances between others, as part of the
    slope of chance.
    """
    root, inner = np.sqrt(apart), _between(len(share))
    each = found.counts * (weight / (found.ratings * (found.ratings - 1)) / len(weight))[:, None]
    seen = each.T @ found.counts - np.diag(each.sum(axis=0))
    steep = 2 / float(cumulative(share).max()) * np.einsum("kl,klg->gkl", root, inner)
    observed, expected = (steep * seen).sum(axis=(1, 2)), (steep * np.outer(share, share)).sum(axis=(1, 2))
    ratio = float((seen * apart).sum()) / chance
    return np.asarray(expected - observed / ratio if ratio > 0 else expected) / 2


def _between(values: int) -> Floats:
    """Return how much of each value g lies between two others (q, q, q): all of those within, half of both
    ends.
    """
    one, other, g = np.indices((values, values, values))
    low, high = np.minimum(one, other), np.maximum(one, other)
    ends = ((g == low) | (g == high)) & (low < high)
    return np.asarray(np.where((low < g) & (g < high), 1.0, np.where(ends, 0.5, 0.0)))


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
    """Return what is known of a coefficient where nothing varies: it could be all."""
    return Estimate(
        value=math.nan,
        se=math.nan,
        interval=Interval(low=-1.0, high=1.0, level=level),
        df=math.nan,
        n_items=n,
        n_clusters=units_of(n, clusters),
        method=Method(name=name, variance="CR2"),
    )
