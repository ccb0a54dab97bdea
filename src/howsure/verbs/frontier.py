"""The function frontier: which models could be the best buy?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure.answers.frontier import Frontier, FrontierModel, TaskFrontier
from howsure.answers.parts import UsageDifference
from howsure.errors import DataError, OptionError, ResultWarning
from howsure.inference.costs import frontier_of
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.statistics.rates import shown_better
from howsure.statistics.results import Estimate, Interval, Method
from howsure.study.design import Design, DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.audit import (
    boards_of,
    bounded,
    directions_of,
    has_error,
    limits,
    named_apart,
    published_of,
    stated_or_binomial,
    without_copies,
    without_templates,
)
from howsure.verbs.read import scores_of
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.options.choices import BoardMethod
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.table.scores import Published, Scores

RESPECTS = Respects(verb="frontier", all_but=("statistic", "random factor", "covariate", "slices"))
BINOMIAL = Method(name="binomial")
UNPAIRED = Method(name="binomial", paired=False)
STATED = Method(name="stated")
NOTE = (
    "Published scores: costs are treated as exact, and a cost of 0 as missing. Models are "
    "compared as if unpaired."
)


def frontier(
    data: Any,
    *,
    method: BoardMethod | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Frontier:
    """Find the models that could be the best buy: none shown to score higher and cost no more.

    All pairs of scores and costs are compared at once by max-t over sign flips (Romano and Wolf 2005), each
    at half of the significance level. A model that no other truly beats in both is therefore kept with at
    least the chosen level, even if models tie or lack questions.

    In a published leaderboard (columns model, score, n, and usd per question or total_cost), costs are
    treated as exact and 0 as missing. Scores are compared as if unpaired, all pairs at once (Tukey 1953;
    Kramer 1956).

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores; or a published leaderboard. `usage` names the column of cost, time or
            tokens.
        method: The test of the differences of scores: "score" or "t". None uses "score" for scores in [0, 1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The simultaneous confidence level of all results.
        seed: The seed of the sign flips.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `usage` is required.

    Returns:
        Frontier: One part per task and measure: every model with its score, its cost and the models that beat
            it, the cheapest of those that could be best, and how it compares with the leader.

    Raises:
        OptionError: If no measure is named, or an option has an invalid value.
        DataError: If a measure isn't recorded, or a named task, model, metric or column doesn't exist.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["big"] * 40 + ["small"] * 40 + ["slow"] * 40,
        ...     "item": [*range(40)] * 3,
        ...     "score": [1, 1, 1, 0] * 10 + [1, 1, 0, 1] * 10 + [0] * 40, "usd": [0.3, 0.5] * 20
        ...     + [0.1, 0.1] * 20 + [0.4, 0.6] * 20})
        >>> found = frontier(rows, usage="usd").tasks[0]
        >>> found.could_be_on_frontier, found.cheapest, found["slow"].dominated_by
        (('small', 'big'), 'small', ('big', 'small'))
    """
    given = checked("frontier", method=method, variance=variance, level=level, seed=seed)
    design = make_design(options, RESPECTS, method=method)
    if not design.usage:
        raise OptionError(
            "no measure is named", remedy="Set `usage` to what to compare: usd, seconds, tokens_out …"
        )
    scores = published_of(scores_of(data, design))
    if scores.published and not scores.has_rows:
        if (method, variance) != (None, "CR2"):
            raise OptionError(
                "published scores contain no single answers", remedy="Leave method and variance out."
            )
        return published_frontier(scores, design, given["level"])
    question = Question(population=population_of(design.population), adjust="max-t", **given)
    return frontier_of(gather(scores, design), question)


def published_frontier(scores: Scores, design: Design, level: float) -> Frontier:
    """Return who could be the best buy on every board of a published leaderboard."""
    if replace(design, task=(), model=(), metric=(), usage=(), bounds=None, lower_is_better=None) != Design():
        raise OptionError(
            "published scores contain no single answers",
            remedy=("Only measure, task, model, metric, bounds, lower_is_better and level apply to them."),
        )
    scores = bounded(scores, design.bounds)
    published = [score for score in scores.published if _wanted(score, design)]
    once, templates = without_templates(without_copies(published), design.model)
    boards = boards_of(once)
    directions = directions_of(boards, scores, design.lower_is_better)
    tasks = tuple(
        _task(known, measure, level, lower=key in directions.lower)
        for measure in design.usage
        for key, board in boards.items()
        if len(known := _with_error(board)) > 1 and any(measure in score.took for score in known)
    )
    if not tasks:
        raise DataError(
            f"fewer than two published scores with an error state their {listing(design.usage)}",
            remedy="A leaderboard needs columns model, score, n, and usd (per question) or "
            "total_cost. Percentages "
            "need `bounds`, and single answers a column for the item.",
        )
    return Frontier(
        tasks=tasks,
        notes=(*scores.notes, NOTE, *directions.notes),
        warnings=(
            *scores.warnings,
            *templates,
            *directions.warnings,
            *_left_out([score for board in boards.values() for score in board]),
        ),
    )


def _wanted(score: Published, design: Design) -> bool:
    asked = ((score.task, design.task), (score.metric, design.metric), (score.model, design.model))
    return all(not names or value in names for value, names in asked)


def _with_error(board: Sequence[Published]) -> list[Published]:
    """Return the scores that have an error, the largest first, with repeated names numbered."""
    return sorted((score for score in named_apart(board) if has_error(score)), key=lambda score: -score.score)


def _task(board: list[Published], measure: str, level: float, *, lower: bool) -> TaskFrontier:
    # Scores, numbers of questions and stated standard errors (M,), NaN for what isn't known.
    unknown = math.nan
    value, n, stated = (
        np.array([score.score for score in board]),
        np.array([unknown if score.n is None else float(score.n) for score in board]),
        np.array([unknown if score.stderr is None else score.stderr for score in board]),
    )
    took = np.array([score.took.get(measure, math.nan) for score in board])
    higher, sign = shown_better(value, n, stated, level), -1 if lower else 1
    better = higher.T if lower else higher
    with np.errstate(invalid="ignore"):
        beats = better & (took[:, None] <= took)
    best = np.asarray(~better.any(axis=0))
    estimates = [_score(score, level) for score in board]
    buys = [
        FrontierModel(
            model=score.model,
            score=estimates[k],
            cost=_cost(score, measure, level),
            n_missing=0 if measure in score.took else (score.n or 1),
            could_be_best=bool(best[k]),
            dominated_by=tuple(board[j].model for j in np.flatnonzero(beats[:, k])),
        )
        for k, score in enumerate(board)
    ]
    order = np.lexsort((-sign * value, took)).tolist()  # unknown ones last
    told = [k for k in order if best[k] and took[k] > 0]
    leader = int(np.lexsort((took, -sign * value))[0])
    apart = bool(told) and told[0] != leader
    return TaskFrontier(
        task=board[0].task,
        metric=board[0].metric,
        usage=measure,
        level=level,
        lower_is_better=lower,
        percent=bool(((value >= 0) & (value <= 1)).all()),
        cheapest=board[told[0]].model if told else None,
        leader=board[leader].model,
        difference=_gap(board[leader], board[told[0]], measure, level) if apart else None,
        lead=_lead(estimates[leader], estimates[told[0]], level) if apart else None,
        models=tuple(buys[k] for k in order),
    )


def _score(score: Published, level: float) -> Estimate:
    se = stated_or_binomial(score)
    low, high = limits(score, se, level)
    return Estimate(
        value=score.score,
        se=se,
        interval=Interval(low=low, high=high, level=level),
        df=math.inf,
        n_items=score.n or 0,
        n_clusters=score.n or 0,
        method=BINOMIAL if score.stderr is None else STATED,
    )


def _cost(score: Published, measure: str, level: float) -> Estimate:
    known = measure in score.took
    end = score.took[measure] if known else math.nan
    return Estimate(
        value=end if known else 0.0,
        se=0.0 if known else math.nan,
        interval=Interval(low=end, high=end, level=level),
        df=math.inf,
        n_items=score.n or 0,
        n_clusters=score.n or 0,
        method=STATED,
    )


def _gap(leader: Published, cheapest: Published, measure: str, level: float) -> UsageDifference:
    a, b = leader.took.get(measure, math.nan), cheapest.took[measure]
    return UsageDifference(
        name=measure,
        per="attempt",
        a=a,
        b=b,
        ratio=a / b,
        interval=Interval(low=a / b, high=a / b, level=level),
        p_value=math.nan,
        ratio_is="exact" if math.isfinite(a) else "unknown",
        n_items=min(leader.n or 0, cheapest.n or 0),
        n_clusters=min(leader.n or 0, cheapest.n or 0),
    )


def _lead(a: Estimate, b: Estimate, level: float) -> Estimate:
    """Return the difference of two scores, with limits from those of both (Newcombe 1998), so that 0 and n of
    n aren't treated as certain.
    """
    gap, (x, y) = a.value - b.value, (a.interval, b.interval)
    low = gap - math.hypot(a.value - x.low, y.high - b.value)
    high = gap + math.hypot(x.high - a.value, b.value - y.low)
    return Estimate(
        value=gap,
        se=math.hypot(a.se, b.se),
        interval=Interval(low=low, high=high, level=level),
        df=math.inf,
        n_items=min(a.n_items, b.n_items),
        n_clusters=min(a.n_items, b.n_items),
        method=UNPAIRED,
    )


def _left_out(published: Sequence[Published]) -> Iterator[ResultWarning]:
    """Note which scores have no error, and why."""
    lacking = [score for score in published if not has_error(score)]
    uncounted = [score.model for score in lacking if score.n is None]
    unbounded = [score.model for score in lacking if score.n is not None]
    if uncounted:
        yield ResultWarning(
            code="unknown_n",
            message=f"no number of questions, and left out: {listing(uncounted)}",
            remedy="Add a column n.",
        )
    if unbounded:
        yield ResultWarning(
            code="unknown_scale",
            message=f"unknown scale, and left out: {listing(unbounded)}",
            remedy="Set it: `bounds=(0, 100)` for percentages.",
        )
