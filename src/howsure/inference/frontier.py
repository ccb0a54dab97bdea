"""Which models of a study could be the best buy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.frontier import Buy, Frontier, TaskFrontier
from howsure.errors import DataError
from howsure.inference.boards import told_apart
from howsure.inference.estimate import entries
from howsure.inference.measures import measure_gap, missing, taken
from howsure.inference.overall import no_overall
from howsure.statistics.means import means
from howsure.statistics.ratios import Known, cost_moments, dominance
from howsure.study.notes import direction_cautions
from howsure.study.slices import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


def frontier_of(study: Study, question: Question) -> Frontier:
    """Return who could be the best buy on every task, and on all tasks that the models share."""
    matrices = list(study.matrices())
    parts = [[matrix] for matrix in matrices]
    if no_overall(matrices) is None:
        parts = [matrices, *parts]
    found = [
        task
        for name in study.design.measure
        for part in parts
        if (task := _task(study, part, name, question)) is not None
    ]
    if not found:
        raise DataError(
            "no task has two models that record what they took",
            remedy="`howsure describe` shows what was recorded.",
        )
    return Frontier(
        tasks=tuple(found), notes=study.notes, cautions=(*study.cautions, *direction_cautions(study))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """Scores and costs of the same models, on the items that each was tried on."""

    scores: ScoreMatrix
    costs: ScoreMatrix

    @property
    def known(self) -> Known:
        """What is known of the costs."""
        lacking = np.array([missing(self.costs, model) > 0 for model in self.costs.models])
        return Known(lacking=lacking, free=~lacking & (np.nansum(self.costs.values, axis=0) == 0))


def _task(study: Study, part: Sequence[ScoreMatrix], name: str, question: Question) -> TaskFrontier | None:
    both = _of_models(part, taken(study, part, name))
    return None if both is None else _judged(both, question)


def _of_models(part: Sequence[ScoreMatrix], costs: ScoreMatrix) -> _Both | None:
    """Return the models that have every task; None where there aren't two, or none records a cost."""
    models = sorted(set.intersection(*(set(matrix.models) for matrix in part)) & set(costs.models))
    if len(models) < 2 or not np.nansum(costs.values) > 0:
        return None
    scores = stacked(part) if len(part) > 1 else part[0]
    return _Both(
        scores=scores.take_models(scores.columns(models)), costs=costs.take_models(costs.columns(models))
    )


def _judged(both: _Both, question: Question) -> TaskFrontier:
    scores, costs = both.scores, both.costs
    pairs = question.population.pairs(scores, question)
    moments = cost_moments(
        costs.values, clusters=costs.clusters, weights=costs.weights, variance=question.variance
    )
    sign = scores.orientation
    rng = np.random.default_rng(question.seed)
    known = both.known
    estimates = [entry.estimate for entry in entries(scores, question)]
    values = np.array([estimate.value for estimate in estimates])
    score_p, _, best = told_apart(pairs, sign * values, sign, replace(question, adjust="max-t"))
    found = dominance(sign * pairs.difference, score_p, moments, known, question.level, rng=rng)
    took = _costs(costs, question)
    amounts = np.array([estimate.value for estimate in took])
    beats = found.beats
    buys = [
        Buy(
            model=model,
            score=estimates[k],
            cost=took[k],
            n_missing=missing(costs, model),
            could_be_best=bool(best[k]),
            beaten_by=tuple(scores.models[j] for j in np.flatnonzero(beats[:, k])),
        )
        for k, model in enumerate(scores.models)
    ]
    order = np.lexsort((-sign * values, amounts))
    told = [k for k in order.tolist() if best[k] and not known.lacking[k]]
    leader = int(np.lexsort((amounts, -sign * values))[0])
    return _with_leader(
        TaskFrontier(
            task=scores.task,
            metric=scores.metric,
            measure=costs.metric,
            level=question.level,
            lower_is_better=scores.lower_is_better,
            percent=scores.bounded,
            cheapest=scores.models[told[0]] if told else None,
            leader=scores.models[leader],
            models=tuple(buys[k] for k in order.tolist()),
        ),
        both,
        question,
    )


def _costs(costs: ScoreMatrix, question: Question) -> list[Estimate]:
    """Estimate what each model takes, on the items that it was tried on."""
    return [_cost(costs, k, question) for k in range(len(costs.models))]


def _cost(costs: ScoreMatrix, k: int, question: Question) -> Estimate:
    part = costs.take_models([k])
    tried: Floats = part.values[:, 0]
    part = part.take_items(~np.isnan(tried))
    return means(
        part.values,
        clusters=part.clusters,
        weights=part.weights,
        bounded=False,
        level=question.level,
        variance=question.variance,
    )[0]


def _with_leader(found: TaskFrontier, both: _Both, question: Question) -> TaskFrontier:
    """Add how the leader and the cheapest that could be best compare."""
    if found.cheapest is None or found.cheapest == found.leader:
        return found
    models = found.leader, found.cheapest
    asked = replace(question, margin=None)
    return replace(
        found,
        gap=measure_gap(both.costs, models, question),
        lead=question.population.pair(both.scores, models[0], models[1], asked).difference,
    )
