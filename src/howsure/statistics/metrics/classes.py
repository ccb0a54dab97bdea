"""Metrics over classes: precision, recall and F1, of one class or averaged, and the Matthews correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from howsure.errors import MethodError, ResultWarning
from howsure.statistics.metrics.base import HigherIsBetter, Measured, Reads, Rows, Scale
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Confusion:
    """The shares of rows by class (C,): right ones, labels and predictions."""

    hit: Floats
    actual: Floats
    predicted: Floats

    @classmethod
    def of(cls, rows: Rows) -> Confusion:
        """Count the rows."""
        label, prediction = _codes(rows)
        size = len(rows.classes)
        hit = np.bincount(label, weights=rows.share * (label == prediction), minlength=size)
        actual = np.bincount(label, weights=rows.share, minlength=size)
        predicted = np.bincount(prediction, weights=rows.share, minlength=size)
        return cls(hit.astype(float), actual.astype(float), predicted.astype(float))


@dataclass(frozen=True, slots=True)
class Slopes:
    """A value for each class, its derivatives by the shares of its right rows, labels and predictions, and
    the share of rows that it divides by (C,) each.
    """

    value: Floats
    hit: Floats
    actual: Floats
    predicted: Floats
    divisor: Floats


def _codes(rows: Rows) -> tuple[Ints, Ints]:
    return rows.label.astype(np.int64), rows.prediction.astype(np.int64)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Divide, with 0 for 0 / 0."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def precision(counts: Confusion) -> Slopes:
    """Return the precision of each class, 0 for one that is never predicted."""
    value, each = _over(counts.hit, counts.predicted), _over(np.ones_like(counts.hit), counts.predicted)
    return Slopes(value, each, np.zeros_like(value), -value * each, counts.predicted)


def recall(counts: Confusion) -> Slopes:
    """Return the recall of each class, 0 for one that is never a label."""
    value, each = _over(counts.hit, counts.actual), _over(np.ones_like(counts.hit), counts.actual)
    return Slopes(value, each, -value * each, np.zeros_like(value), counts.actual)


def f1(counts: Confusion) -> Slopes:
    """Return the harmonic mean of precision and recall of each class."""
    both = counts.actual + counts.predicted
    value, each = _over(2 * counts.hit, both), _over(np.ones_like(both), both)
    return Slopes(value, 2 * each, -value * each, -value * each, both)


def _sizes(rows: Rows, code: Ints) -> Floats:
    """Return how many questions of equal weight each class (C,) has, by the codes of the rows."""
    share = rows.share
    if rows.item is not None:
        pairs, place = np.unique(np.column_stack([code, rows.item]), axis=0, return_inverse=True)
        share, code = np.bincount(place.reshape(-1), weights=share).astype(float), pairs[:, 0]
    totals, squares = (
        np.bincount(code, weights=each, minlength=len(rows.classes)).astype(float)
        for each in (share, share**2)
    )
    return _over(totals**2, squares)


Average = Literal["one", "macro", "labelled", "weighted"]
"""Which classes a metric averages: one, all that occur, all that are labels, or these by their frequency."""


@dataclass(frozen=True, slots=True)
class OfClasses(HigherIsBetter):
    """Precision, recall or F1, of one class or averaged over classes (van Rijsbergen 1979)."""

    name: str
    of: Callable[[Confusion], Slopes]
    average: Average
    reads: ClassVar[Reads] = "classes"
    scale: ClassVar[Scale] = "share"

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences of the rows. Classes that don't occur don't count."""
        counts = Confusion.of(rows)
        slopes = self.of(counts)
        weight = self._weight(counts, slopes, rows)
        value = float(weight @ slopes.value)
        by_label = weight * slopes.actual
        if self.average == "weighted":
            by_label = by_label + slopes.value
        label, prediction = _codes(rows)
        raw = by_label[label] + (weight * slopes.predicted)[prediction]
        raw += (weight * slopes.hit)[label] * (label == prediction)
        sizes = _sizes(rows, prediction if self.of is precision else label)
        return Measured(
            value=value,
            influence=raw - rows.share @ raw,
            smallest=float(sizes[rows.positive] if self.average == "one" else sizes[sizes > 0].min()),
            doubts=self._undefined((weight > 0) & (slopes.divisor == 0), rows.classes),
        )

    def _undefined(self, without: Bools, classes: Sequence[str]) -> tuple[ResultWarning, ...]:
        """Warn of classes (C,) that count as 0 because there is nothing to divide by."""
        if not without.any():
            return ()
        what, name = ("predicted", "precision") if self.of is precision else ("a label", "recall")
        n = np.count_nonzero(without)
        of = f"class {classes[int(without.argmax())]!r} is" if n == 1 else f"{n} classes are"
        message = f"{of} never {what}, so {'its' if n == 1 else 'their'} {name} counts as 0"
        return (ResultWarning(code="undefined_class", message=message, remedy="Measure f1 or macro-f1."),)

    def _weight(self, counts: Confusion, slopes: Slopes, rows: Rows) -> Floats:
        if self.average == "one":
            if rows.positive < 0:
                raise MethodError(
                    f"{self.name} is about one class, but there are {', '.join(rows.classes)}",
                    remedy=(
                        f"Name it: {self.name}@class={rows.classes[-1]}, or average over the classes: "
                        f"macro-{self.name}."
                    ),
                )
            weight = (np.arange(len(rows.classes)) == rows.positive).astype(float)
            if not slopes.divisor @ weight and not counts.actual @ weight:
                raise MethodError(
                    f"no label is {rows.classes[rows.positive]}, so {self.name} is undefined",
                    remedy="Choose another class, or measure accuracy.",
                )
            return np.asarray(weight)
        if self.average == "weighted":
            return counts.actual
        seen = counts.actual > 0 if self.average == "labelled" else counts.actual + counts.predicted > 0
        return np.asarray(seen / seen.sum())


@dataclass(frozen=True, slots=True)
class Matthews(HigherIsBetter):
    """The correlation of labels and predictions (Matthews 1975), for several classes by Gorodkin (2004)."""

    name: ClassVar[str] = "mcc"
    reads: ClassVar[Reads] = "classes"
    scale: ClassVar[Scale] = "correlation"

    def measure(self, rows: Rows) -> Measured:
        """Return the value, 0 if all predictions are one class, and the influences of the rows."""
        counts = Confusion.of(rows)
        a, p = counts.actual, counts.predicted
        both, labels, predictions = float(counts.hit.sum() - a @ p), float(1 - a @ a), float(1 - p @ p)
        label, prediction = _codes(rows)
        sizes = _sizes(rows, label)
        smallest = float(sizes[sizes > 0].min())
        if labels <= ROUNDED_SCORES:
            raise MethodError(
                f"every label is {rows.classes[int(a.argmax())]}, so {self.name} is undefined",
                remedy="Measure accuracy.",
            )
        if predictions <= ROUNDED_SCORES:
            only = f"every prediction is {rows.classes[int(p.argmax())]}, so {self.name} counts as 0"
            doubt = ResultWarning(code="undefined_class", message=only, remedy="Measure accuracy.")
            return Measured(value=0.0, influence=np.zeros(len(label)), smallest=smallest, doubts=(doubt,))
        spread = math.sqrt(labels * predictions)
        value = both / spread
        by_label = -p / spread + value * a / labels
        by_prediction = -a / spread + value * p / predictions
        raw = by_label[label] + by_prediction[prediction] + (label == prediction) / spread
        return Measured(value=value, influence=raw - rows.share @ raw, smallest=smallest)


def of_class(rows: Rows) -> Floats:
    """Return 1 for rows whose prediction is the class of interest, 0 for others. MethodError without one."""
    if rows.positive < 0:
        raise MethodError(
            f"a share needs its class, and there are {', '.join(rows.classes)}",
            remedy=f"Name it: share@class={rows.classes[-1]}.",
        )
    return np.asarray((rows.prediction == rows.positive).astype(float))


def right(rows: Rows) -> Floats:
    """Return 1 for rows whose prediction is the label, 0 for others."""
    return np.asarray((rows.label == rows.prediction).astype(float))


ONE_CLASS: Mapping[str, Callable[[Confusion], Slopes]] = {"precision": precision, "recall": recall, "f1": f1}
