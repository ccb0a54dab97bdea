"""Design: how to analyse the scores, with the options that functions share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from howsure.errors import OptionError
from howsure.options.kinds import ScoreRule
from howsure.options.table import checked, every, option

if TYPE_CHECKING:
    from pathlib import Path

    from howsure.options.choices import Failures, Population
    from howsure.statistics.metrics import ChosenMetric
    from howsure.statistics.metrics.base import Scale

T = TypeVar("T")

ROLES = ("item", "score", "attempt")
"""Roles of columns, which aren't options themselves."""
NO_CLUSTERS = "none"
CROSSED = "+"
OF_ID = "id:"
"""The prefix of a pattern that finds clusters or slices in the ids of items."""


class TaskOptions(TypedDict, total=False):
    """Settings for the tasks that a pattern matches, instead of those for all."""

    cluster: str | tuple[str, ...] | list[str] | None
    metric: str | tuple[str, ...] | list[str] | None
    lower_is_better: bool
    failures: Failures
    margin: float
    bounds: tuple[float, float]


class RunOptions(TypedDict, total=False):
    """The keyword arguments that all functions share, including the one that follows a run in progress, which
    has its own `bounds`.
    """

    columns: Mapping[str, str | Sequence[str]] | None
    where: Mapping[str, str | Sequence[str]] | None
    task: str | tuple[str, ...] | list[str] | None
    model: str | tuple[str, ...] | list[str] | None
    metric: str | tuple[str, ...] | list[str] | None
    cluster: str | tuple[str, ...] | list[str] | None
    items: str | Path | None
    weight: str | None
    by: str | tuple[str, ...] | list[str] | None
    usage: str | tuple[str, ...] | list[str] | None
    prices: str | Path | None
    failures: Failures
    lower_is_better: bool | None
    score: str
    statistic: str | Callable[[Any], float] | ChosenMetric | None
    population: Population | None
    covariate: str | tuple[str, ...] | list[str] | None
    random_factor: str | tuple[str, ...] | list[str] | None
    average_last: int | None
    step_from: str | None
    tasks: Mapping[str, TaskOptions] | None


class DesignOptions(RunOptions, total=False):
    """The keyword arguments that functions share, listed in [`Design`][howsure.study.design.Design]."""

    bounds: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """Settings for the tasks whose names match a glob pattern. None means not set."""

    pattern: str
    cluster: tuple[str, ...] | None = None
    metric: tuple[str, ...] | None = None
    lower_is_better: bool | None = None
    failures: Failures | None = None
    margin: float | None = None
    bounds: tuple[float, float] | None = None

    def matches(self, task: str) -> bool:
        """Return whether this applies to a task: its name equals the pattern, or matches it."""
        return task == self.pattern or fnmatchcase(task, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How to analyse the scores: the shared options, checked and frozen.

    Their meanings are in `howsure.options.table`, from which the page of the Python reference is made.
    `stated` isn't an option: by task, the column that its logs cluster by, if no option sets that task's
    clusters.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    task: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()
    cluster: tuple[str, ...] | None = None
    items: str | None = None
    weight: str | None = None
    by: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    prices: str | None = None
    failures: Failures = "harness"
    lower_is_better: bool | None = None
    score: ScoreRule = field(default_factory=ScoreRule)
    statistic: ChosenMetric | None = None
    population: Population | None = None
    covariate: tuple[str, ...] = ()
    random_factor: tuple[str, ...] = ()
    average_last: int = 0
    step_from: str | None = None
    tasks: tuple[TaskRule, ...] = ()
    bounds: tuple[float, float] | None = None
    stated: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def reading(self) -> dict[str, Any]:
        """The options for `read`: the roles of a table's columns, which rows, and the table of items."""
        return {
            "columns": self.columns,
            "statistic": self.statistic,
            "where": self.where,
            "items": self.items,
            "probabilities": self.score.kind == "prob",
        }

    @property
    def clusterings(self) -> tuple[tuple[str, ...] | None, ...]:
        """Every way of clustering that was named: for all tasks, and for some."""
        return (self.cluster, *(rule.cluster for rule in self.tasks))

    @property
    def is_sliced(self) -> bool:
        """Whether slices are requested."""
        return bool(self.by)

    @property
    def of_metric(self) -> Scale | None:
        """The range of a metric that isn't a mean of scores, None without such a metric."""
        metric = None if self.statistic is None else self.statistic.metric
        return None if metric is None or metric.of_questions else metric.scale

    @property
    def ignores_clusters(self) -> bool:
        """Whether the user declared every item to be its own cluster."""
        return self.cluster == (NO_CLUSTERS,)

    def cluster_of(self, task: str) -> tuple[str, ...] | None:
        """Return the columns that a task is clustered by. None leaves it to the data, ("none",) ignores
        all.
        """
        named = self._of(task, "cluster", self.cluster)
        return (self.stated[task],) if named is None and task in self.stated else named

    def metric_of(self, task: str) -> tuple[str, ...]:
        """Return the requested metrics of a task, () for all."""
        return self._of(task, "metric", self.metric)

    def failures_of(self, task: str) -> Failures:
        """Return what a task's failed attempts count as."""
        return self._of(task, "failures", self.failures)

    def lower_is_better_of(self, task: str) -> bool | None:
        """Return the direction of a task's scores, or None if it is left to the harness."""
        return self._of(task, "lower_is_better", self.lower_is_better)

    def margin_of(self, task: str, shared: float | None = None) -> float | None:
        """Return the margin of a task. `shared` is the function's own, for tasks without one from a
        pattern.
        """
        return self._of(task, "margin", shared)

    def bounds_of(self, task: str) -> tuple[float, float] | None:
        """Return the smallest and largest possible score of a task, or None if unknown."""
        return self._of(task, "bounds", self.bounds)

    def _of(self, task: str, name: str, shared: T) -> T:
        """Return the value of the first rule that matches a task and sets this, else that for all."""
        said = (getattr(rule, name) for rule in self.tasks if rule.matches(task))
        found: T = next((value for value in said if value is not None), shared)
        return found


def columns_of(by: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that make a partition: the one of this name, else those that it crosses, or none for
    a pattern of ids.
    """
    if by.startswith(OF_ID):
        return ()
    return (by,) if by in names else tuple(by.split(CROSSED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A shared option that some functions can't respect: when it was given, and their message."""

    given: Callable[[Design], bool]
    what: str
    remedy: str


REFUSALS: Mapping[str, Refusal] = {
    "benchmark": Refusal(
        given=lambda design: design.population == "these-questions",
        what="{verb} doesn't support inference about exactly these questions",
        remedy="estimate, compare and leaderboard do.",
    ),
    "population": Refusal(
        given=lambda design: design.population not in (None, "new-clusters"),
        what="{verb} is for new clusters, or questions if there are no clusters, and for no others",
        remedy="Leave `population` out.",
    ),
    "covariate": Refusal(
        given=lambda design: bool(design.covariate),
        what="{verb} supports no covariate",
        remedy="estimate and compare do.",
    ),
    "random factor": Refusal(
        given=lambda design: bool(design.random_factor),
        what="{verb} supports no random factor",
        remedy="estimate, compare and leaderboard do.",
    ),
    "score": Refusal(
        given=lambda design: design.score.over_attempts,
        what="{verb} is for means over attempts, but {score} is another score",
        remedy="Leave `score` out. estimate gives the error bar of such scores.",
    ),
    "average_last": Refusal(
        given=lambda design: bool(design.average_last),
        what="{verb} uses single checkpoints, not their averages",
        remedy="Leave `average_last` out.",
    ),
    "two clusters": Refusal(
        given=lambda design: any(len(each or ()) > 1 for each in design.clusterings),
        what="{verb} supports one way of clustering",
        remedy="Use the coarser one.",
    ),
    "slices": Refusal(
        given=lambda design: design.is_sliced,
        what="{verb} makes no slices",
        remedy="estimate, compare, leaderboard, gate, noise and report do.",
    ),
    "statistic": Refusal(
        given=lambda design: design.statistic is not None,
        what="{verb} is for means of scores, and not for metrics such as {statistic}",
        remedy="estimate, compare, leaderboard, gate and report take `statistic`.",
    ),
    "measures": Refusal(
        given=lambda design: bool(design.usage or design.prices),
        what="{verb} doesn't use costs, times or tokens",
        remedy="compare, frontier, gate and plan do.",
    ),
    "bounds of tasks": Refusal(
        given=lambda design: any(rule.bounds for rule in design.tasks),
        what="{verb} supports no bounds of single tasks here",
        remedy="Choose one with `task`, and give `bounds`.",
    ),
}
"""The one place that refuses shared options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Respects:
    """The shared options that a function respects: all of them, except those named."""

    verb: str
    all_but: tuple[
        Literal[
            "benchmark",
            "population",
            "covariate",
            "random factor",
            "score",
            "average_last",
            "two clusters",
            "slices",
            "statistic",
            "measures",
            "bounds of tasks",
        ],
        ...,
    ] = ()

    def refuse(self, design: Design) -> None:
        """Raise OptionError for an option that the function can't respect."""
        for name in self.all_but:
            refusal = REFUSALS[name]
            if refusal.given(design):
                what = refusal.what.format(verb=self.verb, score=design.score, statistic=design.statistic)
                raise OptionError(what, remedy=refusal.remedy)


KNOW_STRATA = (None, "score", "t")
"""The methods for more questions from the same clusters."""


def of_new_clusters(design: Design) -> Design:
    """Return a design for new clusters if it leaves the population open."""
    return replace(design, population="new-clusters") if design.population is None else design


def make_design(options: DesignOptions, respects: Respects | None = None, **methods: object) -> Design:
    """Check the shared options and freeze them. OptionError for those that the function doesn't respect.

    An unknown option name is an error with the nearest name. `methods`: the given methods for sampled
    questions, which can't be combined with population="these-questions".
    """
    known = list(DesignOptions.__annotations__)
    for name in options:
        if name not in known:
            if name in ROLES:
                raise OptionError(
                    f"no option {name!r}",
                    remedy=f"Name a column as columns={{{name!r}: {dict(options)[name]!r}}}.",
                )
            own = {each.name for each in every()} - {name, *known}
            near = get_close_matches(name, known, n=1) or get_close_matches(name, own, n=1, cutoff=0.8)
            hint = f"Did you mean {near[0]!r}?" if near else f"The shared options are: {', '.join(known)}."
            raise OptionError(f"no option {name!r}", remedy=hint)
    given = {name: value for name, value in checked(**options).items() if value is not None}
    design = Design(**{**given, "tasks": _rules(given.get("tasks", {}))})
    if respects is not None:
        respects.refuse(design)
    _refuse_methods(design, methods)
    if design.statistic is not None:
        _refuse_beside_metric(design, methods)
    if design.random_factor:
        _refuse_beside_factor(design, methods)
    knows_no_strata = design.covariate or design.random_factor or methods.get("method") not in KNOW_STRATA
    return of_new_clusters(design) if knows_no_strata else design


def as_sample(design: Design, column: str, methods: Mapping[str, object]) -> Design:
    """Return a design that also treats a column as a random factor, without slices. OptionError if another
    option can't be combined with that.
    """
    found = replace(design, random_factor=(*design.random_factor, column), by=(), usage=())
    _refuse_beside_factor(found, methods)
    return of_new_clusters(found)


def _refuse_beside_factor(design: Design, methods: Mapping[str, object]) -> None:
    """Raise OptionError for options that can't be combined with a random factor."""
    others = {
        "population": design.population in ("same-clusters", "these-questions"),
        "covariate": bool(design.covariate),
        "score": design.score.over_attempts,
        "average_last": bool(design.average_last),
        "method": methods.get("method") not in KNOW_STRATA,
        "interval": methods.get("interval") not in (None, "t"),
    }
    name = next((name for name, given in others.items() if given), "")
    if name:
        raise OptionError(
            f"`{name}` and a random factor can't be combined", remedy="Leave one of the two out."
        )


def _refuse_beside_metric(design: Design, methods: Mapping[str, object]) -> None:
    """Raise OptionError for options that can't be combined with a metric over labels and predictions."""
    own_function = design.statistic is not None and design.statistic.metric.reads == "rows"
    in_tasks = {
        f"tasks[{rule.pattern!r}].{name}": getattr(rule, name) is not None
        for rule in design.tasks
        for name in ("metric", "failures", "bounds")
    }
    others = {
        "score": str(design.score) != "mean",
        "metric": bool(design.metric),
        "weight": design.weight is not None and own_function,
        "population": design.population == "these-questions",
        "failures": design.failures not in ("harness", "drop"),
        "by": design.is_sliced,
        "covariate": bool(design.covariate),
        "random_factor": bool(design.random_factor),
        "average_last": bool(design.average_last),
        "bounds": design.bounds is not None,
        "usage": bool(design.usage or design.prices),
        "method": methods.get("method") not in (None, "t"),
        "interval": methods.get("interval") not in (None, "t"),
        **in_tasks,
    }
    name = next((name for name, given in others.items() if given), "")
    if name:
        raise OptionError(
            f"`{name}` and `statistic` can't be combined",
            remedy="Choose rows with `where` to measure a slice."
            if name == "by"
            else "Leave one of the two out.",
        )


def _refuse_methods(design: Design, methods: Mapping[str, object]) -> None:
    given = [f"`{name}={value!r}`" for name, value in methods.items() if value is not None]
    if design.population == "these-questions" and given:
        raise OptionError(
            f"`population='these-questions'` has its own error bar, but {given[0]} is for "
            "questions that are a sample",
            remedy="Leave one of the two out.",
        )


def _rules(tasks: Mapping[str, object]) -> tuple[TaskRule, ...]:
    """Check and freeze the settings for single tasks."""
    return tuple(task_rule(pattern, said) for pattern, said in tasks.items())


def task_rule(pattern: str, said: object) -> TaskRule:
    """Check the settings for the tasks that a pattern matches. An OptionError names the pattern."""
    where = f"tasks[{pattern!r}]"
    if not isinstance(said, Mapping):
        raise OptionError(f"{where}={said!r} is not a table", remedy=_TASKS_REMEDY)
    known = list(TaskOptions.__annotations__)
    for name in said:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"A task can have {', '.join(known)}."
            raise OptionError(f"no option {name!r}", where=where, remedy=hint)
    try:
        return TaskRule(pattern=pattern, **{name: _CHECKS[name](name, value) for name, value in said.items()})
    except OptionError as error:
        raise OptionError(error.what, where=where, remedy=error.remedy) from None


_CHECKS = {
    name: option(name, "compare" if name == "margin" else "").kind.check
    for name in TaskOptions.__annotations__
}
_TASKS_REMEDY = 'Write {"mmlu*": {"cluster": "subject"}}.'
