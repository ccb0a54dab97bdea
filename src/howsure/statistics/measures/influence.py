"""Influences: what every item adds to the logarithm of a mean, so that ratios have the error bars of
differences.

The logarithm of a mean is, but for its error, a mean of influences (the delta method). The difference of two
logarithms is then a mean of paired differences over the items that both have, by the one estimator of
clustered.py, and its exponential is the ratio of the means.

- "mean": log μ, influence (x − μ) / μ.
- "log-normal": the log of a log-normal mean, m + s² / 2 of the logarithms, influence (l − m) + ((l − m)² −
    s²) / 2; it needs numbers above 0.
- "trimmed": the log of the mean without the largest and smallest tenth, by its winsorised values (Tukey and
    McLaughlin 1963).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.choices import chosen_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import AverageOf

TRIMMED = 0.1
"""The share of items that a trimmed mean leaves out on each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """The average of every column of x (n, M) and its logarithm (M,), and what each item adds to the latter
    (n, M), NaN for none.
    """

    average: Floats
    log: Floats
    items: Floats


def influence(x: Floats, weights: Floats | None = None, average: AverageOf = "mean") -> Influence:
    """Return the logarithm of the average of every column, with influences; a column that gives none has NaN.

    >>> import numpy as np
    >>> found = influence(np.array([[1.0], [2.0], [3.0]]))
    >>> found.average.tolist(), found.items.ravel().tolist()
    ([2.0], [-0.5, 0.0, 0.5])
    """
    has = ~np.isnan(x)
    w = has * (np.ones(len(x)) if weights is None else weights)[:, None]
    return chosen_object("average", average, AVERAGES)(x, w)


def _mean(x: Floats, w: Floats) -> Influence:
    return _mean_of(x, x, 1.0, w)


def _trimmed(x: Floats, w: Floats) -> Influence:
    return _mean_of(*_winsorised(x, ~np.isnan(x)), w)


def _mean_of(kept: Floats, spread: Floats, share: float, w: Floats) -> Influence:
    """`kept`: what is averaged, NaN for what is left out; `spread`: what varies, over the `share` that is
    averaged.
    """
    mean = _weighted(kept, w * ~np.isnan(kept))
    with np.errstate(divide="ignore", invalid="ignore"):
        items = (spread - _weighted(spread, w)) / (share * mean)
        return Influence(average=mean, log=np.where(mean > 0, np.log(mean), np.nan), items=items)


def _winsorised(x: Floats, has: Floats) -> tuple[Floats, Floats, float]:
    """Return x without its extremes, x with these drawn in, and the share that is left."""
    low, high = np.nanquantile(x, [TRIMMED, 1 - TRIMMED], axis=0, method="closest_observation")
    inside = has & (x >= low) & (x <= high)
    return np.where(inside, x, np.nan), np.where(has, np.clip(x, low, high), np.nan), 1 - 2 * TRIMMED


def _log_normal(x: Floats, w: Floats) -> Influence:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(x > 0, x, np.nan))
        fits = ~((x <= 0) & (w > 0)).any(axis=0)
        middle = _weighted(logs, w)
        squares = (logs - middle) ** 2
        variance = _weighted(squares, w)
        log = np.where(fits, middle + variance / 2, np.nan)
        return Influence(average=np.exp(log), log=log, items=logs - middle + (squares - variance) / 2)


AVERAGES: Mapping[str, Callable[[Floats, Floats], Influence]] = {
    "mean": _mean,
    "log-normal": _log_normal,
    "trimmed": _trimmed,
}
"""What each word of `AverageOf` makes of numbers and weights (n, M)."""


def _weighted(x: Floats, w: Floats) -> Floats:
    """Return the weighted mean of every column over what it has."""
    total = w.sum(axis=0)
    return np.asarray((w * np.nan_to_num(x)).sum(axis=0) / np.where(total > 0, total, np.nan))
