"""The function leaderboard: ranks with confidence intervals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from howsure.errors import OptionError
from howsure.inference.leaderboard import ranked, with_other_policies
from howsure.inference.other_readings import with_both_readings
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.attempt_labels import attempt_column
from howsure.study.by_cluster import gather_or_sum
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.factors import levelled
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.leaderboard import Leaderboard
    from howsure.options.choices import Overall, RankBy, Top
    from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest
    from howsure.statistics.mean_intervals import MeanInterval
    from howsure.study.design import Design
    from howsure.study.study import Study
    from howsure.table.scores import Scores

RESPECTS = Respects(verb="leaderboard", all_but=("covariate", "measures"))


def leaderboard(
    data: Any,
    *,
    interval: IntervalMethod | MeanInterval | None = None,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    adjust: Adjustment = "max-t",
    overall: Overall | Mapping[str, float] = "harness",
    top: Top | None = None,
    mark: str | Sequence[str] | None = None,
    each_task: bool = False,
    tasks_as_sample: bool = False,
    rank_by: RankBy | None = None,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Leaderboard:
    """Rank the models of each task, with a simultaneous confidence interval for each rank and groups of
    models that don't differ significantly.

    All pairs are compared, each on the questions that both answered, and p-values are corrected for the
    number of pairs: by default with the step-down max-t (Romano and Wolf 2005) over sign flips. Rank
    intervals are simultaneous, and the models that could be best form a confidence set of the best (Klein,
    Wright and Wieczorek 2020; Mogstad et al. 2024). Clusters are assumed independent.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        interval: The method of the scores' intervals, as in [`estimate`][howsure.estimate]. None chooses by
            the scale.
        method: The test of the differences: "score" or "t". None uses "score" for scores in [0, 1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of each score's interval, and the joint level of all rank intervals of a
            board.
        adjust: The correction for the number of pairs: "max-t" or "holm" (family-wise error), "bh" (false
            discovery rate), or "none".
        overall: How to combine the tasks into the overall board, which ranks the models that have every task:
            "harness" uses the log's weights if it states a group of exactly these tasks, else the mean. Other
            choices: "mean" over tasks, "pooled" over all questions, or a weight per task.
        top: How many models to show. Inference is about all. None shows 20 on a terminal and in Markdown, and
            all elsewhere. "all" shows all.
        mark: Models to mark, and to show beyond `top` too.
        each_task: Whether a rendered answer also shows a board per task, in addition to the overall one and a
            table of models and tasks. The answer contains all of them.
        tasks_as_sample: Whether the tasks are a sample of others like them, for which the ranks are to hold.
            Each task then counts as one question, so that error bars are over tasks. `cluster` names a column
            with the family of each task, and a mapping as `overall` weights them. `interval` is t, on the
            logit scale for numbers with two ends, unless another is chosen.
        rank_by: What counts on each task, with tasks as a sample. By default that is the mean score. A word
            chooses the rank among the models (mean-rank), or the share or number of others that a model is
            ahead of (win-rate, borda). Others are its place between the worst and the best (normalised), and
            an Elo rating by Bradley and Terry, with each task as a game of every model against every other
            (elo).
        seed: The seed of the sign flips.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters".

    Returns:
        Leaderboard: One board per task and metric, best model first, and the overall board for several tasks.
            A board contains estimates, ranks with their intervals, ties, and the comparison of every pair.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If a named task, model, metric or column doesn't exist, or the scores can't be used as
            requested.
        MethodError: If a method isn't defined for these scores.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a"] * 30 + ["b"] * 30, "item": [*range(30)] * 2,
        ...     "score": [1] * 30 + [0] * 30})
        >>> board = leaderboard(rows)
        >>> board.boards[0].could_be_best, [rank.high for rank in board.boards[0].ranks]
        (('a',), [1, 2])
    """
    given = checked(
        "leaderboard",
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    shown = checked("leaderboard", top=top, mark=mark, each_task=each_task)
    sampled, rank_by = checked("leaderboard", tasks_as_sample=tasks_as_sample, rank_by=rank_by).values()
    design = make_design(options, RESPECTS, interval=interval, method=method)
    question = Question(population=population_of(design.population), **given)
    scores = scores_of(data, design)
    if sampled or rank_by is not None:
        if each_task:
            raise OptionError(
                "`each_task` shows a board for each task, and here the tasks are a sample",
                remedy="Leave one of the two out.",
            )
        from howsure.inference.task_sample import over_tasks

        return over_tasks(scores, design, rank_by or "score", question, **shown)
    study = levelled(partial(gather_or_sum, crossed=question.by_sums))(scores, design).spread_out()
    found = with_other_policies(ranked(study, question, in_blocks=True, **shown), study)
    return with_both_readings(
        found,
        study.unasked or attempt_column(scores),
        design,
        question,
        lambda other, asked: ranked(_of_leaders(found, study, scores, other), asked),
    )


def _of_leaders(board: Leaderboard, study: Study, scores: Scores, design: Design) -> Study:
    """Gather the first two models of every board for another design, or all if the scale isn't that of a
    study with all.
    """
    leaders = dict.fromkeys(entry.model for each in board.boards for entry in each.entries[:2])
    alone = levelled(gather)(scores, design, models=tuple(leaders))
    same_scale = all(study.scales.get(key) == scale for key, scale in alone.scales.items())
    return alone if same_scale else levelled(gather)(scores, design)
