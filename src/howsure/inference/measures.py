"""What attempts took: the ratio of two models, known or bounded; a failed attempt has a cost, and what wasn't
recorded isn't 0.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.parts import MeasureGap
from howsure.inference import record
from howsure.inference.overall import no_overall
from howsure.statistics.ratios import Ratio, ratio
from howsure.statistics.results import Interval
from howsure.study.slices import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.parts import Known
    from howsure.errors import Caution
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats, Ints
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


def taken(study: Study, matrices: Sequence[ScoreMatrix], name: str) -> ScoreMatrix:
    """Return what the models of a study took on one task, or on all these together."""
    found = [study.measure((matrix.task, matrix.metric), name) for matrix in matrices]
    return stacked(found) if len(found) > 1 else found[0]


def missing(matrix: ScoreMatrix, model: str) -> int:
    """Count the attempts of a model that don't record a measure."""
    return int(matrix.n_failed[matrix.column(model)])


def with_measures(
    study: Study, matrices: Sequence[ScoreMatrix], pair: Comparison, question: Question
) -> Comparison:
    """Return a comparison with what both took, per attempt and per solved item; an overall one over all its
    tasks.
    """
    of_pair = [m for m in matrices if not pair.task or (m.task, m.metric) == (pair.task, pair.metric)]
    if not study.design.measure or (len(of_pair) > 1 and no_overall(of_pair) is not None):
        return pair
    scores = stacked(of_pair) if len(of_pair) > 1 else of_pair[0]
    gaps: list[MeasureGap] = []
    for name in study.design.measure:
        matrix = taken(study, of_pair, name)
        gaps.append(measure_gap(matrix, (pair.a, pair.b), question))
        if pair.percent and not pair.lower_is_better:
            gaps.append(measure_gap(matrix, (pair.a, pair.b), question, scores))
    return replace(pair, measures=tuple(gaps))


def measure_gap(
    matrix: ScoreMatrix, models: tuple[str, str], question: Question, scores: ScoreMatrix | None = None
) -> MeasureGap:
    """Return what a took over what b took; `scores`: per solved item. Where attempts of one lack it the ratio
    is bounded, of both unknown.
    """
    lacking = missing(matrix, models[0]), missing(matrix, models[1])
    known: Known = (
        "known"
        if not any(lacking)
        else "unknown"
        if all(lacking)
        else "at least"
        if lacking[0]
        else "at most"
    )
    found = None if known == "unknown" else ratio_of(matrix, models, question, scores)
    if found is not None and not math.isfinite(found.value):
        found, known = None, "unknown"
    return MeasureGap(
        measure=matrix.metric,
        per="attempt" if scores is None else "solved",
        a=math.nan if found is None else found.a,
        b=math.nan if found is None else found.b,
        ratio=math.nan if found is None else found.value,
        interval=_limits(found, known, question.level),
        p_value=found.p_value if found is not None and known == "known" else math.nan,
        known=known,
        n_items=0 if found is None else found.n_items,
        n_clusters=0 if found is None else found.n_clusters,
        n_missing_a=lacking[0],
        n_missing_b=lacking[1],
        cautions=measure_cautions(found),
    )


def ratio_of(
    matrix: ScoreMatrix, models: tuple[str, str], question: Question, scores: ScoreMatrix | None = None
) -> Ratio:
    """Return what the first of two models took over what the second took; `scores`: per solved item."""
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
    """Return the scores of both on these items; what has none was not solved."""
    places = {item: k for k, item in enumerate(scores.items.tolist())}
    rows = np.array([places.get(item, -1) for item in items.tolist()])
    columns = [scores.values[:, scores.column(model)] for model in models]
    found = [np.where(rows >= 0, np.nan_to_num(column[rows]), 0.0) for column in columns]
    return found[0], found[1]


def _limits(found: Ratio | None, known: Known, level: float) -> Interval:
    """Return the limits; on the side that is open a ratio can be anything."""
    if found is None:
        return Interval(low=math.nan, high=math.nan, level=level)
    low = 0.0 if known == "at most" else found.low
    high = math.inf if known == "at least" else found.high
    return Interval(low=low, high=high, level=level)


def measure_cautions(found: Ratio | None) -> tuple[Caution, ...]:
    """Warn where the calibration record says that the interval of such a ratio misses."""
    miss = (
        None
        if found is None
        else record.ratio_miss(n_items=found.n_items, n_clusters=found.n_clusters, spread=found.spread)
    )
    return () if miss is None else (miss,)
