"""Checks get their verdicts, by one rule: passes as they are, fails corrected for how many checks there
are.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.gate import OtherVerdict
from howsure.errors import Caution
from howsure.inference.compare import unlike_of
from howsure.inference.gate_checks import cost_checks, floors, pair_checks, slice_checks, tasks_of_one
from howsure.inference.gate_policy import tiered, weights
from howsure.inference.population import BY_TASK, NEW_CLUSTERS, SAME_CLUSTERS
from howsure.statistics.multiplicity import holm
from howsure.statistics.results import significant
from howsure.wording import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.gate import Check, GateVerdict
    from howsure.inference.gate_question import GateQuestion
    from howsure.inference.planned_looks import LookSeries
    from howsure.statistics.arrays import Floats

FLOORS = ("at_least", "at_most")
POPULATIONS = {
    "new-clusters": "about new clusters",
    "same-clusters": "on more questions from these same clusters",
}
UNCORRECTED = Caution(
    code="fail_not_corrected",
    message="alone this check would fail; with so many checks at once that may be chance (Holm)",
    remedy="Run more questions, or ask for fewer tasks.",
)


def verdict_of(p_pass: float, p_fail: float, level: float) -> GateVerdict:
    """Decide one check: "pass" if that is shown at `level`, else "fail" if that is, else "unclear".

    This is the gate's only rule: every criterion, on a task, on a slice, on costs or by a policy, comes down
    to two p-values. `p_pass` is that of the check alone, since all checks have to pass (an intersection-union
    test); `p_fail` is corrected for the number of checks, since one fail is enough. NaN shows nothing.
    """
    if significant(p_pass, level):
        return "pass"
    return "fail" if significant(p_fail, level) else "unclear"


def p_values_of(check: Check) -> tuple[float, float]:
    """Return the p-values of a pass and of a fail of one check alone.

    The score of a model is judged by its one-sided limits, which hold the truth: 0 stands for what they show,
    1 for what they don't. A limit that touches the floor is on its good side.
    """
    if check.criterion not in FLOORS:
        return check.p_pass, check.p_fail
    if not (math.isfinite(check.low) and math.isfinite(check.high)):
        return math.nan, math.nan
    if check.lower_is_better:
        return float(check.high > check.limit), float(check.low <= check.limit)
    return float(check.low < check.limit), float(check.high >= check.limit)


def decided(gate: GateQuestion, checks: Sequence[Check]) -> list[Check]:
    """Give every check its verdict; fails are corrected by Holm's procedure over the checks that bind."""
    p_pass, p_fail = np.array([p_values_of(check) for check in checks]).reshape(-1, 2).T
    tested = [k for k, check in enumerate(checks) if check.binds and not check.lacking]
    adjusted = np.where([check.binds for check in checks], math.nan, p_fail)
    adjusted[tested] = _corrected(gate, [checks[k] for k in tested], p_fail[tested])
    decisions = []
    for k, check in enumerate(checks):
        verdict = verdict_of(p_pass[k], adjusted[k], gate.level)
        by_chance = significant(p_fail[k], gate.level) and not significant(adjusted[k], gate.level)
        decisions.append(
            replace(
                check,
                verdict=verdict,
                p_fail_adjusted=math.nan if check.criterion in FLOORS else float(adjusted[k]),
                cautions=(*check.cautions, UNCORRECTED) if by_chance else check.cautions,
            )
        )
    return decisions


def _corrected(gate: GateQuestion, checks: Sequence[Check], p_fail: Floats) -> Floats:
    """Return p-values of fails after Holm's correction, with the weights of a policy; NaN stays."""
    p_fail = p_fail.copy()
    if len(checks) > 1:
        failing = [k for k, check in enumerate(checks) if check.criterion in FLOORS and p_fail[k] == 0]
        p_fail[failing] = _floor_p_values(gate, [checks[k] for k in failing], len(checks))
    finite = np.isfinite(p_fail)
    shares = weights(gate.policy, checks)
    p_fail[finite] = holm(p_fail[finite], None if shares is None else shares[finite])
    return p_fail


def _floor_p_values(gate: GateQuestion, failing: Sequence[Check], count: int) -> list[float]:
    """Return (1 − level) / j for each failing floor, j the largest of Holm's steps at which it still fails.

    That is all that Holm's procedure needs to know of a p-value for which there is no formula.
    """

    @cache
    def fails_at(step: int) -> frozenset[tuple[str, str]]:
        """Return task and metric of the floors that fail at one step's level."""
        _, checks = floors(gate, 1 - 2 * (1 - gate.level) / step)
        return frozenset((check.task, check.metric) for check in checks if p_values_of(check)[1] == 0)

    def last_step(check: Check) -> int:
        """Return the last step at which a floor fails, found by halving."""
        key = (check.task, check.metric)
        return 1 + bisect_left(range(2, count + 1), True, key=lambda step: key not in fails_at(step))

    return [(1 - gate.level) / last_step(check) for check in failing]


def judged(gate: GateQuestion) -> tuple[list[Check], list[str], list[Caution]]:
    """Return every check with its p-values or limits, not yet decided; notes and cautions."""
    checks: list[Check] = []
    notes: list[str] = []
    cautions: list[Caution] = []
    of_scores = [floors(gate, gate.one_sided)] if gate.criteria.floors else []
    for answer, more in (*pair_checks(gate), *of_scores):
        checks += more if gate.look is None else [_at_look(check, gate.look, gate.level) for check in more]
        notes += answer.notes
        cautions += [caution for caution in answer.cautions if caution.code != "task_left_out"]
    if not gate.criteria.of_difference and not gate.criteria.floors:
        notes, cautions = [*gate.study.notes], [*gate.study.cautions]
    checks += cost_checks(gate)
    if gate.policy is not None:
        checks += slice_checks(gate, gate.policy)
    pairs: list[Comparison] = []
    if gate.criteria.of_difference:
        pairs = gate.wanted(gate.compare(gate.level, None))
        cautions += unlike_of(pairs)
    if gate.baseline is not None:
        lacking, without_baseline = tasks_of_one(gate, gate.baseline, checks)
        checks, cautions = [*checks, *lacking], [*cautions, *without_baseline]
    if gate.policy is not None:
        checks = tiered(gate.policy, checks, pairs)
    return checks, notes, cautions


def _at_look(check: Check, look: LookSeries, level: float) -> Check:
    """Return a check with p-values and limits that are for all looks together; `level`: that of the gate."""
    two_sided, one_sided = level, 2 * level - 1
    if check.criterion in FLOORS:
        return replace(check, level=one_sided)

    def overall(p_value: float, *, sides: int) -> float:
        """Return the least error with which this look would decide."""
        if sides == 2:
            return look.overall_p(p_value, two_sided)
        return look.overall_p(2 * p_value, one_sided) / 2 if p_value < 0.5 else p_value

    own = min((two_sided, one_sided), key=lambda each: abs(look.level(each) - check.level))
    sides = {"better": (2, 2), "not_worse_than": (1, 1), "same_within": (1, 2)}[check.criterion]
    return replace(
        check,
        level=one_sided if check.criterion == "not_worse_than" else own,
        p_pass=overall(check.p_pass, sides=sides[0]),
        p_fail=overall(check.p_fail, sides=sides[1]),
    )


def verdicts(gate: GateQuestion) -> list[Check]:
    """Return every check with its verdict."""
    return settled(gate, judged(gate)[0])


def settled(gate: GateQuestion, checks: Sequence[Check]) -> list[Check]:
    """Give every check its verdict; where clusters are few, beside that of the other of new and same
    clusters.
    """
    checks, population = decided(gate, checks), gate.question.population
    if not gate.study.few_clusters or population.only_these:
        return checks
    other = SAME_CLUSTERS if population is NEW_CLUSTERS else NEW_CLUSTERS
    other_gate = replace(gate, question=replace(gate.question, population=other))
    others = {check.key: check for check in decided(other_gate, judged(other_gate)[0])}
    chosen = population is not BY_TASK
    return [_with_other(check, others.get(check.key), chosen=chosen) for check in checks]


def _with_other(check: Check, other: Check | None, *, chosen: bool) -> Check:
    """Add the verdict for the other population; where none was chosen, one that only one of the two has is
    taken back.
    """
    if other is None or other.population == check.population or check.lacking:
        return check
    verdict = OtherVerdict(population=other.population, verdict=other.verdict, low=other.low, high=other.high)
    check = replace(check, other=verdict)
    if chosen or check.verdict == other.verdict:
        return check
    words = [f"{VERDICTS[one.verdict].lower()!r} {POPULATIONS[one.population]}" for one in (check, other)]
    caution = Caution(
        code="population_would_change_verdict",
        message=f"{check.name}: {' and '.join(words)}; these clusters are too few to speak of new ones",
        remedy=(
            'Say which is meant with `population`; in howsure.toml: population = "same-clusters", or '
            'population = "new-clusters".'
        ),
    )
    return replace(check, verdict="unclear", verdict_here=check.verdict, cautions=(*check.cautions, caution))


def other_policies(gate: GateQuestion, checks: Sequence[Check]) -> list[Caution]:
    """Warn where counting failed attempts the other way would change the verdict of a check."""
    if gate.study.design.failures == "error" or not gate.study.failed():
        return []
    before = {check.key: check.verdict for check in checks}
    cautions = []
    for policy in ("drop", "zero"):
        again = replace(gate, study=gate.study.with_failures(policy))
        cautions += [
            Caution(
                code="failure_policy",
                message=(
                    f"{check.name}: with `failures={policy!r}` the verdict would be "
                    f"{VERDICTS[check.verdict].lower()!r}"
                ),
                remedy="Choose a policy and keep it.",
            )
            for check in verdicts(again)
            if before.get(check.key, check.verdict) != check.verdict
        ]
    return cautions
