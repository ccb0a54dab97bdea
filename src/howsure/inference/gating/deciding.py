"""Checks get their verdicts: passes as they are, fails corrected for the number of checks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution
from howsure.inference.gating.floors import floors
from howsure.inference.gating.tiers import weights
from howsure.statistics.multiplicity import holm
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.gate import Check, GateVerdict
    from howsure.inference.gating.asking import How


def decided(how: How, checks: list[Check]) -> list[Check]:
    """Give every check its verdict: passes as they are, fails after Holm's correction for the number of
    checks that bind.
    """
    judged = [check for check in checks if check.binds and not check.lacking]
    p = np.array([_p_fail(check) for check in judged])
    stricter = _Stricter(how=how, count=len(judged))
    for k, check in enumerate(judged):
        if len(judged) > 1 and check.criterion in FLOORS and check.verdict == "fail":
            p[k] = stricter.bracket(check)
    known = np.isfinite(p)
    adjusted = np.full(len(p), math.nan)
    shares = weights(how.policy, judged)
    adjusted[known] = holm(p[known], None if shares is None else shares[known])
    found = dict(zip(map(id, judged), adjusted.tolist(), strict=True))
    return [
        _with_verdict(check, found.get(id(check), math.nan if check.binds else check.p_fail), how.level)
        for check in checks
    ]


FLOORS = ("at_least", "at_most")


def _p_fail(check: Check) -> float:
    if check.criterion in FLOORS and math.isfinite(check.low):
        return 0.0 if check.verdict == "fail" else 1.0
    return check.p_fail


def _with_verdict(check: Check, adjusted: float, level: float) -> Check:
    floor = check.criterion in FLOORS
    passed = check.verdict == "pass" if floor else significant(check.p_pass, level)
    alone = check.verdict == "fail" if floor else significant(check.p_fail, level)
    failed = alone and significant(adjusted, level)
    told = (UNCORRECTED,) if alone and not failed else ()
    return replace(
        check,
        verdict="pass" if passed else "fail" if failed else "unclear",
        p_fail_adjusted=math.nan if floor else adjusted,
        cautions=(*check.cautions, *told),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stricter:
    """Floors judged at the levels of Holm's steps: a fail has p ≤ (1 − level) / j for the steps j that it
    survives.
    """

    how: How
    count: int
    seen: dict[int, dict[tuple[str, str], GateVerdict]] = field(default_factory=dict)

    def bracket(self, check: Check) -> float:
        """Return (1 − level) / j for the largest step j at which the floor still fails: all that Holm needs
        to know.
        """
        low, high = 1, self.count
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._verdict(check, middle) == "fail" else (low, middle - 1)
        return (1 - self.how.level) / low

    def _verdict(self, check: Check, step: int) -> GateVerdict:
        if step not in self.seen:
            level = 1 - 2 * (1 - self.how.level) / step
            _, checks = floors(self.how, level)
            self.seen[step] = {(found.task, found.metric): found.verdict for found in checks}
        return self.seen[step][check.task, check.metric]


UNCORRECTED = Caution(
    code="fail_not_corrected",
    message="alone this check would fail; with so many checks at once that may be chance (Holm)",
    remedy="Run more questions, or ask for fewer tasks.",
)
