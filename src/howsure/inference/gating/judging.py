"""Every criterion judged on every task, and whether another count of failed attempts would change a
verdict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.errors import Caution
from howsure.inference.compare import unlike_of
from howsure.inference.gating.costs import cost_checks
from howsure.inference.gating.coverage import coverage
from howsure.inference.gating.deciding import decided
from howsure.inference.gating.floors import floors
from howsure.inference.gating.pairs import answers
from howsure.inference.gating.populations import other_of, with_other
from howsure.inference.gating.slices import slice_checks
from howsure.inference.gating.tiers import tiered
from howsure.wording import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.gate import Check
    from howsure.inference.gating.asking import How


def judged(how: How) -> tuple[list[Check], list[str], list[Caution]]:
    """Return every check with its p-values or limits, not yet decided where p-values decide; notes and
    cautions.
    """
    checks: list[Check] = []
    notes: list[str] = []
    cautions: list[Caution] = []
    judged_floors = [floors(how, how.one_sided)] if how.asked.floors else []
    for answer, more in (*answers(how), *judged_floors):
        checks += more if how.look is None else [how.look.judged(check, how.level) for check in more]
        notes += answer.notes
        cautions += [caution for caution in answer.cautions if caution.code != "task_left_out"]
    if not how.asked.of_difference and not how.asked.floors:
        notes, cautions = [*how.study.notes], [*how.study.cautions]
    checks += cost_checks(how)
    if how.policy is not None:
        checks += slice_checks(how, how.policy)
    pairs: list[Comparison] = []
    if how.asked.of_difference:
        pairs = how.wanted(how.compare(how.level, None))
        cautions += unlike_of(pairs)
    if how.baseline is not None:
        lacking, told = coverage(how, how.baseline, checks)
        checks, cautions = [*checks, *lacking], [*cautions, *told]
    if how.policy is not None:
        checks = tiered(how.policy, checks, pairs)
    return checks, notes, cautions


def verdicts(how: How) -> list[Check]:
    """Return every check with its verdict."""
    return settled(how, judged(how)[0])


def settled(how: How, checks: list[Check]) -> list[Check]:
    """Give every check its verdict, where clusters are few beside that of the other population."""
    other = other_of(how)
    return (
        decided(how, checks)
        if other is None
        else with_other(how, decided(how, checks), decided(other, judged(other)[0]))
    )


def other_policies(how: How, checks: Sequence[Check]) -> list[Caution]:
    """Warn where counting failed attempts the other way would change the verdict of a check."""
    if how.study.design.failures == "error" or not how.study.failed():
        return []
    before = {check.key: check.verdict for check in checks}
    cautions = []
    for policy in ("drop", "zero"):
        again = replace(how, study=how.study.with_failures(policy))
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
