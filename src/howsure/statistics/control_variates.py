"""Control variates: a mean adjusted by covariates whose mean over a larger pool of items is known.

Claim: θ = ȳ + (Z̄ − z̄)'β, is the regression estimator of two-phase sampling, with β by least squares on the
n answered items and Z̄ over the N items of the pool (Särndal, Swensson and Wretman 1992, chapter 9). For
experiments it is known as CUPED (Deng et al. 2013), for language models' scores as control variates (Miller
2024, section 3). Its variance is that of its influence on every item, summed within clusters: g_i e_i / n for
the answered ones, e the residual and g the calibration weight, and (z_j − Z̄)'β / N for those of the pool.
Assumes that the answered items are a random sample of the pool, and the pool of all questions. Approximately
unbiased. Degrees of freedom are those of the plain mean, less one per covariate.

The difference of two models is the difference of their adjusted means, with the difference of their
influences: paired on the items that both answered, adjusted for those that only one did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.clustered_variance import CR2, clustering, satterthwaite, variances

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints

RANK_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """An adjusted mean: its `value`, its `influence` (N,) on every item of the pool, and the error that
    follows.

    `plain`, `plain_variance`: the mean without covariates. `df`. `used`: how many covariates, without
    collinear ones. `n`: answered items, in `units` clusters. `codes` (N,): clusters, or one per item without
    clusters. `inflation` (C,).
    """

    value: float
    influence: Floats
    df: float
    plain: float
    plain_variance: float
    used: int
    n: int
    units: int
    codes: Ints
    inflation: Floats

    @property
    def sums(self) -> Floats:
        """The influence summed within clusters (C,)."""
        return np.bincount(self.codes, weights=self.influence, minlength=len(self.inflation)).astype(float)

    @property
    def variance(self) -> float:
        """The variance of the adjusted mean."""
        return float(self.inflation @ self.sums**2)

    @property
    def saved(self) -> float:
        """The share of the plain mean's variance that the covariates saved, below 0 if they added some."""
        return 1 - self.variance / self.plain_variance if self.plain_variance > 0 else 0.0


def adjusted_mean(
    y: Floats, z: Floats, *, clusters: Ints | None = None, weights: Floats | None = None
) -> Adjusted:
    """Adjust the mean of y (N,), NaN if an item of the pool wasn't answered, by covariates z (N, q) known for
    all.

    `clusters` (N,): codes of one clustering. `weights` (N,).

    >>> import numpy as np
    >>> z = np.repeat([0.0, 1.0], 50)[:, None]                      # an easy half and a hard half of the pool
    >>> y = np.where(np.arange(100) % 5 == 0, z[:, 0], np.nan)  # every fifth was answered
    >>> y[0] = np.nan  # and by chance one of the hard ones wasn't
    >>> found = adjusted_mean(y, z)
    >>> round(found.plain, 3), round(found.value, 3)
    (0.526, 0.5)
    """
    pool = len(y)
    w = np.ones(pool) if weights is None else weights
    codes = np.arange(pool) if clusters is None else clusters
    has = ~np.isnan(y)
    n, held = int(has.sum()), np.where(has, w, 0.0)
    used = _independent(z[has], w[has])
    z = z[:, used]
    all_mean, own_mean = w @ z / w.sum(), held @ z / held.sum()
    around = np.where(has[:, None], z - own_mean, 0.0)
    plain = float(held @ np.where(has, y, 0.0) / held.sum())
    centred = np.where(has, y - plain, 0.0)
    root = np.sqrt(held)[:, None]
    basis, triangle = np.linalg.qr(around * root)
    beta = np.linalg.solve(triangle, basis.T @ (centred * root[:, 0]))
    inward = np.linalg.solve(triangle, np.linalg.solve(triangle.T, (all_mean - own_mean) * held.sum()))
    calibration = 1 + around @ inward
    residual = np.where(has, centred - around @ beta, 0.0)
    influence = held * calibration * residual / held.sum() + w * ((z - all_mean) @ beta) / w.sum()
    count = int(codes.max()) + 1
    shares = np.bincount(codes, weights=held, minlength=count) / held.sum()
    spare = max(n - 1 - len(used), 1)
    inside = shares[shares > 0]
    names = np.unique(codes[has], return_inverse=True)[1].astype(np.int64)
    term = clustering(None if clusters is None else names, w[has] * (n / held.sum()))
    plain_variance = variances(
        y[has][:, None], w[has] * (n / held.sum()), [] if term.codes is None else [names], "CR2"
    )
    return Adjusted(
        value=plain + float((all_mean - own_mean) @ beta),
        influence=influence,
        df=max(satterthwaite(inside) - len(used), 1.0),
        plain=plain,
        plain_variance=float(plain_variance[0]),
        used=len(used),
        n=n,
        units=len(inside),
        codes=codes,
        inflation=(n - 1) / spare * CR2().inflation(shares, len(inside)),
    )


def _independent(z: Floats, w: Floats) -> Ints:
    """Return the columns of z that vary and don't follow from those before them, fewer than a third of the
    items.
    """
    kept: list[int] = []
    basis = np.empty((len(z), 0))
    root = np.sqrt(w)
    for k in range(z.shape[1]):
        column = (z[:, k] - w @ z[:, k] / w.sum()) * root
        rest = column - basis @ (basis.T @ column)
        size = float(np.linalg.norm(rest))
        if size > RANK_TOLERANCE * max(float(np.linalg.norm(z[:, k] * root)), 1e-300) and 3 * (
            len(kept) + 1
        ) < len(z):
            kept.append(k)
            basis = np.column_stack([basis, rest / size])
    return np.array(kept, dtype=np.int64)
