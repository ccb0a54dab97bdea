"""The populations that can be asked about, chosen once by their word, and the default, which depends on the
clusters of a task.

other_questions.py: the items, or clusters of them, are a sample of all that could have been drawn.
same_clusters.py: the items are a sample of what the same clusters hold.
these_questions.py: exactly these items; only the answers are a sample.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from howsure.inference.other_questions import OtherQuestions
from howsure.inference.same_clusters import SameClusters
from howsure.inference.these_questions import TheseQuestions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.errors import Caution
    from howsure.inference.question import Population, Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate, Method
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


@dataclass(frozen=True, slots=True)
class ByTask:
    """The default: of a task with too few clusters to speak of others more questions from these same ones,
    else new clusters.
    """

    name: str = "by-task"
    only_these: bool = False

    def of(self, matrix: ScoreMatrix) -> Population:
        """Return the population of a task."""
        return SAME_CLUSTERS if matrix.few_clusters else NEW_CLUSTERS

    def measured(self, matrices: Sequence[ScoreMatrix]) -> tuple[list[ScoreMatrix], list[Caution]]:
        """Return all matrices: one attempt an item is enough."""
        return NEW_CLUSTERS.measured(matrices)

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return a matrix whose items, or clusters, are the sample that error bars are about."""
        return self.of(matrix).drawn(matrix)

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without holes, all of which have right-or-wrong answers or none
        has.
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
        """Return the limits of every pair's own interval (M, M); `level`: of each pair, in place of the
        question's.
        """
        return self.of(matrix).limits(matrix, pairs, question, level)

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Say what is done to put the comparisons of several tasks together, as new clusters have it."""
        return NEW_CLUSTERS.overall_method(question, bounded=bounded)

    def items_needed(self, estimate: Estimate, level: float, target: float = 0.0) -> float:
        """Return about how many items in all would settle a difference."""
        return NEW_CLUSTERS.items_needed(estimate, level, target)


NEW_CLUSTERS: Population = OtherQuestions()
SAME_CLUSTERS: Population = SameClusters()
THESE_QUESTIONS: Population = TheseQuestions()
BY_TASK: Population = ByTask()
_NAMED = {each.name: each for each in (NEW_CLUSTERS, SAME_CLUSTERS, THESE_QUESTIONS)}


def population_of(word: str | None) -> Population:
    """Return the population that an option names; without one that of each task's own clusters."""
    return BY_TASK if word is None else _NAMED[word]


def of_task(question: Question, matrix: ScoreMatrix) -> Question:
    """Return a question about the population that it has of one task."""
    return replace(question, population=question.population.of(matrix))


def settled(question: Question, study: Study) -> Question:
    """Return a question about one population where by default it has the same of every task."""
    few = [task in study.few_clusters for task in study.tasks]
    if question.population is not BY_TASK or len(set(few)) > 1:
        return question
    return replace(question, population=SAME_CLUSTERS if all(few) else NEW_CLUSTERS)


def over_tasks(question: Question, matrices: Sequence[ScoreMatrix]) -> Question:
    """Return a question about what is overall: by default new clusters, unless all tasks have the same
    few.
    """
    if question.population is not BY_TASK:
        return question
    same = (
        all(matrix.few_clusters for matrix in matrices)
        and len({_clusters(matrix) for matrix in matrices}) == 1
    )
    return replace(question, population=SAME_CLUSTERS if same else NEW_CLUSTERS)


def _clusters(matrix: ScoreMatrix) -> tuple[object, ...]:
    return matrix.cluster_names[:1], frozenset(
        matrix.cluster_labels[0]
    ) if matrix.cluster_labels else matrix.task
