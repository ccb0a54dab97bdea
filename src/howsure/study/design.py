"""Design: how the scores are to be looked at; the options that every verb shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypedDict

from howsure.errors import OptionError
from howsure.options import Failures, Population, ScoreRule, check, parse_score

NO_CLUSTERS = "none"


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
    groups run and step, where the usual names (…-step1000) don't tell them.
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

    @property
    def ignores_clusters(self) -> bool:
        """Whether the user said that every item is its own cluster."""
        return self.cluster == (NO_CLUSTERS,)


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
    )


def _names(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
