"""The verb history: runs of one system over time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.history import follow
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.series import are_apart, runs_apart

if TYPE_CHECKING:
    from howsure.answers.history import History
    from howsure.options.choices import Top

RESPECTS = Respects(
    verb="history", all_but=("population", "covariate", "average_last", "two clusters", "slices", "measures")
)


def history(
    data: Any,
    *,
    baseline: str | None = None,
    runs_between_alarms: float = 100,
    compare_last: int | None = None,
    level: float = 0.95,
    top: Top | None = None,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> History:
    """Follow runs of one system over time, and say which changes are more than the noise of answering again.

    The series may be looked at after every run and needs no end: each run has its share of error before it
    comes, and no later run withdraws an alarm or adds one before it. An alarm is the largest change between
    any earlier and later runs since the last alarm (Hawkins, Qiu and Kang 2003), so that it finds sudden
    falls and slow drift. The error is how the answers of one system differ from run to run on these very
    items, clusters respected, and how much runs differ as wholes, which the history itself shows. See
    docs/history.md.

    Args:
        data: A folder with one file or folder a run, several paths, a dict of runs by name, or one file, a
            data frame or Scores whose models are the runs. Runs are in order of the dates in their logs, else
            in their names, else by their names.
        baseline: The run that every other is compared with beside the previous and the best; what it is
            called, or a part of that. None: the first.
        runs_between_alarms: The least mean number of runs between two false alarms, over all tasks together;
            at least 10.
        compare_last: Compare so many of the last runs with as many before them. None: don't.
        level: The confidence level of intervals, between 0 and 1.
        top: How many of the last runs to show, with every alarm. None shows 20 on a terminal and in Markdown,
            and all elsewhere; "all" shows all.
        seed: For the luck of the best run, which is drawn.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `model` chooses
            the system where runs hold several; of one file, a frame or Scores, some of the runs.

    Returns:
        History: One part per task and metric: every run against the previous, the baseline, the best and the
            level since the last change; the changes with the interval of their place; the records and how
            many were real.

    Raises:
        OptionError: If an option has a value that it can't have, or is one that this verb doesn't support.
        DataError: If there are fewer than two runs, or no task has two, or fewer than twice `compare_last`.
        ReadError: If none of the files can be read.

    Examples:
        >>> import numpy as np, polars as pl
        >>> rng = np.random.default_rng(0)
        >>> rows = pl.DataFrame([{"model": f"2026-10-{day:02}", "item": item,
        ...     "score": int(rng.random() < (0.7 if day < 9 else 0.5))}
        ...     for day in range(1, 15) for item in range(200)])
        >>> [(change.run, change.since) for change in history(rows).tasks[0].changes]
        [('2026-10-09', '2026-10-09')]
    """
    level, top, seed = checked("history", level=level, top=top, seed=seed).values()
    given = checked(
        "history", baseline=baseline, runs_between_alarms=runs_between_alarms, compare_last=compare_last
    )
    design = make_design(options, RESPECTS)
    scores = runs_apart(data, design.reading, design.model)
    design = replace(design, model=()) if are_apart(data) else design
    question = Question(population=population_of(design.population), level=level, seed=seed)
    return replace(follow(scores, design, question, **given), top=top)
