"""Scenarios for one model with known parameters (for two see pair_worlds.py). Each draws T samples at once
and describes its features for the table.

Clusters differ in their rate, Beta distributed with intra-cluster correlation `icc` unless `shape` sets
another distribution: "logit" is logit-normal, "split" makes a share `icc` of the clusters all right or all
wrong. `sizes`: "equal", "dominant" (one cluster has 46% of the items, as in SWE-bench Verified), "spread"
(exponential), or those of HELD.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy

from simulation.samples import DifferenceSample, MeanSample, item_spread

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints

Sizes = Literal["equal", "dominant", "spread", "SWE-bench", "4 to 120"]
Shape = Literal["beta", "logit", "split"]
DOMINANT = 0.46
HELD = {
    "SWE-bench": (231, 75, 44, 34, 32, 22, 22, 19, 10, 8, 2, 1),
    "4 to 120": (4, 8, 12, 20, 30, 50, 80, 120),
}
"""Sizes one by one: 12 clusters of 42 on average, and 8 of 40."""


def cluster_sizes(n_clusters: int, size: int, sizes: Sizes) -> Ints:
    """Return the number of items of each cluster, about n_clusters · size in total."""
    if sizes == "equal":
        return np.full(n_clusters, size, dtype=np.int64)
    if sizes in HELD:
        return np.array(HELD[sizes], dtype=np.int64)
    n = n_clusters * size
    if sizes == "dominant":
        largest = int(DOMINANT * n)
        rest = max((n - largest) // (n_clusters - 1), 1)
        return np.array([largest] + [rest] * (n_clusters - 1), dtype=np.int64)
    quantiles = -np.log1p(-(np.arange(n_clusters) + 0.5) / n_clusters)
    return np.asarray(np.maximum(np.rint(size * quantiles), 1), dtype=np.int64)


def rates(
    rng: np.random.Generator, p: float, icc: float, size: tuple[int, int], shape: Shape = "beta"
) -> Floats:
    """Draw the rate of every cluster and sample: mean p, variance icc · p (1 − p)."""
    if icc == 0:
        return np.full(size, p)
    if shape == "split":
        extreme = (rng.random(size) < p).astype(float)
        return np.where(rng.random(size) < icc, extreme, p)
    if shape == "logit":
        centre, spread = _logit_normal(p, icc)
        return np.asarray(scipy.special.expit(centre + spread * rng.standard_normal(size)))
    precision = (1 - icc) / icc
    return rng.beta(p * precision, (1 - p) * precision, size=size)


def _logit_normal(p: float, icc: float) -> tuple[float, float]:
    """Return the centre and spread of a logit-normal rate with mean p and variance icc · p (1 − p)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(101)
    weights = weights / weights.sum()

    def centre(spread: float) -> float:
        """Return the centre that gives the mean p to rates of this spread."""
        return scipy.optimize.brentq(lambda c: weights @ scipy.special.expit(c + spread * nodes) - p, -60, 60)

    def excess(spread: float) -> float:
        """Return the excess of the variance of rates of this spread over the target."""
        return float(
            weights @ scipy.special.expit(centre(spread) + spread * nodes) ** 2 - p**2 - icc * p * (1 - p)
        )

    spread = scipy.optimize.brentq(excess, 1e-3, 12)
    return centre(spread), spread


def item_rates(rng: np.random.Generator, own: Floats, item_icc: float) -> Floats:
    """Draw the rate of every item: Beta distributed around its cluster's, with this correlation of
    attempts.
    """
    if item_icc == 0:
        return own
    precision = (1 - item_icc) / item_icc
    return rng.beta(np.maximum(own * precision, 1e-12), np.maximum((1 - own) * precision, 1e-12))


@dataclass(frozen=True, slots=True, kw_only=True)
class World(ABC):
    """Clusters, or items without clusters, drawn T samples at a time."""

    n_clusters: int

    def features(self) -> dict[str, Any]:
        """Return the description of this scenario for the table."""
        known = asdict(self)
        return {name: str(known[name]) if name == "attempts" else known[name] for name in known} | {
            "scores": self.kind
        }

    @property
    def kind(self) -> str:
        """The kind of scores."""
        return "right or wrong"

    @property
    def effective_clusters(self) -> float:
        """The effective number of clusters."""
        return float(self.n_clusters)

    @property
    @abstractmethod
    def events(self) -> float:
        """The approximate number of independent outcomes of the rarer kind in a sample. Infinite if none are
        counted.
        """

    @abstractmethod
    def draw(self, rng: np.random.Generator, trials: int) -> Any:
        """Draw samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered(World):
    """Clusters of one size, 1 for none. `icc`: correlation of items in a cluster."""

    cluster_size: int = 1
    icc: float = 0.0

    @property
    def items(self) -> float:
        """The number of items."""
        return float(self.n_clusters * self.cluster_size)

    @property
    def design_effect(self) -> float:
        """The factor by which clusters increase the variance of a mean."""
        return 1 + (self.items / self.effective_clusters - 1) * self.icc


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized(Clustered):
    """Clusters of several sizes."""

    sizes: Sizes = "equal"

    @property
    def held(self) -> Ints:
        """The number of items of each cluster."""
        return cluster_sizes(self.n_clusters, self.cluster_size, self.sizes)

    @property
    def items(self) -> float:
        """The number of items."""
        return float(self.held.sum())

    @property
    def effective_clusters(self) -> float:
        """n² / Σ n_g²."""
        return float(self.held.sum() ** 2 / (self.held @ self.held))


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWorld(Sized):
    """Right or wrong: items with rate p, in clusters, answered `attempts` times ("ragged": 1 to 10 times).

    `item_icc`: correlation of attempts at an item. `weights`: items have different weights (log-normal, sd
    0.7).
    """

    p: float
    attempts: int | Literal["ragged"] = 1
    item_icc: float = 0.0
    weights: bool = False
    shape: Shape = "beta"

    @property
    def events(self) -> float:
        """N p (1 − p) / deff."""
        return self.items * self.p * (1 - self.p) / self.design_effect

    def draw(self, rng: np.random.Generator, trials: int) -> MeanSample:
        """Draw samples."""
        sizes = self.held
        rate = rates(rng, self.p, self.icc, (len(sizes), trials), self.shape)
        if self.attempts == 1 and not self.weights:
            sums = rng.binomial(sizes[:, None], rate).astype(float)
            return MeanSample(
                sums=sums,
                totals=sizes.astype(float),
                squares=sums.sum(axis=0),
                answers=sizes.astype(float),
                n=int(sizes.sum()),
                truth=self.p,
            )
        return self._by_item(rng, sizes, rate)

    def _by_item(self, rng: np.random.Generator, sizes: Ints, rate: Floats) -> MeanSample:
        """Draw item by item, cluster after cluster."""
        fixed = np.random.default_rng(
            0
        )  # weights and numbers of attempts belong to the scenario, not to the sample
        n = int(sizes.sum())
        w = fixed.lognormal(0, 0.7, n) if self.weights else np.ones(n)
        w *= n / w.sum()
        k = fixed.integers(1, 11, n) if self.attempts == "ragged" else np.full(n, self.attempts)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        own = item_rates(rng, np.repeat(rate, sizes, axis=0), self.item_icc)
        scores = rng.binomial(k[:, None], own) / k[:, None]
        return MeanSample(
            sums=np.add.reduceat(w[:, None] * scores, starts, axis=0),
            totals=np.add.reduceat(w, starts),
            squares=w @ scores**2,
            answers=np.add.reduceat(k, starts).astype(float),
            n=n,
            truth=self.p,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWorld(Sized):
    """Other scores: cluster effect plus item effect of one family.

    "beta": scores in [0, 1] around `centre` with precision 5, clusters differing as for rates. "normal",
    "skewed" (log-normal, sd of the log 1) and "heavy" (t with 3 degrees of freedom) are unbounded, with
    variance icc between clusters out of a total of 1.
    """

    family: Literal["beta", "normal", "skewed", "heavy"]
    centre: float = 0.5

    def features(self) -> dict[str, Any]:
        """Return the description of this scenario for the table."""
        known = World.features(self)
        centre = known.pop("centre")
        return known | ({"p": centre} if self.family == "beta" else {})

    @property
    def kind(self) -> str:
        """The kind of scores."""
        return f"{'in [0, 1]' if self.family == 'beta' else 'unbounded'}, {self.family}"

    @property
    def events(self) -> float:
        """N centre (1 − centre) / deff for scores in [0, 1]. Infinite for others, which aren't counts of
        outcomes.
        """
        return (
            self.items * self.centre * (1 - self.centre) / self.design_effect
            if self.family == "beta"
            else np.inf
        )

    def draw(self, rng: np.random.Generator, trials: int) -> MeanSample:
        """Draw samples."""
        sizes = self.held
        n, starts = int(sizes.sum()), np.concatenate([[0], np.cumsum(sizes)[:-1]])
        if self.family == "beta":
            own = np.repeat(rates(rng, self.centre, self.icc, (len(sizes), trials)), sizes, axis=0)
            scores, truth = rng.beta(np.maximum(5 * own, 1e-9), np.maximum(5 * (1 - own), 1e-9)), self.centre
        else:
            shared = np.repeat(_noise(rng, self.family, (len(sizes), trials)), sizes, axis=0)
            scores = np.sqrt(self.icc) * shared + np.sqrt(1 - self.icc) * _noise(
                rng, self.family, (n, trials)
            )
            truth = 0.0
        sums = np.add.reduceat(scores, starts, axis=0)
        return MeanSample(
            sums=sums,
            totals=sizes.astype(float),
            squares=(scores**2).sum(axis=0),
            answers=None,
            n=n,
            truth=truth,
            bounded=self.family == "beta",
        )


def _noise(rng: np.random.Generator, family: str, size: tuple[int, int]) -> Floats:
    """Draw deviates of mean 0 and variance 1."""
    if family == "skewed":
        return np.asarray((rng.lognormal(0, 1, size) - np.exp(0.5)) / math.sqrt(math.e * (math.e - 1)))
    if family == "heavy":
        return np.asarray(rng.standard_t(3, size) / np.sqrt(3))
    return rng.standard_normal(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealWorld(World):
    """A real benchmark as the population: n of its items are drawn with replacement, for one model or for
    two.

    `scores`: the item scores of one model, or the differences of two, (population,), each over `attempts`
    right-or-wrong answers. `name`: its name in the table.
    """

    name: str
    scores: tuple[float, ...]
    paired: bool = False
    attempts: int = 1

    def features(self) -> dict[str, Any]:
        """Return the description of this scenario for the table."""
        told = {
            "scores": self.kind,
            "world": self.name,
            "n_clusters": self.n_clusters,
            "attempts": str(self.attempts),
        }
        return told | {"effect" if self.paired else "p": float(np.mean(self.scores))}

    @property
    def events(self) -> float:
        """N times the variance of the scores."""
        return float(self.n_clusters * np.var(self.scores))

    def draw(self, rng: np.random.Generator, trials: int) -> MeanSample | DifferenceSample:
        """Draw samples."""
        population = np.array(self.scores)
        drawn = population[rng.integers(0, len(population), (self.n_clusters, trials))]
        ones, truth = np.ones(self.n_clusters), float(population.mean())
        if self.paired:
            single = self.attempts == 1
            return DifferenceSample(
                sums=drawn,
                totals=ones,
                items=item_spread(drawn),
                truth=truth,
                wins=(drawn > 0).sum(axis=0).astype(float) if single else None,
                losses=(drawn < 0).sum(axis=0).astype(float) if single else None,
            )
        return MeanSample(
            sums=drawn,
            totals=ones,
            squares=(drawn**2).sum(axis=0),
            answers=ones * self.attempts,
            n=self.n_clusters,
            truth=truth,
        )
