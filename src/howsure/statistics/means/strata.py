"""More items from the same clusters: clusters are strata, whose shares are fixed, and only items within them
are a sample.

Scores are moved so that every cluster has the mean of all, and what is left within it is lengthened by √(1 /
(1 − w / W_g)) for the mean that was taken from it. Taken as items that stand alone they have the mean of all,
and the variance of a stratified sample, Σ_g W_g² s_g² / n_g / W² (Cochran 1977, section 5.6). Clusters of a
single item say nothing of the spread within: they are put together, as one stratum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import group_sums

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from howsure.statistics.arrays import Floats, Ints


def joined_strata(codes: Ints) -> Ints:
    """Return the clusters as strata (n,): those of one item together, a lone one with the smallest of the
    others.
    """
    return joined_sizes(np.bincount(codes))[codes]


def joined_sizes(sizes: Ints) -> Ints:
    """Return the stratum of every cluster (C,) of so many items, numbered from 0.

    >>> joined_sizes(np.array([3, 1, 2, 1])).tolist(), joined_sizes(np.array([3, 1, 2])).tolist()
    ([0, 1, 2, 1], [0, 1, 1])
    """
    alone = sizes == 1
    home = np.arange(len(sizes))
    if alone.any():
        home[alone] = np.flatnonzero(alone)[0]
    if alone.sum() == 1 and len(sizes) > 1:
        home[alone] = np.flatnonzero(sizes == sizes[~alone].min())[0]
    return np.unique(home, return_inverse=True)[1].astype(np.int64)


def free_of_strata(df: ArrayLike, n: ArrayLike, strata: ArrayLike) -> Floats:
    """Return degrees of freedom of n items whose strata had their means taken: n − G at most; the infinite
    ones of z stay, NaN where none are left.

    >>> free_of_strata([9.0, 1.0], [10, 2], 3).tolist()
    [7.0, nan]
    """
    df, left = np.asarray(df, dtype=float), np.asarray(n) - np.asarray(strata)
    return np.where(left > 0, np.where(np.isinf(df), df, np.minimum(df, left)), np.nan)


def within_strata(x: Floats, strata: Ints, weights: Floats | None = None) -> Floats:
    """Return scores (n, M) that vary as items within strata do, with the means that they had; NaN stays NaN.

    >>> import numpy as np
    >>> x = np.array([[1.0], [0.0], [1.0], [1.0]])
    >>> within_strata(x, np.array([0, 0, 1, 1])).round(3).ravel().tolist()
    [1.362, 0.138, 0.75, 0.75]
    """
    has = ~np.isnan(x)
    w = has * (np.ones(len(x)) if weights is None else weights)[:, None]
    filled, count = np.nan_to_num(x), int(strata.max()) + 1
    held = group_sums(w, strata, count)
    own = group_sums(w * filled, strata, count) / np.where(held > 0, held, 1.0)
    total = w.sum(axis=0)
    mean = (w * filled).sum(axis=0) / np.where(total > 0, total, 1.0)
    left = 1 - w / np.where(held > 0, held, 1.0)[strata]
    whole = 1 - w / np.where(total > 0, total, 1.0)
    rest = (
        (filled - own[strata]) * np.sqrt(np.where(left > 0, whole / np.where(left > 0, left, 1.0), 0.0)) * has
    )
    rest = rest - (w * rest).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.where(has, mean + rest, np.nan)
