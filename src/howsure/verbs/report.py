"""The function report: one page with all results of a table of scores."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from howsure.errors import OptionError
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from howsure.answers.report import Report
    from howsure.options.choices import Overall, RankBy
    from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest
    from howsure.statistics.mean_intervals import MeanInterval

RESPECTS = Respects(verb="report", all_but=("covariate",))
MANY_TASKS = 100
"""The boards of fewer tasks take less time than a process needs to start."""


def report(
    data: Any,
    *,
    title: str | None = None,
    interval: IntervalMethod | MeanInterval | None = None,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    adjust: Adjustment = "max-t",
    overall: Overall | Mapping[str, float] = "harness",
    seed: int = 0,
    command: str | None = None,
    texts: bool = False,
    tasks_as_sample: bool = False,
    rank_by: RankBy | None = None,
    difficulty: str | None = None,
    release_dates: Mapping[str, date | str] | str | Path | None = None,
    inspect_view: str | None = None,
    lesson: str | None = None,
    url: str | None = None,
    card: str | None = None,
    processes: int = 1,
    **options: Unpack[DesignOptions],
) -> Report:
    """Make one self-contained HTML page with all results of the scores.

    The page contains the ranks with their intervals, every pair, variance components, the analysis of
    questions, and an explanation in plain words. It is one file that opens offline in any current browser and
    requests nothing from the network. Its numbers are those of `leaderboard`, `compare`, `noise` and
    `questions`
    with the same options. Questions are listed for up to 4 million scores per page, and pairs up to 50,000.
    The same input gives the same bytes.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        title: The title of the page. None names the tasks.
        interval: The method of the scores' intervals, as in [`estimate`][howsure.estimate]. None chooses by
            the scale.
        method: The test of the differences: "score" or "t". None uses "score" for scores in [0, 1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of each score's interval, and of all rank intervals of a board together.
        adjust: The correction for the number of pairs, as in [`leaderboard`][howsure.leaderboard].
        overall: How the tasks are combined: "harness" uses the log's weights if it states a group of exactly
            these tasks, else the mean. Other choices: "mean" over tasks, "pooled" over all questions, or a
            weight per task.
        seed: The seed of the sign flips.
        command: The command that remakes the page, shown at its foot. None shows the Python call.
        texts: Whether the page contains prompts, right answers and answers, from the logs or the columns of
            the table, up to 20,000 characters each and 20 million together. Anyone with the page can read
            them.
        tasks_as_sample: Whether the page also ranks the models for other tasks like these, as
            [`leaderboard`][howsure.leaderboard] does with the same option.
        rank_by: What counts on each task then, as in `leaderboard`.
        difficulty: The column with the difficulty of each question, to show the horizon of each model as
            well, as [`horizon`][howsure.horizon].
        release_dates: The release date of each model, as in `horizon`.
        inspect_view: The address of an Inspect View of the same folder, to which samples are linked.
        lesson: The address of the lesson that `howsure guide -o lesson.html` makes, or its path beside the
            page, to which the chapters in warnings are linked.
        url: The address at which the page will be published, http or https. Links to it are shown with its
            verdict, and the page offers the code that embeds it.
        card: The file name of a picture of 1200 × 630 in the same folder, shown with links to it. Needs
            `url`.
        processes: The maximum number of processes that compute the boards of 100 or more tasks. The page is
            the same. A script that uses more than one needs `if __name__ == "__main__":`, as in
            [`read`][howsure.read].
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters". A reader can choose another in the page, for up to 15,000 pairs. `usage` also
            shows the models that could be the best buy, as [`frontier`][howsure.frontier].

    Returns:
        Report: The page as text (`html`), and its content as data.

    Raises:
        OptionError: If an option has an invalid value, or is one that this function doesn't support.
        DataError: If a named task, model, metric or column doesn't exist, or the scores can't be used as
            requested.
        MethodError: If a method isn't defined for these scores.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a"] * 30 + ["b"] * 30, "item": [*range(30)] * 2,
        ...     "score": [1] * 30 + [0] * 30})
        >>> page = report(rows)
        >>> page.sentence
        'a is best (100.0%): significantly ahead of the other at 95% confidence.'
        >>> page.html.startswith("<!DOCTYPE html>")
        True
    """
    from howsure import __version__
    from howsure.inference.population import population_of
    from howsure.inference.question import Question
    from howsure.page.page import refuse_card_alone
    from howsure.processes import in_processes
    from howsure.study.factors import gather_levelled
    from howsure.verbs.read import scores_of

    given = checked(
        "report",
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    title, command = checked("report", title=title, command=command).values()
    more = checked("report", texts=texts, inspect_view=inspect_view, lesson=lesson, url=url, card=card)
    refuse_card_alone(url, card)
    design = make_design(options, RESPECTS, interval=interval, method=method)
    question = Question(population=population_of(design.population), **given)
    horizon = checked("report", difficulty=difficulty, release_dates=release_dates)
    if difficulty is None and release_dates is not None:
        raise OptionError(
            "`release_dates` are for horizons, and no difficulty is named", remedy="Add `difficulty`."
        )
    of_horizons = None
    if difficulty is not None:
        from howsure.verbs.horizon import horizons_in

        of_horizons = partial(horizons_in, chances=(0.5, 0.8), **horizon)
    sample = checked("report", tasks_as_sample=tasks_as_sample, rank_by=rank_by)
    by_tasks = (rank_by or "score") if tasks_as_sample or rank_by is not None else None
    call = command or _call(data, {"title": title, **given, **more, **sample, **horizon, **options})
    processes = checked("report", processes=processes)["processes"]
    scores = scores_of(data, design)
    study = gather_levelled(scores, design)
    used = processes if len(study.parts) >= MANY_TASKS else 1
    with in_processes(used, _load) as each:
        from howsure.page.contents import contents_of
        from howsure.page.making import make
        from howsure.page.provenance import Origin

        contents = contents_of(
            scores, design, study, question, horizons=of_horizons, rank_by=by_tasks, each=each
        )
        del study  # its rows take memory
        origin = Origin.of(contents, call, howsure=__version__)
        return make(contents, origin, title, each=each, **more)


def _load() -> None:
    """Load what draws boards."""
    import howsure.page.contents
    import howsure.page.making  # noqa: F401


def _call(data: Any, given: Mapping[str, Any]) -> str:
    """Describe how to remake the page from Python."""
    what = repr(str(data)) if isinstance(data, (str, Path)) else "data"
    usual = report.__kwdefaults__ or {}
    said = "".join(
        f", {name}={value!r}" for name, value in given.items() if repr(value) != repr(usual.get(name))
    )
    return f"howsure.report({what}{said})"
