"""Plan: how many questions and attempts a comparison needs, or what a given number can detect."""

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
"""The quantity a plan computes: the number of questions, the smallest detectable difference, or the power."""

MarginCriterion = Literal["not_worse_than", "same_within"]
"""The criteria of a gate that have a margin."""
Pairing = Literal["itself", "pair", "assumed"]
"""How two equal systems are assumed to differ by question: as two runs of one model, as a pair of models, or
by assumption.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualSystems:
    """The result of one criterion of a gate for two systems with equal true scores but different answers.

    Attributes:
        task: The task. Empty for several together, or without results.
        metric: What the score measures.
        criterion: The criterion alone: "not_worse_than" or "same_within".
        margin: Its margin, in score units.
        pairing: How the two differ by question: "itself" as two runs of `a` (only the randomness of its
            answers), "pair" as `a` and `b` do, "assumed" by assumption.
        a: The model, or the first of a pair.
        b: The second model of a pair.
        items: The questions of the gate.
        attempts: Attempts per question, for either system.
        passed: The share of runs in which the gate passes.
        unclear: The share of runs in which it can't tell.
        failed: The share of runs in which it fails.
        items_for_80_percent_conclusive: The number of questions from which on the gate is undecided in less
            than 20% of runs. Infinite if no number is enough.
        items_for_80_percent_conclusive_low: The lower limit of that number, from the uncertainty of the
            spread. NaN if unknown.
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
        """Return its shares as columns of another row, named after the criterion."""
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
        value: The number. Infinite (null) if none is enough.
        low: Its lower limit, given the uncertainty of the pilot. NaN without a pilot.
        high: The upper limit.
    """

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOption:
    """One way to run the evaluation. Of items, effect and power, one was computed, with its limits.

    Attributes:
        attempts: Attempts per question. May be infinite.
        items: Questions.
        effect: The true difference that they detect, in score units (for "not-worse" and "same" a margin).
        power: The power to detect it.
        clusters: Clusters of the questions.
        se: The standard error of the difference.
        items_by_formula: The number of questions by the paper's formula, without pseudo-items and with the
            normal distribution.
        cost: Its cost. NaN if no prices were given.
        levels: The number of levels of each random factor per model. Empty without one.
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
    """The basis of a plan: variances of the difference of single questions, in squared score units.

    Attributes:
        question: The variance between the questions' true differences.
        answer: The variance of one attempt, of both models together. NaN if a pilot with one attempt can't
            separate it from `question`, which then includes both.
        between: The part of the questions' variance between clusters.
        cluster_size: The average number of questions per cluster.
        effective_cluster_size: The effective size, which is larger if clusters are unequal.
        n_items: Questions of the pilot. 0 without one.
        n_clusters: Clusters of the pilot.
        attempts: Attempts of the pilot.
        pairs: Pairs of models in the pilot.
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
        attempts: Attempts per question. May be infinite.
        items: Questions.
        effect: The true difference.
        power: The power with this number of questions.
    """

    attempts: float = field(metadata=shown(endless=True))
    items: float
    effect: float
    power: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLook(PlannedLook):
    """One look of a plan.

    Attributes:
        number: The number of the look, from 1.
        items: The number of questions at which it is due.
        z: The boundary as a normal deviate: the run stops if that of the look's p-value is at least as large.
        nominal: The largest p-value of the look's own test at which the run stops.
        spent: The error spent up to this look, of 1 − level in total.
        stopped: The probability that the run has stopped by then, with a significant result.
    """

    stopped: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDesign:
    """One way to decide: once at the end, at planned looks, or at any time.

    Attributes:
        name: The name of the design.
        max_items: The maximum number of questions. Infinite if none is enough.
        power: The probability of a significant result.
        expected_items: The expected number of questions if the true difference is the planned one.
        expected_items_if_equal: The expected number of questions without an effect: no difference, or one
            equal to the margin.
    """

    name: Literal["once", "looks", "betting"]
    max_items: float
    power: float
    expected_items: float
    expected_items_if_equal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksPlan:
    """Planned looks of the chosen option, next to the other designs.

    Attributes:
        spending: How the error is spent.
        cheapest: The design with the fewest expected questions at the planned difference, among those with
            nearly the highest power.
        looks: When each look is due, and its condition for stopping.
        designs: The requirements of each design.
    """

    spending: Spending
    cheapest: Literal["once", "looks", "betting"]
    looks: tuple[ForecastLook, ...]
    designs: tuple[PlannedDesign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """The plan of one task, or of several together.

    Attributes:
        task: The task. Empty for several together.
        metric: What the score measures.
        a: The first model of the pilot. Empty without one.
        b: The second model.
        basis: The variances behind the plan. None if nothing is known, or with random factors.
        sources: The sources of error of the pilot's difference if there are random factors. Otherwise None.
        levels_needed: The fewest levels of each random factor with which some number of questions is enough,
            with those of other factors as in the pilot. Infinite if none are.
        options: The ways to run the evaluation.
        chosen: The index of the chosen option, from 0.
        curve: Power over the number of questions, or over the true difference if that was computed.
        equal: The results of a gate with that margin for two equal systems. None without a margin.
        looks: Planned looks of the chosen option, next to other designs. None for a single test.
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
        """The chosen option: the requested attempts, or the cheapest ones."""
        return self.options[self.chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The power in simulations that resample the questions of the pilot.

    Attributes:
        power: The share of draws with a significant result.
        se: Its Monte-Carlo standard error.
        trials: The number of draws.
    """

    power: float
    se: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan(Drawn):
    """The number of questions and attempts required, the minimum detectable effect, or the power.

    Attributes:
        solved_for: The computed quantity: the number of questions, the smallest difference, or the power.
        goal: The claim to be shown.
        method: The test that is planned for.
        level: The confidence level.
        comparisons: How many tests share the significance level (Bonferroni).
        margin: The margin of "not-worse" and "same". NaN without one.
        paired: Whether both models answer the same questions.
        better: Whether the gate requires that the candidate is better. For equal systems it then can't tell
            in a share `level` of runs.
        simulated: The power in draws from the pilot's own questions. None if it wasn't simulated.
        tasks: One part per task. The last is the overall one if there are several.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
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
        """The chapter of `howsure guide` to read if no number of questions is enough, or the power is below
        80%. Otherwise None.
        """
        best = self.main.best
        if self.solved_for == "power":
            return None if best.power.value >= results.POWER else POWER
        sought = best.items if self.solved_for == "items" else best.effect
        return None if math.isfinite(sought.value) else POWER

    @property
    def items(self) -> float:
        """How many questions the chosen option needs. Infinite if no number is enough."""
        return self.main.best.items.value

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and option. The chosen one has the shares of two equal systems if
        there is a margin.
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
        """Return the power curves: one flat mapping per task, number of attempts, and questions (or true
        difference).
        """
        return [
            {"task": task.task, "metric": task.metric, **row(point)}
            for task in self.tasks
            for point in task.curve
        ]


def _levels(task: TaskPlan, option: PlanOption) -> dict[str, int]:
    """Return the number of levels of each random factor of an option, as columns."""
    names = () if task.sources is None else (each.name for each in task.sources.factors)
    return {f"levels_{name}": count for name, count in zip(names, option.levels, strict=False)}
