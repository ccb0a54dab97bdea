"""The verb estimate: the score of each model, with its error bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.answers.estimate import Entry, Estimates
from howsure.inference import adjusted as covariates
from howsure.inference import refined as finer
from howsure.inference.estimate import entries
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options import checked
from howsure.study.design import DesignOptions, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.statistics.choices import IntervalMethod, Variance


def estimate(
    data: Any,
    *,
    interval: IntervalMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Estimates:
    """Estimate the score of each model on each task and metric, with its error bar.

    `data`: what `read` takes. The interval is meant for the question "had other questions been drawn": items, or
    clusters of them, are seen as a sample from a larger population (Miller 2024, section 2).
    `interval`: None takes Wilson's on the effective sample size for scores in [0, 1] and the t interval otherwise.
    `seed` matters to "bootstrap" only. Shared options: see [`Design`][howsure.study.design.Design].

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": "a", "question": range(8), "correct": [1, 0, 1, 1, 0, 1, 1, 1]})
    >>> answer = estimate(rows)[0].estimate
    >>> round(answer.value, 3), round(answer.interval.low, 3), round(answer.interval.high, 3)
    (0.75, 0.351, 0.954)
    """
    interval, variance, level, seed = checked(
        "estimate", interval=interval, variance=variance, level=level, seed=seed
    ).values()
    design = make_design(options, interval=interval)
    question = Question(
        interval=interval, variance=variance, level=level, seed=seed, population=population_of(design.population)
    )
    scores = scores_of(data, design)
    study = gather(scores, design)
    pools = covariates.pools(study, question, interval=interval)
    refined = finer.right_or_wrong(study, scores)
    matrices, left_out = question.population.measured(list(study.matrices()))
    found: list[Entry] = []
    for matrix in matrices:
        adjusted = covariates.adjusted_entries(matrix, pools, entries(matrix, question))
        found += finer.with_savings(adjusted, matrix, refined, variance)
    return Estimates(
        entries=tuple(found),
        percent={(matrix.task, matrix.metric): matrix.bounded for matrix in matrices},
        notes=(*study.notes, *covariates.told(design, pools)),
        cautions=(*study.cautions, *left_out),
    )
