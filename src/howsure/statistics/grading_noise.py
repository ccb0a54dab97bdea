"""Grading noise: how much a mean would vary if the same judge graded the same answers again.

Model: score of a grading = question + answer within its question + grading of the answer. Gradings are
averaged within an answer, answers within a question. Claim: Σ w² Σ s² / (n K²) / W² is an unbiased estimate
of the part of a mean's variance that comes from gradings. Here s² is the unbiased variance of the gradings of
an answer, n their number, and K the number of answers to its question. Numbers of gradings may differ. An
answer with one grading borrows the average s² of those with several. Assumes that gradings of one answer are
independent draws. What a judge gets wrong every time isn't in it. With equal numbers these are the mean
squares of the nested analysis of variance (Searle, Casella and McCulloch 1992, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingNoise:
    """The variance of every mean due to gradings (T,), NaN if no answer of a column was graded twice.

    `now`: with the existing gradings. `once`: with one grading per answer, so that g gradings give once / g.
    `single`: the variance of one grading around the mean of its answer. `gradings`: their harmonic mean
    number per answer.
    """

    now: Floats
    once: Floats
    single: Floats
    gradings: Floats

    def with_difference(self) -> GradingNoise:
        """Return the first two columns and their difference: their gradings are independent."""

        def appended(x: Floats) -> Floats:
            """Append the sum of the two."""
            return np.append(x, x.sum())

        return GradingNoise(
            now=appended(self.now),
            once=appended(self.once),
            single=appended(self.single),
            gradings=np.append(self.gradings, 2 / (1 / self.gradings).sum()),
        )


def grading_noise(
    counts: Floats, squares: Floats, cells: tuple[Ints, Ints], attempts: Floats, weights: Floats | None = None
) -> GradingNoise:
    """Return the grading noise of the weighted mean of every column.

    Args:
        counts: The number of gradings of each answer (A,), at least 1.
        squares: The sum of their squared deviations from the answer's mean (A,).
        cells: The item and the column of each answer, both (A,).
        attempts: The number of answers to each item (n, T), 0 if a column lacks the item.
        weights: The weights of items (n,). None means equal weights.

    Examples:
        >>> cells = np.array([0, 1]), np.array([0, 0])
        >>> found = grading_noise(np.array([2.0, 2.0]), np.array([0.5, 0.0]), cells, np.ones((2, 1)))
        >>> found.single.tolist(), found.now.tolist(), found.once.tolist()
        ([0.25], [0.0625], [0.125])
    """
    items, columns = cells
    several, size = counts > 1, attempts.shape[1]
    own = squares / np.maximum(counts - 1, 1)
    known = np.bincount(columns[several], minlength=size)
    sums = np.bincount(columns[several], weights=own[several], minlength=size)
    single = np.where(known > 0, sums / np.maximum(known, 1), np.nan)
    variance = np.where(several, own, single[columns])
    w = np.ones(len(attempts)) if weights is None else weights
    weight = w @ (attempts > 0)
    share = (w[items] / np.maximum(attempts[items, columns], 1) / weight[columns]) ** 2

    def noise(of_answers: Floats) -> Floats:
        """Sum the variances of the answers' means over a column (T,)."""
        total = np.bincount(columns, weights=share * of_answers, minlength=size)
        return np.where(known > 0, total, np.nan)

    graded = np.bincount(columns, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        harmonic = graded / np.bincount(columns, weights=1 / counts, minlength=size)
    return GradingNoise(now=noise(variance / counts), once=noise(variance), single=single, gradings=harmonic)
