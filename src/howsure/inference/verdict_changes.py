"""Whether verdicts between models change from one judge to another: all pairs by each, and the changes of
their gaps, paired by question.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.verdict_changes import VerdictChange, VerdictChanges
from howsure.errors import HowsureError
from howsure.statistics import multiplicity
from howsure.statistics.choices import label_of
from howsure.statistics.results import Estimate, Interval, Method, significant
from howsure.study.gathering import gather
from howsure.table.sides import rows_by_model

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import ManyToOne
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

LEAST_SHARED = 2
"""The number of questions that a pair needs at least."""
TESTS = (None, "score", "t")
"""The tests that all pairs at once have. The usual one replaces others."""


def verdict_changes(
    scores: Scores, pair: Comparison, design: Design, question: Question
) -> VerdictChanges | None:
    """Return whether verdicts between the models of a task differ between the sides of a comparison. None if
    no model has scores by both, or if the options don't allow it.
    """
    plain = not (design.covariate or design.random_factor or design.statistic)
    if not scores.answered_by or not plain or question.population.only_these or not pair.task:
        return None
    try:
        both = _aligned(*(_of_side(scores, side, pair, design) for side in (pair.a, pair.b)))
    except HowsureError:  # for example, one of the sides has no score of this task
        return None
    if len(both[0].models) < 2:
        return None
    word: ManyToOne = "bh" if question.adjust == "bh" else "none" if question.adjust == "none" else "holm"
    return _changes(both, (pair.a, pair.b), question, word)


def _of_side(scores: Scores, side: str, pair: Comparison, design: Design) -> ScoreMatrix:
    """Return questions × models by one side."""
    design = replace(design, task=(pair.task,), model=())
    return gather(rows_by_model(scores, side), design).matrix((pair.task, pair.metric))


def _aligned(a: ScoreMatrix, b: ScoreMatrix) -> tuple[ScoreMatrix, ScoreMatrix]:
    """Return the same questions and models by both sides, with the cells that both have."""
    models = [model for model in a.models if model in b.models]
    _, at_a, at_b = np.intersect1d(a.items, b.items, return_indices=True)
    one, other = _at(a, models, at_a), _at(b, models, at_b)
    lacking = np.isnan(one.values) | np.isnan(other.values)
    one, other = (replace(each, values=np.where(lacking, np.nan, each.values)) for each in (one, other))
    return one, replace(other, clusters=one.clusters, cluster_labels=one.cluster_labels, weights=one.weights)


def _at(matrix: ScoreMatrix, models: list[str], items: Ints) -> ScoreMatrix:
    """Return a matrix with these models and items, which are in the order of the items' names."""
    keep = np.zeros(len(matrix.items), dtype=bool)
    keep[items] = True
    kept = matrix.take_models(matrix.columns(models)).take_items(keep)
    order = np.argsort(kept.items)
    return replace(
        kept,
        items=kept.items[order],
        values=kept.values[order],
        attempts=kept.attempts[order],
        within=kept.within[order],
        clusters=tuple(codes[order] for codes in kept.clusters),
        weights=None if kept.weights is None else kept.weights[order],
        own_weights=None,
        tried=None,
        failed=None,
    )


def _changes(
    both: tuple[ScoreMatrix, ScoreMatrix], sides: tuple[str, str], question: Question, word: ManyToOne
) -> VerdictChanges:
    """Compare all pairs by each side, and their gaps between the sides."""
    m = len(both[0].models)
    if len(both[0].items) < LEAST_SHARED:
        return VerdictChanges(
            a=sides[0], b=sides[1], n_models=m, n_left_out=m * (m - 1) // 2, adjust=word, pairs=()
        )
    population = question.population.of(both[0])
    usual = replace(question, method=question.method if question.method in TESTS else None)
    gaps = [population.pairs(matrix, usual) for matrix in both]
    matrix = replace(both[0], values=both[1].values - both[0].values, bounded=False, derived=True)
    by_t = replace(question, method="t")
    changes = population.pairs(matrix, by_t)
    enough = np.triu(changes.shared >= LEAST_SHARED, 1)
    at = np.nonzero(enough)
    p = [multiplicity.by_p_value(found.p_value[at], word, 1 - question.level) for found in (*gaps, changes)]

    def limits(errors: Floats) -> tuple[Floats, Floats]:
        """Return the limits of the pairs' changes with these errors (K,)."""
        level = np.full(changes.difference.shape, question.level)
        level[at] = level.T[at] = 1 - errors
        low, high = population.limits(matrix, changes, by_t, level)
        widest = 2 * both[0].reach  # a gap in [−1, 1] by each side
        return np.clip(low[at], -widest, widest), np.clip(high[at], -widest, widest)

    wide, near = limits(p[2].far), limits(p[2].near)
    low, high = np.where(near[0] > 0, near[0], wide[0]), np.where(near[1] < 0, near[1], wide[1])

    def verdict(side: int, k: int) -> PairVerdict:
        """Return the verdict of a side on the pair k."""
        if not significant(float(p[side].p_adjusted[k]), question.level):
            return "unclear"
        return "better" if matrix.orientation * gaps[side].difference[at][k] > 0 else "worse"

    method = Method(name="t", variance=label_of(question.variance), paired=True)
    pairs = [
        VerdictChange(
            model=matrix.models[i],
            other=matrix.models[j],
            n_items=int(changes.shared[i, j]),
            gap_a=float(gaps[0].difference[i, j]),
            gap_b=float(gaps[1].difference[i, j]),
            p_a=float(p[0].p_adjusted[k]),
            p_b=float(p[1].p_adjusted[k]),
            verdict_a=verdict(0, k),
            verdict_b=verdict(1, k),
            change=Estimate(
                value=float(changes.difference[i, j]),
                se=math.sqrt(changes.variance[i, j]),
                interval=Interval(low=float(low[k]), high=float(high[k]), level=question.level),
                df=float(changes.df[i, j]),
                n_items=int(changes.shared[i, j]),
                n_clusters=int(changes.units[i, j]),
                method=method,
            ),
            p_value=float(changes.p_value[i, j]),
            p_adjusted=float(p[2].p_adjusted[k]),
        )
        for k, (i, j) in enumerate(zip(*(places.tolist() for places in at), strict=True))
    ]
    return VerdictChanges(
        a=sides[0],
        b=sides[1],
        n_models=m,
        n_left_out=m * (m - 1) // 2 - len(pairs),
        adjust=word,
        percent=both[0].bounded,
        pairs=tuple(sorted(pairs, key=lambda each: (not each.differs, each.p_value))),
    )
