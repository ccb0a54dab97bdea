"""Probabilities of the right answer against right or wrong on the same items: how much of the variance they saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.options import ScoreRule
from howsure.statistics.means.mean import means
from howsure.study.study import collect
from howsure.table.aggregate import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.estimate import Entry
    from howsure.statistics.choices import Variance
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

PROB = "prob"


def right_or_wrong(scores: Scores, design: Design) -> dict[tuple[str, str], ScoreMatrix]:
    """Return, for the task and each metric that is a probability, the scores that it refines."""
    if design.score.kind != PROB:
        return {}
    plain = replace(design, score=ScoreRule(), metric=(), covariate=())
    pairs = {(fact.task, prob): metric for fact in scores.facts for prob, metric in fact.finer.items()}
    if not pairs:
        return {} if scores.facts else _columns(scores, plain)
    held = tuple(name for name in names_of(scores, "metric") if name in pairs.values())
    if not held:
        return {}
    found = collect(scores, replace(plain, metric=held))
    matrices = {(matrix.task, matrix.metric): matrix for matrix in found.matrices()}
    return {
        (task, prob): matrices[task, metric] for (task, prob), metric in pairs.items() if (task, metric) in matrices
    }


def _columns(scores: Scores, design: Design) -> dict[tuple[str, str], ScoreMatrix]:
    """Take the table's own score, where the probability is a column beside it."""
    if scores.roles.get("score") in (None, (PROB,)):
        return {}
    return {(matrix.task, matrix.metric): matrix for matrix in collect(scores, design).matrices()}


def with_savings(
    entries: Sequence[Entry], matrix: ScoreMatrix, refined: dict[tuple[str, str], ScoreMatrix], variance: Variance
) -> list[Entry]:
    """Add to each entry the share of the variance of right or wrong that its probabilities saved on the same items."""
    other = refined.get((matrix.task, matrix.metric))
    if other is None:
        return list(entries)
    return [replace(entry, saved=_saved(matrix, other, entry.model, variance)) for entry in entries]


def _saved(matrix: ScoreMatrix, other: ScoreMatrix, model: str, variance: Variance) -> float:
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
