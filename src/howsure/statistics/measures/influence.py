"""Influences: what every item adds to the logarithm of a mean, so that ratios have the error bars of
differences.

The logarithm of a mean is, but for its error, a mean of influences (the delta method). The difference of two
logarithms is then a mean of paired differences over the items that both have, by the one estimator of
clustered.py, and its exponential is the ratio of the means.

The logarithm of a mean is log μ, and the influence of an item (x − μ) / μ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """The average of every column of x (n, M) and its logarithm (M,), and what each item adds to the latter
    (n, M), NaN for none.
    """

    average: Floats
    log: Floats
    items: Floats


def influence(x: Floats, weights: Floats | None = None) -> Influence:
    """Return the logarithm of the mean of every column, with influences; a column that gives none has NaN.

    >>> import numpy as np
    >>> costs = influence(np.array([[1.0], [2.0], [3.0]]))
    >>> costs.average.tolist(), costs.items.ravel().tolist()
    ([2.0], [-0.5, 0.0, 0.5])
    """
    w = ~np.isnan(x) * (np.ones(len(x)) if weights is None else weights)[:, None]
    mean = _weighted(x, w)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(mean > 0, np.log(mean), np.nan)
        return Influence(average=mean, log=log, items=(x - mean) / mean)


def _weighted(x: Floats, w: Floats) -> Floats:
    """Return the weighted mean of every column over what it has."""
    total = w.sum(axis=0)
    return np.asarray((w * np.nan_to_num(x)).sum(axis=0) / np.where(total > 0, total, np.nan))
