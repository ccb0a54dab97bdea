"""The mean of one model's item scores, with its standard error and interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Bound, Estimate, Interval
from howsure.errors import Caution, MethodError
from howsure.methods import bayes, bootstrap, intervals
from howsure.methods.clustered import clusterings, covariance, degrees_of_freedom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.options import IntervalMethod, Variance

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FEW_CLUSTERS_DF = 4.0
DOMINANT_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class _Uncertain:
    """A mean of n items with its variance and degrees of freedom."""

    value: float
    var: float
    df: float
    n: int


def mean(
    x: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
    level: float = 0.95,
    interval: IntervalMethod | None = None,
    variance: Variance = "CR2",
    rng: np.random.Generator | None = None,
    labels: Sequence[str] = (),
) -> Estimate:
    """Estimate the mean of item scores x (n,), no value missing.

    `clusters`: none, one or two arrays (n,) of codes; `weights` (n,); `bounded`: scores lie in [0, 1].
    `interval` None means Wilson's on the effective sample size for bounded scores and the t interval otherwise;
    at 0 and n of n it is Clopper and Pearson's, counting clusters as the independent units. `labels`: the names of the
    (first) clusters, for cautions.
    Assumes that items (or clusters) are independent draws from a larger population. Miller (2024); Bell and
    McCaffrey (2002); Korn and Graubard (1998).

    >>> import numpy as np
    >>> answer = mean(np.array([1.0, 0, 1, 1, 0, 1, 1, 1]))
    >>> round(answer.value, 3), round(answer.se, 3)
    (0.75, 0.164)
    """
    n = len(x)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    value = min(max(float(w @ x / n), float(x.min())), float(x.max()))
    var, df, cautions = _uncertainty(x, w, clusters, variance, labels)
    counts = _cluster_counts(clusters, n)
    chosen = interval or ("wilson" if bounded else "t")
    if not bounded and chosen not in ("t", "bootstrap"):
        raise MethodError(f"interval {chosen!r} needs scores in [0, 1]", remedy="Use 't', or rescale the scores.")
    at_edge = bounded and (value <= 0 or value >= 1)
    if var == 0 and not at_edge:
        cautions.append(_no_variance(value))
    if at_edge and chosen == "bayes":
        low, high = bayes.mean_interval(value, min(counts), level=level)
    elif at_edge:
        low, high = intervals.clopper_pearson(round(value) * min(counts), min(counts), level)
        chosen = "clopper-pearson"
    elif chosen == "bootstrap" and math.isfinite(var):
        cautions += [FIRST_CLUSTERING_ONLY] if len(clusters) > 1 else []
        low, high = bootstrap.mean_interval(x, w, clusters, level=level, rng=rng or np.random.default_rng(0))
    elif chosen == "bayes" and math.isfinite(var):
        low, high = bayes.mean_interval(value, _effective(value, var, n), level=level)
    else:
        low, high = _interval(_Uncertain(value, var, df, n), level, chosen)
    if bounded and math.isfinite(var):
        low, high = max(low, 0.0), min(high, 1.0)
    return Estimate(
        value=value,
        se=math.sqrt(var) if var >= 0 else math.nan,
        interval=Interval(low=low, high=high, level=level),
        df=df,
        n_items=n,
        n_clusters=min(counts),
        method=f"{chosen}, {variance}",
        cautions=tuple(cautions),
        bounds=_bounds(value, n, min(counts), level) if at_edge else (),
    )


def _uncertainty(
    x: Floats, w: Floats, clusters: Sequence[Ints], variance: Variance, labels: Sequence[str]
) -> tuple[float, float, list[Caution]]:
    n = len(x)
    units = [term.n_clusters for term, sign in clusterings(clusters, w) if sign > 0]
    if min(units) < 2:
        return math.nan, math.nan, [_one_unit(n)]
    var = float(covariance(x[:, None], w, clusters, variance)[0, 0])
    df = degrees_of_freedom(clusters, w, variance)
    cautions = cluster_cautions(w, clusters, df, labels)
    floor = (1e-12 * float(np.abs(x).max())) ** 2
    if var < -floor:
        var = max(float(covariance(x[:, None], w, [c], variance)[0, 0]) for c in clusters)
        cautions.append(NEGATIVE_TWO_WAY)
    return var if var > floor else 0.0, df, cautions


def _interval(answer: _Uncertain, level: float, chosen: str) -> tuple[float, float]:
    value, var, df = answer.value, answer.var, answer.df
    if not math.isfinite(var):
        return math.nan, math.nan
    if chosen == "t":
        return intervals.t_interval(value, math.sqrt(var), df, level) if var > 0 else (math.nan, math.nan)
    effective = _effective(value, var, answer.n)
    if chosen == "wilson":
        return intervals.wilson(value, effective, df, level)
    exact = intervals.clopper_pearson if chosen == "clopper-pearson" else intervals.jeffreys
    return exact(value * effective, effective, level)


def _effective(value: float, var: float, n: int) -> float:
    """Return n / deff: how many independent items carry the same information. n where there is no variance."""
    deff = var * (n - 1) / (value * (1 - value)) if 0 < value < 1 and n > 1 else 0.0
    return n / deff if deff > 0 else float(n)


def _bounds(value: float, n: int, n_clusters: int, level: float) -> tuple[Bound, ...]:
    """Return the exact one-sided statements at 0 and n of n: by items, and by clusters where there are any."""
    units = [("items", n)] if n_clusters == n else [("clusters", n_clusters), ("items", n)]
    bounds = []
    for name, count in units:
        limit = intervals.rule_of_three(count, level)
        side, limit = ("upper", limit) if value <= 0 else ("lower", 1 - limit)
        bounds.append(Bound(limit=limit, side=side, level=level, units=name, n=count))
    return tuple(bounds)


def _cluster_counts(clusters: Sequence[Ints], n: int) -> list[int]:
    return [int(code.max()) + 1 for code in clusters] or [n]


def cluster_cautions(w: Floats, clusters: Sequence[Ints], df: float, labels: Sequence[str] = ()) -> list[Caution]:
    """Warn of too few or too unequal clusters to lean on."""
    if not clusters or not math.isfinite(df):
        return []
    shares = np.bincount(clusters[0], weights=w) / w.sum()
    largest = int(shares.argmax())
    if shares[largest] > DOMINANT_SHARE:
        size, name = int((clusters[0] == largest).sum()), labels[largest] if labels else "one cluster"
        return [
            Caution(
                code="dominant_cluster",
                message=f"{name} holds {size} of {len(w)} items; the {len(shares)} clusters are worth "
                f"{df:.2f} degrees of freedom",
                remedy="Read the error bar as rough; more clusters help, more items in this one don't.",
            )
        ]
    if df < FEW_CLUSTERS_DF:
        return [
            Caution(
                code="few_clusters",
                message=f"{len(shares)} clusters are worth {df:.2f} degrees of freedom",
                remedy="Read the error bar as rough; items from more clusters would help.",
            )
        ]
    return []


def _one_unit(n: int) -> Caution:
    if n == 1:
        return Caution(
            code="one_item", message="one item gives no standard error", remedy="Add items: at least two are needed."
        )
    return Caution(
        code="one_cluster",
        message=f"all {n} items are in one cluster: nothing says how much another cluster would differ",
        remedy="Add clusters, or use --cluster none if the items were drawn one by one.",
    )


def _no_variance(value: float) -> Caution:
    return Caution(
        code="no_variance",
        message=f"every item (or cluster) has the same score, {value:.4g}: the standard error of 0 is no certainty",
        remedy="Check that the scores are per item and not one summary repeated.",
    )


FIRST_CLUSTERING_ONLY = Caution(
    code="first_clustering_only",
    message="this method resamples one way of clustering; the second was not used",
    remedy="Use the default method to respect both.",
)
NEGATIVE_TWO_WAY = Caution(
    code="negative_two_way_variance",
    message="the two-way clustered variance came out negative; the larger of the two one-way variances is used",
    remedy="Few clusters on one side: cluster on the other alone.",
)
