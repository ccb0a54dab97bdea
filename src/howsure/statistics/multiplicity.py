"""Many p-values at once: corrections for their number (Holm, Benjamini–Hochberg, and the max-t of max_t.py),
and many models against one, with the error of each matching interval.

max-t against one: the step-down of max_t.py over the pairs with the one. Its intervals come from the single
step, on two kinds of flips: of the data, and of residuals without every model's own difference, since true
differences add apparent correlation between models. The wider intervals count. With too few clusters for
flips, Holm is used instead. Dunnett (1955): the largest of K pivots with one model in common, as multivariate
t with one correlation, by quadrature. The correlation is ½ if all models vary equally and independently, as
in Dunnett's tables. Here it is the average observed one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics import intervals, max_t
from howsure.statistics.arrays import legendre
from howsure.statistics.choices import chosen_object
from howsure.statistics.results import allowed
from howsure.statistics.sign_flips import DRAWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.statistics.arrays import Floats, Positions
    from howsure.statistics.choices import Adjustment, ManyToOne
    from howsure.statistics.pair_moments import FlipSums, PairMoments


def holm(p: Floats, weights: Floats | None = None) -> Floats:
    """Holm's (1979) step-down correction of p-values (K,): controls the chance of any false finding.

    `weights` (K,), above 0: a larger weight gives a test a larger share of the level (his weighted procedure,
    section 4).

    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04])).tolist(), holm(np.array([0.01, 0.04]), np.array([1.0, 3.0])).tolist()
    ([0.02, 0.04], [0.04, 0.04])
    """
    w = np.ones(len(p)) if weights is None else weights
    order = np.argsort(p / w)
    left = np.cumsum(w[order][::-1])[::-1]
    stepped = np.maximum.accumulate(p[order] * (left / w[order]))
    return _back(np.minimum(stepped, 1.0), order)


def benjamini_hochberg(p: Floats) -> Floats:
    """Benjamini and Hochberg's (1995) step-up correction of p-values (K,): controls the share of false
    findings.
    """
    order = np.argsort(p)
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _back(np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0), order)


CORRECTIONS: Mapping[str, Callable[[Floats], Floats] | None] = {
    "max-t": holm,
    "holm": holm,
    "bh": benjamini_hochberg,
    "none": None,
}
"""The correction of the p-values of separate tests for each word of `Adjustment`. For these, max-t equals
Holm.
"""


def corrected_p(p: Floats, method: Adjustment) -> Floats:
    """Correct p-values (K,) of separate tests for the number of those that exist. NaN stays NaN, and max-t
    means Holm here.
    """
    usable, correct = np.isfinite(p), chosen_object("adjust", method, CORRECTIONS)
    if correct is None or usable.sum() < 2:
        return p
    corrected = p.copy()
    corrected[usable] = correct(p[usable])
    return corrected


def tails(p: Floats, adjusted: Floats, method: Adjustment, error: float) -> tuple[Floats, Floats]:
    """Return the errors of the intervals on the side of 0, and on the other, that match corrected p-values:
    both (K,).

    Benjamini–Hochberg: error times the share of significant tests (Benjamini and Yekutieli 2005). Holm:
    Bonferroni's error / K. On the side of 0, if a difference is significant with Holm but not with
    Bonferroni, it is what Holm allows this p-value.
    """
    real = adjusted <= allowed(1 - error)
    if method == "bh":
        share = np.full(len(p), error * max(int(real.sum()), 1) / len(p))
        return share, share
    far = np.full(len(p), error / len(p))
    more = real & (p > far)
    return np.where(more, error * p / np.where(more, adjusted, 1.0), far), far


def _back(values: Floats, order: Positions) -> Floats:
    result = np.empty_like(values)
    result[order] = values
    return result


def usable_adjustment(moments: PairMoments, method: Adjustment) -> Adjustment:
    """Return the correction that pairs allow: "max-t" with two clusterings becomes "holm", as no flip of
    signs respects both.
    """
    return "holm" if method == "max-t" and moments.flips is None else method


def adjust_pairs(
    moments: PairMoments, method: Adjustment, *, rng: np.random.Generator, draws: int = DRAWS
) -> Floats:
    """Correct the p-values (M, M) of all pairs by `usable_adjustment`. NaN stays NaN."""
    p, used = moments.p_value, usable_adjustment(moments, method)
    if used == "none":
        return p
    if used == "max-t" and moments.flips is not None:
        return max_t.max_t(p, moments.flips, rng=rng, draws=draws)
    upper = np.triu_indices(len(p), 1)
    raw = p[upper]
    usable = np.isfinite(raw)
    values = np.full(len(raw), np.nan)
    values[usable] = holm(raw[usable]) if used == "holm" else benjamini_hochberg(raw[usable])
    adjusted = np.zeros_like(p)
    adjusted[upper] = values
    return adjusted + adjusted.T + np.eye(len(p))


NODES_CHI, NODES_NORMAL, REACH = 48, 96, 8.0
MOST_ALIKE = 0.99
"""Correlations above this are replaced by it: quadrature can't distinguish them."""
MIN_CLUSTERS = 8
"""With fewer clusters, there are too few flips of signs and Holm has more power
(docs/decisions/0019-many-to-one.md).
"""
BLOCK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """p-values of models against one (K,), NaN if a model can't be compared, and the error of each interval.

    `near`: on the side of 0. `far`: on the other (K,). An interval with these errors excludes 0 exactly if
    `p_adjusted` is significant.
    """

    p_adjusted: Floats
    near: Floats
    far: Floats


def enough_clusters(flips: FlipSums) -> bool:
    """Return whether flips are a good correction: with too few clusters they lose more than they gain."""
    return len(flips.sums) - int((flips.shared != 0).sum()) >= MIN_CLUSTERS


def by_max_t(
    p: Floats,
    moments: PairMoments,
    one: int,
    error: float,
    *,
    rng: np.random.Generator,
    centred: FlipSums | None = None,
    draws: int = DRAWS,
) -> Corrected:
    """Correct p-values (M,) of all models against the one at `one` by the step-down max-t. NaN if there is
    none.

    `moments` have flips. `centred`: these without the observed differences.
    """
    if moments.flips is None:
        raise ValueError("max-t needs flips")
    pairs, streams = np.full_like(moments.df, np.nan), rng.spawn(3)
    pairs[one], pairs[:, one] = p, p
    adjusted = max_t.max_t(pairs, moments.flips, rng=streams[0], draws=draws)[one].copy()
    adjusted[one] = np.nan
    kinds = (moments.flips, centred or moments.flips.centred())
    steps = [
        max_t.single_step(pairs, kind, error, rng=each, draws=draws)
        for kind, each in zip(kinds, streams[1:], strict=True)
    ]
    return _agreeing(p, adjusted, error, min(steps))


def by_dunnett(p: Floats, moments: PairMoments, one: int, error: float) -> Corrected:
    """Correct p-values (M,) of all models against the one at `one` by Dunnett's (1955) single step. NaN if
    there is none.
    """
    known = np.flatnonzero(np.isfinite(p))
    adjusted = p.copy()
    if len(known) < 2:
        return _agreeing(p, adjusted, error, error)
    df, rho = float(np.median(moments.df[known, one])), _correlation(moments.variance, one, known)
    t = intervals.t_beyond(np.clip(p[known], 1e-300, 1.0) / 2, df)
    adjusted[known] = np.clip(
        1 - inside(t, df, len(known), rho), p[known], np.minimum(len(known) * p[known], 1.0)
    )
    limit = quantile(1 - error, df, len(known), rho)
    return _agreeing(p, adjusted, error, float(intervals.t_p_value(limit, df)))


def by_p_value(p: Floats, method: ManyToOne, error: float) -> Corrected:
    """Correct p-values (K,) without flips: by Holm, Benjamini and Hochberg, or not at all."""
    known = np.isfinite(p)
    if method == "none" or known.sum() < 2:
        return Corrected(p_adjusted=p, near=np.full(len(p), error), far=np.full(len(p), error))
    word: Adjustment = "bh" if method == "bh" else "holm"
    adjusted, near, far = corrected_p(p, word), np.full(len(p), error), np.full(len(p), error)
    near[known], far[known] = tails(p[known], adjusted[known], word, error)
    return Corrected(p_adjusted=adjusted, near=near, far=far)


def of_tasks(found: Corrected, tasks: int) -> Corrected:
    """Return a correction at error / tasks as one of several tasks (Bonferroni)."""
    return Corrected(p_adjusted=np.minimum(tasks * found.p_adjusted, 1.0), near=found.near, far=found.far)


def split(found: Corrected, sizes: Sequence[int]) -> list[Corrected]:
    """Split a joint correction."""
    ends = np.cumsum(sizes)[:-1]
    parts = zip(
        *(np.split(values, ends) for values in (found.p_adjusted, found.near, found.far)), strict=True
    )
    return [Corrected(p_adjusted=p, near=near, far=far) for p, near, far in parts]


def _agreeing(p: Floats, adjusted: Floats, error: float, step: float) -> Corrected:
    """Return tails that match corrected p-values. `step`: the p-value that the single step just rejects.

    On the side of 0, if a difference is significant with the step-down but not with the single step, it is
    what the step-down allows this p-value.
    """
    real = adjusted <= allowed(1 - error)
    far = np.where(real | np.isnan(p), min(step, error), np.minimum(min(step, error), p * (1 - 1e-9)))
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.where(real & (p >= far), error * p / adjusted, far)
    return Corrected(p_adjusted=adjusted, near=near, far=far)


def _correlation(variance: Floats, one: int, sides: Positions) -> float:
    """Return the average correlation of the models' differences from the one, from 0 to 1, or ½ if unknown.

    It follows from Var(a − b), as a − b is the difference of the two differences.
    """
    own = variance[one, sides]
    between = variance[np.ix_(sides, sides)]
    scale = np.sqrt(own[:, None] * own[None, :])
    with np.errstate(invalid="ignore", divide="ignore"):
        r = ((own[:, None] + own[None, :] - between) / (2 * scale))[np.triu_indices(len(sides), 1)]
    r = r[np.isfinite(r)]
    return float(np.clip(r.mean(), 0.0, MOST_ALIKE)) if len(r) else 0.5


def inside(t: Floats, df: float, count: int, correlation: float = 0.5) -> Floats:
    """Return P(max |T_k| ≤ t) of `count` t variables with one correlation of at least 0 and one error
    variance (Dunnett 1955).

    >>> import numpy as np
    >>> float(inside(np.array([2.8886]), 10.0, 4)[0].round(3))
    0.95
    """
    z, w_z = legendre(NODES_NORMAL)
    z, w_z = REACH * z, w_z * REACH * np.exp(-((REACH * z) ** 2) / 2) / math.sqrt(2 * math.pi)
    u, w_u = legendre(NODES_CHI)
    u, w_u = (u + 1) / 2, w_u / 2
    s = np.ones(NODES_CHI) if math.isinf(df) else np.sqrt(2 * scipy.special.gammaincinv(df / 2, u) / df)
    shift, scale = math.sqrt(correlation) * z, math.sqrt(1 - correlation)
    found = np.empty(len(t))
    for k in range(0, len(t), BLOCK):
        reach = t[k : k + BLOCK, None, None] * s[:, None]
        both = scipy.special.ndtr((reach + shift) / scale) - scipy.special.ndtr((shift - reach) / scale)
        found[k : k + BLOCK] = np.einsum("ksz,s,z->k", both**count, w_u, w_z)
    return found


def quantile(level: float, df: float, count: int, correlation: float = 0.5) -> float:
    """Return the t that bounds the largest of `count` variables at a level: Dunnett's (1955) two-sided
    critical value.

    >>> round(quantile(0.95, 20.0, 4), 2)
    2.65
    """
    low = float(intervals.t_beyond((1 - level) / 2, df))
    high = float(intervals.t_beyond((1 - level) / count / 2, df)) + 1e-6
    return float(
        scipy.optimize.brentq(
            lambda t: float(inside(np.array([t]), df, count, correlation)[0]) - level, low - 1e-6, high
        )
    )
