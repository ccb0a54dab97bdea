"""Two models of a study, compared task by task and overall."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import Comparisons
from howsure.errors import Caution, DataError, OptionError
from howsure.inference import adjusted
from howsure.inference.overall import overall_comparison
from howsure.statistics.ranks import adjust as adjustments
from howsure.study.directions import direction_cautions
from howsure.study.gathering import gather
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.statistics.choices import Adjustment
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores


def gather_pair(scores: Scores, design: Design, a: str, b: str) -> Study:
    """Gather the rows of two models; an unknown name is an error that names its nearest."""
    study = gather(scores, design, models=(a, b))
    if len(study.models) < 2:
        raise OptionError(f"a and b are both {study.models[0]!r}", remedy="Name two different models.")
    return study


def compared(study: Study, question: Question) -> Comparisons:
    """Compare the two models that a study is about on every task that both have, and overall."""
    matrices, unknown = question.population.measured(one_metric(study))
    questions = [_of_task(question, study.design, matrix) for matrix in matrices]
    pools = adjusted.pools(study, question, method=question.method)
    a, b = study.models
    plain = [asked.population.pair(matrix, a, b, asked) for matrix, asked in zip(matrices, questions, strict=True)]
    margins = [asked.margin for asked in questions]
    pairs = corrected(adjusted.adjusted_comparisons(matrices, pools, plain, margins), question.adjust)
    total, more = None, []
    if pools and len(pairs) > 1:
        more = [adjusted.NO_OVERALL]
    elif len(pairs) > 1:
        total, more = overall_comparison(matrices, pairs, question)
    return Comparisons(
        comparisons=tuple(pairs),
        overall=total,
        notes=(*study.notes, *adjusted.told(study.design, pools)),
        cautions=(*study.cautions, *direction_cautions(study), *_tasks_left_out(study, matrices), *unknown, *more),
    )


def _of_task(question: Question, design: Design, matrix: ScoreMatrix) -> Question:
    """Return the question with the margin of a task. OptionError where it is as wide as the scale."""
    margin = design.margin_of(matrix.task, question.margin)
    if margin is not None and margin >= matrix.reach:
        raise OptionError(f"margin={margin!r} is the whole scale", remedy="Write 0.05 (or 5pp) for 5 points.")
    return question if margin == question.margin else replace(question, margin=margin)


def one_metric(study: Study) -> list[ScoreMatrix]:
    """Return the matrices of both models; where a task has several metrics and none was chosen, ask."""
    matrices = [matrix for matrix in study.matrices() if len(matrix.models) == 2]
    if not matrices:
        raise DataError("the two models have no task and metric in common", remedy="See `howsure describe`.")
    by_task: dict[str, list[str]] = {}
    for matrix in matrices:
        by_task.setdefault(matrix.task, []).append(matrix.metric)
    for task, metrics in by_task.items():
        if len(metrics) > 1 and not study.design.metric_of(task):
            raise OptionError(
                f"{task} has {len(metrics)} metrics: {', '.join(metrics)}", remedy="Choose one with `metric`."
            )
    return matrices


def _tasks_left_out(study: Study, matrices: Sequence[ScoreMatrix]) -> list[Caution]:
    """Warn of tasks and metrics that only one of the two models has."""
    compared = {(matrix.task, matrix.metric) for matrix in matrices}
    lacking = [" · ".join(key) for key in study.parts if key not in compared]
    if not lacking:
        return []
    return [
        Caution(
            code="task_left_out",
            message=f"only one of the two models has {listing(lacking)}",
            remedy="The comparison is on the others.",
        )
    ]


def corrected(pairs: Sequence[Comparison], method: Adjustment) -> list[Comparison]:
    """Correct the p-values of one comparison per task for their number; max-t means Holm here."""
    p = np.array([pair.p_value for pair in pairs])
    usable = np.isfinite(p)
    if method == "none" or usable.sum() < 2:
        return list(pairs)
    correct = adjustments.benjamini_hochberg if method == "bh" else adjustments.holm
    p[usable] = correct(p[usable])
    return [replace(pair, p_adjusted=float(q)) for pair, q in zip(pairs, p, strict=True)]
