"""What takes a verdict back: clusters that nobody named, a factor that nobody chose, sides that took different
exams, and rows that contradict their own log.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.errors import Caution
from howsure.inference.gate_missing import weighed, with_absent
from howsure.inference.gate_verdicts import FLOORS, judged, other_policies, settled, verdicts
from howsure.study.comparability import caution
from howsure.study.gathering import as_proposed
from howsure.study.notes import silent_factor_taken
from howsure.wording import VERDICTS, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.gate import Check, GateVerdict
    from howsure.inference.gate_question import GateQuestion
    from howsure.study.clusters import ProposedClusters
    from howsure.study.comparability import Difference
    from howsure.table.scores import Reconciled

UNPAIRED = "unpaired"
NO_SHARED_ITEM = "the two share no item"


def answered(
    gate: GateQuestion, figures: Sequence[Reconciled]
) -> tuple[list[Check], list[str], list[Caution]]:
    """Return every check with its final verdict, notes and cautions; `figures`: what logs state of their own
    scores.
    """
    checks, notes, cautions = judged(gate)
    checks = with_absent(gate, weighed(gate, settled(gate, checks)))
    checks = _whatever_the_clusters(gate, checks)
    differences = [difference for difference in gate.study.differs if difference.what not in gate.allowed]
    disjoint = "questions" in gate.allowed
    checks = [_of_one_exam(check, differences, disjoint=disjoint) for check in checks]
    factor = gate.study.unasked
    if factor:  # costs are judged as they are
        checks = [
            check if check.criterion == "ratio_at_most" else replace(check, verdict="unclear", unasked=factor)
            for check in checks
        ]
    cautions += other_policies(gate, checks)
    return _as_stated(gate, checks, figures), notes, _with_remedies(cautions, differences, factor)


def _whatever_the_clusters(gate: GateQuestion, checks: list[Check]) -> list[Check]:
    """Take back verdicts that would be others with the clusters that a column or the ids suggest."""
    study, proposed = as_proposed(gate.study), gate.study.proposed
    if study is None or proposed is None:
        return checks
    others = {check.key: check.verdict for check in verdicts(replace(gate, study=study))}
    return [_with_clusters(check, others.get(check.key, check.verdict), proposed) for check in checks]


def _with_clusters(check: Check, other: GateVerdict, proposed: ProposedClusters) -> Check:
    if check.verdict in ("unclear", other):
        return check
    would_change = Caution(
        code="clusters_would_change_verdict",
        message=f"{check.name}: {VERDICTS[check.verdict].lower()!r} if each item is its own cluster, "
        f"{VERDICTS[other].lower()!r} if questions are clustered by {proposed.words}",
        remedy=f"Say which it is: {proposed.choice} or `cluster='none'`.",
    )
    cautions = (*check.cautions, would_change)
    return replace(check, verdict="unclear", proposed_clusters=proposed.words, cautions=cautions)


def _of_one_exam(check: Check, differences: Sequence[Difference], *, disjoint: bool) -> Check:
    """Take back the verdict on a pair where questions or right answers differ; `disjoint`: sides that share
    no item may be compared.
    """
    if check.criterion in FLOORS:
        return check
    words = [difference.words for difference in differences if check.task in ("", difference.task)]
    if not disjoint and any(caution.code == UNPAIRED for caution in check.cautions):
        words.append(NO_SHARED_ITEM)
        check = replace(check, cautions=tuple(map(_with_the_way_out, check.cautions)))
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words))) if words else check


def _with_the_way_out(caution: Caution) -> Caution:
    if caution.code != UNPAIRED:
        return caution
    return replace(caution, remedy=f"{caution.remedy} `allow_differs='questions'` judges them nevertheless.")


def _as_stated(gate: GateQuestion, checks: Sequence[Check], figures: Sequence[Reconciled]) -> list[Check]:
    """Take back what was judged on rows that give another score than their own log states: nobody knows which
    of the two is right.
    """
    sides = {gate.candidate, gate.baseline}
    # sides may be named otherwise than their logs name them
    of_sides = [figure for figure in figures if figure.model in sides] or figures
    wrong = [figure for figure in of_sides if figure.figure == "score" and not figure.agrees]
    return [_contradicted(check, wrong) for check in checks]


def _contradicted(check: Check, wrong: Sequence[Reconciled]) -> Check:
    words = [
        "the log of {} states {}, its rows give {}".format(
            figure.model, *told_apart(figure.stated, figure.read)
        )
        for figure in wrong
        if check.task in ("", figure.task)
        and check.metric == figure.metric.partition("@")[0]
        and not (check.criterion in FLOORS and figure.model == check.baseline)
    ]
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words))) if words else check


def _with_remedies(
    cautions: Iterable[Caution], differences: Sequence[Difference], factor: str
) -> list[Caution]:
    """Say in the warnings of differences and of a factor that nobody chose how a gate lets them be."""
    remedied = {caution(difference): caution(difference, allow=True) for difference in differences}
    cautions = [remedied.get(one, one) for one in cautions]
    of_factor = {one.code: one for one in silent_factor_taken(factor, gate=True)}
    return [of_factor.get(one.code, one) for one in cautions]
