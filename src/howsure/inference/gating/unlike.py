"""Sides that were not asked the same: a verdict on their difference is about the exam as much as about the
candidate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.study.comparability import caution
from howsure.wording import told_apart

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from howsure.answers.gate import Check
    from howsure.errors import Caution
    from howsure.inference.gating.asking import How
    from howsure.study.comparability import Difference
    from howsure.table.scores import Reconciled


UNPAIRED = "unpaired"
NO_SHARED_ITEM = "the two share no item"
OF_ONE = ("at_least", "at_most")
"""Criteria of the candidate's own score, which no baseline has a part in."""


def alike_only(how: How, checks: Sequence[Check], allowed: Collection[str]) -> list[Check]:
    """Take back what was judged of a pair on tasks whose questions or right answers differ, unless that is
    allowed.
    """
    found = [each for each in how.study.differs if each.what not in allowed]
    return [_taken_back(check, found, disjoint="questions" in allowed) for check in checks]


def as_stated(how: How, checks: Sequence[Check], figures: Sequence[Reconciled]) -> list[Check]:
    """Take back what was judged on rows that give another score than their own log states: nobody knows which
    of the two is right.
    """
    sides = {how.candidate, how.baseline}
    of_sides = [
        each for each in figures if each.model in sides
    ] or figures  # sides may be named otherwise than their logs name them
    found = [each for each in of_sides if each.figure == "score" and not each.agrees]
    return [_as_stated(check, found) for check in checks]


def _as_stated(check: Check, found: Sequence[Reconciled]) -> Check:
    mine = [
        each
        for each in found
        if check.task in ("", each.task) and check.metric == each.metric.partition("@")[0]
    ]
    if check.criterion in OF_ONE:
        mine = [each for each in mine if each.model != check.baseline]
    if not mine:
        return check
    words = [
        "the log of {} states {}, its rows give {}".format(each.model, *told_apart(each.stated, each.read))
        for each in mine
    ]
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words)))


def remedied(how: How, cautions: Iterable[Caution], allowed: Collection[str]) -> list[Caution]:
    """Say with each caution of what isn't alike how a gate lets it be, unless it does."""
    told = {
        caution(each): caution(each, allow=True) for each in how.study.differs if each.what not in allowed
    }
    return [told.get(each, each) for each in cautions]


def _taken_back(check: Check, found: Sequence[Difference], *, disjoint: bool) -> Check:
    """Take a verdict back where something differs; `disjoint`: sides that share no item may be compared."""
    mine = [each.words for each in found if check.task in ("", each.task)]
    if check.criterion in OF_ONE:
        return check
    if not disjoint and any(each.code == UNPAIRED for each in check.cautions):
        mine.append(NO_SHARED_ITEM)
        check = replace(check, cautions=tuple(map(_with_the_way_out, check.cautions)))
    if not mine:
        return check
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(mine)))


def _with_the_way_out(caution: Caution) -> Caution:
    if caution.code != UNPAIRED:
        return caution
    return replace(caution, remedy=f"{caution.remedy} `allow_differs='questions'` judges them nevertheless.")
