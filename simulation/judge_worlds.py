"""Two versions of a judge on the same answers, and answers that one judge graded several times.

A model's answer is right with logistic chance, given its ability and the question's difficulty. A judge calls
right answers right with log odds of 2 and wrong ones with −2, plus what it gives to all, to one model, and to
a question's answers as a whole. True shifts and gaps are those of 400,000 questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import scipy

from howsure.verbs.compare import compare
from howsure.verbs.estimate import estimate
from simulation.verb_worlds import CLAIMED, COVERED, Tally

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison
    from howsure.statistics.arrays import Floats

LARGE = 400_000
SURE = 2.0
TASTE = 0.7
"""The spread of what a judge gives to all answers to a question, in log odds."""
BIASED = 1.5
"""What the second judge gives to one model where the power is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWorld:
    """Models judged twice. `kinder`: what the second judge gives to all answers, in log odds. `biased`: to the
    first model. `per`: questions in a cluster. `points`: grades are means of so many verdicts.
    """

    items: int
    models: int = 3
    answers: int = 1
    kinder: float = 0.0
    biased: float = 0.0
    per: int = 1
    points: int = 1
    level: float = 0.0
    verb: str = "judges"

    @property
    def name(self) -> str:
        """The scenario in words."""
        what = (
            f"{self.items} questions" if self.per == 1 else f"{self.items // self.per} clusters of {self.per}"
        )
        parts = [
            f"{self.models} models, {what}",
            f"{self.answers} answers each" if self.answers > 1 else "",
            f"grades in {self.points + 1} steps" if self.points > 1 else "",
            f"good models ({self.level:g})" if self.level else "",
            f"second judge kinder by {self.kinder:g}" if self.kinder else "",
            f"second judge biased by {self.biased:g}" if self.biased else "",
            "" if self.kinder or self.biased else "two equal judges",
        ]
        return ", ".join(filter(None, parts))

    def chances(self, items: int, biased: float, rng: np.random.Generator) -> Floats:
        """Draw the chances that each judge calls an answer right (2, n, M, answers)."""
        hard, code = rng.normal(size=items), np.arange(items) // self.per
        if self.per > 1:
            hard = np.sqrt(0.5) * (hard + rng.normal(size=int(code.max()) + 1)[code])
        ability = self.level + np.linspace(0.5, -0.5, self.models)
        chance = scipy.special.expit(1.5 * (ability - hard[:, None]))[..., None] * np.ones(self.answers)
        quality = np.where(rng.random(chance.shape) < chance, SURE, -SURE)
        taste = TASTE * rng.normal(size=(2, items, 1, 1))
        given = np.zeros((2, 1, self.models, 1))
        given[1] += self.kinder
        given[1, :, 0] += biased
        return np.asarray(scipy.special.expit(quality + taste + given))

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count intervals of the shift and of all changes at once, and gaps that are said to have changed."""
        equal = not (self.kinder or self.biased)
        shift = Tally(what="shift of a judge", kind=COVERED)
        changes = Tally(what="all changes of gaps", kind=COVERED)
        changed = Tally(what="a gap changed", kind=CLAIMED)
        score = self.chances(LARGE, self.biased, np.random.default_rng(17)).mean(axis=(1, 3))
        if equal:
            score[1] = score[0]
        move = score[1] - score[0]
        for trial in range(trials + (trials // 4 if equal else 0)):
            biased = BIASED if trial >= trials else self.biased
            answered = self.analyse(biased, rng)
            pairs = [] if answered.verdict_changes is None else answered.verdict_changes.pairs
            named = float(any(pair.p_adjusted <= 0.05 for pair in pairs))
            if trial >= trials:
                changed.sizes.append(named)
                continue
            if equal:
                changed.rates.append(named)
            gap = answered.difference
            shift.cover([(gap.low, gap.high, float(-move.mean()))])
            changes.cover(
                (
                    (pair.change.low, pair.change.high, move[int(pair.model)] - move[int(pair.other)])
                    for pair in pairs
                ),
                whole=True,
            )
        return [(tally, trials) for tally in (shift, changes, *([changed] if equal else []))]

    def analyse(self, biased: float, rng: np.random.Generator) -> Comparison:
        """Draw the grades, and return what the verb says of the two judges."""
        chance = self.chances(self.items, biased, rng)
        grade = rng.binomial(self.points, chance) / self.points
        judge, item, model, attempt = (pair.ravel() for pair in np.indices(chance.shape))
        rows = pl.DataFrame(
            {
                "judge": np.array(["v1", "v2"])[judge],
                "model": model.astype(str),
                "item": item,
                "passage": item // self.per,
                "attempt": attempt,
                "score": grade.ravel(),
            }
        )
        if self.per == 1:
            rows = rows.drop("passage")
        cluster = "passage" if self.per > 1 else None
        return compare(rows, "judge=v1", "judge=v2", cluster=cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingWorld:
    """One model's answers, graded several times. `least` and `most` gradings: of good and of poor answers.
    `points`: grades are means of so many verdicts.
    """

    items: int
    answers: int
    least: int
    most: int
    points: int = 1
    per: int = 1
    verb: str = "judges"

    @property
    def name(self) -> str:
        """The scenario in words."""
        what = (
            f"{self.items} questions" if self.per == 1 else f"{self.items // self.per} clusters of {self.per}"
        )
        often = (
            f"graded {self.least} times"
            if self.least == self.most
            else f"good ones graded {self.least} times and poor ones {self.most}"
        )
        steps = f", grades in {self.points + 1} steps" if self.points > 1 else ""
        return f"{what}, {self.answers} answers, {often}{steps}"

    def quality(self, items: int, rng: np.random.Generator) -> Floats:
        """Draw the log odds of a good grade of answers (n, k)."""
        level = 1.2 * rng.normal(size=items)
        if self.per > 1:
            level = np.sqrt(0.5) * (
                level + 1.2 * rng.normal(size=items // self.per + 1)[np.arange(items) // self.per]
            )
        return np.asarray(0.3 + level[:, None] + 1.2 * rng.normal(size=(items, self.answers)))

    def run(self, trials: int, rng: np.random.Generator) -> list[tuple[Tally, int]]:
        """Count intervals of the score, with gradings of an answer averaged and taken for answers."""
        nested = Tally(what="score of graded answers", kind=COVERED)
        true = float(scipy.special.expit(self.quality(LARGE, np.random.default_rng(17))).mean())
        for _ in range(trials):
            quality = self.quality(self.items, rng)
            item, answer = (pair.ravel() for pair in np.indices(quality.shape))
            times = np.where(quality.ravel() < 0, self.most, self.least)
            drawn = np.repeat(np.arange(len(item)), times)
            grade = rng.binomial(self.points, scipy.special.expit(quality.ravel()[drawn])) / self.points
            rows = pl.DataFrame(
                {
                    "model": "m",
                    "item": item[drawn],
                    "passage": item[drawn] // self.per,
                    "attempt": answer[drawn],
                    "regrade": np.arange(len(drawn)) - (np.cumsum(times) - times)[drawn],
                    "score": grade,
                }
            )
            answered = estimate(
                rows, columns={"grading": "regrade"}, cluster="passage" if self.per > 1 else "none"
            )
            entry = answered.entries[0].estimate
            nested.cover([(entry.low, entry.high, true)])
        return [(nested, trials)]


def standard_judges() -> list[JudgeWorld | GradingWorld]:
    """Return the scenarios of the record."""
    return [
        JudgeWorld(items=100),
        JudgeWorld(items=40),
        JudgeWorld(items=100, models=6),
        JudgeWorld(items=100, answers=2, points=4),
        JudgeWorld(items=200, per=10),
        JudgeWorld(items=100, level=1.5),
        JudgeWorld(items=100, kinder=1.0),
        JudgeWorld(items=100, biased=1.5),
        GradingWorld(items=100, answers=1, least=3, most=3),
        GradingWorld(items=100, answers=3, least=1, most=6),
        GradingWorld(items=40, answers=2, least=1, most=6),
        GradingWorld(items=100, answers=2, least=1, most=4, points=4),
        GradingWorld(items=200, answers=2, least=1, most=6, per=10),
        GradingWorld(items=100, answers=2, least=5, most=1),
    ]
