"""Metrics over a class and a score: how well scores order the classes, and how true probabilities are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.metrics.base import SPREAD, HigherIsBetter, Measured, Reads, Rows, Scale
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats

FALSE_POSITIVES = 2.5
"""Recall at a false positive rate needs at least this many negatives above its threshold."""


def _classed(rows: Rows, name: str) -> Bools:
    """Return which rows are positive. MethodError if all are, or none is."""
    positive = rows.label == rows.positive
    if rows.positive < 0:
        raise MethodError(
            f"{name} needs labels of two classes, but there are {', '.join(rows.classes)}",
            remedy=f"Name the positive one: {name}@class={rows.classes[-1]}.",
        )
    if positive.all() or not positive.any():
        raise MethodError(
            f"every label is {rows.classes[int(rows.label[0])]}, so {name} is undefined",
            remedy="It needs rows of both classes.",
        )
    return np.asarray(positive)


def _of_both(value: float, raw: Floats, positive: Bools, rows: Rows) -> Measured:
    """Return a metric of two classes. Influences are scaled for the degree of freedom that the mean of each
    class uses, which makes DeLong's variance exact.
    """
    n = rows.questions(rows.share)
    influence = np.empty_like(raw)
    sizes = []
    for own in (positive, ~positive):
        share, size = rows.share[own], rows.questions(rows.share * own)
        centred = raw[own] - share @ raw[own] / share.sum()
        influence[own] = centred * math.sqrt(size / max(size - 1, 0.5) * (n - 1) / n)
        sizes.append(size)
    return Measured(value=value, influence=influence, smallest=min(sizes))


def below(x: Floats, share: Floats) -> Floats:
    """Return the weight `share` (r,) of the rows with a smaller x than each row, ties at half."""
    order = np.argsort(x)
    placed = np.empty_like(x)
    placed[order] = _sorted_below(x[order], share[order])
    return placed


def _sorted_below(x: Floats, share: Floats) -> Floats:
    """Return `below` of rows that are sorted by x."""
    through = np.cumsum(share)
    last = np.append(x[1:] != x[:-1], True)  # of the rows with the same x
    if last.all():
        return np.asarray(through - share / 2)
    ends = np.flatnonzero(last)
    middle = through[ends] - np.diff(through[ends], prepend=0.0) / 2
    return np.repeat(middle, np.diff(ends, prepend=-1))


@dataclass(frozen=True, slots=True)
class Auroc(HigherIsBetter):
    """The probability that a positive scores higher than a negative, ties at half (DeLong et al. 1988)."""

    name: ClassVar[str] = "auroc"
    reads: ClassVar[Reads] = "scores"
    scale: ClassVar[Scale] = "share"

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences: each row's placement among those of the other class."""
        positive = _classed(rows, self.name)
        order = np.argsort(rows.prediction)
        x, w, own = rows.prediction[order], rows.share[order], positive[order]
        prevalence = w[own].sum()
        negatives, positives = (_sorted_below(x, w * each) for each in (~own, own))
        placement = np.where(own, negatives / (1 - prevalence), 1 - positives / prevalence)
        value = float(w[own] @ placement[own] / prevalence)
        raw = np.empty_like(x)
        raw[order] = (placement - value) / np.where(own, prevalence, 1 - prevalence)
        return _of_both(value, raw, positive, rows)


@dataclass(frozen=True, slots=True)
class AveragePrecision(HigherIsBetter):
    """The precision at every positive's score, averaged over the positives."""

    name: ClassVar[str] = "average-precision"
    reads: ClassVar[Reads] = "scores"
    scale: ClassVar[Scale] = "share"

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences of the rows."""
        positive = _classed(rows, self.name)
        order = np.argsort(-rows.prediction, kind="stable")
        x, w, own = rows.prediction[order], rows.share[order], positive[order]
        last = np.searchsorted(-x, -x, side="right") - 1  # of the rows with the same score
        above, right = np.cumsum(w)[last], np.cumsum(w * own)[last]
        at = right / above
        prevalence = float(w[own].sum())
        value = float(w[own] @ at[own]) / prevalence
        # a row counts towards the precision at all scores up to its own
        first = np.searchsorted(-x, -x, side="left")
        later = [np.cumsum((w * own * each)[::-1])[::-1][first] for each in (1 / above, at / above)]
        raw = np.empty_like(x)
        raw[order] = (own * (at - value + later[0]) - later[1]) / prevalence
        return Measured(
            value=value,
            influence=raw - rows.share @ raw,
            smallest=min(rows.questions(rows.share * each) for each in (positive, ~positive)),
        )


@dataclass(frozen=True, slots=True)
class RecallAtFpr(HigherIsBetter):
    """The largest share of positives above a threshold that at most `fpr` of the negatives exceed."""

    fpr: float
    reads: ClassVar[Reads] = "scores"
    scale: ClassVar[Scale] = "share"

    @property
    def name(self) -> str:
        """The word by which it is chosen."""
        return f"recall@fpr={self.fpr:g}"

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences. MethodError with fewer than 2.5 / fpr negatives."""
        positive = _classed(rows, self.name)
        needed = math.ceil(FALSE_POSITIVES / self.fpr - ROUNDED_SCORES)
        have = rows.questions(rows.share * ~positive)
        if have < needed - ROUNDED_SCORES:
            raise MethodError(
                f"{self.name} needs at least {needed:,} negatives, but there are {int(have):,}",
                remedy=f"Choose a rate of at least {FALSE_POSITIVES / have:.2g}, or measure auroc.",
            )
        prevalence = rows.share[positive].sum()
        curve = _Roc.of(rows, positive)
        value, threshold = curve.at(self.fpr)
        half = SPREAD * math.sqrt(self.fpr * (1 - self.fpr) / have)
        low, high = max(self.fpr - half, 0.0), min(self.fpr + half, 1.0)
        slope = (curve.at(high)[0] - curve.at(low)[0]) / (high - low)
        above = rows.prediction >= threshold
        exceeding = float(rows.share[above & ~positive].sum() / (1 - prevalence))
        of_negatives = -slope * (above - exceeding) / (1 - prevalence)
        raw = np.where(positive, (above - value) / prevalence, of_negatives)
        return _of_both(value, raw, positive, rows)


@dataclass(frozen=True, slots=True)
class _Roc:
    """The ROC curve: thresholds, falling, and the shares of negatives and positives from each on."""

    threshold: Floats
    false: Floats
    true: Floats

    @classmethod
    def of(cls, rows: Rows, positive: Bools) -> _Roc:
        """Return the curve of some rows."""
        order = np.argsort(-rows.prediction, kind="stable")
        x = rows.prediction[order]
        last = np.flatnonzero(np.append(x[1:] != x[:-1], True))
        above = [np.cumsum((rows.share * own)[order])[last] for own in (~positive, positive)]
        false, true = (np.append(0.0, each / each[-1]) for each in above)
        return cls(np.append(np.inf, x[last]), false, true)

    def at(self, fpr: float) -> tuple[float, float]:
        """Return the recall and the threshold at the last point that doesn't exceed a rate."""
        k = int(np.searchsorted(self.false, fpr + ROUNDED_SCORES, side="right")) - 1
        return float(self.true[k]), float(self.threshold[k])


def hits(rows: Rows) -> Floats:
    """Return 1 for rows of the positive class, 0 for others. MethodError if it isn't known."""
    if rows.positive < 0:
        raise MethodError(
            f"there are labels {', '.join(rows.classes)}, and none is known to be the positive one",
            remedy=f"Name it: @class={rows.classes[-1]}.",
        )
    return np.asarray((rows.label == rows.positive).astype(float))


def brier_scores(rows: Rows) -> Floats:
    """Return the squared distance of each row's probability from its label."""
    return np.asarray((rows.prediction - hits(rows)) ** 2)
