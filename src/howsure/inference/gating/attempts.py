"""A seed, a prompt or a judge that was taken for repeats of each question by its name alone: a verdict waits
for a choice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.study.notes import silent_factor_taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.gate import Check
    from howsure.errors import Caution
    from howsure.inference.gating.asking import How


def chosen_only(how: How, checks: Sequence[Check]) -> list[Check]:
    """Take back all verdicts on scores where a column is taken for attempts that may be shared by all
    questions; costs are judged as they are.
    """
    name = how.study.unasked
    return [
        replace(check, verdict="unclear", unasked=name)
        if name and check.criterion != "ratio_at_most"
        else check
        for check in checks
    ]


def advised(how: How, cautions: Iterable[Caution]) -> list[Caution]:
    """Say in the warning of such a column how a configuration chooses."""
    told = silent_factor_taken(how.study.unasked, gate=True)
    return [told[0] if told and each.code == told[0].code else each for each in cautions]
