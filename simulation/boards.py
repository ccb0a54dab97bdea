"""Whole leaderboards with a known order: are rank intervals simultaneous, and how many differences are
found?
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl
import scipy

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.best import best_of
from howsure.statistics.choices import Adjustment
from howsure.statistics.multiplicity import adjust_pairs, usable_adjustment
from howsure.statistics.ranks import ranks
from simulation.harness import TOLERANCE, error_of, over_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.results import Rank

DRAWS = 2_000
SIMULTANEOUS = 10
"""From this many clusters on, the criterion for max-t and Holm is simultaneous coverage of all rank intervals
at the chosen level, and that the best model stays.

Among exactly equal models each stays with that level, not all of them together, since none is best.
"""

SCHEMA = {
    "method": pl.String,
    "n_models": pl.Int64,
    "n_clusters": pl.Int64,
    "cluster_size": pl.Int64,
    "effect_sd": pl.Float64,
    "spacing": pl.Float64,
    "missing": pl.Float64,
    "trials": pl.Int64,
    "all_ranks": pl.Float64,
    "best": pl.Float64,
    "found": pl.Float64,
    "rank_width": pl.Float64,
    "kept": pl.Boolean,
}
"""`all_ranks`: share of boards on which every displayed rank interval contains the true rank (for equal
models all ranks). `best`: share on which the best model could be best (for equal models each, on average).
`found`: share of true differences that are found. `rank_width`: mean number of ranks in an interval, as a
share of all.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardWorld:
    """Models `spacing` apart on the logit scale answer the same items. 0 makes all equal.

    Items differ in difficulty (sd 1). Models differ from cluster to cluster (sd `effect_sd`, logit). A share
    `missing` of the scores is lost at random.
    """

    n_models: int
    n_clusters: int
    cluster_size: int
    effect_sd: float
    spacing: float = 0.0
    missing: float = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Ints]:
        """Draw one board: scores (n, M), the best model first, and cluster codes."""
        codes = np.repeat(np.arange(self.n_clusters), self.cluster_size)
        ability = -self.spacing * np.arange(self.n_models)
        own = self.effect_sd * rng.standard_normal((self.n_clusters, self.n_models))
        hard = rng.standard_normal((len(codes), 1))
        right = rng.random((len(codes), self.n_models)) < scipy.special.expit(ability + hard + own[codes])
        scores = right.astype(float)
        scores[rng.random(scores.shape) < self.missing] = np.nan
        return scores, codes


def standard_boards() -> list[BoardWorld]:
    """Return the scenarios of the released simulation."""
    return [
        BoardWorld(
            n_models=models,
            n_clusters=count,
            cluster_size=size,
            effect_sd=0.7,
            spacing=spacing,
            missing=missing,
        )
        for models, count, size, missing in (
            (5, 5, 40, 0.0),
            (20, 10, 20, 0.0),
            (20, 12, 40, 0.0),
            (20, 50, 10, 0.0),
            (20, 300, 1, 0.0),
            (50, 12, 20, 0.0),
            (50, 200, 1, 0.0),
            (20, 50, 10, 0.2),
        )
        for spacing in (0.0, 0.1)
    ]


def check_boards(worlds: Sequence[BoardWorld], *, trials: int = 1_000, **options: Any) -> pl.DataFrame:
    """Return one row per board and correction."""
    return over_worlds(run_board, SCHEMA, worlds, trials=trials, **options)


def run_board(index: int, world: BoardWorld, *, trials: int, level: float, seed: int) -> list[dict[str, Any]]:
    """Check every correction on boards of one scenario."""
    rng = np.random.default_rng([seed, 1, index])
    counts = {method: np.zeros(4) for method in get_args(Adjustment)}
    for _ in range(trials):
        scores, codes = world.draw(rng)
        moments = pair_moments(scores, clusters=(codes,) if world.cluster_size > 1 else ())
        means = np.nanmean(scores, axis=0)
        order = np.argsort(-means, kind="stable")
        at = np.ix_(order, order)
        for method in counts:
            p = adjust_pairs(moments, method, rng=rng, draws=DRAWS)
            used = usable_adjustment(moments, method)
            best = best_of(moments, means, p, used, level, rng=rng)
            found = ranks(means[order], moments.difference[at], p[at], level=level, best=best[order])
            counts[method] += _judge(found, order, (p <= 1 - level) & (moments.difference > 0), world)
    return [_row(world, method, count / trials, trials, level) for method, count in counts.items()]


def _judge(found: Sequence[Rank], order: Ints, right: Bools, world: BoardWorld) -> Floats:
    """Return the stored results of a board. `right` (M, M): the differences found with their true sign."""
    low, high = np.array([rank.low for rank in found]), np.array([rank.high for rank in found])
    first = 1 + order if world.spacing else np.ones(len(order), dtype=int)
    last = 1 + order if world.spacing else np.full(len(order), len(order))
    pairs = len(order) * (len(order) - 1) / 2
    return np.array(
        [
            float(np.all((low <= first) & (high >= last))),
            np.mean(
                [
                    rank.could_be_best
                    for rank, place in zip(found, order, strict=True)
                    if place == 0 or not world.spacing
                ]
            ),
            np.triu(right, 1).sum() / pairs if world.spacing else math.nan,
            np.mean(high - low + 1) / len(order),
        ]
    )


def _row(world: BoardWorld, method: str, means: Floats, trials: int, level: float) -> dict[str, Any]:
    promised = method in ("max-t", "holm") and world.n_clusters >= SIMULTANEOUS
    kept = min(means[0], means[1]) if world.spacing else means[1]
    return {
        "method": method,
        **asdict(world),
        "trials": trials,
        "all_ranks": float(means[0]),
        "best": float(means[1]),
        "found": float(means[2]),
        "rank_width": float(means[3]),
        "kept": bool(kept >= level - TOLERANCE * error_of(level, trials)) if promised else None,
    }
