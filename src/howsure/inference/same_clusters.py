"""More questions from these same clusters: clusters are strata, and only the questions within them are a
sample.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import MethodError
from howsure.inference.other_questions import (
    OtherQuestions,
    by_moments,
    estimated,
    limits_of_sums,
    uses_score,
)
from howsure.statistics.choices import label_of
from howsure.statistics.clustered_variance import (
    ShareSums,
    free_of_strata,
    joined_strata,
    variance_of,
    within_strata,
)
from howsure.statistics.pair_details import pair_limits
from howsure.statistics.pair_moments import strata_moments, with_own_pivots
from howsure.statistics.summed_pairs import within_moments

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate, Method
    from howsure.study.matrix import ScoreMatrix


@dataclass(frozen=True, slots=True)
class SameClusters(OtherQuestions):
    """The population of more questions from the clusters that there are; without clusters all questions like
    these.
    """

    name: str = "same-clusters"

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return a matrix of items that stand alone and vary as those within its (first) clusters do."""
        if not matrix.clusters:
            return matrix
        strata = joined_strata(matrix.clusters[0])
        values = within_strata(matrix.values, strata, matrix.weights)
        count = int(strata.max()) + 1
        return replace(
            matrix,
            values=values,
            clusters=(),
            cluster_names=(),
            cluster_labels=(),
            strata=count,
            unmoved=matrix.values,
        )

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without holes."""
        if part.sums is not None:
            found = estimated(part, part.sums, question, within=True)
        else:
            found = OtherQuestions.means(self, self.drawn(part), question)
        return tuple(replace(each, n_clusters=_count(part)) for each in found) if part.clusters else found

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models on the items that both answered."""
        if not matrix.clusters:
            return OtherQuestions.pair(self, matrix, a, b, question)
        if question.method not in (None, "score", "t"):
            raise MethodError(
                f"method {label_of(question.method)!r} knows no strata",
                remedy="Leave the method out, or choose `population='new-clusters'`.",
            )
        both = matrix.take_models([matrix.column(a), matrix.column(b)])
        shared = np.asarray((~np.isnan(both.values)).all(axis=1))
        plain = OtherQuestions.pair(
            self, replace(both, clusters=(), cluster_names=(), cluster_labels=()), a, b, question
        )
        if not shared.any():
            return plain
        both = both if shared.all() else both.take_items(shared)
        method = replace(plain.difference.method, same_clusters=True)
        return replace(by_moments(plain, self, both, question, method), unclustered_se=plain.difference.se)

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""
        if not matrix.clusters:
            return OtherQuestions.pairs(self, matrix, question)
        if matrix.sums is not None:
            return within_moments(matrix.sums, variance=question.variance, score=uses_score(matrix, question))
        plain = OtherQuestions.pairs(self, replace(matrix, clusters=()), replace(question, method="t"))
        found = OtherQuestions.pairs(self, self.drawn(matrix), question)
        found = replace(found, difference=plain.difference, tested=None)
        return _pair_by_pair(found, matrix, question) if _pairwise(matrix) else found

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval; `level`: of each pair, in place of the
        question's.
        """
        if matrix.sums is not None:
            return limits_of_sums(matrix, matrix.sums, pairs, question, level, within=True)
        if not _pairwise(matrix):
            return OtherQuestions.limits(self, self.drawn(matrix), pairs, question, level)
        return pair_limits(
            matrix.values,
            pairs,
            level=question.level if level is None else level,
            reach=matrix.reach,
            net_wins=uses_score(matrix, question),
            squares=np.nan_to_num(pairs.variance) * pairs.shared * (pairs.shared - 1),
        )

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Say what is done to put the comparisons of several tasks together."""
        return replace(OtherQuestions.overall_method(self, question, bounded=bounded), same_clusters=True)


def _count(matrix: ScoreMatrix) -> int:
    return int(matrix.clusters[0].max()) + 1


def _pairwise(matrix: ScoreMatrix) -> bool:
    """Say whether pairs are centred each for itself: cells are missing, and items weigh the same."""
    return bool(matrix.clusters) and not matrix.complete and matrix.weights is None


def _pair_by_pair(found: PairMoments, matrix: ScoreMatrix, question: Question) -> PairMoments:
    """Centre every pair within the items of each cluster that both answered, where cells are missing."""
    own = strata_moments(matrix.values, matrix.clusters[0])
    df = variance_of(question.variance).df(ShareSums.equal(own.shared))
    score = uses_score(matrix, question)
    moments = replace(
        found,
        variance=own.variance,
        item_variance=own.item_variance if score else found.item_variance,
        df=free_of_strata(df, own.shared, own.strata),
    )
    return with_own_pivots(moments)
