"""Other questions: the items, or clusters of them, are a sample of all that could have been drawn. Miller (2024), section 2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.compare import Comparison
from howsure.inference.overlap import unlike_cautions
from howsure.inference.sensitivity import Recorded
from howsure.statistics.means.mean import means
from howsure.statistics.means.strata import free_of_strata
from howsure.statistics.pairs.difference import difference, items_needed
from howsure.statistics.pairs.overlap import combined_difference, partly_shared
from howsure.statistics.pairs.pair_details import pair_limits
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.results import Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import Caution
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix


@dataclass(frozen=True, slots=True)
class OtherQuestions:
    """The population of all questions like these; see [`Population`][howsure.inference.question.Population]."""

    name: str = "questions"
    only_these: bool = False

    def measured(self, matrices: Sequence[ScoreMatrix]) -> tuple[list[ScoreMatrix], list[Caution]]:
        """Return all matrices: one attempt an item is enough."""
        return list(matrices), []

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return the matrix as it is: its items, or clusters, are the sample."""
        return matrix

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without holes, all of which have right-or-wrong answers or none has."""
        found = means(
            part.values,
            clusters=part.clusters,
            weights=part.weights,
            attempts=part.attempts.astype(float) if part.right_or_wrong().all() else None,
            bounded=part.bounded,
            level=question.level,
            interval=question.interval,
            variance=question.variance,
            rng=np.random.default_rng(question.seed),
            labels=part.cluster_labels[0] if part.cluster_labels else (),
            strata=part.strata,
        )
        known = Recorded.of(part)
        return tuple(
            known.add("mean", estimate, rate=estimate.value, scores=part.values[:, k])
            for k, estimate in enumerate(found)
        )

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models, paired where they share items."""
        return _compared(matrix, a, b, question)

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""
        found = pair_moments(
            matrix.values,
            clusters=matrix.clusters,
            weights=matrix.weights,
            variance=question.variance,
            score=matrix.bounded and question.method != "t",
        )
        return replace(found, df=free_of_strata(found.df, found.shared, matrix.strata)) if matrix.strata else found

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval; `level`: of each pair, in place of the question's."""
        return pair_limits(
            matrix.values,
            pairs,
            level=question.level if level is None else level,
            clusters=matrix.clusters,
            weights=matrix.weights,
            reach=matrix.reach,
            net_wins=matrix.bounded and question.method != "t",
        )

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Say what is done to put the comparisons of several tasks together."""
        name = question.method or ("score" if bounded else "t")
        return Method(name=name, variance=question.variance, overall=True)

    def items_needed(self, estimate: Estimate, level: float, target: float = 0.0) -> float:
        """Return about how many items in all would settle a difference."""
        return items_needed(estimate, level, target)


def _compared(matrix: ScoreMatrix, a: str, b: str, asked: Question) -> Comparison:
    scores = matrix.values[:, matrix.column(a)], matrix.values[:, matrix.column(b)]
    combined = asked.overlap == "combine" and partly_shared(*scores)
    options: dict[str, Any] = {
        "clusters": matrix.clusters,
        "weights": matrix.weights,
        "bounded": matrix.bounded,
        "level": asked.level,
        "method": asked.method,
        "variance": asked.variance,
        "margin": asked.margin,
        "lower_is_better": matrix.lower_is_better,
        "labels": matrix.cluster_labels[0] if matrix.cluster_labels else (),
    }
    if combined:
        answer = combined_difference(*scores, **options)
    else:
        answer = difference(*scores, rng=np.random.default_rng(asked.seed), **options)
    estimate, decided = answer.estimate, answer.wins + answer.losses
    if combined:
        estimate = replace(estimate, cautions=(*estimate.cautions, *unlike_cautions(matrix, a, b)))
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
        adjusted_interval=estimate.interval,
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
