"""Questions: from matrices to the analysis of the questions of each task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.questions import ItemAnalysis, ModelAttempts, Questions, RepeatedItems, TaskQuestions
from howsure.errors import OptionError, ResultWarning
from howsure.inference.sensitivity import coverage_warnings
from howsure.inference.settings import settings_of
from howsure.statistics import item_analysis as methods
from howsure.statistics import question_rates
from howsure.statistics.clustered_variance import degrees_of_freedom
from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.means import cluster_warnings
from howsure.statistics.results import allowed
from howsure.study.notes import direction_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats, Ints, Positions
    from howsure.statistics.pair_moments import PairMoments
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

SEED = 0


def examine(study: Study, question: Question, *, top: int | None) -> Questions:
    """Examine every task and metric on its `top` best models (None: on all). See `howsure.questions`."""
    if top is not None and top < 1:
        raise OptionError(f"`top={top!r}` leaves no model", remedy="Write 30 for the 30 best.")
    tasks = tuple(examine_task(matrix, question, top=top) for matrix in study.matrices())
    over_models = any(len(task.models) > 1 or not task.over_attempts for task in tasks)
    warnings = [each for each in study.warnings if over_models or each.code != "looks_grouped"]
    return Questions(
        tasks=tasks,
        settings=settings_of(study, question),
        notes=study.notes,
        warnings=(*warnings, *direction_warnings(study)),
    )


def best_first(matrix: ScoreMatrix) -> Positions:
    """Return the positions of the models in the order of a leaderboard: by mean score, ties by name."""
    return np.lexsort((np.array(matrix.models), -matrix.orientation * matrix.means()))


def examine_task(
    matrix: ScoreMatrix, question: Question, *, top: int | None = None, pairs: PairMoments | None = None
) -> TaskQuestions:
    """Examine one task and metric on its `top` best models (None: on all). `pairs`: those of all models, if
    they are known.
    """
    order = best_first(matrix)[:top]
    matrix = matrix.take_models(order)
    drawn, level = question.population.drawn(matrix), question.level
    pairs = question.population.pairs(matrix, question) if pairs is None else pairs.take(order.tolist())
    resolution = methods.resolution(pairs, level)
    reliability = methods.reliability(
        drawn.values,
        clusters=drawn.clusters[0] if drawn.clusters else None,
        weights=matrix.weights,
        rng=np.random.default_rng(SEED),
    )
    return TaskQuestions(
        task=matrix.task,
        metric=matrix.metric,
        models=matrix.models,
        items=_items(matrix, level),
        over_attempts=tuple(_over_attempts(matrix, level)),
        n_clusters=min((len(np.unique(codes)) for codes in matrix.clusters), default=len(matrix.items)),
        smallest_significant_difference=resolution.smallest_gap,
        detectable_difference=resolution.planned_gap,
        n_significant_neighbours=resolution.neighbours if np.isfinite(resolution.smallest_gap) else None,
        reliability=reliability.scores,
        reliability_places=reliability.places,
        reliability_items=reliability.items,
        n_complete=reliability.n_complete,
        level=level,
        percent=matrix.bounded,
        lower_is_better=matrix.lower_is_better,
        warnings=(*_warnings(drawn), *coverage_warnings(matrix, pairs)),
    )


def _items(matrix: ScoreMatrix, level: float) -> ItemAnalysis:
    found = methods.separation(matrix.values, bounded=matrix.bounded, lower_is_better=matrix.lower_is_better)
    against = methods.discrimination(matrix.values, weights=matrix.weights)
    suspect = found.separating & (against.p_adjusted <= allowed(level))
    kind = np.select(
        [found.answered < 2, found.nobody, found.everybody, found.alike, suspect],
        ["unanswered", "none_solved", "all_solved", "all_equal", "suspect"],
        "discriminating",
    )
    return ItemAnalysis(
        item=matrix.items,
        score=found.mean,
        n_models=found.answered,
        discrimination=against.correlation,
        p_adjusted=against.p_adjusted,
        kind=kind,
    )


def _over_attempts(matrix: ScoreMatrix, level: float) -> Iterator[ModelAttempts]:
    """Yield the questions of each model over its attempts, if these are right or wrong and most questions
    have several.
    """
    if matrix.of_agreement:
        return
    repeated = np.flatnonzero(matrix.is_repeated())
    successes = matrix.successes() if len(repeated) else matrix.attempts
    for m in repeated:
        n, best = matrix.attempts[:, m].astype(np.int64), successes[:, m]
        solved = n - best if matrix.lower_is_better else best
        yield ModelAttempts(
            model=matrix.models[m],
            items=_repeated(matrix, solved, n, matrix.within[:, m], level),
            attempts_needed=question_rates.attempts_to_show_flaky(int((n > 0).sum()), level),
            level=level,
        )


def _repeated(matrix: ScoreMatrix, solved: Ints, n: Ints, within: Floats, level: float) -> RepeatedItems:
    """Return the questions of one model, of which `solved` of n attempts have the best score (n,)."""
    p_flaky = question_rates.flaky(solved, n).adjusted
    low, high = clopper_pearson(solved, np.maximum(n, 1), level)
    weights = np.ones(len(n)) if matrix.weights is None else matrix.weights
    noise = weights**2 * np.where(n > 1, within / np.maximum(n - 1, 1), 0.0)
    return RepeatedItems(
        item=matrix.items,
        solved=solved,
        attempts=n,
        low=np.where(n > 0, low, np.nan),
        high=np.where(n > 0, high, np.nan),
        p_flaky=np.where(n > 0, p_flaky, np.nan),
        noise_share=noise / max(np.nansum(noise), np.finfo(float).tiny),
        kind=np.select(
            [n == 0, p_flaky <= allowed(level), solved == n, solved == 0],
            ["unanswered", "flaky", "always", "never"],
            "mixed",
        ),
    )


def _warnings(matrix: ScoreMatrix) -> Iterator[ResultWarning]:
    """Warn of missing results, of few models, and of too few clusters or items for a standard error or a
    split into halves.
    """
    n_models, n_items = len(matrix.models), len(matrix.items)
    if n_models == 1 and (matrix.attempts > 1).any():
        return
    if n_models == 1:
        alone = f"{matrix.task} has one model, {matrix.models[0]}, so there is nothing to compare"
        yield ResultWarning(code="one_model", message=alone, remedy="Add another model's results.")
        return
    if n_models < methods.LEAST_MODELS:
        why = f"{matrix.task}: {n_models} models are too few to find questions that contradict the others"
        yield ResultWarning(code="few_models", message=why, remedy=f"It takes {methods.LEAST_MODELS}.")
    if len(matrix.clusters) > 1:
        first = matrix.cluster_names[0]
        what = f"{matrix.task}: reliability splits by {first} and ignores the second clustering"
        yield ResultWarning(
            code="first_clustering_only", message=what, remedy="List the other one first to use it."
        )
    if n_items == 1 or any(len(np.unique(codes)) == 1 for codes in matrix.clusters):
        what = "one item" if n_items == 1 else f"all {n_items:,} items in one cluster"
        message = f"{matrix.task} has {what}: how others would differ is unknown"
        yield ResultWarning(
            code="one_item" if n_items == 1 else "one_cluster", message=message, remedy="Add items."
        )
        return
    weights = np.ones(n_items) if matrix.weights is None else matrix.weights
    df = degrees_of_freedom(matrix.clusters, weights, "CR2")
    labels = matrix.cluster_labels[0] if matrix.cluster_labels else ()
    yield from cluster_warnings(weights, matrix.clusters, df, labels)
