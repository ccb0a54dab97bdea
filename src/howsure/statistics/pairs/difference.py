"""The difference of two models on one task: paired where they share items, unpaired where they share none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution, MethodError, doubt
from howsure.statistics.means.clustered import clusterings, covariance, own_clusterings
from howsure.statistics.means.mean import cluster_cautions
from howsure.statistics.pairs.moments import settled
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.pairs.pivot import Asked, NetWins, Pivot, equivalence, pivot_of, t_pivot, with_net_wins
from howsure.statistics.pairs.unpaired import unpaired_difference
from howsure.statistics.planning import power
from howsure.statistics.planning.sizes import equal_sizes
from howsure.statistics.results import Equivalence, Estimate, Interval, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import ComparisonMethod, Variance

POWER = 0.8
MIN_CLUSTERS = 2
MIN_FORECAST = 10
"""From fewer independent units than these no number of items is forecast."""
TWO_WAY = 2
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The numbers of one comparison; see [`Comparison`][howsure.Comparison] for what they mean."""

    estimate: Estimate
    p_value: float
    a_mean: float
    b_mean: float
    correlation: float
    unpaired_se: float
    unclustered_se: float
    paired: bool
    wins: int
    losses: int
    ties: int
    n_only_a: int
    n_only_b: int
    items_needed: float
    equivalence: Equivalence | None
    pivot: Pivot


def difference(
    a: Floats,
    b: Floats,
    *,
    clusters: Sequence[Ints] = (),
    weights: Floats | None = None,
    bounded: bool = True,
    level: float = 0.95,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    margin: float | None = None,
    lower_is_better: bool = False,
    rng: np.random.Generator | None = None,
    labels: Sequence[str] = (),
) -> Difference:
    """Compare the item scores a and b (n,), NaN where a model has no score for an item.

    `method` None means "score" for bounded scores and "t" otherwise. `labels`: names of the (first) clusters, for
    cautions. `margin` in score units asks for
    non-inferiority and equivalence as well. Assumes that items (or clusters) are independent draws. Miller (2024),
    section 4.2; Tango (1998) for the score pivot.

    >>> import numpy as np
    >>> answer = difference(np.array([1.0, 1, 1, 0, 1, 1]), np.array([0.0, 1, 1, 0, 1, 0]))
    >>> round(answer.estimate.value, 3), answer.wins, answer.losses, answer.ties
    (0.333, 2, 0, 4)
    """
    w = np.ones(len(a)) if weights is None else weights
    has_a, has_b = ~np.isnan(a), ~np.isnan(b)
    shared = has_a & has_b
    asked = Asked(
        method=method or ("score" if bounded else "t"),
        bounded=bounded,
        level=level,
        variance=variance,
        rng=rng or np.random.default_rng(0),
    )
    if shared.any():
        used = [np.unique(code[shared], return_inverse=True) for code in clusters]
        names = tuple(labels[g] for g in used[0][0]) if labels else ()
        scaled = w[shared] * (shared.sum() / w[shared].sum())
        sample = _Paired(a[shared], b[shared], scaled, tuple(code for _, code in used), names)
        estimate, pivot = _paired(sample, asked)
        correlation, unpaired, alone = (
            sample.correlation(),
            sample.unpaired_se(variance),
            sample.unclustered_se(variance),
        )
        d = sample.d
    else:
        estimate, pivot = unpaired_difference(a, b, w, clusters, asked)
        correlation, unpaired, alone, d = math.nan, estimate.se, math.nan, np.empty(0)
    sign = -1 if lower_is_better else 1
    return Difference(
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=_mean(a, w, shared if shared.any() else has_a),
        b_mean=_mean(b, w, shared if shared.any() else has_b),
        correlation=correlation,
        unpaired_se=unpaired,
        unclustered_se=alone,
        paired=bool(shared.any()),
        wins=int((sign * d > 0).sum()),
        losses=int((sign * d < 0).sum()),
        ties=int((d == 0).sum()),
        n_only_a=int((has_a & ~has_b).sum()),
        n_only_b=int((has_b & ~has_a).sum()),
        items_needed=items_needed(estimate, level),
        equivalence=None if margin is None else equivalence(pivot, margin, level, sign),
        pivot=pivot,
    )


@dataclass(frozen=True, slots=True)
class _Paired:
    """Item scores on the shared items, weights of mean 1, cluster codes."""

    a: Floats
    b: Floats
    w: Floats
    codes: tuple[Ints, ...]
    labels: tuple[str, ...]

    @property
    def d(self) -> Floats:
        """The paired differences of the item scores (n,)."""
        return self.a - self.b

    @property
    def rounding(self) -> float:
        """What rounding leaves of a standard error of 0."""
        return 8 * float(np.finfo(float).eps) * float(np.abs([self.a, self.b]).max())

    def net_wins(self, variance: float) -> NetWins:
        """Count wins less losses in effective items: n / deff, or the clusters where no item differs from another."""
        n, mean = len(self.d), float(settled(self.w @ self.d / self.w.sum(), 1.0))
        squares = float(self.w @ (self.d - mean) ** 2)
        if squares > ROUNDING:
            items = n / max(variance * n**2 / squares, 1.0)
        else:
            totals = [term.totals for term in own_clusterings(self.codes, self.w)]
            items = min(float(held.sum() ** 2 / (held @ held)) for held in totals)
        return NetWins(wins=mean * items, items=items)

    def correlation(self) -> float:
        """Return the weighted correlation of the two models' item scores, NaN where one of them never varies."""
        x = np.stack([self.a, self.b])
        centred = x - (x @ self.w / self.w.sum())[:, None]
        c = (centred * self.w) @ centred.T
        scale = math.sqrt(c[0, 0] * c[1, 1])
        if scale <= 1e-12:
            return math.nan
        r = float(np.clip(c[0, 1] / scale, -1, 1))
        return r if abs(r) > ROUNDING else 0.0

    def unpaired_se(self, variance: Variance) -> float:
        """Return the SE that ignores which item each score belongs to."""
        if min(term.n_clusters for term in own_clusterings(self.codes, self.w)) < 2:
            return math.nan
        v = covariance(np.column_stack([self.a, self.b]), self.w, self.codes, variance)
        se = math.sqrt(max(float(np.trace(v)), 0.0))
        return se if se > self.rounding else 0.0

    def unclustered_se(self, variance: Variance) -> float:
        """Return the SE that takes every item as independent, NaN where nothing says that they aren't."""
        if not self.codes or len(self.d) < 2:
            return math.nan
        return math.sqrt(float(covariance(self.d[:, None], self.w, (), variance)[0, 0]))


def _paired(s: _Paired, asked: Asked) -> tuple[Estimate, Pivot]:
    n = len(s.a)
    moments = pair_moments(
        np.column_stack([s.d, np.zeros(n)]), clusters=s.codes, weights=s.w, variance=asked.variance, score=False
    )
    value = float(settled(moments.difference[0, 1], float(np.abs([s.a, s.b]).max())))
    var, df = float(moments.variance[0, 1]), float(moments.df[0, 1])
    if var < s.rounding**2:
        var = 0.0  # what a − b leaves
    n_clusters = min([int(code.max()) + 1 for code in s.codes], default=n)
    if n_clusters < MIN_CLUSTERS:
        pivot, cautions = (
            Pivot(p_value=math.nan, low=math.nan, high=math.nan),
            [doubt("one_shared_item" if n == 1 else "one_shared_cluster")],
        )
    else:
        pivot, cautions = _pivot(s, value, var, df, asked)
        if asked.bounded:
            pivot = replace(pivot, low=max(pivot.low, -1.0), high=min(pivot.high, 1.0))
        if len(s.codes) == TWO_WAY and asked.method in ("sign-flip", "bootstrap", "bayes"):
            cautions = [*cautions, doubt("first_clustering_only")]
        cautions = [*cluster_cautions(s.w, s.codes, df, s.labels), *cautions]
        if len(s.codes) == TWO_WAY and covariance(s.d[:, None], s.w, s.codes, asked.variance)[0, 0] < 0:
            cautions.append(doubt("negative_two_way_variance"))
    estimate = Estimate(
        value=value,
        se=math.sqrt(var) if n_clusters >= MIN_CLUSTERS else math.nan,
        interval=Interval(low=pivot.low, high=pivot.high, level=asked.level),
        df=pivot.df if math.isfinite(pivot.df) else df,
        n_items=n,
        n_clusters=n_clusters,
        method=Method(name=asked.method, variance=asked.variance, paired=True),
        cautions=tuple(cautions),
    )
    return estimate, pivot


def _pivot(s: _Paired, value: float, var: float, df: float, asked: Asked) -> tuple[Pivot, list[Caution]]:
    if asked.method == "score":
        return _score(s, asked), []
    if asked.method == "t":
        return t_pivot(value, math.sqrt(var), df, asked.level), _flat(s.d, var)
    if asked.method == "mcnemar":
        return _mcnemar(s, asked.level)
    if asked.method == "sign-flip":
        return _sign_flip(s, asked)
    if asked.method == "bootstrap":
        return _bootstrap(s, value, asked), _flat(s.d, var)
    return _bayes(s, asked), []


def _score(s: _Paired, asked: Asked) -> Pivot:
    if not asked.bounded:
        raise MethodError("method 'score' needs scores in [0, 1]", remedy="Use method 't', or rescale the scores.")
    moments = pair_moments(np.column_stack([s.a, s.b]), clusters=s.codes, weights=s.w, variance=asked.variance)
    found = moments.at((0, 1))
    return with_net_wins(pivot_of(found, asked.level, reach=1.0), s.net_wins(float(found.variance)), asked.level)


def _sign_flip(s: _Paired, asked: Asked) -> tuple[Pivot, list[Caution]]:
    from howsure.statistics.pairs import signflip

    term = clusterings(s.codes[:1], s.w)[0][0]
    p, low, high = signflip.flip_test(term.sums(s.w * s.d), term.totals, level=asked.level, rng=asked.rng)
    cautions = [*_coarse(term.n_clusters, asked.level), *_flat(s.d, float(np.ptp(s.d)))]
    return Pivot(p_value=p, low=low, high=high), cautions


def _mcnemar(s: _Paired, level: float) -> tuple[Pivot, list[Caution]]:
    from howsure.statistics.pairs import mcnemar

    if not np.isin(np.concatenate([s.a, s.b]), (0.0, 1.0)).all() or np.any(s.w != s.w[0]):
        raise MethodError(
            "method 'mcnemar' needs one right-or-wrong answer per item, equally weighted",
            remedy="Use the default, which takes fractions, attempts and weights.",
        )
    p, low, high = mcnemar.midp_test(int((s.d > 0).sum()), int((s.d < 0).sum()), len(s.d), level=level)
    cautions = [] if not s.codes else [doubt("ignores_clusters")]
    return Pivot(p_value=p, low=low, high=high), cautions


def _bootstrap(s: _Paired, value: float, asked: Asked) -> Pivot:
    from howsure.statistics.means import bootstrap

    se = math.sqrt(float(covariance(s.d[:, None], s.w, s.codes[:1], "CR1")[0, 0]))
    if se == 0:
        return t_pivot(value, 0.0, math.nan, asked.level)
    t = bootstrap.pivots(s.d, s.w, s.codes, asked.rng)
    half = bootstrap.critical(t, asked.level) * se
    p = (1 + int((t >= abs(value) / se).sum())) / (len(t) + 1)
    return Pivot(p_value=p, low=value - half, high=value + half)


def _bayes(s: _Paired, asked: Asked) -> Pivot:
    from howsure.statistics.means import bayes

    codes = s.codes[0] if s.codes else None
    draws = np.sort(bayes.difference_draws(s.d, s.w, codes, reach=1.0 if asked.bounded else 0.0, rng=asked.rng))
    allowed = int((1 - asked.level) / 2 * len(draws) * (1 + 1e-12))
    p = 2 * min(int((draws <= 0).sum()), int((draws >= 0).sum())) / len(draws)
    return Pivot(p_value=min(p, 1.0), low=float(draws[allowed]), high=float(draws[-allowed - 1]))


def items_needed(estimate: Estimate, level: float, target: float = 0.0) -> float:
    """Return about how many items would show a gap of the size seen with 80 % power, all else the same.

    Miller (2024), section 5, with the test and the degrees of freedom that the estimate has, clusters growing in
    number; NaN where no gap or no SE was seen, or fewer than ten clusters (items without them) to judge either by. `target`:
    from where the gap is counted; `level`: of the two-sided interval that decides.
    """
    gap = abs(estimate.value - target)
    if not gap or estimate.n_clusters < MIN_FORECAST or not estimate.se > 0 or math.isnan(estimate.df):
        return math.nan
    pseudo = estimate.method.name == "pseudo-items"
    score = estimate.method.name == "score"
    normal = math.isinf(estimate.df) or estimate.method.of_benchmark
    units = max(estimate.df + 1 - 2 * pseudo, 1.0)
    size = 1.0 if normal or estimate.n_clusters == estimate.n_items else max(estimate.n_items / units, 1.0)
    spread = power.Spread(within=estimate.n_items * estimate.se**2, sizes=equal_sizes(size))
    test = power.Test(method="z" if normal else "score" if score else "t", level=level)
    return power.items_needed(test, spread, gap, 1, POWER)


def _mean(x: Floats, w: Floats, keep: Bools) -> float:
    return float(w[keep] @ x[keep] / w[keep].sum()) if keep.any() else math.nan


def _flat(d: Floats, var: float) -> list[Caution]:
    return [] if var > 0 else [doubt("same_difference", value=d[0])]


def _coarse(n_clusters: int, level: float) -> list[Caution]:
    smallest = 2.0 ** (1 - n_clusters)
    return [] if smallest <= 1 - level else [doubt("too_few_flips", clusters=n_clusters, smallest=smallest)]
