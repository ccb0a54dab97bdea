"""Expected calibration error: how far probabilities are from how often their events occur.

Rows are put into bins of equal weight by their probability. The error is the mean over bins of the distance
between the mean probability and the share of events (Naeini, Cooper and Hauskrecht 2015). Chance alone makes
it positive. So labels are drawn from the probabilities again and again, and the error is compared with theirs
(Bröcker and Smith 2007). Labels in one cluster are drawn together: each depends on a normal variable, of
which a part is that of the cluster. This part is the one at which labels in a cluster would vary together as
much as the data's do.

The squared distance of a bin exceeds the true one by its variance on average (Kumar, Liang and Ma 2019).
Without it the error is near the true one from below, as it is from above with it. The confidence interval
reaches from the lower limit of the one, or from 0 unless the error is significantly larger than that of
calibrated probabilities, to the upper limit of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics import intervals
from howsure.statistics.metrics.base import Measured, Reads, Rows, Scale
from howsure.statistics.metrics.scores import below, hits

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints

MOST_BINS, IN_A_BIN = 15, 20
"""There are at most so many bins, and on average at least this many questions in each."""
DRAWS, DRAWN = (199, 1999), 2e7
"""The fewest and the most draws of all labels, and the number of labels to draw in all."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
MOST_SHARED = 0.95


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """The mean distance between probabilities and shares of events, over bins of equal weight."""

    name: ClassVar[str] = "ece"
    reads: ClassVar[Reads] = "scores"
    scale: ClassVar[Scale] = "number"
    lower_is_better: ClassVar[bool] = True
    of_questions: ClassVar[bool] = False

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences. MethodError for numbers that aren't probabilities."""
        p = rows.prediction
        if p.min() < 0 or p.max() > 1:
            raise MethodError(
                f"ece needs probabilities, but there is {p[(p < 0) | (p > 1)][0]:.4g}",
                remedy="Rescale them to 0 to 1, or measure auroc, which needs only their order.",
            )
        bins, residual = equal_bins(p, rows.share, rows.questions(rows.share)), hits(rows) - p
        gap = np.bincount(bins, weights=rows.share * residual)
        value = float(np.abs(gap).sum())
        return Measured(value=value, influence=np.sign(gap)[bins] * residual - value)


ROUNDED = 1e-9
"""What sums of shares may lack by rounding."""


def equal_bins(p: Floats, share: Floats, questions: float) -> Ints:
    """Return the bin of each row (r,), 0 … B − 1. Equal probabilities share a bin, and no bin is empty."""
    count = int(np.clip((questions + ROUNDED) / IN_A_BIN, 1, MOST_BINS))
    bins = np.minimum((below(p, share) / share.sum() * count + ROUNDED).astype(np.int64), count - 1)
    return np.unique(bins, return_inverse=True)[1].reshape(-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The rows of a model (r,): `label`, 1 if the event occurred, its `probability`, the `share` of all
    weight and the code of the `cluster`. `questions`: of equal weight, with the same information.
    """

    label: Floats
    probability: Floats
    share: Floats
    cluster: Ints
    questions: float

    @property
    def bins(self) -> Ints:
        """The bin of each row."""
        return equal_bins(self.probability, self.share, self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The calibration error without the part of chance (`debiased`), and what calibrated probabilities would
    show: their mean, what they rarely exceed, and how often they show as much as the data (`p_value`).

    Of each bin (B,): `share` of the weight, `n` rows, mean `probability`, `rate` of events, and the `low` and
    `high` limits of the rate.
    """

    debiased: float
    calibrated_mean: float
    calibrated_high: float
    p_value: float
    share: Floats
    n: Ints
    probability: Floats
    rate: Floats
    low: Floats
    high: Floats


def reliability(rows: Labelled, level: float, rng: np.random.Generator) -> Reliability:
    """Compare the probabilities with the events bin by bin, and with calibrated probabilities."""
    bins, s = rows.bins, rows.share
    share = np.bincount(bins, weights=s)
    probability, rate = (np.bincount(bins, weights=s * x) / share for x in (rows.probability, rows.label))
    residual = rows.label - rows.probability
    variance, rate_variance = (
        _variances(s * (x - (np.bincount(bins, weights=s * x) / share)[bins]), bins, rows.cluster)
        for x in (residual, rows.label)
    )
    found = np.abs(share * (rate - probability))
    errors = calibrated_errors(rows, rng)
    clusters = float(len(np.unique(rows.cluster)))
    n = np.bincount(bins)
    even = share**2 * rate * (1 - rate) / np.maximum(n - 1, 1)
    effective = n / np.maximum(np.where(even > 0, rate_variance / np.where(even > 0, even, 1), 1.0), 1.0)
    low, high = intervals.wilson(rate, effective, np.inf, level)
    return Reliability(
        debiased=float(np.sqrt(np.maximum(found**2 - variance, 0)).sum()) if clusters > 1 else 0.0,
        calibrated_mean=float(errors.mean()),
        calibrated_high=float(np.quantile(errors, level)),
        p_value=float((1 + np.count_nonzero(errors >= found.sum() - 1e-12)) / (1 + len(errors))),
        share=share / share.sum(),
        n=n,
        probability=probability,
        rate=rate,
        low=low,
        high=high,
    )


def _variances(terms: Floats, bins: Ints, cluster: Ints) -> Floats:
    """Return the variance of the sum of each bin's terms (r,), by the sums over its clusters (B,)."""
    pair, place = np.unique(np.column_stack([bins, cluster]), axis=0, return_inverse=True)
    squares = np.bincount(place.reshape(-1), weights=terms) ** 2
    groups = np.bincount(pair[:, 0])
    total = np.bincount(pair[:, 0], weights=squares)
    return np.asarray(total * groups / np.maximum(groups - 1, 1))


def calibrated_errors(rows: Labelled, rng: np.random.Generator) -> Floats:
    """Return the calibration errors of labels drawn from the probabilities, those of a cluster together."""
    bins, p, r = rows.bins, rows.probability, len(rows.label)
    draws = int(np.clip(DRAWN / r, *DRAWS))
    common, groups, cut = shared_part(rows), int(rows.cluster.max()) + 1, scipy.special.ndtri(p)
    order = np.argsort(bins, kind="stable")
    starts = np.flatnonzero(np.diff(bins[order], prepend=-1))
    found, at_once = [], max(1, int(2e6 / r))
    for first in range(0, draws, at_once):
        size = min(at_once, draws - first)
        if common:
            own = np.sqrt(1 - common) * rng.normal(size=(size, r))
            events = own + np.sqrt(common) * rng.normal(size=(size, groups))[:, rows.cluster] < cut
        else:
            events = rng.random((size, r)) < p
        gaps = np.add.reduceat(((events - p) * rows.share)[:, order], starts, axis=1)
        found.append(np.abs(gaps).sum(axis=1))
    return np.concatenate(found)


def shared_part(rows: Labelled) -> float:
    """Return the part of the normal variable behind each label that is that of its cluster, 0 if labels in a
    cluster don't vary together.
    """
    residual = rows.share * (rows.label - rows.probability)
    observed = _products(residual[:, None], rows.cluster)[0]
    if observed <= 0:
        return 0.0
    cut = scipy.special.ndtri(rows.probability)[:, None]

    def excess(part: float) -> float:
        """Return the expected products at this part, less the observed ones."""
        given = scipy.special.ndtr((cut - np.sqrt(part) * NODES) / np.sqrt(1 - part))
        products = _products(rows.share[:, None] * (given - rows.probability[:, None]), rows.cluster)
        return float(products @ WEIGHTS / WEIGHTS.sum() - observed)

    if excess(MOST_SHARED) <= 0:
        return MOST_SHARED
    return float(scipy.optimize.brentq(excess, 0, MOST_SHARED, xtol=1e-3))


def _products(x: Floats, cluster: Ints) -> Floats:
    """Return the sum of the products of all different rows of one cluster (K,), for values x (r, K)."""
    sums = np.stack([np.bincount(cluster, weights=column) for column in x.T], axis=1)
    return np.asarray((sums**2).sum(axis=0) - (x**2).sum(axis=0))
