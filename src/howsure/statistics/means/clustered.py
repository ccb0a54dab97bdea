"""The one estimator: a mean over items that come in clusters, its variance and its degrees of freedom.

Claim: SE² = Σ_g e_g² / (1 − q_g) / W², e_g the weighted sum of residuals of cluster g, q_g = W_g / W its
share of the weight. This is CR2 (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018) in closed form for a
mean; with each item its own cluster it is sd / √n. Degrees of freedom are Satterthwaite's under independence:
1 / [Σ q_g² + (Σ a_g)² − Σ a_g²] with a_g = q_g² / (1 − q_g); C equal clusters give C − 1. Assumes: clusters
are independent draws; nothing about what happens inside a cluster. With weights, the working model is a
variance inversely proportional to the weight, so that everything stays a function of the shares q_g (the same
as CR2 of √w·y on √w without a constant).

"miller" is the formula of Miller (2024), section 2.2, and "CR1" is Σ e_g² · C/(C − 1) / W², as statsmodels
has it. Two clusterings at once: V = V_1 + V_2 − V_12 (Cameron, Gelbach and Miller 2011), df the smaller of
the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Variance

CANCELLED = 1e-12
"""What rounding leaves of a sum whose terms cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """One way of grouping n items, with what the estimator needs of it.

    `codes` (n,): cluster of each item, None where each item is its own. `totals` (C,): weight per cluster.
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
        """How many equal clusters would be worth as much: W² / Σ W_g²."""
        return self.total**2 / float(self.totals @ self.totals)

    def inflation(self, variance: Variance) -> Floats | float:
        """What each squared cluster sum is multiplied by: (C,) for CR2, a number otherwise.

        A cluster that holds everything gets 0: callers must not trust a variance from fewer than two
        clusters.
        """
        if variance == "CR2":
            rest = 1 - self.shares
            return np.divide(1.0, rest, out=np.zeros_like(rest), where=rest > 0)
        if variance == "CR1":
            return self.n_clusters / (self.n_clusters - 1) if self.n_clusters > 1 else 0.0
        return 1.0

    def df(self, variance: Variance) -> float:
        """Return the degrees of freedom: Satterthwaite's for CR2, C − 1 for CR1, infinite for the paper's
        z.
        """
        if variance == "miller":
            return np.inf
        if variance == "CR1":
            return float(self.n_clusters - 1)
        return satterthwaite(self.shares)

    def sums(self, x: Floats) -> Floats:
        """Sum x (n, …) within clusters: (C, …)."""
        return x if self.codes is None else group_sums(x, self.codes, self.n_clusters)


def clustering(codes: Ints | None, weights: Floats) -> Clustering:
    """Describe one clustering of items with these weights (n,); codes None: each item is its own cluster."""
    totals = weights if codes is None else np.bincount(codes, weights=weights).astype(float)
    return Clustering(codes=codes, totals=totals, total=float(weights.sum()))


def own_clusterings(codes: Sequence[Ints], weights: Floats) -> list[Clustering]:
    """Describe each clustering of items by itself; without any, the items as their own clusters."""
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
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=n_clusters)
    filled = np.flatnonzero(counts)
    sums = np.zeros((n_clusters, *x.shape[1:]))
    starts = np.concatenate(([0], np.cumsum(counts[filled])[:-1]))
    sums[filled] = np.add.reduceat(x[order], starts, axis=0)
    return sums


def satterthwaite(shares: Floats) -> float:
    """Return 1 / [Σ q² + (Σ a)² − Σ a²], NaN where one cluster holds everything."""
    if len(shares) < 2 or np.max(shares, initial=0.0) >= 1:
        return np.nan
    a = shares**2 / (1 - shares)
    return 1 / (float(shares @ shares) + float(a.sum()) ** 2 - float(a @ a))


def covariance(x: Floats, weights: Floats, codes: Sequence[Ints], variance: Variance) -> Floats:
    """Return the covariance matrix (M, M) of the M column means of x (n, M), no value missing.

    With two clusterings it can come out indefinite, even with a negative diagonal: see `degrees_of_freedom`
    and the callers, which say so.
    """
    total = float(weights.sum())
    residuals = (x - weights @ x / total) * weights[:, None]
    result = np.zeros((x.shape[1], x.shape[1]))
    for term, sign in clusterings(codes, weights):
        sums = term.sums(residuals)
        scaled = sums * np.sqrt(np.broadcast_to(term.inflation(variance), (term.n_clusters,)))[:, None]
        result += sign * (scaled.T @ scaled)
    result /= total**2
    return result + paper_correction(x, weights, variance)


def cancelled(total: Floats, largest: Floats) -> Bools:
    """Say where V_1 + V_2 − V_12 leaves nothing, or less than nothing, of the larger of the first two but
    rounding.
    """
    return np.asarray((total <= CANCELLED * largest) & (largest > 0))


def variances(x: Floats, weights: Floats, codes: Sequence[Ints], variance: Variance) -> Floats:
    """Return the variance of every column mean of x (n, T), no value missing: the diagonal of
    `covariance`.
    """
    total = float(weights.sum())
    residuals = (x - weights @ x / total) * weights[:, None]
    result = np.zeros(x.shape[1])
    for term, sign in clusterings(codes, weights):
        inflation = np.broadcast_to(term.inflation(variance), (term.n_clusters,))
        result += sign * (inflation @ term.sums(residuals) ** 2)
    result /= total**2
    if variance != "miller":
        return result
    centred = x - weights @ x / total
    return np.asarray(result + paper_part(weights @ centred**2 / total, len(x)))


def paper_part(squares: Floats, n: int) -> Floats:
    """Return what Miller's formula adds to the variance of a mean of n items, whose mean squared deviation is
    this.
    """
    return squares * (1 / (n - 1) - 1 / n)


def paper_correction(x: Floats, weights: Floats, variance: Variance) -> Floats | float:
    """Return what Miller's formula adds: its within-item part divides by n − 1 where the sandwich has n."""
    if variance != "miller":
        return 0.0
    n = len(x)
    centred = (x - weights @ x / weights.sum()) * np.sqrt(weights)[:, None]
    return paper_part(centred.T @ centred / weights.sum(), n) if n > 1 else np.nan


def degrees_of_freedom(codes: Sequence[Ints], weights: Floats, variance: Variance) -> float:
    """Return the degrees of freedom of a mean; with two clusterings the smaller of the two."""
    return degrees_of_freedom_of(own_clusterings(codes, weights), variance)


def degrees_of_freedom_of(terms: Sequence[Clustering], variance: Variance) -> float:
    """Return the smallest degrees of freedom of these clusterings."""
    return float(min(term.df(variance) for term in terms))
