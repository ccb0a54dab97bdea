"""Votes as arrays: who met whom, what the first of the two got, and what else was different between their
answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.votes.ties import outcomes

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties

WIN, TIE, LOSS = range(3)
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """N votes among M models: `first`, `second` (N,), their places; `score` (N,): what the first got, 1 for a
    win, 1/2 for a tie, 0 for a loss.

    A judge's probability is a score in between. `weight` (N,): None counts each as one. `x` (N, K):
    covariates, those of the first answer less those of the second; None where there are none.
    """

    first: Ints
    second: Ints
    score: Floats
    models: int
    weight: Floats | None = None
    x: Floats | None = None

    def __len__(self) -> int:
        return len(self.first)

    @property
    def weights(self) -> Floats:
        """The weight of each vote (N,)."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def covariates(self) -> Floats:
        """The covariates (N, K)."""
        return np.zeros((len(self), 0)) if self.x is None else self.x

    @property
    def ties(self) -> int:
        """How many are ties."""
        return int((self.score == HALF).sum())

    @property
    def whole(self) -> bool:
        """Whether each is a win, a tie or a loss."""
        return bool(np.isin(self.score, (0.0, HALF, 1.0)).all())

    def ties_as(self, ties: Ties) -> Ties:
        """Return how ties are taken: as half a win of each where all votes, or none, are ties, to which all
        ways come then.
        """
        return ties if 0 < self.ties < len(self) else "half"

    def take(self, kept: Bools) -> Votes:
        """Return some of the votes, among the same models."""
        return Votes(
            first=self.first[kept],
            second=self.second[kept],
            score=self.score[kept],
            models=self.models,
            weight=None if self.weight is None else self.weight[kept],
            x=None if self.x is None else self.x[kept],
        )

    def among(self, members: Bools) -> Votes:
        """Return the votes whose both models are among these (M,), with places of their own."""
        place = np.cumsum(members) - 1
        kept = self.take(np.asarray(members[self.first] & members[self.second]))
        return Votes(
            first=place[kept.first],
            second=place[kept.second],
            score=kept.score,
            models=int(members.sum()),
            weight=kept.weight,
            x=kept.x,
        )

    def plain(self) -> Votes:
        """Return the same without covariates."""
        return Votes(
            first=self.first,
            second=self.second,
            score=self.score,
            models=self.models,
            weight=self.weight,
            x=None,
        )

    def met(self) -> Ints:
        """Return in how many votes every two models met (M, M)."""
        pairs = np.bincount(self.first * self.models + self.second, minlength=self.models**2)
        found = pairs.reshape(self.models, self.models)
        return np.asarray(found + found.T, dtype=np.int64)

    def counts(self) -> Floats:
        """Return how often the first of each pair won, tied and lost, by weight (3, M, M)."""
        at, shares = self.first * self.models + self.second, outcomes(self.score) * self.weights
        return _by_pair(at, shares, self.models)

    def cells(self) -> Cells:
        """Return what a fit needs: votes that say the same put together; with covariates every vote is
        one.
        """
        if self.x is None:
            return cells_of(self.counts())
        return Cells(
            first=self.first,
            second=self.second,
            counts=outcomes(self.score) * self.weights,
            models=self.models,
            x=self.covariates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """R kinds of votes: `first`, `second` (R,), `counts` (3, R): of wins, ties and losses of the first, `x`
    (R, K): covariates.
    """

    first: Ints
    second: Ints
    counts: Floats
    models: int
    x: Floats

    def matrices(self) -> Floats:
        """Return the counts of every pair (3, M, M)."""
        at = self.first * self.models + self.second
        return _by_pair(at, self.counts, self.models)

    def with_ties(self, added: Floats) -> Cells:
        """Return the same with ties (M, M) more, between answers that are alike in every covariate."""
        first, second = np.nonzero(added)
        ties = np.zeros((3, len(first)))
        ties[TIE] = added[first, second]
        return Cells(
            first=np.concatenate([self.first, first]),
            second=np.concatenate([self.second, second]),
            counts=np.concatenate([self.counts, ties], axis=1),
            models=self.models,
            x=np.concatenate([self.x, np.zeros((len(first), self.x.shape[1]))]),
        )


def _by_pair(at: Ints, counts: Floats, models: int) -> Floats:
    """Sum counts (3, R) of the pairs with these codes (R,): (3, M, M)."""
    found = np.stack([np.bincount(at, weights=count, minlength=models**2) for count in counts])
    return np.asarray(found.reshape(3, models, models), dtype=float)


def cells_of(counts: Floats) -> Cells:
    """Return the pairs that met, of counts (3, M, M), without covariates."""
    first, second = np.nonzero(counts.sum(axis=0))
    return Cells(
        first=first,
        second=second,
        counts=counts[:, first, second],
        models=counts.shape[1],
        x=np.zeros((len(first), 0)),
    )


def pools(counts: Floats) -> Ints:
    """Return the pool of each model (M,): models in two pools are connected by no vote."""
    return np.asarray(
        scipy.sparse.csgraph.connected_components(scipy.sparse.csr_array(counts.sum(axis=0)), directed=False)[
            1
        ],
        dtype=np.int64,
    )
