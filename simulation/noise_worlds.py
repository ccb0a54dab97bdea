"""Scenarios for the statistics of answers: fixed items, variance components, scores over attempts,
covariates.

Items have their own rate, Beta distributed around `p` with correlation `item_icc` of attempts, or around
their cluster's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy

from howsure.options.kinds import parse_score
from howsure.statistics.attempts import attempt_score
from simulation.samples import AnswerSample, MeanSample, PoolSample
from simulation.worlds import Clustered, World, item_rates, rates

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints

Attempts = int | Literal["ragged"]
Target = Literal["answer", "question", "between"]


def attempt_counts(attempts: Attempts, n: int, fewest: int = 1) -> Floats:
    """Return the attempts at n items. "ragged": from `fewest` to 10, the same in every sample."""
    if attempts == "ragged":
        return np.random.default_rng(0).integers(fewest, 11, n).astype(float)
    return np.full(n, float(attempts))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWorld(Clustered):
    """Right-or-wrong answers to items in clusters: rates around `p`, clusters with correlation `icc`, items
    with `item_icc`.
    """

    p: float
    attempts: Attempts
    item_icc: float

    def right(self, rng: np.random.Generator, counts: Floats, trials: int) -> Ints:
        """Draw how many of these attempts at every item are right (n, T)."""
        own = np.repeat(rates(rng, self.p, self.icc, (self.n_clusters, trials)), self.cluster_size, axis=0)
        right: Ints = rng.binomial(counts.astype(int)[:, None], item_rates(rng, own, self.item_icc))
        return right


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedWorld(World):
    """Exactly these items: every sample has its own items, and the true value is the mean of their rates.

    `models` 2: the difference of two models. `equal`: their rates are the same.
    """

    p: float
    attempts: Attempts
    item_icc: float
    models: int = 1
    equal: bool = False

    def features(self) -> dict[str, Any]:
        """Return the description of this scenario for the table."""
        known = World.features(self)
        del known["models"]
        return known | {"effect": 0.0} if known.pop("equal") else known

    @property
    def events(self) -> float:
        """The approximate number of attempts with another result than their item's other ones."""
        k = 6.0 if self.attempts == "ragged" else float(self.attempts)
        return self.n_clusters * k * self.p * (1 - self.p) * (1 - self.item_icc)

    def draw(self, rng: np.random.Generator, trials: int) -> AnswerSample:
        """Draw samples."""
        counts = attempt_counts(self.attempts, self.n_clusters, fewest=2)
        shape = (self.n_clusters, trials)
        rate = np.broadcast_to(rates(rng, self.p, self.item_icc, shape), shape)
        right = rng.binomial(counts.astype(int)[:, None], rate) / counts[:, None]
        if self.models == 1:
            return AnswerSample(right=right, attempts=counts, truth=rate.mean(axis=0), kind="fixed mean")
        shifted = rates(rng, min(1.5 * self.p, 0.95), self.item_icc, shape)
        second = rate if self.equal else np.broadcast_to(shifted, shape)
        other = rng.binomial(counts.astype(int)[:, None], second) / counts[:, None]
        truth = rate.mean(axis=0) - second.mean(axis=0)
        return AnswerSample(right=right, other=other, attempts=counts, truth=truth, kind="fixed difference")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentWorld(AnswerWorld):
    """Variance components of right-or-wrong answers: clusters with correlation `icc`, items in them with
    `item_icc`.
    """

    target: Target

    @property
    def events(self) -> float:
        """N p (1 − p)."""
        return self.items * self.p * (1 - self.p)

    @property
    def truth(self) -> float:
        """The variance: of an attempt at an item, of items, or of clusters."""
        whole = self.p * (1 - self.p)
        between = self.icc * whole
        within = self.item_icc * (whole - between)
        return {"between": between, "question": between + within, "answer": whole - between - within}[
            self.target
        ]

    def draw(self, rng: np.random.Generator, trials: int) -> AnswerSample:
        """Draw samples."""
        counts = attempt_counts(self.attempts, self.n_clusters * self.cluster_size)
        right = self.right(rng, counts, trials) / counts[:, None]
        codes = np.repeat(np.arange(self.n_clusters), self.cluster_size) if self.cluster_size > 1 else None
        return AnswerSample(
            right=right, attempts=counts, truth=self.truth, kind=f"{self.target} variance", codes=codes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptScoreWorld(AnswerWorld):
    """Scores over attempts, as `pass@3`: the true value is the expected score of k new attempts at a new
    item.
    """

    score: str

    @property
    def kind(self) -> str:
        """The kind of scores."""
        return "[0, 1], over attempts"

    @property
    def events(self) -> float:
        """N θ (1 − θ), θ the true score, over the design effect."""
        return self.items * self.truth * (1 - self.truth) / self.design_effect

    @property
    def truth(self) -> float:
        """The expected score of k attempts."""
        return expected_score(self.score, self.p, self.item_icc, self.icc)

    def draw(self, rng: np.random.Generator, trials: int) -> MeanSample:
        """Draw samples."""
        rule, n = parse_score(self.score), self.n_clusters * self.cluster_size
        counts = attempt_counts(self.attempts, n, fewest=rule.k or 2)
        right = self.right(rng, counts, trials).astype(float)
        scores = attempt_score(rule.kind, rule.k, np.broadcast_to(counts[:, None], right.shape), right)
        starts = np.arange(0, n, self.cluster_size)
        return MeanSample(
            sums=np.add.reduceat(scores, starts, axis=0),
            totals=np.full(self.n_clusters, float(self.cluster_size)),
            squares=(scores**2).sum(axis=0),
            answers=None,
            n=n,
            truth=self.truth,
        )


POPULATION = 200_000


@cache
def expected_score(score: str, p: float, item_icc: float, icc: float) -> float:
    """Return the expected score of k attempts at an item: exactly for one cluster's rate, then over many such
    rates.
    """
    rule = parse_score(score)
    k = rule.k or 2
    own = rates(np.random.default_rng(1), p, icc, (1, POPULATION)) if icc else np.full((1, 1), p)
    precision = (1 - item_icc) / item_icc
    a, b = np.maximum(own * precision, 1e-12), np.maximum((1 - own) * precision, 1e-12)
    right = np.arange(k + 1.0)[:, None]
    chance = scipy.special.comb(k, right) * np.exp(
        scipy.special.betaln(a + right, b + k - right) - scipy.special.betaln(a, b)
    )
    return float(
        attempt_score(rule.kind, rule.k, np.full(k + 1, float(k)), right[:, 0]) @ chance.mean(axis=1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateWorld(Clustered):
    """Right or wrong, with a covariate of this `correlation` with ability, known for a pool of which a part
    was answered.
    """

    p: float
    pool: int
    correlation: float

    @property
    def events(self) -> float:
        """N p (1 − p) over the design effect."""
        return self.items * self.p * (1 - self.p) / self.design_effect

    def draw(self, rng: np.random.Generator, trials: int) -> PoolSample:
        """Draw samples: abilities and covariates are normal, the first clusters are answered."""
        size, clusters = self.cluster_size, self.pool // self.cluster_size
        z, own = (self._normal(rng, clusters, trials) for _ in range(2))
        ability = self.correlation * z + np.sqrt(1 - self.correlation**2) * own
        scores = (ability > scipy.special.ndtri(1 - self.p)).astype(float)
        scores[self.n_clusters * size :] = np.nan
        codes = np.repeat(np.arange(clusters), size) if size > 1 else None
        return PoolSample(scores=scores, covariate=z, truth=self.p, codes=codes)

    def _normal(self, rng: np.random.Generator, clusters: int, trials: int) -> Floats:
        shared = np.repeat(rng.standard_normal((clusters, trials)), self.cluster_size, axis=0)
        own = rng.standard_normal(shared.shape)
        return np.asarray(np.sqrt(self.icc) * shared + np.sqrt(1 - self.icc) * own)
