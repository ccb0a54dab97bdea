"""Metrics over numbers: ratios of sums, correlations, quantiles, and the horizon of difficulty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.metrics.base import SPREAD, HigherIsBetter, Measured, Reads, Rows, Scale
from howsure.statistics.metrics.scores import below
from howsure.statistics.success_curves import success_curve
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats


@dataclass(frozen=True, slots=True)
class Ratio:
    """The sum of one column over the sum of another: word error rate, errors per token."""

    name: str
    lower_is_better: bool = False
    exponential: bool = False
    of_questions: ClassVar[bool] = False
    reads: ClassVar[Reads] = "amounts"
    scale: ClassVar[Scale] = "positive"

    def measure(self, rows: Rows) -> Measured:
        """Return the ratio of the predictions' sum to the labels', or its exponential, with influences."""
        top, bottom = float(rows.share @ rows.prediction), float(rows.share @ rows.label)
        if bottom <= 0:
            raise MethodError(
                f"{self.name}: the sum of the labels isn't positive", remedy="Name the column to divide by."
            )
        value = top / bottom
        influence = (rows.prediction - value * rows.label) / bottom
        if self.exponential:
            value = math.exp(value)
            influence = value * influence
        return Measured(value=value, influence=influence)


@dataclass(frozen=True, slots=True)
class Pearson(HigherIsBetter):
    """Pearson's correlation of label and prediction."""

    name: ClassVar[str] = "pearson"
    reads: ClassVar[Reads] = "numbers"
    scale: ClassVar[Scale] = "correlation"

    def measure(self, rows: Rows) -> Measured:
        """Return the correlation and the influences (Devlin, Gnanadesikan and Kettenring 1975)."""
        x, y = (_standard(each, rows.share, self.name) for each in (rows.label, rows.prediction))
        value = float(np.clip(rows.share @ (x * y), -1, 1))
        return Measured(value=value, influence=x * y - value * (x * x + y * y) / 2)


@dataclass(frozen=True, slots=True)
class Horizon(HigherIsBetter):
    """The difficulty at which a logistic curve of success over the logarithm of difficulty reaches a chance
    of `p`, as the time horizon of Kwa et al. (2025).

    Labels are difficulties, such as minutes that people need, and predictions successes.
    """

    p: float = 0.5
    reads: ClassVar[Reads] = "amounts"
    scale: ClassVar[Scale] = "positive"

    @property
    def name(self) -> str:
        """The word by which it is chosen."""
        return "horizon" if self.p == 0.5 else f"horizon@p={self.p:g}"

    def measure(self, rows: Rows) -> Measured:
        """Return the horizon and the influences of the rows, by those of the curve's two parameters."""
        y, w = rows.prediction, rows.share
        try:
            value, influence = success_curve(rows.label, y, w).difficulty_at(self.p)
        except MethodError as error:
            raise MethodError(f"{self.name}: {error.what}", remedy=error.remedy) from None
        smallest = min(rows.questions(w * y), rows.questions(w * (1 - y)))
        return Measured(value=value, influence=influence, smallest=smallest)


def _standard(x: Floats, share: Floats, name: str) -> Floats:
    centred = x - share @ x
    spread = math.sqrt(share @ centred**2)
    if spread <= ROUNDED_SCORES * max(float(np.abs(x).max()), 1e-300):
        raise MethodError(
            f"{name} is undefined: a column has the same value in every row",
            remedy="Check `columns`: it needs label and prediction.",
        )
    return np.asarray(centred / spread)


@dataclass(frozen=True, slots=True)
class Spearman(HigherIsBetter):
    """Spearman's rank correlation of label and prediction, ties sharing their mean rank."""

    name: ClassVar[str] = "spearman"
    reads: ClassVar[Reads] = "numbers"
    scale: ClassVar[Scale] = "correlation"

    def measure(self, rows: Rows) -> Measured:
        """Return the correlation and the influences, with those of the ranks (Croux and Dehon 2010)."""
        w = rows.share
        f, g = (below(each, w) - 0.5 for each in (rows.label, rows.prediction))
        xx, yy, xy = float(w @ f**2), float(w @ g**2), float(w @ (f * g))
        if min(xx, yy) <= ROUNDED_SCORES:
            _standard(rows.label if xx <= yy else rows.prediction, w, self.name)
        value = xy / math.sqrt(xx * yy)
        # how a row moves the ranks of the others: the weight above it, of their own deviations
        by_f = partial(_moved, rows.label, w)
        by_g = partial(_moved, rows.prediction, w)
        both = f * g - xy + by_f(g) + by_g(f)
        one, other = f**2 - xx + 2 * by_f(f), g**2 - yy + 2 * by_g(g)
        raw = both / math.sqrt(xx * yy) - value / 2 * (one / xx + other / yy)
        return Measured(value=value, influence=raw - w @ raw)


def _moved(x: Floats, share: Floats, deviation: Floats) -> Floats:
    """Return the sum of the deviations, by weight, of what lies above each row, ties at half, without what
    the row's own average share moves.
    """
    above = below(-x, share * deviation)
    return np.asarray(above - share @ above)


@dataclass(frozen=True, slots=True)
class Quantile(HigherIsBetter):
    """A quantile of the predictions, such as the median. Its error is Woodruff's (1952)."""

    q: float
    reads: ClassVar[Reads] = "values"
    scale: ClassVar[Scale] = "number"

    @property
    def name(self) -> str:
        """The word by which it is chosen."""
        return "median" if self.q == 0.5 else f"quantile@q={self.q:g}"

    def measure(self, rows: Rows) -> Measured:
        """Return the quantile, between neighbours as NumPy does, and the influences."""
        x, w = rows.prediction, rows.share
        half = SPREAD * math.sqrt(self.q * (1 - self.q) / max(rows.questions(w), 1.0))
        value = weighted_quantile(x, w, self.q)
        low, high = max(self.q - half, 0.0), min(self.q + half, 1.0)
        slope = (weighted_quantile(x, w, high) - weighted_quantile(x, w, low)) / (high - low)
        smaller = (x < value) + (x == value) / 2
        return Measured(value=value, influence=slope * (w @ smaller - smaller))


def weighted_quantile(x: Floats, share: Floats, q: float) -> float:
    """Return a quantile between neighbouring values. With equal weights it is NumPy's default."""
    order = np.argsort(x, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(share[order])[:-1]])
    places = before / max(before[-1], 1e-300)
    return float(np.interp(q, places, x[order])) if len(x) > 1 else float(x[0])
