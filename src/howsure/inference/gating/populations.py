"""Few clusters: a verdict that hangs on whether these same clusters or new ones are meant can't be told,
unless a configuration says which.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.answers.gate import OtherVerdict
from howsure.errors import Caution
from howsure.inference.population import BY_TASK, NEW_CLUSTERS, SAME_CLUSTERS
from howsure.wording import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.gate import Check
    from howsure.inference.gating.asking import How

MEANT = {"new-clusters": "about new clusters", "same-clusters": "on more questions from these same clusters"}


def other_of(how: How) -> How | None:
    """Return the same gate about the other of new and same clusters; None where clusters aren't few, or
    exactly these questions are meant.
    """
    population = how.question.population
    if not how.study.few_clusters or population.only_these:
        return None
    other = SAME_CLUSTERS if population is NEW_CLUSTERS else NEW_CLUSTERS
    return replace(how, question=replace(how.question, population=other))


def with_other(how: How, checks: Sequence[Check], others: Sequence[Check]) -> list[Check]:
    """Return checks with what they are for the other population; where none was chosen, a verdict that only
    one of the two has is taken back.
    """
    found = {check.key: check for check in others}
    chosen = how.question.population is not BY_TASK
    return [_beside(check, found.get(check.key), chosen=chosen) for check in checks]


def _beside(check: Check, other: Check | None, *, chosen: bool) -> Check:
    if other is None or other.population == check.population or check.lacking:
        return check
    told = OtherVerdict(population=other.population, verdict=other.verdict, low=other.low, high=other.high)
    check = replace(check, other=told)
    if chosen or check.verdict == other.verdict:
        return check
    said = [f"{VERDICTS[each.verdict].lower()!r} {MEANT[each.population]}" for each in (check, other)]
    caution = Caution(
        code="population_would_change_verdict",
        message=f"{check.name}: {' and '.join(said)}; these clusters are too few to speak of new ones",
        remedy=(
            'Say which is meant with `population`; in howsure.toml: population = "same-clusters", or '
            'population = "new-clusters".'
        ),
    )
    return replace(check, verdict="unclear", verdict_here=check.verdict, cautions=(*check.cautions, caution))
