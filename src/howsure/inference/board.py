"""The models of one matrix: an estimate of each, their order, and its rank interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from howsure.answers.estimate import Entry
from howsure.answers.leaderboard import Board, LatePlaces, Pairs, Places
from howsure.inference.other_readings import clusters_of
from howsure.inference.population import SAME_CLUSTERS
from howsure.inference.sensitivity import coverage_warnings
from howsure.statistics.best import best_of, luck
from howsure.statistics.max_t import rejects_none
from howsure.statistics.multiplicity import adjust_pairs, usable_adjustment
from howsure.statistics.ranks import ranks
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.answers.leaderboard import PopulationBest
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate, Rank
    from howsure.study.matrix import ScoreMatrix

    Limits = tuple[Floats, Floats]


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
    if matrix.levels is None:
        return told
    from howsure.inference.random_factor import with_sources_of_means

    return with_sources_of_means(told, matrix)


def _with_named_bounds(estimate: Estimate, matrix: ScoreMatrix) -> Estimate:
    """Return an estimate with exact limits named by the meaning of a score of 1, without limits if it is
    neither success nor failure.
    """
    if not estimate.bounds:
        return estimate
    kept = () if matrix.of_agreement else estimate.bounds
    return replace(estimate, bounds=tuple(replace(bound, of_failures=matrix.of_failures) for bound in kept))


@dataclass(frozen=True, kw_only=True)
class Placing(LatePlaces):
    """The places of models by all their pairs, each part computed when it is first read
    (`howsure.answers.leaderboard.Places`).

    `scores` (M,): larger is better, and `sign` is −1 if smaller values are. `order` (M,): the best first.
    `limits`: returns those of all pairs. `shared`: returns how many questions, and of how many clusters, each
    pair shares. `other`: returns who could be best by the scores for the other population.
    """

    moments: PairMoments
    scores: Floats
    sign: int
    order: Ints
    question: Question
    limits: Callable[[], Limits]
    shared: Callable[[], tuple[Ints, Ints]]
    other: Callable[[Floats], PopulationBest] | None = None

    @cached_property
    def tested(self) -> PairMoments:
        """The moments with their p-values, computed once."""
        return replace(self.moments, tested=self.moments.p_value)

    @cached_property
    def p_adjusted(self) -> Floats:
        """The corrected p-values of all pairs (M, M), not ordered."""
        return corrected(self.tested, self.question)

    @cached_property
    def best(self) -> Bools:
        """Which models could be best (M,), not ordered."""
        return could_be_best(self.tested, self.scores, self.p_adjusted, self.sign, self.question)

    @cached_property
    def ranks(self) -> tuple[Rank, ...]:
        """The rank of each model, and its interval."""
        order, at = self.order, np.ix_(self.order, self.order)
        return ranks(
            self.scores[order],
            self.sign * self.moments.difference[at],
            self.p_adjusted[at],
            level=self.question.level,
            best=self.best[order],
        )

    @cached_property
    def pairs(self) -> Pairs:
        """All pairs, in the order of the board."""
        return Pairs(order=self.order, part=self._part)

    def _part(self, name: str) -> Floats | Ints:
        """Return an array of `Pairs`, not ordered."""
        if name in ("low", "high"):
            return self.pair_limits[name == "high"]
        if name in ("n_shared", "n_clusters"):
            return self.shared()[name == "n_clusters"]
        if name == "p_adjusted":
            return self.p_adjusted
        if name == "se":
            return np.sqrt(self.moments.variance)
        return np.asarray(getattr(self.tested, name))

    @cached_property
    def pair_limits(self) -> Limits:
        """The limits of all pairs (M, M), not ordered."""
        return self.limits()

    @cached_property
    def n_significant_neighbours(self) -> int:
        """How many neighbouring ranks differ significantly."""
        p = self.pairs.p_adjusted.diagonal(offset=1)
        return int((p <= allowed(self.question.level)).sum())

    @cached_property
    def is_ahead_of_all(self) -> bool:
        """Whether the leaders are significantly ahead of every other model."""
        leaders = sum(rank.rank == 1 for rank in self.ranks)
        p = self.pairs.p_adjusted[:leaders, leaders:]
        return bool((p <= allowed(self.question.level)).all())

    @cached_property
    def leader_corrected(self) -> float:
        """The best score without its selection bias, NaN without usable flips."""
        flips, scores, question = self.moments.flips, self.scores, self.question
        if flips is None or not np.isfinite(scores).all():
            return math.nan
        rng = np.random.default_rng(question.seed).spawn(2)[1]
        return self.sign * float(scores[self.order[0]] - luck(scores, flips.centred(), rng=rng))

    @cached_property
    def other_population(self) -> PopulationBest | None:
        """The models that could be best for the other population."""
        return None if self.other is None else self.other(self.scores)


@dataclass(frozen=True, slots=True)
class SentBoard:
    """A board that is sent to another process with what its places have computed, and the scores from which
    they compute the rest.
    """

    board: Board

    def __reduce__(self) -> tuple[Any, ...]:
        parts = {name: part for name, part in vars(self.board.places).items() if name != "pairs"}
        return _received, (replace(self.board, places=cast("Places", SimpleNamespace())), parts)


def _received(board: Board, parts: dict[str, Any]) -> SentBoard:
    places = object.__new__(Placing)
    vars(places).update(parts)
    return SentBoard(replace(board, places=places))


def placing_of(board: Board) -> Placing:
    """Return the places of a board that is compared in one piece."""
    assert isinstance(board.places, Placing)
    return board.places


def board(
    matrix: ScoreMatrix,
    entries: list[Entry],
    pairs: PairMoments,
    question: Question,
    *,
    limits: Callable[[], Limits],
    other: Callable[[Floats], PopulationBest] | None = None,
) -> Board:
    """Order the entries of a matrix and assign places. `limits`: returns those of its pairs. `other`: as in
    `Placing`.
    """
    scores = matrix.orientation * np.array([entry.estimate.value for entry in entries])
    order = best_first(matrix, scores)
    return Board(
        task=matrix.task,
        population=question.population.of(matrix).name,
        metric=matrix.metric,
        entries=tuple(entries[k] for k in order),
        places=Placing(
            moments=pairs,
            scores=scores,
            sign=matrix.orientation,
            order=order,
            question=question,
            limits=limits,
            other=other,
            shared=partial(_shared, matrix, pairs, question),
        ),
        level=question.level,
        adjust=usable_adjustment(pairs, question.adjust),
        percent=matrix.bounded,
        lower_is_better=matrix.lower_is_better,
        warnings=tuple(coverage_warnings(matrix, pairs)),
    )


def best_first(matrix: ScoreMatrix, scores: Floats) -> Ints:
    """Return the order of a board: by scores (M,), then by name."""
    return np.lexsort((np.array(matrix.models), -scores))


def _shared(matrix: ScoreMatrix, pairs: PairMoments, question: Question) -> tuple[Ints, Ints]:
    """Return how many questions, and of how many clusters, each pair shares (M, M)."""
    return pairs.shared, _shared_clusters(matrix, pairs, question)


def _shared_clusters(matrix: ScoreMatrix, pairs: PairMoments, question: Question) -> Ints:
    """Return the number of clusters of each pair's shared items (M, M). For the same clusters, moments count
    items.
    """
    if not matrix.task or not matrix.clusters or question.population.of(matrix) != SAME_CLUSTERS:
        return pairs.units
    codes = matrix.clusters[0]
    has = ~np.isnan(matrix.values)
    if matrix.sums is not None or has.all():
        return np.full(pairs.units.shape, int(codes.max()) + 1)
    starts = np.cumsum(np.bincount(codes))[:-1]
    parts = np.split(has[np.argsort(codes, kind="stable")].astype(np.float32), starts)
    return np.asarray(np.sum([part.T @ part > 0 for part in parts], axis=0), dtype=np.int64)


def corrected(pairs: PairMoments, question: Question) -> Floats:
    """Return the corrected p-values of all pairs (M, M)."""
    return adjust_pairs(pairs, question.adjust, rng=np.random.default_rng(question.seed))


def could_be_best(
    pairs: PairMoments, scores: Floats, p_adjusted: Floats, sign: int, question: Question
) -> Bools:
    """Return which models could be best (M,): by comparisons with the leaders with max-t, otherwise those
    that no other is significantly better than.

    `scores` (M,): larger is better. `p_adjusted` (M, M): of all pairs. `sign`: −1 if smaller values are
    better.
    """
    used = usable_adjustment(pairs, question.adjust)
    rng = np.random.default_rng(question.seed).spawn(1)[0]
    return best_of(pairs, scores, p_adjusted, used, question.level, sign=sign, rng=rng)


def could_be_best_alone(pairs: PairMoments, scores: Floats, sign: int, question: Question) -> Bools:
    """Return the same without the corrected p-values if comparisons with the leaders exclude every model that
    these could.
    """
    pairs = replace(pairs, tested=pairs.p_value)
    if pairs.flips is not None and question.adjust == "max-t":
        best = could_be_best(pairs, scores, np.ones_like(pairs.p_value), sign, question)
        beaten = (pairs.p_value <= allowed(question.level)) & (sign * pairs.difference > 0) & best
        rng = np.random.default_rng(question.seed)
        if rejects_none(pairs.p_value, pairs.flips, beaten, allowed(question.level), rng=rng):
            return best
    return could_be_best(pairs, scores, corrected(pairs, question), sign, question)
