"""Costs of attempts: the ratio of two models, known or bounded, and which models could be the best buy.

A failed attempt has a cost, and an unrecorded cost isn't 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.frontier import Frontier, FrontierModel, TaskFrontier
from howsure.answers.parts import UsageDifference
from howsure.errors import DataError
from howsure.inference import calibration_record
from howsure.inference.board import corrected, could_be_best, entries
from howsure.inference.settings import settings_of
from howsure.inference.task_weights import no_overall
from howsure.statistics.means import means
from howsure.statistics.ratios import Known, Ratio, cost_moments, dominance, ratio
from howsure.statistics.results import Interval
from howsure.study.notes import direction_warnings
from howsure.study.slices import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.parts import RatioKnown
    from howsure.errors import ResultWarning
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


def taken(study: Study, matrices: Sequence[ScoreMatrix], name: str) -> ScoreMatrix:
    """Return the costs of a study's models on one task, or on all these tasks."""
    found = [study.measure((matrix.task, matrix.metric), name) for matrix in matrices]
    return stacked(found) if len(found) > 1 else found[0]


def missing(matrix: ScoreMatrix, model: str) -> int:
    """Count the attempts of a model that don't record a measure."""
    return int(matrix.n_failed[matrix.column(model)])


def with_measures(
    study: Study, matrices: Sequence[ScoreMatrix], pair: Comparison, question: Question
) -> Comparison:
    """Return a comparison with the costs of both, per attempt and per solved item, for an overall one over
    all its tasks.
    """
    of_pair = [m for m in matrices if not pair.task or (m.task, m.metric) == (pair.task, pair.metric)]
    if not study.design.usage or (len(of_pair) > 1 and no_overall(of_pair) is not None):
        return pair
    scores = stacked(of_pair) if len(of_pair) > 1 else of_pair[0]
    gaps: list[UsageDifference] = []
    for name in study.design.usage:
        matrix = taken(study, of_pair, name)
        gaps.append(measure_gap(matrix, (pair.a, pair.b), question))
        if pair.percent and not pair.lower_is_better:
            gaps.append(measure_gap(matrix, (pair.a, pair.b), question, scores))
    return replace(pair, usage=tuple(gaps))


def measure_gap(
    matrix: ScoreMatrix, models: tuple[str, str], question: Question, scores: ScoreMatrix | None = None
) -> UsageDifference:
    """Return the cost ratio a / b. `scores`: per solved item. If attempts of one lack costs the ratio is
    bounded, if both do it is unknown.
    """
    lacking = missing(matrix, models[0]), missing(matrix, models[1])
    known: RatioKnown = (
        "exact"
        if not any(lacking)
        else "unknown"
        if all(lacking)
        else "at_least"
        if lacking[0]
        else "at_most"
    )
    found = None if known == "unknown" else ratio_of(matrix, models, question, scores)
    if found is not None and not math.isfinite(found.value):
        found, known = None, "unknown"
    return UsageDifference(
        name=matrix.metric,
        per="attempt" if scores is None else "solved",
        a=math.nan if found is None else found.a,
        b=math.nan if found is None else found.b,
        ratio=math.nan if found is None else found.value,
        interval=_limits(found, known, question.level),
        p_value=found.p_value if found is not None and known == "exact" else math.nan,
        ratio_is=known,
        n_items=0 if found is None else found.n_items,
        n_clusters=0 if found is None else found.n_clusters,
        n_missing_a=lacking[0],
        n_missing_b=lacking[1],
        warnings=measure_warnings(found),
    )


def ratio_of(
    matrix: ScoreMatrix, models: tuple[str, str], question: Question, scores: ScoreMatrix | None = None
) -> Ratio:
    """Return the first model's cost over the second's. `scores`: per solved item."""
    both = matrix.take_models(matrix.columns(models))
    return ratio(
        both.values[:, 0],
        both.values[:, 1],
        clusters=both.clusters,
        weights=both.weights,
        variance=question.variance,
        level=question.level,
        solved=None if scores is None else _solved(scores, both.items, models),
    )


def _solved(scores: ScoreMatrix, items: Ints, models: tuple[str, str]) -> tuple[Floats, Floats]:
    """Return the scores of both on these items. An item without a score wasn't solved."""
    places = {item: k for k, item in enumerate(scores.items.tolist())}
    rows = np.array([places.get(item, -1) for item in items.tolist()])
    columns = [scores.values[:, scores.column(model)] for model in models]
    found = [np.where(rows >= 0, np.nan_to_num(column[rows]), 0.0) for column in columns]
    return found[0], found[1]


def _limits(ratio: Ratio | None, known: RatioKnown, level: float) -> Interval:
    """Return the limits, unbounded on an open side."""
    if ratio is None:
        return Interval(low=math.nan, high=math.nan, level=level)
    low = 0.0 if known == "at_most" else ratio.low
    high = math.inf if known == "at_least" else ratio.high
    return Interval(low=low, high=high, level=level)


def measure_warnings(ratio: Ratio | None) -> tuple[ResultWarning, ...]:
    """Warn if the interval of such a ratio had too little coverage in simulations."""
    miss = (
        None
        if ratio is None
        else calibration_record.ratio_miss(
            n_items=ratio.n_items, n_clusters=ratio.n_clusters, spread=ratio.spread
        )
    )
    return () if miss is None else (miss,)


def frontier_of(study: Study, question: Question) -> Frontier:
    """Return the models that could be the best buy on every task, and on all tasks that the models share."""
    matrices = list(study.matrices())
    parts = [[matrix] for matrix in matrices]
    if no_overall(matrices) is None:
        parts = [matrices, *parts]
    tasks = []
    for name in study.design.usage:
        for part in parts:
            both = _of_models(part, taken(study, part, name))
            if both is not None:
                tasks.append(_judged(both, question))
    if not tasks:
        raise DataError(
            "on no task do two models record costs", remedy="`howsure describe` shows what was recorded."
        )
    return Frontier(
        tasks=tuple(tasks),
        settings=settings_of(study, question),
        notes=study.notes,
        warnings=(*study.warnings, *direction_warnings(study)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScoresAndCosts:
    """Scores and costs of the same models, on the items that each attempted."""

    scores: ScoreMatrix
    costs: ScoreMatrix

    @property
    def known(self) -> Known:
        """The known facts on costs."""
        lacking = np.array([missing(self.costs, model) > 0 for model in self.costs.models])
        return Known(lacking=lacking, free=~lacking & (np.nansum(self.costs.values, axis=0) == 0))


def _of_models(part: Sequence[ScoreMatrix], costs: ScoreMatrix) -> _ScoresAndCosts | None:
    """Return the models that have every task. None if there aren't two, or none records a cost."""
    models = sorted(set.intersection(*(set(matrix.models) for matrix in part)) & set(costs.models))
    if len(models) < 2 or not np.nansum(costs.values) > 0:
        return None
    scores = stacked(part) if len(part) > 1 else part[0]
    return _ScoresAndCosts(
        scores=scores.take_models(scores.columns(models)), costs=costs.take_models(costs.columns(models))
    )


def _judged(models: _ScoresAndCosts, question: Question) -> TaskFrontier:
    scores, costs = models.scores, models.costs
    pairs = question.population.pairs(scores, question)
    moments = cost_moments(
        costs.values, clusters=costs.clusters, weights=costs.weights, variance=question.variance
    )
    sign = scores.orientation
    rng = np.random.default_rng(question.seed)
    known = models.known
    estimates = [entry.estimate for entry in entries(scores, question)]
    values = np.array([estimate.value for estimate in estimates])
    asked = replace(question, adjust="max-t")
    score_p = corrected(pairs, asked)
    best = could_be_best(pairs, sign * values, score_p, sign, asked)
    found = dominance(sign * pairs.difference, score_p, moments, known, question.level, rng=rng)
    took = [_cost(costs, k, question) for k in range(len(costs.models))]
    amounts = np.array([estimate.value for estimate in took])
    beats = found.beats
    buys = [
        FrontierModel(
            model=model,
            score=estimates[k],
            cost=took[k],
            n_missing=missing(costs, model),
            could_be_best=bool(best[k]),
            dominated_by=tuple(scores.models[j] for j in np.flatnonzero(beats[:, k])),
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
            usage=costs.metric,
            level=question.level,
            lower_is_better=scores.lower_is_better,
            percent=scores.bounded,
            cheapest=scores.models[told[0]] if told else None,
            leader=scores.models[leader],
            models=tuple(buys[k] for k in order.tolist()),
        ),
        models,
        question,
    )


def _cost(costs: ScoreMatrix, k: int, question: Question) -> Estimate:
    """Estimate the costs of a model, on the items that it attempted."""
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


def _with_leader(frontier: TaskFrontier, both: _ScoresAndCosts, question: Question) -> TaskFrontier:
    """Add the comparison of the leader with the cheapest model that could be best."""
    if frontier.cheapest is None or frontier.cheapest == frontier.leader:
        return frontier
    models = frontier.leader, frontier.cheapest
    asked = replace(question, margin=None)
    return replace(
        frontier,
        difference=measure_gap(both.costs, models, question),
        lead=question.population.pair(both.scores, models[0], models[1], asked).difference,
    )
