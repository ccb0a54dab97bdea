"""Comparison: is A better than B? The verdict comes first, the numbers after it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, of_difference
from howsure.answers.output import HIDDEN, derived, row, shown, sliced_rows, spread
from howsure.answers.parts import of_population
from howsure.statistics.results import Estimate, Interval, significant

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.answers.flips import Flips
    from howsure.answers.gate import GateVerdict
    from howsure.answers.parts import ErrorSources, TaskClusters, UsageDifference
    from howsure.answers.settings import Settings
    from howsure.answers.slices import DifferenceSlices
    from howsure.answers.verdict_changes import VerdictChanges
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Equivalence


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationDifference:
    """The difference of two models for another population.

    Attributes:
        population: "new-clusters" or "same-clusters".
        estimate: The difference, with its standard error and confidence interval for this population.
        p_value: The p-value of no difference for this population.
    """

    population: str
    estimate: Estimate
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IfClustered:
    """The difference of two models with the clusters that the data suggest, if no clusters were chosen.

    Attributes:
        clusters: The column that clusters the questions.
        estimate: The difference, with its standard error and confidence interval under this clustering.
        p_value: The p-value of no difference under this clustering, corrected like that without clusters.
        equivalence: The result for the margin under this clustering. None without a margin.
    """

    clusters: str
    estimate: Estimate
    p_value: float
    equivalence: Equivalence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmongModels:
    """The difference of two models as one of the differences between all pairs of models in the data.

    Attributes:
        n_models: How many models the data contain for the task.
        p_adjusted: The p-value of no difference, corrected for all pairs as in `leaderboard`.
    """

    n_models: int
    p_adjusted: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison(Drawn):
    """The difference a − b on one task and metric, or overall.

    The value and standard error of `difference` are the plain ones. Its interval inverts the test behind the
    p-value, so they always agree.

    Attributes:
        task: The task. Empty for the overall difference.
        metric: What the score measures.
        a: The first model.
        b: The second model.
        a_mean: The score of a.
        b_mean: The score of b.
        difference: a − b, with its standard error and confidence interval.
        p_value: The p-value of no difference.
        p_adjusted: The p-value corrected for the number of comparisons made together.
        adjusted_interval: The matching interval. It excludes 0 if the corrected p-value is significant.
        correlation: The correlation of the two models' scores over the shared questions.
        unpaired_se: The standard error without pairing.
        unclustered_se: The standard error without clustering. NaN without clusters.
        paired: Whether the models are compared on the questions that both answered.
        wins: Questions on which a scores better.
        losses: Questions on which b scores better.
        ties: Questions on which they score the same.
        n_only_a: Questions that only a answered.
        n_only_b: Questions that only b answered.
        lower_is_better: Whether smaller scores are better.
        n_tasks: The number of tasks. 1 except for the overall difference.
        n_tasks_left_out: The number of requested tasks left out because one of the models has no such scores
            there.
        percent: Whether scores lie in [0, 1].
        items_needed: The approximate total number of questions that would show a difference of this size with
            80% power. NaN without a difference, or with fewer than ten clusters (questions without clusters).
        attempts_needed: The same for attempts per question, for exactly these questions.
        unseen_loss_rate: The upper limit for the rate of whole losses that no question showed (rule of three,
            at the level of the interval). It applies to averages if no question was lost or won as a whole:
            unseen losses could lower a lead by as much. NaN otherwise.
        variance_saved: The share of the plain difference's variance removed by covariates. NaN without them.
        equivalence: The result for the margin. None without one.
        flips: The questions that changed. None if not requested.
        population: The population of the result: "new-clusters" (without clusters: new questions),
            "same-clusters" or "these-questions".
        clusters: The clusters of its questions. None without clusters and for an overall result.
        other_population: The result for the other population (new or same clusters). None with many clusters.
        if_clustered: The result with clusters that a column or the ids suggest, if none were chosen and they
            change the verdict. Otherwise None.
        sources: The sources of its error if factors shared by all questions are random. Otherwise None.
        among_models: The result corrected for all pairs of models in the data, if it is significant by itself
            but not among them. Otherwise None.
        side_column: The column whose values a and b are, such as `judge`. Empty for models.
        verdict_changes: Which verdicts between models differ between a and b, if these are values of a column
            on the answers of several models. Otherwise None.
        tasks: The comparison of each task and metric if this is the overall difference. Empty for one task.
        slices: The comparison by slices, one per partition. Empty if not requested.
        usage: The usage of both models, one entry per requested measure.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    task: str
    metric: str
    a: str
    b: str
    a_mean: float
    b_mean: float
    difference: Estimate = field(metadata=spread(value="difference"))
    p_value: float
    p_adjusted: float
    adjusted_interval: Interval
    correlation: float = math.nan
    unpaired_se: float = math.nan
    unclustered_se: float = math.nan
    paired: bool = True
    wins: int = 0
    losses: int = 0
    ties: int = 0
    n_only_a: int = 0
    n_only_b: int = 0
    n_tasks: int = 1
    n_tasks_left_out: int = 0
    population: str = "new-clusters"
    clusters: TaskClusters | None = field(default=None, metadata=shown(rows=False))
    lower_is_better: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    items_needed: float = math.nan
    attempts_needed: float = math.nan
    unseen_loss_rate: float = math.nan
    variance_saved: float = math.nan
    equivalence: Equivalence | None = field(default=None, metadata=shown(rows=False))
    flips: Flips | None = field(default=None, metadata=shown(rows=False))
    other_population: PopulationDifference | None = field(default=None, metadata=HIDDEN)
    if_clustered: IfClustered | None = field(default=None, metadata=shown(rows=False))
    sources: ErrorSources | None = field(default=None, metadata=shown(rows=False))
    among_models: AmongModels | None = field(default=None, metadata=shown(rows=False))
    side_column: str = field(default="", metadata=shown(rows=False))
    verdict_changes: VerdictChanges | None = field(default=None, metadata=shown(rows=False))
    tasks: tuple[Comparison, ...] = field(default=(), metadata=shown(rows=False))
    slices: tuple[DifferenceSlices, ...] = ()
    usage: tuple[UsageDifference, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def value(self) -> float:
        """The difference a − b."""
        return self.difference.value

    @property
    def se(self) -> float:
        """Its standard error."""
        return self.difference.se

    @property
    def interval(self) -> Interval:
        """Its confidence interval."""
        return self.difference.interval

    @property
    def low(self) -> float:
        """The lower limit of its confidence interval."""
        return self.difference.low

    @property
    def high(self) -> float:
        """The upper limit."""
        return self.difference.high

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons of single tasks. For one task, only itself."""
        return self.tasks or (self,)

    @property
    def overall(self) -> Comparison | None:
        """The overall difference alone. None for one task, or if the tasks can't be combined."""
        if not self.tasks or math.isnan(self.difference.value):
            return None
        return replace(self, tasks=(), settings=None, notes=(), warnings=(), flips=None)

    @property
    def every(self) -> tuple[Comparison, ...]:
        """All comparisons, the overall one first."""
        overall = self.overall
        return (*((overall,) if overall else ()), *self.comparisons)

    @property
    def open_pair(self) -> Comparison:
        """The comparison that the answer's chapter is about: the overall one, otherwise the first
        inconclusive one, otherwise the first.
        """
        return self.overall or next((c for c in self.comparisons if c.chapter), self.comparisons[0])

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per comparison, the overall one first, then those of slices."""
        every = self.every
        parts = [record for each in every for way in each.slices for record in way.records()]
        return sliced_rows([row(each) for each in every], parts)

    @property
    def hides_losses(self) -> bool:
        """Whether unseen whole losses could change the difference by more than half the width of its
        interval.
        """
        return self.unseen_loss_rate > self.difference.interval.half_width

    @property
    def judged_interval(self) -> Interval:
        """The interval that matches the verdict: the corrected one. With a margin its own, because those
        tests aren't corrected.
        """
        return self.adjusted_interval if self.equivalence is None else self.difference.interval

    @property
    def shows(self) -> tuple[bool, ...]:
        """What is significant: a difference. With a margin: equivalence, non-inferiority, inferiority."""
        e = self.equivalence
        return (self.decided,) if e is None else (e.equivalent, e.noninferior, e.inferior)

    @property
    def decided(self) -> bool:
        """Whether the difference is significant at the level of its interval, after adjustment."""
        return significant(self.p_adjusted, self.difference.interval.level)

    @derived()
    def better(self) -> str | None:
        """The significantly better model. None if there is none."""
        if not self.decided:
            return None
        return self.a if (self.difference.value > 0) != self.lower_is_better else self.b

    @derived()
    def verdict(self) -> PairVerdict | GateVerdict:
        """Whether a is significantly "better" or "worse" than b. With a margin, "pass" if the difference lies
        within it or "fail" if the loss exceeds it. Otherwise "unclear".
        """
        margin = self.equivalence
        if margin is not None:
            passed = margin.equivalent or margin.noninferior
            return "pass" if passed else "fail" if margin.inferior else "unclear"
        return "unclear" if self.better is None else "better" if self.better == self.a else "worse"

    @property
    def own_population(self) -> PopulationDifference:
        """The result for its own population, in the same form as that for the other."""
        return PopulationDifference(
            population=self.population, estimate=self.difference, p_value=self.p_value
        )

    @derived(rows=False)
    def new_clusters(self) -> PopulationDifference | None:
        """The result for new clusters (without clusters: new questions). None if it isn't computed."""
        return of_population("new-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def same_clusters(self) -> PopulationDifference | None:
        """The result for new questions from the same clusters. None if it isn't computed."""
        return of_population("same-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if the result is inconclusive. Otherwise None."""
        if self.tasks:
            return self.open_pair.chapter
        if self.verdict != "unclear":
            return None
        margin = self.equivalence
        return of_difference(
            self.difference,
            self.judged_interval,
            paired=self.paired,
            alone=self.n_only_a + self.n_only_b,
            unclustered_se=self.unclustered_se if margin is None else math.nan,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """The comparisons of two models on one or several tasks, before they become one answer.

    Attributes:
        overall: The difference over all tasks combined. None for one task, or if they can't be combined.
        n_tasks_left_out: The number of requested tasks left out because one of the models has no such scores
            there.
        comparisons: One comparison per task and metric.
        settings: What they were computed with.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    overall: Comparison | None = None
    n_tasks_left_out: int = 0
    comparisons: tuple[Comparison, ...]
    settings: Settings | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def every(self) -> tuple[Comparison, ...]:
        """All comparisons, the overall one first."""
        return (*((self.overall,) if self.overall else ()), *self.comparisons)

    def of_column(self, column: str) -> Comparisons:
        """Return the same with the column whose values are compared."""
        return replace(
            self,
            overall=self.overall and replace(self.overall, side_column=column),
            comparisons=tuple(replace(pair, side_column=column) for pair in self.comparisons),
        )

    @property
    def answer(self) -> Comparison:
        """The only comparison, or the overall one with those of all tasks."""
        first = self.comparisons[0]
        left, notes = self.n_tasks_left_out, self.notes
        if len(self.comparisons) == 1:
            warnings = (*self.warnings, *first.warnings)
            return replace(
                first, n_tasks_left_out=left, settings=self.settings, notes=notes, warnings=warnings
            )
        total = self.overall or _not_combined(first, len({each.task for each in self.comparisons}))
        own = replace(total.difference, warnings=(*total.difference.warnings, *total.warnings))
        return replace(
            total,
            difference=own,
            tasks=self.comparisons,
            n_tasks_left_out=left,
            settings=self.settings,
            notes=notes,
            warnings=self.warnings,
        )


def _not_combined(first: Comparison, tasks: int) -> Comparison:
    """Return the overall difference of tasks that can't be combined: all its numbers are unknown."""
    level = first.difference.interval.level
    nothing = Interval(low=math.nan, high=math.nan, level=level)
    difference = Estimate(
        value=math.nan,
        se=math.nan,
        interval=nothing,
        df=math.nan,
        n_items=0,
        n_clusters=0,
        method=first.difference.method,
    )
    return Comparison(
        task="",
        metric=first.metric,
        a=first.a,
        b=first.b,
        a_mean=math.nan,
        b_mean=math.nan,
        difference=difference,
        p_value=math.nan,
        p_adjusted=math.nan,
        adjusted_interval=nothing,
        lower_is_better=first.lower_is_better,
        percent=first.percent,
        n_tasks=tasks,
    )
