"""Samples of the worlds of noise_worlds.py: scores with the answers behind them, or with a pool of covariates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from howsure.statistics.noise.answer_noise import Answers, answers

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSample:
    """T samples of right-or-wrong answers to n items, by one model or by two.

    `right` (n, T): share of right answers at each item, `other` (n, T): the second model's; `attempts` (n,); `truth`: (T,)
    for fixed items, a number for components; `codes` (n,): clusters; `kind`: what is asked of it.
    """

    right: Floats
    attempts: Floats
    truth: Floats | float
    kind: str
    other: Floats | None = None
    codes: Ints | None = None
    bounded: bool = True

    @property
    def trials(self) -> int:
        """The number of samples."""
        return int(self.right.shape[1])

    @property
    def counts(self) -> Floats:
        """The attempts at every item in every sample (n, T)."""
        return np.broadcast_to(self.attempts[:, None], self.right.shape)

    def answers(self) -> Answers:
        """Return what is known of the answers."""
        return answers(self.right, self.counts, self.right * (1 - self.right))

    def others(self) -> Answers:
        """Return the same of the second model."""
        assert self.other is not None
        return answers(self.other, self.counts, self.other * (1 - self.other))

    def first(self, count: int) -> AnswerSample:
        """Return the first samples."""
        some = slice(max(count, 0))
        return replace(
            self,
            right=self.right[:, some],
            other=None if self.other is None else self.other[:, some],
            truth=self.truth if isinstance(self.truth, float) else self.truth[some],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSample:
    """T samples of a pool of N items with a covariate, of which some were answered.

    `scores` (N, T): NaN where not answered; `covariate` (N, T); `codes` (N,): clusters, None where there are none.
    """

    scores: Floats
    covariate: Floats
    truth: float
    codes: Ints | None = None
    bounded: bool = True
    kind: ClassVar[str] = "adjusted mean"

    @property
    def trials(self) -> int:
        """The number of samples."""
        return int(self.scores.shape[1])

    def first(self, count: int) -> PoolSample:
        """Return the first samples."""
        some = slice(max(count, 0))
        return replace(self, scores=self.scores[:, some], covariate=self.covariate[:, some])
