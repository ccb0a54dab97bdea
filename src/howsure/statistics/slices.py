"""Slices of the items: their differences, a test of whether these are equal, and shrunken estimates.

The difference in every slice, with the covariance of all: slices are subsets of the items, and clusters may
cross them.

A slice's difference is a mean over its items, by the estimator of clustered_variance.py. Two slices covary
through the clusters that they share: V_st = Σ_g u_gs u_gt / (W_s W_t), u_gs = e_gs / √(1 − q_gs), e_gs the
residual sum of cluster g in slice s and q_gs its share of the slice. This is CR2 of a regression on the
slices (Bell and McCaffrey 2002), in closed form. Without shared clusters V is diagonal.

Are the differences of all slices equal? One test, with clusters that may cross slices.

With enough degrees of freedom, it is Wald's test with Hotelling's distribution (HTZ; Pustejovsky and Tipton
2018). Otherwise it is the largest deviation of a slice from the others, each by CR2 and its own degrees of
freedom (Satterthwaite), corrected for their number by Šidák (1967). A slice without any difference counts as
uncertain as one with a single differing item. Measured in docs/decisions/0028-slices.md.

Shrunken estimates of many slices, with robust empirical-Bayes intervals (Armstrong, Kolesár and
Plagborg-Møller 2022).

Each estimate Y_s with standard error σ_s is shrunk towards the common centre by w_s = μ₂ / (μ₂ + σ_s²), μ₂
the variance of the true values about it. Shrinking adds a bias whose mean square and fourth moment (kurtosis
κ) are known, but not its distribution. The critical value is the largest that any distribution with these
moments needs. Coverage is then valid on average over the slices for any true values, but not for each slice.
The centre's own error is added as independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy

from howsure.statistics import intervals
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.clustered_variance import CR2, own_clusterings
from howsure.statistics.score_pivot import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.score_pivot import Pivots

ROOM = 0.15
"""The fraction of the score pivot's room kept in tests of equal differences. Chosen by trial,
docs/decisions/0028-slices.md.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGaps:
    """The differences of S slices, of items in G clusters.

    `gaps` (S,). `totals` (S,): the weight of each slice. `items` (S,): its number of items. `sums` (G, S):
    the summed differences of a cluster's items in a slice. `held` (G, S): their weight. `pivots` (S,): the
    test of each slice by itself.
    """

    gaps: Floats
    totals: Floats
    items: Ints
    sums: Floats
    held: Floats
    pivots: Pivots

    @property
    def whole(self) -> float:
        """The mean over all items."""
        return float(self.totals @ self.gaps / self.totals.sum())

    @property
    def shares(self) -> Floats:
        """The share of each slice in a cluster, q_gs (G, S)."""
        return self.held / self.totals

    @property
    def clusters(self) -> Ints:
        """The number of clusters of each slice (S,)."""
        return np.asarray((self.held > 0).sum(axis=0))

    def covariance(self) -> Floats:
        """Return the CR2 covariance of the differences (S, S). A slice in one cluster has 0, which is
        uninformative.
        """
        inflation = CR2().inflation(self.shares, self.clusters)
        scaled = (self.sums - self.held * self.gaps) * np.sqrt(inflation) / self.totals
        return np.asarray(scaled.T @ scaled)

    def guarded_covariance(self) -> Floats:
        """Return the same for tests between slices, guarded against slices with too little variance by
        chance.

        A fraction of the score pivot's room is added, as if each slice had the overall difference. A slice
        without any difference counts as uncertain as one with a single differing item.
        """
        pivots = self.pivots
        room = ROOM * np.maximum(pivots.variance_at(self.whole) - pivots.variance, 0.0)
        own = np.where(pivots.variance > 0, room, pivots.variance_at(1 / self.items))
        return np.asarray(self.covariance() + np.diag(own))

    def pooled_errors(self) -> Floats:
        """Return standard errors (S,) for shrinking the differences: variances half their own, half those of
        the average over items.
        """
        own = np.diagonal(self.guarded_covariance())
        common = float((self.totals * own).mean()) / self.totals
        return np.asarray(np.sqrt((own + common) / 2))


def slice_gaps(
    a: Floats,
    b: Floats,
    slices: Ints,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
) -> SliceGaps:
    """Return the differences a − b of the slices 0 … S − 1 of n items. `slices` (n,): −1 for an item in none.

    `clusters`: of two clusterings the first counts. `bounded`: by the score pivot, else by a plain t.
    """
    used = slices >= 0
    a, b, slices = a[used], b[used], slices[used]
    w = np.ones(len(a)) if weights is None else weights[used]
    codes = [np.unique(each[used], return_inverse=True)[1] for each in clusters[:1]]
    count, term = int(slices.max()) + 1, own_clusterings(codes, w)[0]
    marked = np.zeros((len(a), count))
    marked[np.arange(len(a)), slices] = w
    held, sums = term.sums(marked), term.sums(marked * (a - b)[:, None])
    totals = held.sum(axis=0)
    return SliceGaps(
        gaps=sums.sum(axis=0) / totals,
        totals=totals,
        items=np.bincount(slices, minlength=count),
        sums=sums,
        held=held,
        pivots=stacked([_pivots(a, b, w, codes, slices == s, bounded=bounded) for s in range(count)]),
    )


def _pivots(a: Floats, b: Floats, w: Floats, codes: Sequence[Ints], kept: Floats, *, bounded: bool) -> Pivots:
    own = tuple(np.unique(each[kept], return_inverse=True)[1] for each in codes)
    moments = pair_moments(np.column_stack([a[kept], b[kept]]), clusters=own, weights=w[kept], score=bounded)
    return moments.at((0, 1))


LEAST_DF = 4.0
"""With fewer degrees of freedom of the denominator, Wald's test isn't used."""
LEAST_CLUSTERS = 2
SINGULAR = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """A test of equal differences: `statistic` is an F on `df` and `df_rest` for "htz", the |t| of the slice
    furthest off for "largest".

    `p_value` is NaN without information.
    """

    test: Literal["htz", "largest"]
    statistic: float
    df: float
    df_rest: float
    p_value: float


def equality(found: SliceGaps) -> Equality:
    """Test whether the differences of all slices are equal. The method depends on counts only."""
    q = len(found.gaps) - 1
    if q < 1 or (found.clusters < LEAST_CLUSTERS).any():
        return Equality(test="largest", statistic=np.nan, df=q, df_rest=np.nan, p_value=np.nan)
    covariance, eta = found.guarded_covariance(), hotelling_df(found)
    return wald(found, covariance, eta) if eta - q + 1 >= LEAST_DF else largest_deviation(found, covariance)


def wald(found: SliceGaps, covariance: Floats, eta: float) -> Equality:
    """Return the HTZ test of equal differences with this covariance (S, S). `eta`: Hotelling's degrees of
    freedom.
    """
    q = len(found.gaps) - 1
    contrasts = np.eye(q + 1)[1:] - np.eye(q + 1)[:1]
    gap, spread, rest = contrasts @ found.gaps, contrasts @ covariance @ contrasts.T, eta - q + 1
    if not np.linalg.cond(spread) < SINGULAR:
        return Equality(test="htz", statistic=np.nan, df=q, df_rest=rest, p_value=np.nan)
    statistic = rest / (eta * q) * float(gap @ np.linalg.solve(spread, gap))
    p_value = float(scipy.special.fdtrc(q, rest, statistic))
    return Equality(test="htz", statistic=statistic, df=q, df_rest=rest, p_value=p_value)


def hotelling_df(found: SliceGaps) -> float:
    """Return η, the degrees of freedom that match the spread of the estimated covariance, items taken as
    independent.

    η = q (q + 1) / Σ_st K_st (P_ss P_tt + P_st²), P = N − N 1 1ᵀ N / (1ᵀ N 1), N the slices' weights. For K
    see `_overlaps`.
    """
    q, totals = len(found.gaps) - 1, found.totals
    weights = np.diag(totals) - np.outer(totals, totals) / totals.sum()
    diagonal = np.diagonal(weights)
    spread = float((_overlaps(found) * (np.outer(diagonal, diagonal) + weights**2)).sum())
    return q * (q + 1) / spread if spread > 0 else np.nan


def largest_deviation(found: SliceGaps, covariance: Floats) -> Equality:
    """Return the test by the slice furthest from the mean of the others."""
    totals, count = found.totals, len(found.gaps)
    contrasts = np.eye(count) - (1 - np.eye(count)) * totals / (totals.sum() - totals)[:, None]
    told = contrasted(found, covariance, contrasts)
    p = np.asarray(intervals.t_p_value(np.abs(told.values) / told.errors, told.df))
    if not np.isfinite(p).all():
        return Equality(test="largest", statistic=np.nan, df=count - 1, df_rest=np.nan, p_value=np.nan)
    first = int(p.argmin())
    together = float(-np.expm1(count * np.log1p(-p[first]))) if p[first] < 1 else 1.0
    t = float(abs(told.values[first]) / told.errors[first])
    return Equality(
        test="largest", statistic=t, df=count - 1, df_rest=float(told.df[first]), p_value=together
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasted:
    """Weighted sums of the differences of slices (K,), their standard errors and degrees of freedom."""

    values: Floats
    errors: Floats
    df: Floats


def contrasted(found: SliceGaps, covariance: Floats, contrasts: Floats) -> Contrasted:
    """Return sums of differences with these weights (K, S), each with its own degrees of freedom
    (Satterthwaite).
    """
    squares = contrasts**2
    variance = np.einsum("st,tu,su->s", contrasts, covariance, contrasts)
    spread = np.einsum("st,tu,su->s", squares, _overlaps(found), squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = (squares @ (1 / found.totals)) ** 2 / spread
    return Contrasted(values=contrasts @ found.gaps, errors=np.sqrt(np.maximum(variance, 0.0)), df=df)


def trend(found: SliceGaps, covariance: Floats) -> Contrasted:
    """Return the trend of the difference from one slice to the next: the slope over places, weighted by
    items.
    """
    place = np.arange(len(found.gaps)) - float(found.totals @ np.arange(len(found.gaps))) / found.totals.sum()
    contrast = found.totals * place / float(found.totals @ place**2)
    return contrasted(found, covariance, contrast[None, :])


def _overlaps(found: SliceGaps) -> Floats:
    """Return K_st = Σ Θ_s ∘ Θ_t (S, S), Θ_s the covariance of slice s's scaled cluster sums if items are
    independent and identically distributed.
    """
    shares, totals = found.shares, found.totals
    inflation = CR2().inflation(shares, found.clusters)
    own, common = shares * inflation / totals, shares * np.sqrt(inflation / totals)
    return np.asarray(own.T @ own - own.T @ common**2 - (common**2).T @ own + (common.T @ common) ** 2)


BIASES = 240
CRITICAL = np.geomspace(1.0, 64.0, 240)
"""The grid of critical values."""
BEYOND = 6.0
"""A bias this many standard errors above the critical value is certainly not covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunken:
    """Values shrunk towards their `centre`, with their limits (S,). `spread`: the standard deviation of the
    true values.
    """

    values: Floats
    low: Floats
    high: Floats
    centre: float
    spread: float


def shrunken(values: Floats, errors: Floats, weights: Floats, level: float) -> Shrunken:
    """Shrink estimates (S,) with standard errors (S,), all positive, towards their weighted mean.

    `weights` (S,): the items of each slice. Estimated precisions are correlated with the estimates and would
    bias the centre.

    >>> import numpy as np
    >>> found = shrunken(np.array([0.0, 0.1, 0.2, 0.1]), np.full(4, 0.1), np.ones(4), 0.95)
    >>> round(found.centre, 3), found.values.round(3).tolist()
    (0.1, [0.067, 0.1, 0.133, 0.1])
    """
    variances = errors**2
    shares = weights / weights.sum()
    centre = float(shares @ values)
    spread, kurtosis = _moments(values - centre, variances, weights)
    w = spread / (spread + variances)
    centre_variance = float(shares**2 @ (variances + spread))
    of_centre = (1 - w) ** 2 * centre_variance + 2 * w * (1 - w) * shares * variances
    critical = np.array([critical_value(float(bias), kurtosis, level) for bias in variances / spread])
    half = np.sqrt((critical * w * errors) ** 2 + critical_value(0.0, 1.0, level) ** 2 * of_centre)
    middle = centre + w * (values - centre)
    return Shrunken(
        values=middle, low=middle - half, high=middle + half, centre=centre, spread=math.sqrt(spread)
    )


def _moments(residuals: Floats, variances: Floats, weights: Floats) -> tuple[float, float]:
    """Return the variance and the kurtosis of the true values, kept away from 0 and 1 according to their own
    errors.
    """
    total = float(weights.sum())
    second = float(weights @ (residuals**2 - variances)) / total
    least = 2 * float(weights**2 @ variances**2) / (total * float(weights @ variances))
    spread = max(second, least)
    fourth = float(weights @ (residuals**4 - 6 * variances * residuals**2 + 3 * variances**2)) / total
    lowest = 1 + 32 * float(weights**2 @ variances**4) / (spread**2 * total * float(weights @ variances**2))
    return spread, max(fourth / spread**2, lowest)


def critical_value(bias: float, kurtosis: float, level: float) -> float:
    """Return the critical value that keeps the level for every bias with this mean square, in squared
    standard errors, and this kurtosis.

    >>> round(critical_value(0.0, 1.0, 0.95), 2), round(critical_value(1.0, 1.0, 0.95), 2)
    (1.96, 2.65)
    """
    tangents = _tangents()
    away = bias - tangents.at
    missed = tangents.missed + tangents.slope * away + tangents.bend * ((kurtosis - 1) * bias**2 + away**2)
    worst = missed.min(axis=1)
    k = int(np.argmax(worst <= 1 - level))
    if worst[k] > 1 - level or k == 0:
        return math.inf if k == 0 and worst[0] > 1 - level else float(CRITICAL[k])
    share = (worst[k - 1] - (1 - level)) / (worst[k - 1] - worst[k])
    return float(CRITICAL[k - 1] + share * (CRITICAL[k] - CRITICAL[k - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tangents:
    """Parabolas above the chance of missing as a function of the squared bias, for each critical value
    (rows).

    Each touches it `at` a squared bias, with the chance `missed` and its `slope` there, and the smallest
    `bend` that keeps it above. The first two moments of the squared bias give the mean of a parabola, and the
    lowest mean is the worst case (duality).
    """

    at: Floats
    missed: Floats
    slope: Floats
    bend: Floats


@cache
def _tangents() -> _Tangents:
    """Make the parabolas, once (about a tenth of a second)."""
    rows = [_row(float(critical)) for critical in CRITICAL]
    return _Tangents(
        **{name: np.stack([row[k] for row in rows]) for k, name in enumerate(_Tangents.__slots__)}
    )


def _row(critical: float) -> tuple[Floats, Floats, Floats, Floats]:
    roots = np.linspace(0.0, critical + BEYOND, BIASES)
    step = roots[1] / 2
    at, squares = (roots[:-1] + step) ** 2, roots**2
    root = np.sqrt(at)
    missed = _missed(root, critical)
    slope = (_density(root - critical) - _density(root + critical)) / (2 * root)
    above = _missed(roots, critical) - missed[:, None] - slope[:, None] * (squares - at[:, None])
    bend = np.maximum((above / (squares - at[:, None]) ** 2).max(axis=1), 0.0)
    return at, missed, slope, bend


def _missed(root: Floats, critical: float) -> Floats:
    """Return the chance that a normal estimate with this bias is beyond the critical value."""
    return np.asarray(scipy.special.ndtr(-critical - root) + scipy.special.ndtr(root - critical))


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))
