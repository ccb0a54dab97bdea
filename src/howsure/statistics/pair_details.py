"""All pairs of models at once: the parts of a comparison other than the difference and its test.

Limits of every pair's interval, wins and ties, correlations, and the SE without pairing, from products of
matrices as in all_pairs.py, without a loop over pairs. Memory: a few arrays of M × M, and one of n × M per
distinct score, up to 64 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics import intervals
from howsure.statistics.arrays import Bools, Floats, Ints, above, blocks
from howsure.statistics.clustered_variance import clusterings, covariance, own_clusterings, variance_of
from howsure.statistics.pair_moments import PairMoments, of_both_sides, squared_differences
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from howsure.statistics.clustered_variance import VarianceChoice

FEW_LEVELS = 64
BLOCK = 2_000_000
"""How many cells are compared at a time if there are many distinct scores, or for pairs with missing items.
"""
MOST_ODD = 400_000_000
"""The largest items × pairs for which the SEs without pairing and without clusters are computed for pairs
with missing items.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDetails:
    """Arrays (M, M). Entry [i, j] is about i and j on the items that both answered.

    `mean`: i's score on the items that j answered as well. `wins`: items on which i scores higher than j.
    `ties`: items with equal scores. `correlation` of item scores, NaN if one never varies. `unpaired_se`: the
    SE of the difference without pairing. `unclustered_se`: if items were independent, NaN without clusters.
    """

    mean: Floats
    wins: Ints
    ties: Ints
    correlation: Floats
    unpaired_se: Floats
    unclustered_se: Floats


def pair_limits(
    x: Floats,
    moments: PairMoments,
    *,
    level: float | Floats,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    reach: float = np.inf,
    net_wins: bool = True,
    squares: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return the limits of every pair's own interval (M, M), as in `difference`, NaN if there are none.

    `x` (n, M): scores, NaN if missing. `moments`: of their pairs. `level`: one for all, or one each (M, M).
    `reach`: the largest possible difference. `net_wins`: lengthen them if few items differ, see
    differences.py. `squares` (M, M): Σ (d − d̄)², None for that of x.
    """
    if not net_wins:
        return moments.limits(level, reach)
    wins, items = net_wins_of_items(x, moments, clusters, weights, squares)
    return lengthened(moments, wins, items, level, reach)


def lengthened(
    moments: PairMoments, wins: Floats, items: Floats, level: float | Floats, reach: float
) -> tuple[Floats, Floats]:
    """Return the limits of every pair, allowing for losses that may be unobserved given so few net wins
    (counted in events on effective items, and these items, M × M).
    """

    def upper(level: ArrayLike) -> Floats:
        """Return the upper limits at a level."""
        high, tail = moments.upper(level, reach), (1 + np.asarray(level)) / 2
        room = _room(wins, items, tail, where=np.isfinite(high), beyond=high / moments.event)
        return np.minimum(np.maximum(high, moments.event * room), reach)

    return of_both_sides(upper, level)


def _room(losses: Floats, items: Floats, level: Floats, *, where: Bools, beyond: Floats) -> Floats:
    """Return the limits of net losses that may be beyond the other limits, otherwise −∞.

    Most aren't, and a bound rules them out in a fraction of the time: the exact limit is below the Poisson
    one, which is below Laurent and Massart's (2000, lemma 1) for a χ² quantile. For the others, a test of the
    other limit's value is equivalent.
    """
    level = np.broadcast_to(level, losses.shape)
    far = -np.log1p(-level)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = (losses + 1 + np.sqrt(2 * (losses + 1) * far) + far) / items
        near = where & (losses >= 0) & ~(most < beyond)
    near[near] = ~intervals.net_limit_below(beyond[near], losses[near], items[near], level[near])
    room = np.full(losses.shape, -np.inf)
    room[near] = intervals.net_limit(losses[near], items[near], level[near])
    return room


def pair_details(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    variance: VarianceChoice = "CR2",
) -> PairDetails:
    """Return the details of every two columns of x (n, M), NaN if a model has no score for an item.

    >>> import numpy as np
    >>> found = pair_details(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]))
    >>> int(found.wins[0, 1]), int(found.wins[1, 0]), int(found.ties[0, 1])
    (2, 1, 1)
    """
    w = np.ones(len(x)) if weights is None else weights
    has = (~np.isnan(x)).astype(float)
    shared = np.rint(has.T @ has).astype(np.int64)
    wins = _wins(x)
    full = np.flatnonzero(has.all(axis=0))
    unpaired, unclustered = _errors(x, full, w, clusters, variance)
    _fill_odd(unpaired, unclustered, x, w, clusters=clusters, variance=variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (np.nan_to_num(x) * w[:, None]).T @ has / ((has * w[:, None]).T @ has)
    return PairDetails(
        mean=mean,
        wins=wins,
        ties=shared - wins - wins.T,
        correlation=_correlation(x, has, w),
        unpaired_se=unpaired,
        unclustered_se=unclustered,
    )


def _wins(x: Floats) -> Ints:
    """Count the items on which i scores higher than j (M, M): one product per distinct score if these are
    few.
    """
    x, levels = _levelled(x)
    wins = np.zeros((x.shape[1], x.shape[1]))
    if len(levels) <= FEW_LEVELS:
        for level in levels[1:]:
            wins += (x == level).astype(float).T @ (x < level).astype(float)
        return np.rint(wins).astype(np.int64)
    for part in blocks(x.shape[1], x.size, BLOCK):
        wins[part] = (x[:, part, None] > x[:, None, :]).sum(axis=0)
    return wins.astype(np.int64)


def _levelled(x: Floats) -> tuple[Floats, Floats]:
    """Return the scores, with those equal up to rounding made equal, and the distinct ones (L,)."""
    levels = np.unique(x[~np.isnan(x)])
    first = levels[np.concatenate([[True], above(levels[1:], levels[:-1])])] if len(levels) else levels
    if len(first) == len(levels):
        return x, levels
    return np.where(np.isnan(x), np.nan, first[np.searchsorted(first, x, side="right") - 1]), first


def _correlation(x: Floats, has: Floats, w: Floats) -> Floats:
    """Return weighted correlations on shared items (M, M)."""
    middle = np.nanmean(x) if has.any() else 0.0
    y, weighted = np.where(has > 0, x - middle, 0.0), has * w[:, None]
    total = weighted.T @ has
    first = (y * w[:, None]).T @ has  # Σ w y_i over the items that i and j share
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = (y**2 * w[:, None]).T @ has
        own = squares - first**2 / total
        varies = own > ROUNDING * squares
        cross = (y * w[:, None]).T @ y - first * first.T / total
        r = cross / np.sqrt(own * own.T)
        return np.where(varies & varies.T, np.where(np.abs(r) < ROUNDING, 0.0, np.clip(r, -1.0, 1.0)), np.nan)


def _errors(
    x: Floats, full: Ints, w: Floats, clusters: Sequence[Ints], variance: VarianceChoice
) -> tuple[Floats, Floats]:
    """Return the SEs without pairing, and those with independent items, for the models that answered every
    item. NaN for the others, and without clusters.
    """
    unpaired, unclustered = np.full((2, x.shape[1], x.shape[1]), np.nan)
    at = np.ix_(full, full)
    if min(term.n_clusters for term in own_clusterings(clusters, w)) > 1:
        own = np.diagonal(covariance(x[:, full], w, clusters, variance))
        unpaired[at] = np.sqrt(np.maximum(own[:, None] + own[None, :], 0.0))
    if clusters and len(x) > 1:
        unclustered[at] = np.sqrt(
            np.maximum(squared_differences(covariance(x[:, full], w, (), variance)), 0.0)
        )
    return unpaired, unclustered


def _fill_odd(
    unpaired: Floats,
    unclustered: Floats,
    x: Floats,
    w: Floats,
    *,
    clusters: Sequence[Ints],
    variance: VarianceChoice,
) -> None:
    """Fill in the SEs of the pairs with missing items, block by block. They stay NaN if there are too
    many.
    """
    has = ~np.isnan(x)
    lacking = np.asarray(~has.all(axis=0))
    if not lacking.any():
        return
    i, j = np.nonzero(np.triu(lacking[:, None] | lacking[None, :], 1))
    if len(i) * len(x) > MOST_ODD:
        return
    y = np.nan_to_num(x)
    for part in blocks(len(i), len(x), BLOCK):
        rows, columns = i[part], j[part]
        mask = (has[:, rows] & has[:, columns]).astype(float)
        sides = [_masked_variance(y[:, k], mask, w, clusters, variance) for k in (rows, columns)]
        with np.errstate(invalid="ignore"):
            unpaired[rows, columns] = unpaired[columns, rows] = np.sqrt(np.maximum(sides[0] + sides[1], 0.0))
        if clusters:
            alone = np.sqrt(_masked_variance(y[:, rows] - y[:, columns], mask, w, (), variance))
            unclustered[rows, columns] = unclustered[columns, rows] = alone


def _masked_variance(
    x: Floats, mask: Floats, w: Floats, clusters: Sequence[Ints], variance: VarianceChoice
) -> Floats:
    """Return the variance of every column mean of x (n, P) over the items in its mask, NaN with fewer than
    two clusters.
    """
    weights, estimator = mask * w[:, None], variance_of(variance)
    count, total = mask.sum(axis=0), weights.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = (x - (weights * x).sum(axis=0) / total) * mask
        found, fewest = np.zeros(x.shape[1]), np.full(x.shape[1], np.inf)
        for term, sign in clusterings(clusters, w):
            there = (term.sums(mask) > 0).sum(axis=0)
            share = term.sums(weights) / total
            squares = estimator.inflation(share, there) * term.sums(centred * w[:, None]) ** 2
            found += sign * squares.sum(axis=0) / total**2
            fewest = np.minimum(fewest, there) if sign > 0 else fewest
        found += (w[:, None] * centred**2).sum(axis=0) * estimator.item_part(count) / total
    return np.where(fewest > 1, found, np.nan)


def net_wins_of_items(
    x: Floats,
    moments: PairMoments,
    clusters: Sequence[Ints],
    weights: Floats | None,
    squares: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return the net wins of every pair of columns of x (n, M), counted in events on effective items, and
    these items (M, M).
    """
    w = np.ones(len(x)) if weights is None else weights
    mask = (~np.isnan(x)).astype(float)
    squares = _squares(x, mask, w) if squares is None else squares
    return net_wins_of(moments, squares, lambda i, j: _effective_clusters(mask, clusters, w, i, j))


def net_wins_of(
    moments: PairMoments, squares: Floats, alike: Callable[[Ints, Ints], Floats | float]
) -> tuple[Floats, Floats]:
    """Return the net wins of every pair in effective items, and these items (M, M). `squares`: Σ (d − d̄)².
    `alike`: effective items of pairs whose items all have the same difference.
    """
    n = moments.shared.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        items = n / np.maximum(moments.variance * n**2 / squares, 1.0)
    flat = ~(squares > ROUNDING) & (n > 0)
    items[flat] = alike(*np.nonzero(flat))
    return moments.difference * items / moments.event, items


def _squares(x: Floats, mask: Floats, w: Floats) -> Floats:
    """Return Σ w (d − d̄)² of every pair, with weights scaled to mean 1 on its shared items."""
    if mask.all():
        centred = (x - w @ x / w.sum()) * np.sqrt(w)[:, None]
        return np.asarray(squared_differences(centred.T @ centred) * (len(w) / w.sum()))
    y, weighted = np.nan_to_num(x), mask * w[:, None]
    total, count = weighted.T @ mask, mask.T @ mask
    first = (y * w[:, None]).T @ mask
    second = (y**2 * w[:, None]).T @ mask
    cross = (y * w[:, None]).T @ y
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = second + second.T - 2 * cross - (first - first.T) ** 2 / total
        return np.asarray(squares * count / total)


def _effective_clusters(mask: Floats, clusters: Sequence[Ints], w: Floats, i: Ints, j: Ints) -> Floats:
    """Return (Σ W_g)² / Σ W_g² over the clusters of the items that pairs share, the smallest of two
    clusterings.
    """
    found = np.full(len(i), np.inf)
    for part in blocks(len(i), len(w), BLOCK):
        shared = mask[:, i[part]] * mask[:, j[part]] * w[:, None]
        for term in own_clusterings(clusters, w):
            sums = term.sums(shared)
            found[part] = np.minimum(found[part], sums.sum(axis=0) ** 2 / (sums**2).sum(axis=0))
    return found
