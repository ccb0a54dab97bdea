"""The plan of a policy: questions of each task, so that two equal systems pass the whole gate with the chance
that is wanted.

A gate passes where every critical check does. Each of K gets the K-th root of the joint chance: .8 each would
be .07 over twelve. Supporting checks hold no pass up, but are blind where the half-width of their interval
exceeds their margin: they get the questions with which it hardly does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.answers.plan_policy import PolicyTask
from howsure.checks import Relative
from howsure.errors import OptionError
from howsure.statistics import intervals
from howsure.statistics.gate_shares import equal_shares
from howsure.statistics.power import Spread, Test, fewest, items_needed
from howsure.statistics.score_pivot import Pivots

if TYPE_CHECKING:
    from howsure.inference.gate_policy import Policy, Standing
    from howsure.inference.plan_pilot import Assumptions, KnownSpread, Pilot
    from howsure.statistics.choices import PlanMethod
    from howsure.statistics.power import Doubt, Planned

STEP, MOST_STEPS = 1.02, 120
"""By how much a number of questions is raised until the exact chance is reached, and how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpread:
    """What is known of one task, or of several alike: how its differences vary, and the baseline's score.

    `n_items`: the questions of the pilot; 0 without one.
    """

    task: str
    known: KnownSpread
    attempts: float
    method: PlanMethod
    score: float
    n_items: int = 0
    count: int = 1
    percent: bool = True

    @property
    def spread(self) -> Spread:
        """The spread of the difference of two models on the same questions."""
        assert isinstance(self.known.spread, Spread)
        return self.known.spread

    @property
    def doubt(self) -> Doubt:
        """By how many times it may be larger."""
        return self.known.doubt(self.attempts)


def of_pilot(pilot: Pilot, level: float, attempts: int | None) -> TaskSpread:
    """Return what a pilot tells of its task."""
    known, matrix = pilot.known(level), pilot.matrix
    if attempts is not None and attempts > 1 and known.only_once:
        raise OptionError(
            f"nothing tells what {attempts} attempts would bring: the pilot has one attempt a question",
            remedy="Leave `attempts` out, or run the pilot with two attempts or more.",
        )
    return TaskSpread(
        task=matrix.task,
        known=known,
        attempts=known.usual if known.only_once else float(attempts or known.usual),
        method="score" if matrix.bounded else "t",
        score=float(np.nanmean(matrix.values[:, 1])),
        n_items=len(matrix.items),
        percent=matrix.bounded,
    )


def of_assumptions(
    assumed: Assumptions, name: str, count: int, level: float, attempts: int | None
) -> TaskSpread:
    """Return the same for tasks without a pilot."""
    known = assumed.known(level)
    if attempts is not None and attempts > 1 and known.only_once:
        raise OptionError(
            f"nothing tells what {attempts} attempts would bring: one attempt a question was assumed",
            remedy="Assume variances of questions and answers.",
        )
    return TaskSpread(
        task=name,
        known=known,
        attempts=float(attempts or 1),
        method="score",
        score=math.nan if assumed.rate is None else assumed.rate,
        count=count,
    )


def planned(policy: Policy, task: TaskSpread, chance: float) -> PolicyTask:
    """Return how many questions a task needs; `chance`: the chance that one check is to have."""
    standing = policy.of_task(task.task)
    margin = _margin(standing, task)
    test = Test(goal="not-worse", method=task.method, level=policy.level, margin=margin)
    critical = standing.tier == "critical"
    needed = _passing(test, task, chance) if critical else _seeing(task, margin, policy.level, chance)
    shown = needed if math.isfinite(needed) else math.nan
    return PolicyTask(
        task=task.task,
        count=task.count,
        tier=standing.tier,
        margin=margin,
        items=needed,
        attempts=task.attempts,
        passes=_passes(test, task, shown),
        half_width=half_width(task.spread, task, shown, policy.level),
        items_seen=task.n_items,
        passes_seen=_passes(test, task, float(task.n_items)) if task.n_items else math.nan,
        half_width_seen=half_width(task.spread, task, float(task.n_items), policy.level)
        if task.n_items
        else math.nan,
        percent=task.percent,
    )


def _margin(standing: Standing, task: TaskSpread) -> float:
    if not isinstance(standing.margin, Relative):
        return float(standing.margin)
    if math.isnan(task.score) or not task.score:
        raise OptionError(
            f"the margin for {task.task} is a share of a score that nothing tells",
            remedy="Assume a rate, plan from a pilot, or write the margin in points.",
        )
    return standing.margin.of(task.score)


def _passing(test: Test, task: TaskSpread, chance: float) -> float:
    """Return the questions with which two equal systems pass one check: by the t distribution, then raised
    until the exact chance is reached.
    """
    n = items_needed(test, task.spread, 0.0, task.attempts, chance, doubt=task.doubt)
    for _ in range(MOST_STEPS):
        if not math.isfinite(n) or _passes(test, task, n) >= chance:
            return n
        n = math.ceil(STEP * n / task.spread.step) * task.spread.step
    return math.inf


def _passes(test: Test, task: TaskSpread, n: float) -> float:
    """Return the chance that a check of two equal systems passes with n questions, the mean over what the
    pilot leaves open.
    """
    if not n > 0:
        return math.nan
    chances = (
        share * equal_shares(test, task.spread.times(f), n, task.attempts).passed for f, share in task.doubt
    )
    return float(sum(chances))


def _seeing(task: TaskSpread, margin: float, level: float, chance: float) -> float:
    """Return the questions with which the half-width is at most the margin with the chance that is wanted."""
    doubt = sum(factor * share for factor, share in task.doubt)
    return fewest(
        lambda n: (
            half_width(_upper(task.spread.times(doubt), n, task.attempts, chance), task, n, level) <= margin
        ),
        task.spread.step,
    )


def _upper(spread: Spread, n: float, attempts: float, chance: float) -> Spread:
    """Return a spread as large as n questions show it with this chance at most; its square varies by how many
    items differ.
    """
    events = max(n * spread.events_an_item(attempts) / spread.sizes.crowd, 1.0)
    return spread.times(1 + float(scipy.special.ndtri(chance)) / math.sqrt(events))


def half_width(spread: Planned, task: TaskSpread, n: float, level: float) -> float:
    """Return the half-width of the two-sided interval that is expected of two equal systems with n questions;
    NaN without any.
    """
    if not n >= 2:
        return math.nan
    pivot = spread.pivot(task.method, n, task.attempts)
    if not pivot.df > 0:
        return math.inf
    parts = {
        "difference": 0.0,
        "variance": pivot.own**2,
        "df": pivot.df,
        "item_variance": min(max(pivot.item_variance, 0.0), 1.0),
        "room": pivot.room,
        "added": 0.0,
        "event": pivot.event,
        "averaged": float(pivot.averaged),
    }
    pivots = Pivots(**{name: np.asarray(part) for name, part in parts.items()})
    net = pivot.event * float(intervals.net_limit(0.0, n, (1 + level) / 2)) if task.method == "score" else 0.0
    return max(float(pivots.upper(level, 1.0 if task.method == "score" else math.inf)), net)
