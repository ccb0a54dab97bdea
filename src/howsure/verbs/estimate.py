"""The function estimate: the score of each model, with its error bar."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure.answers.estimate import Entry, Estimates
from howsure.inference import covariates
from howsure.inference.board import entries
from howsure.inference.calibration_error import with_calibration
from howsure.inference.other_readings import with_both_readings
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.inference.settings import settings_of
from howsure.inference.slices import sliced_scores, ways_of
from howsure.options.kinds import ScoreRule
from howsure.options.table import checked
from howsure.statistics.means import means
from howsure.study.attempt_labels import attempt_column
from howsure.study.by_cluster import gather_or_sum
from howsure.study.design import DesignOptions, make_design
from howsure.study.factors import levelled
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.choices import IntervalMethod, Variance
    from howsure.statistics.clustered_variance import VarianceChoice, VarianceEstimator
    from howsure.statistics.mean_intervals import MeanInterval
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

PROB = "prob"


def estimate(
    data: Any,
    *,
    interval: IntervalMethod | MeanInterval | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Estimates:
    """Estimate the score of each model on each task and metric, with a standard error and a confidence
    interval.

    Questions, or clusters of questions, are treated as a random sample from a larger population (the
    super-population), and clusters as independent. Attempts are averaged per question first. Use
    `population="benchmark"` for inference about exactly these questions. Miller (2024), section 2.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        interval: The method of the confidence interval. None uses "adaptive" for scores in [0, 1] and "t"
            otherwise. "adaptive" is Wilson's interval on the effective sample size. For independent
            right-or-wrong answers it is Wilson's interval, and for clusters and attempts it moves towards a
            beta-binomial posterior.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level, between 0 and 1.
        seed: The seed for the interval "bootstrap".
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters".

    Returns:
        Estimates: One entry per task, metric and model: the estimate with its standard error, interval,
            degrees of freedom and numbers of questions and clusters, and the counts of attempts by status.

    Raises:
        OptionError: If an option has an invalid value, or two options contradict each other.
        DataError: If a named task, model, metric or column doesn't exist, or the scores can't be used as
            requested.
        MethodError: If the interval isn't defined for these scores, such as "wilson" for scores outside [0,
            1].
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": "a", "question": range(8), "correct": [1, 0, 1, 1, 0, 1, 1, 1]})
        >>> answer = estimate(rows)[0].estimate
        >>> round(answer.value, 3), round(answer.interval.low, 3), round(answer.interval.high, 3)
        (0.75, 0.351, 0.954)
    """
    given = checked("estimate", interval=interval, variance=variance, level=level, seed=seed)
    design = make_design(options, interval=interval)
    question = Question(population=population_of(design.population), **given)
    scores = scores_of(data, design)
    paired = bool(
        design.covariate or design.random_factor or design.average_last
    )  # these depend on the weights of the items
    study = levelled(partial(gather_or_sum, crossed=question.by_sums, paired=paired))(scores, design)
    pools = covariates.pools(study, question, interval=interval)
    refined = right_or_wrong(study, scores)
    matrices, left_out = question.population.measured(list(study.matrices()))
    found: list[Entry] = []
    for matrix in matrices:
        adjusted = covariates.adjusted_entries(matrix, pools, entries(matrix, question))
        found += with_calibration(
            with_savings(adjusted, matrix, refined, variance), matrix, study.labelled, question
        )
    answer = Estimates(
        entries=tuple(found),
        slices=tuple(
            each
            for matrix, ways in ways_of(study, matrices)
            for each in sliced_scores(matrix, ways, question)
        ),
        percent={(matrix.task, matrix.metric): matrix.bounded for matrix in matrices},
        settings=settings_of(study, question, method=str(found[0].estimate.method)),
        notes=(*study.notes, *covariates.told(design, pools)),
        warnings=(*study.warnings, *left_out),
    )
    return with_both_readings(
        answer,
        study.unasked or attempt_column(scores),
        design,
        question,
        lambda other, asked: _plain(
            levelled(partial(gather, paired=bool(other.random_factor)))(scores, other), asked
        ),
    )


def _plain(study: Study, question: Question) -> Estimates:
    """Estimate every score of a study, and nothing else."""
    matrices = list(study.matrices())
    return Estimates(
        entries=tuple(each for matrix in matrices for each in entries(matrix, question)),
        percent={(matrix.task, matrix.metric): matrix.bounded for matrix in matrices},
    )


def right_or_wrong(study: Study, scores: Scores) -> dict[tuple[str, str], ScoreMatrix]:
    """Return, for the task and each metric that is a probability, the scores that it refines.

    In a table with a column of probabilities these are its own scores, which requires another reading.
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
    """Add to each entry the share of the right-or-wrong variance that its probabilities saved on the same
    items.
    """
    other = refined.get((matrix.task, matrix.metric))
    if other is None:
        return list(entries)
    return [replace(entry, variance_saved=_saved(matrix, other, entry.model, variance)) for entry in entries]


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
