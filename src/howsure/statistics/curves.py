"""Simultaneous limits of the points of a curve.

Claim: the points are means of the same questions, so their errors are correlated, those of neighbours nearly
the same. The largest of their |t| has a distribution that this correlation determines (max-t: Westfall and
Young 1993), from draws of a multivariate t. Each point's own interval at the returned level contains its true
value, for all points at once, with the level asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

DRAWS = 5_000


def pointwise_level(covariance: Floats, df: float, level: float, rng: np.random.Generator) -> float:
    """Return the confidence level of each of P points that makes their intervals simultaneous at `level`.

    `covariance` (P, P): of the points, with `df` degrees of freedom. Points without variance don't count.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> round(pointwise_level(np.eye(10), 30, 0.95, rng), 3)
    0.995
    """
    se = np.sqrt(np.diag(covariance))
    varies = se > 1e-12 * max(float(se.max(initial=0.0)), 1e-300)
    if np.count_nonzero(varies) < 2 or not df > 0:
        return level
    se = se[varies]
    values, vectors = np.linalg.eigh(covariance[np.ix_(varies, varies)] / np.outer(se, se))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    z = rng.standard_normal((DRAWS, len(values))) @ root.T
    if np.isfinite(df):
        z /= np.sqrt(rng.chisquare(df, DRAWS) / df)[:, None]
    reach = float(np.quantile(np.abs(z).max(axis=1), level))
    return max(level, 1 - 2 * float(scipy.stats.t.sf(reach, df)))
