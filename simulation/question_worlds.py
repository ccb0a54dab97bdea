"""Single questions over several attempts: lists of flaky and of changed questions, and floors of a gate.

Chances of success are those of the limits of flakiness, Beta-Binomial, or of an item-response model with
slopes. A false claim is one of a whole list: some question is called flaky whose chance is at most 5% or at
least 95%, or changed though it isn't.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
import scipy

from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.inference.questions import examine_task
from howsure.statistics import question_rates
from howsure.statistics.results import allowed
from howsure.study.matrix import ScoreMatrix
from howsure.verbs.gate import gate
from simulation.verb_worlds import CLAIMED, Tally

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints

Chances = Literal["at the limits", "Beta(0.2, 0.2)", "Beta(3, 0.3)", "item responses", "solved"]
TIMES = 5
"""Lists are quick to test, so that there are so many times more of them."""
LEVEL = 0.95
FLOOR, BELOW = 0.8, 0.3


def _chances(kind: Chances, items: int, rng: np.random.Generator) -> Floats:
    """Draw the chances of success of questions (n,)."""
    if kind == "at the limits":
        chance = np.where(np.arange(items) % 2 == 0, *question_rates.FLAKY)
        chance[: items // 10] = 0.5
        return np.asarray(chance)
    if kind == "solved":
        return np.where(rng.random(items) < 0.9, 1.0, 0.5)
    if kind == "item responses":
        slope = np.exp(0.4 * rng.normal(size=items))
        return np.asarray(scipy.special.expit(slope * (1.0 - 2.5 * rng.normal(size=items))))
    a, b = (0.2, 0.2) if kind == "Beta(0.2, 0.2)" else (3.0, 0.3)
    return np.asarray(rng.beta(a, b, items))


def _attempts(attempts: int, items: int, rng: np.random.Generator) -> Ints:
    """Return the attempts at each question (n,), from 2 to 30 if they are 0."""
    return rng.integers(2, 31, items) if attempts == 0 else np.full(items, attempts)


def _words(attempts: int) -> str:
    return f"{attempts} attempts" if attempts else "2 to 30 attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyWorld:
    """One model's questions. `attempts`: at each, 0 for 2 to 30."""

    chances: Chances
    attempts: int
    items: int = 100
    verb: str = "questions"

    @property
    def name(self) -> str:
        """The scenario in words."""
        return f"{self.items} questions, chances {self.chances}, {_words(self.attempts)}"

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count lists with a question that isn't flaky, and flaky ones with chances of 20% to 80% in them."""
        tally = Tally(what="a flaky question", kind=CLAIMED)
        question = Question(population=population_of(None), level=LEVEL)
        for _ in range(TIMES * trials):
            chance, n = _chances(self.chances, self.items, rng), _attempts(self.attempts, self.items, rng)
            share = rng.binomial(n, chance) / n
            matrix = ScoreMatrix(
                task="task",
                metric="score",
                models=("m",),
                items=np.arange(self.items),
                values=share[:, None],
                attempts=n[:, None],
                within=(share * (1 - share))[:, None],
            )
            over = examine_task(matrix, question).over_attempts
            named = over[0].items.kind == "flaky" if over else np.zeros(self.items, dtype=bool)
            low, high = question_rates.FLAKY
            tally.rates.append(float((named & ((chance <= low) | (chance >= high))).any()))
            middle = (chance >= 0.2) & (chance <= 0.8)
            if middle.any():
                tally.sizes.append(float(named[middle].mean()))
        return [(tally, TIMES * trials)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedWorld:
    """Two sides of the same questions, of which one in twenty falls from 90% to 10% on the second."""

    chances: Chances
    attempts: int
    items: int = 100
    verb: str = "questions"

    @property
    def name(self) -> str:
        """The scenario in words."""
        return f"two sides of {self.items} questions, chances {self.chances}, {_words(self.attempts)}"

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count lists with a question that didn't change, and changed ones in them."""
        tally = Tally(what="a changed question", kind=CLAIMED)
        moved = np.arange(self.items) % 20 == 0
        for _ in range(TIMES * trials):
            chance = _chances(self.chances, self.items, rng)
            sides = [np.where(moved, rate, chance) for rate in (0.9, 0.1)]
            n = [_attempts(self.attempts, self.items, rng) for _ in range(2)]
            right = [rng.binomial(*given) for given in zip(n, sides, strict=True)]
            tests = question_rates.changed((right[0], right[1]), (n[0], n[1]))
            named = tests.adjusted <= allowed(LEVEL)
            tally.rates.append(float((named & ~moved).any()))
            tally.sizes.append(float(named[moved].mean()))
        return [(tally, TIMES * trials)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorWorld:
    """A gate on every question: at least 80% of its attempts.

    A pass is false if one question is just below the floor and all others are always solved; a fail if all
    are at the floor. Power: how often it passes if all are solved with a chance of 99.8%, and fails if one has
    a chance of 30% and the others 95%.
    """

    attempts: int
    items: int = 50
    verb: str = "questions"

    @property
    def name(self) -> str:
        """The scenario in words."""
        return f"gate on {self.items} questions at 80%, {_words(self.attempts)}"

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count false passes and fails."""
        passes, fails = (Tally(what=f"{word} of a gate", kind=CLAIMED) for word in ("pass", "fail"))
        first = np.arange(self.items) == 0
        draws = (
            (passes.rates, "pass", np.where(first, FLOOR - 1e-6, 1.0), trials),
            (passes.sizes, "pass", np.full(self.items, 0.998), trials // 4),
            (fails.rates, "fail", np.full(self.items, FLOOR), trials),
            (fails.sizes, "fail", np.where(first, BELOW, 0.95), trials // 4),
        )
        for counts, word, chance, times in draws:
            counts.extend(float(self.verdict(chance, rng) == word) for _ in range(times))
        return [(passes, trials), (fails, trials)]

    def verdict(self, chance: Floats, rng: np.random.Generator) -> str:
        """Draw the attempts, and return the verdict of the gate."""
        n = _attempts(self.attempts, self.items, rng)
        item = np.repeat(np.arange(self.items), n)
        rows = pl.DataFrame(
            {"model": "m", "item": item, "score": (rng.random(len(item)) < chance[item]).astype(int)}
        )
        return str(gate(rows, each_at_least=f"{100 * FLOOR:g}%").verdict)


def standard_questions() -> list[FlakyWorld | ChangedWorld | FloorWorld]:
    """Return the scenarios of the record."""
    kinds: tuple[Chances, ...] = ("at the limits", "Beta(0.2, 0.2)", "item responses")
    sides: tuple[Chances, ...] = ("solved", "Beta(3, 0.3)", "item responses")
    repeats = (3, 5, 10, 30)
    return [
        *(FlakyWorld(chances=kind, attempts=attempts) for kind in kinds for attempts in repeats),
        *(FlakyWorld(chances=kind, attempts=0) for kind in kinds[:2]),
        FlakyWorld(chances="at the limits", attempts=30, items=1_000),
        *(ChangedWorld(chances=kind, attempts=attempts) for kind in sides for attempts in repeats),
        *(ChangedWorld(chances=kind, attempts=0) for kind in sides[:2]),
        *(FloorWorld(attempts=attempts) for attempts in (*repeats, 0)),
    ]
