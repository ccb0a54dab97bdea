"""Scenarios for two models with a known true difference. Each draws T samples at once and describes its
features.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from howsure.statistics.event_sizes import Events, ItemSpread
from simulation.samples import DifferenceSample, item_spread
from simulation.worlds import Clustered, ScoreWorld, Sized, item_rates, rates


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWorld(Sized):
    """Two models, right or wrong. On a share `discordance` of the items one of them wins, and a wins `effect`
    more.

    For rates p and correlation ρ of two equal models the discordance is 2 p (1 − p) (1 − ρ). Clusters differ
    in their shares of wins, losses and ties, Dirichlet distributed with intra-cluster correlation `icc`.
    """

    discordance: float
    effect: float = 0.0

    @property
    def events(self) -> float:
        """N (discordance − effect²) / deff: the approximate number of independent discordant items in a
        sample.
        """
        return self.items * (self.discordance - self.effect**2) / self.design_effect

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples."""
        sizes = self.held
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
            items=ItemSpread(
                squares=(outcomes * values**2).sum(axis=0), fourths=(outcomes * values**4).sum(axis=0)
            ),
            truth=self.effect,
            wins=wins.sum(axis=0).astype(float),
            losses=(decided - wins).sum(axis=0).astype(float),
        )

    def _icc_of_wins(self) -> float:
        """Return the correlation of wins among discordant items that makes the three shares Dirichlet
        distributed.
        """
        if self.icc == 0:
            return 0.0
        precision = (1 - self.icc) / self.icc * self.discordance
        return 1 / (1 + precision)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPairWorld(Clustered):
    """Two equal models answer every item `attempts` times. An item's rate is Beta distributed around its
    cluster's.

    `icc`: correlation of items in a cluster. `item_icc`: of attempts at an item. `shared`: the share of
    clusters (items without clusters) whose rates are the same for both models. In the others they are
    independent.
    """

    p: float
    attempts: int
    item_icc: float
    shared: float
    effect: float = field(default=0.0, init=False)

    @property
    def events(self) -> float:
        """Infinite, as it isn't computed."""
        return np.inf

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples."""
        shape, size = (self.n_clusters, trials), self.cluster_size
        same = np.repeat(rng.random(shape) < self.shared, size, axis=0)
        first, second = (np.repeat(rates(rng, self.p, self.icc, shape), size, axis=0) for _ in range(2))
        a, b = (item_rates(rng, own, self.item_icc) for own in (first, np.where(same, first, second)))
        b = np.where(same, a, b)
        d = (rng.binomial(self.attempts, a) - rng.binomial(self.attempts, b)) / self.attempts
        starts = np.arange(0, len(d), size)
        totals = np.full(self.n_clusters, float(size))
        sums, events = np.add.reduceat(d, starts, axis=0), Events.of_items(d, np.ones(len(d)))
        return DifferenceSample(sums=sums, totals=totals, items=item_spread(d), events=events, truth=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePairWorld(Sized):
    """Differences of unbounded scores, of the families of ScoreWorld, made symmetric or not by `family`."""

    family: Literal["normal", "skewed", "heavy"]
    effect: float = field(default=0.0, init=False)

    @property
    def kind(self) -> str:
        """The kind of scores."""
        return f"unbounded, {self.family}"

    @property
    def events(self) -> float:
        """Infinite, as these aren't counts of outcomes."""
        return np.inf

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples. The methods for unbounded scores don't need the spread over items."""
        shape = {
            name: getattr(self, name) for name in ("family", "n_clusters", "cluster_size", "sizes", "icc")
        }
        drawn = ScoreWorld(**shape).draw(rng, trials)
        unused = ItemSpread(squares=np.zeros(trials), fourths=np.zeros(trials))
        return DifferenceSample(sums=drawn.sums, totals=drawn.totals, items=unused, truth=0.0, bounded=False)
