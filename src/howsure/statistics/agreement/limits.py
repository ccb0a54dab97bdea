"""Limits of an agreement coefficient: all true values that the one found isn't too far from, with the
variance that each of them would have.

A coefficient is 1 − O / E: O the mean disagreement of an item, E that by chance. Around a true value g, O −
(1 − g) E has mean 0, and a variance that depends on g: at full agreement next to none, so that an interval
from the variance at hand has no width there. As Wilson's interval of a share, this one takes at each g the
variance of a model with that agreement, times the design effect: the clustered variance at hand over the
model's at the value found, never below 1. Where nothing varies, items (clusters) are as good as one each.

The model of kappa and alpha: the ratings of an item are all alike with probability g, else drawn anew from
the shares of the values (a mixture; for two raters Donner and Eliasziw 1992). One item more, spread over all
values, is added to the shares there. The model of coefficients whose E hardly varies: disagreement comes in
events of the size at hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import degrees_of_freedom, variances
from howsure.statistics.means.intervals import t_quantile
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints

    Variances = Callable[[Floats], Floats]

LEAST = -1.0
STEPS, REFINED = 201, 3
SPREAD = 1.0
"""So many items, spread over all values, are added to the shares of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What limits need beside the value: its clustered `variance`, and `alone`, that of items by themselves;
    `units`, independent ones; `items`; degrees of freedom.
    """

    variance: float
    alone: float
    units: int
    items: int
    df: float


def design_effect(value: float, known: Spread, model: Variances) -> float:
    """Return how much larger the variance at hand is than the model's; at least 1, and items over clusters
    where nothing varies.

    That of items is at least the model's, whatever clusters make of it: so copies of items, as clusters,
    change nothing.
    """
    expected = float(model(np.array([value]))[0]) / known.items
    if min(known.variance, known.alone, expected) <= ROUNDING:
        return known.items / known.units
    return max(max(known.alone / expected, 1.0) * known.variance / known.alone, 1.0)


def spread_of(influence: Floats, clusters: Sequence[Ints]) -> Spread:
    """Return what limits need of a mean with these influences of items (n,)."""
    one = np.ones(len(influence))
    x = influence[:, None]
    return Spread(
        variance=float(variances(x, one, clusters, "CR2")[0]),
        alone=float(variances(x, one, (), "CR2")[0]),
        units=units_of(len(x), clusters),
        items=len(x),
        df=float(degrees_of_freedom(clusters, one, "CR2")),
    )


def units_of(items: int, clusters: Sequence[Ints]) -> int:
    """Return how many independent units there are: items, or the clusters of the coarser way."""
    return min((int(codes.max()) + 1 for codes in clusters), default=items)


def limits(value: float, known: Spread, model: Variances, level: float) -> tuple[float, float]:
    """Return the limits of a coefficient; `model`: its variance of one item at true values (K,)."""
    least = min(LEAST, value)
    if known.units < 2 or not math.isfinite(known.df):
        return least, 1.0
    reach = float(t_quantile(level, known.df)) ** 2 * design_effect(value, known, model) / known.items

    def inside(true: Floats) -> Bools:
        """Say which true values the seen one may have come from."""
        return np.asarray((value - true) ** 2 <= reach * model(true) + ROUNDING)

    return _outermost(inside, np.linspace(value, least, STEPS)), _outermost(
        inside, np.linspace(value, 1.0, STEPS)
    )


def _outermost(inside: Callable[[Floats], Bools], grid: Floats) -> float:
    """Return the last point of a grid that lies inside, refined."""
    for _ in range(REFINED):
        last = int(np.flatnonzero(inside(grid)).max(initial=0))
        if last == len(grid) - 1:
            break
        grid = np.linspace(grid[last], grid[last + 1], STEPS)
    return float(grid[last])


def mixture(shares: Floats, apart: Floats, chance: float, ratings: float, items: int) -> Variances:
    """Return the model of kappa and alpha, from the shares of values (q,), their distances (q, q), E, and the
    ratings an item has.
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
        """Return the variance that one item brings where the coefficient has these true values."""
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
        """Return the variance that one item brings where the coefficient has these true values."""
        rate = np.clip((1 - true) * chance, 0.0, 1.0)
        return np.asarray((size * rate - np.minimum(size, rate) * rate) / chance**2)

    return variance
