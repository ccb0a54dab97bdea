"""Plan: how many questions and attempts a comparison needs, or what so many can show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import POWER, Drawn
from howsure.answers.output import HIDDEN, derived, number, row, shown, spread
from howsure.answers.parts import PlannedLook
from howsure.statistics import results

if TYPE_CHECKING:
    from howsure.answers.parts import ErrorSources
    from howsure.errors import ResultWarning
    from howsure.statistics.choices import Goal, PlanMethod, Spending

Sought = Literal["items", "effect", "power"]
"""What a plan looks for: the number of items, the smallest difference that shows, or the power."""

MarginCriterion = Literal["not_worse_than", "same_within"]
"""The criteria of a gate that have a margin."""
Pairing = Literal["itself", "pair", "assumed"]
"""How two equal systems are taken to differ from question to question: as two runs of one, as a pair of
models, as assumed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualSystems:
    """What one criterion of a gate says of two equal systems: their true scores are alike, their answers
    aren't.

    Attributes:
        task: The task; empty for several together, or without results.
        metric: What the score measures.
        criterion: The criterion, alone: "not_worse_than" or "same_within".
        margin: Its margin, in score units.
        pairing: How the two differ from question to question: "itself" as two runs of `a`, by the noise of
            its answers alone, "pair" as `a` and `b` do, "assumed" as assumed.
        a: The model; of a pair the first.
        b: The second model of a pair.
        items: The questions of the gate.
        attempts: Attempts at each, by either system.
        passed: How often the gate passes, a share.
        unclear: How often it can't tell.
        failed: How often it fails.
        items_for_80_percent_conclusive: The questions from which on it can't tell in fewer than a fifth of
            runs; infinite where no number is enough.
        items_for_80_percent_conclusive_low: The lower limit of that number, given how uncertain the spread
            is; NaN where that isn't known.
        items_for_80_percent_conclusive_high: Its upper limit.
        percent: Whether scores lie in [0, 1].
    """

    task: str = ""
    metric: str = ""
    criterion: MarginCriterion
    margin: float
    pairing: Pairing
    a: str = ""
    b: str = ""
    items: float
    attempts: float
    passed: float
    unclear: float
    failed: float
    items_for_80_percent_conclusive: float
    items_for_80_percent_conclusive_low: float = math.nan
    items_for_80_percent_conclusive_high: float = math.nan
    percent: bool = True

    def columns(self, prefix: str = "") -> dict[str, float | None]:
        """Return its shares as columns of a row about something else, named after the criterion."""
        name = f"{prefix}{self.criterion}"
        shares = {
            "pass": self.passed,
            "unclear": self.unclear,
            "fail": self.failed,
            "items_that_tell": self.items_for_80_percent_conclusive,
        }
        return {f"{name}_{key}": number(value) for key, value in shares.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A planned quantity, with limits that express the uncertainty of the pilot.

    Attributes:
        value: The number; infinite (null) where none is enough.
        low: Its lower limit, given the uncertainty of the pilot; NaN without a pilot.
        high: The upper limit.
    """

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOption:
    """One way to run the evaluation; one of items, effect and power is what was sought, with its limits.

    Attributes:
        attempts: Attempts a question, or endless ones.
        items: Questions.
        effect: The true difference (a margin, for "not-worse" and "same") that they show.
        power: The power with which they show it.
        clusters: Clusters that the questions come in.
        se: The standard error of the difference.
        items_by_formula: The number of questions by the paper's formula, without pseudo-items and with the
            normal distribution.
        cost: What it costs; NaN where no costs were given.
        levels: How many levels of each random factor each model has; empty without one.
    """

    attempts: float = field(metadata=shown(endless=True))
    items: Forecast = field(metadata=spread(prefix="items_", value="items"))
    effect: Forecast = field(metadata=spread(prefix="effect_", value="effect"))
    power: Forecast = field(metadata=spread(prefix="power_", value="power"))
    clusters: float
    se: float
    items_by_formula: float
    cost: float = math.nan
    levels: tuple[int, ...] = field(default=(), metadata=shown(rows=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan rests on: variances of the difference of single items, in squared score units.

    Attributes:
        question: The variance between the items' true differences.
        answer: The variance of one attempt, both models' together; NaN where a pilot with one attempt can't
            tell it from the former, which then holds both.
        between: The part of the items' variance that is from cluster to cluster.
        cluster_size: The average number of items of a cluster.
        effective_cluster_size: That number as an item sees it, larger where clusters are unequal.
        n_items: Items of the pilot; 0 without one.
        n_clusters: Clusters of the pilot.
        attempts: Attempts of the pilot.
        pairs: Pairs of models that the pilot holds.
    """

    question: float = field(metadata=shown(key="question_variance"))
    answer: float = field(metadata=shown(key="answer_variance"))
    between: float = field(default=0.0, metadata=shown(key="between_variance"))
    cluster_size: float = 1.0
    effective_cluster_size: float = 1.0
    n_items: int = 0
    n_clusters: int = 0
    attempts: float = 0.0
    pairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One point of a power curve.

    Attributes:
        attempts: Attempts a question, or endless ones.
        items: Questions.
        effect: The true difference.
        power: The power that so many questions have.
    """

    attempts: float = field(metadata=shown(endless=True))
    items: float
    effect: float
    power: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLook(PlannedLook):
    """One look of a plan.

    Attributes:
        number: Which look it is; the first is 1.
        items: The items that it is due at.
        z: The boundary as a normal deviate: the look stops where that of its p-value is as large or larger.
        nominal: The p-value of the look's own test at or below which it stops.
        spent: The error spent up to it, of 1 − level in all.
        stopped: The chance that the run has stopped by then, and shown what is to be shown.
    """

    stopped: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDesign:
    """One way to decide: once at the end, at planned looks, or by a look at any time.

    Attributes:
        name: Which of them.
        max_items: Questions at most; infinite where none are enough.
        power: The chance that it shows what is to be shown.
        expected_items: Questions on average where the true difference is the planned one.
        expected_items_if_equal: Questions on average where there is none to be found: no difference, or one
            that is the margin.
    """

    name: Literal["once", "looks", "betting"]
    max_items: float
    power: float
    expected_items: float
    expected_items_if_equal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksPlan:
    """Planned looks of the chosen option, beside the other ways to decide.

    Attributes:
        spending: How the error is spent.
        cheapest: The way that takes the fewest questions on average at the planned difference, of those with
            as good as the largest power.
        looks: When each look is due, and what it takes to stop there.
        designs: What each way takes.
    """

    spending: Spending
    cheapest: Literal["once", "looks", "betting"]
    looks: tuple[ForecastLook, ...]
    designs: tuple[PlannedDesign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """The plan of one task, or of several together.

    Attributes:
        task: The task; empty for several together.
        metric: What the score measures.
        a: The first model of the pilot; empty without one.
        b: The second model.
        basis: What the plan rests on; None where nothing is known, or where random factors are samples too.
        sources: Where the error of the pilot's difference comes from, where random factors are samples too;
            else None.
        levels_needed: The fewest levels of each random factor with which any number of questions is enough,
            those of others as in the pilot; infinite where none are.
        options: The ways to run the evaluation.
        chosen: Which of them is chosen, counted from 0.
        curve: Power over the number of items, or over the true difference where that was sought.
        equal: What a gate with that margin says of two equal systems; None without a margin.
        looks: Planned looks of the chosen option, beside other ways to decide; None where the test is made
            once.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    a: str
    b: str
    basis: Basis | None
    sources: ErrorSources | None = field(default=None, metadata=shown(rows=False))
    levels_needed: tuple[float, ...] = field(default=(), metadata=shown(rows=False))
    options: tuple[PlanOption, ...]
    chosen: int = field(metadata=HIDDEN)
    curve: tuple[CurvePoint, ...] = field(default=(), metadata=HIDDEN)
    equal: EqualSystems | None = None
    looks: LooksPlan | None = None
    percent: bool = field(default=True, metadata=HIDDEN)

    @derived(key="chosen")
    def best(self) -> PlanOption:
        """The chosen option: the attempts that were asked for, or the cheapest ones."""
        return self.options[self.chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The power observed in simulations that resample the items of the pilot.

    Attributes:
        power: The share of draws in which the test found it.
        se: Its Monte-Carlo standard error.
        trials: How many draws there were.
    """

    power: float
    se: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan(Drawn):
    """The number of questions and attempts required, the minimum detectable effect, or the power.

    Attributes:
        solved_for: What was looked for: the number of items, the smallest difference, or the power.
        goal: What is to be shown.
        method: The test that is planned for.
        level: The confidence level.
        comparisons: How many tests share the level (Bonferroni).
        margin: The margin of "not-worse" and "same"; NaN without one.
        paired: Whether both models answer the same questions.
        better: Whether the gate asks that the candidate is better: of equal systems it can't tell in a share
            `level` of runs.
        simulated: The power in draws of the pilot's own items; None where it wasn't simulated.
        tasks: One part a task; the last is the overall one where there are several.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    solved_for: Sought
    goal: Goal
    method: PlanMethod
    level: float
    comparisons: int
    margin: float
    paired: bool
    better: bool = False
    simulated: Simulated | None = None
    tasks: tuple[TaskPlan, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def main(self) -> TaskPlan:
        """The task that the verdict is about: the only one, or the overall one."""
        return self.tasks[-1]

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on what to do where no number of questions is enough, or the power
        is below 80%; else None.
        """
        best = self.main.best
        if self.solved_for == "power":
            return None if best.power.value >= results.POWER else POWER
        sought = best.items if self.solved_for == "items" else best.effect
        return None if math.isfinite(sought.value) else POWER

    @property
    def items(self) -> float:
        """How many questions the chosen option takes; infinite where no number is enough."""
        return self.main.best.items.value

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and option; the chosen one has the shares of two equal systems,
        where there is a margin.
        """
        names = dict.fromkeys(
            name for task in self.tasks if task.equal is not None for name in task.equal.columns()
        )
        return [
            {
                "task": task.task,
                "metric": task.metric,
                "a": task.a,
                "b": task.b,
                **row(option),
                **_levels(task, option),
                **dict.fromkeys(names),
                **(task.equal.columns() if task.equal is not None and option is task.best else {}),
            }
            for task in self.tasks
            for option in task.options
        ]

    def curve_records(self) -> list[dict[str, Any]]:
        """Return the power curves: one flat mapping per task, number of attempts, and items (or true
        difference).
        """
        return [
            {"task": task.task, "metric": task.metric, **row(point)}
            for task in self.tasks
            for point in task.curve
        ]


def _levels(task: TaskPlan, option: PlanOption) -> dict[str, int]:
    """Return how many levels of each random factor an option has, as columns."""
    names = () if task.sources is None else (each.name for each in task.sources.factors)
    return {f"levels_{name}": count for name, count in zip(names, option.levels, strict=False)}
