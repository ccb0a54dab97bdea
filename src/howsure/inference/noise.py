"""Noise: from matrices to the sources of every standard error."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.noise import Component, Noise, NoiseEntry, PairNoise, TaskNoise
from howsure.errors import DataError, OptionError, ResultWarning, doubt
from howsure.inference.board import entries
from howsure.inference.compare import gather_pair, one_metric, tasks_left_out
from howsure.inference.settings import settings_of
from howsure.inference.slices import sliced_noise
from howsure.statistics.answer_noise import answers, mean_noise, pair_noise
from howsure.statistics.grading_noise import grading_noise
from howsure.statistics.means import means
from howsure.statistics.variance_components import components, variance_limits
from howsure.study.factors import gather_levelled
from howsure.table.scale import ScaleBounds
from howsure.table.schema import GRADING, GRADING_SQUARES, GRADINGS, open_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.estimate import Entry
    from howsure.answers.parts import ErrorSources
    from howsure.inference.question import Question
    from howsure.statistics.answer_noise import Answers
    from howsure.statistics.arrays import Ints
    from howsure.statistics.results import Estimate
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

KEPT = ("one_item", "one_cluster", "dominant_cluster", "one_level")
UNTOLD = Component(variance=math.nan, se=math.nan, low=math.nan, high=math.nan)
NEGATIVE = ResultWarning(
    code="negative_variance",
    message="the estimated variance between questions is negative, within its noise, and is shown as 0",
    remedy="Add attempts or questions to separate the two.",
)
FIRST_CLUSTERS = ResultWarning(
    code="first_clustering_only",
    message="the spread between clusters is for the first clustering",
    remedy="List the other one first to see its spread.",
)
UNWEIGHTED = ResultWarning(
    code="unweighted_components",
    message=("the standard deviations of single scores are unweighted, but standard errors are weighted"),
    remedy="Leave `weight` out to make both unweighted.",
)


def decompose(scores: Scores, design: Design, question: Question, a: str | None, b: str | None) -> Noise:
    """Split every standard error, or those of two models and their difference. See `howsure.noise`."""
    if (a is None) != (b is None):
        raise OptionError("one model of a pair is missing", remedy="Give both a and b, or neither.")
    if a is not None and b is not None:
        study = gather_pair(scores, design, a, b)
        a, b = study.models
        matrices = one_metric(study)
        tasks = [pair_task_noise(matrix, a, b, question) for matrix in matrices]
        left = tasks_left_out(study, matrices)
        one, other = a, b
        shared = [_shared(matrix, a, b) for matrix in matrices]
        slices = sliced_noise(
            study, shared, question, lambda part: pair_task_noise(part, one, other, question)
        )
    else:
        study = gather_levelled(scores, design).spread_out()
        matrices, left = list(study.matrices()), []
        tasks = [task_noise(matrix, question) for matrix in matrices]
        slices = sliced_noise(study, matrices, question, lambda part: task_noise(part, question))
    graded = _graded_answers(scores)
    if graded is not None:
        tasks = [
            _with_gradings(task, matrix if a is None or b is None else _shared(matrix, a, b), graded, study)
            for task, matrix in zip(tasks, matrices, strict=True)
        ]
    return Noise(
        tasks=tuple(tasks),
        slices=slices,
        settings=settings_of(study, question),
        notes=study.notes,
        warnings=(*study.warnings, *left),
    )


def _graded_answers(scores: Scores) -> pl.DataFrame | None:
    """Return one row per answer with its number of gradings and their sum of squares, None without
    gradings.
    """
    named = {*scores.roles, *open_frame(scores.rows).collect_schema().names()}
    if not named & {GRADING, GRADING_SQUARES}:
        return None
    return scores.to_frame().filter(pl.col(GRADINGS) > 0)


def _with_gradings(task: TaskNoise, matrix: ScoreMatrix, graded: pl.DataFrame, study: Study) -> TaskNoise:
    """Return a task's noise with the part of gradings, unless factors shared by all questions are random."""
    if matrix.levels is not None:
        return task
    places = [
        pl.DataFrame({name: values, f"{name}_place": np.arange(len(values))})
        for name, values in (("item", matrix.items.astype(str)), ("model", np.array(matrix.models)))
    ]
    rows = graded.filter(task=matrix.task, metric=matrix.metric)
    rows = rows.join(places[0], on="item").join(places[1], on="model").sort("item_place", "model_place")
    scale = study.scales.get((matrix.task, matrix.metric), ScaleBounds())
    noise = grading_noise(
        rows[GRADINGS].to_numpy().astype(float),
        scale.size(scale.size(rows[GRADING_SQUARES].to_numpy())),
        (rows["item_place"].to_numpy(), rows["model_place"].to_numpy()),
        matrix.attempts.astype(float),
        matrix.weights,
    )
    noise = noise.with_difference() if task.pair else noise
    entries = [
        replace(
            entry,
            gradings=float(noise.gradings[k]),
            variance_between_gradings=float(noise.now[k]),
            variance_between_gradings_once=float(noise.once[k]),
            grading_variance=float(noise.single[k]),
        )
        for k, entry in enumerate(task.entries)
    ]
    return replace(task, entries=tuple(entries))


def task_noise(matrix: ScoreMatrix, question: Question, known: Iterable[Entry] | None = None) -> TaskNoise:
    """Split the standard errors of every model of a task, and of all pairs. `known`: its entries, if
    available already.
    """
    if matrix.levels is not None:
        every = {entry.model: entry for entry in (entries(matrix, question) if known is None else known)}
        return _level_noise(
            matrix, [(name, every[name].estimate, every[name].sources) for name in matrix.models]
        )
    drawn = question.population.drawn(matrix)
    found = answers(drawn.values, drawn.attempts.astype(float), drawn.within)
    told = {entry.model: entry.estimate for entry in (entries(matrix, question) if known is None else known)}
    estimates = [told[model] for model in matrix.models]
    return TaskNoise(
        task=matrix.task,
        metric=matrix.metric,
        entries=tuple(_entries(drawn, found, matrix.models, estimates, question.level)),
        pairs=_pairs(matrix, found, question),
        percent=matrix.bounded,
    )


def pair_task_noise(matrix: ScoreMatrix, a: str, b: str, question: Question) -> TaskNoise:
    """Split the standard errors of two models, on the items that both answered, and of their paired
    difference.
    """
    if matrix.levels is not None:
        both = matrix.take_models(matrix.columns((a, b)))
        pair = question.population.pair(both, a, b, replace(question, method="t"))
        single = [(entry.model, entry.estimate, entry.sources) for entry in entries(both, question)]
        return replace(
            _level_noise(both, [*single, (f"{a} − {b}", pair.difference, pair.sources)]), pair=True
        )
    both = question.population.drawn(_shared(matrix, a, b))
    found = answers(both.values, both.attempts.astype(float), both.within).with_difference()
    estimates = means(
        found.means,
        clusters=both.clusters,
        weights=both.weights,
        bounded=False,
        level=question.level,
        variance=question.variance,
        labels=both.cluster_labels[0] if both.cluster_labels else (),
        strata=both.strata,
    )
    singles = _entries(both, found, (a, b, f"{a} − {b}"), estimates, question.level)
    omega = [entry.between_questions.variance for entry in singles]
    scale = math.sqrt(omega[0] * omega[1]) if min(omega[:2]) > 0 else math.nan
    correlation = (omega[0] + omega[1] - omega[2]) / 2 / scale if scale else math.nan
    difference = replace(singles[2], correlation=correlation)
    return TaskNoise(
        task=matrix.task,
        metric=matrix.metric,
        entries=(*singles[:2], difference),
        pair=True,
        percent=matrix.bounded,
    )


def _level_noise(
    matrix: ScoreMatrix, known: Sequence[tuple[str, Estimate, ErrorSources | None]]
) -> TaskNoise:
    """Split standard errors into questions, random factors and answers. `known`: a name, an estimate and its
    sources for each.
    """
    found = []
    for name, estimate, sources in known:
        assert sources is not None
        variance = estimate.se**2
        answers = variance * sources.answers
        told = NoiseEntry(
            task=matrix.task,
            metric=matrix.metric,
            name=name,
            value=estimate.value,
            se=estimate.se,
            n_items=estimate.n_items,
            n_clusters=estimate.n_clusters,
            attempts=sources.attempts,
            variance_between_questions=variance * sources.questions,
            variance_within_questions=answers,
            variance_within_questions_once=answers * sources.attempts,
            within_question=UNTOLD,
            between_questions=UNTOLD,
            between_clusters=UNTOLD,
            within_clusters=UNTOLD,
            sources=sources,
            warnings=tuple(each for each in estimate.warnings if each.code in KEPT),
        )
        found.append(told)
    return TaskNoise(task=matrix.task, metric=matrix.metric, entries=tuple(found), percent=matrix.bounded)


def _shared(matrix: ScoreMatrix, a: str, b: str) -> ScoreMatrix:
    """Return two models on the items that both answered. DataError if there are none."""
    pair = matrix.take_models(matrix.columns((a, b)))
    shared = np.asarray(~np.isnan(pair.values).any(axis=1))
    if not shared.any():
        raise DataError(
            f"{a} and {b} don't share any item",
            where=matrix.task,
            remedy="Leave `a` and `b` out to see the noise of each model.",
        )
    return pair.take_items(shared)


def _entries(
    matrix: ScoreMatrix, found: Answers, names: Sequence[str], estimates: Sequence[Estimate], level: float
) -> list[NoiseEntry]:
    codes = matrix.clusters[0] if matrix.clusters else None
    noise, parts = mean_noise(found, matrix.weights), _components(found, codes, level)
    weights = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    held = np.where(found.has, weights[:, None], 0.0)
    sharing = (held**2).sum(axis=0) / held.sum(axis=0) ** 2
    lone, measured = (found.has & ~found.known).sum(axis=0), found.measured
    harmonic = found.has.sum(axis=0) / np.where(found.has, 1 / np.maximum(found.attempts, 1), 0.0).sum(axis=0)
    entries = []
    for k, (name, estimate) in enumerate(zip(names, estimates, strict=True)):
        variance, own = estimate.se**2, {part: values[k] for part, values in parts.items()}
        most = (
            own["within"].variance * sharing[k] / variance if variance > 0 and not measured[k] else math.nan
        )
        now = float(noise.now[k])
        single = int(lone[k]) if math.isfinite(now) else 0
        entry = NoiseEntry(
            task=matrix.task,
            metric=matrix.metric,
            name=name,
            value=estimate.value,
            se=estimate.se,
            n_items=estimate.n_items,
            n_clusters=estimate.n_clusters,
            attempts=float(harmonic[k]),
            variance_between_questions=variance - now,
            variance_within_questions=now,
            variance_within_questions_once=float(noise.once[k]),
            most_within_share=min(most, 1.0) if most > 0 else most,
            within_question=own["answer"],
            between_questions=own["question"],
            between_clusters=own["between"],
            within_clusters=own["within"],
            warnings=_warnings(variance - now, single, matrix, estimate),
        )
        entries.append(entry)
    return entries


def _components(found: Answers, codes: Ints | None, level: float) -> dict[str, list[Component]]:
    """Return each component of every column with its jackknife interval."""
    values, errors = components(found, codes)
    units = len(found.means) if codes is None else int(codes.max()) + 1
    question = np.where(np.isnan(values.answer), np.nan, values.question)
    listed = {
        "answer": (values.answer, errors.answer),
        "question": (question, errors.question),
        "between": (values.between, errors.between),
        "within": (values.within, errors.within),
    }
    return {
        name: [
            Component(variance=float(v), se=float(se), low=float(low), high=float(high))
            for v, se, low, high in zip(
                variance, error, *variance_limits(variance, error, units, level), strict=True
            )
        ]
        for name, (variance, error) in listed.items()
    }


def _warnings(
    between: float, single: int, matrix: ScoreMatrix, estimate: Estimate
) -> tuple[ResultWarning, ...]:
    """Return the warnings for a model. `between`: its variance between questions, NaN if unknown. `single`:
    its items with a single attempt, 0 if all have one.
    """
    warnings = [warning for warning in estimate.warnings if warning.code in KEPT]
    if single:
        warnings.append(doubt("single_attempts", count=single, n=estimate.n_items))
    if between < 0:
        warnings.append(NEGATIVE)
    if len(matrix.clusters) > 1:
        warnings.append(FIRST_CLUSTERS)
    if matrix.weights is not None:
        warnings.append(UNWEIGHTED)
    return tuple(warnings)


def _pairs(matrix: ScoreMatrix, found: Answers, question: Question) -> PairNoise | None:
    """Split the differences of all pairs. None if the noise isn't known for any."""
    if len(matrix.models) < 2 or not found.measured.any():
        return None
    moments = question.population.pairs(matrix, replace(question, method="t"))
    noise = pair_noise(found, matrix.weights)
    upper = np.triu_indices(len(matrix.models), 1)
    total, now, once = moments.variance[upper], noise.now[upper], noise.once[upper]
    known = np.flatnonzero(np.isfinite(now) & (total > 0) & (once > 0))
    if not len(known):
        return None
    first, second = (places[known].tolist() for places in upper)
    return PairNoise(
        a=tuple(matrix.models[k] for k in first),
        b=tuple(matrix.models[k] for k in second),
        n_shared=moments.shared[upper][known],
        questions=np.maximum(total - now, 0.0)[known],
        answers=now[known],
        once=once[known],
    )
