"""The plan of a policy: the questions per task with which two equal systems pass it.

A gate passes if every critical check does. Each of K checks gets the K-th root of the joint power: 0.8 for
each would be 0.07 for twelve. Supporting checks don't block a pass, but are underpowered if the half-width of
their interval exceeds their margin. They get enough questions to avoid that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import scipy

from howsure.answers.plan_policy import PolicyPlan, PolicyTask
from howsure.answers.settings import of_options
from howsure.checks import Relative
from howsure.errors import OptionError, ResultWarning
from howsure.inference.gate_policy import policy_of, refuse_unfitting
from howsure.inference.plan_pilot import Assumptions, check_assumed, read_pilots, refuse_pilot_options
from howsure.options.table import checked
from howsure.statistics import intervals
from howsure.statistics.gate_shares import equal_shares
from howsure.statistics.power import Spread, Test, fewest, items_needed
from howsure.statistics.score_pivot import Pivots
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.sides import read_pair

if TYPE_CHECKING:
    from howsure.inference.gate_policy import Policy, PolicyGate
    from howsure.inference.plan_pilot import KnownSpread, Pilot
    from howsure.statistics.choices import PlanMethod
    from howsure.statistics.power import Planned

RESPECTS = Respects(
    verb="plan",
    all_but=("statistic", "random factor", "benchmark", "covariate", "score", "slices", "measures"),
)
STEP, MOST_STEPS = 1.02, 120
"""The factor by which a number of questions is raised until the exact power is reached, and how often."""
OTHERS = "every other task"
NOT_PLANNED = ResultWarning(
    code="not_planned",
    message=(
        "the questions are for whole tasks: slices and costs of the policy may need more, and "
        "lower the joint power"
    ),
    remedy="Plan a slice as a separate task.",
)


def plan_policy(
    policy: Any,
    pilot: Any = None,
    a: str | None = None,
    b: str | None = None,
    *,
    power: float = 0.8,
    attempts: int | None = None,
    n_tasks: int | None = None,
    assume: Assumptions | None = None,
    **options: Unpack[DesignOptions],
) -> PolicyPlan:
    """Plan a suite: the questions per task with which two equal systems pass a policy with joint probability
    `power`.

    Each of K critical checks gets a probability of `power` ** (1 / K) to pass. Supporting ones get the
    questions with which the half-width of their interval is at most their margin with that probability, so
    that they aren't underpowered. Tasks are assumed independent, clusters and questions independent draws.

    Args:
        policy: The policy, as for `gate`: the path of a TOML file, or a dict.
        pilot: Results of an earlier run, in any form that [`read`][howsure.read] accepts. Its tasks are
            planned. None plans the tasks that the policy names, each table as one task, from `assume`.
        a: The candidate of the pilot. None, with `b` None as well, takes the pair whose difference has the
            median variance.
        b: The baseline of the pilot.
        power: The probability that two equal systems pass every critical check.
        attempts: The number of attempts per question. None uses the pilot's, or 1.
        n_tasks: The number of tasks without a pilot, including those that the policy names. None plans these
            alone.
        assume: The variances and clusters to assume without a pilot. None uses those of Miller (2024).
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. They apply to the pilot.

    Returns:
        PolicyPlan: One line per task, with its questions, and the joint probability.

    Raises:
        OptionError: If the policy or an option is invalid, or there is nothing to plan.
        DataError: If the pilot contains a single model, or has no variation to plan from.
        ReadError: If none of the files can be read.

    Examples:
        >>> policy = {"margin": "2pp", "tier": "critical"}
        >>> answer = plan_policy(policy, n_tasks=12, assume=Assumptions(rate=0.8, correlation=0.7))
        >>> round(answer.power_per_check, 3), answer.tasks[0].items, answer.joint >= 0.8
        (0.982, 3434.0, True)
    """
    policy, a, b, power, attempts, n_tasks = checked(
        "plan_policy", policy=policy, a=a, b=b, power=power, attempts=attempts, n_tasks=n_tasks
    ).values()
    check_assumed(assume)
    suite, design = policy_of(policy), make_design(options, RESPECTS)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()
    if pilot is None:
        refuse_pilot_options(design, a=a, b=b)
        assumed = assume or Assumptions()
        known, score = assumed.known(suite.level), math.nan if assumed.rate is None else assumed.rate
        spread = _TaskSpread(known=known, attempts=known.attempts(attempts), score=score)
        tasks = [replace(spread, task=name, count=n) for name, n in _named(suite, n_tasks).items()]
        notes = (assumed.note(paired=True),)
    else:
        if assume is not None or n_tasks is not None:
            raise OptionError(
                "a pilot replaces the assumptions of assume and n_tasks", remedy="Leave one of the two out."
            )
        scores, (a, b) = read_pair(pilot, (a, b), design)
        pilots, study, doubts = read_pilots(scores, design, a, b, paired=True)
        refuse_unfitting(suite, study)
        tasks = [_of_pilot(pilot_of_task, suite.level, attempts) for pilot_of_task in pilots]
        notes, warnings = study.notes, (*study.warnings, *doubts)
    binding = [task for task in tasks if suite.of_task(task.task).tier != "advisory"]
    if not binding:
        raise OptionError(
            "all tasks of the policy are advisory: there is nothing to plan", remedy="See docs/policy.md."
        )
    if len(binding) < len(tasks):
        notes += (f"Advisory tasks need no questions ({len(tasks) - len(binding):,} here).",)
    critical = sum(cost.tier == "critical" for cost in suite.costs().values())
    critical += sum(task.count for task in binding if suite.of_task(task.task).tier == "critical")
    chance = power ** (1 / max(critical, 1))
    return PolicyPlan(
        power=power,
        power_per_check=chance,
        level=suite.level,
        n_critical=critical,
        tasks=tuple(_task_plan(suite, task, chance if critical else power) for task in binding),
        settings=of_options(level=suite.level),
        notes=notes,
        warnings=(*warnings, *((NOT_PLANNED,) if suite.of_kind("slices") or suite.of_kind("costs") else ())),
    )


def _named(suite: Policy, n_tasks: int | None) -> dict[str, int]:
    """Return the tasks that a policy names, and how many there are of each. OptionError if there are more, or
    none.
    """
    names = {table.name: 1 for table in suite.of_kind("tasks")}
    if n_tasks is not None and n_tasks < len(names):
        raise OptionError(
            f"`n_tasks={n_tasks}`, but the policy names {len(names)}", remedy="Include those in the number."
        )
    others = (n_tasks or len(names)) - len(names)
    if not names and not others:
        raise OptionError("the policy names no task", remedy="Set `n_tasks`, or use a pilot.")
    return names | ({OTHERS: others} if others else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class _TaskSpread:
    """What is known of one task, or of several alike: the variance of its differences, and the baseline's
    score.

    `n_items`: the questions of the pilot, or 0 without one.
    """

    known: KnownSpread
    attempts: float
    score: float
    task: str = ""
    method: PlanMethod = "score"
    n_items: int = 0
    count: int = 1
    percent: bool = True


def _of_pilot(pilot: Pilot, level: float, attempts: int | None) -> _TaskSpread:
    """Return what a pilot shows of its task."""
    known, matrix = pilot.known(level), pilot.matrix
    return _TaskSpread(
        task=matrix.task,
        known=known,
        attempts=known.attempts(attempts),
        method="score" if matrix.bounded else "t",
        score=float(np.nanmean(matrix.values[:, 1])),
        n_items=len(matrix.items),
        percent=matrix.bounded,
    )


def _task_plan(policy: Policy, task: _TaskSpread, chance: float) -> PolicyTask:
    """Return how many questions per task needs. `chance`: the power of one check."""
    standing, spread, attempts = policy.of_task(task.task), task.known.spread, task.attempts
    assert isinstance(spread, Spread)
    doubt, margin = task.known.doubt(attempts), _margin(standing, task)
    test = Test(goal="not-worse", method=task.method, level=policy.level, margin=margin)

    def passes(n: float) -> float:
        """Return the probability that a check of two equal systems passes with n questions, averaged over the
        pilot's uncertainty.
        """
        if not n > 0:
            return math.nan
        chances = (
            share * equal_shares(test, spread.times(factor), n, attempts).passed for factor, share in doubt
        )
        return float(sum(chances))

    def sees(n: float) -> bool:
        """Return whether the half-width is at most the margin with the required probability. This uses the
        spread that n questions show with this probability. Its square varies with the number of questions
        that differ.
        """
        expected = spread.times(sum(factor * share for factor, share in doubt))
        events = max(n * expected.events_an_item(attempts) / expected.sizes.crowd, 1.0)
        upper = expected.times(1 + float(scipy.special.ndtri(chance)) / math.sqrt(events))
        return _half_width(upper, task, n, policy.level) <= margin

    if standing.tier == "critical":
        # by the t distribution, then raised until the exact power is reached
        needed, steps = items_needed(test, spread, 0.0, attempts, chance, doubt=doubt), 0
        while math.isfinite(needed) and not passes(needed) >= chance:
            steps += 1
            raised = math.ceil(STEP * needed / spread.step) * spread.step
            needed = raised if steps < MOST_STEPS else math.inf
    else:
        needed = fewest(sees, spread.step)
    n, seen = (count if 0 < count < math.inf else math.nan for count in (needed, float(task.n_items)))
    return PolicyTask(
        task=task.task,
        count=task.count,
        tier=standing.tier,
        margin=margin,
        items=needed,
        attempts=attempts,
        passes=passes(n),
        half_width=_half_width(spread, task, n, policy.level),
        items_seen=task.n_items,
        passes_seen=passes(seen),
        half_width_seen=_half_width(spread, task, seen, policy.level),
        percent=task.percent,
    )


def _margin(standing: PolicyGate, task: _TaskSpread) -> float:
    if not isinstance(standing.margin, Relative):
        return float(standing.margin)
    if math.isnan(task.score) or not task.score:
        raise OptionError(
            f"the margin for {task.task} is a share of an unknown score",
            remedy="Assume a rate, plan from a pilot, or set the margin in points.",
        )
    return standing.margin.of(task.score)


def _half_width(spread: Planned, task: _TaskSpread, n: float, level: float) -> float:
    """Return the expected half-width of the two-sided interval for two equal systems with n questions, or NaN
    without any.
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
