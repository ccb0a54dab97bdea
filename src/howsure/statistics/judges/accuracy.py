"""How often a judge is right: sensitivity and specificity against labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.judges.correction import corrected
from howsure.statistics.judges.influence import Judged
from howsure.statistics.results import Estimate, Interval, Method

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

NOTHING = Method(name="no labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """The share of right answers that a judge calls right, and of wrong ones that it calls wrong; NaN where
    no label tells.
    """

    sensitivity: Estimate
    specificity: Estimate


def accuracy(verdicts: Floats, judged: Judged, level: float) -> Accuracy | None:
    """Measure a judge's verdicts (N,) by the labels; None where either isn't yes or no.

    Labels are a random sample of the answers, or one with known probabilities.
    """
    said, known = np.isfinite(verdicts), judged.known
    if not np.isin(verdicts[said], (0, 1)).all() or not np.isin(judged.labels[known], (0, 1)).all():
        return None
    return Accuracy(
        sensitivity=_share(np.where(judged.labels == 1, verdicts, np.nan), judged, level),
        specificity=_share(np.where(judged.labels == 0, 1 - verdicts, np.nan), judged, level),
    )


def _share(right: Floats, judged: Judged, level: float) -> Estimate:
    """Estimate the mean of what is known of some answers (N,)."""
    if not np.isfinite(right).any():
        none = Interval(low=np.nan, high=np.nan, level=level)
        return Estimate(
            value=np.nan, se=np.nan, interval=none, df=np.nan, n_items=0, n_clusters=0, method=NOTHING
        )
    one = np.zeros(len(right), dtype=np.int64)
    return corrected(
        Judged(strata=one, labels=right, weights=judged.weights, clusters=judged.clusters), level
    ).alone
