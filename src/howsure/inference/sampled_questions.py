"""Populations of other questions than these: new clusters, and more questions from the same clusters.

New clusters, or questions without clusters, are a sample of all possible ones (Miller 2024, section 2). More
questions from the same clusters treat clusters as strata.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import MethodError, doubt
from howsure.inference.sensitivity import Recorded, skewness
from howsure.statistics.all_pairs import differences_on_shared, pair_moments
from howsure.statistics.choices import label_of
from howsure.statistics.clustered_variance import (
    ShareSums,
    clustering,
    free_of_strata,
    joined_strata,
    moment_df,
    variance_of,
    within_strata,
)
from howsure.statistics.differences import equivalence, pivot_of
from howsure.statistics.mean_intervals import OfMetric
from howsure.statistics.means import means, summed_means
from howsure.statistics.pair_details import pair_limits
from howsure.statistics.pair_moments import strata_moments, with_own_pivots
from howsure.statistics.results import Interval, Method, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.compare import Comparison
    from howsure.errors import ResultWarning
    from howsure.inference.question import Population, Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.block_sums import ItemSums
    from howsure.statistics.choices import IntervalMethod
    from howsure.statistics.difference import Difference
    from howsure.statistics.mean_intervals import MeanInterval
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix


@dataclass(frozen=True, slots=True)
class OtherQuestions:
    """The population of all questions like these. See
    [`Population`][howsure.inference.question.Population].
    """

    name: str = "new-clusters"
    only_these: bool = False

    def of(self, matrix: ScoreMatrix) -> Population:
        """Return itself, as it doesn't depend on the task."""
        del matrix
        return self

    def measured(self, matrices: Sequence[ScoreMatrix]) -> tuple[list[ScoreMatrix], list[ResultWarning]]:
        """Return all matrices: one attempt per item is enough."""
        return list(matrices), []

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return the matrix unchanged: its items, or clusters, are the sample."""
        return matrix

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without missing cells. Either all or none of them have
        right-or-wrong answers.
        """
        if part.sums is not None:
            return estimated(part, part.sums, question)
        if part.levels is not None:
            from howsure.inference.random_factor import means_over_levels

            plain = self.means(replace(part, levels=None), replace(question, interval="t"))
            return means_over_levels(plain, part, part.levels)
        found = means(
            part.values,
            clusters=part.clusters,
            weights=part.weights,
            attempts=part.attempts if part.right_or_wrong().all() else None,
            bounded=part.bounded,
            level=question.level,
            interval=_interval(part, question),
            variance=question.variance,
            rng=np.random.default_rng(question.seed),
            labels=part.cluster_labels[0] if part.cluster_labels else (),
            strata=part.strata,
            unmoved=part.unmoved,
        )
        known = Recorded.of(part)
        return tuple(
            known.add("mean", estimate, rate=estimate.value, skew=partial(skewness, part.values[:, k]))
            for k, estimate in enumerate(found)
        )

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models, paired if they share items."""
        if matrix.levels is None and matrix.of_metric is None:
            return _compared(matrix, a, b, question)
        both = matrix.take_models(matrix.columns((a, b)))
        plain = _compared(replace(both, levels=None), a, b, replace(question, method="t", margin=None))
        found = by_moments(plain, self, both, question, plain.difference.method)
        levels = both.levels is not None and math.isfinite(found.p_value)  # they have warnings of their own
        warnings = () if levels else plain.difference.warnings
        found = replace(found, difference=replace(found.difference, warnings=warnings))
        if both.levels is None:
            return found
        from howsure.inference.random_factor import with_sources

        return with_sources(found, both)

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""
        matrix.refuse_many_models()
        if matrix.sums is not None:
            from howsure.statistics.summed_pairs import summed_moments

            return summed_moments(matrix.sums, variance=question.variance, score=uses_score(matrix, question))
        found = pair_moments(
            matrix.values,
            clusters=matrix.clusters,
            weights=matrix.weights,
            variance=question.variance,
            score=uses_score(matrix, question),
            unmoved=matrix.unmoved,
        )
        if matrix.of_metric is not None:
            found = replace(found, df=np.minimum(found.df, metric_df(matrix)))
        if matrix.levels is not None:
            from howsure.inference.random_factor import pairs_over_levels

            without = self.pairs(replace(matrix, levels=None), question)
            return pairs_over_levels(found, without, matrix, matrix.levels)
        return (
            replace(found, df=free_of_strata(found.df, found.shared, matrix.strata))
            if matrix.strata
            else found
        )

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval. `level`: of each pair, instead of the
        question's.
        """
        if matrix.sums is not None:
            return limits_of_sums(matrix, matrix.sums, pairs, question, level)
        if matrix.levels is not None:
            return pairs.limits(question.level if level is None else level, matrix.reach)
        return pair_limits(
            matrix.values,
            pairs,
            level=question.level if level is None else level,
            clusters=matrix.clusters,
            weights=matrix.weights,
            reach=matrix.reach,
            net_wins=uses_score(matrix, question),
        )

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Return the method that combines the comparisons of several tasks."""
        from howsure.statistics.difference_tests import test_of

        test = test_of(question.method, bounded=bounded)
        return Method(name=test.name, variance=label_of(question.variance), overall=True)

    def items_needed(self, estimate: Estimate, level: float, target: float = 0.0) -> float:
        """Return about how many items in all would make a difference significant."""
        from howsure.statistics.difference import items_needed

        return items_needed(estimate, level, target)


def _interval(part: ScoreMatrix, question: Question) -> IntervalMethod | MeanInterval | None:
    """Return the interval of the question, or the one on the scale of a metric."""
    if question.interval is not None or part.of_metric is None:
        return question.interval
    smallest = np.full(len(part.models), np.inf) if part.smallest is None else part.smallest
    return OfMetric(part.of_metric, smallest)


def metric_df(matrix: ScoreMatrix) -> Floats:
    """Return the degrees of freedom of the difference of a metric between every two models (M, M), by the
    fourth powers of the differences of their influences over clusters (`moment_df`).
    """
    weights = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    term = clustering(
        min(matrix.clusters, key=lambda code: int(code.max()), default=None), weights
    )  # the coarsest
    answered = ~np.isnan(matrix.values)
    average = np.average(np.nan_to_num(matrix.values), axis=0, weights=weights) / answered.mean(axis=0)
    e = term.sums(weights[:, None] * np.where(answered, matrix.values - average, 0.0))
    two, three = e**2, e**3
    squares, cubes = e.T @ e, three.T @ e
    sums = two.sum(axis=0)
    fourths = (two**2).sum(axis=0)
    second = sums[:, None] + sums - 2 * squares
    fourth = fourths[:, None] + fourths - 4 * (cubes + cubes.T) + 6 * (two.T @ two)
    return moment_df(second.clip(0), fourth.clip(0), float(term.n_clusters))


def uses_score(matrix: ScoreMatrix, question: Question) -> bool:
    """Return whether pairs are tested by the score pivot."""
    return matrix.bounded and question.method != "t" and matrix.levels is None


def by_moments(
    plain: Comparison, population: Population, both: ScoreMatrix, question: Question, method: Method
) -> Comparison:
    """Return a comparison of two models with the error, the interval and the tests from the population's
    moments of their matrix.
    """
    moments = population.pairs(both, question)
    limits = population.limits(both, moments, question)
    pivot = pivot_of(moments.at((0, 1)), question.level, both.reach)
    interval = Interval(low=float(limits[0][0, 1]), high=float(limits[1][0, 1]), level=question.level)
    estimate = replace(
        plain.difference,
        se=float(np.sqrt(moments.variance[0, 1])),
        interval=interval,
        df=pivot.df,
        n_clusters=int(both.clusters[0].max()) + 1 if both.clusters else len(both.items),
        method=method,
        warnings=(),
    )
    margin = question.margin
    return replace(
        plain,
        difference=estimate,
        p_value=pivot.p_value,
        p_adjusted=pivot.p_value,
        adjusted_interval=interval,
        items_needed=population.items_needed(estimate, question.level),
        equivalence=None if margin is None else equivalence(pivot, margin, question.level, both.orientation),
    )


def estimated(
    part: ScoreMatrix, sums: ItemSums, question: Question, *, within: bool = False
) -> tuple[Estimate, ...]:
    """Estimate the models of a matrix of clusters from sums over their items. `within`: on more items of
    these.
    """
    found = summed_means(
        sums,
        answers=bool(part.right_or_wrong().all()),
        bounded=part.bounded,
        level=question.level,
        interval=question.interval,
        variance=question.variance,
        labels=part.cluster_labels[0] if part.cluster_labels else (),
        within=within,
    )
    known = Recorded.of(replace(part, clusters=()) if within else part)
    skews = sums.skewness(within=within).tolist()
    told = zip(found, skews, strict=True)
    return tuple(known.add("mean", each, rate=each.value, skew=partial(float, skew)) for each, skew in told)


def limits_of_sums(
    matrix: ScoreMatrix,
    sums: ItemSums,
    pairs: PairMoments,
    question: Question,
    level: Floats | None = None,
    *,
    within: bool = False,
) -> tuple[Floats, Floats]:
    """Return the limits of every pair's own interval from sums over items. `within`: on more items of the
    same clusters.
    """
    from howsure.statistics.summed_pairs import summed_limits

    return summed_limits(
        sums,
        pairs,
        level=question.level if level is None else level,
        reach=matrix.reach,
        net_wins=uses_score(matrix, question),
        within=within,
    )


def _difference(
    matrix: ScoreMatrix, a: str, b: str, question: Question
) -> tuple[Difference, Callable[[], float]]:
    """Return the numbers of a comparison, and a function for the skewness of its differences."""
    from howsure.statistics.difference import difference, summed_difference

    columns = matrix.column(a), matrix.column(b)
    labels = matrix.cluster_labels[0] if matrix.cluster_labels else ()
    options: dict[str, Any] = {
        "level": question.level,
        "method": question.method,
        "margin": question.margin,
        "lower_is_better": matrix.lower_is_better,
    }
    if matrix.sums is not None:
        from howsure.statistics.summed_pairs import SummedPair

        pair = SummedPair(
            sums=matrix.sums.take(columns),
            clustered=bool(matrix.clusters),
            labels=labels,
            bounded=matrix.bounded,
            variance=variance_of(question.variance),
        )
        return summed_difference(pair, **options), lambda: pair.sums.gap_skewness(0, 1)
    one, other = (matrix.values[:, column] for column in columns)
    options |= {"clusters": matrix.clusters, "weights": matrix.weights, "labels": labels}
    options |= {"bounded": matrix.bounded, "variance": question.variance}
    gap = difference(one, other, rng=np.random.default_rng(question.seed), **options)
    return gap, lambda: skewness(one - other)


def _is_out_of_reach(matrix: ScoreMatrix, models: tuple[str, str], question: Question) -> bool:
    """Return whether no outcome on the right or wrong answers that two models share could be significant: not
    even one model all right and the other all wrong.
    """
    if matrix.sums is not None or matrix.clusters or question.method not in (None, "score"):
        return False
    from howsure.statistics.best_outcome import only_right_or_wrong, out_of_reach

    values = matrix.values[:, [matrix.column(model) for model in models]]
    known = np.isfinite(values)
    shared = int(known.all(axis=1).sum())
    counts = (shared, 0) if shared else (int(known[:, 0].sum()), int(known[:, 1].sum()))
    if not out_of_reach(*counts, level=question.level, margin=question.margin):
        return False
    return only_right_or_wrong(values)


def _is_shown(answer: Difference, level: float) -> bool:
    e = answer.equivalence
    return significant(answer.p_value, level) if e is None else e.noninferior or e.inferior


def _compared(matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
    from howsure.answers.compare import Comparison
    from howsure.statistics.best_outcome import fewest_significant

    answer, skew = _difference(matrix, a, b, question)
    estimate, decided = answer.estimate, answer.wins + answer.losses
    if answer.paired:
        rate = decided / (decided + answer.ties)
        estimate = Recorded.of(matrix).add("difference", estimate, rate=rate, skew=skew)
    if not _is_shown(answer, question.level) and _is_out_of_reach(matrix, (a, b), question):
        fewest = fewest_significant(level=question.level, margin=question.margin, paired=answer.paired)
        count = str(estimate.n_items) if answer.paired else f"{answer.n_only_a} and {answer.n_only_b}"
        each = "" if answer.paired else " each"
        told = doubt("no_outcome", count=count, more=f"{fewest} questions{each}")
        estimate = replace(estimate, warnings=(*estimate.warnings, told))
    by_question = matrix.of_metric is None
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
        wins=answer.wins if by_question else 0,
        losses=answer.losses if by_question else 0,
        ties=answer.ties if by_question else 0,
        n_only_a=answer.n_only_a,
        n_only_b=answer.n_only_b,
        lower_is_better=matrix.lower_is_better,
        percent=matrix.bounded,
        items_needed=answer.items_needed,
        unseen_loss_rate=answer.unseen,
        equivalence=answer.equivalence,
    )


@dataclass(frozen=True, slots=True)
class SameClusters(OtherQuestions):
    """The population of more questions from the existing clusters, or of all questions like these without
    clusters.
    """

    name: str = "same-clusters"

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return a matrix of independent items with the variation within its (first) clusters."""
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
        """Estimate the models of a matrix without missing cells."""
        if part.sums is not None:
            found = estimated(part, part.sums, question, within=True)
        else:
            found = OtherQuestions.means(self, self.drawn(part), question)
        if not part.clusters:
            return found
        count = int(part.clusters[0].max()) + 1
        return tuple(replace(estimate, n_clusters=count) for estimate in found)

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models on the items that both answered."""
        if not matrix.clusters:
            return OtherQuestions.pair(self, matrix, a, b, question)
        if question.method not in (None, "score", "t"):
            raise MethodError(
                f"method {label_of(question.method)!r} doesn't support strata",
                remedy="Leave the method out, or choose `population='new-clusters'`.",
            )
        both = matrix.take_models(matrix.columns((a, b)))
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
            from howsure.statistics.summed_pairs import within_moments

            return within_moments(matrix.sums, variance=question.variance, score=uses_score(matrix, question))
        found = OtherQuestions.pairs(self, self.drawn(matrix), question)
        found = replace(found, difference=differences_on_shared(matrix.values, matrix.weights), tested=None)
        return _pair_by_pair(found, matrix, question) if _pairwise(matrix) else found

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval. `level`: of each pair, instead of the
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
        """Return the method that combines the comparisons of several tasks."""
        return replace(OtherQuestions.overall_method(self, question, bounded=bounded), same_clusters=True)


def _pairwise(matrix: ScoreMatrix) -> bool:
    """Return whether each pair is centred separately: cells are missing, and items have equal weight."""
    return bool(matrix.clusters) and not matrix.complete and matrix.weights is None


def _pair_by_pair(pairs: PairMoments, matrix: ScoreMatrix, question: Question) -> PairMoments:
    """Centre every pair within the items of each cluster that both answered, if cells are missing."""
    own = strata_moments(matrix.values, matrix.clusters[0])
    df = variance_of(question.variance).df(ShareSums.equal(own.shared))
    score = uses_score(matrix, question)
    moments = replace(
        pairs,
        variance=own.variance,
        item_variance=own.item_variance if score else pairs.item_variance,
        df=free_of_strata(df, own.shared, own.strata),
    )
    return with_own_pivots(moments)
