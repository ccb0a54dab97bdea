"""Whole real clusters as scenarios: a benchmark's own clusters are drawn with replacement, with all their
items and all models.

The true value is that of all items of the benchmark. Real clusters are skewed and related to their sizes,
unlike simulated ones. A criterion that is met on average may therefore fail for some pairs. With `flipped`
signs, cluster by cluster, two models are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.statistics.event_sizes import ItemSpread
from simulation.checks import CHECKS
from simulation.samples import DifferenceSample, MeanSample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from howsure.statistics.arrays import Bools, Floats, Ints
    from simulation.checks import Check
    from simulation.samples import Samples

METHODS = ("adaptive, CR2", "paired score, CR2", "paired t, CR2")
LOW, QUANTILE = 0.93, 0.02
ROUNDING = 1e-12
SCHEMA = {
    "benchmark": pl.String,
    "unit": pl.String,
    "population": pl.Int64,
    "n_clusters": pl.Int64,
    "effective": pl.Float64,
    "largest": pl.Float64,
    "kind": pl.String,
    "method": pl.String,
    "default": pl.Boolean,
    "level": pl.Float64,
    "count": pl.Int64,
    "draws": pl.Int64,
    "least": pl.Float64,
    "low": pl.Float64,
    "mean": pl.Float64,
    "under": pl.Float64,
    "false": pl.Float64,
    "most_false": pl.Float64,
    "worst": pl.String,
    "again": pl.Float64,
    "draws_again": pl.Int64,
}
"""A row is a benchmark, a number of its clusters drawn (of `population`) and a method. `effective`,
`largest`: medians of n² / Σ n_g² and of the largest cluster's share. `count`: pairs, or models. `least`,
`low` (2% quantile), `mean`, `under` (share under 0.93): of their coverages. `false`, `most_false`: type I
errors, mean and maximum. `again`: the coverage of the `worst` of them, drawn again with another seed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterBoard:
    """A benchmark's scores in [0, 1], items × models, with the cluster of every item.

    `unit`: the kind of cluster, in the plural. `named`: its models may be named.
    """

    name: str
    unit: str
    scores: Floats
    codes: Ints
    models: tuple[str, ...]
    named: bool = False

    @property
    def sizes(self) -> Ints:
        """The items of every cluster."""
        return np.bincount(self.codes)

    def columns(self, kind: str) -> tuple[Floats, list[str]]:
        """Return the quantities to estimate for each item, (n, models) scores or (n, pairs) differences, and
        names.
        """
        if kind == "mean":
            return self.scores, list(self.models)
        first, second = np.triu_indices(len(self.models), 1)
        names = [f"{self.models[i]} against {self.models[j]}" for i, j in zip(first, second, strict=True)]
        return self.scores[:, first] - self.scores[:, second], names


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Clusters to draw from: `powers` (4, K, T), sums of the first four powers over the items of each, and
    their `sizes`.

    `single`: the columns are single right-or-wrong answers.
    """

    powers: Floats
    sizes: Floats
    kind: str
    single: bool

    @classmethod
    def of(cls, columns: Floats, codes: Ints, kind: str) -> Population:
        """Sum over the items of every cluster."""
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        powers = np.stack([np.add.reduceat(columns[order] ** k, starts, axis=0) for k in (1, 2, 3, 4)])
        single = bool(np.isin(columns, (0.0, 1.0)).all())
        return cls(powers=powers, sizes=np.bincount(codes).astype(float), kind=kind, single=single)

    @property
    def truth(self) -> Floats:
        """The values over all items."""
        return np.asarray(self.powers[0].sum(axis=0) / self.sizes.sum())

    def draw(self, rng: np.random.Generator, count: int, *, flipped: bool = False) -> Samples:
        """Draw this many clusters, the same for all columns. `flipped`: with a random sign for each."""
        drawn = rng.integers(0, len(self.sizes), count)
        powers, totals, truth = self.powers[:, drawn], self.sizes[drawn], self.truth
        if flipped:
            powers, truth = (
                powers * rng.choice((-1.0, 1.0), (count, 1)) ** [[[1]], [[2]], [[1]], [[2]]],
                0 * truth,
            )
        if self.kind == "mean":
            return self._means(powers, totals)
        return DifferenceSample(sums=powers[0], totals=totals, items=_spread(powers, totals), truth=truth)

    def _means(self, powers: Floats, totals: Floats) -> MeanSample:
        answers = totals if self.single else None
        squares = powers[1].sum(axis=0)
        return MeanSample(
            sums=powers[0],
            totals=totals,
            squares=squares,
            answers=answers,
            n=int(totals.sum()),
            truth=self.truth,
        )


def _spread(powers: Floats, totals: Floats) -> ItemSpread:
    """Return the spread of differences over items around their mean, from sums of their powers."""
    n, (first, second, third, fourth) = totals.sum(), powers.sum(axis=1)
    mean = first / n
    squares = second - n * mean**2
    fourths = fourth - 4 * mean * third + 6 * mean**2 * second - 3 * n * mean**4
    return ItemSpread(squares=np.maximum(squares, 0.0), fourths=np.maximum(fourths, 0.0))


def check_clusters(
    boards: Iterable[tuple[ClusterBoard, Iterable[int]]],
    *,
    draws: int = 1_000,
    level: float = 0.95,
    seed: int = 0,
) -> pl.DataFrame:
    """Return one row per benchmark, number of clusters drawn and method."""
    rows = [
        row
        for board, counts in boards
        for count in counts
        for row in check_board(board, count, draws, level, seed)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def check_board(
    board: ClusterBoard, count: int, draws: int, level: float, seed: int
) -> Iterator[dict[str, Any]]:
    """Check the methods on one benchmark, with this many of its clusters drawn."""
    effective, largest = _shape(board, count, np.random.default_rng([seed, 6, count]))
    for check in CHECKS:
        if check.name in METHODS:
            yield {
                "benchmark": board.name,
                "unit": board.unit,
                "population": len(board.sizes),
                "n_clusters": count,
                "effective": effective,
                "largest": largest,
                "kind": check.kind,
                "method": check.name,
                "default": check.default_for == "bounded",
                "level": level,
                "draws": draws,
                **_found(board, check, count, draws, level, seed),
            }


def _found(  # noqa: PLR0917
    board: ClusterBoard, check: Check, count: int, draws: int, level: float, seed: int
) -> dict[str, Any]:
    """Return the coverage of a method for all columns, for the worst of them again, and its type I errors."""
    columns, names = board.columns(check.kind)
    share, more = (
        partial(_share, codes=board.codes, check=check, level=level, count=count),
        AGAIN[check.kind] * draws,
    )
    held, false = share(columns, draws=draws, seed=[seed, 4, count]), np.full(1, np.nan)
    worst = int(np.argmin(held))
    again = share(columns[:, [worst]], draws=more, seed=[seed, 7, count])
    if check.kind == "difference":
        false = 1 - share(columns, draws=draws, seed=[seed, 5, count], flipped=True)
    return {
        "count": len(names),
        "least": held.min(),
        "low": np.quantile(held, QUANTILE),
        "mean": held.mean(),
        "under": (held < LOW).mean(),
        "false": false.mean(),
        "most_false": false.max(),
        "worst": names[worst] if board.named else None,
        "again": again[0],
        "draws_again": more,
    }


AGAIN = {"difference": 4, "mean": 2}
"""The multiple of the draws for the worst column, drawn again, because the lowest of many is partly
chance.
"""


def _share(columns: Floats, *, codes: Ints, check: Check, **how: Any) -> Floats:
    """Return how often the interval of every column contains the true value, separately for right-or-wrong
    answers and fractions.
    """
    held, right = np.zeros(columns.shape[1]), np.isin(columns, (0.0, 1.0)).all(axis=0)
    groups = (right, ~right) if check.kind == "mean" else (np.ones_like(right),)
    for group in groups:
        if group.any():
            held[group] = _held(Population.of(columns[:, group], codes, check.kind), check, **how)
    return held


def _held(
    population: Population,
    check: Check,
    *,
    level: float,
    count: int,
    draws: int,
    seed: list[int],
    flipped: bool = False,
) -> Floats:
    rng, held = np.random.default_rng(seed), np.zeros(population.powers.shape[-1])
    for _ in range(draws):
        sample = population.draw(rng, count, flipped=flipped)
        held += _holds(*check.run(sample, level), np.asarray(sample.truth))
    return held / draws


def _holds(low: Floats, high: Floats, truth: Floats) -> Bools:
    """Return which intervals contain the true value. A missing interval counts as containing it."""
    return ~((low > truth + ROUNDING) | (high < truth - ROUNDING))


def _shape(board: ClusterBoard, count: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return the median of effective clusters and of the largest share among draws."""
    drawn = board.sizes[rng.integers(0, len(board.sizes), (10_000, count))].astype(float)
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    return float(np.median(1 / (shares**2).sum(axis=1))), float(np.median(shares.max(axis=1)))
