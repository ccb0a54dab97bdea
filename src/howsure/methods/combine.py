"""Putting tasks together: a weighted mean of task results, whose errors are independent from task to task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.methods.pairs import PairMoments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def combine_df(variances: Floats, df: Floats) -> Floats:
    """Return Welch and Satterthwaite's degrees of freedom of a sum: (Σ v)² / Σ v² / df, over the first axis."""
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, total**2 / (variances**2 / df).sum(axis=0), df.min(axis=0))


def combine_pairs(tasks: Sequence[PairMoments], shares: Floats) -> PairMoments:
    """Return the pair moments of Σ_t share_t · task_t for the same M models in the same order; shares sum to 1."""
    s = np.asarray(shares)[:, None, None]
    stack = {name: np.stack([getattr(task, name) for task in tasks]) for name in ("difference", "variance", "df")}
    spreads = np.stack([task.spread for task in tasks])
    return PairMoments(
        difference=(s * stack["difference"]).sum(axis=0),
        variance=(s**2 * stack["variance"]).sum(axis=0),
        centre=(s * np.stack([task.centre for task in tasks])).sum(axis=0),
        spread=np.sqrt((s**2 * spreads**2).sum(axis=0)),
        df=combine_df(s**2 * spreads**2, stack["df"]),
        weight=np.stack([task.weight for task in tasks]).sum(axis=0),
        shared=np.stack([task.shared for task in tasks]).sum(axis=0),
        covariance=(s**2 * np.stack([task.covariance for task in tasks])).sum(axis=0),
    )
