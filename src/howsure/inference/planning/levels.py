"""The plan of a comparison whose random factors are samples too: questions, levels and attempts, from a
pilot.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from howsure.answers.plan import Plan, TaskPlan
from howsure.errors import DataError, OptionError
from howsure.inference.compare import gather_pair, one_metric, tasks_left_out
from howsure.inference.planning.comparison import equal_systems, possible
from howsure.inference.planning.measured import measured_costs
from howsure.inference.planning.pilots import doubt_of, limits_of, median_pair
from howsure.inference.planning.prospects import Known, curve_of, option
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.statistics.power import MOST_ITEMS, fewest, power
from howsure.statistics.random_factors import LEAST
from howsure.study.factors import gather_levelled
from howsure.study.notes import direction_cautions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.parts import ErrorSources
    from howsure.answers.plan import Option
    from howsure.inference.planning.comparison import Run
    from howsure.inference.planning.prospects import Asked
    from howsure.statistics.power import Doubt, Test
    from howsure.statistics.results import Estimate
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

STEPS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100)
BEYOND = (1.0, 1.25, 1.5, 2.0)
"""Plans are made for these multiples of the fewest levels that can do, and of those that as many questions as
the pilot's take.
"""
FEW = 10
ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 10.0)
SHOWN = 7
"""So many ways are shown."""


def from_level_pilot(
    scores: Scores, names: tuple[str | None, str | None], asked: Asked, run: Run, design: Design
) -> Plan:
    """Plan from a pilot with random factors, task by task."""
    _refuse(asked, run, design)
    question = Question(population=NEW_CLUSTERS, method="t")
    a, b = names
    if a is not None and b is not None:
        study = gather_pair(scores, design, a, b)
        matrices = one_metric(study)
        pairs, cautions = (
            [(study.models[0], study.models[1], 1)] * len(matrices),
            tasks_left_out(study, matrices),
        )
    else:
        study = gather_levelled(scores, design)
        matrices, cautions = list(study.matrices()), []
        pairs = [(*names, count) for names, count in (median_pair(matrix, question) for matrix in matrices)]
    costs, priced = measured_costs(run.costs, study, pairs[0][:2])
    run, asked = replace(run, costs=costs), replace(asked, method="t")
    tasks = [
        _task(
            matrix,
            NEW_CLUSTERS.pair(matrix, a, b, question),
            asked,
            replace(run, pairs=run.pairs * len(matrices)),
        )
        for matrix, (a, b, _) in zip(matrices, pairs, strict=True)
    ]
    typical = [
        f"Planned for the median of {n:,} pairs by the variance of their difference: {a} − {b}."
        for a, b, n in pairs
        if n > 1
    ]
    return Plan(
        sought=asked.sought,
        goal=asked.goal,
        method="t",
        level=asked.level,
        comparisons=run.pairs * len(matrices),
        margin=asked.margin,
        paired=True,
        tasks=tuple(tasks),
        notes=(*study.notes, *priced, *typical),
        cautions=(*study.cautions, *direction_cautions(study), *cautions),
    )


def _refuse(asked: Asked, run: Run, design: Design) -> None:
    """Raise OptionError for what isn't planned with random factors."""
    others = {
        "looks": asked.looks is not None,
        "paired": not asked.paired,
        "n_clusters": run.clusters is not None,
        "simulate": run.seed is not None,
        "method": run.method not in (None, "t"),
        "measure": bool(design.measure),
    }
    name = next((name for name, given in others.items() if given), "")
    if name:
        raise OptionError(
            f"`{name}` and a random factor aren't planned together", remedy="Leave one of the two out."
        )
    if run.levels and len(run.levels) != len(design.random_factor):
        raise OptionError(
            f"{len(run.levels)} numbers of levels and {len(design.random_factor)} random factors",
            remedy="Give one for each, in the order of the factors.",
        )


def _task(matrix: ScoreMatrix, pilot: Comparison, asked: Asked, run: Run) -> TaskPlan:
    sources, found = pilot.sources, pilot.difference
    if sources is None or not sources.known:
        why = next((f": {caution.message}" for caution in found.cautions), "")
        raise DataError(
            f"the pilot doesn't tell how levels differ{why}",
            where=matrix.task,
            remedy="Take one with several levels and questions.",
        )
    asked = possible(asked, percent=matrix.bounded, lower=matrix.lower_is_better)
    sought = _Sought.of(sources, found, asked, run)
    lines, chosen = sought.lines()
    best = sought.known(tuple(map(float, lines[chosen].levels)))
    about: dict[str, Any] = {"task": matrix.task, "metric": matrix.metric, "a": pilot.a, "b": pilot.b}
    return TaskPlan(
        **about,
        basis=None,
        sources=sources,
        levels_needed=sought.fewest_levels() if asked.sought == "items" else (),
        options=tuple(lines),
        chosen=chosen,
        curve=curve_of(best, asked, run.pairs, [lines[chosen]], 0),
        equal=equal_systems(
            asked, best, lines[chosen], usual=sources.n_items, percent=matrix.bounded, **about
        ),
        percent=matrix.bounded,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """What is sought for a task, from what its pilot tells; `doubt`, `limits`: by how many times its variance
    may be larger.
    """

    sources: ErrorSources
    asked: Asked
    run: Run
    doubt: Doubt
    limits: tuple[float, float]

    @classmethod
    def of(cls, sources: ErrorSources, pilot: Estimate, asked: Asked, run: Run) -> _Sought:
        """Return it, the pilot's variance as sure as its degrees of freedom make it."""
        variance = pilot.se**2
        error = (variance, variance * math.sqrt(2 / pilot.df), int(pilot.df) + 1)
        return cls(
            sources=sources, asked=asked, run=run, doubt=doubt_of(error), limits=limits_of(error, asked.level)
        )

    @property
    def test(self) -> Test:
        """The test that is planned."""
        return self.asked.corrected(self.run.pairs)

    @property
    def usual(self) -> tuple[float, ...]:
        """The levels that were asked for, or those of the pilot."""
        return tuple(map(float, self.run.levels)) or self.sources.spread.levels

    def known(self, levels: tuple[float, ...]) -> Known:
        """Return the spread with so many levels."""
        attempts = {*self._attempts()}
        return Known(
            spread=self.sources.spread.with_levels(levels),
            limits=dict.fromkeys(attempts, self.limits),
            doubts=dict.fromkeys(attempts, self.doubt),
        )

    def lines(self) -> tuple[list[Option], int]:
        """Return the ways to show, and which of them is chosen."""
        tried = product(*(self._counts(k) for k in range(len(self.usual))))
        every = [self._line(levels, attempts) for levels in tried for attempts in self._attempts()]
        best = self._best(every)
        alike = [line for line in every if sum(map(operator.ne, line.levels, best.levels)) <= 1]
        shown = {
            line.levels: line for line in sorted(alike, key=lambda line: (line is best, -self._worth(line)))
        }
        held = {best.levels, tuple(map(int, self.usual))}
        idle = [key for key, line in shown.items() if key not in held and not math.isfinite(line.items.value)]
        far = sorted(
            (key for key in shown if key not in held and key not in idle),
            key=lambda key: -_apart(key, best.levels),
        )
        for key in (*idle, *far[: max(len(far) - SHOWN, 0)]):
            del shown[key]
        ordered = sorted(shown.values(), key=lambda line: line.levels)
        return ordered, ordered.index(best)

    def fewest_levels(self) -> tuple[float, ...]:
        """Return the fewest levels of each factor with which some number of questions is enough, those of the
        others as they are.
        """
        return tuple(self._fewest(k, float(MOST_ITEMS)) for k in range(len(self.usual)))

    def _fewest(self, k: int, items: float) -> float:
        """Return the fewest levels of a factor with which so many questions are enough."""
        held, truth = self.usual, self.asked.ahead(self.asked.effect)

        def enough(count: float) -> bool:
            """Say whether so many levels are."""
            spread = self.sources.spread.with_levels((*held[:k], max(count, float(LEAST)), *held[k + 1 :]))
            return (
                power(self.test, spread, truth, items, self.sources.attempts, doubt=self.doubt)
                >= self.asked.power
            )

        return max(fewest(enough, 1.0), float(LEAST))

    def _attempts(self) -> Sequence[float]:
        """Return the numbers of attempts at each level that are tried."""
        usual, run = float(max(round(self.sources.attempts), 1)), self.run
        if run.attempts not in (None, usual) and math.isnan(self.sources.answers):
            raise OptionError(
                "the pilot has one attempt at each level: what more would bring is not known",
                remedy="Leave `attempts` out, or take a pilot with two.",
            )
        if run.attempts:
            return [float(run.attempts)]
        return ATTEMPTS if run.costs is not None and self.sources.spread.answer > 0 else [usual]

    def _counts(self, k: int) -> Sequence[float]:
        """Return the numbers of levels of one factor that are tried: as asked; or up to thrice those that as
        many questions as the pilot's take.
        """
        usual = self.usual[k]
        if self.run.levels:
            return [usual]
        if self.asked.sought != "items":
            return sorted({usual, *(step for step in STEPS if step <= max(3 * usual, FEW))})
        least, alike = (self._fewest(k, items) for items in (float(MOST_ITEMS), float(self.sources.n_items)))
        own = [each for each in (least, alike) if math.isfinite(each)]
        most = 3 * max([usual, *own])
        more = (math.ceil(each * step) for each in own for step in BEYOND)
        return sorted({usual, *(float(each) for each in (*STEPS, *more) if each <= most)})

    def _line(self, levels: tuple[float, ...], attempts: float) -> Option:
        """Return a way to run it, with its cost."""
        line = replace(
            option(self.known(levels), self.asked, self.test, attempts, None), levels=tuple(map(int, levels))
        )
        costs = self.run.costs
        if costs is None:
            return line
        answers = costs.of(line.items.value, attempts * math.prod(levels))
        return replace(line, cost=answers + costs.level * sum(levels))

    def _worth(self, line: Option) -> float:
        """Return what a way costs, or how many answers it takes."""
        answers = line.items.value * math.prod(line.levels) * line.attempts
        return line.cost if self.run.costs is not None else answers

    def _best(self, every: Sequence[Option]) -> Option:
        """Return the cheapest way; without costs that with the usual levels, or if these can't do that with
        the fewest levels that takes no more questions than the pilot has, or else the fewest answers.
        """
        usual = next(line for line in every if line.levels == tuple(map(int, self.usual)))
        if self.asked.sought != "items":
            return usual
        if self.run.costs is not None:
            return min(every, key=self._worth)
        alike = [line for line in every if line.items.value <= self.sources.n_items]
        if math.isfinite(usual.items.value):
            return usual
        return (
            min(alike, key=lambda line: (math.prod(line.levels), line.items.value))
            if alike
            else min(every, key=self._worth)
        )


def _apart(one: Sequence[int], other: Sequence[int]) -> float:
    return sum(abs(math.log(a / b)) for a, b in zip(one, other, strict=True))
