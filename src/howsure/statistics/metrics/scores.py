"""Metrics over a class and a score: how well scores order the classes, and how true probabilities are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from howsure.errors import MethodError, ResultWarning
from howsure.statistics.metrics.base import SPREAD, HigherIsBetter, Measured, Reads, Rows, Scale, effective
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

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
    n = effective(rows.share)
    influence = np.empty_like(raw)
    sizes = []
    for own in (positive, ~positive):
        share = rows.share[own]
        size = effective(share)
        centred = raw[own] - share @ raw[own] / share.sum()
        influence[own] = centred * math.sqrt(size / max(size - 1, 0.5) * (n - 1) / n)
        sizes.append(size)
    return Measured(value=value, influence=influence, smallest=min(sizes))


def below(x: Floats, share: Floats) -> Floats:
    """Return the weight `share` (r,) of the rows with a smaller x than each row, ties at half."""
    order = np.argsort(x)
    ordered = x[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # of the rows with the same x
    through = np.cumsum(share[order])[last]
    before = np.append(0.0, through[:-1])
    found = np.empty_like(x)
    found[order] = np.repeat((before + through) / 2, np.diff(np.append(-1, last)))
    return found


@dataclass(frozen=True, slots=True)
class Auroc(HigherIsBetter):
    """The probability that a positive scores higher than a negative, ties at half (DeLong et al. 1988)."""

    name: ClassVar[str] = "auroc"
    reads: ClassVar[Reads] = "scores"
    scale: ClassVar[Scale] = "share"

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences: each row's placement among those of the other class."""
        positive = _classed(rows, self.name)
        x, w = rows.prediction, rows.share
        held = w[positive].sum()
        negatives, positives = (below(x, w * own) for own in (~positive, positive))
        placement = np.where(positive, negatives / (1 - held), 1 - positives / held)
        value = float(w[positive] @ placement[positive] / held)
        raw = (placement - value) / np.where(positive, held, 1 - held)
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
        held = float(w[own].sum())
        value = float(w[own] @ at[own]) / held
        # a row counts towards the precision at all scores up to its own
        first = np.searchsorted(-x, -x, side="left")
        later = [np.cumsum((w * own * each)[::-1])[::-1][first] for each in (1 / above, at / above)]
        raw = np.empty_like(x)
        raw[order] = (own * (at - value + later[0]) - later[1]) / held
        return Measured(
            value=value,
            influence=raw - rows.share @ raw,
            smallest=min(effective(rows.share[positive]), effective(rows.share[~positive])),
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
        have = effective(rows.share[~positive])
        if have < needed - ROUNDED_SCORES:
            raise MethodError(
                f"{self.name} needs at least {needed:,} negatives, but there are {int(have):,}",
                remedy=f"Choose a rate of at least {FALSE_POSITIVES / have:.2g}, or measure auroc.",
            )
        held = rows.share[positive].sum()
        curve = _Roc.of(rows, positive)
        value, threshold = curve.at(self.fpr)
        half = SPREAD * math.sqrt(self.fpr * (1 - self.fpr) / have)
        low, high = max(self.fpr - half, 0.0), min(self.fpr + half, 1.0)
        slope = (curve.at(high)[0] - curve.at(low)[0]) / (high - low)
        above = rows.prediction >= threshold
        exceeding = float(rows.share[above & ~positive].sum() / (1 - held))
        raw = np.where(positive, (above - value) / held, -slope * (above - exceeding) / (1 - held))
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
        held = [np.cumsum((rows.share * own)[order])[last] for own in (~positive, positive)]
        false, true = (np.append(0.0, each / each[-1]) for each in held)
        return cls(np.append(np.inf, x[last]), false, true)

    def at(self, fpr: float) -> tuple[float, float]:
        """Return the recall and the threshold at the last point that doesn't exceed a rate."""
        k = int(np.searchsorted(self.false, fpr + ROUNDED_SCORES, side="right")) - 1
        return float(self.true[k]), float(self.threshold[k])


@dataclass(frozen=True, slots=True)
class CalibrationError(HigherIsBetter):
    """The expected calibration error: the mean distance between probabilities and how often they come true,
    over bins of equal width (Naeini, Cooper and Hauskrecht 2015).

    Each bin's squared distance is reduced by its variance (as by Kumar, Liang and Ma 2019), so that noise
    doesn't count as miscalibration. What remains under perfect calibration is estimated by flipping the signs
    of the residuals of every cluster.
    """

    bins: int = 15
    reads: ClassVar[Reads] = "scores"
    scale: ClassVar[Scale] = "share"
    lower_is_better: ClassVar[bool] = True
    FLIPS: ClassVar[int] = 400

    @property
    def name(self) -> str:
        """The word by which it is chosen."""
        return "ece" if self.bins == 15 else f"ece@bins={self.bins}"

    def curve(self, rows: Rows) -> tuple[Floats, Floats, Floats]:
        """Return the reliability curve: each bin's share of the rows, mean probability and observed rate,
        both NaN for an empty bin.
        """
        code = self._codes(rows)
        share = np.bincount(code, weights=rows.share, minlength=self.bins).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            said = np.bincount(code, weights=rows.share * rows.prediction, minlength=self.bins) / share
            true = np.bincount(code, weights=rows.share * hits(rows), minlength=self.bins) / share
        return share, said, true

    def measure(self, rows: Rows) -> Measured:
        """Return the debiased error and the influences, with a doubt if a calibrated model may have it."""
        if ((rows.prediction < 0) | (rows.prediction > 1)).any():
            raise MethodError(
                f"{self.name} needs probabilities, but {rows.prediction.min():g} to "
                f"{rows.prediction.max():g} are given",
                remedy="Name the column of probabilities: `columns={'prediction': '…'}`.",
            )
        residual, code = rows.share * (hits(rows) - rows.prediction), self._codes(rows)
        unit = np.arange(len(residual)) if rows.unit is None else rows.unit
        sums = np.zeros((int(unit.max()) + 1, self.bins))
        np.add.at(sums, (unit, code), residual)
        gap, variance = sums.sum(axis=0), (sums**2).sum(axis=0)
        value = float(_debiased(gap, variance).sum())
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (self.FLIPS, len(sums)))
        null = _debiased(signs @ sums, variance).sum(axis=1)
        counted = np.where(gap**2 > variance, np.sign(gap), 0.0)[code]
        influence = counted * (hits(rows) - rows.prediction)
        usual, most = float(np.abs(gap).sum()), float(np.quantile(null, 0.95))
        what = (
            f"miscalibration isn't shown: a calibrated model would have an {self.name} of {null.mean():.3f} "
            f"on average here, and up to {most:.3f} (without the correction for noise it would read "
            f"{usual:.3f}). The interval is only indicative"
        )
        remedy = "Add questions, or use brier, which needs no bins."
        doubt = ResultWarning(code="calibration_not_excluded", message=what, remedy=remedy)
        return Measured(
            value=value, influence=influence - rows.share @ influence, doubts=() if value > most else (doubt,)
        )

    def _codes(self, rows: Rows) -> Ints:
        return np.asarray(np.clip(np.ceil(rows.prediction * self.bins) - 1, 0, self.bins - 1), dtype=np.int64)


def hits(rows: Rows) -> Floats:
    """Return 1 for rows of the positive class, 0 for others. MethodError if it isn't known."""
    if rows.positive < 0:
        raise MethodError(
            f"there are labels {', '.join(rows.classes)}, and none is known to be the positive one",
            remedy=f"Name it: @class={rows.classes[-1]}.",
        )
    return np.asarray((rows.label == rows.positive).astype(float))


def _debiased(gap: Floats, variance: Floats) -> Floats:
    """Return the size of gaps whose squares are reduced by their variance, 0 where noise explains them."""
    return np.asarray(np.sqrt(np.clip(gap**2 - variance, 0, None)))


def brier_scores(rows: Rows) -> Floats:
    """Return the squared distance of each row's probability from its label."""
    return np.asarray((rows.prediction - hits(rows)) ** 2)
