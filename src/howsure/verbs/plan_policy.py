"""The plan of a policy: the questions of each task with which two equal systems pass it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.answers.plan_policy import PolicyPlan
from howsure.errors import Caution, OptionError
from howsure.inference.gate_policy import policy_of
from howsure.inference.plan_pilot import Assumptions, check_assumed, read_pilots, refuse_pilot_options
from howsure.inference.plan_policy import TaskSpread, of_assumptions, of_pilot, planned
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.sides import read_pair

if TYPE_CHECKING:
    from howsure.inference.gate_policy import Policy

RESPECTS = Respects(
    verb="plan", all_but=("random factor", "benchmark", "covariate", "score", "slices", "measures")
)
OTHERS = "every other task"
NOT_PLANNED = Caution(
    code="not_planned",
    message=(
        "the questions are for whole tasks: slices and costs of the policy may need more, and hold the "
        "joint chance down"
    ),
    remedy="Plan a slice as a task of its own.",
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
    """Plan a suite: the questions of each task with which two equal systems pass a policy with a joint chance
    of `power`.

    Each of K critical checks gets a chance of `power` ** (1 / K) to pass; supporting ones get the questions
    with which the half-width of their interval is at most their margin with that chance, so that they aren't
    blind. Tasks are assumed independent, clusters and questions independent draws.

    Args:
        policy: The policy, as `gate` takes it: the path of a TOML file, or a dict.
        pilot: Results of an earlier run, in any form that [`read`][howsure.read] accepts; its tasks are those
            that are planned. None plans the tasks that the policy names, each table as one task, from
            `assume`.
        a: The candidate of the pilot. None, with `b` None as well, takes the pair whose difference has the
            median variance.
        b: The baseline of the pilot.
        power: The chance that two equal systems pass every critical check.
        attempts: The number of attempts per question. None takes what the pilot has, or 1.
        n_tasks: How many tasks there are without a pilot, those that the policy names included. None takes
            these alone.
        assume: The variances and clusters to assume without a pilot. None assumes those of Miller (2024).
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. They apply to
            the pilot.

    Returns:
        PolicyPlan: One line a task, with its questions, and the joint chance.

    Raises:
        OptionError: If the policy or an option says what it can't, or nothing is to be planned.
        DataError: If the pilot holds one model only, or reveals no variation to plan from.
        ReadError: If none of the files can be read.

    Examples:
        >>> policy = {"margin": "2pp", "tier": "critical"}
        >>> answer = plan_policy(policy, n_tasks=12, assume=Assumptions(rate=0.8, correlation=0.7))
        >>> round(answer.each, 3), answer.tasks[0].items, answer.joint >= 0.8
        (0.982, 3434.0, True)
    """
    policy, a, b, power, attempts, n_tasks = checked(
        "plan_policy", policy=policy, a=a, b=b, power=power, attempts=attempts, n_tasks=n_tasks
    ).values()
    check_assumed(assume)
    suite, design = policy_of(policy), make_design(options, RESPECTS)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    if pilot is None:
        refuse_pilot_options(design, a=a, b=b)
        assumed = assume or Assumptions()
        spreads = [
            of_assumptions(assumed, name, count, suite.level, attempts)
            for name, count in _named(suite, n_tasks).items()
        ]
        notes = (assumed.note(paired=True),)
    else:
        if assume is not None or n_tasks is not None:
            raise OptionError(
                "a pilot tells what assume and n_tasks assume", remedy="Leave one of the two out."
            )
        scores, (a, b) = read_pair(pilot, (a, b), design)
        pilots, study, doubts = read_pilots(scores, design, a, b, paired=True)
        suite.refuse_unfitting(study)
        spreads = [of_pilot(pilot_of_task, suite.level, attempts) for pilot_of_task in pilots]
        notes, cautions = study.notes, (*study.cautions, *doubts)
    return _plan(suite, spreads, power, notes, cautions)


def _plan(
    suite: Policy,
    spreads: list[TaskSpread],
    power: float,
    notes: tuple[str, ...],
    cautions: tuple[Caution, ...],
) -> PolicyPlan:
    binding = [task for task in spreads if suite.of_task(task.task).tier != "advisory"]
    if not binding:
        raise OptionError(
            "all tasks of the policy are advisory: nothing is to be planned", remedy="See docs/policy.md."
        )
    costs = sum(cost.tier == "critical" for cost in suite.costs)
    critical = costs + sum(task.count for task in binding if suite.of_task(task.task).tier == "critical")
    chance = power ** (1 / max(critical, 1))
    left = len(spreads) - len(binding)
    return PolicyPlan(
        power=power,
        each=chance,
        level=suite.level,
        n_critical=critical,
        tasks=tuple(planned(suite, one, chance if critical else power) for one in binding),
        notes=(*notes, *((f"Advisory tasks need no questions ({left:,} here).",) if left else ())),
        cautions=(*cautions, *((NOT_PLANNED,) if suite.slices or suite.costs else ())),
    )


def _named(suite: Policy, n_tasks: int | None) -> dict[str, int]:
    """Return the tasks that a policy names, and how many there are of each. OptionError where there are more,
    or none.
    """
    names = {rule.name: 1 for rule in suite.tasks}
    if n_tasks is not None and n_tasks < len(names):
        raise OptionError(
            f"n_tasks={n_tasks}, and the policy names {len(names)}", remedy="Count those as well."
        )
    others = (n_tasks or len(names)) - len(names)
    if not names and not others:
        raise OptionError("the policy names no task", remedy="Give `n_tasks`, or a pilot.")
    return names | ({OTHERS: others} if others else {})
