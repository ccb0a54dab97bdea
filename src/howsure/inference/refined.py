"""Probabilities of the right answer against right or wrong on the same items: how much of the variance they
saved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.options.score import ScoreRule
from howsure.statistics.means import means
from howsure.study.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.estimate import Entry
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

PROB = "prob"


def right_or_wrong(study: Study, scores: Scores) -> dict[tuple[str, str], ScoreMatrix]:
    """Return, for the task and each metric that is a probability, the scores that it refines.

    Of a table with a column of probabilities these are its own scores, which take another reading.
    """
    if study.rule.kind != PROB:
        return {}
    if not study.facts:
        own = scores.roles.get("score") not in (None, (PROB,))
        plain = replace(study.design, score=ScoreRule(), metric=(), covariate=())
        return (
            {(found.task, found.metric): found for found in gather(scores, plain).matrices()} if own else {}
        )
    pairs = {
        (fact.task, prob): (fact.task, metric) for fact in study.facts for prob, metric in fact.finer.items()
    }
    coarse = study.explaining({key: part for key, part in study.beside.items() if key in pairs.values()})
    return {finer: coarse.matrix(coarser) for finer, coarser in pairs.items() if coarser in coarse.parts}


def with_savings(
    entries: Sequence[Entry],
    matrix: ScoreMatrix,
    refined: dict[tuple[str, str], ScoreMatrix],
    variance: VarianceChoice,
) -> list[Entry]:
    """Add to each entry the share of the variance of right or wrong that its probabilities saved on the same
    items.
    """
    other = refined.get((matrix.task, matrix.metric))
    if other is None:
        return list(entries)
    return [replace(entry, saved=_saved(matrix, other, entry.model, variance)) for entry in entries]


def _saved(matrix: ScoreMatrix, other: ScoreMatrix, model: str, variance: VarianceChoice) -> float:
    if model not in other.models:
        return float("nan")
    places = {str(item): place for place, item in enumerate(other.items)}
    at = np.array([places.get(str(item), -1) for item in matrix.items])
    right = np.where(at >= 0, other.values[at, other.column(model)], np.nan)
    both = np.column_stack([matrix.values[:, matrix.column(model)], right])
    keep = np.asarray(~np.isnan(both).any(axis=1))
    part = matrix.take_items(keep)
    if len(part.items) < 2:
        return float("nan")
    found = means(both[keep], clusters=part.clusters, weights=part.weights, bounded=False, variance=variance)
    return 1 - (found[0].se / found[1].se) ** 2 if found[1].se > 0 else float("nan")
