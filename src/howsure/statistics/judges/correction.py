"""A judge's rate corrected with labels of a few of the answers, by strata of what the judge said (post-stratification).

Answers are parted by the judge's verdict, which is known of all; within a stratum the labels say how often it is right. The corrected rate is
Σ share · rate of the labels in the stratum, an overall score of tasks of which some are tiny (means/suite.py), so that it holds with ten labels and
where all agree. A judge that helps makes strata in which labels hardly vary; one that doesn't costs a little width. With two strata this is the
prediction-powered estimate with its best weight (Angelopoulos, Duchi and Zrnic 2023). Of a stratum without a label nothing is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from howsure.statistics.means import intervals
from howsure.statistics.means.mean import mean
from howsure.statistics.means.suite import overall_estimate
from howsure.statistics.results import Estimate, Interval, Method

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

METHOD = Method(name="labels in strata")
LABELS_A_STRATUM, MOST_STRATA = 10, 5
"""Verdicts that are no yes or no make so many strata: one for each ten labels, up to five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The corrected rate, and the labels' mean by themselves; `unlike`: the p-value of labelled answers being judged as the others are."""

    rate: Estimate
    alone: Estimate
    unlike: float


def strata(verdicts: Floats, labels: int) -> Ints:
    """Return the stratum of every answer (N,), by its verdict and the number of labels alone."""
    values = np.unique(verdicts)
    if len(values) <= 2:
        return np.searchsorted(values, verdicts)
    count = int(np.clip(labels // LABELS_A_STRATUM, 1, MOST_STRATA))
    edges = np.unique(np.quantile(verdicts, np.linspace(0, 1, count + 1)[1:-1], method="higher"))
    return np.searchsorted(edges, verdicts, side="right")


def corrected(verdicts: Floats, labels: Floats, level: float) -> Corrected:
    """Correct the mean of verdicts (N,) with labels (N,) in [0, 1], NaN where there is none; at least one is needed.

    Labels are a random sample of the answers, and answers of all that could be.
    """
    known = np.isfinite(labels)
    code = strata(verdicts, int(known.sum()))
    shares = np.bincount(code) / len(code)
    parts = {k: _part(labels[known & (code == k)], level) for k in np.unique(code[known]).tolist()}
    held = np.array([shares[k] for k in parts])
    values = np.array([part.value for part in parts.values()])
    found = (
        _scaled(next(iter(parts.values())), held[0])
        if len(parts) == 1
        else overall_estimate(list(parts.values()), held.tolist(), bounded=True)
    )
    unknown = max(1 - float(held.sum()), 0.0)
    spread = float(held @ values**2 - (held @ values) ** 2) if len(held) == len(shares) else 0.0
    return Corrected(
        rate=_all_told(found, unknown, max(spread, 0.0) / len(verdicts), level),
        alone=_part(labels[known], level),
        unlike=_unlike(code, known),
    )


def _part(labels: Floats, level: float) -> Estimate:
    """Estimate the mean of the labels of a stratum; of a single one all that it can say."""
    if len(labels) > 1:
        whole = bool(((labels == 0) | (labels == 1)).all())
        return mean(labels, attempts=np.ones(len(labels)) if whole else None, level=level)
    value = float(labels[0])
    low, high = intervals.clopper_pearson(value, 1, level)
    return Estimate(
        value=value,
        se=math.sqrt(value * (1 - value)),
        interval=Interval(low=float(low), high=float(high), level=level),
        df=math.inf,
        n_items=1,
        n_clusters=1,
        method=Method(name="clopper-pearson"),
    )


def _scaled(part: Estimate, share: float) -> Estimate:
    interval = replace(part.interval, low=share * part.interval.low, high=share * part.interval.high)
    return replace(part, value=share * part.value, se=share * part.se, interval=interval)


def _all_told(found: Estimate, unknown: float, variance: float, level: float) -> Estimate:
    """Add the strata without a label, whose rate could be anything, and the `variance` of the strata's shares."""
    more = float(intervals.t_quantile(level, math.inf)) * math.sqrt(variance)
    low = found.value - math.hypot(found.value - found.interval.low, more)
    high = found.value + math.hypot(found.interval.high - found.value, more)
    return replace(
        found,
        value=found.value + unknown / 2,
        se=math.sqrt(found.se**2 + variance),
        interval=replace(found.interval, low=max(low, 0.0), high=min(high + unknown, 1.0)),
        method=METHOD,
    )


def _unlike(code: Ints, known: Bools) -> float:
    """Return the p-value of labelled answers being judged as the others are (χ² of strata by labelled or not); NaN of one stratum."""
    table = np.stack([np.bincount(code[part], minlength=int(code.max()) + 1) for part in (known, ~known)]).astype(float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return math.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(special.chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))
