"""Design: how the scores are to be looked at; the options that every verb shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypedDict

from howsure import checks
from howsure.errors import OptionError
from howsure.options import Failures, Population, ScoreRule, check, parse_score

NO_CLUSTERS = "none"


class TaskOptions(TypedDict, total=False):
    """What can be said of the tasks that a pattern matches, in place of what is said of all."""

    cluster: str | tuple[str, ...] | list[str] | None
    metric: str | tuple[str, ...] | list[str] | None
    lower_is_better: bool
    failures: Failures
    margin: float


class DesignOptions(TypedDict, total=False):
    """The keyword arguments that every verb shares; see [`Design`][howsure.study.design.Design]."""

    task: str | tuple[str, ...] | list[str] | None
    model: str | tuple[str, ...] | list[str] | None
    metric: str | tuple[str, ...] | list[str] | None
    cluster: str | tuple[str, ...] | list[str] | None
    cluster_from: str | None
    items: str | Path | None
    weight: str | None
    failures: Failures
    lower_is_better: bool | None
    score: str
    population: Population
    covariate: str | tuple[str, ...] | list[str] | None
    average_last: int | None
    step_from: str | None
    tasks: Mapping[str, TaskOptions] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """What is said of the tasks whose names match a glob pattern; None where it says nothing."""

    pattern: str
    cluster: tuple[str, ...] | None = None
    metric: tuple[str, ...] | None = None
    lower_is_better: bool | None = None
    failures: Failures | None = None
    margin: float | None = None

    def matches(self, task: str) -> bool:
        """Say whether this is about a task: its name is the pattern, or fits it."""
        return task == self.pattern or fnmatchcase(task, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How the scores are to be looked at.

    `task`, `model`, `metric`: only these; None means all; of a model what follows a slash of its name is enough. `cluster`: a metadata column, two of them for two-way
    clustering, "none" to ignore a declared one; None means a column named cluster if there is one. `cluster_from`: a
    regular expression whose first group, found in the item's id, is the cluster. `items`: a side table with one row an
    item, where cluster and weight columns are looked up as well. `weight`: a column. `failures`: what a failed attempt
    counts as. `lower_is_better`: None leaves it to what the harness says.
    `score`: what is made of the attempts at an item: "mean", "pass@3", "pass^3", "majority@5", "best-of-4", "consistency",
    or "prob", the probability of the right answer. `population`: "questions" that could have been drawn, or exactly those of
    this "benchmark". `covariate`: columns, or `model:NAME`, known for more items than were answered, by which means are
    adjusted. `average_last`: average the last so many checkpoints of a run; `step_from`: a regular expression with the
    groups run and step, where the usual names (…-step1000) don't tell them. `tasks`: what is different for some tasks, by
    patterns of their names: `{"mmlu*": {"cluster": "subject"}}`, with cluster, metric, lower_is_better, failures and margin;
    of each, the first pattern that matches and says something of it is the one that holds.
    """

    task: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()
    cluster: tuple[str, ...] | None = None
    cluster_from: str | None = None
    items: str | None = None
    weight: str | None = None
    failures: Failures = "harness"
    lower_is_better: bool | None = None
    score: ScoreRule = field(default_factory=ScoreRule)
    population: Population = "questions"
    covariate: tuple[str, ...] = ()
    average_last: int = 0
    step_from: str | None = None
    tasks: tuple[TaskRule, ...] = ()

    @property
    def ignores_clusters(self) -> bool:
        """Whether the user said that every item is its own cluster."""
        return self.cluster == (NO_CLUSTERS,)

    def cluster_of(self, task: str) -> tuple[str, ...] | None:
        """Return the columns that a task is clustered by; None leaves it to the data, ("none",) ignores all."""
        return self._of(task, "cluster", self.cluster)

    def metric_of(self, task: str) -> tuple[str, ...]:
        """Return the metrics that are wanted of a task; () means all."""
        return self._of(task, "metric", self.metric)

    def failures_of(self, task: str) -> Failures:
        """Return what a failed attempt of a task counts as."""
        return self._of(task, "failures", self.failures)

    def lower_is_better_of(self, task: str) -> bool | None:
        """Return the direction of a task's scores, None where it is left to what the harness says."""
        return self._of(task, "lower_is_better", self.lower_is_better)

    def margin_of(self, task: str, shared: float | None = None) -> float | None:
        """Return the margin of a task; `shared` is the verb's own, for tasks that no pattern gives one."""
        return self._of(task, "margin", shared)

    def _of(self, task: str, name: str, shared: Any) -> Any:
        """Return what the first rule says that matches a task and speaks of this, else what holds for all."""
        said = (getattr(rule, name) for rule in self.tasks if rule.matches(task))
        return next((value for value in said if value is not None), shared)


def make_design(options: DesignOptions) -> Design:
    """Check the shared options and freeze them; a name that no option has is an error that names its nearest."""
    known = list(DesignOptions.__annotations__)
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The shared options are: {', '.join(known)}."
            raise OptionError(f"no option {name!r}", remedy=hint)
    failures = options.get("failures", "harness")
    check("failures", failures, Failures)
    population = options.get("population", "questions")
    check("population", population, Population)
    items, cluster, last = options.get("items"), options.get("cluster"), options.get("average_last")
    if last is not None and (not isinstance(last, int) or last < 1):
        raise OptionError(f"average_last={last!r} is not a whole number above 0", remedy="Write 3 for the last three.")
    if items is not None and not isinstance(items, (str, Path)):
        raise OptionError(
            "items takes the path of a table", remedy="Write your table to a .csv or .parquet file first."
        )
    return Design(
        task=_names(options.get("task")),
        model=_names(options.get("model")),
        metric=_names(options.get("metric")),
        cluster=None if cluster is None else _names(cluster),
        cluster_from=options.get("cluster_from"),
        items=None if items is None else str(items),
        weight=options.get("weight"),
        failures=failures,
        lower_is_better=options.get("lower_is_better"),
        score=parse_score(options.get("score", "mean")),
        population=population,
        covariate=_names(options.get("covariate")),
        average_last=last or 0,
        step_from=options.get("step_from"),
        tasks=_rules(options.get("tasks")),
    )


def _rules(tasks: object) -> tuple[TaskRule, ...]:
    """Check and freeze what is said of single tasks."""
    if tasks is None:
        return ()
    if not isinstance(tasks, Mapping) or not all(isinstance(pattern, str) for pattern in tasks):
        raise OptionError(f"tasks={tasks!r} is no table of tasks", remedy=_TASKS_REMEDY)
    return tuple(_rule(pattern, said) for pattern, said in tasks.items())


def _rule(pattern: str, said: object) -> TaskRule:
    where = f"tasks[{pattern!r}]"
    if not isinstance(said, Mapping):
        raise OptionError(f"{where}={said!r} is no table", remedy=_TASKS_REMEDY)
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


def _names(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _failures(name: str, value: Any) -> str:
    return checks.word(name, value, Failures)


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "cluster": checks.names,
    "metric": checks.names,
    "lower_is_better": checks.flag,
    "failures": _failures,
    "margin": checks.positive,
}
_TASKS_REMEDY = 'Write {"mmlu*": {"cluster": "subject"}}.'
