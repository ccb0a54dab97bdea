"""How a mean difference varies over questions, levels of random factors and attempts: what a plan needs to
buy any of them.

The variance over n questions, S levels of each factor and K attempts is question / n + Σ (level + interaction
/ n) / S + answer / (n K Π S) (Cornfield and Tukey 1956; Brennan 2001), with degrees of freedom by
Satterthwaite (1946) from the mean squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from howsure.statistics.planning.power import ExpectedPivot

if TYPE_CHECKING:
    from howsure.statistics.choices import PlanMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSpread:
    """What single questions, levels, questions at a level and attempts add, in squared score units.

    `question`; `level`, `interaction`: of each factor; `answer`: of one attempt, in the interaction of each
    factor where it isn't known and 0 here.
    `levels`: how many of each factor there are to be; `sets`: 2 for each of which both models have their own,
    whose mean squares are pooled, else 1.
    `size`: the items of a cluster, whose number grows.
    """

    question: float
    level: tuple[float, ...]
    interaction: tuple[float, ...]
    answer: float
    levels: tuple[float, ...]
    sets: tuple[int, ...]
    size: float = 1.0

    @property
    def step(self) -> float:
        """How many items are added at a time."""
        return self.size

    def times(self, factor: float) -> LevelSpread:
        """Return the same with every variance so many times as large."""
        level, interaction = (
            tuple(factor * each for each in part) for part in (self.level, self.interaction)
        )
        return replace(
            self,
            question=factor * self.question,
            level=level,
            interaction=interaction,
            answer=factor * self.answer,
        )

    def with_levels(self, levels: tuple[float, ...]) -> LevelSpread:
        """Return the same with other numbers of levels."""
        return replace(self, levels=levels)

    def clusters_in(self, n: float) -> float:
        """Return how many clusters hold n items."""
        return n / self.size

    def per_item(self, n: float, attempts: float) -> float:
        """Return n times the variance of the mean difference over n items with so many attempts at each
        level.
        """
        whole = self.question + self._answers(attempts)
        for level, rest, count in zip(self.level, self.interaction, self.levels, strict=True):
            whole += (n * level + rest) / count
        return whole

    def _answers(self, attempts: float) -> float:
        return self.answer / attempts / math.prod(self.levels)

    def pivot(self, method: PlanMethod, n: float, attempts: float) -> ExpectedPivot:
        """Return the pivot that n items are expected to give: that of t, whatever the method."""
        del method
        return ExpectedPivot(own=math.sqrt(self.per_item(n, attempts) / n), df=self.df(n, attempts))

    def df(self, n: float, attempts: float) -> float:
        """Return the degrees of freedom of a mean over n items."""
        most = self.clusters_in(n) - 1
        if most < 1 or min(self.levels) < 2:
            return 0.0
        answers = self._answers(attempts) / n
        whole, factors, squares = self.per_item(n, attempts) / n, 0.0, 0.0
        for level, rest, count, sets in zip(
            self.level, self.interaction, self.levels, self.sets, strict=True
        ):
            noise, factor = rest / count / n + answers, level / count
            factors += factor
            squares += ((factor + noise) ** 2 + noise**2 / most) / (count - 1) / sets
        squares += (whole - factors) ** 2 / most
        return min(max(whole**2 / squares, 1.0), most) if squares > 0 else most
