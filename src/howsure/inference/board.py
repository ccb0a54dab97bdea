"""The models of one matrix: an estimate of each, their order, and its rank interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import Entry
from howsure.answers.leaderboard import Board, Pairs
from howsure.inference.other_readings import clusters_of
from howsure.inference.population import SAME_CLUSTERS
from howsure.inference.random_factor import with_sources_of_means
from howsure.inference.sensitivity import coverage_warnings
from howsure.statistics import multiplicity as adjustments
from howsure.statistics.best import best_of, luck
from howsure.statistics.ranks import ranks

if TYPE_CHECKING:
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix


def entries(matrix: ScoreMatrix, question: Question) -> list[Entry]:
    """Estimate every model of a matrix on the items that it answered, each by its own weights if these differ
    between models.
    """
    if matrix.own_weights is not None:
        own = [
            replace(
                matrix.take_models([k]),
                weights=np.nan_to_num(matrix.own_weights[:, k], nan=1.0),
                own_weights=None,
            )
            for k in range(len(matrix.models))
        ]
        return [entry for each in own for entry in entries(each, question)]
    found: dict[int, Estimate] = {}
    answered, binary = ~np.isnan(matrix.values), matrix.right_or_wrong()
    complete = answered.all(axis=0)
    for models in (np.flatnonzero(complete & binary), np.flatnonzero(complete & ~binary)):
        if len(models):
            estimates = question.population.means(matrix.take_models(models), question)
            found.update(zip(models.tolist(), estimates, strict=True))
    for k in np.flatnonzero(~complete).tolist():
        part = matrix.take_models([k]).take_items(answered[:, k])
        found[k] = question.population.means(part, question)[0]
    clusters = clusters_of(matrix)
    attempts, failed = matrix.n_attempts.tolist(), matrix.n_failed.tolist()
    told = [
        Entry(
            task=matrix.task,
            metric=matrix.metric,
            model=model,
            estimate=_with_named_bounds(found[k], matrix),
            n_attempts=attempts[k],
            n_failed=failed[k],
            clusters=clusters,
        )
        for k, model in enumerate(matrix.models)
    ]
    return with_sources_of_means(told, matrix)


def _with_named_bounds(estimate: Estimate, matrix: ScoreMatrix) -> Estimate:
    """Return an estimate with exact limits named by the meaning of a score of 1, without limits if it is
    neither success nor failure.
    """
    kept = () if matrix.of_agreement else estimate.bounds
    return replace(estimate, bounds=tuple(replace(bound, of_failures=matrix.of_failures) for bound in kept))


def board(
    matrix: ScoreMatrix,
    entries: list[Entry],
    pairs: PairMoments,
    question: Question,
    *,
    within: tuple[Floats, Floats],
) -> Board:
    """Order the entries of a matrix and assign places. `within`: the limits of its pairs."""
    sign = matrix.orientation
    values = np.array([entry.estimate.value for entry in entries])
    order = np.lexsort((np.array(matrix.models), -sign * values))
    pairs = replace(pairs, tested=pairs.p_value)
    q, used, best = told_apart(pairs, sign * values, sign, question)
    at = np.ix_(order, order)
    first = int(order[0])
    return Board(
        task=matrix.task,
        population=question.population.of(matrix).name,
        metric=matrix.metric,
        entries=tuple(entries[k] for k in order),
        ranks=ranks(
            sign * values[order], sign * pairs.difference[at], q[at], level=question.level, best=best[order]
        ),
        pairs=replace(
            ordered_pairs(pairs, order, q, within), n_clusters=_shared_clusters(matrix, pairs, question)[at]
        ),
        level=question.level,
        adjust=used,
        percent=matrix.bounded,
        lower_is_better=matrix.lower_is_better,
        leader_corrected=float(values[first]) - sign * leader_luck(pairs, sign * values, question),
        warnings=tuple(coverage_warnings(matrix, pairs)),
    )


def _shared_clusters(matrix: ScoreMatrix, pairs: PairMoments, question: Question) -> Ints:
    """Return the number of clusters of each pair's shared items (M, M). For the same clusters, moments count
    items.
    """
    if not matrix.task or not matrix.clusters or question.population.of(matrix) is not SAME_CLUSTERS:
        return pairs.units
    codes = matrix.clusters[0]
    has = ~np.isnan(matrix.values)
    if matrix.sums is not None or has.all():
        return np.full(pairs.units.shape, int(codes.max()) + 1)
    starts = np.cumsum(np.bincount(codes))[:-1]
    parts = np.split(has[np.argsort(codes, kind="stable")].astype(np.float32), starts)
    return np.asarray(np.sum([part.T @ part > 0 for part in parts], axis=0), dtype=np.int64)


def ordered_pairs(pairs: PairMoments, order: Ints, q: Floats, within: tuple[Floats, Floats]) -> Pairs:
    """Return all pairs in the order of a board. `q` (M, M): corrected p-values. `within`: the limits of each
    pair.
    """
    at = np.ix_(order, order)
    return Pairs(
        difference=pairs.difference[at],
        se=np.sqrt(pairs.variance)[at],
        low=within[0][at],
        high=within[1][at],
        df=pairs.df[at],
        p_value=pairs.p_value[at],
        p_adjusted=q[at],
        n_shared=pairs.shared[at],
        n_clusters=pairs.units[at],
    )


def told_apart(
    pairs: PairMoments, scores: Floats, sign: int, question: Question
) -> tuple[Floats, Adjustment, Bools]:
    """Return the corrected p-values of all pairs (M, M), the method, and which models could be best (M,).

    `scores` (M,): larger is better. `sign`: −1 if smaller values are better. The latter uses comparisons with
    the leaders with max-t, otherwise those that no other is significantly better than.
    """
    q, used = adjustments.adjust_pairs(pairs, question.adjust, rng=np.random.default_rng(question.seed))
    rng = np.random.default_rng(question.seed).spawn(1)[0]
    return q, used, best_of(pairs, scores, q, used, question.level, sign=sign, rng=rng)


def leader_luck(pairs: PairMoments, scores: Floats, question: Question) -> float:
    """Return the selection bias of the best score, NaN without usable flips."""
    if pairs.flips is None or not np.isfinite(scores).all():
        return np.nan
    return luck(scores, pairs.flips.centred(), rng=np.random.default_rng(question.seed).spawn(2)[1])
