"""Agreement of raters in scenarios with known parameters: the coverage of intervals, with every sample
counted.

Raters copy an item's value or draw their own, independently ("copying") or all at once ("together"). Items
have their own rate ("beta"). Raters have their own sensitivity and specificity ("accuracy"). Five ordered
values come from a latent number and each rater's noise ("ordered"). Clusters of ten items have their own
rates ("clusters"). The true value is the coefficient of LARGE items.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from howsure.statistics.agreement import Counts, agreed, cohen, fleiss, gwet, krippendorff
from simulation.harness import TOLERANCE, error_of, over_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Measurement
    from howsure.statistics.results import Estimate

Shape = Literal["copying", "together", "beta", "accuracy", "ordered", "clusters"]
LARGE, OF_A_CLUSTER, ORDERED_VALUES, TWO = 200_000, 10, 5, 2
LEAST = 0.93
ROUNDING = 0.003
"""The possible error of the true value with that many items."""

SCHEMA = {
    "coefficient": pl.String,
    "shape": pl.String,
    "items": pl.Int64,
    "raters": pl.Int64,
    "share": pl.Float64,
    "agreement": pl.Float64,
    "trials": pl.Int64,
    "truth": pl.Float64,
    "coverage": pl.Float64,
    "width": pl.Float64,
    "undefined": pl.Float64,
    "kept": pl.Boolean,
}
"""`share`: of the commoner value. `agreement`: beyond chance, as in the scenario. `undefined`: samples
without a value, whose interval counts.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementWorld:
    """Items rated by several raters: the source of agreement, their number, the commoner value's share, and
    the agreement beyond chance.
    """

    shape: Shape
    items: int
    raters: int
    share: float
    agreement: float

    @property
    def values(self) -> int:
        """The number of distinct values."""
        return ORDERED_VALUES if self.shape == "ordered" else TWO

    @property
    def measurement(self) -> Measurement:
        """The scale of the ratings."""
        return "ordinal" if self.shape == "ordered" else "nominal"

    def clusters(self) -> tuple[Ints, ...]:
        """Return the clusters of items, none if items are independent."""
        return (np.arange(self.items) // OF_A_CLUSTER,) if self.shape == "clusters" else ()

    def draw(self, rng: np.random.Generator, items: int) -> Ints:
        """Draw ratings (items, raters), as indices of values."""
        if self.shape == "ordered":
            return self._ordered(rng, items)
        rate = self._rates(rng, items)
        if self.shape == "accuracy":
            return self._accurate(rng, rng.random(items) < self.share)
        own = rng.random((items, self.raters)) < rate[:, None]
        if self.shape == "beta":
            return own.astype(np.int64)
        copies = self.agreement if self.shape == "together" else np.sqrt(self.agreement)
        copied = rng.random((items, 1 if self.shape == "together" else self.raters)) < copies
        return np.where(copied, (rng.random(items) < rate)[:, None], own).astype(np.int64)

    def _rates(self, rng: np.random.Generator, items: int) -> Floats:
        """Draw each item's rate of the commoner value."""
        p, k = self.share, self.agreement
        if self.shape == "clusters":
            return np.repeat(rng.beta(3 * p, 3 * (1 - p), -(-items // OF_A_CLUSTER)), OF_A_CLUSTER)[:items]
        if self.shape != "beta" or k <= 0:
            return np.full(items, p)
        if k >= 1:
            return (rng.random(items) < p).astype(float)
        return rng.beta(p * (1 - k) / k, (1 - p) * (1 - k) / k, items)

    def _accurate(self, rng: np.random.Generator, true: Bools) -> Ints:
        known, shape = np.sqrt(self.agreement), (len(true), self.raters)
        sensitive = 0.5 + 0.5 * known * np.linspace(1, 0.8, self.raters)
        specific = 0.6 + 0.4 * known * np.linspace(0.9, 1, self.raters)
        said = np.where(true[:, None], rng.random(shape) < sensitive, rng.random(shape) >= specific)
        return np.asarray(said, dtype=np.int64)

    def _ordered(self, rng: np.random.Generator, items: int) -> Ints:
        noise = np.sqrt(1 - self.agreement) * rng.normal(size=(items, self.raters))
        latent = np.sqrt(self.agreement) * rng.normal(size=items)[:, None] + noise
        lines = np.quantile(
            np.random.default_rng(0).normal(size=LARGE), (1 - self.share) / 4 * np.arange(1, 5)
        )
        return np.asarray(np.searchsorted(lines, latent), dtype=np.int64)

    def estimates(self, ratings: Ints, clusters: Sequence[Ints], level: float) -> dict[str, Estimate]:
        """Return every coefficient of ratings (items, raters)."""
        counts = np.stack([(ratings == k).sum(axis=1) for k in range(self.values)], axis=1).astype(float)
        given = counts.any(axis=0)
        found = Counts(counts=counts[:, given], numbers=np.flatnonzero(given).astype(float))
        kinds = {"agreement": agreed, "fleiss": fleiss, "krippendorff": krippendorff, "gwet": gwet}
        every = {name: each(found, self.measurement, clusters, level) for name, each in kinds.items()}
        if self.raters == TWO:
            numbers = np.arange(self.values, dtype=float)
            every["cohen"] = cohen(ratings, numbers, self.measurement, clusters, level)
        return every


def standard_agreements() -> list[AgreementWorld]:
    """Return the scenarios of the released simulation."""
    shapes: tuple[Shape, ...] = ("copying", "together", "beta", "accuracy", "ordered", "clusters")
    cells = product(shapes, (10, 20, 50, 200), (2, 3, 6), (0.5, 0.7, 0.9, 0.95), (0.0, 0.4, 0.8, 1.0))
    return [
        AgreementWorld(shape=shape, items=items, raters=raters, share=share, agreement=agreement)
        for shape, items, raters, share, agreement in cells
        if shape != "clusters" or items >= 5 * OF_A_CLUSTER
    ]


def check_agreements(worlds: Sequence[AgreementWorld], **options: Any) -> pl.DataFrame:
    """Return one row per scenario and coefficient."""
    return over_worlds(run_agreement, SCHEMA, worlds, **options)


def run_agreement(
    index: int, world: AgreementWorld, *, trials: int, level: float, seed: int
) -> list[dict[str, Any]]:
    """Draw samples of a scenario, and count how often each coefficient's interval contains the true value."""
    rng, clusters = np.random.default_rng([seed, 7, index]), world.clusters()
    truth = _truth(AgreementWorld(**{**asdict(world), "items": LARGE}))
    bars: dict[str, list[tuple[float, float, float]]] = {name: [] for name in truth}
    for _ in range(trials):
        for name, found in world.estimates(world.draw(rng, world.items), clusters, level).items():
            bars[name].append((found.interval.low, found.interval.high, found.value))
    return [_row(world, name, np.array(bars[name]), value, trials) for name, value in truth.items()]


@cache
def _truth(world: AgreementWorld) -> dict[str, float]:
    """Return the coefficients of very many items."""
    ratings = world.draw(np.random.default_rng(1), world.items)
    return {name: found.value for name, found in world.estimates(ratings, (), LEAST).items()}


def _row(world: AgreementWorld, name: str, bars: Floats, truth: float, trials: int) -> dict[str, Any]:
    low, high, value = bars.T
    held = float(((low <= truth + ROUNDING) & (truth - ROUNDING <= high)).mean())
    return {
        "coefficient": name,
        **asdict(world),
        "trials": trials,
        "truth": truth,
        "coverage": held,
        "width": float((high - low).mean()),
        "undefined": float(np.isnan(value).mean()),
        "kept": held >= LEAST - TOLERANCE * error_of(LEAST, trials),
    }
