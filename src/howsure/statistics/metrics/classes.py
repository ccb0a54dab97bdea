"""Metrics over classes: precision, recall and F1, of one class or averaged, and the Matthews correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.metrics.base import HigherIsBetter, Measured, Reads, Rows, Scale, effective
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats, Ints


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
    """A value for each class and its derivatives by the shares of its right rows, labels and predictions
    (C,) each.
    """

    value: Floats
    hit: Floats
    actual: Floats
    predicted: Floats


def _codes(rows: Rows) -> tuple[Ints, Ints]:
    return rows.label.astype(np.int64), rows.prediction.astype(np.int64)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Divide, with 0 for 0 / 0."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def precision(counts: Confusion) -> Slopes:
    """Return the precision of each class, 0 for one that is never predicted."""
    value, each = (_over(counts.hit, counts.predicted), _over(np.ones_like(counts.hit), counts.predicted))
    return Slopes(value, each, np.zeros_like(value), -value * each)


def recall(counts: Confusion) -> Slopes:
    """Return the recall of each class."""
    value, each = _over(counts.hit, counts.actual), _over(np.ones_like(counts.hit), counts.actual)
    return Slopes(value, each, -value * each, np.zeros_like(value))


def f1(counts: Confusion) -> Slopes:
    """Return the harmonic mean of precision and recall of each class."""
    both = counts.actual + counts.predicted
    value, each = _over(2 * counts.hit, both), _over(np.ones_like(both), both)
    return Slopes(value, 2 * each, -value * each, -value * each)


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
        weight = self._weight(counts, rows)
        value = float(weight @ slopes.value)
        by_label = weight * slopes.actual
        if self.average == "weighted":
            by_label = by_label + slopes.value
        label, prediction = _codes(rows)
        raw = by_label[label] + (weight * slopes.predicted)[prediction]
        raw += (weight * slopes.hit)[label] * (label == prediction)
        return Measured(value=value, influence=raw - rows.share @ raw, smallest=self._smallest(rows, weight))

    def _weight(self, counts: Confusion, rows: Rows) -> Floats:
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
            needed = {"precision": counts.predicted, "recall": counts.actual}.get(
                self.name, counts.actual + counts.predicted
            )
            if not needed @ weight and not counts.actual @ weight:
                raise MethodError(
                    f"no label is {rows.classes[rows.positive]}, so {self.name} is undefined",
                    remedy="Choose another class, or measure accuracy.",
                )
            return np.asarray(weight)
        if self.average == "weighted":
            return counts.actual
        seen = counts.actual > 0 if self.average == "labelled" else counts.actual + counts.predicted > 0
        return np.asarray(seen / seen.sum())

    def _smallest(self, rows: Rows, weight: Floats) -> float:
        label, _ = _codes(rows)
        if self.average == "one":
            own = label == rows.positive
            return min(effective(rows.share[own]), effective(rows.share[~own]))
        squares = np.bincount(label, weights=rows.share**2, minlength=len(weight)).astype(float)
        totals = np.bincount(label, weights=rows.share, minlength=len(weight)).astype(float)
        return float(np.min(_over(totals**2, squares)[totals > 0]))


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
        both, labels, said = float(counts.hit.sum() - a @ p), float(1 - a @ a), float(1 - p @ p)
        label, prediction = _codes(rows)
        smallest = OfClasses("", recall, "labelled")._smallest(rows, a)  # noqa: SLF001
        if labels <= ROUNDED_SCORES:
            raise MethodError(
                f"every label is {rows.classes[int(a.argmax())]}, so {self.name} is undefined",
                remedy="Measure accuracy.",
            )
        if said <= ROUNDED_SCORES:
            return Measured(value=0.0, influence=np.zeros(len(label)), smallest=smallest)
        value = both / math.sqrt(labels * said)
        by_label = -p / math.sqrt(labels * said) + value * a / labels
        by_prediction = -a / math.sqrt(labels * said) + value * p / said
        raw = by_label[label] + by_prediction[prediction] + (label == prediction) / math.sqrt(labels * said)
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
