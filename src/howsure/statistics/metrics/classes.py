"""Metrics over classes: precision, recall and F1, of one class or averaged, and the Matthews correlation.

Rows have one class each, or lists of them (several labels per question).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from howsure.errors import MethodError, ResultWarning
from howsure.statistics.metrics.base import HigherIsBetter, Measured, Reads, Rows, Scale, Sets
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class Confusion:
    """The shares of rows by class (C,): right ones, labels and predictions."""

    hit: Floats
    actual: Floats
    predicted: Floats

    @classmethod
    def of(cls, sets: tuple[Sets, Sets, Sets], share: Floats, size: int) -> Confusion:
        """Count the rows with these labels, predictions and what is in both."""
        actual, predicted, hit = (each.by_class(share, size) for each in sets)
        return cls(hit, actual, predicted)


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


def _sizes(rows: Rows, sets: Sets, size: int) -> Floats:
    """Return how many questions of equal weight each class (C,) has."""
    share, code = rows.share[sets.row], sets.code
    if rows.item is not None or rows.lists is not None:
        item = sets.row if rows.item is None else rows.item[sets.row]
        pairs, place = np.unique(np.column_stack([code, item]), axis=0, return_inverse=True)
        share, code = np.bincount(place.reshape(-1), weights=share).astype(float), pairs[:, 0]
    totals, squares = (
        np.bincount(code, weights=each, minlength=size).astype(float) for each in (share, share**2)
    )
    return _over(totals**2, squares)


Average = Literal["one", "macro", "labelled", "weighted", "micro"]
"""Which classes a metric averages: one, all that occur, all that are labels, these by their frequency, or the
counts of all together.
"""


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
        sets, size = rows.sets(), len(rows.classes)
        if self.average == "micro":
            labels, predictions, hits = (Sets(np.zeros_like(each.code), each.row) for each in sets)
            sets, size = (labels, predictions, hits), 1
        counts = Confusion.of(sets, rows.share, size)
        slopes = self.of(counts)
        weight = self._weight(counts, slopes, rows)
        value = float(weight @ slopes.value)
        by_label = weight * slopes.actual
        if self.average == "weighted":
            by_label = by_label + (slopes.value - value) / counts.actual.sum()
        derivatives = (by_label, weight * slopes.predicted, weight * slopes.hit)
        raw = np.zeros(len(rows.share))
        for each, derivative in zip(sets, derivatives, strict=True):
            raw += each.by_row(derivative, len(raw))
        sizes = _sizes(rows, sets[1] if self.of is precision else sets[0], size)
        return Measured(
            value=value,
            influence=raw - rows.share @ raw,
            smallest=float(
                sizes[rows.positive] if self.average == "one" else sizes[sizes > 0].min(initial=np.inf)
            ),
            doubts=self._undefined((weight > 0) & (slopes.divisor == 0), rows.classes),
        )

    def _undefined(self, without: Bools, classes: Sequence[str]) -> tuple[ResultWarning, ...]:
        """Warn of classes (C,) that count as 0 because there is nothing to divide by."""
        if not without.any():
            return ()
        if self.average == "micro":
            message = f"no row has a predicted class, so {self.name} counts as 0"
            return (ResultWarning(code="undefined_class", message=message, remedy="Measure micro-f1."),)
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
        if not counts.actual.any():
            raise MethodError(f"no row has a label, so {self.name} is undefined", remedy="Check the labels.")
        if self.average == "weighted":
            return np.asarray(counts.actual / counts.actual.sum())
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
        counts = Confusion.of(sets := rows.sets(), rows.share, len(rows.classes))
        a, p = counts.actual, counts.predicted
        both, labels, predictions = float(counts.hit.sum() - a @ p), float(1 - a @ a), float(1 - p @ p)
        label, prediction = sets[0].code, sets[1].code
        sizes = _sizes(rows, sets[0], len(a))
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
    """Return 1 for rows whose prediction is the label (of lists: has the same classes), 0 for others."""
    if rows.lists is None:
        return np.asarray((rows.label == rows.prediction).astype(float))
    counts = _by_row(rows)
    return np.asarray(((counts.hit == counts.actual) & (counts.hit == counts.predicted)).astype(float))


def _by_row(rows: Rows) -> Confusion:
    """Return how many classes of each row (r,) are right, labels and predictions."""
    one = np.ones(len(rows.classes))
    actual, predicted, hit = (each.by_row(one, len(rows.share)) for each in rows.sets())
    return Confusion(hit, actual, predicted)


@dataclass(frozen=True, slots=True)
class OfLists(HigherIsBetter):
    """Precision, recall or F1 of the classes of each row, averaged over rows (Godbole and Sarawagi 2004)."""

    name: str
    of: Callable[[Confusion], Slopes]
    reads: ClassVar[Reads] = "classes"
    scale: ClassVar[Scale] = "share"

    def measure(self, rows: Rows) -> Measured:
        """Return the value and the influences of the rows. A row with nothing to divide by counts as 0."""
        slopes = self.of(_by_row(rows))
        value, empty = float(rows.share @ slopes.value), int(np.count_nonzero(slopes.divisor == 0))
        message = (
            f"{empty:,} {'row has' if empty == 1 else 'rows have'} no class to divide by, and "
            f"{'counts' if empty == 1 else 'count'} as 0 in {self.name}"
        )
        remedy = "Write a class such as `none` where no class applies, or measure micro-f1."
        doubt = ResultWarning(code="undefined_class", message=message, remedy=remedy)
        return Measured(value=value, influence=slopes.value - value, doubts=(doubt,) if empty else ())


ONE_CLASS: Mapping[str, Callable[[Confusion], Slopes]] = {"precision": precision, "recall": recall, "f1": f1}
