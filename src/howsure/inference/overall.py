"""What is overall: the scores, pairs and ranks of several tasks put together."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Entry
from howsure.checks import Relative
from howsure.errors import Caution, OptionError
from howsure.inference.boards import board
from howsure.statistics.pairs import combine
from howsure.statistics.pairs.pivot import equivalence, pivot_of
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.leaderboard import Board
    from howsure.inference.question import Question
    from howsure.options import Overall
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

    Shares = Overall | Mapping[str, float]


def as_stated(question: Question, study: Study) -> tuple[Question, str]:
    """Return the question with the weights that the harness gives the tasks, the mean where it says nothing, and a note of them."""
    if question.overall != "harness":
        return question, ""
    group = next((group for group in study.groups if group.tasks == set(study.tasks)), None)
    if group is None or not group.by_size:
        return replace(question, overall="mean"), ""
    note = f"Overall: {group.name} as {group.harness} states it, its {len(group.tasks):,} tasks weighted by their size."
    return replace(question, overall="pooled"), note


def overall_board(
    matrices: Sequence[ScoreMatrix],
    boards: Sequence[Board],
    pairs: Sequence[PairMoments],
    asked: Question,
) -> tuple[Board | None, list[Caution]]:
    """Rank the models that have every task by their overall score; None, with a caution, where there is none."""
    reason = no_overall(matrices)
    if reason is not None:
        return None, [reason] if len(matrices) > 1 else []
    models = sorted(set.intersection(*(set(matrix.models) for matrix in matrices)))
    if not models:
        return None, [_lacking(0, matrices, [])]
    places = [[matrix.column(model) for model in models] for matrix in matrices]
    shares = task_shares(matrices, asked.overall)
    combined = combine.combine_pairs([pair.take(place) for pair, place in zip(pairs, places, strict=True)], shares)
    found = [_overall_entry(model, boards, shares, matrices[0].metric) for model in models]
    head = replace(matrices[0].take_models(places[0]), task="", metric=overall_name(asked.overall))
    left = len({model for matrix in matrices for model in matrix.models}) - len(models)
    within = combined.limits(asked.level, head.reach)
    total = replace(board(head, found, combined, asked, within=within), n_tasks=len(matrices), n_left_out=left)
    led = [f"{board.entries[0].model} leads {board.task}" for board in boards if board.entries[0].model not in models]
    return total, [_lacking(left, matrices, led)] if left else []


def _overall_entry(model: str, boards: Sequence[Board], shares: Sequence[float], metric: str) -> Entry:
    parts = [next(entry for entry in board.entries if entry.model == model) for board in boards]
    return Entry(
        task="",
        metric=metric,
        model=model,
        estimate=combine.combine_estimates([part.estimate for part in parts], shares, bounded=boards[0].percent),
        n_attempts=sum(part.n_attempts for part in parts),
        n_failed=sum(part.n_failed for part in parts),
    )


def task_shares(matrices: Sequence[ScoreMatrix], overall: Shares) -> list[float]:
    """Return the share of each task in the overall score; they sum to 1."""
    if isinstance(overall, str):
        sizes = [1 if overall == "mean" else len(matrix.items) for matrix in matrices]
        return [size / sum(sizes) for size in sizes]
    tasks = [matrix.task for matrix in matrices]
    wrong = [task for task in tasks if not 0 < overall.get(task, 0) < math.inf]
    wrong += [task for task in overall if task not in tasks]
    if wrong:
        raise OptionError(f"overall weights must be positive and name every task and no other; see {listing(wrong)}")
    total = sum(overall[matrix.task] for matrix in matrices)
    return [overall[matrix.task] / total for matrix in matrices]


def overall_name(overall: Shares) -> str:
    """Say how the tasks are put together, in the place of a metric."""
    return {"mean": "mean over tasks", "pooled": "all items pooled"}.get(str(overall), "weighted mean over tasks")


def no_overall(matrices: Sequence[ScoreMatrix]) -> Caution | None:
    """Say why scores can't be put together, None where they can."""
    tasks = [matrix.task for matrix in matrices]
    if len(matrices) < 2:
        return Caution(code="no_overall", message="one task only")
    if len(set(tasks)) < len(tasks):
        why = "a task comes with several metrics"
    elif len({(matrix.bounded, matrix.lower_is_better) for matrix in matrices}) > 1:
        why = "the tasks' scores are on different scales"
    else:
        return None
    return Caution(code="no_overall", message=f"no overall score: {why}", remedy="Choose with `metric` or `task`.")


def _lacking(count: int, matrices: Sequence[ScoreMatrix], led: list[str]) -> Caution:
    """Warn of models that lack a task; `led`: what is told of those that lead another."""
    what = "1 model lacks" if count == 1 else f"{count} models lack" if count else "all models lack"
    left = "is" if count == 1 else "are"
    return Caution(
        code="not_in_overall",
        message=f"{what} some of the {len(matrices)} tasks and {left} not in the overall ranking{_though(led)}",
        remedy="Choose tasks that all have with `task`.",
    )


def _though(led: list[str]) -> str:
    return f", though {listing(led)}" if led else ""


def overall_comparison(
    matrices: Sequence[ScoreMatrix], pairs: Sequence[Comparison], asked: Question
) -> tuple[Comparison | None, list[Caution]]:
    """Put the comparisons of several tasks together: their weighted mean, errors independent from task to task."""
    reason = no_overall(matrices)
    if reason is not None:
        return None, [reason]
    shares = task_shares(matrices, asked.overall)
    a, b = pairs[0].a, pairs[0].b
    chosen = [matrix.take_models([matrix.column(a), matrix.column(b)]) for matrix in matrices]
    if not all(pair.paired for pair in pairs):
        return None, [_UNPAIRED_TASK]
    combined = combine.combine_pairs([asked.population.pairs(matrix, asked) for matrix in chosen], shares)
    pivot = pivot_of(combined.at((0, 1)), asked.level, reach=matrices[0].reach)
    method = asked.population.overall_method(asked, bounded=matrices[0].bounded)
    estimate = combine.combined_difference(combined, [pair.difference for pair in pairs], pivot, asked.level, method)
    sign = matrices[0].orientation
    asked_other = asked.method not in (None, method.name)
    baseline = float(np.dot(shares, [pair.b_mean for pair in pairs]))
    margin = asked.margin.of(baseline) if isinstance(asked.margin, Relative) else asked.margin
    return replace(
        pairs[0],
        task="",
        metric=overall_name(asked.overall),
        a_mean=float(np.dot(shares, [pair.a_mean for pair in pairs])),
        b_mean=baseline,
        difference=estimate,
        p_value=pivot.p_value,
        p_adjusted=pivot.p_value,
        adjusted_interval=estimate.interval,
        correlation=math.nan,
        unpaired_se=math.hypot(*(share * pair.unpaired_se for share, pair in zip(shares, pairs, strict=True))),
        unclustered_se=math.hypot(*(share * pair.unclustered_se for share, pair in zip(shares, pairs, strict=True))),
        wins=sum(pair.wins for pair in pairs),
        losses=sum(pair.losses for pair in pairs),
        ties=sum(pair.ties for pair in pairs),
        n_only_a=sum(pair.n_only_a for pair in pairs),
        n_only_b=sum(pair.n_only_b for pair in pairs),
        items_needed=asked.population.items_needed(estimate, asked.level),
        attempts_needed=math.nan,
        equivalence=None if margin is None else equivalence(pivot, margin, asked.level, sign),
    ), [_other_method(method.name, asked)] if asked_other else []


def _other_method(kind: str, asked: Question) -> Caution:
    return Caution(
        code="overall_method",
        message=f"the overall comparison is by {kind!r}; {asked.method!r} is for one task",
        remedy="Leave `method` out to have one method throughout.",
    )


_UNPAIRED_TASK = Caution(
    code="no_overall",
    message="no overall comparison: on some task the two models share no item",
    remedy="Choose tasks with `task`.",
)
