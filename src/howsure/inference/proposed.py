"""Clusters that the data suggest and nobody named: whether they change a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.answers.compare import IfClustered
from howsure.inference.compare import compared
from howsure.study.gathering import as_proposed

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison, Comparisons
    from howsure.inference.question import Question
    from howsure.study.study import Study


def with_proposed_clusters(found: Comparisons, study: Study, question: Question) -> Comparisons:
    """Return comparisons with what they are under proposed clusters, where that is another verdict."""
    other = as_proposed(study)
    if other is None or study.proposed is None:
        return found
    words = study.proposed.words
    again = {(pair.task, pair.metric): pair for pair in compared(other, question).every}
    return replace(
        found,
        overall=None if found.overall is None else _beside(found.overall, again, words),
        comparisons=tuple(_beside(pair, again, words) for pair in found.comparisons),
    )


def _beside(pair: Comparison, again: dict[tuple[str, str], Comparison], words: str) -> Comparison:
    other = again.get((pair.task, pair.metric))
    if other is None or other.shows == pair.shows:
        return pair
    told = IfClustered(
        clusters=words, estimate=other.difference, p_value=other.p_adjusted, equivalence=other.equivalence
    )
    return replace(pair, if_clustered=told)
