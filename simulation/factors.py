"""Random factors in scenarios with known parameters: type I error for equal models, and coverage for scores.

Questions are hard or easy (normal, sd 1.2 logit, around `ease`), and every level of a factor shifts all of
them. Levels are each model's own (seeds), or shared by both (prompts, with model-specific effects of half the
size). Seeds and prompts may also be crossed, with an interaction. Effects are normal or heavy-tailed (t with
3 degrees of freedom), or one level in ten has "diverged": it is three times as far below as the others'
spread. `apart`: the true difference for power.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import scipy

from howsure.statistics.intervals import t_p_value, t_quantile
from howsure.statistics.random_factors import LevelParts, Levels, error_with_levels
from simulation.harness import TOLERANCE, error_of, over_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats

Kind = Literal["own", "shared", "crossed"]
Shape = Literal["normal", "heavy", "diverging"]
SPREAD, APART, CELLS, PROMPTS, LARGE = 1.2, 0.15, 1_000_000, 4, 400_000
FEW_HELD, HELD, MOST_FALSE = 0.91, 0.93, 0.06
"""The minimum coverage of a score with three levels, and with five or more. The maximum type I error from
three levels on.
"""

SCHEMA = {
    "kind": pl.String,
    "shape": pl.String,
    "levels": pl.Int64,
    "items": pl.Int64,
    "effect": pl.Float64,
    "ease": pl.Float64,
    "trials": pl.Int64,
    "false": pl.Float64,
    "false_plain": pl.Float64,
    "power": pl.Float64,
    "power_plain": pl.Float64,
    "coverage": pl.Float64,
    "width": pl.Float64,
    "kept": pl.Boolean,
}
"""`false`: type I error with levels as a sample. `_plain`: with levels as repeats of each question. `width`:
of a score's interval, as a multiple of that with the true error.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorWorld:
    """Two recipes on the same questions."""

    kind: Kind
    levels: int
    items: int
    effect: float
    shape: Shape = "normal"
    ease: float = 0.0

    @property
    def others(self) -> int:
        """The number of prompts for each seed."""
        return PROMPTS if self.kind == "crossed" else 1

    def effects(self, rng: np.random.Generator, *shape: int) -> Floats:
        """Draw effects of levels with mean 0 and this scenario's standard deviation."""
        if self.shape == "heavy":
            return np.asarray(self.effect * rng.standard_t(3, shape) / np.sqrt(3))
        if self.shape == "diverging":
            fallen = (rng.random(shape) < 0.1) - 0.1
            return np.asarray(self.effect * (rng.standard_normal(shape) - 3 * fallen) / np.sqrt(1 + 9 * 0.09))
        return np.asarray(self.effect * rng.standard_normal(shape))

    def shared(self, rng: np.random.Generator, trials: int) -> Floats:
        """Draw what both models share: questions, and prompts if both have the same (n, S, P, T)."""
        hard = rng.normal(self.ease, SPREAD, (self.items, 1, 1, trials))
        if self.kind == "own":
            return hard
        places = (1, self.levels, 1, trials) if self.kind == "shared" else (1, 1, self.others, trials)
        return hard + self.effects(rng, *places)

    def model(self, rng: np.random.Generator, common: Floats, apart: float = 0.0) -> Floats:
        """Draw the answers of one model (n, S, P, T)."""
        s, p, trials = self.levels, self.others, common.shape[-1]
        if self.kind == "own":
            own = self.effects(rng, 1, s, 1, trials)
        elif self.kind == "shared":
            own = self.effects(rng, 1, s, 1, trials) / 2
        else:
            own = self.effects(rng, 1, s, 1, trials) + self.effects(rng, 1, 1, p, trials) / 2
            own = own + self.effects(rng, 1, s, p, trials) / 2
        chance = scipy.special.expit(common + own + apart)
        return (rng.random(chance.shape) < chance).astype(float)

    def truth(self) -> float:
        """Return the score over infinitely many questions and levels."""
        rng = np.random.default_rng(1)
        total = rng.normal(self.ease, SPREAD, LARGE) + self.effects(rng, LARGE)
        for share in {"own": (), "shared": (0.5,), "crossed": (1.0, 0.5, 0.5)}[self.kind]:
            total = total + share * self.effects(rng, LARGE)
        return float(scipy.special.expit(total).mean())

    def parts(self, *models: Floats) -> list[LevelParts]:
        """Return the contribution of each factor to the error of one model's score, or of the difference of
        two.
        """
        own, prompts = [Levels.of(x.mean(axis=2), shared=False).of_means() for x in models], None
        if self.kind == "crossed":
            prompts = models[0].mean(axis=1) - (models[1].mean(axis=1) if len(models) > 1 else 0.0)
        if len(models) == 1:
            found = own
        elif self.kind == "shared":
            found = [Levels.of((models[0] - models[1]).mean(axis=2), shared=True).of_means()]
        else:
            one, two = own
            sums = one.factor + two.factor, one.noise + two.noise, one.squares + two.squares
            found = [LevelParts(*sums, pooled=True)]
        return found if prompts is None else [*found, Levels.of(prompts, shared=True).of_means()]


def standard_factors() -> list[FactorWorld]:
    """Return the scenarios of the released simulation."""
    kinds: tuple[Kind, ...] = ("own", "shared")
    shapes: tuple[Shape, ...] = ("normal", "heavy", "diverging")
    worlds = [
        FactorWorld(kind=kind, levels=levels, items=items, effect=effect)
        for kind in kinds
        for levels, items, effect in product((2, 3, 5, 8), (300, 500, 2_000), (0.0, 0.1, 0.35))
    ]
    worlds += [
        FactorWorld(kind="crossed", levels=levels, items=items, effect=effect)
        for levels, items, effect in product((3, 5), (300, 1_000), (0.0, 0.1, 0.35))
    ]
    return worlds + [
        FactorWorld(kind=kind, levels=levels, items=300, effect=0.35, shape=shape, ease=ease)
        for kind in kinds
        for shape in shapes
        for levels, ease in product((3, 5, 8), (0.0, 3.0))
        if shape != "normal" or ease
    ]


def check_factors(worlds: Sequence[FactorWorld], **options: Any) -> pl.DataFrame:
    """Return one row per scenario."""
    return over_worlds(run_factors, SCHEMA, worlds, **options)


def run_factors(
    index: int, world: FactorWorld, *, trials: int, level: float, seed: int
) -> list[dict[str, Any]]:
    """Draw evaluations of a scenario, and count the results with levels as a sample and as repeats."""
    rng, truth = np.random.default_rng([seed, 8, index]), world.truth()
    step = max(CELLS // (world.items * world.levels * world.others), 1)
    found, means = [], []
    for start in range(0, trials, step):
        common = world.shared(rng, min(step, trials - start))
        a, b, c = (world.model(rng, common, apart) for apart in (0.0, 0.0, APART))
        value, half = _interval(world, a, level)
        means.append(value)
        false, power = (_told_apart(world, a, other, 1 - level) for other in (b, c))
        found.append(np.stack([*false, *power, np.abs(value - truth) <= half, half]))
    shares = np.concatenate(found, axis=1).mean(axis=1).tolist()
    own = float(t_quantile(level, np.inf)) * float(np.concatenate(means).std())
    row = dict(zip(("false", "false_plain", "power", "power_plain", "coverage"), shares, strict=False))
    return [
        {
            **asdict(world),
            "trials": trials,
            **row,
            "width": shares[-1] / own,
            "kept": _kept(world, row, trials),
        }
    ]


def _kept(world: FactorWorld, row: dict[str, float], trials: int) -> bool | None:
    """Return whether the criterion was met. None without one: with two levels."""
    if world.levels < 3:
        return None
    held = FEW_HELD if world.levels < 5 else HELD
    enough = row["coverage"] >= held - TOLERANCE * error_of(held, trials)
    return bool(enough and row["false"] <= MOST_FALSE + TOLERANCE * error_of(MOST_FALSE, trials))


def _plain(x: Floats) -> tuple[Floats, Floats]:
    """Return the variance of means over questions and levels computed from questions alone, with its degrees
    of freedom.
    """
    items = x.mean(axis=(1, 2))
    return items.var(axis=0, ddof=1) / len(items), np.full(x.shape[-1], len(items) - 1.0)


def _told_apart(world: FactorWorld, a: Floats, b: Floats, error: float) -> tuple[Bools, Bools]:
    """Return which draws call two models different: with levels as a sample, and as repeats."""
    value, plain = np.abs((a - b).mean(axis=(0, 1, 2))), _plain(a - b)
    ways = (error_with_levels(world.parts(a, b), *plain), plain)
    rejected = [t_p_value(value / np.sqrt(variance), df) <= error for variance, df in ways]
    return rejected[0], rejected[1]


def _interval(world: FactorWorld, x: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the scores of one model, and the half-widths of their intervals."""
    variance, df = error_with_levels(world.parts(x), *_plain(x))
    return np.asarray(x.mean(axis=(0, 1, 2))), np.asarray(t_quantile(level, df) * np.sqrt(variance))
