"""A policy beside the other options of a gate, and laid over what was gathered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.errors import OptionError
from howsure.inference.gating.policy import every_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.inference.gating.policy import Policy
    from howsure.study.design import Design
    from howsure.study.study import Study

USUAL_LEVEL = 0.95


def refuse_beside(policy: Policy, given: Mapping[str, object], *, level: float, design: Design) -> None:
    """Raise OptionError for an option that says what the policy says: a criterion, a level, measures."""
    name = next((name for name, value in given.items() if value not in (None, False)), None)
    if name is not None:
        raise OptionError(f"{name} and a policy both say what is asked", remedy=f"Leave `{name}` out.")
    if level not in (USUAL_LEVEL, policy.level):
        raise OptionError(
            f"level={level!r}, and the policy's is {policy.level!r}",
            remedy="Write the level into the policy.",
        )
    if design.measure:
        raise OptionError(
            "the policy says which costs count", remedy="Leave `measure` out, and write [costs.usd]."
        )


def asking(policy: Policy, design: Design) -> Design:
    """Return a design with the columns that the policy's slices and costs need."""
    columns = (*(rule.name for rule in policy.slices), *design.by)
    return replace(
        design, by=tuple(dict.fromkeys(columns)), measure=tuple(cost.measure for cost in policy.costs)
    )


def applied(policy: Policy, study: Study) -> Study:
    """Return a study with the policy's margins and slices alone. OptionError where they don't fit it."""
    policy.refuse_unfitting(study)
    rules = policy.rules(every_task(study))
    slices = tuple(rule.name for rule in policy.slices)
    return replace(
        study, design=replace(study.design, tasks=(*rules, *study.design.tasks), by=slices, by_from=None)
    )
