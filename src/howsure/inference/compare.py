"""Matrices and statistics become comparisons of two models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import Comparison
from howsure.errors import Caution, DataError, OptionError
from howsure.inference.population import fixed_comparison
from howsure.inference.sensitivity import Recorded
from howsure.statistics.pairs.difference import difference
from howsure.statistics.ranks import adjust as adjustments
from howsure.study.checkpoints import last_checkpoints
from howsure.study.names import resolve
from howsure.study.study import collect
from howsure.table.aggregate import names_of
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.inference.question import PairOptions
    from howsure.statistics.choices import Adjustment
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Items
    from howsure.table.scores import Scores

    Floats = NDArray[np.float64]


def known_models(scores: Scores, design: Design, names: tuple[str, str]) -> tuple[Items, tuple[str, str]]:
    """Collect the rows of two models and return their full names; an unknown name is an error that names its nearest."""
    models = names_of(scores, "model")
    averages = last_checkpoints(models, design.average_last, design.step_from) if design.average_last else {}
    a, b = (resolve(name, sorted(set(averages.values())) or models) for name in names)
    if a == b:
        raise OptionError(f"a and b are both {a!r}", remedy="Name two different models.")
    rows = tuple(model for model, average in averages.items() if average in (a, b)) or (a, b)
    return collect(scores, replace(design, model=rows)), (a, b)


def one_metric(items: Items, asked: object) -> list[ScoreMatrix]:
    """Return the matrices of both models; where a task has several metrics and none was chosen, ask."""
    matrices = [matrix for matrix in items.matrices() if len(matrix.models) == 2]
    if not matrices:
        raise DataError("the two models have no task and metric in common", remedy="See `howsure describe`.")
    by_task: dict[str, list[str]] = {}
    for matrix in matrices:
        by_task.setdefault(matrix.task, []).append(matrix.metric)
    for task, metrics in by_task.items():
        if len(metrics) > 1 and not asked:
            raise OptionError(
                f"{task} has {len(metrics)} metrics: {', '.join(metrics)}", remedy="Choose one with `metric`."
            )
    return matrices


def tasks_left_out(items: Items, matrices: Sequence[ScoreMatrix]) -> list[Caution]:
    """Warn of tasks and metrics that only one of the two models has."""
    compared = {(matrix.task, matrix.metric) for matrix in matrices}
    lacking = [" · ".join(key) for key in items.parts if key not in compared]
    if not lacking:
        return []
    return [
        Caution(
            code="task_left_out",
            message=f"only one of the two models has {listing(lacking)}",
            remedy="The comparison is on the others.",
        )
    ]


def comparison(matrix: ScoreMatrix, a: str, b: str, asked: PairOptions) -> Comparison:
    """Compare two models on one matrix."""
    if asked.population == "benchmark":
        return fixed_comparison(matrix, a, b, level=asked.level, margin=asked.margin)
    answer = difference(
        matrix.values[:, matrix.column(a)],
        matrix.values[:, matrix.column(b)],
        clusters=matrix.clusters,
        weights=matrix.weights,
        bounded=matrix.bounded,
        level=asked.level,
        method=asked.method,
        variance=asked.variance,
        margin=asked.margin,
        lower_is_better=matrix.lower_is_better,
        rng=np.random.default_rng(asked.seed),
        labels=matrix.cluster_labels[0] if matrix.cluster_labels else (),
    )
    estimate, decided = answer.estimate, answer.wins + answer.losses
    if answer.paired:
        gaps = matrix.values[:, matrix.column(a)] - matrix.values[:, matrix.column(b)]
        rate = decided / (decided + answer.ties)
        estimate = Recorded.of(matrix).add("difference", estimate, rate=rate, scores=gaps)
    return Comparison(
        task=matrix.task,
        metric=matrix.metric,
        a=a,
        b=b,
        a_mean=answer.a_mean,
        b_mean=answer.b_mean,
        difference=estimate,
        p_value=answer.p_value,
        p_adjusted=answer.p_value,
        correlation=answer.correlation,
        unpaired_se=answer.unpaired_se,
        unclustered_se=answer.unclustered_se,
        paired=answer.paired,
        wins=answer.wins,
        losses=answer.losses,
        ties=answer.ties,
        n_only_a=answer.n_only_a,
        n_only_b=answer.n_only_b,
        lower_is_better=matrix.lower_is_better,
        percent=matrix.bounded,
        items_needed=answer.items_needed,
        equivalence=answer.equivalence,
    )


def adjusted(pairs: Sequence[Comparison], method: Adjustment) -> list[Comparison]:
    """Correct the p-values of one comparison per task for their number; max-t means Holm here."""
    p = np.array([pair.p_value for pair in pairs])
    usable = np.isfinite(p)
    if method == "none" or usable.sum() < 2:
        return list(pairs)
    correct = adjustments.benjamini_hochberg if method == "bh" else adjustments.holm
    p[usable] = correct(p[usable])
    return [replace(pair, p_adjusted=float(q)) for pair, q in zip(pairs, p, strict=True)]
