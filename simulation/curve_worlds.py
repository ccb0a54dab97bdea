"""Curves over attempts, over usage, and lines over the size of models.

Attempts: questions have chances of success of their own, from a Beta distribution or an item-response model,
in clusters or by themselves. True curves are those of 400,000 questions. Usage: what an attempt uses goes
with the difficulty of its question. Sizes: the log odds of a model's chance of success at a question grow with
log₂ size, models lie around that line, and all answer the same questions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
import scipy

from howsure.errors import HowsureError
from howsure.verbs.curve import curve
from simulation.verb_worlds import CLAIMED, COVERED, Tally, normal_nodes, slope_of

if TYPE_CHECKING:
    from howsure.answers.curve import TaskCurves
    from howsure.statistics.arrays import Floats

LARGE = 400_000


def _clusters(items: int, per: int) -> str:
    """Return questions and clusters in words."""
    return f"{items} questions" if per == 1 else f"{items // per} clusters of {per}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptWorld:
    """One model's attempts at questions. `a` and `b`: of the Beta distribution of chances. `spread`: instead
    of it, of log odds around `a`. `per`: questions in a cluster, which shares half of the variance.
    """

    items: int
    attempts: int
    a: float
    b: float = 0.0
    spread: float = 0.0
    per: int = 1
    verb: str = "curve"

    @property
    def name(self) -> str:
        """The scenario in words."""
        how = f"log odds N({self.a:g}, {self.spread:g})" if self.spread else f"Beta({self.a:g}, {self.b:g})"
        return f"{_clusters(self.items, self.per)}, {self.attempts} attempts, chances {how}"

    def chances(self, items: int, rng: np.random.Generator) -> Floats:
        """Draw the chances of questions (n,)."""
        z = rng.normal(size=items)
        if self.per > 1:
            z = math.sqrt(0.5) * (z + rng.normal(size=items // self.per + 1)[np.arange(items) // self.per])
        if self.spread:
            return np.asarray(scipy.special.expit(self.a + self.spread * z))
        return np.asarray(scipy.special.betaincinv(self.a, self.b, scipy.special.ndtr(z)))

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count whole curves within their bands."""
        tallies = {name: Tally(what=f"whole curve of {name}k", kind=COVERED) for name in ("pass@", "pass^")}
        chance, steps = self.chances(LARGE, np.random.default_rng(13)), np.arange(1, self.attempts + 1)
        right = np.array([(chance**k).mean() for k in steps])
        wrong = np.array([((1 - chance) ** k).mean() for k in steps])
        true = {"pass@": 1 - wrong, "pass^": right}
        code = np.arange(self.items) // self.per
        for _ in range(trials):
            success = rng.random((self.items, self.attempts)) < self.chances(self.items, rng)[:, None]
            item, attempt = np.indices(success.shape)
            rows = pl.DataFrame(
                {
                    "model": "m",
                    "item": item.ravel(),
                    "passage": code[item.ravel()],
                    "attempt": attempt.ravel(),
                    "score": success.ravel().astype(int),
                }
            )
            answered = _curves(rows, "attempts", "passage" if self.per > 1 else "none")
            for line in () if answered is None else answered.curves:
                limits = [(point.estimate.low, point.estimate.high) for point in line.points]
                tallies[line.score].cover(
                    ((low, high, at) for (low, high), at in zip(limits, true[line.score], strict=True)),
                    whole=True,
                )
        return [(tally, trials) for tally in tallies.values()]


def _curves(rows: pl.DataFrame, over: str, cluster: str) -> TaskCurves | None:
    """Return the curves of rows, None if there are none."""
    try:
        return curve(rows, over=over, cluster=cluster).tasks[0]
    except HowsureError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageWorld:
    """One model's attempts, each with the dollars that it used. `tail`: the spread of their logarithms.
    `partial`: scores are fifths, else right or wrong.
    """

    items: int
    attempts: int
    tail: float = 0.7
    partial: bool = False
    per: int = 1
    level: float = 0.5
    verb: str = "curve"

    @property
    def name(self) -> str:
        """The scenario in words."""
        what = "scores in fifths" if self.partial else "right or wrong"
        return (
            f"{_clusters(self.items, self.per)}, {self.attempts} attempts, usage with a log spread of "
            f"{self.tail:g}, {what}, {self.level:g} log odds"
        )

    def draw(self, items: int, attempts: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw scores and usage of attempts (n, k)."""
        hard = rng.normal(size=items)
        if self.per > 1:
            hard = math.sqrt(0.5) * (
                hard + rng.normal(size=items // self.per + 1)[np.arange(items) // self.per]
            )
        chance = scipy.special.expit(self.level - 1.5 * hard)[:, None] * np.ones(attempts)
        score = rng.binomial(5, chance) / 5 if self.partial else (rng.random(chance.shape) < chance) * 1.0
        noise = rng.normal(size=chance.shape)
        return np.asarray(score, dtype=float), np.exp(
            self.tail * (0.6 * hard[:, None] + 0.8 * noise - 0.3 * (score - 0.5))
        )

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count whole curves within their bands."""
        tally = Tally(what="whole curve over usage", kind=COVERED)
        score, usage = (line.ravel() for line in self.draw(LARGE, 1, np.random.default_rng(13)))
        order = np.argsort(usage)
        known, total = usage[order], np.concatenate([[0.0], np.cumsum(score[order])]) / LARGE
        for _ in range(trials):
            score, usage = self.draw(self.items, self.attempts, rng)
            item, attempt = np.indices(score.shape)
            rows = pl.DataFrame(
                {
                    "model": "m",
                    "item": item.ravel(),
                    "passage": item.ravel() // self.per,
                    "attempt": attempt.ravel(),
                    "score": score.ravel(),
                    "usd": usage.ravel(),
                }
            )
            answered = _curves(rows, "usd", "passage" if self.per > 1 else "none")
            for line in () if answered is None else answered.curves:
                at = total[np.searchsorted(known, [point.x for point in line.points], side="right")]
                tally.cover(
                    (
                        (point.estimate.low, point.estimate.high, true)
                        for point, true in zip(line.points, at.tolist(), strict=True)
                    ),
                    whole=True,
                )
        return [(tally, trials)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeWorld:
    """Models of growing sizes on the same questions. `slope`: log odds per doubling at one question.
    `scatter`: of models around the line, in log odds.
    """

    models: int
    items: int
    slope: float = 0.35
    scatter: float = 0.3
    hard: float = 1.5
    per: int = 1
    design: Literal["even", "bunched"] = "even"
    verb: str = "curve"

    @property
    def name(self) -> str:
        """The scenario in words."""
        bunched = ", most of them small" if self.design == "bunched" else ""
        return (
            f"{self.models} models{bunched}, {_clusters(self.items, self.per)}, scatter {self.scatter:g} "
            f"log odds"
        )

    @property
    def sizes(self) -> Floats:
        """The log₂ sizes of the models."""
        x = np.linspace(0, 1, self.models)
        return 6 * (x**3 if self.design == "bunched" else x)

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count intervals of slopes, and slopes that are significant where models don't grow better."""
        slopes = Tally(what="slope over sizes", kind=COVERED)
        trend = Tally(what="trend over sizes", kind=CLAIMED)
        line = slope_of(self.sizes, self.log_odds())
        for k in range(2 * trials):
            null = k % 2 == 1
            answered = self.analyse(0.0 if null else self.slope, rng)
            if answered is None or answered.line is None:
                continue
            named = float(answered.line.p_value <= 0.05)
            (trend.rates if null else trend.sizes).append(named)
            if not null:
                limits = answered.line.interval
                slopes.cover([(_log(limits.low), _log(limits.high), line)])
        return [(slopes, trials), (trend, trials)]

    def log_odds(self) -> Floats:
        """Return the expected log odds of the models' scores."""
        points, weights = normal_nodes()
        eta = self.slope * (self.sizes - 3)[:, None] + self.scatter * points
        score = scipy.special.expit(eta[..., None] + self.hard * points) @ weights
        return np.asarray(scipy.special.logit(score) @ weights)

    def analyse(self, slope: float, rng: np.random.Generator) -> TaskCurves | None:
        """Draw the answers, and return what the verb says of them."""
        code = np.arange(self.items) // self.per
        hard = rng.normal(size=self.items)
        if self.per > 1:
            hard = math.sqrt(0.5) * (hard + rng.normal(size=int(code.max()) + 1)[code])
        level = slope * (self.sizes - 3) + self.scatter * rng.normal(size=self.models)
        right = rng.random((self.items, self.models)) < scipy.special.expit(self.hard * hard[:, None] + level)
        rows = pl.DataFrame(
            {
                "model": np.repeat([f"m{k}" for k in range(self.models)], self.items),
                "item": np.tile(np.arange(self.items), self.models),
                "passage": np.tile(code, self.models),
                "parameters": np.repeat(2.0**self.sizes, self.items),
                "score": right.T.ravel().astype(int),
            }
        )
        return _curves(rows, "parameters", "passage" if self.per > 1 else "none")


def _log(odds: float) -> float:
    return math.log(odds) if odds > 0 else -math.inf


def standard_curves() -> list[AttemptWorld | UsageWorld | SizeWorld]:
    """Return the scenarios of the record."""
    return [
        AttemptWorld(items=100, attempts=5, a=0.5, b=0.5),
        AttemptWorld(items=40, attempts=6, a=1, b=1),
        AttemptWorld(items=300, attempts=5, a=0.5, b=0.5, per=10),
        AttemptWorld(items=200, attempts=10, a=0.3, b=3),
        AttemptWorld(items=100, attempts=5, a=6, b=0.6),
        AttemptWorld(items=300, attempts=8, a=0, spread=2),
        AttemptWorld(items=240, attempts=4, a=0.5, spread=2, per=20),
        AttemptWorld(items=20, attempts=4, a=1, b=1),
        UsageWorld(items=100, attempts=1),
        UsageWorld(items=100, attempts=5),
        UsageWorld(items=300, attempts=2, per=10),
        UsageWorld(items=100, attempts=3, partial=True),
        UsageWorld(items=30, attempts=5, tail=1.5),
        UsageWorld(items=200, attempts=1, level=3.0),
        SizeWorld(models=4, items=100),
        SizeWorld(models=8, items=100),
        SizeWorld(models=8, items=400, scatter=0.6),
        SizeWorld(models=8, items=100, scatter=0.0),
        SizeWorld(models=6, items=300, per=10),
        SizeWorld(models=6, items=100, design="bunched"),
    ]
