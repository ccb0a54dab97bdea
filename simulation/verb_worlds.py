"""What verbs of their own promise (horizon, curve, compare over judges, questions), in scenarios whose truth
is known: coverage beside width, false claims beside power.

Every scenario runs the verb itself, or the statistics under it where thousands of lists are needed, and
counts in a `Tally` for each promise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from simulation.harness import TOLERANCE, over_worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.statistics.arrays import Floats

HELD, MOST_FALSE = 0.93, 0.05
"""The least coverage of a 95% interval, and the largest rate of false claims, that is promised."""
COVERED, CLAIMED = "coverage", "false claims"
NODES = 61

SCHEMA = {
    "verb": pl.String,
    "what": pl.String,
    "kind": pl.String,
    "world": pl.String,
    "trials": pl.Int64,
    "rate": pl.Float64,
    "rate_se": pl.Float64,
    "size": pl.Float64,
    "unanswered": pl.Float64,
    "promised": pl.Float64,
    "held": pl.Boolean,
}
"""`kind`: of the rate, "coverage" or "false claims". `rate_se`: its Monte-Carlo standard error, with the
trials as independent. `size`: the median width of intervals, or the power. `unanswered`: the share of trials
without an answer. `promised`: the least coverage or the largest rate of false claims, None without a promise.
`held`: whether the rate keeps it, within 3 Monte-Carlo standard errors.
"""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one promise in one scenario: `rates`, what share of a trial's intervals held or whether it
    made a false claim; `sizes`, widths or successes of finding what is there.
    """

    what: str
    kind: str
    promise: bool = True
    rates: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    def cover(self, limits: Iterable[tuple[float, float, float]], *, whole: bool = False) -> None:
        """Count intervals of one trial: low, high and truth of each. `whole`: they hold together or not."""
        values = np.array(list(limits), dtype=float)
        if not len(values):
            return
        held = (values[:, 0] - ROUNDING <= values[:, 2]) & (values[:, 2] <= values[:, 1] + ROUNDING)
        self.rates.append(float(held.all() if whole else held.mean()))
        self.sizes.extend((values[:, 1] - values[:, 0]).tolist())

    def row(self, trials: int) -> dict[str, Any]:
        """Return the row of the record, without verb and world."""
        n = len(self.rates)
        rate = float(np.mean(self.rates)) if n else math.nan
        error = float(np.std(self.rates)) / math.sqrt(n) if n else math.nan
        limit = HELD if self.kind == COVERED else MOST_FALSE
        reach = TOLERANCE * max(error, math.sqrt(limit * (1 - limit) / n) if self.alone() else 0.0)
        held = rate >= limit - reach if self.kind == COVERED else rate <= limit + reach
        middle = np.median if self.kind == COVERED else np.mean
        return {
            "what": self.what,
            "kind": self.kind,
            "trials": trials,
            "rate": rate,
            "rate_se": error,
            "size": float(middle(self.sizes)) if self.sizes else None,
            "unanswered": 1 - n / trials,
            "promised": limit if self.promise else None,
            "held": held if self.promise else None,
        }

    def alone(self) -> bool:
        """Whether each trial counts as held or not, so that the error at the promise itself is known."""
        return bool(self.rates) and set(self.rates) <= {0.0, 1.0}


ROUNDING = 1e-9


class VerbWorld(Protocol):
    """A scenario of one verb."""

    @property
    def verb(self) -> str:
        """The verb."""

    @property
    def name(self) -> str:
        """The scenario in words."""

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Draw the trials, and return each promise with the number of its trials."""


def check_verbs(worlds: Sequence[VerbWorld], **options: Any) -> pl.DataFrame:
    """Return one row per scenario and promise."""
    return over_worlds(run_verb, SCHEMA, worlds, **options)


def run_verb(index: int, world: VerbWorld, *, trials: int, level: float, seed: int) -> list[dict[str, Any]]:
    """Run one scenario. Its draws depend on the seed and its own words, not on its place among others."""
    del index, level
    rng = np.random.default_rng([seed, 61, *f"{world.verb} {world.name}".encode()])
    return [{"verb": world.verb, "world": world.name, **tally.row(n)} for tally, n in world.run(trials, rng)]


def normal_nodes() -> tuple[Floats, Floats]:
    """Return the points and weights of a quadrature over a standard normal."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return np.asarray(points), np.asarray(weights / weights.sum())


def slope_of(x: Floats, y: Floats) -> float:
    """Return the slope of a least-squares line."""
    return float(np.polyfit(x, y, 1)[0])
