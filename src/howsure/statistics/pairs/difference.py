"""The difference of two models on one task: paired where they share items, unpaired where they share none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution, MethodError, doubt
from howsure.statistics.means.clustered import clusterings, covariance
from howsure.statistics.means.summed import needs_items
from howsure.statistics.pairs.moments import settled
from howsure.statistics.pairs.paired import TWO_WAY, Paired
from howsure.statistics.pairs.pivot import (
    Asked,
    NetWins,
    Pivot,
    equivalence,
    pivot_of,
    t_pivot,
    with_net_wins,
)
from howsure.statistics.pairs.summed import SummedPair
from howsure.statistics.pairs.unpaired import unpaired_difference
from howsure.statistics.planning.forecast import items_needed
from howsure.statistics.results import Equivalence, Estimate, Interval, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import ComparisonMethod, Variance

MIN_CLUSTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The numbers of one comparison; see [`Comparison`][howsure.Comparison] for what they mean."""

    estimate: Estimate
    p_value: float
    a_mean: float
    b_mean: float
    unpaired_se: float
    items_needed: float
    equivalence: Equivalence | None
    pivot: Pivot
    correlation: float = math.nan
    unclustered_se: float = math.nan
    unseen: float = math.nan
    paired: bool = False
    wins: int = 0
    losses: int = 0
    ties: int = 0
    n_only_a: int = 0
    n_only_b: int = 0


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

    `method` None means "score" for bounded scores and "t" otherwise. `labels`: names of the (first) clusters,
    for cautions. `margin` in score units asks for
    non-inferiority and equivalence as well. Assumes that items (or clusters) are independent draws. Miller
    (2024), section 4.2; Tango (1998) for the score pivot.

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
        sample = Paired(a[shared], b[shared], scaled, tuple(code for _, code in used), names)
        found = _of_pair(sample, asked, margin, lower_is_better=lower_is_better)
        only_a, only_b = has_a & ~has_b, has_b & ~has_a
        return replace(found, n_only_a=int(only_a.sum()), n_only_b=int(only_b.sum()))
    estimate, pivot = unpaired_difference(a, b, w, clusters, asked)
    sign = -1 if lower_is_better else 1
    return Difference(
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=_mean(a, w, has_a),
        b_mean=_mean(b, w, has_b),
        unpaired_se=estimate.se,
        n_only_a=int(has_a.sum()),
        n_only_b=int(has_b.sum()),
        items_needed=items_needed(estimate, level),
        equivalence=None if margin is None else equivalence(pivot, margin, level, sign),
        pivot=pivot,
    )


def summed_difference(
    sample: SummedPair,
    *,
    bounded: bool = True,
    level: float = 0.95,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    margin: float | None = None,
    lower_is_better: bool = False,
) -> Difference:
    """Compare two models by what their items add up to, as `difference` does by the items. MethodError for a
    method that needs them.
    """
    chosen = method or ("score" if bounded else "t")
    if chosen not in ("score", "t"):
        raise needs_items(chosen)
    asked = Asked(
        method=chosen, bounded=bounded, level=level, variance=variance, rng=np.random.default_rng(0)
    )
    return _of_pair(sample, asked, margin, lower_is_better=lower_is_better)


def _of_pair(
    sample: Paired | SummedPair, asked: Asked, margin: float | None, *, lower_is_better: bool
) -> Difference:
    """Compare two models that share items."""
    estimate, pivot = _paired(sample, asked)
    details = sample.details(asked.variance)
    more, less = int(details.wins[0, 1]), int(details.wins[1, 0])
    unpaired = float(details.unpaired_se[0, 1])
    return Difference(
        estimate=estimate,
        p_value=pivot.p_value,
        a_mean=float(details.mean[0, 1]),
        b_mean=float(details.mean[1, 0]),
        correlation=float(details.correlation[0, 1]),
        unpaired_se=0.0 if unpaired <= sample.rounding else unpaired,
        unclustered_se=float(details.unclustered_se[0, 1]),
        paired=True,
        wins=less if lower_is_better else more,
        losses=more if lower_is_better else less,
        ties=int(details.ties[0, 1]),
        items_needed=items_needed(estimate, asked.level),
        equivalence=None
        if margin is None
        else equivalence(pivot, margin, asked.level, -1 if lower_is_better else 1),
        pivot=pivot,
        unseen=math.nan if pivot.net is None or sample.whole else pivot.net.unseen((1 + asked.level) / 2),
    )


def _paired(s: Paired | SummedPair, asked: Asked) -> tuple[Estimate, Pivot]:
    plain = s.moments(asked.variance, score=False).at((0, 1))
    value = float(settled(plain.difference, s.size))
    var, df = float(plain.variance), float(plain.df)
    if var < s.rounding**2:
        var = 0.0  # what a − b leaves
    if s.n_clusters < MIN_CLUSTERS:
        pivot, cautions = (
            Pivot(p_value=math.nan, low=math.nan, high=math.nan),
            [doubt("one_shared_item" if s.n == 1 else "one_shared_cluster")],
        )
    else:
        pivot, cautions = _pivot(s, value, var, df, asked)
        if asked.bounded:
            pivot = replace(pivot, low=max(pivot.low, -1.0), high=min(pivot.high, 1.0))
        cautions = [*s.doubts(df), *cautions]
        if s.negative(asked.variance):
            cautions.append(doubt("negative_two_way_variance"))
    estimate = Estimate(
        value=value,
        se=math.sqrt(var) if s.n_clusters >= MIN_CLUSTERS else math.nan,
        interval=Interval(low=pivot.low, high=pivot.high, level=asked.level),
        df=pivot.df if math.isfinite(pivot.df) else df,
        n_items=s.n,
        n_clusters=s.n_clusters,
        method=Method(name=asked.method, variance=asked.variance, paired=True),
        cautions=tuple(cautions),
    )
    return estimate, pivot


def _pivot(
    s: Paired | SummedPair, value: float, var: float, df: float, asked: Asked
) -> tuple[Pivot, list[Caution]]:
    if asked.method == "score":
        return _score(s, asked), []
    if asked.method == "t":
        return t_pivot(value, math.sqrt(var), df, asked.level), _flat(value, var)
    if isinstance(s, SummedPair):
        raise needs_items(asked.method)
    if asked.method == "mcnemar":
        return _mcnemar(s, asked.level)
    ways = [doubt("first_clustering_only")] if len(s.codes) == TWO_WAY else []
    if asked.method == "sign-flip":
        pivot, cautions = _sign_flip(s, asked)
        return pivot, [*cautions, *ways]
    if asked.method == "bootstrap":
        return _bootstrap(s, value, asked), [*_flat(value, var), *ways]
    return _bayes(s, asked), ways


def _score(s: Paired | SummedPair, asked: Asked) -> Pivot:
    if not asked.bounded:
        raise MethodError(
            "method 'score' needs scores in [0, 1]", remedy="Use method 't', or rescale the scores."
        )
    moments = s.moments(asked.variance, score=True)
    found, (wins, items) = moments.at((0, 1)), s.net_wins(moments)
    net = NetWins(wins=float(wins[0, 1]), items=float(items[0, 1]), event=float(found.event))
    return with_net_wins(pivot_of(found, asked.level, reach=1.0), net, asked.level)


def _sign_flip(s: Paired, asked: Asked) -> tuple[Pivot, list[Caution]]:
    from howsure.statistics.pairs import signflip

    term = clusterings(s.codes[:1], s.w)[0][0]
    p, low, high = signflip.flip_test(term.sums(s.w * s.d), term.totals, level=asked.level, rng=asked.rng)
    cautions = [*_coarse(term.n_clusters, asked.level), *_flat(float(s.d[0]), float(np.ptp(s.d)))]
    return Pivot(p_value=p, low=low, high=high), cautions


def _mcnemar(s: Paired, level: float) -> tuple[Pivot, list[Caution]]:
    from howsure.statistics.pairs import mcnemar

    if not np.isin(np.concatenate([s.a, s.b]), (0.0, 1.0)).all() or np.any(s.w != s.w[0]):
        raise MethodError(
            "method 'mcnemar' needs one right-or-wrong answer per item, equally weighted",
            remedy="Use the default, which takes fractions, attempts and weights.",
        )
    p, low, high = mcnemar.midp_test(int((s.d > 0).sum()), int((s.d < 0).sum()), len(s.d), level=level)
    cautions = [] if not s.codes else [doubt("ignores_clusters")]
    return Pivot(p_value=p, low=low, high=high), cautions


def _bootstrap(s: Paired, value: float, asked: Asked) -> Pivot:
    from howsure.statistics.means import bootstrap

    se = math.sqrt(float(covariance(s.d[:, None], s.w, s.codes[:1], "CR1")[0, 0]))
    if se == 0:
        return t_pivot(value, 0.0, math.nan, asked.level)
    t = bootstrap.pivots(s.d, s.w, s.codes, asked.rng)
    half = bootstrap.critical(t, asked.level) * se
    p = (1 + int((t >= abs(value) / se).sum())) / (len(t) + 1)
    return Pivot(p_value=p, low=value - half, high=value + half)


def _bayes(s: Paired, asked: Asked) -> Pivot:
    from howsure.statistics.means import bayes

    codes = s.codes[0] if s.codes else None
    draws = np.sort(
        bayes.difference_draws(s.d, s.w, codes, reach=1.0 if asked.bounded else 0.0, rng=asked.rng)
    )
    allowed = int((1 - asked.level) / 2 * len(draws) * (1 + 1e-12))
    p = 2 * min(int((draws <= 0).sum()), int((draws >= 0).sum())) / len(draws)
    return Pivot(p_value=min(p, 1.0), low=float(draws[allowed]), high=float(draws[-allowed - 1]))


def _mean(x: Floats, w: Floats, keep: Bools) -> float:
    return float(w[keep] @ x[keep] / w[keep].sum()) if keep.any() else math.nan


def _flat(value: float, var: float) -> list[Caution]:
    return [] if var > 0 else [doubt("same_difference", value=value)]


def _coarse(n_clusters: int, level: float) -> list[Caution]:
    smallest = 2.0 ** (1 - n_clusters)
    return [] if smallest <= 1 - level else [doubt("too_few_flips", clusters=n_clusters, smallest=smallest)]
