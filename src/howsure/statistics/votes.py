"""Votes as arrays (the two models, the first one's score, and other differences between their answers), and
the likelihood of a vote given the difference of two strengths, for three ways of treating ties.

- "half": a tie is half a win of each (the quasi-likelihood of a fraction; Papke and Wooldridge 1996).
- "davidson": P(win) : P(tie) : P(loss) = exp(d / 2) : exp(t) : exp(−d / 2) (Davidson 1970).
- "rao-kupper": win and loss are logistic in d − t and −d − t, a tie is the remainder (Rao and Kupper 1967).

d is the difference of strengths on the logistic scale, t the parameter of ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
import scipy

from howsure.statistics.choices import chosen_object
from howsure.statistics.tolerances import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteLikelihood:
    """Arrays of one shape, some with an outcome (win, tie, loss) as first axis.

    `log` (3, …): the log likelihood of each outcome. `slope`, `tie` (3, …): its derivatives by d and t.
    `information` (3, …): expected, of d, of d with t, and of t. `curvature` (3, 3, …): the same for each
    outcome, minus the second derivatives. `expected`: P(win) + P(tie) / 2. `steep`, `flat`: its derivatives
    by d and t.
    """

    log: Floats
    slope: Floats
    tie: Floats
    information: Floats
    curvature: Floats
    expected: Floats
    steep: Floats
    flat: Floats


class TieRule(Protocol):
    """How a tied vote is treated: one rule per word of `Ties`."""

    @property
    def name(self) -> str:
        """Its word."""

    @property
    def has_parameter(self) -> bool:
        """Whether there is a parameter t of ties."""
        return True

    def at(self, d: Floats, t: float) -> VoteLikelihood:
        """Return the likelihoods of the three outcomes at differences d."""

    def start(self, share: float) -> float:
        """Return the starting value of t if ties have this share of the votes."""

    def allows(self, t: float) -> bool:
        """Return whether t can have this value."""
        del t
        return True

    def expected(self, d: Floats, t: float) -> tuple[Floats, Floats, Floats]:
        """Return P(win) + P(tie) / 2 at differences d (N,), and its derivatives by d and t."""
        found = self.at(d, t)
        return found.expected, found.steep, found.flat

    def slopes(self, d: Floats, t: float, score: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of the log likelihood of votes with these scores (N,) by d and t."""
        found, shares = self.at(d, t), outcomes(score)
        return (shares * found.slope).sum(axis=0), (shares * found.tie).sum(axis=0)


@dataclass(frozen=True, slots=True)
class HalfWin(TieRule):
    """A tie is half a win of each."""

    name: ClassVar[str] = "half"
    has_parameter: ClassVar[bool] = False

    def at(self, d: Floats, t: float) -> VoteLikelihood:
        """Return the likelihoods of the three outcomes at differences d."""
        del t
        win, loss = scipy.special.log_expit(d), scipy.special.log_expit(-d)
        p, nothing = scipy.special.expit(d), np.zeros_like(d)
        steep = p * scipy.special.expit(-d)
        information = np.stack([steep, nothing, nothing])
        return VoteLikelihood(
            log=np.stack([win, (win + loss) / 2, loss]),
            slope=np.stack([1 - p, 0.5 - p, -p]),
            tie=np.stack([nothing] * 3),
            information=information,
            curvature=_alike(information),
            expected=p,
            steep=steep,
            flat=nothing,
        )

    def start(self, share: float) -> float:
        """Return 0, as t doesn't exist."""
        del share
        return 0.0

    def expected(self, d: Floats, t: float) -> tuple[Floats, Floats, Floats]:
        """Return the same as from all outcomes, without the slow computation of the others."""
        del t
        p = scipy.special.expit(d)
        return p, p * (1 - p), np.zeros(len(d))

    def slopes(self, d: Floats, t: float, score: Floats) -> tuple[Floats, Floats]:
        """Return the same as from all outcomes."""
        del t
        return score - scipy.special.expit(d), np.zeros(len(d))


@dataclass(frozen=True, slots=True)
class Davidson(TieRule):
    """Ties as a separate outcome, by Davidson (1970)."""

    name: ClassVar[str] = "davidson"

    def at(self, d: Floats, t: float) -> VoteLikelihood:
        """Return the likelihoods of the three outcomes at differences d."""
        log = scipy.special.log_softmax(np.stack([d / 2, np.full_like(d, t), -d / 2]), axis=0)
        win, tie, loss = np.exp(log)
        ahead = win - loss
        steep, flat = (win + loss - ahead**2) / 4, -tie * ahead / 2
        information = np.stack([steep, flat, tie * (1 - tie)])
        return VoteLikelihood(
            log=log,
            slope=np.stack([(1 - ahead) / 2, -ahead / 2, (-1 - ahead) / 2]),
            tie=np.stack([-tie, 1 - tie, -tie]),
            information=information,
            curvature=_alike(information),
            expected=(1 + ahead) / 2,
            steep=steep,
            flat=flat,
        )

    def start(self, share: float) -> float:
        """Return the t of equal models."""
        return float(np.log(2 * share / max(1 - share, 1e-6)))


@dataclass(frozen=True, slots=True)
class RaoKupper(TieRule):
    """Ties as a separate outcome, by Rao and Kupper (1967)."""

    name: ClassVar[str] = "rao-kupper"

    def at(self, d: Floats, t: float) -> VoteLikelihood:
        """Return the likelihoods of the three outcomes at differences d."""
        win, loss = scipy.special.expit(d - t), scipy.special.expit(-d - t)
        tie = np.maximum(1 - win - loss, SMALLEST)
        up, down = win * (1 - win), loss * (1 - loss)
        by_d = np.stack([up, down - up, -down])
        by_t = np.stack([-up, up + down, -down])
        p = np.maximum(np.stack([win, tie, loss]), SMALLEST)
        bent, back = up * (1 - 2 * win), down * (1 - 2 * loss)
        second = np.stack(
            [[bent, -bent - back, back], [-bent, bent - back, back], [bent, -bent - back, back]]
        )
        slope, by_tie = by_d / p, by_t / p
        return VoteLikelihood(
            log=np.log(p),
            slope=slope,
            tie=by_tie,
            information=np.stack(
                [(by_d**2 / p).sum(axis=0), (by_d * by_t / p).sum(axis=0), (by_t**2 / p).sum(axis=0)]
            ),
            curvature=np.stack([slope**2, slope * by_tie, by_tie**2]) - second / p,
            expected=(1 + win - loss) / 2,
            steep=(up + down) / 2,
            flat=(down - up) / 2,
        )

    def start(self, share: float) -> float:
        """Return a t near that of equal models."""
        return float(np.log1p(share))

    def allows(self, t: float) -> bool:
        """Return whether ties have a positive probability."""
        return t > 0


TIE_RULES: Mapping[str, TieRule] = {each.name: each for each in (HalfWin(), Davidson(), RaoKupper())}
"""The rule for each word of `Ties`."""


def tie_rule(ties: Ties) -> TieRule:
    """Return the rule for a word. MethodError for any other."""
    return chosen_object("ties", ties, TIE_RULES)


def outcomes(score: Floats) -> Floats:
    """Return the shares of win, tie and loss in the score of the first (N,) as (3, N): 0.9 is eight wins and
    two ties of ten.
    """
    ahead = 2 * score - 1
    return np.stack([np.maximum(ahead, 0.0), 1 - np.abs(ahead), np.maximum(-ahead, 0.0)])


def _alike(information: Floats) -> Floats:
    """Return an information (3, …) that is the same for each outcome (3, 3, …)."""
    return np.broadcast_to(information[:, None], (3, 3, *information.shape[1:]))


WIN, TIE, LOSS = range(3)
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """N votes among M models: `first`, `second` (N,), their places. `score` (N,): the first one's score, 1
    for a win, 1/2 for a tie, 0 for a loss.

    A judge's probability is a score in between. `weight` (N,): None counts each as one. `x` (N, K):
    covariates, those of the first answer less those of the second, None without covariates.
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
        """Return how ties are treated: as half a win of each if all votes, or none, are ties, as all rules
        are then equivalent.
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
        """Return the votes between these models (M,), with new places."""
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
        """Return the number of votes between every two models (M, M)."""
        pairs = np.bincount(self.first * self.models + self.second, minlength=self.models**2)
        found = pairs.reshape(self.models, self.models)
        return np.asarray(found + found.T, dtype=np.int64)

    def counts(self) -> Floats:
        """Return how often the first of each pair won, tied and lost, by weight (3, M, M)."""
        at, shares = self.first * self.models + self.second, outcomes(self.score) * self.weights
        return _by_pair(at, shares, self.models)

    def cells(self) -> Cells:
        """Return the cells that a fit needs: equal votes merged or, with covariates, each vote by itself."""
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
        """Return the same with ties (M, M) more, between answers equal in every covariate."""
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
    """Return the pairs with votes, from counts (3, M, M), without covariates."""
    first, second = np.nonzero(counts.sum(axis=0))
    return Cells(
        first=first,
        second=second,
        counts=counts[:, first, second],
        models=counts.shape[1],
        x=np.zeros((len(first), 0)),
    )


def pools(counts: Floats) -> Ints:
    """Return the pool of each model (M,): models in different pools aren't connected by votes."""
    return np.asarray(
        scipy.sparse.csgraph.connected_components(scipy.sparse.csr_array(counts.sum(axis=0)), directed=False)[
            1
        ],
        dtype=np.int64,
    )
