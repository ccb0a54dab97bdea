"""Checks of every single question of the candidate: does each keep a floor over its attempts?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.gate import Check, EachQuestion
from howsure.errors import MethodError, OptionError
from howsure.statistics import question_rates
from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.results import allowed
from howsure.wording import listing

if TYPE_CHECKING:
    from howsure.checks import EachFloor
    from howsure.inference.gate_question import GateQuestion
    from howsure.statistics.arrays import Floats, Ints
    from howsure.study.matrix import ScoreMatrix

GOOD = 0.9
"""The success probability of a system that a plain count should let pass."""


def each_checks(gate: GateQuestion) -> list[Check]:
    """Judge every question of the candidate on every task. Nothing without that criterion."""
    floor = gate.criteria.each_at_least
    if floor is None:
        return []
    matrices = list(gate.study.of_models([gate.candidate]).matrices())
    metrics: dict[str, list[str]] = {}
    for matrix in matrices:
        metrics.setdefault(matrix.task, []).append(matrix.metric)
    for task, names in metrics.items():
        if len(names) > 1 and not gate.study.design.metric_of(task):
            raise OptionError(
                f"{task} has {len(names)} metrics: {listing(names)}", remedy="Choose one with `metric`."
            )
    return [_each_check(matrix, floor, gate) for matrix in matrices]


def _each_check(matrix: ScoreMatrix, floor: EachFloor, gate: GateQuestion) -> Check:
    """Judge the questions of one task and metric."""
    if matrix.derived or matrix.sums is not None or not matrix.right_or_wrong()[0]:
        raise MethodError(
            f"{matrix.task}: `each_at_least` needs attempts that are right or wrong, and these aren't",
            remedy="Use `at_least` for their mean.",
        )
    n = matrix.attempts[:, 0].astype(np.int64)
    best = np.rint(np.nan_to_num(matrix.values[:, 0]) * n).astype(np.int64)
    solved = n - best if matrix.lower_is_better else best
    p_kept, p_below = _tests(solved, n, floor)
    level = gate.one_sided
    low, high = clopper_pearson(solved, np.maximum(n, 1), level)
    share = np.where(n > 0, solved / np.maximum(n, 1), np.inf)
    lowest = int(np.lexsort((-p_kept, share))[0])
    kind = np.select(
        [p_kept <= allowed(gate.level), p_below <= allowed(gate.level)], ["pass", "fail"], "unclear"
    )
    each = EachQuestion(
        counted=floor.attempts,
        item=str(matrix.items[lowest]),
        solved=int(solved[lowest]),
        attempts=int(n[lowest]),
        items=matrix.items,
        all_solved=solved,
        all_attempts=n,
        verdicts=kind,
    )
    each = _counted(each, floor) if floor.attempts else _settled(each, floor.share, gate.level)
    known = n[lowest] > 0
    return Check(
        task=matrix.task,
        metric=matrix.metric,
        criterion="each_at_least",
        candidate=gate.candidate,
        baseline=gate.baseline,
        limit=floor.share,
        value=float(share[lowest]) if known else math.nan,
        low=float(low[lowest]) if known else math.nan,
        high=float(high[lowest]) if known else math.nan,
        level=level,
        candidate_score=float(share[lowest]) if known else math.nan,
        p_pass=float(p_kept.max()),
        p_fail=float(p_below.min()),
        n_items=len(n),
        n_clusters=len(n),
        percent=True,
        each=each,
    )


def _tests(solved: Ints, n: Ints, floor: EachFloor) -> tuple[Floats, Floats]:
    """Return two p-values of each question (n,): that it keeps the floor, and, corrected, that it is below.

    A plain count isn't tested: its p-values are 0 where it is decided, else 1.
    """
    if floor.attempts is None:
        return (
            question_rates.keeps_floor(solved, n, floor.share),
            question_rates.below_floor(solved, n, floor.share).adjusted,
        )
    needed = np.ceil(floor.share * np.maximum(n, floor.attempts) - 1e-9)
    spare = np.maximum(n, floor.attempts) - needed
    return (solved < needed).astype(float), (n - solved <= spare).astype(float)


def _counted(each: EachQuestion, floor: EachFloor) -> EachQuestion:
    """Add how often the count fails a good system by chance."""
    passing = question_rates.chance_of_count(each.counted or 0, floor.right, GOOD)
    return replace(each, false_fail_rate=1 - passing ** len(each.items))


def _settled(each: EachQuestion, floor: float, level: float) -> EachQuestion:
    """Add what attempts can show: for a pass, for a fail, and for the lowest question."""
    usual, questions = int(np.median(each.all_attempts)), len(each.items)
    return replace(
        each,
        attempts_to_pass=question_rates.attempts_to_pass(floor, level),
        usual_attempts=usual,
        most_solved_below=question_rates.most_right_below(usual, floor, level, questions),
        attempts_needed=question_rates.attempts_to_settle(
            each.solved, each.attempts, floor, level, questions
        ),
    )
