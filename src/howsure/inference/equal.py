"""What a gate will say of two equal systems: as unlike as two runs of one model, or as a pair of models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.answers.plan import EqualSystems
from howsure.statistics.gate_shares import equal_shares, items_that_tell
from howsure.statistics.power import Test

if TYPE_CHECKING:
    from typing import Any

    from howsure.answers.plan import MarginCriterion
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.power import Planned

GOALS: dict[MarginCriterion, Goal] = {"not_worse_than": "not-worse", "same_within": "same"}
NO_LIMITS = (math.nan, math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfEquals:
    """One criterion of a gate with a margin, how sure it has to be, and the comparison's test."""

    criterion: MarginCriterion
    margin: float
    level: float
    method: PlanMethod

    @property
    def test(self) -> Test:
        """The test that the criterion is."""
        return Test(goal=GOALS[self.criterion], method=self.method, level=self.level, margin=self.margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSize:
    """The gate's questions and attempts."""

    items: float
    attempts: float


def equals(
    asked: AskedOfEquals,
    spread: Planned,
    size: GateSize,
    limits: tuple[float, float] = NO_LIMITS,
    **about: Any,
) -> EqualSystems:
    """Return what the gate says of equal systems whose difference has this spread; `limits`: of the spread,
    as shares of it.
    """
    test = asked.test
    found = equal_shares(test, spread, size.items, size.attempts)

    def needed(factor: float) -> float:
        """Return how many items tell, were the spread so many times as large."""
        return items_that_tell(test, spread.times(factor), size.attempts)

    value = needed(1.0)
    ends = [math.nan, math.nan] if math.isnan(limits[0]) else [value, *(needed(factor) for factor in limits)]
    return EqualSystems(
        criterion=asked.criterion,
        margin=asked.margin,
        items=size.items,
        attempts=size.attempts,
        passed=found.passed,
        unclear=found.unclear,
        failed=found.failed,
        items_that_tell=value,
        items_that_tell_low=min(ends),
        items_that_tell_high=max(ends),
        **about,
    )
