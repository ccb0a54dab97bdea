"""Single rates: rare failures, scores that must keep a floor, and inference from published scores.

Rare failures: how many runs prove that they are rare, and what the existing runs prove. Exact.

Items: k failures in n runs show a rate below p at a one-sided level when P(X ≤ k | n, p) ≤ 1 − level, which
is Clopper and Pearson's (1934) upper limit. Without a failure n = ln(1 − level) / ln(1 − p), the rule of
three. Clusters of m items whose rates vary with intra-cluster correlation ρ (beta-binomial): the number of
failures is a sum of independent beta-binomials. At ρ = 1 a cluster fails or not as a whole, so that clusters
count and not items.

How many items one score needs: for an interval that is narrow enough, or to show that it keeps a floor.

The interval is the expected one of `estimate`: Wilson's on the effective number of items, with the exact
one-sided guard next to 0 and 1 and with unobserved misses among fractions, and t for scores on other scales.
A floor is kept if the lower limit of the interval at the two-sided level 2 · level − 1, and the exact one,
are above it, as in `gate`. The chance of that is exact (binomial) for single right-or-wrong answers to
independent items. Otherwise it is that of a binomial with the effective number of answers.

Inference from published scores: a score and the number of questions, nothing more.

The standard error is at least the binomial one. Without the answers, pairing is unknown. The break-even
correlation is the correlation of two models' answers over questions at which their difference becomes
significant. The literature reports 0.3 to 0.7 (Miller 2024, section 4.2).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics import intervals
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats
    from howsure.statistics.power import Spread

MOST_CLUSTERS = 10**8
TINY = 1e-13
"""The precision of a sought rate."""


def chance_of_at_most(failures: int, count: int, rate: float, *, size: int = 1, icc: float = 0.0) -> float:
    """Return P(X ≤ failures) in `count` clusters of `size` items with this failure rate.

    >>> round(chance_of_at_most(0, 299, 0.01), 4)
    0.0495
    """
    if size == 1 or icc == 0:
        return float(scipy.special.bdtr(min(failures, count * size), count * size, rate))
    if icc == 1:
        return float(scipy.special.bdtr(min(failures // size, count), count, rate))
    return float(_power_of(_one_cluster(failures, size, rate, icc), count, failures).sum())


def runs_needed(below: float, level: float, *, failures: int = 0, size: int = 1, icc: float = 0.0) -> int:
    """Return the fewest clusters (items if `size` is 1) in which this many failures still show a rate below
    `below`.

    The chance of at most this many failures at that rate is at most 1 − level.

    >>> runs_needed(0.01, 0.95), runs_needed(0.01, 0.95, failures=1)
    (299, 473)
    """
    wanted = allowed(level)

    def enough(count: int) -> bool:
        """Return whether this many clusters would show it."""
        return chance_of_at_most(failures, count, below, size=size, icc=icc) <= wanted

    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_CLUSTERS:
            return MOST_CLUSTERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def limits(failures: int, n: int, level: float, *, size: int = 1, icc: float = 0.0) -> tuple[float, float]:
    """Return the exact one-sided lower and upper limits of a failure rate, each at `level` (Clopper and
    Pearson 1934).

    Clusters of `size` items use their beta-binomial sum. Remaining items are one more cluster.

    >>> [round(limit, 4) for limit in limits(0, 560, 0.95, size=10, icc=0.2)]
    [0.0, 0.0099]
    """
    if size > 1 and icc > 0:
        return _clustered_limits(failures, n, level, size, icc)
    low = float(scipy.special.betaincinv(failures, n - failures + 1, 1 - level)) if failures else 0.0
    high = float(scipy.special.betaincinv(failures + 1, n - failures, level)) if failures < n else 1.0
    return low, high


def _clustered_limits(failures: int, n: int, level: float, size: int, icc: float) -> tuple[float, float]:
    """Return the rates at which at least, and at most, this many failures have the probability given by the
    level.
    """

    def rate_where(most: int, chance: float) -> float:
        """Return the rate at which the probability of at most this many failures is `chance`."""
        return float(
            scipy.optimize.brentq(
                lambda rate: _chance_in_runs(most, n, rate, size, icc) - chance, TINY, 1 - TINY, xtol=TINY
            )
        )

    low = rate_where(failures - 1, level) if failures else 0.0
    return low, rate_where(failures, 1 - level) if failures < n else 1.0


def _chance_in_runs(failures: int, n: int, rate: float, size: int, icc: float) -> float:
    """Return P(X ≤ failures) in n items, in clusters of `size` and one of the remaining items."""
    count, rest = divmod(n, size)
    chances = _power_of(_one_cluster(failures, size, rate, icc), count, failures)
    return float(
        (np.convolve(chances, _one_cluster(failures, rest, rate, icc)) if rest else chances)[
            : failures + 1
        ].sum()
    )


def _one_cluster(failures: int, size: int, rate: float, icc: float) -> Floats:
    """Return the beta-binomial probabilities of 0 … `failures` failures in one cluster, (failures + 1,)."""
    if icc == 1:
        k = np.arange(failures + 1)
        return np.where(k == size, rate, np.where(k == 0, 1 - rate, 0.0))
    a, b = rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc
    k = np.arange(failures + 1)
    kept = np.minimum(k, size)
    ways = -np.log(size + 1) - scipy.special.betaln(size - kept + 1, kept + 1)
    chances = np.exp(ways + scipy.special.betaln(kept + a, size - kept + b) - scipy.special.betaln(a, b))
    return np.where(k <= size, chances, 0.0)


def _power_of(chances: Floats, count: int, failures: int) -> Floats:
    """Return the probabilities of 0 … `failures` failures in `count` clusters: the count-th convolution, by
    squaring.
    """
    result = np.zeros(failures + 1)
    result[0] = 1.0
    while count:
        if count & 1:
            result = np.convolve(result, chances)[: failures + 1]
        chances = np.convolve(chances, chances)[: failures + 1]
        count >>= 1
    return result


def half_width(
    rate: float,
    spread: Spread,
    n: float,
    attempts: float,
    level: float,
    *,
    unseen: float = 0.0,
    bounded: bool = True,
) -> float:
    """Return half the expected length of the interval from n items with this many attempts.

    `unseen`: the deff of unobserved misses, 0 if every score is a right or wrong answer.

    >>> from howsure.statistics.power import Spread
    >>> round(half_width(0.5, Spread(within=0.25), 1067, 1, 0.95), 3)
    0.03
    """
    df = spread.df(n)
    if not df > 0:
        return math.inf
    per_item = spread.per_item(n, attempts)
    if not bounded:
        return float(intervals.t_quantile(level, df)) * math.sqrt(per_item / n)
    low, high = intervals.guarded_score(
        rate, n, df, level, deff=per_item / (rate * (1 - rate)), unseen=unseen
    )
    return float(high - low) / 2


def floor_power(
    rate: float, floor: float, spread: Spread, n: float, attempts: float, *, level: float, unseen: float = 0.0
) -> float:
    """Return the chance to show that a floor is kept, one-sided at `level`, if the true score is `rate`.

    >>> from howsure.statistics.power import Spread
    >>> round(floor_power(0.95, 0.9, Spread(within=0.95 * 0.05), 300, 1, level=0.95), 3)
    0.951
    """
    df = spread.df(n)
    if not df > 0:
        return 0.0
    deff = spread.per_item(n, attempts) / (rate * (1 - rate))
    effective = n / deff
    least = _threshold(floor, n, df, level, deff=deff, unseen=unseen)
    single = attempts == 1 and spread.sizes.single and abs(effective - n) < 1e-6 * n
    successes = math.ceil(least * n - 1e-9) if single else least * effective
    if successes > effective:
        return 0.0
    return float(scipy.special.betainc(max(successes, 1e-12), effective - successes + 1, rate))


def _threshold(floor: float, n: float, df: float, level: float, *, deff: float, unseen: float) -> float:
    """Return the smallest observed score whose lower limit is at the floor, above 1 if there is none."""

    def short(p: float) -> float:
        """Return how far the lower limit of an observed score is above the floor."""
        exact, _ = intervals.clopper_pearson(p * n / deff, n / deff, 2 * level - 1)
        low, _ = intervals.guarded_score(p, n, df, 2 * level - 1, deff=deff, unseen=unseen)
        return float(exact if p >= 1 else np.minimum(low, exact)) - floor

    below = math.nextafter(1.0, 0.0)
    if short(below) >= 0:
        return float(scipy.optimize.brentq(short, floor, below, xtol=1e-13))
    return 1.0 if short(1.0) >= 0 else 2.0


def binomial_se(p: Floats, n: Floats) -> Floats:
    """Return sqrt(p(1 − p) / (n − 1)) for rates p and question counts n, as lm-eval publishes it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(p * (1 - p) / (n - 1))


def score_interval(p: float, n: int, se: float, level: float) -> tuple[float, float]:
    """Return the guarded Wilson interval on n / deff, exact at 0 and 1, from a rate, its count and standard
    error.
    """
    deff = se**2 * (n - 1) / (p * (1 - p)) if 0 < p < 1 else 0.0
    if p <= 0 or p >= 1:
        low, high = intervals.clopper_pearson(round(p) * n, n, level)
    else:
        low, high = intervals.guarded_wilson(p, n / deff if deff > 0 else n, n - 1, level)
    return float(low), float(high)


def errors_beside(score: Floats, n: Floats, se: Floats) -> tuple[Floats, Floats]:
    """Return the standard errors of every score and of the next, (N − 1,) each, to test their difference.

    A score of 0 or n of n has the error of the pooled rate, as its own binomial one is 0.
    """
    right, own = score * n, np.stack([se[:-1], se[1:]])
    pooled = (right[:-1] + right[1:]) / (n[:-1] + n[1:])
    above, below = np.where(own == 0, binomial_se(pooled, np.stack([n[:-1], n[1:]])), own)
    return above, below


def unpaired_p(gap: Floats, se_a: Floats, se_b: Floats) -> Floats:
    """Return the two-sided p-value of a difference between independent scores, from the normal
    distribution.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(gap) / np.sqrt(se_a**2 + se_b**2)
    return intervals.t_p_value(np.where(gap == 0, 0.0, z), np.inf)


def shown_better(score: Floats, n: Floats, stated: Floats, level: float) -> Bools:
    """Return which of M published scores are significantly higher than which others, all pairs at once (M,
    M).

    Scores are compared as if unpaired: rates over `n` questions by their pooled rate, others by the `stated`
    standard errors, NaN if missing. Tukey's studentized range, conservative if errors differ (Kramer 1956;
    Hayter 1984).
    """
    from scipy.stats import studentized_range

    if len(score) < 2:
        return np.zeros((len(score), len(score)), dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (score * n + (score * n)[:, None]) / (n + n[:, None])
        errors = np.where(np.isfinite(stated), stated**2, score * (1 - score) / n)
        both = np.isfinite(stated) | np.isfinite(stated)[:, None]
        variance = np.where(both, errors + errors[:, None], pooled * (1 - pooled) * (1 / n + 1 / n[:, None]))
        z = (score[:, None] - score) / np.sqrt(variance)
    return np.asarray(np.nan_to_num(z) > studentized_range.ppf(level, len(score), np.inf) / np.sqrt(2))


def break_even_correlation(gap: Floats, se_a: Floats, se_b: Floats, level: float) -> Floats:
    """Return the correlation at which the paired interval would just exclude 0.

    From z²(se_a² + se_b² − 2ρ se_a se_b) = gap². Below −1, the difference is significant for any pairing
    (returned as −1). Above 1, it isn't significant for any pairing, nor is a difference of 0 (NaN).
    """
    z = intervals.t_quantile(level, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = (se_a**2 + se_b**2 - (gap / z) ** 2) / (2 * se_a * se_b)
    return np.where((rho > 1) | (gap == 0), np.nan, np.maximum(rho, -1.0))
