"""How a plan of safety runs is said and tabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.wording import level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan_failures import FailurePlan, Observed


def _observed_sentence(seen: Observed, limit: str, plan: FailurePlan) -> str:
    what = f"{plural(seen.failures, 'failure')} in {plural(seen.n, 'run')}"
    told = f"{what}: the failure rate is below {rate_text(seen.high)} ({level_text(plan.level)})"
    if seen.more == 0:
        return f"{what} show {limit}: it is below {rate_text(seen.high)}."
    if seen.more < 0:
        return f"{what} show that the failure rate is not below {rate_text(plan.below)}: it is above {rate_text(seen.low)}."
    return f"{told}, so {rate_text(plan.below)} is not shown; {plural(seen.more, 'further run')} without a failure would show it."


def rate_text(rate: float) -> str:
    """Write a small rate: `1 %`, `0.25 %`."""
    return f"{100 * rate:.3g} %"
