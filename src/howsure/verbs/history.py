"""The function history: runs of one system over time."""

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
    verb="history",
    all_but=("statistic", "population", "covariate", "average_last", "two clusters", "slices", "measures"),
)


def history(
    data: Any,
    *,
    baseline: str | None = None,
    runs_between_alarms: float = 100,
    compare_last: int | None = None,
    anchors: str | None = None,
    level: float = 0.95,
    top: Top | None = None,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> History:
    """Follow runs of one system over time, and detect changes that exceed the noise of rerunning it.

    You may look after every run, and the series needs no end. The error of each run is fixed in advance, and
    no later run withdraws an alarm or adds one before it. An alarm is the largest change between any earlier
    and later runs since the last alarm (Hawkins, Qiu and Kang 2003), so it detects sudden falls and slow
    drift. The error combines how the answers of one system vary between runs on these questions, clusters
    respected, and how much whole runs vary, which is estimated from the history. See docs/history.md.

    Args:
        data: A folder with one file or subfolder per run, several paths, a dict of runs by name, or one file,
            a data frame or Scores whose models are the runs. Runs are ordered by the dates in their logs,
            else by dates in their names, else by name.
        baseline: The run that every other is compared with, in addition to the previous and the best: its
            name or a part of it. None: the first.
        runs_between_alarms: The least mean number of runs between two false alarms, over all tasks together
            (at least 10).
        compare_last: Compare this many of the last runs with as many before them. None skips this comparison.
        anchors: Answers whose text is the same in every run, and which every run graded again: the rows with
            this value in a column, "COLUMN=VALUE", such as "kind=anchor". Their change is the judge's, and
            what the other questions changed beyond it is the system's. They aren't part of the series. None
            if there are none.
        level: The confidence level of intervals, between 0 and 1.
        top: How many of the last runs to show, with every alarm. None shows 20 on a terminal and in Markdown,
            and all elsewhere; "all" shows all.
        seed: The seed for simulating the selection bias of the best run.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `model` chooses the
            system if runs contain several; for one file, a frame or Scores, some of the runs.

    Returns:
        History: One part per task and metric. It contains every run against the previous, the baseline, the
            best and the level since the last change. It also contains the changes, with an interval for when
            they happened, and the best scores so far, with how many of them were significant.

    Raises:
        OptionError: If an option has an invalid value, or is one that this function doesn't support.
        DataError: If there are fewer than two runs, or no task has two, or fewer than twice `compare_last`.
            If no question, or every question, is an anchor.
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
        "history",
        baseline=baseline,
        runs_between_alarms=runs_between_alarms,
        compare_last=compare_last,
        anchors=anchors,
    )
    design = make_design(options, RESPECTS)
    scores = runs_apart(data, design.reading, design.model)
    design = replace(design, model=()) if are_apart(data) else design
    question = Question(population=population_of(design.population), level=level, seed=seed)
    return replace(follow(scores, design, question, **given), top=top)
