"""What each answer adds to a corrected mean, and how much more it varies where answers come in clusters.

Corrected is Σ share · mean of the labels in the stratum. An answer adds to it by its place, (mean of its
stratum − the whole) / N, and, where it has a label, by share · w / W · (label − mean), w how many answers the
label stands for and W their sum in the stratum. Both sum to 0.

Clusters change these two apart. The variance of the shares is that of the clusters' sums (CR2; Bell and
McCaffrey 2002), known from all answers, with twice their covariance with the labels' where that is positive.
That of the labels is multiplied by a design effect: no smaller than 1, no larger than Σ n² / Σ n of the
labels in each cluster, which it is where they are all alike; below the square root of that it is drawn there,
by one unit against as many clusters as made it (means/limits.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means.clustered import satterthwaite
from howsure.statistics.means.intervals import t_quantile
from howsure.statistics.means.limits import deciding
from howsure.statistics.tolerances import ROUNDED_SQUARES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

REFERENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """N judged answers, or pairs of them: `strata` (N,) codes from 0, `labels` (N,), NaN where there is none.

    `weights` (N,): how many answers each label stands for; None: drawn at random. `clusters` (N,): codes from
    0; None: each by itself.
    """

    strata: Ints
    labels: Floats
    weights: Floats | None = None
    clusters: Ints | None = None

    @property
    def known(self) -> Bools:
        """Which have a label."""
        return np.isfinite(self.labels)

    @property
    def shares(self) -> Floats:
        """The share of each stratum in all answers (S,)."""
        return np.asarray(np.bincount(self.strata) / len(self.strata))

    @property
    def stands_for(self) -> Floats:
        """How many answers each label stands for (N,); 1 where they were drawn at random, 0 without a
        label.
        """
        return np.where(self.known, 1.0 if self.weights is None else self.weights, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Influences:
    """What each answer adds by its place and by its label (N,), and the share of the labels' variance that is
    expected of it (N,).

    `clusters` (N,): codes of those that answers come in, None where each is by itself.
    """

    places: Floats
    labels: Floats
    expected: Floats
    clusters: Ints | None

    @classmethod
    def of(cls, judged: Judged) -> Influences:
        """Take them from labels and strata; strata without a label have the mean of the others."""
        code, shares, held = judged.strata, judged.shares, judged.stands_for
        y = np.where(judged.known, judged.labels, 0.0)
        size = len(shares)
        counts, totals = (
            np.bincount(code[judged.known], minlength=size),
            np.bincount(code, weights=held, minlength=size),
        )
        some = totals > 0
        means = np.bincount(code, weights=held * y, minlength=size) / np.where(some, totals, 1.0)
        whole = float(shares[some] @ means[some] / shares[some].sum())
        means = np.where(some, means, whole)
        parts = shares[code] * held / np.where(some, totals, 1.0)[code]
        return cls(
            places=(means[code] - shares @ means) / len(code),
            labels=parts * (y - means[code]),
            expected=np.square(parts) * _variances(judged, means, counts)[code],
            clusters=judged.clusters,
        )

    @property
    def total(self) -> Floats:
        """What each answer adds (N,)."""
        return self.places + self.labels

    def variance_of_shares(self) -> tuple[float, float]:
        """Return the variance of the strata's shares, and its degrees of freedom; with what clusters add
        where both go the same way.
        """
        alone = float(self.places @ self.places)
        if self.clusters is None:
            return alone, np.inf
        sizes = np.bincount(self.clusters) / len(self.clusters)
        if len(sizes) < 2:
            return alone, np.inf
        sums, labels = _cluster_sums(self.clusters, self.places), _cluster_sums(self.clusters, self.labels)
        grouped = float((sums**2 / (1 - sizes)).sum()) + 2 * max(float(sums @ labels), 0.0)
        return max(grouped, alone), satterthwaite(sizes)

    def design_effect(self) -> float:
        """Return by how much clusters multiply the variance of the labels, and the wider quantile of fewer
        units; 1 without clusters.
        """
        if self.clusters is None:
            return 1.0
        at = np.flatnonzero(self.expected)
        code = np.unique(self.clusters[at], return_inverse=True)[1]
        count = np.bincount(code)
        most = float(count @ count / count.sum())
        if len(count) < 2:
            return most
        single, together = (
            each / each.sum() for each in (self.expected[at], _cluster_sums(code, self.expected[at]))
        )
        added = self.labels[at]
        apart, grouped = (
            _scaled(each, shares)
            for each, shares in ((added, single), (_cluster_sums(code, added), together))
        )
        usual = np.sqrt(most)
        seen = float(np.clip(grouped / apart, 1.0, most)) if apart > ROUNDED_SQUARES else usual
        evidence = float(deciding(_cluster_sums(code, added)[:, None])[0])
        effect = (seen * evidence + usual) / (evidence + 1) if seen < usual else seen
        return float(effect * _quantiles(together, single))


def _variances(judged: Judged, means: Floats, counts: Ints) -> Floats:
    """Return the variance of a label in each stratum (S,), drawn towards that of all by one label, so that
    none is 0.
    """
    y = judged.labels[judged.known]
    squares = np.bincount(
        judged.strata[judged.known],
        weights=(y - means[judged.strata[judged.known]]) ** 2,
        minlength=len(means),
    )
    return np.asarray((squares + max(float(y.var()), 1 / (len(y) + 2))) / (counts + 1))


def _cluster_sums(code: Ints, values: Floats) -> Floats:
    return np.asarray(np.bincount(code, weights=values), dtype=float)


def _scaled(added: Floats, shares: Floats) -> float:
    """Return Σ added² / (1 − share), no share trusted that leaves less than a hundredth."""
    return float((added**2 / np.maximum(1 - shares, 0.01)).sum())


def _quantiles(fewer: Floats, more: Floats) -> float:
    """Return the squared ratio of the t quantiles of clusters and of labels; 1 where one of them decides
    alone.
    """
    wide, narrow = (satterthwaite(each) for each in (fewer, more))
    ratio = float(t_quantile(REFERENCE, wide) / t_quantile(REFERENCE, narrow)) ** 2
    return max(ratio, 1.0) if np.isfinite(ratio) else 1.0
