"""Two models among all that the data hold: whether a difference that is significant by itself is one of all
pairs' too, as a board has it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import Among
from howsure.errors import HowsureError
from howsure.inference.population import of_task
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.results import allowed, significant
from howsure.study.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.study.design import Design
    from howsure.table.scores import Scores

USUAL = (None, "score", "t")
"""The methods that a board has as well."""


def with_the_others(
    pairs: Sequence[Comparison], scores: Scores, design: Design, question: Question
) -> tuple[Comparison, ...]:
    """Return comparisons with what they are among all models of their task, where they are significant alone
    and not among these.

    Nothing is read of pairs that can't be: not significant, of a margin, or clear enough for any number of
    models that there could be.
    """
    tasks = tuple(dict.fromkeys(pair.task for pair in pairs if _is_in_doubt(pair)))
    adjusted = design.covariate or design.random_factor
    if not tasks or adjusted or question.method not in USUAL:
        return tuple(pairs)
    try:
        study = gather(scores, replace(design, task=tasks, model=()))
        matrices = {(matrix.task, matrix.metric): matrix for matrix in study.matrices()}
    except HowsureError:
        return tuple(pairs)  # other models' rows don't fit, or not into memory; the answer isn't about them
    found = []
    for pair in pairs:
        matrix = matrices.get((pair.task, pair.metric))
        if matrix is None or not _is_in_doubt(pair) or len(matrix.models) < 3:
            found.append(pair)
            continue
        asked = of_task(question, matrix)
        moments = asked.population.pairs(matrix, asked)
        p, _ = adjust_pairs(moments, "max-t", rng=np.random.default_rng(question.seed))
        among = float(p[matrix.column(pair.a), matrix.column(pair.b)])
        told = (
            None
            if significant(among, question.level)
            else Among(n_models=len(matrix.models), p_adjusted=among)
        )
        found.append(replace(pair, among=told))
    return tuple(found)


MOST_MODELS = 10_000
"""A p-value that is significant for all pairs of so many models, one by one, is so among any that there
are.
"""


def _is_in_doubt(pair: Comparison) -> bool:
    least = allowed(pair.difference.interval.level) / (MOST_MODELS * (MOST_MODELS - 1) / 2)
    return (
        bool(pair.task) and pair.paired and pair.decided and pair.equivalence is None and pair.p_value > least
    )
