"""What published scores allow to be said: a score and the number of questions, nothing more.

The standard error is at least the binomial one; without the answers nothing is known of pairing. The
break-even correlation says how strongly two models' answers would have to agree, question by question, for
their gap to be significant; the literature sees 0.3 to 0.7 (Miller 2024, section 4.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means import intervals

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats


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
    """Return the standard errors of every score and of the next, (N − 1,) each, to judge their gap by.

    None of 0 or of 1 out of n is free of error, as its own binomial one says: it has that of the pooled rate.
    """
    right, own = score * n, np.stack([se[:-1], se[1:]])
    pooled = (right[:-1] + right[1:]) / (n[:-1] + n[1:])
    above, below = np.where(own == 0, binomial_se(pooled, np.stack([n[:-1], n[1:]])), own)
    return above, below


def unpaired_p(gap: Floats, se_a: Floats, se_b: Floats) -> Floats:
    """Return the two-sided p-value of a gap between independent scores, from the normal distribution."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(gap) / np.sqrt(se_a**2 + se_b**2)
    return intervals.t_p_value(np.where(gap == 0, 0.0, z), np.inf)


def shown_better(score: Floats, n: Floats, stated: Floats, level: float) -> Bools:
    """Say which of M published scores are shown to be higher than which others, all pairs at once (M, M).

    Scores are compared as if unpaired: of rates over `n` questions by their pooled rate, else by the standard
    errors that are `stated`, NaN where none is. Tukey's studentized range, conservative where errors differ
    (Kramer 1956; Hayter 1984).
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
    """Return the correlation at which the paired interval would just leave out 0.

    From z²(se_a² + se_b² − 2ρ se_a se_b) = gap². Below −1 the gap is real whatever the pairing (−1 is
    returned); above 1 no pairing can make it real, nor a gap of 0 (NaN).
    """
    z = intervals.t_quantile(level, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = (se_a**2 + se_b**2 - (gap / z) ** 2) / (2 * se_a * se_b)
    return np.where((rho > 1) | (gap == 0), np.nan, np.maximum(rho, -1.0))
