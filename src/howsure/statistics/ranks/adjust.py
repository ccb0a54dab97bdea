"""Corrections of p-values for their number: Holm, Benjamini–Hochberg, and the max-t of maxt.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.choices import chosen_object
from howsure.statistics.pairs.flips import DRAWS
from howsure.statistics.ranks import maxt
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats, Positions
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.pairs.moments import PairMoments


def holm(p: Floats, weights: Floats | None = None) -> Floats:
    """Holm's (1979) step-down correction of p-values (K,): controls the chance of any false finding.

    `weights` (K,), above 0: the larger, the more of the level a test gets (his weighted procedure, section
    4).

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
"""What each word of `Adjustment` makes of the p-values of separate tests, of which max-t knows no more than
Holm.
"""


def corrected_p(p: Floats, method: Adjustment) -> Floats:
    """Correct p-values (K,) of separate tests for the number of those that exist; NaN stays NaN, and max-t
    means Holm here.
    """
    usable, correct = np.isfinite(p), chosen_object("adjust", method, CORRECTIONS)
    if correct is None or usable.sum() < 2:
        return p
    corrected = p.copy()
    corrected[usable] = correct(p[usable])
    return corrected


def tails(p: Floats, adjusted: Floats, method: Adjustment, error: float) -> tuple[Floats, Floats]:
    """Return what the intervals may miss on the side of 0, and on the other, to agree with corrected
    p-values: both (K,).

    Benjamini–Hochberg: error for the share of tests that show a difference (Benjamini and Yekutieli 2005).
    Holm: Bonferroni's error / K; on the side of 0, where Holm shows a difference that Bonferroni doesn't,
    just what Holm allows this p-value.
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


def adjust_pairs(
    moments: PairMoments, method: Adjustment, *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[Floats, Adjustment]:
    """Correct the p-values (M, M) of all pairs and say by which method; NaN stays NaN.

    "max-t" with two clusterings becomes "holm": no flip of signs respects both.
    """
    p = moments.p_value
    if method == "none":
        return p, method
    if method == "max-t" and moments.flips is not None:
        return maxt.max_t(p, moments.flips, rng=rng, draws=draws), method
    used: Adjustment = "holm" if method == "max-t" else method
    upper = np.triu_indices(len(p), 1)
    raw = p[upper]
    usable = np.isfinite(raw)
    values = np.full(len(raw), np.nan)
    values[usable] = holm(raw[usable]) if used == "holm" else benjamini_hochberg(raw[usable])
    adjusted = np.zeros_like(p)
    adjusted[upper] = values
    return adjusted + adjusted.T + np.eye(len(p)), used
