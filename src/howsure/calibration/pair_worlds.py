"""Worlds of two models whose true difference is known. Each draws T samples at once and tells its features."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from howsure.calibration.noise_worlds import AttemptScoreWorld, ComponentWorld, CovariateWorld, FixedWorld
from howsure.calibration.samples import DifferenceSample, item_spread
from howsure.calibration.worlds import (
    RateWorld,
    RealWorld,
    ScoreWorld,
    cluster_sizes,
    design_effect,
    effective_clusters,
    rates,
)
from howsure.statistics.pairs.pseudo import ItemSpread

if TYPE_CHECKING:
    from howsure.calibration.worlds import Sizes
    from howsure.statistics.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWorld:
    """Two models, right or wrong: on a share `discordance` of the items one of them wins, and a wins `effect` more.

    For rates p and correlation ρ of two equal models the discordance is 2 p (1 − p) (1 − ρ). Clusters differ in their
    shares of wins, losses and ties, Dirichlet distributed with intra-cluster correlation `icc`.
    """

    discordance: float
    n_clusters: int
    cluster_size: int = 1
    sizes: Sizes = "equal"
    icc: float = 0.0
    effect: float = 0.0

    def features(self) -> dict[str, Any]:
        """Return what the table says of this world."""
        return {"scores": "right or wrong", **asdict(self)}

    @property
    def effective_clusters(self) -> float:
        """n² / Σ n_g²."""
        return effective_clusters(self.n_clusters, self.cluster_size, self.sizes)

    @property
    def events(self) -> float:
        """N (discordance − effect²) / deff: how many independent discordant items a sample holds, about."""
        n = float(cluster_sizes(self.n_clusters, self.cluster_size, self.sizes).sum())
        deff = design_effect(n, self.effective_clusters, self.icc)
        return n * (self.discordance - self.effect**2) / deff

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples."""
        sizes = cluster_sizes(self.n_clusters, self.cluster_size, self.sizes)
        share = (self.discordance + self.effect) / 2, (self.discordance - self.effect) / 2
        shape = (len(sizes), trials)
        discordant = rates(rng, self.discordance, self.icc, shape)
        winning = rates(rng, share[0] / self.discordance, self._icc_of_wins(), shape)
        decided = rng.binomial(sizes[:, None], discordant)
        wins = rng.binomial(decided, winning)
        n, counts = int(sizes.sum()), np.stack([wins.sum(axis=0), (decided - wins).sum(axis=0)])
        values = np.array([1.0, -1.0, 0.0])[:, None] - (counts[0] - counts[1]) / n
        outcomes = np.concatenate([counts, [n - counts.sum(axis=0)]])
        return DifferenceSample(
            sums=(2 * wins - decided).astype(float),
            totals=sizes.astype(float),
            items=ItemSpread(squares=(outcomes * values**2).sum(axis=0), fourths=(outcomes * values**4).sum(axis=0)),
            truth=self.effect,
            wins=wins.sum(axis=0).astype(float),
            losses=(decided - wins).sum(axis=0).astype(float),
        )

    def _icc_of_wins(self) -> float:
        """Return the correlation of wins among discordant items that makes the three shares Dirichlet distributed."""
        if self.icc == 0:
            return 0.0
        precision = (1 - self.icc) / self.icc * self.discordance
        return 1 / (1 + precision)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPairWorld:
    """Two equal models answer every item `attempts` times; an item's rate is Beta distributed around its cluster's.

    `icc`: correlation of items in a cluster; `item_icc`: of attempts at an item. `shared`: the share of clusters (items
    where there are none) whose rates are the same for both models; in the others they are independent.
    """

    p: float
    n_clusters: int
    attempts: int
    item_icc: float
    shared: float
    cluster_size: int = 1
    icc: float = 0.0

    def features(self) -> dict[str, Any]:
        """Return what the table says of this world."""
        return {"scores": "right or wrong", **asdict(self), "attempts": str(self.attempts), "effect": 0.0}

    @property
    def effective_clusters(self) -> float:
        """The number of clusters."""
        return float(self.n_clusters)

    @property
    def events(self) -> float:
        """Not told: infinite."""
        return np.inf

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples."""
        shape, size = (self.n_clusters, trials), self.cluster_size
        same = np.repeat(rng.random(shape) < self.shared, size, axis=0)
        first, second = (np.repeat(rates(rng, self.p, self.icc, shape), size, axis=0) for _ in range(2))
        a, b = self._items(rng, first), self._items(rng, np.where(same, first, second))
        b = np.where(same, a, b)
        d = (rng.binomial(self.attempts, a) - rng.binomial(self.attempts, b)) / self.attempts
        starts = np.arange(0, len(d), size)
        totals = np.full(self.n_clusters, float(size))
        return DifferenceSample(sums=np.add.reduceat(d, starts, axis=0), totals=totals, items=item_spread(d), truth=0.0)

    def _items(self, rng: np.random.Generator, rate: Floats) -> Floats:
        if not self.item_icc:
            return rate
        precision = (1 - self.item_icc) / self.item_icc
        return rng.beta(np.maximum(rate * precision, 1e-12), np.maximum((1 - rate) * precision, 1e-12))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePairWorld:
    """Differences of unbounded scores, of the families of ScoreWorld, made symmetric or not by `family`."""

    family: Literal["normal", "skewed", "heavy"]
    n_clusters: int
    cluster_size: int = 1
    sizes: Sizes = "equal"
    icc: float = 0.0

    def features(self) -> dict[str, Any]:
        """Return what the table says of this world."""
        return {"scores": f"unbounded, {self.family}", **asdict(self), "effect": 0.0}

    @property
    def effective_clusters(self) -> float:
        """n² / Σ n_g²."""
        return effective_clusters(self.n_clusters, self.cluster_size, self.sizes)

    @property
    def events(self) -> float:
        """Not a count of outcomes: infinite."""
        return np.inf

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples; the spread over items is not needed by the methods for unbounded scores."""
        world = ScoreWorld(
            family=self.family,
            n_clusters=self.n_clusters,
            cluster_size=self.cluster_size,
            sizes=self.sizes,
            icc=self.icc,
        )
        drawn = world.draw(rng, trials)
        unused = ItemSpread(squares=np.zeros(trials), fourths=np.zeros(trials))
        return DifferenceSample(sums=drawn.sums, totals=drawn.totals, items=unused, truth=0.0, bounded=False)


NoiseWorld = FixedWorld | ComponentWorld | AttemptScoreWorld | CovariateWorld
World = RateWorld | ScoreWorld | PairWorld | AttemptPairWorld | ScorePairWorld | RealWorld | NoiseWorld
