"""BLEU (Papineni et al. 2002) and chrF (Popović 2015) of a corpus, from the counts of each text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from howsure.errors import MethodError
from howsure.statistics.metrics.base import HigherIsBetter, Measured, Reads, Rows, Scale

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

ORDERS = 4
"""The lengths of the sequences of words that count: 1 to 4."""
CHARACTERS, BETA = 6, 2
"""The longest sequence of characters that counts, and how many times as much recall weighs as precision."""


@dataclass(frozen=True, slots=True)
class Bleu(HigherIsBetter):
    """The share of word sequences that the right text has too, with a penalty for short texts, from 0 to 100.

    It reads `counts`: for each row the matching and all sequences of 1 to 4 words, and the number of words of
    the prediction and of the label.
    """

    name: ClassVar[str] = "bleu"
    reads: ClassVar[Reads] = "texts"
    scale: ClassVar[Scale] = "percent"

    def measure(self, rows: Rows) -> Measured:
        """Return the value without smoothing, and the influences. MethodError if no sequence of some length
        matches.
        """
        counts: Floats = np.empty((len(rows.share), 2 * ORDERS + 2)) if rows.counts is None else rows.counts
        sums = rows.share @ counts
        right, every, (length, reference) = sums[:ORDERS], sums[ORDERS : 2 * ORDERS], sums[2 * ORDERS :]
        if not right.all():
            raise MethodError(
                f"no sequence of {int(np.argmin(right > 0)) + 1} words is right, so {self.name} is undefined",
                remedy="Measure longer texts, or wer.",
            )
        short = length < reference
        value = 100 * math.exp(
            float(np.log(right / every).mean()) + (1 - reference / length if short else 0.0)
        )
        slope = (counts[:, :ORDERS] / right - counts[:, ORDERS : 2 * ORDERS] / every).mean(axis=1)
        if short:
            slope = slope + reference / length * (counts[:, -2] / length - counts[:, -1] / reference)
        influence = value * slope
        return Measured(value=value, influence=influence - rows.share @ influence)


@dataclass(frozen=True, slots=True)
class Chrf(HigherIsBetter):
    """The F-score of character sequences, with recall weighing twice as much as precision, from 0 to 100.

    It reads `counts`: for each row the matching sequences of 1 to 6 characters, those of the prediction and
    those of the label.
    """

    name: ClassVar[str] = "chrf"
    reads: ClassVar[Reads] = "texts"
    scale: ClassVar[Scale] = "percent"

    def measure(self, rows: Rows) -> Measured:
        """Return the value over the lengths that occur, and the influences. MethodError if no character
        matches.
        """
        counts: Floats = np.empty((len(rows.share), 3 * CHARACTERS)) if rows.counts is None else rows.counts
        match, said, right = np.split(counts, 3, axis=1)
        matches, predicted, wanted = (rows.share @ each for each in (match, said, right))
        long = (predicted > 0) & (wanted > 0)
        if not (matches * long).any():
            raise MethodError(
                f"no character is right, so {self.name} is 0 without an error bar",
                remedy="Check that labels and predictions are in the same script.",
            )
        precision, recall = matches[long] / predicted[long], matches[long] / wanted[long]
        p, r, weight = float(precision.mean()), float(recall.mean()), BETA**2
        bottom = weight * p + r
        of_precision = ((match[:, long] - precision * said[:, long]) / predicted[long]).mean(axis=1)
        of_recall = ((match[:, long] - recall * right[:, long]) / wanted[long]).mean(axis=1)
        influence = (1 + weight) * (r**2 * of_precision + weight * p**2 * of_recall) / bottom**2
        value = (1 + weight) * p * r / bottom
        return Measured(value=100 * value, influence=100 * (influence - rows.share @ influence))
