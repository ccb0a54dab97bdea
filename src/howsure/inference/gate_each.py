"""Checks of every single question of the candidate: does each keep a floor over its attempts?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.gate import Check, EachQuestion
from howsure.errors import MethodError
from howsure.statistics import question_rates
from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.results import allowed
from howsure.statistics.tolerances import ROUNDED_SCORES
from howsure.study.notes import require_one_metric

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
    require_one_metric([(matrix.task, matrix.metric) for matrix in matrices], gate.study.design)
    return [_each_check(matrix, floor, gate) for matrix in matrices]


def _each_check(matrix: ScoreMatrix, floor: EachFloor, gate: GateQuestion) -> Check:
    """Judge the questions of one task and metric."""
    if matrix.derived or matrix.sums is not None or not matrix.right_or_wrong()[0]:
        raise MethodError(
            f"{matrix.task}: `each_at_least` needs attempts that are right or wrong, and these aren't",
            remedy="Use `at_least` for their mean.",
        )
    n, best = matrix.attempts[:, 0].astype(np.int64), matrix.successes()[:, 0]
    solved = n - best if matrix.lower_is_better else best
    p_kept, p_below = _tests(solved, n, floor)
    level = gate.one_sided
    low, high = clopper_pearson(solved, np.maximum(n, 1), level)
    share = np.where(n > 0, solved / np.maximum(n, 1), np.inf)
    lowest = int(np.lexsort((-p_kept, share))[0])
    each = EachQuestion(
        counted=floor.attempts,
        item=str(matrix.items[lowest]),
        solved=int(solved[lowest]),
        attempts=int(n[lowest]),
        items=matrix.items,
        all_solved=solved,
        all_attempts=n,
        p_kept=p_kept,
        p_below=p_below,
        verdicts=np.full(len(n), "unclear"),
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


def with_verdicts(check: Check, p_fail_adjusted: float, level: float) -> Check:
    """Return a check with the verdict on each question, so that one fails only if the check does: p-values
    are corrected for the number of checks as that of the check was.
    """
    if check.each is None:
        return check
    times = p_fail_adjusted / check.p_fail if check.p_fail > 0 and math.isfinite(p_fail_adjusted) else 1.0
    passed, failed = check.each.p_kept <= allowed(level), check.each.p_below * times <= allowed(level)
    verdicts = np.select([passed, failed], ["pass", "fail"], "unclear")
    return replace(check, each=replace(check.each, verdicts=verdicts))


def _tests(solved: Ints, n: Ints, floor: EachFloor) -> tuple[Floats, Floats]:
    """Return two p-values of each question (n,): that it keeps the floor, and, corrected, that it is below.

    A plain count isn't tested: its p-values are 0 where it is decided, else 1.
    """
    if floor.attempts is None:
        return (
            question_rates.keeps_floor(solved, n, floor.share),
            question_rates.below_floor(solved, n, floor.share).adjusted,
        )
    needed = _needed(n, floor)
    spare = np.maximum(n, floor.attempts) - needed
    return (solved < needed).astype(float), (n - solved <= spare).astype(float)


def _needed(n: Ints, floor: EachFloor) -> Ints:
    """Return the successes that a plain count takes at each question: its share of n attempts, or of its own
    number if there are fewer.
    """
    return np.ceil(floor.share * np.maximum(n, floor.attempts or 0) - ROUNDED_SCORES).astype(np.int64)


def _counted(each: EachQuestion, floor: EachFloor) -> EachQuestion:
    """Add how often the count fails a good system by chance."""
    n = np.maximum(each.all_attempts, floor.attempts or 0)
    passing = question_rates.keeps_floor(_needed(each.all_attempts, floor), n, GOOD)
    usual = int(np.median(each.all_attempts))
    return replace(
        each,
        usual_attempts=usual,
        needed_at_usual=int(_needed(np.array([usual]), floor)[0]),
        false_fail_rate=1 - float(passing.prod()),
    )


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
