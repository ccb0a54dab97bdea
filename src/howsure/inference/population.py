"""The available populations, chosen once by their word, and the default, which depends on the clusters of a
task.

`OtherQuestions`: the items, or clusters of them, are a sample of all possible ones. `SameClusters`: the items
are a sample from the same clusters. `TheseQuestions`: exactly these items. Only the answers are a sample, and
clusters don't matter (Miller 2024, section 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import DataError, ResultWarning
from howsure.inference.sampled_questions import OtherQuestions, SameClusters
from howsure.statistics.answer_noise import METHOD, answers, attempt_warnings, fixed_means, fixed_moments
from howsure.statistics.arrays import above
from howsure.statistics.differences import equivalence, pivot_of
from howsure.statistics.results import Estimate, Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.inference.question import Population, Question
    from howsure.statistics.answer_noise import Answers
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Method
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

NEW_CLUSTERS: Population = OtherQuestions()
SAME_CLUSTERS: Population = SameClusters()


@dataclass(frozen=True, slots=True)
class TheseQuestions:
    """The population of exactly these items. See [`Population`][howsure.inference.question.Population]."""

    name: str = "these-questions"
    only_these: bool = True

    def of(self, matrix: ScoreMatrix) -> Population:
        """Return itself, as it doesn't depend on the task."""
        del matrix
        return self

    def measured(self, matrices: Sequence[ScoreMatrix]) -> tuple[list[ScoreMatrix], list[ResultWarning]]:
        """Leave out tasks with unknown answer noise. DataError if none is left."""
        told = [bool((matrix.attempts > 1).any()) for matrix in matrices]
        if not any(told):
            noise_of(matrices[0])
        kept = [matrix for matrix, known in zip(matrices, told, strict=True) if known]
        return kept, [
            ResultWarning(
                code="one_attempt",
                message=f"{matrix.task} is left out: {_why_unknown(matrix)}",
                remedy="Run at least two attempts.",
            )
            for matrix, known in zip(matrices, told, strict=True)
            if not known
        ]

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return the matrix unchanged: its answers are the sample, not its items."""
        return matrix

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without missing cells. Either all or none of them have
        right-or-wrong answers.
        """
        return fixed_means(
            answers(part.values, part.attempts.astype(float), part.within),
            part.attempts.astype(float),
            weights=part.weights,
            binary=bool(part.right_or_wrong().all()),
            bounded=part.bounded,
            level=question.level,
        )

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models on the items that both answered."""
        from howsure.answers.compare import Comparison
        from howsure.statistics.difference import items_needed

        level, margin = question.level, question.margin
        pair = matrix.take_models(matrix.columns((a, b)))
        has = ~np.isnan(pair.values)
        shared = np.asarray(has.all(axis=1))
        if not shared.any():
            raise DataError(
                f"{a} and {b} don't share any item",
                where=matrix.task,
                remedy="On exactly these questions both must have answered them. Leave `population` out.",
            )
        both = pair.take_items(shared)
        w = np.ones(len(both.items)) if both.weights is None else both.weights
        moments = fixed_moments(noise_of(both), weights=both.weights, bounded=both.bounded)
        found = moments.at((0, 1))
        value, variance, df = float(found.difference), float(found.variance), float(found.df)
        pivot = pivot_of(found, level, reach=1.0 if matrix.bounded else math.inf)
        estimate = Estimate(
            value=value,
            se=math.sqrt(variance),
            interval=Interval(low=pivot.low, high=pivot.high, level=level),
            df=df,
            n_items=len(both.items),
            n_clusters=len(both.items),
            method=replace(METHOD, paired=True),
            warnings=_attempt_warnings(both),
        )
        one, other = (matrix.orientation * both.values).T
        wins, losses = int(above(one, other).sum()), int(above(other, one).sum())
        means = w @ both.values / w.sum()
        # the needed number grows with the attempts as it does with items
        times = items_needed(estimate, level) / len(both.items)
        return Comparison(
            task=matrix.task,
            metric=matrix.metric,
            a=a,
            b=b,
            a_mean=float(means[0]),
            b_mean=float(means[1]),
            difference=estimate,
            p_value=pivot.p_value,
            p_adjusted=pivot.p_value,
            adjusted_interval=estimate.interval,
            wins=wins,
            losses=losses,
            ties=len(both.items) - wins - losses,
            n_only_a=int((has[:, 0] & ~shared).sum()),
            n_only_b=int((has[:, 1] & ~shared).sum()),
            lower_is_better=matrix.lower_is_better,
            percent=matrix.bounded,
            attempts_needed=times * float(both.attempts.mean()),
            equivalence=None if margin is None else equivalence(pivot, margin, level, matrix.orientation),
        )

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""
        del question
        matrix.refuse_many_models()
        return fixed_moments(noise_of(matrix), weights=matrix.weights, bounded=matrix.bounded)

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval. `level`: of each pair, instead of the
        question's.
        """
        return pairs.limits(question.level if level is None else level, matrix.reach)

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Return the method that combines the comparisons of several tasks."""
        del question, bounded
        return replace(METHOD, overall=True)

    def items_needed(self, estimate: Estimate, level: float, target: float = 0.0) -> float:
        """Return NaN: more attempts are needed, not items."""
        del estimate, level, target
        return math.nan


def noise_of(matrix: ScoreMatrix) -> Answers:
    """Return the variances of the answers of a matrix. DataError if every model has one attempt per item."""
    found = answers(matrix.values, matrix.attempts.astype(float), matrix.within)
    if not found.measured.any():
        raise DataError(
            _why_unknown(matrix),
            where=matrix.task,
            remedy="Run at least two attempts, or leave `population` out."
            if not matrix.derived
            else "Run more attempts, choose a smaller K, or leave `population` out.",
        )
    return found


def _why_unknown(matrix: ScoreMatrix) -> str:
    if matrix.derived:
        return f"{matrix.metric} uses all attempts, so its variance is unknown"
    return "one attempt per item, so the variance of answers is unknown"


def _attempt_warnings(pair: ScoreMatrix) -> tuple[ResultWarning, ...]:
    """Return warnings for a model of the pair that lacks attempts, with the consequence."""
    found = attempt_warnings(answers(pair.values, pair.attempts.astype(float), pair.within))
    return tuple(
        replace(warning, message=f"{model}: {warning.message}")
        for model, warnings in zip(pair.models, found, strict=True)
        for warning in warnings
    )


@dataclass(frozen=True, slots=True)
class ByTask(OtherQuestions):
    """The default: more questions from the same clusters for a task with too few of them, otherwise new
    clusters. Overall results are about new clusters.
    """

    name: str = "by-task"

    def of(self, matrix: ScoreMatrix) -> Population:
        """Return the population of a task."""
        return SAME_CLUSTERS if matrix.few_clusters else NEW_CLUSTERS

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return a matrix whose items, or clusters, are the sample behind standard errors."""
        return self.of(matrix).drawn(matrix)

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without missing cells. Either all or none of them have
        right-or-wrong answers.
        """
        return self.of(part).means(part, question)

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models of a matrix."""
        return self.of(matrix).pair(matrix, a, b, question)

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""
        return self.of(matrix).pairs(matrix, question)

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval (M, M). `level`: of each pair, instead of the
        question's.
        """
        return self.of(matrix).limits(matrix, pairs, question, level)


THESE_QUESTIONS: Population = TheseQuestions()
BY_TASK: Population = ByTask()
_NAMED = {each.name: each for each in (NEW_CLUSTERS, SAME_CLUSTERS, THESE_QUESTIONS)}


def population_of(word: str | None) -> Population:
    """Return the population named by an option, or the one by each task's own clusters."""
    return BY_TASK if word is None else _NAMED[word]


def of_task(question: Question, matrix: ScoreMatrix) -> Question:
    """Return a question about the population of one task."""
    return replace(question, population=question.population.of(matrix))


def settled(question: Question, study: Study) -> Question:
    """Return a question about one population, if the default is the same for every task."""
    few = [task in study.few_clusters for task in study.tasks]
    if question.population != BY_TASK or len(set(few)) > 1:
        return question
    return replace(question, population=SAME_CLUSTERS if all(few) else NEW_CLUSTERS)


def over_tasks(question: Question, matrices: Sequence[ScoreMatrix]) -> Question:
    """Return a question about the overall population: by default new clusters, unless all tasks have the same
    few.
    """
    if question.population != BY_TASK:
        return question
    clusters = {
        (m.cluster_names[:1], frozenset(m.cluster_labels[0]) if m.cluster_labels else m.task)
        for m in matrices
    }
    same = all(matrix.few_clusters for matrix in matrices) and len(clusters) == 1
    return replace(question, population=SAME_CLUSTERS if same else NEW_CLUSTERS)
