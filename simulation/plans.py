"""Comparisons planned for a given power, in scenarios with known parameters: how often do they find the
difference?
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl

from howsure.statistics import intervals
from howsure.statistics.arrays import blocks
from howsure.statistics.choices import PlanMethod
from howsure.statistics.clustered_variance import ClusterSizes, VarianceChoice, equal_sizes, sizes_of
from howsure.statistics.differences import pivots
from howsure.statistics.power import Spread, Test, items_needed, power
from howsure.statistics.results import POWER
from simulation.harness import TOLERANCE, error_of, over_worlds
from simulation.pair_worlds import PairWorld
from simulation.worlds import Sizes, cluster_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.samples import DifferenceSample

SHORT = 0.03
"""The largest shortfall of the power if a plan has ten clusters or more."""
FEWEST = 10
MOST_ITEMS = 20_000
BLOCK = 2_000_000

SCHEMA = {
    "method": pl.String,
    "discordance": pl.Float64,
    "effect": pl.Float64,
    "cluster_size": pl.Int64,
    "sizes": pl.String,
    "icc": pl.Float64,
    "items": pl.Int64,
    "clusters": pl.Int64,
    "trials": pl.Int64,
    "planned": pl.Float64,
    "found": pl.Float64,
    "kept": pl.Boolean,
}
"""`items`, `clusters`: the numbers in the plan. `planned`: its power with whole clusters. `found`: how often
the difference was found.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWorld:
    """Two models, right or wrong, as in PairWorld, and a plan with their true spread."""

    discordance: float
    effect: float
    cluster_size: int = 1
    sizes: Sizes = "equal"
    icc: float = 0.0

    def profile(self) -> ClusterSizes:
        """Return the sizes of clusters for the plan."""
        if self.cluster_size == 1:
            return equal_sizes()
        return sizes_of(cluster_sizes(PROFILE, self.cluster_size, self.sizes).astype(float))

    def spread(self) -> Spread:
        """Return the true spread of the difference."""
        variance = self.discordance - self.effect**2
        return Spread(within=variance * (1 - self.icc), between=variance * self.icc, sizes=self.profile())

    def draw(self, clusters: int, rng: np.random.Generator, trials: int) -> DifferenceSample:
        """Draw samples of this many clusters."""
        return PairWorld(**asdict(self), n_clusters=clusters).draw(rng, trials)


PROFILE = 50


def standard_plans() -> list[PlanWorld]:
    """Return the scenarios of the released simulation."""
    alone = product((0.05, 0.1, 0.2, 0.4), (0.2, 0.4, 0.7))
    shapes: tuple[Sizes, ...] = ("equal", "spread")
    return [
        *(PlanWorld(discordance=discordance, effect=share * discordance) for discordance, share in alone),
        *(
            PlanWorld(
                discordance=discordance, effect=share * discordance, cluster_size=size, icc=icc, sizes=shape
            )
            for discordance, share, size, icc, shape in product(
                (0.1, 0.3), (0.3, 0.6), (5, 20), (0.0, 0.1, 0.3), shapes
            )
        ),
    ]


def check_plans(worlds: Sequence[PlanWorld], **options: Any) -> pl.DataFrame:
    """Return one row per scenario and method."""
    return over_worlds(run_plan, SCHEMA, worlds, **options)


def run_plan(index: int, world: PlanWorld, *, trials: int, level: float, seed: int) -> list[dict[str, Any]]:
    """Plan for 80% power with every method, draw the planned data, and count how often the difference is
    found.
    """
    rows = []
    for k, method in enumerate(get_args(PlanMethod)):
        test, spread = Test(method=method, level=level), world.spread()
        items = items_needed(test, spread, world.effect, 1, POWER)
        if items > MOST_ITEMS:
            continue
        clusters = max(round(items / world.cluster_size), 2)
        held = cluster_sizes(clusters, world.cluster_size, world.sizes).astype(float)
        known = replace(spread, sizes=sizes_of(held) if world.cluster_size > 1 else equal_sizes())
        rng = np.random.default_rng([seed, 3, index, k])
        found = _found(world, clusters, test, rng, trials)
        planned = power(test, known, world.effect, float(held.sum()), 1)
        promised = method != "z" and clusters >= FEWEST and known.sizes.df(float(held.sum())) >= FEWEST - 1
        rows.append(
            {
                "method": method,
                **asdict(world),
                "items": round(held.sum()),
                "clusters": clusters,
                "trials": trials,
                "planned": planned,
                "found": found,
                "kept": found >= planned - SHORT - TOLERANCE * error_of(POWER, trials) if promised else None,
            }
        )
    return rows


def _found(world: PlanWorld, clusters: int, test: Test, rng: np.random.Generator, trials: int) -> float:
    """Return the share of samples whose test finds a difference."""
    variance: VarianceChoice = "miller" if test.method == "z" else "CR2"
    seen = 0
    for block in blocks(trials, clusters, BLOCK):
        sample = world.draw(clusters, rng, block.stop - block.start)
        pivot = pivots(sample.sums_for(variance), variance, score=test.method == "score")
        seen += int(
            (np.abs(np.nan_to_num(pivot.t_at(0.0))) > intervals.t_quantile(test.level, pivot.df)).sum()
        )
    return seen / trials
