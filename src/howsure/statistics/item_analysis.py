"""Which items distinguish models at all, and the resolution of a task: from scores of items × models.

Four questions: on which items do models differ (`separation`), which items are negatively correlated with the
others (`discrimination`), how large must a difference be (`resolution`), and would other items rank the
models the same (`reliability`). All are computed from sums and matrix products. Memory is a few times that of
the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics import intervals
from howsure.statistics.arrays import Bools, Floats, Ints, blocks, log_choose, midranks
from howsure.statistics.clustered_variance import clustering
from howsure.statistics.multiplicity import benjamini_hochberg
from howsure.statistics.results import POWER
from howsure.statistics.tolerances import ROUNDED_SCORES, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.statistics.pair_moments import PairMoments

LEAST_MODELS = 8
"""Below this many models, a correlation over models isn't informative."""

SPLITS = 200
BLOCK_CELLS = 4_000_000
MANY_CLUSTERS = 50_000
"""With more clusters than this, halves are drawn as counts of each kind of cluster if kinds are few: the same
distribution in a fraction of the time.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """The models' results on each of n items.

    `mean` (n,): mean score of the models that answered, NaN if none did. `answered` (n,): how many did.
    `nobody`, `everybody` (n,): all of them have the worst, or the best, possible score. `alike` (n,): all of
    them have the same score. None of these applies to an item that fewer than two models answered.
    """

    mean: Floats
    answered: Ints
    nobody: Bools
    everybody: Bools
    alike: Bools

    @property
    def separating(self) -> Bools:
        """The items on which at least two models differ (n,)."""
        return (self.answered > 1) & ~self.alike


def separation(x: Floats, *, bounded: bool, lower_is_better: bool = False) -> Separation:
    """Return on which items of x (n, M) models differ. NaN marks a missing score.

    `bounded`: scores are in [0, 1], so that a worst and a best score exist.
    """
    there = ~np.isnan(x)
    answered = there.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.where(there, x, 0.0).sum(axis=1) / answered
    low, high = np.where(there, x, np.inf).min(axis=1), np.where(there, x, -np.inf).max(axis=1)
    several = answered > 1
    alike = several & (high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high)))
    zero, one = bounded & several & (high <= 0), bounded & several & (low >= 1)
    nobody, everybody = (one, zero) if lower_is_better else (zero, one)
    return Separation(mean=mean, answered=answered, nobody=nobody, everybody=everybody, alike=alike)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrimination:
    """The correlation of each of n items with all the others (n,), NaN if undefined.

    `correlation`: item-rest. `p_value`: of "negative", one-sided. `p_adjusted`: for the number of items.
    """

    correlation: Floats
    p_value: Floats
    p_adjusted: Floats


def discrimination(x: Floats, *, weights: Floats | None = None) -> Discrimination:
    """Correlate, over models, the score on each item of x (n, M) with the mean over the other items.

    The item-rest correlation of classical test theory (Henrysson 1963; Lord and Novick 1968). An item that
    good models fail and bad ones solve is likely mislabelled or broken. Missing scores: a model's mean is
    over the other items that it answered, each relative to the item's own mean, so that answering easy items
    isn't an advantage. Without missing scores this changes nothing. NaN if fewer than 8 models have both, or
    one of the two doesn't vary.

    p-values are of Student's t with M − 2 degrees of freedom, corrected over items (Benjamini and Hochberg
    1995). They are never below the chance of the most extreme order of the same scores, 1 / C(M, k) if an
    item has two different ones. They assume that models are an independent sample. For related models (one
    family, one base model) p-values are too small, so read a marked item before you remove it.
    """
    correlation, count = _item_rest(x, np.ones(len(x)) if weights is None else weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = correlation * np.sqrt((count - 2) / (1 - correlation**2))
    # 1 / C(M, k), the chance that exactly the k weakest of M models have the better of two scores, otherwise
    # 0.
    low, high = np.fmin.reduce(x, axis=1, keepdims=True), np.fmax.reduce(x, axis=1, keepdims=True)
    top = np.minimum((x == high).sum(axis=1), count)
    two = ((x == high) | (x == low) | np.isnan(x)).all(axis=1)
    log = -log_choose(count, top)
    rarest_order = np.where(two, np.exp(np.minimum(log, 0.0)), 0.0)
    p = np.maximum(scipy.special.stdtr(np.maximum(count - 2, 1), t), rarest_order)
    p[np.isnan(correlation)] = np.nan
    adjusted = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    adjusted[known] = benjamini_hochberg(p[known])
    return Discrimination(correlation=correlation, p_value=p, p_adjusted=adjusted)


def _item_rest(x: Floats, weights: Floats) -> tuple[Floats, Ints]:
    """Return the correlation of each item with the rest (n,), and the number of models behind it (n,)."""
    there, item = _deviations(x)
    total = weights @ there
    left = total - weights[:, None]
    there &= left > ROUNDING * weights.sum()
    count = there.sum(axis=1)
    rest = np.where(there, (weights @ item - weights[:, None] * item) / np.where(there, left, 1.0), 0.0)
    scale = np.abs(np.where(there, x, 0.0)).max(axis=1, initial=0.0)
    item, rest = _centred(item, there, count), _centred(rest, there, count)
    own, other = np.einsum("ij,ij->i", item, item), np.einsum("ij,ij->i", rest, rest)
    varies = (own > count * (ROUNDING * scale) ** 2) & (
        other > count * (ROUNDING * scale.max(initial=0.0)) ** 2
    )
    known = varies & (count >= LEAST_MODELS)
    product = np.sqrt(np.where(known, own, 1.0) * np.where(known, other, 1.0))
    return np.where(known, np.clip(np.einsum("ij,ij->i", item, rest) / product, -1.0, 1.0), np.nan), count


def _deviations(x: Floats) -> tuple[Bools, Floats]:
    """Return which scores exist, and each minus its item's mean, 0 for missing ones."""
    there = ~np.isnan(x)
    filled = np.where(there, x, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return there, np.where(there, filled - mean, 0.0)


def _centred(x: Floats, there: Bools, count: Ints) -> Floats:
    mean = np.where(there, x, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(there, x - mean[:, None], 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The differences that a task can detect, in score units, NaN if no two models can be compared.

    `smallest_gap`: significant for one pair. `planned_gap`: found with 80% power in one planned comparison.
    Both are the median over pairs. `neighbours`: how many differences between neighbouring places exceed the
    smallest one.
    """

    smallest_gap: float
    planned_gap: float
    neighbours: int


def resolution(pairs: PairMoments, level: float) -> Resolution:
    """Return the detectable differences, from all pairs of M models in the order of their places.

    One pair's interval has the half width t · SE, and for a true difference of (t + t₀.₈) · SE it excludes
    zero four times in five (Miller 2024, section 5; Cohen 1988). Neither is corrected for the number of
    pairs.
    """
    first, second = np.triu_indices(len(pairs.difference), 1)
    own = pairs.at((first, second))
    spread, df, room = np.sqrt(own.variance), own.df, own.room * (1 - own.averaged)
    t = intervals.t_quantile(level, df)
    left = 1 - t**2 * room  # |d| > t √(V + r d²)
    seen = t * spread / np.sqrt(np.where(left > 0, left, np.nan))
    smallest = _median(seen)
    planned = _median(seen + intervals.t_quantile(2 * POWER - 1, df) * spread)
    gaps = np.abs(np.diagonal(pairs.difference, offset=1))
    return Resolution(smallest_gap=smallest, planned_gap=planned, neighbours=int((gaps > smallest).sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How well another set of similar items would reproduce the models' scores and places: 1 is perfect.

    `scores`, `places`: from split halves, stepped up to the full length (Pearson, Spearman). `items`:
    Cronbach's alpha, over the `n_complete` items without a missing score. NaN with fewer than three models or
    if they don't differ.
    """

    scores: float
    places: float
    items: float
    n_complete: int


def reliability(
    x: Floats,
    *,
    clusters: Ints | None = None,
    weights: Floats | None = None,
    rng: np.random.Generator,
    splits: int = SPLITS,
) -> Reliability:
    """Split the items of x (n, M) into random halves and correlate the models' scores on the two.

    Whole clusters (codes (n,), None: each item is its own) go to one half, half of the clusters to each. The
    median correlation r over the splits is stepped up to the full length, 2r / (1 + r) (Spearman 1910; Brown
    1910), which assumes equal halves. With clusters of very different size it is too low. Missing scores are
    handled as in `discrimination`, and a model without more than half of the items is left out.

    Cronbach's (1951) alpha, KR-20 for right-or-wrong answers, is the mean over all equal halves of items and
    ignores clusters: if items of a cluster are correlated it is too high. NaN if most items lack a score.
    """
    x = x[:, 2 * np.isnan(x).sum(axis=0) <= len(x)]
    weights = np.ones(len(x)) if weights is None else weights
    complete = ~np.isnan(x).any(axis=1)
    pearson, spearman = (
        _median_agreement(x, clusters, weights, rng, splits) if x.shape[1] > 2 else (np.nan, np.nan)
    )
    enough = x.shape[1] > 2 and complete.sum() >= max(len(x) / 2, 2)
    return Reliability(
        scores=_stepped_up(pearson),
        places=_stepped_up(spearman),
        items=_cronbach(x[complete] * weights[complete, None]) if enough else np.nan,
        n_complete=int(complete.sum()),
    )


def _median_agreement(
    x: Floats, clusters: Ints | None, weights: Floats, rng: np.random.Generator, splits: int
) -> tuple[float, float]:
    there, deviation = _deviations(x)
    scale = float(np.abs(np.where(there, x, 0.0)).max(initial=0.0))
    codes = None if clusters is None else np.unique(clusters, return_inverse=True)[1]
    term = clustering(codes, weights)
    if term.n_clusters < 2:
        return np.nan, np.nan
    sums, sizes = term.sums(deviation * weights[:, None]), term.sums(there * weights[:, None])
    kinds = _kinds(sums, sizes) if term.n_clusters > MANY_CLUSTERS else None
    if kinds is not None and len(kinds[2]) * splits <= BLOCK_CELLS:
        sums, sizes, copies = kinds
        drawn = rng.multivariate_hypergeometric(copies, term.n_clusters // 2, splits, method="marginals")
        pearson, spearman = _agreement(drawn.astype(float), copies, sums, sizes, scale)
    else:
        found = [_agreement(half, 1, sums, sizes, scale) for half in halves(term.n_clusters, rng, splits)]
        pearson, spearman = np.concatenate(found, axis=1)
    return _median(pearson), _median(spearman)


def _kinds(sums: Floats, sizes: Floats) -> tuple[Floats, Floats, Ints]:
    """Return the distinct rows of clusters (C, M), and how many clusters have each.

    Rows are distinguished by a sum with random weights, which differs for different rows.
    """
    rows = np.column_stack([sums, sizes])
    _, first, copies = np.unique(
        rows @ np.random.default_rng(0).random(rows.shape[1]), return_index=True, return_counts=True
    )
    return sums[first], sizes[first], copies


def halves(n: int, rng: np.random.Generator, splits: int = SPLITS) -> Iterator[Floats]:
    """Yield blocks of random halves of n clusters: rows of n zeros and n // 2 ones, `splits` rows in all."""
    for part in blocks(splits, n, BLOCK_CELLS):
        order = rng.random((part.stop - part.start, n))
        drawn = np.zeros_like(order)
        np.put_along_axis(drawn, np.argpartition(order, n // 2, axis=1)[:, : n // 2], 1.0, axis=1)
        yield drawn


def _agreement(half: Floats, every: Ints | int, sums: Floats, sizes: Floats, scale: float) -> Floats:
    """Return Pearson's and Spearman's correlation of the models' scores on each half (S, C) of `every`
    cluster and its other: (2, S).

    NaN if a model has no score in one of the halves, or the models don't differ there.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [(side @ sums) / (side @ sizes) for side in (half, every - half)]
    rounded = np.rint(np.array(means) / (ROUNDED_SCORES * scale or 1.0))
    known = ~np.isnan(rounded).any(axis=(0, 2)) & (np.ptp(rounded, axis=2) > 0).all(axis=0)
    return np.where(known, _correlations(np.array([means, midranks(rounded)])), np.nan)


@np.errstate(divide="ignore", invalid="ignore")
def _correlations(sides: Floats) -> Floats:
    """Correlate the rows of the two sides (K, 2, S, M) with each other (K, S)."""
    a, b = np.moveaxis(sides - sides.mean(axis=-1, keepdims=True), 1, 0)
    squares = np.einsum("ksm,ksm->ks", a, a) * np.einsum("ksm,ksm->ks", b, b)
    return np.asarray(np.einsum("ksm,ksm->ks", a, b) / np.sqrt(squares))


def _cronbach(x: Floats) -> float:
    n, total = len(x), x.sum(axis=0)
    if np.ptp(total) <= ROUNDED_SCORES * n * np.abs(x).max():
        return np.nan
    return float(n / (n - 1) * (1 - x.var(axis=1, ddof=1).sum() / total.var(ddof=1)))


def _stepped_up(r: float) -> float:
    return 2 * r / (1 + r) if r > ROUNDED_SCORES - 1 else np.nan


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan
