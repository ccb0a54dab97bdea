"""Clustered variance: its estimators, clusters as strata, and profiles of cluster sizes.

The estimator: a mean over clustered items, its variance and its degrees of freedom.

Claim: SE² = Σ_g e_g² / (1 − q_g) / W², e_g the weighted sum of residuals of cluster g, q_g = W_g / W its
share of the weight. This is CR2 (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018) in closed form for a
mean. With each item its own cluster it is sd / √n. Degrees of freedom are Satterthwaite's under independence:
1 / [Σ q_g² + (Σ a_g)² − Σ a_g²] with a_g = q_g² / (1 − q_g). C equal clusters give C − 1. Assumes that
clusters are independent draws, but nothing about dependence within a cluster. With weights, the working model
is a variance inversely proportional to the weight, so that everything stays a function of the shares q_g (the
same as CR2 of √w·y on √w without a constant).

The estimators are objects, `CR2()`, `CR1()` (Σ e_g² · C/(C − 1) / W², as in statsmodels) and `Miller()`
(Miller 2024, section 2.2), and you may pass your own. Two clusterings at once: V = V_1 + V_2 − V_12 (Cameron,
Gelbach and Miller 2011), df the smaller of the two.

More items from the same clusters: clusters are strata, whose shares are fixed, and only items within them
are a sample.

Scores are shifted so that every cluster has the overall mean, and residuals within it are multiplied by √(1 /
(1 − w / W_g)) to correct for the subtracted mean. Treated as independent items, they have the overall mean
and the variance of a stratified sample, Σ_g W_g² s_g² / n_g / W² (Cochran 1977, section 5.4). Clusters of a
single item have no information about the spread within, so they are merged into one stratum.

Cluster sizes when a benchmark grows: a profile of cluster sizes, repeated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np
import scipy

from howsure.statistics.arrays import BLOCK_CELLS, blocks
from howsure.statistics.choices import chosen_object
from howsure.statistics.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Variance


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSums:
    """Sums over the clusters' shares q of the weight that degrees of freedom need, element by element.

    `count`: how many clusters. `squares`: Σ q². `leverages`: Σ a, and `leverage_squares`: Σ a², of a = q² /
    (1 − q), NaN if one cluster has all the weight.
    """

    count: Floats
    squares: Floats
    leverages: Floats
    leverage_squares: Floats

    @classmethod
    def of(cls, shares: Floats, copies: ArrayLike = 1.0) -> ShareSums:
        """Sum over the first axis of shares (C, …). `copies`: how often each occurs."""
        times = np.broadcast_to(np.asarray(copies, dtype=float), shares.shape)
        return cls.added(times, shares).summed()

    @classmethod
    def added(cls, times: Floats, shares: Floats) -> ShareSums:
        """Return the terms of single clusters, each repeated `times`."""
        a = np.full(shares.shape, np.nan)
        np.divide(shares**2, 1 - shares, out=a, where=shares < 1)
        there = times > 0
        parts = (np.where(there, times * part, 0.0) for part in (shares**2, a, a**2))
        squares, leverages, leverage_squares = parts
        return cls(count=times, squares=squares, leverages=leverages, leverage_squares=leverage_squares)

    @classmethod
    def equal(cls, count: ArrayLike) -> ShareSums:
        """Return the sums of this many equal clusters."""
        times = np.asarray(count, dtype=float)
        return cls.added(times, 1 / np.maximum(times, 1.0))

    def summed(self) -> ShareSums:
        """Sum over the first axis."""
        parts = (self.count, self.squares, self.leverages, self.leverage_squares)
        return ShareSums(**dict(zip(ShareSums.__slots__, (part.sum(axis=0) for part in parts), strict=True)))

    def __add__(self, other: ShareSums) -> ShareSums:
        return ShareSums(
            count=self.count + other.count,
            squares=self.squares + other.squares,
            leverages=self.leverages + other.leverages,
            leverage_squares=self.leverage_squares + other.leverage_squares,
        )

    def satterthwaite(self) -> Floats:
        """Return 1 / [Σ q² + (Σ a)² − Σ a²], NaN if one cluster has all the weight."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = 1 / (self.squares + self.leverages**2 - self.leverage_squares)
        return np.where(self.count > 1, found, np.nan)


VarianceChoice: TypeAlias = "Variance | VarianceEstimator"
"""A word, or your own object instead (docs/extending.md)."""


class VarianceEstimator(Protocol):
    """How residual sums of clusters become the variance of a mean: Σ_g inflation · e_g² / W², and its degrees
    of freedom.

    It implements a word of `Variance`, or is your own object, best a subclass of this one. Arrays are of any
    shape, and everything is element by element.
    """

    @property
    def name(self) -> str:
        """Its label in answers."""

    def inflation(self, shares: Floats, clusters: ArrayLike) -> Floats:
        """Return the factor of squared residual sums.

        `shares`: each cluster's share of the weight. `clusters`: their number. A cluster with all the weight
        gets 0, as a variance needs at least two clusters.
        """

    def df(self, sums: ShareSums) -> Floats:
        """Return the degrees of freedom, infinite for the normal distribution, NaN if there are none."""

    def item_part(self, n: ArrayLike) -> Floats:
        """Return the factor of the mean squared deviation of n items that is added to the variance."""
        return np.zeros(np.shape(n))


@dataclass(frozen=True, slots=True)
class CR2(VarianceEstimator):
    """Bell and McCaffrey's (2002) estimator, with Satterthwaite's degrees of freedom under independence."""

    name: ClassVar[str] = "CR2"

    def inflation(self, shares: Floats, clusters: ArrayLike) -> Floats:
        """Return 1 / (1 − q)."""
        del clusters
        rest = 1 - shares
        return np.asarray(np.divide(1.0, rest, out=np.zeros_like(rest), where=rest > 0))

    def df(self, sums: ShareSums) -> Floats:
        """Return Satterthwaite's degrees of freedom."""
        return sums.satterthwaite()


@dataclass(frozen=True, slots=True)
class CR1(VarianceEstimator):
    """The estimator of Stata and statsmodels."""

    name: ClassVar[str] = "CR1"

    def inflation(self, shares: Floats, clusters: ArrayLike) -> Floats:
        """Return C / (C − 1)."""
        count = np.broadcast_to(np.asarray(clusters, dtype=float), shares.shape)
        return np.asarray(np.divide(count, count - 1, out=np.zeros(shares.shape), where=count > 1))

    def df(self, sums: ShareSums) -> Floats:
        """Return C − 1."""
        return sums.count - 1


@dataclass(frozen=True, slots=True)
class Miller(VarianceEstimator):
    """The formula of Miller (2024), section 2.2, with the normal distribution: its within-item term divides
    by n − 1, the sandwich's by n.
    """

    name: ClassVar[str] = "miller"

    def inflation(self, shares: Floats, clusters: ArrayLike) -> Floats:
        """Return 1."""
        del clusters
        return np.ones(shares.shape)

    def df(self, sums: ShareSums) -> Floats:
        """Return infinity."""
        return np.full(np.shape(sums.count), np.inf)

    def item_part(self, n: ArrayLike) -> Floats:
        """Return 1 / (n − 1) − 1 / n, NaN for a single item."""
        n = np.asarray(n, dtype=float)
        with np.errstate(divide="ignore"):
            return np.where(n > 1, 1 / (n - 1) - 1 / n, np.nan)


VARIANCES: Mapping[str, VarianceEstimator] = {each.name: each for each in (CR2(), CR1(), Miller())}
"""The estimator for each word of `Variance`."""


def variance_of(choice: VarianceChoice) -> VarianceEstimator:
    """Return the estimator for a word, or your own. MethodError for anything else."""
    return chosen_object("variance", choice, VARIANCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """One clustering of n items, with the estimator's terms.

    `codes` (n,): cluster of each item, None if each item is its own. `totals` (C,): weight per cluster.
    `total`: the weight of all items.
    """

    codes: Ints | None
    totals: Floats
    total: float

    @property
    def n_clusters(self) -> int:
        """The number of clusters."""
        return len(self.totals)

    @property
    def shares(self) -> Floats:
        """q_g = W_g / W, shape (C,)."""
        return self.totals / self.total

    @property
    def effective(self) -> float:
        """The equivalent number of equal clusters: W² / Σ W_g²."""
        return self.total**2 / float(self.totals @ self.totals)

    def inflation(self, choice: VarianceChoice) -> Floats:
        """The factor of each squared cluster sum (C,)."""
        return variance_of(choice).inflation(self.shares, self.n_clusters)

    def df(self, choice: VarianceChoice) -> float:
        """Return the degrees of freedom."""
        equal = self.codes is None and not np.ptp(self.totals)
        sums = ShareSums.equal(self.n_clusters) if equal else ShareSums.of(self.shares)
        return float(variance_of(choice).df(sums))

    def sums(self, x: Floats) -> Floats:
        """Sum x (n, …) within clusters: (C, …)."""
        return x if self.codes is None else group_sums(x, self.codes, self.n_clusters)


def clustering(codes: Ints | None, weights: Floats) -> Clustering:
    """Describe one clustering of items with these weights (n,). Without codes each item is its own
    cluster.
    """
    totals = weights if codes is None else np.bincount(codes, weights=weights).astype(float)
    return Clustering(codes=codes, totals=totals, total=float(weights.sum()))


def moment_df(second: Floats, fourth: Floats, units: float) -> Floats:
    """Return the degrees of freedom of variances from the sums of squares and of fourth powers of their
    residuals, by the kurtosis of these (O'Neill 2014): n − 1 for normal ones.

    Fewer if a few units make most of the variance, as the positives do if they are rare.
    """
    if units < 2:
        return np.full(np.shape(second), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        kurtosis = units * fourth / second**2
        df = 2 * units / (kurtosis - (units - 3) / (units - 1))
    return np.asarray(np.where(second > 0, np.clip(df, 1.0, units - 1), units - 1))


def own_clusterings(codes: Sequence[Ints], weights: Floats) -> list[Clustering]:
    """Describe each clustering of items. Without any, each item is its own cluster."""
    return [clustering(code, weights) for code in codes] or [clustering(None, weights)]


def clusterings(codes: Sequence[Ints], weights: Floats) -> tuple[tuple[Clustering, int], ...]:
    """Return the signed terms of the variance: one for one clustering, V_1 + V_2 − V_12 for two."""
    terms = tuple((term, 1) for term in own_clusterings(codes, weights))
    if len(terms) == 1:
        return terms
    both = np.unique(np.stack(codes), axis=1, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return (*terms, (clustering(both, weights), -1))


def group_sums(x: Floats, codes: Ints, n_clusters: int) -> Floats:
    """Sum rows of x (n, …) by cluster: (C, …)."""
    if x.ndim == 1:
        return np.bincount(codes, weights=x, minlength=n_clusters).astype(float)
    if x.ndim == 2 and x.flags.f_contiguous:
        sums = np.zeros((x.shape[1], n_clusters))
        for own, column in zip(sums, x.T, strict=True):
            own[:] = np.bincount(codes, weights=column, minlength=n_clusters)
        return sums.T
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=n_clusters)
    filled = np.flatnonzero(counts)
    sums = np.zeros((n_clusters, *x.shape[1:]))
    starts = np.concatenate(([0], np.cumsum(counts[filled])[:-1]))
    sums[filled] = np.add.reduceat(x[order], starts, axis=0)
    return sums


def satterthwaite(shares: Floats) -> float:
    """Return Satterthwaite's degrees of freedom of a mean over clusters with these shares (C,)."""
    return float(ShareSums.of(shares).satterthwaite())


def covariance(x: Floats, weights: Floats, codes: Sequence[Ints], choice: VarianceChoice) -> Floats:
    """Return the covariance matrix (M, M) of the M column means of x (n, M) without missing values.

    With two clusterings it can be indefinite, even with a negative diagonal: see `degrees_of_freedom` and the
    callers, which warn.
    """
    variance, total = variance_of(choice), float(weights.sum())
    centred = x - weights @ x / total
    result = np.zeros((x.shape[1], x.shape[1]))
    for term, sign in clusterings(codes, weights):
        scaled = term.sums(centred * weights[:, None]) * np.sqrt(term.inflation(variance))[:, None]
        result += sign * (scaled.T @ scaled)
    result /= total**2
    part = float(variance.item_part(len(x)))
    return result + part * (centred.T @ (centred * weights[:, None])) / total if part else result


def cancelled(total: Floats, largest: Floats) -> Bools:
    """Return whether V_1 + V_2 − V_12 is, except for rounding, zero or negative relative to the larger of the
    first two.
    """
    return np.asarray((total <= ROUNDING * largest) & (largest > 0))


def signed_total(terms: Iterable[tuple[Floats, int]]) -> Floats:
    """Return the sum of signed terms (V_1 + V_2 − V_12), or their largest positive one if the sum cancels."""
    total, largest = np.zeros(()), np.zeros(())
    for term, sign in terms:
        total = total + sign * term
        if sign > 0:
            largest = np.maximum(largest, term)
    return np.where(cancelled(total, largest), largest, total)


def variances(x: Floats, weights: Floats, codes: Sequence[Ints], choice: VarianceChoice) -> Floats:
    """Return the variance of every column mean of x (n, T) without missing values: the diagonal of
    `covariance`.
    """
    variance, total = variance_of(choice), float(weights.sum())
    share, terms = float(variance.item_part(len(x))), clusterings(codes, weights)
    result = np.zeros(x.shape[1])
    for part in blocks(x.shape[1], len(x), BLOCK_CELLS):
        centred = x[:, part] - weights @ x[:, part] / total
        residuals = centred if (weights == 1).all() else centred * weights[:, None]
        for term, sign in terms:
            result[part] += sign * (term.inflation(variance) @ term.sums(residuals) ** 2)
        result[part] /= total**2
        if share:
            centred *= centred
            result[part] += share * (weights @ centred) / total
    return result


def variance_alone(squares: Floats, n: int, variance: VarianceEstimator) -> Floats:
    """Return the variance of a mean of n independent items, two or more, from Σ (x − mean)²."""
    single = float(variance.inflation(np.array(1 / n), n))
    return np.asarray(squares * (single / n**2 + float(variance.item_part(n)) / n))


def degrees_of_freedom(codes: Sequence[Ints], weights: Floats, choice: VarianceChoice) -> float:
    """Return the degrees of freedom of a mean, with two clusterings the smaller of the two."""
    variance = variance_of(choice)
    return min(term.df(variance) for term in own_clusterings(codes, weights))


def joined_strata(codes: Ints) -> Ints:
    """Return the clusters as strata (n,): those of one item are merged, and a single one of these with the
    smallest of the others.
    """
    return joined_sizes(np.bincount(codes))[codes]


def joined_sizes(sizes: Ints) -> Ints:
    """Return the stratum of every cluster (C,) with these numbers of items, numbered from 0.

    >>> joined_sizes(np.array([3, 1, 2, 1])).tolist(), joined_sizes(np.array([3, 1, 2])).tolist()
    ([0, 1, 2, 1], [0, 1, 1])
    """
    alone = sizes == 1
    home = np.arange(len(sizes))
    if alone.any():
        home[alone] = np.flatnonzero(alone)[0]
    if alone.sum() == 1 and len(sizes) > 1:
        home[alone] = np.flatnonzero(sizes == sizes[~alone].min())[0]
    return np.unique(home, return_inverse=True)[1].astype(np.int64)


def free_of_strata(df: ArrayLike, n: ArrayLike, strata: ArrayLike) -> Floats:
    """Return degrees of freedom of n items after subtracting the means of strata: at most n − G. Infinite
    ones (of z) stay. NaN if none are left.

    >>> free_of_strata([9.0, 1.0], [10, 2], 3).tolist()
    [7.0, nan]
    """
    df, left = np.asarray(df, dtype=float), np.asarray(n) - np.asarray(strata)
    return np.where(left > 0, np.where(np.isinf(df), df, np.minimum(df, left)), np.nan)


def within_strata(x: Floats, strata: Ints, weights: Floats | None = None) -> Floats:
    """Return scores (n, M) with the variation of items within strata, and unchanged means. NaN stays NaN.

    >>> import numpy as np
    >>> x = np.array([[1.0], [0.0], [1.0], [1.0]])
    >>> within_strata(x, np.array([0, 0, 1, 1])).round(3).ravel().tolist()
    [1.362, 0.138, 0.75, 0.75]
    """
    has = ~np.isnan(x)
    w = has * (np.ones(len(x)) if weights is None else weights)[:, None]
    filled, count = np.nan_to_num(x), int(strata.max()) + 1
    held = group_sums(w, strata, count)
    own = group_sums(w * filled, strata, count) / np.where(held > 0, held, 1.0)
    total = w.sum(axis=0)
    mean = (w * filled).sum(axis=0) / np.where(total > 0, total, 1.0)
    left = 1 - w / np.where(held > 0, held, 1.0)[strata]
    whole = 1 - w / np.where(total > 0, total, 1.0)
    rest = (
        (filled - own[strata]) * np.sqrt(np.where(left > 0, whole / np.where(left > 0, left, 1.0), 0.0)) * has
    )
    rest = rest - (w * rest).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.where(has, mean + rest, np.nan)


QUANTILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSizes:
    """Clusters of `size` items on average. `relative` (P,): their sizes over that average, a repeating
    profile.

    `size` 1 with a flat profile: each item is its own cluster.
    """

    size: float
    relative: Floats

    @property
    def crowd(self) -> float:
        """The mean cluster size over items: Σ n_g² / n."""
        return self.size * float((self.relative**2).mean())

    @property
    def single(self) -> bool:
        """Whether each item is its own cluster."""
        return self.size == 1 and bool((self.relative == 1).all())

    def df(self, n: float, variance: VarianceChoice = "CR2") -> float:
        """Return the degrees of freedom of a mean over n items, exact for as many clusters as in the profile.

        Satterthwaite's for CR2, as in clustered_variance.py. Fewer clusters are a random part of the
        profile: a cluster has its share of itself and of the mean of the others. 0 if n is less than two
        clusters.
        """
        count, known = n / self.size, len(self.relative)
        if 1 < count < known:
            others = (count - 1) * (known - self.relative) / (known - 1)
            whole = ShareSums.of(self.relative / (self.relative + others))
            pairs = count * (count - 1) / (known * (known - 1))
            sums = ShareSums(
                count=np.asarray(count),
                squares=whole.squares * count / known,
                leverages=whole.leverages * math.sqrt(pairs),
                leverage_squares=whole.leverage_squares * pairs,
            )
        else:
            sums = ShareSums.of(self.relative * (self.size / n), copies=count / known)
        found = float(variance_of(variance).df(sums))
        return 0.0 if math.isnan(found) else max(found, 0.0)


def equal_sizes(size: float = 1.0) -> ClusterSizes:
    """Return clusters of one size."""
    return ClusterSizes(size=float(size), relative=np.ones(1))


def spread_sizes(size: float, variation: float) -> ClusterSizes:
    """Return gamma distributed sizes with this coefficient of variation (standard deviation over mean)."""
    if not variation:
        return equal_sizes(size)
    shape = 1 / variation**2
    drawn = scipy.special.gammaincinv(shape, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    around = drawn / drawn.mean() - 1
    return ClusterSizes(size=float(size), relative=1 + around * (variation / float(around.std())))


def sizes_of(totals: Floats) -> ClusterSizes:
    """Return the profile of clusters with these numbers of items (C,)."""
    return ClusterSizes(size=float(totals.mean()), relative=totals / totals.mean())
