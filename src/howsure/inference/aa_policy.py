"""Random halves of one system judged by a whole policy: its tasks split by split together, as its gate judges
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.aa import PolicyRate
from howsure.errors import Caution
from howsure.statistics import intervals
from howsure.statistics.aa_splits import p_below
from howsure.statistics.results import Interval, allowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.gating.policy import Standing
    from howsure.statistics.arrays import Bools, Floats
    from howsure.statistics.score_pivot import Pivots


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrial:
    """One task in T splits: the p-values of a pass and of a fail, and the half-width of the two-sided
    interval, each (T,).
    """

    standing: Standing
    margin: float
    p_pass: Floats
    p_fail: Floats
    half_width: Floats


def task_trial(
    standing: Standing, margin: float, found: Sequence[Pivots], *, level: float, sign: int, reach: float
) -> TaskTrial:
    """Judge one task in all splits; `sign`: −1 where smaller scores are better."""
    passes, widths = [], []
    for each in found:
        p = p_below(each, margin, -sign)
        low, high = each.limits(level, reach)
        passes.append(np.where(each.known, p, np.nan))
        widths.append((high - low) / 2)
    p_pass, width = np.concatenate(passes), np.concatenate(widths)
    return TaskTrial(standing=standing, margin=margin, p_pass=p_pass, p_fail=1 - p_pass, half_width=width)


def policy_rate(model: str, trials: Sequence[TaskTrial], level: float, level_of_splits: float) -> PolicyRate:
    """Count what the policy says of a model beside itself: it fails where Holm's first step does, which
    weighs every task.
    """
    binding = [trial for trial in trials if trial.standing.tier != "advisory"]
    weights = np.array([trial.standing.weight for trial in binding])
    p_fail = np.stack([trial.p_fail for trial in binding])
    corrected = p_fail * (np.where(np.isnan(p_fail), 0.0, weights[:, None]).sum(axis=0) / weights[:, None])
    failed = np.asarray((corrected <= allowed(level)).any(axis=0))
    shown = np.stack([trial.p_pass <= allowed(level) for trial in binding])
    critical = np.array([trial.standing.tier == "critical" for trial in binding])
    seeing = shown | np.stack(
        [np.nan_to_num(trial.half_width, nan=np.inf) <= trial.margin for trial in binding]
    )
    passed = ~failed & shown[critical].all(axis=0) & np.where(critical[:, None], shown, seeing).any(axis=0)
    count = len(failed)
    return PolicyRate(
        model=model,
        n_tasks=len(binding),
        splits=count,
        failed=int(failed.sum()),
        failed_interval=_share(failed, level_of_splits),
        passed=int(passed.sum()),
        unclear=int((~failed & ~passed).sum()),
        blind_share=float((~seeing[~critical]).mean()) if (~critical).any() else 0.0,
    )


def _share(marked: Bools, level: float) -> Interval:
    low, high = intervals.clopper_pearson(int(marked.sum()), len(marked), level)
    return Interval(low=float(low), high=float(high), level=level)


WHOLE_TASKS = Caution(
    code="policy_in_part",
    message="the policy's tasks are parted, and its slices and costs aren't",
    remedy="Read the rate as that of a policy without them.",
)
