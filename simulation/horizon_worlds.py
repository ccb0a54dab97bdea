"""Horizons of models over the difficulty of questions, and their doubling time.

The log odds of success fall with log₂ difficulty, with effects of families of questions on all models and on
each model, and effects of questions. In 2PL scenarios every question has a slope of its own. True horizons are
those of the curve in a sample of 100,000 questions in as many families, which differ from a logistic form
where effects or slopes do. Horizons of models lie around a line over their release dates.

In scenarios that aren't logistic the promise is about the best logistic curve, as is the answer's; how often
the interval holds the difficulty with the true chance of 50% is recorded without a promise.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
import scipy

from howsure.errors import HowsureError
from howsure.statistics.success_curves import success_curve
from howsure.verbs.horizon import horizon
from simulation.verb_worlds import CLAIMED, COVERED, Tally, normal_nodes, slope_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from howsure.answers.horizon import TaskHorizons
    from howsure.statistics.arrays import Floats, Ints

LARGE = 100_000
CHANCES = (0.5, 0.8)
EASIEST, HARDEST = -2.0, 10.0
GRID = np.linspace(-1.0, 9.0, 11)
DAY = dt.date(2023, 3, 1).toordinal()
SPAN, DOUBLING = 900.0, 200.0
"""Models are released over so many days, and their horizons double in so many."""
METR = ("GPT-4o", "o1-preview")


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonWorld:
    """Models on questions of known difficulty.

    `per`: the questions of a family. `uneven`: families have from one to twice as many. `family`, `own`,
    `question`: the spreads of effects of families, of families on one model, and of questions, in log odds.
    `slopes`: the spread of the logarithm of questions' slopes. `scatter`: of log₂ horizons around the line.
    """

    families: int
    per: int = 1
    runs: int = 1
    models: int = 5
    uneven: bool = False
    family: float = 0.0
    own: float = 0.0
    question: float = 0.0
    slopes: float = 0.0
    scatter: float = 0.4
    form: Literal["logistic", "two steps", "lapses"] = "logistic"
    verb: str = "horizon"

    @property
    def name(self) -> str:
        """The scenario in words."""
        size = f"1 to {2 * self.per - 1}" if self.uneven else f"{self.per}"
        what = f"{self.families} questions" if self.per == 1 else f"{self.families} families of {size}"
        parts = [
            what,
            f"{self.runs} runs" if self.runs > 1 else "",
            f"{self.models} models",
            f"family effects {self.family:g} and {self.own:g}" if self.family or self.own else "",
            f"2PL slopes {self.slopes:g}" if self.slopes else "",
            {
                "two steps": "success falls in two steps",
                "lapses": "15% of attempts fail at any difficulty",
                "logistic": "",
            }[self.form],
        ]
        return ", ".join(filter(None, parts))

    @property
    def days(self) -> Floats:
        """The release days of the models."""
        return np.linspace(0, SPAN, self.models)

    def centres(self) -> Floats:
        """Return the line of log₂ horizons at the release days."""
        return 4.0 + (self.days - SPAN / 2) / DOUBLING

    def draw(self, families: int, at: Floats, rng: np.random.Generator) -> tuple[Floats, Ints, Floats]:
        """Draw log₂ difficulties (n,), families (n,), and chances of success (n, M) of models at `at` (M,)."""
        size = rng.integers(1, 2 * self.per, families) if self.uneven else np.full(families, self.per)
        code = np.repeat(np.arange(families), size)
        n, m = len(code), len(at)
        hard = rng.uniform(EASIEST, HARDEST, n)
        effect = self.family * rng.normal(size=families)[code] + self.question * rng.normal(size=n)
        own = self.own * rng.normal(size=(families, m))[code]
        steep = 0.7 * np.exp(self.slopes * rng.normal(size=n))[:, None]
        above, shift = hard[:, None] - at, effect[:, None] + own
        if self.form == "two steps":
            steps = [scipy.special.expit(-3 * (above + d) + shift) for d in (-3.0, 3.0)]
            return hard, code, np.asarray((steps[0] + steps[1]) / 2)
        chance = scipy.special.expit(-steep * above + shift)
        return hard, code, np.asarray(0.85 * chance if self.form == "lapses" else chance)

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count intervals of horizons and doubling times, and models whose curve is said to bend."""
        truths, straight = _truths(self), self.form == "logistic" and not self.slopes
        covered = _covered()
        doubling = Tally(what="doubling time", kind=COVERED)
        bends = Tally(what="curve isn't logistic", kind=CLAIMED)
        place = Tally(what="difficulty with a chance of 50%", kind=COVERED, promise=False)
        points, weights = normal_nodes()
        spread = self.centres()[:, None] + self.scatter * points
        line = slope_of(self.days, np.interp(spread, GRID, truths[0.5]) @ weights)
        for trial in range(trials + (trials // 4 if straight else 0)):
            bent = trial >= trials
            world = replace(self, form="two steps") if bent else self
            at = self.centres() + self.scatter * rng.normal(size=self.models)
            answered = self.analyse(*world.draw(self.families, at, rng), rng)
            if answered is None:
                continue
            named = any(warning.code == "curve_form" for warning in answered.warnings)
            if bent:
                bends.sizes.append(float(named))
                continue
            if straight:
                bends.rates.append(float(named))
            where = {f"m{k}": value for k, value in enumerate(at)}
            for k, chance in enumerate(CHANCES):
                true = {
                    model: float(np.interp(value, GRID, truths[chance])) for model, value in where.items()
                }
                covered[k].cover(_limits(answered, k, true))
            if self.form == "two steps":
                place.cover(_limits(answered, 0, where))
            if answered.doubling:
                low, high = _speed(answered)
                doubling.cover([(low / line, high / line, 1.0)])
        extra = [bends] if straight else [place] if self.form == "two steps" else []
        return [(tally, trials) for tally in (*covered, doubling, *extra)]

    def analyse(
        self, hard: Floats, code: Ints, chance: Floats, rng: np.random.Generator
    ) -> TaskHorizons | None:
        """Draw the runs, and return what the verb says of them."""
        n, m = chance.shape
        success = rng.binomial(self.runs, chance) / self.runs
        rows = pl.DataFrame(
            {
                "model": np.repeat([f"m{k}" for k in range(m)], n),
                "item": np.tile(np.arange(n), m),
                "family": np.tile(code, m),
                "minutes": np.tile(2.0**hard, m),
                "score": success.T.ravel(),
            }
        )
        dates = {f"m{k}": dt.date.fromordinal(DAY + int(day)) for k, day in enumerate(self.days)}
        return _answer(rows, dates, cluster="family" if self.per > 1 else "none")


def _answer(rows: pl.DataFrame, dates: Mapping[str, dt.date] | None, *, cluster: str) -> TaskHorizons | None:
    """Return the horizons of rows, None if no model has one."""
    try:
        return horizon(
            rows, difficulty="minutes", cluster=cluster, chance=CHANCES, release_dates=dates
        ).tasks[0]
    except HowsureError:
        return None


def _speed(answered: TaskHorizons) -> tuple[float, float]:
    """Return the limits of the doublings in a day, from those of the days of a doubling. A time without an
    upper limit says nothing of a speed below 0.
    """
    interval = answered.doubling[0].interval
    low = 1 / interval.high if math.isfinite(interval.high) else -math.inf
    return low, 1 / interval.low if math.isfinite(interval.low) else 0.0


def _limits(answered: TaskHorizons, k: int, true: Mapping[str, float]) -> list[tuple[float, float, float]]:
    """Return limits and truth of the models' horizons at the chance k, all log₂."""
    return [
        (
            math.log2(max(part.horizons[k].estimate.low, 1e-300)),
            math.log2(part.horizons[k].estimate.high),
            true[part.model],
        )
        for part in answered.models
    ]


def _covered() -> list[Tally]:
    """Return what counts the intervals of horizons at each chance."""
    return [Tally(what=f"{100 * chance:g}% horizon", kind=COVERED) for chance in CHANCES]


@cache
def _truths(world: HorizonWorld) -> dict[float, Floats]:
    """Return the log₂ horizons at each chance of models whose curve lies at GRID."""
    hard, _, chance = world.draw(LARGE // world.per, GRID, np.random.default_rng(11))
    share = np.full(len(hard), 1 / len(hard))
    curves = [success_curve(2.0**hard, chance[:, k], share) for k in range(len(GRID))]
    return {p: np.array([math.log2(curve.difficulty_at(p)[0]) for curve in curves]) for p in CHANCES}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetrWorld:
    """Families of METR's tasks, drawn with replacement with all their runs. The truth is what all say.

    `path`: of their runs (all_runs.jsonl).
    """

    path: Path
    name: str = "METR's 36 families drawn again, GPT-4o and o1-preview"
    verb: str = "horizon"

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count intervals of horizons."""
        rows = self.rows()
        whole, covered = _answer(rows, None, cluster="family"), _covered()
        parts = [part for _, part in rows.group_by("family", maintain_order=True)]
        true = [
            {part.model: math.log2(part.horizons[k].estimate.value) for part in whole.models} if whole else {}
            for k in range(len(CHANCES))
        ]
        for _ in range(trials):
            drawn = [
                parts[j].with_columns(
                    family=pl.lit(f"{k}"), item=pl.concat_str(pl.col("item"), pl.lit(f" {k}"))
                )
                for k, j in enumerate(rng.integers(0, len(parts), len(parts)))
            ]
            answered = _answer(pl.concat(drawn), None, cluster="family")
            if answered is not None:
                for k, tally in enumerate(covered):
                    tally.cover(_limits(answered, k, true[k]))
        return [(tally, trials) for tally in covered]

    def rows(self) -> pl.DataFrame:
        """Return success by model and task."""
        runs = pl.read_ndjson(self.path, infer_schema_length=None).filter(pl.col("alias").is_in(METR))
        names = {"alias": "model", "task_id": "item", "task_family": "family", "human_minutes": "minutes"}
        by = [pl.col(name).alias(word) for name, word in names.items()]
        return runs.group_by(by).agg(pl.col("score_binarized").mean().alias("score")).sort("model", "item")


def standard_horizons(data: Path | None = None) -> list[HorizonWorld | MetrWorld]:
    """Return the scenarios of the record. `data`: a folder in which METR's runs may be."""
    plain: Sequence[HorizonWorld] = (
        HorizonWorld(families=100),
        HorizonWorld(families=300),
        HorizonWorld(families=100, models=10),
        HorizonWorld(families=12, per=6, runs=3, family=0.8, own=0.8, question=0.5),
        HorizonWorld(families=36, per=6, runs=3, family=0.8, own=0.8, question=0.5),
        HorizonWorld(families=36, per=6, uneven=True, family=0.8, own=0.8, question=0.5),
        HorizonWorld(families=10, per=3, runs=6, family=0.8, own=0.8, question=0.5),
        HorizonWorld(families=200, slopes=0.6),
        HorizonWorld(families=30, per=8, slopes=0.6, family=0.8, own=0.4),
        HorizonWorld(families=200, form="two steps"),
        HorizonWorld(families=30, per=8, form="lapses", family=0.5, own=0.5),
    )
    path = None if data is None else data / "wild/METR-eval-analysis/data/external/all_runs.jsonl"
    return [*plain, *([MetrWorld(path=path)] if path is not None and path.is_file() else [])]
