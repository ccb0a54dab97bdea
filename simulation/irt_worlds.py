"""Item-response models, for one model or for two fine-tunes of one. No method here was designed for them.

An item is easy with probability 0.3 (difficulty N(−3, 1)), else its difficulty is N(0.5, 1.8). Its cluster
adds N(0, 0.8). A model has a slope N(0, `slope`) in every cluster and is right with probability logistic(1.5
(ability − difficulty) + slope). True values are those of new items in new clusters, by Gauss–Hermite
quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

from simulation.samples import DifferenceSample, MeanSample, item_spread
from simulation.worlds import Sized, World

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

EASY, EASY_AT, EASY_SD, HARD_AT, HARD_SD = 0.3, -3.0, 1.0, 0.5, 1.8
CLUSTER_SD, DISCRIMINATION = 0.8, 1.5
FINE, COARSE = 81, 21
"""Nodes of a quadrature over one normal deviate, and of one over several at once."""


def item_difficulty(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw the difficulty of items, without the effect of their clusters."""
    z = rng.standard_normal(shape)
    return np.asarray(np.where(rng.random(shape) < EASY, EASY_AT + EASY_SD * z, HARD_AT + HARD_SD * z))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResponses(Sized):
    """The common part of both scenarios. `icc`: of the answers (or differences), from the quadrature."""

    slope: float = 0.3
    icc: float = field(init=False)

    def features(self) -> dict[str, Any]:
        """Return the description of this scenario for the table."""
        known = World.features(self)
        return {name: known[name] for name in known if name not in ("ability", "gap")} | {
            "world": "item response"
        }

    def _settle(self, **found: float) -> None:
        """Compute what follows from the parameters. Independent items have no correlation."""
        for name, value in found.items():
            object.__setattr__(self, name, 0.0 if name == "icc" and self.cluster_size == 1 else value)

    def _chances(self, rng: np.random.Generator, trials: int, *abilities: float) -> list[Floats]:
        """Draw items and slopes, and return each model's probability of being right (n, T)."""
        sizes = self.held
        codes, shape = np.repeat(np.arange(len(sizes)), sizes), (len(sizes), trials)
        hard = item_difficulty(rng, (len(codes), trials))
        common = CLUSTER_SD * rng.standard_normal(shape)
        tilts = [self.slope * rng.standard_normal(shape) - DISCRIMINATION * common for _ in abilities]
        return [
            np.asarray(scipy.special.expit(DISCRIMINATION * (ability - hard) + tilt[codes]))
            for ability, tilt in zip(abilities, tilts, strict=True)
        ]

    def _sums(self, x: Floats) -> Floats:
        """Sum the values of items (n, T) over clusters."""
        return np.asarray(np.add.reduceat(x, np.concatenate([[0], np.cumsum(self.held)[:-1]]), axis=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseWorld(ItemResponses):
    """One model of some `ability`. `p`: its score on new items in new clusters."""

    ability: float
    p: float = field(init=False)

    def __post_init__(self) -> None:
        p, icc = rate_moments(self.ability, self.slope)
        self._settle(p=p, icc=icc)

    @property
    def events(self) -> float:
        """N p (1 − p) / deff."""
        return self.items * self.p * (1 - self.p) / self.design_effect

    def draw(self, rng: np.random.Generator, trials: int) -> MeanSample:
        """Draw samples."""
        (chance,) = self._chances(rng, trials, self.ability)
        sums, sizes = self._sums((rng.random(chance.shape) < chance).astype(float)), self.held.astype(float)
        squares = sums.sum(axis=0)
        return MeanSample(
            sums=sums, totals=sizes, squares=squares, answers=sizes, n=int(sizes.sum()), truth=self.p
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTunePairWorld(ItemResponses):
    """Two fine-tunes of one model whose abilities differ by `gap`.

    `luck`: the probability that an item's random draw (one uniform number) is the same for both. `effect` and
    `discordance`: the difference of their scores, and the share of items that only one has right, on new
    items in new clusters.
    """

    gap: float = 0.0
    luck: float = 0.8
    effect: float = field(init=False)
    discordance: float = field(init=False)

    def __post_init__(self) -> None:
        effect, discordance, icc = gap_moments(self.gap, self.slope, self.luck)
        self._settle(effect=effect, discordance=discordance, icc=icc)

    @property
    def events(self) -> float:
        """N (discordance − effect²) / deff."""
        return self.items * (self.discordance - self.effect**2) / self.design_effect

    def draw(self, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples."""
        a, b = self._chances(rng, trials, self.gap, 0.0)
        own = rng.random(a.shape)
        other = np.where(rng.random(a.shape) < self.luck, own, rng.random(a.shape))
        wins, losses = (own < a) & (other >= b), (own >= a) & (other < b)
        d = wins.astype(float) - losses
        return DifferenceSample(
            sums=self._sums(d),
            totals=self.held.astype(float),
            items=item_spread(d),
            truth=self.effect,
            wins=wins.sum(axis=0).astype(float),
            losses=losses.sum(axis=0).astype(float),
        )


@cache
def rate_moments(ability: float, slope: float) -> tuple[float, float]:
    """Return a model's score on new items in new clusters, and the correlation of its answers in a
    cluster.
    """
    nodes, weights = _normal(FINE)
    tilt = np.hypot(DISCRIMINATION * CLUSTER_SD, slope) * nodes
    hard, shares = _difficulties(FINE)
    held = scipy.special.expit(DISCRIMINATION * (ability - hard) + tilt[:, None]) @ shares
    p = float(weights @ held)
    return p, float(weights @ held**2 - p**2) / (p * (1 - p))


@cache
def gap_moments(gap: float, slope: float, luck: float) -> tuple[float, float, float]:
    """Return the difference, the share of discordant items, and the correlation of differences in a
    cluster.
    """
    effect = rate_moments(gap, slope)[0] - rate_moments(0.0, slope)[0]
    nodes, weights = _normal(COARSE)
    hard, shares = _difficulties(COARSE)
    tilt = (
        -DISCRIMINATION * CLUSTER_SD * nodes[:, None] + slope * nodes
    )  # of a cluster, by the shared and the own slope
    a, b = (scipy.special.expit(DISCRIMINATION * (able - hard) + tilt[..., None]) for able in (gap, 0.0))
    a, b = a[:, :, None], b[:, None, :]  # shared · slope of a · slope of b · item
    over_clusters = np.einsum("i,j,k->ijk", weights, weights, weights)
    apart = (1 - luck) * (a + b - 2 * a * b) + luck * np.abs(a - b)
    discordance = float((over_clusters * (apart @ shares)).sum())
    between = float((over_clusters * ((a - b) @ shares) ** 2).sum()) - effect**2
    return effect, discordance, between / (discordance - effect**2)


def _normal(count: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of a standard normal deviate."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def _difficulties(count: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of an item's difficulty."""
    nodes, weights = _normal(count)
    places = np.concatenate([EASY_AT + EASY_SD * nodes, HARD_AT + HARD_SD * nodes])
    return places, np.concatenate([EASY * weights, (1 - EASY) * weights])
