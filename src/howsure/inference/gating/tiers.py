"""Checks get the tiers of a policy, and what says whether a supporting one that stays open is blind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from howsure.answers.gate import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.gate import Check
    from howsure.inference.gating.policy import Policy
    from howsure.statistics.arrays import Floats

ORDER: tuple[Tier, ...] = get_args(Tier)


def tiered(policy: Policy, checks: Sequence[Check], pairs: Sequence[Comparison]) -> list[Check]:
    """Return the checks with their tiers, the critical ones first; `pairs`: the comparisons at the gate's
    two-sided level.
    """
    widths = {(pair.task, pair.metric): pair.difference.interval.half_width for pair in pairs}
    placed = [_placed(policy, check, widths) for check in checks]
    return sorted(placed, key=lambda check: ORDER.index(check.tier or "critical"))


def _placed(policy: Policy, check: Check, widths: dict[tuple[str, str], float]) -> Check:
    standing = policy.of_check(check)
    limit = float(standing.margin) if check.lacking else check.limit
    width = check.half_width if check.by else widths.get((check.task, check.metric), check.half_width)
    return replace(check, tier=standing.tier, half_width=width, limit=limit)


def weights(policy: Policy | None, checks: Sequence[Check]) -> Floats | None:
    """Return the weight of each check where fails are corrected; None where all weigh the same."""
    return None if policy is None else np.array([policy.of_check(check).weight for check in checks])
