"""Overall results: the scores, pairs and ranks of several tasks combined."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Entry
from howsure.checks import Relative
from howsure.errors import MethodError, ResultWarning, doubt
from howsure.inference.board import board, placing_of
from howsure.inference.population import over_tasks
from howsure.inference.task_weights import no_overall, overall_name, task_shares
from howsure.inference.weakest_part import TaskAlone, small_task
from howsure.statistics.differences import equivalence_of
from howsure.statistics.intervals import student_above
from howsure.statistics.pair_suites import REFERENCE, pair_suite
from howsure.statistics.results import Estimate, Interval
from howsure.statistics.suites import combined_error, overall_estimate, telling_error
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.leaderboard import Board
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.pair_suites import PairSuite
    from howsure.statistics.results import Equivalence
    from howsure.study.matrix import ScoreMatrix


_COMBINED_TASK = ResultWarning(
    code="no_overall",
    message="an overall comparison doesn't support tasks whose items are combined into one value",
    remedy="Use the results per task, or compare on the shared items.",
)
_UNPAIRED_TASK = ResultWarning(
    code="no_overall",
    message="no overall comparison: on some task the two models don't share any item",
    remedy="Choose tasks with `task`.",
)


def overall_board(
    matrices: Sequence[ScoreMatrix], boards: Sequence[Board], question: Question
) -> tuple[Board | None, list[ResultWarning]]:
    """Rank the models that have every task by their overall score. None, with a warning, if there is none."""
    models = sorted(set.intersection(*(set(matrix.models) for matrix in matrices)))
    if not models:
        return None, [_lacking(0, matrices, [])]
    places = [matrix.columns(models) for matrix in matrices]
    shares = task_shares(matrices, question.overall)
    chosen = [matrix.take_models(place) for matrix, place in zip(matrices, places, strict=True)]
    own, kept = [placing_of(board) for board in boards], None
    if uses_limits(question):
        kept = [
            (low[np.ix_(at, at)], high[np.ix_(at, at)])
            for (low, high), at in zip((each.pair_limits for each in own), places, strict=True)
        ]
    pairs = [each.moments.take(place) for each, place in zip(own, places, strict=True)]
    combined = suite_of(chosen, pairs, question, kept)
    own_entries = [{entry.model: entry for entry in each.entries} for each in boards]
    found = [
        _overall_entry([own[model] for own in own_entries], shares, question, matrices[0]) for model in models
    ]
    head = replace(chosen[0], task="", metric=overall_name(question.overall))
    left = len({model for matrix in matrices for model in matrix.models}) - len(models)
    all_limits = partial(combined.limits, question.level)
    placed = board(head, found, combined.moments, question, limits=all_limits)
    total = replace(placed, n_tasks=len(matrices), n_left_out=left)
    led = [
        f"{board.entries[0].model} leads {board.task}"
        for board in boards
        if board.entries[0].model not in models
    ]
    return total, [_lacking(left, matrices, led)] if left else []


def uses_limits(question: Question) -> bool:
    """Return whether an overall board uses the limits of its tasks' own boards, at the question's level."""
    return question.level == REFERENCE and not question.population.only_these


def _overall_entry(
    parts: Sequence[Entry], shares: Sequence[float], question: Question, first: ScoreMatrix
) -> Entry:
    """Combine a model's entries on all tasks. `first`: the matrix of the first one."""
    estimates = [part.estimate for part in parts]
    whole = overall_estimate(estimates, shares, bounded=first.bounded)
    small = small_task(
        [TaskAlone.of(each) for each in estimates],
        shares,
        [part.task for part in parts],
        question,
        percent=first.bounded,
    )
    return Entry(
        task="",
        metric=first.metric,
        model=parts[0].model,
        estimate=replace(whole, warnings=(*whole.warnings, *small)),
        n_attempts=sum(part.n_attempts for part in parts),
        n_failed=sum(part.n_failed for part in parts),
    )


def suite_of(
    matrices: Sequence[ScoreMatrix],
    pairs: Sequence[PairMoments],
    question: Question,
    limits: Sequence[tuple[Floats, Floats]] | None = None,
) -> PairSuite:
    """Combine the pairs of several tasks, with the same models in the same order. `limits`: their own, as in
    `pair_suite`.
    """
    population = question.population
    if limits is None and not population.only_these:
        level = np.asarray(REFERENCE)
        limits = [
            population.limits(matrix, pair, question, level)
            for matrix, pair in zip(matrices, pairs, strict=True)
        ]
    silent = matrices[0].bounded and question.method != "t"
    shares = task_shares(matrices, question.overall)
    return pair_suite(pairs, shares, limits, reach=matrices[0].reach, silent=silent)


def _lacking(count: int, matrices: Sequence[ScoreMatrix], led: list[str]) -> ResultWarning:
    """Warn of models that lack a task. `led`: a note on those that lead another."""
    what = "1 model lacks" if count == 1 else f"{count} models lack" if count else "all models lack"
    left = "is" if count == 1 else "are"
    though = f", though {listing(led)}" if led else ""
    return ResultWarning(
        code="not_in_overall",
        message=f"{what} some of the {len(matrices)} tasks and {left} not in the overall ranking{though}",
        remedy="Choose tasks that all have with `task`.",
    )


def overall_comparison(
    matrices: Sequence[ScoreMatrix], pairs: Sequence[Comparison], question: Question
) -> tuple[Comparison | None, list[ResultWarning]]:
    """Combine the comparisons of several tasks: their weighted mean, with errors independent between
    tasks.
    """
    reason = no_overall(matrices)
    if reason is not None:
        return None, [reason]
    if any(pair.difference.method.name == "combined" for pair in pairs):
        return None, [_COMBINED_TASK]
    if not all(pair.paired for pair in pairs):
        return None, [_UNPAIRED_TASK]
    question, given = over_tasks(question, matrices), question
    pairs = [_again(pair, matrix, question, given) for pair, matrix in zip(pairs, matrices, strict=True)]
    found = _compared_suite(matrices, pairs, question)
    shares = task_shares(matrices, question.overall)
    estimate, p_value = _overall_difference(found, pairs, question, bounded=matrices[0].bounded)
    value, se, p, df = (np.asarray(each) for each in (estimate.value, estimate.se, p_value, estimate.df))
    telling = replace(estimate, se=float(telling_error(value, se, p, df)))
    own, names = [TaskAlone.of(pair.difference) for pair in pairs], [pair.task for pair in pairs]
    small = small_task(own, shares, names, question, percent=pairs[0].percent)
    baseline = float(np.dot(shares, [pair.b_mean for pair in pairs]))
    margin = question.margin.of(baseline) if isinstance(question.margin, Relative) else question.margin
    return replace(
        pairs[0],
        task="",
        metric=overall_name(question.overall),
        a_mean=float(np.dot(shares, [pair.a_mean for pair in pairs])),
        b_mean=baseline,
        difference=replace(estimate, warnings=(*estimate.warnings, *small)),
        p_value=p_value,
        p_adjusted=p_value,
        adjusted_interval=estimate.interval,
        correlation=math.nan,
        unpaired_se=float(combined_error([np.asarray(pair.unpaired_se) for pair in pairs], shares)),
        unclustered_se=float(combined_error([np.asarray(pair.unclustered_se) for pair in pairs], shares)),
        wins=sum(pair.wins for pair in pairs),
        losses=sum(pair.losses for pair in pairs),
        ties=sum(pair.ties for pair in pairs),
        n_only_a=sum(pair.n_only_a for pair in pairs),
        n_only_b=sum(pair.n_only_b for pair in pairs),
        items_needed=math.nan if small else question.population.items_needed(telling, question.level),
        attempts_needed=math.nan,
        population=question.population.name,
        clusters=None,
        other_population=None,
        slices=(),
        usage=(),
        warnings=(),
        equivalence=None
        if margin is None
        else _overall_equivalence(found, margin, question, matrices[0].orientation),
    ), []


def _again(pair: Comparison, matrix: ScoreMatrix, question: Question, given: Question) -> Comparison:
    """Return the comparison of a task for the overall population."""
    if given.population.of(matrix) == question.population.of(matrix):
        return pair
    return question.population.pair(matrix, pair.a, pair.b, replace(question, margin=None))


def _compared_suite(
    matrices: Sequence[ScoreMatrix], pairs: Sequence[Comparison], question: Question
) -> PairSuite:
    """Combine the tasks of two models as their board does, or from the intervals of a method that boards
    don't have.
    """
    population, a, b = question.population, pairs[0].a, pairs[0].b
    chosen = [matrix.take_models(matrix.columns((a, b))) for matrix in matrices]
    moments = [population.pairs(matrix, question) for matrix in chosen]
    if question.method in (None, "score", "t") or population.only_these:
        return suite_of(chosen, moments, question)
    at = replace(question, level=REFERENCE, margin=None)
    same = question.level == REFERENCE
    own = [
        pair if same else population.pair(matrix, a, b, at)
        for matrix, pair in zip(chosen, pairs, strict=True)
    ]
    return suite_of(chosen, moments, question, [_both_ways(pair.difference.interval) for pair in own])


def _both_ways(interval: Interval) -> tuple[Floats, Floats]:
    """Return the limits of a − b and of b − a as those of two models (2, 2)."""
    low, high = np.zeros((2, 2)), np.zeros((2, 2))
    low[0, 1], high[0, 1] = interval.low, interval.high
    low[1, 0], high[1, 0] = -interval.high, -interval.low
    return low, high


def _overall_difference(
    suite: PairSuite, pairs: Sequence[Comparison], question: Question, *, bounded: bool
) -> tuple[Estimate, float]:
    """Return the overall difference of two models, and its p-value."""
    moments = suite.moments
    low, high = (float(limit[0, 1]) for limit in suite.limits(question.level))
    p_value = float(moments.p_value[0, 1]) if math.isfinite(low) else math.nan
    return Estimate(
        value=float(moments.difference[0, 1]),
        se=math.sqrt(float(moments.variance[0, 1])),
        interval=Interval(low=low, high=high, level=question.level),
        df=float(moments.df[0, 1]),
        n_items=sum(pair.difference.n_items for pair in pairs),
        n_clusters=sum(
            d.n_items if d.method.same_clusters else d.n_clusters for d in (pair.difference for pair in pairs)
        ),
        method=question.population.overall_method(question, bounded=bounded),
        warnings=() if math.isfinite(p_value) else (doubt("no_overall_error_bar"),),
    ), p_value


def _overall_equivalence(suite: PairSuite, margin: float, question: Question, sign: int) -> Equivalence:
    """Test non-inferiority and equivalence at ±margin with the overall test itself."""
    if not math.isfinite(float(suite.limits(question.level)[0][0, 1])):
        raise MethodError(
            "a margin needs an overall comparison with a standard error",
            remedy="Check that every task has at least two items or clusters.",
        )
    worse, better = (
        float(student_above(np.asarray(sign * side * suite.t(-sign * side * margin)), suite.moments.df[0, 1]))
        for side in (1, -1)
    )
    return equivalence_of(worse, better, margin=margin, level=question.level)
