"""Clusters that nobody named: a verdict that they would change can't be told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.errors import Caution
from howsure.inference.gating.judging import verdicts
from howsure.study.gathering import as_proposed
from howsure.wording import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.gate import Check, GateVerdict
    from howsure.inference.gating.asking import How
    from howsure.study.clusters import ProposedClusters


def either_way(how: How, checks: Sequence[Check]) -> list[Check]:
    """Take back verdicts that would be others with the clusters that a column or the ids suggest."""
    study, proposed = as_proposed(how.study), how.study.proposed
    if study is None or proposed is None:
        return list(checks)
    again = replace(how, study=study)
    found = {check.key: check.verdict for check in verdicts(again)}
    return [_taken_back(check, found.get(check.key, check.verdict), proposed) for check in checks]


def _taken_back(check: Check, other: GateVerdict, proposed: ProposedClusters) -> Check:
    if check.verdict in ("unclear", other):
        return check
    told = Caution(
        code="clusters_would_change_verdict",
        message=f"{check.name}: {VERDICTS[check.verdict].lower()!r} if each item is its own cluster, "
        f"{VERDICTS[other].lower()!r} if questions are clustered by {proposed.words}",
        remedy=f"Say which it is: {proposed.choice} or `cluster='none'`.",
    )
    return replace(
        check, verdict="unclear", proposed_clusters=proposed.words, cautions=(*check.cautions, told)
    )
